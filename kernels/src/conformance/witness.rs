//! Lookup permutations and grand products.

use ff::Field;
use halo2curves::bn256::Fr;
use rand::Rng;

use super::data::{download, rng, uniform, upload};
use crate::{Backend, Error, Fraction, naive};

pub(crate) fn lookups<B: Backend>(backend: &B) {
    let mut rng = rng(21);
    for (len, usable) in [(4, 1), (8, 7), (64, 50), (300, 300), (5000, 4990)] {
        let mut tables = vec![
            (0..len).map(|i| Fr::from(i as u64 / 2)).collect::<Vec<_>>(),
            uniform(&mut rng, len),
            vec![Fr::from(3); len],
        ];
        // Integers of every size, so that no limb alone decides the order.
        tables.push((0..len).map(|i| Fr::from(i as u64 + 2).pow_vartime([i as u64 % 300])).collect());
        let mut inputs = Vec::new();
        for table in &tables {
            inputs.push((0..len).map(|_| table[rng.gen_range(0..usable)]).collect::<Vec<_>>());
            inputs.push((0..len).map(|_| table[rng.gen_range(0..usable.min(2))]).collect());
            inputs.push(table.iter().rev().skip(len - usable).chain(&table[usable..]).copied().collect());
        }
        let (input_polys, table_polys) = (upload(backend, &inputs), upload(backend, &tables));
        let lookups: Vec<_> = input_polys.iter().enumerate().map(|(i, input)| (input, i / 3)).collect();
        let found = backend.permute_lookups(&lookups, &table_polys.iter().collect::<Vec<_>>(), usable).unwrap();
        for (i, found) in found.into_iter().enumerate() {
            let (mut input, mut table) =
                naive::permute_lookup(&inputs[i][..usable], &tables[i / 3][..usable]).expect("inputs are in the table");
            input.resize(len, Fr::ZERO);
            table.resize(len, Fr::ZERO);
            assert!(backend.download(&found.input).unwrap() == input, "input {i} of length {len}");
            assert!(backend.download(&found.table).unwrap() == table, "table {i} of length {len}");
        }
    }
}

pub(crate) fn missing<B: Backend>(backend: &B) {
    let good: Vec<Fr> = (0..16).map(|i| Fr::from(i % 4)).collect();
    let table: Vec<Fr> = (0..16).map(Fr::from).collect();
    for value in [Fr::from(16), -Fr::ONE, Fr::from(u64::MAX) * Fr::from(u64::MAX)] {
        let mut bad = good.clone();
        bad[5] = value;
        let columns = [good.clone(), bad, table.clone()];
        let polys = upload(backend, &columns);
        let found = backend.permute_lookups(&[(&polys[0], 0), (&polys[1], 0)], &[&polys[2]], 12);
        assert_eq!(found.err(), Some(Error::NotInTable { lookup: 1 }));
        // Unusable rows do not count.
        assert!(backend.permute_lookups(&[(&polys[1], 0)], &[&polys[2]], 5).is_ok());
    }
}

pub(crate) fn grand_products<B: Backend>(backend: &B) {
    let mut rng = rng(22);
    for (len, last) in [(1, 0), (8, 7), (9, 3), (64, 58), (1025, 1024), (5000, 4321)] {
        let mut numerators: Vec<Vec<Fr>> = (0..3).map(|_| uniform(&mut rng, len)).collect();
        let mut denominators: Vec<Vec<Fr>> = (0..3).map(|_| uniform(&mut rng, len)).collect();
        // A zero on either side makes the rest of the product zero.
        numerators[2][len / 2] = Fr::ZERO;
        denominators[2][len / 3] = Fr::ZERO;
        for chained in [false, true] {
            let fractions = upload(backend, &numerators).into_iter().zip(upload(backend, &denominators));
            let fractions = fractions.map(|(numerator, denominator)| Fraction { numerator, denominator }).collect();
            let found = download(backend, &backend.grand_products(fractions, last, chained).unwrap());
            let mut start = Fr::ONE;
            for ((found, numerator), denominator) in found.iter().zip(&numerators).zip(&denominators) {
                let expected = naive::grand_product(numerator, denominator, start, last);
                assert!(*found == expected, "length {len}, chained {chained}");
                if chained {
                    start = expected[last];
                }
            }
        }
    }
}

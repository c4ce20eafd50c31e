//! Commitments and the arithmetic of opening arguments.

use std::borrow::Cow;

use ff::Field;
use halo2curves::bn256::Fr;

use super::data::{degenerate_points, download, families, points, rng, uniform, upload};
use crate::{Backend, Error, naive};

pub(crate) fn commitments<B: Backend>(backend: &B) {
    let mut rng = rng(11);
    for len in [0, 1, 2, 7, 8, 31, 32, 33, 64, 127, 128, 129, 500] {
        for (kind, bases) in [("distinct", points(&mut rng, len)), ("degenerate", degenerate_points(&mut rng, len))] {
            let (names, columns): (Vec<_>, Vec<Vec<Fr>>) = families(&mut rng, len).into_iter().unzip();
            let polys = upload(backend, &columns);
            for table_bytes in [0, 1 << 20] {
                let prepared = backend.prepare_bases(Cow::Borrowed(&bases), table_bytes).unwrap();
                let found = backend.commit(&prepared, &polys.iter().collect::<Vec<_>>()).unwrap();
                for ((name, column), found) in names.iter().zip(&columns).zip(found) {
                    assert_eq!(found, naive::commit(&bases, column), "{len} {kind} points, {name} scalars");
                }
            }
        }
    }
    let bases = points(&mut rng, 20);
    let prepared = backend.prepare_bases(Cow::Borrowed(&bases), 0).unwrap();
    assert_eq!(backend.commit(&prepared, &[]).unwrap(), []);
    let columns = [uniform(&mut rng, 13), uniform(&mut rng, 20), vec![]];
    let polys = upload(backend, &columns);
    let found = backend.commit(&prepared, &polys.iter().collect::<Vec<_>>()).unwrap();
    let expected: Vec<_> = columns.iter().map(|column| naive::commit(&bases, column)).collect();
    assert_eq!(found, expected, "polynomials shorter than the basis");
}

pub(crate) fn long_polynomials<B: Backend>(backend: &B) {
    let bases = points(&mut rng(12), 4);
    let prepared = backend.prepare_bases(Cow::Borrowed(&bases), 0).unwrap();
    let long = backend.upload(vec![Cow::Owned(vec![Fr::ONE; 5])]).unwrap();
    let error = Error::Length { what: "a polynomial to commit to", expected: 4, found: 5 };
    assert_eq!(backend.commit(&prepared, &[&long[0]]), Err(error));
}

const LENGTHS: [usize; 12] = [0, 1, 2, 3, 8, 9, 63, 64, 65, 1000, 4096, 9001];

pub(crate) fn evaluations<B: Backend>(backend: &B) {
    let mut rng = rng(13);
    for len in LENGTHS {
        let columns: Vec<Vec<Fr>> = families(&mut rng, len).into_iter().map(|(_, column)| column).collect();
        let polys = upload(backend, &columns);
        let random = Fr::random(&mut rng);
        for x in [Fr::ZERO, Fr::ONE, -Fr::ONE, random] {
            let queries: Vec<_> = polys.iter().map(|poly| (poly, x)).collect();
            let expected: Vec<Fr> = columns.iter().map(|column| naive::evaluate_at(column, x)).collect();
            assert_eq!(backend.evaluate_at(&queries).unwrap(), expected, "length {len}");
        }
    }
}

pub(crate) fn combinations<B: Backend>(backend: &B) {
    let mut rng = rng(14);
    let lengths = [0, 1, 9, 64, 1000, 9001];
    let columns: Vec<Vec<Fr>> = lengths.iter().map(|len| uniform(&mut rng, *len)).collect();
    let polys = upload(backend, &columns);
    let coefficients = [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::random(&mut rng), Fr::random(&mut rng), Fr::random(&mut rng)];
    // All prefixes: sums of one to six polynomials of different lengths.
    let sums: Vec<Vec<_>> = (1..=polys.len()).map(|m| coefficients.into_iter().zip(&polys[..m]).collect()).collect();
    let found = backend.combine(&sums).unwrap();
    for (m, found) in download(backend, &found).into_iter().enumerate() {
        let terms: Vec<_> = coefficients.into_iter().zip(columns[..=m].iter().map(Vec::as_slice)).collect();
        assert!(found == naive::combine(&terms), "{} terms", m + 1);
    }
    let many: Vec<_> = (0..300).map(|i| (Fr::from(i), &polys[3 + i as usize % 3])).collect();
    let terms: Vec<_> = (0..300).map(|i| (Fr::from(i), columns[3 + i as usize % 3].as_slice())).collect();
    let found = backend.combine(&[many]).unwrap();
    assert!(download(backend, &found)[0] == naive::combine(&terms), "300 terms");
    let empty = Error::Length { what: "a linear combination", expected: 1, found: 0 };
    assert_eq!(backend.combine(&[vec![]]).err(), Some(empty));
}

pub(crate) fn divisions<B: Backend>(backend: &B) {
    let mut rng = rng(15);
    for len in LENGTHS {
        let random = Fr::random(&mut rng);
        for z in [Fr::ZERO, Fr::ONE, random] {
            let columns = vec![uniform(&mut rng, len), uniform(&mut rng, len)];
            let dividends = upload(backend, &columns).into_iter().map(|poly| (poly, z)).collect();
            let found = download(backend, &backend.divide_by_linear(dividends).unwrap());
            let expected: Vec<_> = columns.iter().map(|column| naive::divide_by_linear(column, z)).collect();
            assert!(found == expected, "length {len}");
        }
    }
}

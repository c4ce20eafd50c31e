//! Memory and number-theoretic transforms.

use std::borrow::Cow;

use ff::Field;
use halo2curves::bn256::Fr;
use halo2curves::fft::best_fft;

use super::data::{download, families, rng, uniform, upload};
use crate::{Backend, Domain, Error, naive};

pub(crate) fn memory<B: Backend>(backend: &B) {
    let mut rng = rng(1);
    for len in [0, 1, 7, 8, 9, 64, 100] {
        let columns = vec![uniform(&mut rng, len)];
        let mut polys = upload(backend, &columns);
        assert_eq!(download(backend, &polys), columns);
        let tail = uniform(&mut rng, len / 3);
        backend.write(&mut polys[0], len - tail.len(), &tail).unwrap();
        let mut expected = columns[0].clone();
        expected.splice(len - tail.len().., tail);
        assert_eq!(backend.download(&polys[0]).unwrap(), expected);
        let beyond = Err(Error::Length { what: "elements written to a polynomial", expected: len, found: len + 1 });
        assert_eq!(backend.write(&mut polys[0], len, &[Fr::ONE]), beyond);
    }
}

pub(crate) fn small<B: Backend>(backend: &B) {
    let mut rng = rng(2);
    for k in 0..=6 {
        let domain = Domain::new(k, 3).unwrap();
        let columns: Vec<Vec<Fr>> = families(&mut rng, domain.n()).into_iter().map(|(_, column)| column).collect();
        let coefficients = backend.lagrange_to_coeff(&domain, upload(backend, &columns)).unwrap();
        for (found, values) in download(backend, &coefficients).iter().zip(&columns) {
            assert_eq!(*found, naive::coset_to_coeff(&domain, values, Fr::ONE), "2^{k}");
        }
        let inputs = upload(backend, &columns);
        for (part, shift) in domain.shifts().iter().enumerate() {
            let cosets = backend.coeff_to_coset(&domain, &inputs.iter().collect::<Vec<_>>(), part).unwrap();
            for (found, coefficients) in download(backend, &cosets).iter().zip(&columns) {
                assert_eq!(*found, naive::coeff_to_coset(&domain, coefficients, *shift), "2^{k}, part {part}");
            }
        }
    }
}

pub(crate) fn large<B: Backend>(backend: &B) {
    let mut rng = rng(3);
    for k in [7, 8, 9, 10, 11, 12, 13, 15] {
        let domain = Domain::new(k, 5).unwrap();
        let columns: Vec<Vec<Fr>> = (0..3).map(|_| uniform(&mut rng, domain.n())).collect();
        let inputs = upload(backend, &columns);
        for (part, shift) in domain.shifts().iter().enumerate() {
            let cosets = backend.coeff_to_coset(&domain, &inputs.iter().collect::<Vec<_>>(), part).unwrap();
            for (found, column) in download(backend, &cosets).into_iter().zip(&columns) {
                let powers = std::iter::successors(Some(Fr::ONE), |power| Some(power * shift));
                let mut expected: Vec<Fr> = column.iter().zip(powers).map(|(c, power)| c * power).collect();
                best_fft(&mut expected, domain.omega(), k);
                assert!(found == expected, "2^{k}, part {part}");
            }
        }
        let mut values = columns.clone();
        values.iter_mut().for_each(|column| best_fft(column, domain.omega(), k));
        let coefficients = backend.lagrange_to_coeff(&domain, upload(backend, &values)).unwrap();
        assert!(download(backend, &coefficients) == columns, "2^{k}");
    }
}

pub(crate) fn quotient<B: Backend>(backend: &B) {
    let mut rng = rng(4);
    for (k, parts) in [(0, 1), (1, 2), (3, 1), (3, 2), (4, 3), (5, 4), (4, 5), (6, 8), (9, 3)] {
        let domain = Domain::new(k, parts).unwrap();
        let pieces: Vec<Vec<Fr>> = (0..parts).map(|_| uniform(&mut rng, domain.n())).collect();
        // (X^n - 1) times the quotient, on every coset part.
        let values: Vec<Vec<Fr>> = (domain.shifts().iter())
            .map(|shift| {
                let node = shift.pow_vartime([domain.n() as u64]);
                let powers = std::iter::successors(Some(node - Fr::ONE), |power| Some(power * node));
                let terms: Vec<(Fr, &[Fr])> = powers.zip(pieces.iter().map(Vec::as_slice)).collect();
                let folded = naive::combine(&terms);
                let powers = std::iter::successors(Some(Fr::ONE), |power| Some(power * shift));
                let mut values: Vec<Fr> = folded.iter().zip(powers).map(|(c, power)| c * power).collect();
                best_fft(&mut values, domain.omega(), k);
                values
            })
            .collect();
        let found = backend.cosets_to_quotient(&domain, upload(backend, &values)).unwrap();
        assert!(download(backend, &found) == pieces, "2^{k}, {parts} parts");
    }
}

pub(crate) fn wrong_sizes<B: Backend>(backend: &B) {
    let domain = Domain::new(3, 2).unwrap();
    let short = || backend.upload(vec![Cow::Owned(vec![Fr::ONE; 7])]).unwrap();
    let length = Error::Length { what: "a polynomial to transform", expected: 8, found: 7 };
    assert_eq!(backend.lagrange_to_coeff(&domain, short()).err(), Some(length.clone()));
    assert_eq!(backend.coeff_to_coset(&domain, &[&short()[0]], 0).err(), Some(length));
    let one = backend.upload(vec![Cow::Owned(vec![Fr::ONE; 8])]).unwrap();
    let part = Error::Length { what: "coset parts of the domain", expected: 3, found: 2 };
    assert_eq!(backend.coeff_to_coset(&domain, &[&one[0]], 2).err(), Some(part));
    let parts = Error::Length { what: "coset parts of a quotient", expected: 2, found: 1 };
    assert_eq!(backend.cosets_to_quotient(&domain, one).err(), Some(parts));
}

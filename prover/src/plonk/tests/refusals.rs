//! What is refused, and how.

use ff::Field;
use halo2_proofs::plonk::Error;
use halo2curves::bn256::Fr;
use zomma_kernels::CpuBackend;

use super::circuits::misfit::{Fault, Misfit};
use super::circuits::power::Power;
use super::circuits::shuffle::Shuffle;
use super::harness::{Blake2b, Case, Hash, params, rng};
use crate::ProverError;
use crate::plonk::{Prover, Shplonk, keygen_pk, keygen_vk};

const K: u32 = 5;
/// All rows but six: five blinding rows and the one that products end on.
const USABLE: usize = 32 - 6;

fn prove(fault: Fault) -> ProverError {
    let circuits = [Misfit(fault)];
    let instances = [vec![vec![Fr::ONE]]];
    let mut case = Case::new(K, &[Misfit(Fault::None)], &instances, false);
    case.circuits = &circuits;
    case.prove::<Shplonk, Blake2b>(&CpuBackend::detect(), None).unwrap_err()
}

#[test]
fn bad_witnesses() {
    let is_halo2 = |error: ProverError, expected: fn(&Error) -> bool| match error {
        ProverError::Halo2 { during: "synthesizing the witness", source } => assert!(expected(&source), "{source}"),
        other => panic!("{other}"),
    };
    assert!(matches!(prove(Fault::NotInTable), ProverError::NotInTable { lookup } if lookup == "three values"));
    assert!(matches!(
        prove(Fault::Unknown),
        ProverError::Witness { column: 0, row: 1, reason } if reason == "the assigned value is unknown"
    ));
    for row in [USABLE, USABLE + 1, 1 << K, 1 << 20] {
        let error = prove(Fault::Row(row));
        assert!(
            matches!(error, ProverError::NotEnoughRows { needed, available: USABLE, k: K } if needed == row + 1),
            "{error}"
        );
    }
    assert!(matches!(
        prove(Fault::Column),
        ProverError::Witness { column: 7, row: 0, reason } if reason == "the key has only 1 advice columns"
    ));
    is_halo2(prove(Fault::Synthesis), |error| matches!(error, Error::Synthesis));
    is_halo2(prove(Fault::Instance), |error| matches!(error, Error::BoundsFailure));
    assert!(matches!(
        prove(Fault::Phase),
        ProverError::Malformed { field, reason }
            if field == "phases of the circuit" && reason == "next_phase was called after the last one"
    ));
}

#[test]
fn the_circuits_own_panics_stay_panics() {
    let panic = std::panic::catch_unwind(|| prove(Fault::Panic)).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"the circuit's own"));
}

#[test]
fn bad_instances() {
    let circuits = [Misfit(Fault::None), Misfit(Fault::None)];
    let good = vec![vec![Fr::ONE]];
    let reason = |circuits: &[Misfit], instances: &[Vec<Vec<Fr>>]| {
        let mut case = Case::new(K, &circuits[..1], &[], false);
        case.circuits = circuits;
        case.instances = instances;
        match case.prove::<Shplonk, Blake2b>(&CpuBackend::detect(), None).unwrap_err() {
            ProverError::Instances { reason } => reason,
            other => panic!("{other}"),
        }
    };
    assert_eq!(reason(&circuits, std::slice::from_ref(&good)), "2 circuits but 1 instances");
    assert_eq!(reason(&circuits[..1], &[vec![]]), "circuit 0: 0 instance columns, the key has 1");
    assert_eq!(
        reason(&circuits, &[good, vec![vec![Fr::ONE; USABLE + 1]]]),
        format!("circuit 1, column 0: {} values, at most {USABLE} fit", USABLE + 1)
    );
    let several = [Shuffle { rows: 9 }, Shuffle { rows: 9 }];
    let instances = [vec![], vec![]];
    let case = Case::new(6, &several, &instances, false);
    let error = case.prove::<Shplonk, Blake2b>(&CpuBackend::detect(), None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "instances: 2 circuits in one proof, but circuits with challenges are proven one by one"
    );
}

#[test]
fn no_circuit() {
    let backend = CpuBackend::detect();
    let case = Case::new(K, &[Misfit(Fault::None)], &[], false);
    let prover = Prover::new(&backend, params(K), &case.pk).unwrap();
    let mut transcript = <Blake2b as Hash>::writer();
    let error = prover.prove::<Shplonk, _, _, _, Misfit>(&[], &[], rng(), &mut transcript).unwrap_err();
    assert_eq!(error.to_string(), "instances: there is no circuit to prove");
    assert_eq!(Blake2b::finalize(transcript), Vec::<u8>::new());
}

#[test]
fn parameters_of_another_size() {
    let backend = CpuBackend::detect();
    let case = Case::new(K, &[Misfit(Fault::None)], &[], false);
    let error = Prover::new(&backend, params(6), &case.pk).unwrap_err();
    assert_eq!(error.to_string(), "k of the parameters: expected 5, found 6");
    let vk = keygen_vk(&backend, params(K), &Misfit(Fault::None)).unwrap();
    let error = keygen_pk(&backend, params(6), vk, &Misfit(Fault::None)).unwrap_err();
    assert_eq!(error.to_string(), "k of the verifying key: expected 6, found 5");
}

#[test]
fn circuits_that_do_not_fit() {
    let backend = CpuBackend::detect();
    let error = keygen_vk(&backend, params(2), &Misfit(Fault::None)).unwrap_err();
    assert!(matches!(error, ProverError::NotEnoughRows { needed: 8, available: 4, k: 2 }), "{error}");
    let wide = Power { degree: 4, rows: USABLE + 1 };
    let error = keygen_vk(&backend, params(K), &wide).unwrap_err();
    let expected = USABLE + 1;
    assert!(
        matches!(error, ProverError::NotEnoughRows { needed, available: USABLE, k: K } if needed == expected),
        "{error}"
    );
}

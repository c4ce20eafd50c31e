//! Circuits of this project.

use halo2_proofs::plonk::Circuit;
use halo2curves::bn256::Fr;

use super::cases;
use super::circuits::ledger::Ledger;
use super::circuits::misfit::{Fault, Misfit};
use super::circuits::power::Power;
use super::circuits::random::{Draw, Random};
use super::circuits::shuffle::Shuffle;
use super::circuits::standard::Standard;
use super::harness::{Blake2b, Case, Keccak, Poseidon, params};
use crate::ProverError;
use crate::plonk::{Gwc, Memory, Prover, QueryInstance, Shplonk};

#[test]
fn every_size() {
    // 16 rows hardly hold the blinding rows.
    for k in cases((4..=10).chain(11..=18), 5) {
        println!("k = {k}");
        let rows = ((1 << k) - 8) / 3 + 1;
        let circuits = [Standard { rows, start: Fr::from(5), fractions: k % 2 == 0 }];
        let instances = [circuits[0].instance()];
        Case::new(k, &circuits, &instances, k % 3 == 0).check::<Shplonk, Blake2b>();
    }
}

#[test]
fn every_transcript_and_opening() {
    let circuits = [Standard { rows: 20, start: Fr::from(3), fractions: true }];
    let instances = [circuits[0].instance()];
    let case = Case::new(5, &circuits, &instances, false);
    case.check::<Gwc, Keccak>();
    case.check::<Shplonk, Poseidon>();
}

fn random_case(draw: Draw, circuits: u64, compress_selectors: bool) {
    println!("{draw:?}");
    let circuits: Vec<Random> = (0..circuits).map(|witness| Random::new(draw, witness)).collect();
    let instances: Vec<Vec<Vec<Fr>>> = circuits.iter().map(Random::instance).collect();
    let case = Case::new(draw.k, &circuits, &instances, compress_selectors);
    match draw.seed % 2 {
        0 => case.check::<Shplonk, Blake2b>(),
        _ => case.check::<QueryInstance<Gwc>, Keccak>(),
    }
}

#[test]
fn random_circuits() {
    for seed in cases(0..200, 14) {
        random_case(Draw { seed, k: if seed % 7 == 0 { 8 } else { 6 }, phases: 2 }, 1, seed % 3 == 0);
    }
}

#[test]
fn several_random_circuits_in_one_proof() {
    for seed in cases(1000..1050, 6) {
        random_case(Draw { seed, k: 6, phases: 0 }, 2 + seed % 2, seed % 3 == 0);
    }
}

/// halo2-axiom's witness collection panics at the end of the third phase, so there is nothing to compare with; its
/// verifier accepts the proofs.
#[test]
fn three_phases() {
    let draws = (0..).map(|seed| Draw { seed, k: 6, phases: 3 });
    let with_three = draws.filter(|draw| phases(*draw) == 3);
    for draw in with_three.take(4) {
        println!("{draw:?}");
        let circuits = [Random::new(draw, 0)];
        let instances = [circuits[0].instance()];
        Case::new(draw.k, &circuits, &instances, false).check_alone::<Shplonk, Blake2b>();
    }
}

fn phases(draw: Draw) -> u8 {
    let mut meta = halo2_proofs::plonk::ConstraintSystem::default();
    Random::configure_with_params(&mut meta, draw);
    1 + meta.advice_column_phase().into_iter().max().unwrap_or(0)
}

#[test]
fn challenges_between_phases() {
    let circuits = [Shuffle { rows: 40 }];
    Case::new(6, &circuits, &[vec![]], false).check::<Shplonk, Blake2b>();
}

/// The table is the columns that are looked up, so the permuted table has the circuit's own rows in it.
#[test]
fn tables_in_advice_columns() {
    let instances = [vec![]];
    for (k, entries) in [(5, 9), (7, 60)] {
        let reads = (0..entries).map(|i| 1 + i * i % entries).collect();
        let circuits = [Ledger { entries, reads }];
        let case = Case::new(k, &circuits, &instances, k == 7);
        assert_eq!(case.pk.get_vk().cs().degree(), 5);
        case.check::<Shplonk, Blake2b>();
        case.check::<Gwc, Keccak>();
    }
    let circuits = [Ledger { entries: 9, reads: vec![4, 10] }];
    let case = Case::new(5, &circuits, &instances, false);
    let backend = zomma_kernels::CpuBackend::detect();
    let refused = case.prove::<Shplonk, Blake2b>(&backend, None).unwrap_err();
    assert!(matches!(&refused, ProverError::NotInTable { lookup } if lookup == "entries"), "{refused}");
}

/// halo2's own prover puts the instances of each circuit before its advice, its verifier those of all circuits before
/// any advice. Ours does as the verifier.
#[test]
fn halo2_does_not_verify_its_own_proofs_of_several_circuits_with_instances() {
    let circuits = [3, 4].map(|start| Standard { rows: 4, start: Fr::from(start), fractions: false });
    let instances = circuits.each_ref().map(Standard::instance);
    let case = Case::new(4, &circuits, &instances, false);
    let (proof, _) = case.plain_oracle::<Shplonk, Blake2b>();
    let refused = case.verify::<Shplonk, Blake2b>(&proof).unwrap_err();
    assert!(matches!(refused, halo2_proofs::plonk::Error::ConstraintSystemFailure), "{refused:?}");
    case.check::<Shplonk, Blake2b>();
}

#[test]
fn empty_and_full_instances() {
    for values in [0, 1, 26] {
        let circuits = [Misfit(Fault::None)];
        let instances = [vec![vec![Fr::from(9); values]]];
        let case = Case::new(5, &circuits, &instances, false);
        case.check::<Shplonk, Blake2b>();
        case.check::<QueryInstance<Shplonk>, Blake2b>();
    }
}

/// The highest degree that keys are laid out for comes from the environment, so this runs itself again with another one.
#[test]
fn degree_nine_with_max_degree_in_the_environment() {
    let name = "plonk::tests::identity::degree_nine_with_max_degree_in_the_environment";
    let circuits = [Power { degree: 9, rows: 20 }];
    if std::env::var("MAX_DEGREE").is_ok_and(|limit| limit == "9") {
        let instances = [vec![]];
        let case = Case::new(5, &circuits, &instances, true);
        case.check::<Shplonk, Blake2b>();
        case.check::<Gwc, Keccak>();
        return;
    }
    let itself = std::env::current_exe().unwrap();
    let run = std::process::Command::new(itself).args(["--exact", name, "--nocapture"]).env("MAX_DEGREE", "9").output();
    let run = run.unwrap();
    let output = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && output.contains("1 passed"), "{output}{}", String::from_utf8_lossy(&run.stderr));
}

/// Without it halo2 silently makes keys whose proofs do not verify.
#[test]
fn degrees_beyond_the_limit_are_refused() {
    let circuits = [Power { degree: 9, rows: 20 }];
    let degree = |error: ProverError| match error {
        ProverError::DegreeTooHigh { gate, degree, limit } => (gate, degree, limit),
        other => panic!("{other}"),
    };
    let expected = ("power".to_owned(), 9, 5);
    let backend = zomma_kernels::CpuBackend::detect();
    let error = crate::plonk::keygen_vk(&backend, params(5), &circuits[0]).unwrap_err();
    assert_eq!(degree(error), expected);

    let vk = halo2_proofs::plonk::keygen_vk(params(5), &circuits[0]).unwrap();
    let pk = halo2_proofs::plonk::keygen_pk(params(5), vk, &circuits[0]).unwrap();
    let case = Case { k: 5, circuits: &circuits, instances: &[vec![]], pk };
    assert_eq!(degree(case.prove::<Shplonk, Blake2b>(&backend, None).unwrap_err()), expected);
    let (proof, _) = case.oracle::<Shplonk, Blake2b>();
    let refused = case.verify::<Shplonk, Blake2b>(&proof).unwrap_err();
    assert!(matches!(refused, halo2_proofs::plonk::Error::ConstraintSystemFailure), "{refused:?}");
}

#[test]
fn caches_change_nothing() {
    let circuits = [Standard { rows: 20, start: Fr::from(3), fractions: false }];
    let instances = [circuits[0].instance()];
    let case = Case::new(5, &circuits, &instances, false);
    let backend = zomma_kernels::CpuBackend::detect();
    let plain = Prover::new(&backend, params(5), &case.pk).unwrap();
    assert_eq!((plain.memory().key_cosets, plain.memory().tables), (0, 0));
    let needed = plain.memory().proof;
    let expected = case.prove_with::<Shplonk, Blake2b>(&plain);

    let refused = Prover::with_memory(&backend, params(5), &case.pk, Memory::AtMost(needed - 1)).unwrap_err();
    assert!(
        matches!(refused, ProverError::Memory { needed: n, budget } if n == needed && budget == needed - 1),
        "{refused}"
    );
    // One column on one coset is 2^5 elements; the key has 5 fixed columns, a table, 4 permuted ones and 3 indicators.
    let parts = case.pk.get_vk().get_domain().get_quotient_poly_degree() as u64;
    let cosets = (5 + 1 + 4 + 3) * parts * 32 * 32;
    // A copy of each basis takes 2^5 points of 64 bytes: 9000 bytes hold two of each.
    let copies = |tables: u64| tables / (2 * 32 * 64);
    for (budget, key_cosets, most_copies) in [
        (needed, 0, 0),
        (needed + cosets - 1, 0, 16),
        (needed + cosets, cosets, 0),
        (needed + cosets + 9000, cosets, 2),
    ] {
        let prover = Prover::with_memory(&backend, params(5), &case.pk, Memory::Cached(budget)).unwrap();
        let plan = prover.memory();
        assert_eq!(plan.key_cosets, key_cosets);
        assert!(copies(plan.tables) <= most_copies && plan.tables.is_multiple_of(32 * 64), "{plan:?}");
        assert_eq!(plan.tables > 0, most_copies > 0, "{plan:?}");
        assert!(plan.proof + plan.key_cosets + plan.tables <= budget, "{plan:?}");
        for _ in 0..2 {
            assert!(case.prove_with::<Shplonk, Blake2b>(&prover) == expected);
        }
    }
}

mod circuits;
mod harness;

use halo2curves::bn256::Fr;

use crate::plonk::{Gwc, QueryInstance, Shplonk};
use circuits::random::{Draw, Random};
use circuits::standard::Standard;
use harness::{Blake2b, Case, Keccak};

#[test]
fn standard() {
    let circuit = Standard { rows: 20, start: Fr::from(3), fractions: false };
    let circuits = [circuit];
    let instances = [circuits[0].instance()];
    let case = Case::new(5, &circuits, &instances, false);
    case.check::<Shplonk, Blake2b>();
    case.check::<Gwc, Keccak>();
}

fn random_case(draw: Draw, circuits: u64, compress_selectors: bool) {
    let circuits: Vec<Random> = (0..circuits).map(|witness| Random::new(draw, witness)).collect();
    let instances: Vec<Vec<Vec<Fr>>> = circuits.iter().map(Random::instance).collect();
    let case = Case::new(draw.k, &circuits, &instances, compress_selectors);
    match draw.seed % 4 {
        0 => case.check::<Shplonk, Blake2b>(),
        1 => case.check::<Gwc, Keccak>(),
        2 => case.check::<QueryInstance<Shplonk>, Keccak>(),
        _ => case.check::<QueryInstance<Gwc>, Blake2b>(),
    }
}

#[test]
fn random_circuits() {
    for seed in 0..24 {
        println!("seed {seed}");
        random_case(Draw { seed, k: 6, phases: 2 }, 1, seed % 3 == 0);
    }
}

#[test]
fn several_random_circuits_in_one_proof() {
    for seed in 100..108 {
        println!("seed {seed}");
        random_case(Draw { seed, k: 6, phases: 0 }, 3, seed % 3 == 0);
    }
}

/// Why the instances of several circuits do not go where halo2's prover puts them.
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

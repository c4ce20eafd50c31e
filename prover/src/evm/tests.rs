use std::path::Path;

use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::{Field, PrimeField},
    group::{Curve, prime::PrimeCurveAffine},
};

use super::*;
use crate::{
    accumulate::{ACCUMULATOR_LEN, Claimer, FoldInstance, INSTANCE_LEN, ProofWithInstance},
    transcript::TranscriptKind,
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// solc from npm, where `cargo xtask setup` has put it.
fn compiler() -> Option<Compiler> {
    if root().join(".tools/npm/node_modules/solc").exists() {
        return Some(Compiler::new(root().join("contracts/tools/solc-0.8.28")));
    }
    assert!(std::env::var_os("ZOMMA_REQUIRE_TOOLS").is_none(), "solc is not installed: run `cargo xtask setup`");
    eprintln!("not run: solc is not installed, `cargo xtask setup` does that");
    None
}

#[test]
fn the_library_of_the_contracts_is_generated() {
    let committed = std::fs::read_to_string(root().join("contracts/src/Poseidon.sol")).unwrap();
    // `cargo xtask golden` writes it.
    assert!(committed == poseidon_library(), "contracts/src/Poseidon.sol differs from what the constants give");
}

/// A deployed verifier and a proof that it accepts.
struct Deployed {
    machine: Machine,
    verifier: [u8; 20],
    proof: ProofWithInstance,
}

impl Deployed {
    fn new(parts: usize) -> Option<Self> {
        let compiler = compiler()?;
        let claimer = Claimer::new(1);
        let instance = FoldInstance {
            accumulator: claimer.accumulator(77),
            old_root: -Fr::ONE,
            new_root: Fr::from(3),
            batches: 5,
            contexts: Fr::from(8),
            keys: Fr::from(9),
        };
        let proof = claimer.prove_with(instance.to_column(), TranscriptKind::Keccak);
        claimer.key.verify(&proof, TranscriptKind::Keccak).unwrap();
        let source = VerifierSource::generate(&claimer.key).unwrap();
        let code: Vec<Vec<u8>> =
            source.parts(parts).unwrap().iter().map(|source| compiler.compile(source).unwrap().creation).collect();
        assert_eq!(code.len(), parts);
        let mut machine = Machine::default();
        let verifier = machine.deploy_parts(&code).unwrap();
        Some(Self { machine, verifier, proof })
    }

    fn accepts(&mut self, data: &[u8]) -> bool {
        let outcome = self.machine.call(self.verifier, data).unwrap();
        assert!(outcome.output.is_empty());
        outcome.success
    }
}

#[test]
fn proofs_are_accepted_and_anything_else_is_not() {
    for parts in [1, 3] {
        let Some(mut deployed) = Deployed::new(parts) else { return };
        let data = calldata(&deployed.proof);
        assert!(deployed.accepts(&data));
        // Every instance, and a byte of every word of the proof.
        for at in (31..data.len()).step_by(32) {
            let mut bad = data.clone();
            bad[at] ^= 1;
            assert!(!deployed.accepts(&bad), "byte {at} of {} in {parts} parts", data.len());
        }
        assert!(!deployed.accepts(&data[..data.len() - 32]));
        assert!(!deployed.accepts(&[]));
    }
}

/// What the generated verifier leaves open, so that its strict front is tested for something real.
#[test]
fn instances_are_reduced_and_trailing_bytes_ignored() {
    let Some(mut deployed) = Deployed::new(2) else { return };
    let data = calldata(&deployed.proof);
    let mut longer = data.clone();
    longer.push(0);
    assert!(deployed.accepts(&longer));
    // new_root + r.
    let mut shifted = data;
    let word = &mut shifted[(ACCUMULATOR_LEN + 1) * 32..][..32];
    let mut carry = 4u16;
    for (byte, modulus) in word.iter_mut().zip((-Fr::ONE).to_repr().iter().rev()).rev() {
        let sum = u16::from(*modulus) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    assert!(deployed.accepts(&shifted));
}

#[test]
fn identity_points_are_refused() {
    let Some(mut deployed) = Deployed::new(1) else { return };
    let data = calldata(&deployed.proof);
    let mut bad = data.clone();
    bad[INSTANCE_LEN * 32..][..64].fill(0);
    assert!(!deployed.accepts(&bad));
    let mut bad = data;
    bad[..ACCUMULATOR_LEN * 32].fill(0);
    assert!(!deployed.accepts(&bad));
}

#[test]
fn accumulators_are_checked_too() {
    let Some(compiler) = compiler() else { return };
    let claimer = Claimer::new(1);
    let mut accumulator = claimer.accumulator(77);
    accumulator.left = (accumulator.left.to_curve() + G1Affine::generator()).to_affine();
    let keys = Fr::from(9);
    let instance =
        FoldInstance { accumulator, old_root: Fr::ONE, new_root: Fr::ONE, batches: 5, contexts: Fr::ONE, keys };
    let proof = claimer.prove_with(instance.to_column(), TranscriptKind::Keccak);
    let code = VerifierSource::generate(&claimer.key).unwrap().compile(&compiler).unwrap();
    assert_eq!(code.len(), 1);
    let mut machine = Machine::default();
    let verifier = machine.deploy_parts(&code).unwrap();
    assert!(!machine.call(verifier, &calldata(&proof)).unwrap().success);
}

#[test]
fn code_has_a_limit() {
    // 0x6001 bytes of zeros: PUSH2 0x6001, PUSH1 0, RETURN.
    let error = Machine::default().deploy(&[0x61, 0x60, 0x01, 0x60, 0x00, 0xf3]).unwrap_err().to_string();
    assert!(error.contains("CreateContractSizeLimit"), "{error}");
    Machine::default().deploy(&[0x61, 0x60, 0x00, 0x60, 0x00, 0xf3]).unwrap();
}

#[test]
fn sources_that_are_none_are_named() {
    let Some(compiler) = compiler() else { return };
    let error = compiler.compile("contract {").unwrap_err().to_string();
    assert!(error.contains("solc-0.8.28 --bin -: ParserError"), "{error}");
    let error = Compiler::new("/nowhere/solc").compile("").unwrap_err().to_string();
    assert!(error.starts_with("cannot run /nowhere/solc: "), "{error}");
}

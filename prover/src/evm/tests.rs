mod refusals;

use std::path::Path;

use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::{Field, PrimeField},
    group::{Curve, prime::PrimeCurveAffine},
};

use super::{
    abi::Word,
    settlement::{SettledBatch, Settlement, Setup, accepted, reason, settle_calldata},
    *,
};
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

/// What is generated accepts and refuses what snark-verifier's own text does, and takes less.
#[test]
fn the_generated_text_is_the_oracle() {
    let Some(mut deployed) = Deployed::new(By::Assembler, 2) else { return };
    let original = VerifierSource::original(&Claimer::new(1).key).unwrap();
    let code: Vec<_> = original.assemble_parts(2).unwrap().into_iter().map(|part| part.creation).collect();
    let verifier = deployed.machine.deploy_parts(&code).unwrap();
    let data = calldata(&deployed.proof);
    let [own, theirs] = [deployed.verifier, verifier].map(|at| deployed.machine.call(at, &data).unwrap());
    assert!(own.success && theirs.success);
    println!("{} gas instead of {}", own.gas, theirs.gas);
    assert!(own.gas < theirs.gas);
    for at in (0..data.len()).step_by(29) {
        for bit in [0, 7] {
            let mut bad = data.clone();
            bad[at] ^= 1 << bit;
            let [own, theirs] =
                [deployed.verifier, verifier].map(|at| deployed.machine.call(at, &bad).unwrap().success);
            assert_eq!(own, theirs, "bit {bit} of byte {at}");
        }
    }
}

/// A deployed verifier and a proof that it accepts.
struct Deployed {
    machine: Machine,
    verifier: [u8; 20],
    proof: ProofWithInstance,
}

/// What makes code of a verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Assembler,
    Solc,
}

impl By {
    fn code(self, source: &VerifierSource, parts: usize) -> Option<Vec<Vec<u8>>> {
        if self == Self::Assembler {
            let assembled = source.assemble_parts(parts).unwrap();
            return Some(assembled.into_iter().map(|part| part.creation).collect());
        }
        let compiler = compiler()?;
        Some(source.parts(parts).unwrap().iter().map(|source| compiler.compile(source).unwrap().creation).collect())
    }
}

impl Deployed {
    fn new(by: By, parts: usize) -> Option<Self> {
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
        let code = by.code(&source, parts)?;
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
    for (by, parts) in [(By::Assembler, 1), (By::Assembler, 3), (By::Solc, 1), (By::Solc, 3)] {
        let Some(mut deployed) = Deployed::new(by, parts) else { return };
        let data = calldata(&deployed.proof);
        assert!(deployed.accepts(&data));
        // Every instance, and a byte of every word of the proof.
        for at in (31..data.len()).step_by(32) {
            let mut bad = data.clone();
            bad[at] ^= 1;
            assert!(!deployed.accepts(&bad), "byte {at} of {} in {parts} parts by {by:?}", data.len());
        }
        assert!(!deployed.accepts(&data[..data.len() - 32]));
        assert!(!deployed.accepts(&[]));
    }
}

/// What the generated verifier leaves open, so that its strict front is tested for something real.
#[test]
fn instances_are_reduced_and_trailing_bytes_ignored() {
    let Some(mut deployed) = Deployed::new(By::Assembler, 2) else { return };
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
    let Some(mut deployed) = Deployed::new(By::Assembler, 1) else { return };
    let data = calldata(&deployed.proof);
    let mut bad = data.clone();
    bad[INSTANCE_LEN * 32..][..64].fill(0);
    assert!(!deployed.accepts(&bad));
    let mut bad = data;
    bad[..ACCUMULATOR_LEN * 32].fill(0);
    assert!(!deployed.accepts(&bad));
}

/// The proof that the contracts' tests replay, in this machine: `contracts/test/fixtures/fold.json`.
struct Stored {
    code: Vec<Vec<u8>>,
    instances: Vec<Word>,
    proof: Vec<u8>,
    batches: Vec<SettledBatch>,
    gas: u64,
}

/// Prices of its batches are of this time.
const NOW: u64 = 1_800_000_000;

impl Stored {
    fn new() -> Self {
        let text = std::fs::read_to_string(root().join("contracts/test/fixtures/fold.json")).unwrap();
        let fixture: serde_json::Value = serde_json::from_str(&text).unwrap();
        let bytes = |value: &serde_json::Value| hex::decode(&value.as_str().unwrap()[2..]).unwrap();
        let list = |name: &str| fixture[name].as_array().unwrap().iter().map(bytes).collect::<Vec<_>>();
        let words = |name: &str| list(name).into_iter().map(|word| word.try_into().unwrap()).collect::<Vec<Word>>();
        let contexts = words("contexts");
        let batch = |context: &[Word]| SettledBatch { context: context.try_into().unwrap(), payments: vec![] };
        Self {
            code: list("code"),
            instances: words("instances"),
            proof: bytes(&fixture["proof"]),
            batches: contexts.chunks(13).map(batch).collect(),
            gas: fixture["gas"].as_u64().unwrap(),
        }
    }

    fn field(word: &Word) -> Fr {
        let mut repr = *word;
        repr.reverse();
        Fr::from_repr(repr).unwrap()
    }

    fn settlement(&self) -> Settlement {
        let setup = Setup {
            genesis_root: Self::field(&self.instances[OLD_ROOT]),
            genesis_sequence: 0,
            params_hash: Self::field(&self.batches[0].context[2]),
            keys: Self::field(&self.instances[KEYS]),
            max_age: 3_600,
            proof_length: self.proof.len() as u64,
        };
        Settlement::deploy(Machine::new(31_337, NOW), &self.code, &setup).unwrap()
    }

    fn calldata(&self) -> Vec<u8> {
        settle_calldata(&self.instances, &self.proof, &self.batches)
    }
}

const OLD_ROOT: usize = ACCUMULATOR_LEN;
const NEW_ROOT: usize = ACCUMULATOR_LEN + 1;
const BATCHES: usize = ACCUMULATOR_LEN + 2;
const CONTEXTS: usize = ACCUMULATOR_LEN + 3;
const KEYS: usize = ACCUMULATOR_LEN + 4;

#[test]
fn the_stored_proof_is_accepted_as_it_was() {
    let stored = Stored::new();
    let instance: Vec<Fr> = stored.instances.iter().map(Stored::field).collect();
    assert_eq!(FoldInstance::from_column(&instance).unwrap().batches, 3);
    let data = calldata(&ProofWithInstance { instance, proof: stored.proof.clone() });
    let mut machine = Machine::default();
    let verifier = machine.deploy_parts(&stored.code).unwrap();
    let outcome = machine.call(verifier, &data).unwrap();
    assert_eq!((outcome.success, outcome.gas), (true, stored.gas));
    // Every instance, and a byte of every word of the proof.
    for at in (31..data.len()).step_by(32) {
        let mut bad = data.clone();
        bad[at] ^= 1;
        assert!(!machine.call(verifier, &bad).unwrap().success, "byte {at} of {}", data.len());
    }
}

/// A number that is not below the modulus, and means the same.
fn plus_modulus(word: &Word) -> Word {
    let mut sum = *word;
    let mut carry = 1u16;
    for (byte, modulus) in sum.iter_mut().rev().zip((-Fr::ONE).to_repr()) {
        let digit = u16::from(*byte) + u16::from(modulus) + carry;
        (*byte, carry) = (digit as u8, digit >> 8);
    }
    sum
}

/// What a settlement refuses, each for its reason.
#[test]
fn submissions_are_refused_by_name() {
    let stored = Stored::new();
    let mut settlement = stored.settlement();
    type Change = fn(&mut Stored);
    let cases: &[(&str, Change, &str)] = &[
        ("the first byte of the proof", |it| it.proof[0] ^= 1, "ProofRejected"),
        ("the last byte of the proof", |it| *it.proof.last_mut().unwrap() ^= 1, "ProofRejected"),
        ("a byte behind the proof", |it| it.proof.push(0), "ProofLength"),
        ("a word less", |it| it.proof.truncate(it.proof.len() - 32), "ProofLength"),
        ("the identity for a commitment", |it| it.proof[..64].fill(0), "ProofRejected"),
        ("the identity for the accumulator", |it| it.instances[..6].fill([0; 32]), "ProofRejected"),
        ("a limb with a bit too many", |it| it.instances[0][20] |= 1, "ProofRejected"),
        ("another accumulator", |it| it.instances[3][31] ^= 1, "ProofRejected"),
        ("another new root", |it| it.instances[NEW_ROOT][31] ^= 1, "ProofRejected"),
        (
            "the new root plus r",
            |it| it.instances[NEW_ROOT] = plus_modulus(&it.instances[NEW_ROOT]),
            "InstanceOutOfRange",
        ),
        ("another old root", |it| it.instances[OLD_ROOT][31] ^= 1, "WrongOldRoot"),
        ("the old root plus r", |it| it.instances[OLD_ROOT] = plus_modulus(&it.instances[OLD_ROOT]), "WrongOldRoot"),
        ("other keys", |it| it.instances[KEYS][31] ^= 1, "WrongKeys"),
        ("other contexts", |it| it.instances[CONTEXTS][31] ^= 1, "WrongContexts"),
        ("another number of batches", |it| it.instances[BATCHES][31] ^= 1, "WrongBatches"),
        ("batches out of order", |it| it.batches.swap(0, 1), "WrongSequence"),
        ("a batch twice", |it| it.batches[1] = it.batches[0].clone(), "WrongSequence"),
        ("a batch left out", |it| drop(it.batches.remove(1)), "WrongBatches"),
        ("a gap", |it| it.batches[2].context[3][31] ^= 1, "WrongSequence"),
        ("another venue", |it| it.batches[0].context[0][31] ^= 1, "WrongVenue"),
        ("other parameters", |it| it.batches[0].context[2][31] ^= 1, "WrongParams"),
        ("prices of another time", |it| it.batches[2].context[4][31] ^= 1, "WrongContexts"),
        ("prices that end before they begin", |it| it.batches[0].context[4][31] ^= 0x80, "WrongWindow"),
        ("other deposits", |it| it.batches[0].context[9][31] ^= 1, "WrongDeposits"),
        ("other payments", |it| it.batches[0].context[10][31] ^= 1, "WrongWithdrawals"),
        ("other demands", |it| it.batches[0].context[11][31] ^= 1, "WrongForced"),
        ("other cursors", |it| it.batches[0].context[12][31] ^= 1, "WrongCursors"),
        ("another risk array", |it| it.batches[0].context[6][31] ^= 1, "WrongContexts"),
        ("a word plus r", |it| it.batches[0].context[8] = plus_modulus(&it.batches[0].context[8]), "WordOutOfRange"),
    ];
    for (name, change, expected) in cases {
        let mut bad = Stored::new();
        change(&mut bad);
        let outcome = settlement.settle(&bad.calldata()).unwrap();
        assert!(!outcome.success, "{name}");
        assert_eq!(reason(&outcome.output), *expected, "{name}");
    }
    assert_eq!(settlement.state_root().unwrap(), stored.instances[OLD_ROOT]);

    let outcome = accepted(settlement.settle(&stored.calldata()).unwrap()).unwrap();
    println!("settled for {} gas, {} bytes of calldata", outcome.gas, stored.calldata().len());
    assert_eq!(settlement.state_root().unwrap(), stored.instances[NEW_ROOT]);
    let again = settlement.settle(&stored.calldata()).unwrap();
    assert_eq!((again.success, reason(&again.output).as_str()), (false, "WrongOldRoot"));
    // Later, the same would be too old.
    let mut late = stored.settlement();
    late.machine.set_time(NOW + 3_601);
    assert_eq!(reason(&late.settle(&stored.calldata()).unwrap().output), "WrongWindow");
}

/// Where the settlement lies is known before it is deployed: the figures are ethers', of `contracts/script/settle.js`.
#[test]
fn settlements_have_an_address_of_their_own() {
    assert_eq!(hex::encode(settlement::address()), "e78f1e08fcdf5889636438c0fa51b22dd6272655");
    assert_eq!(settlement::application(), 0xfa51_b22d_d627_2655);
}

/// Both make the same of a text, and the assembler needs no more gas.
#[test]
fn code_is_as_good_as_that_of_solc() {
    let [own, theirs] = [By::Assembler, By::Solc].map(|by| Deployed::new(by, 2));
    let (Some(mut own), Some(mut theirs)) = (own, theirs) else { return };
    let data = calldata(&own.proof);
    let [own, theirs] =
        [&mut own, &mut theirs].map(|deployed| deployed.machine.call(deployed.verifier, &data).unwrap());
    assert!(own.success && theirs.success);
    assert!(own.gas <= theirs.gas, "{} against {}", own.gas, theirs.gas);
}

#[test]
fn accumulators_are_checked_too() {
    let claimer = Claimer::new(1);
    let mut accumulator = claimer.accumulator(77);
    accumulator.left = (accumulator.left.to_curve() + G1Affine::generator()).to_affine();
    let keys = Fr::from(9);
    let instance =
        FoldInstance { accumulator, old_root: Fr::ONE, new_root: Fr::ONE, batches: 5, contexts: Fr::ONE, keys };
    let proof = claimer.prove_with(instance.to_column(), TranscriptKind::Keccak);
    let code = VerifierSource::generate(&claimer.key).unwrap().assemble().unwrap();
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

//! What a settlement refuses although it proves something. A stand-in for the wrap, which exposes whatever it is given, proves what a real
//! one never would.

use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::Field,
    group::Curve,
};

use super::super::{
    Machine, VerifierSource,
    abi::field_word,
    settlement::{SettledBatch, Settlement, Setup, accepted, reason, settle_calldata},
};
use super::NOW;
use crate::{
    accumulate::{
        Accumulator, Claimer, FoldInstance, LIMB_BITS, ProofWithInstance, Tag, for_settlement, leaf_contexts,
        native_chain,
    },
    transcript::TranscriptKind,
};

const KECCAK: TranscriptKind = TranscriptKind::Keccak;

/// A settlement that takes proofs of one stand-in, and a batch for it.
struct Desk {
    settlement: Settlement,
    claimer: Claimer,
    claim: FoldInstance,
    batch: SettledBatch,
}

impl Desk {
    fn new() -> Self {
        let claimer = Claimer::new(1);
        let mut context: Vec<Fr> = (100..113).map(Fr::from).collect();
        for_settlement(&mut context, 0);
        let claim = FoldInstance {
            accumulator: claimer.accumulator(77),
            old_root: Fr::from(5),
            new_root: Fr::from(6),
            batches: 1,
            contexts: leaf_contexts(native_chain(Tag::Context, &context)),
            keys: Fr::from(9),
        };
        let proof_length = claimer.key.proof_len(KECCAK) as u64;
        let setup = Setup {
            genesis_root: claim.old_root,
            genesis_sequence: 0,
            params_hash: context[2],
            keys: claim.keys,
            max_age: 3_600,
            proof_length,
        };
        let code = VerifierSource::generate(&claimer.key).unwrap().assemble().unwrap();
        let settlement = Settlement::deploy(Machine::new(31_337, NOW), &code, &setup).unwrap();
        let words: Vec<_> = context.iter().map(field_word).collect();
        let batch = SettledBatch { context: words.try_into().unwrap(), payments: vec![] };
        Self { settlement, claimer, claim, batch }
    }

    fn data(&self, ProofWithInstance { instance, proof }: &ProofWithInstance) -> Vec<u8> {
        let words: Vec<_> = instance.iter().map(field_word).collect();
        settle_calldata(&words, proof, std::slice::from_ref(&self.batch))
    }

    fn refused(&mut self, proof: &ProofWithInstance, expected: &str) {
        let outcome = self.settlement.settle(&self.data(proof)).unwrap();
        assert!(!outcome.success);
        assert_eq!(reason(&outcome.output), expected);
    }

    /// Refused for its length, and cut or filled up to the right one for what it is.
    fn refused_at_any_length(&mut self, proof: &ProofWithInstance) {
        self.refused(proof, "ProofLength");
        let mut fitted = proof.clone();
        fitted.proof.resize(self.claimer.key.proof_len(KECCAK), 0);
        self.refused(&fitted, "ProofRejected");
    }
}

#[test]
fn good_proofs_of_another_kind_are_none() {
    let mut desk = Desk::new();
    let column = desk.claim.to_column();
    // A node of another circuit, of the same shape.
    let other = Claimer::new(2);
    assert!(other.key.same_shape(&desk.claimer.key));
    desk.refused(&other.prove_with(column.clone(), KECCAK), "ProofRejected");
    // The same circuit over another structured reference string.
    let foreign = Claimer::of_srs(1, 1);
    let claim = FoldInstance { accumulator: foreign.accumulator(77), ..desk.claim };
    desk.refused(&foreign.prove_with(claim.to_column(), KECCAK), "ProofRejected");
    // A leaf's or a node's where a wrap's belongs: another transcript.
    let leaf = desk.claimer.prove(column.clone());
    desk.refused_at_any_length(&leaf);
    // With the other opening argument.
    let gwc = desk.claimer.prove_gwc_with(column.clone(), KECCAK);
    desk.refused_at_any_length(&gwc);

    let honest = desk.claimer.prove_with(column, KECCAK);
    accepted(desk.settlement.settle(&desk.data(&honest)).unwrap()).unwrap();
    assert_eq!(desk.settlement.state_root().unwrap(), field_word(&desk.claim.new_root));
}

#[test]
fn accumulators_that_do_not_hold_are_refused() {
    let mut desk = Desk::new();
    let honest = desk.claim.accumulator;
    let shifted = |point: G1Affine| (point + G1Affine::generator()).to_affine();
    for accumulator in [
        Accumulator { left: shifted(honest.left), ..honest },
        Accumulator { right: shifted(honest.right), ..honest },
        // One that is dropped leaves what somebody else's rest upon.
        Accumulator { left: G1Affine::generator(), right: G1Affine::generator() },
    ] {
        let claim = FoldInstance { accumulator, ..desk.claim };
        let proof = desk.claimer.prove_with(claim.to_column(), KECCAK);
        desk.claimer.key.verify(&proof, KECCAK).unwrap_err();
        desk.refused(&proof, "ProofRejected");
    }
}

/// Limbs that a wrap cannot expose, because its circuit makes them. The generated verifier bounds each and looks for the point on the curve.
#[test]
fn limbs_that_no_wrap_exposes() {
    let mut desk = Desk::new();
    let honest = desk.claim.to_column();
    let two_88 = Fr::from(2).pow([LIMB_BITS as u64]);
    for limb in 0..12 {
        // Another number.
        let mut column = honest.clone();
        column[limb] += two_88;
        let mut forms = vec![column.clone()];
        if limb % 3 < 2 {
            // The same number.
            column[limb + 1] -= Fr::ONE;
            forms.push(column);
        }
        for column in forms {
            let proof = desk.claimer.prove_with(column, KECCAK);
            let error = desk.claimer.key.verify(&proof, KECCAK).unwrap_err().to_string();
            assert!(error.contains("not 3 limbs of 88 bits"), "limb {limb}: {error}");
            desk.refused(&proof, "ProofRejected");
        }
    }
    let mut identity = honest;
    identity[..6].fill(Fr::ZERO);
    let proof = desk.claimer.prove_with(identity, KECCAK);
    let error = desk.claimer.key.verify(&proof, KECCAK).unwrap_err().to_string();
    assert_eq!(error, "the accumulator's left point: not on the curve");
    desk.refused(&proof, "ProofRejected");
}

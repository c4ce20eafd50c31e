//! Layers over stand-ins for the statements and the layers below, which have their instances and next to no work.

mod keys;
mod stand_ins;
mod whole;

use halo2_proofs::dev::MockProver;
use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::Field,
    group::{Curve, GroupEncoding},
};

pub(crate) use stand_ins::Claimer;
use stand_ins::{Venue, word};
pub(crate) use whole::for_settlement;

use super::{node::Child, *};
use crate::{
    error::{PointFault, ProverError},
    progress::Silent,
    srs::Srs,
    transcript::TranscriptKind,
};

const POSEIDON: TranscriptKind = TranscriptKind::Poseidon;
/// Where nothing depends on it.
const ANY: FoldShape = FoldShape { k: 18, scalar_columns: 1 };
const OWN: [Fr; 2] = [Fr::ONE, Fr::ONE];

type Small = Venue<1, 0>;

fn leaf_circuit(venue: &Small, inputs: &LeafInputs) -> FoldCircuit {
    leaf::circuit(true, ANY, &venue.inner, inputs, OWN).unwrap()
}

fn claim(circuit: &FoldCircuit) -> FoldInstance {
    FoldInstance::from_column(&circuit.instance()).unwrap()
}

/// `MockProver` accepts the circuit in the smallest shape that holds it.
fn assert_satisfied(layout: impl Fn(FoldShape) -> FoldCircuit) {
    let shape = FoldShape::for_cost(&layout(ANY).cost());
    let circuit = layout(shape);
    circuit.check_fits().unwrap();
    // Not `verify_par`: that one takes every cell for one that has not been assigned.
    let prover = MockProver::run(shape.k, &circuit, vec![circuit.instance()]).unwrap();
    assert_eq!(prover.verify(), Ok(()));
}

#[test]
fn leaves_claim_what_their_batches_claim() {
    let venue = Small::new();
    let inputs = venue.leaf(Fr::from(5), 3);
    venue.inner.check(&inputs).unwrap();
    let circuit = leaf_circuit(&venue, &inputs);
    assert_eq!(circuit.broken_copies(), [] as [[Fr; 2]; 0]);
    let claim = claim(&circuit);
    let [old_root, new_root, context] = [0, 1, 2].map(|i| inputs.batch.instance[i]);
    assert_eq!([claim.old_root, claim.new_root], [old_root, new_root]);
    assert_eq!(claim.batches, 1);
    assert_eq!(claim.contexts, leaf_contexts(context));
    assert_eq!(claim.keys, venue.digests(OWN[0], OWN[1]).all());
    // What is left of the proofs is valid: the challenges were those of the prover.
    assert!(claim.accumulator.holds(venue.srs.params().s_g2()));
    // The layout is the same where there is no witness.
    let blank = leaf::circuit(false, ANY, &venue.inner, &venue.inner.blank(), OWN).unwrap();
    assert_eq!(blank.cost(), circuit.cost());
}

#[test]
fn leaves_satisfy_their_constraints() {
    let venue = Small::new();
    let inputs = venue.leaf(Fr::from(5), 0);
    assert_satisfied(|shape| leaf::circuit(true, shape, &venue.inner, &inputs, OWN).unwrap());
}

#[test]
fn leaves_tie_batch_risk_and_keys() {
    let venue = Small::new();
    let broken = |change: &dyn Fn(&mut [Fr])| {
        let inputs = venue.leaf_with(Fr::from(5), 0, change);
        (leaf_circuit(&venue, &inputs).broken_copies(), venue.inner.check(&inputs).unwrap_err().to_string())
    };
    let links = [(word::RISK_ROOT, 0, "risk root"), (word::MARKS, 1, "marks"), (word::RISK_TIME, 2, "risk time")];
    for (word, instance, name) in links {
        let honest = venue.leaf(Fr::from(5), 0).risk.instance[instance];
        let (pairs, error) = broken(&|context| context[word] += Fr::ONE);
        assert_eq!(pairs, [[honest + Fr::ONE, honest]], "{name}");
        assert!(error.starts_with(&format!("{name}: expected ")), "{error}");
    }
    let inner = venue.digests(Fr::ZERO, Fr::ZERO).inner();
    let (pairs, error) = broken(&|context| context[word::CIRCUITS] += Fr::ONE);
    assert_eq!(pairs, [[inner + Fr::ONE, inner]]);
    assert!(error.starts_with("circuits named by the context: expected "), "{error}");

    // Parameters that are not the venue's, and a venue of other scenarios.
    let honest = venue.leaf(Fr::from(5), 0);
    let hash = honest.context[word::PARAMS];
    for (place, pairs) in [(0, 1), (1, 2), (3, 1)] {
        let mut inputs = honest.clone();
        inputs.params[place] += Fr::ONE;
        let found = native_chain(Tag::Params, &inputs.params);
        let broken = leaf_circuit(&venue, &inputs).broken_copies();
        assert_eq!(broken.len(), pairs, "word {place}");
        assert_eq!(broken[0], [hash, found], "word {place}");
        let error = venue.inner.check(&inputs).unwrap_err().to_string();
        assert!(error.starts_with("hash of the parameter set: expected "), "{error}");
    }
    let mut inputs = honest.clone();
    inputs.params[1] += Fr::ONE;
    let other = inputs.params.clone();
    let inputs = venue.leaf_with(Fr::from(5), 0, |context| context[word::PARAMS] = native_chain(Tag::Params, &other));
    let inputs = LeafInputs { params: other.clone(), ..inputs };
    assert_eq!(leaf_circuit(&venue, &inputs).broken_copies(), [[other[1], other[1] - Fr::ONE]]);
    let error = venue.inner.check(&inputs).unwrap_err().to_string();
    assert!(error.starts_with("scenarios of the parameter set: expected "), "{error}");
    let odd = LeafInputs { params: other[..3].to_vec(), ..inputs };
    let error = venue.inner.check(&odd).unwrap_err().to_string();
    assert_eq!(error, "words of the parameter set: 3 is out of range (even, 2 to 40)");

    // A context that is not the batch's.
    let mut inputs = venue.leaf(Fr::from(5), 0);
    let committed = inputs.batch.instance[2];
    inputs.context[0] += Fr::ONE;
    let digest = native_chain(Tag::Context, &inputs.context);
    assert_eq!(leaf_circuit(&venue, &inputs).broken_copies(), [[digest, committed]]);
    let error = venue.inner.check(&inputs).unwrap_err().to_string();
    assert!(error.starts_with("digest of the context: expected "), "{error}");
    inputs.context.pop();
    assert_eq!(venue.inner.check(&inputs).unwrap_err().to_string(), "words of the context: expected 13, found 12");
}

/// A proof that is none satisfies a leaf's constraints as well as any other; what is left of it then fails.
#[test]
fn wrong_proofs_leave_accumulators_that_fail() {
    let venue = Small::new();
    let s_g2 = venue.srs.params().s_g2();
    let honest = venue.leaf(Fr::from(5), 0);
    let key = &venue.inner.risk;
    let (points, scalars) = (key.proof_points(), key.proof_scalars());
    let another = (G1Affine::generator() * Fr::from(77)).to_affine().to_bytes();
    let words = points + scalars;
    for word in [0, 1, points - 3, points - 2, points - 2 + scalars / 2, words - 3, words - 2, words - 1] {
        let mut inputs = honest.clone();
        let is_point = word < points - 2 || word >= words - 2;
        let place = &mut inputs.risk.proof[word * 32..][..32];
        if is_point {
            place.copy_from_slice(another.as_ref());
        } else {
            place[0] ^= 1;
        }
        let circuit = leaf_circuit(&venue, &inputs);
        assert_eq!(circuit.broken_copies(), [] as [[Fr; 2]; 0], "word {word}");
        assert!(!claim(&circuit).accumulator.holds(s_g2), "word {word}");
        let error = venue.inner.check(&inputs).unwrap_err().to_string();
        assert_eq!(error, "the risk proof: the proof is not valid: the pairing check fails", "word {word}");
    }
    let mut inputs = honest;
    inputs.batch.instance[1] += Fr::ONE;
    assert!(!claim(&leaf_circuit(&venue, &inputs)).accumulator.holds(s_g2));
}

#[test]
fn proofs_have_one_encoding() {
    let venue = Small::new();
    let honest = venue.leaf(Fr::from(5), 0).batch;
    let key = &venue.inner.batch;
    key.verify(&honest, POSEIDON).unwrap();
    assert_eq!(honest.proof.len(), key.proof_len(POSEIDON));
    let refused = |change: &dyn Fn(&mut ProofWithInstance)| {
        let mut proof = honest.clone();
        change(&mut proof);
        key.verify(&proof, POSEIDON).unwrap_err().to_string()
    };
    let len = honest.proof.len();
    let length = |found: usize| format!("proof (SHPLONK): {len} bytes expected, {found} found");
    assert_eq!(refused(&|proof| proof.proof.push(0)), length(len + 1));
    assert_eq!(refused(&|proof| proof.proof.truncate(len - 1)), length(len - 1));
    assert_eq!(refused(&|proof| proof.instance.push(Fr::ZERO)), "number of public instances: expected 3, found 4");
    let first_scalar = (key.proof_points() - 2) * 32;
    let modulus_or_more = refused(&|proof| proof.proof[first_scalar..first_scalar + 32].fill(0xff));
    assert_eq!(modulus_or_more, "proof: scalar[0]: not below the field's modulus");
    let identity = refused(&|proof| proof.proof[32..64].copy_from_slice(G1Affine::default().to_bytes().as_ref()));
    assert_eq!(identity, "proof: point[1]: the identity");
    // x = 4 is no abscissa: 67 is not a square.
    let off = refused(&|proof| {
        proof.proof[..32].fill(0);
        proof.proof[0] = 4;
    });
    assert_eq!(off, "proof: point[0]: not on the curve");
    // The same proof in another transcript's encoding.
    let error = key.verify(&honest, TranscriptKind::Blake2b).unwrap_err().to_string();
    assert_eq!(error, "transcript: blake2b proofs are not folded");
}

/// Two flavours of claims that pass for leaves and nodes, and one that does not.
struct Children {
    leaf: Claimer,
    node: Claimer,
    other: Claimer,
    digests: KeyDigests,
}

impl Children {
    fn new() -> Self {
        let [leaf, node, other] = [1, 2, 3].map(Claimer::new);
        assert!(leaf.key.same_shape(&node.key) && leaf.key.same_shape(&other.key));
        let [batch, risk] = [11, 12].map(Fr::from);
        let digests = KeyDigests { batch, risk, leaf: leaf.key.digest(), node: node.key.digest() };
        Self { leaf, node, other, digests }
    }

    fn left(&self) -> FoldInstance {
        let [old_root, new_root, contexts] = [5, 6, 100].map(Fr::from);
        let accumulator = self.leaf.accumulator(1234);
        FoldInstance { accumulator, old_root, new_root, batches: 2, contexts, keys: self.digests.all() }
    }

    fn right(&self) -> FoldInstance {
        let [old_root, new_root, contexts] = [6, 9, 200].map(Fr::from);
        let accumulator = self.leaf.accumulator(56_789);
        FoldInstance { accumulator, old_root, new_root, batches: 3, contexts, keys: self.digests.all() }
    }

    fn node(&self, shape: FoldShape, sides: [(&Claimer, Vec<Fr>); 2]) -> FoldCircuit {
        let [left, right] = sides.map(|(claimer, instance)| (&claimer.key, claimer.prove(instance)));
        let children = [&left, &right].map(|(key, proof)| Child { key, proof });
        node::node(true, shape, children, &self.digests).unwrap()
    }

    /// A node over a leaf and a node.
    fn honest(&self, shape: FoldShape) -> FoldCircuit {
        self.node(shape, [(&self.leaf, self.left().to_column()), (&self.node, self.right().to_column())])
    }

    fn broken(&self, left: (&Claimer, Vec<Fr>), right: (&Claimer, Vec<Fr>)) -> Vec<[Fr; 2]> {
        self.node(ANY, [left, right]).broken_copies()
    }
}

#[test]
fn nodes_join_what_their_children_claim() {
    let children = Children::new();
    let circuit = children.honest(ANY);
    assert_eq!(circuit.broken_copies(), [] as [[Fr; 2]; 0]);
    let joined = claim(&circuit);
    let (left, right) = (children.left(), children.right());
    assert_eq!([joined.old_root, joined.new_root], [left.old_root, right.new_root]);
    assert_eq!(joined.batches, 5);
    assert_eq!(joined.contexts, node_contexts(left.contexts, right.contexts));
    assert_eq!(joined.keys, children.digests.all());
    assert!(joined.accumulator.holds(children.leaf.key.s_g2()));
    let blank = children.leaf.key.blank();
    let child = Child { key: &children.leaf.key, proof: &blank };
    let blank = node::node(false, ANY, [child; 2], &children.digests).unwrap();
    assert_eq!(blank.cost(), circuit.cost());
}

#[test]
fn nodes_satisfy_their_constraints() {
    let children = Children::new();
    assert_satisfied(|shape| children.honest(shape));
}

#[test]
fn wraps_claim_what_their_child_claims() {
    let children = Children::new();
    let instance = children.right();
    let proof = children.node.prove(instance.to_column());
    let child = Child { key: &children.node.key, proof: &proof };
    let circuit = node::wrap(true, ANY, child, &children.digests).unwrap();
    assert_eq!(circuit.broken_copies(), [] as [[Fr; 2]; 0]);
    let wrapped = claim(&circuit);
    assert!(wrapped.accumulator.holds(children.leaf.key.s_g2()));
    assert_eq!(FoldInstance { accumulator: instance.accumulator, ..wrapped }, instance);
}

#[test]
fn nodes_refuse_children_that_do_not_belong_together() {
    let children = Children::new();
    let (left, right) = (children.left(), children.right());
    let (leaf, node) = (&children.leaf, &children.node);

    // A gap, the wrong order, the same twice.
    let gap = FoldInstance { old_root: Fr::from(7), ..right };
    let broken = children.broken((leaf, left.to_column()), (node, gap.to_column()));
    assert_eq!(broken, [[left.new_root, gap.old_root]]);
    let broken = children.broken((leaf, right.to_column()), (node, left.to_column()));
    assert_eq!(broken, [[right.new_root, left.old_root]]);
    let broken = children.broken((leaf, left.to_column()), (leaf, left.to_column()));
    assert_eq!(broken, [[left.new_root, left.old_root]]);

    // Keys of another folding below.
    let foreign = FoldInstance { keys: Fr::from(1), ..left };
    let broken = children.broken((leaf, foreign.to_column()), (node, right.to_column()));
    assert_eq!(broken, [[Fr::from(1), children.digests.all()]]);

    // A circuit of the same shape that is neither leaf nor node.
    let broken = children.broken((&children.other, left.to_column()), (node, right.to_column()));
    let [other, leaf_key, node_key] = [&children.other, leaf, node].map(|claimer| claimer.key.digest());
    assert_eq!(broken, [[(other - leaf_key) * (other - node_key), Fr::ZERO]]);
}

#[test]
fn inherited_accumulators_are_folded() {
    let children = Children::new();
    let s_g2 = children.leaf.key.s_g2();
    for side in 0..2 {
        let mut claims = [children.left(), children.right()];
        claims[side].accumulator.left = (claims[side].accumulator.left + G1Affine::generator()).to_affine();
        let [left, right] = claims;
        let sides = [(&children.leaf, left.to_column()), (&children.node, right.to_column())];
        let circuit = children.node(ANY, sides);
        assert_eq!(circuit.broken_copies(), [] as [[Fr; 2]; 0]);
        assert!(!claim(&circuit).accumulator.holds(s_g2), "side {side}");
    }
    let mut claimed = children.left();
    claimed.accumulator.left = G1Affine::generator();
    let proof = children.leaf.prove(claimed.to_column());
    let error = children.leaf.key.verify(&proof, POSEIDON).unwrap_err().to_string();
    assert_eq!(error, "the proof is not valid: the pairing check of the accumulator fails");
}

#[test]
fn limbs_of_accumulators_have_one_form() {
    let children = Children::new();
    let right = children.right().to_column();
    let two_88 = Fr::from(2).pow([88]);
    for limb in 0..ACCUMULATOR_LEN {
        let mut column = children.left().to_column();
        column[limb] += two_88;
        if limb % 3 < 2 {
            // The same number.
            column[limb + 1] -= Fr::ONE;
        }
        let broken = children.broken((&children.leaf, column.clone()), (&children.node, right.clone()));
        assert!(broken.iter().any(|[_, limb_of_column]| *limb_of_column == column[limb]), "limb {limb}: {broken:?}");
        let proof = children.leaf.prove(column);
        let error = children.leaf.key.verify(&proof, POSEIDON).unwrap_err();
        assert!(matches!(error.root(), ProverError::Malformed { .. }), "{error}");
    }
}

/// Every byte and every instance of a layer's proof counts, and what is wrong is named.
#[test]
fn nothing_of_a_proof_can_change() {
    let children = Children::new();
    let key = &children.leaf.key;
    for transcript in [POSEIDON, TranscriptKind::Keccak] {
        let honest = children.leaf.prove_with(children.left().to_column(), transcript);
        key.verify(&honest, transcript).unwrap();
        let refused = |change: &dyn Fn(&mut ProofWithInstance)| {
            let mut proof = honest.clone();
            change(&mut proof);
            key.verify(&proof, transcript).unwrap_err()
        };
        for byte in 0..honest.proof.len() {
            match refused(&|proof| proof.proof[byte] ^= 1 << (byte % 8)) {
                ProverError::Rejected { reason } => assert_eq!(reason, "the pairing check fails", "byte {byte}"),
                ProverError::Point { fault, .. } => {
                    assert!(matches!(fault, PointFault::NotOnCurve | PointFault::NotCanonical), "byte {byte}: {fault}");
                }
                ProverError::Scalar { .. } => {}
                other => panic!("byte {byte}: {other}"),
            }
        }
        for index in 0..INSTANCE_LEN {
            let error = refused(&|proof| proof.instance[index] += Fr::ONE).to_string();
            match index {
                0..ACCUMULATOR_LEN => assert!(error.ends_with("point: not on the curve"), "instance {index}: {error}"),
                _ => assert_eq!(error, "the proof is not valid: the pairing check fails", "instance {index}"),
            }
        }
    }
}

/// A leaf's or a node's proof where only a batch's or a risk proof fits: circuits have no place for its instance.
#[test]
fn layers_are_no_batches() {
    let venue = Small::new();
    let honest = venue.leaf(Fr::from(5), 0);
    let children = Children::new();
    let nested = children.node.prove(children.left().to_column());
    let error = venue.inner.check(&LeafInputs { batch: nested.clone(), ..honest.clone() }).unwrap_err().to_string();
    assert_eq!(error, "the batch proof: number of public instances: expected 3, found 17");
    let error = venue.inner.check(&LeafInputs { risk: nested, ..honest.clone() }).unwrap_err().to_string();
    assert_eq!(error, "the risk proof: number of public instances: expected 3, found 17");
    // A batch proof where a risk proof belongs has as many, and is a proof for another key.
    let swapped = LeafInputs { batch: honest.risk.clone(), risk: honest.batch.clone(), ..honest };
    let error = venue.inner.check(&swapped).unwrap_err().to_string();
    assert_eq!(error, "the batch proof: the proof is not valid: the pairing check fails");
}

/// Proofs that are good for something else: with the other opening argument, and over another secret.
#[test]
fn good_proofs_of_another_kind_are_none() {
    let children = Children::new();
    let s_g2 = children.leaf.key.s_g2();
    let column = children.left().to_column();
    let right = children.right().to_column();
    let foreign = Claimer::of_srs(1, 1)
        .prove(FoldInstance { accumulator: Claimer::of_srs(1, 1).accumulator(5), ..children.left() }.to_column());
    let error = children.leaf.key.verify(&foreign, POSEIDON).unwrap_err().to_string();
    assert_eq!(error, "the proof is not valid: the pairing check fails");

    let gwc = children.leaf.prove_gwc(column);
    let expected = children.leaf.key.proof_len(POSEIDON);
    let error = children.leaf.key.verify(&gwc, POSEIDON).unwrap_err().to_string();
    assert_eq!(error, format!("proof (SHPLONK): {expected} bytes expected, {} found", gwc.proof.len()));

    // A node that is given one of them regardless: what is left of it fails, here and in every proof above.
    let mut cut = gwc;
    cut.proof.resize(expected, 0);
    let good = children.node.prove(right);
    for bad in [&foreign, &cut] {
        let nodes = [Child { key: &children.leaf.key, proof: bad }, Child { key: &children.node.key, proof: &good }];
        match node::node(true, ANY, nodes, &children.digests) {
            Ok(circuit) => assert!(!claim(&circuit).accumulator.holds(s_g2)),
            Err(error) => assert!(error.to_string().starts_with("the proof is not valid: "), "{error}"),
        }
    }
}

#[test]
fn all_layers_share_one_secret() {
    let inner = Small::new().inner;
    let refused = |seed: u64| {
        let srs = Srs::development(6, seed, &Silent).unwrap();
        FoldVerifier::generate(&srs, &inner, &Silent).unwrap_err().to_string()
    };
    assert_eq!(refused(1), "secret of the structured reference string: expected that of the inner keys, found another");
    assert_eq!(refused(0), "k of the structured reference string: expected 19, found 6");
}

#[test]
fn key_digests_cover_commitments_state_and_size() {
    let venue = Small::new();
    let key = &venue.inner.batch;
    assert_ne!(key.digest(), venue.inner.risk.digest());
    let digest = |change: &dyn Fn(&mut snark_verifier::verifier::plonk::PlonkProtocol<G1Affine>)| {
        let mut protocol = key.protocol().clone();
        change(&mut protocol);
        FoldKey::new(venue.srs.params(), protocol).digest()
    };
    assert_eq!(digest(&|_| {}), key.digest());
    for i in 0..key.commitments() {
        let negated = digest(&|protocol| protocol.preprocessed[i] = -protocol.preprocessed[i]);
        assert_ne!(negated, key.digest(), "commitment {i}");
        let identity = digest(&|protocol| protocol.preprocessed[i] = G1Affine::default());
        assert_ne!(identity, key.digest(), "commitment {i}");
    }
    let state = digest(&|protocol| protocol.transcript_initial_state = Some(Fr::from(3)));
    let size = digest(&|protocol| protocol.domain.k += 1);
    assert!(state != key.digest() && size != key.digest() && state != size);
}

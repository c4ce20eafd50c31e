//! Verifying keys as folding circuits see them: the shape is fixed in the circuit, the commitments are witnesses bound by a digest.

use std::sync::Arc;

use halo2_proofs::{plonk::VerifyingKey, poly::kzg::commitment::ParamsKZG};
use halo2curves::{
    bn256::{Bn256, Fr, G1Affine, G2Affine},
    ff::Field,
};
use snark_verifier::{
    cost::CostEstimation,
    loader::native::NativeLoader,
    pcs::kzg::{Bdfg21, KzgAs, LimbsEncoding},
    system::halo2::{Config, compile},
    verifier::plonk::{PlonkProof, PlonkProtocol, PlonkSuccinctVerifier},
};

use super::{
    chip::{CHIP_LIMB_BITS, coordinates},
    hash::{Hasher, Native, Tag, chain, native_chain},
    instance::{ACCUMULATOR_LEN, INSTANCE_LEN, LIMB_BITS, LIMBS},
};

/// The accumulation scheme, with SHPLONK openings.
pub(crate) type Scheme = KzgAs<Bn256, Bdfg21>;
/// snark-verifier's verifier, all but the pairing.
pub(crate) type Succinct = PlonkSuccinctVerifier<Scheme, LimbsEncoding<LIMBS, LIMB_BITS>>;

/// A verifying key, as snark-verifier describes it, and its digest.
#[derive(Debug, Clone)]
pub struct FoldKey {
    protocol: Arc<PlonkProtocol<G1Affine>>,
    s_g2: G2Affine,
    digest: Fr,
}

impl FoldKey {
    /// The key of a statement whose proofs leaves verify, with `instances` public instances in its one instance column.
    #[must_use]
    pub fn of_statement(params: &ParamsKZG<Bn256>, key: &VerifyingKey<G1Affine>, instances: usize) -> Self {
        Self::new(params, compile(params, key, Config::kzg().with_num_instance(vec![instances])))
    }

    /// The key of a leaf, a node or a wrap.
    #[must_use]
    pub fn of_fold(params: &ParamsKZG<Bn256>, key: &VerifyingKey<G1Affine>) -> Self {
        let accumulator = (0..ACCUMULATOR_LEN).map(|row| (0, row)).collect();
        let config = Config::kzg().with_num_instance(vec![INSTANCE_LEN]).with_accumulator_indices(Some(accumulator));
        Self::new(params, compile(params, key, config))
    }

    pub(super) fn new(params: &ParamsKZG<Bn256>, protocol: PlonkProtocol<G1Affine>) -> Self {
        let commitments: Vec<[Fr; WORDS]> = protocol.preprocessed.iter().map(commitment_words).collect();
        let state = protocol.transcript_initial_state.expect("snark-verifier always sets it");
        let digest = native_chain(Tag::Key, &digest_words(Fr::from(protocol.domain.k as u64), state, commitments));
        Self { protocol: Arc::new(protocol), s_g2: params.s_g2(), digest }
    }

    /// The key in snark-verifier's form.
    #[must_use]
    pub fn protocol(&self) -> &PlonkProtocol<G1Affine> {
        &self.protocol
    }

    /// The secret of the structured reference string in G2, which every layer of a folding must share.
    #[must_use]
    pub fn s_g2(&self) -> G2Affine {
        self.s_g2
    }

    /// Number of public instances.
    #[must_use]
    pub fn instances(&self) -> usize {
        self.protocol.num_instance[0]
    }

    /// The digest: a chain over the size, the transcript's initial state and every commitment in canonical limbs.
    #[must_use]
    pub fn digest(&self) -> Fr {
        self.digest
    }

    /// The points of a proof: commitments, and the two of its SHPLONK opening.
    #[must_use]
    pub fn proof_points(&self) -> usize {
        let queries = PlonkProof::<G1Affine, NativeLoader, Scheme>::empty_queries(&self.protocol);
        let opening = <Scheme as CostEstimation<G1Affine>>::estimate_cost(&queries).num_commitment;
        self.protocol.num_witness.iter().sum::<usize>() + self.protocol.quotient.num_chunk() + opening
    }

    /// The scalars of a proof: evaluations.
    #[must_use]
    pub fn proof_scalars(&self) -> usize {
        self.protocol.evaluations.len()
    }

    /// The commitments in the key.
    #[must_use]
    pub fn commitments(&self) -> usize {
        self.protocol.preprocessed.len()
    }

    /// Whether proofs for the other key are verified by the same constraints: all but commitments and initial state are equal.
    #[must_use]
    pub fn same_shape(&self, other: &Self) -> bool {
        let shape = |key: &Self| {
            let blank = PlonkProtocol {
                preprocessed: vec![G1Affine::default(); key.commitments()],
                transcript_initial_state: Some(Fr::ZERO),
                ..key.protocol.as_ref().clone()
            };
            format!("{blank:?}")
        };
        shape(self) == shape(other)
    }
}

/// Words of a commitment in a key's digest.
pub(super) const WORDS: usize = 3;
/// The limbs of a commitment, those of x and then those of y, that each word packs, the second so many bits above the first: 187,
/// 187 and 136 bits.
pub(super) const WORD_LIMBS: [&[(usize, u64)]; WORDS] = [
    &[(0, 0), (1, CHIP_LIMB_BITS as u64), (3, 2 * CHIP_LIMB_BITS as u64)],
    &[(4, 0), (5, CHIP_LIMB_BITS as u64), (7, 2 * CHIP_LIMB_BITS as u64)],
    &[(2, 0), (6, CHIP_LIMB_BITS as u64)],
];

/// A commitment as words: injective over points with coordinates below the modulus, the identity as (0, 0).
fn commitment_words(point: &G1Affine) -> [Fr; WORDS] {
    let limbs = coordinates(point);
    let limbs = limbs.as_flattened();
    WORD_LIMBS.map(|parts| parts.iter().map(|&(limb, shift)| limbs[limb] * Fr::from(2).pow([shift])).sum())
}

/// What a key's digest is over.
pub(super) fn digest_words<S>(k: S, initial_state: S, commitments: impl IntoIterator<Item = [S; WORDS]>) -> Vec<S> {
    [k, initial_state].into_iter().chain(commitments.into_iter().flatten()).collect()
}

/// The digests of all keys of a folding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyDigests {
    /// Of the key of batch proofs.
    pub batch: Fr,
    /// Of the key of risk proofs.
    pub risk: Fr,
    /// Of the key of leaves.
    pub leaf: Fr,
    /// Of the key of nodes.
    pub node: Fr,
}

impl KeyDigests {
    /// The digest of the keys that a leaf verifies; contexts name it.
    #[must_use]
    pub fn inner(&self) -> Fr {
        inner_digest(&Native, self.batch, self.risk)
    }

    /// The digest of them all, which every leaf and node exposes and the contract pins.
    #[must_use]
    pub fn all(&self) -> Fr {
        all_digest(&Native, self.inner(), self.leaf, self.node)
    }
}

pub(super) fn inner_digest<H: Hasher>(hasher: &H, batch: H::Word, risk: H::Word) -> H::Word {
    chain(hasher, Tag::Inner, &[batch, risk])
}

pub(super) fn all_digest<H: Hasher>(hasher: &H, inner: H::Word, leaf: H::Word, node: H::Word) -> H::Word {
    chain(hasher, Tag::Keys, &[inner, leaf, node])
}

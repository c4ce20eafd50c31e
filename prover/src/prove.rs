//! From inputs to a proof.

use halo2_proofs::{
    plonk::{self, Circuit, ProvingKey},
    poly::kzg::{
        commitment::{KZGCommitmentScheme, ParamsKZG},
        multiopen::ProverSHPLONK,
    },
    transcript::{EncodedChallenge, TranscriptWrite},
};
use halo2curves::bn256::{Bn256, Fr, G1Affine};
use rand::RngCore;
use zomma_circuits::Statement;

use crate::{
    artefact::{Opening, Proof, ProofHeader, Public},
    error::ProverError,
    keys::StatementProvingKey,
    progress::Progress,
    srs::Srs,
    transcript::{self, Blake2bChallenge, KeccakChallenge, PoseidonChallenge, TranscriptKind},
    verify::verify,
};

/// What computes proofs in this build.
pub const BACKEND: &str = "halo2-axiom 0.5.3 (cpu)";

/// Proves a statement about `inputs`.
///
/// The proof is verified before it is returned.
///
/// # Errors
/// [`ProverError::Statement`] when the inputs are refused, [`ProverError::Mismatch`] when key and parameters do not belong together, and
/// what the proving system reports.
pub fn prove<S: Statement>(
    key: &StatementProvingKey<S>,
    srs: &Srs,
    inputs: &S::Inputs,
    transcript: TranscriptKind,
    rng: impl RngCore,
    progress: &dyn Progress,
) -> Result<(Proof, S::Instance), ProverError> {
    let header = key.header();
    if header.srs != *srs.id() {
        return Err(ProverError::mismatch("structured reference string", header.srs.sha256, srs.id().sha256));
    }
    progress.stage("evaluating natively", 0);
    let (witness, instance) = S::evaluate(inputs, header.k)?;
    let columns = S::instance(&instance);
    let circuit = S::circuit(header.k, Some(witness));
    progress.stage("proving", 0);
    let references: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
    let bytes = create_proof(srs.params(), key.key(), &[circuit], &[&references], rng, transcript)?;
    let proof = Proof {
        header: ProofHeader {
            statement: header.statement.clone(),
            version: header.version,
            k: header.k,
            verifying_key: key.verifying_key().digest(),
            srs: header.srs.clone(),
            transcript,
            opening: Opening::Shplonk,
            backend: BACKEND.to_owned(),
            made_by: concat!("zomma ", env!("CARGO_PKG_VERSION")).to_owned(),
            instances: columns.into_iter().map(|column| column.into_iter().map(Public).collect()).collect(),
        },
        bytes,
    };
    progress.stage("verifying", 0);
    verify(key.verifying_key(), &proof)?;
    Ok((proof, instance))
}

/// Makes a SHPLONK proof with the transcript that was asked for.
///
/// # Errors
/// [`ProverError::Halo2`].
pub fn create_proof<C: Circuit<Fr>>(
    params: &ParamsKZG<Bn256>,
    key: &ProvingKey<G1Affine>,
    circuits: &[C],
    instances: &[&[&[Fr]]],
    rng: impl RngCore,
    transcript: TranscriptKind,
) -> Result<Vec<u8>, ProverError> {
    let bytes = match transcript {
        TranscriptKind::Poseidon => {
            let mut writer = transcript::poseidon_writer();
            write::<_, PoseidonChallenge, _>(params, key, circuits, instances, rng, &mut writer)
                .map(|()| writer.finalize())
        }
        TranscriptKind::Blake2b => {
            let mut writer = transcript::blake2b_writer();
            write::<_, Blake2bChallenge, _>(params, key, circuits, instances, rng, &mut writer)
                .map(|()| halo2_proofs::transcript::TranscriptWriterBuffer::finalize(writer))
        }
        TranscriptKind::Keccak => {
            let mut writer = transcript::keccak_writer();
            write::<_, KeccakChallenge, _>(params, key, circuits, instances, rng, &mut writer)
                .map(|()| writer.finalize())
        }
    };
    bytes.map_err(|source| ProverError::Halo2 { during: "making the proof", source })
}

fn write<C: Circuit<Fr>, E: EncodedChallenge<G1Affine>, T: TranscriptWrite<G1Affine, E>>(
    params: &ParamsKZG<Bn256>,
    key: &ProvingKey<G1Affine>,
    circuits: &[C],
    instances: &[&[&[Fr]]],
    rng: impl RngCore,
    transcript: &mut T,
) -> Result<(), plonk::Error> {
    plonk::create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, E, _, T, C>(
        params, key, circuits, instances, rng, transcript,
    )
}

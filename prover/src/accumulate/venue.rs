//! Folding what is delivered: folders with proofs of `batch` and `risk`, and the check that a folding's keys are the right ones.

use std::path::Path;

use halo2curves::bn256::Fr;
use zomma_circuits::{
    Statement,
    batch::{Batch, Disclosure},
    encoding::Tag,
    pricing::statements::Risk,
    state::batch::absorb_payment,
};

use super::{
    folding::FoldProof,
    instance::FoldInstance,
    key::FoldKey,
    leaf::{BATCH_INSTANCE_LEN, ContextLayout, Inner, InnerId, LeafInputs, Link, ProofWithInstance},
    pins::FoldPins,
    tree::{FoldHeader, KEYS_FILE},
    verifier::FoldVerifier,
};
use crate::{
    artefact::{
        Proof, Public,
        folder::{DISCLOSED_JSON, Delivered, PROOF_BIN, read_json},
    },
    error::ProverError,
    keys::StatementVerifyingKey,
    progress::Progress,
    srs::{Srs, SrsLock},
    transcript::TranscriptKind,
    verify::{KeyTrust, trust},
};

/// Where a risk proof's instance holds what.
mod risk_index {
    pub(super) const MARKS: usize = 1;
    pub(super) const SCENARIOS: usize = 2;
    pub(super) const ROOT: usize = 3;
    pub(super) const TIME: usize = 4;
}
/// Public instances of a risk proof.
pub(super) const RISK_INSTANCE_LEN: usize = 5;

/// The words of a batch's context: section 8 of the state machine.
mod word {
    pub(super) const CIRCUITS: usize = 1;
    pub(super) const PARAMS: usize = 2;
    pub(super) const ORACLE_ROOT: usize = 5;
    pub(super) const RISK_ROOT: usize = 6;
    pub(super) const RISK_TIME: usize = 7;
    pub(super) const COUNT: usize = zomma_circuits::state::batch::CONTEXT_WORDS;
}

impl Inner {
    /// The keys of the venue's own statements.
    #[must_use]
    pub fn of(batch: &StatementVerifyingKey<Batch>, risk: &StatementVerifyingKey<Risk>) -> Self {
        Self::over(inner_key(batch, BATCH_INSTANCE_LEN), inner_key(risk, RISK_INSTANCE_LEN))
    }

    /// The context's words and their places are those of the venue.
    pub(super) fn over((batch_id, batch): (InnerId, FoldKey), (risk_id, risk): (InnerId, FoldKey)) -> Self {
        let links = [
            ("risk root", word::RISK_ROOT, risk_index::ROOT),
            ("marks", word::ORACLE_ROOT, risk_index::MARKS),
            ("risk time", word::RISK_TIME, risk_index::TIME),
        ];
        let context = ContextLayout {
            words: word::COUNT,
            circuits: word::CIRCUITS,
            params: word::PARAMS,
            scenarios: risk_index::SCENARIOS,
            links: links.map(|(name, word, instance)| Link { name, word, instance }).to_vec(),
        };
        Self { batch, risk, batch_id, risk_id, context }
    }
}

fn inner_key<S: Statement>(key: &StatementVerifyingKey<S>, instances: usize) -> (InnerId, FoldKey) {
    let fold = FoldKey::of_statement(&key.verifier_params(), key.key(), instances);
    let header = key.header();
    let id = InnerId {
        statement: header.statement.clone(),
        version: header.version,
        k: header.k,
        key: key.digest(),
        digest: Public(fold.digest()),
    };
    (id, fold)
}

/// Batch proofs with their risk proofs, checked, in the order in which they were given.
#[derive(Debug, Clone)]
pub struct Deliveries {
    /// The keys that they are proofs for.
    pub inner: Inner,
    /// What leaves are made from.
    pub leaves: Vec<LeafInputs>,
    /// What was disclosed of each batch.
    pub disclosures: Vec<Disclosure>,
}

impl Deliveries {
    /// Reads folders with proofs of `batch` and `risk`, and checks what a folding of them will constrain: every proof, with keys that are
    /// pinned or made anew as [`verify_folder`](crate::verify::verify_folder) does, that each batch starts where the one before ends, and
    /// that the risk proof that it names is there. Risk proofs may come in any order, and one may serve many batches.
    ///
    /// # Errors
    /// What is wrong, naming the folder.
    pub fn read(
        folders: &[impl AsRef<Path>],
        params: &Path,
        trust_key: bool,
        progress: &dyn Progress,
    ) -> Result<Self, ProverError> {
        progress.stage("reading proofs", folders.len() as u64);
        let (mut batches, mut risks) = (Keyed::<Batch>::default(), Keyed::<Risk>::default());
        let mut disclosures = vec![];
        for folder in folders {
            let folder = folder.as_ref();
            let statement = Proof::inspect(&folder.join(PROOF_BIN))?.header.statement;
            match statement.as_str() {
                Batch::NAME => {
                    batches.add(folder, params, trust_key, progress)?;
                    disclosures.push(disclosure(folder)?);
                }
                Risk::NAME => risks.add(folder, params, trust_key, progress)?,
                _ => {
                    let expected = format_args!("{} or {}", Batch::NAME, Risk::NAME);
                    return Err(ProverError::mismatch("statement", expected, statement).in_file(folder));
                }
            }
            progress.advance(1);
        }
        let absent = |name: &str| ProverError::malformed("folders", format!("no proof of {name} is among them"));
        let inner = Inner::of(
            batches.key.as_ref().ok_or_else(|| absent(Batch::NAME))?,
            risks.key.as_ref().ok_or_else(|| absent(Risk::NAME))?,
        );
        let mut leaves = vec![];
        for ((folder, batch), disclosure) in batches.proofs.into_iter().zip(&disclosures) {
            let leaf = leaf(&inner, batch, disclosure, &risks.proofs).map_err(|error| error.in_file(&folder))?;
            leaves.push(leaf);
        }
        super::tree::check_order(&leaves)?;
        Ok(Self { inner, leaves, disclosures })
    }
}

/// Proofs of one statement, all for one key.
struct Keyed<S: Statement> {
    key: Option<StatementVerifyingKey<S>>,
    proofs: Vec<(std::path::PathBuf, ProofWithInstance)>,
}

impl<S: Statement> Default for Keyed<S> {
    fn default() -> Self {
        Self { key: None, proofs: vec![] }
    }
}

impl<S: Statement> Keyed<S> {
    fn add(
        &mut self,
        folder: &Path,
        params: &Path,
        trust_key: bool,
        progress: &dyn Progress,
    ) -> Result<(), ProverError> {
        let Delivered { proof, key, .. } = Delivered::<S>::read(folder)?;
        let checked = || {
            let expected = TranscriptKind::Poseidon;
            if proof.header.transcript != expected {
                return Err(ProverError::mismatch("transcript", expected, proof.header.transcript));
            }
            match &self.key {
                None => trust::<S>(&key, params, trust_key, progress).map(drop),
                Some(first) if first.digest() == key.digest() => Ok(()),
                Some(first) => Err(ProverError::mismatch("verifying key of the proofs", first.digest(), key.digest())),
            }
        };
        checked().map_err(|error| error.in_file(folder))?;
        self.key.get_or_insert(key);
        let instance = proof.instances().concat();
        self.proofs.push((folder.to_owned(), ProofWithInstance { instance, proof: proof.bytes }));
        Ok(())
    }
}

fn disclosure(folder: &Path) -> Result<Disclosure, ProverError> {
    let path = folder.join(DISCLOSED_JSON);
    serde_json::from_value(read_json(&path)?)
        .map_err(|error| ProverError::malformed("disclosure of the batch", error.to_string()).in_file(path))
}

/// Puts a batch and the risk proof that it names together.
fn leaf(
    inner: &Inner,
    batch: ProofWithInstance,
    disclosure: &Disclosure,
    risks: &[(std::path::PathBuf, ProofWithInstance)],
) -> Result<LeafInputs, ProverError> {
    let context = disclosure.words().to_vec();
    let named = |risk: &ProofWithInstance| {
        inner.context.links.iter().all(|link| context[link.word] == risk.instance[link.instance])
    };
    let Some((_, risk)) = risks.iter().find(|(_, risk)| named(risk)) else {
        let [root, marks, time] = [word::RISK_ROOT, word::ORACLE_ROOT, word::RISK_TIME].map(|i| Public(context[i]));
        let expected = format_args!("one of root {root}, marks {marks} at time {time}");
        return Err(ProverError::mismatch("risk proof", expected, format_args!("{} others", risks.len())));
    };
    let leaf = LeafInputs { batch, context, params: disclosure.params.words(), risk: risk.clone() };
    inner.check(&leaf)?;
    // No circuit needs the payments, but whoever settles the batch does.
    let owed = disclosure.payments.iter().fold(Tag::Withdrawals.word(), absorb_payment);
    if owed != disclosure.context.withdrawals {
        return Err(ProverError::mismatch("payments", Public(disclosure.context.withdrawals), Public(owed)));
    }
    Ok(leaf)
}

/// A folded proof that is valid, and what that rests upon.
#[derive(Debug, Clone)]
pub struct FoldVerdict {
    /// The file's header.
    pub header: FoldHeader,
    /// What was proven.
    pub claim: FoldInstance,
    /// What the keys were checked against.
    pub keys: KeyTrust,
    /// Digest of all keys, which a settlement contract pins.
    pub keys_digest: Fr,
    /// Bytes of the proof.
    pub proof_bytes: usize,
}

/// Verifies a file with a folded proof of any layer, with the keys in the same folder: pairings included.
///
/// The keys must be pinned in `params`, or else the same as those made anew from this build's circuits and the structured reference
/// strings there. With `trust_keys` they are taken as they come where these are missing; keys that contradict a pin never are.
///
/// # Errors
/// [`ProverError::UntrustedKey`] when the keys cannot be checked, otherwise what is wrong.
pub fn verify_fold(
    path: &Path,
    params: &Path,
    trust_keys: bool,
    progress: &dyn Progress,
) -> Result<FoldVerdict, ProverError> {
    progress.stage("reading the proof", 0);
    let (header, proof) = FoldProof::inspect(path)?;
    let verifier = FoldVerifier::read(&path.with_file_name(KEYS_FILE))?;
    if header.srs != verifier.header().srs {
        let (expected, found) = (verifier.header().srs.sha256, header.srs.sha256);
        return Err(ProverError::mismatch("structured reference string", expected, found).in_file(path));
    }
    let claim = verifier.verify(&proof).map_err(|error| error.in_file(path))?;
    let keys = trust_fold(&verifier, params, trust_keys, progress)?;
    let keys_digest = verifier.digests().all();
    Ok(FoldVerdict { header, claim, keys, keys_digest, proof_bytes: proof.proof.proof.len() })
}

/// Compares keys that were made here with those pinned in `params`, if any are in their place; says if that was so.
///
/// # Errors
/// [`ProverError::Mismatch`] naming the first that differs; what is wrong with the file of pins.
pub fn check_pinned(verifier: &FoldVerifier, params: &Path) -> Result<KeyTrust, ProverError> {
    let pinned = FoldPins::load(params)?.check(verifier)?.is_some();
    Ok(if pinned { KeyTrust::Pinned } else { KeyTrust::Regenerated })
}

/// Checks that the keys of a folding are those of this build's circuits.
///
/// # Errors
/// See [`verify_fold`].
pub fn trust_fold(
    verifier: &FoldVerifier,
    params: &Path,
    trust_keys: bool,
    progress: &dyn Progress,
) -> Result<KeyTrust, ProverError> {
    let header = verifier.header();
    if FoldPins::load(params)?.check(verifier)?.is_some() {
        return Ok(KeyTrust::Pinned);
    }
    let remake = || {
        let lock = SrsLock::load(params)?;
        let load = |k: u32| Srs::load(params, k, &lock, progress).map(|(srs, _)| srs);
        let batch = StatementVerifyingKey::<Batch>::generate(&load(header.batch.k)?, progress)?;
        let risk = StatementVerifyingKey::<Risk>::generate(&load(header.risk.k)?, progress)?;
        FoldVerifier::generate(&load(header.shape.k)?, &Inner::of(&batch, &risk), progress)
    };
    let untrusted = match remake() {
        Ok(own) if own.digest() == verifier.digest() => return Ok(KeyTrust::Regenerated),
        Ok(own) if own.header().srs == header.srs => {
            let (expected, found) = (own.digest(), verifier.digest());
            return Err(ProverError::mismatch("digest of the folding's keys made anew", expected, found));
        }
        Ok(own) => format!(
            "they were made with the structured reference string {}, but {} has {}",
            header.srs.sha256,
            params.display(),
            own.header().srs.sha256
        ),
        Err(error @ ProverError::Missing { .. }) => error.to_string(),
        Err(error) => return Err(error),
    };
    if trust_keys {
        return Ok(KeyTrust::TakenOnTrust);
    }
    let (statement, k, digest) = ("a folding".to_owned(), header.shape.k, verifier.digest());
    Err(ProverError::UntrustedKey { statement, k, digest, reason: untrusted })
}

//! Valid inputs to start from.

use std::sync::LazyLock;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zomma_prover::{
    artefact::Proof, engine::Engine, keys::StatementProvingKey, progress::Silent, prove::prove, srs::Srs,
    transcript::TranscriptKind,
};

use crate::statement::{Cube, K};

/// Parameters and a key that all seeds share.
static MADE: LazyLock<(Srs, StatementProvingKey<Cube>)> = LazyLock::new(|| {
    let srs = Srs::development(K, 0, &Silent).expect("the size is supported");
    let key = StatementProvingKey::generate(&srs, &Silent).expect("the circuit fits");
    (srs, key)
});

/// Option chains.
pub fn csv() -> Vec<Vec<u8>> {
    let header = "id,kind,spot,strike,expiry_seconds,vol,rate,dividend\n";
    [
        format!("{header}1,call,100,110.5,2592000,0.2,0.05,-0.01\n2,put,1e-8,92233720368.54775808,0,5,-0.5,1\n"),
        format!("{header}\"a,b\",C,0.00000001,1,157680000,0.01,0,0\r\n\"x\"\"y\",p,+1.5e3,2,60,4.99999,1e-9,.5\r\n"),
        "\u{feff}vol,dividend,id,rate,kind,strike,spot,expiry_seconds\n0.5,0,x,0,put,2,1,60\n".to_owned(),
    ]
    .map(String::into_bytes)
    .to_vec()
}

/// Parameter files.
pub fn srs() -> Vec<Vec<u8>> {
    let small = Srs::development(1, 7, &Silent).expect("the size is supported");
    vec![small.to_bytes(), MADE.0.to_bytes()]
}

/// Powers-of-tau files, made by snarkjs.
pub fn ptau() -> Vec<Vec<u8>> {
    vec![
        include_bytes!("../../prover/testdata/fresh.ptau").to_vec(),
        include_bytes!("../../prover/testdata/full.ptau").to_vec(),
        include_bytes!("../../prover/testdata/prepared.ptau").to_vec(),
        include_bytes!("../../prover/testdata/truncated.ptau").to_vec(),
    ]
}

/// Verifying keys.
pub fn verifying_key() -> Vec<Vec<u8>> {
    vec![MADE.1.verifying_key().to_bytes()]
}

/// Proving keys.
pub fn proving_key() -> Vec<Vec<u8>> {
    vec![MADE.1.to_bytes()]
}

/// Proofs, one for each transcript.
pub fn proof() -> Vec<Vec<u8>> {
    proofs().iter().map(Proof::to_bytes).collect()
}

/// The proofs that [`proof`] yields the files of.
pub(crate) fn proofs() -> &'static [Proof] {
    static PROOFS: LazyLock<Vec<Proof>> = LazyLock::new(|| {
        let (srs, key) = &*MADE;
        let make = |transcript| {
            let rng = ChaCha20Rng::seed_from_u64(0);
            prove(&Engine::default(), key, srs, &5, transcript, rng, &Silent).expect("5 has a cube").0
        };
        TranscriptKind::ALL.map(make).to_vec()
    });
    &PROOFS
}

/// The key that they are for.
pub(crate) fn key() -> &'static StatementProvingKey<Cube> {
    &MADE.1
}

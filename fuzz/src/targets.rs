//! What is run on each input. An input may be refused; if it is accepted, it must be the one form of what was read.

use std::io::Cursor;

use zomma_circuits::pricing::RATE_BITS;
use zomma_circuits::pricing::csv::{read_chain, read_tick};
use zomma_prover::{
    artefact::Proof,
    keys::{StatementProvingKey, StatementVerifyingKey},
    progress::Silent,
    srs::{Ptau, Srs},
    verify::verify,
};

use crate::{seal::reseal, seeds, statement::Cube};

/// Option chains: what is accepted is within its domain.
///
/// # Panics
/// If it is not.
pub fn csv(input: &[u8]) {
    let tick = read_tick("1e-8").expect("a positive number");
    if let Ok(rows) = read_chain(input, &tick) {
        let (one, signed) = (1u64 << RATE_BITS, 1i64 << RATE_BITS);
        for row in &rows {
            assert!(row.spot > 0 && row.strike > 0 && row.spot < 1 << 63 && row.strike < 1 << 63, "{row:?}");
            assert!((one / 100..=5 * one).contains(&row.vol), "{row:?}");
            assert!((-signed / 2..=signed).contains(&row.rate), "{row:?}");
            assert!((-signed / 2..=signed).contains(&row.dividend), "{row:?}");
            assert!(row.expiry_seconds <= 157_680_000 && !row.id.is_empty() && row.id.len() <= 64, "{row:?}");
        }
    }
}

/// Parameter files, as they come and resealed.
///
/// # Panics
/// If one is accepted that is not written back byte for byte.
pub fn srs(input: &[u8]) {
    as_is_and_resealed(input, |bytes| {
        if let Ok(srs) = Srs::from_bytes(bytes) {
            assert_eq!(srs.to_bytes(), bytes, "two forms of the same parameters");
            if srs.k() <= 4 {
                // Whether the points fit together may not depend on luck either.
                let first = srs.check_relations(&Silent).is_ok();
                assert_eq!(first, srs.check_relations(&Silent).is_ok(), "two verdicts on the same parameters");
            }
        }
    });
}

/// Powers-of-tau files: what is imported is a good parameter file.
///
/// # Panics
/// If it is not.
pub fn ptau(input: &[u8]) {
    let Ok(mut file) = Ptau::new(Cursor::new(input)) else { return };
    let digest = file.digest(&Silent).expect("memory can be read");
    if let Ok(srs) = file.import(file.power().min(4), digest, &Silent) {
        let read = Srs::from_bytes(&srs.to_bytes()).expect("what was imported is well formed");
        read.check_relations(&Silent).expect("what was imported is a reference string");
    }
}

/// Verifying keys, as they come and resealed.
///
/// # Panics
/// If one is accepted that is not written back byte for byte.
pub fn verifying_key(input: &[u8]) {
    as_is_and_resealed(input, |bytes| {
        if let Ok(key) = StatementVerifyingKey::<Cube>::from_bytes(bytes) {
            assert_eq!(key.to_bytes(), bytes, "two forms of the same key");
        }
    });
}

/// Proving keys, as they come and resealed.
///
/// # Panics
/// If one is accepted that is not written back byte for byte.
pub fn proving_key(input: &[u8]) {
    as_is_and_resealed(input, |bytes| {
        if let Ok(key) = StatementProvingKey::<Cube>::from_bytes(bytes) {
            assert_eq!(key.to_bytes(), bytes, "two forms of the same key");
        }
    });
}

/// Proofs, as they come and resealed.
///
/// # Panics
/// If one verifies that is not an original, apart from what its header says about who made it.
pub fn proof(input: &[u8]) {
    as_is_and_resealed(input, |bytes| {
        let Ok(proof) = Proof::from_bytes::<Cube>(bytes) else { return };
        assert_eq!(proof.to_bytes(), bytes, "two forms of the same proof");
        if verify(seeds::key().verifying_key(), &proof).is_ok() {
            let known = seeds::proofs().iter().any(|original| {
                original.bytes == proof.bytes
                    && original.header.instances == proof.header.instances
                    && original.header.transcript == proof.header.transcript
            });
            assert!(known, "a proof that nobody made");
        }
    });
}

fn as_is_and_resealed(input: &[u8], run: impl Fn(&[u8])) {
    run(input);
    if let Some(sealed) = reseal(input) {
        run(&sealed);
    }
}

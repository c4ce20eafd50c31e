//! The exchange's targets: transactions, snapshots of a state, key files.

use std::{cell::RefCell, sync::LazyLock};

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};
use zomma_circuits::state::{
    ApplyError, State,
    keyfile::{KeyFile, Work},
    store::MemoryStore,
    testing::{Shape, Venue},
    tx::Tx,
};

/// Steps of the venue that the seeds come from.
const STEPS: usize = 40;
/// After so many accepted transactions a venue is made anew, so that inputs do not depend on a long past.
const LIFE: usize = 64;

/// A venue after some random steps, and the transactions that led there.
fn venue() -> (Venue, Vec<Tx>) {
    let mut venue = Venue::new(1, Shape { actors: 3, series: 1, strikes: 2, ..Shape::default() });
    for _ in 0..STEPS {
        venue.step();
    }
    let txs = venue.log.iter().map(|(tx, _)| tx.clone()).collect();
    venue.state.commit().expect("memory can be written");
    (venue, txs)
}

/// Transactions as JSON, of every type that the venue saw.
///
/// # Panics
/// Never: they are made here.
pub fn transactions() -> Vec<Vec<u8>> {
    let mut txs = venue().1;
    txs.sort_by_key(Tx::type_number);
    let by_type = txs.chunk_by(|a, b| a.type_number() == b.type_number()).filter_map(|txs| txs.last());
    by_type.map(|tx| serde_json::to_vec(tx).expect("a transaction can be written")).collect()
}

/// A snapshot.
///
/// # Panics
/// Never: it is made here.
pub fn snapshots() -> Vec<Vec<u8>> {
    let mut bytes = vec![];
    venue().0.state.write_snapshot(&mut bytes).expect("memory can be written");
    vec![bytes]
}

/// A key file that takes little work to open.
///
/// # Panics
/// Never: it is made here.
pub fn key_files() -> Vec<Vec<u8>> {
    let work = Work { memory_kib: 8, passes: 1, lanes: 1 };
    let file = KeyFile::seal("fuzz", &[7; 32], b"passphrase", work, &mut ChaCha20Rng::seed_from_u64(1));
    vec![serde_json::to_vec(&file.expect("the work is allowed")).expect("a key file can be written")]
}

/// Applies a transaction to a venue that lives on between inputs.
///
/// # Panics
/// If a refused transaction changes the registers, or an accepted one loses cash.
pub fn transaction(input: &[u8]) {
    thread_local! {
        static VENUE: RefCell<(Venue, usize)> = RefCell::new((venue().0, 0));
    }
    let Ok(tx) = serde_json::from_slice::<Tx>(input) else { return };
    let written = serde_json::to_vec(&tx).expect("a transaction can be written");
    assert_eq!(serde_json::from_slice::<Tx>(&written).expect("what was written"), tx);
    VENUE.with_borrow_mut(|(venue, accepted)| {
        let before = venue.state.registers().clone();
        match venue.state.apply(&tx) {
            Ok(_) => {
                tx.encode();
                venue.state.root().expect("memory can be read");
                *accepted += 1;
            }
            Err(ApplyError::Rejected(_)) => assert_eq!(&before, venue.state.registers(), "{tx:?}"),
            Err(ApplyError::Store(error)) => panic!("{tx:?}: {error}"),
        }
        if *accepted == LIFE {
            (*venue, *accepted) = (self::venue().0, 0);
        }
    });
}

/// Snapshots, as they come and with a checksum that fits: what is restored is written back byte for byte.
///
/// # Panics
/// If it is not.
pub fn snapshot(input: &[u8]) {
    static PARAMS: LazyLock<zomma_circuits::state::params::VenueParams> =
        LazyLock::new(|| venue().0.state.params().clone());
    let body = &input[..input.len().saturating_sub(32)];
    let resealed = [body, &Sha256::digest(body)].concat();
    for bytes in [input, &resealed] {
        if let Ok(state) = State::restore(Box::new(MemoryStore::new()), PARAMS.clone(), bytes) {
            let mut written = vec![];
            state.write_snapshot(&mut written).expect("memory can be written");
            assert_eq!(written, bytes, "two forms of the same state");
        }
    }
}

/// Key files: what opens gives the secret that was sealed.
///
/// # Panics
/// If it does not.
pub fn key_file(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(file) = KeyFile::parse(text)
        && let Ok(secret) = file.open(b"passphrase")
    {
        assert_eq!(*secret, [7; 32]);
    }
}

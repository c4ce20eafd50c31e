//! Versions on disk, snapshots and back; and that nothing damaged or made up is taken in.

use sha2::{Digest, Sha256};

use super::*;
use crate::state::{
    OpenError, State,
    ids::AccountId,
    snapshot::SnapshotError,
    store::{DiskStore, MemoryStore, StoreError},
};

/// A venue after a while, committed.
fn used() -> Venue {
    let mut venue = Venue::new(11, Shape { actors: 4, ..Shape::default() });
    for _ in 0..60 {
        venue.step();
    }
    venue.state.commit().unwrap();
    venue
}

fn bytes(venue: &Venue) -> Vec<u8> {
    let mut bytes = Vec::new();
    venue.state.write_snapshot(&mut bytes).unwrap();
    bytes
}

fn restore(venue: &Venue, bytes: &[u8]) -> Result<State, SnapshotError> {
    State::restore(Box::new(MemoryStore::new()), venue.state.params().clone(), bytes)
}

#[test]
fn a_snapshot_restores_the_same_state() {
    let mut venue = used();
    let mut restored = restore(&venue, &bytes(&venue)).unwrap();
    assert_eq!(restored.root().unwrap(), venue.state.root().unwrap());
    assert_eq!(restored.registers(), venue.state.registers());
    assert_eq!(restored.risk(), venue.state.risk());
    assert_eq!(restored.account_ids().unwrap(), venue.state.account_ids().unwrap());
    for id in venue.state.account_ids().unwrap() {
        assert_eq!(restored.account(id).unwrap(), venue.state.account(id).unwrap());
        assert_eq!(restored.account_proof(id).unwrap(), venue.state.account_proof(id).unwrap());
        let slots: Vec<u32> = venue.state.account(id).unwrap().unwrap().orders.iter().map(|(index, _)| index).collect();
        for slot in slots {
            assert_eq!(restored.order_proof(id, slot).unwrap(), venue.state.order_proof(id, slot).unwrap());
        }
    }
    for id in venue.state.market_ids().unwrap() {
        assert_eq!(restored.market_proof(id).unwrap(), venue.state.market_proof(id).unwrap());
    }
    // And it goes on as the other does.
    for _ in 0..40 {
        venue.log.clear();
        venue.step();
        for (tx, result) in &venue.log {
            assert_eq!(restored.apply(tx), result.clone());
        }
    }
    assert_eq!(restored.root().unwrap(), venue.state.root().unwrap());
}

#[test]
fn damaged_snapshots_are_refused() {
    let venue = used();
    let good = bytes(&venue);
    for length in (0..good.len()).step_by(997).chain([good.len() - 1]) {
        let refused = restore(&venue, &good[..length]).unwrap_err();
        assert_eq!(refused.to_string(), "snapshot: the file ends early", "{length} bytes");
    }
    let mut longer = good.clone();
    longer.push(0);
    assert_eq!(restore(&venue, &longer).unwrap_err().to_string(), "snapshot: there is more after the checksum");
    for position in (0..good.len()).step_by(331) {
        let mut flipped = good.clone();
        flipped[position] ^= 1;
        assert!(restore(&venue, &flipped).is_err(), "byte {position}");
    }
    let mut other_format = good.clone();
    other_format[14] = 9;
    assert_eq!(restore(&venue, &other_format).unwrap_err().to_string(), "snapshot: another format version");
    assert_eq!(restore(&venue, b"not a snapshot").unwrap_err().to_string(), "snapshot: not a snapshot");
}

/// A forger makes the checksum right. The root is what stops it.
#[test]
fn forged_snapshots_are_refused() {
    let venue = used();
    let good = bytes(&venue);
    let body = good.len() - 32;
    let mut refused_by_root = 0;
    // Words begin after the header of 14 + 4 bytes; every section and record header moves them, so try all offsets.
    for position in (18..body).step_by(113) {
        let mut forged = good[..body].to_vec();
        forged[position] ^= 1;
        let checksum = Sha256::digest(&forged);
        forged.extend(checksum);
        match restore(&venue, &forged) {
            Err(SnapshotError::Root(_)) => refused_by_root += 1,
            Err(_) => {}
            Ok(_) => panic!("byte {position} was forged unnoticed"),
        }
    }
    assert!(refused_by_root > 10, "only {refused_by_root} reached the root");
}

#[test]
fn snapshots_need_the_parameters_and_an_empty_store() {
    let venue = used();
    let good = bytes(&venue);
    let mut other = venue.state.params().clone();
    other.fees.maker += 1;
    let refused = State::restore(Box::new(MemoryStore::new()), other, good.as_slice()).unwrap_err();
    assert!(matches!(refused, SnapshotError::Open(OpenError::Store(StoreError::OtherParams))));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.redb");
    let store = || Box::new(DiskStore::open(&path).unwrap());
    drop(State::restore(store(), venue.state.params().clone(), good.as_slice()).unwrap());
    let refused = State::restore(store(), venue.state.params().clone(), good.as_slice()).unwrap_err();
    assert!(matches!(refused, SnapshotError::Open(OpenError::Store(StoreError::NotEmpty))));
    let fresh = Venue::new(1, Shape::default());
    let refused = fresh.state.write_snapshot(&mut Vec::new()).unwrap_err();
    assert_eq!(refused.to_string(), "snapshot: the state was never committed");
}

/// The same transactions over memory and over disk, with the disk state closed and opened again in between.
#[test]
fn a_state_on_disk_goes_on_where_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.redb");
    let mut venue = Venue::new(12, Shape { actors: 4, ..Shape::default() });
    let params = venue.state.params().clone();
    let mut roots = Vec::new();
    for round in 0..6 {
        let mut state = State::open(Box::new(DiskStore::open(&path).unwrap()), params.clone()).unwrap();
        assert_eq!(state.version(), (round > 0).then_some(round));
        for (tx, result) in std::mem::take(&mut venue.log) {
            assert_eq!(state.apply(&tx), result);
        }
        assert_eq!(state.root().unwrap(), venue.state.root().unwrap());
        let head = state.commit().unwrap();
        assert_eq!(head.root, venue.state.root().unwrap());
        // What is not committed is gone.
        let tx = venue.deposit(ALICE, 1);
        state.apply(&tx.into()).unwrap();
        roots.push(head);
        for _ in 0..20 {
            venue.step();
        }
    }
    let mut state = State::open(Box::new(DiskStore::open(&path).unwrap()), params).unwrap();
    assert_eq!(state.store().versions().unwrap(), roots);
    state.prune(5).unwrap();
    assert_eq!(state.store().versions().unwrap(), roots[4..]);
    let id = AccountId(ALICE as u32);
    let proof = state.account_proof(id).unwrap();
    assert!(proof.verify(state.registers().accounts_root, state.params().depths.accounts));
    assert!(!proof.is_empty_leaf());
    let absent = state.account_proof(AccountId(1_000)).unwrap();
    assert!(absent.is_empty_leaf() && absent.verify(state.registers().accounts_root, state.params().depths.accounts));
}

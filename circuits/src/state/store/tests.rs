//! What every store must do, run on each; and what only a disk store can get wrong.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

fn node_key(index: u64) -> NodeKey {
    NodeKey { tree: TreeId::ACCOUNTS, level: 3, index }
}

fn record_key(kind: RecordKind, index: u64) -> RecordKey {
    RecordKey { kind, index }
}

fn commit(store: &mut dyn NodeStore, root: u64, nodes: &[(u64, u64)], records: &[(u64, &[u64])]) -> Head {
    let words = |values: &[u64]| values.iter().copied().map(Fr::from).collect();
    store
        .commit(Commit {
            root: Fr::from(root),
            nodes: nodes.iter().map(|(index, value)| (node_key(*index), Fr::from(*value))).collect(),
            records: records
                .iter()
                .map(|(index, values)| (record_key(RecordKind::Account, *index), words(values)))
                .collect(),
        })
        .unwrap()
}

/// The conformance suite of [`NodeStore`].
fn conforms(store: &mut dyn NodeStore) {
    assert_eq!(store.head(), Ok(None));
    assert_eq!(store.versions(), Ok(vec![]));
    assert_eq!(store.node(1, node_key(0)), Err(StoreError::NoVersion(1)));
    assert_eq!(store.record(0, record_key(RecordKind::Risk, 0)), Err(StoreError::NoVersion(0)));

    let first = commit(store, 11, &[(0, 100), (1, 101)], &[(5, &[1, 2, 3]), (6, &[])]);
    let second = commit(store, 12, &[(1, 201), (2, 202)], &[(5, &[4]), (4, &[9])]);
    let third = commit(store, 13, &[(0, 300)], &[]);
    assert_eq!((first.version, second.version, third.version), (1, 2, 3));
    assert_eq!(store.head(), Ok(Some(third)));
    assert_eq!(store.versions(), Ok(vec![first, second, third]));

    let node = |store: &dyn NodeStore, version, index| store.node(version, node_key(index)).unwrap();
    let expected = [[100, 101, 0], [100, 201, 202], [300, 201, 202]];
    for (version, values) in (1..).zip(expected) {
        for (index, value) in (0..).zip(values) {
            let found = node(store, version, index);
            assert_eq!(found, (value != 0).then(|| Fr::from(value)), "node {index} of version {version}");
        }
    }
    let other_places = [
        NodeKey { tree: TreeId::MARKETS, ..node_key(0) },
        NodeKey { tree: TreeId::orders(0), ..node_key(0) },
        NodeKey { level: 2, ..node_key(0) },
        NodeKey { level: 4, ..node_key(0) },
    ];
    assert!(other_places.iter().all(|key| store.node(3, *key) == Ok(None)));

    let words = |values: &[u64]| values.iter().copied().map(Fr::from).collect::<Vec<_>>();
    let record =
        |store: &dyn NodeStore, version, index| store.record(version, record_key(RecordKind::Account, index)).unwrap();
    assert_eq!(record(store, 1, 5), Some(words(&[1, 2, 3])));
    assert_eq!(record(store, 3, 5), Some(words(&[4])));
    assert_eq!(record(store, 2, 6), Some(vec![]));
    assert_eq!(record(store, 1, 4), None);
    assert_eq!(store.record(3, record_key(RecordKind::Market, 5)), Ok(None));
    assert_eq!(store.records(1, RecordKind::Account), Ok(vec![(5, words(&[1, 2, 3])), (6, vec![])]));
    assert_eq!(store.records(3, RecordKind::Account), Ok(vec![(4, words(&[9])), (5, words(&[4])), (6, vec![])]));
    assert_eq!(store.records(3, RecordKind::Market), Ok(vec![]));

    assert_eq!(store.prune(7), Err(StoreError::NoVersion(7)));
    store.prune(2).unwrap();
    assert_eq!(store.versions(), Ok(vec![second, third]));
    assert_eq!(store.node(1, node_key(0)), Err(StoreError::NoVersion(1)));
    assert_eq!(node(store, 2, 0), Some(Fr::from(100)), "still the value of version 2");
    assert_eq!(node(store, 2, 1), Some(Fr::from(201)));
    assert_eq!(node(store, 3, 0), Some(Fr::from(300)));
    assert_eq!(record(store, 2, 6), Some(vec![]));
    assert_eq!(record(store, 2, 5), Some(words(&[4])));
    let fourth = commit(store, 14, &[], &[]);
    assert_eq!(fourth.version, 4, "numbers are never used twice");
    assert_eq!(node(store, 4, 2), Some(Fr::from(202)));
}

#[test]
fn memory_conforms() {
    conforms(&mut MemoryStore::new());
}

#[test]
fn disk_conforms_and_lasts() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.redb");
    conforms(&mut DiskStore::open(&path).unwrap());
    let store = DiskStore::open(&path).unwrap();
    assert_eq!(store.head(), Ok(Some(Head { version: 4, root: Fr::from(14) })));
    assert_eq!(store.node(3, node_key(0)), Ok(Some(Fr::from(300))));
}

/// Random commits, reads of random versions, and pruning: the disk store must say what the memory store says.
#[test]
fn stores_agree_on_random_histories() {
    let rng = &mut ChaCha8Rng::seed_from_u64(5);
    let directory = tempfile::tempdir().unwrap();
    let mut disk = DiskStore::open(directory.path().join("state.redb")).unwrap();
    let mut memory = MemoryStore::new();
    for version in 1..60 {
        let commit = Commit {
            root: Fr::from(version),
            nodes: (0..rng.gen_range(0..6))
                .map(|_| (node_key(rng.gen_range(0..8)), Fr::from(rng.r#gen::<u64>())))
                .collect(),
            records: (0..rng.gen_range(0..4))
                .map(|_| {
                    let kind = if rng.r#gen() { RecordKind::Account } else { RecordKind::Market };
                    let words = (0..rng.gen_range(0..4)).map(|_| Fr::from(rng.r#gen::<u64>())).collect();
                    (record_key(kind, rng.gen_range(0..5)), words)
                })
                .collect(),
        };
        assert_eq!(disk.commit(commit.clone()), memory.commit(commit));
        if version % 17 == 0 {
            let oldest = version - rng.gen_range(0..5);
            assert_eq!(disk.prune(oldest), memory.prune(oldest));
        }
        for _ in 0..10 {
            let at = rng.gen_range(0..=version + 1);
            let key = node_key(rng.gen_range(0..8));
            assert_eq!(disk.node(at, key), memory.node(at, key));
            let key = record_key(RecordKind::Account, rng.gen_range(0..5));
            assert_eq!(disk.record(at, key), memory.record(at, key));
            assert_eq!(disk.records(at, RecordKind::Market), memory.records(at, RecordKind::Market));
        }
        assert_eq!(disk.versions(), memory.versions());
    }
}

#[test]
fn other_files_are_not_taken_for_a_store() {
    let directory = tempfile::tempdir().unwrap();
    let text = directory.path().join("text");
    std::fs::write(&text, "not a database").unwrap();
    assert!(matches!(DiskStore::open(&text), Err(StoreError::Database { action: "open the state store", .. })));
    let foreign = directory.path().join("foreign.redb");
    let database = redb::Database::create(&foreign).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(redb::TableDefinition::<u64, u64>::new("other")).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let refused = DiskStore::open(&foreign).unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { what: "state store", .. }), "{refused}");
    // A store in use is not opened a second time.
    let path = directory.path().join("state.redb");
    let open = DiskStore::open(&path).unwrap();
    assert!(matches!(DiskStore::open(&path), Err(StoreError::Database { .. })));
    drop(open);
}

/// The variable that makes [`writer_of_the_kill_test`] write, and where.
const WRITER: &str = "ZOMMA_KILL_TEST_STORE";

/// What version `version` of the kill test's state holds: many nodes, so that a commit takes a while, all telling the version.
fn telling(version: u64) -> Commit {
    Commit {
        root: Fr::from(version),
        nodes: (0..400).map(|index| (node_key(index), Fr::from(version * 1_000 + index))).collect(),
        records: vec![(record_key(RecordKind::Registers, 0), vec![Fr::from(version); 50])],
    }
}

/// Not a test of its own: the process that [`a_killed_writer_leaves_a_whole_version`] starts and kills.
#[test]
fn writer_of_the_kill_test() {
    let Some(path) = std::env::var_os(WRITER) else { return };
    let mut store = DiskStore::open(path).unwrap();
    loop {
        let version = store.head().unwrap().map_or(1, |head| head.version + 1);
        // Told before and after, so that the parent knows what may and what must be there.
        println!("begin {version}");
        store.commit(telling(version)).unwrap();
        println!("end {version}");
    }
}

/// Runs the writer, kills it after `delay` from its first finished commit, and returns the last versions begun and finished.
fn run_and_kill(path: &Path, delay: Duration) -> (u64, u64) {
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["state::store::tests::writer_of_the_kill_test", "--exact", "--nocapture"])
        .env(WRITER, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let (mut begun, mut ended) = (0, 0);
    let mut note = |line: &str| {
        // The harness may print its own words on the same line.
        let mut words = line.split_whitespace().rev();
        let number = words.next().and_then(|word| word.parse().ok());
        match (words.next(), number) {
            (Some("begin"), Some(version)) => begun = version,
            (Some("end"), Some(version)) => ended = version,
            _ => return false,
        }
        line.contains("end")
    };
    for line in lines.by_ref() {
        if note(&line.unwrap()) {
            break;
        }
    }
    std::thread::sleep(delay);
    writer.kill().unwrap();
    writer.wait().unwrap();
    lines.map_while(Result::ok).for_each(|line| {
        note(&line);
    });
    (begun, ended)
}

#[test]
fn a_killed_writer_leaves_a_whole_version() {
    let rng = &mut ChaCha8Rng::seed_from_u64(6);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.redb");
    let mut in_flight = 0;
    for round in 0..12 {
        let (begun, ended) = run_and_kill(&path, Duration::from_micros(rng.gen_range(0..30_000)));
        let store = DiskStore::open(&path).unwrap();
        let head = store.head().unwrap().unwrap();
        // A commit reported as finished is there; one that was begun may be, as a whole; nothing else is.
        assert!(
            head.version == ended || head.version == begun,
            "round {round}: {head:?}, begun {begun}, ended {ended}"
        );
        in_flight += u32::from(begun > ended);
        assert_eq!(head.root, Fr::from(head.version));
        for (key, value) in telling(head.version).nodes {
            assert_eq!(store.node(head.version, key), Ok(Some(value)));
        }
        let record = store.record(head.version, record_key(RecordKind::Registers, 0)).unwrap().unwrap();
        assert_eq!(record, vec![Fr::from(head.version); 50]);
        assert_eq!(store.versions().unwrap().len() as u64, head.version);
    }
    assert!(in_flight > 0, "no kill fell into a commit: the test shows nothing");
}

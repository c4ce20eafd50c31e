//! The venue on disk, replayed days, and the day itself.

use std::fs;
use std::io::BufReader;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use super::day::{self, Day};
use super::*;
use crate::Statement;
use crate::margin::statement::Margin;
use crate::pricing::csv::{read_chain, read_tick};

/// The day of the example book, run once.
fn day() -> MutexGuard<'static, Day> {
    static DAY: LazyLock<Mutex<Day>> = LazyLock::new(|| {
        let text = include_str!("../../../examples/book.csv");
        let chain = read_chain(text.as_bytes(), &read_tick("1e-8").expect("a tick")).expect("the example book");
        Mutex::new(day::run(1, &chain, 1).expect("a day"))
    });
    DAY.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn the_day_has_everything_in_it() {
    let mut day = day();
    println!("{} orders, {} fills, rejected {:?}", day.orders, day.fills, day.rejected);
    println!("{:?} {:?} settled {:?}", day.liquidations, day.takeovers, day.settled);
    let mut types = std::collections::BTreeMap::<String, usize>::new();
    for tx in &day.transactions {
        let name = serde_json::to_value(tx).expect("plain data")["type"].as_str().expect("a type").to_owned();
        *types.entry(name).or_default() += 1;
    }
    println!("{types:?}, {} arrays", day.marks.len());
    assert!(day.orders >= 500 && day.fills >= 25);
    assert!(day.marks.len() >= 5);
    let settled = day.settled(halo2curves::bn256::Fr::zero()).expect("a day that can be proven");
    let sizes: Vec<usize> = settled.batches.iter().map(|batch| batch.transactions.len()).collect();
    println!("batches of {sizes:?} transactions, {} arrays", settled.risks.len());
    assert_eq!(sizes.iter().sum::<usize>(), day.transactions.len() - day.rejected.values().sum::<usize>());
    for trader in day.state.account_ids().expect("a store in memory") {
        let held = day
            .state
            .account(trader)
            .expect("a store in memory")
            .map_or(0, |account| account.positions.as_slice().len());
        assert!(held <= 16, "a proof takes 16 positions, and account {trader} has {held}");
    }
    assert!(!day.liquidations.is_empty(), "the jump makes somebody liquidatable");
    for liquidation in &day.liquidations {
        assert!(!liquidation.before.mm_ok());
        assert!(liquidation.after.equity >= 0, "a liquidation makes nobody insolvent");
    }
    assert!(day.settled.0 > 0);
    assert_eq!(day.cash, day.funded, "cash is conserved");
}

#[test]
fn the_unhealthy_account_can_be_proven_so() {
    let day = day();
    let inputs = day.unhealthy.as_ref().expect("an account below maintenance");
    let k = Margin::k_for(inputs).expect("it fits");
    let (_, instance) = Margin::evaluate(inputs, k).expect("inputs in range");
    assert!(!instance.mm_ok && !instance.im_ok);
    assert_eq!(k, 14);
}

#[test]
fn a_day_replays_from_its_file_on_disk() {
    let mut day = day();
    let transactions = day.transactions.clone();
    let folder = tempfile::tempdir().expect("a folder");
    let lines: Vec<String> = transactions.iter().map(|tx| serde_json::to_string(tx).expect("plain data")).collect();
    let file = folder.path().join("day.jsonl");
    fs::write(&file, lines.join("\n\n")).expect("a file");
    let read = read_transactions(BufReader::new(fs::File::open(&file).expect("the file"))).expect("transactions");
    assert_eq!(read, transactions);

    let place = folder.path().join("venue");
    let mut venue = Venue::create(&place, day.params.clone(), None).expect("an empty folder");
    let before = Status::of(&mut venue.state).expect("a state");
    let replayed = replay(&mut venue.state, &read, 64, false).expect("no failure of the store");
    assert_eq!(replayed.outcomes.len() - replayed.accepted(), day.rejected.values().sum::<usize>());
    assert_eq!(replayed.batches.first().map(|batch| batch.old_root), Some(before.root));
    for pair in replayed.batches.windows(2) {
        assert_eq!(pair[0].new_root, pair[1].old_root, "batches are chained by their roots");
    }
    venue.state.commit().expect("a commit");
    drop(venue);

    let mut venue = Venue::open(&place).expect("the venue that was made");
    let status = Status::of(&mut venue.state).expect("a state");
    assert_eq!(Some(status.root), replayed.batches.last().map(|batch| batch.new_root));
    assert_eq!(Ok(status.root), day.state.root());
    assert_eq!(&status.registers, day.state.registers());
    assert_eq!((status.cash, status.accounts, status.markets, status.live_markets), (day.cash, 52, 6, 5));
    let accounts = AccountStatus::all(&mut venue.state).expect("a state");
    assert!(accounts.iter().all(|account| account.reason.is_none()));

    let snapshot = folder.path().join("snapshot");
    venue.write_snapshot(&snapshot).expect("a snapshot");
    let copy = folder.path().join("copy");
    let mut copied = Venue::create(&copy, day.params.clone(), Some(&snapshot)).expect("a snapshot of the same venue");
    assert_eq!(copied.state.root(), Ok(status.root));
    let again = Venue::create(&copy, day.params.clone(), None).expect_err("there is one");
    assert_eq!(again.to_string(), format!("{} holds a venue already", copy.display()));
}

#[test]
fn bad_lines_are_named() {
    let error = read_transactions("{\"type\":\"collect\"}\n\n{\"type\":\"collct\"}\n".as_bytes()).expect_err("a typo");
    assert!(error.to_string().starts_with("line 3: unknown variant `collct`, expected one of `noop`"), "{error}");
    let error = read_transactions("{\"type\":\"auction\",\"account\":-1}".as_bytes()).expect_err("no account");
    assert!(error.to_string().starts_with("line 1: invalid value: integer `-1`, expected u32"), "{error}");
}

#[test]
fn strictness_stops_at_the_first_refusal() {
    let day = day();
    let transactions = &day.transactions;
    let folder = tempfile::tempdir().expect("a folder");
    let mut venue = Venue::create(folder.path(), day.params.clone(), None).expect("an empty folder");
    let some = [transactions[0].clone(), transactions[0].clone()];
    let error = replay(&mut venue.state, &some, 64, true).expect_err("listed twice");
    assert_eq!(error.to_string(), "transaction 2: market 0 exists");
}

#[test]
fn a_folder_without_a_venue_is_said_to_be_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = Venue::open(folder.path()).expect_err("there is none");
    assert!(error.to_string().ends_with("venue.json: No such file or directory (os error 2)"), "{error}");
    let mut bad = day().params.clone();
    bad.fees.maker = 100_001;
    let error = Venue::create(&folder.path().join("new"), bad, None).expect_err("a bad parameter");
    assert_eq!(error.to_string(), "parameter fees.maker: at most 100000");
    assert!(!folder.path().join("new").exists());
}

#[test]
fn a_run_is_cut_into_batches_that_can_be_proven() {
    let (params, transactions) = {
        let day = day();
        (day.params.clone(), day.transactions.clone())
    };
    let folder = tempfile::tempdir().expect("a folder");
    let mut venue = Venue::create(&folder.path().join("cut"), params.clone(), None).expect("an empty folder");
    let mut whole = Venue::create(&folder.path().join("whole"), params, None).expect("an empty folder");
    let some = &transactions[..90];
    let replayed = replay(&mut whole.state, some, usize::MAX, false).expect("no failure of the store");
    let (k, circuits) = (17, halo2curves::bn256::Fr::from(5));
    let mut root = venue.state.root().expect("a state");
    let mut versions = vec![];
    let run = cut(&mut venue, some, circuits, k, |inputs, version| {
        assert_eq!(inputs.root, root, "batches are chained by their roots");
        let text = serde_json::to_string(inputs).expect("plain data");
        let read: crate::batch::BatchInputs = serde_json::from_str(&text).expect("what was written");
        assert_eq!(&read, inputs);
        let (_, instance) = crate::batch::Batch::evaluate(&read, k).expect("it fits");
        root = instance.new_root;
        versions.push(version);
        Ok(())
    })
    .expect("every transaction fits a batch");
    assert_eq!(venue.state.root(), Ok(root));
    assert_eq!(whole.state.root(), Ok(root), "cut or not, the state is the same");
    assert_eq!(run.accepted, replayed.accepted());
    assert_eq!(run.rejected.len(), some.len() - run.accepted);
    assert_eq!(versions, (2..2 + run.batches as u64).collect::<Vec<_>>());
    println!("{} transactions in {} batches at k = {k}", run.accepted, run.batches);
}

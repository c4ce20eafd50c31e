//! The targets of what a venue is run with: inputs of a batch, parameter sets, files of transactions, and fields of transactions.

use std::{cell::RefCell, sync::LazyLock};

use halo2curves::bn256::Fr;
use zomma_circuits::{
    Statement,
    batch::{Batch, BatchInputs, BatchInstance},
    exchange::{read_transactions, replay},
    state::{
        ApplyError, State,
        params::VenueParams,
        store::MemoryStore,
        testing::{
            Shape, Venue,
            spoil::{at, extremes, paths},
        },
        tx::Tx,
    },
};

/// Actors of a venue that send one transaction of every type.
const ACTORS: [usize; 3] = [2, 3, 4];
/// A size at which inputs have room.
const K: u32 = 20;
/// Transactions of a batch in a replay.
const BATCH: usize = 3;
/// After so many accepted transactions a venue is made anew, so that inputs do not depend on a long past.
const LIFE: usize = 64;

/// A venue with a position on both sides, committed.
fn venue() -> Venue {
    let mut venue = Venue::new(1, Shape { actors: 3, series: 1, strikes: 2, ..Shape::default() });
    let (instrument, price) = (venue.instruments()[0], venue.spot);
    let fill = venue.trade(3, 2, instrument, price, 100);
    venue.must(fill);
    venue.time += 1;
    venue.state.commit().expect("memory can be written");
    venue
}

/// Batches with what they make public.
static BATCHES: LazyLock<Vec<(BatchInputs, BatchInstance)>> = LazyLock::new(|| {
    let market = |tx: &Tx| matches!(tx, Tx::List(_) | Tx::OracleUpdate(_));
    let account = |tx: &Tx| matches!(tx, Tx::Deposit(_) | Tx::Cancel(_) | Tx::Fill(_));
    let wanted: [&dyn Fn(&Tx) -> bool; 2] = [&market, &account];
    let batch = |wanted: &&dyn Fn(&Tx) -> bool| {
        let mut venue = venue();
        let txs: Vec<Tx> = venue.one_of_each(ACTORS).into_iter().filter(wanted).collect();
        let inputs = BatchInputs::of(&mut venue.state, &txs, Fr::from(77)).expect("good transactions");
        let (_, instance) = Batch::evaluate(&inputs, K).expect("good inputs");
        (inputs, instance)
    };
    wanted.iter().map(batch).collect()
});

/// Inputs of batches as JSON.
///
/// # Panics
/// Never: they are made here.
pub fn batches() -> Vec<Vec<u8>> {
    BATCHES.iter().map(|(inputs, _)| serde_json::to_vec(inputs).expect("inputs can be written")).collect()
}

/// Inputs of a batch: those that are accepted of the same transactions make the same public, whatever is given of the state.
///
/// # Panics
/// If they do not.
pub fn batch_inputs(input: &[u8]) {
    let Ok(inputs) = serde_json::from_slice::<BatchInputs>(input) else { return };
    let written = serde_json::to_vec(&inputs).expect("inputs can be written");
    assert_eq!(serde_json::from_slice::<BatchInputs>(&written).expect("what was written"), inputs);
    let Ok((_, instance)) = Batch::evaluate(&inputs, K) else { return };
    assert_eq!(instance.old_root, inputs.root, "another state");
    for (honest, public) in BATCHES.iter() {
        if inputs.root == honest.root && inputs.transactions == honest.transactions {
            assert_eq!(instance.new_root, public.new_root, "another effect of the same transactions");
            assert_eq!(instance.context == public.context, inputs.circuits == honest.circuits, "another context");
        }
    }
}

/// A parameter set as JSON.
///
/// # Panics
/// Never: it is made here.
pub fn parameters() -> Vec<Vec<u8>> {
    vec![serde_json::to_vec(venue().state.params()).expect("parameters can be written")]
}

/// Parameter sets: one that is accepted opens a state, survives its text, and no other has its hash.
///
/// # Panics
/// If not.
pub fn venue_params(input: &[u8]) {
    static KNOWN: LazyLock<VenueParams> = LazyLock::new(|| venue().state.params().clone());
    let Ok(params) = serde_json::from_slice::<VenueParams>(input) else { return };
    let opened = State::open(Box::new(MemoryStore::new()), params.clone());
    assert_eq!(opened.is_ok(), params.check().is_ok());
    if params.check().is_ok() {
        let written = serde_json::to_vec(&params).expect("parameters can be written");
        let read: VenueParams = serde_json::from_slice(&written).expect("what was written");
        assert_eq!((read.hash(), &read), (params.hash(), &params));
        assert_eq!(params == *KNOWN, params.hash() == KNOWN.hash(), "two sets with one hash");
    }
}

/// A file of transactions: JSON, one a line.
///
/// # Panics
/// Never: it is made here.
pub fn transaction_files() -> Vec<Vec<u8>> {
    let txs = venue().one_of_each(ACTORS);
    let lines = txs.iter().filter(|tx| !matches!(tx, Tx::AdoptRisk(_))).map(serde_json::to_string);
    let lines: Vec<String> = lines.map(|line| line.expect("a transaction can be written")).collect();
    vec![lines.join("\n").into_bytes()]
}

/// Files of transactions: what can be read is replayed, and each batch begins where the one before ended.
///
/// # Panics
/// If not.
pub fn transactions(input: &[u8]) {
    let Ok(txs) = read_transactions(input) else { return };
    let mut venue = venue();
    let before = venue.state.root().expect("memory can be read");
    let replay = replay(&mut venue.state, &txs, BATCH, false).expect("memory can be read");
    assert_eq!(replay.outcomes.len(), txs.len());
    assert_eq!(replay.batches.iter().map(|batch| batch.transactions).sum::<usize>(), replay.accepted());
    let last = replay.batches.iter().fold(before, |root, batch| {
        assert_eq!(batch.old_root, root, "a gap between batches");
        batch.new_root
    });
    assert_eq!(last, venue.state.root().expect("memory can be read"));
}

/// Choices of a field and of its value.
///
/// # Panics
/// Never.
pub fn choices() -> Vec<Vec<u8>> {
    (0..20).map(|kind| vec![kind, 0, 0, kind & 1, 3, 0, 0, 0, 0, 0, 0, 0]).collect()
}

/// One field of one transaction, chosen by the input: type, field (two bytes), whether it is signed again and how the value is chosen, then the value.
/// A refused transaction changes nothing; an accepted one conserves cash.
///
/// # Panics
/// If not.
pub fn field(input: &[u8]) {
    thread_local! {
        static VENUE: RefCell<(Venue, usize)> = RefCell::new((venue(), 0));
    }
    let Some((&[kind, low, high, flags], rest)) = input.split_first_chunk() else { return };
    let Some((number, _)) = rest.split_first_chunk() else { return };
    VENUE.with_borrow_mut(|(venue, accepted)| {
        let txs = venue.one_of_each(ACTORS);
        let mut value = serde_json::to_value(&txs[usize::from(kind) % txs.len()]).expect("it can be written");
        let paths = paths(&value);
        let path = paths.get(usize::from(u16::from_le_bytes([low, high])) % paths.len().max(1));
        if let Some(field) = path.and_then(|path| at(&mut value, path)) {
            let extremes = extremes(field);
            let number = u64::from_le_bytes(*number);
            match extremes.get(number as usize % extremes.len().max(1)) {
                Some(extreme) if flags & 2 == 0 => *field = extreme.clone(),
                _ if field.is_number() => *field = number.into(),
                _ => {}
            }
        }
        let Ok(tx) = serde_json::from_value::<Tx>(value) else { return };
        let tx = if flags & 1 == 0 { tx } else { venue.sign_again(tx) };
        apply(venue, &tx, accepted);
        if *accepted == LIFE {
            (*venue, *accepted) = (self::venue(), 0);
        }
    });
}

/// Applies a transaction, and checks what became of the cash.
fn apply(venue: &mut Venue, tx: &Tx, accepted: &mut usize) {
    let before = (venue.state.root().expect("memory can be read"), venue.total_cash());
    match venue.state.apply(tx) {
        Ok(receipt) => {
            let paid_in = if let Tx::Deposit(deposit) = tx { i128::from(deposit.amount) } else { 0 };
            let paid_out = receipt.payment.map_or(0, |payment| i128::from(payment.amount));
            assert_eq!(venue.total_cash(), before.1 + paid_in - paid_out, "{tx:?}");
            venue.state.root().expect("memory can be read");
            *accepted += 1;
        }
        Err(ApplyError::Rejected(_)) => {
            let after = (venue.state.root().expect("memory can be read"), venue.total_cash());
            assert_eq!(before, after, "{tx:?}");
        }
        Err(ApplyError::Store(error)) => panic!("{tx:?}: {error}"),
    }
}

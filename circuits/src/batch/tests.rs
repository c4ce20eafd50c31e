//! Batches: circuit against native engine, public inputs, refused inputs, cheating witnesses, blocks.

use std::collections::BTreeSet;

use ethnum::I256;
use halo2curves::bn256::Fr;
use zomma_gadgets::frame::{BlockBuilder, lanes::Table};
use zomma_gadgets::layout::Layout;
use zomma_gadgets::testing::{Failure, Single, failures};

use super::blocks::*;
use super::*;
use crate::encoding::Tag;
use crate::state::batch::BatchBuilder;
use crate::state::ids::{AccountId, Owner};
use crate::state::testing::venue::{Shape, Venue};
use crate::state::tx::{Collect, Deposit, Noop, Tx};

const K: u32 = 14;
const CIRCUITS: u64 = 77;

/// A venue that has traded, so that there are fees.
fn venue(seed: u64) -> Venue {
    let mut venue = Venue::new(seed, Shape { actors: 3, series: 1, cash: 4_000_000_000, ..Shape::default() });
    let instrument = venue.instruments()[1];
    let fill = venue.trade(2, 3, instrument, 1_000, 500);
    venue.must(fill);
    venue.time += 60;
    let update = venue.oracle_update();
    venue.must(update);
    venue
}

/// New marks, a deposit that is credited, one that is sent back, fees collected, and padding.
fn transactions_of(venue: &mut Venue) -> Vec<Tx> {
    let adopt = venue.risk_array();
    let deposit = venue.deposit(2, 1_234_567);
    let stray = Deposit { index: deposit.index + 1, account: AccountId(99), owner: Owner([3; 20]), amount: 6 };
    vec![adopt.into(), deposit.into(), stray.into(), Noop {}.into(), Collect {}.into()]
}

fn inputs(seed: u64) -> BatchInputs {
    let mut venue = venue(seed);
    let txs = transactions_of(&mut venue);
    BatchInputs::of(&mut venue.state, &txs, Fr::from(CIRCUITS)).expect("good transactions")
}

#[test]
fn a_batch_publishes_what_the_native_batch_does() {
    let mut venue = venue(1);
    let txs = transactions_of(&mut venue);
    let mut twin = self::venue(1);
    let inputs = BatchInputs::of(&mut venue.state, &txs, Fr::from(CIRCUITS)).expect("good transactions");
    let mut builder = BatchBuilder::new(&mut twin.state).expect("a store in memory");
    for tx in txs {
        builder.push(tx).expect("a good transaction");
    }
    let batch = builder.finish().expect("a store in memory");
    let (witness, instance) = Batch::evaluate(&inputs, K).expect("inputs in range");
    let expected = BatchInstance {
        old_root: batch.old_root,
        new_root: batch.new_root,
        context: batch.context.hash(Fr::from(CIRCUITS)),
    };
    assert_eq!(instance, expected);
    assert_ne!(batch.context.withdrawals, Tag::Withdrawals.word(), "one deposit is sent back");
    let circuit = Batch::circuit(K, Some(witness));
    assert_eq!(failures(K, &circuit, &Batch::instance(&instance), &[]), []);
    for row in 0..3 {
        let mut wrong = Batch::instance(&instance);
        wrong[0][row] += Fr::one();
        let found = failures(K, &circuit, &wrong, &[]);
        assert!(found.contains(&Failure::new("copy of instance 0", row)), "row {row}: {found:?}");
    }
}

#[test]
fn what_is_disclosed_opens_the_instance() {
    let inputs = inputs(1);
    let (_, instance) = Batch::evaluate(&inputs, K).expect("inputs in range");
    let json = Batch::disclosure(&inputs).expect("inputs in range").expect("batches have something to disclose");
    let disclosure: Disclosure = serde_json::from_value(json).expect("what was written");
    assert_eq!(crate::encoding::chain(Tag::Context, &disclosure.words()), instance.context);
    assert_eq!(disclosure.params.hash(), disclosure.context.params_hash);
    assert_eq!(disclosure.payments.len(), 1);
    let owed = disclosure.payments.iter().fold(Tag::Withdrawals.word(), crate::state::batch::absorb_payment);
    assert_eq!(owed, disclosure.context.withdrawals);
}

#[test]
fn padding_changes_nothing() {
    let mut venue = venue(2);
    let root = venue.state.root().expect("a store in memory");
    let inputs = BatchInputs::of(&mut venue.state, &[Noop {}.into()], Fr::zero()).expect("padding");
    let (witness, instance) = Batch::evaluate(&inputs, K).expect("inputs in range");
    assert_eq!((instance.old_root, instance.new_root), (root, root));
    let circuit = Batch::circuit(K, Some(witness));
    assert_eq!(failures(K, &circuit, &Batch::instance(&instance), &[]), []);
}

#[test]
fn the_shape_fits_its_rows() {
    for k in [14, 15] {
        let layout = Layout::record(k, &Batch::circuit(k, None)).expect("it can be laid out");
        println!("k = {k}: {} transactions, {} rows", transactions(k), layout.rows());
        assert!(layout.fits(), "k = {k} needs {} of {}", layout.needed_rows, layout.usable_rows);
    }
}

/// Which constraints refuse the witness that `cheat` makes of the honest one, the public inputs apart.
fn refused(cheat: impl Fn(&mut BatchWitness)) -> Vec<String> {
    let inputs = inputs(3);
    let (mut witness, instance) = Batch::evaluate(&inputs, K).expect("inputs in range");
    cheat(&mut witness);
    let found = failures(K, &Batch::circuit(K, Some(witness)), &Batch::instance(&instance), &[]);
    let is_public = |failure: &Failure| failure.name == "copy of instance 0";
    // A public input that differs is reported at its advice cell too; what is left are roots that differ.
    let public = found.iter().filter(|failure| is_public(failure)).count();
    let copies = found.iter().filter(|failure| failure.name == ADVICE_COPY).count();
    let mut names: BTreeSet<String> = found
        .iter()
        .filter(|failure| failure.name != ADVICE_COPY)
        .map(|failure| if is_public(failure) { format!("public input {}", failure.row) } else { failure.name.clone() })
        .collect();
    if copies > public {
        names.insert(PATH.to_owned());
    }
    names.into_iter().collect()
}

const ADVICE_COPY: &str = "copy of advice 0";

/// Slots of the honest batch.
const ADOPT: usize = 0;
const DEPOSIT: usize = 1;
const STRAY: usize = 2;
const PADDING: usize = 3;
const COLLECT: usize = 4;
/// Fields of a slot.
const IS_DEPOSIT: usize = 0;
const IS_COLLECT: usize = 1;
const IS_ADOPT: usize = 2;
const AMOUNT: usize = 3;
const EXISTS: usize = 5;

const OLD_ROOT: &str = "public input 0";
const NEW_ROOT: &str = "public input 1";
const CONTEXT: &str = "public input 2";
/// An account's path must lead to the root that the transaction before left, or to the first of the batch.
const PATH: &str = "path";

#[test]
fn padding_that_changes_cash() {
    let found = refused(|witness| witness.slots[PADDING].account[0] += 1);
    assert_eq!(found, [PATH]);
}

#[test]
fn padding_with_an_amount() {
    // The amount of padding is nobody's: nothing reads it.
    assert!(refused(|witness| witness.slots[PADDING].fields[AMOUNT] = I256::new(5)).is_empty());
}

#[test]
fn another_amount() {
    let found = refused(|witness| witness.slots[DEPOSIT].fields[AMOUNT] += 1);
    assert_eq!(found, [PATH, CONTEXT]);
}

#[test]
fn a_deposit_of_nothing() {
    let found = refused(|witness| witness.slots[STRAY].fields[AMOUNT] = I256::ZERO);
    assert_eq!(found, [CONTEXT, "transaction: amount >= 1 = sum of limbs"]);
}

#[test]
fn a_deposit_to_somebody_said_not_to_exist() {
    let found = refused(|witness| witness.slots[DEPOSIT].fields[EXISTS] = I256::ZERO);
    assert_eq!(found, [PATH, CONTEXT]);
}

#[test]
fn a_deposit_to_an_account_made_up() {
    let found = refused(|witness| witness.slots[STRAY].fields[EXISTS] = I256::ONE);
    assert_eq!(found, [PATH, CONTEXT]);
}

#[test]
fn fees_redirected() {
    let found = refused(|witness| {
        let other = &witness.slots[DEPOSIT];
        let (account, path, positions) = (other.account.clone(), other.path.clone(), other.fields[6]);
        let slot = &mut witness.slots[COLLECT];
        (slot.account, slot.path, slot.fields[6]) = (account, path, positions);
    });
    assert!(found.contains(&"encoding: fees go to the fee account".to_owned()), "{found:?}");
}

#[test]
fn fees_collected_twice() {
    let found = refused(|witness| {
        let again = witness.slots[COLLECT].clone();
        witness.slots[COLLECT + 1] = again;
    });
    assert!(found.contains(&"effect: there are fees to collect = sum of limbs".to_owned()), "{found:?}");
}

#[test]
fn fees_kept_from_an_account_that_is_not_there() {
    let found = refused(|witness| witness.slots[COLLECT].fields[EXISTS] = I256::ZERO);
    assert!(found.contains(&"effect: fees are collected whole".to_owned()), "{found:?}");
}

#[test]
fn two_types_at_once() {
    let found = refused(|witness| witness.slots[DEPOSIT].fields[IS_COLLECT] = I256::ONE);
    assert!(found.contains(&"transaction: one type at most".to_owned()), "{found:?}");
}

#[test]
fn marks_after_accounts() {
    let found = refused(|witness| {
        let fields = &mut witness.slots[PADDING].fields;
        (fields[IS_ADOPT], fields[7]) = (I256::ONE, I256::new(9));
    });
    assert!(found.contains(&"transaction: markets before accounts".to_owned()), "{found:?}");
}

#[test]
fn another_risk_root() {
    let found = refused(|witness| witness.slots[ADOPT].fields[7] += 1);
    assert_eq!(found, [NEW_ROOT, CONTEXT]);
}

#[test]
fn a_transaction_left_out() {
    let found = refused(|witness| witness.slots[STRAY].fields[IS_DEPOSIT] = I256::ZERO);
    assert_eq!(found, [NEW_ROOT, CONTEXT, "registers afterwards: as many words as claimed"]);
}

#[test]
fn swapped_siblings() {
    let found = refused(|witness| witness.slots[DEPOSIT].path.siblings.swap(0, 1));
    assert_eq!(found, [PATH]);
}

#[test]
fn another_state() {
    assert_eq!(refused(|witness| witness.registers[1] += 1), [PATH, OLD_ROOT]);
}

#[test]
fn parameters_changed_without_their_hash() {
    assert_eq!(refused(|witness| witness.params[2] += 1), [OLD_ROOT, NEW_ROOT, CONTEXT]);
    assert_eq!(refused(|witness| witness.keys.truncate(4)), [OLD_ROOT, NEW_ROOT, CONTEXT]);
}

/// What is wrong with inputs, once `spoil` has changed something.
fn reason(spoil: impl Fn(&mut BatchInputs)) -> String {
    let mut inputs = inputs(4);
    spoil(&mut inputs);
    Batch::evaluate(&inputs, K).map(|(_, instance)| instance).expect_err("a spoilt input").to_string()
}

#[test]
fn refused_inputs_say_why() {
    type Spoil = fn(&mut BatchInputs);
    let cases: [(Spoil, &str); 9] = [
        (|inputs| inputs.slots.clear(), "slots: a batch has one transaction at least"),
        (|inputs| inputs.params.fees.maker += 1, "registers: params_hash: it is not that of the parameter set"),
        (|inputs| inputs.registers.fees = -1, "registers: fees: -1 is outside 0 to 2^95"),
        (|inputs| inputs.slots[1].id = AccountId(1 << 24), "transaction 2: id: 16777216 is not in a tree of depth 24"),
        (|inputs| inputs.slots[1].siblings.truncate(3), "transaction 2: siblings: 3 given, the tree is 24 deep"),
        (
            |inputs| inputs.slots[1].id = AccountId(3),
            "transaction 2: account: its path does not lead to the root of the accounts",
        ),
        (
            |inputs| inputs.slots[1].account = None,
            "transaction 2: account: its path does not lead to the root of the accounts",
        ),
        (
            |inputs| inputs.slots[1].tx = crate::state::tx::Auction { account: AccountId(2) }.into(),
            "transaction 2: its type is not proven yet; noop, deposit, collect and adopt_risk are",
        ),
        (|inputs| inputs.slots.swap(0, 1), "transaction 2: a market transaction after an account transaction"),
    ];
    for (spoil, expected) in cases {
        assert_eq!(reason(spoil), expected);
    }
    let mut many = inputs(4);
    many.slots = vec![many.slots[3].clone(); 7];
    let error = Batch::evaluate(&many, K).map(|(_, instance)| instance).expect_err("too many");
    assert_eq!(error.to_string(), "transactions: 7 given, but k = 14 has room for 6");
    assert_eq!(Batch::k_for(&many), Ok(15));
}

fn free(make: fn(Table) -> BlockBuilder, inputs: &[i128], witnesses: &[i128]) -> usize {
    let integers = |values: &[i128]| values.iter().copied().map(I256::from).collect();
    Single::of(make, integers(inputs), integers(witnesses)).free_cells().len()
}

#[test]
fn no_cell_of_a_block_can_be_changed_alone() {
    // Free: scenario set, weights and liquidation, which the parameters' hash reads.
    assert_eq!(free(|table| params_block(table, I256::new(5)), &[], &[31_337, 7, 9, 0, 1, 2, 3, 4, 5, 6]), 5);
    // Free: the coordinates, which the hash reads, and the last key's bit, which its choice reads.
    assert_eq!(free(key_block, &[1], &[1, 2, 3]), 3);
    // Free: four roots and the circuit set.
    assert_eq!(free(registers_block, &[], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), 5);
    assert_eq!(free(final_block, &[1, 2, 3, 5, 4, 6, 7, 2, 5, 9, 9], &[]), 0);
    assert_eq!(free(claim_block, &[], &[7]), 0);
    // Free: positions root and adopted root, which other blocks read, and existence.
    assert_eq!(free(fields_block, &[0], &[1, 0, 0, 5, 6, 1, 7, 8]), 3);
    let effect = |bits: [i128; 3], exists: i128| {
        let rest = [5, exists, 6, 7, 8, 9, 10, 11, 4, 13, 14];
        free(effect_block, &[&bits[..], &rest].concat(), &[])
    };
    for bits in [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]] {
        assert_eq!(effect(bits, 1), 0, "{bits:?}");
    }
    assert_eq!(effect([1, 0, 0], 0), 0);
    for bits in [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]] {
        assert_eq!(free(encode_block, &[&bits[..], &[3, 4, 5, 6, 7, 8, 3, 9]].concat(), &[]), 0);
    }
    for (has, on) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        assert_eq!(free(absorb_block, &[3, 4, 5, has, 6, on], &[]), 0);
    }
    assert_eq!(free(leaf_block, &[1, 5], &[]), 0);
}

//! No cell of a block can be changed alone, but those that are any by design: those are counted.

use ethnum::I256;
use halo2curves::bn256::Fr;
use zomma_gadgets::edwards::Point;
use zomma_gadgets::frame::value::to_integer;
use zomma_gadgets::frame::{BlockBuilder, lanes::Table};
use zomma_gadgets::testing::Single;

use super::super::blocks::*;
use super::super::kind::{KINDS, Kind, kind_block};
use crate::batch::unsigned::UNSIGNED;
use crate::margin::blocks::entry_position_block;

fn free(make: fn(Table) -> BlockBuilder, inputs: &[i128], witnesses: &[i128]) -> usize {
    let integers = |values: &[i128]| values.iter().copied().map(I256::from).collect();
    Single::of(make, integers(inputs), integers(witnesses)).free_cells().len()
}

/// Bits of one kind, or of none.
fn bits(kind: Option<Kind>) -> Vec<i128> {
    (0..KINDS).map(|index| (kind == Some(Kind::ALL[index])).into()).collect()
}

#[test]
fn kinds() {
    for kind in [None, Some(Kind::Deposit), Some(Kind::Pay), Some(Kind::Settle)] {
        assert_eq!(free(kind_block, &[0, 0], &bits(kind)), 0, "{kind:?}");
    }
    assert_eq!(free(kind_block, &[1, 0], &bits(Some(Kind::Receive))), 0);
    assert_eq!(free(kind_block, &[0, 1], &bits(Some(Kind::Taker))), 0);
}

#[test]
fn fields() {
    // Free: the new key, which the hashes of message and account read.
    assert_eq!(free(values_block, &[1, 1], &[5, 6, 7, 8, 9]), 2);
    assert_eq!(free(order_block, &[1, 50, 7], &[9, 10, 60, 0]), 0);
    // Free: the side of what is no fill.
    assert_eq!(free(order_block, &[0, 50, 7], &[9, 10, 60, 0]), 1);
    assert_eq!(free(instrument_block, &[1, 0, 0, 5, 6, 7, 0, 0, 0, 0, 0, 0], &[4, 8, 3, 2, 1]), 0);
    assert_eq!(free(instrument_block, &[1, 0, 0, 5, 6, 7, 0, 0, 0, 0, 0, 0], &[6, 8, 3, 2, 1]), 0);
    let instrument = 1 + 2 * 2 + 3 * 4_096;
    assert_eq!(free(instrument_block, &[0, 0, 1, 5, 6, 7, 0, 5, instrument, 6, 7, 1], &[4, 8, 3, 2, 1]), 0);
}

#[test]
fn accounts() {
    let blank: fn(Table) -> BlockBuilder = |table| blank_block(table, Fr::from(9));
    assert_eq!(free(blank, &[1, 0, 5, 6, 7, 8, 10, 1], &[1]), 0);
    assert_eq!(free(blank, &[0, 1, 0, 0, 0, 0, 9, 0], &[0]), 0);
    // Free: whether a blank account exists, which its leaf says.
    assert_eq!(free(blank, &[0, 0, 0, 0, 0, 0, 9, 0], &[0]), 1);
    let money = [5, 7, 3, 4, 6, 8, 9, 10, 11, 12, 13];
    for kinds in [[0; 6], [1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 1, 1], [0, 0, 0, 1, 1, 0]] {
        assert_eq!(free(closed_block, &[&kinds[..], &[1, 1, 0], &money].concat(), &[]), 0, "{kinds:?}");
    }
    assert_eq!(free(closed_block, &[&[0, 0, 1, 1, 0, 0, 0, 1, 0][..], &money].concat(), &[]), 0);
}

#[test]
fn trades() {
    for (maker, taker) in [(0, 0), (1, 0), (0, 1)] {
        assert_eq!(free(trade_block, &[maker, taker, 20_000, 300, -5, 100, 300], &[]), 0);
    }
    let (qty, entry) = ((1 << 55) - 40, (1 << 95) + 1_000);
    assert_eq!(free(position_before_block, &[1, 0, 9], &[qty, entry, 1]), 0);
    assert_eq!(free(position_before_block, &[0, 0, 9], &[0, 0, 0]), 0);
    for (fill, qty) in [(0, 0), (1, 0), (1, 40), (1, 300)] {
        assert_eq!(free(position_after_block, &[fill, 1, 300, 7, 9, qty, 5], &[]), 0);
    }
    for (settle, put) in [(0, 0), (1, 0), (1, 1)] {
        assert_eq!(free(payoff_block, &[settle, 20_000, 10_000, 1_000, 3, put], &[]), 0);
    }
    let rest = [0, 4, 4, 6, 7, 0, 0, 0, 0, 9];
    for which in 0..7 {
        let mut kinds = [0; 8];
        kinds[which] = 1;
        assert_eq!(free(cash_block, &[&kinds[..], &rest].concat(), &[]), 0, "{kinds:?}");
    }
}

#[test]
fn outcomes() {
    for which in 0..6 {
        let mut kinds = [0; 6];
        kinds[which] = 1;
        assert_eq!(free(need_block, &[&kinds[..], &[1, 1, 1, 5, 5, 7, 6]].concat(), &[]), 0, "{kinds:?}");
        assert_eq!(free(need_block, &[&kinds[..], &[1, 1, 1, 5, 6, 7, 9]].concat(), &[]), 0, "{kinds:?}");
        assert_eq!(free(outcome_block, &[&kinds[..], &[1, 1, 3, 4, 10, 20, 5]].concat(), &[]), 0, "{kinds:?}");
    }
    assert_eq!(free(outcome_block, &[0, 0, 1, 0, 0, 0, 0, 0, 3, 4, 0, 20, 5], &[]), 0);
    for relief in [0, 1] {
        assert_eq!(free(relief_block, &[relief, 0, 5, -7, 10, 3, 9, 3], &[]), 0);
    }
}

#[test]
fn messages_and_data() {
    for which in 0..7 {
        let mut kinds = [0; 7];
        kinds[which] = 1;
        let fields = [3, 4, 5, 6, 7, 8, 9, 1, 11, 12, 13, 14];
        assert_eq!(free(message_block, &[&kinds[..], &fields].concat(), &[]), 0, "{kinds:?}");
    }
    let fixed: fn(Table) -> BlockBuilder = |table| fixed_block(table, [1, 2, 3].map(Fr::from));
    assert_eq!(free(fixed, &[], &[]), 0);
    for bits in [[0, 0, 0], [1, 0, 0], [1, 1, 1], [1, 0, 1]] {
        assert_eq!(free(signer_block, &[&bits[..], &[1, 2, 3, 4, 5, 6, 7, 8, 9]].concat(), &[]), 0);
    }
    let [x, y] = UNSIGNED.key;
    let eighth = Point::new(x, y).expect("a key").eighth();
    let inputs = [x, y].map(to_integer).to_vec();
    let witnesses = [eighth.x(), eighth.y()].map(to_integer).to_vec();
    assert_eq!(Single::of(key_block, inputs, witnesses).free_cells().len(), 0);
    for which in 0..13 {
        let mut kinds = [0; 13];
        kinds[which] = 1;
        let rest = [1, 0, 3, 4, 5, 6, 7, 8, 9, 10, 1, 12, 13];
        assert_eq!(free(data_block, &[&kinds[..], &rest].concat(), &[]), 0, "{kinds:?}");
    }
    for kinds in [[0, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 0, 1, 0, 0], [1, 0, 0, 1, 0], [1, 0, 0, 0, 1]] {
        assert_eq!(free(registers_block, &[&kinds[..], &[9, 5, 6, 7, 0]].concat(), &[]), 0, "{kinds:?}");
    }
}

#[test]
fn a_position_that_is_a_zero_word() {
    // Behind the last word of a list are zeros, which are those of a position in instrument 0 of the least quantity and entry.
    let integers = |values: &[i128]| values.iter().copied().map(I256::from).collect();
    let single = Single::of(entry_position_block, integers(&[1, -1]), integers(&[0, 0, 0, 0, 0, 1, 0]));
    let names: Vec<String> = single.failures(&[]).into_iter().map(|failure| failure.name).collect();
    assert_eq!(names, ["position: a position's word is not 0"]);
    assert_eq!(free(entry_position_block, &[1, -1], &[3, 2, 1, 1 << 40, 1 << 41, 1, 0]), 0);
}

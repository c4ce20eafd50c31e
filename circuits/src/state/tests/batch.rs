//! Batches: order, public context, and that padding is neutral.

use halo2curves::bn256::Fr;

use super::*;
use crate::{
    encoding::{Tag, compress},
    state::{
        batch::{BatchBuilder, BatchContext, BatchError, data_digest},
        ids::{AccountId, Owner},
        receipt::Payment,
        tx::{Collect, Deposit, ForcedWithdraw, FundingTick, Noop},
    },
};

#[test]
fn market_transactions_come_first() {
    let venue = &mut small();
    let tick = FundingTick { market: PERPETUAL };
    let deposit = venue.deposit(ALICE, 5);
    let old_root = venue.state.root().unwrap();
    let old = venue.state.registers().clone();
    let mut batch = BatchBuilder::new(&mut venue.state).unwrap();
    batch.push(Noop {}.into()).unwrap();
    batch.push(tick.into()).unwrap();
    batch.push(deposit.into()).unwrap();
    assert_eq!(batch.push(tick.into()).unwrap_err(), BatchError::MarketAfterAccount);
    let refused = batch.push(deposit.into()).unwrap_err();
    assert!(matches!(refused, BatchError::Apply(ApplyError::Rejected(Reject::QueueOrder { .. }))));
    batch.push(Noop {}.into()).unwrap();
    let batch = batch.finish().unwrap();
    assert_eq!(batch.txs.len(), 4, "what was refused is not in the batch");
    assert_eq!((batch.old_root, batch.new_root), (old_root, venue.state.root().unwrap()));
    let new = venue.state.registers();
    assert_eq!(batch.context.seq, (old.seq, old.seq + 2));
    assert_eq!(batch.context.window, (new.risk_time, new.time));
    assert_eq!(batch.context.deposit_cursor, (old.deposit_cursor, old.deposit_cursor + 1));
    assert_eq!(batch.context.withdrawals, Tag::Withdrawals.word());
}

#[test]
fn padding_changes_neither_roots_nor_context() {
    let run = |padding: usize| {
        let mut venue = small();
        let deposit = venue.deposit(ALICE, 5);
        let mut batch = BatchBuilder::new(&mut venue.state).unwrap();
        let txs: [Tx; 2] = [FundingTick { market: PERPETUAL }.into(), deposit.into()];
        for tx in txs {
            for _ in 0..padding {
                batch.push(Noop {}.into()).unwrap();
            }
            batch.push(tx).unwrap();
        }
        let batch = batch.finish().unwrap();
        (batch.old_root, batch.new_root, batch.context)
    };
    assert_eq!(run(0), run(3));
}

#[test]
fn digests_bind_what_the_settlement_layer_sees() {
    let venue = &mut small();
    let owner = venue.actors[ALICE].owner;
    let deposit = venue.deposit(ALICE, 5);
    let stray = Deposit { index: deposit.index + 1, account: AccountId(99), owner: Owner([3; 20]), amount: 6 };
    let forced = ForcedWithdraw { index: 0, account: AccountId(ALICE as u32), owner, amount: 7 };
    let txs: [Tx; 3] = [deposit.into(), stray.into(), forced.into()];
    let mut batch = BatchBuilder::new(&mut venue.state).unwrap();
    for tx in txs.clone() {
        batch.push(tx).unwrap();
    }
    let batch = batch.finish().unwrap();
    // Section 8, spelled out: f(h, owner, account + 2^32 amount + 2^96 index).
    let fr = |value: u128| {
        let two_64 = Fr::from(1 << 32) * Fr::from(1 << 32);
        Fr::from(value as u64) + Fr::from((value >> 64) as u64) * two_64
    };
    let owner_word =
        |owner: Owner| owner.0.iter().fold(Fr::zero(), |word, byte| word * Fr::from(256) + Fr::from(u64::from(*byte)));
    let entry = |digest, index: u32, account: u128, owner, amount: u128| {
        compress(digest, owner_word(owner), fr(account + (amount << 32) + (u128::from(index) << 96)))
    };
    let alice = ALICE as u128;
    let deposits = entry(Tag::Deposits.word(), deposit.index, alice, owner, 5);
    let deposits = entry(deposits, stray.index, 99, stray.owner, 6);
    assert_eq!(batch.context.deposits, deposits);
    assert_eq!(batch.context.forced, entry(Tag::Forced.word(), 0, alice, owner, 7));
    let refund = compress(Tag::Withdrawals.word(), owner_word(stray.owner), fr(99 + (6 << 32)));
    assert_eq!(batch.context.withdrawals, compress(refund, owner_word(owner), fr(alice + (7 << 32))));
    let payments: Vec<Payment> = batch.receipts.iter().filter_map(|receipt| receipt.payment).collect();
    assert_eq!(payments.len(), 2);
    assert_eq!(batch.context.data, data_digest(&txs));
}

#[test]
fn every_part_of_the_context_counts() {
    let context = BatchContext {
        venue: Fr::from(1),
        params_hash: Fr::from(2),
        seq: (3, 4),
        window: (5, 6),
        oracle_root: Fr::from(7),
        risk_root: Fr::from(8),
        data: Fr::from(9),
        deposits: Fr::from(10),
        withdrawals: Fr::from(11),
        forced: Fr::from(12),
        deposit_cursor: (13, 14),
        forced_cursor: (15, 16),
    };
    let hash = context.hash(Fr::from(17));
    assert_ne!(context.hash(Fr::from(18)), hash);
    let mut changed = vec![context.clone(); 16];
    changed[0].venue += Fr::one();
    changed[1].params_hash += Fr::one();
    changed[2].seq.0 += 1;
    changed[3].seq.1 += 1;
    changed[4].window.0 += 1;
    changed[5].window.1 += 1;
    changed[6].oracle_root += Fr::one();
    changed[7].risk_root += Fr::one();
    changed[8].data += Fr::one();
    changed[9].deposits += Fr::one();
    changed[10].withdrawals += Fr::one();
    changed[11].forced += Fr::one();
    changed[12].deposit_cursor.0 += 1;
    changed[13].deposit_cursor.1 += 1;
    changed[14].forced_cursor.0 += 1;
    changed[15].forced_cursor.1 += 1;
    for (index, other) in changed.iter().enumerate() {
        assert_ne!(other.hash(Fr::from(17)), hash, "part {index}");
    }
}

#[test]
fn data_binds_transactions_and_their_order() {
    let deposit = |amount| Deposit { index: 0, account: AccountId(2), owner: Owner([1; 20]), amount };
    let (first, second): (Tx, Tx) = (deposit(1).into(), deposit(2).into());
    let digest = |txs: &[&Tx]| data_digest(&txs.iter().map(|tx| (*tx).clone()).collect::<Vec<_>>());
    let all = [
        digest(&[]),
        digest(&[&first]),
        digest(&[&second]),
        digest(&[&first, &second]),
        digest(&[&second, &first]),
        digest(&[&first, &Collect {}.into()]),
    ];
    for (index, one) in all.iter().enumerate() {
        assert!(all[index + 1..].iter().all(|other| other != one));
    }
}

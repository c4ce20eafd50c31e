//! Kinds of touches: what a transaction does to one account.

use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::{BlockBuilder, Integer, Word, lanes::Table};

use crate::state::tx::{self, Transaction};

/// What a transaction does to one account. A transfer and a fill touch two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::batch) enum Kind {
    /// Cash from the settlement layer.
    Deposit,
    /// Cash to the settlement layer.
    Withdraw,
    /// A withdrawal demanded on the settlement layer.
    Forced,
    /// A new account.
    Register,
    /// A new key.
    Rotate,
    /// An order cancelled.
    Cancel,
    /// Cash set aside.
    Reserve,
    /// The first touch of a transfer.
    Pay,
    /// The second touch of a transfer.
    Receive,
    /// The first touch of a fill.
    Maker,
    /// The second touch of a fill.
    Taker,
    /// An expired position paid out.
    Settle,
    /// The auction clock.
    Auction,
    /// Fees to the fee account.
    Collect,
}

/// How many kinds there are.
pub(super) const KINDS: usize = 14;

impl Kind {
    /// Every kind, in the order of their bits.
    pub(super) const ALL: [Self; KINDS] = [
        Self::Deposit,
        Self::Withdraw,
        Self::Forced,
        Self::Register,
        Self::Rotate,
        Self::Cancel,
        Self::Reserve,
        Self::Pay,
        Self::Receive,
        Self::Maker,
        Self::Taker,
        Self::Settle,
        Self::Auction,
        Self::Collect,
    ];

    /// The number of the transaction's type.
    pub(super) fn type_number(self) -> u8 {
        match self {
            Self::Deposit => tx::Deposit::TYPE,
            Self::Withdraw => tx::Withdraw::TYPE,
            Self::Forced => tx::ForcedWithdraw::TYPE,
            Self::Register => tx::Register::TYPE,
            Self::Rotate => tx::RotateKey::TYPE,
            Self::Cancel => tx::Cancel::TYPE,
            Self::Reserve => tx::Reserve::TYPE,
            Self::Pay | Self::Receive => tx::Transfer::TYPE,
            Self::Maker | Self::Taker => tx::Fill::TYPE,
            Self::Settle => tx::Settle::TYPE,
            Self::Auction => tx::Auction::TYPE,
            Self::Collect => tx::Collect::TYPE,
        }
    }
}

/// A property that some kinds have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// A touch of a fill.
    Fill,
    /// The first of two touches.
    First,
    /// Counted by `seq`: any but a second touch.
    Counted,
    /// The account has to exist.
    Known,
    /// There is an amount, a price or a payment, from 1.
    Asks,
    /// The account's key signs, or the new one.
    Signed,
    /// The nonce is used.
    Nonced,
    /// There is a new key.
    Keyed,
    /// Cash moves, and has to fit.
    Moves,
    /// An order slot is used.
    Ordered,
}

/// How many classes there are.
pub(super) const CLASSES: usize = 10;

impl Class {
    const ALL: [Self; CLASSES] = [
        Self::Fill,
        Self::First,
        Self::Counted,
        Self::Known,
        Self::Asks,
        Self::Signed,
        Self::Nonced,
        Self::Keyed,
        Self::Moves,
        Self::Ordered,
    ];

    fn has(self, kind: Kind) -> bool {
        use Kind::*;
        match self {
            Self::Fill => matches!(kind, Maker | Taker),
            Self::First => matches!(kind, Pay | Maker),
            Self::Counted => !matches!(kind, Receive | Taker),
            Self::Known => !matches!(kind, Deposit | Forced | Register),
            Self::Asks => matches!(kind, Deposit | Withdraw | Forced | Pay | Receive | Maker | Taker),
            Self::Signed => {
                matches!(kind, Withdraw | Register | Rotate | Cancel | Reserve | Pay | Maker | Taker)
            }
            Self::Nonced => matches!(kind, Withdraw | Rotate | Reserve | Pay),
            Self::Keyed => matches!(kind, Register | Rotate),
            Self::Ordered => matches!(kind, Cancel | Maker | Taker),
            Self::Moves => matches!(kind, Withdraw | Pay | Receive | Maker | Taker | Settle | Collect),
        }
    }
}

/// The bits of a touch: at most one kind, and the classes that it is in.
#[derive(Debug, Clone)]
pub(super) struct Bits([Word; KINDS + CLASSES]);

impl Bits {
    pub(super) fn new(outputs: [Word; KINDS + CLASSES]) -> Self {
        Self(outputs)
    }

    /// Whether it is of this kind.
    pub(super) fn is(&self, kind: Kind) -> &Word {
        &self.0[kind as usize]
    }

    /// Whether it is of this class.
    pub(super) fn has(&self, class: Class) -> &Word {
        &self.0[KINDS + class as usize]
    }
}

/// Inputs: whether the touch before asks for a payee, for a taker. Witnesses: a bit for each kind. Outputs: these, then the bits of the classes.
///
/// At most one bit is set: with none it is padding. A second touch is where the one before asks for it, and nowhere else.
pub(super) fn kind_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "kind");
    let [payee, taker] = [(); 2].map(|()| b.input(0, 1));
    let bits = Kind::ALL.map(|kind| b.witness_bit(&format!("{kind:?}")));
    let sum = |has: &dyn Fn(Kind) -> bool| {
        let chosen = Kind::ALL.iter().zip(&bits).filter(|(kind, _)| has(**kind));
        chosen.fold(Integer::constant(0), |sum, (_, bit)| sum + bit)
    };
    let any = sum(&|_| true);
    b.require_zero("one kind at most", &any * (Integer::constant(1) - &any));
    b.require_zero("a payee after a payer", &bits[Kind::Receive as usize] - payee);
    b.require_zero("a taker after a maker", &bits[Kind::Taker as usize] - taker);
    // At most one kind, so a sum of some is a bit.
    let classes =
        Class::ALL.map(|class| b.named(&format!("{class:?}"), &sum(&|kind| class.has(kind))).with_bounds(0, 1));
    bits.iter().chain(&classes).for_each(|output| b.output(output));
    b
}

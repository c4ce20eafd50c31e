//! How much a batch has room for.

use crate::state::tx::Tx;

/// Slots and table entries: those that a batch takes, or those that a shape has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Market transactions.
    pub market_slots: usize,
    /// Markets that are read.
    pub markets: usize,
    /// Instruments that are read.
    pub instruments: usize,
    /// Liquidations and takeovers.
    pub portfolios: usize,
    /// Touches: two for a fill or a transfer, one for other account transactions.
    pub touches: usize,
}

impl Counts {
    /// No limit.
    pub(super) const UNLIMITED: Self = Self {
        market_slots: usize::MAX,
        markets: usize::MAX,
        instruments: usize::MAX,
        portfolios: usize::MAX,
        touches: usize::MAX,
    };

    /// What there is too much of for `room`, if anything.
    pub(super) fn exceeds(&self, room: &Self) -> Option<&'static str> {
        self.pairs(room).into_iter().find(|(_, [given, room])| given > room).map(|(what, _)| what)
    }

    /// By name: these and those of `room`.
    pub(super) fn pairs(&self, room: &Self) -> [(&'static str, [usize; 2]); 5] {
        [
            ("market transactions", [self.market_slots, room.market_slots]),
            ("markets", [self.markets, room.markets]),
            ("instruments", [self.instruments, room.instruments]),
            ("liquidations and takeovers", [self.portfolios, room.portfolios]),
            ("touches", [self.touches, room.touches]),
        ]
    }
}

/// The smallest `k`.
pub(super) const MIN_K: u32 = 15;
/// The largest `k`.
pub(super) const MAX_K: u32 = 20;

/// The shapes from [`MIN_K`] on: market slots, markets, instruments, portfolio slots, touches.
const SHAPES: [[usize; 5]; (MAX_K - MIN_K + 1) as usize] =
    [[1, 2, 3, 0, 2], [2, 3, 8, 1, 4], [3, 5, 18, 2, 9], [4, 8, 36, 3, 24], [6, 12, 60, 5, 54], [8, 16, 110, 8, 118]];

/// What there is room for at `k`; nothing below [`MIN_K`].
pub fn shape(k: u32) -> Counts {
    let index = k.min(MAX_K).checked_sub(MIN_K).map(|index| index as usize);
    let [market_slots, markets, instruments, portfolios, touches] = index.map_or([0; 5], |index| SHAPES[index]);
    Counts { market_slots, markets, instruments, portfolios, touches }
}

/// The order of transactions within a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Market transactions.
    Market,
    /// Liquidations and takeovers.
    Portfolio,
    /// Touches.
    Touch,
}

impl Stage {
    /// The stage of a transaction; padding has none.
    pub(super) fn of(tx: &Tx) -> Option<Self> {
        match tx {
            Tx::Noop(_) => None,
            tx if tx.is_market() => Some(Self::Market),
            Tx::Liquidate(_) | Tx::Takeover(_) => Some(Self::Portfolio),
            _ => Some(Self::Touch),
        }
    }
}

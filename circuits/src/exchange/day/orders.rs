//! Who trades, and what orders they send.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::pricing::Kind;
use crate::pricing::statements::Listing;
use crate::state::ids::{AccountId, InstrumentId, Owner};
use crate::state::keys::SecretKey;
use crate::state::order::Side;

/// Accounts that quote both sides.
const MAKERS: usize = 5;
/// Accounts that write options until their margin is used up.
const WRITERS: usize = 10;
/// Instruments that an account trades, makers apart.
const WATCHED: usize = 5;
/// All accounts that trade.
pub(super) const TRADERS: usize = 50;

/// What an account is up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Does not trade: the fee account, the insurance account.
    House,
    /// Quotes around the mark, with deep pockets.
    Maker,
    /// Sells options out of the money.
    Writer,
    /// Buys and sells a little.
    Client,
}

/// Somebody with an account.
#[derive(Debug, Clone)]
pub(super) struct Trader {
    pub(super) id: AccountId,
    pub(super) owner: Owner,
    pub(super) key: SecretKey,
    pub(super) role: Role,
    pub(super) next_order: u64,
    /// What it trades.
    pub(super) watches: Vec<InstrumentId>,
}

impl Trader {
    /// The fee account, the insurance account and all that trade.
    pub(super) fn everybody(rng: &mut ChaCha8Rng) -> Vec<Self> {
        (0..TRADERS as u32 + 2)
            .map(|id| Self {
                id: AccountId(id),
                owner: Owner(rng.r#gen()),
                key: SecretKey::from_seed(&rng.r#gen()),
                role: match (id as usize).checked_sub(2) {
                    None => Role::House,
                    Some(0..MAKERS) => Role::Maker,
                    Some(index) if index < MAKERS + WRITERS => Role::Writer,
                    Some(_) => Role::Client,
                },
                next_order: 1,
                watches: vec![],
            })
            .collect()
    }

    /// Cash to begin with, in index points.
    pub(super) fn points(&self) -> u64 {
        match self.role {
            Role::House => 0,
            Role::Maker => 2_000_000,
            Role::Writer => 5_000,
            Role::Client => 40_000,
        }
    }

    /// Chooses what it trades of what is liquid: makers everything, writers puts out of the money, everybody else anything.
    pub(super) fn choose(&mut self, rng: &mut ChaCha8Rng, liquid: &[Listing], spot: u64) {
        let wanted: Vec<InstrumentId> = liquid
            .iter()
            .filter(|listing| self.role != Role::Writer || (listing.kind == Kind::Put && listing.strike < spot))
            .map(|listing| InstrumentId(listing.id))
            .collect();
        let few = if self.role == Role::Maker { wanted.len() } else { WATCHED.min(wanted.len()) };
        self.watches =
            rand::seq::index::sample(rng, wanted.len(), few).into_iter().map(|index| wanted[index]).collect();
    }

    /// An order around a mark: side, limit, size.
    pub(super) fn wish(&self, rng: &mut ChaCha8Rng, mark: u64) -> (Side, u64, u64) {
        let away = |permille: u64| (mark / 1_000 * permille).max(1);
        let either = if rng.r#gen() { Side::Buy } else { Side::Sell };
        let (side, permille, size) = match self.role {
            Role::Maker if either == Side::Buy => (Side::Buy, 990, rng.gen_range(10..40)),
            Role::Maker => (Side::Sell, 1_010, rng.gen_range(10..40)),
            Role::Writer => (Side::Sell, 980, rng.gen_range(5..12)),
            Role::House | Role::Client if either == Side::Buy => (Side::Buy, 1_020, rng.gen_range(1..6)),
            Role::House | Role::Client => (Side::Sell, 980, rng.gen_range(1..6)),
        };
        (side, away(permille), size)
    }
}

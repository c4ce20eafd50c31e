//! Tags, and the chain over the compression function that they begin.

use halo2curves::bn256::Fr;
use zomma_gadgets::poseidon;
pub use zomma_gadgets::poseidon::compress;

/// What a digest is a digest of: the initial capacity of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tag {
    /// State root.
    State,
    /// Account leaf.
    Account,
    /// Position list.
    Positions,
    /// Market leaf.
    Market,
    /// Row of the risk array.
    Risk,
    /// Parameter set.
    Params,
    /// Message: order.
    Order,
    /// Message: cancellation.
    Cancel,
    /// Message: withdrawal.
    Withdraw,
    /// Message: collateral transfer.
    Transfer,
    /// Message: reserve.
    Reserve,
    /// Message: registration.
    Register,
    /// Message: key rotation.
    Rotate,
    /// Message: bid in a liquidation auction.
    Bid,
    /// Message of an oracle key: index price and marks.
    Report,
    /// Message of an oracle key: settlement price.
    Fixing,
    /// Batch: deposits taken.
    Deposits,
    /// Batch: withdrawals owed.
    Withdrawals,
    /// Batch: entries of the forced queue taken.
    Forced,
    /// Batch: data availability.
    Data,
    /// Batch: public context.
    Context,
}

impl Tag {
    /// Every tag.
    pub const ALL: [Self; 21] = [
        Self::State,
        Self::Account,
        Self::Positions,
        Self::Market,
        Self::Risk,
        Self::Params,
        Self::Order,
        Self::Cancel,
        Self::Withdraw,
        Self::Transfer,
        Self::Reserve,
        Self::Register,
        Self::Rotate,
        Self::Bid,
        Self::Report,
        Self::Fixing,
        Self::Deposits,
        Self::Withdrawals,
        Self::Forced,
        Self::Data,
        Self::Context,
    ];

    /// The ASCII name that the tag is the number of.
    pub const fn name(self) -> &'static str {
        match self {
            Self::State => "zomma.state",
            Self::Account => "zomma.account",
            Self::Positions => "zomma.positions",
            Self::Market => "zomma.market",
            Self::Risk => "zomma.risk",
            Self::Params => "zomma.params",
            Self::Order => "zomma.order",
            Self::Cancel => "zomma.cancel",
            Self::Withdraw => "zomma.withdraw",
            Self::Transfer => "zomma.transfer",
            Self::Reserve => "zomma.reserve",
            Self::Register => "zomma.register",
            Self::Rotate => "zomma.rotate",
            Self::Bid => "zomma.bid",
            Self::Report => "zomma.report",
            Self::Fixing => "zomma.fixing",
            Self::Deposits => "zomma.deposits",
            Self::Withdrawals => "zomma.withdrawals",
            Self::Forced => "zomma.forced",
            Self::Data => "zomma.data",
            Self::Context => "zomma.context",
        }
    }

    /// The big-endian integer of the name's ASCII bytes.
    pub fn word(self) -> Fr {
        poseidon::tag(self.name())
    }
}

/// A Merkle node: `compress` with capacity 0, circomlib's `Poseidon(2)`.
pub fn node(left: Fr, right: Fr) -> Fr {
    compress(Fr::zero(), left, right)
}

/// A hash chain that absorbs two words per permutation.
#[derive(Debug, Clone)]
pub struct Chain {
    digest: Fr,
    pending: Option<Fr>,
}

impl Chain {
    /// A chain that starts from `tag`.
    pub fn new(tag: Tag) -> Self {
        Self::from_digest(tag.word())
    }

    /// Goes on from the digest of an even number of words.
    pub fn from_digest(digest: Fr) -> Self {
        Self { digest, pending: None }
    }

    /// Absorbs one word.
    pub fn absorb(&mut self, word: Fr) {
        match self.pending.take() {
            None => self.pending = Some(word),
            Some(first) => self.digest = compress(self.digest, first, word),
        }
    }

    /// The digest; an odd word is paired with zero.
    pub fn finish(mut self) -> Fr {
        if self.pending.is_some() {
            self.absorb(Fr::zero());
        }
        self.digest
    }
}

/// The chain over `words` from `tag`.
pub fn chain(tag: Tag, words: &[Fr]) -> Fr {
    poseidon::chain(tag.word(), words)
}

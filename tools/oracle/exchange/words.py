"""Packing, chains, trees and records of the exchange: sections 1 to 4 of docs/src/exchange/state-machine.md."""

from poseidon import compress

ZERO_SUBTREES = [0]
while len(ZERO_SUBTREES) <= 32:
    ZERO_SUBTREES.append(compress(0, ZERO_SUBTREES[-1], ZERO_SUBTREES[-1]))


def pack(*fields):
    """pack(x0:b0, x1:b1, ...): (value, width) pairs, the first least significant."""
    word, offset = 0, 0
    for value, width in fields:
        assert 0 <= value < 1 << width, (value, width)
        word |= value << offset
        offset += width
    assert offset <= 253
    return word


def biased(value, width):
    """A signed field."""
    return value + (1 << (width - 1)), width


def tag(name):
    """The big-endian integer of the ASCII bytes."""
    return int.from_bytes(b"zomma." + name.encode(), "big")


def chain(name, words):
    """chain(tag; words)."""
    digest = tag(name)
    padded = list(words) + [0] * (len(words) % 2)
    for left, right in zip(padded[::2], padded[1::2]):
        digest = compress(digest, left, right)
    return digest


class Tree:
    """A sparse Merkle tree. Changes are gathered, and hashed when the root is asked for."""

    def __init__(self, depth):
        self.depth = depth
        self.levels = [{} for _ in range(depth + 1)]
        self.changed = set()

    def set(self, index, leaf):
        assert 0 <= index < 1 << self.depth
        self.levels[0][index] = leaf
        self.changed.add(index)

    def root(self):
        changed = self.changed
        for height in range(self.depth):
            below, empty = self.levels[height], ZERO_SUBTREES[height]
            changed = {index >> 1 for index in changed}
            for index in changed:
                left, right = below.get(2 * index, empty), below.get(2 * index + 1, empty)
                self.levels[height + 1][index] = compress(0, left, right)
        self.changed = set()
        return self.levels[self.depth].get(0, ZERO_SUBTREES[self.depth])


def dense_root(leaves, depth):
    """The root over the first leaves of a tree; an empty place is 0."""
    tree = Tree(depth)
    for index, leaf in enumerate(leaves):
        tree.set(index, leaf)
    return tree.root()


# Instruments: market * 2^12 + strike index * 2 + kind.


def market_of(instrument):
    return instrument >> 12


def strike_index(instrument):
    return (instrument >> 1) & 2047


def is_put(instrument):
    return instrument & 1 == 1


def venue_word(params):
    return pack((params["chain_id"], 64), (params["app_id"], 64))


def params_hash(params):
    """Section 3."""
    depths, margin, liquidation, funding = (params[k] for k in ("depths", "margin", "liquidation", "funding"))
    v = pack(
        (params["chain_id"], 64),
        (params["app_id"], 64),
        *((depths[k], 8) for k in ("accounts", "orders", "markets", "instruments", "positions")),
    )
    weights = margin["weights"]
    assert len(weights) == 33
    packed = [pack(*((w, 16) for w in weights[start : start + 15])) for start in (0, 15, 30)]
    m = pack(
        *((margin[k], 16) for k in ("mm_factor", "perp_mm", "perp_im", "naked_mm", "naked_im")),
        (params["fees"]["maker"], 32),
        (params["fees"]["taker"], 32),
        (params["max_price_age"], 32),
        (params["fee_account"], 32),
        (params["insurance_account"], 32),
    )
    names = ("buffer", "close_out", "fee", "discount_start", "discount_end")
    l = pack(
        (funding["interval"], 32),
        (funding["period"], 32),
        (funding["cap"], 16),
        *((liquidation[k], 16) for k in names),
        (liquidation["duration"], 32),
        (liquidation["lapse"], 32),
        (params["oracle"]["threshold"], 8),
        (len(params["oracle"]["keys"]), 8),
    )
    keys = [coordinate for key in params["oracle"]["keys"] for coordinate in key]
    return chain("params", [v, params["scenario_hash"], *packed, m, l, 0, *keys])


# The risk array, section 4.


def row_lanes(row):
    lanes = [*row["prices"], row["spot"]]
    return lanes + [sum(lanes)]


def row_leaf(row):
    lanes = row_lanes(row)
    words = [lanes[j] + (lanes[j + 1] << 84) + (lanes[j + 2] << 168) for j in range(0, 36, 3)]
    terms = pack((row["instrument"], 32), (row["expiry"], 40), (row["strike"], 64))
    return chain("risk", [terms, *words, row["greeks"]])


def row_in_range(row):
    return (
        row["expiry"] < 1 << 40
        and row["strike"] < 1 << 63
        and row["spot"] < 1 << 63
        and all(price < 1 << 63 for price in row["prices"])
    )


# Records, section 2.


class Account:
    """An account; positions by instrument as [qty, entry], slots by index as (order id, filled)."""

    def __init__(self, key, owner):
        self.key, self.owner = key, owner
        self.cash = self.nonce = self.auction_start = self.reserve = 0
        self.positions = {}
        self.slots = {}

    def copy(self):
        other = Account(self.key, self.owner)
        other.cash, other.nonce, other.auction_start, other.reserve = (
            self.cash,
            self.nonce,
            self.auction_start,
            self.reserve,
        )
        other.positions = {k: list(v) for k, v in self.positions.items()}
        other.slots = dict(self.slots)
        return other

    def positions_root(self):
        return chain(
            "positions",
            [
                pack((instrument, 32), biased(qty, 56), biased(entry, 96))
                for instrument, (qty, entry) in sorted(self.positions.items())
            ],
        )

    def leaf(self, orders_root):
        balance = pack(biased(self.cash, 96), (self.nonce, 32), (self.auction_start, 40))
        owner = pack((self.owner, 160), (self.reserve, 64))
        return chain("account", [*self.key, balance, self.positions_root(), orders_root, owner])


class Market:
    """A market."""

    def __init__(self, underlying, expiry, strike_base, strike_step, funding_time):
        self.underlying, self.expiry = underlying, expiry
        self.strike_base, self.strike_step = strike_base, strike_step
        self.settlement_price = self.index_price = self.index_time = self.funding_index = 0
        self.funding_time = funding_time

    def copy(self):
        other = Market(self.underlying, self.expiry, self.strike_base, self.strike_step, self.funding_time)
        other.__dict__.update(self.__dict__)
        return other

    def strike(self, instrument):
        return self.strike_base + strike_index(instrument) * self.strike_step

    def leaf(self):
        terms = pack(
            (self.underlying, 20),
            (self.expiry, 40),
            (self.strike_base, 64),
            (self.strike_step, 64),
            (self.settlement_price, 64),
        )
        index = pack((self.index_price, 64), (self.index_time, 40), biased(self.funding_index, 64), (self.funding_time, 40))
        return chain("market", [terms, index])

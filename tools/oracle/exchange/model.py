"""The exchange as a state machine, in big integers: sections 6 and 7 of docs/src/exchange/state-machine.md.

Written from that chapter alone, with Python's standard library. `Exchange.apply` takes a transaction as the trace has it
(integers already decoded) and returns what happened, or raises `Rejection` and changes nothing.
"""

import babyjubjub
from checks import CANCELLED, amount_field, counter_field, in_range, require, size_field, time_field
from liquidations import Liquidations
from margin import assess, ceil_div
from markets import MarketTransactions
from words import Account, Tree, chain, is_put, market_of, pack, params_hash, venue_word

class Exchange:
    """The state."""

    def __init__(self, params):
        self.params = params
        self.venue = venue_word(params)
        self.params_hash = params_hash(params)
        self.accounts, self.markets, self.rows = {}, {}, {}
        self.account_tree = Tree(params["depths"]["accounts"])
        self.market_tree = Tree(params["depths"]["markets"])
        self.order_trees = {}
        self.dirty = set()
        self.insurance = self.fees = self.seq = self.time = self.risk_time = 0
        self.deposit_cursor = self.forced_cursor = self.risk_root = self.oracle_root = 0

    # What a transaction works with.

    def apply(self, tx):
        """Applies a transaction to a draft, and takes the draft over when nothing was refused."""
        draft = Draft(self)
        event = getattr(draft, tx["type"])(tx)
        if tx["type"] != "noop":
            draft.registers["seq"] += 1
        self.__dict__.update(draft.registers)
        for index, account in draft.accounts.items():
            self.accounts[index] = account
            self.dirty.add(index)
        for index, slot in draft.touched:
            tree = self.order_trees.setdefault(index, Tree(self.params["depths"]["orders"]))
            order_id, filled = self.accounts[index].slots[slot]
            tree.set(slot, pack((order_id, 64), (filled, 64)))
        for index, market in draft.markets.items():
            self.markets[index] = market
            self.market_tree.set(index, market.leaf())
        if draft.rows is not None:
            self.rows = draft.rows
        return {"seq": self.seq, "event": event, "healths": draft.healths, "payment": draft.payment}

    def root(self):
        """The state root."""
        for index in self.dirty:
            orders = self.order_trees.setdefault(index, Tree(self.params["depths"]["orders"]))
            self.account_tree.set(index, self.accounts[index].leaf(orders.root()))
        self.dirty = set()
        words = [
            self.account_tree.root(),
            self.market_tree.root(),
            self.risk_root,
            self.params_hash,
            self.oracle_root,
            pack((self.insurance, 96), (self.fees, 96)),
            pack(
                (self.seq, 64),
                (self.time, 40),
                (self.risk_time, 40),
                (self.deposit_cursor, 32),
                (self.forced_cursor, 32),
            ),
        ]
        return chain("state", words)


REGISTERS = (
    "insurance fees seq time risk_time deposit_cursor forced_cursor risk_root oracle_root".split()
)


class Draft(Liquidations, MarketTransactions):
    """One transaction: private copies of what it changes."""

    def __init__(self, exchange):
        self.state = exchange
        self.params = exchange.params
        self.registers = {name: getattr(exchange, name) for name in REGISTERS}
        self.accounts, self.markets, self.rows = {}, {}, None
        self.touched, self.healths, self.payment = [], [], None

    # Common checks.

    def account_field(self, field, index):
        in_range(field, index, 0, 1 << self.params["depths"]["accounts"])

    def market_field(self, field, index):
        in_range(field, index, 0, 1 << self.params["depths"]["markets"])

    def account(self, index):
        if index not in self.accounts:
            require(index in self.state.accounts, "unknown_account")
            self.accounts[index] = self.state.accounts[index].copy()
        return self.accounts[index]

    def market(self, index):
        if index not in self.markets:
            require(index in self.state.markets, "unknown_market")
            return self.state.markets[index]
        return self.markets[index]

    def change_market(self, index):
        self.markets[index] = self.market(index).copy()
        return self.markets[index]

    def use_nonce(self, account, nonce):
        require(nonce == account.nonce, "bad_nonce")
        account.nonce += 1

    def signed(self, key, message, signature):
        require(babyjubjub.verify(key, message, signature), "bad_signature")

    def message(self, name, first, *rest):
        return chain(name, [first, self.state.venue, *rest])

    def add_cash(self, account, amount):
        require(abs(account.cash + amount) < 1 << 95, "cash_overflow")
        account.cash += amount

    def add_register(self, name, amount):
        require(self.registers[name] + amount < 1 << 95, "register_overflow")
        self.registers[name] += amount

    def add_position(self, account, instrument, quantity, value):
        old_qty, old_entry = account.positions.get(instrument, (0, 0))
        qty, entry = old_qty + quantity, old_entry + value
        require(abs(qty) < 1 << 53, "position_overflow")
        require(abs(entry) < 1 << 95, "entry_overflow")
        if instrument not in account.positions and qty != 0:
            require(len(account.positions) < 1 << self.params["depths"]["positions"], "too_many_positions")
        if qty == 0:
            account.positions.pop(instrument, None)
        else:
            account.positions[instrument] = [qty, entry]

    def pay(self, owner, index, amount):
        self.payment = {"owner": owner, "account": index, "amount": amount}

    def fresh(self):
        age = self.registers["time"] - self.registers["risk_time"]
        require(self.registers["risk_time"] >= 1 and age <= self.params["max_price_age"], "stale_price")

    def row(self, instrument, market):
        require(instrument in self.state.rows, "not_in_risk_array")
        row = self.state.rows[instrument]
        same = row["strike"] == market.strike(instrument) and row["expiry"] == market.expiry
        require(same, "terms_mismatch")
        return row

    def margin(self, index, account):
        """Section 5; returns (E, L, M, N) and notes it."""
        holdings = []
        if account.positions:
            self.fresh()
        for instrument, (qty, _) in sorted(account.positions.items()):
            market = self.market(market_of(instrument))
            live = market.expiry == 0 or self.registers["time"] < market.expiry
            require(live, "unsettled_position")
            row = self.row(instrument, market)
            holdings.append((instrument, qty, market.expiry == 0, market.funding_index, row))
        health = assess(self.params["margin"], account.cash, account.reserve, holdings)
        self.healths.append((index, health))
        return health

    def initial(self, index, account):
        equity, _, _, initial = self.margin(index, account)
        require(equity >= initial, "initial_margin")
        account.auction_start = 0

    def mark(self, instrument):
        """P[0] - I."""
        market = self.market(market_of(instrument))
        return self.row(instrument, market)["prices"][0] - market.funding_index

    # Account transactions.

    def noop(self, tx):
        return {"kind": "noop"}

    def deposit(self, tx):
        counter_field("index", tx["index"])
        self.account_field("account", tx["account"])
        amount_field("amount", tx["amount"])
        require(tx["index"] == self.registers["deposit_cursor"], "queue_order")
        self.registers["deposit_cursor"] += 1
        known = self.state.accounts.get(tx["account"])
        refunded = known is None or abs(known.cash + tx["amount"]) >= 1 << 95
        if refunded:
            self.pay(tx["owner"], tx["account"], tx["amount"])
        else:
            self.account(tx["account"]).cash += tx["amount"]
        return {"kind": "deposited", "refunded": refunded}

    def withdraw(self, tx):
        self.account_field("account", tx["account"])
        amount_field("amount", tx["amount"])
        counter_field("nonce", tx["nonce"])
        account = self.account(tx["account"])
        self.use_nonce(account, tx["nonce"])
        fields = pack((tx["account"], 32), (tx["amount"], 64), (tx["nonce"], 32))
        self.signed(account.key, self.message("withdraw", fields), tx["signature"])
        self.add_cash(account, -tx["amount"])
        self.initial(tx["account"], account)
        self.pay(account.owner, tx["account"], tx["amount"])
        return {"kind": "withdrawn"}

    def forced_withdraw(self, tx):
        counter_field("index", tx["index"])
        self.account_field("account", tx["account"])
        amount_field("amount", tx["amount"])
        require(tx["index"] == self.registers["forced_cursor"], "queue_order")
        self.registers["forced_cursor"] += 1
        known = self.state.accounts.get(tx["account"])
        if known is None or known.owner != tx["owner"]:
            return {"kind": "forced", "outcome": "void"}
        trial = known.copy()
        trial.cash -= tx["amount"]
        if abs(trial.cash) >= 1 << 95:
            return {"kind": "forced", "outcome": "refused"}
        equity, _, _, initial = self.margin(tx["account"], trial)
        if equity < initial:
            return {"kind": "forced", "outcome": "refused"}
        trial.auction_start = 0
        self.accounts[tx["account"]] = trial
        self.pay(tx["owner"], tx["account"], tx["amount"])
        return {"kind": "forced", "outcome": "paid"}

    def register(self, tx):
        self.account_field("account", tx["account"])
        require(tx["account"] not in self.state.accounts, "account_exists")
        require(babyjubjub.valid_key(tx["key"]), "bad_key")
        fields = pack((tx["account"], 32), (tx["owner"], 160))
        self.signed(tx["key"], self.message("register", fields, *tx["key"]), tx["signature"])
        self.accounts[tx["account"]] = Account(tx["key"], tx["owner"])
        return {"kind": "registered"}

    def rotate_key(self, tx):
        self.account_field("account", tx["account"])
        counter_field("nonce", tx["nonce"])
        account = self.account(tx["account"])
        self.use_nonce(account, tx["nonce"])
        require(babyjubjub.valid_key(tx["key"]), "bad_key")
        fields = pack((tx["account"], 32), (tx["nonce"], 32))
        self.signed(account.key, self.message("rotate", fields, *tx["key"]), tx["signature"])
        account.key = tx["key"]
        return {"kind": "key_rotated"}

    def slot_of(self, order_id):
        return order_id % (1 << self.params["depths"]["orders"])

    def filled(self, account, order_id):
        seen, filled = account.slots.get(self.slot_of(order_id), (0, 0))
        require(seen <= order_id, "order_superseded")
        filled = filled if seen == order_id else 0
        require(filled != CANCELLED, "order_closed")
        return filled

    def set_slot(self, index, account, order_id, filled):
        slot = self.slot_of(order_id)
        account.slots[slot] = (order_id, filled)
        self.touched.append((index, slot))

    def cancel(self, tx):
        self.account_field("account", tx["account"])
        amount_field("order_id", tx["order_id"])
        account = self.account(tx["account"])
        self.filled(account, tx["order_id"])
        fields = pack((tx["account"], 32), (tx["order_id"], 64))
        self.signed(account.key, self.message("cancel", fields), tx["signature"])
        self.set_slot(tx["account"], account, tx["order_id"], CANCELLED)
        return {"kind": "cancelled"}

    def reserve(self, tx):
        self.account_field("account", tx["account"])
        in_range("amount", tx["amount"], 0, 1 << 63)
        counter_field("nonce", tx["nonce"])
        account = self.account(tx["account"])
        self.use_nonce(account, tx["nonce"])
        fields = pack((tx["account"], 32), (tx["amount"], 64), (tx["nonce"], 32))
        self.signed(account.key, self.message("reserve", fields), tx["signature"])
        grew = tx["amount"] > account.reserve
        account.reserve = tx["amount"]
        if grew:
            self.initial(tx["account"], account)
        return {"kind": "reserve_set"}

    def transfer(self, tx):
        self.account_field("from", tx["from"])
        self.account_field("to", tx["to"])
        amount_field("amount", tx["amount"])
        counter_field("nonce", tx["nonce"])
        require(tx["from"] != tx["to"], "same_account")
        payer, payee = self.account(tx["from"]), self.account(tx["to"])
        self.use_nonce(payer, tx["nonce"])
        fields = pack((tx["from"], 32), (tx["to"], 32), (tx["amount"], 64), (tx["nonce"], 32))
        self.signed(payer.key, self.message("transfer", fields), tx["signature"])
        self.add_cash(payer, -tx["amount"])
        self.add_cash(payee, tx["amount"])
        self.initial(tx["from"], payer)
        return {"kind": "transferred"}

    def order_fields(self, role, order):
        self.account_field(f"{role}.account", order["account"])
        self.market_field(f"{role}.instrument", market_of(order["instrument"]))
        amount_field(f"{role}.limit", order["limit"])
        size_field(f"{role}.size", order["size"])
        time_field(f"{role}.expiry", order["expiry"])
        amount_field(f"{role}.id", order["id"])

    def order_message(self, order):
        fields = pack(
            (order["account"], 32),
            (order["instrument"], 32),
            ({"buy": 0, "sell": 1}[order["side"]], 1),
            (order["limit"], 64),
            (order["size"], 56),
            (order["expiry"], 40),
        )
        chain_id, app_id = self.params["chain_id"], self.params["app_id"]
        return chain("order", [fields, pack((order["id"], 64), (chain_id, 64), (app_id, 64))])

    def fill(self, tx):
        maker, taker = tx["maker"]["order"], tx["taker"]["order"]
        price, size = tx["price"], tx["size"]
        self.order_fields("maker", maker)
        self.order_fields("taker", taker)
        amount_field("price", price)
        size_field("size", size)
        require(maker["account"] != taker["account"], "same_account")
        require(maker["instrument"] == taker["instrument"], "instrument_mismatch")
        require(maker["side"] != taker["side"], "same_side")
        instrument = maker["instrument"]
        market = self.market(market_of(instrument))
        require(market.expiry != 0 or instrument % (1 << 12) == 0, "unknown_instrument")
        require(market.expiry == 0 or self.registers["time"] < market.expiry, "market_expired")
        before = [self.account(order["account"]).copy() for order in (maker, taker)]
        filled = []
        for order, account in zip((maker, taker), before):
            require(self.registers["time"] <= order["expiry"], "order_expired")
            filled.append(self.filled(account, order["id"]))
            require(filled[-1] + size <= order["size"], "overfilled")
            good = price <= order["limit"] if order["side"] == "buy" else price >= order["limit"]
            require(good, "limit_price")
        value = size * (price - market.funding_index)
        require(price * size < 1 << 94 and abs(value) < 1 << 94, "value_too_large")
        self.fresh()
        self.row(instrument, market)
        for account, signed in zip(before, (tx["maker"], tx["taker"])):
            self.signed(account.key, self.order_message(signed["order"]), signed["signature"])
        fees = [ceil_div(self.params["fees"][role] * price * size, 10**6) for role in ("maker", "taker")]
        for order, fee in zip((maker, taker), fees):
            sign = 1 if order["side"] == "buy" else -1
            account = self.account(order["account"])
            self.add_position(account, instrument, sign * size, sign * value)
            self.add_cash(account, -sign * value - fee)
        self.add_register("fees", sum(fees))
        for order, old in zip((maker, taker), before):
            index = order["account"]
            new = self.account(index)
            equity, _, maintenance, initial = self.margin(index, new)
            if equity >= initial:
                new.auction_start = 0
                continue
            old_qty = old.positions.get(instrument, (0, 0))[0]
            new_qty = new.positions.get(instrument, (0, 0))[0]
            reduces = old_qty != 0 and old_qty * new_qty >= 0 and abs(new_qty) < abs(old_qty)
            require(reduces, "initial_margin")
            old_equity, _, old_maintenance, _ = self.margin(index, old)
            kept = equity * old_maintenance >= old_equity * maintenance and equity >= min(0, old_equity)
            require(kept, "health_fell")
        for order, already in zip((maker, taker), filled):
            self.set_slot(order["account"], self.account(order["account"]), order["id"], already + size)
        return {"kind": "filled", "maker_fee": fees[0], "taker_fee": fees[1]}

    def settle(self, tx):
        self.account_field("account", tx["account"])
        self.market_field("instrument", market_of(tx["instrument"]))
        account = self.account(tx["account"])
        require(tx["instrument"] in account.positions, "no_position")
        market = self.market(market_of(tx["instrument"]))
        require(market.settlement_price > 0, "not_settled")
        intrinsic = market.settlement_price - market.strike(tx["instrument"])
        payoff = max(0, -intrinsic if is_put(tx["instrument"]) else intrinsic)
        qty, _ = account.positions.pop(tx["instrument"])
        self.add_cash(account, qty * payoff)
        return {"kind": "settled", "payoff": payoff, "qty": qty}

"""Auctions, liquidations, takeovers: section 7 of docs/src/exchange/state-machine.md."""

from margin import ceil_div
from words import biased, chain, pack
from checks import BP, counter_field, in_range, require, time_field


class Liquidations:
    """Their transactions, to be mixed into a draft."""

    def lapsed(self, account):
        return self.registers["time"] - account.auction_start > self.params["liquidation"]["lapse"]

    def auction(self, tx):
        self.account_field("account", tx["account"])
        require(tx["account"] != self.params["insurance_account"], "insurance_account")
        account = self.account(tx["account"])
        equity, _, maintenance, _ = self.margin(tx["account"], account)
        if equity >= maintenance:
            require(account.auction_start != 0, "healthy")
            account.auction_start = 0
            return {"kind": "auction_closed"}
        require(account.auction_start == 0 or self.lapsed(account), "auction_running")
        account.auction_start = self.registers["time"]
        return {"kind": "auction_opened"}

    def liquidate(self, tx):
        bid, rules = tx["bid"], self.params["liquidation"]
        share, pay = bid["share"], bid["pay"]
        self.account_field("liquidator", bid["liquidator"])
        self.account_field("account", bid["account"])
        in_range("share", share, 1, BP + 1)
        in_range("pay", abs(pay), 0, 1 << 94)
        time_field("expiry", bid["expiry"])
        counter_field("nonce", bid["nonce"])
        require(bid["liquidator"] != bid["account"], "same_account")
        require(bid["account"] != self.params["insurance_account"], "insurance_account")
        liquidator, account = self.account(bid["liquidator"]), self.account(bid["account"])
        self.use_nonce(liquidator, bid["nonce"])
        require(self.registers["time"] <= bid["expiry"], "order_expired")
        require(bid["positions"] == account.positions_root(), "portfolio_changed")
        fields = pack(
            (bid["liquidator"], 32), (bid["account"], 32), (share, 16), (bid["nonce"], 32), (bid["expiry"], 40)
        )
        chain_id, app_id = self.params["chain_id"], self.params["app_id"]
        second = pack(biased(pay, 96), (chain_id, 64), (app_id, 64))
        self.signed(liquidator.key, chain("bid", [fields, second, bid["positions"]]), tx["signature"])
        equity, _, maintenance, _ = self.margin(bid["account"], account)
        require(equity < maintenance, "healthy")
        require(BP * equity >= rules["close_out"] * maintenance, "below_close_out")
        require(account.auction_start != 0 and not self.lapsed(account), "no_auction")
        elapsed = min(self.registers["time"] - account.auction_start, rules["duration"])
        start, end = rules["discount_start"], rules["discount_end"]
        discount = start + (end - start) * elapsed // rules["duration"]
        target = rules["buffer"] * maintenance
        relieved = target - (discount + rules["fee"]) * equity
        require((share - 1) * relieved < BP * (target - BP * equity), "share_too_large")
        moves = []
        for instrument, (qty, _) in sorted(account.positions.items()):
            lots = ceil_div(abs(qty) * share, BP) * (1 if qty > 0 else -1)
            moves.append((instrument, lots, lots * self.mark(instrument)))
        total = sum(value for _, _, value in moves)
        floor = total - ceil_div(discount * equity * share, BP * BP)
        require(pay >= floor, "below_floor")
        fee = ceil_div(rules["fee"] * equity * share, BP * BP)
        for instrument, lots, value in moves:
            self.add_position(account, instrument, -lots, -value)
            self.add_position(liquidator, instrument, lots, value)
        self.add_cash(account, pay - fee)
        self.add_cash(liquidator, -pay)
        self.add_register("insurance", fee)
        self.initial(bid["liquidator"], liquidator)
        return {"kind": "liquidated", "discount": discount, "value": total, "floor": floor, "fee": fee}

    def takeover(self, tx):
        self.account_field("account", tx["account"])
        insurance_id = self.params["insurance_account"]
        require(tx["account"] != insurance_id, "insurance_account")
        account, insurance = self.account(tx["account"]), self.account(insurance_id)
        equity, _, maintenance, _ = self.margin(tx["account"], account)
        require(equity < maintenance, "healthy")
        require(BP * equity < self.params["liquidation"]["close_out"] * maintenance, "above_close_out")
        for instrument, (qty, _) in sorted(account.positions.items()):
            self.add_position(insurance, instrument, qty, qty * self.mark(instrument))
        missing = max(0, -equity)
        paid = min(self.registers["insurance"], missing)
        self.add_cash(insurance, account.cash + paid)
        self.registers["insurance"] -= paid
        account.cash = account.reserve = account.auction_start = 0
        account.positions = {}
        return {"kind": "taken_over", "paid": paid, "uncovered": missing - paid}

    def collect(self, tx):
        amount = self.registers["fees"]
        require(amount > 0, "nothing_to_collect")
        self.add_cash(self.account(self.params["fee_account"]), amount)
        self.registers["fees"] = 0
        return {"kind": "collected", "amount": amount}

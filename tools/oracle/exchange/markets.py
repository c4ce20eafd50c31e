"""Market transactions: section 7 of docs/src/exchange/state-machine.md."""

from words import Market, dense_root, pack, row_in_range, row_leaf
from checks import BP, amount_field, in_range, require, time_field


class MarketTransactions:
    """They change prices, markets and the clock; to be mixed into a draft."""

    def list(self, tx):
        self.market_field("market", tx["market"])
        self.market_field("underlying", tx["underlying"])
        in_range("expiry", tx["expiry"], 0, 1 << 40)
        base, step = tx["strike_base"], tx["strike_step"]
        in_range("strike_base", base, 0, 1 << 63)
        in_range("strike_step", step, 0, 1 << 63)
        require(tx["market"] not in self.state.markets, "market_exists")
        if tx["expiry"] == 0:
            require(tx["underlying"] == tx["market"] and base == step == 0, "bad_listing")
        else:
            require(self.market(tx["underlying"]).expiry == 0, "bad_listing")
            require(tx["expiry"] > self.registers["time"], "bad_listing")
            require(base >= 1 and step >= 1 and base + 2047 * step < 1 << 63, "bad_listing")
        self.markets[tx["market"]] = Market(tx["underlying"], tx["expiry"], base, step, self.registers["time"])
        return {"kind": "listed"}

    def quorum(self, reports):
        keys = self.params["oracle"]["keys"]
        require(len(reports) == self.params["oracle"]["threshold"], "report_count")
        last = -1
        for report in reports:
            require(report["signer"] > last, "signer_order")
            last = report["signer"]
            require(last < len(keys), "unknown_signer")

    def quorum_signed(self, reports, message):
        for report in reports:
            key = self.params["oracle"]["keys"][report["signer"]]
            self.signed(key, message(report["price"]), report["signature"])
        return sorted(report["price"] for report in reports)[len(reports) // 2]

    def oracle_update(self, tx):
        self.market_field("market", tx["market"])
        time_field("time", tx["time"])
        for report in tx["reports"]:
            amount_field("price", report["price"])
        self.quorum(tx["reports"])
        market = self.change_market(tx["market"])
        require(market.expiry == 0, "not_an_index")
        require(tx["time"] >= self.registers["time"] and tx["time"] > market.index_time, "time_backwards")

        def message(price):
            fields = pack((tx["market"], 20), (tx["time"], 40), (price, 64))
            return self.message("report", fields, tx["marks"])

        median = self.quorum_signed(tx["reports"], message)
        market.index_price, market.index_time = median, tx["time"]
        self.registers["time"], self.registers["oracle_root"] = tx["time"], tx["marks"]
        return {"kind": "oracle_updated", "price": median}

    def fix_expiry(self, tx):
        self.market_field("market", tx["market"])
        for report in tx["reports"]:
            amount_field("price", report["price"])
        self.quorum(tx["reports"])
        market = self.change_market(tx["market"])
        require(market.expiry != 0, "not_a_series")
        require(market.settlement_price == 0, "already_settled")
        require(self.registers["time"] >= market.expiry, "not_expired")

        def message(price):
            return self.message("fixing", pack((tx["market"], 20), (market.expiry, 40), (price, 64)))

        market.settlement_price = self.quorum_signed(tx["reports"], message)
        return {"kind": "expiry_fixed", "price": market.settlement_price}

    def adopt_risk(self, tx):
        time_field("time", tx["time"])
        require(tx["scenario_hash"] == self.params["scenario_hash"], "wrong_scenarios")
        require(tx["marks"] == self.registers["oracle_root"], "wrong_marks")
        require(tx["time"] == self.registers["time"], "stale_marks")
        rows, depth = tx["rows"], self.params["depths"]["instruments"]
        last = -1
        for index, row in enumerate(rows):
            require(index < 1 << depth, "bad_risk_row")
            if row is None:
                continue
            require(last < row["instrument"] and row_in_range(row), "bad_risk_row")
            last = row["instrument"]
        leaves = [0 if row is None else row_leaf(row) for row in rows]
        require(dense_root(leaves, depth) == tx["risk_root"], "risk_root_mismatch")
        self.rows = {row["instrument"]: row for row in rows if row is not None}
        self.registers["risk_root"], self.registers["risk_time"] = tx["risk_root"], tx["time"]
        return {"kind": "risk_adopted"}

    def funding_tick(self, tx):
        rules = self.params["funding"]
        self.market_field("market", tx["market"])
        market = self.change_market(tx["market"])
        require(market.expiry == 0, "not_an_index")
        time = self.registers["time"]
        require(time >= market.funding_time + rules["interval"], "funding_not_due")
        self.fresh()
        age = time - market.index_time
        require(market.index_time >= 1 and age <= self.params["max_price_age"], "stale_price")
        mark = self.row(tx["market"] << 12, market)["prices"][0]
        cap = rules["cap"] * market.index_price // BP
        premium = min(cap, max(-cap, mark - market.index_price))
        step = premium * rules["interval"] // rules["period"]
        require(abs(market.funding_index + step) < 1 << 62, "funding_overflow")
        market.funding_index += step
        market.funding_time = time - (time - market.funding_time) % rules["interval"]
        return {"kind": "funding_ticked", "step": step}

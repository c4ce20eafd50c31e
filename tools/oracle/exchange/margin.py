"""Margin: section 5 of docs/src/exchange/state-machine.md, steps 4 to 7 and the two requirements."""

from words import is_put, row_lanes


class Rejection(Exception):
    """A refused transaction: the code, and for `out_of_range` the field."""

    def __init__(self, code, field=None):
        super().__init__(code)
        self.code, self.field = code, field


def ceil_div(a, b):
    return -(-a // b)


def assess(rules, cash, reserve, holdings):
    """(E, L, M, N) of holdings (instrument, qty, is perpetual, funding index, row), ascending by instrument."""
    gross = sum(abs(qty) * row_lanes(row)[35] for _, qty, _, _, row in holdings)
    if gross >= 1 << 83:
        raise Rejection("exposure_too_large")
    sums = [sum(qty * row["prices"][s] for _, qty, _, _, row in holdings) for s in range(34)]
    worst = min(0, *(rules["weights"][s - 1] * (sums[s] - sums[0]) // 10**4 for s in range(1, 34)))
    equity = cash + sums[0] - sum(qty * index for _, qty, _, index, _ in holdings)
    if abs(equity) >= 1 << 97:
        raise Rejection("equity_overflow")

    terms = {}  # what each contingency is charged on: (is perpetual, key) -> [signed quantity, S]
    for instrument, qty, perpetual, _, row in holdings:
        key = (perpetual, instrument if perpetual else instrument >> 1)
        if key in terms:
            assert is_put(instrument)
            terms[key][0] += qty
        else:
            terms[key] = [qty, row["spot"]]

    def contingency(perp_rate, naked_rate):
        total = 0
        for (perpetual, _), (qty, spot) in terms.items():
            total += perp_rate * abs(qty) * spot if perpetual else naked_rate * max(0, -qty) * spot
        charged = ceil_div(total, 10**4)
        if charged >= 1 << 97:
            raise Rejection("equity_overflow")
        return charged

    c_mm = contingency(rules["perp_mm"], rules["naked_mm"])
    c_im = contingency(rules["perp_im"], rules["naked_im"])
    maintenance = -(rules["mm_factor"] * worst // 10**4) + c_mm
    initial = -worst + c_mm + c_im + reserve
    return equity, worst, maintenance, initial

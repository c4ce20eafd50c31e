"""Prices from QuantLib and from Jaeckel's `Let's Be Rational`: double precision, so cross-checks and not judges."""

import py_lets_be_rational
import QuantLib
from mpmath import mpf

from judge import ROUNDING

# Largest difference allowed, in units of max(F, K): what double precision leaves of a price over the whole domain.
LIMIT = mpf(2) ** -48


def compare(case, price, exact):
    """Name, difference in units of max(F, K) beyond rounding to ticks, and its limit, for each library."""
    if case.seconds == 0:
        return
    forward = float(exact.spot_leg / exact.discount)
    deviation, discount = float(exact.total_vol), float(exact.discount)
    kind = QuantLib.Option.Call if case.call else QuantLib.Option.Put
    theirs, largest = {}, max(exact.spot_leg, exact.strike_leg)
    theirs["QuantLib"] = QuantLib.blackFormula(kind, float(case.strike), forward, deviation, discount)
    sign = 1.0 if case.call else -1.0
    undiscounted = py_lets_be_rational.black(forward, float(case.strike), deviation, 1.0, sign)
    theirs["py_lets_be_rational"] = discount * undiscounted
    for name, value in theirs.items():
        yield name, max(mpf(0), abs(mpf(value) - price) - ROUNDING["price"]) / largest, LIMIT

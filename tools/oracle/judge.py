"""The truth at 50 digits, and how far an engine's integers may be from it.

The constants of the bounds are read from the book, `docs/src/pricing/accuracy.md`, where a test of the circuits crate compares them with
what the tables' certificates give. The formulas are those that the same chapter derives.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import mpmath
from mpmath import mpf

from cases import ONE, YEAR

DIGITS = 50
BOOK = Path(__file__).resolve().parents[2] / "docs/src/pricing/accuracy.md"
GREEKS = ("delta", "gamma", "vega", "theta", "rho")


@cache
def constants():
    """The book's constants: lines `| `name` | ... | 2^x |`."""
    rows = re.findall(r"^\| `(\w+)` \|.*\| 2\^(-?[\d.]+) \|$", BOOK.read_text(), re.MULTILINE)
    return {name: mpf(2) ** mpf(exponent) for name, exponent in rows}


@dataclass(frozen=True)
class Truth:
    """Exact values, and what their bounds need."""

    price: mpf
    delta: mpf
    gamma: mpf
    vega: mpf
    theta: mpf
    rho: mpf
    discount: mpf
    yield_discount: mpf
    spot_leg: mpf
    strike_leg: mpf
    total_vol: mpf
    d1: mpf
    d2: mpf
    density: mpf


def truth(case):
    """Black-Scholes-Merton at 50 digits; at expiry its limit, where F = K counts as in the money for a call."""
    mpmath.mp.dps = DIGITS
    years = mpf(case.seconds) / YEAR
    vol, rate, dividend = (mpf(value) / ONE for value in (case.vol, case.rate, case.dividend))
    discount, yield_discount = mpmath.exp(-rate * years), mpmath.exp(-dividend * years)
    spot_leg, strike_leg = case.spot * yield_discount, case.strike * discount
    root = mpmath.sqrt(years)
    total_vol = vol * root
    sign = 1 if case.call else -1
    if case.seconds == 0:
        # The limit T -> 0 of a call: Phi(d1) = Phi(d2) = 1 or 0.
        end = mpmath.inf if case.spot >= case.strike else -mpmath.inf
        d1 = d2 = end
        density = slope = mpf(0)
        in_the_money = case.spot >= case.strike
        spot_weight = strike_weight = mpf(1 if in_the_money == case.call else 0)
    else:
        d1 = (mpmath.log(mpf(case.spot) / case.strike) + (rate - dividend) * years) / total_vol + total_vol / 2
        d2 = d1 - total_vol
        density = mpmath.npdf(d1)
        slope = density / total_vol
        spot_weight, strike_weight = mpmath.ncdf(sign * d1), mpmath.ncdf(sign * d2)
    spot_side, strike_side = sign * spot_leg * spot_weight, sign * strike_leg * strike_weight
    return Truth(
        price=spot_side - strike_side,
        delta=sign * yield_discount * spot_weight,
        gamma=yield_discount * slope / case.spot,
        vega=spot_leg * density * root,
        theta=dividend * spot_side - rate * strike_side - spot_leg * slope * vol**2 / 2,
        rho=years * strike_side,
        discount=discount,
        yield_discount=yield_discount,
        spot_leg=spot_leg,
        strike_leg=strike_leg,
        total_vol=total_vol,
        d1=d1,
        d2=d2,
        density=density,
    )

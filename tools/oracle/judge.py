"""The truth at 50 digits, and how far an engine's integers may be from it.

The constants of the bounds are read from the book, `docs/src/pricing/accuracy.md`, where a test of the circuits crate
compares them with what the tables' certificates give. The formulas are those that the same chapter derives.
"""

import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import mpmath
from mpmath import mpf

from cases import ONE, YEAR

DIGITS = 50
BOOK = Path(__file__).resolve().parents[2] / "docs/src/pricing/accuracy.md"
OUTPUTS = ("price", "delta", "gamma", "vega", "theta", "rho")
# Fractional bits of what the engine prints.
FRAC_BITS = {"price": 0, "delta": 56, "gamma": 80, "vega": 0, "theta": 0, "rho": 0}
# The part of each bound that is rounding to the result's unit; the rest is propagated.
ROUNDING = {"price": 0.5 + 2**-9, "delta": 2**-56, "gamma": 2**-80, "vega": 0.5, "theta": 0.5, "rho": 0.5}
# For the products of two errors that the formulas leave out.
SECOND_ORDER = 1.001


@cache
def constants():
    """The book's constants by name: lines such as "| `phi` | ... | 2^-51.74 |"."""
    rows = re.findall(r"^\| `(\w+)` \|.*\| 2\^(-?[\d.]+) \|$", BOOK.read_text(), re.MULTILINE)
    return {name: 2.0 ** float(exponent) for name, exponent in rows}


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


def density(x):
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def bounds(case, exact):
    """The greatest error that the book allows each output, but for ROUNDING; floating point is good enough for it."""
    book = constants()
    root, vol = math.sqrt(case.seconds / YEAR), case.vol / ONE
    total_vol, d1, d2 = float(exact.total_vol), abs(float(exact.d1)), abs(float(exact.d2))
    yields, spot_leg, strike_leg = float(exact.yield_discount), float(exact.spot_leg), float(exact.strike_leg)
    shift, w_error = 0.0, vol * book["root"] + book["w"]
    if case.seconds:
        binades = abs(case.spot.bit_length() - case.strike.bit_length())
        shift = (book["log"] + binades * book["ln_2"] + d2 * w_error) / total_vol + 2**-52
    low, high = max(0.0, d1 - shift), d1 + shift
    peak = density(low)
    steepest = density(1) if low <= 1 <= high else max(x * density(x) if x < 40 else 0.0 for x in (low, high))

    delta = yields * (book["leg"] + book["phi"] + peak * shift)
    weight = yields * (peak * book["leg"] + book["pdf"] + steepest * shift) + 2**-57 * peak + 2**-53
    slope = weight / total_vol + yields * peak * w_error / total_vol**2 + 2**-60 if case.seconds else 0.0
    price = book["price"] * max(spot_leg, strike_leg)
    spot_side = case.spot * (delta + ROUNDING["delta"])
    strike_side = spot_side + price + 2**-9
    if not case.call:
        spot_side += book["leg"] * spot_leg + 2**-11
        strike_side += book["leg"] * strike_leg + 2**-11
    decay = case.spot * slope * vol**2 / 2
    greeks = {
        "delta": delta,
        "gamma": slope / case.spot,
        "vega": case.spot * (weight * root + yields * peak * book["root"]),
        "theta": (abs(case.dividend) * spot_side + abs(case.rate) * strike_side) / ONE + decay,
        "rho": case.seconds / YEAR * strike_side,
    }
    return {"price": price, **{name: SECOND_ORDER * bound for name, bound in greeks.items()}}


def errors(outputs, exact):
    """How far each of the engine's integers is from the truth, beyond ROUNDING."""
    found = {}
    for name, output in zip(OUTPUTS, outputs, strict=True):
        error = abs(mpmath.ldexp(mpf(output), -FRAC_BITS[name]) - getattr(exact, name))
        found[name] = float(max(mpf(0), error - ROUNDING[name]))
    return found


def _price(sign, spot, strike, years, vol, rate, dividend):
    """The textbook formula at real arguments."""
    total_vol = vol * mpmath.sqrt(years)
    d1 = (mpmath.log(spot / strike) + (rate - dividend) * years) / total_vol + total_vol / 2
    spot_side = spot * mpmath.exp(-dividend * years) * mpmath.ncdf(sign * d1)
    return sign * (spot_side - strike * mpmath.exp(-rate * years) * mpmath.ncdf(sign * (d1 - total_vol)))


def derivative_errors(case):
    """How far the Greeks of `truth` are from finite differences of the price, each in units of its own scale."""
    exact = truth(case)
    sign = 1 if case.call else -1
    rates = [mpf(value) / ONE for value in (case.vol, case.rate, case.dividend)]
    at = [mpf(case.spot), mpf(case.strike), mpf(case.seconds) / YEAR, *rates]

    def moved(index, step):
        return _price(sign, *(value + step * (place == index) for place, value in enumerate(at)))

    spot, _, years, vol, _, _ = at
    # Steps are small against what moves d1 by one.
    small = min(1, exact.total_vol)
    steps = {0: spot * exact.total_vol, 2: years * small, 3: vol * small, 4: exact.total_vol / years}
    steps = {index: step * mpf(10) ** -10 for index, step in steps.items()}
    first = {index: (moved(index, step) - moved(index, -step)) / (2 * step) for index, step in steps.items()}
    second = (moved(0, steps[0]) - 2 * moved(0, mpf(0)) + moved(0, -steps[0])) / steps[0] ** 2
    largest = max(exact.spot_leg, exact.strike_leg)
    found = {
        "delta": (first[0], largest / spot),
        "gamma": (second, largest / (spot * steps[0]) * mpf(10) ** -10),
        "vega": (first[3], largest * mpmath.sqrt(years)),
        "theta": (-first[2], largest * (1 + exact.total_vol / years)),
        "rho": (first[4], largest * years),
    }
    return {name: abs(value - getattr(exact, name)) / scale for name, (value, scale) in found.items()}

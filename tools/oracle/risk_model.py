"""Scenario prices: the algorithm of `docs/src/pricing/accuracy.md` in Python integers, and the truth at 50 digits.

The scenario set is read from `params/scenarios/default.json`; numbers in it are basis points.
"""

import json
from dataclasses import dataclass
from functools import cache

import mpmath
from mpmath import mpf

import engine_model
import judge
from cases import ONE, YEAR
from engine_model import ROOT, carry, log60, nearest

INVERSE_BITS = 34
FACTOR_BITS = 56
BASIS = 10_000
DAY = 86_400
LEVELS = ("flat", "up", "down")


@dataclass(frozen=True)
class Scenario:
    """Forward times `factor` basis points, volatility at `level`."""

    factor: int
    level: str


@cache
def scenario_set():
    return json.loads((ROOT / "params/scenarios/default.json").read_text())


@cache
def scenarios():
    """In the order of the risk array."""
    grid = [Scenario(BASIS + shock, level) for shock in scenario_set()["grid"] for level in LEVELS]
    return grid + [Scenario(BASIS + shock, "up") for shock in scenario_set()["tails"]]


def vol_factors56(seconds):
    """flat, up, down."""
    chosen = scenario_set()
    ratio60 = log60(30 * DAY) - log60(max(seconds, DAY))
    exponent = chosen["exponent_long" if ratio60 < 0 else "exponent_short"]
    argument60 = (5 * BASIS * (1 << 60) + exponent * ratio60) // BASIS
    power56 = nearest(engine_model.tables()["exp"].value(argument60, 61) ** 2, 120 - FACTOR_BITS)
    one = 1 << FACTOR_BITS
    up, down = (chosen[name] * power56 // BASIS for name in ("vol_up", "vol_down"))
    return {"flat": one, "up": one + up, "down": one - down}


def prices(case):
    """In ticks, by scenario."""
    rate_root60, dividend_root60, drift60, root54 = carry(case)
    spot_leg = nearest(case.spot * dividend_root60**2, 110)
    strike_leg = nearest(case.strike * rate_root60**2, 110)
    ln_forward60, factors56 = log60(case.spot) + drift60, vol_factors56(case.seconds)
    found = []
    for scenario in scenarios():
        shocked = (spot_leg * scenario.factor + BASIS // 2) // BASIS
        intrinsic = shocked - strike_leg
        if case.seconds == 0:
            call10 = max(0, intrinsic)
        else:
            w52 = nearest(case.vol * root54 * factors56[scenario.level], 38 + 54 + FACTOR_BITS - 52)
            inverse34 = (1 << (INVERSE_BITS + 52)) // w52
            x60 = ln_forward60 + log60(scenario.factor) - log60(BASIS) - log60(case.strike)
            d1_24 = nearest(x60 * inverse34 + (w52 << 41), 70)
            call10 = engine_model.call10(d1_24, w52, shocked, strike_leg)
        found.append(nearest(call10 if case.call else call10 - intrinsic, 10))
    return found


def true_prices(case):
    """Price and max(A, B) by scenario, at 50 digits."""
    mpmath.mp.dps = judge.DIGITS
    chosen = scenario_set()
    years = mpf(case.seconds) / YEAR
    vol, rate, dividend = (mpf(value) / ONE for value in (case.vol, case.rate, case.dividend))
    spot_leg, strike_leg = case.spot * mpmath.exp(-dividend * years), case.strike * mpmath.exp(-rate * years)
    ratio = mpf(30 * DAY) / max(case.seconds, DAY)
    power = ratio ** (mpf(chosen["exponent_short" if ratio >= 1 else "exponent_long"]) / BASIS)
    shifts = {"flat": mpf(0), "up": chosen["vol_up"] * power / BASIS, "down": -chosen["vol_down"] * power / BASIS}
    log_ratio, root, sign = mpmath.log(spot_leg / strike_leg), mpmath.sqrt(years), 1 if case.call else -1
    found = []
    for scenario in scenarios():
        shocked = spot_leg * scenario.factor / BASIS
        w = vol * (1 + shifts[scenario.level]) * root
        if case.seconds == 0:
            price = max(mpf(0), sign * (shocked - strike_leg))
        else:
            d1 = (log_ratio + mpmath.log(mpf(scenario.factor) / BASIS)) / w + w / 2
            price = sign * (shocked * mpmath.ncdf(sign * d1) - strike_leg * mpmath.ncdf(sign * (d1 - w)))
        found.append((price, max(shocked, strike_leg)))
    return found


def rounding_ticks(scenario):
    """What rounding to ticks may cost: the price, the time value, the two legs and the shocked leg."""
    return 0.5 + 2**-10 + 2**-11 * (2 + scenario.factor / BASIS)

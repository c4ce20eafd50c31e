"""The pricing algorithm of `docs/src/pricing/accuracy.md` in Python integers.

It uses the engine's coefficient tables (`cargo run -p zomma-gadgets --example function_tables`) and nothing else of it,
and must agree with it bit for bit. Fractional bits are in the names: `w52` is an integer over 2^52.
"""

import subprocess
from functools import cache
from math import isqrt
from pathlib import Path

from cases import RATE_BITS, YEAR

ROOT = Path(__file__).resolve().parents[2]
LN_2_60 = 799144290325165979
GRID_BITS = 24
CARRY_BITS = 10
W_BITS = 52
REST_BITS = W_BITS - GRID_BITS
ROOT_BITS = 54
DISCOUNT_BITS = 56
DENSITY_BITS = 52
SLOPE_BITS = 60
GAMMA_BITS = 80


class Table:
    """Cubics of one function."""

    def __init__(self, frac_bits, segment_bits):
        self.frac_bits, self.segment_bits, self.rows = frac_bits, segment_bits, []

    def numerator(self, argument, rest_bits):
        """At `argument` >= 0, over 2^(segment_bits + 14 + rest_bits).

        The result is over 2^(frac_bits + 42 + rest_bits).
        """
        point = nearest(argument, rest_bits)
        rest = argument - (point << rest_bits)
        segment, lo = point >> 14, point & 0x3FFF
        if segment >= len(self.rows) - 1 and self.saturates():
            segment, lo, rest = len(self.rows) - 1, 0, 0
        c0, c1, c2, c3 = self.rows[segment]
        value = (c0 << 42) + (c1 * lo << 28) + (c2 * lo**2 << 14) + c3 * lo**3
        slope = (c1 << 28) + (2 * c2 * lo << 14) + 3 * c3 * lo**2
        return (value << rest_bits) + slope * rest

    def saturates(self):
        return self.rows[-1][1:] == (0, 0, 0)

    def value(self, argument, argument_bits):
        """Rounded to frac_bits."""
        rest_bits = argument_bits - self.segment_bits - 14
        return nearest(self.numerator(argument, rest_bits), 42 + rest_bits)


@cache
def tables():
    """The engine's tables, by name."""
    command = ["cargo", "run", "--quiet", "--package", "zomma-gadgets", "--example", "function_tables"]
    text = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    found = {}
    for line in text.splitlines():
        words = line.split()
        if words[0] == "table":
            table = found[words[1]] = Table(int(words[2]), int(words[3]))
        else:
            table.rows.append(tuple(map(int, words[:4])))
    return found


def nearest(value, bits):
    """value / 2^bits, halves up."""
    return (value + (1 << bits >> 1)) >> bits


def away(value, divisor):
    """value / divisor to nearest, halves away from zero."""
    magnitude = (2 * abs(value) + divisor) // (2 * divisor)
    return -magnitude if value < 0 else magnitude


def log60(price):
    """ln of 1 .. 2^63 - 1."""
    exponent = price.bit_length() - 1
    mantissa62 = (price << (62 - exponent)) - (1 << 62)
    return exponent * LN_2_60 + tables()["ln"].value(mantissa62, 62)


def carry(case):
    """Roots of the discount factors, drift (r - q) T, sqrt(T)."""

    def argument60(rate):
        # 5 - rate T
        return (5 * YEAR * (1 << 60) - rate * case.seconds * (1 << (60 - RATE_BITS))) // YEAR

    exp = tables()["exp"]
    rate60, dividend60 = argument60(case.rate), argument60(case.dividend)
    # Half of the argument, which is what the table takes, is the same integer over 2^61.
    rate_root60, dividend_root60 = exp.value(rate60, 61), exp.value(dividend60, 61)
    return rate_root60, dividend_root60, dividend60 - rate60, isqrt((case.seconds << 2 * ROOT_BITS) // YEAR)


def phi(negative, numerator, bits):
    return (1 << bits) - numerator if negative else numerator


def phi_below(grid, rest):
    """Phi(grid / 2^24 - rest / 2^52) over 2^(102 + 28): the cubic at the grid point, its tangent for the rest."""
    table, magnitude = tables()["phi"], abs(grid)
    segment, lo = magnitude >> 14, magnitude & 0x3FFF
    if segment >= len(table.rows) - 1:
        segment = len(table.rows) - 1
    c0, c1, c2, c3 = table.rows[segment]
    value = (c0 << 42) + (c1 * lo << 28) + (c2 * lo**2 << 14) + c3 * lo**3
    slope = (c1 << 28) + (2 * c2 * lo << 14) + 3 * c3 * lo**2
    numerator = (value << REST_BITS) + slope * (rest if grid < 0 else -rest)
    return phi(grid < 0, numerator, 102 + REST_BITS)


def call10(d1_24, w52, spot_leg, strike_leg):
    """The call: the out-of-the-money side clamped and floored, the other by parity."""
    w24 = nearest(w52, REST_BITS)
    d2_24 = d1_24 - w24
    grid_phi1 = phi(d1_24 < 0, tables()["phi"].numerator(abs(d1_24), 0), 102)
    call130 = (spot_leg * grid_phi1 << REST_BITS) - strike_leg * phi_below(d2_24, w52 - (w24 << REST_BITS))
    if d2_24 < 0:
        return max(0, call130) >> 130
    intrinsic = spot_leg - strike_leg
    return intrinsic + (max(0, call130 - (intrinsic << 130)) >> 130)


def value(case):
    """price, delta, gamma, vega, theta, rho."""
    rate_root60, dividend_root60, drift60, root54 = carry(case)
    spot_leg = nearest(case.spot * dividend_root60**2, 120 - CARRY_BITS)
    strike_leg = nearest(case.strike * rate_root60**2, 120 - CARRY_BITS)
    yield_discount = nearest(dividend_root60**2, 120 - DISCOUNT_BITS)
    intrinsic = spot_leg - strike_leg
    w52 = nearest(case.vol * root54, RATE_BITS + ROOT_BITS - W_BITS)
    if case.seconds == 0:
        call = max(intrinsic, 0)
        phi1, density60, divisor = (1 << 130 if intrinsic >= 0 else 0), 0, 1
    else:
        divisor = w52
        x60 = log60(case.spot) + drift60 - log60(case.strike)
        doubled = (x60 << 45) + w52 * w52
        d1_negative, d1_52 = doubled < 0, abs(doubled) // (2 * w52)
        d1_24 = nearest(d1_52, REST_BITS) * (-1 if d1_negative else 1)
        call = call10(d1_24, w52, spot_leg, strike_leg)
        phi1 = phi(d1_negative, tables()["phi"].numerator(d1_52, REST_BITS), 130)
        density60 = tables()["pdf"].numerator(d1_52, REST_BITS)
    price = nearest(call if case.call else call - intrinsic, CARRY_BITS)

    delta = call_delta = nearest(yield_discount * phi1, 130)
    density = nearest(yield_discount * density60, DISCOUNT_BITS + 130 - DENSITY_BITS)
    vega = nearest(case.spot * density * root54, DENSITY_BITS + ROOT_BITS)
    slope = (density << (SLOPE_BITS + W_BITS - DENSITY_BITS)) // divisor
    gamma = (slope << (GAMMA_BITS - SLOPE_BITS)) // case.spot
    spot_side, strike_side = case.spot * call_delta, case.spot * call_delta - (call << (DISCOUNT_BITS - CARRY_BITS))
    if not case.call:
        delta = call_delta - yield_discount
        spot_side -= spot_leg << (DISCOUNT_BITS - CARRY_BITS)
        strike_side -= strike_leg << (DISCOUNT_BITS - CARRY_BITS)
    rho = away(strike_side * case.seconds, YEAR << DISCOUNT_BITS)
    decay_bits = SLOPE_BITS + 2 * RATE_BITS + 1
    carried = (case.dividend * spot_side - case.rate * strike_side) << (decay_bits - RATE_BITS - DISCOUNT_BITS)
    theta = away(carried - case.spot * slope * case.vol**2, 1 << decay_bits)
    return price, delta, gamma, vega, theta, rho

"""The pricing algorithm of `docs/src/pricing/accuracy.md` in Python integers, written from that chapter and not from the Rust engine.

It uses the engine's coefficient tables (`cargo run -p zomma-gadgets --example function_tables`) and nothing else of it, and must agree with it
bit for bit. Fractional bits are in the names: `w52` is an integer over 2^52.
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
DISCOUNT_BITS = 60
DENSITY_BITS = 52
SLOPE_BITS = 60
GAMMA_BITS = 80


class Table:
    """Cubics of one function."""

    def __init__(self, frac_bits, segment_bits):
        self.frac_bits, self.segment_bits, self.rows = frac_bits, segment_bits, []

    def numerator(self, argument, rest_bits):
        """At `argument` >= 0 over 2^(segment_bits + 14 + rest_bits); the result is over 2^(frac_bits + 42 + rest_bits)."""
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

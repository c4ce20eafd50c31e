"""Options to price: the exact integers that the engine takes, and a seeded generator over the whole domain.

Prices are ticks in 1 .. 2^63 - 1; volatility, rate and dividend yield are integers over 2^RATE_BITS; a year has
31,536,000 s.
"""

import itertools
import math
import random
from dataclasses import dataclass

RATE_BITS = 38
YEAR = 31_536_000
MAX_PRICE = (1 << 63) - 1
MAX_SECONDS = 5 * YEAR
ONE = 1 << RATE_BITS
# Volatility from 0.01 to 5, rates from -0.5 to 1: the integers inside of these bounds.
MIN_VOL, MAX_VOL = -(-ONE // 100), 5 * ONE
MIN_RATE, MAX_RATE = -ONE // 2, ONE


@dataclass(frozen=True)
class Case:
    """One option. `forward` options have spot = forward and dividend = rate."""

    call: bool
    spot: int
    strike: int
    seconds: int
    vol: int
    rate: int
    dividend: int

    def line(self):
        """As the engine reads it."""
        kind = "call" if self.call else "put"
        return f"{kind} {self.spot} {self.strike} {self.seconds} {self.vol} {self.rate} {self.dividend}"

    def total_vol(self):
        return self.vol / ONE * math.sqrt(self.seconds / YEAR)

    def drift(self):
        return (self.rate - self.dividend) / ONE * self.seconds / YEAR


SECONDS = (0, 1, 2, 60, 3600, 86_400, 7 * 86_400, 30 * 86_400, YEAR, 2 * YEAR, MAX_SECONDS - 1, MAX_SECONDS)
VOLS = (MIN_VOL, MIN_VOL + 1, ONE // 10, ONE // 2, ONE, MAX_VOL - 1, MAX_VOL)
RATES = (MIN_RATE, MIN_RATE + 1, -1, 0, 1, ONE // 20, MAX_RATE - 1, MAX_RATE)
PRICES = (1, 2, 3, 1000, (1 << 32) - 1, 1 << 32, (1 << 62) - 1, 1 << 62, MAX_PRICE - 1, MAX_PRICE)


def _price(generator):
    """Half of all prices large enough that rounding to a tick hides nothing."""
    kind = generator.random()
    if kind < 0.1:
        return generator.choice(PRICES)
    if kind < 0.5:
        return generator.randrange(1 << 61, 1 << 63)
    return min(MAX_PRICE, max(1, int(2 ** generator.uniform(0, 63))))


def _seconds(generator):
    kind = generator.random()
    if kind < 0.3:
        return generator.choice(SECONDS)
    if kind < 0.6:
        return generator.randrange(MAX_SECONDS + 1)
    return int(2 ** generator.uniform(0, math.log2(MAX_SECONDS)))


def _vol(generator):
    kind = generator.random()
    if kind < 0.2:
        return generator.choice(VOLS)
    if kind < 0.4:
        return generator.randrange(MIN_VOL, MAX_VOL + 1)
    return min(MAX_VOL, max(MIN_VOL, int(2 ** generator.uniform(math.log2(0.01), math.log2(5)) * ONE)))


def _rate(generator):
    return generator.choice(RATES) if generator.random() < 0.3 else generator.randrange(MIN_RATE, MAX_RATE + 1)


def _strike(generator, case):
    """Around the forward in standard deviations, at the spot, or anywhere."""
    kind = generator.random()
    if kind < 0.08:
        return case.spot
    if kind < 0.16:
        return _price(generator)
    if kind < 0.24:
        deviations = 0.0
    elif kind < 0.6:
        deviations = generator.gauss(0, 1.5)
    else:
        deviations = generator.uniform(-10, 10)
    log_strike = math.log(case.spot) + case.drift() + deviations * case.total_vol() + case.total_vol() ** 2 / 2
    if log_strike < 0 or log_strike > math.log(MAX_PRICE):
        return _price(generator)
    return min(MAX_PRICE, max(1, round(case.spot * math.exp(log_strike - math.log(case.spot)))))


def draw(generator):
    """A case of the domain."""
    rate = _rate(generator)
    dividend = rate if generator.random() < 0.25 else _rate(generator)
    spot, seconds, vol, call = _price(generator), _seconds(generator), _vol(generator), generator.random() < 0.5
    case = Case(call, spot, spot, seconds, vol, rate, dividend)
    return Case(call, spot, _strike(generator, case), seconds, vol, rate, dividend)


def chunk(seed, index, size):
    """Chunk `index` of the cases of `seed`: the same whoever computes it."""
    generator = random.Random(f"{seed}/{index}")
    return [draw(generator) for _ in range(size)]


def corners():
    """Every combination of extremes, F = K included."""
    rates = [(0, 0), *itertools.product((MIN_RATE, MAX_RATE), repeat=2)]
    times_and_vols = itertools.product((0, 1, 86_400, MAX_SECONDS), (MIN_VOL, ONE // 2, MAX_VOL))
    cases = []
    for (seconds, vol), (rate, dividend), spot in itertools.product(times_and_vols, rates, (1, 1 << 32, MAX_PRICE)):
        strikes = {1, 2, spot - 1, spot, spot + 1, spot // 3, spot * 3, MAX_PRICE}
        for strike in sorted({min(MAX_PRICE, max(1, strike)) for strike in strikes}):
            cases += [Case(call, spot, strike, seconds, vol, rate, dividend) for call in (True, False)]
    return cases

"""Holds the pricing engine against mpmath, and against the double-precision world, over its whole domain.

    .tools/venv/bin/python tools/oracle/price_cases.py --cases 1000000

Draws cases from a seed, corners first; prices them with the native engine; then

- every output must be, to the integer, that of the independent model in engine_model.py;
- every error against 50 digits must be within the bound that docs/src/pricing/accuracy.md derives;
- the error of an undiscounted price, rounding to ticks aside, must be at most 2^-49 max(F, K);
- for each twentieth case the same holds for its 33 scenario prices;
- Greeks of the judge itself must be finite differences of its prices, for each hundredth case;
- each tenth price must agree with QuantLib and py_lets_be_rational as far as double precision goes.

Prints the worst of each; exits with 1 if anything is violated.
"""

import argparse
import math
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import mpmath
from mpmath import mpf

import cases
import cross_checks
import engine_model
import judge
import risk_model

ROOT = Path(__file__).resolve().parents[2]
CHUNK = 2500
# Each such case is also priced under every scenario.
SCENARIO_STRIDE = 20
TARGET = 2.0**-49
# Central differences with steps of 1e-10 in d1, at 50 digits.
DERIVATIVE_LIMIT = 1e-14
ENGINE = None


def build_engine():
    """Builds the example that wraps the engine, with overflow checks; returns its path."""
    command = ["cargo", "build", "--quiet", "--package", "zomma-circuits", "--example", "oracle_cases"]
    subprocess.run(command, cwd=ROOT, check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/examples/oracle_cases"


def run_engine(task, batch):
    """The engine's integers for each case."""
    lines = "".join(f"{task} {case.line()}\n" for case in batch)
    done = subprocess.run([ENGINE], input=lines, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the engine failed: {done.stderr.strip()}")
    return [tuple(map(int, line.split())) for line in done.stdout.splitlines()]


class Worst:
    """The greatest value seen under each name, with its case."""

    def __init__(self):
        self.found = {}

    def see(self, name, value, case):
        if name not in self.found or value > self.found[name][0]:
            self.found[name] = (value, case)

    def merge(self, other):
        for name, (value, case) in other.found.items():
            self.see(name, value, case)


def judge_batch(batch):
    """Worst errors of a batch, and what it violates."""
    worst, violations = Worst(), []
    for index, (case, outputs) in enumerate(zip(batch, run_engine("value", batch), strict=True)):
        if outputs != engine_model.value(case):
            violations.append(f"engine and model differ: {case}: {outputs} is not {engine_model.value(case)}")
        exact = judge.truth(case)
        errors, allowed = judge.errors(outputs, exact), judge.bounds(case, exact)
        for name, error in errors.items():
            if error:
                worst.see(f"{name}: error / bound", error / allowed[name] if allowed[name] else math.inf, case)
            if error > allowed[name]:
                violations.append(f"{name} is off by {error}, beyond {allowed[name]}: {case}: {outputs}")
        undiscounted = errors["price"] / float(max(exact.spot_leg, exact.strike_leg))
        worst.see("price: error / max(F, K)", undiscounted, case)
        if undiscounted > TARGET:
            violations.append(f"price error above 2^-49 max(F, K): {case}: {outputs}")
        if index % 100 == 0 and case.seconds:
            for name, difference in judge.derivative_errors(case).items():
                worst.see(f"judge's {name} - finite difference", difference, case)
                if difference > DERIVATIVE_LIMIT:
                    violations.append(f"the judge's {name} is no derivative: {case}: {difference}")
        if index % 10 == 0:
            for name, difference, limit in cross_checks.compare(case, outputs[0], exact):
                worst.see(f"{name}: difference / max(F, K)", difference, case)
                if difference > limit:
                    violations.append(f"{name} differs by {float(difference)}: {case}: {outputs}")
    judge_scenarios(batch[::SCENARIO_STRIDE], worst, violations)
    return len(batch), worst, violations


def judge_scenarios(batch, worst, violations):
    """The same for the prices of the risk array."""
    for case, prices in zip(batch, run_engine("risk", batch), strict=True):
        modelled = risk_model.prices(case)
        if max(modelled) >> 63:
            modelled = ()
        if prices != tuple(modelled):
            violations.append(f"engine and model differ in scenarios: {case}: {prices} is not {modelled}")
        # Nothing to judge where the prices do not fit their lanes.
        truths = risk_model.true_prices(case) if prices else ()
        for scenario, price, (exact, largest) in zip(risk_model.scenarios(), prices, truths):
            error = float(max(mpf(0), abs(price - exact) - risk_model.rounding_ticks(scenario)) / largest)
            worst.see("scenario price: error / max(F, K)", error, case)
            if error > judge.constants()["scenario"]:
                violations.append(f"scenario price off by {error}: {scenario}: {case}: {price}")


def work(job):
    seed, index, size = job
    return judge_batch(cases.corners() if index is None else cases.chunk(seed, index, size))


def jobs_of(seed, count):
    """The corners and `count` random cases, in chunks that depend on the seed alone."""
    yield seed, None, 0
    for index, start in enumerate(range(0, count, CHUNK)):
        yield seed, index, min(CHUNK, count - start)


def main():
    global ENGINE
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20_000, help="random cases besides the corners (20000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--engine", type=Path, help="a built example `oracle_cases`, instead of building one")
    arguments = parser.parse_args()
    start = time.monotonic()
    ENGINE = arguments.engine or build_engine()
    engine_model.tables()

    total, worst, violations = 0, Worst(), []
    with multiprocessing.get_context("fork").Pool(arguments.processes) as pool:
        for count, found, broken in pool.imap_unordered(work, jobs_of(arguments.seed, arguments.cases)):
            total += count
            worst.merge(found)
            violations += broken
            if sys.stderr.isatty():
                print(f"\r{total} cases", end="", file=sys.stderr)

    seconds = time.monotonic() - start
    print(f"{total} cases, seed {arguments.seed}, {seconds:.0f} s; mpmath {mpmath.__version__}, {judge.DIGITS} digits")
    for name, (value, case) in sorted(worst.found.items()):
        size = f"2^{float(mpmath.log(value, 2)):.2f}" if value else "0"
        print(f"{name:<45} {size:>9}   at {case.line()}")
    for violation in violations[:20]:
        print(f"violated: {violation}", file=sys.stderr)
    print(f"{len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())

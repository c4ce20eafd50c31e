"""Values of the tabulated functions by mpmath, as vectors for the tests of `gadgets/src/functions`.

Writes one line per sample, `table,segment,lo,rest,rest_bits,value`: the function at
u = (segment + lo / 2^14 + rest / 2^(14 + rest_bits)) / 2^s, times 2^(Q + 40), to nearest.
Knows the tables only by their shape, not by their coefficients.

    python tools/oracle/function_vectors.py --seed 1 --count 250 > gadgets/src/functions/data/vectors.csv
"""

import argparse
import random

import mpmath

LOCAL_BITS = 14
VALUE_EXTRA_BITS = 40

# name: function, fractional bits Q, segment bits s, rows
TABLES = {
    "phi": (mpmath.ncdf, 60, 10, 9217),
    "pdf": (mpmath.npdf, 60, 10, 9217),
    "exp": (lambda u: mpmath.exp(u - mpmath.mpf(5) / 2), 60, 11, 7681),
    "ln": (lambda u: mpmath.log(1 + u), 60, 13, 8193),
}


def sample(generator, rows):
    """A segment, a grid point and a rest, each at an end of its range in a good part of the samples."""
    segment = generator.choice([0, 1, rows - 2, rows - 1, *(generator.randrange(rows) for _ in range(12))])
    top = (1 << LOCAL_BITS) - 1
    lo = generator.choice([0, top, top // 2, generator.randrange(top + 1)])
    rest_bits = generator.choice([0, 1, 28, 35, 36])
    half = (1 << rest_bits) // 2
    rest = generator.choice([-half, half - 1, generator.randrange(-half, half)]) if rest_bits else 0
    return segment, lo, rest, rest_bits


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True, help="samples per table")
    arguments = parser.parse_args()
    mpmath.mp.dps = 60
    generator = random.Random(arguments.seed)
    print(f"# function_vectors.py --seed {arguments.seed} --count {arguments.count}; mpmath {mpmath.__version__}")
    for name, (function, frac_bits, segment_bits, rows) in TABLES.items():
        for _ in range(arguments.count):
            segment, lo, rest, rest_bits = sample(generator, rows)
            local = mpmath.mpf((lo << rest_bits) + rest) / (1 << (LOCAL_BITS + rest_bits))
            value = function((segment + local) / (1 << segment_bits))
            scaled = int(mpmath.nint(mpmath.ldexp(value, frac_bits + VALUE_EXTRA_BITS)))
            print(f"{name},{segment},{lo},{rest},{rest_bits},{scaled}")


if __name__ == "__main__":
    main()

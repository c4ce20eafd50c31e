"""EdDSA-Poseidon on Baby Jubjub, as circomlibjs does it: verification only, from EIP-2494 and RFC 8032.

Points are affine pairs of integers; arithmetic is done in projective coordinates with the complete addition law of
Bernstein, Birkner, Joye, Lange and Peters ("Twisted Edwards curves", 2008), which has no exceptions on this curve.
"""

from poseidon import P, hash_inputs

A = 168700
D = 168696
ORDER = 2736030358979909402780800718157159386076813972158567259200215660948447373041
BASE8 = (
    5299619240641551281634865583518297030282874472190772894086521144482721001553,
    16950150798460657717958625567821834550301663161624707787222815936182638968203,
)
IDENTITY = (0, 1, 1)
WINDOW = 4


def on_curve(point):
    """Whether an affine point satisfies a x^2 + y^2 = 1 + d x^2 y^2."""
    x, y = point
    return (A * x * x + y * y - 1 - D * x * x * y * y) % P == 0


def add(first, second):
    """The complete addition law, projective."""
    x1, y1, z1 = first
    x2, y2, z2 = second
    a = z1 * z2 % P
    b = a * a % P
    c = x1 * x2 % P
    d = y1 * y2 % P
    e = D * c * d % P
    f = b - e
    g = b + e
    x3 = a * f % P * ((x1 + y1) * (x2 + y2) - c - d) % P
    y3 = a * g % P * (d - A * c) % P
    return x3, y3, f * g % P


def same(first, second):
    """Whether two projective points are one."""
    x1, y1, z1 = first
    x2, y2, z2 = second
    return (x1 * z2 - x2 * z1) % P == 0 and (y1 * z2 - y2 * z1) % P == 0


class Table:
    """Multiples of a point by window: one addition per window of the scalar."""

    def __init__(self, point):
        step = (*point, 1)
        self.windows = []
        for _ in range(0, 256, WINDOW):
            row = [IDENTITY]
            for _ in range((1 << WINDOW) - 1):
                row.append(add(row[-1], step))
            self.windows.append(row)
            step = add(row[-1], step)

    def multiply(self, scalar):
        """`scalar` times the point, for a scalar below 2^256."""
        total = IDENTITY
        for row in self.windows:
            total = add(total, row[scalar & ((1 << WINDOW) - 1)])
            scalar >>= WINDOW
        return total


_tables = {}


def table(point):
    """The table of a point, made once."""
    if point not in _tables:
        _tables[point] = Table(point)
    return _tables[point]


def valid_key(point):
    """A canonical point of the prime-order subgroup other than the identity."""
    x, y = point
    if not (0 <= x < P and 0 <= y < P and on_curve(point)) or point == (0, 1):
        return False
    return same(table(point).multiply(ORDER), IDENTITY)


def verify(key, message, signature):
    """Whether (R.x, R.y, S) is the signature of `key` over a field element: S B8 = R + 8 H(R, A, M) A."""
    r_x, r_y, s = signature
    if s >= ORDER or not on_curve((r_x, r_y)) or not on_curve(key):
        return False
    challenge = hash_inputs([r_x, r_y, *key, message])
    right = add((r_x, r_y, 1), table(key).multiply(8 * challenge % ORDER))
    return same(table(BASE8).multiply(s), right)


def self_check():
    """The base point of EIP-2494 lies in the subgroup."""
    assert valid_key(BASE8)
    assert not valid_key((0, 1)) and not valid_key((0, P - 1)) and not valid_key((1, 2))


if __name__ == "__main__":
    self_check()
    print("ok")

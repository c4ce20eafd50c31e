"""Poseidon over the BN254 scalar field, with the constants of circomlib, from nothing but the reference.

The constants are generated here by the Grain LFSR of the Poseidon paper (Grassi, Khovratovich, Rechberger, Roy,
Schofnegger, USENIX Security 2021, appendix E), with the rounds that circomlib uses. Nothing is taken from the Rust code.
"""

from functools import lru_cache

P = 21888242871839275222246405745257275088548364400416034343698204186575808495617
FIELD_BITS = 254
FULL_ROUNDS = 8
PARTIAL_ROUNDS = {2: 56, 3: 57, 4: 56, 5: 60, 6: 60}


def _grain(width):
    """Bits of the self-shrinking Grain LFSR for a prime field, x^5, and `width` lanes."""
    fields = [(1, 2), (0, 4), (FIELD_BITS, 12), (width, 12), (FULL_ROUNDS, 10), (PARTIAL_ROUNDS[width], 10)]
    state = [int(bit) for value, bits in fields for bit in format(value, f"0{bits}b")] + [1] * 30

    def step():
        bit = state[62] ^ state[51] ^ state[38] ^ state[23] ^ state[13] ^ state[0]
        state.pop(0)
        state.append(bit)
        return bit

    for _ in range(160):
        step()
    while True:
        selector, bit = step(), step()
        if selector:
            yield bit


@lru_cache(maxsize=None)
def constants(width):
    """Round constants (a list of `width` per round) and the MDS matrix."""
    bits = _grain(width)

    def integer():
        value = 0
        for _ in range(FIELD_BITS):
            value = value << 1 | next(bits)
        return value

    def below_modulus():
        while True:
            value = integer()
            if value < P:
                return value

    rounds = FULL_ROUNDS + PARTIAL_ROUNDS[width]
    round_constants = [[below_modulus() for _ in range(width)] for _ in range(rounds)]
    points = [integer() % P for _ in range(2 * width)]
    assert len(set(points)) == 2 * width
    matrix = [[pow(x + y, -1, P) for y in points[width:]] for x in points[:width]]
    return round_constants, matrix


def permute(state):
    """The permutation of any supported width."""
    width = len(state)
    round_constants, matrix = constants(width)
    half = FULL_ROUNDS // 2
    last = len(round_constants) - half
    for index, added in enumerate(round_constants):
        state = [lane + constant for lane, constant in zip(state, added)]
        if half <= index < last:
            state[0] = pow(state[0], 5, P)
        else:
            state = [pow(lane, 5, P) for lane in state]
        state = [sum(factor * lane for factor, lane in zip(row, state)) % P for row in matrix]
    return state


def _three_lanes():
    """A compression function for width 3 with everything in local variables: the model spends its time here."""
    round_constants, matrix = constants(3)
    (a0, a1, a2), (b0, b1, b2), (c0, c1, c2) = matrix
    half = FULL_ROUNDS // 2
    last = len(round_constants) - half
    plan = [(k0, k1, k2, not half <= index < last) for index, (k0, k1, k2) in enumerate(round_constants)]

    def compress(capacity, left, right):
        x, y, z = capacity, left, right
        for k0, k1, k2, full in plan:
            x += k0
            y += k1
            z += k2
            square = x * x % P
            x = square * square % P * x % P
            if full:
                square = y * y % P
                y = square * square % P * y % P
                square = z * z % P
                z = square * square % P * z % P
            x, y, z = (
                (a0 * x + a1 * y + a2 * z) % P,
                (b0 * x + b1 * y + b2 * z) % P,
                (c0 * x + c1 * y + c2 * z) % P,
            )
        return x

    return compress


compress = _three_lanes()


def hash_inputs(inputs):
    """circomlib's Poseidon(n): lane 0 of the permutation of [0, inputs...]."""
    return permute([0, *inputs])[0]


def self_check():
    """Vectors published with circomlib (test/poseidoncircuit.js)."""
    assert hash_inputs([1, 2]) == 7853200120776062878684798364095072458815029376092732009249414926327459813530
    assert compress(0, 1, 2) == hash_inputs([1, 2])
    assert hash_inputs([1, 2, 3, 4]) == 18821383157269793795438455681495246036402687001665670618754263018637548127333


if __name__ == "__main__":
    self_check()
    print("ok")

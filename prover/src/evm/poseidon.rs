//! The hash function as a Solidity library, written from the constants that everything else uses.

use std::fmt::Write as _;

use halo2curves::{bn256::Fr, ff::PrimeField};
use zomma_gadgets::poseidon::{FULL_ROUNDS, Permutation};

/// `contracts/src/Poseidon.sol`.
#[must_use]
pub fn poseidon_library() -> String {
    let parameters = Permutation::width_3().parameters();
    let constants: String = parameters.round_constants.iter().flatten().map(hex).collect();
    let mut matrix = String::new();
    for (i, row) in parameters.matrix.iter().enumerate() {
        for (j, weight) in row.iter().enumerate() {
            writeln!(matrix, "    uint256 private constant M{i}{j} = 0x{};", hex(weight))
                .expect("strings take everything");
        }
    }
    let size = parameters.round_constants.len() * 3 * 32;
    let half = FULL_ROUNDS / 2;
    let partial = parameters.partial_rounds;
    format!(
        r#"// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

// Written from the constants of the circuits; the tests compare with circomlibjs.

/// Poseidon over BN254's scalar field with three lanes, x^5 and circomlib's constants.
library Poseidon {{
    /// Where the round constants lie in memory.
    type Constants is uint256;

    uint256 private constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;

    // The matrix, by rows.
{matrix}
    bytes private constant ROUND_CONSTANTS =
        hex"{constants}";

    /// Copies the round constants to memory, once for any number of hashes.
    function load() internal pure returns (Constants constants) {{
        bytes memory table = ROUND_CONSTANTS;
        assembly ("memory-safe") {{
            constants := add(table, 0x20)
        }}
    }}

    /// The compression function f(c, a, b): lane 0 of the permutation of [c, a, b]. Inputs above the modulus count modulo it.
    ///
    /// Sums of up to five numbers below the modulus fit into a word, so that only products are reduced.
    function compress(Constants constants, uint256 c, uint256 a, uint256 b) internal pure returns (uint256 digest) {{
        assembly ("memory-safe") {{
            function power(x) -> y {{
                let square := mulmod(x, x, R)
                y := mulmod(mulmod(square, square, R), x, R)
            }}
            function mix(x, y, z) -> u, v, w {{
                u := add(add(mulmod(x, M00, R), mulmod(y, M01, R)), mulmod(z, M02, R))
                v := add(add(mulmod(x, M10, R), mulmod(y, M11, R)), mulmod(z, M12, R))
                w := add(add(mulmod(x, M20, R), mulmod(y, M21, R)), mulmod(z, M22, R))
            }}
            function full(at, x, y, z) -> u, v, w {{
                u, v, w := mix(
                    power(add(x, mload(at))),
                    power(add(y, mload(add(at, 0x20)))),
                    power(add(z, mload(add(at, 0x40))))
                )
            }}
            let at := constants
            c := mod(c, R)
            a := mod(a, R)
            b := mod(b, R)
            for {{ let end := add(at, mul({half}, 0x60)) }} lt(at, end) {{ at := add(at, 0x60) }} {{
                c, a, b := full(at, c, a, b)
            }}
            // Written out: a call of a function takes as much as three products.
            for {{ let end := add(at, mul({partial}, 0x60)) }} lt(at, end) {{ at := add(at, 0x60) }} {{
                let x := add(c, mload(at))
                let square := mulmod(x, x, R)
                x := mulmod(mulmod(square, square, R), x, R)
                let y := add(a, mload(add(at, 0x20)))
                let z := add(b, mload(add(at, 0x40)))
                c := add(add(mulmod(x, M00, R), mulmod(y, M01, R)), mulmod(z, M02, R))
                a := add(add(mulmod(x, M10, R), mulmod(y, M11, R)), mulmod(z, M12, R))
                b := add(add(mulmod(x, M20, R), mulmod(y, M21, R)), mulmod(z, M22, R))
            }}
            for {{ let end := add(constants, {size}) }} lt(at, end) {{ at := add(at, 0x60) }} {{
                c, a, b := full(at, c, a, b)
            }}
            digest := mod(c, R)
        }}
    }}
}}
"#
    )
}

/// 64 hex digits, most significant first.
fn hex(value: &Fr) -> String {
    let mut bytes = value.to_repr();
    bytes.reverse();
    hex::encode(bytes)
}

// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

/// What a folded proof claims, as public instances. Every one of them is below the scalar field's modulus.
///
/// | index | what |
/// |---|---|
/// | 0 .. 12 | the accumulator, 12 limbs of 88 bits |
/// | 12 | state root before the first batch |
/// | 13 | state root after the last batch |
/// | 14 | number of batches |
/// | 15 | digest of the batches' contexts |
/// | 16 | digest of all verifying keys below |
library Instances {
    uint256 internal constant COUNT = 17;
    uint256 internal constant OLD_ROOT = 12;
    uint256 internal constant NEW_ROOT = 13;
    uint256 internal constant BATCHES = 14;
    uint256 internal constant CONTEXTS = 15;
    uint256 internal constant KEYS = 16;
}

// The order of BN254's groups: what instances and words are below.
uint256 constant FIELD_MODULUS = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;

interface IFoldVerifier {
    /// Reverts unless `proof` proves `instances`.
    function verify(uint256[17] calldata instances, bytes calldata proof) external view;
}

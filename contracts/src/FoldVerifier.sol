// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {FIELD_MODULUS, IFoldVerifier, Instances} from "./IFoldVerifier.sol";

/// A strict front for the generated verifier, which is a contract of its own.
///
/// What the generated verifier leaves open is checked here: it reduces instances modulo r, so that old_root + r would do
/// for old_root; it ignores calldata after the proof; a call to an address without code succeeds; and a point off the
/// curve burns all gas that the call is given.
contract FoldVerifier is IFoldVerifier {
    /// The generated verifier.
    address public immutable generated;
    /// The hash of its code, when this contract was made.
    bytes32 public immutable generatedCodeHash;
    /// Bytes of a proof.
    uint256 public immutable proofLength;
    /// Gas that the generated verifier is given.
    uint256 public immutable gasLimit;

    /// The address has no code, or no longer the code it had.
    error NotTheVerifier(address generated);
    /// An instance is not below r.
    error InstanceOutOfRange(uint256 index);
    /// The proof has another length.
    error ProofLength(uint256 expected, uint256 found);
    /// Less gas is left than the generated verifier is to be given.
    error NotEnoughGas(uint256 expected, uint256 found);
    /// The generated verifier does not accept the proof.
    error ProofRejected();

    constructor(address generated_, uint256 proofLength_, uint256 gasLimit_) {
        require(generated_.code.length > 0, NotTheVerifier(generated_));
        generated = generated_;
        generatedCodeHash = generated_.codehash;
        proofLength = proofLength_;
        gasLimit = gasLimit_;
    }

    /// @inheritdoc IFoldVerifier
    function verify(uint256[17] calldata instances, bytes calldata proof) external view {
        for (uint256 i = 0; i < Instances.COUNT; ++i) {
            require(instances[i] < FIELD_MODULUS, InstanceOutOfRange(i));
        }
        require(proof.length == proofLength, ProofLength(proofLength, proof.length));
        require(generated.codehash == generatedCodeHash, NotTheVerifier(generated));
        bytes memory data = abi.encodePacked(instances, proof);
        // A call passes on 63 of 64 parts of what is left at most; with less than the limit, a good proof would look bad.
        uint256 available = gasleft() - gasleft() / 64;
        require(available > gasLimit, NotEnoughGas(gasLimit, available));
        (bool success, bytes memory answer) = generated.staticcall{gas: gasLimit}(data);
        require(success && answer.length == 0, ProofRejected());
    }
}

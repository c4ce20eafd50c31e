// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {FoldVerifier} from "../src/FoldVerifier.sol";
import {FIELD_MODULUS} from "../src/IFoldVerifier.sol";
import {Base} from "./Base.sol";
import {StandInGenerated} from "./Doubles.sol";

contract FoldVerifierTest is Base {
    uint256 private constant PROOF_LENGTH = 96;
    uint256 private constant GAS_LIMIT = 500_000;

    StandInGenerated private generated = new StandInGenerated();
    FoldVerifier private verifier = new FoldVerifier(address(generated), PROOF_LENGTH, GAS_LIMIT);
    uint256[17] private instances;
    bytes private proof;

    function setUp() public {
        for (uint256 i = 0; i < instances.length; ++i) {
            instances[i] = FIELD_MODULUS - 1 - i;
        }
        proof = new bytes(PROOF_LENGTH);
        proof[7] = 0x42;
        generated.expect(abi.encodePacked(instances, proof));
    }

    function test_passes_on_instances_and_proof() public view {
        verifier.verify(instances, proof);
    }

    function testFuzz_instances_are_below_the_modulus(uint256 index, uint256 value) public {
        index = within(index, 0, 16);
        instances[index] = within(value, FIELD_MODULUS, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(FoldVerifier.InstanceOutOfRange.selector, index));
        verifier.verify(instances, proof);
    }

    function testFuzz_proofs_have_one_length(uint256 length) public {
        length = within(length, 0, 3 * PROOF_LENGTH);
        if (length == PROOF_LENGTH) length += 1;
        vm.expectRevert(abi.encodeWithSelector(FoldVerifier.ProofLength.selector, PROOF_LENGTH, length));
        verifier.verify(instances, new bytes(length));
    }

    function test_refuses_what_the_generated_verifier_refuses() public {
        generated.behave(StandInGenerated.Manner.Revert);
        vm.expectRevert(abi.encodeWithSelector(FoldVerifier.ProofRejected.selector));
        verifier.verify(instances, proof);
    }

    function test_refuses_an_answer() public {
        generated.behave(StandInGenerated.Manner.Answer);
        vm.expectRevert(abi.encodeWithSelector(FoldVerifier.ProofRejected.selector));
        verifier.verify(instances, proof);
    }

    function test_burns_no_more_than_the_limit() public {
        generated.behave(StandInGenerated.Manner.Burn);
        uint256 before = gasleft();
        vm.expectRevert(abi.encodeWithSelector(FoldVerifier.ProofRejected.selector));
        verifier.verify(instances, proof);
        holds(before - gasleft() < GAS_LIMIT + 100_000, "only the limit is burned");
    }

    function test_refuses_when_little_gas_is_left() public view {
        bytes memory call = abi.encodeCall(verifier.verify, (instances, proof));
        (bool success, bytes memory reason) = address(verifier).staticcall{gas: GAS_LIMIT}(call);
        holds(!success, "too little gas");
        holds(bytes4(reason) == FoldVerifier.NotEnoughGas.selector, "for this reason");
    }

    function test_needs_the_code_that_it_was_made_with() public {
        vm.expectRevert(abi.encodeWithSelector(FoldVerifier.NotTheVerifier.selector, address(1234)));
        new FoldVerifier(address(1234), PROOF_LENGTH, GAS_LIMIT);

        // A contract that stops at once, and so accepts everything.
        vm.etch(address(generated), hex"00");
        vm.expectRevert(abi.encodeWithSelector(FoldVerifier.NotTheVerifier.selector, address(generated)));
        verifier.verify(instances, proof);
        vm.etch(address(generated), "");
        vm.expectRevert(abi.encodeWithSelector(FoldVerifier.NotTheVerifier.selector, address(generated)));
        verifier.verify(instances, proof);
    }
}

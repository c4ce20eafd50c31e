// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Contexts, Payment} from "../src/Contexts.sol";
import {FIELD_MODULUS} from "../src/IFoldVerifier.sol";
import {Poseidon} from "../src/Poseidon.sol";
import {Base} from "./Base.sol";

/// Calls the libraries from outside, so that lists are calldata.
contract Caller {
    function digest(uint256[13] calldata words) external pure returns (uint256) {
        return Contexts.digest(Poseidon.load(), words);
    }

    function payments(Payment[] calldata list) external pure returns (uint256) {
        return Contexts.payments(Poseidon.load(), list);
    }
}

/// Digests against circomlibjs 0.1.7: each expected number was made with its `poseidon(inputs, capacity)`.
contract ContextsTest is Base {
    address private constant ALICE = 0x1111111111111111111111111111111111111111;
    address private constant BOB = 0x2222222222222222222222222222222222222222;
    Caller private caller = new Caller();

    function test_compression_is_circomlibs() public pure {
        Poseidon.Constants constants = Poseidon.load();
        equal(0x115cc0f5e7d690413df64c6b9662e9cf2a3617f2743245519e19607a4417189a, Poseidon.compress(constants, 0, 1, 2));
        equal(0x0af7b1071d8500d229880bcb82421d125ee9cc4a9c0d08d0f1e8b9f1e8d56ec6, Poseidon.compress(constants, 7, 8, 9));
        uint256 last = FIELD_MODULUS - 1;
        equal(
            0x16684917775af161d7763546f66d44fe5e04a519dc1a073ffafcc97bcd22c0bb,
            Poseidon.compress(constants, last, last, last)
        );
    }

    function testFuzz_compression_reduces_its_inputs(uint256 c, uint256 a, uint256 b) public pure {
        Poseidon.Constants constants = Poseidon.load();
        uint256 reduced = Poseidon.compress(constants, c % FIELD_MODULUS, a % FIELD_MODULUS, b % FIELD_MODULUS);
        equal(reduced, Poseidon.compress(constants, c, a, b));
        holds(reduced < FIELD_MODULUS, "digests are reduced");
    }

    function test_contexts() public view {
        equal(0x29c11444bac72d86db62d75b0de033d73c6ea7bc41883f372838fc7e854195fd, caller.digest(counting()));
    }

    function testFuzz_words_have_one_form(uint256 word, uint256 value) public {
        uint256[13] memory words = counting();
        word = within(word, 0, 12);
        words[word] = within(value, FIELD_MODULUS, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(Contexts.WordOutOfRange.selector, word));
        caller.digest(words);
    }

    function test_batches_are_folded_as_a_tree() public pure {
        equal(0x0f50602aad5d10e43065156aef776c8d2fc5c900a34588b3aa8dd67aa4535e71, folded(1));
        equal(0x1e092cd744795cc56e56ec8c37ce164de79caeea9dc5bba138ac4ac9fd3497fc, folded(2));
        equal(0x224aaf5386305c073f25b72ffcdec6038e465661c5034513d64d35330341c035, folded(3));
        equal(0x23b45f33824de42acd82ffe33f4840aa738a7a0dd527be7ced06977267104447, folded(5));
    }

    function test_payments() public view {
        Payment[] memory list = new Payment[](2);
        list[0] = Payment(ALICE, 5, 1000);
        list[1] = Payment(BOB, 6, (1 << 63) - 1);
        equal(0x286905bac14fd3c71880915c776407e7a40426aede642288b245ebb90c8457f6, caller.payments(list));
        equal(Contexts.TAG_WITHDRAWALS, caller.payments(new Payment[](0)));
    }

    function test_queues() public pure {
        Poseidon.Constants constants = Poseidon.load();
        uint256 deposits = Contexts.queued(constants, Contexts.TAG_DEPOSITS, ALICE, 5, 1000, 0);
        deposits = Contexts.queued(constants, deposits, BOB, 6, 77, 1);
        equal(0x10338aecb45f7c34f22fb28355c08dd037f5d6956ad010562289b8cc4d8b2aeb, deposits);
        uint256 forced = Contexts.queued(constants, Contexts.TAG_FORCED, ALICE, 5, 1000, 3);
        equal(0x11699f9024cba6e36b800a55bfc614727036745858301772d9315ac12e055b6, forced);
    }

    function counting() private pure returns (uint256[13] memory words) {
        for (uint256 i = 0; i < words.length; ++i) {
            words[i] = i + 1;
        }
    }

    function folded(uint256 count) private pure returns (uint256) {
        uint256[] memory digests = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            digests[i] = i + 1;
        }
        return Contexts.fold(Poseidon.load(), digests);
    }
}

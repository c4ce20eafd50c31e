// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {FoldVerifier} from "../src/FoldVerifier.sol";
import {Payment} from "../src/Contexts.sol";
import {FIELD_MODULUS, Instances} from "../src/IFoldVerifier.sol";
import {Settlement} from "../src/Settlement.sol";
import {Base} from "./Base.sol";
import {Token} from "./Doubles.sol";

/// A proof that zomma made, with the verifier that it generated: three batches in two levels, wrapped.
///
/// `ZOMMA_FULL=1 ZOMMA_FIXTURE=... cargo test -p zomma-prover --lib whole` makes the fixture anew.
contract RealProofTest is Base {
    uint256 private constant GAS_LIMIT = 1_500_000;

    /// The first account of anvil, and the address of what it deploys with this nonce: the proof is for it.
    address private constant DEPLOYER = 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266;
    uint64 private constant NONCE = 4;
    address private constant SETTLEMENT = 0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9;

    FoldVerifier private verifier;
    uint256[17] private instances;
    bytes private proof;
    uint256[13][] private contexts;

    function setUp() public {
        string memory json = vm.readFile("test/fixtures/fold.json");
        bytes[] memory code = vm.parseJsonBytesArray(json, ".code");
        address next;
        // From the last part to the first, each told where the one behind it is.
        for (uint256 i = code.length; i > 0; --i) {
            next = deploy(i == code.length ? code[i - 1] : abi.encodePacked(code[i - 1], abi.encode(next)));
        }
        proof = vm.parseJsonBytes(json, ".proof");
        verifier = new FoldVerifier(next, proof.length, GAS_LIMIT);
        uint256[] memory list = vm.parseJsonUintArray(json, ".instances");
        for (uint256 i = 0; i < instances.length; ++i) {
            instances[i] = list[i];
        }
        list = vm.parseJsonUintArray(json, ".contexts");
        for (uint256 i = 0; i < list.length; ++i) {
            if (i % 13 == 0) contexts.push();
            contexts[i / 13][i % 13] = list[i];
        }
    }

    function settlement() private returns (Settlement made) {
        Settlement.Setup memory setup = Settlement.Setup({
            token: new Token(),
            unitsPerToken: 1,
            genesisRoot: instances[Instances.OLD_ROOT],
            genesisSequence: 0,
            paramsHash: 0xfeed,
            accounts: 1 << 24,
            maxAge: 1 hours,
            maxAhead: 1 minutes,
            forcedDeadline: 1 days,
            forcedFee: 0,
            verifier: verifier,
            keys: instances[Instances.KEYS],
            upgradeDelay: 14 days
        });
        vm.setNonce(DEPLOYER, NONCE);
        vm.prank(DEPLOYER);
        made = new Settlement(setup);
        equal(uint160(SETTLEMENT), uint160(address(made)));
        vm.warp(1_800_000_030);
    }

    function test_three_batches_are_settled_with_it() public {
        Settlement made = settlement();
        Payment[][] memory payments = new Payment[][](3);
        made.settle(instances, proof, contexts, payments);
        equal(instances[Instances.NEW_ROOT], made.stateRoot());
        equal(30, made.sequence());
        vm.expectRevert(
            abi.encodeWithSelector(
                Settlement.WrongOldRoot.selector, instances[Instances.NEW_ROOT], instances[Instances.OLD_ROOT]
            )
        );
        made.settle(instances, proof, contexts, payments);
    }

    function test_batches_are_not_settled_with_a_forged_root() public {
        Settlement made = settlement();
        instances[Instances.NEW_ROOT] ^= 1;
        vm.expectRevert(abi.encodeWithSelector(FoldVerifier.ProofRejected.selector));
        made.settle(instances, proof, contexts, new Payment[][](3));
    }

    function deploy(bytes memory creation) private returns (address made) {
        assembly {
            made := create(0, add(creation, 0x20), mload(creation))
        }
        holds(made != address(0), "deployed");
        holds(made.code.length <= 24_576, "within the limit of code");
    }

    function test_a_real_proof_is_accepted() public view {
        equal(3, instances[Instances.BATCHES]);
        verifier.verify(instances, proof);
    }

    function testFuzz_no_byte_of_it_can_change(uint256 at, uint8 flip) public {
        at = within(at, 0, proof.length - 1);
        proof[at] ^= bytes1(uint8(within(flip, 1, 255)));
        vm.expectRevert(abi.encodeWithSelector(FoldVerifier.ProofRejected.selector));
        verifier.verify(instances, proof);
    }

    function testFuzz_no_instance_can_change(uint256 index, uint256 value) public {
        index = within(index, 0, 16);
        value = within(value, 0, FIELD_MODULUS - 1);
        if (value == instances[index]) value ^= 1;
        instances[index] = value;
        vm.expectRevert(abi.encodeWithSelector(FoldVerifier.ProofRejected.selector));
        verifier.verify(instances, proof);
    }

    /// The generated verifier itself would accept both.
    function test_other_forms_of_the_same_are_refused() public {
        instances[Instances.OLD_ROOT] += FIELD_MODULUS;
        vm.expectRevert(abi.encodeWithSelector(FoldVerifier.InstanceOutOfRange.selector, Instances.OLD_ROOT));
        verifier.verify(instances, proof);
        instances[Instances.OLD_ROOT] -= FIELD_MODULUS;
        vm.expectRevert(abi.encodeWithSelector(FoldVerifier.ProofLength.selector, proof.length, proof.length + 1));
        verifier.verify(instances, bytes.concat(proof, hex"00"));
        (bool accepted,) = verifier.generated().staticcall(abi.encodePacked(instances, proof, hex"00"));
        holds(accepted, "what the front is for");
    }

    function test_the_identity_is_no_point() public {
        for (uint256 i = 0; i < 64; ++i) {
            proof[i] = 0;
        }
        vm.expectRevert(abi.encodeWithSelector(FoldVerifier.ProofRejected.selector));
        verifier.verify(instances, proof);
    }
}

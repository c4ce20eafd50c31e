// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {IFoldVerifier} from "../src/IFoldVerifier.sol";
import {KeyUpgrades} from "../src/KeyUpgrades.sol";
import {Settlement} from "../src/Settlement.sol";
import {StandInVerifier} from "./Doubles.sol";
import {Venue} from "./Venue.sol";

contract KeyUpgradesTest is Venue {
    address private constant ALICE = address(0xa11ce);
    address private constant BOB = address(0xb0b);
    address private constant CAROL = address(0xca401);
    uint256 private constant NEW_KEYS = 0xcafe;

    StandInVerifier private next;

    function setUp() public {
        deploy();
        next = new StandInVerifier();
        deposit(ALICE, 1, 60);
        deposit(BOB, 2, 30);
        settle(submission(one(Batch(2, 2, 0, noPayments()))));
    }

    function announce(address owner) private {
        vm.prank(owner);
        settlement.announceUpgrade(next, NEW_KEYS);
    }

    function approve(address owner) private {
        vm.prank(owner);
        settlement.approveUpgrade();
    }

    function pass(uint256 time) private {
        vm.warp(block.timestamp + time);
    }

    function withdraw(address owner, uint64 amount) private {
        settle(submission(one(Batch(1, 0, 0, onePayment(owner, amount)))));
    }

    function test_two_thirds_change_the_keys_after_the_delay() public {
        announce(BOB);
        approve(ALICE);
        pass(UPGRADE_DELAY);
        settlement.activateUpgrade();
        equal(NEW_KEYS, settlement.keys());
        equal(uint160(address(next)), uint160(address(settlement.verifier())));
        // Once.
        vm.expectRevert(abi.encodeWithSelector(KeyUpgrades.NothingAnnounced.selector));
        settlement.activateUpgrade();
        // And proofs go on with the new ones only.
        Submission memory made = submission(one(Batch(1, 0, 0, noPayments())));
        made.instances[16] = KEYS;
        seal(made);
        vm.expectRevert(abi.encodeWithSelector(Settlement.WrongKeys.selector, NEW_KEYS, KEYS));
        settle(made);
    }

    function test_not_before_the_delay() public {
        announce(ALICE);
        approve(ALICE);
        pass(UPGRADE_DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(KeyUpgrades.TooEarly.selector, NOW + UPGRADE_DELAY));
        settlement.activateUpgrade();
        pass(1);
        settlement.activateUpgrade();
    }

    function test_not_after_the_window() public {
        announce(ALICE);
        approve(ALICE);
        pass(UPGRADE_DELAY + 30 days);
        vm.expectRevert(abi.encodeWithSelector(KeyUpgrades.NothingAnnounced.selector));
        settlement.activateUpgrade();
        // Another announcement may follow, with approvals of its own.
        announce(ALICE);
        pass(UPGRADE_DELAY);
        vm.expectRevert(abi.encodeWithSelector(KeyUpgrades.NotApproved.selector, 0, 9000));
        settlement.activateUpgrade();
    }

    function test_less_than_two_thirds_do_not() public {
        announce(ALICE);
        approve(BOB);
        pass(UPGRADE_DELAY);
        vm.expectRevert(abi.encodeWithSelector(KeyUpgrades.NotApproved.selector, 3000, 9000));
        settlement.activateUpgrade();
        approve(ALICE);
        settlement.activateUpgrade();
    }

    function test_announcements_exclude_one_another() public {
        announce(ALICE);
        vm.expectRevert(abi.encodeWithSelector(KeyUpgrades.AnnouncementStands.selector, 1));
        announce(BOB);
    }

    function test_announcing_takes_a_hundredth() public {
        vm.expectRevert(abi.encodeWithSelector(KeyUpgrades.NotEnoughStake.selector, 91, 0));
        announce(CAROL);
        // Of 6088, 88 are enough, and 60 are not.
        withdraw(BOB, 2912);
        announce(BOB);
        pass(UPGRADE_DELAY + 30 days);
        withdraw(BOB, 28);
        vm.expectRevert(abi.encodeWithSelector(KeyUpgrades.NotEnoughStake.selector, 61, 60));
        announce(BOB);
    }

    function test_verifiers_have_code() public {
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(KeyUpgrades.NoVerifier.selector, CAROL));
        settlement.announceUpgrade(IFoldVerifier(CAROL), NEW_KEYS);
    }

    function test_what_comes_later_does_not_count() public {
        announce(BOB);
        deposit(CAROL, 3, 1000);
        vm.expectRevert(abi.encodeWithSelector(KeyUpgrades.NothingToApproveWith.selector, CAROL));
        approve(CAROL);
        deposit(BOB, 2, 1000);
        approve(BOB);
        pass(UPGRADE_DELAY);
        vm.expectRevert(abi.encodeWithSelector(KeyUpgrades.NotApproved.selector, 3000, 9000));
        settlement.activateUpgrade();
    }

    function test_approving_counts_once() public {
        announce(ALICE);
        approve(BOB);
        vm.expectRevert(abi.encodeWithSelector(KeyUpgrades.NothingToApproveWith.selector, BOB));
        approve(BOB);
        vm.expectRevert(abi.encodeWithSelector(KeyUpgrades.NothingToApproveWith.selector, CAROL));
        approve(CAROL);
    }

    function test_who_leaves_takes_the_approval_along() public {
        announce(ALICE);
        approve(ALICE);
        withdraw(ALICE, 4000);
        pass(UPGRADE_DELAY);
        vm.expectRevert(abi.encodeWithSelector(KeyUpgrades.NotApproved.selector, 2000, 9000));
        settlement.activateUpgrade();
    }

    function test_who_has_left_approves_with_the_rest() public {
        announce(ALICE);
        withdraw(ALICE, 5000);
        approve(ALICE);
        (,,, uint256 approvals,) = settlement.announcement();
        equal(1000, approvals);
    }

    function test_profits_are_no_stake() public {
        withdraw(BOB, 5000);
        equal(0, settlement.stakeOf(BOB));
        equal(6000, settlement.totalStake());
        vm.expectRevert(abi.encodeWithSelector(KeyUpgrades.NothingAnnounced.selector));
        approve(ALICE);
    }
}

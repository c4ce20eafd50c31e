// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Contexts, Payment} from "../src/Contexts.sol";
import {IFoldVerifier, Instances} from "../src/IFoldVerifier.sol";
import {KeyUpgrades} from "../src/KeyUpgrades.sol";
import {Settlement} from "../src/Settlement.sol";
import {StandInVerifier} from "./Doubles.sol";
import {Venue} from "./Venue.sol";

/// What a submission must be to be settled, and what settling it does.
contract SettlementTest is Venue {
    address private constant ALICE = address(0xa11ce);
    address private constant BOB = address(0xb0b);
    address private constant PROVER = address(0x9704e4);

    function setUp() public {
        deploy();
    }

    function quiet(uint64 transactions) private pure returns (Batch memory) {
        return Batch(transactions, 0, 0, noPayments());
    }

    function test_state_advances() public {
        Batch[] memory batches = new Batch[](3);
        (batches[0], batches[1], batches[2]) = (quiet(10), quiet(0), quiet(5));
        Submission memory made = submission(batches);
        vm.expectEmit(address(settlement));
        emit Settlement.Settled(GENESIS_ROOT, GENESIS_ROOT + 22, 3, 22);
        settle(made);
        equal(GENESIS_ROOT + 22, settlement.stateRoot());
        equal(22, settlement.sequence());

        made = submission(one(quiet(1)));
        settle(made);
        equal(23, settlement.sequence());
    }

    function test_nothing_is_settled_twice() public {
        Submission memory made = submission(one(quiet(10)));
        settle(made);
        uint256 root = settlement.stateRoot();
        vm.expectRevert(abi.encodeWithSelector(Settlement.WrongOldRoot.selector, root, GENESIS_ROOT));
        settle(made);
        // Neither with the root corrected: the batch's sequence numbers are in its context.
        made.instances[Instances.OLD_ROOT] = root;
        seal(made);
        uint256 range = made.contexts[0][Contexts.SEQUENCE];
        vm.expectRevert(abi.encodeWithSelector(Settlement.WrongSequence.selector, 0, 17, range));
        settle(made);
    }

    function test_old_root_plus_modulus_is_another_root() public {
        Submission memory made = submission(one(quiet(1)));
        uint256 shifted = GENESIS_ROOT + 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
        made.instances[Instances.OLD_ROOT] = shifted;
        seal(made);
        vm.expectRevert(abi.encodeWithSelector(Settlement.WrongOldRoot.selector, GENESIS_ROOT, shifted));
        settle(made);
    }

    function test_batches_stay_in_order() public {
        Batch[] memory batches = new Batch[](2);
        (batches[0], batches[1]) = (quiet(10), quiet(5));
        Submission memory made = submission(batches);
        (made.contexts[0], made.contexts[1]) = (made.contexts[1], made.contexts[0]);
        seal(made);
        uint256 range = made.contexts[0][Contexts.SEQUENCE];
        vm.expectRevert(abi.encodeWithSelector(Settlement.WrongSequence.selector, 0, GENESIS_SEQUENCE, range));
        settle(made);
    }

    function test_sequences_have_no_gaps_and_do_not_go_back() public {
        uint256[3] memory ranges = [uint256(8) | (9 << 64), uint256(7) | (6 << 64), uint256(7) | (9 << 64) | (1 << 128)];
        uint256[3] memory from = [uint256(7), 7, 7];
        for (uint256 i = 0; i < ranges.length; ++i) {
            Submission memory made = submission(one(quiet(1)));
            made.contexts[0][Contexts.SEQUENCE] = ranges[i];
            seal(made);
            vm.expectRevert(abi.encodeWithSelector(Settlement.WrongSequence.selector, 0, from[i], ranges[i]));
            settle(made);
        }
    }

    function testFuzz_every_instance_is_bound(uint256 index, uint256 value) public {
        Submission memory made = submission(one(quiet(3)));
        index = within(index, 0, 16);
        if (value == made.instances[index]) value += 1;
        made.instances[index] = value;
        bytes memory reason;
        if (index == Instances.KEYS) {
            reason = abi.encodeWithSelector(Settlement.WrongKeys.selector, KEYS, value);
        } else if (index == Instances.OLD_ROOT) {
            reason = abi.encodeWithSelector(Settlement.WrongOldRoot.selector, GENESIS_ROOT, value);
        } else if (index == Instances.BATCHES) {
            reason = abi.encodeWithSelector(Settlement.WrongBatches.selector, value, 1);
        } else if (index == Instances.CONTEXTS) {
            reason = abi.encodeWithSelector(Settlement.WrongContexts.selector, value, digest(made.contexts));
        } else {
            reason = abi.encodeWithSelector(StandInVerifier.StandInRejects.selector);
        }
        vm.expectRevert(reason);
        settle(made);
    }

    function testFuzz_every_word_of_a_context_is_bound(uint256 index, uint256 value) public {
        Submission memory made = submission(one(quiet(3)));
        index = within(index, 0, 12);
        value = within(value, 0, 1 << 250);
        if (value == made.contexts[0][index]) value += 1;
        made.contexts[0][index] = value;
        // Either it is checked, or the digest differs from the proven one.
        (bool success, bytes memory reason) = address(settlement)
            .call(abi.encodeCall(settlement.settle, (made.instances, made.proof, made.contexts, made.payments)));
        holds(!success, "refused");
        bytes4[13] memory reasons = [
            Settlement.WrongVenue.selector,
            Settlement.WrongContexts.selector,
            Settlement.WrongParams.selector,
            Settlement.WrongSequence.selector,
            Settlement.WrongWindow.selector,
            Settlement.WrongContexts.selector,
            Settlement.WrongContexts.selector,
            Settlement.WrongContexts.selector,
            Settlement.WrongContexts.selector,
            Settlement.WrongDeposits.selector,
            Settlement.WrongWithdrawals.selector,
            Settlement.WrongForced.selector,
            Settlement.WrongCursors.selector
        ];
        holds(bytes4(reason) == reasons[index], "for its reason");
    }

    function test_proof_is_checked() public {
        Submission memory made = submission(one(quiet(1)));
        made.proof[3] ^= 0x01;
        vm.expectRevert(abi.encodeWithSelector(StandInVerifier.StandInRejects.selector));
        settle(made);
    }

    function test_lists_are_as_long_as_the_proof_says() public {
        Submission memory made = submission(one(quiet(1)));
        made.payments = new Payment[][](2);
        vm.expectRevert(abi.encodeWithSelector(Settlement.WrongBatches.selector, 1, 2));
        settle(made);
        made.contexts = new uint256[13][](0);
        vm.expectRevert(abi.encodeWithSelector(Settlement.WrongBatches.selector, 1, 0));
        settle(made);
    }

    function test_batches_of_another_venue() public {
        Submission memory made = submission(one(quiet(1)));
        uint256 ours = made.contexts[0][Contexts.VENUE];
        equal(ours, settlement.venue());
        made.contexts[0][Contexts.VENUE] = ours ^ 1;
        seal(made);
        vm.expectRevert(abi.encodeWithSelector(Settlement.WrongVenue.selector, 0, ours, ours ^ 1));
        settle(made);
    }

    function test_batches_with_other_parameters() public {
        Submission memory made = submission(one(quiet(1)));
        made.contexts[0][Contexts.PARAMS] = PARAMS + 1;
        seal(made);
        vm.expectRevert(abi.encodeWithSelector(Settlement.WrongParams.selector, 0, PARAMS, PARAMS + 1));
        settle(made);
    }

    function testFuzz_prices_are_of_now(uint256 from, uint256 to) public {
        from = within(from, NOW - 2 * MAX_AGE, NOW + 2 * MAX_AHEAD);
        to = within(to, NOW - 2 * MAX_AGE, NOW + 2 * MAX_AHEAD);
        Submission memory made = submission(one(quiet(1)));
        made.contexts[0][Contexts.WINDOW] = from + (to << 40);
        seal(made);
        bool timely = from <= to && from >= NOW - MAX_AGE && to <= NOW + MAX_AHEAD;
        if (!timely) vm.expectRevert(abi.encodeWithSelector(Settlement.WrongWindow.selector, 0, from, to));
        settle(made);
    }

    function test_windows_at_their_limits() public {
        Submission memory made = submission(one(quiet(1)));
        made.contexts[0][Contexts.WINDOW] = (NOW - MAX_AGE) + ((NOW + MAX_AHEAD) << 40);
        seal(made);
        settle(made);
    }

    function test_deposits_are_taken_in_order() public {
        deposit(ALICE, 5, 10);
        deposit(BOB, 6, 20);
        deposit(ALICE, 5, 30);
        settle(submission(one(Batch(2, 2, 0, noPayments()))));
        equal(2, settlement.depositCursor());

        // The queue has one more: two cannot be taken.
        Submission memory made = submission(one(Batch(2, 2, 0, noPayments())));
        uint256 cursors = made.contexts[0][Contexts.CURSORS];
        vm.expectRevert(abi.encodeWithSelector(Settlement.WrongCursors.selector, 0, cursors));
        settle(made);
        settle(submission(one(Batch(1, 1, 0, noPayments()))));
        equal(3, settlement.depositCursor());
        equal(6000, settlement.held());
    }

    function testFuzz_cursors_go_on_where_they_are(uint256 cursors) public {
        deposit(ALICE, 5, 10);
        force(BOB, 6, 20);
        Submission memory made = submission(one(Batch(2, 1, 1, noPayments())));
        cursors = within(cursors, 0, 1 << 130);
        uint256 honest = made.contexts[0][Contexts.CURSORS];
        if (cursors == honest) return;
        made.contexts[0][Contexts.CURSORS] = cursors;
        seal(made);
        (bool success, bytes memory reason) = address(settlement)
            .call(abi.encodeCall(settlement.settle, (made.instances, made.proof, made.contexts, made.payments)));
        holds(!success, "refused");
        bytes4 why = bytes4(reason);
        bool known = why == Settlement.WrongCursors.selector || why == Settlement.WrongDeposits.selector
            || why == Settlement.WrongForced.selector;
        holds(known, "because of the queues");
    }

    function test_entries_are_taken_once() public {
        deposit(ALICE, 5, 10);
        force(ALICE, 5, 20);
        Submission memory first = submission(one(Batch(1, 1, 0, noPayments())));
        Submission memory second = submission(one(Batch(1, 0, 1, noPayments())));
        uint256[2] memory again =
            [first.contexts[0][Contexts.CURSORS], second.contexts[0][Contexts.CURSORS] + 1 + (1 << 32)];
        settle(first);
        Submission memory made = submission(one(quiet(1)));
        made.contexts[0][Contexts.CURSORS] = again[0];
        made.contexts[0][Contexts.DEPOSITS] = first.contexts[0][Contexts.DEPOSITS];
        seal(made);
        vm.expectRevert(abi.encodeWithSelector(Settlement.WrongCursors.selector, 0, again[0]));
        settle(made);

        Submission memory taken = submission(one(Batch(1, 0, 1, noPayments())));
        vm.prank(PROVER);
        settlement.settle(taken.instances, taken.proof, taken.contexts, taken.payments);
        made = submission(one(quiet(1)));
        made.contexts[0][Contexts.CURSORS] = again[1];
        made.contexts[0][Contexts.FORCED] = second.contexts[0][Contexts.FORCED];
        seal(made);
        vm.expectRevert(abi.encodeWithSelector(Settlement.WrongCursors.selector, 0, again[1]));
        settle(made);
    }

    function test_deposits_are_those_of_the_queue() public {
        deposit(ALICE, 5, 10);
        depositQueue[0].amount += 1;
        Submission memory made = submission(one(Batch(1, 1, 0, noPayments())));
        uint256 stated = made.contexts[0][Contexts.DEPOSITS];
        depositQueue[0].amount -= 1;
        uint256 queued = submission(one(Batch(1, 1, 0, noPayments()))).contexts[0][Contexts.DEPOSITS];
        vm.expectRevert(abi.encodeWithSelector(Settlement.WrongDeposits.selector, 0, stated, queued));
        settle(made);
    }

    function test_payments_are_owed_and_claimed() public {
        deposit(ALICE, 5, 10);
        settle(submission(one(Batch(2, 1, 0, onePayment(BOB, 950)))));
        equal(950, settlement.credit(BOB));
        equal(50, settlement.held());

        vm.expectRevert(abi.encodeWithSelector(Settlement.NothingToClaim.selector, ALICE));
        vm.prank(ALICE);
        settlement.claim(ALICE);

        // Nine tokens and a half: the half stays.
        vm.prank(BOB);
        equal(9, settlement.claim(ALICE));
        equal(9, token.balanceOf(ALICE));
        equal(50, settlement.credit(BOB));
    }

    function test_payments_are_those_of_the_batch() public {
        deposit(ALICE, 5, 10);
        Submission memory made = submission(one(Batch(2, 1, 0, onePayment(BOB, 950))));
        uint256 stated = made.contexts[0][Contexts.WITHDRAWALS];
        made.payments[0] = noPayments();
        vm.expectRevert(
            abi.encodeWithSelector(Settlement.WrongWithdrawals.selector, 0, stated, Contexts.TAG_WITHDRAWALS)
        );
        settle(made);
    }

    function test_no_more_is_owed_than_there_is() public {
        deposit(ALICE, 5, 10);
        Submission memory made = submission(one(Batch(2, 1, 0, onePayment(BOB, 1001))));
        vm.expectRevert(abi.encodeWithSelector(Settlement.Insolvent.selector, 1001, 1000));
        settle(made);
    }

    function test_demanded_withdrawals_cannot_be_passed_over() public {
        deposit(ALICE, 5, 10);
        force(ALICE, 5, 1000);
        vm.warp(NOW + FORCED_DEADLINE);
        settle(submission(one(Batch(1, 1, 0, noPayments()))));

        vm.warp(NOW + FORCED_DEADLINE + 1);
        Submission memory made = submission(one(quiet(1)));
        vm.expectRevert(abi.encodeWithSelector(Settlement.ForcedOverdue.selector, 0));
        settle(made);

        made = submission(one(Batch(1, 0, 1, onePayment(ALICE, 1000))));
        vm.prank(PROVER);
        settlement.settle(made.instances, made.proof, made.contexts, made.payments);
        equal(1, settlement.forcedCursor());
        equal(FORCED_FEE, PROVER.balance);
        equal(1000, settlement.credit(ALICE));
        // The queue is empty: batches without demanded withdrawals go on.
        settle(submission(one(quiet(1))));
    }

    function test_demands_are_those_of_the_queue() public {
        force(ALICE, 5, 1000);
        forcedQueue[0].owner = BOB;
        Submission memory made = submission(one(Batch(1, 0, 1, noPayments())));
        uint256 stated = made.contexts[0][Contexts.FORCED];
        forcedQueue[0].owner = ALICE;
        uint256 queued = submission(one(Batch(1, 0, 1, noPayments()))).contexts[0][Contexts.FORCED];
        vm.expectRevert(abi.encodeWithSelector(Settlement.WrongForced.selector, 0, stated, queued));
        settle(made);
    }

    function test_fees_must_be_accepted() public {
        force(ALICE, 5, 1000);
        Submission memory made = submission(one(Batch(1, 0, 1, noPayments())));
        // This contract takes no ether.
        vm.expectRevert(abi.encodeWithSelector(Settlement.FeeNotSent.selector));
        settle(made);
    }

    function test_setup_is_checked() public {
        Settlement.Setup memory bad = setup();
        bad.upgradeDelay = FORCED_DEADLINE;
        vm.expectRevert(abi.encodeWithSelector(KeyUpgrades.TooEarly.selector, FORCED_DEADLINE));
        new Settlement(bad);
        bad = setup();
        bad.unitsPerToken = 0;
        vm.expectRevert(abi.encodeWithSelector(Settlement.AmountOutOfRange.selector, 0));
        new Settlement(bad);
        bad = setup();
        bad.accounts = (1 << 32) + 1;
        vm.expectRevert(abi.encodeWithSelector(Settlement.AccountOutOfRange.selector, (1 << 32) + 1));
        new Settlement(bad);
        bad = setup();
        bad.verifier = IFoldVerifier(ALICE);
        vm.expectRevert(abi.encodeWithSelector(KeyUpgrades.NoVerifier.selector, ALICE));
        new Settlement(bad);
    }
}


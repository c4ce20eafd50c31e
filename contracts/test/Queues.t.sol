// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Settlement} from "../src/Settlement.sol";
import {Tokens} from "../src/Tokens.sol";
import {CallingToken, Token} from "./Doubles.sol";
import {Venue} from "./Venue.sol";

/// Deposits, demanded withdrawals and the token.
contract QueuesTest is Venue {
    address private constant ALICE = address(0xa11ce);

    function setUp() public {
        deploy();
    }

    function test_entries_are_numbered() public {
        deposit(ALICE, 5, 10);
        token.mint(ALICE, 3);
        vm.expectEmit(address(settlement));
        emit Settlement.Deposited(1, ALICE, 6, 300);
        vm.prank(ALICE);
        equal(1, settlement.deposit(6, 3));
        equal(13, token.balanceOf(address(settlement)));
        equal(1300, settlement.held());
    }

    function testFuzz_amounts_are_in_range(uint256 tokens) public {
        token.mint(ALICE, tokens);
        bool fits = tokens > 0 && tokens < (uint256(1 << 63) + UNITS_PER_TOKEN - 1) / UNITS_PER_TOKEN;
        uint256 named = tokens < 1 << 63 ? tokens * UNITS_PER_TOKEN : tokens;
        if (!fits) vm.expectRevert(abi.encodeWithSelector(Settlement.AmountOutOfRange.selector, named));
        vm.prank(ALICE);
        settlement.deposit(5, tokens);
    }

    function test_largest_deposit() public {
        uint256 largest = (uint256(1 << 63) - 1) / UNITS_PER_TOKEN;
        deposit(ALICE, 5, largest);
        equal(largest * UNITS_PER_TOKEN, settlement.held());
    }

    function test_accounts_are_in_range() public {
        bytes memory reason = abi.encodeWithSelector(Settlement.AccountOutOfRange.selector, 1 << 24);
        vm.expectRevert(reason);
        settlement.deposit(1 << 24, 1);
        vm.expectRevert(reason);
        settlement.forceWithdrawal{value: FORCED_FEE}(1 << 24, 1);
        deposit(ALICE, (1 << 24) - 1, 1);
    }

    function test_demands_cost_their_fee() public {
        vm.expectRevert(abi.encodeWithSelector(Settlement.WrongFee.selector, FORCED_FEE, FORCED_FEE - 1));
        settlement.forceWithdrawal{value: FORCED_FEE - 1}(5, 1);
        vm.expectRevert(abi.encodeWithSelector(Settlement.WrongFee.selector, FORCED_FEE, FORCED_FEE + 1));
        settlement.forceWithdrawal{value: FORCED_FEE + 1}(5, 1);
        vm.expectRevert(abi.encodeWithSelector(Settlement.AmountOutOfRange.selector, 0));
        settlement.forceWithdrawal{value: FORCED_FEE}(5, 0);
        vm.expectRevert(abi.encodeWithSelector(Settlement.AmountOutOfRange.selector, 1 << 63));
        settlement.forceWithdrawal{value: FORCED_FEE}(5, 1 << 63);
        vm.expectEmit(address(settlement));
        emit Settlement.WithdrawalForced(0, address(this), 5, (1 << 63) - 1);
        settlement.forceWithdrawal{value: FORCED_FEE}(5, (1 << 63) - 1);
        equal(NOW, settlement.forcedTimes(0));
    }

    function test_tokens_may_answer_nothing() public {
        token.behave(Token.Manner.Silent);
        deposit(ALICE, 5, 10);
        settle(submission(one(Batch(2, 1, 0, onePayment(ALICE, 1000)))));
        vm.prank(ALICE);
        equal(10, settlement.claim(ALICE));
    }

    function test_tokens_may_not_refuse() public {
        token.mint(address(this), 10);
        token.behave(Token.Manner.Refusing);
        vm.expectRevert(abi.encodeWithSelector(Tokens.TransferFailed.selector, address(token)));
        settlement.deposit(5, 10);
    }

    function test_tokens_may_not_keep_a_part() public {
        token.mint(address(this), 1000);
        token.behave(Token.Manner.Taxing);
        vm.expectRevert(abi.encodeWithSelector(Tokens.TransferFailed.selector, address(token)));
        settlement.deposit(5, 1000);
    }

    function test_tokens_may_not_vanish() public {
        vm.etch(address(token), "");
        // The token is asked for a balance first, and what has no code answers nothing.
        vm.expectRevert(bytes(""));
        settlement.deposit(5, 10);
    }

    function test_nobody_comes_in_twice() public {
        CallingToken calling = new CallingToken();
        Settlement.Setup memory made = setup();
        made.token = calling;
        settlement = new Settlement(made);
        calling.mint(address(this), 10);
        calling.callBack(abi.encodeCall(settlement.deposit, (5, 1)));
        vm.expectRevert(abi.encodeWithSelector(Tokens.TransferFailed.selector, address(calling)));
        settlement.deposit(5, 10);
        calling.callBack(abi.encodeCall(settlement.stateRoot, ()));
        settlement.deposit(5, 10);
    }
}

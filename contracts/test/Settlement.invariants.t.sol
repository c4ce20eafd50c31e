// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Venue} from "./Venue.sol";

/// Does what a venue and its customers may do, in any order, and keeps its own books.
contract Handler is Venue {
    address[3] private owners = [address(0xa11ce), address(0xb0b), address(0xca401)];
    uint256 public deposited;
    uint256 public claimed;
    uint256 public owed;
    uint256 public demands;
    uint256 public transactions;
    uint256 public batches;
    uint256[] private roots;

    constructor() {
        deploy();
        roots.push(GENESIS_ROOT);
    }

    function enter(uint256 who, uint256 tokens) external {
        tokens = within(tokens, 1, 1000);
        deposit(owners[who % 3], 5, tokens);
        deposited += tokens;
    }

    function demand(uint256 who, uint64 amount) external {
        force(owners[who % 3], 5, 1 + amount % 1000);
        demands += 1;
    }

    function wait(uint256 time) external {
        vm.warp(block.timestamp + within(time, 0, FORCED_DEADLINE / 2));
    }

    /// Settles one or two batches that take what they like of the queues, but always something if it is there.
    function advance(uint256 seed, uint256 who, uint256 amount) external {
        uint256 waiting = deposited == 0 ? 0 : depositQueue.length - settlement.depositCursor();
        uint256 demanded = forcedQueue.length - settlement.forcedCursor();
        uint256 held = settlement.held();
        Batch[] memory made = new Batch[](1 + seed % 2);
        for (uint256 i = 0; i < made.length; ++i) {
            made[i].transactions = uint64(seed % 100);
            made[i].payments = noPayments();
            transactions += seed % 100;
        }
        made[0].deposits = uint32(within(seed, 0, waiting));
        made[0].forced = uint32(demanded == 0 ? 0 : within(seed, 1, demanded));
        if (held > 0) {
            uint64 payment = uint64(within(amount, 0, held));
            made[made.length - 1].payments = onePayment(owners[who % 3], payment);
            owed += payment;
        }
        settle(submission(made));
        batches += made.length;
        roots.push(settlement.stateRoot());
    }

    function leave(uint256 who) external {
        address owner = owners[who % 3];
        if (settlement.credit(owner) < UNITS_PER_TOKEN) return;
        vm.prank(owner);
        claimed += settlement.claim(owner);
    }

    receive() external payable {}

    /// What must hold whatever has happened.
    function check() external view {
        // Every token is accounted for: what is held and what is owed is there.
        uint256 balance = token.balanceOf(address(settlement));
        equal(deposited - claimed, balance);
        uint256 credits;
        uint256 stakes;
        for (uint256 i = 0; i < owners.length; ++i) {
            credits += settlement.credit(owners[i]);
            stakes += settlement.stakeOf(owners[i]);
        }
        equal(balance * UNITS_PER_TOKEN, settlement.held() + credits);
        equal(owed, credits + claimed * UNITS_PER_TOKEN);
        // Stakes are deposits that have not been paid out.
        equal(stakes, settlement.totalStake());
        holds(stakes <= deposited * UNITS_PER_TOKEN, "stakes are deposits");
        // Fees of demands that wait are kept, no more and no less.
        equal((demands - settlement.forcedCursor()) * FORCED_FEE, address(settlement).balance);
        // Nothing is skipped.
        equal(GENESIS_SEQUENCE + transactions, settlement.sequence());
        equal(roots[roots.length - 1], settlement.stateRoot());
        holds(settlement.depositCursor() <= depositQueue.length, "deposits taken are queued");
        holds(settlement.forcedCursor() <= forcedQueue.length, "demands taken are queued");
    }
}

contract SettlementInvariants is Venue {
    Handler private handler;

    function setUp() public {
        handler = new Handler();
    }

    /// Read by Foundry: what is called at random.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_books_balance() external view {
        handler.check();
    }
}

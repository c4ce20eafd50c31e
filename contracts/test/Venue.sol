// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Contexts, Payment} from "../src/Contexts.sol";
import {Instances} from "../src/IFoldVerifier.sol";
import {Poseidon} from "../src/Poseidon.sol";
import {Settlement} from "../src/Settlement.sol";
import {Base} from "./Base.sol";
import {StandInVerifier, Token} from "./Doubles.sol";

/// A settlement with stand-ins around it, and the venue's side: what a prover hands in.
abstract contract Venue is Base {
    uint256 internal constant GENESIS_ROOT = 1000;
    uint64 internal constant GENESIS_SEQUENCE = 7;
    uint256 internal constant PARAMS = 0xfeed;
    uint256 internal constant KEYS = 0xbeef;
    uint256 internal constant FORCED_FEE = 0.01 ether;
    uint64 internal constant UNITS_PER_TOKEN = 100;
    uint64 internal constant MAX_AGE = 1 hours;
    uint64 internal constant MAX_AHEAD = 1 minutes;
    uint64 internal constant FORCED_DEADLINE = 1 days;
    uint64 internal constant UPGRADE_DELAY = 14 days;
    uint256 internal constant NOW = 1_800_000_000;

    StandInVerifier internal verifier;
    Token internal token;
    Settlement internal settlement;
    /// Queue entries as the prover sees them, in events.
    Queued[] internal depositQueue;
    Queued[] internal forcedQueue;

    struct Queued {
        address owner;
        uint32 account;
        uint64 amount;
    }

    /// What is handed in.
    struct Submission {
        uint256[17] instances;
        bytes proof;
        uint256[13][] contexts;
        Payment[][] payments;
    }

    /// What a batch does.
    struct Batch {
        uint64 transactions;
        uint32 deposits;
        uint32 forced;
        Payment[] payments;
    }

    function deploy() internal {
        vm.warp(NOW);
        verifier = new StandInVerifier();
        token = new Token();
        settlement = new Settlement(setup());
    }

    function setup() internal view returns (Settlement.Setup memory) {
        return Settlement.Setup({
            token: token,
            unitsPerToken: UNITS_PER_TOKEN,
            genesisRoot: GENESIS_ROOT,
            genesisSequence: GENESIS_SEQUENCE,
            paramsHash: PARAMS,
            accounts: 1 << 24,
            maxAge: MAX_AGE,
            maxAhead: MAX_AHEAD,
            forcedDeadline: FORCED_DEADLINE,
            forcedFee: FORCED_FEE,
            verifier: verifier,
            keys: KEYS,
            upgradeDelay: UPGRADE_DELAY
        });
    }

    function deposit(address owner, uint32 account, uint256 tokens) internal {
        token.mint(owner, tokens);
        vm.prank(owner);
        settlement.deposit(account, tokens);
        // forge-lint: disable-next-line(unsafe-typecast)
        depositQueue.push(Queued(owner, account, uint64(tokens * UNITS_PER_TOKEN)));
    }

    function force(address owner, uint32 account, uint64 amount) internal {
        vm.deal(owner, FORCED_FEE);
        vm.prank(owner);
        settlement.forceWithdrawal{value: FORCED_FEE}(account, amount);
        forcedQueue.push(Queued(owner, account, amount));
    }

    function noPayments() internal pure returns (Payment[] memory) {
        return new Payment[](0);
    }

    function onePayment(address owner, uint64 amount) internal pure returns (Payment[] memory list) {
        list = new Payment[](1);
        list[0] = Payment(owner, 5, amount);
    }

    function one(Batch memory batch) internal pure returns (Batch[] memory batches) {
        batches = new Batch[](1);
        batches[0] = batch;
    }

    /// An honest submission of batches, from where the settlement is.
    function submission(Batch[] memory batches) internal view returns (Submission memory made) {
        made.contexts = new uint256[13][](batches.length);
        made.payments = new Payment[][](batches.length);
        uint256 sequence = settlement.sequence();
        (uint32 deposits, uint32 forced) = (settlement.depositCursor(), settlement.forcedCursor());
        for (uint256 i = 0; i < batches.length; ++i) {
            made.payments[i] = batches[i].payments;
            made.contexts[i] = context(batches[i], sequence, deposits, forced);
            sequence += batches[i].transactions;
            deposits += batches[i].deposits;
            forced += batches[i].forced;
        }
        made.instances[Instances.OLD_ROOT] = settlement.stateRoot();
        made.instances[Instances.NEW_ROOT] = settlement.stateRoot() + sequence;
        made.instances[Instances.BATCHES] = batches.length;
        made.instances[Instances.KEYS] = settlement.keys();
        seal(made);
    }

    /// Makes digest and proof fit the rest again.
    function seal(Submission memory made) internal view {
        made.instances[Instances.CONTEXTS] = digest(made.contexts);
        made.proof = verifier.prove(made.instances);
    }

    function settle(Submission memory made) internal {
        settlement.settle(made.instances, made.proof, made.contexts, made.payments);
    }

    /// The digest of contexts, written another way than `Contexts` has it: recursively.
    function digest(uint256[13][] memory contexts) internal pure returns (uint256) {
        Poseidon.Constants constants = Poseidon.load();
        uint256 size = 1;
        while (size < contexts.length) size *= 2;
        return subtree(constants, contexts, 0, size);
    }

    function subtree(Poseidon.Constants constants, uint256[13][] memory contexts, uint256 from, uint256 size)
        private
        pure
        returns (uint256)
    {
        if (size == 1) {
            uint256 h = Contexts.TAG_CONTEXT;
            for (uint256 i = 0; i < 13; i += 2) {
                h = Poseidon.compress(constants, h, contexts[from][i], i + 1 < 13 ? contexts[from][i + 1] : 0);
            }
            return Poseidon.compress(constants, Contexts.TAG_LEAF, h, 0);
        }
        uint256 left = subtree(constants, contexts, from, size / 2);
        if (from + size / 2 >= contexts.length) return left;
        return
            Poseidon.compress(
                constants, Contexts.TAG_NODE, left, subtree(constants, contexts, from + size / 2, size / 2)
            );
    }

    function context(Batch memory batch, uint256 sequence, uint32 deposits, uint32 forced)
        private
        view
        returns (uint256[13] memory words)
    {
        Poseidon.Constants constants = Poseidon.load();
        words[Contexts.VENUE] = block.chainid + (uint256(uint64(uint160(address(settlement)))) << 64);
        words[Contexts.CIRCUITS] = 77;
        words[Contexts.PARAMS] = PARAMS;
        words[Contexts.SEQUENCE] = sequence + ((sequence + batch.transactions) << 64);
        words[Contexts.WINDOW] = (block.timestamp - 60) + (block.timestamp << 40);
        words[Contexts.ORACLE_ROOT] = 88;
        words[Contexts.RISK_ROOT] = 99;
        words[Contexts.RISK_TIME] = block.timestamp - 60;
        words[Contexts.DATA] = 111;
        words[Contexts.DEPOSITS] =
            queueDigest(constants, Contexts.TAG_DEPOSITS, depositQueue, deposits, deposits + batch.deposits);
        words[Contexts.FORCED] = queueDigest(constants, Contexts.TAG_FORCED, forcedQueue, forced, forced + batch.forced);
        words[Contexts.WITHDRAWALS] = Contexts.TAG_WITHDRAWALS;
        for (uint256 i = 0; i < batch.payments.length; ++i) {
            Payment memory payment = batch.payments[i];
            uint256 word = payment.account + (uint256(payment.amount) << 32);
            words[Contexts.WITHDRAWALS] =
                Poseidon.compress(constants, words[Contexts.WITHDRAWALS], uint160(payment.owner), word);
        }
        words[Contexts.CURSORS] = uint256(deposits) + (uint256(deposits + batch.deposits) << 32)
            + (uint256(forced) << 64) + (uint256(forced + batch.forced) << 96);
    }

    function queueDigest(Poseidon.Constants constants, uint256 tag, Queued[] storage queue, uint32 from, uint32 to)
        private
        view
        returns (uint256 h)
    {
        h = tag;
        for (uint32 i = from; i < to && i < queue.length; ++i) {
            h = Contexts.queued(constants, h, queue[i].owner, queue[i].account, queue[i].amount, i);
        }
    }
}

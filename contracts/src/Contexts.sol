// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {FIELD_MODULUS} from "./IFoldVerifier.sol";
import {Poseidon} from "./Poseidon.sol";

/// A payment that a batch owes: part of a digest in its context.
struct Payment {
    /// To whom.
    address owner;
    /// From which account.
    uint32 account;
    /// How much, in units of cash.
    uint64 amount;
}

/// The public context of a batch, and the digests in it: the exchange's chapter "Batches" on this side.
///
/// Words hold packed fields, the first one in the lowest bits.
library Contexts {
    /// Words of a context.
    uint256 internal constant WORDS = 13;
    uint256 internal constant VENUE = 0;
    uint256 internal constant CIRCUITS = 1;
    uint256 internal constant PARAMS = 2;
    uint256 internal constant SEQUENCE = 3;
    uint256 internal constant WINDOW = 4;
    uint256 internal constant ORACLE_ROOT = 5;
    uint256 internal constant RISK_ROOT = 6;
    uint256 internal constant RISK_TIME = 7;
    uint256 internal constant DATA = 8;
    uint256 internal constant DEPOSITS = 9;
    uint256 internal constant WITHDRAWALS = 10;
    uint256 internal constant FORCED = 11;
    uint256 internal constant CURSORS = 12;

    // Tags: the big-endian integers of their ASCII names.
    uint256 internal constant TAG_CONTEXT = 0x7a6f6d6d612e636f6e74657874;
    uint256 internal constant TAG_LEAF = 0x7a6f6d6d612e666f6c642e6c656166;
    uint256 internal constant TAG_NODE = 0x7a6f6d6d612e666f6c642e6e6f6465;
    uint256 internal constant TAG_DEPOSITS = 0x7a6f6d6d612e6465706f73697473;
    uint256 internal constant TAG_WITHDRAWALS = 0x7a6f6d6d612e7769746864726177616c73;
    uint256 internal constant TAG_FORCED = 0x7a6f6d6d612e666f72636564;

    /// A word of a context is not below the field's modulus: it would have two forms with the same digest.
    error WordOutOfRange(uint256 word);

    /// The digest of a context.
    function digest(Poseidon.Constants constants, uint256[13] calldata words) internal pure returns (uint256 h) {
        for (uint256 i = 0; i < WORDS; ++i) {
            require(words[i] < FIELD_MODULUS, WordOutOfRange(i));
        }
        h = TAG_CONTEXT;
        for (uint256 i = 0; i + 1 < WORDS; i += 2) {
            h = Poseidon.compress(constants, h, words[i], words[i + 1]);
        }
        h = Poseidon.compress(constants, h, words[WORDS - 1], 0);
    }

    /// The digest of the contexts of several batches, given that of each: a tree over them, as they are folded. Neighbours are
    /// joined level by level, and what is left over goes up as it is. Overwrites `digests`.
    function fold(Poseidon.Constants constants, uint256[] memory digests) internal pure returns (uint256) {
        uint256 count = digests.length;
        for (uint256 i = 0; i < count; ++i) {
            digests[i] = Poseidon.compress(constants, TAG_LEAF, digests[i], 0);
        }
        while (count > 1) {
            uint256 pairs = count / 2;
            for (uint256 i = 0; i < pairs; ++i) {
                digests[i] = Poseidon.compress(constants, TAG_NODE, digests[2 * i], digests[2 * i + 1]);
            }
            if (count % 2 == 1) digests[pairs] = digests[count - 1];
            count = (count + 1) / 2;
        }
        return digests[0];
    }

    /// The digest of payments.
    function payments(Poseidon.Constants constants, Payment[] calldata list) internal pure returns (uint256 h) {
        h = TAG_WITHDRAWALS;
        for (uint256 i = 0; i < list.length; ++i) {
            Payment calldata payment = list[i];
            uint256 word = uint256(payment.account) | (uint256(payment.amount) << 32);
            h = Poseidon.compress(constants, h, uint160(payment.owner), word);
        }
    }

    /// One more entry of a queue in a digest, which starts from the queue's tag.
    function queued(Poseidon.Constants constants, uint256 h, address owner, uint32 account, uint64 amount, uint32 index)
        internal
        pure
        returns (uint256)
    {
        uint256 word = uint256(account) | (uint256(amount) << 32) | (uint256(index) << 96);
        return Poseidon.compress(constants, h, uint160(owner), word);
    }
}

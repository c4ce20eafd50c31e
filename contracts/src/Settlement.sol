// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Contexts, Payment} from "./Contexts.sol";
import {IFoldVerifier, Instances} from "./IFoldVerifier.sol";
import {KeyUpgrades} from "./KeyUpgrades.sol";
import {Poseidon} from "./Poseidon.sol";
import {IERC20, Tokens} from "./Tokens.sol";

/// Holds the root of a venue's state and the collateral behind it, and advances the one against a folded proof.
///
/// Collateral comes in through a queue of deposits that batches must take in order, and goes out as payments that batches owe. An
/// owner whom the venue ignores demands a withdrawal in a second queue; if its oldest entry is not taken in time, no batch
/// is accepted that does not take it. There is no owner: keys change as `KeyUpgrades` says, nothing else does.
///
/// Amounts are in units of cash, `unitsPerToken` to the token's smallest unit.
contract Settlement is KeyUpgrades {
    /// What a settlement is made with.
    struct Setup {
        /// The collateral.
        IERC20 token;
        /// Units of cash to the token's smallest unit.
        uint64 unitsPerToken;
        /// The state root to start from.
        uint256 genesisRoot;
        /// Transactions before it.
        uint64 genesisSequence;
        /// The hash of the venue's parameters.
        uint256 paramsHash;
        /// Account ids are below this: what the venue's tree has room for.
        uint64 accounts;
        /// Seconds by which the oldest mark of a batch may lie behind.
        uint64 maxAge;
        /// Seconds by which its newest report may be ahead.
        uint64 maxAhead;
        /// Seconds after which a demanded withdrawal must be taken.
        uint64 forcedDeadline;
        /// Wei for demanding one, paid to whoever settles it.
        uint256 forcedFee;
        /// The verifier, the digest of all verifying keys, and the delay of upgrades.
        IFoldVerifier verifier;
        uint256 keys;
        uint64 upgradeDelay;
    }

    /// An entry of a queue.
    struct Entry {
        address owner;
        uint32 account;
        uint64 amount;
    }

    /// Amounts are below this: 2^63.
    uint64 public constant AMOUNT_LIMIT = 1 << 63;
    /// Queues hold fewer entries than this, so that indices stay in range: 2^32 - 1.
    uint256 public constant QUEUE_LIMIT = type(uint32).max;

    IERC20 public immutable token;
    uint64 public immutable unitsPerToken;
    uint256 public immutable paramsHash;
    uint64 public immutable accounts;
    uint64 public immutable maxAge;
    uint64 public immutable maxAhead;
    uint64 public immutable forcedDeadline;
    uint256 public immutable forcedFee;

    /// The root of the venue's state.
    uint256 public stateRoot;
    /// Transactions up to it.
    uint64 public sequence;
    /// Deposits taken.
    uint32 public depositCursor;
    /// Demanded withdrawals taken.
    uint32 public forcedCursor;

    /// All deposits.
    Entry[] public deposits;
    /// All demanded withdrawals, and when they were demanded.
    Entry[] public forced;
    uint64[] public forcedTimes;
    /// What can be claimed, in units of cash.
    mapping(address => uint256) public credit;
    /// Deposited, whether taken or not, and not yet owed to anyone, in units of cash.
    uint256 public held;

    bool private entered;

    event Deposited(uint32 indexed index, address indexed owner, uint32 indexed account, uint64 amount);
    event WithdrawalForced(uint32 indexed index, address indexed owner, uint32 indexed account, uint64 amount);
    event Claimed(address indexed owner, address indexed to, uint256 tokens);
    event Paid(address indexed owner, uint32 indexed account, uint64 amount);
    event BatchSettled(uint64 indexed sequence, uint256 data, uint256 oracleRoot, uint256 riskRoot);
    event Settled(uint256 indexed oldRoot, uint256 indexed newRoot, uint256 batches, uint64 sequence);

    /// An account id is out of range.
    error AccountOutOfRange(uint256 account);
    /// An amount is 0, or too large.
    error AmountOutOfRange(uint256 amount);
    /// A queue is full.
    error QueueFull();
    /// The fee of a demanded withdrawal is another.
    error WrongFee(uint256 expected, uint256 found);
    /// There is nothing to claim.
    error NothingToClaim(address owner);
    /// Ether could not be sent.
    error FeeNotSent();
    /// The contract was called from a call of its own.
    error Reentered();
    /// The proof does not start from the root in force.
    error WrongOldRoot(uint256 expected, uint256 found);
    /// The proof was made with other keys.
    error WrongKeys(uint256 expected, uint256 found);
    /// The proof is of another number of batches.
    error WrongBatches(uint256 proven, uint256 given);
    /// The contexts are not those of the proof.
    error WrongContexts(uint256 expected, uint256 found);
    /// A batch is for another chain or contract.
    error WrongVenue(uint256 batch, uint256 expected, uint256 found);
    /// A batch was made with other parameters.
    error WrongParams(uint256 batch, uint256 expected, uint256 found);
    /// A batch does not go on where the one before it ended.
    error WrongSequence(uint256 batch, uint256 expected, uint256 found);
    /// A batch rests on prices that are too old, or from the future.
    error WrongWindow(uint256 batch, uint256 from, uint256 to);
    /// A batch does not take the queues on from where they are, or further than they reach.
    error WrongCursors(uint256 batch, uint256 cursors);
    /// A batch takes other deposits than those of the queue.
    error WrongDeposits(uint256 batch, uint256 expected, uint256 found);
    /// A batch takes other demanded withdrawals than those of the queue.
    error WrongForced(uint256 batch, uint256 expected, uint256 found);
    /// A batch owes other payments than those given.
    error WrongWithdrawals(uint256 batch, uint256 expected, uint256 found);
    /// A demanded withdrawal is overdue, and no batch takes it.
    error ForcedOverdue(uint32 index);
    /// Batches owe more than was deposited.
    error Insolvent(uint256 owed, uint256 held);

    modifier once() {
        require(!entered, Reentered());
        entered = true;
        _;
        entered = false;
    }

    constructor(Setup memory setup) KeyUpgrades(setup.verifier, setup.keys, setup.upgradeDelay) {
        require(setup.upgradeDelay > setup.forcedDeadline, TooEarly(setup.forcedDeadline));
        require(setup.unitsPerToken > 0, AmountOutOfRange(0));
        require(setup.accounts <= 1 << 32, AccountOutOfRange(setup.accounts));
        token = setup.token;
        unitsPerToken = setup.unitsPerToken;
        stateRoot = setup.genesisRoot;
        sequence = setup.genesisSequence;
        paramsHash = setup.paramsHash;
        accounts = setup.accounts;
        maxAge = setup.maxAge;
        maxAhead = setup.maxAhead;
        forcedDeadline = setup.forcedDeadline;
        forcedFee = setup.forcedFee;
    }

    /// What identifies the venue: the chain, and the low 64 bits of this contract's address as its application.
    function venue() public view returns (uint256) {
        return uint256(uint64(block.chainid)) | (uint256(uint64(uint160(address(this)))) << 64);
    }

    /// Deposits tokens for an account. Should it not exist, or not be able to bear the amount, the batch that takes the deposit owes it to
    /// the sender.
    function deposit(uint32 account, uint256 tokens) external once returns (uint32 index) {
        require(tokens < AMOUNT_LIMIT, AmountOutOfRange(tokens));
        uint64 amount = checkedAmount(tokens * unitsPerToken);
        index = push(deposits, account, amount);
        addStake(msg.sender, amount);
        held += amount;
        emit Deposited(index, msg.sender, account, amount);
        Tokens.pull(token, msg.sender, tokens);
    }

    /// Demands a withdrawal from the sender's account.
    function forceWithdrawal(uint32 account, uint256 amount) external payable returns (uint32 index) {
        require(msg.value == forcedFee, WrongFee(forcedFee, msg.value));
        uint64 checked = checkedAmount(amount);
        index = push(forced, account, checked);
        forcedTimes.push(uint64(block.timestamp));
        emit WithdrawalForced(index, msg.sender, account, checked);
    }

    /// Sends what the sender is owed, in whole units of the token; the rest stays.
    function claim(address to) external once returns (uint256 tokens) {
        tokens = credit[msg.sender] / unitsPerToken;
        require(tokens > 0, NothingToClaim(msg.sender));
        credit[msg.sender] -= tokens * unitsPerToken;
        emit Claimed(msg.sender, to, tokens);
        Tokens.push(token, to, tokens);
    }

    /// Advances the state by the batches of a folded proof. `contexts` and `payments` are theirs, in order.
    function settle(
        uint256[17] calldata instances,
        bytes calldata proof,
        uint256[13][] calldata contexts,
        Payment[][] calldata payments
    ) external once {
        require(instances[Instances.KEYS] == keys, WrongKeys(keys, instances[Instances.KEYS]));
        require(instances[Instances.OLD_ROOT] == stateRoot, WrongOldRoot(stateRoot, instances[Instances.OLD_ROOT]));
        uint256 batches = instances[Instances.BATCHES];
        require(batches == contexts.length, WrongBatches(batches, contexts.length));
        require(batches == payments.length, WrongBatches(batches, payments.length));

        uint32 firstForced = forcedCursor;
        uint256 folded = takeAll(contexts, payments);
        require(folded == instances[Instances.CONTEXTS], WrongContexts(instances[Instances.CONTEXTS], folded));
        bool overdue = forced.length > firstForced && forcedTimes[firstForced] + forcedDeadline < block.timestamp;
        require(!overdue || forcedCursor > firstForced, ForcedOverdue(firstForced));

        emit Settled(stateRoot, instances[Instances.NEW_ROOT], batches, sequence);
        stateRoot = instances[Instances.NEW_ROOT];
        verifier.verify(instances, proof);
        payFees(forcedCursor - firstForced);
    }

    /// Checks every batch, and takes its effects outside of the state root; the digest of their contexts.
    function takeAll(uint256[13][] calldata contexts, Payment[][] calldata payments) private returns (uint256) {
        Poseidon.Constants constants = Poseidon.load();
        uint256[] memory digests = new uint256[](contexts.length);
        for (uint256 batch = 0; batch < contexts.length; ++batch) {
            digests[batch] = Contexts.digest(constants, contexts[batch]);
            take(constants, batch, contexts[batch], payments[batch]);
        }
        return Contexts.fold(constants, digests);
    }

    /// Pays the sender for the demanded withdrawals that were taken.
    function payFees(uint256 count) private {
        uint256 fee = count * forcedFee;
        if (fee == 0) return;
        (bool sent,) = msg.sender.call{value: fee}("");
        require(sent, FeeNotSent());
    }

    /// Checks the context of a batch, and takes its effects outside of the state root.
    function take(Poseidon.Constants constants, uint256 batch, uint256[13] calldata words, Payment[] calldata payments)
        private
    {
        require(words[Contexts.VENUE] == venue(), WrongVenue(batch, venue(), words[Contexts.VENUE]));
        require(words[Contexts.PARAMS] == paramsHash, WrongParams(batch, paramsHash, words[Contexts.PARAMS]));

        uint256 range = words[Contexts.SEQUENCE];
        require(uint64(range) == sequence && range >> 128 == 0, WrongSequence(batch, sequence, range));
        sequence = uint64(range >> 64);
        require(sequence >= uint64(range), WrongSequence(batch, uint64(range), range));

        uint256 window = words[Contexts.WINDOW];
        (uint256 from, uint256 to) = (window & type(uint40).max, window >> 40);
        bool timely = from <= to && from + maxAge >= block.timestamp && to <= block.timestamp + maxAhead;
        require(timely, WrongWindow(batch, from, to));

        takeQueues(constants, batch, words);

        uint256 owed = Contexts.payments(constants, payments);
        uint256 stated = words[Contexts.WITHDRAWALS];
        require(owed == stated, WrongWithdrawals(batch, stated, owed));
        for (uint256 i = 0; i < payments.length; ++i) {
            pay(payments[i]);
        }
        emit BatchSettled(sequence, words[Contexts.DATA], words[Contexts.ORACLE_ROOT], words[Contexts.RISK_ROOT]);
    }

    /// Takes both queues on, as far as a batch says.
    function takeQueues(Poseidon.Constants constants, uint256 batch, uint256[13] calldata words) private {
        uint256 cursors = words[Contexts.CURSORS];
        (uint32 depositFrom, uint32 depositTo) = (uint32(cursors), uint32(cursors >> 32));
        (uint32 forcedFrom, uint32 forcedTo) = (uint32(cursors >> 64), uint32(cursors >> 96));
        bool goesOn = cursors >> 128 == 0 && depositFrom == depositCursor && forcedFrom == forcedCursor;
        bool reaches = depositFrom <= depositTo && depositTo <= deposits.length && forcedFrom <= forcedTo
            && forcedTo <= forced.length;
        require(goesOn && reaches, WrongCursors(batch, cursors));

        uint256 found = digestOf(constants, Contexts.TAG_DEPOSITS, deposits, depositFrom, depositTo);
        require(found == words[Contexts.DEPOSITS], WrongDeposits(batch, words[Contexts.DEPOSITS], found));
        found = digestOf(constants, Contexts.TAG_FORCED, forced, forcedFrom, forcedTo);
        require(found == words[Contexts.FORCED], WrongForced(batch, words[Contexts.FORCED], found));
        (depositCursor, forcedCursor) = (depositTo, forcedTo);
    }

    /// The digest of a stretch of a queue.
    function digestOf(Poseidon.Constants constants, uint256 tag, Entry[] storage queue, uint32 from, uint32 to)
        private
        view
        returns (uint256 h)
    {
        h = tag;
        for (uint32 i = from; i < to; ++i) {
            Entry memory entry = queue[i];
            h = Contexts.queued(constants, h, entry.owner, entry.account, entry.amount, i);
        }
    }

    /// Owes an owner a payment. Batches cannot owe more than there is, whatever they prove.
    function pay(Payment calldata payment) private {
        require(payment.amount <= held, Insolvent(payment.amount, held));
        held -= payment.amount;
        credit[payment.owner] += payment.amount;
        removeStake(payment.owner, payment.amount);
        emit Paid(payment.owner, payment.account, payment.amount);
    }

    function push(Entry[] storage queue, uint32 account, uint64 amount) private returns (uint32 index) {
        require(account < accounts, AccountOutOfRange(account));
        require(queue.length < QUEUE_LIMIT, QueueFull());
        index = uint32(queue.length);
        queue.push(Entry(msg.sender, account, amount));
    }

    function checkedAmount(uint256 amount) private pure returns (uint64) {
        require(amount > 0 && amount < AMOUNT_LIMIT, AmountOutOfRange(amount));
        return uint64(amount);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {IFoldVerifier} from "./IFoldVerifier.sol";

/// Verifying keys, and how they change without an owner.
///
/// Whoever holds a hundredth of what is deposited may announce new keys. They take effect when two thirds approve and a delay has
/// passed, in which everyone else can leave: it is longer than the deadline of a forced withdrawal. Nobody can do it
/// quickly, and nobody has to stay. What a depositor approves with is what they have deposited and not yet
/// taken out, at the time of the announcement; deposits after it do not count.
abstract contract KeyUpgrades {
    struct Announcement {
        /// The verifier that is to be used.
        IFoldVerifier verifier;
        /// When it was announced; 0 when nothing is.
        uint64 time;
        /// The digest of all verifying keys that proofs must then expose.
        uint256 keys;
        /// Stake that approves.
        uint256 approvals;
        /// Stake that there was.
        uint256 stake;
    }

    struct Stake {
        uint256 current;
        /// What it was before it first changed after the announcement with this number.
        uint256 before;
        uint64 changedAfter;
        /// The number of the announcement that was last approved, and with how much.
        uint64 approved;
        uint256 given;
    }

    /// The verifier in force.
    IFoldVerifier public verifier;
    /// The digest of all verifying keys in force.
    uint256 public keys;
    /// How long an announcement must stand before it can take effect.
    uint64 public immutable upgradeDelay;
    /// Afterwards, for how long it can.
    uint64 public constant UPGRADE_WINDOW = 30 days;
    /// Who announces holds more than one part in so many of what is deposited.
    uint256 public constant ANNOUNCERS_SHARE = 100;

    /// The announcement that stands, if its time is not 0.
    Announcement public announcement;
    /// Announcements so far: the number of the one that stands.
    uint64 public announcements;
    /// Sum of all stakes.
    uint256 public totalStake;
    mapping(address => Stake) internal stakes;

    event UpgradeAnnounced(uint64 indexed number, IFoldVerifier verifier, uint256 keys, uint64 earliest);
    event UpgradeApproved(uint64 indexed number, address indexed owner, uint256 stake);
    event Upgraded(uint64 indexed number, IFoldVerifier verifier, uint256 keys);

    /// Another announcement stands.
    error AnnouncementStands(uint64 number);
    /// No announcement stands, or none that can still take effect.
    error NothingAnnounced();
    /// Who announces must hold more.
    error NotEnoughStake(uint256 needed, uint256 found);
    /// The verifier has no code.
    error NoVerifier(address verifier);
    /// There is nothing to approve with, or it has approved already.
    error NothingToApproveWith(address owner);
    /// The delay has not passed.
    error TooEarly(uint64 earliest);
    /// Less than two thirds approve.
    error NotApproved(uint256 approvals, uint256 stake);

    constructor(IFoldVerifier verifier_, uint256 keys_, uint64 upgradeDelay_) {
        require(address(verifier_).code.length > 0, NoVerifier(address(verifier_)));
        verifier = verifier_;
        keys = keys_;
        upgradeDelay = upgradeDelay_;
    }

    /// Announces new keys. One announcement stands at a time, until it has taken effect or its window is over.
    function announceUpgrade(IFoldVerifier verifier_, uint256 keys_) external {
        require(!stands(), AnnouncementStands(announcements));
        // Announcements exclude one another: keeping others from theirs should not be free.
        uint256 needed = totalStake / ANNOUNCERS_SHARE + 1;
        uint256 found = stakes[msg.sender].current;
        require(found >= needed, NotEnoughStake(needed, found));
        require(address(verifier_).code.length > 0, NoVerifier(address(verifier_)));
        uint64 time = uint64(block.timestamp);
        announcements += 1;
        announcement = Announcement(verifier_, time, keys_, 0, totalStake);
        emit UpgradeAnnounced(announcements, verifier_, keys_, time + upgradeDelay);
    }

    /// Approves the announcement that stands, with all that the sender has.
    function approveUpgrade() external {
        require(stands(), NothingAnnounced());
        uint64 number = announcements;
        Stake storage stake = stakes[msg.sender];
        // What came after the announcement does not count, and what has left since neither.
        uint256 before = stake.changedAfter == number ? stake.before : stake.current;
        uint256 weight = before < stake.current ? before : stake.current;
        require(weight > 0 && stake.approved != number, NothingToApproveWith(msg.sender));
        (stake.approved, stake.given) = (number, weight);
        announcement.approvals += weight;
        emit UpgradeApproved(number, msg.sender, weight);
    }

    /// Puts the announced keys into force.
    function activateUpgrade() external {
        require(stands(), NothingAnnounced());
        Announcement memory next = announcement;
        uint64 earliest = next.time + upgradeDelay;
        require(block.timestamp >= earliest, TooEarly(earliest));
        require(next.approvals * 3 >= next.stake * 2 && next.approvals > 0, NotApproved(next.approvals, next.stake));
        delete announcement;
        verifier = next.verifier;
        keys = next.keys;
        emit Upgraded(announcements, next.verifier, next.keys);
    }

    /// What an owner has deposited and not yet taken out.
    function stakeOf(address owner) external view returns (uint256) {
        return stakes[owner].current;
    }

    function stands() private view returns (bool) {
        uint64 time = announcement.time;
        return time != 0 && block.timestamp < uint256(time) + upgradeDelay + UPGRADE_WINDOW;
    }

    /// Adds to an owner's stake.
    function addStake(address owner, uint256 amount) internal {
        Stake storage stake = remember(owner);
        stake.current += amount;
        totalStake += amount;
    }

    /// Takes from an owner's stake, as much as there is: profits are no stake.
    function removeStake(address owner, uint256 amount) internal {
        Stake storage stake = remember(owner);
        uint256 removed = amount < stake.current ? amount : stake.current;
        stake.current -= removed;
        totalStake -= removed;
        // Whoever approves and leaves takes the approval along.
        if (stake.approved == announcements && announcement.time != 0 && stake.given > stake.current) {
            announcement.approvals -= stake.given - stake.current;
            stake.given = stake.current;
        }
    }

    function remember(address owner) private returns (Stake storage stake) {
        stake = stakes[owner];
        if (stake.changedAfter != announcements) {
            stake.changedAfter = announcements;
            stake.before = stake.current;
        }
    }
}

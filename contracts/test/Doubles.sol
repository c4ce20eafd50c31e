// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {IFoldVerifier} from "../src/IFoldVerifier.sol";
import {IERC20} from "../src/Tokens.sol";

/// Stands in for the verifier in tests of what is around it: accepts the proof that is the hash of the instances.
contract StandInVerifier is IFoldVerifier {
    error StandInRejects();

    function prove(uint256[17] memory instances) public pure returns (bytes memory) {
        return abi.encodePacked(keccak256(abi.encode(instances)));
    }

    function verify(uint256[17] calldata instances, bytes calldata proof) external pure {
        require(keccak256(proof) == keccak256(prove(instances)), StandInRejects());
    }
}

/// A token that can be told to misbehave.
contract Token is IERC20 {
    enum Manner {
        Proper,
        Silent,
        Refusing,
        Taxing
    }

    Manner public manner;
    mapping(address => uint256) public balanceOf;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function behave(Manner manner_) external {
        manner = manner_;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        return move(from, to, amount);
    }

    function move(address from, address to, uint256 amount) private returns (bool) {
        if (manner == Manner.Refusing) return false;
        balanceOf[from] -= amount;
        balanceOf[to] += manner == Manner.Taxing ? amount - amount / 100 : amount;
        if (manner == Manner.Silent) {
            assembly {
                return(0, 0)
            }
        }
        return true;
    }
}

/// A token that calls back.
contract CallingToken is IERC20 {
    bytes private call;

    mapping(address => uint256) public balanceOf;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function callBack(bytes calldata call_) external {
        call = call_;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return transferFrom(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public returns (bool) {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        if (call.length > 0) {
            (bool success, bytes memory reason) = msg.sender.call(call);
            if (!success) {
                assembly {
                    revert(add(reason, 0x20), mload(reason))
                }
            }
        }
        return true;
    }
}

/// Stands in for the generated verifier: answers as it is told.
contract StandInGenerated {
    enum Manner {
        Accept,
        Revert,
        Answer,
        Burn
    }

    Manner public manner;
    bytes32 public expected;

    function behave(Manner manner_) external {
        manner = manner_;
    }

    /// Only this calldata is accepted.
    function expect(bytes calldata data) external {
        expected = keccak256(data);
    }

    fallback() external {
        require(keccak256(msg.data) == expected);
        if (manner == Manner.Accept) return;
        if (manner == Manner.Revert) revert();
        if (manner == Manner.Burn) {
            assembly {
                invalid()
            }
        }
        assembly {
            mstore(0, 1)
            return(0, 0x20)
        }
    }
}

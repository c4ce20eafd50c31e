// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

interface IERC20 {
    function balanceOf(address owner) external view returns (uint256);
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// Transfers of tokens that return a bool, or, as some old ones do, nothing.
library Tokens {
    /// The token refuses the transfer, or moves another amount.
    error TransferFailed(address token);

    function push(IERC20 token, address to, uint256 amount) internal {
        call(token, abi.encodeCall(IERC20.transfer, (to, amount)));
    }

    /// Takes exactly `amount`; tokens that keep a part are refused.
    function pull(IERC20 token, address from, uint256 amount) internal {
        uint256 before = token.balanceOf(address(this));
        call(token, abi.encodeCall(IERC20.transferFrom, (from, address(this), amount)));
        require(token.balanceOf(address(this)) == before + amount, TransferFailed(address(token)));
    }

    function call(IERC20 token, bytes memory data) private {
        require(address(token).code.length > 0, TransferFailed(address(token)));
        (bool success, bytes memory answer) = address(token).call(data);
        bool agreed = answer.length == 0 || (answer.length == 32 && abi.decode(answer, (bool)));
        require(success && agreed, TransferFailed(address(token)));
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {Calls} from "./Calls.sol";
import {IMemory, IToken, IWeth} from "./Interfaces.sol";

/// What all connectors share. They run inside the account by delegatecall and so keep nothing but immutables.
abstract contract Connector {
    address internal constant ETHER = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;
    uint256 internal constant MAX = type(uint256).max;
    IMemory internal immutable _memory;
    IWeth internal immutable _weth;

    constructor(IMemory memory_, IWeth weth) {
        _memory = memory_;
        _weth = weth;
    }

    /// The amount, or what an earlier spell stored under `getId`.
    function _get(uint256 getId, uint256 amount) internal returns (uint256) {
        return getId == 0 ? amount : _memory.getUint(getId);
    }

    function _set(uint256 setId, uint256 value) internal {
        if (setId != 0) _memory.setUint(setId, value);
    }

    /// The token that stands for `token` where ether cannot be used.
    function _wrapped(address token) internal view returns (IToken) {
        return token == ETHER ? IToken(_weth) : IToken(token);
    }

    function _balance(address token) internal view returns (uint256) {
        return token == ETHER ? address(this).balance : IToken(token).balanceOf(address(this));
    }

    function _wrap(address token, uint256 amount) internal {
        if (token == ETHER) _weth.deposit{value: amount}();
    }

    function _unwrap(address token, uint256 amount) internal {
        if (token == ETHER) _weth.withdraw(amount);
    }

    function _approve(IToken token, address spender, uint256 amount) internal {
        Calls.approve(token, spender, amount);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {Connector} from "./Connector.sol";
import {IMemory, IToken, IWeth, IWstETH} from "./Interfaces.sol";

/// WSTETH-A: stETH to wstETH and back. Its functions take no ether.
contract WstEthConnector is Connector {
    event LogDeposit(uint256 stethAmt, uint256 wstethAmt, uint256 getId, uint256 setId);
    event LogWithdraw(uint256 wstethAmt, uint256 stethAmt, uint256 getId, uint256 setId);

    string public constant name = "WSTETH-v1.0";
    IToken private immutable _stETH;
    IWstETH private immutable _wstETH;

    constructor(IMemory memory_, IWeth weth, IToken stETH, IWstETH wstETH) Connector(memory_, weth) {
        _stETH = stETH;
        _wstETH = wstETH;
    }

    function deposit(uint256 stethAmt, uint256 getId, uint256 setId) external returns (string memory, bytes memory) {
        uint256 amount = _get(getId, stethAmt);
        if (amount == MAX) amount = _stETH.balanceOf(address(this));
        _approve(_stETH, address(_wstETH), amount);
        uint256 got = _wstETH.wrap(amount);
        _set(setId, got);
        return ("LogDeposit(uint256,uint256,uint256,uint256)", abi.encode(amount, got, getId, setId));
    }

    function withdraw(uint256 wstethAmt, uint256 getId, uint256 setId) external returns (string memory, bytes memory) {
        uint256 amount = _get(getId, wstethAmt);
        if (amount == MAX) amount = _wstETH.balanceOf(address(this));
        uint256 got = _wstETH.unwrap(amount);
        _set(setId, got);
        return ("LogWithdraw(uint256,uint256,uint256,uint256)", abi.encode(amount, got, getId, setId));
    }
}

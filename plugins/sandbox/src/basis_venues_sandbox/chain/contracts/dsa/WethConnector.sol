// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {Connector} from "./Connector.sol";
import {IMemory, IWeth} from "./Interfaces.sol";

/// WETH-A: ether to WETH and back.
contract WethConnector is Connector {
    event LogDeposit(uint256 tokenAmt, uint256 getId, uint256 setId);
    event LogWithdraw(uint256 tokenAmt, uint256 getId, uint256 setId);

    string public constant name = "WETH-v1.0";

    constructor(IMemory memory_, IWeth weth) Connector(memory_, weth) {}

    function deposit(uint256 amt, uint256 getId, uint256 setId) external payable returns (string memory, bytes memory) {
        uint256 amount = _get(getId, amt);
        if (amount == MAX) amount = address(this).balance;
        _weth.deposit{value: amount}();
        _set(setId, amount);
        return ("LogDeposit(uint256,uint256,uint256)", abi.encode(amount, getId, setId));
    }

    function withdraw(uint256 amt, uint256 getId, uint256 setId) external payable returns (string memory, bytes memory) {
        uint256 amount = _get(getId, amt);
        if (amount == MAX) amount = _weth.balanceOf(address(this));
        _weth.withdraw(amount);
        _set(setId, amount);
        return ("LogWithdraw(uint256,uint256,uint256)", abi.encode(amount, getId, setId));
    }
}

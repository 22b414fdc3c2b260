// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {Connector} from "./Connector.sol";
import {IMemory, IToken, IWeth} from "./Interfaces.sol";

/// BASIC-A: tokens and ether into the account and out of it.
contract BasicConnector is Connector {
    event LogDeposit(address indexed erc20, uint256 tokenAmt, uint256 getId, uint256 setId);
    event LogWithdraw(address indexed erc20, uint256 tokenAmt, address indexed to, uint256 getId, uint256 setId);
    event LogDepositFrom(address indexed erc20, uint256 tokenAmt, address indexed from, uint256 getId, uint256 setId);

    string public constant name = "Basic-v1.1";

    constructor(IMemory memory_, IWeth weth) Connector(memory_, weth) {}

    /// Pulls from whoever called the account, which inside a flash loan is the aggregator.
    function deposit(address token, uint256 amt, uint256 getId, uint256 setId) external payable returns (string memory, bytes memory) {
        uint256 amount = _get(getId, amt);
        if (token == ETHER) {
            require(amount == msg.value || amount == MAX, "invalid-ether-amount");
            amount = msg.value;
        } else amount = _pull(token, amount, msg.sender);
        _set(setId, amount);
        return ("LogDeposit(address,uint256,uint256,uint256)", abi.encode(token, amount, getId, setId));
    }

    /// A receiver that refuses the ether is passed over in silence, as by the real one.
    function withdraw(
        address token,
        uint256 amt,
        address payable to,
        uint256 getId,
        uint256 setId
    ) external payable returns (string memory, bytes memory) {
        uint256 amount = _get(getId, amt);
        if (amount == MAX) amount = _balance(token);
        if (token == ETHER) {
            (bool sent, ) = to.call{value: amount}("");
            sent;
        } else IToken(token).transfer(to, amount);
        _set(setId, amount);
        return ("LogWithdraw(address,uint256,address,uint256,uint256)", abi.encode(token, amount, to, getId, setId));
    }

    function depositFrom(
        address token,
        uint256 amt,
        address from,
        uint256 getId,
        uint256 setId
    ) external payable returns (string memory, bytes memory) {
        require(token != ETHER, "eth-not-supported");
        uint256 amount = _pull(token, _get(getId, amt), from);
        _set(setId, amount);
        return ("LogDepositFrom(address,uint256,address,uint256,uint256)", abi.encode(token, amount, from, getId, setId));
    }

    function _pull(address token, uint256 amt, address from) private returns (uint256 amount) {
        amount = amt == MAX ? IToken(token).balanceOf(from) : amt;
        IToken(token).transferFrom(from, address(this), amount);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {Connector} from "./Connector.sol";
import {ILido, IMemory, IWeth} from "./Interfaces.sol";

/// LIDO-STETH-A: ether to stETH.
contract LidoConnector is Connector {
    event LogDeposit(uint256 Amt, uint256 getId, uint256 setId);

    string public constant name = "LidoStEth-v1.0";
    ILido private immutable _lido;
    address private immutable _treasury;

    constructor(IMemory memory_, IWeth weth, ILido lido, address treasury) Connector(memory_, weth) {
        _lido = lido;
        _treasury = treasury;
    }

    /// Stakes `amt` itself: an amount from memory or the largest one counts for the event and for `setId` only. So does the real one.
    function deposit(uint256 amt, uint256 getId, uint256 setId) external payable returns (string memory, bytes memory) {
        uint256 amount = _get(getId, amt);
        if (amount == MAX) amount = address(this).balance;
        _lido.submit{value: amt}(_treasury);
        _set(setId, amount);
        return ("LogDeposit(uint256,uint256,uint256)", abi.encode(amount, getId, setId));
    }
}

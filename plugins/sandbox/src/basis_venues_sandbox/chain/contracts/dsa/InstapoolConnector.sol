// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {Connector} from "./Connector.sol";
import {IAccount, IFlashAggregator, IMemory, IToken, IWeth} from "./Interfaces.sol";

/// INSTAPOOL-C: borrow, cast the spells in `data` (`abi.encode(string[] names, bytes[] datas)`), pay back, in one transaction.
contract InstapoolConnector is Connector {
    event LogFlashBorrow(address token, uint256 tokenAmt);
    event LogFlashPayback(address token, uint256 tokenAmt);
    event LogFlashMultiBorrow(address[] token, uint256[] tokenAmts);
    event LogFlashMultiPayback(address[] token, uint256[] tokenAmts);

    string public constant name = "Instapool-v1.2";
    address public immutable instaPool;

    constructor(IMemory memory_, IWeth weth, address aggregator) Connector(memory_, weth) {
        instaPool = aggregator;
    }

    function flashBorrowAndCast(
        address token,
        uint256 amt,
        uint256 route,
        bytes calldata data,
        bytes calldata extraData
    ) external payable returns (string memory, bytes memory) {
        address[] memory tokens = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (tokens[0], amounts[0]) = (token, amt);
        _borrow(tokens, amounts, route, data, extraData);
        return ("LogFlashBorrow(address,uint256)", abi.encode(token, amt));
    }

    function flashMultiBorrowAndCast(
        address[] calldata tokens_,
        uint256[] calldata amts_,
        uint256 route,
        bytes calldata data,
        bytes calldata extraData
    ) external payable returns (string memory, bytes memory) {
        _borrow(tokens_, amts_, route, data, extraData);
        return ("LogFlashMultiBorrow(address[],uint256[])", abi.encode(tokens_, amts_));
    }

    /// The event shows `amt` even where the amount came from memory, as the real one's does.
    function flashPayback(address token, uint256 amt, uint256 getId, uint256 setId) external payable returns (string memory, bytes memory) {
        _payback(token, amt, getId, setId);
        return ("LogFlashPayback(address,uint256)", abi.encode(token, amt));
    }

    function flashMultiPayback(
        address[] calldata tokens_,
        uint256[] calldata amts_,
        uint256[] calldata getIds,
        uint256[] calldata setIds
    ) external payable returns (string memory, bytes memory) {
        for (uint256 i = 0; i < tokens_.length; ++i) _payback(tokens_[i], amts_[i], getIds[i], setIds[i]);
        return ("LogFlashMultiPayback(address[],uint256[])", abi.encode(tokens_, amts_));
    }

    function _borrow(address[] memory tokens, uint256[] memory amounts, uint256 route, bytes calldata data, bytes calldata extraData) private {
        (string[] memory names, bytes[] memory datas) = abi.decode(data, (string[], bytes[]));
        bytes memory inner = abi.encodeWithSignature("cast(string[],bytes[],address)", names, datas, instaPool);
        IAccount(address(this)).enable(instaPool);
        IFlashAggregator(instaPool).flashLoan(tokens, amounts, route, inner, extraData);
        IAccount(address(this)).disable(instaPool);
    }

    function _payback(address token, uint256 amt, uint256 getId, uint256 setId) private {
        uint256 amount = _get(getId, amt);
        IToken(token).transfer(instaPool, amount);
        _set(setId, amount);
    }
}

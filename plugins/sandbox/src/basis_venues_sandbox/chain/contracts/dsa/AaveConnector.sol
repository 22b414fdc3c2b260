// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {Connector} from "./Connector.sol";
import {IMemory, IPool, IPoolData, IToken, IWeth} from "./Interfaces.sol";

/// AAVE-V3-A: lending for the account itself.
contract AaveConnector is Connector {
    event LogDeposit(address indexed token, uint256 tokenAmt, uint256 getId, uint256 setId);
    event LogDepositWithoutCollateral(address token, uint256 amt, uint256 getId, uint256 setId);
    event LogWithdraw(address indexed token, uint256 tokenAmt, uint256 getId, uint256 setId);
    event LogBorrow(address indexed token, uint256 tokenAmt, uint256 indexed rateMode, uint256 getId, uint256 setId);
    event LogPayback(address indexed token, uint256 tokenAmt, uint256 indexed rateMode, uint256 getId, uint256 setId);
    event LogEnableCollateral(address[] tokens);
    event LogDisableCollateral(address[] tokens);
    event LogSetUserEMode(uint8 categoryId);

    string public constant name = "AaveV3-v1.2";
    uint16 private constant REFERRAL = 3228;
    IPool private immutable _pool;
    IPoolData private immutable _data;

    constructor(IMemory memory_, IWeth weth, IPool pool, IPoolData data) Connector(memory_, weth) {
        _pool = pool;
        _data = data;
    }

    function deposit(address token, uint256 amt, uint256 getId, uint256 setId) external payable returns (string memory, bytes memory) {
        uint256 amount = _supply(token, _get(getId, amt));
        _useAsCollateral(_wrapped(token), true);
        _set(setId, amount);
        return ("LogDeposit(address,uint256,uint256,uint256)", abi.encode(token, amount, getId, setId));
    }

    function depositWithoutCollateral(
        address token,
        uint256 amt,
        uint256 getId,
        uint256 setId
    ) external payable returns (string memory, bytes memory) {
        uint256 amount = _supply(token, _get(getId, amt));
        _useAsCollateral(_wrapped(token), false);
        _set(setId, amount);
        return ("LogDepositWithoutCollateral(address,uint256,uint256,uint256)", abi.encode(token, amount, getId, setId));
    }

    /// The largest amount is Aave's: everything.
    function withdraw(address token, uint256 amt, uint256 getId, uint256 setId) external payable returns (string memory, bytes memory) {
        IToken asset = _wrapped(token);
        uint256 before = asset.balanceOf(address(this));
        _pool.withdraw(address(asset), _get(getId, amt), address(this));
        uint256 amount = asset.balanceOf(address(this)) - before;
        _unwrap(token, amount);
        _set(setId, amount);
        return ("LogWithdraw(address,uint256,uint256,uint256)", abi.encode(token, amount, getId, setId));
    }

    function borrow(
        address token,
        uint256 amt,
        uint256 rateMode,
        uint256 getId,
        uint256 setId
    ) external payable returns (string memory, bytes memory) {
        uint256 amount = _get(getId, amt);
        _pool.borrow(address(_wrapped(token)), amount, rateMode, REFERRAL, address(this));
        _unwrap(token, amount);
        _set(setId, amount);
        return ("LogBorrow(address,uint256,uint256,uint256,uint256)", abi.encode(token, amount, rateMode, getId, setId));
    }

    /// The largest amount is the debt, or the balance where that is less.
    function payback(
        address token,
        uint256 amt,
        uint256 rateMode,
        uint256 getId,
        uint256 setId
    ) external payable returns (string memory, bytes memory) {
        IToken asset = _wrapped(token);
        uint256 amount = _get(getId, amt);
        if (amount == MAX) amount = _lesser(_balance(token), _debt(asset));
        _wrap(token, amount);
        _approve(asset, address(_pool), amount);
        _pool.repay(address(asset), amount, rateMode, address(this));
        _set(setId, amount);
        return ("LogPayback(address,uint256,uint256,uint256,uint256)", abi.encode(token, amount, rateMode, getId, setId));
    }

    function paybackWithATokens(
        address token,
        uint256 amt,
        uint256 rateMode,
        uint256 getId,
        uint256 setId
    ) external payable returns (string memory, bytes memory) {
        uint256 amount = _pool.repayWithATokens(address(_wrapped(token)), _get(getId, amt), rateMode);
        _set(setId, amount);
        return ("LogPayback(address,uint256,uint256,uint256,uint256)", abi.encode(token, amount, rateMode, getId, setId));
    }

    function setUserEMode(uint8 categoryId) external payable returns (string memory, bytes memory) {
        _pool.setUserEMode(categoryId);
        return ("LogSetUserEMode(uint8)", abi.encode(categoryId));
    }

    function enableCollateral(address[] calldata tokens) external payable returns (string memory, bytes memory) {
        require(tokens.length > 0, "0-tokens-not-allowed");
        for (uint256 i = 0; i < tokens.length; ++i) _useAsCollateral(_wrapped(tokens[i]), true);
        return ("LogEnableCollateral(address[])", abi.encode(tokens));
    }

    function disableCollateral(address[] calldata tokens) external payable returns (string memory, bytes memory) {
        require(tokens.length > 0, "0-tokens-not-allowed");
        for (uint256 i = 0; i < tokens.length; ++i) _useAsCollateral(_wrapped(tokens[i]), false);
        return ("LogDisableCollateral(address[])", abi.encode(tokens));
    }

    function _supply(address token, uint256 amt) private returns (uint256 amount) {
        IToken asset = _wrapped(token);
        amount = amt == MAX ? _balance(token) : amt;
        _wrap(token, amount);
        _approve(asset, address(_pool), amount);
        _pool.supply(address(asset), amount, address(this), REFERRAL);
    }

    function _useAsCollateral(IToken asset, bool use) private {
        (uint256 supplied, , , , , , , , bool used) = _data.getUserReserveData(address(asset), address(this));
        if (supplied > 0 && used != use) _pool.setUserUseReserveAsCollateral(address(asset), use);
    }

    function _debt(IToken asset) private view returns (uint256 debt) {
        (, , debt, , , , , , ) = _data.getUserReserveData(address(asset), address(this));
    }

    function _lesser(uint256 one, uint256 other) private pure returns (uint256) {
        return one < other ? one : other;
    }
}

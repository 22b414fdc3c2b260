// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {IQueue} from "./Interfaces.sol";
import {LidoLocator} from "./LidoLocator.sol";
import {Permits} from "./Permits.sol";
import {StakeLimit} from "./StakeLimit.sol";

/// A stand-in for Lido's token, written from its ABI and its rules: balances are shares of the ether in the pool, and a report changes
/// what a share is worth. The oracle is the owner, who calls `report`.
contract StETH is Permits, StakeLimit {
    event Submitted(address indexed sender, uint256 amount, address referral);
    event Transfer(address indexed from, address indexed to, uint256 value);
    event TransferShares(address indexed from, address indexed to, uint256 sharesValue);
    event Approval(address indexed owner, address indexed spender, uint256 value);
    event SharesBurnt(address indexed account, uint256 preRebaseTokenAmount, uint256 postRebaseTokenAmount, uint256 sharesAmount);
    event TokenRebased(
        uint256 indexed reportTimestamp,
        uint256 timeElapsed,
        uint256 preTotalShares,
        uint256 preTotalEther,
        uint256 postTotalShares,
        uint256 postTotalEther,
        uint256 sharesMintedAsFees
    );
    event Stopped();
    event Resumed();

    string public constant name = "Liquid staked Ether 2.0";
    string public constant symbol = "stETH";
    uint8 public constant decimals = 18;
    uint16 public constant getFee = 1000;
    uint256 private constant TOO_LARGE = type(uint128).max;
    address private constant INITIAL_HOLDER = 0x000000000000000000000000000000000000dEaD;

    address public immutable owner = msg.sender;
    address private immutable _operators;
    LidoLocator public getLidoLocator;
    bool public isStopped;
    uint256 public getTotalPooledEther;
    uint256 public getTotalShares;
    uint256 private _reported = block.timestamp;
    mapping(address => uint256) public sharesOf;
    mapping(address => mapping(address => uint256)) public allowance;

    modifier onlyOwner() override {
        require(msg.sender == owner, "APP_AUTH_FAILED");
        _;
    }

    /// The ether sent along becomes the first shares, one to one, so that nothing divides by zero.
    constructor(address operators) payable {
        require(msg.value != 0, "EMPTY_INIT_BALANCE");
        _operators = operators;
        getTotalPooledEther = msg.value;
        _mint(INITIAL_HOLDER, msg.value);
    }

    receive() external payable {
        _submit(address(0));
    }

    fallback() external payable {
        revert("NON_EMPTY_DATA");
    }

    function submit(address referral) external payable returns (uint256) {
        return _submit(referral);
    }

    // what a share is worth

    function getSharesByPooledEth(uint256 value) public view returns (uint256) {
        require(value < TOO_LARGE, "ETH_TOO_LARGE");
        return (value * getTotalShares) / getTotalPooledEther;
    }

    function getPooledEthByShares(uint256 shares) public view returns (uint256) {
        require(shares < TOO_LARGE, "SHARES_TOO_LARGE");
        return (shares * getTotalPooledEther) / getTotalShares;
    }

    function getPooledEthBySharesRoundUp(uint256 shares) external view returns (uint256) {
        require(shares < TOO_LARGE, "SHARES_TOO_LARGE");
        return (shares * getTotalPooledEther + getTotalShares - 1) / getTotalShares;
    }

    function getBufferedEther() external view returns (uint256) {
        return address(this).balance;
    }

    function totalSupply() external view returns (uint256) {
        return getTotalPooledEther;
    }

    function balanceOf(address account) external view returns (uint256) {
        return getPooledEthByShares(sharesOf[account]);
    }

    // the token

    function transfer(address to, uint256 value) external returns (bool) {
        _transfer(msg.sender, to, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        _spend(from, value);
        _transfer(from, to, value);
        return true;
    }

    function transferShares(address to, uint256 shares) external returns (uint256 tokens) {
        tokens = getPooledEthByShares(shares);
        _moveShares(msg.sender, to, shares, tokens);
    }

    function transferSharesFrom(address from, address to, uint256 shares) external returns (uint256 tokens) {
        tokens = getPooledEthByShares(shares);
        _spend(from, tokens);
        _moveShares(from, to, shares, tokens);
    }

    function approve(address spender, uint256 value) external returns (bool) {
        _approve(msg.sender, spender, value);
        return true;
    }

    function increaseAllowance(address spender, uint256 added) external returns (bool) {
        _approve(msg.sender, spender, allowance[msg.sender][spender] + added);
        return true;
    }

    function decreaseAllowance(address spender, uint256 removed) external returns (bool) {
        uint256 allowed = allowance[msg.sender][spender];
        require(allowed >= removed, "ALLOWANCE_BELOW_ZERO");
        _approve(msg.sender, spender, allowed - removed);
        return true;
    }

    function permit(address from, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        require(block.timestamp <= deadline, "DEADLINE_EXPIRED");
        require(from != address(0) && _signer(from, spender, value, deadline, v, r, s) == from, "INVALID_SIGNATURE");
        _approve(from, spender, value);
    }

    // controls of the chain's owner

    function connect(LidoLocator locator) external onlyOwner {
        getLidoLocator = locator;
    }

    function stop() external onlyOwner {
        isStopped = true;
        emit Stopped();
    }

    function resume() external onlyOwner {
        isStopped = false;
        emit Resumed();
    }

    /// The oracle's report. The ether sent along is the reward. `lastId`: the last withdrawal request that is finalized, or 0;
    /// `shareRate`, `etherToLock` and `sharesToBurn` as the queue's `prefinalize` gives them.
    function report(uint256 penalty, uint256 lastId, uint256 shareRate, uint256 etherToLock, uint256 sharesToBurn) external payable onlyOwner {
        uint256 shares = getTotalShares;
        uint256 pooled = getTotalPooledEther;
        if (lastId != 0) {
            IQueue(getLidoLocator.withdrawalQueue()).finalize{value: etherToLock}(lastId, shareRate);
            getTotalPooledEther -= etherToLock;
            _burn(getLidoLocator.withdrawalQueue(), sharesToBurn);
        }
        getTotalPooledEther = getTotalPooledEther + msg.value - penalty;
        uint256 fees = _mintFees(msg.value);
        uint256 elapsed = block.timestamp - _reported;
        _reported = block.timestamp;
        emit TokenRebased(block.timestamp, elapsed, shares, pooled, getTotalShares, getTotalPooledEther, fees);
    }

    function _mintFees(uint256 reward) private returns (uint256 minted) {
        uint256 fee = (reward * getFee) / 10_000;
        minted = (fee * getTotalShares) / (getTotalPooledEther - fee);
        if (minted == 0) return 0;
        address treasury = getLidoLocator.treasury();
        uint256 forTreasury = minted / 2;
        _mint(_operators, minted - forTreasury);
        _announce(address(0), _operators, minted - forTreasury);
        _mint(treasury, forTreasury);
        _announce(address(0), treasury, forTreasury);
    }

    function _submit(address referral) private returns (uint256 shares) {
        require(msg.value != 0, "ZERO_DEPOSIT");
        _useLimit(msg.value);
        shares = getSharesByPooledEth(msg.value);
        _mint(msg.sender, shares);
        getTotalPooledEther += msg.value;
        emit Submitted(msg.sender, msg.value, referral);
        _announce(address(0), msg.sender, shares);
    }

    function _transfer(address from, address to, uint256 value) private {
        _moveShares(from, to, getSharesByPooledEth(value), value);
    }

    function _moveShares(address from, address to, uint256 shares, uint256 tokens) private {
        require(to != address(0), "TRANSFER_TO_ZERO_ADDR");
        require(to != address(this), "TRANSFER_TO_STETH_CONTRACT");
        require(!isStopped, "CONTRACT_IS_STOPPED");
        require(shares <= sharesOf[from], "BALANCE_EXCEEDED");
        sharesOf[from] -= shares;
        sharesOf[to] += shares;
        emit Transfer(from, to, tokens);
        emit TransferShares(from, to, shares);
    }

    function _spend(address from, uint256 value) private {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed == type(uint256).max) return;
        require(allowed >= value, "ALLOWANCE_EXCEEDED");
        _approve(from, msg.sender, allowed - value);
    }

    function _approve(address from, address spender, uint256 value) private {
        require(spender != address(0), "APPROVE_TO_ZERO_ADDR");
        allowance[from][spender] = value;
        emit Approval(from, spender, value);
    }

    function _mint(address account, uint256 shares) private {
        getTotalShares += shares;
        sharesOf[account] += shares;
    }

    function _burn(address account, uint256 shares) private {
        require(shares <= sharesOf[account], "BALANCE_EXCEEDED");
        uint256 before = getPooledEthByShares(shares);
        getTotalShares -= shares;
        sharesOf[account] -= shares;
        emit SharesBurnt(account, before, getPooledEthByShares(shares), shares);
    }

    function _announce(address from, address to, uint256 shares) private {
        emit Transfer(from, to, getPooledEthByShares(shares));
        emit TransferShares(from, to, shares);
    }

    function _domain() internal pure override returns (string memory, string memory) {
        return (name, "2");
    }
}

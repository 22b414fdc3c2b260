// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {IStETH} from "./Interfaces.sol";
import {Permits} from "./Permits.sol";

/// A stand-in for the wrapper of stETH, written from its ABI and its rules: one token is one share. An old ERC-20: even the largest
/// allowance is lowered when it is used.
contract WstETH is Permits {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    string public constant name = "Wrapped liquid staked Ether 2.0";
    string public constant symbol = "wstETH";
    uint8 public constant decimals = 18;
    IStETH public immutable stETH;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    constructor(IStETH stETH_) {
        stETH = stETH_;
    }

    receive() external payable {
        _mint(msg.sender, stETH.submit{value: msg.value}(address(0)));
    }

    function wrap(uint256 value) external returns (uint256 amount) {
        require(value > 0, "wstETH: can't wrap zero stETH");
        amount = stETH.getSharesByPooledEth(value);
        _mint(msg.sender, amount);
        stETH.transferFrom(msg.sender, address(this), value);
    }

    function unwrap(uint256 amount) external returns (uint256 value) {
        require(amount > 0, "wstETH: zero amount unwrap not allowed");
        value = stETH.getPooledEthByShares(amount);
        require(balanceOf[msg.sender] >= amount, "ERC20: burn amount exceeds balance");
        balanceOf[msg.sender] -= amount;
        totalSupply -= amount;
        emit Transfer(msg.sender, address(0), amount);
        stETH.transfer(msg.sender, value);
    }

    function getWstETHByStETH(uint256 value) external view returns (uint256) {
        return stETH.getSharesByPooledEth(value);
    }

    function getStETHByWstETH(uint256 amount) external view returns (uint256) {
        return stETH.getPooledEthByShares(amount);
    }

    function stEthPerToken() external view returns (uint256) {
        return stETH.getPooledEthByShares(1 ether);
    }

    function tokensPerStEth() external view returns (uint256) {
        return stETH.getSharesByPooledEth(1 ether);
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        _move(from, to, amount);
        uint256 allowed = allowance[from][msg.sender];
        require(allowed >= amount, "ERC20: transfer amount exceeds allowance");
        _approve(from, msg.sender, allowed - amount);
        return true;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        _approve(msg.sender, spender, amount);
        return true;
    }

    function increaseAllowance(address spender, uint256 added) external returns (bool) {
        _approve(msg.sender, spender, allowance[msg.sender][spender] + added);
        return true;
    }

    function decreaseAllowance(address spender, uint256 removed) external returns (bool) {
        require(allowance[msg.sender][spender] >= removed, "ERC20: decreased allowance below zero");
        _approve(msg.sender, spender, allowance[msg.sender][spender] - removed);
        return true;
    }

    function permit(address from, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        require(block.timestamp <= deadline, "ERC20Permit: expired deadline");
        require(from != address(0) && _signer(from, spender, value, deadline, v, r, s) == from, "ERC20Permit: invalid signature");
        _approve(from, spender, value);
    }

    function _mint(address account, uint256 amount) private {
        totalSupply += amount;
        balanceOf[account] += amount;
        emit Transfer(address(0), account, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        require(to != address(0), "ERC20: transfer to the zero address");
        require(balanceOf[from] >= amount, "ERC20: transfer amount exceeds balance");
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        emit Transfer(from, to, amount);
    }

    function _approve(address from, address spender, uint256 amount) private {
        require(spender != address(0), "ERC20: approve to the zero address");
        allowance[from][spender] = amount;
        emit Approval(from, spender, amount);
    }

    function _domain() internal pure override returns (string memory, string memory) {
        return (name, "1");
    }
}

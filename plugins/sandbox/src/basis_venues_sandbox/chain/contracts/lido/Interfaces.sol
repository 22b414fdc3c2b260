// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

interface IStETH {
    function submit(address referral) external payable returns (uint256);

    function transfer(address to, uint256 value) external returns (bool);

    function transferFrom(address from, address to, uint256 value) external returns (bool);

    function getSharesByPooledEth(uint256 value) external view returns (uint256);

    function getPooledEthByShares(uint256 shares) external view returns (uint256);

    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
}

interface IWstETH {
    function unwrap(uint256 amount) external returns (uint256);

    function transferFrom(address from, address to, uint256 value) external returns (bool);

    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
}

interface IQueue {
    function finalize(uint256 lastId, uint256 maxShareRate) external payable;
}

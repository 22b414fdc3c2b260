// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

interface IToken {
    function approve(address spender, uint256 value) external;

    function transfer(address to, uint256 value) external;

    function transferFrom(address from, address to, uint256 value) external;

    function allowance(address owner, address spender) external view returns (uint256);

    function balanceOf(address account) external view returns (uint256);

    function decimals() external view returns (uint8);
}

interface IWeth is IToken {
    function deposit() external payable;

    function withdraw(uint256 amount) external;
}

interface IAccount {
    function enable(address user) external;

    function disable(address user) external;

    function isAuth(address user) external view returns (bool);
}

interface IList {
    function init(address account) external;

    function addAuth(address user) external;

    function removeAuth(address user) external;

    function accountID(address account) external view returns (uint64);

    function accountLink(uint64 id) external view returns (address first, address last, uint64 count);
}

interface IMemory {
    function getUint(uint256 id) external returns (uint256);

    function setUint(uint256 id, uint256 value) external;
}

interface IConnectors {
    function isConnectors(string[] calldata names) external view returns (bool, address[] memory);
}

interface IPool {
    function supply(address asset, uint256 amount, address onBehalfOf, uint16 referral) external;

    function withdraw(address asset, uint256 amount, address to) external returns (uint256);

    function borrow(address asset, uint256 amount, uint256 mode, uint16 referral, address onBehalfOf) external;

    function repay(address asset, uint256 amount, uint256 mode, address onBehalfOf) external returns (uint256);

    function repayWithATokens(address asset, uint256 amount, uint256 mode) external returns (uint256);

    function setUserEMode(uint8 category) external;

    function setUserUseReserveAsCollateral(address asset, bool use) external;

    function flashLoan(
        address receiver,
        address[] calldata assets,
        uint256[] calldata amounts,
        uint256[] calldata modes,
        address onBehalfOf,
        bytes calldata params,
        uint16 referral
    ) external;

    function FLASHLOAN_PREMIUM_TOTAL() external view returns (uint128);
}

interface IPoolData {
    function getUserReserveData(
        address asset,
        address user
    ) external view returns (uint256, uint256, uint256, uint256, uint256, uint256, uint256, uint40, bool);
}

interface ILido {
    function submit(address referral) external payable returns (uint256);
}

interface IWstETH is IToken {
    function wrap(uint256 value) external returns (uint256);

    function unwrap(uint256 amount) external returns (uint256);
}

interface IRouter {
    struct ExactInputSingleParams {
        address tokenIn;
        address tokenOut;
        uint24 fee;
        address recipient;
        uint256 amountIn;
        uint256 amountOutMinimum;
        uint160 sqrtPriceLimitX96;
    }

    struct ExactOutputSingleParams {
        address tokenIn;
        address tokenOut;
        uint24 fee;
        address recipient;
        uint256 amountOut;
        uint256 amountInMaximum;
        uint160 sqrtPriceLimitX96;
    }

    function exactInputSingle(ExactInputSingleParams calldata params) external payable returns (uint256);

    function exactOutputSingle(ExactOutputSingleParams calldata params) external payable returns (uint256);
}

interface IFlashAggregator {
    function flashLoan(
        address[] calldata tokens,
        uint256[] calldata amounts,
        uint256 route,
        bytes calldata data,
        bytes calldata extra
    ) external;
}

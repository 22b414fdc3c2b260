// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

interface IFeed {
    function latestAnswer() external view returns (int256);

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80);
}

interface IRate {
    function stEthPerToken() external view returns (uint256);
}

/// The price of wstETH: that of ether times the rate of the wrapper, so that a rebase moves it.
contract StakedFeed {
    uint8 public constant decimals = 8;
    IFeed public immutable ether_;
    IRate public immutable wrapper;

    constructor(IFeed etherFeed, IRate wstETH) {
        ether_ = etherFeed;
        wrapper = wstETH;
    }

    function latestAnswer() public view returns (int256) {
        return _staked(ether_.latestAnswer());
    }

    function latestRoundData() external view returns (uint80 round, int256 answer, uint256 started, uint256 updated, uint80 answered) {
        (round, answer, started, updated, answered) = ether_.latestRoundData();
        answer = _staked(answer);
    }

    function _staked(int256 answer) private view returns (int256) {
        return (answer * int256(wrapper.stEthPerToken())) / 1e18;
    }
}

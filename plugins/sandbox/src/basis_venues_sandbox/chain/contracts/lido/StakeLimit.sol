// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

/// How much may be staked at present: a limit that each stake lowers and each block refills, up to its maximum.
abstract contract StakeLimit {
    event StakingPaused();
    event StakingResumed();
    event StakingLimitSet(uint256 maxStakeLimit, uint256 stakeLimitIncreasePerBlock);
    event StakingLimitRemoved();

    bool public isStakingPaused;
    uint256 private _maximum;
    uint256 private _growthBlocks;
    uint256 private _previous;
    uint256 private _previousBlock;

    modifier onlyOwner() virtual;

    function pauseStaking() external onlyOwner {
        isStakingPaused = true;
        emit StakingPaused();
    }

    function resumeStaking() external onlyOwner {
        isStakingPaused = false;
        emit StakingResumed();
    }

    function setStakingLimit(uint256 maximum, uint256 perBlock) external onlyOwner {
        require(maximum != 0, "ZERO_MAX_STAKE_LIMIT");
        _maximum = maximum;
        _growthBlocks = perBlock == 0 ? 0 : maximum / perBlock;
        _remember(maximum);
        emit StakingLimitSet(maximum, perBlock);
    }

    function removeStakingLimit() external onlyOwner {
        _maximum = 0;
        emit StakingLimitRemoved();
    }

    function getCurrentStakeLimit() public view returns (uint256) {
        if (isStakingPaused) return 0;
        return _maximum == 0 ? type(uint256).max : _refilled();
    }

    function getStakeLimitFullInfo()
        external
        view
        returns (
            bool isStakingPaused_,
            bool isStakingLimitSet,
            uint256 currentStakeLimit,
            uint256 maxStakeLimit,
            uint256 maxStakeLimitGrowthBlocks,
            uint256 prevStakeLimit,
            uint256 prevStakeBlockNumber
        )
    {
        return (isStakingPaused, _maximum != 0, getCurrentStakeLimit(), _maximum, _growthBlocks, _previous, _previousBlock);
    }

    function _useLimit(uint256 amount) internal {
        require(!isStakingPaused, "STAKING_PAUSED");
        if (_maximum == 0) return;
        uint256 current = _refilled();
        require(amount <= current, "STAKE_LIMIT");
        _remember(current - amount);
    }

    function _refilled() private view returns (uint256) {
        uint256 growth = _growthBlocks == 0 ? 0 : (block.number - _previousBlock) * (_maximum / _growthBlocks);
        return _previous + growth < _maximum ? _previous + growth : _maximum;
    }

    function _remember(uint256 limit) private {
        _previous = limit;
        _previousBlock = block.number;
    }
}

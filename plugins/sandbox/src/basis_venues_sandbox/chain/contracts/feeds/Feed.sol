// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

/// A price feed whose answer is set by its owner. 8 decimals.
contract Feed {
    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    uint8 public constant decimals = 8;
    address public immutable owner = msg.sender;
    int256 public latestAnswer;
    uint256 public latestTimestamp;
    uint256 public latestRound;

    constructor(int256 answer) {
        _set(answer);
    }

    function setAnswer(int256 answer) external {
        require(msg.sender == owner, "not the owner");
        _set(answer);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (uint80(latestRound), latestAnswer, latestTimestamp, latestTimestamp, uint80(latestRound));
    }

    function _set(int256 answer) private {
        latestAnswer = answer;
        latestTimestamp = block.timestamp;
        emit AnswerUpdated(answer, ++latestRound, block.timestamp);
    }
}

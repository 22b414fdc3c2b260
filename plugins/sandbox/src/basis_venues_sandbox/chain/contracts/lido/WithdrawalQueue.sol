// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {IStETH, IWstETH} from "./Interfaces.sol";
import {Finalization} from "./Finalization.sol";

/// A stand-in for Lido's withdrawal queue, written from its ABI and its rules. The token contract finalizes, with its owner's report.
contract WithdrawalQueue is Finalization {
    struct PermitInput {
        uint256 value;
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    struct WithdrawalRequestStatus {
        uint256 amountOfStETH;
        uint256 amountOfShares;
        address owner;
        uint256 timestamp;
        bool isFinalized;
        bool isClaimed;
    }

    uint256 public constant MIN_STETH_WITHDRAWAL_AMOUNT = 100;
    uint256 public constant MAX_STETH_WITHDRAWAL_AMOUNT = 1000 ether;
    uint256 public constant BUNKER_MODE_DISABLED_TIMESTAMP = type(uint256).max;

    IStETH public immutable STETH;
    IWstETH public immutable WSTETH;
    address private immutable _owner = msg.sender;
    uint256 public getResumeSinceTimestamp;
    uint256 public bunkerModeSinceTimestamp = BUNKER_MODE_DISABLED_TIMESTAMP;

    modifier onlyOwner() {
        require(msg.sender == _owner || msg.sender == address(STETH), "not the owner");
        _;
    }

    modifier whenResumed() {
        if (isPaused()) revert ResumedExpected();
        _;
    }

    constructor(IStETH stETH, IWstETH wstETH) {
        STETH = stETH;
        WSTETH = wstETH;
        _requests.push(Request(0, 0, address(0), block.timestamp, true));
        _checkpoints.push(Checkpoint(0, 0));
    }

    // requesting

    function requestWithdrawals(uint256[] calldata amounts, address owner) public whenResumed returns (uint256[] memory ids) {
        ids = new uint256[](amounts.length);
        for (uint256 i = 0; i < amounts.length; ++i) {
            _checkAmount(amounts[i]);
            STETH.transferFrom(msg.sender, address(this), amounts[i]);
            ids[i] = _enqueue(amounts[i], owner);
        }
    }

    function requestWithdrawalsWstETH(uint256[] calldata amounts, address owner) public whenResumed returns (uint256[] memory ids) {
        ids = new uint256[](amounts.length);
        for (uint256 i = 0; i < amounts.length; ++i) {
            WSTETH.transferFrom(msg.sender, address(this), amounts[i]);
            uint256 value = WSTETH.unwrap(amounts[i]);
            _checkAmount(value);
            ids[i] = _enqueue(value, owner);
        }
    }

    function requestWithdrawalsWithPermit(
        uint256[] calldata amounts,
        address owner,
        PermitInput calldata permit
    ) external returns (uint256[] memory) {
        STETH.permit(msg.sender, address(this), permit.value, permit.deadline, permit.v, permit.r, permit.s);
        return requestWithdrawals(amounts, owner);
    }

    function requestWithdrawalsWstETHWithPermit(
        uint256[] calldata amounts,
        address owner,
        PermitInput calldata permit
    ) external returns (uint256[] memory) {
        WSTETH.permit(msg.sender, address(this), permit.value, permit.deadline, permit.v, permit.r, permit.s);
        return requestWithdrawalsWstETH(amounts, owner);
    }

    function getWithdrawalStatus(uint256[] calldata ids) external view returns (WithdrawalRequestStatus[] memory statuses) {
        statuses = new WithdrawalRequestStatus[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            Request storage request = _known(ids[i]);
            (uint256 value, uint256 shares) = _between(ids[i] - 1, ids[i]);
            bool finalized = ids[i] <= getLastFinalizedRequestId;
            statuses[i] = WithdrawalRequestStatus(value, shares, request.owner, request.timestamp, finalized, request.claimed);
        }
    }

    // claiming

    function claimWithdrawal(uint256 id) external {
        _claim(id, _hint(id, 1, getLastCheckpointIndex()), msg.sender);
    }

    function claimWithdrawals(uint256[] calldata ids, uint256[] calldata hints) external {
        _claimAll(ids, hints, msg.sender);
    }

    function claimWithdrawalsTo(uint256[] calldata ids, uint256[] calldata hints, address recipient) external {
        if (recipient == address(0)) revert ZeroRecipient();
        _claimAll(ids, hints, recipient);
    }

    // controls of the chain's owner

    function finalize(uint256 lastId, uint256 maxShareRate) external payable whenResumed onlyOwner {
        _finalize(lastId, maxShareRate);
    }

    function isPaused() public view returns (bool) {
        return block.timestamp < getResumeSinceTimestamp;
    }

    function pauseFor(uint256 duration) external whenResumed onlyOwner {
        if (duration == 0) revert ZeroPauseDuration();
        bool forever = duration == type(uint256).max;
        getResumeSinceTimestamp = forever ? duration : block.timestamp + duration;
        emit Paused(duration);
    }

    function resume() external onlyOwner {
        if (!isPaused()) revert PausedExpected();
        getResumeSinceTimestamp = block.timestamp;
        emit Resumed();
    }

    function isBunkerModeActive() external view returns (bool) {
        return bunkerModeSinceTimestamp < BUNKER_MODE_DISABLED_TIMESTAMP;
    }

    function onOracleReport(bool bunker, uint256 since, uint256) external onlyOwner {
        bunkerModeSinceTimestamp = bunker ? since : BUNKER_MODE_DISABLED_TIMESTAMP;
        if (bunker) emit BunkerModeEnabled(since);
        else emit BunkerModeDisabled();
    }

    function _checkAmount(uint256 value) private pure {
        if (value < MIN_STETH_WITHDRAWAL_AMOUNT) revert RequestAmountTooSmall(value);
        if (value > MAX_STETH_WITHDRAWAL_AMOUNT) revert RequestAmountTooLarge(value);
    }

    function _enqueue(uint256 value, address owner) private returns (uint256 id) {
        uint256 shares = STETH.getSharesByPooledEth(value);
        address holder = owner == address(0) ? msg.sender : owner;
        Request storage last = _requests[getLastRequestId()];
        _requests.push(Request(last.sumOfStETH + value, last.sumOfShares + shares, holder, block.timestamp, false));
        id = getLastRequestId();
        _hold(holder, id);
        emit WithdrawalRequested(id, msg.sender, holder, value, shares);
        emit Transfer(address(0), holder, id);
    }

    function _claimAll(uint256[] calldata ids, uint256[] calldata hints, address recipient) private {
        if (ids.length != hints.length) revert ArraysLengthMismatch(ids.length, hints.length);
        for (uint256 i = 0; i < ids.length; ++i) _claim(ids[i], hints[i], recipient);
    }

    function _claim(uint256 id, uint256 hint, address recipient) private {
        if (id == 0) revert InvalidRequestId(id);
        if (id > getLastFinalizedRequestId) revert RequestNotFoundOrNotFinalized(id);
        Request storage request = _requests[id];
        if (request.claimed) revert RequestAlreadyClaimed(id);
        if (request.owner != msg.sender) revert NotOwner(msg.sender, request.owner);
        uint256 amount = _claimable(id, hint);
        request.claimed = true;
        _release(msg.sender, id);
        getLockedEtherAmount -= amount;
        if (address(this).balance < amount) revert NotEnoughEther();
        (bool sent, ) = recipient.call{value: amount}("");
        if (!sent) revert CantSendValueRecipientMayHaveReverted();
        emit WithdrawalClaimed(id, msg.sender, recipient, amount);
        emit Transfer(msg.sender, address(0), id);
    }
}

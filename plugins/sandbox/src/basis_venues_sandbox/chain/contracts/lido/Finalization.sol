// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

import {RequestTokens} from "./RequestTokens.sol";

/// When requests are paid and how much: each finalization leaves a checkpoint with the highest rate that its requests are paid at.
abstract contract Finalization is RequestTokens {
    struct Checkpoint {
        uint256 fromId;
        uint256 maxShareRate;
    }

    struct BatchesCalculationState {
        uint256 remainingEthBudget;
        bool finished;
        uint256[36] batches;
        uint256 batchesLength;
    }

    uint256 internal constant PRECISION = 1e27;

    uint256 public getLastFinalizedRequestId;
    uint256 public getLockedEtherAmount;
    Checkpoint[] internal _checkpoints;

    function getLastCheckpointIndex() public view returns (uint256) {
        return _checkpoints.length - 1;
    }

    function unfinalizedRequestNumber() external view returns (uint256) {
        return getLastRequestId() - getLastFinalizedRequestId;
    }

    function unfinalizedStETH() external view returns (uint256) {
        return _requests[getLastRequestId()].sumOfStETH - _requests[getLastFinalizedRequestId].sumOfStETH;
    }

    /// The ether that finalizing `batches` takes at this rate, and the shares that it burns.
    function prefinalize(uint256[] calldata batches, uint256 maxShareRate) external view returns (uint256 ethToLock, uint256 sharesToBurn) {
        if (maxShareRate == 0) revert ZeroShareRate();
        if (batches.length == 0) revert EmptyBatches();
        if (batches[0] <= getLastFinalizedRequestId) revert InvalidRequestId(batches[0]);
        uint256 before = getLastFinalizedRequestId;
        for (uint256 i = 0; i < batches.length; ++i) {
            if (i > 0 && batches[i] <= before) revert BatchesAreNotSorted();
            _known(batches[i]);
            (uint256 value, uint256 shares) = _between(before, batches[i]);
            ethToLock += _payable(value, shares, maxShareRate);
            sharesToBurn += shares;
            before = batches[i];
        }
    }

    /// One batch for each request, at most 36: those up to `maxTimestamp` that the budget pays. (The real queue joins requests of equal
    /// rate.)
    function calculateFinalizationBatches(
        uint256 maxShareRate,
        uint256 maxTimestamp,
        uint256 maxRequests,
        BatchesCalculationState memory state
    ) external view returns (BatchesCalculationState memory) {
        uint256 first = (state.batchesLength == 0 ? getLastFinalizedRequestId : state.batches[state.batchesLength - 1]) + 1;
        for (uint256 id = first; id < first + maxRequests; ++id) {
            state.finished = true;
            if (id > getLastRequestId() || _requests[id].timestamp > maxTimestamp || state.batchesLength == 36) return state;
            (uint256 value, uint256 shares) = _between(id - 1, id);
            uint256 cost = _payable(value, shares, maxShareRate);
            if (cost > state.remainingEthBudget) return state;
            state.remainingEthBudget -= cost;
            state.batches[state.batchesLength++] = id;
            state.finished = false;
        }
        return state;
    }

    /// For each id the checkpoint that decides on its payment. An id that is not finalized has hint 0, and the search goes on from there:
    /// a second one reverts, as it does in the real queue.
    function findCheckpointHints(uint256[] calldata ids, uint256 first, uint256 last) external view returns (uint256[] memory hints) {
        hints = new uint256[](ids.length);
        uint256 previous = 0;
        for (uint256 i = 0; i < ids.length; ++i) {
            if (ids[i] < previous) revert RequestIdsNotSorted();
            hints[i] = _hint(ids[i], first, last);
            first = hints[i];
            previous = ids[i];
        }
    }

    function getClaimableEther(uint256[] calldata ids, uint256[] calldata hints) external view returns (uint256[] memory amounts) {
        amounts = new uint256[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            bool open = !_known(ids[i]).claimed && ids[i] <= getLastFinalizedRequestId;
            amounts[i] = open ? _claimable(ids[i], hints[i]) : 0;
        }
    }

    function _finalize(uint256 lastId, uint256 maxShareRate) internal {
        if (lastId <= getLastFinalizedRequestId) revert InvalidRequestId(lastId);
        _known(lastId);
        uint256 before = getLastFinalizedRequestId;
        (uint256 value, uint256 shares) = _between(before, lastId);
        if (msg.value > value) revert TooMuchEtherToFinalize(msg.value, value);
        _checkpoints.push(Checkpoint(before + 1, maxShareRate));
        getLockedEtherAmount += msg.value;
        getLastFinalizedRequestId = lastId;
        emit WithdrawalsFinalized(before + 1, lastId, msg.value, shares, block.timestamp);
        emit BatchMetadataUpdate(before + 1, lastId);
    }

    function _hint(uint256 id, uint256 first, uint256 last) internal view returns (uint256) {
        _known(id);
        uint256 newest = getLastCheckpointIndex();
        if (first == 0 || last > newest) revert InvalidRequestIdRange(first, last);
        if (newest == 0 || id > getLastFinalizedRequestId || first > last) return 0;
        if (id < _checkpoints[first].fromId) return 0;
        if (last < newest && id >= _checkpoints[last + 1].fromId) return 0;
        while (first < last) {
            uint256 middle = (first + last + 1) / 2;
            if (_checkpoints[middle].fromId <= id) first = middle;
            else last = middle - 1;
        }
        return first;
    }

    function _claimable(uint256 id, uint256 hint) internal view returns (uint256) {
        uint256 newest = getLastCheckpointIndex();
        if (hint == 0 || hint > newest || id < _checkpoints[hint].fromId) revert InvalidHint(hint);
        if (hint < newest && _checkpoints[hint + 1].fromId <= id) revert InvalidHint(hint);
        (uint256 value, uint256 shares) = _between(id - 1, id);
        return _payable(value, shares, _checkpoints[hint].maxShareRate);
    }

    /// A loss since the request is borne, a gain is not earned.
    function _payable(uint256 value, uint256 shares, uint256 maxShareRate) private pure returns (uint256) {
        return (value * PRECISION) / shares > maxShareRate ? (shares * maxShareRate) / PRECISION : value;
    }

    function _between(uint256 before, uint256 last) internal view returns (uint256 value, uint256 shares) {
        value = _requests[last].sumOfStETH - _requests[before].sumOfStETH;
        shares = _requests[last].sumOfShares - _requests[before].sumOfShares;
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.27;

/// What the withdrawal queue refuses, and what it tells.
abstract contract QueueErrors {
    error ApprovalToOwner();
    error ApproveToCaller();
    error ArraysLengthMismatch(uint256 firstArrayLength, uint256 secondArrayLength);
    error BatchesAreNotSorted();
    error CantSendValueRecipientMayHaveReverted();
    error EmptyBatches();
    error InvalidHint(uint256 hint);
    error InvalidOwnerAddress(address owner);
    error InvalidRequestId(uint256 requestId);
    error InvalidRequestIdRange(uint256 startId, uint256 endId);
    error NotEnoughEther();
    error NotOwner(address sender, address owner);
    error NotOwnerOrApproved(address sender);
    error NotOwnerOrApprovedForAll(address sender);
    error PausedExpected();
    error RequestAlreadyClaimed(uint256 requestId);
    error RequestAmountTooLarge(uint256 amountOfStETH);
    error RequestAmountTooSmall(uint256 amountOfStETH);
    error RequestIdsNotSorted();
    error RequestNotFoundOrNotFinalized(uint256 requestId);
    error ResumedExpected();
    error TooMuchEtherToFinalize(uint256 sent, uint256 maxExpected);
    error TransferFromIncorrectOwner(address from, address realOwner);
    error TransferToNonIERC721Receiver(address to);
    error TransferToThemselves();
    error TransferToZeroAddress();
    error ZeroPauseDuration();
    error ZeroRecipient();
    error ZeroShareRate();

    event Approval(address indexed owner, address indexed approved, uint256 indexed tokenId);
    event ApprovalForAll(address indexed owner, address indexed operator, bool approved);
    event BatchMetadataUpdate(uint256 fromTokenId, uint256 toTokenId);
    event BunkerModeDisabled();
    event BunkerModeEnabled(uint256 sinceTimestamp);
    event Paused(uint256 duration);
    event Resumed();
    event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);
    event WithdrawalClaimed(uint256 indexed requestId, address indexed owner, address indexed receiver, uint256 amountOfETH);
    event WithdrawalRequested(
        uint256 indexed requestId,
        address indexed requestor,
        address indexed owner,
        uint256 amountOfStETH,
        uint256 amountOfShares
    );
    event WithdrawalsFinalized(
        uint256 indexed from,
        uint256 indexed to,
        uint256 amountOfETHLocked,
        uint256 sharesToBurn,
        uint256 timestamp
    );
}

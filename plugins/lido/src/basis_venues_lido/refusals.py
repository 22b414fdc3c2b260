"""The custom errors of the withdrawal queue."""

from __future__ import annotations

ERRORS = (
    "ApprovalToOwner()",
    "ArraysLengthMismatch(uint256,uint256)",
    "BatchesAreNotSorted()",
    "CantSendValueRecipientMayHaveReverted()",
    "EmptyBatches()",
    "InvalidHint(uint256)",
    "InvalidRequestId(uint256)",
    "InvalidRequestIdRange(uint256,uint256)",
    "InvalidState()",
    "NotEnoughEther()",
    "NotOwner(address,address)",
    "NotOwnerOrApproved(address)",
    "NotOwnerOrApprovedForAll(address)",
    "PausedExpected()",
    "RequestAlreadyClaimed(uint256)",
    "RequestAmountTooLarge(uint256)",
    "RequestAmountTooSmall(uint256)",
    "RequestIdsNotSorted()",
    "RequestNotFoundOrNotFinalized(uint256)",
    "ResumedExpected()",
    "TooMuchEtherToFinalize(uint256,uint256)",
    "TransferFromIncorrectOwner(address,address)",
    "TransferToNonIERC721Receiver(address)",
    "TransferToThemselves()",
    "TransferToZeroAddress()",
    "ZeroRecipient()",
    "ZeroShareRate()",
)

"""Answers as of an earlier block: what a node says that has not heard of the newest ones."""

from __future__ import annotations

from typing import Any

from .faults import RECEIPT

_BLOCK_AT = {
    "eth_call": 1,
    "eth_estimateGas": 1,
    "eth_getBalance": 1,
    "eth_getCode": 1,
    "eth_getTransactionCount": 1,
    "eth_getStorageAt": 2,
    "eth_getBlockByNumber": 0,
    "eth_getBlockTransactionCountByNumber": 0,
}
"""method -> which of its parameters is the block"""

_NEWEST = ("latest", "pending")


def asked_of(member: dict[str, Any], head: int) -> dict[str, Any]:
    """The request as a node sees it whose newest block is `head`."""
    place = _BLOCK_AT.get(member["method"])
    if place is None:
        return member
    params = list(member.get("params") or ())
    if len(params) <= place:
        params.append("latest")
    if params[place] in _NEWEST:
        params[place] = hex(head)
    return {**member, "params": params}


def unknown_block(member: dict[str, Any], head: int) -> bool:
    """Whether it asks for a block after `head`."""
    place = _BLOCK_AT.get(member["method"])
    params = member.get("params") or ()
    return place is not None and len(params) > place and _number(params[place]) > head


def told_by(member: dict[str, Any], answer: dict[str, Any], head: int) -> dict[str, Any]:
    """The node's answer without what happened after `head`."""
    result = answer.get("result")
    if member["method"] == "eth_blockNumber":
        return {**answer, "result": hex(head)}
    if isinstance(result, list) and member["method"] == "eth_getLogs":  # no error: many nodes answer so for blocks that they lack
        return {**answer, "result": [log for log in result if _number(log["blockNumber"]) <= head]}
    if not isinstance(result, dict) or _number(result.get("blockNumber")) <= head:
        return answer
    if member["method"] == RECEIPT:
        return {**answer, "result": None}
    if member["method"] == "eth_getTransactionByHash":
        return {**answer, "result": {**result, "blockNumber": None, "blockHash": None, "transactionIndex": None}}
    return answer


def _number(block: Any) -> int:
    return int(block, 16) if isinstance(block, str) and block.startswith("0x") else -1

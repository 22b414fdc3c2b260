"""What a transaction would do, before it is signed: run by the node in a block of its own, and its logs read like those of a mined one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .mined import Log, Mined
from .multicall import Call
from .rpc import Answer, Request

if TYPE_CHECKING:
    from .transactions import Wanted

NO_HASH = "0x" + "00" * 32
"""In place of the hash of a transaction that is none yet."""


def simulation(sender: str, wanted: Wanted, views: Iterable[Call] = ()) -> Request:
    """The request, by `eth_simulateV1`. Fees are not charged in it. `views` are asked before the transaction and after it, at one block."""
    asked = [{"to": view.to, "data": view.data} for view in views]
    call = {"from": sender, "to": wanted.to, "data": wanted.data, "value": hex(wanted.value)}
    return Request("eth_simulateV1", ({"blockStateCalls": [{"calls": [*asked, call, *asked]}]}, "latest"))


def simulated(answer: Answer, sender: str, wanted: Wanted) -> Mined | None:
    """The transaction as if it were in the next block, its gas unpaid; None from a node that does not offer it, or answers otherwise than
    is specified."""
    if answer.fault is not None:
        return None
    try:
        (block,) = answer.result
        call = block["calls"][len(block["calls"]) // 2]
        number, ok, logs = int(block["number"], 16), int(call["status"], 16) == 1, tuple(_logs(call))
    except (LookupError, TypeError, ValueError):
        return None
    return Mined(NO_HASH, number, ok, sender, wanted.to, wanted.data, wanted.value, 0, 0, 0, logs)


def around(answer: Answer) -> list[tuple[str, str]]:
    """What each view of a simulation answered before the transaction and after it, as hex."""
    told = [call["returnData"] for call in answer.result[0]["calls"]]
    half = len(told) // 2
    return list(zip(told[:half], told[half + 1 :], strict=True))


def in_sequence(sender: str, transactions: Iterable[Wanted]) -> Request:
    """The request for several transactions, one after the other in a block of their own."""
    calls = [{"from": sender, "to": each.to, "data": each.data, "value": hex(each.value)} for each in transactions]
    return Request("eth_simulateV1", ({"blockStateCalls": [{"calls": calls}]}, "latest"))


def last_reverted(answer: Answer) -> tuple[str, str] | None:
    """What the last of several transactions was reverted with, as hex and in the node's words, where those before it were not. None where
    it was not, or where the node does not tell."""
    if answer.fault is not None:
        return None
    try:
        *before, last = answer.result[0]["calls"]
        if int(last["status"], 16) or not all(int(each["status"], 16) for each in before):
            return None
        error = last.get("error") or {}
        return str(error.get("data") or last["returnData"]), str(error.get("message", ""))
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def _logs(call: Mapping[str, Any]) -> list[Log]:
    ordered = sorted(call["logs"], key=lambda log: int(log["logIndex"], 16))
    return [Log(each["address"].lower(), tuple(each["topics"]), each["data"], place) for place, each in enumerate(ordered)]

"""Reading views at one block. What several venues ask at the same moment becomes one request."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from . import abi
from .multicall import ADDRESS, BLOCK_NUMBER, Call, decode, encode
from .reverts import Reverts
from .rpc import Answer, Request, Rpc, RpcUnavailable

LAGGING_READS = 5
LAGGING_PAUSE_MS = 400
"""How often, and after what pauses, is asked again what only a provider's other nodes may know yet."""


class Behind(RpcUnavailable):
    """The node that answered does not have the block that is asked for yet; the provider may have others that do."""


class Views(NamedTuple):
    """The answers (hex; None for a view that failed) and the block at which all of them hold."""

    block: int
    answers: Mapping[Call, str | None]


class _Asked(NamedTuple):
    """What is collected for one request: the views, and the blocks that they must not be older than."""

    calls: dict[Call, None]
    blocks: set[int]


def views_request(calls: Iterable[Call], block: int = 0) -> Request:
    """The request for these views, and the block's number, at `block` or the latest."""
    tag = hex(block) if block else "latest"
    return Request("eth_call", ({"to": ADDRESS, "data": encode((BLOCK_NUMBER, *calls))}, tag))


def views_of(answer: Answer, calls: Iterable[Call], reverts: Reverts, venue: str) -> Views:
    """What the node said to `views_request`. Raises `RpcUnavailable` when it could not answer, as one that lacks the block."""
    asked = (BLOCK_NUMBER, *calls)
    if answer.fault is not None:
        why = reverts.reason(answer.fault.data, answer.fault.message)
        raise RpcUnavailable(f"{venue}: positions could not be read: {why}")
    try:
        said = decode(answer.result, len(asked))
    except ValueError as error:
        raise RpcUnavailable(f"{venue}: positions could not be read: {error}") from None
    if said[0] is None:
        raise RpcUnavailable(f"{venue}: positions could not be read: the node does not say at which block")
    return Views(abi.number(said[0]), dict(zip(asked, said, strict=True)))


class Reading:
    """Collects what is asked in one turn of the event loop and asks it at once. What needs exactly one block is asked apart from the
    rest."""

    def __init__(self, venue: str, rpc: Rpc, reverts: Reverts) -> None:
        self._venue = venue
        self._rpc = rpc
        self._reverts = reverts
        self._collecting: dict[int, tuple[_Asked, asyncio.Task[Views]]] = {}
        self.known = 0
        """The newest block with a transaction of ours: no reading is older."""
        self._newest = 0

    @property
    def head(self) -> int:
        """The newest block that was read, or has a transaction of ours; 0 before the first reading."""
        return max(self._newest, self.known)

    async def views(self, calls: Iterable[Call], at: int = 0, *, exact: bool = False) -> Views:
        """The views at one block: `at` when all that is asked at this moment is of the past, else the latest, which is neither before
        `at` nor before the last transaction of ours. `exact`: at the block `at` and no later one, whatever others ask.

        Raises `RpcUnavailable`; `Behind` where the node has not seen `at` yet.
        """
        asked, reading = self._joined(at if exact else 0)
        asked.calls.update(dict.fromkeys(calls))
        asked.blocks.add(at)
        views = await asyncio.shield(reading)  # one who gives up must not take it from the others
        oldest = at or self.known
        if views.block < oldest:
            raise Behind(f"{self._venue}: the node is at block {views.block}, and the reading must not be older than block {oldest}")
        return views

    def _joined(self, block: int) -> tuple[_Asked, asyncio.Task[Views]]:
        """What is being collected for `block` (0: for whatever fits all), begun when it is not."""
        found = self._collecting.get(block)
        if found is None:
            asked = _Asked({}, set())
            found = self._collecting[block] = asked, asyncio.get_running_loop().create_task(self._ask(block, asked))
        return found

    async def _ask(self, block: int, asked: _Asked) -> Views:
        del self._collecting[block]
        at = block or (max(asked.blocks) if 0 not in asked.blocks else 0)
        (answer,) = await self._rpc.batch((views_request(asked.calls, at),))
        views = views_of(answer, asked.calls, self._reverts, self._venue)
        self._newest = max(self._newest, views.block)
        return views

"""Reading views at one block. What several venues ask at the same moment becomes one request."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from . import abi
from .multicall import ADDRESS, BLOCK_NUMBER, Call, decode, encode
from .reverts import Reverts
from .rpc import Answer, Request, Rpc, RpcUnavailable


class Views(NamedTuple):
    """The answers (hex; None for a view that failed) and the block at which all of them hold."""

    block: int
    answers: Mapping[Call, str | None]


class _Waiting(NamedTuple):
    calls: tuple[Call, ...]
    at: int
    answer: asyncio.Future[Views]


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
    """Collects what is asked in one turn of the event loop and asks it at once."""

    def __init__(self, venue: str, rpc: Rpc, reverts: Reverts) -> None:
        self._venue = venue
        self._rpc = rpc
        self._reverts = reverts
        self._waiting: list[_Waiting] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.known = 0
        """The newest block with a transaction of ours: no reading is older."""

    async def views(self, calls: Iterable[Call], at: int = 0) -> Views:
        """The views at one block: `at` when all that is asked at this moment is of the past, else the latest, which is neither before
        `at` nor before the last transaction of ours.

        Raises `RpcUnavailable`, also where the node has not seen `at` yet.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(tuple(calls), at, loop.create_future())
        self._waiting.append(waiting)
        if len(self._waiting) == 1:
            loop.call_soon(self._start)
        views = await waiting.answer
        oldest = at or self.known
        if views.block < oldest:
            raise RpcUnavailable(
                f"{self._venue}: the node is at block {views.block}, and the reading must not be older than block {oldest}"
            )
        return views

    def _start(self) -> None:
        waiting, self._waiting = self._waiting, []
        task = asyncio.get_running_loop().create_task(self._ask(waiting))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, waiting: list[_Waiting]) -> None:
        calls = tuple(dict.fromkeys(call for each in waiting for call in each.calls))
        block = max(each.at for each in waiting) if all(each.at for each in waiting) else 0
        try:
            (answer,) = await self._rpc.batch((views_request(calls, block),))
            views = views_of(answer, calls, self._reverts, self._venue)
        except Exception as error:  # every one who waits is told
            for each in waiting:
                if not each.answer.done():
                    each.answer.set_exception(error)
            return
        for each in waiting:
            if not each.answer.done():
                each.answer.set_result(views)

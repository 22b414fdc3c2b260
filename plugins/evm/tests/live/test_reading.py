"""Reading views: what is asked at one moment is one request, and what needs exactly one block gets that block."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from typing import Any

import pytest
from attrs import evolve
from eth_abi.abi import encode

from basis_venues.clock import PlanClock
from basis_venues.secret import Secret
from basis_venues_evm import ChainSettings, TransactionSettings
from basis_venues_evm.live import Call, EvmChain, Request, RpcUnavailable
from basis_venues_evm.live.multicall import ADDRESS
from basis_venues_evm.live.reading import Reading
from basis_venues_evm.live.reverts import Reverts
from basis_venues_evm.live.rpc import Answer
from basis_venues_evm.testing import wallet_context

HEAD = 107
A, B = Call("0x" + "aa" * 20, "0x11111111"), Call("0x" + "bb" * 20, "0x22222222")


class Node:
    """In place of the transport: every view answers with the block at which it was asked."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    async def batch(self, requests: Sequence[Request]) -> list[Answer]:
        self.asked += requests
        return [Answer(self._answer(*each.params)) for each in requests]

    def _answer(self, call: dict[str, str], tag: str) -> str:
        block = HEAD if tag == "latest" else int(tag, 16)
        members = int(call["data"][10 + 64 : 10 + 128], 16)
        assert call["to"] == ADDRESS
        return "0x" + encode(["(bool,bytes)[]"], [[(True, block.to_bytes(32, "big"))] * members]).hex()


def read(course: Callable[[Reading], Awaitable[Any]]) -> tuple[Any, list[str]]:
    """What the course answers, and at which blocks the node was asked."""
    node = Node()
    reading = Reading("alchemy", node, Reverts())  # type: ignore[arg-type]
    return asyncio.run(course(reading)), [each.params[1] for each in node.asked]  # type: ignore[arg-type]


def test_what_is_asked_at_one_moment_is_one_request() -> None:
    """From now and from the past: all of it at the head, which is later than both."""

    async def course(reading: Reading) -> Any:
        return await asyncio.gather(reading.views([A]), reading.views([A, B], 100))

    (now, past), tags = read(course)
    assert tags == ["latest"]
    assert now.block == past.block == HEAD


def test_readings_of_the_past_are_at_the_newest_of_their_blocks() -> None:
    """At or after each."""

    async def course(reading: Reading) -> Any:
        return await asyncio.gather(reading.views([A], 90), reading.views([B], 100))

    both, tags = read(course)
    assert tags == ["0x64"]
    assert {views.block for views in both} == {100}


def test_a_reading_that_needs_one_block_gets_it_whatever_else_is_asked() -> None:
    """What a position was before a transaction is not what it is at the head, though the head is asked for at the same moment."""

    async def course(reading: Reading) -> Any:
        return await asyncio.gather(
            reading.views([A]), reading.views([A], 99, exact=True), reading.views([B], 99, exact=True), reading.views([A], 98, exact=True)
        )

    views, tags = read(course)
    assert sorted(tags) == ["0x62", "0x63", "latest"]
    assert [each.block for each in views] == [HEAD, 99, 99, 98]
    assert int(views[1].answers[A] or "", 16) == 99


def test_one_who_gives_up_takes_nothing_from_the_others() -> None:
    """The request goes on for who still waits."""

    async def course(reading: Reading) -> Any:
        gone = asyncio.ensure_future(reading.views([A]))
        stays = asyncio.ensure_future(reading.views([B]))
        await asyncio.sleep(0)
        gone.cancel()
        return await stays

    views, tags = read(course)
    assert views.answers[B] is not None
    assert len(tags) == 1


def test_a_node_that_is_behind_is_refused() -> None:
    """A reading older than asked for, or older than our last transaction, is none."""

    async def course(reading: Reading) -> Any:
        reading.known = HEAD + 1
        with pytest.raises(RpcUnavailable, match="must not be older than block 108"):
            await reading.views([A])

    read(course)


@pytest.mark.parametrize(("behind", "told"), [(5, True), (6, False)])
def test_views_are_asked_for_again_while_nodes_are_behind_our_last_transaction(behind: int, told: bool) -> None:
    """An action without its figures is denied for good, and its id with it: a provider's next node may have the block."""
    allowed = {"allowed_hosts": frozenset({"127.0.0.1"}), "allowed_chains": frozenset({1})}
    context = wallet_context(ChainSettings(venue_type="infrastructure", tokens={}), **allowed)
    chain = EvmChain(evolve(context, clock=PlanClock()), (Secret("http://127.0.0.1:1"),), None, TransactionSettings())
    chain._reading = Reading("alchemy", Behindhand(behind), Reverts())  # type: ignore[arg-type]
    chain._reading.known = HEAD
    with nullcontext() if told else pytest.raises(RpcUnavailable, match="must not be older than block 107"):
        assert asyncio.run(chain.views([A])).block == HEAD


class Behindhand(Node):
    """The same, whose first answers are of the block before."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def _answer(self, call: dict[str, str], tag: str) -> str:
        return super()._answer(call, tag if len(self.asked) > self.times else hex(HEAD - 1))

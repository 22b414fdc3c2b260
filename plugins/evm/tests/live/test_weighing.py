"""A transaction that brings an account nearer to liquidation is weighed by who lends, before it is signed."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from typing import Any

import pytest

from basis_venues.actions import Action, SetEMode
from basis_venues.errors import TryAgainLater
from basis_venues.orders import Prepared, Step
from basis_venues.secret import Secret
from basis_venues_evm.live import Call, EvmChain, Request, RpcUnavailable, Signer, Wanted
from basis_venues_evm.live.rpc import Answer, Fault
from basis_venues_evm.settings import ChainSettings, TransactionSettings
from basis_venues_evm.testing import wallet_context

VIEW, WANTED = Call("0x" + "33" * 20, "0x44"), Wanted("0x" + "22" * 20)
MAINNET = 1
SETTINGS = ChainSettings(venue_type="infrastructure", tokens={})


class Node:
    """In place of the transport: simulates on the block before `number`; the view answers 5 before the transaction and 4 after it."""

    def __init__(self, number: int | None, status: str = "0x1") -> None:
        self._number = number
        self._status = status
        self.asked: list[dict[str, Any]] = []

    async def batch(self, requests: Sequence[Request]) -> list[Answer]:
        ((_, (asked, _)),) = requests
        self.asked = asked["blockStateCalls"][0]["calls"]
        if self._number is None:
            return [Answer(None, Fault(-32601, "the method does not exist"))]
        said = ("0x5", "0x", "0x4") if len(self.asked) == 3 else ("0x",)
        calls = [{"status": self._status, "returnData": each, "logs": []} for each in said]
        return [Answer([{"number": hex(self._number), "calls": calls}])]


class Lender:
    """Keeps what it is asked to judge."""

    def __init__(self) -> None:
        self.judged: list[tuple[str, ...]] = []

    def standing(self, owner: str) -> Call:
        return VIEW

    def judge(self, account: str, before: str, after: str) -> None:
        self.judged.append((account, before, after))

    async def judge_blindly(self, account: str, parts: Collection[Action]) -> None:
        self.judged.append((account, *(type(part).__name__ for part in parts)))


def at_work(node: Node) -> tuple[EvmChain, Lender]:
    """The chain's client on the node, after block 100 was seen, and a lender that watches."""
    context = wallet_context(SETTINGS, allowed_hosts=frozenset({"127.0.0.1"}), allowed_chains=frozenset({MAINNET}))
    chain = EvmChain(context, (Secret("http://127.0.0.1:1"),), Signer(Secret("0x" + "01" * 32), "KEY"), TransactionSettings())
    lender = chain.registry.watches["aave"] = Lender()
    chain._reading.known = 100
    chain.rpc = node  # type: ignore[assignment]
    return chain, lender


def weighed(number: int | None, at_risk: str = "wallet") -> list[tuple[str, ...]]:
    """What the lender was asked."""
    chain, lender = at_work(Node(number))
    asyncio.run(chain.weigh(WANTED, at_risk, (SetEMode(category=1),)))
    return lender.judged


def test_the_lender_judges_by_its_view_before_and_after() -> None:
    """Of the account at risk; of no account, where none is."""
    assert weighed(101) == [("wallet", "0x5", "0x4")]
    assert weighed(101, at_risk="") == []


def test_where_the_node_does_not_simulate_the_lender_judges_without_it() -> None:
    """Nothing passes unjudged."""
    assert weighed(None) == [("wallet", "SetEMode")]


def test_a_simulation_on_an_older_block_than_was_seen_judges_nothing() -> None:
    """A node that lags does not have the debt of our last transaction: it is to be tried again."""
    with pytest.raises(RpcUnavailable, match="older than was seen"):
        weighed(100)


class Signing:
    """In place of the wallet's transactions: the chain takes everything by now."""

    address = "0x" + "55" * 20

    async def prepare(self, step: Step, key: str, wanted: Wanted) -> Prepared:
        return Prepared(key, step, {})


@pytest.mark.parametrize(("status", "at_risk", "signed"), [("0x1", "wallet", True), ("0x0", "wallet", False), ("0x0", "", False)])
def test_what_was_weighed_as_reverted_is_not_signed_once_the_chain_takes_it(status: str, at_risk: str, signed: bool) -> None:
    """It changed nothing, and the account stood before it as after it, which says nothing of what it would do now: it is to be weighed
    again."""
    chain, _ = at_work(Node(101, status))
    chain._transactions = Signing()  # type: ignore[assignment]
    step: Any = None

    async def course() -> None:
        await chain.weigh(WANTED, at_risk)
        with nullcontext() if signed else pytest.raises(TryAgainLater, match="nobody has seen what it does"):
            await chain.prepare(step, "key", WANTED)
        await chain.prepare(step, "key", WANTED)  # what is left is of that moment only

    asyncio.run(course())

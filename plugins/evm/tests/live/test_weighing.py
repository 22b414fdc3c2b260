"""A transaction that brings an account nearer to liquidation is weighed by who lends, before it is signed."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

import pytest

from basis_venues.actions import Action, SetEMode
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

    def __init__(self, number: int | None) -> None:
        self._number = number
        self.asked: list[dict[str, Any]] = []

    async def batch(self, requests: Sequence[Request]) -> list[Answer]:
        ((_, (asked, _)),) = requests
        self.asked = asked["blockStateCalls"][0]["calls"]
        if self._number is None:
            return [Answer(None, Fault(-32601, "the method does not exist"))]
        said = ("0x5", "0x", "0x4") if len(self.asked) == 3 else ("0x",)
        calls = [{"status": "0x1", "returnData": each, "logs": []} for each in said]
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


def weighed(number: int | None, at_risk: str = "wallet") -> list[tuple[str, ...]]:
    """What the lender was asked, after block 100 was seen."""
    context = wallet_context(SETTINGS, allowed_hosts=frozenset({"127.0.0.1"}), allowed_chains=frozenset({MAINNET}))
    chain = EvmChain(context, (Secret("http://127.0.0.1:1"),), Signer(Secret("0x" + "01" * 32), "KEY"), TransactionSettings())
    lender = chain.registry.watches["aave"] = Lender()
    chain._reading.known = 100
    chain.rpc = Node(number)  # type: ignore[assignment]
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

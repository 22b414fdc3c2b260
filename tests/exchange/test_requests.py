"""Requests, counted by the sandbox: what a verified order costs, and over how many connections."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from basis_venues.states import State, Verdict

World = Any
pytestmark = pytest.mark.slow
every_venue = pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
SPOT_COST = {
    "binance": {"order.create": 1, "balance": 1},
    "bybit": {"order.create": 1, "bills": 1},
    "okx": {"order.create": 1, "bills": 1},
}
"""The write, and the reading of the account: at Bybit and OKX of its ledger, which tells what became of the order as well."""


def counted(world: World, *actions: Any) -> list[dict[str, int]]:
    """The requests of each action, after one of each kind that makes the account known."""

    async def story() -> list[dict[str, int]]:
        costs: list[dict[str, int]] = []
        async with world.open() as manager:
            for number, action in enumerate((world.spot("first"), world.perp("begin"), *actions)):
                before = world.mark()
                (leg,) = (await manager.execute_action(action)).legs
                assert (leg.state, leg.verdict) == (State.FILLED, Verdict.VERIFIED), leg.reason
                if number > 1:
                    costs.append(world.asked(before))
        return costs

    return asyncio.run(story())


@every_venue
def test_a_verified_spot_order(world: World) -> None:
    """Two at each; buying and selling alike."""
    for cost in counted(world, world.spot("buy"), world.spot("sell", side="sell", quantity="0.05")):
        assert cost == SPOT_COST[world.venue]


@every_venue
def test_a_verified_perpetual_order(world: World) -> None:
    """Binance 2, Bybit and OKX 3; opening, reducing and closing alike. Where wallet and positions are apart, the look at the order is one
    at the account's ledger, which tells the wallet after it; the positions are read."""
    actions = [
        world.perp("more"),
        world.perp("less", side="buy", quantity="0.05", reduce_only=True),
        world.perp("out", side="buy", quantity="0.15", reduce_only=True),
    ]
    for cost in counted(world, *actions):
        if world.venue == "binance":
            assert (sum(cost.values()), cost["order.create"]) == (2, 1), cost
        else:
            assert cost == {"order.create": 1, "bills": 1, "positions": 1}


@every_venue
def test_one_connection_for_each_host(world: World) -> None:
    """Starting, market data, orders and readings of a whole run go over it."""
    world.act(world.spot("one"), world.perp("two"), world.spot("three"))
    connections = world.control.counts()["connections"]
    assert connections
    assert set(connections.values()) == {1}, connections


def test_three_exchanges_at_once_keep_one_connection_each(three: World) -> None:
    """A short split over all of them: each host has its own, and each exchange pays its own requests only."""
    legs = three.act(three.perp("split", quantity="1"))
    assert {leg.venue for leg in legs} == {"binance", "bybit", "okx"}
    assert all((leg.state, leg.verdict) == (State.FILLED, Verdict.VERIFIED) for leg in legs), legs
    assert set(three.control.counts()["connections"].values()) == {1}
    for venue in ("binance", "bybit", "okx"):
        assert three.asked(venue=venue)["order.create"] == 1
    three.judge(effects=3)


def after_the_write(world: World) -> list[str]:
    """What was asked from the first order on, oldest first."""
    asked = [each["endpoint"] for each in world.control.requests(world.venue)]
    return asked[asked.index("order.create") + 1 :]


@pytest.mark.parametrize("venue", ["bybit", "okx"])
@pytest.mark.parametrize("kind", ["spot", "perp"])
def test_without_its_ledger_an_order_costs_more_and_is_proven_as_well(world: World, kind: str) -> None:
    """A ledger that cannot be had: the executions are read instead, and the wallet by itself. The start has read Bybit's."""
    world.fault("bills", "deny", code="10016" if world.venue == "bybit" else "50026", skip=int(world.venue == "bybit"))
    (leg,) = world.act(getattr(world, kind)())
    assert (leg.state, leg.verdict) == (State.FILLED, Verdict.VERIFIED), leg.reason
    asked = after_the_write(world)
    assert (asked[:2], sorted(asked[2:])) == (["bills", "trades"], ["balance"] if kind == "spot" else ["balance", "positions"])
    world.judge(effects=1)


@pytest.mark.parametrize("venue", ["bybit", "okx"])
@pytest.mark.parametrize("kind", ["spot", "perp"])
def test_a_balance_that_the_ledger_states_wrongly_is_read_before_it_is_believed(world: World, kind: str) -> None:
    """What was stated does not fit the books: the wallet itself is asked, and settles it. The start has read Bybit's ledger."""
    path = "result.list.0.cashBalance" if world.venue == "bybit" else "data.0.bal"
    world.fault("bills", "alter", path=path, value="1", skip=int(world.venue == "bybit"))
    (leg,) = world.act(getattr(world, kind)())
    assert (leg.state, leg.verdict, leg.externals) == (State.FILLED, Verdict.VERIFIED, ()), leg.reason
    assert "balance" in after_the_write(world)
    world.judge(effects=1)

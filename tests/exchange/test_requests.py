"""Requests, counted by the sandbox: what a verified order costs, and over how many connections."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from basis_venues.states import State, Verdict

World = Any
pytestmark = pytest.mark.slow
every_venue = pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
COST = {("binance", "spot"): 2, ("binance", "perp"): 2, ("bybit", "spot"): 3, ("okx", "spot"): 3}
"""Write and reading of the account, and between them at Bybit and OKX the look at what became of it."""


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
    """Binance 2, Bybit and OKX 3; buying and selling alike."""
    for cost in counted(world, world.spot("buy"), world.spot("sell", side="sell", quantity="0.05")):
        assert sum(cost.values()) == COST[world.venue, "spot"], cost
        assert cost["order.create"] == cost["balance"] == 1


@pytest.mark.parametrize("venue", ["binance"])
def test_a_verified_perpetual_order_where_one_answer_has_wallet_and_positions(world: World) -> None:
    """Binance: opening, reducing and closing cost 2."""
    actions = [
        world.perp("more"),
        world.perp("less", side="buy", quantity="0.05", reduce_only=True),
        world.perp("out", side="buy", quantity="0.15", reduce_only=True),
    ]
    for cost in counted(world, *actions):
        assert sum(cost.values()) == 2, cost


@pytest.mark.parametrize("venue", ["bybit", "okx"])
def test_a_verified_perpetual_order_where_wallet_and_positions_are_apart(world: World) -> None:
    """Bybit and OKX: 2 for the order, and one reading each of the positions and of the wallet that fee and profit change."""
    for cost in counted(world, world.perp("more"), world.perp("less", side="buy", quantity="0.05", reduce_only=True)):
        assert cost == {"order.create": 1, "trades": 1, "positions": 1, "balance": 1}


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

"""Orders given together: K of them share one reading of their account, counted by the sandbox."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from basis_venues.states import State, Verdict

World = Any
pytestmark = pytest.mark.slow
every_venue = pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
EACH = {"binance": 1, "bybit": 2, "okx": 2}
"""The write, and at Bybit and OKX the look at what became of it."""
COUNT = 5


def together(world: World, *actions: Any, price: str = "") -> dict[str, int]:
    """The requests of the actions, given together to an account that is known. `price`: what the perpetual has moved to by then."""

    async def story() -> dict[str, int]:
        async with world.open() as manager:
            for action in (world.spot("first"), world.perp("begin")):
                (await manager.execute_action(action)).raise_unless_verified()
            if price:
                world.control.price("BTC/USDT:USDT", price)
            before = world.mark()
            for result in await manager.execute_actions(actions):
                world.told.append(result)
                (leg,) = result.legs
                assert (leg.state, leg.verdict) == (State.FILLED, Verdict.VERIFIED), leg.reason
            return world.asked(before)

    cost: dict[str, int] = asyncio.run(story())
    return cost


@every_venue
def test_k_spot_orders(world: World) -> None:
    """Binance 1 + 1/K; Bybit and OKX 2, as the last look tells what the account holds then."""
    cost = together(world, *(world.spot(f"buy-{number}", quantity="0.01") for number in range(COUNT)))
    at_each = {"order.create": COUNT, "balance": 1} if world.venue == "binance" else {"order.create": COUNT, "bills": COUNT}
    assert cost == at_each
    world.judge(effects=COUNT + 2)


@every_venue
def test_k_perpetual_orders(world: World) -> None:
    """The same, with sales and purchases mixed and the price away from that of the position: each meets the position that those before it
    left, and the sum of what they did is what the account must show."""
    sides = ("sell", "buy", "sell", "sell", "buy")
    cost = together(world, *(world.perp(f"perp-{n}", side=side, quantity="0.01") for n, side in enumerate(sides)), price="50100")
    assert sum(cost.values()) == COUNT * EACH[world.venue] + 1, cost
    assert cost["order.create"] == COUNT
    world.judge(effects=COUNT + 2)

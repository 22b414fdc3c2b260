"""Orders at rest: one that rests when its run ends does not keep the next from acting at the other exchanges, and is taken back when its
time is over; one may be cancelled before that."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from basis_venues.actions import PerpTrade
from basis_venues.run.plan import Plan
from basis_venues.run.runner import run_plan
from basis_venues.states import State, Verdict

World = Any
pytestmark = pytest.mark.slow
HOUR, START = 3_600_000, 1_704_154_200_000


async def cut_off(three: World, rests: PerpTrade, at: str) -> None:
    """A run is closed while the order rests."""
    async with three.open() as manager:
        asked = asyncio.ensure_future(manager.execute_action(rests))
        await three.until(lambda: three.orders(at))
    assert asked.cancelled()


@pytest.mark.parametrize("at", ["binance", "bybit", "okx"])
def test_the_next_run_acts_elsewhere_and_takes_it_back_in_time(three: World, at: str) -> None:
    """A run is cut off; the next one splits a short over the two others while the order rests. Then its time is over: it is cancelled at
    the exchange although nobody asks for it, and its id answers with that."""
    others = [name for name in ("binance", "bybit", "okx") if name != at]
    rests = three.perp("rests", venue=at, order_type="limit", price="50500", time_in_force="gtc", good_for=HOUR)

    async def go_on() -> None:
        async with three.open() as manager:
            for other in others:
                three.told.append(await manager.execute_action(three.perp(f"other-{other}", venue=other)))
                three.told[-1].raise_unless_verified()
            assert [order["status"] for order in three.orders(at)] == ["open"]
            three.pass_time(HOUR)
            await manager.settled()
            assert [order["status"] for order in three.orders(at)] == ["cancelled"]
            three.told.append(await manager.execute_action(rests))

    asyncio.run(cut_off(three, rests, at))
    asyncio.run(go_on())
    assert three.told[-1].legs[0].state is State.CANCELLED
    assert len(three.orders(at)) == 1
    three.judge(effects=2)


def test_a_plan_ends_when_nothing_rests_any_more(three: World) -> None:
    """A plan without an action, over the hour in which the order rests: the order is cancelled by the end of the run."""
    rests = three.perp("rests", venue="okx", order_type="limit", price="50500", time_in_force="gtc", good_for=HOUR)
    asyncio.run(cut_off(three, rests, "okx"))
    run = three.assemble()
    since = run.clock.now()
    run_plan(run, Plan("nothing", "exchanges", "", since, since + HOUR, HOUR, {}, ()), since, since + HOUR)
    assert [order["status"] for order in three.orders("okx")] == ["cancelled"]


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
@pytest.mark.parametrize("kind", ["spot", "perp"])
def test_what_is_filled_of_an_order_stands_when_it_is_cancelled(world: World, kind: str) -> None:
    """Half of it is filled when the runner cancels it, an hour before its time is over: the exchange has cancelled the rest, and the half
    is in the result and in the account."""
    make, price = (world.spot, "50100") if kind == "spot" else (world.perp, "49900")
    order = make("rests", order_type="limit", price=price, time_in_force="gtc", good_for=HOUR)
    world.fault("order.create", "partial", q="0.5")

    async def go() -> None:
        async with world.open() as manager:
            asked = asyncio.ensure_future(manager.execute_action(order))
            await world.until(world.orders)
            assert await manager.cancel("rests") == (f"rests/{world.venue}/0",)
            world.told.append(await asked)

    asyncio.run(go())
    (leg,) = world.told[0].legs
    assert (leg.state, leg.verdict) == (State.CANCELLED, Verdict.VERIFIED), leg.reason
    (shown,) = world.orders()
    assert (shown["status"], shown["filled"]) == ("cancelled", "0.05")
    assert world.control.time() < START + HOUR
    world.judge(effects=1)

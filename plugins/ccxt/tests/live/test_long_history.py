"""Lists that are longer than a page, and histories that are longer than what a venue tells at once: nothing of them is missed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from basis_venues.actions import PerpTrade, SpotTrade
from basis_venues.execution.manager import ExecutionManager
from basis_venues.orders import Effect, Order, Step, deltas
from basis_venues.results import LegResult
from basis_venues.states import State, Verdict

D = Decimal
DAY = 86_400_000
every_venue = pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
MORE_THAN_A_PAGE = {"binance": 1100, "bybit": 110, "okx": 110}


def spot(venue: str, name: str, quantity: str = "0.11") -> SpotTrade:
    """Buy BTC."""
    return SpotTrade(id=name, venue=venue, symbol="BTC/USDT", side="buy", quantity=quantity)


def perp(venue: str, name: str) -> PerpTrade:
    """Sell a little BTC short."""
    return PerpTrade(id=name, venue=venue, symbol="BTC/USDT:USDT", side="sell", quantity="0.01")


async def done(run: Any, manager: ExecutionManager, *trades: Any) -> list[LegResult]:
    """Carry trades out; they must be filled and verified."""
    legs = []
    for trade in trades:
        object.__setattr__(trade, "valid_until", run.clock.now() + 600_000)
        await run.market.refresh([f"{trade.venue}:price:{trade.symbol}"])
        (leg,) = (await manager.execute_action(trade)).legs
        assert (leg.state, leg.verdict) == (State.FILLED, Verdict.VERIFIED), leg.reason
        legs.append(leg)
    return legs


async def told(world: Any, venue: str, since: int) -> Sequence[Effect]:
    """What a client of the venue tells since a moment."""
    client = world.client(venue)
    try:
        await client.heartbeat()  # it learns how far apart the clocks are, which opening would refuse
        found: Sequence[Effect] = await client.recent_effects((), since, 0)
    finally:
        await client.close()
    assert len({effect.id for effect in found}) == len(found), "something is told twice"
    return found


@every_venue
def test_an_order_of_more_executions_than_a_page_has_closes(world: Any, venue: str) -> None:
    """Its answer is lost, so that all of them must be read."""

    async def go() -> LegResult:
        count = MORE_THAN_A_PAGE[venue]
        world.box.control.fault(venue, "order.create", {"verb": "pieces", "n": count}, "accept_then_reset")
        run = world.assemble()
        async with ExecutionManager(run.parts) as manager:
            return (await done(run, manager, spot(venue, "a")))[0]

    leg = asyncio.run(go())
    assert len(leg.effects) == MORE_THAN_A_PAGE[venue]


@every_venue
def test_history_of_more_executions_than_a_page_has_is_whole(world: Any, venue: str) -> None:
    """Two orders of many executions each."""
    each = MORE_THAN_A_PAGE[venue] * 6 // 11

    async def go() -> Sequence[Effect]:
        run = world.assemble()
        async with ExecutionManager(run.parts) as manager:
            for name in ("a", "b"):
                world.box.control.fault(venue, "order.create", "pieces", n=each)
                await done(run, manager, spot(venue, name))
        return await told(world, venue, world.box.control.time() - 3_600_000)

    trades = [effect for effect in asyncio.run(go()) if effect.kind == "trade"]
    assert len(trades) == 2 * each


@every_venue
def test_what_happened_after_a_long_silence_is_told(world: Any, venue: str) -> None:
    """Forty days lie after a trade of each kind: it is told since before it, and since then every funding, to the last."""

    async def go() -> tuple[list[LegResult], Sequence[Effect], Sequence[Effect]]:
        begun = world.box.control.time() - 1000
        run = world.assemble()
        async with ExecutionManager(run.parts) as manager:
            first = await done(run, manager, spot(venue, "a", "0.01"), perp(venue, "b"))
        await asyncio.to_thread(world.box.control.advance, 40 * DAY)
        between = max(leg.effects[-1].at for leg in first)
        return first, await told(world, venue, begun), await told(world, venue, between)

    first, everything, since = asyncio.run(go())
    trades = {effect.id for leg in first for effect in leg.effects}
    assert trades <= {effect.id for effect in everything}
    assert not trades & {effect.id for effect in since}
    fundings = [effect.at for effect in since if effect.kind == "funding"]
    assert len(fundings) > 110, "funding of every eight hours"
    assert max(fundings) - min(fundings) > 39 * DAY


@pytest.mark.parametrize(("venue", "count"), [("bybit", 60), ("okx", 130)])
def test_more_deposits_than_a_page_has_are_all_told(world: Any, venue: str, count: int) -> None:
    """Each at its own moment, and once: what is told comes to what came to the wallet. OKX tells of what comes to its trading wallet in
    that wallet's bills; Bybit's deposits come to its funding wallet."""

    async def go() -> Sequence[Effect]:
        begun = world.box.control.time()
        for _ in range(count):
            world.box.control.deposit(venue, "USDT", "1")
            world.box.control.advance(1000)
        return await told(world, venue, begun - 1)

    effects = asyncio.run(go())
    assert len([effect for effect in effects if effect.kind == ("transfer" if venue == "okx" else "deposit")]) == count
    assert deltas(effects) == {f"{venue}:balance:{'funding/' if venue == 'bybit' else ''}USDT": D(count)}


@pytest.mark.parametrize(("venue", "count"), [("bybit", 60), ("okx", 110)])
def test_more_open_orders_than_a_page_has_are_all_told(world: Any, venue: str, count: int) -> None:
    """As when a sweep looks for lost ones."""

    async def go() -> Sequence[Effect]:
        client = world.client(venue)
        await client.open()
        desk = client._desk
        for number in range(count):
            await desk.connection.call(client._trading._orders.place(_resting(desk, f"k{number}")))
        await client.close()
        return await told(world, venue, world.box.control.time() - 1000)

    assert len([effect for effect in asyncio.run(go()) if effect.kind == "open"]) == count


def _resting(desk: Any, key: str) -> Any:
    from basis_venues_ccxt.live import Ask

    listing = desk.listings.named("BTC/USDT")
    return Ask(listing, key, "buy", D("0.001"), listing.to_venue(D("0.001")), "40000", "gtc")


@every_venue
def test_an_order_is_found_with_its_executions_ten_days_later(world: Any, venue: str) -> None:
    """Its answer was lost, and nobody looked before."""

    async def go() -> Any:
        client = await world.opened(venue)
        trade = perp(venue, "a")
        step = Step("a/0", Order("a", trade, venue, venue, venue), (trade,), {"lowest_price": "49500"})
        prepared = await client.prepare(step, "bv" + "1" * 30)
        world.box.control.fault(venue, "order.create", "accept_then_reset")
        assert (await client.send(prepared)).state is State.UNKNOWN
        await asyncio.to_thread(world.box.control.advance, 10 * DAY)
        await client.heartbeat()
        report = await client.lookup(prepared)
        await client.close()
        return report

    report = asyncio.run(go())
    assert report.state is State.FILLED, report.reason
    assert sum(amount for effect in report.effects for key, amount in effect.lines if ":perp:" in key) == D("-0.01")

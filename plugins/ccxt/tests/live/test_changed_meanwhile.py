"""What the exchange or the account's owner changed while a run knew something else, over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from basis_venues.actions import Action, PerpTrade
from basis_venues.execution.manager import ExecutionManager
from basis_venues.network import Network
from basis_venues.results import LegResult
from basis_venues.states import State, Verdict

D = Decimal
SYMBOL = "BTC/USDT:USDT"


def perp(venue: str, name: str, **changes: Any) -> PerpTrade:
    """Sell 0.1 BTC short at that venue."""
    usual: dict[str, Any] = {"id": name, "venue": venue, "symbol": SYMBOL, "side": "sell", "quantity": "0.1"}
    return PerpTrade(**(usual | changes))


def act(world: Any, *steps: Action | Callable[[], Any]) -> list[LegResult]:
    """Carry actions out in one run, and do between them what else there is to do; answers their legs."""

    async def go() -> list[LegResult]:
        run = world.assemble()
        legs = []
        async with ExecutionManager(run.parts) as manager:
            for each in steps:
                if not isinstance(each, Action):
                    each()
                    continue
                object.__setattr__(each, "valid_until", run.clock.now() + 600_000)
                await run.market.refresh([f"{each.venue}:price:{SYMBOL}"])
                legs.append((await manager.execute_action(each)).legs[0])
        return legs

    return asyncio.run(go())


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
def test_an_order_that_only_reduces_and_asks_for_too_much_is_told_as_it_was_cut(world: Any, venue: str) -> None:
    """The venue fills what there is to reduce and calls that filled: the effects are of this, and the account is flat."""
    _, closed, _ = act(world, perp(venue, "open"), perp(venue, "close", side="buy", quantity="0.3", reduce_only=True), perp(venue, "more"))
    assert (closed.state, closed.verdict) == (State.FILLED, Verdict.VERIFIED), closed.reason
    assert sum(dict(effect.lines)[f"{venue}:perp:{SYMBOL}"] for effect in closed.effects) == D("0.1")


def test_an_order_in_contracts_of_another_size_is_not_verified(world: Any) -> None:
    """OKX's contract was 0.01 BTC and became 0.001 after the markets were read: 0.1 BTC were asked for, a tenth was sold. What OKX says
    the position is worth shows it: the markets are read anew, and the account is read in contracts as they are."""

    def smaller() -> None:
        world.box.control.market("okx", SYMBOL, contract="0.001")

    *_, leg = act(world, perp("okx", "open"), perp("okx", "close", side="buy"), smaller, perp("okx", "sell"))
    assert D(world.box.control.ledger("okx")["positions"][SYMBOL]["size"]) == D("-0.01")
    assert leg.verdict is Verdict.MISMATCHED
    assert "expected -0.10, observed -0.010" in leg.reason


def test_contracts_of_another_size_are_noticed_before_an_order_where_a_position_is_read(world: Any) -> None:
    """A run that begins with a position: the list of markets on disk is young, and not believed; what is asked for is what is sold."""
    act(world, perp("okx", "open"))
    world.box.control.market("okx", SYMBOL, contract="0.001")
    (leg,) = act(world, perp("okx", "more"))
    assert (leg.state, leg.verdict) == (State.FILLED, Verdict.VERIFIED), leg.reason
    assert D(world.box.control.ledger("okx")["positions"][SYMBOL]["size"]) == D("-0.2")


def test_a_short_is_a_short_in_hedge_mode_too(world: Any) -> None:
    """Somebody switched the mode while a run was on: OKX tells the side beside the size then, which is above zero."""

    async def go() -> Decimal:
        client = await world.opened("okx")
        read = await client.positions((f"okx:perp:{SYMBOL}",), 0)
        world.box.control.setting("okx", "hedge_mode", True)
        again = await client.positions((f"okx:perp:{SYMBOL}",), 0)
        await client.close()
        assert read.values == again.values
        return read.values[f"okx:perp:{SYMBOL}"]

    act(world, perp("okx", "open"))
    assert asyncio.run(go()) == D("-0.1")


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
def test_a_perpetual_that_was_delisted_does_not_keep_a_run_from_starting(world: Any, venue: str) -> None:
    """The list on disk has it still, the venue does not: of how the account is set up for it there is nothing to ask, and what happened
    in the other markets is told."""
    world.settings(venue, "markets: {XRP/USDT:USDT: {lot: 1, tick: 0.0001}}\n")

    async def started() -> int:
        client = world.client(venue)
        await client.open()
        told = await client.recent_effects((), 1, 0)
        await client.close()
        return len(told)

    act(world, perp(venue, "a"))
    (file,) = (world.directory / "state").rglob(f"markets-{venue}-*.json")
    kept = json.loads(file.read_text())
    swap = next(row for row in kept["markets"] if row["symbol"] == SYMBOL)
    gone = {name: value.replace("BTC", "XRP") if isinstance(value, str) else value for name, value in swap.items()}
    file.write_text(json.dumps(kept | {"markets": [*kept["markets"], gone]}))
    assert asyncio.run(started()) > 0


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
def test_an_account_of_the_test_network_is_not_that_of_real_money(world: Any, venue: str) -> None:
    """Though the user's id be the same, as where demo trading is a part of the exchange: a profile that was tried on the test network has
    neither books nor open orders from there when it is run for real, with the same journal."""

    async def identity(network: Network) -> str:
        client = world.client(venue)
        client.network = network
        told = await client.open()
        await client.close()
        return str(told[venue])

    assert [asyncio.run(identity(each)) for each in (Network.TESTNET, Network.MAINNET)] == [f"{venue}:testnet:1", f"{venue}:1"]

"""What the exchange or the account's owner changed while a run knew something else, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from basis_venues.actions import Action, PerpTrade
from basis_venues.execution.manager import ExecutionManager
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
def test_probe_trimmed(world: Any, venue: str) -> None:
    legs = act(world, perp(venue, "open"), perp(venue, "close", side="buy", quantity="0.3", reduce_only=True), perp(venue, "again"))
    for leg in legs:
        print(venue, leg.state, leg.verdict, leg.reason, [e.lines for e in leg.effects])


def test_probe_contract(world: Any) -> None:
    legs = act(world, perp("okx", "open"), lambda: world.box.control.market("okx", SYMBOL, contract="0.001"), perp("okx", "more"))
    for leg in legs:
        print(leg.state, leg.verdict, leg.reason, [e.lines for e in leg.effects])
    print(world.box.control.ledger("okx")["positions"])


def test_probe_contract_flat(world: Any) -> None:
    legs = act(world, perp("okx", "open"), perp("okx", "close", side="buy"), lambda: world.box.control.market("okx", SYMBOL, contract="0.001"), perp("okx", "more"))
    for leg in legs:
        print(leg.state, leg.verdict, leg.reason, [e.lines for e in leg.effects])
    print(world.box.control.ledger("okx")["positions"])

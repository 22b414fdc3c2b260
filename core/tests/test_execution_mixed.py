"""Mixed runs: what happens by itself to a simulated account while an order of it rests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from toy_runs import Run, buy
from toy_venues import ExchangeModel

from basis_venues.actions import Action
from basis_venues.contract import Market
from basis_venues.execution.manager import ExecutionManager
from basis_venues.keys import Key
from basis_venues.orders import Effect, Ref, Step
from basis_venues.results import ActionResult

OPENING = {"north:balance:USDT": Decimal(1000), "south:balance:USDT": Decimal(1000)}
RESTS_MS = 900_000
LIMIT = {"order_type": "limit", "price": "100", "good_for": 2 * RESTS_MS}


class Patient(ExchangeModel):
    """Fills an order once it has rested for a while."""

    def effects(self, step: Step, action: Action, view: Mapping[Key, Decimal], market: Market, ref: Ref) -> tuple[Effect, ...]:
        return super().effects(step, action, view, market, ref) if market.now() >= ref.since + RESTS_MS else ()


@pytest.mark.parametrize("kind", ["funding", "liquidation"])
def test_what_comes_by_itself_while_an_order_rests_is_no_mismatch(tmp_path: Path, kind: str) -> None:
    """A funding payment falls due while an order rests, and another account's order lets the ledger go on: it is told with the order that
    it came to, and is nobody else's doing."""
    run = Run(directory=tmp_path).set_up()
    run.exchange("south").set_up()
    paid = Effect("by-itself", None, (("south:balance:USDT", Decimal(-1)),), run.clock.now() + 1, kind)

    async def go() -> tuple[ActionResult, dict[str, str]]:
        options: dict[str, Any] = {"simulated": ("north", "south"), "opening": OPENING}
        parts = run.parts(**options)
        parts.ledger.models["south"] = Patient("south")  # type: ignore[index]
        async with ExecutionManager(parts) as manager:
            parts.ledger.later(paid)
            resting = asyncio.ensure_future(manager.execute_action(buy(1, venue="south", **LIMIT)))
            while run.clock.now() <= paid.at + 1000 and not resting.done():
                await asyncio.sleep(0)
            other = await manager.execute_action(buy(2, venue="north"))
            assert other.state == "VERIFIED"
            assert not resting.done()
            return await resting, dict(manager.frozen)

    result, frozen = asyncio.run(go())
    assert (result.state, frozen) == ("VERIFIED", {}), result.legs
    assert [effect.id for effect in result.legs[0].externals] == ["by-itself"]

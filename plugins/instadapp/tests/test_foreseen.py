"""Whether a simulation did what was planned, on effects made by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from basis_venues.actions import AtomicBundle, FlashBorrow, Swap
from basis_venues.orders import Effect, Order, Step
from basis_venues_instadapp.foreseen import departures

PLANNED = {
    "dsa:balance:WETH": "-0.5",
    "dsa:borrowed:aave/WETH": "30.015",
    "dsa:supplied:aave/wstETH": "36",
    "dsa:setting:aave/emode": "1",
    "dsa:balance:USDC": "4980",
}
PARTS = (
    FlashBorrow(asset="WETH", amount=30),
    Swap(sell="WETH", buy="USDC", amount=2, minimum=4900),
)
DECIMALS = {"USDC": 6}


def step(**bounds: str) -> Step:
    """A loan of 30 WETH and a swap that should give 4980 USDC, at least 4900."""
    bundle = AtomicBundle(id="b", flash_asset="WETH", flash_amount=30, legs=(PARTS[1],))
    order = Order("b/instadapp", bundle, "instadapp", "dsa", "wallet")
    return Step("b/instadapp/0", order, PARTS, {"flash_fee": "0.015", "expected/1": "4980", **PLANNED, **bounds})


def off(**changes: str) -> list[str]:
    """The positions that are off where the simulation changes these otherwise, by a tenth of a percent of tolerance."""
    found = {**PLANNED, **{key.replace("__", ":").replace("_to_", "/"): text for key, text in changes.items()}}
    effects = (Effect("e", None, tuple((key, Decimal(text)) for key, text in found.items()), 1, "lend"),)
    return [line.partition(" ")[0] for line in departures(step(), effects, Decimal("0.001"), lambda asset: DECIMALS.get(asset, 18))]


def test_a_simulation_that_does_as_planned_passes() -> None:
    """To the unit, and a little off: dust, seconds of interest, a swap no worse than its minimum."""
    assert off() == []
    assert off(dsa__borrowed__aave_to_WETH="30.0150000000000001", dsa__supplied__aave_to_wstETH="35.97", dsa__balance__USDC="4901") == []


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"dsa__balance__USDC": "4800"}, "dsa:balance:USDC"),
        ({"dsa__supplied__aave_to_wstETH": "34"}, "dsa:supplied:aave/wstETH"),
        ({"dsa__borrowed__aave_to_WETH": "31.5"}, "dsa:borrowed:aave/WETH"),
        ({"dsa__setting__aave_to_emode": "0"}, "dsa:setting:aave/emode"),
        ({"dsa__balance__WETH": "-0.6"}, "dsa:balance:WETH"),
        ({"wallet__balance__WETH": "-1"}, "wallet:balance:WETH"),
        ({"wallet__allowance__instadapp_to_WETH": "0.000000000000000001"}, "wallet:allowance:instadapp/WETH"),
    ],
)
def test_a_simulation_that_does_something_else_is_told_by_position(changes: dict[str, Any], key: str) -> None:
    """Too little, too much, another setting, a position that no part names."""
    assert off(**changes) == [key]


def test_what_was_planned_and_does_not_happen_is_told_with_both_amounts() -> None:
    """The line gives the change in the simulation and the planned one."""
    (line, *_) = departures(step(), (), Decimal("0.001"), lambda asset: 18)
    assert line == "dsa:balance:USDC by 0, planned 4980"


def test_without_planned_changes_nothing_is_compared() -> None:
    """A plan that the simulation of this side saw fail: the chain says why."""
    bare = step()._replace(bounds={"flash_fee": "0.015"})
    assert departures(bare, (Effect("e", None, (("dsa:balance:WETH", Decimal(9)),), 1, "lend"),), Decimal(0), lambda asset: 18) == []

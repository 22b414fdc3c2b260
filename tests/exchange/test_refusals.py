"""What the sandbox says where it refuses a write, and what the venues' lists make of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from basis_venues_binance.refusals import PROOFS as BINANCE
from basis_venues_bybit.refusals import PROOFS as BYBIT
from basis_venues_ccxt.live import Proofs, Said
from basis_venues_okx.refusals import PROOFS as OKX
from basis_venues_sandbox.exchange.core import Refused, Why
from basis_venues_sandbox.exchange.wire.binance.errors import code_of as of_binance
from basis_venues_sandbox.exchange.wire.bybit.errors import code_of as of_bybit
from basis_venues_sandbox.exchange.wire.okx.errors import code_of as of_okx

LOOKED_UP = {Why.DUPLICATE_ID, Why.DUPLICATE_TRANSFER, Why.DUPLICATE_WITHDRAWAL, Why.NO_ORDER, Why.ALREADY_FINAL}
"""These say that something was there before, or is over: the look-up tells what."""
NEVER_ASKED = {Why.ALREADY_SO, Why.LEVERAGE, Why.OPEN_POSITIONS}
"""Answers to changes of the account's settings, which no client makes."""


@pytest.mark.parametrize("why", sorted(set(Why) - LOOKED_UP - NEVER_ASKED))
@pytest.mark.parametrize(
    ("proofs", "code_of"),
    [
        (BINANCE, lambda refused: of_binance(refused, False)),
        (BINANCE, lambda refused: of_binance(refused, True)),
        (BYBIT, lambda refused: of_bybit(refused, True)),
        (BYBIT, lambda refused: of_bybit(refused, False)),
        (OKX, of_okx),
    ],
    ids=["binance spot", "binance futures", "bybit spot", "bybit perpetuals", "okx"],
)
def test_a_write_that_is_refused_is_known_to_be(proofs: Proofs, code_of: Callable[[Refused], tuple[Any, str]], why: Why) -> None:
    """Else it would be looked for until its fence has passed, and sent again."""
    code, words = code_of(Refused(why, "buy"))
    assert proofs.of(Said(400, str(code), words)) is not None


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
@pytest.mark.parametrize("symbol", ["BTC/USDT", "BTC/USDT:USDT"])
def test_a_price_outside_the_venue_s_band_is_refused_at_once(world: Any, symbol: str) -> None:
    """A limit far above the market, of an order that may not rest: one write, and no look-up."""
    make = world.perp if ":" in symbol else world.spot
    far = "260000" if world.venue == "binance" and ":" not in symbol else "55000"
    (leg,) = world.act(make(side="buy", order_type="limit", price=far, time_in_force="fok"))
    assert leg.state == "REJECTED", leg.reason
    assert (world.asked()["order.create"], world.looks()) == (1, 0)
    world.judge(effects=0)


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
def test_a_price_that_cannot_be_read_just_now_is_no_refusal(world: Any) -> None:
    """The venue's ticker is down: nothing is sent, and the program's answer is to try again later, not that a rule said no."""
    world.control.fault(world.venue, "ticker", "endpoint_down", status=502, kind="html", times=-1)
    (leg,) = world.act(world.spot())
    assert (leg.state, world.asked().get("order.create", 0)) == ("INTERRUPTED", 0), leg.reason
    assert f"{world.venue} could not be read" in leg.reason
    world.judge(effects=0)

"""The starred rows C of the fault catalogue (exchange request path), each against the sandbox over real sockets, at each venue where it
applies, through the real manager and journal. Every test ends with the five-point oracle (`World.judge`).

C23 to C27 are faults of private WebSocket streams, which this library does not read: they have no test here. Rows without a star that
the sandbox can script (C33, C34, C39, C40, C41, C43) stand at the end. C32 needs two runners on one account, which the account's lock
refuses (P10).
"""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from typing import Any

import pytest

from basis_venues.actions import SpotTrade, Transfer
from basis_venues.errors import ConfigurationError, CredentialError, InvalidAction, TryAgainLater
from basis_venues.states import State, Verdict

D = Decimal
FENCE_MS = 5_000
SPOT, PERP = "BTC/USDT", "BTC/USDT:USDT"
pytestmark = [pytest.mark.slow]
every_venue = pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
fenced_at_the_engine = pytest.mark.parametrize("venue", ["binance", "okx"])
World = Any


def filled(leg: Any) -> None:
    """Filled and verified."""
    assert (leg.state, leg.verdict) == (State.FILLED, Verdict.VERIFIED), f"{leg.order}: {leg.state} {leg.verdict} {leg.reason}"


def struck(world: World, *verbs: Any, **arguments: Any) -> None:
    """A spot and a perpetual order, each met by these verbs; both must come out as one order, one effect, one write."""
    for verb in range(2):
        world.fault("order.create", *verbs, **arguments) if not verb else None
    spot, perp = world.act(world.spot(), world.perp())
    raise NotImplementedError(spot, perp)

"""A sandbox that runs for one test, and what makes clients and managers for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import define

from basis_venues.assemble import Assembly, assemble
from basis_venues.clock import SystemClock
from basis_venues.contract import VenueClient
from basis_venues_sandbox.exchange.running import Running, running_sandbox

CONFIGS = Path(__file__).parents[4] / "configs"
VENUES = ("binance", "bybit", "okx")
_MODE = """
mode: "three_exchanges"
share_class: "USDT"
asset: "BTC"
venues:
  data_subscriptions: [binance, bybit, okx]
  execution_subscriptions:
    cex_spot: [binance, bybit, okx]
    cex_futures: [binance, bybit, okx]
    wallet: [bybit, okx, binance]
allocation:
  cex_futures: {binance: "0.4", bybit: "0.3", okx: "0.3"}
"""
_PROFILE = """
default: testnet
throwaway_keys: true
venues:
  binance: {{endpoints: {{base: "{url}"}}}}
  bybit: {{endpoints: {{base: "{url}"}}}}
  okx: {{endpoints: {{base: "{url}"}}}}
"""
_QUICK = """
venue_type: cex
request_timeout_ms: 2500
timing: {poll_ms: 50, absent_reads: 2, fence_margin_ms: 100, patience_ms: 15000, verify_within_ms: 1500}
"""


@define
class World:
    """A running sandbox and the directory of its runs."""

    box: Running
    directory: Path

    def assemble(self, **options: Any) -> Assembly:
        """A run of all three exchanges against it."""
        return assemble(
            "three_exchanges", configs=self.directory / "configs", live=True, profile="sandbox", state=self.directory / "state", env={},
            clock=SystemClock(), **options,
        )  # fmt: skip

    def client(self, venue: str) -> VenueClient:
        """One venue's client, of a run of its own."""
        made = self.assemble().factory.client(venue)
        assert made is not None
        return made

    async def opened(self, venue: str) -> VenueClient:
        """The venue's client, open, with its perpetual at 50000 and the position in it known."""
        client = self.client(venue)
        await client.open()
        self.box.control.price("BTC/USDT:USDT", "50000")
        await client.positions((f"{venue}:perp:BTC/USDT:USDT",), 0)
        return client

    def settings(self, venue: str, more: str) -> None:
        """Add to the venue's YAML."""
        with (self.directory / "configs" / "venues" / f"{venue}.yaml").open("a", encoding="utf-8") as file:
            file.write(more)

    def counted(self, venue: str, since: int) -> dict[str, int]:
        """Requests to the venue after number `since`, by endpoint."""
        found: dict[str, int] = {}
        for each in self.box.control.requests(venue, since):
            found[each["endpoint"]] = found.get(each["endpoint"], 0) + 1
        return found

    def mark(self) -> int:
        """How many requests there were."""
        return int(self.box.control.state()["requests"])


@contextmanager
def _world(directory: Path) -> Iterator[World]:
    configs = directory / "configs"
    for name in ("modes", "venues", "environments"):
        (configs / name).mkdir(parents=True)
    shutil.copy(CONFIGS / "venue_requirements.yaml", configs)
    (configs / "modes" / "three_exchanges.yaml").write_text(_MODE, encoding="utf-8")
    for venue in VENUES:
        (configs / "venues" / f"{venue}.yaml").write_text(_QUICK, encoding="utf-8")
    with running_sandbox() as box:
        (configs / "environments" / "sandbox.yaml").write_text(_PROFILE.format(url=box.url), encoding="utf-8")
        yield World(box, directory)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """One sandbox, fresh."""
    with _world(tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def make_world() -> Callable[[Path], Any]:
    """A sandbox as a context manager."""
    return _world

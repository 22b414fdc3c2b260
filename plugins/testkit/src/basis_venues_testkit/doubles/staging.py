"""A live run of the core on a double: configuration written to a folder, and the parts put together from it as for any run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from basis_venues.assemble import Assembly, assemble
from basis_venues.clock import Clock, SystemClock
from basis_venues.contract import Market
from basis_venues.plugins import Plugins
from basis_venues.registry import Registry

from ..subject import Subject

MODE = "conformance"
WALLET = "alchemy"
"""The venue of the wallet that on-chain venues act through."""
TIMING = {
    True: {"poll_ms": 30, "absent_reads": 2, "fence_margin_ms": 100, "patience_ms": 20_000, "verify_within_ms": 2_000},
    False: {"poll_ms": 500, "absent_reads": 2, "fence_margin_ms": 100, "patience_ms": 60_000, "verify_within_ms": 10_000},
}
"""On a chain, whose node takes the time that it takes; and with an exchange, whose time leaps."""
QUICK_MS = 2_500
"""How long a client waits for an answer where answers get lost on purpose. Everywhere else it is as patient as it is shipped: a busy
machine takes its time."""


class KitClock(SystemClock):
    """The machine's clock, `ahead` of it by so many ms; `held` stands still."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0
        self.held: int | None = None

    def now(self) -> int:
        """Milliseconds since 1970 UTC."""
        return (super().now() if self.held is None else self.held) + self.ahead


class Staged:
    """What a run of the suite's venue on a double is made from: its folder of configuration and where the double listens."""

    def __init__(self, subject: Subject, folder: Path, endpoints: Mapping[str, Mapping[str, str]], settings: Mapping[str, Any]) -> None:
        self._subject = subject
        self.folder = folder
        self._write(endpoints, settings)

    def assemble(self, clock: Clock | None = None, market: Market | None = None) -> Assembly:
        """The parts of one run, with clients that are not open yet. `market` replaces the figures of the venues."""
        options: dict[str, Any] = {"configs": self.folder, "live": True, "profile": "double", "state": self.folder / "state", "env": {}}
        return assemble(MODE, plugins=Plugins(Registry()), clock=clock or KitClock(), market=market, **options)

    def _write(self, endpoints: Mapping[str, Mapping[str, str]], settings: Mapping[str, Any]) -> None:
        for name in ("modes", "environments", "venues", "data"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        venues = {name: {"endpoints": dict(given)} for name, given in endpoints.items()}
        self._say("environments/double.yaml", {"default": "testnet", "throwaway_keys": True, "venues": venues})
        self._say(f"modes/{MODE}.yaml", {"mode": MODE, "venues": {"execution_subscriptions": self._subscriptions()}})
        for name, manifest in self._manifests().items():
            kind = {"venue_type": manifest.kind, "timing": TIMING[manifest.kind != "cex"]}
            self._say(f"venues/{name}.yaml", kind | dict(settings.get(name, {})))

    def _subscriptions(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, manifest in self._manifests().items():
            for action_type in manifest.actions:
                found.setdefault(action_type, []).append(name)
        return found

    def _manifests(self) -> dict[str, Any]:
        """Of the venue first, then of its partners and, on a chain, the wallet."""
        names = [self._subject.venue, *self._subject.partners]
        if self._subject.manifest.kind != "cex" and WALLET not in names:
            names.append(WALLET)
        self._subject.plugins.load(tuple(names))
        return {name: self._subject.plugins.manifest(name) for name in names}

    def _say(self, file: str, content: Mapping[str, Any]) -> None:
        (self.folder / file).write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML

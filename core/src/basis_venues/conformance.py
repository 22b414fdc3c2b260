"""What a venue's wheel says of its conformance: the kit's report, which `basis conformance` writes beside the manifest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from .registry import Installed

REPORT = "conformance.json"
"""The name of the report, in the package of the venue."""


class Conformance(NamedTuple):
    """The level that a report says was reached; None where there is none, or none that can be read. `stale`: of which other version,
    contract or core it was told; empty where it is about what is installed."""

    level: int | None = None
    stale: str = ""

    def __str__(self) -> str:
        if self.level is None:
            return "not tested"
        return f"level {self.level}" + (f", stale: {self.stale}" if self.stale else "")


def told_of(installed: Installed) -> Conformance:
    """What the wheel of an installed venue says of it."""
    if installed.defaults is None:
        return Conformance()
    manifest = installed.manifest
    return shipped_conformance(installed.defaults.parent, manifest.venue, installed.entry.distribution.version, manifest.contract)


def shipped_conformance(folder: Path, venue: str, version: str, contract: str) -> Conformance:
    """What the report in the venue's package says of it. `version` and `contract` are those of the plugin as it is installed."""
    try:
        told = json.loads((folder / REPORT).read_text(encoding="utf-8"))["venues"][venue]
        level, tried = told["level"], (str(told["version"]), str(told["contract"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Conformance()
    if not isinstance(level, int):
        return Conformance()
    pairs = zip(("version", "contract"), tried, (version, contract), strict=True)
    return Conformance(level, " and ".join(f"told of {name} {then}" for name, then, now in pairs if then != now))

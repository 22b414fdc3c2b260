"""The conformance reports that the wheels ship, and which of them a run of all suites contradicts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from basis_venues.conformance import REPORT
from basis_venues.manifest import read_manifest
from basis_venues.trust import digest_of

PACKAGES = {
    read_manifest(file).venue: file.parent for file in sorted((Path(__file__).parents[3] / "plugins").glob("*/src/*/manifest.toml"))
}


def shipped(venue: str) -> dict[str, Any]:
    """The report in the venue's package."""
    found: dict[str, Any] = json.loads((PACKAGES[venue] / REPORT).read_text(encoding="utf-8"))
    return found


def stale() -> list[str]:
    """The venues whose shipped report is of other files than those beside it."""
    return [venue for venue, folder in PACKAGES.items() if shipped(venue)["venues"][venue].get("digest") != digest_of(folder, REPORT)]


def contradicted(now: Mapping[str, Any]) -> list[str]:
    """The venues whose shipped report is not what the kit writes now, by the report of a run of all suites."""
    return [venue for venue in PACKAGES if {**now, "venues": {venue: now["venues"].get(venue)}} != shipped(venue)]

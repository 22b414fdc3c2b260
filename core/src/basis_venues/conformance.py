"""What a venue's wheel says of its conformance: the kit's report, which `basis conformance` writes beside the manifest.

A report is of the very files that were tried. Of others, as after a change, it says nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from .registry import Installed
from .trust import digest_of

REPORT = "conformance.json"
"""The name of the report, in the package of the venue."""
OWN = "own"
"""The `dialect` of a report whose levels 2 and 3 were tried over a protocol that the plugin's author taught the sandbox."""


class Conformance(NamedTuple):
    """The level that a report says was reached; None where there is none, or none that can be read. `stale`: which other version,
    contract or files than the installed ones it is of; empty where it is of these. `dialect`: the protocol of the venue's double."""

    level: int | None = None
    stale: str = ""
    dialect: str = ""

    @property
    def holds(self) -> int | None:
        """The level of what is installed: a stale report counts as none."""
        return None if self.stale else self.level

    @property
    def in_the_sandbox(self) -> bool:
        """Whether `basis sandbox up` stands in for the venue: it speaks no dialect of an author's."""
        return (self.level or 0) >= 2 and self.dialect != OWN

    def __str__(self) -> str:
        if self.stale:
            return f"not tested as it is: its report is of {self.stale}"
        own = ", over a dialect of its author's" if self.dialect == OWN and (self.level or 0) >= 2 else ""
        return "not tested" if self.level is None else f"level {self.level}{own}"


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
        is_of_others = told.get("digest") != digest_of(folder, REPORT)
    except (OSError, ValueError, KeyError, TypeError):
        return Conformance()
    if not isinstance(level, int):
        return Conformance()
    pairs = zip(("version", "contract"), tried, (version, contract), strict=True)
    stale = [f"{name} {then}" for name, then, now in pairs if then != now] or ["files that have changed since"] * is_of_others
    return Conformance(level, " and ".join(stale), str(told.get("dialect", "")))

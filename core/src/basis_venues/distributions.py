"""Installed distributions and their entry points, read from their metadata folders without importing anything.

`importlib.metadata` answers the same question, but costs a tenth of the whole start to import; this reads the same `entry_points.txt`
files (`*.dist-info` and `*.egg-info` folders on the path, the first of a name wins).
"""

from __future__ import annotations

import itertools
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple


class Distribution(NamedTuple):
    """One installed distribution: its name and version, its metadata folder, its line about itself, and the folder it is installed in."""

    name: str
    version: str
    metadata: Path
    summary: str = ""

    @property
    def home(self) -> Path:
        """The folder that holds the distribution's modules, unless it is an editable installation."""
        return self.metadata.parent


class EntryPoint(NamedTuple):
    """One line of an entry-point group, `name = module` or `name = module:attribute`, and the distribution that says it."""

    group: str
    name: str
    module: str
    distribution: Distribution
    attribute: str = ""


def entry_points(groups: Sequence[str], path: Sequence[str] | None = None) -> tuple[EntryPoint, ...]:
    """Every entry point of the `groups`, in the order of `path` (`sys.path`)."""
    found: list[EntryPoint] = []
    seen: set[str] = set()
    for folder in dict.fromkeys(sys.path if path is None else path):
        for name in _metadata_folders(folder or "."):
            distribution = _normalised(name.partition("-")[0])
            if distribution not in seen:
                seen.add(distribution)
                found.extend(_read(f"{folder or '.'}/{name}", groups))
    return tuple(found)


def version_of(name: str, path: Sequence[str] | None = None) -> str | None:
    """The version of a distribution that is installed on `path` (`sys.path`); None where it is not."""
    for folder in dict.fromkeys(sys.path if path is None else path):
        for metadata in _metadata_folders(folder or "."):
            if _normalised(metadata.partition("-")[0]) == _normalised(name):
                return _described(Path(folder or ".", metadata)).version
    return None


OURS = "basis-venues"
"""How the names of our distributions begin."""


def required(distribution: Distribution) -> Iterator[tuple[str, str]]:
    """Name and versions (such as `>=0.1,<0.2`) of each distribution of ours that the distribution always needs."""
    for line in _headers(distribution.metadata):
        field, _, value = line.partition(":")
        said, _, marker = value.partition(";")
        found = re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?[\s(]*([^)]*)\)?", said.strip())
        if field == "Requires-Dist" and found and not marker and _normalised(found[1]).startswith(OURS):
            yield _normalised(found[1]), found[2].replace(" ", "")


def _metadata_folders(folder: str) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith((".dist-info", ".egg-info")))
    except OSError:  # a zip file, or an entry of the path that does not exist
        return []


def _normalised(name: str) -> str:
    return name.removesuffix(".egg-info").removesuffix(".dist-info").replace("_", "-").replace(".", "-").lower()


def _read(metadata: str, groups: Sequence[str]) -> Iterator[EntryPoint]:
    file = f"{metadata}/entry_points.txt"
    if not os.access(file, os.R_OK):  # most have none, and an error raised for each of them costs
        return
    try:
        with open(file, encoding="utf-8") as opened:  # noqa: PTH123  # for every distribution: each Path costs
            text = opened.read()
    except (OSError, UnicodeDecodeError):
        return
    if not any(f"[{group}]" in text for group in groups):
        return
    distribution = _described(Path(metadata))
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
        elif section in groups and "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            module, _, attribute = (part.strip() for part in value.partition("[")[0].partition(":"))
            yield EntryPoint(section, name.strip(), module, distribution, attribute)


def _described(metadata: Path) -> Distribution:
    fields = {"Name": metadata.name.partition("-")[0].replace("_", "-"), "Version": "?", "Summary": ""}
    for line in _headers(metadata):
        key, _, value = line.partition(":")
        if key in fields:
            fields[key] = value.strip()
    return Distribution(_normalised(fields["Name"]), fields["Version"], metadata, fields["Summary"])


def _headers(metadata: Path) -> Iterator[str]:
    """The lines above the description."""
    for file in ("METADATA", "PKG-INFO"):
        try:
            text = (metadata / file).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        yield from itertools.takewhile(bool, text.splitlines())

"""The end of a run: a summary for a person, and `conformance.json` for machines.

The file is stable: the same plugin and the same suite give the same bytes. Times are in the summary only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import basis_venues
from basis_venues.conformance import REPORT
from basis_venues.contract import CONTRACT
from basis_venues.distributions import EntryPoint, entry_points
from basis_venues.errors import ConfigurationError, PluginRefused
from basis_venues.hookspecs import ENTRY_POINT_GROUP
from basis_venues.manifest import read_manifest
from basis_venues.registry import module_folder
from basis_venues.trust import digest_of

from .. import __version__
from ..conformance import VenueConformance
from ..levels import LEVELS, in_order
from .outcomes import Outcomes, PromiseOutcome, VenueOutcome

SCHEMA = 1
"""The version of the file's shape."""


def write(file: str, outcomes: Outcomes, seed: int = 0) -> None:
    """Write the JSON document: versions, and for each venue a digest of its files, its level, and what became of each promise and of each
    of its cases."""
    Path(file).write_text(json.dumps(document(outcomes, seed), indent=2, sort_keys=True) + "\n", encoding="utf-8")


def document(outcomes: Outcomes, seed: int = 0) -> dict[str, Any]:
    """What `write` writes."""
    shippers = {entry.name: entry for entry in entry_points((ENTRY_POINT_GROUP,))}
    return {
        "schema": SCHEMA,
        "suite": __version__,
        "seed": seed,
        "core": basis_venues.__version__,
        "contract": ".".join(map(str, CONTRACT)),
        "venues": {name: _venue(outcomes.venues[name], shippers.get(name)) for name in sorted(outcomes.venues)},
    }


def summary(outcomes: Outcomes) -> Iterator[str]:
    """One line for each venue, and one for each promise that was broken, left out or not tried."""
    promised = VenueConformance.promises()
    for name in sorted(outcomes.venues):
        venue = outcomes.venues[name]
        yield f"{name}: {_level(venue.level(promised))}; {_counts(venue)}{_import(venue)}"
        for promise, outcome in venue.of("failed").items():
            yield f"  broken   {promise} {_short(outcome)}: {_reasons(outcome, 'failed')}"
        for promise, outcome in venue.of("blocked").items():
            yield f"  blocked  {promise} {_short(outcome)}: {_reasons(outcome, 'blocked')}"
        for promise, outcome in venue.of("skipped").items():
            yield f"  left out {promise} {_short(outcome)}: {_reasons(outcome, 'skipped')}"
        yield from _not_tried(venue)
        missing = sorted(set(promised) - set(venue.promises), key=in_order)
        if missing:
            yield f"  not run  {', '.join(missing)}"


def _venue(venue: VenueOutcome, shipper: EntryPoint | None) -> dict[str, Any]:
    promised = VenueConformance.promises()
    return {
        **_shipped(shipper),
        "level": venue.level(promised),
        "dialect": venue.dialect,
        "promises": {name: _promise(title, venue.promises.get(name)) for name, title in promised.items()},
    }


def _shipped(shipper: EntryPoint | None) -> Mapping[str, str | None]:
    if shipper is None:
        return {"distribution": None, "version": None, "contract": None, "digest": None}
    contract = digest = None
    with suppress(ConfigurationError, PluginRefused):
        folder = module_folder(shipper)
        digest = digest_of(folder, REPORT)
        contract = read_manifest(folder / "manifest.toml").contract
    return {"distribution": shipper.distribution.name, "version": shipper.distribution.version, "contract": contract, "digest": digest}


def _promise(title: str, outcome: PromiseOutcome | None) -> dict[str, Any]:
    if outcome is None:
        return {"title": title, "result": "not run"}
    return {"title": title, "result": outcome.result, "cases": outcome.cases, "reasons": outcome.reasons}


def _level(level: int | None) -> str:
    return "no level reached" if level is None else f"level {level} ({LEVELS[level]})"


def _counts(venue: VenueOutcome) -> str:
    kept, broken, left_out = (len(venue.of(result)) for result in ("passed", "failed", "skipped"))
    blocked = len(venue.of("blocked"))
    return f"{kept} promises kept, {broken} broken{f', {blocked} blocked by them' if blocked else ''}, {left_out} left out"


def _import(venue: VenueOutcome) -> str:
    return "" if venue.import_ms is None else f"; imported in {venue.import_ms} ms"


def _reasons(outcome: PromiseOutcome, result: str) -> str:
    found = dict.fromkeys(outcome.reasons.get(case, "") for case, each in outcome.cases.items() if each == result)
    return "; ".join(reason.partition("\n")[0] for reason in found if reason)


def _not_tried(venue: VenueOutcome) -> Iterator[str]:
    """One line for each reason, with all promises that it stands in the way of."""
    found: dict[str, list[str]] = {}
    for promise, outcome in venue.of("not tried").items():
        found.setdefault(_reasons(outcome, "not tried"), []).append(promise)
    yield from (f"  not tried {', '.join(promises)}: {reason}" for reason, promises in found.items())


def _short(outcome: PromiseOutcome) -> str:
    return outcome.title.partition(":")[0]

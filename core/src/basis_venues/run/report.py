"""What a run reports: one document for programs, the same facts for tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from ..assemble import Assembly
from ..errors import BasisError, Stopped
from ..keys import Key
from ..market.notes import Note
from ..market.provider import utc
from ..orders import Effect
from ..results import ActionResult, error_of
from .plan import Plan

_GRAVEST_FIRST = (6, 7, 8, 1, 9, 3, 5, 4, 75)


class RunReport(NamedTuple):
    """How a run went. Times are ms; positions are those at the end, not zero, and None where they were not read. `failure` ended the run
    before its last action, or before they were."""

    assembly: Assembly
    plan: Plan
    results: tuple[ActionResult, ...]
    positions: Mapping[Key, Decimal] | None
    obligations: Mapping[Key, Decimal]
    since: int
    until: int
    failure: BasisError | None = None
    frozen: Mapping[str, str] = {}
    """Accounts that must not act any more, with the reasons: a verified action may be what froze one."""

    @property
    def counts(self) -> dict[str, int]:
        """How many actions ended in each state."""
        return dict(Counter(result.state for result in self.results))

    @property
    def exit_code(self) -> int:
        """0 when every action is VERIFIED, else the code of the gravest: unknown outcomes before mismatches before refusals. What ended the
        run counts as one of them, and so does an account that is frozen at its end."""
        errors = (*(error_of(result) for result in self.results), self.failure)
        codes = {error.exit_code for error in errors if error is not None} | ({Stopped.exit_code} if self.frozen else set())
        return next((code for code in _GRAVEST_FIRST if code in codes), min(codes, default=0))

    def document(self) -> dict[str, Any]:
        """The run as JSON data. Amounts are text, times ISO 8601 in UTC; what a live chain did has a block instead."""
        settings = self.assembly.settings
        return {
            "mode": settings.mode.name,
            "plan": self.plan.name,
            "execution_mode": "live" if settings.selection.live else "backtest",
            "environment": settings.selection.environment if settings.selection.live else None,
            "networks": {venue: network.value for venue, network in settings.networks.items()},
            "from": utc(self.since),
            "to": utc(self.until),
            "actions": [result.document(self._moment) for result in self.results],
            "positions": None if self.positions is None else {key: f"{amount:f}" for key, amount in self.positions.items()},
            "obligations": {key: f"{amount:f}" for key, amount in self.obligations.items()},
            "frozen": dict(self.frozen),
            "counts": self.counts,
            "substitutions": self._notes("substitutions"),
            "bridged": self._notes("bridged"),
            "duplicates": self._notes("duplicates"),
            "plugins": list(settings.manifests),
            "warnings": list(settings.warnings),
        }

    def _notes(self, kind: str) -> list[dict[str, Any]]:
        notes: tuple[Note, ...] = getattr(self.assembly.market, kind, ())
        return [
            {"series": note.series, "what": note.what, "from": utc(note.since), "to": utc(note.until), "count": note.count}
            for note in notes
        ]

    def _moment(self, effect: Effect) -> dict[str, Any]:
        """When an effect was: its time, or its block where a live chain shows the position that it changed."""
        venues = self.assembly.parts.venues
        owners = [owner for key, _ in effect.lines if (owner := venues.answering(key)) is not None]
        return {"block": effect.at} if any(owner.chain and not owner.simulated for owner in owners) else {"at": utc(effect.at)}

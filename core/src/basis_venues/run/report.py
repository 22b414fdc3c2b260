"""What a run reports: one document for programs, the same facts for tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from ..assemble import Assembly
from ..keys import Key
from ..market.notes import Note
from ..market.provider import utc
from ..orders import Effect
from ..results import ActionResult, LegResult, error_of
from .plan import Plan


class RunReport(NamedTuple):
    """How a run went. Times are ms; positions are those at the end, not zero."""

    assembly: Assembly
    plan: Plan
    results: tuple[ActionResult, ...]
    positions: Mapping[Key, Decimal]
    obligations: Mapping[Key, Decimal]
    since: int
    until: int

    @property
    def counts(self) -> dict[str, int]:
        """How many actions ended in each state."""
        return dict(Counter(result.state for result in self.results))

    @property
    def exit_code(self) -> int:
        """0 when every action is VERIFIED, else the code of the gravest: unknown outcomes before mismatches before refusals."""
        codes = {error.exit_code for result in self.results if (error := error_of(result)) is not None}
        return next((code for code in (6, 7, 8, 5, 4, 75) if code in codes), min(codes, default=0))

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
            "actions": [self._action(result) for result in self.results],
            "positions": {key: f"{amount:f}" for key, amount in self.positions.items()},
            "obligations": {key: f"{amount:f}" for key, amount in self.obligations.items()},
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

    def _action(self, result: ActionResult) -> dict[str, Any]:
        return {
            "id": result.action.id,
            "action": type(result.action).__name__,
            "at": utc(result.at),
            "state": str(result.state),
            "legs": [self._leg(leg) for leg in result.legs],
            "unallocated": f"{result.unallocated:f}",
            "notes": list(result.notes),
            "undo": [f"{type(action).__name__} {action.id}" for action in result.undo],
        }

    def _leg(self, leg: LegResult) -> dict[str, Any]:
        return {
            "order": leg.order,
            "venue": leg.venue,
            "account": leg.account,
            "state": leg.state.value,
            "verdict": None if leg.verdict is None else leg.verdict.value,
            "reason": leg.reason,
            "deltas": {key: f"{amount:f}" for key, amount in leg.deltas.items()},
            "externals": [
                {"id": e.id, "kind": e.kind, **self._moment(e), "deltas": {key: f"{amount:f}" for key, amount in e.lines}}
                for e in leg.externals
            ],
            "reconciliation": [
                {
                    "key": line.key,
                    "expected": f"{line.expected:f}",
                    "observed": None if line.observed is None else f"{line.observed:f}",
                    "agrees": line.agrees,
                }
                for line in leg.compared
            ],
        }

    def _moment(self, effect: Effect) -> dict[str, Any]:
        """When an effect was: its time, or its block where a live chain shows the position that it changed."""
        venues = self.assembly.parts.venues
        owners = [owner for key, _ in effect.lines if (owner := venues.owner(key)) is not None]
        return {"block": effect.at} if any(owner.chain and not owner.simulated for owner in owners) else {"at": utc(effect.at)}

"""The vocabulary of faults: what may be scripted, when it strikes, and what it needs to know. Names as in the fault catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from basis_venues.config.misfit import nearest


class Stage(StrEnum):
    """When a verb strikes."""

    BEFORE = "before"
    """The request is not carried out, or not now."""
    EFFECT = "effect"
    """It is carried out in a bent way."""
    AFTER = "after"
    """It is carried out, and the reply is lost or damaged."""
    STATE = "state"
    """Not one request: the venue changes, at once and until it is changed back."""


FOR_EVER = -1


@frozen
class Shape:
    """A verb's stage, its arguments with what they are unless given, and how often it strikes unless that is given."""

    stage: Stage
    arguments: Mapping[str, Any] = field(factory=dict)
    times: int = 1


_B, _E, _A, _S = Stage.BEFORE, Stage.EFFECT, Stage.AFTER, Stage.STATE

VERBS: Mapping[str, Shape] = {
    # Before or in send.
    "reset_on_accept": Shape(_B),
    "redirect": Shape(_B, {"status": 307, "location": "https://elsewhere.invalid/"}),
    "drop": Shape(_B, {"seconds": 60, "then": "hang"}),
    "delay": Shape(_B, {"seconds": 0.1}),
    "hold_until": Shape(_B, {"what": "lookup", "then": "hang", "seconds": 60, "at": "venue"}),
    "deny": Shape(_B, {"code": None, "text": "scripted", "status": None}),
    "duplicate_error": Shape(_B),
    "limit": Shape(_B, {"retry_after": 1}),
    "maintenance": Shape(_B, {}, FOR_EVER),
    "endpoint_down": Shape(_B, {"status": 503, "kind": "html"}, FOR_EVER),
    # The effect.
    "partial": Shape(_E, {"q": "0.5"}),
    "overfill": Shape(_E, {"q": "0.1"}),
    "pieces": Shape(_E, {"n": 2}),
    "fee": Shape(_E, {"what": "missing"}),
    "fill_after_cancel": Shape(_E, {"reads": 1}),
    "hide_reads": Shape(_E, {"k": 1}),
    "hide_fills": Shape(_E, {"k": 1}),
    "reject_late": Shape(_E, {"reason": "EC_PerCancelRequest"}),
    # The reply.
    "accept_then_hang": Shape(_A, {"seconds": 60}),
    "accept_then_status": Shape(_A, {"status": 503, "kind": "json"}),
    "accept_then_deny": Shape(_A, {"code": None, "text": "scripted", "status": None}),
    "accept_then_reset": Shape(_A),
    "truncate": Shape(_A, {"sent": 6}),
    "garbage": Shape(_A),
    "html_200": Shape(_A),
    "empty_200": Shape(_A),
    "omit_id": Shape(_A),
    "int_id": Shape(_A),
    "repeat_reply": Shape(_A),
    "alter": Shape(_A, {"path": None, "value": None}),
    "fuzz": Shape(_A, {"seed": 0}),
    # The venue.
    "server_time": Shape(_S, {"offset": 0}),
    "ban": Shape(_S, {"seconds": 120}),
    "dedupe": Shape(_S, {"rule": "open"}),
    "history_window": Shape(_S, {"milliseconds": 0}),
    "delay_credit": Shape(_S, {"milliseconds": -1}),
    "filters": Shape(_S, {"symbol": None, "changes": None}),
    "halt_symbol": Shape(_S, {"symbol": None, "halted": True}),
    "account_mode": Shape(_S, {"hedge": False, "level": 2}),
}


@frozen
class Verb:
    """One verb with its arguments."""

    name: str
    arguments: Mapping[str, Any]

    @property
    def stage(self) -> Stage:
        """When it strikes."""
        return VERBS[self.name].stage


def verb(name: str, arguments: Mapping[str, Any] | None = None) -> Verb:
    """A verb with every argument it takes. Raises `ValueError` for one there is not, with what was meant."""
    shape = VERBS.get(name)
    if shape is None:
        raise ValueError(f"there is no verb {name!r}{nearest(name, VERBS)}")
    given = dict(arguments or {})
    for key in given:
        if key not in shape.arguments:
            raise ValueError(
                f"{name} takes no {key!r}{nearest(key, shape.arguments) or ': it takes ' + (', '.join(shape.arguments) or 'nothing')}"
            )
    whole = {**shape.arguments, **given}
    required = [key for key, value in whole.items() if value is None and key in ("code", "path", "symbol", "changes")]
    if required:
        raise ValueError(f"{name} needs {', '.join(required)}")
    return Verb(name, whole)

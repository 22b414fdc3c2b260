"""Journal events as JSON and back, digit for digit.

Writing goes by a value's type, reading by a field's name: the same name means the same everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

import attrs

from ..actions import Action, FromLeg, action_classes
from ..orders import Effect, Order, Prepared, Report, Step
from ..results import ActionResult, Compared, LegResult
from ..states import State, Verdict
from .events import Event, Reserved, Sending, event_class, kind_of

Record = TypeVar("Record")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_AS_IT_IS = frozenset({str, int, bool, type(None)})


def dumps(data: Any) -> str:
    """Canonical JSON: sorted keys, no blanks."""
    return _ENCODER.encode(data)


def plain(value: Any) -> Any:
    """Any value of this library as JSON data: amounts as text, records as objects."""
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Action):
        return action_data(value)
    if isinstance(value, FromLeg):
        return {"from_leg": value.leg}
    if isinstance(value, Step):
        return {"id": value.id, "actions": plain(value.actions), "bounds": dict(value.bounds)}
    if isinstance(value, Prepared):
        return {"key": value.key, "payload": dict(value.payload), "fence": value.fence}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: plain(item) for name, item in zip(value._fields, value, strict=True)}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return value


def action_data(action: Action) -> dict[str, Any]:
    """An action as JSON data: its class under `action`, and the fields that differ from their defaults."""
    data: dict[str, Any] = {"action": type(action).__name__}
    for field in attrs.fields(type(action)):
        value = getattr(action, field.name)
        if value is not None and value != field.default:
            data[field.name] = plain(value)
    return data


def action_from(data: Mapping[str, Any]) -> Action:
    """The action that `action_data` described. Raises `KeyError` for an action class that is not loaded."""
    fields = {name: _argument(value) for name, value in data.items() if name != "action"}
    return action_classes()[data["action"]](**fields)


def _argument(value: Any) -> Any:
    if isinstance(value, dict):
        return FromLeg(value["from_leg"]) if "from_leg" in value else action_from(value)
    if isinstance(value, list):
        return tuple(_argument(item) for item in value)
    return value


def fingerprint(action: Action) -> str:
    """A hash of what an action asks for: two actions of one id must have the same.

    `valid_until` is left out: a runner that repeats an action after a crash computes it anew. The stored one counts.
    """
    data = action_data(action)
    data.pop("valid_until", None)
    from hashlib import sha256  # a backtest seldom needs it

    return sha256(dumps(data).encode()).hexdigest()[:32]


def event_data(event: Event) -> dict[str, Any]:
    """An event as JSON data, without its kind."""
    data: dict[str, Any] = plain(event)
    return data


def event_from(kind: str, data: Mapping[str, Any]) -> Event:
    """The event of that kind that `event_data` described."""
    if kind == kind_of(Sending):
        return _sending_from(data)
    return _record(event_class(kind), data)


def result_from(data: Mapping[str, Any]) -> ActionResult:
    """The action's result that `plain` described."""
    return _record(ActionResult, data)


def _sending_from(data: Mapping[str, Any]) -> Sending:
    order = _record(Order, data["order"])
    plan = tuple(Step(s["id"], order, tuple(action_from(a) for a in s["actions"]), s["bounds"]) for s in data["plan"])
    prepared = Prepared(step=plan[data["number"]], **data["prepared"])
    return _record(Sending, {**data, "order": order, "plan": plan, "prepared": prepared})


def _record(cls: type[Record], data: Mapping[str, Any]) -> Record:
    return cls(**{name: _read(name, value) for name, value in data.items()})


def _read(name: str, value: Any) -> Any:
    reader = _READERS.get(name)
    return value if reader is None or value is None or not isinstance(value, (str, list, dict)) else reader(value)


def _many(read: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda values: tuple(read(value) for value in values)


def _effect(data: Mapping[str, Any]) -> Effect:
    lines = tuple((key, Decimal(amount)) for key, amount in data["lines"])
    return Effect(data["id"], data["order"], lines, data["at"], data["kind"])


def _amounts(data: Mapping[str, str]) -> dict[str, Decimal]:
    return {key: Decimal(amount) for key, amount in data.items()}


_READERS: dict[str, Callable[[Any], Any]] = {
    "action": action_from,
    "before": _amounts,
    "book": _amounts,
    "compared": _many(lambda data: _record(Compared, data)),
    "effects": _many(_effect),
    "expected": Decimal,
    "gas": Decimal,
    "externals": _many(_effect),
    "keys": tuple,
    "legs": _many(lambda data: _record(LegResult, data)),
    "notes": tuple,
    "observed": Decimal,
    "order": lambda value: _record(Order, value) if isinstance(value, dict) else value,
    "orders": _many(lambda data: _record(Order, data)),
    "plan": lambda value: value,
    "report": lambda data: _record(Report, data),
    "reserved": _many(lambda data: _record(Reserved, data)),
    "result": result_from,
    "state": lambda text: State(text) if text in State.__members__ else text,
    "steps": tuple,
    "unallocated": Decimal,
    "undo": _many(action_from),
    "usd": Decimal,
    "verdict": Verdict,
}

"""Journal events as JSON and back, digit for digit.

Writing goes by a value's type, reading by a field's name: the same name means the same everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from operator import attrgetter, itemgetter
from typing import Any, TypeVar

import attrs

from ..actions import Action, FromLeg, action_classes
from ..orders import Effect, Order, Prepared, Report, Step
from ..results import ActionResult, Compared, LegResult
from ..states import State, Verdict
from .events import Event, Reserved, Sending, event_class, kind_of

Record = TypeVar("Record")


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
_quoted: Callable[[str], str] = json.encoder.encode_basestring_ascii
Writer = Callable[[Any], str]
_KEY = itemgetter(0)
_LATELY = 64
"""So many records of a class are remembered with their text."""


def text(value: Any) -> str:
    """Any value of this library as canonical JSON (sorted keys, no blanks): amounts as text, records as objects.

    Raises `TypeError` or `ValueError` for what JSON has no word for.
    """
    return _WRITERS[type(value)](value)


class _Writers(dict[type, Writer]):
    """How each class of values is written, found out once by `make`."""

    def __init__(self, make: Callable[[type], Writer], known: Mapping[type, Writer] = {}) -> None:
        super().__init__(known)
        self._make = make

    def __missing__(self, cls: type) -> Writer:
        writer = self[cls] = self._make(cls)
        return writer


def _writer_of(cls: type) -> Writer:
    if issubclass(cls, Enum):
        return {member: _CANONICAL.encode(member.value) for member in cls}.__getitem__
    if issubclass(cls, Decimal):
        return _amount
    if issubclass(cls, Action):
        return _remembered(_action_writer(cls))
    if hasattr(cls, "_fields"):
        return _record_writer(cls._fields)
    if issubclass(cls, Mapping):
        return _object
    if issubclass(cls, (tuple, list)):
        return _list
    return _CANONICAL.encode


def _record_writer(fields: Sequence[str], written: Mapping[str, str] = {}) -> Writer:
    """Fields in the order of their names, each under its own or the name that it is `written` as."""
    names = sorted(fields)
    form = "{" + ",".join(f'"{written.get(name, name)}":%s' for name in names) + "}"
    values = attrgetter(*names)
    if len(names) == 1:
        return lambda record: form % text(values(record))
    return lambda record: form % tuple([_WRITERS[type(value)](value) for value in values(record)])


def _action_writer(cls: type[Action], without: str = "") -> Writer:
    """Its class under `action`, and the fields that differ from their defaults."""
    defaults = {field.name: field.default for field in attrs.fields(cls) if field.name != without} | {"action": None}
    heads = [(_quoted(name) + ":", default) for name, default in sorted(defaults.items(), key=_KEY)]
    values = attrgetter(*("__class__.__name__" if name == "action" else name for name in sorted(defaults)))

    def write(action: Action) -> str:
        told = zip(heads, values(action), strict=True)
        parts = [head + _WRITERS[type(value)](value) for (head, default), value in told if value is not None and value != default]
        return "{" + ",".join(parts) + "}"

    return write


def _remembered(write: Writer) -> Writer:
    """The writer, for records that stand in several events, one soon after the other: what was written lately is not written anew."""
    written: dict[int, tuple[Any, str]] = {}

    def again(record: Any) -> str:
        known = written.get(id(record))
        if known is None or known[0] is not record:
            if len(written) >= _LATELY:
                written.clear()
            known = written[id(record)] = record, write(record)
        return known[1]

    return again


def _object(value: Mapping[Any, Any]) -> str:
    try:
        return "{" + ",".join([_quoted(key) + ":" + _WRITERS[type(item)](item) for key, item in sorted(value.items(), key=_KEY)]) + "}"
    except TypeError:  # a plugin's data may have numbers for names
        return _CANONICAL.encode(json.loads(_CANONICAL.encode(dict(value))))


def _prepared(value: Prepared) -> str:
    """Without its step, which is the plan's. The payload is JSON data as it is, or it is refused."""
    return f'{{"fence":{text(value.fence)},"key":{_quoted(value.key)},"payload":{dumps(dict(value.payload))}}}'


def _amount(value: Decimal) -> str:
    return '"' + str(value) + '"'  # a format string takes twice as long


def _list(values: Iterable[Any]) -> str:
    return "[" + ",".join([_WRITERS[type(value)](value) for value in values]) + "]"


_WRITERS = _Writers(
    _writer_of,
    {
        str: _quoted,
        int: int.__repr__,
        bool: lambda value: "true" if value else "false",
        type(None): lambda _: "null",
        dict: _object,
        FromLeg: _record_writer(("leg",), {"leg": "from_leg"}),
        **{cls: _remembered(_record_writer(cls._fields)) for cls in (Order, Effect, Compared)},
        Step: _record_writer(("id", "actions", "bounds")),  # its order stands beside it
        Prepared: _remembered(_prepared),
    },
)
_ASKED = _Writers(lambda cls: _action_writer(cls, without="valid_until"))


def plain(value: Any) -> Any:
    """Any value of this library as JSON data, as `text` writes it."""
    return json.loads(text(value))


def dumps(data: Any) -> str:
    """Canonical JSON of JSON data: sorted keys, no blanks."""
    return _CANONICAL.encode(data)


def sharing() -> Callable[[str], Any]:
    """Reads JSON of many rows: a text that an earlier one had is the same object. A year's rows say the same names again and again."""
    known: dict[str, str] = {}
    first = known.setdefault

    def shared(value: Any) -> Any:
        if type(value) is str:
            return first(value, value)
        return [shared(each) for each in value] if type(value) is list else value

    def read(fields: list[tuple[str, Any]]) -> dict[str, Any]:
        return {first(name, name): shared(value) for name, value in fields}

    return json.JSONDecoder(object_pairs_hook=read).decode


def action_from(data: Mapping[str, Any]) -> Action:
    """The action that `plain` described. Raises `KeyError` for an action class that is not loaded."""
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
    from hashlib import sha256  # a backtest seldom needs it

    return sha256(_ASKED[type(action)](action).encode()).hexdigest()[:32]


def event_from(kind: str, data: Mapping[str, Any]) -> Event:
    """The event of that kind whose `plain` data these are."""
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

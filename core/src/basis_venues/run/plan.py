"""Plans: lists of timed actions, so that every mode can be run and shown from end to end. Not a strategy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from ..actions import Action, FromLeg, action_classes
from ..config.document import Document
from ..config.misfit import Path as Place
from ..config.misfit import nearest
from ..config.yaml_file import read_yaml
from ..errors import ConfigurationError, Denied, GuardRefused, InvalidAction
from ..keys import KINDS, Key, split_key
from ..market.settings import duration

if TYPE_CHECKING:
    from ..router import ActionRouter

_WHEN = re.compile(r"(start|end)\s*(?:([+-])\s*([0-9]+[a-z]+))?")


class _File(NamedTuple):
    mode: str
    actions: tuple[Mapping[str, Any], ...]
    summary: str = ""
    since: str | None = None
    until: str | None = None
    valid_for: str = "10m"
    positions: Mapping[Key, Decimal] = MappingProxyType({})


class Timed(NamedTuple):
    """An action and when it is due: `base` is `start`, `end` or `at`, `offset` ms from there (for `at`: since 1970 UTC)."""

    base: str
    offset: int
    action: Action

    def due(self, since: int, until: int) -> int:
        """When, ms, in a run from `since` to `until`."""
        return {"start": since, "end": until, "at": 0}[self.base] + self.offset


class Plan(NamedTuple):
    """A plan. `since` and `until` (ms) are its own window, used unless the run names another; `positions` are what simulated accounts
    start with; `valid_for` (ms) is how long after its time an action may still be started."""

    name: str
    mode: str
    summary: str
    since: int | None
    until: int | None
    valid_for: int
    positions: Mapping[Key, Decimal]
    actions: tuple[Timed, ...]

    def check_mode(self, mode: str) -> None:
        """Raises `ConfigurationError` where the plan is for another mode."""
        if self.mode != mode:
            raise ConfigurationError(f"the plan {self.name} is for the mode {self.mode}, not {mode}")

    def refusals(self, router: ActionRouter) -> Iterator[str]:
        """A sentence for each action that could not be carried out whatever the market and the accounts show. A destination is left to the
        guard, which refuses the one transfer."""
        for timed in self.actions:
            try:
                router.check(timed.action)
            except GuardRefused:
                continue
            except Denied as refusal:
                yield f"the plan {self.name}: {timed.action.id}: {refusal}"

    def schedule(self, since: int, until: int) -> list[tuple[int, Action]]:
        """The actions of a run from `since` to `until` (ms), each with its moment, in order of time. Raises `ConfigurationError`."""
        timed = [(entry.due(since, until), entry.action) for entry in self.actions]
        outside = [action.id for due, action in timed if not since <= due <= until]
        if outside:
            raise ConfigurationError(f"the plan {self.name} has actions outside the run's window: {', '.join(outside)}")
        ordered = sorted(timed, key=lambda entry: entry[0])
        return [(due, attrs.evolve(action, valid_until=action.valid_until or due + self.valid_for)) for due, action in ordered]


def load_plan(plan: str | Path, configs: Path) -> Plan:
    """Read a plan: a path, or the name of a file in `configs/plans`. Raises `ConfigurationError` with every problem found."""
    file = Path(plan) if str(plan).endswith((".yaml", ".yml")) else configs / "plans" / f"{plan}.yaml"
    if not file.is_file():
        known = sorted(each.stem for each in (configs / "plans").glob("*.yaml"))
        raise ConfigurationError(f"{file}: there is no such plan; there are: {', '.join(known) or 'none'}{nearest(file.stem, known)}")
    return plan_of(read_yaml(file), file.stem)


def plan_of(document: Document, name: str) -> Plan:
    """The plan in a document that was read already. Raises `ConfigurationError` with every problem found."""
    read = document.fit(_File)
    problems: list[tuple[Place, str]] = [(("positions", key), text) for key in read.positions if (text := _wrong_key(key))]
    problems += [(("positions", key), "must not be below zero") for key, held in read.positions.items() if held < 0 and ":balance:" in key]
    actions: list[Timed] = []
    for number, entry in enumerate(read.actions):
        try:
            actions.append(_timed(entry, ("actions", number)))
        except _Wrong as wrong:
            problems += wrong.problems
    problems += _repeated(actions)
    since, until = (_window(key, getattr(read, key), problems) for key in ("since", "until"))
    if problems:
        raise document.error(problems)
    return Plan(
        name=name,
        mode=read.mode,
        summary=read.summary,
        since=since,
        until=until,
        valid_for=_duration(document, read.valid_for),
        positions=read.positions,
        actions=tuple(actions),
    )


class _Wrong(Exception):
    def __init__(self, problems: list[tuple[Place, str]]) -> None:
        self.problems = problems


def _timed(entry: Mapping[str, Any], place: Place) -> Timed:
    fields = dict(entry)
    when = fields.pop("at", None)
    if when is None:
        _refuse_misspelt("at", fields, place)
    try:
        base, offset = _when(when)
    except (ValueError, ConfigurationError) as error:
        raise _Wrong([((*place, "at"), str(error))]) from None
    action = _action(fields, place)
    if not action.id:
        raise _Wrong([(place, "has no id: every action needs one of its own")])
    return Timed(base, offset, action)


def _action(fields: dict[str, Any], place: Place) -> Action:
    """The action that a mapping describes: its class under `action`, and its fields."""
    classes = action_classes()
    name = fields.pop("action", None)
    if name is None:
        _refuse_misspelt("action", fields, place)
    if not isinstance(name, str) or name not in classes:
        raise _Wrong([((*place, "action"), f"is not an action{nearest(name, classes)}; there are {', '.join(sorted(classes))}")])
    known = {attribute.name for attribute in attrs.fields(classes[name])}
    strange = (key for key in fields if key not in known)
    wrong: list[tuple[Place, str]] = [((*place, key), f"is not a field of {name}{nearest(key, known)}") for key in strange]
    wrong += [((*place, key), "expected text") for key in ("id", "venue", "account") if not isinstance(fields.get(key, ""), str)]
    if wrong:
        raise _Wrong(wrong)
    missing = [a.name for a in attrs.fields(classes[name]) if a.default is attrs.NOTHING and a.name not in fields]
    if missing:
        raise _Wrong([(place, f"{name} needs {', '.join(missing)}")])
    try:
        return classes[name](**{key: _value(key, value, (*place, key)) for key, value in fields.items()})
    except InvalidAction as error:
        raise _Wrong([(place, str(error))]) from None


def _value(key: str, value: Any, place: Place) -> Any:
    if key == "legs" and isinstance(value, list):
        return tuple(_action(dict(leg) if isinstance(leg, dict) else {}, (*place, number)) for number, leg in enumerate(value))
    if isinstance(value, dict):
        if set(value) == {"from_leg"} and isinstance(value["from_leg"], int):
            return FromLeg(value["from_leg"])
        _refuse_misspelt("from_leg", value, place)
        raise _Wrong([(place, "is a mapping; an amount may be {from_leg: NUMBER}")])
    if key == "good_for" and isinstance(value, str):
        try:
            return duration(value)
        except ConfigurationError:
            raise _Wrong([(place, "is not a duration, such as 6h")]) from None
    return value


def _refuse_misspelt(name: str, entry: Mapping[str, Any], place: Place) -> None:
    """Raise where a key of the entry must be `name`, misspelt."""
    for key in entry:
        if hint := nearest(key, (name,)):
            raise _Wrong([((*place, key), f"is not a known key{hint}")])


def _when(text: object) -> tuple[str, int]:
    if not isinstance(text, str):
        raise ValueError("is missing: start, start+30d, end-1h, or a time such as 2024-08-01T00:00:00Z")
    matched = _WHEN.fullmatch(text.strip())
    if matched is None:
        return "at", parse_time(text)
    base, sign, length = matched.groups()
    return base, 0 if length is None else (1 if sign == "+" else -1) * duration(length)


def parse_time(text: str) -> int:
    """An ISO 8601 time as ms; a date alone, or a time without a zone, is UTC. Raises `ValueError`."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a time: start, start+30d, end-1h, or such as 2024-08-01T00:00:00Z") from None
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def _window(name: str, text: str | None, problems: list[tuple[Place, str]]) -> int | None:
    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError:
        problems.append(((name,), "is not a time, such as 2024-08-01T00:00:00Z"))
        return None


def _duration(document: Document, text: str) -> int:
    try:
        return duration(text)
    except ConfigurationError:
        raise document.error([(("valid_for",), "is not a duration, such as 10m")]) from None


def _wrong_key(key: str) -> str | None:
    try:
        split_key(key)
    except ValueError:
        kind = key.split(":")[1:2]
        hint = nearest(kind[0], KINDS) if kind else ""
        return f"is not a position key: account:kind:instrument, such as wallet:balance:USDT{hint}"
    return None


def _repeated(actions: list[Timed]) -> Iterator[tuple[Place, str]]:
    seen: set[str] = set()
    for number, entry in enumerate(actions):
        if entry.action.id in seen:
            yield ("actions", number, "id"), f"{entry.action.id!r} was used before: every action needs an id of its own"
        seen.add(entry.action.id)

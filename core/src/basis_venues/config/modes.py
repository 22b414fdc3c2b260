"""A strategy's mode: what its file says, and what follows from it for routing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from attrs import frozen

from ..actions import Action, AtomicBundle, PerpTrade, SpotTrade, Unwind, action_classes
from ..errors import ConfigurationError, WrongAllocation
from .document import Document, Problems
from .misfit import nearest
from .routes import TWINS, Route, Wish, resolve
from .yaml_file import read_yaml

_WORDS = ("mode", "share_class", "asset")
_WORD = re.compile(r"[A-Za-z0-9_-]+")
_SUBSCRIPTIONS = ("data_subscriptions", "execution_subscriptions")


class Entry(NamedTuple):
    """What `venues.TYPE` may say; `_OPTIONS` says which option belongs under which type."""

    primary: str | None = None
    hedge_allocation: Decimal | None = None
    on_chain_leverage_venue: str | None = None
    lst_type: str | None = None
    use_flash_loan: bool | None = None
    unwind_mode: Literal["flash_loan", "queue"] | None = None


_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "hedge_allocation": ("hedge_execution", "cex_futures"),
    "on_chain_leverage_venue": ("lending_execution",),
    "lst_type": ("staking_execution",),
    "use_flash_loan": ("flash_loan_execution",),
    "unwind_mode": ("unwind_execution",),
}


class _Top(NamedTuple):
    """The first level of a mode's file; `venues` is read in a second go, because its keys are action types."""

    venues: Mapping[str, Any]
    mode: str | None = None
    share_class: str | None = None
    asset: str | None = None
    allocation: Mapping[str, Mapping[str, Decimal]] = MappingProxyType({})
    on_leg_failure: Literal["halt", "continue"] = "halt"


@frozen(kw_only=True, eq=False, repr=False)
class Mode:
    """A strategy's configuration, resolved.

    `routes` maps every action type that the mode can carry out to its route; both names of the perpetuals' type share one.
    `execution_venues` and `data_venues` are in the order of the file; without `data_subscriptions` the execution venues give the data.
    `docs/MODES.md` says what each key does.
    """

    name: str
    routes: Mapping[str, Route]
    execution_venues: tuple[str, ...]
    data_venues: tuple[str, ...] = ()
    share_class: str | None = None
    asset: str | None = None
    on_leg_failure: Literal["halt", "continue"] = "halt"
    on_chain_leverage_venue: str | None = None
    lst_type: str | None = None
    use_flash_loan: bool = True
    unwind_mode: Literal["flash_loan", "queue"] = "flash_loan"

    def refusal(self, action: Action) -> str | None:
        """Why this mode never carries out such an action; None where it may. Depends on the action's class and symbol only."""
        if isinstance(action, (SpotTrade, PerpTrade)):
            return self._wrong_symbol(action.symbol)
        if isinstance(action, AtomicBundle) and not self.use_flash_loan:
            return f"the mode {self.name} says use_flash_loan: false; send the legs one by one, or change the mode"
        if isinstance(action, Unwind) and self.unwind_mode == "queue":
            return f"the mode {self.name} says unwind_mode: queue; leave by RequestUnstake and ClaimUnstake, or change the mode"
        return None

    def _wrong_symbol(self, symbol: str) -> str | None:
        base, _, quote = symbol.partition(":")[0].partition("/")
        if self.asset is not None and base != self.asset:
            return f"the mode {self.name} trades {self.asset}, not {base}; its file says asset: {self.asset}"
        if self.share_class not in (None, self.asset, quote):
            return f"the mode {self.name} counts in {self.share_class} and would be left with {quote}; trade {base}/{self.share_class}"
        return None


class ModeFile(NamedTuple):
    """A mode's file, read and checked on its own; `resolve` needs the manifests of its venues."""

    name: str
    document: Document
    top: _Top
    data_venues: tuple[str, ...]
    listed: Mapping[str, tuple[str, ...]]
    """`execution_subscriptions`."""
    entries: Mapping[str, Entry]
    """The entries under action types."""

    def venues(self) -> tuple[str, ...]:
        """The execution venues that the file names, in its order."""
        named = [venue for venues in self.listed.values() for venue in venues]
        named += [entry.primary for entry in self.entries.values() if entry.primary]
        return tuple(dict.fromkeys(named))

    def resolve(self, takes: Mapping[str, Iterable[str]], implied: Iterable[str] = ()) -> Mode:
        """The mode. `takes` maps each of its venues to the action types that its manifest lists; `implied` are venues that the file
        does not name and that take what nobody else does. Raises `ConfigurationError` with every problem found."""
        problems = Problems()
        routes: dict[str, Route] = {}
        for action_type in self._action_types():
            with problems.collect():
                routes[action_type] = self._route(action_type, takes)
        problems.raise_if_any()
        implied = tuple(implied)
        for venue in implied:
            for action_type in _both_names(takes[venue]):
                routes.setdefault(action_type, Route((venue,), (Decimal(1),)))
        execution = tuple(dict.fromkeys((*self.venues(), *implied)))
        mode = Mode(
            name=self.name,
            routes=routes,
            execution_venues=execution,
            data_venues=self.data_venues or execution,
            share_class=self.top.share_class,
            asset=self.top.asset,
            on_leg_failure=self.top.on_leg_failure,
            **self._options(),
        )
        found = list(_contradictions(mode))
        if found:
            raise self.document.error(found)
        return mode

    def _action_types(self) -> tuple[str, ...]:
        return tuple(_both_names((*self.listed, *self.entries, *self.top.allocation)))

    def _route(self, action_type: str, takes: Mapping[str, Iterable[str]]) -> Route:
        try:
            route = resolve(self._wish(action_type))
            for venue in route.venues:
                known = tuple(_both_names(takes[venue]))
                if action_type not in known:
                    raise ConfigurationError(f"{venue} does not take {action_type}; it takes {', '.join(known) or 'nothing'}")
        except ConfigurationError as error:
            place = self._place(action_type, isinstance(error, WrongAllocation))
            if isinstance(error, WrongAllocation) and error.venue is not None:
                place = (*place, error.venue)
            raise self.document.error([(place, text) for text in error.problems]) from None
        return route

    def _place(self, action_type: str, allocated: bool) -> tuple[str, ...]:
        """Where the file speaks of the type, under either of its names."""
        for name in (action_type, TWINS.get(action_type, "")):
            if name in self.entries and not allocated:
                return ("venues", name)
            if name in self.listed and not allocated:
                return ("venues", "execution_subscriptions", name)
            if name in self.top.allocation:
                return ("allocation", name)
        return ("venues",)

    def _wish(self, action_type: str) -> Wish:
        names = (action_type, TWINS[action_type]) if action_type in TWINS else (action_type,)
        entries = [self.entries[name] for name in names if name in self.entries]
        return Wish(
            listed=_one("list of venues", [self.listed[name] for name in names if name in self.listed]) or (),
            primary=_one("primary", [entry.primary for entry in entries if entry.primary]),
            hedge_allocation=_one("hedge_allocation", [e.hedge_allocation for e in entries if e.hedge_allocation is not None]),
            allocation=_one("allocation", [self.top.allocation[name] for name in names if name in self.top.allocation]),
        )

    def _options(self) -> dict[str, Any]:
        """The options that the entries set, by name; each has one home, so none can be set twice."""
        said = {name: getattr(entry, name) for entry in self.entries.values() for name in _OPTIONS if getattr(entry, name) is not None}
        said.pop("hedge_allocation", None)  # it is in the route
        return said


def read_mode(file: FilePath, more_types: Callable[[], Iterable[str]] = tuple) -> ModeFile:
    """Read a mode's file. `more_types` answers the action types that plugins bring, and is asked only when the file has a type that
    the core does not know. Raises `ConfigurationError` with every problem found."""
    document = read_yaml(file)
    top: _Top = document.fit(_Top)
    problems = Problems()
    data: tuple[str, ...] = ()
    listed: Mapping[str, tuple[str, ...]] = {}
    entries: dict[str, Entry] = {}
    known = _known_types(top, more_types)
    for key in top.venues:
        with problems.collect():
            if key == "data_subscriptions":
                data = document.fit(tuple[str, ...], ("venues", key))
            elif key == "execution_subscriptions":
                listed = document.fit(Mapping[str, tuple[str, ...]], ("venues", key))
            elif key in known:
                entries[key] = _entry(document, key)
            else:
                raise document.error([(("venues", key), f"is not an action type{nearest(key, {*known, *_SUBSCRIPTIONS})}")])
    problems.extend(
        document.problem((key,), "must be one word of letters, digits, _ and -") for key in _WORDS if not _is_word(getattr(top, key))
    )
    problems.extend(document.problem(path, text) for path, text in _repeated(data, listed))
    problems.extend(document.problem(path, text) for path, text in _strange_types(listed, top, known))
    problems.raise_if_any()
    return ModeFile(name=top.mode or file.stem, document=document, top=top, data_venues=data, listed=listed, entries=entries)


def _is_word(said: str | None) -> bool:
    return said is None or _WORD.fullmatch(said) is not None


def _entry(document: Document, action_type: str) -> Entry:
    entry = document.fit(Entry, ("venues", action_type))
    misplaced = [
        (("venues", action_type, option), f"belongs under {' or '.join(homes)}")
        for option, homes in _OPTIONS.items()
        if action_type not in homes and getattr(entry, option) is not None
    ]
    if misplaced:
        raise document.error(misplaced)
    return entry


def _known_types(top: _Top, more_types: Callable[[], Iterable[str]]) -> set[str]:
    known = {name for cls in action_classes().values() for name in cls.action_types}
    lists = top.venues.get("execution_subscriptions")
    used = {*top.venues, *top.allocation, *(lists if isinstance(lists, dict) else ())}
    return known if used <= known | set(_SUBSCRIPTIONS) else known | set(more_types())


def _both_names(action_types: Iterable[str]) -> Iterator[str]:
    """The types without repetition, each followed by its other name where it has one."""
    yield from dict.fromkeys(name for each in action_types for name in (each, TWINS.get(each, each)))


def _one(what: str, said: list[Any]) -> Any:
    """What is said, once or twice; None where it is not. Raises `ConfigurationError` when the two names of one type disagree."""
    if any(other != said[0] for other in said[1:]):
        raise ConfigurationError(f"cex_futures and hedge_execution are one action type, and each has another {what}; keep one")
    return said[0] if said else None


def _repeated(data: tuple[str, ...], listed: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[tuple[str, ...], str]]:
    places: dict[tuple[str, ...], tuple[str, ...]] = {("venues", "data_subscriptions"): data}
    places |= {("venues", "execution_subscriptions", name): venues for name, venues in listed.items()}
    for path, venues in places.items():
        if len(set(venues)) != len(venues):
            yield path, "names a venue twice"


def _strange_types(listed: Mapping[str, Any], top: _Top, known: set[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    for parent, names in ((("venues", "execution_subscriptions"), listed), (("allocation",), top.allocation)):
        for name in names:
            if name not in known:
                yield (*parent, name), f"is not an action type{nearest(name, known)}"


def _contradictions(mode: Mode) -> Iterator[tuple[tuple[str, ...], str]]:
    staking = mode.routes.get("staking_execution")
    if mode.lst_type and staking and mode.lst_type != staking.venues[0]:
        path = ("venues", "staking_execution", "lst_type")
        yield path, f"must be the venue that stakes, {staking.venues[0]}: the mode holds what that venue gives"
    lending = mode.routes.get("lending_execution")
    if mode.on_chain_leverage_venue and lending and mode.on_chain_leverage_venue not in lending.venues:
        path = ("venues", "lending_execution", "on_chain_leverage_venue")
        yield path, f"must be a venue subscribed for lending_execution: {', '.join(lending.venues)}"
    if not mode.use_flash_loan and mode.unwind_mode == "flash_loan" and "unwind_execution" in mode.routes:
        path = ("venues", "flash_loan_execution", "use_flash_loan")
        yield path, "is false, but unwind_execution unwinds by a flash loan; say unwind_mode: queue, or allow flash loans"

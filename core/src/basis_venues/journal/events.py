"""The kinds of rows a journal holds. Applying them in order gives the journal's state (`state.py`); `codec.py` writes them as JSON.

Every event names the accounts that it is about: `accounts` maps their aliases to identities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

from ..actions import Action
from ..keys import Key
from ..orders import Effect, Order, Prepared, Report, Step
from ..results import ActionResult, Compared
from ..states import State, Verdict


class Reserved(NamedTuple):
    """What one order takes of the spend limits: `usd` of `asset`, and `gas` in the chain's own coin. `opens`: it adds to a perpetual
    position or debt. `at` is when it was asked for, ms."""

    order: str
    venue: str
    account: str
    asset: str
    usd: Decimal
    gas: Decimal
    opens: bool
    at: int


class Intent(NamedTuple):
    """An action was divided into orders, before anything is sent. `reserved`: what they take of the spend limits."""

    mode: str
    action: Action
    orders: tuple[Order, ...]
    unallocated: Decimal
    notes: tuple[str, ...]
    accounts: Mapping[str, str]
    reserved: tuple[Reserved, ...] = ()


class Sending(NamedTuple):
    """A write is about to leave. Durable before its first byte does; holds all that recovery needs.

    `plan` are all steps of the order, `number` which of them this is. `at` is when it is sent, ms: what may rest, rests from then on,
    whatever ends the run. `before` and `marks` are evidence for a person who must say what became of it: the book's values of `keys`,
    and up to where the effects on each were known.
    """

    mode: str
    order: Order
    plan: tuple[Step, ...]
    number: int
    attempt: int
    prepared: Prepared
    keys: tuple[Key, ...]
    before: Mapping[Key, Decimal]
    marks: Mapping[Key, int]
    at: int
    accounts: Mapping[str, str]

    @property
    def step(self) -> Step:
        """The step that is being sent."""
        return self.prepared.step


class Outcome(NamedTuple):
    """What came of a step, and what its account shows. `book` are the newly verified values."""

    mode: str
    step: str
    report: Report
    verdict: Verdict | None
    externals: tuple[Effect, ...]
    compared: tuple[Compared, ...]
    book: Mapping[Key, Decimal]
    marks: Mapping[Key, int]
    accounts: Mapping[str, str]


class Closed(NamedTuple):
    """An action is over. Its id never acts again and answers with this result."""

    mode: str
    result: ActionResult
    accounts: Mapping[str, str]


class Observed(NamedTuple):
    """What accounts showed outside of an order: a first reading, effects that happened by themselves, orders of ours found anew."""

    book: Mapping[Key, Decimal]
    marks: Mapping[Key, int]
    externals: tuple[Effect, ...]
    accounts: Mapping[str, str]


class Frozen(NamedTuple):
    """No order of the account is sent any more, until a person thaws it."""

    account: str
    reason: str
    accounts: Mapping[str, str]


class Thawed(NamedTuple):
    """A person let the account act again. What it holds is read anew and taken as it is."""

    account: str
    reason: str
    accounts: Mapping[str, str]


class Resolved(NamedTuple):
    """A person said what became of a step that could not be settled: `state` is FILLED or REJECTED."""

    mode: str
    step: str
    state: State
    reason: str
    accounts: Mapping[str, str]


class Dismissed(NamedTuple):
    """A person said that a transit is over, although no history shows how it ended. `key`: its position."""

    key: Key
    reason: str
    accounts: Mapping[str, str]


class Reopened(NamedTuple):
    """A reorganisation took a mined step back: its effects no longer stand, and it is settled again."""

    mode: str
    step: str
    accounts: Mapping[str, str]


class Finalised(NamedTuple):
    """A mined step can no longer be reorganised."""

    mode: str
    step: str
    accounts: Mapping[str, str]


Event = Intent | Sending | Outcome | Closed | Observed | Frozen | Thawed | Resolved | Dismissed | Reopened | Finalised

_CLASSES: tuple[type[Event], ...] = (
    Intent, Sending, Outcome, Closed, Observed, Frozen, Thawed, Resolved, Dismissed, Reopened, Finalised,
)  # fmt: skip


_KINDS: Mapping[type[Event], str] = {cls: cls.__name__.upper() for cls in _CLASSES}
_BY_KIND = {kind: cls for cls, kind in _KINDS.items()}
_SUBJECTS: Mapping[type[Event], Callable[[Any], str]] = {
    Intent: attrgetter("action.id"),
    Sending: attrgetter("prepared.step.id"),
    Closed: attrgetter("result.action.id"),
    **dict.fromkeys((Outcome, Resolved, Reopened, Finalised), attrgetter("step")),
    **dict.fromkeys((Frozen, Thawed), attrgetter("account")),
    Dismissed: attrgetter("key"),
    Observed: lambda _: "",
}


def kind_of(event: type[Event]) -> str:
    """The name that rows of the event carry."""
    return _KINDS[event]


def event_class(kind: str) -> type[Event]:
    """The event that rows of the kind hold. Raises `KeyError`."""
    return _BY_KIND[kind]


def subject_of(event: Event) -> str:
    """What a row is about, for finding it: an action's or step's id, an account, or a position."""
    return _SUBJECTS[type(event)](event)

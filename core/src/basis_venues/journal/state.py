"""What a journal says at its end. Live and after a replay, it changes only by `apply`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from attrs import define, field

from ..attempts import is_ours
from ..keys import Key
from ..orders import Effect, Order, Report, Step, deltas
from ..positions import Positions
from ..results import ActionResult, Compared
from ..states import REVERSIBLE, State, Verdict
from .codec import fingerprint
from .events import Closed, Event, Finalised, Frozen, Intent, Observed, Outcome, Reopened, Resolved, Sending, Thawed

Name = tuple[str, str]
"""A mode and an id: actions and steps are named by both."""


@define
class ActionRecord:
    """An action that is known: its parameters' fingerprint, its orders, and its result once it is over."""

    fingerprint: str
    orders: tuple[Order, ...]
    unallocated: Decimal
    notes: tuple[str, ...]
    result: ActionResult | None = None


@define
class StepRecord:
    """A step that was, or is, being sent. `report` is None until its outcome is known."""

    sending: Sending
    report: Report | None = None
    verdict: Verdict | None = None
    externals: tuple[Effect, ...] = ()
    compared: tuple[Compared, ...] = ()
    resolved: bool = False


@define
class JournalState:
    """The sum of all rows, as far as they concern the accounts of this run (`identities`: alias -> identity).

    `book`: the last verified value of each position. `marks`: up to where each account's effects are known. `seen`: ids of effects
    accounted for. `frozen`: account -> reason. `watched`: mined steps that a reorganisation could take back. `orphans`: effects that
    carry a key of ours, but of no step that this journal knows.
    """

    identities: Mapping[str, str]
    actions: dict[Name, ActionRecord] = field(factory=dict)
    plans: dict[Name, tuple[Step, ...]] = field(factory=dict)
    steps: dict[Name, StepRecord] = field(factory=dict)
    book: Positions = field(factory=Positions)
    known: set[Key] = field(factory=set)
    marks: dict[str, int] = field(factory=dict)
    seen: set[str] = field(factory=set)
    frozen: dict[str, str] = field(factory=dict)
    watched: dict[Name, StepRecord] = field(factory=dict)
    orphans: dict[str, list[Effect]] = field(factory=dict)

    def concerns(self, event: Event) -> bool:
        """Whether the event is about accounts of this run, under the identities that they have now."""
        return all(self.identities.get(alias) == identity for alias, identity in event.accounts.items())

    def apply(self, event: Event) -> None:
        """Take one event in. Those of other accounts are passed over."""
        if self.concerns(event):
            _APPLY[type(event)](self, event)

    def unsettled(self) -> list[tuple[Name, StepRecord]]:
        """Steps that were being sent and have no outcome yet, oldest first."""
        return [(name, record) for name, record in self.steps.items() if record.report is None]

    def obligations(self) -> dict[Key, Decimal]:
        """Claims and transits: what has begun and not yet arrived."""
        return {key: amount for key, amount in self.book.held().items() if key.split(":", 2)[1] in ("claim", "transit")}

    def settle_book(self, book: Mapping[Key, Decimal], marks: Mapping[str, int], effects: tuple[Effect, ...]) -> None:
        """Newly verified values, and the effects that they include."""
        self.book.update(book)
        self.known.update(book)
        for account, mark in marks.items():
            self.marks[account] = max(mark, self.marks.get(account, 0))
        self.seen.update(effect.id for effect in effects)


def _intent(state: JournalState, event: Intent) -> None:
    name = (event.mode, event.action.id)
    state.actions[name] = ActionRecord(fingerprint(event.action), event.orders, event.unallocated, event.notes)


def _sending(state: JournalState, event: Sending) -> None:
    state.plans[event.mode, event.order.id] = event.plan
    state.steps[event.mode, event.step.id] = StepRecord(event)
    state.orphans.pop(event.prepared.key, None)


def _outcome(state: JournalState, event: Outcome) -> None:
    name = (event.mode, event.step)
    record = state.steps[name]
    record.report, record.verdict = event.report, event.verdict
    record.externals, record.compared = event.externals, event.compared
    state.settle_book(event.book, event.marks, event.report.effects + event.externals)
    if event.report.state in REVERSIBLE:
        state.watched[name] = record


def _closed(state: JournalState, event: Closed) -> None:
    state.actions[event.mode, event.result.action.id].result = event.result


def _observed(state: JournalState, event: Observed) -> None:
    state.settle_book(event.book, event.marks, event.externals)
    known = {record.sending.prepared.key for record in state.steps.values()}
    for effect in event.externals:
        if effect.order is not None and effect.order not in known and is_ours(effect):
            state.orphans.setdefault(effect.order, []).append(effect)


def _frozen(state: JournalState, event: Frozen) -> None:
    state.frozen.setdefault(event.account, event.reason)


def _thawed(state: JournalState, event: Thawed) -> None:
    state.frozen.pop(event.account, None)
    for key in [key for key in state.known if key.startswith(f"{event.account}:")]:
        state.known.discard(key)
        state.book.pop(key, None)


def _resolved(state: JournalState, event: Resolved) -> None:
    record = state.steps[event.mode, event.step]
    effects = record.report.effects if record.report is not None else ()
    record.report = Report(event.state, effects if event.state is State.FILLED else (), 0, f"resolved by a person: {event.reason}")
    record.resolved = True


def _reopened(state: JournalState, event: Reopened) -> None:
    name = (event.mode, event.step)
    record = state.watched.pop(name, None) or state.steps[name]
    if record.report is not None:
        effects = record.report.effects
        state.seen.difference_update(effect.id for effect in effects)
        for key, amount in deltas(effects).items():
            state.book[key] -= amount
    record.report = record.verdict = None
    record.externals = record.compared = ()


def _finalised(state: JournalState, event: Finalised) -> None:
    record = state.watched.pop((event.mode, event.step), None)
    if record is not None and record.report is not None and record.report.state is State.MINED:
        record.report = record.report._replace(state=State.FINAL)


_APPLY = {
    Intent: _intent,
    Sending: _sending,
    Outcome: _outcome,
    Closed: _closed,
    Observed: _observed,
    Frozen: _frozen,
    Thawed: _thawed,
    Resolved: _resolved,
    Reopened: _reopened,
    Finalised: _finalised,
}

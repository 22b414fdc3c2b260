"""What a journal says at its end. Live and after a replay, it changes only by `apply`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any

from attrs import define, field

from ..actions import Action
from ..amounts import ZERO
from ..attempts import is_ours
from ..keys import OBLIGATIONS, TRANSIT, Key, split_key
from ..orders import Effect, Order, Report, Step, deltas
from ..positions import Positions
from ..results import ActionResult, Compared
from ..states import REVERSIBLE, State, Verdict
from .events import Closed, Dismissed, Event, Finalised, Frozen, Intent, Observed, Outcome, Reopened, Resolved, Sending, Thawed

Name = tuple[str, str]
"""A mode and an id: actions and steps are named by both."""


@define
class ActionRecord:
    """An action that is known, its orders, and its result once it is over."""

    action: Action
    orders: tuple[Order, ...]
    unallocated: Decimal
    notes: tuple[str, ...]
    result: ActionResult | None = None


@define
class StepRecord:
    """A step that was, or is, being sent. `report` is None until its outcome is known. `late` are its effects that came after it:
    evidence, which nothing is decided by."""

    sending: Sending
    report: Report | None = None
    verdict: Verdict | None = None
    externals: tuple[Effect, ...] = ()
    compared: tuple[Compared, ...] = ()
    late: tuple[Effect, ...] = ()


@define
class JournalState:
    """The sum of all rows, as far as they concern the accounts of this run (`identities`: alias -> identity).

    `book`: the last verified value of each position. `known`: positions whose value may be expected to still stand. `marks`: up to
    where the effects on each position are known, in its owner's time or blocks. `seen`: ids of effects accounted for. `frozen`:
    account -> reason. `attempts`: attempt key -> step. `open`: steps being sent, without an outcome. `parked`: steps that are done and
    whose account could not be read. `watched`: mined steps that a reorganisation could take back. A step is in these three by what its
    record says (`put`). `orphans`: effects that carry a key
    of ours, but of no step that this journal knows.
    """

    identities: Mapping[str, str]
    actions: dict[Name, ActionRecord] = field(factory=dict)
    plans: dict[Name, tuple[Step, ...]] = field(factory=dict)
    steps: dict[Name, StepRecord] = field(factory=dict)
    book: Positions = field(factory=Positions)
    known: set[Key] = field(factory=set)
    marks: dict[Key, int] = field(factory=dict)
    seen: set[str] = field(factory=set)
    frozen: dict[str, str] = field(factory=dict)
    attempts: dict[str, Name] = field(factory=dict)
    open: dict[Name, StepRecord] = field(factory=dict)
    parked: dict[Name, StepRecord] = field(factory=dict)
    watched: dict[Name, StepRecord] = field(factory=dict)
    orphans: dict[str, list[Effect]] = field(factory=dict)

    def concerns(self, event: Event) -> bool:
        """Whether the event is about accounts of this run, under the identities that they have now."""
        return all(self.identities.get(alias) == identity for alias, identity in event.accounts.items())

    def apply(self, event: Event) -> None:
        """Take one event in. Those of other accounts are passed over."""
        if self.concerns(event):
            apply: Callable[[JournalState, Any], None] = _APPLY[type(event)]
            apply(self, event)

    def put(self, name: Name, record: StepRecord) -> None:
        """The record is new or has changed: list it where, and only where, it belongs."""
        self.steps[name] = record
        report = record.report
        belongs = (
            (self.open, report is None),
            (self.parked, report is not None and record.verdict is Verdict.UNVERIFIED),
            (self.watched, report is not None and report.state in REVERSIBLE and not report.final),
        )
        for group, member in belongs:
            if member:
                group[name] = record
            else:
                group.pop(name, None)

    def reporting(self, effects: Collection[str], but: Name) -> Name | None:
        """Another step whose report has one of the effects (ids); None where there is none."""
        told = ((name, effect) for name, record in self.steps.items() if record.report is not None for effect in record.report.effects)
        return next((name for name, effect in told if effect.id in effects and name != but), None)

    def obligations(self) -> dict[Key, Decimal]:
        """Claims and transits: what has begun and not yet arrived."""
        return {key: amount for key, amount in self.book.held().items() if key.split(":", 2)[1] in OBLIGATIONS}

    def without(self, name: Name) -> dict[Key, Decimal]:
        """The book's values of what it has of the step, as if that had not been. Of a step that the account denies it has only what no
        account shows: its transits."""
        record = self.steps[name]
        effects = () if record.report is None or record.verdict is None else record.report.effects
        denied = record.verdict is Verdict.MISMATCHED
        return {key: self.book[key] - amount for key, amount in deltas(effects).items() if not denied or split_key(key).kind == TRANSIT}

    def resolved(self, event: Resolved) -> dict[Key, Decimal]:
        """The book's values that a person's word on a step changes: what the book has of it goes where it did not happen, but for a transit
        that has ended since; where it did, its obligations come, unless the book has them already."""
        name = (event.mode, event.step)
        record = self.steps[name]
        if event.state is not State.FILLED:
            return {key: amount for key, amount in self.without(name).items() if self.book[key] or split_key(key).kind != TRANSIT}
        effects = () if record.report is None or record.verdict is not None else record.report.effects
        return {key: self.book[key] + amount for key, amount in deltas(effects).items() if split_key(key).kind in OBLIGATIONS}

    def settle_book(self, book: Mapping[Key, Decimal], marks: Mapping[Key, int], effects: tuple[Effect, ...]) -> None:
        """Newly verified values, and the effects that they include."""
        self.book.update(book)
        self.known.update(book)
        for key, mark in marks.items():
            self.marks[key] = max(mark, self.marks.get(key, 0))
        self.seen.update(effect.id for effect in effects)

    def attribute(self, externals: tuple[Effect, ...]) -> None:
        """Give effects that carry a key of ours to the step they belong to, or keep them with the orphans."""
        for effect in externals:
            if effect.order is None or not is_ours(effect):
                continue
            name = self.attempts.get(effect.order)
            if name is None:
                self.orphans.setdefault(effect.order, []).append(effect)
            else:
                self.steps[name].late += (effect,)


def _intent(state: JournalState, event: Intent) -> None:
    name = (event.mode, event.action.id)
    state.actions.setdefault(name, ActionRecord(event.action, event.orders, event.unallocated, event.notes))


def _sending(state: JournalState, event: Sending) -> None:
    name = (event.mode, event.step.id)
    state.plans[event.mode, event.order.id] = event.plan
    state.put(name, StepRecord(event))
    state.attempts[event.prepared.key] = name
    state.orphans.pop(event.prepared.key, None)


def _outcome(state: JournalState, event: Outcome) -> None:
    name = (event.mode, event.step)
    record = state.steps[name]
    record.report, record.verdict = event.report, event.verdict
    record.externals, record.compared = event.externals, event.compared
    state.settle_book(event.book, event.marks, event.report.effects + event.externals)
    state.attribute(event.externals)
    state.put(name, record)


def _closed(state: JournalState, event: Closed) -> None:
    state.actions[event.mode, event.result.action.id].result = event.result


def _observed(state: JournalState, event: Observed) -> None:
    state.settle_book(event.book, event.marks, event.externals)
    state.attribute(event.externals)


def _frozen(state: JournalState, event: Frozen) -> None:
    state.frozen.setdefault(event.account, event.reason)


def _thawed(state: JournalState, event: Thawed) -> None:
    """The values stay in the book until they are read anew: obligations are kept, and what only the book knows stays known."""
    state.frozen.pop(event.account, None)
    mine = [key for key in state.known if key.startswith(f"{event.account}:")]
    state.known.difference_update(key for key in mine if split_key(key).kind != TRANSIT)


def _resolved(state: JournalState, event: Resolved) -> None:
    name = (event.mode, event.step)
    record = state.steps[name]
    effects = record.report.effects if record.report is not None else ()
    said = state.resolved(event)
    state.book.update(said)
    state.known.update(key for key in said if split_key(key).kind == TRANSIT)  # the rest is read anew
    happened = event.state is State.FILLED
    record.report = Report(event.state, effects if happened else (), 0, f"resolved by a person: {event.reason}")
    record.verdict = Verdict.VERIFIED if happened else None
    state.put(name, record)


def _dismissed(state: JournalState, event: Dismissed) -> None:
    state.book[event.key] = ZERO


def _reopened(state: JournalState, event: Reopened) -> None:
    name = (event.mode, event.step)
    record = state.steps[name]
    state.book.update(state.without(name))
    if record.report is not None:
        state.seen.difference_update(effect.id for effect in record.report.effects)
        for key in deltas(record.report.effects):  # the block that it comes back in may be as low as the one it was in
            if key in state.marks and split_key(key).kind != TRANSIT:
                state.marks[key] = min(state.marks[key], record.report.at - 1)
    record.report = record.verdict = None
    record.externals = record.compared = ()
    state.put(name, record)


def _finalised(state: JournalState, event: Finalised) -> None:
    name = (event.mode, event.step)
    record = state.steps[name]
    if record.report is not None:
        mined = record.report.state is State.MINED
        record.report = record.report._replace(state=State.FINAL if mined else record.report.state, final=True)
        state.put(name, record)


_APPLY: Mapping[type, Callable[[JournalState, Any], None]] = {
    Intent: _intent,
    Sending: _sending,
    Outcome: _outcome,
    Closed: _closed,
    Observed: _observed,
    Frozen: _frozen,
    Thawed: _thawed,
    Resolved: _resolved,
    Dismissed: _dismissed,
    Reopened: _reopened,
    Finalised: _finalised,
}

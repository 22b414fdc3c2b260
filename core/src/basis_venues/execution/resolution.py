"""What a person may say of what the venues could not settle: a step, a frozen account, a transit."""

from __future__ import annotations

from collections.abc import Iterator

from ..config.misfit import nearest
from ..errors import Denied
from ..journal.events import Dismissed, Resolved, Thawed
from ..journal.state import JournalState, StepRecord
from ..keys import TRANSIT, Key, split_key
from ..states import DONE, State, Verdict

PERSON = "a person"


def needs_person(record: StepRecord) -> bool:
    """Whether a step that has a report is closed by a person only: its outcome is not known, or the account shows another or
    cannot be read."""
    if record.report is None:
        return False
    return record.report.state in (State.NEEDS_HUMAN, State.UNKNOWN) or record.verdict in (Verdict.MISMATCHED, Verdict.UNVERIFIED)


def left_to_start(journal: JournalState, record: StepRecord) -> bool:
    """Whether a step is open and the next start settles it, with proof. On a frozen account it may have to send the very same bytes again,
    which it must not."""
    order = record.sending.order
    return record.report is None and not journal.frozen.keys() & {order.account, order.lane}


def settler(journal: JournalState, record: StepRecord) -> str:
    """Who ends a step that is not over. One that is done and whose account could not be read is compared again before the account's next
    order."""
    if left_to_start(journal, record):
        return "the next start"
    order = record.sending.order
    parked = record.report is not None and record.report.state in DONE and record.verdict is Verdict.UNVERIFIED
    return "the account's next order" if parked and not journal.frozen.keys() & {order.account, order.lane} else PERSON


def resolution(
    journal: JournalState, mode: str, step: str, state: State, reason: str, *, insist: bool = False
) -> tuple[Resolved, *tuple[Thawed, ...]]:
    """The entries that close the step and thaw its account and lane, whose positions are then taken as the venue shows them. What
    another step that is not settled needs, stays frozen, and so does a lane that is frozen for something else. What the step sent on its
    way or gave up for a claim is owed if it happened, and not if it did not.

    `state` is FILLED (it happened) or REJECTED (it did not). Raises `Denied` for a step that is not open, and, unless a person insists,
    for one that the next start settles.
    """
    if state not in (State.FILLED, State.REJECTED):
        raise Denied("a step is resolved as FILLED or REJECTED")
    record = journal.steps.get((mode, step))
    if record is None or not (record.report is None or needs_person(record)):
        raise Denied(f"the step {step!r} of the mode {mode} needs no person")
    if left_to_start(journal, record) and not insist:
        raise Denied(
            f"the step {step!r} was being sent when its run ended: start the run of {mode} again, which settles it with proof; "
            "where its venue is gone for good: --force"
        )
    order = record.sending.order
    accounts = {alias: journal.identities[alias] for alias in (order.account, order.lane)}
    of_step = f"{step}: "
    mine = [alias for alias in accounts if alias == order.account or journal.frozen.get(alias, of_step).startswith(of_step)]
    thawed = [alias for alias in mine if not any(other is not record for other in _unsettled(journal, alias))]
    return Resolved(mode, step, state, reason, accounts), *(Thawed(alias, reason, accounts) for alias in thawed)


def thawing(journal: JournalState, account: str, reason: str) -> Thawed:
    """The entry that lets a frozen account act again; what it holds is then read anew and taken as it stands.

    Raises `Denied` for an account that is not frozen, or while one of its steps is with a person: that is resolved first.
    """
    if account not in journal.frozen:
        raise Denied(f"the account {account!r} is not frozen; frozen are: {', '.join(journal.frozen) or 'none'}")
    for record in _unsettled(journal, account):
        raise Denied(f"the step {record.sending.step.id} of {account} is not settled: basis resolve it first")
    return Thawed(account, reason, {account: journal.identities[account]})


def dismissal(journal: JournalState, key: Key, reason: str) -> Dismissed:
    """The entry that ends a transit which no history will end: its arrival was never told, or could be that of another one.

    Raises `Denied` for what is not on its way; a claim is among them, for it is what its venue shows.
    """
    transits = [each for each in journal.obligations() if split_key(each).kind == TRANSIT]
    if key not in transits:
        raise Denied(f"{key!r} is not on its way{nearest(key, transits)}; on their way are: {', '.join(transits) or 'none'}")
    account = split_key(key).account
    return Dismissed(key, reason, {account: journal.identities[account]})


def _unsettled(journal: JournalState, alias: str) -> Iterator[StepRecord]:
    """The steps that use the account or lane and have no outcome, or are with a person."""
    for record in journal.steps.values():
        order = record.sending.order
        if alias in (order.account, order.lane) and (record.report is None or record.report.state is State.NEEDS_HUMAN):
            yield record

"""Opening a journal for reading it, or for an entry by a person, without a runner."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..journal.events import Event
    from ..journal.sqlite import Row, SqliteJournal
    from ..journal.state import JournalState


@contextmanager
def opened(directory: Path) -> Iterator[SqliteJournal]:
    """The journal of a state directory. Raises `ConfigurationError` when there is none, and as `SqliteJournal` does."""
    from ..clock import SystemClock
    from ..errors import ConfigurationError, JournalUnwritable
    from ..journal.sqlite import SqliteJournal
    from ..worlds import known_worlds

    path = directory / "journal.sqlite"
    if not path.is_file():
        there = ", ".join(str(world) for world in known_worlds() if (world / path.name).is_file()) or "none of the usual places"
        raise ConfigurationError(
            f"{path}: there is no journal; a live run keeps one, where its --profile or --state says. Journals are in: {there}"
        )
    try:
        journal = SqliteJournal(path, SystemClock())
    except JournalUnwritable as error:
        advice = f"to look at it only, copy {path}* to a directory of your own and name that: --state DIR"
        raise JournalUnwritable(f"{error}; {advice}") from None
    try:
        yield journal
    finally:
        journal.close()


def write_by_hand(journal: SqliteJournal, directory: Path, decide: Callable[[JournalState], Sequence[Event]]) -> Sequence[Event]:
    """Append what a person says, as the one who holds its accounts: `decide` answers that, and what it raises is raised. Answers what was
    written. Raises `AccountBusy` while a runner holds an account."""
    from ..errors import TryAgainLater
    from ..journal.locks import AccountLocks
    from ..network import Account

    identities = _accounts(decide(replayed(journal.verified())))
    locks = AccountLocks(directory / "locks", [Account(alias, identity, "", alias) for alias, identity in identities.items()])
    try:
        events = decide(replayed(journal.verified()))  # again: a runner may have written until the accounts were ours
        if not _accounts(events).items() <= identities.items():
            raise TryAgainLater("a runner wrote to the journal meanwhile; look at `basis journal show` again")
        journal.write(events)
    finally:
        locks.release()
    return events


def _accounts(events: Sequence[Event]) -> dict[str, str]:
    """The identities of all accounts that the events are about, by alias."""
    return {alias: identity for event in events for alias, identity in event.accounts.items()}


def replayed(rows: Iterable[Row]) -> JournalState:
    """What the rows say at their end. An alias that has had several identities means the latest."""
    from ..amounts import money
    from ..journal.state import JournalState

    events = [row.event() for row in rows]
    state = JournalState(_accounts(events))
    with money():
        for event in events:
            state.apply(event)
    return state

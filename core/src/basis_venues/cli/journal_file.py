"""Opening a journal for reading it, or for an entry by a person, without a runner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    from ..errors import ConfigurationError
    from ..journal.sqlite import SqliteJournal

    path = directory / "journal.sqlite"
    if not path.is_file():
        raise ConfigurationError(
            f"{path}: there is no journal; only live runs keep one, one for each environment or profile: --profile NAME or --state DIR"
        )
    journal = SqliteJournal(path, SystemClock())
    try:
        yield journal
    finally:
        journal.close()


def write_by_hand(journal: SqliteJournal, directory: Path, events: Sequence[Event]) -> None:
    """Append what a person says, as the one who holds its accounts. Raises `AccountBusy` while a runner does."""
    from ..journal.locks import AccountLocks
    from ..network import Account

    identities = {alias: identity for event in events for alias, identity in event.accounts.items()}
    locks = AccountLocks(directory / "locks", [Account(alias, identity, "", alias) for alias, identity in identities.items()])
    try:
        journal.write(events)
    finally:
        locks.release()


def replayed(rows: Iterable[Row]) -> JournalState:
    """What the rows say at their end. An alias that has had several identities means the latest."""
    from ..amounts import money
    from ..journal.state import JournalState

    events = [row.event() for row in rows]
    identities = {alias: identity for event in events for alias, identity in event.accounts.items()}
    state = JournalState(identities)
    with money():
        for event in events:
            state.apply(event)
    return state

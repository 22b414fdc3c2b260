"""The journal on disk: one append-only SQLite table, WAL, synchronous FULL, each row's hash covering the one before it.

SQLite's own integrity check does not see lost or flipped content; the chain does. A lost tail (the newest rows torn off) leaves a chain
that holds: start-up looks at the venues for orders of ours that the journal does not know.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

from ..clock import Clock
from ..errors import JournalCorrupt, JournalNewer, JournalUnwritable
from .codec import event_from, text
from .events import Event, kind_of, subject_of

SCHEMA = 1
_ORIGIN = "0" * 64
_ROOM = 4_096_000
"""Bytes: as much as SQLite lets the write-ahead file hold before it starts again at its beginning (1000 pages)."""

_CREATE = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rows (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL
);
INSERT OR IGNORE INTO meta VALUES ('schema', '{SCHEMA}');
COMMIT;
"""
_INSERT, _ROW = "INSERT INTO rows VALUES ", "(?, ?, ?, ?, ?, ?)"
_AT_ONCE = 4
"""So many rows are written by one statement, which is a transaction by itself: those of a step."""


class Row(NamedTuple):
    """One row as stored; `body` is JSON text."""

    seq: int
    at: int
    kind: str
    subject: str
    body: str
    hash: str

    def data(self) -> dict[str, Any]:
        """The row for people and programs."""
        return {"seq": self.seq, "at": self.at, "kind": self.kind, "subject": self.subject, "hash": self.hash, **json.loads(self.body)}

    def event(self, read: Callable[[str], Any] = json.loads) -> Event:
        """The event that the row holds; `read` is of JSON text. Raises `JournalNewer` for a kind or an action that this version does not
        know."""
        try:
            return event_from(self.kind, read(self.body))
        except KeyError as unknown:
            raise JournalNewer(
                f"row {self.seq} of the journal ({self.kind}) holds {unknown}, which is not known here: upgrade basis-venues, or install "
                "the plugin that the action came from"
            ) from None


class Entry(NamedTuple):
    """What becomes a row: an event, encoded."""

    kind: str
    subject: str
    body: str

    @classmethod
    def of(cls, event: Event) -> Entry:
        """The event's. Raises `TypeError` or `ValueError` for what cannot be written as JSON."""
        return cls(kind_of(type(event)), _plain(subject_of(event)), text(event))


class SqliteJournal:
    """An open journal. Raises `JournalNewer` for one written by a newer version, `JournalCorrupt` where the chain breaks."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._end: tuple[int, str] | None = None
        self._kept: list[Entry] = []
        self._waiting: list[tuple[list[Entry], Callable[[], None], Any]] = []
        new = not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._db = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._check_version()
            if new:
                path.chmod(0o600)
                _sync_directory(path.parent)
        except sqlite3.OperationalError as error:
            self._db.close()
            raise JournalUnwritable(f"the journal {path} cannot be opened ({error}): see to the disk, then start again") from None
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise JournalCorrupt(f"{path} is not a journal that can be read ({error}); keep the file, and restore a backup") from None
        except BaseException:
            self._db.close()
            raise

    def _check_version(self) -> None:
        known = self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone()
        if known is None:
            self._db.executescript(_CREATE)
        version = int(self._db.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()[0])
        if version > SCHEMA:
            raise JournalNewer(
                f"the journal {self.path} was written by a newer version (schema {version}, this one knows {SCHEMA}): upgrade basis-venues"
            )

    def make_room(self) -> None:
        """Let the write-ahead file grow once, before work begins: a commit that need not lengthen the file is synced in half the time.

        Sync of a file whose length did not change writes the data alone. Nothing is done where another open journal, or a run that was
        killed, has left the file that long. Without the room the journal works as well, only slower: what is wrong with disk or file is
        told by the next reading or commit.
        """
        ahead = self.path.with_name(f"{self.path.name}-wal")
        if ahead.exists() and ahead.stat().st_size >= _ROOM:
            return
        with suppress(sqlite3.Error):
            self._db.execute("DROP TABLE IF EXISTS room")
            self._db.execute("CREATE TABLE room (filler BLOB)")
            self._db.execute("INSERT INTO room VALUES (zeroblob(?))", (_ROOM,))
            self._db.execute("DROP TABLE room")
            self._db.execute("PRAGMA wal_checkpoint(RESTART)")

    def close(self) -> None:
        """Let the file go."""
        self._db.close()

    def rows(self, subject: str | None = None, after: int = 0) -> Iterator[Row]:
        """The rows after number `after`, oldest first, all or those about one subject."""
        if subject is None:
            cursor = self._db.execute("SELECT seq, at, kind, subject, body, hash FROM rows WHERE seq > ? ORDER BY seq", (after,))
        else:
            cursor = self._db.execute(
                "SELECT seq, at, kind, subject, body, hash FROM rows "
                "WHERE seq > ? AND (subject = ? OR subject LIKE ? ESCAPE '\\') ORDER BY seq",
                (after, subject, subject.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "/%"),
            )
        return (Row(*values) for values in cursor)

    def verified(self) -> Iterator[Row]:
        """All rows, each checked against the chain. Raises `JournalCorrupt` at the first that does not fit."""
        before, expected = _ORIGIN, 1
        try:
            for row in self.rows():
                if row.seq != expected or row.hash != _hash(before, row.at, row.kind, row.subject, row.body):
                    raise JournalCorrupt(
                        f"the journal {self.path} is damaged at row {row.seq}: its hash does not fit. Keep the file, restore a backup, and "
                        "compare with the venue before acting again"
                    )
                before, expected = row.hash, expected + 1
                yield row
        except sqlite3.DatabaseError as error:
            raise JournalCorrupt(
                f"the journal {self.path} cannot be read after row {expected - 1} ({error}); keep it, and restore a backup"
            ) from None

    def write(self, events: Sequence[Event]) -> None:
        """Append the events in one synced commit. Raises `JournalUnwritable`; then none of them is stored."""
        self.append([Entry.of(event) for event in events])

    def append(self, entries: Sequence[Entry]) -> None:
        """`write`, of events that are encoded."""
        at = self._clock.now()
        try:
            try:
                self._end = self._stored(self._end, at, entries)
            except sqlite3.IntegrityError:  # another process has written since: its rows stand before these
                self._end = self._stored(None, at, entries)
        except sqlite3.Error as error:
            raise JournalUnwritable(f"the journal {self.path} cannot be written ({error}): free the disk, then start again") from None

    def _stored(self, end: tuple[int, str] | None, at: int, entries: Sequence[Entry]) -> tuple[int, str]:
        """Store the rows in one transaction, after the row `end` (number and hash; None: whatever is last). Answers the new end."""
        if end is not None and 0 < len(entries) <= _AT_ONCE:
            rows, end = _chained(end, at, entries)
            self._db.execute(_INSERT + ",".join([_ROW] * len(rows)), [value for row in rows for value in row])
            return end
        self._db.execute("BEGIN IMMEDIATE")
        try:
            rows, end = _chained(end or self._last(), at, entries)
            self._db.executemany(_INSERT + _ROW, rows)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        return end

    def _last(self) -> tuple[int, str]:
        return self._db.execute("SELECT seq, hash FROM rows ORDER BY seq DESC LIMIT 1").fetchone() or (0, _ORIGIN)

    def keep(self, event: Event) -> None:
        """Let an event be the head of the next commit, whoever makes it: no row that counts on it can be stored without it."""
        self._kept.append(Entry.of(event))

    async def commit(self, events: Sequence[Event], then: Callable[[], None], *, alone: bool = False) -> None:
        """`write`, with what was kept, sharing one synced commit with every other lane that is waiting in the same turn of the event loop.
        `alone`: there is no other lane, so there is no turn to wait for.

        `then` is called as soon as the events are stored, even when the waiting task is cancelled meanwhile; a task that is cancelled
        earlier takes its events back. What one lane cannot encode, or raises in `then`, is told to that lane alone.
        """
        entries = [Entry.of(event) for event in events]
        if alone and not self._waiting:
            self._write_kept(entries)
            then()
            return
        import asyncio

        loop = asyncio.get_running_loop()
        done = loop.create_future()
        first = not self._waiting
        self._waiting.append((entries, then, done))
        if first:  # it waits a turn for the others, and then writes for all
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                done.cancel()
                loop.call_soon(self._flush)
                raise
            self._flush()
        await done

    def _flush(self) -> None:
        waiting, self._waiting = [each for each in self._waiting if not each[2].cancelled()], []
        if not waiting:
            return
        try:
            self._write_kept([entry for entries, _, _ in waiting for entry in entries])
        except BaseException as error:
            for _, _, done in waiting:
                _fail(done, error)
            return
        for _, then, done in waiting:
            _tell(then, done)

    def _write_kept(self, entries: Sequence[Entry]) -> None:
        """What was kept, and then these, in one synced commit."""
        whole = [*self._kept, *entries]
        if whole:
            self.append(whole)
        self._kept.clear()


def copy_journal(source: Path, target: Path) -> None:
    """Copy a journal as of one moment, also while a run writes to it. Its own files stay as they are.

    Raises `JournalCorrupt` for a file that SQLite cannot read.
    """
    left_open = source.with_name(f"{source.name}-wal").exists()  # opened for writing, it would be tidied away at the end
    try:
        uri = f"{source.resolve().as_uri()}?mode={'ro' if left_open else 'rw'}"
        with closing(sqlite3.connect(uri, uri=True, timeout=10)) as journal, closing(sqlite3.connect(target)) as copy:
            journal.backup(copy)
    except sqlite3.DatabaseError as error:
        raise JournalCorrupt(f"{source} is not a journal that can be read ({error}); keep the file, and restore a backup") from None


def _tell(then: Callable[[], None], done: Any) -> None:
    """The events of one lane are stored: let them count, and let it go on. A signal may have cancelled it since the commit began."""
    try:
        then()
    except BaseException as error:
        _fail(done, error)
    else:
        if not done.done():
            done.set_result(None)


def _fail(done: Any, error: BaseException) -> None:
    if not done.done():
        done.set_exception(error)


def _chained(end: tuple[int, str], at: int, entries: Sequence[Entry]) -> tuple[list[tuple[int, int, str, str, str, str]], tuple[int, str]]:
    """The entries as rows that follow `end`, and the end after them."""
    rows, (seq, before) = [], end
    for kind, subject, body in entries:
        seq, before = seq + 1, _hash(before, at, kind, subject, body)
        rows.append((seq, at, kind, subject, body, before))
    return rows, (seq, before)


def _hash(before: str, at: int, kind: str, subject: str, body: str) -> str:
    return hashlib.sha256(f"{before}\n{at}\n{kind}\n{subject}\n{body}".encode()).hexdigest()


def _plain(subject: str) -> str:
    """As SQLite will store it: what a subclass of `str` makes of itself when it is formatted must not be hashed in its place. Raises
    `TypeError` for what is no text."""
    return str.__str__(subject)


def _sync_directory(directory: Path) -> None:
    """Make the file's name itself durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""The reconciler: does the account's own state show what the books expect?

One function serves before an order (expected: nothing) and after it (expected: the sum of its effects). It reads every touched key from
its owner, not before the order's time or block, and compares with the last verified book. What is off is explained by effects that are
neither ours nor seen before, or it is a mismatch. What could not be read is never taken for zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from ..amounts import ZERO
from ..clock import Clock
from ..errors import BasisError, HistoryGone, NotRoutable
from ..keys import OBLIGATIONS, TRANSIT, Key, split_key
from ..orders import Effect, Snapshot, deltas
from ..results import Compared
from ..states import Verdict
from ..venues import Venue, Venues
from .boundary import checked_effects

_CLOCKS_DIFFER_MS = 60_000
"""What arrives is looked for from this long before it was known to be on its way, by this side's clock."""
_ARRIVALS = frozenset({"deposit", "transfer"})
"""Kinds of effects that may be the end of a transfer: an exchange tells of a deposit, a chain of a transfer."""


class Findings(NamedTuple):
    """What reconciliation found. `book` and `marks` are the newly verified values, and the time or block up to which they hold; of an
    account that shows something else, its obligations alone: claims as they are shown, transits as the effects say."""

    verdict: Verdict
    compared: tuple[Compared, ...] = ()
    externals: tuple[Effect, ...] = ()
    book: Mapping[Key, Decimal] = {}
    marks: Mapping[Key, int] = {}
    reason: str = ""


class Reading(NamedTuple):
    """Values by key and, for each venue asked, the time or block from which they hold. `failures` say what could not be read."""

    values: dict[Key, Decimal]
    at: dict[str, int]
    failures: tuple[str, ...]


class Book(NamedTuple):
    """What was verified last: values of `known` keys, up to when the effects on each are known, ids of effects accounted for."""

    values: Mapping[Key, Decimal]
    known: Collection[Key]
    marks: Mapping[Key, int]
    seen: Collection[str]


class Reconciler:
    """Compares books with what the owners of positions show."""

    def __init__(self, venues: Venues, clock: Clock) -> None:
        self._venues = venues
        self._clock = clock

    async def reconcile(
        self, keys: Iterable[Key], expected: Mapping[Key, Decimal], own: Collection[str], at: int, home: Venue, book: Book
    ) -> Findings:
        """Read and compare until all is explained or the venue's budget is over.

        `expected` are changes since the book; a touched key without one is expected to be as it was. `own` are the ids of the order's
        effects, `at` its time or block at the venue `home`. The verdict is VERIFIED, MISMATCHED, or UNVERIFIED (not readable).
        """
        wanted = tuple(dict.fromkeys((*keys, *expected)))
        nobody = self._unanswerable(wanted)
        if nobody:
            return Findings(Verdict.UNVERIFIED, reason=nobody)
        deadline = self._clock.now() + home.timing.verify_within_ms
        while True:
            reading = await self.read(wanted, at, home)
            findings = await self._compare(wanted, expected, own, reading, book)
            if findings.verdict is Verdict.VERIFIED or self._clock.now() >= deadline:
                return findings
            await self._clock.sleep(home.timing.poll_ms)

    async def compare_now(self, keys: Collection[Key], home: Venue, book: Book) -> Findings:
        """The same of a single reading, expecting no change: for looking, where nothing is decided by it."""
        return await self._compare(keys, {}, (), await self.read(keys, 0, home), book)

    def _unanswerable(self, keys: Iterable[Key]) -> str | None:
        """Why some key cannot be asked for at all: nobody in this run keeps its account."""
        try:
            for key in keys:
                self._venues.owner(key)
        except NotRoutable as error:
            return str(error)
        return None

    async def read(self, keys: Collection[Key], at: int, home: Venue) -> Reading:
        """Every key from its owner; owners are asked side by side."""
        by_owner: dict[str, list[Key]] = defaultdict(list)
        for key in keys:
            owner = self._venues.owner(key)
            if owner is not None:
                by_owner[owner.name].append(key)
        asked = [
            self._ask(self._venues.named(name), group, at if self._venues.same_time(name, home) else 0) for name, group in by_owner.items()
        ]
        values: dict[Key, Decimal] = {}
        times: dict[str, int] = {}
        failures: list[str] = []
        for name, answer in zip(by_owner, await _side_by_side(asked), strict=True):
            if isinstance(answer, Snapshot):
                values.update(answer.values)
                times[name] = answer.at
                failures += [f"{name} did not show {key}" for key in by_owner[name] if key not in answer.values]
            else:
                failures.append(f"{name} could not be read: {told(answer)}")
        return Reading(values, times, tuple(failures))

    async def _ask(self, venue: Venue, keys: list[Key], at: int) -> Snapshot | Exception:
        try:
            snapshot = await venue.client.positions(keys, at)
            if type(snapshot.at) is not int:
                return TypeError("the time of the answer is not a whole number")
            if snapshot.at < at:
                return ValueError("the answer is older than the order")
            return snapshot._replace(values={key: _amount(snapshot.values[key]) for key in keys if key in snapshot.values})
        except Exception as error:  # a plugin may raise anything; not being able to read is an answer
            return error

    async def _compare(
        self, keys: Collection[Key], expected: Mapping[Key, Decimal], own: Collection[str], reading: Reading, book: Book
    ) -> Findings:
        values = dict(reading.values)
        for key in keys:
            if self._venues.owner(key) is None:
                values[key] = book.values[key] + expected.get(key, ZERO)
        due = {key: self._due(key, values, expected, book) for key in keys}
        if reading.failures:
            compared = tuple(Compared(key, due[key], values.get(key), key in values) for key in keys)
            return Findings(Verdict.UNVERIFIED, compared, reason="; ".join(reading.failures))
        off = {key: values[key] - due[key] for key in keys if not self._within(key, values[key] - due[key])}
        new = [key for key in keys if key not in book.known and key not in expected]
        asked = {key: book.marks.get(key, 0) for key in off} or self._may_show_arrivals(new, book)
        externals: tuple[Effect, ...] = ()
        gone = ""
        if asked:
            try:
                found = await self._externals(asked, own, reading, book)
            except HistoryGone as error:  # nobody will ever tell: what is off is off, and for a person
                found, gone = (), f" ({error})"
            if isinstance(found, str):
                return Findings(Verdict.UNVERIFIED, self._evidence(keys, due, values), reason=found)
            externals = tuple(each for each in arrived(found, book) if off or ends_transit(each))
        left = self._left(off, externals, new)
        if left:  # what a venue dates before it is in the balance was in it already, if the rest alone explains it
            later = tuple(each for each in externals if each.at > min(asked.values()))
            externals, left = (externals, left) if self._left(off, later, new) else (later, {})
        explained = {key: amount for key, amount in deltas(externals).items() if key not in new}
        evidence = self._evidence(keys, {key: due[key] + explained.get(key, ZERO) for key in keys}, values)
        elsewhere = {k: book.values[k] + amount for k, amount in explained.items() if k not in values and k in book.known}
        marks = {key: reading.at[owner.name] for key in values if (owner := self._venues.owner(key)) is not None}
        now = self._clock.now()
        marks |= {key: now for key in expected if split_key(key).kind == TRANSIT and key not in book.known}  # when it began
        for key in values.keys() & explained.keys() - marks.keys():  # what only the books know shows nothing of it by itself
            values[key] += explained[key]
        found_book = {**elsewhere, **values}
        if not left:
            return Findings(Verdict.VERIFIED, evidence, externals, found_book, marks)
        owed = {key: amount for key, amount in found_book.items() if split_key(key).kind in OBLIGATIONS}
        return Findings(Verdict.MISMATCHED, evidence, externals, owed, reason="; ".join(self._say(key, due, values) for key in left) + gone)

    def _left(self, off: Mapping[Key, Decimal], externals: Collection[Effect], new: Collection[Key]) -> dict[Key, Decimal]:
        """What is off and not explained by those effects; positions that are `new` to the book are taken as they stand."""
        explained = {key: amount for key, amount in deltas(externals).items() if key not in new}
        return {key: amount for key, amount in off.items() if not self._within(key, amount - explained.get(key, ZERO))}

    def _due(self, key: Key, values: Mapping[Key, Decimal], expected: Mapping[Key, Decimal], book: Book) -> Decimal:
        """What the books expect: the verified value plus the change. A key seen for the first time is taken as it stands."""
        if key in book.known or key in expected or key not in values:
            return book.values[key] + expected.get(key, ZERO)
        return values[key]

    def _within(self, key: Key, difference: Decimal) -> bool:
        if not difference:
            return True
        owner = self._venues.owner(key)
        return owner is not None and abs(difference) <= _tolerance(owner, key)

    def _evidence(self, keys: Collection[Key], due: Mapping[Key, Decimal], values: Mapping[Key, Decimal]) -> tuple[Compared, ...]:
        return tuple(Compared(key, due[key], values[key], self._within(key, values[key] - due[key])) for key in keys)

    def _say(self, key: Key, due: Mapping[Key, Decimal], values: Mapping[Key, Decimal]) -> str:
        return f"{key}: expected {due[key]}, observed {values[key]}"

    def _may_show_arrivals(self, new: Iterable[Key], book: Book) -> dict[Key, int]:
        """Of positions that are read for the first time, and taken as they stand, those that something on its way to their account may
        be in already; and since when. At an exchange that may be a wallet that nobody looked at before."""
        found: dict[Key, int] = {}
        for key in new:
            account, _, instrument = split_key(key)
            awaited = f"{account}:{TRANSIT}:{instrument.rpartition('/')[2]}/"
            begun = [book.marks[each] for each in book.known if each.startswith(awaited) and book.values[each] and each in book.marks]
            owner = self._venues.owner(key) if begun else None
            if owner is not None and not owner.chain:
                found[key] = min(begun) - _CLOCKS_DIFFER_MS
        return found

    async def _externals(self, asked: Mapping[Key, int], own: Collection[str], reading: Reading, book: Book) -> tuple[Effect, ...] | str:
        """Effects of others on the keys, each since its own moment and up to the reading; or why they could not be had. Raises
        `HistoryGone`."""
        by_owner: dict[str, list[Key]] = defaultdict(list)
        for key in asked:
            owner = self._venues.owner(key)
            if owner is not None:
                by_owner[owner.name].append(key)
        found: dict[str, Effect] = {}
        for name, keys in by_owner.items():
            since = min(asked[key] for key in keys)
            try:
                effects = checked_effects(await self._venues.named(name).client.recent_effects(keys, since, reading.at[name]))
            except HistoryGone:
                raise
            except Exception as error:  # as above: an unreadable history explains nothing
                return f"{name} could not tell its recent effects: {told(error)}"
            found.update({effect.id: effect for effect in effects if effect.id not in own and effect.id not in book.seen})
        return tuple(found.values())


def ends_transit(effect: Effect) -> bool:
    """Whether the effect is the arrival of what we sent ourselves."""
    return any(split_key(key).kind == TRANSIT for key, _ in effect.lines)


def arrived(externals: Iterable[Effect], book: Book) -> tuple[Effect, ...]:
    """The effects of others; those that are the arrival of what an open transit says is on its way close it with a line of their own.

    A transit is met by its reference where the effect's id has it, else by asset and amount where it is the only one.
    """
    open_transits = {key: held for key in book.known if split_key(key).kind == TRANSIT and (held := book.values[key])}
    found = []
    for effect in externals:
        key = _transit_of(effect, open_transits) if effect.kind in _ARRIVALS else None
        if key is not None:
            effect = effect._replace(lines=(*effect.lines, (key, -open_transits.pop(key))))
        found.append(effect)
    return tuple(found)


def _transit_of(effect: Effect, transits: Mapping[Key, Decimal]) -> Key | None:
    """The transit that ended with the effect, in whichever wallet of the account; None where there is none, or it cannot be told which.
    What only goes from one of its wallets to another arrived before."""
    came: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line, amount in effect.lines:
        account, _, instrument = split_key(line)
        came[account, instrument.rpartition("/")[2]] += amount
    for (account, asset), amount in came.items():
        mine = [key for key in transits if key.startswith(f"{account}:{TRANSIT}:{asset}/") and amount > 0]
        named = [key for key in mine if key.rpartition("/")[2] in effect.id.split(":")]
        same = named or [key for key in mine if transits[key] == amount]
        if len(same) == 1:
            return same[0]
    return None


def _tolerance(owner: Venue, key: Key) -> Decimal:
    """What the model allows the figure to be off; nothing, where it cannot say."""
    try:
        return _amount(owner.model.tolerance(key))
    except Exception:
        return ZERO


def _amount(value: object) -> Decimal:
    """A position as a plugin gave it. Raises `TypeError` for anything but a finite Decimal."""
    if not isinstance(value, Decimal) or not value.is_finite():
        raise TypeError("a position must be a finite Decimal")
    return value


async def _side_by_side(asked: Sequence[Awaitable[Snapshot | Exception]]) -> list[Snapshot | Exception]:
    """The answers, in order. One question alone is asked without a task, so that a backtest needs no event loop."""
    if len(asked) == 1:
        return [await asked[0]]
    if not asked:
        return []
    import asyncio

    return list(await asyncio.gather(*asked))


def told(error: Exception) -> str:
    """What a client raised: in its own words where it is one of this library's errors, else its kind alone, as texts may hold secrets."""
    return str(error) if isinstance(error, BasisError) else type(error).__name__

"""A dry run: the course of a live run, up to each write, which is shown instead of sent.

Routing, limits, halts, reading, planning and preparing are those of the run itself, on a copy of its state that is thrown away. What a
write would do is the models' word, and what comes after it is planned on that.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import attrs

from ..contract import VenueClient
from ..errors import Denied
from ..journal.sqlite import copy_journal
from ..keys import Key
from ..observers import Observers
from ..orders import Effect, Outgoing, Prepared, Report, Snapshot, Step
from ..positions import Positions
from ..simulate import SimulatedClient, SimulatedLedger
from ..states import State
from ..venues import Venue, Venues
from .parts import Parts

_JOURNAL = "journal.sqlite"


class Write(NamedTuple):
    """One write of a dry run. `ahead`: how many of the same lane come before it."""

    step: Step
    key: str
    ahead: int
    outgoing: Outgoing


class Rehearsal:
    """A run's parts for a dry run, and what it would have written so far."""

    def __init__(self, parts: Parts) -> None:
        self.writes: list[Write] = []
        self.changes = Positions()
        self.ledger = SimulatedLedger(parts.ledger.models, parts.market, parts.clock, {})
        self._ahead: Counter[str] = Counter()
        venues = (v if v.simulated else v._replace(client=RehearsingClient(self, v), rehearsed=True) for v in parts.venues)
        self.parts = attrs.evolve(
            parts, venues=Venues(venues, parts.venues.keeper), observers=Observers(), locks_directory=None, open_journal=None
        )

    def of(self, order: str) -> list[Write]:
        """The writes of the order of that id."""
        return [write for write in self.writes if write.step.order.id == order]

    async def show(self, client: VenueClient, step: Step, key: str) -> None:
        """Have a write shown. Raises as `prepare`; a refusal that an earlier write of the lane may mend is told instead."""
        ahead = self._ahead[step.order.lane]
        try:
            outgoing = await client.show(step, key, ahead)
        except Denied as refusal:
            if not ahead:
                raise
            outgoing = Outgoing(unknown=(f"it cannot be made out before the {ahead} ahead of it have happened; now: {refusal}",))
        self._ahead[step.order.lane] += 1
        self.writes.append(Write(step, key, ahead, outgoing))

    def shown(self, key: str) -> bool:
        """Whether the write of that attempt was shown."""
        return any(write.key == key for write in self.writes)


class RehearsingClient(VenueClient):
    """Reads through a venue's own client, plus what the dry run's writes would have changed. Writes nothing."""

    def __init__(self, rehearsal: Rehearsal, venue: Venue) -> None:
        self.network = venue.client.network
        self._rehearsal = rehearsal
        self._inner = venue.client
        self._chain = venue.chain
        self._outcome = SimulatedClient(rehearsal.ledger, reverts=venue.chain)
        self._told: dict[str, Report] = {}

    async def open(self) -> Mapping[str, str]:
        """As the venue's own."""
        return await self._inner.open()

    async def heartbeat(self) -> Mapping[str, str]:
        """As the venue's own."""
        return await self._inner.heartbeat()

    async def prepare(self, step: Step, attempt_key: str) -> Prepared:
        """Have it shown; there is nothing to send."""
        await self._rehearsal.show(self._inner, step, attempt_key)
        return Prepared(attempt_key, step, {})

    async def send(self, prepared: Prepared) -> Report:
        """What the model says that it would do. A write that an earlier run left unsettled is shown first."""
        if not self._rehearsal.shown(prepared.key):
            await self._rehearsal.show(self._inner, prepared.step, prepared.key)
        report = self._modelled(prepared)
        self._rehearsal.changes.apply(report.effects)
        self._told[prepared.key] = report
        return report

    async def lookup(self, prepared: Prepared) -> Report:
        """The same again; what an earlier run left is looked up at the venue."""
        return self._told[prepared.key] if prepared.key in self._told else await self._inner.lookup(prepared)

    async def cancel(self, prepared: Prepared) -> None:
        """Nothing is taken back in a dry run. Raises `Denied`."""
        raise Denied("a dry run takes nothing back")

    async def positions(self, keys: Collection[Key], at: int) -> Snapshot:
        """What the venue shows, and the changes of this dry run on top."""
        read = await self._inner.positions(keys, at)
        values = {key: amount + self._rehearsal.changes[key] for key, amount in read.values.items()}
        self._rehearsal.ledger.positions.update(values)
        return read._replace(values=values)

    async def recent_effects(self, keys: Collection[Key], since: int, until: int) -> Sequence[Effect]:
        """As the venue's own."""
        return await self._inner.recent_effects(keys, since, until)

    async def close(self) -> None:
        """As the venue's own."""
        await self._inner.close()

    def _modelled(self, prepared: Prepared) -> Report:
        report = self._outcome.act(prepared.step, prepared.key, self._rehearsal.ledger.clock.now())
        if report.state is State.ACCEPTED:
            waits = Effect(f"{prepared.key}:rests", prepared.key, (), report.at, "open")
            report = Report(State.FILLED, (waits,), report.at, "it would rest; taken as not filled")
        if self._chain:  # a chain's time is blocks, and this one is in none
            report = report._replace(at=0, effects=tuple(effect._replace(at=0) for effect in report.effects))
        return report


@contextmanager
def copied(state: Path) -> Iterator[Path]:
    """A copy of a state directory, for as long as a dry run lasts: its own journal, halt flags, bans and caches, and no locks.

    A run may be writing there meanwhile: the journal is copied as of one moment, and a file that is replaced or gone is no failure.
    """
    with TemporaryDirectory(prefix="basis-dry-run-") as directory:
        copy = Path(directory) / "state"
        if state.is_dir():
            shutil.copytree(state, copy, ignore=shutil.ignore_patterns("locks", f"{_JOURNAL}*"), copy_function=_copied_if_there)
        if (state / _JOURNAL).is_file():
            copy_journal(state / _JOURNAL, copy / _JOURNAL)
        yield copy


def _copied_if_there(source: str, target: str) -> None:
    with suppress(FileNotFoundError):
        shutil.copy2(source, target)

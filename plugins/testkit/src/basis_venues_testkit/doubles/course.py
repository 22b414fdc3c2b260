"""Actions carried out by the core on a double, over as many starts as it takes: the real manager, journal and client, and kills.

A kill is a `BaseException` at a point of the course: nothing after it is done, as when the process ends there. That the journal survives
the end of a real process is the core's own promise, tried with SIGKILL in its tests.
"""

from __future__ import annotations

import asyncio
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, cast

import attrs

from basis_venues.actions import Action
from basis_venues.assemble import Assembly
from basis_venues.clock import Clock
from basis_venues.contract import Market
from basis_venues.execution.manager import ExecutionManager
from basis_venues.journal.sqlite import Entry, SqliteJournal
from basis_venues.orders import Prepared, Report
from basis_venues.results import ActionResult, word_of
from basis_venues.states import NOTHING_HAPPENED, State
from basis_venues.venues import Venues

from .staging import Staged

STARTS = 8
"""So often the action is begun again before it is said never to end."""
DAY_MS = 86_400_000
SENDING, SENT = "before it is sent", "after it was sent"
"""The points of a client."""

Point = Callable[[str], None]
Results = tuple[ActionResult, ...]


class Killed(BaseException):
    """The run ends here."""


class Marked:
    """A client that tells when it sends."""

    def __init__(self, client: Any, point: Point) -> None:
        self._client, self._point = client, point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def send(self, prepared: Prepared) -> Report:
        """As the client does. It was sent, too, where the client raises: what became of it is not known then."""
        self._point(SENDING)
        try:
            report: Report = await self._client.send(prepared)
        finally:
            self._point(SENT)
        return report


class MarkedJournal(SqliteJournal):
    """A journal that tells when it commits."""

    point: Point = staticmethod(lambda _: None)

    def __init__(self, path: Path, clock: Clock) -> None:
        super().__init__(path, clock)
        self._db.execute("PRAGMA synchronous=OFF")  # the process lives on, so that nothing needs to wait for the disk

    def append(self, entries: Sequence[Entry]) -> None:
        """As the journal does."""
        names = "+".join(entry.kind for entry in entries)
        self.point(f"before the commit of {names}")
        super().append(entries)
        self.point(f"after the commit of {names}")


class Course(ABC):
    """A world of its own: the double as it begins, a journal, and the actions that are given together. What may `befall` it are the
    double's losses and turnings."""

    timeless: ClassVar[str] = ""
    """Why a wrong clock does not concern the venue; empty where it does."""
    lasting: ClassVar[str] = ""
    """Why what the venue has done is never taken back; empty where it can be."""

    def __init__(self, staged: Staged, *actions: Action) -> None:
        self._staged = staged
        self._actions = actions
        self.passed: list[str] = []
        """The points of the last start."""
        self.at_send: Callable[[], None] | None = None
        """What befalls the venue just before each write."""

    def run(
        self, kills: Sequence[int] = (), during: Callable[[], Awaitable[None]] | None = None, *, may_be_refused: bool = False
    ) -> list[str]:
        """Carry the actions out, killed at those points, one for each start; what is wrong in the end. Raises as the manager does.

        A kill that ends nothing is wrong, too: nothing was tried by it. `may_be_refused`: proof that nothing happened is as good as
        having done it.
        """
        results, killed = None, 0
        for kill in (*kills, *([None] * STARTS)):
            results = self._start(kill, during)
            killed += results is None
            if results is not None and all(each.state != State.UNKNOWN.value for each in results):
                break
            during = None
        if results is None:
            return [f"it was begun {STARTS} times and never ended"]
        return [*self._wrong(results, may_be_refused=may_be_refused), *self._not_killed(kills, killed)]

    def run_late(self) -> list[str]:
        """Carry the actions out while the first write arrives late; what is wrong in the end. That it was not late is wrong, too."""
        self.delay()
        return self._run_beside(self.late)

    def run_outlived(self) -> list[str]:
        """As `run_late`, and the first write arrives when another has taken its place. Nothing is wrong where its fence is not a time."""
        return []

    def _run_beside(self, late: Callable[[], Awaitable[str]]) -> list[str]:
        said: list[str] = []

        async def beside() -> None:
            said.append(await late())

        return [*self.run(during=beside), *(f"nothing was late: {text}" for text in said if text)]

    def reopened(self, do: Callable[[], None]) -> list[str]:
        """Carry the actions out, let something happen to them, and let the core look again; what is wrong in the end."""

        async def course(manager: ExecutionManager) -> Results:
            results = await manager.execute_actions(self._actions)
            do()
            await manager.heartbeat()
            frozen = "; ".join(f"{account}: {why}" for account, why in manager.frozen.items())
            if frozen:
                raise AssertionError(f"the account is frozen: {frozen}")
            return results

        return list(self._wrong(asyncio.run(self._opened(course, None))))

    def _start(self, kill: int | None, during: Callable[[], Awaitable[None]] | None) -> Results | None:
        """One start; None where it was killed."""

        async def course(manager: ExecutionManager) -> Results:
            beside = asyncio.ensure_future(during()) if during is not None else None
            results = await manager.execute_actions(self._actions)
            if beside is not None:
                await beside
            return results

        try:
            return asyncio.run(self._opened(course, kill))
        except Killed:
            return None

    async def _opened(self, course: Callable[[ExecutionManager], Awaitable[Results]], kill: int | None) -> Results:
        self.passed = []
        clock = self.clock()
        until = clock.now() + DAY_MS
        self._actions = tuple(attrs.evolve(each, valid_until=each.valid_until or until) for each in self._actions)
        async with ExecutionManager(self._parts(self._staged.assemble(clock, self.market(clock)), kill)) as manager:
            return await course(manager)

    def _parts(self, assembly: Assembly, kill: int | None) -> Any:
        def point(name: str) -> None:
            self.passed.append(name)
            if name == SENDING and self.at_send is not None:
                self.at_send()
            if kill is not None and len(self.passed) == kill + 1:
                raise Killed(name)

        def journal(path: Path, clock: Clock) -> SqliteJournal:
            made = MarkedJournal(path, clock)
            made.point = point
            return made

        marked: list[Any] = [venue._replace(client=cast("Any", Marked(venue.client, point))) for venue in assembly.parts.venues]
        return attrs.evolve(assembly.parts, venues=Venues(marked, assembly.parts.venues.keeper), open_journal=journal)

    def _not_killed(self, kills: Sequence[int], killed: int) -> Iterator[str]:
        if killed < len(kills):
            yield f"the kill at point {kills[killed]} ended nothing: that start passed {len(self.passed)} points"

    def _wrong(self, results: Results, *, may_be_refused: bool = False) -> Iterator[str]:
        """One effect of each step and verified; or, where it may be, proven that there was none and none."""
        legs = [leg for result in results for leg in result.legs]
        count, wanted = self.count(), sum(len(leg.steps) for leg in legs)
        why = "; ".join(f"{leg.state.value} {word_of(leg)} {leg.reason}".strip() for leg in legs)
        if may_be_refused and all(leg.state in NOTHING_HAPPENED for leg in legs):
            if count:
                yield f"the core was told that nothing happened ({why}), and the venue did it {count} times"
        elif any(word_of(leg) != "VERIFIED" for leg in legs):
            yield f"it ended {why}, and the venue did it {count} times"
        elif count != wanted:
            yield f"it is verified with {wanted} writes, and the venue carried out {count}"

    # what the double says

    @abstractmethod
    def clock(self) -> Clock:
        """That of a start."""

    def market(self, clock: Clock) -> Market | None:
        """Figures in the place of the venue's own; None where it gives them."""
        return None

    @abstractmethod
    def count(self) -> int:
        """How many writes of the action the venue carried out."""

    @abstractmethod
    def befall(self, what: str) -> None:
        """Let the next write meet with one of the double's losses or turnings."""

    @abstractmethod
    async def late(self) -> str:
        """Beside the run: wait until the delayed write was looked for, and let it arrive then. Answers why it was not late, in words;
        empty where it was."""

    @abstractmethod
    def delay(self) -> None:
        """Let the next write arrive late."""

    @abstractmethod
    def skew(self, milliseconds: int) -> None:
        """Let the venue's clock be wrong by so much."""

    @abstractmethod
    def take_back(self) -> None:
        """Let the venue take back what it did last."""


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder for one course."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)

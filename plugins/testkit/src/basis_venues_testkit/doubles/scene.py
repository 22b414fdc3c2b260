"""What a double has to offer so that the promises of levels 2 and 3 can be tried on it, whatever kind of venue it stands in for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractContextManager
from pathlib import Path
from traceback import extract_tb
from typing import Any, ClassVar, NamedTuple, NoReturn, TypeVar

from basis_venues.attempts import attempt_key
from basis_venues.contract import VenueClient
from basis_venues.keys import Key
from basis_venues.orders import Prepared, Report, Step
from basis_venues.positions import Positions
from basis_venues.states import NOTHING_HAPPENED, RESENDABLE

from ..promises import blocked_by, does_not_apply
from ..simulation.stage import Stage
from ..subject import Subject
from .course import Course

Answer = TypeVar("Answer")

PROOFS = frozenset(state.value for state in NOTHING_HAPPENED | RESENDABLE)
"""What says that nothing happened."""
LOOKS = 5
"""So often the double is looked at before a promise is given up: what it shows may come late."""
PAUSE_S = 0.1


class Heard(NamedTuple):
    """What a client answered to one call: its report, or what it raised."""

    report: Report | None
    error: Exception | None = None

    @property
    def state(self) -> str:
        """The report's state; whatever was raised means UNKNOWN."""
        return "UNKNOWN" if self.report is None else self.report.state.value

    @property
    def text(self) -> str:
        """For people."""
        return f"{type(self.error).__name__}: {self.error}" if self.report is None else f"{self.state} {self.report.reason}".strip()


async def heard(call: Awaitable[Report]) -> Heard:
    """Wait for a report, or what is raised instead."""
    try:
        return Heard(await call)
    except Exception as error:
        return Heard(None, error)


class Scene(ABC):
    """One step about to be sent by an open client to the double. `held`: what the plan was made on."""

    def __init__(self, client: VenueClient, stage: Stage, step: Step, held: Positions) -> None:
        self.client = client
        self.stage = stage
        self.step = step
        self.held = held

    leeway = 0
    """By so much `moment` and a time that is told may differ."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """The step, and what may be done right after it, the other way round."""
        return (self.step,)

    @property
    def keys(self) -> tuple[Key, ...]:
        """The positions that the step touches."""
        return self.stage.model.touches(self.step.order, self.held)

    async def prepared(self, number: int = 0, step: Step | None = None) -> Prepared:
        """The write of that attempt."""
        return await self.client.prepare(step or self.step, attempt_key("conformance", "kit", self.step.id, number))

    async def send(self, prepared: Prepared) -> Heard:
        """Let the client send it, and wait until the venue has done what it does at once."""
        return await heard(self.client.send(prepared))

    # what the venue has

    since = 0
    """The time or block before the step, for `recent_effects`."""

    @abstractmethod
    def mark(self) -> int:
        """How many requests there were."""

    @abstractmethod
    def moment(self) -> int:
        """Now, as effects and snapshots tell it: the venue's ms, or the last block."""

    @abstractmethod
    def writes(self, since: int) -> list[str]:
        """The write requests after the mark `since`, by name."""

    @abstractmethod
    def happened(self) -> str:
        """What the venue's own records have of it in words; nothing where it did not happen."""

    @abstractmethod
    def shows(self, report: Report) -> bool:
        """Whether the effects of a report say what the venue's own records say."""

    @abstractmethod
    def shown(self, report: Report) -> str:
        """What the effects of a report say was done."""

    @abstractmethod
    def strangers(self, prepared: Prepared) -> list[str]:
        """What the venue has under other names than the attempt's."""

    def misjudged(self) -> list[str]:
        """What the model says of the write's own cost, and is far from it. Writes to exchanges are free."""
        return []

    # what is made to happen

    @abstractmethod
    def lose(self, how: str) -> None:
        """The next write is carried out, and its reply is lost or damaged."""

    @abstractmethod
    def refuse_strangely(self, words: str = "") -> None:
        """The next write is answered with an error that no venue has."""

    @abstractmethod
    def turn_away(self, how: str) -> None:
        """The next write is not taken now."""

    @abstractmethod
    def blind(self, how: str) -> None:
        """Nothing can be read any more."""

    def deafen(self) -> None:
        """Nothing can be read, and writes are taken. A node that takes one answers."""
        return

    @abstractmethod
    def impoverish(self) -> None:
        """The account can no longer pay for what was prepared."""

    @abstractmethod
    def cut_short(self, prepared: Prepared) -> None:
        """The next write does less than it asks for."""

    @abstractmethod
    def scatter(self) -> None:
        """The next write is done in pieces, where the venue does such."""

    @abstractmethod
    def lag(self) -> None:
        """The next write is done, and its parts are listed later than it is said to be done, where the venue keeps two records."""

    @abstractmethod
    def mend(self) -> None:
        """What was broken for a write works again."""

    @abstractmethod
    def refined(self) -> Step | None:
        """A step with an amount that the venue does not take for its digits; None where it has no amount."""

    @abstractmethod
    def hold_still(self) -> None:
        """Time stands, so that what hangs on it alone is the same when it is asked again."""

    @abstractmethod
    def unnamed(self, first: Prepared, other: Prepared) -> list[str]:
        """Why what was prepared could not be found again, given another attempt at the same."""

    def left_over(self) -> list[str]:
        """What the venue may still do of a step that was cut short, and was to be done at once or not at all. On a chain nothing."""
        return []

    async def doubted(self) -> list[str]:
        """Let writes be answered in ways that the venue itself calls unknown, though it took them; which of them were taken for a
        proof. A node's are among the losses."""
        return []

    async def bent(self) -> list[str]:
        """Let answers be read that lack something, or say what nobody knows; what is believed all the same. A node's are read by the shared
        base of on-chain venues."""
        return []

    async def bent_at_rest(self) -> list[str]:
        """The same while the step waits."""
        return []

    async def filled_at_rest(self) -> list[str]:
        """Let a part of a step that waits be done, and take the rest back; what was told wrongly. A transaction is done as a whole."""
        return []

    async def crowded(self) -> list[str]:
        """Let more happen than the venue tells in one answer; what the history then lacks. A node tells all logs, or none."""
        return []

    @abstractmethod
    async def waiting(self) -> list[str]:
        """Let the step wait at the venue and end the wait; what was told wrongly meanwhile."""


Act = Callable[[Any], Awaitable[Answer]]


def raised(error: Exception, subject: Subject) -> str:
    """The error for the plugin's author, with the last line of the plugin that led to it."""
    own = [each for each in extract_tb(error.__traceback__) if Path(each.filename).is_relative_to(subject.folder)]
    place = f" ({Path(own[-1].filename).name}, line {own[-1].lineno}, in {own[-1].name})" if own else ""
    return f"{type(error).__name__}: {error}{place}"


class Unmade:
    """What stands where a double cannot be made of what the suite names: L2-1 is broken by it, and what else would be tried on the double
    is blocked by that."""

    def __init__(self, why: str) -> None:
        self.unmade = why

    def __getattr__(self, name: str) -> NoReturn:
        blocked_by("L2-1", self.unmade)


class Double(ABC):
    """What stands in for a venue. Begins again for every scene.

    `losses`, `turnings`, `blindings`: what its scenes know to do in `lose`, `turn_away` and `blind`. `secrets`: what must never be seen;
    `told`: those of them that the venue is told, and could repeat.
    """

    losses: ClassVar[tuple[str, ...]]
    turnings: ClassVar[tuple[str, ...]]
    blindings: ClassVar[tuple[str, ...]]
    unmade: ClassVar[str] = ""
    """Why there is none, see `Unmade`."""
    evident: ClassVar[Collection[str]] = ("UNKNOWN",)
    """What send may say without effects when the reply was lost."""
    secrets: tuple[str, ...]
    told: tuple[str, ...]

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._shut: dict[str, str] = {}
        self.lost: dict[str, Any] = {}
        """What was found of sends whose replies were lost, by sample: several promises are about them."""

    @abstractmethod
    def act(self, stage: Stage, do: Act[Answer], *, waits: bool = False, hasty: bool = False) -> Answer:
        """Do something in a fresh scene: the sample's step, ready to be sent. `waits`: one that the venue does not carry out at once.
        `hasty`: by a client that does not wait long for an answer, where some never come."""

    def shut(self, stage: Stage) -> str:
        """Why nothing can be tried of the sample, looked at once; nothing where it can. L2-1 is broken then, and what else is to be tried
        is blocked by it."""
        door = self.door(stage)
        if door not in self._shut:
            self._shut[door] = self.hindrance(stage)
        return self._shut[door]

    def must_be_open(self, stage: Stage) -> None:
        """Leave the asking promise out where nothing can be tried."""
        why = self.shut(stage)
        if why:
            blocked_by("L2-1", why)

    @abstractmethod
    def door(self, stage: Stage) -> str:
        """What samples have in common that can all be tried, or none."""

    @abstractmethod
    def hindrance(self, stage: Stage) -> str:
        """What `shut` says, looked at now."""

    @abstractmethod
    def strays(self, stage: Stage) -> list[str]:
        """What the client asks of others than the manifest names. Leaves the asking promise out where the manifest cannot name them."""

    def changed(self, stage: Stage) -> list[str]:
        """What comes to the venue otherwise than it was asked for, of actions that may be asked for in several ways. No transaction may."""
        return []

    def moves(self, stage: Stage) -> list[str]:
        """What goes wrong with a transfer or withdrawal. Leaves the asking promise out where it is tried as any other action."""
        does_not_apply("on a chain a transfer is a transaction like any other")

    def credits(self, stage: Stage) -> list[str]:
        """What is told wrongly of something that comes to the account by itself. On a chain that is the wallet's to tell."""
        return []

    @abstractmethod
    def course(self, stage: Stage) -> AbstractContextManager[Course]:
        """A fresh world for the sample's action, to be carried out by the core."""

    @abstractmethod
    def together(self, stage: Stage) -> AbstractContextManager[Course]:
        """A fresh world for two actions that are given together, the sample's and one after it; what they cost changes in between."""

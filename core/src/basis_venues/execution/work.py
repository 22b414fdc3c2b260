"""One step of an order at work, stage by stage: to be carried out, sent, settled, done, and over."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from ..journal.state import StepRecord
from ..keys import Key
from ..orders import Effect, Order, Prepared, Report, Step
from ..results import Compared
from ..states import SUCCEEDED, Verdict
from ..venues import Venue


class Sent(NamedTuple):
    """A write that was sent at `since` (ms), and what was said of it then."""

    prepared: Prepared
    since: int
    report: Report


class Work(NamedTuple):
    """One step of an order to be carried out: its index in the plan, the attempt number, and the positions it touches. `sent`: it was sent
    already, and is settled first."""

    mode: str
    order: Order
    venue: Venue
    plan: tuple[Step, ...]
    number: int
    keys: tuple[Key, ...]
    attempt: int
    sent: Sent | None = None

    @property
    def step(self) -> Step:
        """The step."""
        return self.plan[self.number]


class Settled(NamedTuple):
    """What became of a step that was sent, as its venue says. `over`: it is to be proven and written down; else it stays open."""

    work: Work
    report: Report
    over: bool


class Done(NamedTuple):
    """How one step went. `book` and `marks` are what its reconciliation newly verified at live venues."""

    report: Report
    verdict: Verdict | None
    externals: tuple[Effect, ...] = ()
    compared: tuple[Compared, ...] = ()
    reason: str = ""
    book: Mapping[Key, Decimal] = {}
    marks: Mapping[str, int] = {}

    @property
    def good(self) -> bool:
        """Done as asked, and the account shows it."""
        return self.report.state in SUCCEEDED and self.verdict is Verdict.VERIFIED

    @classmethod
    def recorded(cls, record: StepRecord | None) -> Done | None:
        """As the journal has it; None for a step without an outcome."""
        if record is None or record.report is None:
            return None
        return cls(record.report, record.verdict, record.externals, record.compared)


class Ended(NamedTuple):
    """A step of a mode's order that is over, and what its account shows of it."""

    mode: str
    order: Order
    step: Step
    done: Done

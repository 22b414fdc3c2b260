"""The course of a backtest: everything in memory, legs one after the other, no task and no lock."""

from __future__ import annotations

from decimal import Decimal

from ..actions import Action
from ..journal.memory import MemoryJournal
from ..keys import OBLIGATIONS, Key
from ..results import ActionResult
from .books import SimulatedBooks
from .course import Course
from .loop import TightLoop
from .parts import Parts


class Backtest(Course):
    """Carries actions out on simulated accounts."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._journal = MemoryJournal(parts.stream)
        self._loop = TightLoop(parts.mode, parts.venues, SimulatedBooks(parts.ledger), parts.market, parts.clock, parts.observers)

    @property
    def frozen(self) -> dict[str, str]:
        """Accounts that must not act, with the reasons."""
        return self._loop.frozen

    async def execute(self, action: Action) -> ActionResult:
        """Route, carry out, compare. An id that acted before answers with its stored result."""
        stored = self._journal.stored(action)
        if stored is not None:
            return stored
        routed = self.route(action)
        if self.halted:
            return self.denied(action, routed, self.halted)
        legs = tuple([await self._loop.leg(order) for order in routed.orders])
        result = self.summed(action, routed, legs)
        self._journal.close_action(result)
        return result

    async def positions(self) -> dict[Key, Decimal]:
        """Every position that is not zero."""
        return dict(self.parts.ledger.positions.held())

    def obligations(self) -> dict[Key, Decimal]:
        """What has begun and not yet arrived: claims and transits."""
        held = self.parts.ledger.positions.held()
        return {key: amount for key, amount in held.items() if key.split(":", 2)[1] in OBLIGATIONS}

    async def close(self) -> None:
        """Finish the streamed file."""
        self._journal.close()

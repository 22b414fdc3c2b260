"""Orders carried out by the core at the sandbox exchange, whose time leaps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from basis_venues.actions import Action
from basis_venues.clock import Clock, SteeredClock
from basis_venues.contract import Market

from ...simulation.figures import SampleMarket
from ..course import Course
from ..staging import Staged
from .scene import LOST

MOMENT_MS = 20
"""As long as a wait really takes in a course."""
_LOOKS, _LOOK_S = 1000, 0.005


class LeapingClock(SteeredClock):
    """The sandbox's time and the run's: waiting takes a moment, and lets as much time pass as was waited for."""

    async def sleep(self, milliseconds: int) -> None:
        """Wait a moment, and go on when the time has passed."""
        await super().sleep(min(milliseconds, MOMENT_MS))
        if milliseconds > MOMENT_MS:
            self.set(self.now() + milliseconds - MOMENT_MS)


class ExchangeCourse(Course):
    """An order at the sandbox."""

    lasting = "an exchange takes back nothing that it filled"

    def __init__(self, staged: Staged, control: Any, dialect: str, figures: SampleMarket | None, *actions: Action) -> None:
        super().__init__(staged, *actions)
        self._control, self._dialect, self._figures = control, dialect, figures

    def market(self, clock: Clock) -> Market | None:
        """The sample's figures, where the plugin has no live ones."""
        return None if self._figures is None else self._figures.told_by(clock)

    def clock(self) -> Clock:
        """The sandbox's time."""
        return LeapingClock(self._control.time(), self._control.time)

    def count(self) -> int:
        """Orders that filled something."""
        return sum(bool(Decimal(each["filled"])) for each in self._control.ledger(self._dialect)["orders"])

    def befall(self, what: str) -> None:
        """One of the losses or turnings."""
        verb, arguments = LOST.get(what, (what, {}))
        self._control.fault(self._dialect, "order.create", verb, **arguments)

    def delay(self) -> None:
        """It is held, and its reply is lost."""
        self._control.fault(self._dialect, "order.create", "hold_until", what="release")

    async def late(self) -> str:
        """It is carried out when it was looked for, and before its fence has passed."""
        if not await self._comes(self._looked_for):
            return "nobody looked for the order"
        if self.count():
            return "the order was carried out before it was looked for"
        self._control.release(self._dialect)
        return "" if self.count() else "the order was looked for when its fence had passed"

    def run_outlived(self) -> list[str]:
        """It is on its way for so long that it was sent anew, and arrives then: the venue must refuse it for its age."""
        self._control.fault(self._dialect, "order.create", "hold_until", what="release", at="way")
        return self._run_beside(self._outlived)

    async def _outlived(self) -> str:
        if not await self._comes(lambda: self._asked().count("order.create") > 1):
            return "the order was not sent anew, however long it was not shown"
        self._control.release(self._dialect)
        return ""

    async def _comes(self, what: Callable[[], bool]) -> bool:
        """Wait for it; whether it came."""
        for _ in range(_LOOKS):
            await asyncio.sleep(_LOOK_S)
            if what():
                return True
        return False

    def _looked_for(self) -> bool:
        """Whether there was a look-up after the write."""
        asked = self._asked()
        return "order.create" in asked and "order.read" in asked[asked.index("order.create") :]

    def _asked(self) -> list[str]:
        """What the venue was asked for, oldest first."""
        return [each["endpoint"] for each in self._control.requests(self._dialect)]

    def skew(self, milliseconds: int) -> None:
        """Every answer of the venue carries that time, and every window is judged by it."""
        self._control.fault(self._dialect, "*", "server_time", offset=milliseconds)

    def take_back(self) -> None:
        """Nothing is: see `lasting`."""

"""The exchange's clock, as far as this side can know it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from basis_venues.clock import Clock


class VenueClock:
    """The own clock plus an offset, measured by asking the exchange for its time.

    The answer was made somewhere between asking and getting it: half of that is what the offset may be off by.
    """

    def __init__(self, clock: Clock, ask: Callable[[], Awaitable[int]]) -> None:
        self._clock = clock
        self._ask = ask
        self.offset = 0
        self.uncertainty = 0
        self.latency = 0

    def now(self) -> int:
        """The exchange's time, ms."""
        return self._clock.now() + self.offset

    def own(self) -> int:
        """The time of this machine, ms."""
        return self._clock.now()

    def reached(self, own: int) -> int:
        """A moment that the exchange's clock has surely reached at that moment of this machine's, ms. What the exchange does not do after
        the one is not done after the other."""
        return own + self.offset - self.uncertainty

    def at_least(self) -> int:
        """A moment that the exchange's clock has surely reached now."""
        return self.reached(self._clock.now())

    async def synchronise(self) -> int:
        """Measure the offset anew; answers it, in ms. Raises whatever asking raises."""
        before = self._clock.now()
        theirs = await self._ask()
        after = self._clock.now()
        self.latency = after - before
        self.uncertainty = self.latency // 2 + 1
        self.offset = theirs - (before + after) // 2
        return self.offset

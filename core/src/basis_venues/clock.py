"""Time as the core sees it: whole milliseconds since 1970 UTC. The only module that reads the machine's clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

_counted: Callable[[], int] = partial(time.clock_gettime_ns, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic_ns
"""Nanoseconds since some moment, never set back or ahead: of a counter that goes on while the machine is suspended, where there is one."""

_LOOKS_EVERY_MS = 1_000


class Clock(Protocol):
    """What tells the time and lets it pass."""

    def now(self) -> int:
        """Milliseconds since 1970 UTC."""
        ...

    async def sleep(self, milliseconds: int) -> None:
        """Come back when so much time has passed."""
        ...


class SystemClock:
    """The machine's own clock, for live runs: read once, and counted on from there by a counter that nobody can set.

    A step of the machine's clock (NTP, a person) in the middle of an action must neither end a fence nor lengthen a wait. The counter
    goes on while the machine is suspended, where the system has such a one.
    """

    def __init__(self) -> None:
        self._base = time.time_ns() - _counted()

    def now(self) -> int:
        """Milliseconds since 1970 UTC."""
        return (self._base + _counted()) // 1_000_000

    async def sleep(self, milliseconds: int) -> None:
        """Wait on the running event loop, whose timers stand still while the machine is suspended: a long wait looks at the time."""
        import asyncio  # a backtest never needs it

        due, left = self.now() + milliseconds, milliseconds
        while left > _LOOKS_EVERY_MS:
            await asyncio.sleep(_LOOKS_EVERY_MS / 1000)
            left = due - self.now()
        await asyncio.sleep(left / 1000)


class PlanClock:
    """A clock that moves only when it is told to, for backtests and the sandbox. Sleeping moves it, at once.

    `on_the_way` is called with the time it is about to move to, and may `stop_at` times in between: what happens by itself, such as
    funding, happens then.
    """

    __slots__ = ("_now", "on_the_way")

    def __init__(self, now: int = 0) -> None:
        self._now = now
        self.on_the_way: Callable[[int], None] | None = None

    def now(self) -> int:
        """Milliseconds since 1970 UTC, as last set."""
        return self._now

    def set(self, now: int) -> None:
        """Move to `now`. A time before the present one is ignored: an action that took long has moved the clock past it."""
        if now > self._now:
            if self.on_the_way is not None:
                self.on_the_way(now)
            self._now = now

    def stop_at(self, now: int) -> None:
        """Stand at `now` for a moment while on the way."""
        self._now = now

    async def sleep(self, milliseconds: int) -> None:
        """Move forward by so much, at once."""
        self.set(self._now + milliseconds)


class SteeredClock:
    """The machine's clock, put to a plan's time and running on from there. Those who keep the same time (the sandbox) are told.

    So a plan with holding periods runs against the sandbox as it does in a backtest: what lies between two actions passes at once, and
    within an action time goes on as it really does. `moved` names those whose time is set to that of a run: one run at a time may.
    """

    def __init__(self, now: int, tell: Callable[[int], None], moved: tuple[str, ...] = ()) -> None:
        self.moved = moved
        self._tell = tell
        self._started = False
        self._base, self._mark = now, time.monotonic_ns()

    def now(self) -> int:
        """Milliseconds since 1970 UTC, by the plan."""
        return self._base + (time.monotonic_ns() - self._mark) // 1_000_000

    def set(self, now: int) -> None:
        """Go on at `now`, and tell. A time before the present one is ignored."""
        if now > self.now() or not self._started:
            self._started = True
            self._tell(max(now, self.now()))
            self._base, self._mark = max(now, self.now()), time.monotonic_ns()

    async def sleep(self, milliseconds: int) -> None:
        """Wait on the running event loop."""
        import asyncio

        await asyncio.sleep(milliseconds / 1000)


class WindowClock:
    """Another clock's time, as far as it lies between `since` and `until` (ms); before and after, the nearer of the two."""

    def __init__(self, clock: Clock, since: int, until: int) -> None:
        self._clock, self._since, self._until = clock, since, until

    def now(self) -> int:
        """Milliseconds since 1970 UTC, within the window."""
        return min(max(self._clock.now(), self._since), self._until)

    async def sleep(self, milliseconds: int) -> None:
        """As the other clock's."""
        await self._clock.sleep(milliseconds)

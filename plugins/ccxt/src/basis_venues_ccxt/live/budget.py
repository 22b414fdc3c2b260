"""One budget of requests per account: a steady pace with a reserve for look-ups and cancels, and pauses that the venue asks for."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from basis_venues.clock import Clock
from basis_venues.errors import TryAgainLater

BURST_MS = 12_000
"""What was left unused for so long may be used at once."""
RESERVE = 0.25
"""The share of the burst that only urgent requests (look-ups and cancels) may use."""
PATIENCE_MS = 3_000
"""A request waits so long for its turn; for longer pauses it is refused before it leaves."""
QUIET_MS = 60_000
"""The longest pause that an order waits for before it is prepared."""


class RateBudget:
    """Requests of one account. `banned` is a file that keeps a ban over restarts, so that nothing probes a venue that banned us.

    Each request moves the line forward by its share of a minute; how far the line lies ahead of the clock is what was used of the burst.
    """

    def __init__(self, per_minute: int, clock: Clock, banned: Path | None = None) -> None:
        self._step = 60_000 / per_minute
        self._clock = clock
        self._line = 0.0
        self._paused_until = 0
        self._file = banned
        self._banned_until = _read(banned)

    async def take(self, *, urgent: bool = False) -> None:
        """Wait for the turn of a request. Raises `TryAgainLater` when the venue banned us, or asked for a longer pause than waiting makes
        sense for: nothing has left then."""
        while (wait := self._wait(urgent)) > 0:  # others wait as well, and a ban may come meanwhile
            if wait > PATIENCE_MS:
                raise TryAgainLater(f"the venue allows no requests for another {wait / 1000:.0f} s")
            await self._clock.sleep(int(wait) + 1)
        self._line = max(self._line, self._clock.now()) + self._step

    async def quiet(self) -> None:
        """Wait until a pause that the venue asked for is over: an order that is not sent yet loses nothing by it. Raises `TryAgainLater`
        where it would take longer, and while a ban lasts."""
        now = self._clock.now()
        pause, ban = self._paused_until - now, self._banned_until - now
        if ban > 0 or pause > QUIET_MS:
            raise TryAgainLater(f"the venue allows no requests for another {max(pause, ban) / 1000:.0f} s")
        if pause > 0:
            await self._clock.sleep(pause)

    def pause(self, milliseconds: int) -> None:
        """The venue asks to wait."""
        self._paused_until = max(self._paused_until, self._clock.now() + milliseconds)

    def ban(self, milliseconds: int) -> None:
        """The venue banned us: no request of any kind until then, and none after a restart either."""
        self._banned_until = max(self._banned_until, self._clock.now() + milliseconds)
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text(str(self._banned_until), encoding="ascii")

    def _wait(self, urgent: bool) -> float:
        now = self._clock.now()
        burst = BURST_MS if urgent else BURST_MS * (1 - RESERVE)
        turn = self._line - burst - now
        return max(turn, self._paused_until - now, self._ban_left(now), 0)

    def _ban_left(self, now: int) -> float:
        """How long the ban lasts; more than anybody waits for, while it does."""
        left = self._banned_until - now
        return max(left, PATIENCE_MS + 1) if left > 0 else 0


def _read(file: Path | None) -> int:
    if file is not None:
        with suppress(OSError, ValueError):
            return int(file.read_text(encoding="ascii"))
    return 0

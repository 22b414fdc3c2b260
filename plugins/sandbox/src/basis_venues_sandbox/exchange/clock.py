"""The sandbox's clock: the machine's, moved by an offset, or standing still until it is told to move."""

from __future__ import annotations

from basis_venues.clock import Clock, SystemClock


class SandboxClock:
    """`set` goes to any moment. A running clock goes on from there with the machine's; a stopped one does not."""

    def __init__(self, machine: Clock | None = None, start: int | None = None) -> None:
        self._machine = machine or SystemClock()
        self._offset = 0
        self._stopped: int | None = None
        if start is not None:
            self.set(start)

    def now(self) -> int:
        """Milliseconds since 1970 UTC."""
        return self._stopped if self._stopped is not None else self._machine.now() + self._offset

    @property
    def running(self) -> bool:
        """Whether it moves by itself."""
        return self._stopped is None

    def set(self, now: int, running: bool = True) -> None:
        """Stand at `now`, and go on from there if it is to run."""
        self._stopped = None if running else now
        self._offset = now - self._machine.now()

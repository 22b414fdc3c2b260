"""A plan of transactions carried out by the core on the sandbox's chain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from basis_venues.actions import Action
from basis_venues.clock import Clock, SystemClock

from ..course import Course
from ..staging import Staged
from .scene import LOST, SEND, TURNED_AWAY
from .view import MOMENT_S, ChainView

_LOOKS = 500


class ChainCourse(Course):
    """A plan of transactions on the sandbox's chain."""

    timeless = "no time is in what is signed: its fence is its nonce"

    def __init__(self, staged: Staged, view: ChainView, *actions: Action) -> None:
        super().__init__(staged, *actions)
        self._view, self._control = view, view.control
        self._since = self._control.block_number()

    def clock(self) -> Clock:
        """The machine's: the node mines when it likes."""
        return SystemClock()

    def count(self) -> int:
        """The wallet's transactions that were mined and not undone."""
        return len(self._view.done_since(self._since))

    def befall(self, what: str) -> None:
        """One of the losses or turnings."""
        verb, value = TURNED_AWAY.get(what, (what, LOST.get(what)))
        self._control.fault(verb, value, method=SEND, times=1)

    def delay(self) -> None:
        """The node has it, and mines nothing."""
        self._control.automine(False)
        self._control.fault("accept_then_reset")

    async def late(self) -> str:
        """The node forgets what was looked for while it waited, and mines what comes then."""
        try:
            if not await self._comes(self._view.waiting):
                return "no transaction waits in the pool"
            before = self._looks()
            if not await self._comes(lambda: self._looks() > before):
                return "nobody looked for the transaction"
            return "the transaction was mined before it was looked for" if self.count() else ""
        finally:
            self._control.rpc.call("anvil_dropAllTransactions")
            self._control.automine(True)

    async def _comes(self, what: Callable[[], object]) -> bool:
        """Wait for it; whether it came."""
        for _ in range(_LOOKS):
            if what():
                return True
            await asyncio.sleep(MOMENT_S)
        return False

    def _looks(self) -> int:
        """How often a transaction was asked for by its hash."""
        return int(self._control.counts().calls.get("eth_getTransactionByHash", 0))

    def skew(self, milliseconds: int) -> None:
        """It concerns nothing: see `timeless`."""

    def take_back(self) -> None:
        """The newest block is replaced by an empty one; none from before the course, which cannot be gone back to then."""
        if self._control.block_number() > self._since:
            self._control.reorg(1)

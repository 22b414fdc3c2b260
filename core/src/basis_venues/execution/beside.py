"""Settled beside the run: orders at rest that nobody waits for, because an earlier run left them or their caller gave up.

Whoever asks for one of them again, or for another order of its account, waits for it: its task holds the account.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..errors import BasisError
from ..journal.events import Sending
from ..orders import Order
from .journalled import JournalledLoop
from .life import Life
from .loop import rest_until


class Beside:
    """The tasks that do so, one for each order. Ending the run calls them off, and the next start takes them up again."""

    def __init__(self, loop: JournalledLoop, life: Life) -> None:
        self._loop = loop
        self._life = life

    def settle(self, left: Iterable[Sending]) -> None:
        """Settle these, and take each back when its time is over. Those of one account are settled in their sequence."""
        for sending in left:
            self._life.begin(self._settled(sending))

    def take_over(self, orders: Collection[Order]) -> None:
        """Settle what may rest of orders whose caller gave up, unless the run ends."""
        if not self._life.is_open:
            return
        ids = {(self._loop.mode, order.id) for order in orders}
        left = [record.sending for record in self._loop.state.open.values()]
        self.settle(each for each in left if (each.mode, each.order.id) in ids and rest_until(each.order, each.at) is not None)

    async def _settled(self, sending: Sending) -> None:
        step = sending.prepared.step.id
        try:
            async with self._loop.holding(sending.order):
                if (sending.mode, step) in self._loop.state.open:
                    await self._loop.resume(sending)
        except Exception as error:  # it stays open, and is settled before the next order of its account
            import logging

            reason = str(error) if isinstance(error, BasisError) else type(error).__name__
            logging.getLogger("basis_venues").warning("%s is not settled yet: %s", step, reason)

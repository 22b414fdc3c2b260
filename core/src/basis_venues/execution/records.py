"""A run's journal and what it says, kept in step: an event counts when it is stored, or is kept for the next commit."""

from __future__ import annotations

from ..amounts import ZERO
from ..journal.events import Dismissed, Event, Observed, Outcome, Reopened, Resolved
from ..journal.sqlite import SqliteJournal
from ..journal.state import JournalState
from ..orders import Order
from .books import SimulatedBooks
from .reconcile import Book


class Records:
    """The journal and its state."""

    def __init__(self, journal: SqliteJournal, state: JournalState, simulated: SimulatedBooks) -> None:
        self.state = state
        self.lanes = 0
        """How many accounts are being acted on now, each by a task of its own."""
        self._journal = journal
        self._simulated = simulated

    def keep(self, event: Event) -> None:
        """Let an event count now and be written with the next commit: nothing is lost if that never comes."""
        self._journal.keep(event)
        self._apply(event)

    async def commit(self, *events: Event) -> None:
        """Write events, and what was kept before them, in one synced commit; then let them count. Raises `JournalUnwritable`."""

        def count() -> None:
            for event in events:
                self._apply(event)

        await self._journal.commit(events, count, alone=self.lanes == 1)

    def _apply(self, event: Event) -> None:
        if isinstance(event, (Observed, Outcome)):
            self._simulated.follow(self.state, event.book)
        elif isinstance(event, Reopened):
            self._simulated.follow(self.state, self.state.without((event.mode, event.step)))
        elif isinstance(event, Resolved):
            self._simulated.follow(self.state, self.state.resolved(event))
        elif isinstance(event, Dismissed):
            self._simulated.follow(self.state, {event.key: ZERO})
        self.state.apply(event)

    def identities(self, *orders: Order) -> dict[str, str]:
        """The accounts and lanes of the orders, by alias."""
        return {alias: self.state.identities[alias] for order in orders for alias in (order.account, order.lane)}

    def book(self) -> Book:
        """What was verified last, for comparing with."""
        state = self.state
        return Book(state.book, state.known, state.marks, state.seen)

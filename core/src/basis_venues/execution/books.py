"""The two sets of books of a run: what live accounts were verified to hold, and what simulated ones do.

In a mixed run a simulated venue may spend what a live account holds. Its ledger then starts from the live book and carries the
difference on: every change of the live book is passed on to the simulated one, never the other way. Live orders see observed funds only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from ..amounts import ZERO
from ..contract import VenueModel
from ..errors import PluginRefused
from ..keys import Key, split_key
from ..orders import Effect, deltas, record
from ..positions import Positions
from ..results import Compared
from ..simulate import SimulatedLedger
from ..states import Verdict

if TYPE_CHECKING:
    from ..journal.state import JournalState

_VERIFIED = Verdict.VERIFIED  # asking an enumeration for a member costs more than a comparison


class SimulatedBooks:
    """What simulated accounts were last verified to hold, compared with their ledger."""

    def __init__(self, ledger: SimulatedLedger) -> None:
        self.ledger = ledger
        self.book = Positions(ledger.positions)

    def absorb(self, *accounts: str) -> tuple[Effect, ...]:
        """Take what happened by itself to the accounts into the book: it is explained."""
        disturbed = self.ledger.disturbed
        found: list[Effect] = []
        for account in dict.fromkeys(accounts):
            found += disturbed.pop(account, ())
        self.book.apply(found)
        return tuple(found)

    def verify(self, keys: Iterable[Key], effects: Iterable[Effect], model: VenueModel) -> tuple[Verdict, tuple[Compared, ...]]:
        """Compare what the books hold of each key, with the effects, with the ledger: of `keys`, and of all that the effects changed.
        Raises `PluginRefused` where one of them is no position key."""
        book, held = self.book, self.ledger.positions
        changed: dict[Key, Decimal | None] = dict.fromkeys(keys)
        for effect in effects:
            for key, amount in effect.lines:
                changed[key] = (changed.get(key) or ZERO) + amount
        verdict, compared = _VERIFIED, []
        for key, change in changed.items():
            if key not in book:
                _must_be_position(key)
            want, have = book[key], held[key]
            if change is not None:
                want += change
            if want == have:
                agrees, want = True, have  # two that are equal are kept as one: a backtest keeps a lot of them
            else:
                agrees = abs(want - have) <= model.tolerance(key)
            if agrees:
                book[key] = have
            else:
                verdict = Verdict.MISMATCHED
            compared.append(record(Compared, (key, want, have, agrees)))
        return verdict, tuple(compared)

    def restore(self, state: JournalState, simulated: Collection[str]) -> None:
        """After a restart: what steps at `simulated` venues did, on top of what the live book holds."""
        for key, amount in state.book.items():
            self._add(key, amount)
        for step in state.steps.values():
            if step.report is not None and step.sending.order.venue in simulated:
                for key, amount in deltas(step.report.effects).items():
                    self._add(key, amount)

    def _add(self, key: Key, amount: Decimal) -> None:
        self.ledger.positions[key] += amount
        self.book[key] += amount

    def follow(self, live: JournalState, newly: Mapping[Key, Decimal]) -> None:
        """Pass changes of the live book on, before they are applied there."""
        for key, amount in newly.items():
            self._add(key, amount - live.book[key])


def _must_be_position(key: Key) -> None:
    try:
        split_key(key)
    except ValueError as error:
        raise PluginRefused(f"a model names a position that is none: {error}") from None

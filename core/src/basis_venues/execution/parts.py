"""What a manager is put together from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from ..clock import Clock
from ..network import Account
from ..observers import Observers
from ..router import ActionRouter
from ..simulate import SimulatedLedger
from ..venues import Venues

if TYPE_CHECKING:
    from ..journal.sqlite import SqliteJournal
    from ..limits import Limits


@frozen(kw_only=True, eq=False, repr=False)
class Parts:
    """`basis_venues.assemble` makes it from configuration; tests make it by hand.

    `state_directory`: where journal, locks and halt flags live; None for a backtest, which keeps all in memory (`stream`: a file that
    gets a row for each action). `locks_directory`: where accounts are locked for all state directories of a machine user; None for no
    such lock. `stand_ins`: by account, what tells it from others of its identity: ` at ` and the endpoints on this machine that stand
    in for its venue.
    `open_journal` replaces the journal on disk.
    """

    mode: str
    router: ActionRouter
    venues: Venues
    accounts: Mapping[str, Account]
    market: Any
    clock: Clock
    ledger: SimulatedLedger
    halt_on_failure: bool = True
    limits: Limits | None = None
    observers: Observers = field(factory=Observers)
    state_directory: Path | None = None
    locks_directory: Path | None = None
    stand_ins: Mapping[str, str] = field(factory=dict)
    stream: Path | None = None
    open_journal: Callable[[Path, Clock], SqliteJournal] | None = None

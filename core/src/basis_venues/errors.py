"""Everything this library raises, as one tree.

    BasisError                    exit code 1
    ├── ConfigurationError        3   a file, variable or plan is wrong; carries every problem found
    │   ├── CredentialError       3   a credential is missing or malformed
    │   ├── MissingData           3   a series has no value where one is needed
    │   │   ├── TableAbsent       3   its file or table is not there at all
    │   │   └── DataUnavailable  75   live, where it comes from could not be read just now
    │   ├── WrongAllocation       3   the fault is in a mode's `allocation`
    │   └── JournalNewer          3   the journal was written by a newer version
    ├── Denied                    4   a rule, guard or limit on this side said no; nothing left the process
    │   ├── InvalidAction         4   an action that no venue could carry out
    │   ├── ActionConflict        4   an action id used again with other parameters
    │   ├── NotRoutable           4   no subscribed venue takes this action
    │   ├── GuardRefused          4   network, host, chain or destination outside what is allowed
    │   └── LimitReached          4   a spend limit of limits.yaml
    ├── VenueRejected             5   the venue proved that it refused, or let it end with nothing done
    ├── Incomplete                5   a part stands, and not all was done; send only what is missing
    ├── OutcomeUnknown            6   something may have happened; do not send it again by hand
    ├── Mismatch                  7   the account's state and the books disagree
    │   └── HistoryGone           7   a venue no longer keeps what would explain it
    ├── Stopped                   8   halted by the operator, or an account is frozen
    │   ├── AccountBusy           8   another runner holds the account
    │   └── JournalUnwritable     8   the journal cannot be written
    ├── PluginRefused             9   a plugin is missing, broken, or not allowed to load
    ├── TryAgainLater            75   the venue is down or asks to wait
    └── JournalCorrupt            1   the journal's chain is broken

A venue's outcome is never an exception of `execute_action`: it is in the `ActionResult`, whose `raise_unless_verified()` turns it
into one of these. Plugins add kinds of their own, each below one of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .results import ActionResult


class BasisError(Exception):
    """The base of all errors here. `exit_code` is what the command line ends with; `result` what `raise_unless_verified()` was asked of,
    None for what was raised otherwise."""

    exit_code = 1
    result: ActionResult | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence for each thing that is wrong."""
        return tuple(str(self).splitlines()) or (type(self).__name__,)


class ConfigurationError(BasisError):
    """A file, variable or plan is wrong. It is raised with everything that was found."""

    exit_code = 3

    def __init__(self, problems: str | Sequence[str]) -> None:
        self._found: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self._found))

    @property
    def problems(self) -> tuple[str, ...]:
        """As they were found."""
        return self._found


class CredentialError(ConfigurationError):
    """A credential is missing or malformed. The message names it and never shows its value."""


class MissingData(ConfigurationError):
    """A series has no value at the time asked for, and no rule of the data settings bridges it."""


class TableAbsent(MissingData):
    """The file or table is not there at all, which `when: missing` in the data settings answers."""


class WrongAllocation(ConfigurationError):
    """The fault is in the mode's `allocation`, at `venue` where it is one venue's."""

    def __init__(self, problem: str, venue: str | None = None) -> None:
        super().__init__(problem)
        self.venue = venue


class JournalNewer(ConfigurationError):
    """The journal was written by a newer version of this library."""


class Denied(BasisError):
    """A rule on this side said no. Nothing left the process."""

    exit_code = 4


class InvalidAction(Denied):
    """An action that no venue could carry out: a negative amount, a missing id, an unknown symbol."""


class ActionConflict(Denied):
    """An action id was used before, with other parameters."""


class NotRoutable(Denied):
    """No venue that the mode subscribes to takes this action."""


class GuardRefused(Denied):
    """A network, host, chain or destination outside what is allowed."""


class LimitReached(Denied):
    """A spend limit has no room for the action."""


class VenueRejected(BasisError):
    """The venue proved that it did not accept, or let it end with nothing done."""

    exit_code = 5


class Incomplete(BasisError):
    """Some of the action stands and the rest does not: `result` says what, and its `undo` what would take back the legs that stand. Sending
    the whole again would do that part twice."""

    exit_code = 5


class OutcomeUnknown(BasisError):
    """Something may have happened at the venue and could not be settled. Never send it again by hand."""

    exit_code = 6


class Mismatch(BasisError):
    """The account's own state does not show what the books expect. The account is frozen."""

    exit_code = 7


class HistoryGone(Mismatch):
    """A venue no longer keeps what happened since it was asked last. Waiting does not bring it back: the account is frozen, for a person
    to compare and thaw."""


class Stopped(BasisError):
    """Halted by the operator, or the account is frozen."""

    exit_code = 8


class AccountBusy(Stopped):
    """Another runner on this machine holds the account."""


class JournalUnwritable(Stopped):
    """The journal cannot be written (disk full, say): nothing more is sent until it can."""


class PluginRefused(BasisError):
    """A plugin is missing, broken, or not allowed to load. The message says what mends it."""

    exit_code = 9


class TryAgainLater(BasisError):
    """The venue is down, banned us for a while, or was stopped with work to resume."""

    exit_code = 75


class DataUnavailable(MissingData, TryAgainLater):
    """A live figure's source could not be read just now. A moment later it may be there."""

    exit_code = TryAgainLater.exit_code


class JournalCorrupt(BasisError):
    """The journal's hash chain does not hold."""

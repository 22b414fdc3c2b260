"""What `execute_action` answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from . import errors
from .actions import Action
from .amounts import ZERO, money
from .keys import Key
from .orders import Effect
from .states import ENDED_SHORT, NOTHING_HAPPENED, SUCCEEDED, State, Verdict

When = Callable[[Effect], Mapping[str, Any]]
"""How the time of an effect is told in a document."""


class Compared(NamedTuple):
    """One line of reconciliation: what the books expected of a key, what its owner showed, and whether that is within tolerance."""

    key: Key
    expected: Decimal
    observed: Decimal | None
    agrees: bool


class LegResult(NamedTuple):
    """How one order went.

    `order`, `venue`, `account`: which. `state` is the last word of the venue, `verdict` what reconciliation found after it (None
    where there was nothing to reconcile). `effects` are this order's; `externals` are effects of others found on the way.
    `compared` is the evidence. `steps` are the ids of its steps. `reason` says in words why it ended so, empty where nothing is to say.
    """

    order: str
    venue: str
    account: str
    state: State
    verdict: Verdict | None
    reason: str = ""
    effects: tuple[Effect, ...] = ()
    externals: tuple[Effect, ...] = ()
    compared: tuple[Compared, ...] = ()
    steps: tuple[str, ...] = ()

    @property
    def deltas(self) -> dict[Key, Decimal]:
        """The change of each position, summed from the effects."""
        from .orders import deltas

        with money():
            return deltas(self.effects)

    def document(self, when: When | None = None) -> dict[str, Any]:
        """The leg as JSON data, as in `ActionResult.document`."""
        return {
            "order": self.order,
            "venue": self.venue,
            "account": self.account,
            "state": self.state.value,
            "verdict": None if self.verdict is None else self.verdict.value,
            "reason": self.reason,
            "deltas": {key: f"{amount:f}" for key, amount in self.deltas.items()},
            "externals": [
                {"id": e.id, "kind": e.kind, **(when or _at)(e), "deltas": {key: f"{amount:f}" for key, amount in e.lines}}
                for e in self.externals
            ],
            "reconciliation": [
                {
                    "key": line.key,
                    "expected": f"{line.expected:f}",
                    "observed": None if line.observed is None else f"{line.observed:f}",
                    "agrees": line.agrees,
                }
                for line in self.compared
            ],
        }


class ActionResult(NamedTuple):
    """How an action went.

    `state` is `VERIFIED` when every leg is, `STOPPED` when nothing was begun because of a halt or a frozen account (the id may be
    given again), `INCOMPLETE` when some legs stand and others do not; otherwise what the worst leg says, see `worst`. `unallocated` is
    the part of the quantity that fits no venue's lots: the legs and it add up to the whole. `undo` are actions that would take the
    filled legs back, computed when another leg failed, never sent unasked. `at` is ms. `notes` are sentences on how it was divided.
    """

    action: Action
    state: str
    legs: tuple[LegResult, ...]
    at: int
    unallocated: Decimal = ZERO
    notes: tuple[str, ...] = ()
    undo: tuple[Action, ...] = ()

    @property
    def deltas(self) -> Mapping[Key, Decimal]:
        """The change of each position over all legs."""
        from .orders import deltas

        with money():
            return deltas(effect for leg in self.legs for effect in leg.effects)

    def document(self, when: When | None = None) -> dict[str, Any]:
        """The result as JSON data, for logs and programs: amounts are text, `at` is ISO 8601 in UTC. `when` tells the time of an effect
        that was not the action's; unless given that is `at` as the effect has it, ms or the block's number."""
        from .journal.codec import plain
        from .market.provider import utc

        return {
            "id": self.action.id,
            "action": type(self.action).__name__,
            "at": utc(self.at),
            "state": str(self.state),
            "legs": [leg.document(when) for leg in self.legs],
            "unallocated": f"{self.unallocated:f}",
            "notes": list(self.notes),
            "undo": [plain(action) for action in self.undo],
        }

    def raise_unless_verified(self) -> ActionResult:
        """This result, or the error that its state stands for (see `basis_venues.errors`), with this as its `result`."""
        error = error_of(self)
        if error is not None:
            raise error
        return self


def error_of(result: ActionResult) -> errors.BasisError | None:
    """The error that a result stands for; None when it is VERIFIED. Its `result` is the result."""
    if result.state == Verdict.VERIFIED.value:
        return None
    reasons = "; ".join(f"{leg.order}: {leg.state.value} {leg.reason}".rstrip() for leg in result.legs)
    kind = _ERRORS.get(result.state, errors.Incomplete if _stands(result) else errors.VenueRejected)
    error = kind(f"action {result.action.id} ended {result.state}: {reasons}")
    error.result = result
    return error


def _stands(result: ActionResult) -> bool:
    """Whether any of it was done, such as a part of an order that then lapsed. Gas is paid for what is reverted, too."""
    return any(effect.kind != "gas" for leg in result.legs for effect in leg.effects)


def _at(effect: Effect) -> dict[str, Any]:
    return {"at": effect.at}


INCOMPLETE = "INCOMPLETE"
"""Of an action with several legs: some did all or part of what was asked, another did not. `undo` would take back what stands."""
STOPPED = "STOPPED"
"""Of an action that is not begun, as the mode, or an account that it needs, is halted or frozen. Its id is not used up."""

_VERIFIED_VERDICT = Verdict.VERIFIED
_VERIFIED = Verdict.VERIFIED.value

_ERRORS: dict[str, type[errors.BasisError]] = {
    State.DENIED.value: errors.Denied,
    State.INTERRUPTED.value: errors.TryAgainLater,
    State.UNKNOWN.value: errors.OutcomeUnknown,
    State.ACCEPTED.value: errors.OutcomeUnknown,
    State.PARTIAL.value: errors.OutcomeUnknown,
    Verdict.UNVERIFIED.value: errors.OutcomeUnknown,
    Verdict.MISMATCHED.value: errors.Mismatch,
    State.NEEDS_HUMAN.value: errors.Stopped,
    STOPPED: errors.Stopped,
    INCOMPLETE: errors.Incomplete,
}

_WORST_FIRST = (
    State.NEEDS_HUMAN.value,
    Verdict.MISMATCHED.value,
    State.UNKNOWN.value,
    Verdict.UNVERIFIED.value,
    State.PARTIAL.value,
    State.ACCEPTED.value,
    State.REVERTED.value,
    State.REJECTED.value,
    State.INTERRUPTED.value,
    State.DENIED.value,
    State.EXPIRED.value,
    State.CANCELLED.value,
    Verdict.VERIFIED.value,
)

_ENDED_WITHOUT = frozenset(state.value for state in NOTHING_HAPPENED | ENDED_SHORT)


def word_of(leg: LegResult) -> str:
    """One word for a leg: `VERIFIED` for a verified success, else the verdict that failed, else the venue's state."""
    if leg.verdict is _VERIFIED_VERDICT:
        return _VERIFIED if leg.state in SUCCEEDED else leg.state.value
    if leg.verdict is not None and leg.state not in NOTHING_HAPPENED and leg.state is not State.NEEDS_HUMAN:
        return leg.verdict.value
    return leg.state.value


def worst(legs: tuple[LegResult, ...]) -> str:
    """The one word for an action: that of its worst leg, but `INCOMPLETE` where that alone would hide that another leg stands. An action
    without legs is `DENIED`. What no word here stands for is `UNKNOWN`, never a refusal."""
    if len(legs) == 1:
        return word_of(legs[0])
    if not legs:
        return State.DENIED.value
    words = {word_of(leg) for leg in legs}
    gravest = next((word for word in _WORST_FIRST if word in words), State.UNKNOWN.value)
    hides = len(words) > 1 and gravest in _ENDED_WITHOUT and any(leg.effects or word_of(leg) == _VERIFIED for leg in legs)
    return INCOMPLETE if hides else gravest

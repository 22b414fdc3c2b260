"""Where an order stands, and the sets of states that the loop decides by."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """What is known of an order or step."""

    __hash__ = str.__hash__  # Enum's own is a Python function, and every action asks a dozen times in which set a state is

    DENIED = "DENIED"
    """Refused on this side; nothing left the process."""
    REJECTED = "REJECTED"
    """The venue proved that it refused."""
    ACCEPTED = "ACCEPTED"
    """The venue holds it: a resting order, or a transaction not yet mined."""
    PARTIAL = "PARTIAL"
    """Partly filled and still open."""
    FILLED = "FILLED"
    """Done at an exchange."""
    MINED = "MINED"
    """In a block, at the configured confirmations, and still watched until final."""
    FINAL = "FINAL"
    """In a block that can no longer be reorganised."""
    CANCELLED = "CANCELLED"
    """Taken back; what was filled before is in the effects."""
    EXPIRED = "EXPIRED"
    """The venue let it lapse (IOC, FOK, post-only, a deadline); what was filled before is in the effects."""
    REVERTED = "REVERTED"
    """Mined and undone by the chain; its gas is an effect."""
    INTERRUPTED = "INTERRUPTED"
    """Not started: its time has passed, or what it needs could not be had just then."""
    UNKNOWN = "UNKNOWN"
    """It may or may not have happened. A look-up that could not tell says this too."""
    NEEDS_HUMAN = "NEEDS_HUMAN"
    """Only a person can settle it: `basis resolve`."""
    NOT_SENT = "NOT_SENT"
    """Of a report only: proof that no byte left, so that it may be sent."""
    ABSENT = "ABSENT"
    """Of a look-up only: the venue does not show it now. Proof only after the fence, and seen repeatedly."""


class Verdict(StrEnum):
    """What reconciliation found after an order."""

    __hash__ = str.__hash__

    VERIFIED = "VERIFIED"
    """The account's own state shows what the effects say."""
    MISMATCHED = "MISMATCHED"
    """It shows something else that no external effect explains. The account is frozen."""
    UNVERIFIED = "UNVERIFIED"
    """The order is done, but the account could not be read."""


OPEN = frozenset({State.ACCEPTED, State.PARTIAL, State.UNKNOWN})
"""Something may still happen; settled by look-ups."""
SUCCEEDED = frozenset({State.FILLED, State.MINED, State.FINAL})
"""Done, as asked."""
ENDED_SHORT = frozenset({State.CANCELLED, State.EXPIRED, State.REVERTED})
"""Ended at the venue without doing all that was asked; effects (a partial fill, gas) may remain."""
DONE = SUCCEEDED | ENDED_SHORT
"""Ended at the venue; effects are reconciled."""
REVERSIBLE = frozenset({State.MINED, State.REVERTED})
"""Done, but a reorganisation could take it back; watched until final."""
NOTHING_HAPPENED = frozenset({State.DENIED, State.REJECTED, State.INTERRUPTED})
"""Proven to have no effect."""
CLOSED = DONE | NOTHING_HAPPENED
"""Nothing more will be asked of the venue."""
RESENDABLE = frozenset({State.NOT_SENT, State.ABSENT})
"""Proven, after `settle`, not to be at the venue."""

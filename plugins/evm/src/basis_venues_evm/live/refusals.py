"""What a node's refusal of a transaction means. Asked last: the chain's state is looked at first, as texts differ between clients."""

from __future__ import annotations

from basis_venues.states import State

from .rpc import Fault

_REVERTED = 3
_IN_THE_POOL = ("already known", "alreadyknown", "already imported", "known transaction", "already in", "already exists")
_STILL_OPEN = ("replacement", "nonce too low", "oldnonce", "nonce is too low")
_FEE_TOO_LOW = (
    "less than block base fee",
    "fee cap less than",
    "feetoolow",
    "fee too low",
    "gas price too low",
    "gas price below",
    "underpriced",
    "maxfeepergas",
)
_REFUSED = (
    "insufficient funds",
    "insufficient balance",
    "upfront cost exceeds",
    "invalid chain id",
    "chainid",
    "wrong chain",
    "intrinsic gas",
    "exceeds block gas limit",
    "gas limit too high",
    "gas limit exceeds",
    "exceeds transaction gas",
    "invalid sender",
    "invalid signature",
    "type not supported",
    "oversized",
)


def reverted(fault: Fault) -> bool:
    """Whether the contract refused a call that was tried: code 3, its data, or the word. Anything else is the node's own trouble."""
    return fault.code == _REVERTED or bool(fault.data) or "revert" in fault.message.lower()


def meaning(fault: Fault) -> State:
    """ACCEPTED: it is in the pool already. NOT_SENT: refused for its fee, so that it may be prepared anew with the same nonce, which
    excludes that both count. REJECTED: it can never be mined as it is. Everything else, and all that is not known here, is UNKNOWN."""
    text = fault.message.lower()
    for words, state in (
        (_IN_THE_POOL, State.ACCEPTED),
        (_STILL_OPEN, State.UNKNOWN),
        (_FEE_TOO_LOW, State.NOT_SENT),
        (_REFUSED, State.REJECTED),
    ):
        if any(each in text for each in words):
            return state
    return State.UNKNOWN

"""Attempt keys: the name under which a venue knows one attempt at one step, the client order id of an exchange."""

from __future__ import annotations

from .orders import Effect

LENGTH = 32
"""Fits every exchange; letters and digits, a letter first."""
_PREFIX = "bv"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def attempt_key(identity: str, mode: str, step: str, attempt: int) -> str:
    """Deterministic: 32 characters `[a-z0-9]` that start with a letter, the same after a crash for the same attempt."""
    from hashlib import sha256  # a backtest needs no such keys

    digest = sha256(f"{identity}\n{mode}\n{step}\n{attempt}".encode()).digest()
    number, text = int.from_bytes(digest[:20], "big"), ""
    while len(text) < LENGTH - len(_PREFIX):
        number, digit = divmod(number, 36)
        text += _DIGITS[digit]
    return _PREFIX + text


def is_ours(effect: Effect) -> bool:
    """Whether the effect belongs to an order that this library sent, in this run or another."""
    key = effect.order
    return key is not None and len(key) == LENGTH and key.startswith(_PREFIX)

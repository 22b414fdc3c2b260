"""Attempt keys: the name under which a venue knows one attempt at one step, the client order id of an exchange."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .orders import Effect

LENGTH = 26
"""Short enough for exchanges that want a prefix of theirs before it in 28 characters; letters and digits, a letter first."""
_PREFIX = "bv"


def attempt_key(identity: str, mode: str, step: str, attempt: int) -> str:
    """Deterministic: 26 characters `[a-z0-9]` that start with a letter, the same after a crash for the same attempt. The others are the
    first 120 bits of a hash, in Base32 (RFC 4648): no two attempts of all that will ever be made share one."""
    from base64 import b32encode  # a backtest needs no such keys
    from hashlib import sha256

    digest = sha256(f"{identity}\n{mode}\n{step}\n{attempt}".encode()).digest()
    return _PREFIX + b32encode(digest[:15]).decode().lower()


def attempts_among(keys: Collection[str], identity: str, mode: str, steps: Sequence[str], attempts: int) -> dict[int, int]:
    """Steps, by their place in `steps`, and the last of their attempts that one of the keys names."""
    tries = ((place, step, attempt) for place, step in enumerate(steps) for attempt in range(attempts))
    return {place: attempt for place, step, attempt in tries if attempt_key(identity, mode, step, attempt) in keys}


def is_ours(effect: Effect) -> bool:
    """Whether the effect belongs to an order that this library sent, in this run or another."""
    key = effect.order
    return key is not None and len(key) == LENGTH and key.startswith(_PREFIX)

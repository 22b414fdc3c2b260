"""Attempt keys: the name under which a venue knows one attempt at one step, the client order id of an exchange."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .orders import Effect

LENGTH = 32
"""Fits every exchange; letters and digits, a letter first."""
_PREFIX = "bv"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_PAIRS = [low + high for high in _DIGITS for low in _DIGITS]
_STARTING = 4
_START = slice(len(_PREFIX), len(_PREFIX) + _STARTING)


def attempt_key(identity: str, mode: str, step: str, attempt: int) -> str:
    """Deterministic: 32 characters `[a-z0-9]` that start with a letter, the same after a crash for the same attempt."""
    return _PREFIX + _written(_number(identity, mode, step, attempt), LENGTH - len(_PREFIX))


def _written(number: int, length: int) -> str:
    """The lowest digits of the number, an even count of them, the lowest first."""
    text = ""
    while len(text) < length:
        number, pair = divmod(number, len(_PAIRS))
        text += _PAIRS[pair]
    return text


def _number(identity: str, mode: str, step: str, attempt: int) -> int:
    from hashlib import sha256  # a backtest needs no such keys

    return int.from_bytes(sha256(f"{identity}\n{mode}\n{step}\n{attempt}".encode()).digest()[:20], "big")


def attempts_among(keys: Collection[str], identity: str, mode: str, steps: Sequence[str], attempts: int) -> dict[int, int]:
    """Steps, by their place in `steps`, and the last of their attempts that one of the keys names.

    Asked before every order of an account that shows orders of a lost journal: only where a key's first digits fit is it written out.
    """
    starts = {key[_START] for key in keys}
    tries = ((place, step, attempt) for place, step in enumerate(steps) for attempt in range(attempts))
    likely = [each for each in tries if _written(_number(identity, mode, *each[1:]) % 36**_STARTING, _STARTING) in starts]
    return {place: attempt for place, step, attempt in likely if attempt_key(identity, mode, step, attempt) in keys}


def is_ours(effect: Effect) -> bool:
    """Whether the effect belongs to an order that this library sent, in this run or another."""
    key = effect.order
    return key is not None and len(key) == LENGTH and key.startswith(_PREFIX)

"""The withdrawal queue's own rules: how an amount is divided into requests, and when a request of the simulation can be claimed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from basis_venues.keys import Key

_ROOM = 1000
"""One part in so many is left free under the largest request of wstETH. What that is worth grows with a report of the oracle, which may
come before the transaction is mined, and one that is worth too much reverts all of them. A report adds a few parts in 100,000."""


def wrapped_bounds(smallest: int, largest: int) -> tuple[int, int]:
    """The bounds of a request of wstETH, by what the bounds in stETH are in wstETH at present: one more, as the contract rounds what it
    unwraps down, and a little less."""
    return smallest + 1, largest - largest // _ROOM


def divide(amount: int, smallest: int, largest: int) -> tuple[int, ...]:
    """`amount` as parts of at most `largest`, none under `smallest` unless the whole is. The sum is `amount`."""
    full, rest = divmod(amount, largest)
    if not rest:
        return (largest,) * full
    if full and rest < smallest:
        return (*((largest,) * (full - 1)), largest - smallest, smallest + rest)
    return (*((largest,) * full), rest)


def free_ids(taken: Iterable[str], now: int, count: int) -> Iterator[str]:
    """Ids of new requests in simulation: their time in ms plus their index, past those that are taken."""
    used = set(taken)
    number = now
    for _ in range(count):
        while str(number) in used:
            number += 1
        yield str(number)
        number += 1


def requests(view: Iterable[Key], prefix: Key) -> list[str]:
    """The ids of an account's requests, oldest first. `prefix` is what their keys start with, such as `wallet:claim:lido/`."""
    return sorted((key.removeprefix(prefix) for key in view if key.startswith(prefix)), key=int)

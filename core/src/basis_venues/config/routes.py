"""Which venues take an action type, and how much of it each."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import NamedTuple

from ..amounts import MONEY, ZERO
from ..errors import ConfigurationError, WrongAllocation
from .misfit import nearest

ONE = Decimal(1)
_FINEST = Decimal("1e-18")

TWINS: Mapping[str, str] = {"cex_futures": "hedge_execution", "hedge_execution": "cex_futures"}
"""Two names of one action type: what is said of either holds for both."""


class Route(NamedTuple):
    """Where actions of one type go.

    `venues`: every venue subscribed for the type, the one that takes undivided actions first. `weights`: the part of a quantity that
    each takes; 0 for one that is used only when an action names it. They sum to 1, or to less when a rest is to stay unallocated.
    `notes` are what `basis check` warns of.
    """

    venues: tuple[str, ...]
    weights: tuple[Decimal, ...]
    notes: tuple[str, ...] = ()


class Wish(NamedTuple):
    """What a mode's file says of one action type, in either shape of `venues:` or both."""

    listed: tuple[str, ...] = ()
    primary: str | None = None
    hedge_allocation: Decimal | None = None
    allocation: Mapping[str, Decimal] | None = None


def resolve(wish: Wish) -> Route:
    """The route that follows from a wish. Raises `ConfigurationError` where it contradicts itself.

    `allocation` decides; else `hedge_allocation` is the primary's weight and the others take the rest in equal parts; else the primary
    takes the whole; else the first venue listed does, with a note when there are more.
    """
    venues = _in_order(wish)
    if wish.allocation is not None:
        return _allocated(venues, wish, wish.allocation)
    if wish.hedge_allocation is not None:
        return _hedged(venues, wish.hedge_allocation)
    weights = (ONE, *(ZERO for _ in venues[1:]))
    if wish.primary is None and len(venues) > 1:
        return Route(venues, weights, (f"{venues[0]} takes the whole, because it is listed first; give an allocation or a primary",))
    return Route(venues, weights)


def _in_order(wish: Wish) -> tuple[str, ...]:
    if wish.primary is None:
        if not wish.listed:
            raise ConfigurationError("no venue is named; give a primary, or list venues under execution_subscriptions")
        return wish.listed
    if wish.listed and wish.primary not in wish.listed:
        raise ConfigurationError(
            f"the primary {wish.primary} is not among the venues that execution_subscriptions lists for it ({', '.join(wish.listed)}); "
            "name it there, or change the primary"
        )
    return (wish.primary, *(venue for venue in wish.listed if venue != wish.primary))


def _allocated(venues: tuple[str, ...], wish: Wish, allocation: Mapping[str, Decimal]) -> Route:
    if wish.hedge_allocation is not None:
        raise WrongAllocation("allocation and hedge_allocation both divide it; keep one")
    strangers = [venue for venue in allocation if venue not in venues]
    if strangers:
        hint = nearest(strangers[0], venues)
        raise WrongAllocation(f"is not among the venues that the mode subscribes to for it, {', '.join(venues)}{hint}", strangers[0])
    if any(weight < 0 for weight in allocation.values()):
        raise WrongAllocation("a weight of the allocation is below zero")
    if MONEY.subtract(sum(allocation.values(), ZERO), ONE) != 0:
        raise WrongAllocation("the weights of the allocation do not sum to 1")
    if wish.primary is not None and not allocation.get(wish.primary):
        raise WrongAllocation(f"the allocation gives nothing to the primary {wish.primary}")
    leader = wish.primary or next(venue for venue in venues if allocation.get(venue))
    ordered = (leader, *(venue for venue in venues if venue != leader))
    notes = tuple(f"the allocation does not mention {venue}; it takes nothing" for venue in ordered if venue not in allocation)
    return Route(ordered, tuple(allocation.get(venue, ZERO) for venue in ordered), notes)


def _hedged(venues: tuple[str, ...], share: Decimal) -> Route:
    """The scalar of the first venue; the others divide the rest so that all weights sum to 1 exactly."""
    if not 0 < share <= 1:
        raise ConfigurationError("hedge_allocation is a fraction above 0 and at most 1")
    others = len(venues) - 1
    if not others:
        note = () if share == 1 else (f"only {share} of a quantity is routed: no venue besides {venues[0]} is subscribed for it",)
        return Route(venues, (share,), note)
    rest = MONEY.subtract(ONE, share)
    part = MONEY.divide(rest, Decimal(others)).quantize(_FINEST, ROUND_FLOOR, MONEY)
    last = MONEY.subtract(rest, MONEY.multiply(part, Decimal(others - 1)))
    return Route(venues, (share, *(part for _ in range(others - 1)), last))

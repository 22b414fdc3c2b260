"""What a venue client answers, checked before it is believed: a plugin may return anything."""

from __future__ import annotations

from decimal import Decimal

from ..contract import VenueClient
from ..orders import Effect, Prepared, Report
from ..states import State

_SENDABLE = frozenset(State) - {State.DENIED, State.INTERRUPTED, State.NEEDS_HUMAN}


async def send(client: VenueClient, prepared: Prepared) -> Report:
    """Send, once. Whatever goes wrong after the call is UNKNOWN, never a failure: the write may have left."""
    try:
        return checked(await client.send(prepared))
    except Exception as error:  # the rule of the house: an error is not a failure
        return Report(State.UNKNOWN, reason=f"sending raised {type(error).__name__}")


async def lookup(client: VenueClient, prepared: Prepared) -> Report:
    """Look up. What could not be told is UNKNOWN."""
    try:
        return checked(await client.lookup(prepared))
    except Exception as error:  # as above
        return Report(State.UNKNOWN, reason=f"looking it up raised {type(error).__name__}")


def checked(report: Report) -> Report:
    """The report, if it is one. Raises `TypeError` or `ValueError` for wrong types, floats, NaN, or a state that no venue can report."""
    if not isinstance(report, Report) or not isinstance(report.state, State) or report.state not in _SENDABLE:
        raise TypeError("the answer is not a report of a venue")
    if report.state is State.FILLED and not report.effects:
        raise ValueError("filled, but no effects: the venue's answer is incomplete")
    for effect in report.effects:
        _check_effect(effect)
    return report


def _check_effect(effect: Effect) -> None:
    if not isinstance(effect, Effect) or not effect.id:
        raise TypeError("an effect needs an id")
    for key, amount in effect.lines:
        if not isinstance(key, str) or not isinstance(amount, Decimal) or not amount.is_finite():
            raise TypeError("a line of an effect needs a key and a finite Decimal")

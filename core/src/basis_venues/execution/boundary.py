"""What a venue client answers, checked before it is believed: a plugin may return anything."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

from ..actions import Transfer
from ..contract import VenueClient
from ..errors import PluginRefused
from ..journal.codec import text
from ..keys import Key, split_key
from ..orders import Effect, Order, Prepared, Report, Step
from ..states import NOTHING_HAPPENED, State

MAX_STEPS = 16
"""More than any order has: so many steps of each are looked for after a journal was torn, and no plan may have more."""
_SAID_BY_VENUES = frozenset(State) - {State.DENIED, State.INTERRUPTED, State.NEEDS_HUMAN}
_SAID_OF_SENDING = _SAID_BY_VENUES - {State.ABSENT}
_SAID_OF_LOOKING_UP = _SAID_BY_VENUES - {State.NOT_SENT}


async def prepare(client: VenueClient, step: Step, key: str) -> Prepared:
    """The write, ready to be journalled. Raises whatever the client does, and `TypeError` or `ValueError` for an answer that could not
    be recognised or written down."""
    return _writable(await client.prepare(step, key), step, key)


async def replace(client: VenueClient, prepared: Prepared) -> Prepared | None:
    """The write in a form that replaces it, ready to be journalled; None where it is not stuck, or the client cannot tell."""
    try:
        answer = await client.replace(prepared)
        return None if answer is None else _writable(answer, prepared.step, prepared.key)
    except Exception:  # nothing has left: the first form stands, and is looked up again
        return None


def _writable(prepared: object, step: Step, key: str) -> Prepared:
    if not isinstance(prepared, Prepared) or prepared.key != key or prepared.step != step:
        raise TypeError("the answer is not this step, prepared under this key")
    if prepared.fence is not None and type(prepared.fence) is not int:
        raise TypeError("a fence is whole milliseconds")
    text(prepared)
    return prepared


async def send(client: VenueClient, prepared: Prepared) -> Report:
    """Send, once. Whatever goes wrong after the call is UNKNOWN, never a failure: the write may have left."""
    try:
        return _about(prepared, checked(await client.send(prepared), _SAID_OF_SENDING))
    except Exception as error:  # the rule of the house: an error is not a failure
        return Report(State.UNKNOWN, reason=f"sending raised {_raised(error)}")


async def lookup(client: VenueClient, prepared: Prepared) -> Report:
    """Look up. What could not be told is UNKNOWN."""
    try:
        return _about(prepared, checked(await client.lookup(prepared), _SAID_OF_LOOKING_UP))
    except Exception as error:  # as above
        return Report(State.UNKNOWN, reason=f"looking it up raised {_raised(error)}")


async def listed(client: VenueClient, prepared: Prepared, keys: Collection[Key], since: int, seen: Collection[str]) -> Report:
    """Whether the account's own lists since then name the write: ACCEPTED or ABSENT. What could not be told is UNKNOWN, and so is a
    transfer while they show one that names no write and is not among those `seen` before (ids): some venues list them without our key."""
    try:
        effects = checked_effects(await client.recent_effects(keys, since, 0))
    except Exception as error:  # as above
        return Report(State.UNKNOWN, reason=f"reading the account's history raised {_raised(error)}")
    if any(effect.order == prepared.key for effect in effects):
        return Report(State.ACCEPTED, reason="the account's history shows it, its look-up does not")
    nameless = [effect for effect in effects if effect.order is None and effect.kind == "transfer" and effect.id not in seen]
    if nameless and any(isinstance(action, Transfer) for action in prepared.step.actions):
        return Report(State.UNKNOWN, reason=f"its look-up does not show it, but {nameless[0].id} may be it")
    return Report(State.ABSENT)


def _about(prepared: Prepared, report: Report) -> Report:
    """The report. Raises `ValueError` where it tells what another order did."""
    if any(effect.order is not None and effect.order != prepared.key for effect in report.effects):
        raise ValueError("the answer is about another order")
    return report


def _raised(error: Exception) -> str:
    from ..blame import raised  # a backtest never needs it

    return raised(error)


def checked(report: Report, allowed: Collection[State] = _SAID_BY_VENUES) -> Report:
    """The report, if it is one, with each effect once. Raises `TypeError` or `ValueError` for wrong types, floats, NaN, a state that
    no venue can report, or an answer that contradicts itself."""
    if not isinstance(report, Report) or not isinstance(report.state, State) or report.state not in allowed:
        raise TypeError("the answer is not a report of a venue")
    if type(report.at) is not int or not isinstance(report.reason, str) or type(report.final) is not bool:
        raise TypeError("a report's time is a whole number, its reason is text, and it is final or not")
    if not isinstance(report.alarm, str):
        raise TypeError("a report's alarm is text")
    if report.state is State.FILLED and not report.effects:
        raise ValueError("filled, but no effects: the venue's answer is incomplete")
    if report.state in NOTHING_HAPPENED and report.effects:
        raise ValueError("refused, and yet it had effects: the venue's answer contradicts itself")
    return report._replace(effects=checked_effects(report.effects))


def checked_effects(effects: Sequence[Effect]) -> tuple[Effect, ...]:
    """The effects, each once. Raises `TypeError` or `ValueError` for wrong types, floats, NaN, no id, or one id with two meanings."""
    found: dict[str, Effect] = {}
    for effect in effects:
        _check_effect(effect)
        if found.setdefault(effect.id, effect) != effect:
            raise ValueError("two different effects have one id")
    return tuple(found.values())


def _check_effect(effect: Effect) -> None:
    if not isinstance(effect, Effect) or not isinstance(effect.id, str) or not effect.id:
        raise TypeError("an effect needs an id")
    if type(effect.at) is not int or not isinstance(effect.kind, str) or not isinstance(effect.order, str | None):
        raise TypeError("an effect has a time, a kind and, where it is known, the key of its order")
    if type(effect.lines) is not tuple:
        raise TypeError("the lines of an effect are a tuple, which nobody changes later")
    for key, amount in effect.lines:
        split_key(key)
        if not isinstance(amount, Decimal) or not amount.is_finite():
            raise TypeError("a line of an effect needs a finite Decimal")


def check_keys(venue: str, keys: tuple[Key, ...]) -> None:
    """Raises `PluginRefused` where what a model answered are not position keys."""
    try:
        for key in keys:
            split_key(key)
    except (TypeError, ValueError, AttributeError) as error:
        raise PluginRefused(f"the model of {venue} names positions that are none: {error}") from None


def check_plan(venue: str, order: Order, plan: tuple[Step, ...]) -> None:
    """Raises `PluginRefused` where what a model planned are not steps of the order, each with an id of its own, or are more than
    `MAX_STEPS`."""
    steps = [step for step in plan if isinstance(step, Step) and step.order == order and step.actions]
    named = {step.id for step in steps if isinstance(step.id, str) and step.id.startswith(f"{order.id}/")}
    if not isinstance(plan, tuple) or len(named) != len(plan):
        raise PluginRefused(f"the model of {venue} planned {order.id} with steps that are not its own; each id is ORDER/NUMBER, once")
    if len(plan) > MAX_STEPS:  # after a journal was torn, a step beyond would not be recognised, and sent twice
        raise PluginRefused(f"the model of {venue} planned {order.id} with {len(plan)} steps; at most {MAX_STEPS}: divide the action")

"""What a step does as a whole: its parts one after the other, each seeing what the parts before it changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import attrs

from .actions import Action, FromLeg
from .contract import Market, StepFails, VenueModel
from .keys import BALANCE, Key
from .orders import Effect, Ref, Step, deltas
from .positions import Overlaid


def fold(models: Mapping[str, VenueModel], step: Step, view: Mapping[Key, Decimal], market: Market, ref: Ref) -> tuple[Effect, ...]:
    """The effects of all parts of the step, all or nothing. Raises `StepFails` when one part would fail, naming it."""
    if len(step.actions) == 1:
        action = step.actions[0]
        return models[action.venue or step.order.venue].effects(step, action, view, market, ref)
    seen = Overlaid(view)
    done: list[dict[Key, Decimal]] = []
    effects: list[Effect] = []
    for number, part in enumerate(step.actions):
        action = _with_amount(part, step, done)
        try:
            got = models[action.venue or step.order.venue].effects(step, action, seen, market, Ref(f"{ref.id}.{number}", ref.since))
        except StepFails as failure:
            raise StepFails(f"part {number} ({type(action).__name__}): {failure}") from failure
        seen.apply(got)
        effects += (effect._replace(order=ref.id) for effect in got)
        done.append(deltas(got))
    return tuple(effects)


def _with_amount(action: Action, step: Step, done: list[dict[Key, Decimal]]) -> Action:
    """`action` with a `FromLeg` amount replaced by what that part added of the asset that this one spends."""
    source = getattr(action, "amount", None)
    if not isinstance(source, FromLeg):
        return action
    account = action.account or step.order.account
    gained = done[source.leg].get(f"{account}:{BALANCE}:{action.spends()}")
    if gained is None or gained <= 0:
        raise StepFails(f"{type(action).__name__} takes its amount from part {source.leg}, which added no {action.spends()}")
    return attrs.evolve(action, amount=gained)  # type: ignore[call-arg]


def foresee(models: Mapping[str, VenueModel], plan: tuple[Step, ...], view: Mapping[Key, Decimal], market: Market) -> tuple[Step, ...]:
    """The plan, each bundle of it with the change of every position that it is planned to make among its bounds (by position key).

    Every venue that takes part judges what a bundle would leave behind. Raises `Denied`. A step that would fail as a whole passes: whether
    it does is the chain's to say.
    """
    for step in plan:
        if len(step.actions) > 1:
            break
    else:
        return plan
    after, seen = Overlaid(view), []
    for step in plan:
        try:
            effects = fold(models, step, after, market, Ref(step.id, market.now()))
        except StepFails:
            break
        after.apply(effects)
        seen.append(_judged(models, step, view, after, market, effects) if len(step.actions) > 1 else step)
    return (*seen, *plan[len(seen) :])


def _judged(
    models: Mapping[str, VenueModel], step: Step, view: Mapping[Key, Decimal], after: Overlaid, market: Market, effects: Iterable[Effect]
) -> Step:
    for venue in dict.fromkeys(part.venue or step.order.venue for part in step.actions):
        models[venue].permits(step.order.account, view, after, market)
    planned = {key: str(amount) for key, amount in deltas(effects).items() if amount}
    return step._replace(bounds={**step.bounds, **planned})

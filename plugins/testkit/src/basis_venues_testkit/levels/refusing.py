"""Level 1: what the venue would not take is refused here, in words that help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from basis_venues.actions import Action
from basis_venues.amounts import floor_to
from basis_venues.contract import StepFails
from basis_venues.errors import Denied, InvalidAction, MissingData
from basis_venues.fold import fold
from basis_venues.orders import Limits, Ref
from basis_venues.series import price

from ..promises import blocked_by, broken, does_not_apply, promise
from ..samples import Sample
from ..simulation.stage import Stage
from ..suite import Suite, given_sample

QUIET = settings(max_examples=25, deadline=None, database=None, derandomize=True)
"""How Hypothesis is used: the same examples in every run, since a conformance report must be repeatable."""

NAMES = ("symbol", "asset", "sell", "buy", "flash_asset", "equity_asset", "collateral_asset", "debt_asset", "request", "spender", "target")
"""Fields of actions that name something which a venue may not know."""

_DUMP = re.compile(r"<[^>]* at 0x[0-9a-f]+>|Traceback|\bDecimal\('")


class Refusing(Suite):
    """The promises of level 1 on refusals."""

    @promise("L1-11")
    def test_l1_11_limits_are_obeyed(self, sample: Sample | None) -> None:
        """L1-11 Limits: an amount finer than the lot, below the minimum, above the maximum or under the least notional is Denied.

        The limits are what quantities are divided by over venues; an order that breaks them would come back rejected.
        """
        stage = self.stage(given_sample(sample))
        name = _amount_field(stage.order.action)
        if name is None:
            does_not_apply("the action has no amount of its own")
        try:
            stage.plan()
        except Exception as error:
            blocked_by("L1-3", str(error))
        limits = stage.model.limits(stage.order.action)
        for amounts, why in _outside(stage, name, limits):
            self._all_denied(stage, name, amounts, why)

    @promise("L1-12")
    def test_l1_12_refusals_are_denied_or_step_fails(self, sample: Sample | None) -> None:
        """L1-12 Refusals: whatever is wrong with an action is said by Denied or StepFails, in a sentence for a person.

        Any other exception stops the whole run, as a broken plugin.
        """
        stage = self.stage(given_sample(sample))
        action = stage.order.action
        self._refuse_or_do(self.stage(attrs.evolve(stage.sample, holds={})), "with nothing held")
        for variant, what, must in _misnamed(action):
            self._refuse_or_do(self.stage(stage.sample, action=variant), what, must_refuse=must)
        name = _amount_field(action)
        if name is None:
            return

        @QUIET
        @given(st.decimals(min_value=Decimal("1e-30"), max_value=Decimal("1e30"), allow_nan=False, allow_infinity=False))
        def any_amount(amount: Decimal) -> None:
            variant = changed(action, name, amount)
            self._refuse_or_do(self.stage(stage.sample, action=variant), f"with {name}={amount}")

        any_amount()

    def _all_denied(self, stage: Stage, name: str, amounts: st.SearchStrategy[Decimal], why: str) -> None:
        action = stage.order.action

        @QUIET
        @given(amounts)
        def every_one(amount: Decimal) -> None:
            try:
                variant = changed(action, name, amount)
                self.stage(stage.sample, action=variant).plan()
            except Denied:
                return
            broken(f"{name}={amount} is {why}, and is planned nevertheless")

        every_one()

    def _refuse_or_do(self, stage: Stage, what: str, *, must_refuse: bool = False) -> None:
        """Plan and carry out; a refusal must be one, with a readable text."""
        name = type(stage.order.action).__name__
        try:
            held = stage.positions()
            stage.model.touches(stage.order, held)
            for number, step in enumerate(stage.model.plan(stage.order, held, stage.market)):
                effects = fold(stage.models, step, held, stage.market, Ref(f"attempt{number}", stage.clock.now()))
                held.apply(effect for effect in effects if effect.at <= stage.clock.now())
        except (Denied, StepFails) as refusal:
            if not _readable(str(refusal)):
                broken(f"{name} {what} is refused with {str(refusal)!r}, which tells a person nothing")
        except MissingData:
            if must_refuse:
                broken(f"{name} {what} asks for market figures before it is refused")
        except Exception as error:
            broken(f"{name} {what} raises {type(error).__name__} ({error}), which is neither Denied nor StepFails")
        else:
            if must_refuse:
                broken(f"{name} {what} is carried out, and nobody knows that name")


def changed(action: Action, name: str, value: Any) -> Action:
    """The action with another value in one field. Raises `InvalidAction`."""
    change: dict[str, Any] = {name: value}
    return attrs.evolve(action, **change)


def _amount_field(action: Action) -> str | None:
    """The field that holds the action's amount as a number."""
    return next((name for name in ("quantity", "notional", "amount") if isinstance(getattr(action, name, None), Decimal)), None)


def _outside(stage: Stage, name: str, limits: Limits) -> Iterator[tuple[st.SearchStrategy[Decimal], str]]:
    """Amounts that break a limit, and which."""
    if name == "notional":
        if limits.minimum_notional:
            yield _fractions(limits.minimum_notional), f"under the least notional of {limits.minimum_notional}"
        return
    lot, minimum, maximum, _ = limits
    if lot:
        yield _off_lot(lot), f"finer than the lot of {lot}"
    below = int(floor_to(minimum, lot) / lot) - (minimum % lot == 0) if lot and minimum else 0
    if below > 0:
        yield st.integers(1, below).map(lambda lots: lot * lots), f"below the minimum of {minimum}"
    elif minimum and not lot:
        yield _fractions(minimum), f"below the minimum of {minimum}"
    if maximum:
        yield _above(maximum, lot or Decimal(1)), f"above the maximum of {maximum}"
    yield from _too_cheap(stage, limits)


def _too_cheap(stage: Stage, limits: Limits) -> Iterator[tuple[st.SearchStrategy[Decimal], str]]:
    """Whole lots worth less than the least notional; an order that only reduces a position is free of it on exchanges."""
    action: Any = stage.order.action
    if not (limits.lot and limits.minimum_notional and hasattr(action, "symbol")) or getattr(action, "reduce_only", False):
        return
    at = action.price or stage.market.value(price(stage.order.venue, action.symbol))
    least, most = max(int(limits.minimum / limits.lot), 1), int(limits.minimum_notional / at / limits.lot) - 1
    if least <= most:
        yield st.integers(least, most).map(lambda lots: limits.lot * lots), f"under the least notional of {limits.minimum_notional}"


def _off_lot(lot: Decimal) -> st.SearchStrategy[Decimal]:
    return st.builds(lambda lots, tenths: lot * lots + lot * tenths / 10, st.integers(0, 10**6), st.integers(1, 9))


def _above(maximum: Decimal, lot: Decimal) -> st.SearchStrategy[Decimal]:
    return st.integers(1, 10**6).map(lambda lots: floor_to(maximum, lot) + lot * lots)


def _fractions(whole: Decimal) -> st.SearchStrategy[Decimal]:
    return st.integers(1, 99).map(lambda percent: whole * percent / 100)


def _misnamed(action: Action) -> Iterator[tuple[Action, str, bool]]:
    """The action with one name changed into one that nobody knows, what was changed, and whether it must be refused."""
    for name in NAMES:
        value = getattr(action, name, None)
        if isinstance(value, str):
            unknown = "NOPE/NOPE" + value.partition("/")[2].partition(":")[1] + "NOPE" if name == "symbol" else "NOPE"
            try:
                yield changed(action, name, unknown), f"with {name}={unknown!r}", name in ("symbol", "asset")
            except InvalidAction:
                continue


def _readable(text: str) -> bool:
    """Words, not a dump of objects; a protocol's own name of an error counts."""
    return (len(text.split()) > 1 or bool(re.fullmatch(r"[A-Za-z_]{6,}", text))) and _DUMP.search(text) is None

"""Level 1: what happens to positions by itself."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from basis_venues.contract import VenueModel
from basis_venues.keys import ALLOWANCE, BALANCE, COLLATERAL
from basis_venues.orders import Effect
from basis_venues.positions import Positions

from ..promises import blocked_by, broken, does_not_apply, none_of, promise
from ..samples import Sample
from ..simulation.stage import Stage
from ..suite import Suite
from .refusing import QUIET

IDLE = frozenset({ALLOWANCE, BALANCE, COLLATERAL})
"""Kinds of positions that need not accrue: a model may have accruals for kinds that the venue does not offer."""
MOST = 10_000
"""So many accruals in one sample's time are taken for a `next_accrual` that does not move."""


class Accruing(Suite):
    """The promises of level 1 on accruals."""

    @promise("L1-13")
    def test_l1_13_accruals_add_up(self) -> None:
        """L1-13 Accruals: what happened in an interval is what happened in its parts, each effect once, with the same id.

        The core asks in pieces as long as the time between two orders: nothing may be paid twice or not at all.
        """
        shown, kinds = 0, set[str]()
        for stage, held in self._accruing():
            kinds |= {key.split(":")[1] for key in held if ":" in key}
            until = stage.sample.at + stage.sample.lasts
            whole = _accruals(stage, held, stage.sample.at, until)
            shown += len(whole)
            none_of(_wrong_accruals(whole, stage.sample.at, until))
            self._adds_up(stage.sample, held, whole)
        if not shown and kinds <= IDLE:
            does_not_apply("the samples hold nothing but balances, to which nothing happens by itself")
        if not shown:
            broken("the model has accruals and no sample shows one: add a sample, or figures to its `market`, with which something accrues")

    @promise("L1-14")
    def test_l1_14_the_next_accrual_is_known(self) -> None:
        """L1-14 Next: `next_accrual` names each time at which `accruals` has something to say, and no other.

        The clock of a backtest stops only there.
        """
        for stage, held in self._accruing():
            now, end = stage.sample.at, stage.sample.at + stage.sample.lasts
            for _ in range(MOST):
                stage = self._at(stage.sample, now)
                due = stage.model.next_accrual(held, stage.market, now)
                if due is not None and due <= now:
                    broken(f"next_accrual after {now} is {due}, which has passed")
                quiet_until = end if due is None or due > end else due - 1
                early = _accruals(self._at(stage.sample, now), held, now, quiet_until)
                if early:
                    broken(f"{early[0].id} is at {early[0].at}, and next_accrual after {now} said {due}")
                if due is None or due > end:
                    break
                if not _accruals(self._at(stage.sample, quiet_until), held, quiet_until, due):
                    broken(f"next_accrual after {now} said {due}, and nothing happens then")
                now = due
            else:
                broken(f"next_accrual names more than {MOST} times in {stage.sample.lasts} ms")

    def _accruing(self) -> Iterator[tuple[Stage, Positions]]:
        """Every sample after it was carried out, on a model that has accruals."""
        if not self.samples:
            blocked_by("L1-1", "there are no samples")
        for sample in self.samples:
            stage = self.stage(sample)
            if type(stage.model).accruals is VenueModel.accruals:
                does_not_apply("the model has no accruals: nothing happens to its positions by itself")
            try:
                held = stage.course().after
            except Exception as error:
                blocked_by("L1-3", str(error))
            yield self._at(sample, sample.at), held

    def _at(self, sample: Sample, now: int) -> Stage:
        """A new stage on which it is `now`."""
        stage = self.stage(sample)
        stage.clock.set(now)
        return stage

    def _adds_up(self, sample: Sample, held: Positions, whole: tuple[Effect, ...]) -> None:
        begin, end = sample.at, sample.at + sample.lasts

        @QUIET
        @given(st.lists(st.integers(begin, end), max_size=3))
        def in_parts(cuts: list[int]) -> None:
            stage = self._at(sample, begin)
            bounds = [begin, *sorted(cuts), end]
            parts = [effect for since, until in pairwise(bounds) for effect in _accruals(stage, held, since, until)]
            if sorted(parts) != sorted(whole):
                broken(f"from {begin} to {end} there are {_shown(whole)}, and cut at {sorted(cuts)} there are {_shown(parts)}")

        in_parts()


def _accruals(stage: Stage, held: Positions, since: int, until: int) -> tuple[Effect, ...]:
    stage.clock.set(until)
    return tuple(stage.model.accruals(Positions(held), stage.market, since, until))


def _wrong_accruals(effects: tuple[Effect, ...], since: int, until: int) -> Iterator[str]:
    ids = [effect.id for effect in effects]
    yield from (f"two accruals have the id {each!r}" for each in dict.fromkeys(ids) if ids.count(each) > 1)
    for effect in effects:
        if not since < effect.at <= until:
            yield f"{effect.id} is at {effect.at}, outside of the interval after {since} up to {until}"
        if effect.order is not None:
            yield f"{effect.id} carries the order {effect.order!r}; what happens by itself belongs to none"
        if not effect.lines:
            yield f"{effect.id} has no lines"


def _shown(effects: tuple[Effect, ...] | list[Effect]) -> str:
    return ", ".join(f"{effect.id} {[str(amount) for _, amount in effect.lines]}" for effect in sorted(effects)) or "none"

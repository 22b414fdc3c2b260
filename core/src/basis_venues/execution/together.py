"""Orders of one account that are proven by one reading of it: sent one after the other, each with an outcome of its own, then compared
together. Until then all of them stand in the journal as being sent, and a run that ends meanwhile settles each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from attrs import define, field

from ..keys import Key
from ..market.live import LiveMarket
from ..orders import Effect, Order
from ..positions import Overlaid
from ..results import LegResult
from ..states import DONE, State
from ..venues import Venue
from .journalled import Ended, JournalledLoop, Settled, Work
from .loop import Done


@define
class _Batch:
    """What has come of the orders so far. `told`: results by order. `alone`: orders that need a reading of their own. `view`: the verified
    book, with what the venue says the batch has done since. `hindered`: why nothing more of it is sent."""

    venue: Venue
    orders: list[Order]
    view: Overlaid
    keys: dict[str, tuple[Key, ...]] = field(factory=dict)
    before: tuple[Effect, ...] = ()
    settled: list[Settled] = field(factory=list)
    alone: list[Order] = field(factory=list)
    told: dict[str, LegResult] = field(factory=dict)
    hindered: str = ""

    def left(self) -> list[Order]:
        """Orders without a result, in their sequence."""
        return [order for order in self.orders if order.id not in self.told]


class SharingLoop(JournalledLoop):
    """A loop in which orders of one account may share a reading."""

    async def legs(self, orders: Sequence[Order], closing: bool = False) -> dict[str, LegResult]:
        """Carry out orders of one account and lane, in their sequence; answers by order. Never raises for what a venue did.

        Those next to each other that go to one live venue share a reading of the account; an order of several steps, or one that was
        begun before, has its own, after the others. `closing`: as of `leg`.
        """
        told: dict[str, LegResult] = {}
        groups = [list(group) for _, group in groupby(orders, key=lambda order: order.venue)]
        for group in groups:
            told.update(await self._group(group, closing and len(groups) == 1))
        return told

    async def _group(self, orders: list[Order], closing: bool) -> Mapping[str, LegResult]:
        venue = self._venues.named(orders[0].venue)
        known = [order for order in orders if (self.mode, order.id) in self.state.plans]
        if len(orders) == 1:
            return {orders[0].id: await self.leg(orders[0], closing)}
        if venue.simulated or known or self.state.orphans:
            return {order.id: await self.leg(order) for order in orders}
        async with self.holding(orders[0]):
            batch = _Batch(venue, orders, Overlaid(self.state.book))
            await self._ready(batch)
            for order in batch.left():
                await self._begin(batch, order)
            await self._prove(batch, closing and not batch.alone)
            for order in batch.alone:
                batch.told[order.id] = await self._alone(order, closing=False)
        return batch.told

    async def _ready(self, batch: _Batch) -> None:
        """Know every position that the orders touch, by one reading if it takes one."""
        for order in batch.orders:
            try:
                hindered = self._hindered(order)
                if hindered is None:
                    batch.keys[order.id] = self._touched(order, batch.venue)
                else:
                    batch.told[order.id] = hindered
            except Exception as error:
                batch.told[order.id] = self._not_begun(order, error)
        left = batch.left()
        try:
            await self._look_at_all(batch, left)
        except Exception as error:
            batch.told.update({order.id: self._not_begun(order, error) for order in left})

    async def _look_at_all(self, batch: _Batch, orders: Sequence[Order]) -> None:
        if not orders:
            return
        await self._clear_the_way(orders[0])
        if isinstance(self._market, LiveMarket):
            await self._market.refresh([name for order in orders for name in self._series(order, batch.venue)])
        batch.before = await self._read_before(orders[0], batch.venue, _all_of(batch.keys[order.id] for order in orders))

    async def _begin(self, batch: _Batch, order: Order) -> None:
        """Plan the order on what the account has after those before it, send it, and find out what became of it."""
        hindered = self._refused(order, batch.hindered) if batch.hindered else self._hindered(order)
        if hindered is not None:
            batch.told[order.id] = hindered
            return
        try:
            plan = await self._first_plan(order, batch.venue, batch.view)
        except Exception as error:
            batch.told[order.id] = self._not_begun(order, error)
            return
        if len(plan) > 1:  # its second step waits for the proof of its first
            batch.alone.append(order)
            return
        settled = await self._settled(Work(self.mode, order, batch.venue, plan, 0, batch.keys[order.id], 0))
        batch.settled.append(settled)
        report = settled.report
        if report.state in DONE:
            batch.view.apply(report.effects)
        if not settled.over or report.state is State.NEEDS_HUMAN or report.alarm:
            batch.hindered = f"an earlier step of the account is not settled and verified yet: {settled.work.step.id}"

    async def _prove(self, batch: _Batch, closing: bool) -> None:
        """One reading for all that was done, and one commit."""
        over = [each for each in batch.settled if each.over]
        done = await self._proven(batch.venue, over)
        ended = [Ended(self.mode, each.work.order, each.work.step, one) for each, one in zip(over, done, strict=True)]
        if ended:
            done = await self._record(ended, kept=closing)
        outcomes = {each.order.id: self._finished(each.order, each.step, one) for each, one in zip(ended, done, strict=True)}
        before = batch.before
        for work, report, _ in batch.settled:
            one = outcomes.get(work.order.id, Done(report, None))
            batch.told[work.order.id] = self._result(work.order, work.plan, [one], before)
            before = ()


def _all_of(groups: Iterable[tuple[Key, ...]]) -> tuple[Key, ...]:
    return tuple(dict.fromkeys(key for group in groups for key in group))

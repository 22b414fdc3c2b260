"""Orders of one account that are proven by one reading of it: sent one after the other, each with an outcome of its own, then compared
together. Until then all of them stand in the journal as being sent, and a run that ends meanwhile settles each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from attrs import define, field

from ..keys import Key
from ..orders import Effect, Order
from ..positions import Overlaid
from ..results import LegResult
from ..states import DONE, State
from ..venues import Venue, Venues
from .journalled import JournalledLoop
from .work import Done, Settled, Work


async def carry_out_orders(loop: JournalledLoop, venues: Venues, orders: Sequence[Order]) -> dict[str, LegResult]:
    """Carry out orders of one account and lane, in their sequence; answers by order. Never raises for what a venue did.

    Those next to each other that go to one live venue share a reading of the account; an order of several steps, or one that was begun
    before, has its own, after the others.
    """
    told: dict[str, LegResult] = {}
    for name, group in groupby(orders, key=lambda order: order.venue):
        told.update(await _group(loop, venues.named(name), list(group)))
    return told


async def _group(loop: JournalledLoop, venue: Venue, orders: list[Order]) -> Mapping[str, LegResult]:
    known = any((loop.mode, order.id) in loop.state.plans for order in orders)
    if len(orders) == 1 or venue.simulated or known or loop.state.orphans:
        return {order.id: await loop.leg(order) for order in orders}
    async with loop.holding(orders[0]):
        return await _Batch(loop, venue, orders, Overlaid(loop.state.book)).carry_out()


@define
class _Batch:
    """Orders that share a reading, and what has come of them so far. `told`: results by order. `alone`: orders that need a reading of
    their own. `view`: the verified book, with what the venue says the batch has done since. `hindered`: why nothing more of it is sent."""

    loop: JournalledLoop
    venue: Venue
    orders: list[Order]
    view: Overlaid
    keys: dict[str, tuple[Key, ...]] = field(factory=dict)
    before: tuple[Effect, ...] = ()
    settled: list[Settled] = field(factory=list)
    alone: list[Order] = field(factory=list)
    told: dict[str, LegResult] = field(factory=dict)
    hindered: str = ""

    async def carry_out(self) -> dict[str, LegResult]:
        """The results, by order, of a batch whose account is held."""
        await self._ready()
        for order in self._left():
            await self._begin(order)
        await self._prove()
        for order in self.alone:
            self.told[order.id] = await self.loop.leg_while_held(order)
        return self.told

    def _left(self) -> list[Order]:
        """Orders without a result, in their sequence."""
        return [order for order in self.orders if order.id not in self.told]

    async def _ready(self) -> None:
        """Know every position that the orders touch, by one reading if it takes one."""
        for order in self.orders:
            try:
                hindered = self.loop.hindered(order)
                if hindered is None:
                    self.keys[order.id] = self.loop.readings.touched(order, self.venue)
                else:
                    self.told[order.id] = hindered
            except Exception as error:
                self.told[order.id] = self.loop.not_begun(order, error)
        left = self._left()
        try:
            await self._look_at_all(left)
        except Exception as error:
            self.told.update({order.id: self.loop.not_begun(order, error) for order in left})

    async def _look_at_all(self, orders: Sequence[Order]) -> None:
        if not orders:
            return
        await self.loop.clear_the_way(orders[0])
        await self.loop.refresh(orders, self.venue)
        self.before = await self.loop.readings.before(orders[0], self.venue, _all_of(self.keys[order.id] for order in orders))

    async def _begin(self, order: Order) -> None:
        """Plan the order on what the account has after those before it, send it, and find out what became of it."""
        hindered = self.loop.refusal(order, self.hindered) if self.hindered else self.loop.hindered(order)
        if hindered is not None:
            self.told[order.id] = hindered
            return
        try:
            plan = await self.loop.first_plan(order, self.venue, self.view)
        except Exception as error:
            self.told[order.id] = self.loop.not_begun(order, error)
            return
        if len(plan) > 1:  # its second step waits for the proof of its first
            self.alone.append(order)
            return
        settled = await self.loop.send_and_settle(Work(self.loop.mode, order, self.venue, plan, 0, self.keys[order.id], 0))
        self.settled.append(settled)
        report = settled.report
        if report.state in DONE:
            self.view.apply(report.effects)
        if report.state is State.DENIED and not settled.over:  # the journal cannot be written: nothing of it was begun
            self.hindered = report.reason
        elif not settled.over or report.state is State.NEEDS_HUMAN or report.alarm:
            self.hindered = f"an earlier step of the account is not settled and verified yet: {settled.work.step.id}"

    async def _prove(self) -> None:
        """One reading for all that was done."""
        over = [each for each in self.settled if each.over]
        done = await self.loop.conclude(self.venue, over)
        outcomes = {each.work.order.id: one for each, one in zip(over, done, strict=True)}
        before = self.before
        for work, report, _ in self.settled:
            one = outcomes.get(work.order.id, Done(report, None))
            self.told[work.order.id] = self.loop.result(work.order, work.plan, [one], before)
            before = ()


def _all_of(groups: Iterable[tuple[Key, ...]]) -> tuple[Key, ...]:
    return tuple(dict.fromkeys(key for group in groups for key in group))

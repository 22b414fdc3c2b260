"""Spend limits of a live run: what an action takes of them is reserved when its intent is written to the journal.

The reservation is part of the intent's own row, so that a crash neither loses nor doubles it. It is given back only when an order
provably had no effect. All of a day is read from the journal, whichever mode or process wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from attrs import define, field

from .amounts import ZERO
from .clock import Clock
from .config.limits import LimitRule
from .contract import Market, VenueModel
from .errors import BasisError, Denied, LimitReached
from .journal.events import Reserved
from .journal.sqlite import Row, SqliteJournal
from .journal.state import JournalState
from .keys import BORROWED, Key, split_key
from .market.live import LiveMarket
from .orders import Order, Ref, Step
from .states import NOTHING_HAPPENED
from .valuation import Sources, in_dollars, moved, needed, open_positions, worth

DAY_MS = 86_400_000


@define
class _Taken:
    """What one order has taken. `gas` is what its steps were seen to cost, by step; `over`: nothing more comes of it."""

    mode: str
    identity: str
    reserved: Reserved
    gas: dict[str, Decimal] = field(factory=dict)
    over: bool = False
    nothing: bool = False

    @property
    def usd(self) -> Decimal:
        return ZERO if self.nothing else self.reserved.usd

    @property
    def gas_used(self) -> Decimal:
        seen = sum(self.gas.values(), ZERO)
        return seen if self.over and seen else max(seen, self.reserved.gas)


class Limits:
    """The limits of a run, and what has been taken of them."""

    def __init__(
        self,
        rules: Sequence[LimitRule],
        mode: str,
        models: Mapping[str, VenueModel],
        simulated: Iterable[str],
        sources: Sources,
        market: Market,
        clock: Clock,
    ) -> None:
        self._rules = tuple(rule for rule in rules if rule.mode in (None, mode))
        self._mode = mode
        self._models = models
        self._simulated = frozenset(simulated)
        self._sources = sources
        self._market = market
        self._clock = clock
        self._taken: dict[tuple[str, str], dict[str, _Taken]] = {}
        """By mode and order: what it has taken, by asset."""
        self._seen = 0

    async def refresh(self, orders: Sequence[Order], state: JournalState) -> None:
        """Fetch the figures that `reserve` will ask for."""
        if self._rules and isinstance(self._market, LiveMarket):
            costs = [name for order in orders for name in self._models[order.venue].series(order.action)]
            await self._market.refresh((*needed(orders, state.book, self._sources), *costs))

    def reserve(self, orders: Sequence[Order], state: JournalState, journal: SqliteJournal) -> tuple[Reserved, ...]:
        """What the orders take, taken. Raises `LimitReached`, or `Denied` where a limit applies to what cannot be valued; then nothing is.

        Never waits, so that of two actions asked for at once the second sees what the first took.
        """
        live = [order for order in orders if order.venue not in self._simulated]
        if not self._rules or not live:
            return ()
        self._read(journal.rows(after=self._seen))
        self._forget()
        wanted = [each for order in live for each in self._wanted(order, state)]
        for rule in self._rules:
            self._check(rule, wanted, state)
        for each in wanted:
            self._take(self._mode, each, state.identities[each.account])
        return tuple(wanted)

    def _wanted(self, order: Order, state: JournalState) -> Iterator[Reserved]:
        now, money = self._clock.now(), any(self._in_dollars(rule) for rule in self._rules if self._covers(rule, order))
        gas = self._gas(order, state) if any(rule.gas_per_day_eth is not None for rule in self._rules) else ZERO
        parts = moved(order, lambda key: state.book[key] if key in state.known else None) if money else ()
        for number, each in enumerate(parts):
            usd = in_dollars(each, self._sources, self._market)
            yield Reserved(order.id, order.venue, order.account, each.asset, usd, ZERO if number else gas, each.opens, now)
        if not parts:
            yield Reserved(order.id, order.venue, order.account, order.action.spends() or "", ZERO, gas, False, now)

    def _in_dollars(self, rule: LimitRule) -> bool:
        return (rule.per_action_usd, rule.per_day_usd, rule.open_usd) != (None, None, None)

    def _covers(self, rule: LimitRule, order: Order) -> bool:
        """Whether the rule may be about the order; its asset is looked at when the order is valued."""
        return rule.account in (None, order.account, order.lane) and rule.venue in (None, order.venue)

    def _gas(self, order: Order, state: JournalState) -> Decimal:
        """The gas of the order's transactions in the chain's coin, as planned on what the books know, else of the action alone."""
        model = self._models[order.venue]
        try:
            steps = model.plan(order, state.book, self._market)
        except Exception:  # whatever it is, the loop meets it again, where it is told
            steps = (Step(f"{order.id}/0", order, getattr(order.action, "legs", ()) or (order.action,)),)
        try:
            costs = [model.cost(step, self._market, Ref(step.id, 0)) for step in steps]
        except BasisError as unknown:
            raise Denied(f"the gas of {order.action.id} is not known, and a limit on gas is set: {unknown}") from None
        return -sum((amount for effect in costs if effect is not None for _, amount in effect.lines), ZERO)

    def _check(self, rule: LimitRule, wanted: Sequence[Reserved], state: JournalState) -> None:
        mine = [each for each in wanted if _about(rule, each)]
        if not mine:
            return
        asked = sum((each.usd for each in mine), ZERO)
        before = [each for taken in self._taken.values() for each in taken.values() if self._counts(rule, each, state)]
        day = [each for each in before if each.reserved.at > self._clock.now() - DAY_MS]
        if rule.per_action_usd is not None:
            _hold(rule, "USD for each action", rule.per_action_usd, ZERO, asked)
        if rule.per_day_usd is not None:
            _hold(rule, "USD in 24 hours", rule.per_day_usd, sum((each.usd for each in day), ZERO), asked)
        if rule.open_usd is not None and any(each.opens for each in mine):
            opening = sum((each.usd for each in mine if each.opens), ZERO)
            under_way = sum((each.usd for each in before if each.reserved.opens and not each.over), ZERO)
            _hold(rule, "USD open", rule.open_usd, self._open(rule, state) + under_way, opening)
        if rule.gas_per_day_eth is not None:
            burnt = sum((each.gas_used for each in day), ZERO)
            _hold(rule, "ETH of gas in 24 hours", rule.gas_per_day_eth, burnt, sum((each.gas for each in mine), ZERO))

    def _counts(self, rule: LimitRule, taken: _Taken, state: JournalState) -> bool:
        """Whether what was taken counts for the rule: by its words, and under the identity that the account has now."""
        if rule.account is not None and state.identities.get(rule.account) != taken.identity:
            return False
        return rule.mode in (None, taken.mode) and _about(rule, taken.reserved)

    def _open(self, rule: LimitRule, state: JournalState) -> Decimal:
        """Perpetual positions and debts that the books know and the rule is about, at today's prices."""
        total = ZERO
        for key, asset, size, figures in open_positions(state.book, self._sources):
            parts = split_key(key)
            venue = parts.instrument.partition("/")[0] if parts.kind == BORROWED else self._sources.keeper(parts.account)
            if rule.account in (None, parts.account) and rule.venue in (None, venue) and rule.asset in (None, asset):
                total += self._value(key, asset, size, figures)
        return total

    def _value(self, key: Key, asset: str, size: Decimal, figures: tuple[str, ...]) -> Decimal:
        try:
            for name in figures:
                size *= self._market.value(name)
        except BasisError as error:
            raise Denied(f"the value of {key} is not known, and a limit on what is open is set: {error}") from None
        return size if split_key(key).kind != BORROWED else size * worth(asset, self._sources, self._market)

    # -- what was taken ------------------------------------------------------------------------------------------------------------

    def _take(self, mode: str, reserved: Reserved, identity: str) -> None:
        self._taken.setdefault((mode, reserved.order), {}).setdefault(reserved.asset, _Taken(mode, identity, reserved))

    def _forget(self) -> None:
        """Leave behind what no limit asks for any more: what is over, and was taken more than a day ago."""
        day = self._clock.now() - DAY_MS
        old = [name for name, taken in self._taken.items() if all(each.over and each.reserved.at <= day for each in taken.values())]
        for name in old:
            del self._taken[name]

    def _read(self, rows: Iterable[Row]) -> None:
        """Take in what the journal says since it was read last."""
        for row in rows:
            self._seen = row.seq
            reader = _READERS.get(row.kind)
            if reader is not None:
                reader(self, row.data())

    def _intent(self, data: Mapping[str, Any]) -> None:
        for said in data.get("reserved", ()):
            reserved = Reserved(**{**said, "usd": Decimal(said["usd"]), "gas": Decimal(said["gas"])})
            self._take(data["mode"], reserved, data["accounts"].get(reserved.account, ""))

    def _outcome(self, data: Mapping[str, Any]) -> None:
        burnt = [Decimal(amount) for e in data["report"]["effects"] if e["kind"] == "gas" for _, amount in e["lines"]]
        for taken in self._of(data["mode"], data["step"].rpartition("/")[0])[:1]:
            taken.gas[data["step"]] = -sum(burnt, ZERO)

    def _closed(self, data: Mapping[str, Any]) -> None:
        for leg in data["result"]["legs"]:
            for taken in self._of(data["mode"], leg["order"]):
                taken.over = True
                taken.nothing = leg["state"] in NOTHING_HAPPENED and not leg["effects"]

    def _of(self, mode: str, order: str) -> list[_Taken]:
        return list(self._taken.get((mode, order), {}).values())


_READERS = {"INTENT": Limits._intent, "OUTCOME": Limits._outcome, "CLOSED": Limits._closed}


def _about(rule: LimitRule, reserved: Reserved) -> bool:
    return rule.account in (None, reserved.account) and rule.venue in (None, reserved.venue) and rule.asset in (None, reserved.asset)


def _hold(rule: LimitRule, what: str, cap: Decimal, taken: Decimal, asked: Decimal) -> None:
    if taken + asked > cap:
        raise LimitReached(
            f"the limit for {rule} is {cap:f} {what}: {taken:f} is taken, and this asks for {asked:f}; wait, ask for less, or change "
            "limits.yaml"
        )

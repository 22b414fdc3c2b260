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
from .orders import NEVER, Order, Ref, Step
from .states import NOTHING_HAPPENED, State
from .valuation import Sources, in_dollars, moved, needed, open_positions, worth

DAY_MS = 86_400_000


@define
class _Taken:
    """What one order has taken. `lane` pays its gas; `identities` are those of its account and lane, by alias. After `until` (ms) nothing
    more of it is started; `sending`: its steps whose end is not known. `gas` is what its steps were seen to cost, by step; `over`: nothing
    more comes of it."""

    mode: str
    lane: str
    identities: Mapping[str, str]
    until: int
    reserved: Reserved
    sending: set[str] = field(factory=set)
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

    def under_way(self, now: int) -> bool:
        """Whether it may still open what the books do not know yet. Its id may never be asked for again, to be told that it is over."""
        return not self.over and (bool(self.sending) or now <= self.until)

    def spends(self, rule: LimitRule) -> bool:
        """Whether the rule is about what it moves."""
        return self._fits(rule) and rule.account in (None, self.reserved.account)

    def pays(self, rule: LimitRule) -> bool:
        """Whether the rule is about its gas: that of the account which acts, and of the one that signs for it."""
        return self._fits(rule) and rule.account in (None, self.reserved.account, self.lane)

    def _fits(self, rule: LimitRule) -> bool:
        return rule.venue in (None, self.reserved.venue) and rule.asset in (None, self.reserved.asset)


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
        self._taken: dict[tuple[str, str], list[_Taken]] = {}
        """By mode and order: what it has taken."""
        self._seen = 0

    def read(self, journal: SqliteJournal) -> None:
        """Take in what the journal says since it was read last. A run does so at its start: its first action need not wait for years of
        rows."""
        if self._rules:
            self._read(journal.rows(after=self._seen))
            self._forget()

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
        self.read(journal)
        wanted = [each for order in live for each in self._wanted(order, state)]
        for rule in self._rules:
            self._check(rule, wanted, state)
        self._take(wanted)
        return tuple(each.reserved for each in wanted)

    def _wanted(self, order: Order, state: JournalState) -> Iterator[_Taken]:
        identities = {alias: state.identities[alias] for alias in (order.account, order.lane)}
        until = NEVER if order.action.valid_until is None else order.action.valid_until
        for reserved in self._reserved(order, state):
            yield _Taken(self._mode, order.lane, identities, until, reserved)

    def _reserved(self, order: Order, state: JournalState) -> Iterator[Reserved]:
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

    def _check(self, rule: LimitRule, wanted: Sequence[_Taken], state: JournalState) -> None:
        before = [each for taken in self._taken.values() for each in taken if self._counts(rule, each, state)]
        spent, asked = ([each for each in many if each.spends(rule)] for many in (before, wanted))
        if asked:
            self._check_dollars(rule, spent, asked, state)
        burnt, more = ([each for each in many if each.pays(rule)] for many in (self._of_today(before), wanted))
        if rule.gas_per_day_eth is not None and more:
            gas = sum((each.reserved.gas for each in more), ZERO)
            _hold(rule, "ETH of gas in 24 hours", rule.gas_per_day_eth, sum((each.gas_used for each in burnt), ZERO), gas)

    def _check_dollars(self, rule: LimitRule, before: Sequence[_Taken], mine: Sequence[_Taken], state: JournalState) -> None:
        asked = sum((each.usd for each in mine), ZERO)
        if rule.per_action_usd is not None:
            _hold(rule, "USD for each action", rule.per_action_usd, ZERO, asked)
        if rule.per_day_usd is not None:
            _hold(rule, "USD in 24 hours", rule.per_day_usd, sum((each.usd for each in self._of_today(before)), ZERO), asked)
        if rule.open_usd is not None and any(each.reserved.opens for each in mine):
            opening = sum((each.usd for each in mine if each.reserved.opens), ZERO)
            now = self._clock.now()
            under_way = sum((each.usd for each in before if each.reserved.opens and each.under_way(now)), ZERO)
            _hold(rule, "USD open", rule.open_usd, self._open(rule, state) + under_way, opening)

    def _of_today(self, taken: Sequence[_Taken]) -> list[_Taken]:
        since = self._clock.now() - DAY_MS
        return [each for each in taken if each.reserved.at > since]

    def _counts(self, rule: LimitRule, taken: _Taken, state: JournalState) -> bool:
        """Whether what was taken counts for the rule's mode, and under the identity that its account has now."""
        same = rule.account is None or state.identities.get(rule.account) == taken.identities.get(rule.account)
        return same and rule.mode in (None, taken.mode)

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

    def _take(self, wanted: Iterable[_Taken]) -> None:
        """Take it, unless the order has taken it before: what was reserved here comes again with its row."""
        newly: dict[tuple[str, str], list[_Taken]] = {}
        for each in wanted:
            newly.setdefault((each.mode, each.reserved.order), []).append(each)
        for name, taken in newly.items():
            self._taken.setdefault(name, taken)

    def _forget(self) -> None:
        """Leave behind what no limit asks for any more: what came to its end, and was taken more than a day ago."""
        now = self._clock.now()
        gone = [
            name for name, taken in self._taken.items() if not any(each.under_way(now) or each.reserved.at > now - DAY_MS for each in taken)
        ]
        for name in gone:
            del self._taken[name]

    def _read(self, rows: Iterable[Row]) -> None:
        """Take in what the journal says since it was read last."""
        for row in rows:
            self._seen = row.seq
            reader = _READERS.get(row.kind)
            if reader is not None:
                reader(self, row.data())

    def _intent(self, data: Mapping[str, Any]) -> None:
        lanes = {order["id"]: order["lane"] for order in data["orders"]}
        until = data["action"].get("valid_until", NEVER)
        said = (Reserved(**{**each, "usd": Decimal(each["usd"]), "gas": Decimal(each["gas"])}) for each in data.get("reserved", ()))
        self._take(_Taken(data["mode"], lanes[each.order], data["accounts"], until, each) for each in said)

    def _sending(self, data: Mapping[str, Any]) -> None:
        for taken in self._of_step(data):
            taken.sending.add(data["subject"])

    def _outcome(self, data: Mapping[str, Any]) -> None:
        burnt = [Decimal(amount) for e in data["report"]["effects"] if e["kind"] == "gas" for _, amount in e["lines"]]
        for taken in self._of_step(data)[:1]:
            taken.gas[data["subject"]] = -sum(burnt, ZERO)
        if data["report"]["state"] != State.NEEDS_HUMAN:
            self._resolved(data)

    def _resolved(self, data: Mapping[str, Any]) -> None:
        for taken in self._of_step(data):
            taken.sending.discard(data["subject"])

    def _closed(self, data: Mapping[str, Any]) -> None:
        for leg in data["result"]["legs"]:
            for taken in self._of(data["mode"], leg["order"]):
                taken.over = True
                taken.nothing = leg["state"] in NOTHING_HAPPENED and not leg["effects"]

    def _of_step(self, data: Mapping[str, Any]) -> list[_Taken]:
        """What the order of the step that the row is about has taken."""
        return self._of(data["mode"], data["subject"].rpartition("/")[0])

    def _of(self, mode: str, order: str) -> list[_Taken]:
        return self._taken.get((mode, order), [])


_READERS = {
    "INTENT": Limits._intent,
    "SENDING": Limits._sending,
    "OUTCOME": Limits._outcome,
    "RESOLVED": Limits._resolved,
    "REOPENED": Limits._sending,
    "CLOSED": Limits._closed,
}


def _hold(rule: LimitRule, what: str, cap: Decimal, taken: Decimal, asked: Decimal) -> None:
    if taken + asked > cap:
        raise LimitReached(
            f"the limit for {rule} is {cap:f} {what}: {taken:f} is taken, and this asks for {asked:f}; wait, ask for less, or change "
            "limits.yaml"
        )

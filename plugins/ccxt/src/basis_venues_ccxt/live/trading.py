"""Spot and perpetual trades, from a planned step to what became of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from basis_venues.actions import PerpTrade, SpotTrade
from basis_venues.amounts import ceil_to, floor_to
from basis_venues.errors import Denied
from basis_venues.orders import Prepared, Report, Step
from basis_venues.states import State

from ..filling import HIGHEST, LOWEST
from ..rules import Trade
from .account import Setup
from .asking import Ask, Orders, Seen, ask_from, quantity_of, shown
from .desk import Desk
from .fills import Fill, Position
from .listings import Listing
from .positions import Positions
from .reading import Unreadable
from .saying import Proof, Said, outcome
from .statements import Stated
from .wire import Request


class Trading:
    """Orders of one account. `positions`: the perpetual positions as they are known. `stated`: the wallet as the venue stated it after the
    order that was sent last, until the account is read."""

    def __init__(self, desk: Desk, orders: Orders) -> None:
        self._desk = desk
        self._orders = orders
        self.setup = Setup()
        self.positions = Positions()
        self.stated: Stated | None = None
        self._latest: dict[str, tuple[str, frozenset[tuple[str, Decimal]]]] = {}
        self._acknowledged: set[str] = set()

    def prepare(self, step: Step, key: str) -> Prepared:
        """The order, checked against what the venue publishes and how the account is set up. Raises `Denied`."""
        trade = step.actions[0]
        assert isinstance(trade, (SpotTrade, PerpTrade))
        listing = self._desk.listings.trading(trade.symbol)
        if isinstance(trade, PerpTrade):
            self._check_setup(trade)
        ask = ask_of(trade, listing, key, step.bounds, self._desk.settings.price_band)
        before = self.positions.get(trade.symbol)
        self._latest[trade.symbol] = key, frozenset()
        request = self._orders.place(ask)
        payload = {
            "request": list(request),
            "ask": ask.json(),
            "before": None if before is None else [str(before.size), str(before.entry)],
        }
        return Prepared(key, step, payload, self._desk.connection.fence(request))

    async def send(self, prepared: Prepared) -> Report:
        """The write, and where it was only acknowledged one look at what became of it."""
        ask = self._ask(prepared)._replace(at=self._desk.at_least())
        self.stated = None
        try:
            answer = await self._desk.connection.call(Request(*prepared.payload["request"]), fence=prepared.fence)
        except Exception as error:
            return self._not_answered(error)
        try:
            self._orders.number(answer, ask)
        except Unreadable as missing:
            return Report(State.UNKNOWN, reason=str(missing))
        self._acknowledged.add(prepared.key)
        try:
            seen = await self._orders.written(answer, ask)
            self.stated = seen.stated
            return self._report(prepared, ask, seen)
        except Exception as error:  # the venue has it, whatever reading brought
            return Report(State.ACCEPTED, reason=f"acknowledged, and not shown yet ({type(error).__name__})")

    async def lookup(self, prepared: Prepared) -> Report:
        """What the venue shows under the client id."""
        ask = self._ask(prepared)
        try:
            seen = await self._orders.look(ask)
        except Said as said:
            if self._desk.connection.wire.proofs.is_absent(said):
                return Report(State.ABSENT, reason=str(said))
            return Report(State.UNKNOWN, reason=str(said))
        if seen is None:
            return Report(State.ABSENT, reason="the venue shows no such order")
        if seen.state is State.REJECTED and prepared.key in self._acknowledged:
            seen = seen._replace(state=State.CANCELLED)  # it was said to be accepted: that cannot become a refusal any more
        return self._report(prepared, ask, seen)

    async def cancel(self, prepared: Prepared) -> None:
        """Ask for it back."""
        await self._desk.connection.call(self._orders.cancel(self._ask(prepared)), urgent=True)

    def _check_setup(self, trade: PerpTrade) -> None:
        """A client sends what was planned and nothing else: the account must already be as the trade asks for it."""
        symbol = trade.symbol
        margin, leverage = self.setup.margin.get(symbol, self._desk.settings.margin_mode), self.setup.leverage.get(symbol)
        if trade.margin_mode != margin:
            raise Denied(f"{symbol} is in {margin} margin mode at the venue, not {trade.margin_mode}; change it there, or ask for {margin}")
        if trade.leverage is not None and trade.leverage != leverage:
            there = "not known" if leverage is None else f"{leverage:f}"
            raise Denied(f"the leverage of {symbol} is {there} at the venue, not {trade.leverage}; set it there, or leave it out")

    def _ask(self, prepared: Prepared) -> Ask:
        kept = prepared.payload["ask"]
        return ask_from(kept, self._desk.listings.named(kept["listing"]))

    def _not_answered(self, error: Exception) -> Report:
        proofs = self._desk.connection.wire.proofs
        proof = proofs.of(error) if isinstance(error, Said) else None
        if proof is Proof.FILTER:
            self._desk.listings.forget()
        return outcome(error, proofs)

    def _report(self, prepared: Prepared, ask: Ask, seen: Seen) -> Report:
        seen = shown(seen)
        if seen.state is State.REJECTED:
            return Report(State.REJECTED, reason=seen.reason)
        kept = prepared.payload["before"]
        before = None if kept is None else Position(Decimal(kept[0]), Decimal(kept[1]))
        fills = [fill._replace(order=prepared.key) for fill in seen.fills]
        effects = self._desk.keys.effects(fills, before)
        if before is not None:
            self._carry_on(prepared.key, ask.listing.symbol, fills, self._desk.keys.after(ask.listing.symbol, effects, before))
        alarm = _overfilled(ask, seen) or _other_coin(ask, seen, self._desk.settings.fee_assets)
        return Report(seen.state, effects, seen.at, seen.reason or alarm, alarm=alarm)

    def _carry_on(self, key: str, symbol: str, fills: Sequence[Fill], after: Position) -> None:
        """Know the position that the order left, if it is the symbol's latest and shows more than before: any other says nothing of now."""
        latest, shown = self._latest.get(symbol, ("", frozenset()))
        now = shown.union((fill.id, fill.change) for fill in fills)
        if latest == key and now != shown:
            self._latest[symbol] = key, now
            self.positions.filled(symbol, after)


def _overfilled(ask: Ask, seen: Seen) -> str:
    """What to say of an order that did more than it was asked to; empty for one that did not."""
    filled = quantity_of(seen.fills)
    return f"the venue filled {filled:f}, and {ask.quantity:f} was asked for" if filled > ask.quantity else ""


def _other_coin(ask: Ask, seen: Seen, known: Collection[str]) -> str:
    """What to say of a fee in a coin whose balance no order of this configuration reads; empty where there is none."""
    coins = {ask.listing.quote, *known, *(() if ask.listing.perpetual else (ask.listing.base,))}
    other = sorted({asset for fill in seen.fills for asset, fee in fill.fees if fee and asset not in coins})
    named = ", ".join((*known, *other))
    return f"a fee was taken in {', '.join(other)}; say `fee_assets: [{named}]` in the venue's YAML, then thaw it" if other else ""


def ask_of(trade: Trade, listing: Listing, key: str, bounds: Mapping[str, str], band: Decimal) -> Ask:
    """The order that carries out a trade. A market order becomes one that takes up to the edge of its plan's band and never rests.

    Raises `Denied`, with both figures, for what the venue's filters would refuse.
    """
    if trade.order_type == "market":
        edge = _edge(trade, bounds)
        price = floor_to(edge, listing.tick) if trade.side == "buy" else ceil_to(edge, listing.tick)
        quantity = trade.quantity if trade.quantity is not None else _paid_for(trade, listing, edge, band)
        rest: Any = "ioc"
    else:
        assert trade.price is not None and trade.quantity is not None  # noqa: PT018  an action of that kind has both
        price, quantity = trade.price, trade.quantity
        rest = "post_only" if trade.order_type == "post_only" else trade.time_in_force
        if price % listing.tick:
            raise Denied(f"{price} is not a whole multiple of {listing.tick:f}, the tick that the venue has for {listing.symbol} now")
    reduces = isinstance(trade, PerpTrade) and trade.reduce_only
    _check_filters(quantity, price, listing, reduces)
    return Ask(listing, key, trade.side, quantity, listing.to_venue(quantity), f"{price.normalize():f}", rest, reduces)


def _edge(trade: Trade, bounds: Mapping[str, str]) -> Decimal:
    edge = bounds.get(HIGHEST if trade.side == "buy" else LOWEST)
    if edge is None:
        raise Denied("a market order needs the price band of its plan, and this step has none")
    return Decimal(edge)


def _paid_for(trade: Trade, listing: Listing, edge: Decimal, band: Decimal) -> Decimal:
    """The whole lots that a notional pays for at the price of the plan."""
    assert trade.notional is not None
    planned = edge / (1 + band if trade.side == "buy" else 1 - band)
    return floor_to(trade.notional / planned, listing.lot)


def _check_filters(quantity: Decimal, price: Decimal, listing: Listing, reduces: bool) -> None:
    least, most, notional = listing.minimum, listing.maximum, listing.minimum_notional
    now = f"that the venue has for {listing.symbol} now"
    if quantity < least or not quantity:
        raise Denied(f"{quantity:f} {listing.base} is below the minimum of {least:f} {now}")
    if most and quantity > most:
        raise Denied(f"{quantity:f} {listing.base} is above the maximum of {most:f} {now}")
    if not reduces and quantity * price < notional:
        raise Denied(f"{quantity * price:f} {listing.quote} is below the minimum order of {notional:f} {now}")

"""The model that every exchange shares."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from basis_venues.actions import Action, PerpTrade, SpotTrade, Transfer
from basis_venues.amounts import ZERO
from basis_venues.config.misfit import nearest
from basis_venues.contract import Market, ModelContext, StepFails, VenueModel, not_supported
from basis_venues.errors import Denied
from basis_venues.keys import Key
from basis_venues.orders import Effect, Limits, Order, Ref, Step, record

from .filling import bounds_of, find_fill, may_rest
from .funding import Funding
from .instrument import Instrument, build
from .margin import Margin
from .rules import Trade, check_leverage, check_trade, limits_of, lots_paid
from .settings import ExchangeSettings
from .settling import perpetual_lines, spot_lines
from .transfers import Transfers

_TRADES = (SpotTrade, PerpTrade)


class ExchangeModel(VenueModel):
    """Spot and linear perpetual trades, transfers and funding of one account on one exchange.

    How orders fill is in `filling`, what a fill does in `settling` and `perpetual`, what must be there in `margin`. Fees are those of
    the venue's settings: a spot buy pays in the base coin received, a sell in the quote, a perpetual in the coin it settles in.
    Not simulated: liquidation, isolated margin (treated as cross), borrowing, market depth, and the locking of funds by resting orders.
    A trade that closes at a loss, and funding, always go through: a settle balance below zero says that the venue would have
    liquidated the account.
    """

    def __init__(self, context: ModelContext) -> None:
        settings = context.settings
        assert isinstance(settings, ExchangeSettings)
        self.venue = context.venue
        self.account = context.account.alias
        self.settings = settings
        self._instruments = {
            symbol: build(symbol, market, settings, self.venue, self.account) for symbol, market in settings.markets.items()
        }
        perpetuals = [one for one in self._instruments.values() if one.entry]
        self._funding = Funding(self.venue, perpetuals, settings.funding_price_age_ms)
        self._known: dict[tuple[type[Trade], str], Instrument] = {}
        self._transfers = Transfers(self.venue, self.account, settings, context.account.outer_wallet or "spot", context.arrival)
        self._margin = Margin(perpetuals, settings.default_leverage)
        self._tolerances = {one.held: ZERO for one in perpetuals} | {one.entry: settings.entry_tolerance for one in perpetuals}

    def touches(self, order: Order, view: Mapping[Key, Decimal]) -> tuple[Key, ...]:
        """Base and quote of a spot trade; size, cost and settle balance of a perpetual; the wallets of a transfer."""
        action = order.action
        if isinstance(action, _TRADES):
            instrument = self._instruments.get(action.symbol)
            return instrument.touches if instrument is not None else ()
        return self._transfers.touches(action) if isinstance(action, Transfer) else ()

    def plan(self, order: Order, view: Mapping[Key, Decimal], market: Market) -> tuple[Step, ...]:
        """One step. A market order's bounds hold the price that it must not fill beyond. Raises `Denied`."""
        action = order.action
        if order.account != self.account:
            raise Denied(f"{self.venue} acts on the account {self.account!r}, not {order.account!r}")
        if isinstance(action, _TRADES):
            return (record(Step, (f"{order.id}/0", order, (action,), self._checked(action, market))),)
        if isinstance(action, Transfer):
            self._transfers.check(action)
            return (Step(f"{order.id}/0", order, (action,)),)
        raise not_supported(self.venue, action)

    def effects(self, step: Step, action: Action, view: Mapping[Key, Decimal], market: Market, ref: Ref) -> tuple[Effect, ...]:
        """The fill (kind `trade`) or the transfer; nothing while a limit order rests.

        Raises `StepFails` for too little funds or margin, for IOC and FOK orders that would not fill at once, for post-only orders
        that would take, and for reduce-only orders with nothing to reduce.
        """
        if isinstance(action, _TRADES):
            return self._trade(step, action, view, market, ref)
        if isinstance(action, Transfer):
            return self._transfers.effects(action, self._margin.free(self._transfers.source(action), view), market.now(), ref)
        raise not_supported(self.venue, action)

    def accruals(self, positions: Mapping[Key, Decimal], market: Market, since: int, until: int) -> tuple[Effect, ...]:
        """Funding of the open perpetuals after `since` up to `until`, ms."""
        return self._funding.payments(positions, market, since, until)

    def next_accrual(self, positions: Mapping[Key, Decimal], market: Market, now: int) -> int | None:
        """The next funding time; None while no perpetual is open."""
        return self._funding.next_time(positions, market, now)

    def limits(self, action: Action) -> Limits:
        """Lot, minimum and maximum in base units, whatever the exchange counts in."""
        if isinstance(action, _TRADES):
            return limits_of(action, self._instrument(action))
        return self._transfers.limits(action) if isinstance(action, Transfer) else Limits()

    def tolerance(self, key: Key) -> Decimal:
        """Sizes are exact, as whole lots are; costs and balances are shown rounded."""
        return self._tolerances.get(key, self.settings.balance_tolerance)

    def series(self, action: Action) -> tuple[str, ...]:
        """The price; the low or high where the order may rest; the funding rate of a perpetual."""
        if not isinstance(action, _TRADES):
            return ()
        instrument = self._instrument(action)
        asked = [instrument.price]
        if may_rest(action):
            asked.append(instrument.low if action.side == "buy" else instrument.high)
        if instrument.entry:
            asked.append(instrument.funding)
        return tuple(asked)

    def _instrument(self, trade: Trade) -> Instrument:
        """The market of a trade. Raises `Denied` for one that this venue does not have."""
        place = (type(trade), trade.symbol)
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = self._found(trade)
        return known

    def _found(self, trade: Trade) -> Instrument:
        instrument = self._instruments.get(trade.symbol)
        kind = "spot" if isinstance(trade, SpotTrade) else "futures"
        if instrument is None:
            raise Denied(f"{self.venue} has no market {trade.symbol!r}; its YAML lists them under `markets`{self._meant(trade, kind)}")
        if instrument.kind != kind:
            name = type(trade).__name__
            raise Denied(f"{trade.symbol} is a {instrument.kind} market, not one for a {name}{self._meant(trade, kind)}")
        if kind not in self.settings.supported_markets:
            raise Denied(f"{self.venue} does not trade {kind}: supported_markets says {', '.join(self.settings.supported_markets)}")
        return instrument

    def _meant(self, trade: Trade, kind: str) -> str:
        return nearest(trade.symbol, (one.symbol for one in self._instruments.values() if one.kind == kind))

    def _checked(self, trade: Trade, market: Market) -> Mapping[str, str]:
        """The bounds of a trade that nothing speaks against."""
        instrument = self._instrument(trade)
        if isinstance(trade, PerpTrade):
            check_leverage(trade, self.settings.trading_parameters.max_leverage)
        price = trade.price if trade.price is not None else market.value(instrument.price)
        check_trade(trade, instrument, price)
        return bounds_of(trade, instrument, price)

    def _trade(self, step: Step, trade: Trade, view: Mapping[Key, Decimal], market: Market, ref: Ref) -> tuple[Effect, ...]:
        instrument = self._instruments[trade.symbol]
        fill = find_fill(step, trade, instrument, market, ref.since)
        # An order that rests needs its funds as well, at its limit: the exchange would refuse it on arrival.
        price, fee, at = fill if fill is not None else (trade.price or ZERO, instrument.maker, 0)
        quantity = trade.quantity or lots_paid(trade, instrument, price)
        if quantity < instrument.limits.minimum:
            raise StepFails(f"{trade.notional} {instrument.quote} no longer pay for the minimum of {instrument.symbol}: the price moved")
        if isinstance(trade, SpotTrade):
            lines = spot_lines(trade, instrument, quantity, price, fee, view, self._margin)
        else:
            lines = perpetual_lines(trade, instrument, quantity, price, fee, view, self._margin)
        return (record(Effect, (f"{ref.id}:0", ref.id, lines, at, "trade")),) if fill is not None else ()

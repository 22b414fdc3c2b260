"""One market of one account, with everything that an order on it needs, worked out once."""

from __future__ import annotations

import math
from decimal import Decimal

from attrs import frozen

from basis_venues import series
from basis_venues.amounts import ZERO
from basis_venues.keys import BALANCE, COLLATERAL, ENTRY, PERP, Key
from basis_venues.orders import Limits

from .settings import ExchangeSettings, Fees, MarketKind, MarketSettings

FUNDING = "funding/"
"""What the coins of the funding wallet, which counts apart, are called by: `ACCOUNT:balance:funding/ASSET`."""
DOLLARS = frozenset({"USD", "USDT", "USDC"})


@frozen(kw_only=True, eq=False, repr=False)
class Instrument:
    """A market and the account's positions in it.

    `held` is the key of what is traded (the base coin, or the perpetual's size), `paid` of what it is paid in (the quote coin, or the
    account that perpetuals settle in), `entry` of a perpetual's cost (empty for spot). Quantities are in base units. `tick` is the step
    of a price, `maker` and `taker` are fees as fractions, `bar_ms` is how long one bar of the price series lasts. `up` and `down` are the
    factors of a market order's slippage, `highest` and `lowest` those of its price band.
    """

    symbol: str
    kind: MarketKind
    base: str
    quote: str
    held: Key
    paid: Key
    entry: Key
    touches: tuple[Key, ...]
    limits: Limits
    tick: Decimal
    maker: Decimal
    taker: Decimal
    up: Decimal
    down: Decimal
    highest: Decimal
    lowest: Decimal
    bar_ms: int
    price: str
    low: str
    high: str
    funding: str


def settle_key(account: str, asset: str, unified: bool) -> Key:
    """Where the account's perpetuals book profit, fees and funding."""
    return f"{account}:{BALANCE if unified else COLLATERAL}:{asset}"


def wallet_key(account: str, wallet: str, asset: str, unified: bool) -> Key:
    """A coin of one of the account's own wallets: spot, futures or funding."""
    if wallet == "futures":
        return settle_key(account, asset, unified)
    return f"{account}:{BALANCE}:{FUNDING if wallet == 'funding' else ''}{asset}"


def build(symbol: str, market: MarketSettings, settings: ExchangeSettings, venue: str, account: str) -> Instrument:
    """The instrument of a symbol, under the stricter of the market's filters and the venue's static limits."""
    base, _, rest = symbol.partition("/")
    quote, _, settle = rest.partition(":")
    kind: MarketKind = "futures" if settle else "spot"
    held, paid, entry = f"{account}:{BALANCE}:{base}", f"{account}:{BALANCE}:{quote}", ""
    if settle:
        held, entry = f"{account}:{PERP}:{symbol}", f"{account}:{ENTRY}:{symbol}"
        paid = settle_key(account, settle, settings.unified)
    others = tuple(settle_key(account, asset, settings.unified or not settle) for asset in settings.fee_assets)
    fees: Fees = getattr(settings.fees, kind)
    one, slippage, band = Decimal(1), settings.slippage, settings.price_band
    return Instrument(
        symbol=symbol,
        kind=kind,
        base=base,
        quote=quote,
        held=held,
        paid=paid,
        entry=entry,
        touches=tuple(dict.fromkeys((held, entry, paid, *others) if entry else (held, paid, *others))),
        limits=_limits(market, settings, quote),
        tick=_coarser(market.tick, settings.trading_parameters.tick_size),
        maker=fees.maker if market.maker_fee is None else market.maker_fee,
        taker=fees.taker if market.taker_fee is None else market.taker_fee,
        up=one + slippage,
        down=one - slippage,
        highest=one + band,
        lowest=one - band,
        bar_ms=settings.bar_ms,
        price=series.price(venue, symbol),
        low=series.low(venue, symbol),
        high=series.high(venue, symbol),
        funding=series.funding(venue, symbol),
    )


def _limits(market: MarketSettings, settings: ExchangeSettings, quote: str) -> Limits:
    static, size = settings.trading_parameters, market.contract_size
    lot = market.lot * size
    return Limits(
        lot=lot,
        minimum=max(lot, market.minimum * size, static.min_size),
        maximum=market.maximum * size,
        minimum_notional=max(market.minimum_notional, static.min_order_size_usd if quote in DOLLARS else ZERO),
    )


def _coarser(tick: Decimal, static: Decimal) -> Decimal:
    """The smallest step that is a whole multiple of both; `tick` where there is no static one."""
    if not static:
        return tick
    scale = Decimal(10) ** -min(int(tick.as_tuple().exponent), int(static.as_tuple().exponent), 0)
    return math.lcm(int(tick * scale), int(static * scale)) / scale

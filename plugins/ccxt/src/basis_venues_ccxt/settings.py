"""What an exchange's YAML says: markets, fees, limits, wallets, and how its simulation fills orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal

from attrs import field, frozen

from basis_venues.amounts import ZERO
from basis_venues.config.venues import VenueSettings
from basis_venues.errors import ConfigurationError

MarketKind = Literal["spot", "futures"]
"""What is traded in a market: the coin itself, or a linear perpetual on it."""


@frozen(kw_only=True, eq=False, repr=False)
class MarketSettings:
    """One market's filters, as the exchange publishes them.

    `lot`, `minimum` and `maximum` count contracts of `contract_size` base units each (1 where the exchange counts base units; an
    OKX BTC contract is 0.01 BTC). `tick` is the step of a price, `minimum_notional` is in quote units; 0 stands for no limit.
    `maker_fee` and `taker_fee` are fractions of what is traded; a fee left out is that of the market's kind.
    """

    lot: Decimal
    tick: Decimal
    minimum: Decimal = ZERO
    maximum: Decimal = ZERO
    minimum_notional: Decimal = ZERO
    contract_size: Decimal = Decimal(1)
    maker_fee: Decimal | None = None
    taker_fee: Decimal | None = None


@frozen(kw_only=True, eq=False, repr=False)
class TradingParameters:
    """Static limits for every market of the venue. Where a market's own filter says otherwise, the stricter of both counts.

    `min_order_size_usd` holds where the quote is a dollar (USD, USDT, USDC); `min_size` is in base units, `tick_size` in
    quote units; `max_leverage` is the highest that an order may ask for, None for no limit.
    """

    min_order_size_usd: Decimal = ZERO
    max_leverage: Decimal | None = None
    tick_size: Decimal = ZERO
    min_size: Decimal = ZERO


@frozen(kw_only=True, eq=False, repr=False)
class Fees:
    """Fractions of what is traded, for an order that rested (`maker`) and one that did not (`taker`)."""

    maker: Decimal
    taker: Decimal


@frozen(kw_only=True, eq=False, repr=False)
class FeeSchedule:
    """The fees of each kind of market."""

    spot: Fees = Fees(maker=Decimal("0.001"), taker=Decimal("0.001"))
    futures: Fees = Fees(maker=Decimal("0.0002"), taker=Decimal("0.0005"))


@frozen(kw_only=True, eq=False, repr=False)
class AssetSettings:
    """How an asset leaves the exchange.

    `network` is the chain when the transfer names none, `withdrawal_fee` is taken on top of the amount, `minimum_withdrawal` is in
    the asset's unit, `delay_ms` is how long a simulated withdrawal is on its way.
    """

    network: str | None = None
    withdrawal_fee: Decimal = ZERO
    minimum_withdrawal: Decimal = ZERO
    delay_ms: int = 600_000


@frozen(kw_only=True, eq=False, repr=False)
class ExchangeSettings(VenueSettings):
    """Static attributes of an exchange. Raises `ConfigurationError` with every problem found.

    `markets`: by unified symbol; a symbol that is not here is refused. `assets`: what may be withdrawn, by code. `unified`: one wallet
    for spot and margin, so that perpetuals settle in `balance`; otherwise in `collateral`. `default_leverage`: where an action names
    none. `slippage`: by how much of the price a simulated market order fills worse. `price_band`: by how much of the price a market
    order may fill worse than the market stood when it was planned, before it is refused. `bar_ms`: the length of the bars of the `low` and
    `high` series. `funding_price_age_ms`: how old a price may be that values a funding payment. `balance_tolerance` and
    `entry_tolerance`: what an exchange rounds off in the figures it shows. `fee_assets`: further coins that fees may be taken in, such as
    BNB where that discount is on: an order reads their balance, too.

    Live only: `margin_mode` is what the account's perpetuals must be in, `clock_skew_ms` how far this machine's clock may be off the
    venue's, `market_age_ms` how old the venue's filters may be before they are read anew, `request_timeout_ms` how long an answer may take.
    """

    supported_markets: tuple[MarketKind, ...] = ("spot", "futures")
    trading_parameters: TradingParameters = field(factory=TradingParameters)
    fees: FeeSchedule = field(factory=FeeSchedule)
    markets: Mapping[str, MarketSettings] = field(factory=dict)
    assets: Mapping[str, AssetSettings] = field(factory=dict)
    unified: bool = False
    default_leverage: Decimal = Decimal(1)
    slippage: Decimal = Decimal("0.0005")
    price_band: Decimal = Decimal("0.02")
    bar_ms: int = 3_600_000
    funding_price_age_ms: int = 86_400_000
    balance_tolerance: Decimal = Decimal("0.00000001")
    entry_tolerance: Decimal = Decimal("0.01")
    fee_assets: tuple[str, ...] = ()
    margin_mode: Literal["cross", "isolated"] = "cross"
    clock_skew_ms: int = 500
    market_age_ms: int = 86_400_000
    request_timeout_ms: int = 15_000

    def __attrs_post_init__(self) -> None:
        problems = [*_general(self), *_of_fees(self), *_of_markets(self)]
        if problems:
            raise ConfigurationError(problems)

    def network_of(self, asset: str) -> str | None:
        """As `assets` has it."""
        return self.assets.get(asset, AssetSettings()).network


def _general(settings: ExchangeSettings) -> Iterator[str]:
    most = settings.trading_parameters.max_leverage
    if settings.default_leverage <= 0:
        yield f"default_leverage must be above zero, not {settings.default_leverage}"
    if most is not None and most < settings.default_leverage:
        yield f"default_leverage {settings.default_leverage} is above trading_parameters.max_leverage {most}"
    if not 0 <= settings.slippage <= settings.price_band < 1:
        yield f"slippage {settings.slippage} must not be above price_band {settings.price_band}, both from 0 to below 1"
    if settings.bar_ms <= 0 or settings.funding_price_age_ms < 0:
        yield "bar_ms must be above zero and funding_price_age_ms not below"
    if settings.request_timeout_ms <= 0 or settings.clock_skew_ms < 0 or settings.market_age_ms < 0:
        yield "request_timeout_ms must be above zero, clock_skew_ms and market_age_ms not below"
    if settings.balance_tolerance < 0 or settings.entry_tolerance < 0:
        yield "balance_tolerance and entry_tolerance must not be below zero"


def _of_fees(settings: ExchangeSettings) -> Iterator[str]:
    named = {
        "fees.spot": (settings.fees.spot.maker, settings.fees.spot.taker),
        "fees.futures": (settings.fees.futures.maker, settings.fees.futures.taker),
        **{f"markets.{symbol}": (market.maker_fee, market.taker_fee) for symbol, market in settings.markets.items()},
    }
    for where, rates in named.items():
        for rate in rates:
            if rate is not None and not 0 <= rate < 1:
                yield f"{where}: a fee is a fraction from 0 to below 1, not {rate} (rebates are not modelled)"


def _of_markets(settings: ExchangeSettings) -> Iterator[str]:
    for symbol, market in settings.markets.items():
        pair, _, settle = symbol.partition(":")
        base, _, quote = pair.partition("/")
        if not base or not quote or ":" in settle or (":" in symbol and settle != quote):
            yield f"markets: {symbol!r} is neither spot (BTC/USDT) nor a linear perpetual (BTC/USDT:USDT)"
        if market.lot <= 0 or market.tick <= 0 or market.contract_size <= 0:
            yield f"markets.{symbol}: lot, tick and contract_size must be above zero"

"""Bybit's public answers: instruments, tickers, books."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...core import Exchange, Market, Refused, Why
from ..call import Call
from ..text import plain


def name(market: Market) -> str:
    """`BTCUSDT`, of spot and perpetual alike; the category tells them apart."""
    return market.base + market.quote


def is_spot(call: Call) -> bool:
    """Whether the request is about the category `spot`."""
    return call.maybe("category") == "spot"


def market_of(exchange: Exchange, symbol: str, swap: bool) -> Market:
    """The market that a symbol of the wire stands for. Raises `Refused`."""
    for market in exchange.books.markets.values():
        if market.swap == swap and name(market) == symbol:
            return market
    raise Refused(Why.UNKNOWN_SYMBOL, symbol)


def asked(call: Call) -> Market:
    """The market that the request names. Raises `Refused`."""
    category = call.text("category")
    if category not in ("spot", "linear"):
        raise Refused(Why.BAD_PARAMETER, "category")
    return market_of(call.exchange, call.text("symbol"), category == "linear")


def chosen(call: Call) -> Iterable[Market]:
    """The markets that the request is about: of its category, and of its symbol if it names one. Raises `Refused`."""
    category = call.maybe("category") or "linear"
    if category not in ("spot", "linear") or call.maybe("status") not in ("", "Trading"):
        return []
    if call.maybe("symbol"):
        return [market_of(call.exchange, call.text("symbol"), category == "linear")]
    return [market for market in call.exchange.books.markets.values() if market.swap == (category == "linear")]


def page(call: Call, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The list envelope; everything is on one page."""
    return {"category": call.maybe("category") or "linear", "list": rows, "nextPageCursor": ""}


def instruments(call: Call) -> dict[str, Any]:
    """GET market/instruments-info."""
    return page(call, [_swap_row(each) if each.swap else _spot_row(each) for each in chosen(call)])


def time(call: Call) -> dict[str, Any]:
    """GET market/time."""
    return {"timeSecond": str(call.now // 1000), "timeNano": str(call.now * 1_000_000)}


def tickers(call: Call) -> dict[str, Any]:
    """GET market/tickers."""
    return page(call, [_ticker(call, each) for each in chosen(call)])


def orderbook(call: Call) -> dict[str, Any]:
    """GET market/orderbook: the one level there is."""
    market = asked(call)
    quote = call.exchange.books.quotes[market.symbol]
    sizes = [plain(size if size is not None else market.maximum) for size in (quote.ask_size, quote.bid_size)]
    return {"s": name(market), "a": [[plain(quote.ask), sizes[0]]], "b": [[plain(quote.bid), sizes[1]]], "ts": call.now, "u": 1, "seq": 2,
            "cts": call.now}  # fmt: skip


def risk_limit(call: Call) -> dict[str, Any]:
    """GET market/risk-limit."""
    return page(call, [{
        "id": 1, "symbol": name(each), "riskLimitValue": "1000000000", "maintenanceMargin": "0.005", "initialMargin": "0.01",
        "isLowestRisk": 1, "maxLeverage": str(each.max_leverage), "mmDeduction": "",
    } for each in chosen(call)])  # fmt: skip


def _ticker(call: Call, market: Market) -> dict[str, Any]:
    books = call.exchange.books
    quote, every = books.quotes[market.symbol], books.settings.funding_hours * 3_600_000
    price = plain(quote.mark)
    row = {
        "symbol": name(market), "lastPrice": price, "prevPrice24h": price, "price24hPcnt": "0", "highPrice24h": price, "lowPrice24h": price,
        "turnover24h": "1000000", "volume24h": "20", "bid1Price": plain(quote.bid), "bid1Size": "2", "ask1Price": plain(quote.ask),
        "ask1Size": "1",
    }  # fmt: skip
    if not market.swap:
        return row | {"usdIndexPrice": price}
    return row | {
        "indexPrice": price, "markPrice": price, "openInterest": "1", "openInterestValue": price,
        "fundingRate": plain(books.funding_rates[market.symbol]), "nextFundingTime": str(books.now - books.now % every + every),
        "fundingIntervalHour": str(books.settings.funding_hours),
    }  # fmt: skip


def _spot_row(market: Market) -> dict[str, Any]:
    return {
        "symbol": name(market), "baseCoin": market.base, "quoteCoin": market.quote, "innovation": "0",
        "status": "Trading" if market.trading else "Closed", "marginTrading": "none", "stTag": "0",
        "lotSizeFilter": {
            "basePrecision": plain(market.lot), "quotePrecision": "0.0000001", "minOrderQty": plain(market.minimum),
            "maxOrderQty": plain(market.maximum), "minOrderAmt": plain(market.minimum_notional), "maxOrderAmt": "8000000",
            "maxLimitOrderQty": plain(market.maximum), "maxMarketOrderQty": plain(market.maximum),
            "postOnlyMaxLimitOrderSize": plain(market.maximum),
        },
        "priceFilter": {"tickSize": plain(market.tick)},
        "riskParameters": {"priceLimitRatioX": plain(market.band), "priceLimitRatioY": plain(2 * market.band)},
    }  # fmt: skip


def _swap_row(market: Market) -> dict[str, Any]:
    return {
        "symbol": name(market), "contractType": "LinearPerpetual", "status": "Trading" if market.trading else "Closed",
        "baseCoin": market.base, "quoteCoin": market.quote, "launchTime": "1584230400000", "deliveryTime": "0", "deliveryFeeRate": "",
        "priceScale": "2", "leverageFilter": {"minLeverage": "1", "maxLeverage": f"{market.max_leverage}.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": plain(market.tick), "maxPrice": "1999999.80", "tickSize": plain(market.tick)},
        "lotSizeFilter": {
            "maxOrderQty": plain(market.maximum), "minOrderQty": plain(market.minimum), "qtyStep": plain(market.lot),
            "postOnlyMaxOrderQty": plain(market.maximum), "maxMktOrderQty": plain(market.maximum),
            "minNotionalValue": plain(market.minimum_notional),
        },
        "unifiedMarginTrade": True, "fundingInterval": 480, "settleCoin": market.quote, "copyTrading": "both", "upperFundingRate": "0.005",
        "lowerFundingRate": "-0.005", "isPreListing": False, "preListingInfo": None,
        "riskParameters": {"priceLimitRatioX": plain(market.band), "priceLimitRatioY": plain(market.band)},
    }  # fmt: skip

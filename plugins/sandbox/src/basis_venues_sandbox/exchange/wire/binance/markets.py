"""Binance's public answers: filters, prices, books."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ...core import Exchange, Market, Refused, Why
from ..call import Call
from ..text import plain

_DAY = 86_400_000
_SPOT_TYPES = ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"]
_SWAP_TYPES = ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"]


def is_futures(call: Call) -> bool:
    """Whether the path is that of the futures product."""
    return call.path.startswith("/fapi/")


def name(market: Market) -> str:
    """`BTCUSDT`, of spot and perpetual alike."""
    return market.base + market.quote


def market_of(exchange: Exchange, symbol: str, swap: bool) -> Market:
    """The market that a symbol of the wire stands for. Raises `Refused`."""
    for market in exchange.books.markets.values():
        if market.swap == swap and name(market) == symbol:
            return market
    raise Refused(Why.UNKNOWN_SYMBOL, symbol)


def asked(call: Call) -> Market:
    """The market that the request names. Raises `Refused`."""
    return market_of(call.exchange, call.text("symbol"), is_futures(call))


def chosen(call: Call) -> Iterable[Market]:
    """The markets that the request names, all of the product when it names none. Raises `Refused`."""
    if call.maybe("symbols"):
        return [market_of(call.exchange, symbol, is_futures(call)) for symbol in json.loads(call.maybe("symbols"))]
    if call.maybe("symbol"):
        return [asked(call)]
    return [market for market in call.exchange.books.markets.values() if market.swap == is_futures(call)]


def exchange_info(call: Call) -> dict[str, Any]:
    """GET api/v3/exchangeInfo, fapi/v1/exchangeInfo."""
    row = _swap_row if is_futures(call) else _spot_row
    limits = [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400 if is_futures(call) else 6000}]
    return {
        "timezone": "UTC", "serverTime": call.now, "rateLimits": limits, "exchangeFilters": [], "assets": [],
        "symbols": [row(market) for market in chosen(call)],
    }  # fmt: skip


def nothing_listed(call: Call) -> dict[str, Any]:
    """GET dapi/v1/exchangeInfo: no inverse contracts here."""
    return {"timezone": "UTC", "serverTime": call.now, "rateLimits": [], "exchangeFilters": [], "symbols": []}


def time(call: Call) -> dict[str, Any]:
    """GET api/v3/time, fapi/v1/time."""
    return {"serverTime": call.now}


def last_price(call: Call) -> Any:
    """GET ticker/price."""
    quotes = call.exchange.books.quotes
    rows = [{"symbol": name(each), "price": plain(quotes[each.symbol].mark), **_moment(call, each)} for each in chosen(call)]
    return rows[0] if call.maybe("symbol") else rows


def book_ticker(call: Call) -> Any:
    """GET ticker/bookTicker."""
    rows = [_book_row(call, each) for each in chosen(call)]
    return rows[0] if call.maybe("symbol") else rows


def day_ticker(call: Call) -> Any:
    """GET ticker/24hr. Only spot shows bid and ask."""
    rows = [_day_row(call, each) for each in chosen(call)]
    return rows[0] if call.maybe("symbol") else rows


def depth(call: Call) -> dict[str, Any]:
    """GET depth: the one level there is."""
    row = _book_row(call, asked(call))
    moment = {"E": call.now, "T": call.now} if is_futures(call) else {}
    return {"lastUpdateId": 1, **moment, "bids": [[row["bidPrice"], row["bidQty"]]], "asks": [[row["askPrice"], row["askQty"]]]}


def premium_index(call: Call) -> Any:
    """GET fapi/v1/premiumIndex: mark price and the funding to come."""
    rows = [_premium_row(call, each) for each in chosen(call)]
    return rows[0] if call.maybe("symbol") else rows


def funding_info(call: Call) -> list[dict[str, Any]]:
    """GET fapi/v1/fundingInfo."""
    hours = call.exchange.books.settings.funding_hours
    return [{"symbol": name(each), "fundingIntervalHours": hours, "adjustedFundingRateCap": "0.02", "adjustedFundingRateFloor": "-0.02"}
            for each in chosen(call)]  # fmt: skip


def _moment(call: Call, market: Market) -> dict[str, Any]:
    """Only futures say when."""
    return {"time": call.now} if market.swap else {}


def _book_row(call: Call, market: Market) -> dict[str, Any]:
    quote = call.exchange.books.quotes[market.symbol]
    bid_size, ask_size = (plain(size if size is not None else market.maximum) for size in (quote.bid_size, quote.ask_size))
    book = {"bidPrice": plain(quote.bid), "bidQty": bid_size, "askPrice": plain(quote.ask), "askQty": ask_size}
    return {"symbol": name(market), **book, **_moment(call, market)}


def _day_row(call: Call, market: Market) -> dict[str, Any]:
    price = plain(call.exchange.books.quotes[market.symbol].mark)
    book = {} if market.swap else _book_row(call, market)
    return {
        **book, "symbol": name(market), "priceChange": "0", "priceChangePercent": "0", "weightedAvgPrice": price, "prevClosePrice": price,
        "lastPrice": price, "lastQty": "1", "openPrice": price, "highPrice": price, "lowPrice": price, "volume": "1000",
        "quoteVolume": "1000000", "openTime": call.now - _DAY, "closeTime": call.now, "firstId": 1, "lastId": 2, "count": 2,
    }  # fmt: skip


def _premium_row(call: Call, market: Market) -> dict[str, Any]:
    books = call.exchange.books
    price, every = plain(books.quotes[market.symbol].mark), books.settings.funding_hours * 3_600_000
    return {
        "symbol": name(market), "markPrice": price, "indexPrice": price, "estimatedSettlePrice": price,
        "lastFundingRate": plain(books.funding_rates[market.symbol]), "interestRate": "0.0001",
        "nextFundingTime": books.now - books.now % every + every, "time": call.now,
    }  # fmt: skip


def _spot_row(market: Market) -> dict[str, Any]:
    filters = [
        {"filterType": "PRICE_FILTER", "minPrice": plain(market.tick), "maxPrice": "1000000", "tickSize": plain(market.tick)},
        {"filterType": "LOT_SIZE", "minQty": plain(market.minimum), "maxQty": plain(market.maximum), "stepSize": plain(market.lot)},
        {"filterType": "MARKET_LOT_SIZE", "minQty": "0", "maxQty": plain(market.maximum), "stepSize": "0"},
        {"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": plain(1 + market.band), "bidMultiplierDown": "0.2",
         "askMultiplierUp": plain(1 + market.band), "askMultiplierDown": "0.2", "avgPriceMins": 5},
        {"filterType": "NOTIONAL", "minNotional": plain(market.minimum_notional), "applyMinToMarket": True, "maxNotional": "9000000",
         "applyMaxToMarket": False, "avgPriceMins": 5},
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
    ]  # fmt: skip
    return {
        "symbol": name(market), "status": "TRADING" if market.trading else "BREAK", "baseAsset": market.base, "baseAssetPrecision": 8,
        "quoteAsset": market.quote, "quotePrecision": 8, "quoteAssetPrecision": 8, "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8, "orderTypes": _SPOT_TYPES, "icebergAllowed": True, "ocoAllowed": True, "otoAllowed": True,
        "quoteOrderQtyMarketAllowed": True, "allowTrailingStop": True, "cancelReplaceAllowed": True, "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False, "filters": filters, "permissions": [], "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER", "allowedSelfTradePreventionModes": ["EXPIRE_MAKER"],
    }  # fmt: skip


def _swap_row(market: Market) -> dict[str, Any]:
    filters = [
        {"filterType": "PRICE_FILTER", "tickSize": plain(market.tick), "minPrice": plain(market.tick), "maxPrice": "809484"},
        {"filterType": "LOT_SIZE", "stepSize": plain(market.lot), "maxQty": plain(market.maximum), "minQty": plain(market.minimum)},
        {"filterType": "MARKET_LOT_SIZE", "maxQty": plain(market.maximum), "stepSize": plain(market.lot), "minQty": plain(market.minimum)},
        {"filterType": "MAX_NUM_ORDERS", "limit": 200},
        {"filterType": "MIN_NOTIONAL", "notional": plain(market.minimum_notional)},
        {"filterType": "PERCENT_PRICE", "multiplierDown": plain(1 - market.band), "multiplierUp": plain(1 + market.band),
         "multiplierDecimal": "4"},
    ]  # fmt: skip
    return {
        "symbol": name(market), "pair": name(market), "contractType": "PERPETUAL", "deliveryDate": 4133404800000,
        "onboardDate": 1569398400000, "status": "TRADING" if market.trading else "CLOSE", "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000", "baseAsset": market.base, "quoteAsset": market.quote, "marginAsset": market.quote,
        "pricePrecision": 2, "quantityPrecision": 3, "baseAssetPrecision": 8, "quotePrecision": 8, "underlyingType": "COIN",
        "underlyingSubType": ["PoW"], "triggerProtect": "0.0500", "liquidationFee": "0.012500", "marketTakeBound": "0.05",
        "filters": filters, "orderTypes": _SWAP_TYPES, "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    }  # fmt: skip

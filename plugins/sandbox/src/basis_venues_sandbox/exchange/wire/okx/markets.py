"""OKX's public answers: instruments, tickers, books. Swaps are counted in contracts."""

from __future__ import annotations

from typing import Any

from ...core import Exchange, Market, Refused, Why
from ..call import Call
from ..text import plain

_HOUR = 3_600_000


def name(market: Market) -> str:
    """`BTC-USDT`, `BTC-USDT-SWAP`."""
    return f"{market.base}-{market.quote}" + ("-SWAP" if market.swap else "")


def kind(market: Market) -> str:
    """`SPOT` or `SWAP`."""
    return "SWAP" if market.swap else "SPOT"


def market_of(exchange: Exchange, instrument: str) -> Market:
    """The market that an instrument id stands for. Raises `Refused`."""
    for market in exchange.books.markets.values():
        if name(market) == instrument:
            return market
    raise Refused(Why.UNKNOWN_SYMBOL, instrument)


def asked(call: Call) -> Market:
    """The market that the request names. Raises `Refused`."""
    return market_of(call.exchange, call.text("instId"))


def chosen(call: Call) -> list[Market]:
    """The markets that the request is about. Raises `Refused`."""
    if call.maybe("instId"):
        return [asked(call)]
    wanted = call.maybe("instType")
    return [market for market in call.exchange.books.markets.values() if wanted in ("", "ANY", kind(market))]


def instruments(call: Call) -> list[dict[str, Any]]:
    """GET public/instruments."""
    call.text("instType")
    return [_instrument(each) for each in chosen(call)]


def time(call: Call) -> list[dict[str, Any]]:
    """GET public/time."""
    return [{"ts": str(call.now)}]


def tickers(call: Call) -> list[dict[str, Any]]:
    """GET market/ticker, market/tickers."""
    return [_ticker(call, each) for each in chosen(call)]


def books(call: Call) -> list[dict[str, Any]]:
    """GET market/books: the one level there is."""
    market = asked(call)
    quote = call.exchange.books.quotes[market.symbol]
    sizes = [plain((size if size is not None else market.maximum) / market.contract) for size in (quote.ask_size, quote.bid_size)]
    return [
        {
            "asks": [[plain(quote.ask), sizes[0], "0", "1"]],
            "bids": [[plain(quote.bid), sizes[1], "0", "1"]],
            "ts": str(call.now),
            "seqId": 1,
        }
    ]


def funding_rate(call: Call) -> list[dict[str, Any]]:
    """GET public/funding-rate."""
    market, every = asked(call), call.exchange.books.settings.funding_hours * _HOUR
    if not market.swap:
        raise Refused(Why.UNKNOWN_SYMBOL, market.symbol)
    now = call.exchange.books.now
    due = now - now % every + every
    return [{
        "instId": name(market), "instType": "SWAP", "fundingRate": plain(call.exchange.books.funding_rates[market.symbol]),
        "fundingTime": str(due), "nextFundingRate": "", "nextFundingTime": str(due + every), "method": "current_period",
        "settState": "settled", "ts": str(call.now), "minFundingRate": "-0.02", "maxFundingRate": "0.02", "premium": "0",
        "settFundingRate": "0", "formulaType": "noRate", "interestRate": "0.0001", "impactValue": "10000",
    }]  # fmt: skip


def mark_price(call: Call) -> list[dict[str, Any]]:
    """GET public/mark-price."""
    quotes = call.exchange.books.quotes
    return [
        {"instType": kind(each), "instId": name(each), "markPx": plain(quotes[each.symbol].mark), "ts": str(call.now)}
        for each in chosen(call)
    ]


def position_tiers(call: Call) -> list[dict[str, Any]]:
    """GET public/position-tiers."""
    return [{
        "baseMaxLoan": "", "imr": "0.01", "instFamily": f"{each.base}-{each.quote}", "instId": name(each),
        "maxLever": str(each.max_leverage),
        "maxSz": "1000000", "minSz": "0", "mmr": "0.004", "optMgnFactor": "", "quoteMaxLoan": "", "tier": "1", "uly": "",
    } for each in call.exchange.books.markets.values() if each.swap]  # fmt: skip


def _ticker(call: Call, market: Market) -> dict[str, Any]:
    quote = call.exchange.books.quotes[market.symbol]
    price = plain(quote.mark)
    return {
        "instType": kind(market), "instId": name(market), "last": price, "lastSz": "0.1", "askPx": plain(quote.ask), "askSz": "1",
        "bidPx": plain(quote.bid), "bidSz": "2", "open24h": price, "high24h": price, "low24h": price, "volCcy24h": "1000000",
        "vol24h": "20", "ts": str(call.now), "sodUtc0": price, "sodUtc8": price,
    }  # fmt: skip


def _instrument(market: Market) -> dict[str, Any]:
    lot, least, most = (plain(each / market.contract) for each in (market.lot, market.minimum, market.maximum))
    swap = market.swap
    pair = f"{market.base}-{market.quote}"
    return {
        "alias": "", "auctionEndTime": "", "baseCcy": "" if swap else market.base, "category": "1", "contTdSwTime": "",
        "ctMult": "1" if swap else "", "ctType": "linear" if swap else "", "ctVal": plain(market.contract) if swap else "",
        "ctValCcy": market.base if swap else "", "expTime": "", "futureSettlement": False, "instFamily": pair if swap else "",
        "instId": name(market), "instIdCode": "10000002" if swap else "10000001", "instType": kind(market),
        "lever": str(market.max_leverage) if swap else "10", "listTime": "1606468572000", "lotSz": lot, "maxIcebergSz": "100000000",
        "maxLmtAmt": "20000000", "maxLmtSz": most, "maxMktAmt": "" if swap else "1000000", "maxMktSz": most if swap else "1000000",
        "maxStopSz": most, "maxTriggerSz": "100000000", "maxTwapSz": "100000000", "minSz": least, "openType": "",
        "optType": "", "quoteCcy": "" if swap else market.quote, "ruleType": "normal", "settleCcy": market.quote if swap else "",
        "state": "live" if market.trading else "suspend", "stk": "", "tickSz": plain(market.tick), "uly": pair if swap else "",
    }  # fmt: skip

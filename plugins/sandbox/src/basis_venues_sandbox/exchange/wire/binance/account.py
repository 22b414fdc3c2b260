"""Binance's accounts: spot balances, the futures wallet, positions, income, settings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ...core import Books, Market, Refused, Why
from ...core.margin import Standing, locked, standing
from ..call import Call
from ..listing import fills
from ..text import plain
from .markets import asked, chosen, is_futures, name
from .windows import window

ZERO = Decimal(0)
_DONE = {"code": 200, "msg": "success"}


def spot_account(call: Call) -> dict[str, Any]:
    """GET api/v3/account: `canTrade` is of the account, whatever the key may do."""
    books = call.exchange.books
    market = next(each for each in books.markets.values() if not each.swap)
    held = books.ledger.wallet("spot")
    names = held if call.maybe("omitZeroBalances") == "true" else {**dict.fromkeys(books.rules.coins, ZERO), **held}
    resting = list(call.exchange.desk.resting())
    balances = []
    for asset, amount in sorted(names.items()):
        kept = locked(books, resting, "spot", asset)
        balances.append({"asset": asset, "free": plain(amount - kept), "locked": plain(kept)})
    rates = {"maker": plain(market.maker), "taker": plain(market.taker), "buyer": "0", "seller": "0"}
    return {
        "makerCommission": 10, "takerCommission": 10, "commissionRates": rates, "canTrade": True,
        "canWithdraw": True, "canDeposit": True, "brokered": False, "requireSelfTradePrevention": False, "updateTime": books.now,
        "accountType": "SPOT", "balances": balances, "permissions": ["SPOT"], "uid": 1,
    }  # fmt: skip


def futures_account(call: Call) -> dict[str, Any]:
    """GET fapi/v3/account."""
    figures = _standing(call)
    return {
        "totalInitialMargin": plain(figures.position_margin + figures.order_margin), "totalMaintMargin": "0",
        "totalWalletBalance": plain(figures.balance), "totalUnrealizedProfit": plain(figures.unrealised),
        "totalMarginBalance": plain(figures.equity), "totalPositionInitialMargin": plain(figures.position_margin),
        "totalOpenOrderInitialMargin": plain(figures.order_margin), "totalCrossWalletBalance": plain(figures.balance),
        "totalCrossUnPnl": plain(figures.unrealised), "availableBalance": plain(figures.available),
        "maxWithdrawAmount": plain(min(figures.available, max(figures.balance, ZERO))), "canTrade": True, "canDeposit": True,
        "canWithdraw": True, "assets": [_asset_row(call, figures)], "positions": [_account_position(call, each) for each in _open(call)],
    }  # fmt: skip


def futures_balance(call: Call) -> list[dict[str, Any]]:
    """GET fapi/v3/balance."""
    figures = _standing(call)
    return [{
        "accountAlias": "sandbox", "asset": "USDT", "balance": plain(figures.balance), "crossWalletBalance": plain(figures.balance),
        "crossUnPnl": plain(figures.unrealised), "availableBalance": plain(figures.available),
        "maxWithdrawAmount": plain(min(figures.available, max(figures.balance, ZERO))), "marginAvailable": True,
        "updateTime": call.exchange.books.now,
    }]  # fmt: skip


def positions(call: Call) -> list[dict[str, Any]]:
    """GET fapi/v3/positionRisk: only what is open."""
    wanted = {each.symbol for each in chosen(call)}
    return [_position_row(call, market) for market in _open(call) if market.symbol in wanted]


def income(call: Call) -> list[dict[str, Any]]:
    """GET fapi/v1/income: funding, realised profit, fees and transfers, oldest first."""
    first, last = window(call)
    wanted = {each.symbol for each in chosen(call)}
    rows = [_income(call, "FUNDING_FEE", each.symbol, each.amount, each.at, each.id) for each in call.exchange.payments]
    for fill in fills(call, {market.symbol for market in call.exchange.books.markets.values() if market.swap}):
        rows.append(_income(call, "COMMISSION", fill.symbol, -fill.fee, fill.at, fill.id, fill.fee_asset))
        if fill.realised:
            rows.append(_income(call, "REALIZED_PNL", fill.symbol, fill.realised, fill.at, fill.id))
    for entry in call.exchange.books.ledger.entries:
        if entry.kind == "transfer" and entry.wallet == "futures":
            rows.append(_income(call, "TRANSFER", "", entry.amount, entry.at, int(entry.ref), entry.asset))
    symbols = {name(call.exchange.books.markets[symbol]) for symbol in wanted} | {""}
    kind = call.maybe("incomeType")
    rows = [row for row in rows if kind in ("", row["incomeType"]) and row["symbol"] in symbols and first <= row["time"] <= last]
    if call.maybe("symbol"):
        rows = [row for row in rows if row["symbol"]]
    return sorted(rows, key=lambda row: (row["time"], row["tranId"]))[: min(call.whole("limit", 100), 1000)]


def set_leverage(call: Call) -> dict[str, Any]:
    """POST fapi/v1/leverage."""
    market, leverage = asked(call), call.number("leverage")
    try:
        call.exchange.set_leverage(market.symbol, leverage)
    except Refused as refused:
        raise Refused(refused.why, plain(leverage)) from refused
    return {"leverage": int(leverage), "maxNotionalValue": "1000000", "symbol": name(market)}


def set_margin_type(call: Call) -> dict[str, Any]:
    """POST fapi/v1/marginType."""
    modes = {"CROSSED": "cross", "ISOLATED": "isolated"}
    mode = modes.get(call.text("marginType"))
    if mode is None:
        raise Refused(Why.BAD_PARAMETER, "marginType")
    call.exchange.set_margin_mode(asked(call).symbol, mode)
    return _DONE


def set_position_mode(call: Call) -> dict[str, Any]:
    """POST fapi/v1/positionSide/dual."""
    call.exchange.set_hedge_mode(call.text("dualSidePosition") == "true")
    return _DONE


def position_mode(call: Call) -> dict[str, Any]:
    """GET fapi/v1/positionSide/dual."""
    return {"dualSidePosition": call.exchange.books.settings.hedge_mode}


def symbol_config(call: Call) -> list[dict[str, Any]]:
    """GET fapi/v1/symbolConfig."""
    books = call.exchange.books
    return [{
        "symbol": name(each), "marginType": "ISOLATED" if books.margin_mode.get(each.symbol) == "isolated" else "CROSSED",
        "isAutoAddMargin": False, "leverage": int(books.leverage_of(each.symbol)), "maxNotionalValue": "1000000",
    } for each in chosen(call)]  # fmt: skip


def account_config(call: Call) -> dict[str, Any]:
    """GET fapi/v1/accountConfig: of the account, whatever the key may do."""
    return {
        "feeTier": 0, "canTrade": True, "canDeposit": True, "canWithdraw": True,
        "dualSidePosition": call.exchange.books.settings.hedge_mode, "updateTime": 0, "multiAssetsMargin": False, "tradeGroupId": -1,
    }  # fmt: skip


def leverage_brackets(call: Call) -> list[dict[str, Any]]:
    """GET fapi/v1/leverageBracket."""
    return [{"symbol": name(each), "notionalCoef": 1.0, "brackets": [
        {"bracket": 1, "initialLeverage": each.max_leverage, "notionalCap": 1000000000, "notionalFloor": 0, "maintMarginRatio": 0.004,
        "cum": 0.0}
    ]} for each in chosen(call)]  # fmt: skip


def commission(call: Call) -> dict[str, Any]:
    """GET fapi/v1/commissionRate, api/v3/account/commission."""
    market = asked(call)
    maker, taker = plain(market.maker), plain(market.taker)
    if is_futures(call):
        return {"symbol": name(market), "makerCommissionRate": maker, "takerCommissionRate": taker}
    nothing = {"maker": "0", "taker": "0", "buyer": "0", "seller": "0"}
    return {
        "symbol": name(market), "standardCommission": {"maker": maker, "taker": taker, "buyer": "0", "seller": "0"},
        "specialCommission": nothing, "taxCommission": nothing,
        "discount": {"enabledForAccount": False, "enabledForSymbol": False, "discountAsset": "BNB", "discount": "0.75"},
    }  # fmt: skip


def _standing(call: Call) -> Standing:
    return standing(call.exchange.books, call.exchange.desk.resting(), "futures", "USDT")


def _open(call: Call) -> list[Market]:
    books = call.exchange.books
    return [books.markets[symbol] for symbol, position in books.positions.items() if position.size]


def _asset_row(call: Call, figures: Standing) -> dict[str, Any]:
    return {
        "asset": "USDT", "walletBalance": plain(figures.balance), "unrealizedProfit": plain(figures.unrealised),
        "marginBalance": plain(figures.equity), "maintMargin": "0", "initialMargin": plain(figures.position_margin + figures.order_margin),
        "positionInitialMargin": plain(figures.position_margin), "openOrderInitialMargin": plain(figures.order_margin),
        "crossWalletBalance": plain(figures.balance), "crossUnPnl": plain(figures.unrealised), "availableBalance": plain(figures.available),
        "maxWithdrawAmount": plain(min(figures.available, max(figures.balance, ZERO))), "updateTime": call.exchange.books.now,
    }  # fmt: skip


def _account_position(call: Call, market: Market) -> dict[str, Any]:
    row = _position_row(call, market)
    return {
        "symbol": row["symbol"], "positionSide": "BOTH", "positionAmt": row["positionAmt"], "unrealizedProfit": row["unRealizedProfit"],
        "isolatedMargin": "0", "notional": row["notional"], "isolatedWallet": "0", "initialMargin": row["initialMargin"],
        "maintMargin": row["maintMargin"], "updateTime": row["updateTime"],
    }  # fmt: skip


def _position_row(call: Call, market: Market) -> dict[str, Any]:
    books: Books = call.exchange.books
    position, mark = books.position(market.symbol), books.quotes[market.symbol].mark
    notional = position.size * mark
    margin = abs(notional) / books.leverage_of(market.symbol)
    return {
        "symbol": name(market), "positionSide": "BOTH", "positionAmt": plain(position.size), "entryPrice": plain(position.entry),
        "breakEvenPrice": plain(position.entry), "markPrice": plain(mark), "unRealizedProfit": plain(position.profit(mark)),
        "liquidationPrice": "0", "isolatedMargin": "0", "notional": plain(notional), "marginAsset": market.quote, "isolatedWallet": "0",
        "initialMargin": plain(margin), "maintMargin": plain(abs(notional) * Decimal("0.004")), "positionInitialMargin": plain(margin),
        "openOrderInitialMargin": "0", "adl": 2, "bidNotional": "0", "askNotional": "0", "updateTime": position.updated,
    }  # fmt: skip


def _income(call: Call, kind: str, symbol: str, amount: Decimal, at: int, number: int, asset: str = "USDT") -> dict[str, Any]:
    return {
        "symbol": name(call.exchange.books.markets[symbol]) if symbol else "", "incomeType": kind, "income": plain(amount), "asset": asset,
        "info": "", "time": at, "tranId": number, "tradeId": str(number) if kind in ("COMMISSION", "REALIZED_PNL") else "",
    }  # fmt: skip

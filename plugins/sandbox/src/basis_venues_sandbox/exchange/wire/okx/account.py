"""OKX's trading account: balances, positions, bills, settings, rights of the key."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ...core import Entry, Fill, Market, Payment, Refused, Why
from ...core.margin import standing
from ...keys import FUTURES, SPOT, WITHDRAW
from ..call import Call
from ..listing import DAY, changes
from ..text import plain
from .markets import asked, chosen, kind, name
from .pages import QUARTER, page

ZERO = Decimal(0)
_BILLS = {"transfer": "1", "trade": "2", "funding": "8", "deposit": "1"}
_IN, _OUT = ("6", "18", "11", "From Funding Account"), ("18", "6", "12", "To Funding Account")
"""What a transfer's bill says of its direction: from, to, subType, notes."""


def balance(call: Call) -> list[dict[str, Any]]:
    """GET account/balance."""
    books = call.exchange.books
    wanted = [each for each in call.maybe("ccy").split(",") if each] or sorted(books.ledger.wallet("trading"))
    details = [_detail(call, asset) for asset in wanted]
    total = plain(sum((Decimal(row["eq"]) for row in details if row["ccy"] == "USDT"), ZERO))
    now = str(books.now)
    return [{"uTime": now, "totalEq": total, "adjEq": "", "isoEq": "0", "ordFroz": "0", "imr": "", "mmr": "", "mgnRatio": "",
    "notionalUsd": "",
             "details": details}]  # fmt: skip


def positions(call: Call) -> list[dict[str, Any]]:
    """GET account/positions: what is open."""
    return [_position(call, each) for each in chosen(call) if each.swap and call.exchange.books.position(each.symbol).size]


def bills(call: Call) -> list[dict[str, Any]]:
    """GET account/bills (seven days), bills-archive (three months): the latest first."""
    asked_for = ("type", "ccy", "instType")
    wanted = {name: call.maybe(name) for name in asked_for if call.maybe(name)}
    begin = call.whole("begin", 0)
    rows = (_bill(call, entry, cause) for entry, cause in changes(call, "trading") if entry.at >= begin)
    shown = (row for row in rows if all(row[name] == value for name, value in wanted.items()))
    return page(call, shown, "billId", kept=QUARTER if call.path.endswith("archive") else 7 * DAY)


def config(call: Call) -> list[dict[str, Any]]:
    """GET account/config."""
    settings = call.exchange.books.settings
    rights = call.key.rights if call.key else frozenset()
    perm = ["read_only"] + (["trade"] if rights & {SPOT, FUTURES} else []) + (["withdraw"] if WITHDRAW in rights else [])
    return [{
        "uid": "1", "mainUid": "1", "acctLv": str(settings.account_level),
        "posMode": "long_short_mode" if settings.hedge_mode else "net_mode",
        "autoLoan": False, "greeksType": "PA", "level": "Lv1", "levelTmp": "", "ctIsoMode": "automatic", "mgnIsoMode": "automatic",
        "spotOffsetType": "", "roleType": "0", "traderInsts": [], "spotRoleType": "0", "spotTraderInsts": [], "opAuth": "0", "kycLv": "3",
        "label": "sandbox", "ip": "127.0.0.1", "perm": ",".join(perm), "enableSpotBorrow": False, "spotBorrowAutoRepay": False, "type": "0",
    }]  # fmt: skip


def leverage_info(call: Call) -> list[dict[str, Any]]:
    """GET account/leverage-info."""
    return [_leverage(call, each, call.text("mgnMode")) for each in chosen(call) if each.swap]


def set_leverage(call: Call) -> list[dict[str, Any]]:
    """POST account/set-leverage: the mode is part of it."""
    market, mode = asked(call), call.text("mgnMode")
    if mode not in ("cross", "isolated"):
        raise Refused(Why.BAD_PARAMETER, "mgnMode")
    call.exchange.set_leverage(market.symbol, call.number("lever"))
    return [_leverage(call, market, mode)]


def set_position_mode(call: Call) -> list[dict[str, Any]]:
    """POST account/set-position-mode: what is so already is no error."""
    hedge = call.text("posMode") == "long_short_mode"
    if call.exchange.books.settings.hedge_mode != hedge:
        call.exchange.set_hedge_mode(hedge)
    return [{"posMode": call.text("posMode")}]


def trade_fee(call: Call) -> list[dict[str, Any]]:
    """GET account/trade-fee: negative = you pay."""
    wanted = call.text("instType")
    market = asked(call) if call.maybe("instId") else next(each for each in call.exchange.books.markets.values() if kind(each) == wanted)
    maker, taker = plain(-market.maker), plain(-market.taker)
    swap = {"makerU": maker, "takerU": taker} if market.swap else {"makerU": "", "takerU": ""}
    return [{"instType": wanted, "level": "Lv1", "maker": maker, "taker": taker, **swap, "ts": str(call.now), "category": "1",
    "delivery": "",
             "exercise": "", "feeGroup": []}]  # fmt: skip


def _detail(call: Call, asset: str) -> dict[str, Any]:
    books = call.exchange.books
    figures = standing(books, call.exchange.desk.resting(), "trading", asset)
    frozen = figures.locked + figures.position_margin + figures.order_margin
    return {
        "ccy": asset, "eq": plain(figures.equity), "cashBal": plain(figures.balance), "uTime": str(books.now), "isoEq": "0",
        "availEq": plain(figures.available), "disEq": plain(figures.equity), "availBal": plain(figures.available),
        "frozenBal": plain(frozen),
        "ordFrozen": plain(figures.locked + figures.order_margin), "liab": "0", "upl": plain(figures.unrealised), "uplLiab": "0",
        "crossLiab": "0", "isoLiab": "0", "mgnRatio": "", "interest": "0", "twap": "0", "maxLoan": "", "eqUsd": plain(figures.equity),
        "notionalLever": "0", "stgyEq": "0", "isoUpl": "0", "spotInUseAmt": "", "imr": "", "mmr": "",
    }  # fmt: skip


def _position(call: Call, market: Market) -> dict[str, Any]:
    books = call.exchange.books
    position, mark, leverage = books.position(market.symbol), books.quotes[market.symbol].mark, books.leverage_of(market.symbol)
    contracts, value, side = position.size / market.contract, abs(position.size) * mark, "net"
    if books.settings.hedge_mode:  # the side is told beside the size
        contracts, side = abs(contracts), "long" if contracts > 0 else "short"
    return {
        "adl": "1", "availPos": plain(abs(contracts)), "avgPx": plain(position.entry), "cTime": str(position.opened), "ccy": market.quote,
        "deltaBS": "", "fee": "0", "fundingFee": "0", "imr": plain(value / leverage), "instId": name(market), "instType": "SWAP",
        "interest": "", "idxPx": plain(mark), "last": plain(mark), "lever": plain(leverage), "liab": "", "liabCcy": "", "liqPx": "",
        "margin": "", "markPx": plain(mark), "mgnMode": books.margin_mode.get(market.symbol, "cross"), "mgnRatio": "100",
        "mmr": plain(value * Decimal("0.004")), "notionalUsd": plain(value), "optVal": "", "pTime": "", "pos": plain(contracts),
        "posCcy": "",
        "posId": "777", "posSide": side, "realizedPnl": plain(position.realised), "tradeId": "1", "uTime": str(position.updated),
        "upl": plain(position.profit(mark)), "uplRatio": "0", "bePx": plain(position.entry),
    }  # fmt: skip


def _bill(call: Call, entry: Entry, cause: Fill | Payment | None) -> dict[str, Any]:
    market = call.exchange.books.market(cause.symbol) if cause else None
    source, target, sub, note = _IN if entry.amount > 0 else _OUT
    is_transfer = entry.kind == "transfer"
    row = {
        "billId": str(entry.number), "ccy": entry.asset, "type": _BILLS.get(entry.kind, entry.kind),
        "subType": "173" if entry.kind == "funding" else sub, "balChg": plain(entry.amount), "bal": plain(entry.balance),
        "posBalChg": "0", "posBal": "0", "sz": plain(abs(entry.amount)),
        "from": source if is_transfer else "", "to": target if is_transfer else "", "notes": note if is_transfer else "",
        "ts": str(entry.at), "instId": name(market) if market else "", "instType": kind(market) if market else "", "fee": "0", "pnl": "0",
        "ordId": "", "clOrdId": "", "tradeId": "", "px": plain(cause.mark) if isinstance(cause, Payment) else "", "mgnMode": "",
        "execType": "", "interest": "0", "tag": "", "fillTime": str(entry.at),
    }  # fmt: skip
    return row | (_traded(call, market, cause, entry) if market and isinstance(cause, Fill) else {})


def _traded(call: Call, market: Market, fill: Fill, entry: Entry) -> dict[str, Any]:
    """What the bill of an execution tells of it: the size of a swap in contracts, on spot in the bill's own coin. A fee in another coin is
    told by that coin's own bill."""
    fee = fill.fee if fill.fee_asset == entry.asset else ZERO
    buys, order = fill.side == "buy", call.exchange.desk.orders[fill.order]
    before = fill.position + (-fill.quantity if buys else fill.quantity)
    opens = not before or (before > 0) == buys
    side = {(True, True): "3", (False, True): "4", (False, False): "5", (True, False): "6"}[buys, opens] if market.swap else "12"[not buys]
    return {
        "subType": side, "sz": plain(fill.quantity / market.contract if market.swap else abs(entry.amount + fee)), "px": plain(fill.price),
        "fee": plain(-fee) if fee else "0", "pnl": plain(fill.realised) if entry.asset == market.quote else "0",
        "ordId": str(order.id), "clOrdId": order.ask.client_id, "tradeId": str(fill.id), "execType": "M" if fill.maker else "T",
        "mgnMode": call.exchange.books.margin_mode.get(market.symbol, "cross") if market.swap else "cash",
    }  # fmt: skip


def _leverage(call: Call, market: Market, mode: str) -> dict[str, Any]:
    return {"lever": plain(call.exchange.books.leverage_of(market.symbol)), "mgnMode": mode, "instId": name(market), "posSide": "net"}

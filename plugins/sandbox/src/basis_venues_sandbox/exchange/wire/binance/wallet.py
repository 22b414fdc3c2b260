"""Binance's wallet service (`sapi`): transfers, withdrawals, deposits, rights of the key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from ...core import Movement, Progress, Refused, Why
from ...keys import FUTURES, SPOT, TRANSFER, WITHDRAW
from ..call import Call
from ..listing import DAY
from ..text import plain, second, utc
from .markets import market_of, name
from .windows import span

_ROUTES = {
    "MAIN_UMFUTURE": ("spot", "futures"),
    "UMFUTURE_MAIN": ("futures", "spot"),
    "MAIN_FUNDING": ("spot", "funding"),
    "FUNDING_MAIN": ("funding", "spot"),
    "FUNDING_UMFUTURE": ("funding", "futures"),
    "UMFUTURE_FUNDING": ("futures", "funding"),
}
_QUARTER, _HALF_YEAR = 90 * DAY, 183 * DAY
_TRANSFER_STATUS = {Progress.PENDING: "PENDING", Progress.DONE: "CONFIRMED", Progress.FAILED: "FAILED"}
_WITHDRAWAL_STATUS = {Progress.PENDING: 4, Progress.DONE: 6, Progress.FAILED: 5}
_DEPOSIT_STATUS = {Progress.PENDING: 0, Progress.DONE: 1, Progress.FAILED: 7}


def transfer(call: Call) -> dict[str, Any]:
    """POST sapi/v1/asset/transfer: takes no key of the client's."""
    try:
        source, target = _ROUTES[call.text("type")]
    except KeyError:
        raise Refused(Why.BAD_PARAMETER, "type") from None
    return {"tranId": call.exchange.treasury.transfer(source, target, call.text("asset"), call.number("amount")).id}


def transfers(call: Call) -> dict[str, Any]:
    """GET sapi/v1/asset/transfer."""
    wallets = _ROUTES.get(call.text("type"))
    first, last = span(call, _HALF_YEAR, 7 * DAY)
    moved = call.exchange.treasury.transfers
    found = [each for each in moved if (each.source, each.target) == wallets and first <= second(each.at) <= last]
    rows = [{
        "asset": each.asset, "amount": plain(each.amount), "type": call.text("type"), "status": _TRANSFER_STATUS[each.status],
        "tranId": each.id, "timestamp": second(each.at),
    } for each in reversed(found)]  # fmt: skip
    size, page = min(call.whole("size", 10), 100), call.whole("current", 1)
    return {"total": len(rows), "rows": rows[(page - 1) * size : page * size]}


def withdraw(call: Call) -> dict[str, Any]:
    """POST sapi/v1/capital/withdraw/apply: what it costs is taken from the amount; the history tells what is left of it, and the fee."""
    treasury, coin = call.exchange.treasury, call.text("coin")
    amount = call.number("amount") - treasury.coin(coin).fee
    sent = treasury.withdraw(coin, amount, call.text("address"), call.maybe("network"), call.maybe("withdrawOrderId"))
    return {"id": _long(sent)}


def withdrawals(call: Call) -> list[dict[str, Any]]:
    """GET sapi/v1/capital/withdraw/history: by the client's key no more than a week."""
    coin, key = call.maybe("coin"), call.maybe("withdrawOrderId")
    return [{
        "id": _long(each), "amount": plain(each.amount), "transactionFee": plain(each.fee), "coin": each.asset,
        "status": _WITHDRAWAL_STATUS[each.status], "address": each.target, "txId": each.tx, "applyTime": utc(each.at),
        "network": each.network, "transferType": 0, "withdrawOrderId": each.key, "info": "", "confirmNo": 3, "walletType": 0,
        "txKey": "", "completeTime": utc(each.due or each.at),
    } for each in _moved(call, call.exchange.treasury.withdrawals, 7 * DAY if key else _QUARTER)
        if coin in ("", each.asset) and key in ("", each.key)]  # fmt: skip


def deposits(call: Call) -> list[dict[str, Any]]:
    """GET sapi/v1/capital/deposit/hisrec."""
    coin = call.maybe("coin")
    return [{
        "id": _long(each), "amount": plain(each.amount), "coin": each.asset, "network": each.network,
        "status": _DEPOSIT_STATUS[each.status], "address": call.exchange.treasury.address(each.asset), "addressTag": "", "txId": each.tx,
        "insertTime": second(each.at), "completeTime": second(each.due or each.at),
        "transferType": 0, "confirmTimes": "12/12", "unlockConfirm": 12, "walletType": 0,
    } for each in _moved(call, call.exchange.treasury.deposits, _QUARTER) if coin in ("", each.asset)]  # fmt: skip


def address(call: Call) -> dict[str, Any]:
    """GET sapi/v1/capital/deposit/address."""
    where = call.exchange.treasury.address(call.text("coin"))
    return {"address": where, "coin": call.text("coin"), "tag": "", "url": f"https://etherscan.io/address/{where}"}


def addresses(call: Call) -> list[dict[str, Any]]:
    """GET sapi/v1/capital/withdraw/address/list."""
    return []


def funding_assets(call: Call) -> list[dict[str, Any]]:
    """POST sapi/v1/asset/get-funding-asset."""
    held = call.exchange.books.ledger.wallet("funding")
    nothing = {"locked": "0", "freeze": "0", "withdrawing": "0", "btcValuation": "0"}
    return [{"asset": asset, "free": plain(amount), **nothing} for asset, amount in held.items() if call.maybe("asset") in ("", asset)]


def coins(call: Call) -> list[dict[str, Any]]:
    """GET sapi/v1/capital/config/getall."""
    return [{
        "coin": asset, "name": asset, "trading": True, "isLegalMoney": False, "depositAllEnable": True, "withdrawAllEnable": True,
        "free": "0", "locked": "0", "networkList": [{
            "network": coin.network, "coin": asset, "name": coin.network, "isDefault": True, "depositEnable": True, "withdrawEnable": True,
            "withdrawFee": plain(coin.fee), "withdrawMin": plain(coin.minimum), "withdrawMax": "10000000",
            "withdrawIntegerMultiple": "0.00000001", "depositDust": "0.001", "minConfirm": 12, "unLockConfirm": 12,
        }],
    } for asset, coin in call.exchange.books.rules.coins.items()]  # fmt: skip


def trade_fee(call: Call) -> list[dict[str, Any]]:
    """GET sapi/v1/asset/tradeFee."""
    symbol = call.maybe("symbol")
    markets = [market_of(call.exchange, symbol, False)] if symbol else [m for m in call.exchange.books.markets.values() if not m.swap]
    return [{"symbol": name(each), "makerCommission": plain(each.maker), "takerCommission": plain(each.taker)} for each in markets]


def restrictions(call: Call) -> dict[str, Any]:
    """GET sapi/v1/account/apiRestrictions: what the key may do."""
    rights = call.key.rights if call.key else frozenset()
    return {
        "ipRestrict": True, "createTime": 1698645219000, "enableReading": True, "enableWithdrawals": WITHDRAW in rights,
        "enableInternalTransfer": TRANSFER in rights, "enableMargin": False, "enableFutures": FUTURES in rights,
        "permitsUniversalTransfer": TRANSFER in rights, "enableVanillaOptions": False, "enablePortfolioMarginTrading": False,
        "enableSpotAndMarginTrading": SPOT in rights,
    }  # fmt: skip


def fixed(answer: Any) -> Callable[[Call], Any]:
    """A handler that always answers the same."""
    return lambda _call: answer


def _moved(call: Call, movements: Iterable[Movement], longest: int) -> list[Movement]:
    first, last = span(call, longest, longest)
    found = [each for each in movements if first <= second(each.at) <= last][::-1]
    return found[call.whole("offset", 0) :][: min(call.whole("limit", 1000), 1000)]


def _long(movement: Movement) -> str:
    """Ids here are 32 hexadecimal digits."""
    return hashlib.md5(f"{movement.kind} {movement.id}".encode(), usedforsecurity=False).hexdigest()

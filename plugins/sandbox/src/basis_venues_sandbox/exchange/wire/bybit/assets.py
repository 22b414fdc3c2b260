"""Bybit's asset service: transfers, withdrawals, deposits, coins."""

from __future__ import annotations

from typing import Any

from ...core import Movement, Progress, Refused, Why
from ..call import Call, Turned
from ..text import plain, second
from .windows import MONTH, WEEK, page, recent

_WALLETS = {"UNIFIED": "trading", "FUND": "funding"}
_NAMES = {wallet: name for name, wallet in _WALLETS.items()}
_TRANSFER = {Progress.PENDING: "PENDING", Progress.DONE: "SUCCESS", Progress.FAILED: "FAILED"}
_WITHDRAWAL = {Progress.PENDING: "Pending", Progress.DONE: "success", Progress.FAILED: "Fail"}
_DEPOSIT = {Progress.PENDING: 1, Progress.DONE: 3, Progress.FAILED: 4}


def transfer(call: Call) -> dict[str, Any]:
    """POST asset/transfer/inter-transfer: `transferId` may be used once."""
    source, target = (_WALLETS.get(call.text(each)) for each in ("fromAccountType", "toAccountType"))
    if source is None or target is None:
        raise Turned(131231, "Transfers out of or into this account are not supported")
    moved = call.exchange.treasury.transfer(source, target, call.text("coin"), call.number("amount"), call.text("transferId"))
    return {"transferId": moved.key, "status": _TRANSFER[moved.status]}


def transfers(call: Call) -> dict[str, Any]:
    """GET asset/transfer/query-inter-transfer-list."""
    key, coin = call.maybe("transferId"), call.maybe("coin")
    found = recent(call, call.exchange.treasury.transfers, _at, WEEK)
    return page(call, "list", [{
        "transferId": each.key, "coin": each.asset, "amount": plain(each.amount), "fromAccountType": _NAMES[each.source],
        "toAccountType": _NAMES[each.target], "timestamp": str(_at(each)), "status": _TRANSFER[each.status],
    } for each in reversed(found) if key in ("", each.key) and coin in ("", each.asset)], 20, 50)  # fmt: skip


def withdraw(call: Call) -> dict[str, Any]:
    """POST asset/withdraw/create. Unless it says FUND, Bybit transfers it there first."""
    _check_master(call)
    coin, amount, where = call.text("coin"), call.number("amount"), call.text("address")
    wallet = "funding" if call.maybe("accountType") == "FUND" else "trading"
    sent = call.exchange.treasury.withdraw(coin, amount, where, call.maybe("chain"), call.maybe("requestId"), wallet)
    return {"id": str(sent.id)}


def withdrawals(call: Call) -> dict[str, Any]:
    """GET asset/withdraw/query-record: rows carry no key of the client's. For keys of the main account only."""
    _check_master(call)
    coin, number, tx = call.maybe("coin"), call.maybe("withdrawID"), call.maybe("txID")
    found = recent(call, call.exchange.treasury.withdrawals, _at, MONTH)
    return page(call, "rows", [{
        "coin": each.asset, "chain": each.network, "amount": plain(each.amount), "txID": each.tx if each.status is Progress.DONE else "",
        "status": _WITHDRAWAL[each.status], "toAddress": each.target, "tag": "", "withdrawFee": plain(each.fee),
        "createTime": str(_at(each)), "updateTime": str(second(each.due or each.at)), "withdrawId": str(each.id), "withdrawType": 0,
    } for each in reversed(found)
        if coin in ("", each.asset) and number in ("", str(each.id)) and tx in ("", each.tx)], 50, 50)  # fmt: skip


def deposits(call: Call) -> dict[str, Any]:
    """GET asset/deposit/query-record."""
    coin = call.maybe("coin")
    found = recent(call, call.exchange.treasury.deposits, _at, MONTH)
    return page(call, "rows", [{
        "id": str(each.id), "coin": each.asset, "chain": each.network, "amount": plain(each.amount), "txID": each.tx,
        "status": _DEPOSIT[each.status], "toAddress": call.exchange.treasury.address(each.asset), "tag": "", "depositFee": "",
        "successAt": str(second(each.due or each.at)), "confirmations": "100", "txIndex": "", "blockHash": "", "depositType": "0",
    } for each in reversed(found) if coin in ("", each.asset)], 50, 50)  # fmt: skip


def address(call: Call) -> dict[str, Any]:
    """GET asset/deposit/query-address."""
    asset = call.text("coin")
    coin = call.exchange.treasury.coin(asset)
    return {"coin": asset, "chains": [{
        "chainType": coin.network, "addressDeposit": call.exchange.treasury.address(asset), "tagDeposit": "", "chain": coin.network,
        "batchReleaseLimit": "-1", "contractAddress": "",
    }]}  # fmt: skip


def coins(call: Call) -> dict[str, Any]:
    """GET asset/coin/query-info."""
    wanted = call.maybe("coin")
    if wanted and wanted not in call.exchange.books.rules.coins:
        raise Refused(Why.UNKNOWN_ASSET, wanted)
    return {"rows": [{
        "name": asset, "coin": asset, "remainAmount": "10000000", "chains": [{
            "chainType": coin.network, "chain": coin.network, "chainDeposit": "1", "chainWithdraw": "1", "withdrawFee": plain(coin.fee),
            "withdrawMin": plain(coin.minimum), "depositMin": "0", "minAccuracy": "8", "withdrawPercentageFee": "0", "confirmation": "6",
        }],
    } for asset, coin in call.exchange.books.rules.coins.items() if wanted in ("", asset)]}  # fmt: skip


def _at(movement: Movement) -> int:
    return second(movement.at)


def _check_master(call: Call) -> None:
    if call.exchange.books.settings.sub_account:
        raise Turned(10005, "Permission denied, please check your API key permissions.")

"""OKX's funding account: transfers, withdrawals, deposits, coins."""

from __future__ import annotations

from typing import Any

from ...core import Movement, Progress, Refused, Why
from ..call import Call, Turned
from ..listing import DAY, changes
from ..text import plain
from .pages import page

_BILLS = {"deposit": "1", "withdrawal": "2"}
_WALLETS = {"6": "funding", "18": "trading"}
_NAMES = {wallet: number for number, wallet in _WALLETS.items()}
_TRANSFER = {Progress.PENDING: "pending", Progress.DONE: "success", Progress.FAILED: "failed"}
_WITHDRAWAL = {Progress.PENDING: "0", Progress.DONE: "2", Progress.FAILED: "-1"}
_DEPOSIT = {Progress.PENDING: "0", Progress.DONE: "2", Progress.FAILED: "13"}


def transfer(call: Call) -> list[dict[str, Any]]:
    """POST asset/transfer: `clientId` may be used once."""
    wallets = [_WALLETS.get(call.text(each)) for each in ("from", "to")]
    source, target = wallets
    if source is None or target is None:
        raise Refused(Why.BAD_PARAMETER, "from" if source is None else "to")
    moved = call.exchange.treasury.transfer(source, target, call.text("ccy"), call.number("amt"), call.maybe("clientId"))
    row = _transfer(moved)
    return [{name: row[name] for name in ("transId", "ccy", "clientId", "from", "amt", "to")}]


def transfer_state(call: Call) -> list[dict[str, Any]]:
    """GET asset/transfer-state, by transId (which counts first) or clientId."""
    number, key = call.maybe("transId"), call.maybe("clientId")
    if not number and not key:
        raise Refused(Why.MISSING_PARAMETER, "transId")
    for each in call.exchange.treasury.transfers:
        if number == str(each.id) or (not number and key == each.key):
            return [_transfer(each)]
    raise Turned("58129", "The transfer does not exist")


def balances(call: Call) -> list[dict[str, Any]]:
    """GET asset/balances."""
    held = call.exchange.books.ledger.wallet("funding")
    wanted = [each for each in call.maybe("ccy").split(",") if each]
    return [{"ccy": asset, "bal": plain(amount), "availBal": plain(amount), "frozenBal": "0"}
            for asset, amount in sorted(held.items()) if not wanted or asset in wanted]  # fmt: skip


def withdraw(call: Call) -> list[dict[str, Any]]:
    """POST asset/withdrawal: from the funding account."""
    asset, chain = call.text("ccy"), call.maybe("chain")
    if chain and chain != _chain(call, asset):
        raise Refused(Why.BAD_PARAMETER, "chain")
    sent = call.exchange.treasury.withdraw(asset, call.number("amt"), call.text("toAddr"), "", call.maybe("clientId"))
    return [{"amt": plain(sent.amount), "wdId": str(sent.id), "ccy": asset, "clientId": sent.key, "chain": _chain(call, asset)}]


def withdrawals(call: Call) -> list[dict[str, Any]]:
    """GET asset/withdrawal-history: `after` and `before` are moments."""
    asset, key, number = call.maybe("ccy"), call.maybe("clientId"), call.maybe("wdId")
    return page(call, [{
        "chain": _chain(call, each.asset), "fee": plain(each.fee), "feeCcy": each.asset, "ccy": each.asset, "clientId": each.key,
        "amt": plain(each.amount), "txId": each.tx if each.status is Progress.DONE else "", "from": "sandbox", "to": each.target,
        "state": _WITHDRAWAL[each.status], "ts": str(each.at), "wdId": str(each.id), "tag": "", "toAddrType": "1", "memo": "", "note": "",
    } for each in reversed(call.exchange.treasury.withdrawals)
        if asset in ("", each.asset) and key in ("", each.key) and number in ("", str(each.id))], "ts")  # fmt: skip


def bills(call: Call) -> list[dict[str, Any]]:
    """GET asset/bills (a month), asset/bills-history (all time): every change of the funding account; `after` and `before` are moments."""
    rows = (
        {"billId": str(each.number), "ccy": each.asset, "clientId": "", "balChg": plain(each.amount), "bal": plain(each.balance),
         "type": _BILLS.get(each.kind, "131" if each.amount < 0 else "130"), "notes": "", "ts": str(each.at)}
        for each, _ in changes(call, "funding")
    )  # fmt: skip
    wanted = call.maybe("type")
    shown = (row for row in rows if wanted in ("", row["type"]))
    return page(call, shown, "ts", kept=0 if call.path.endswith("history") else 30 * DAY)


def deposits(call: Call) -> list[dict[str, Any]]:
    """GET asset/deposit-history: as of withdrawals."""
    asset = call.maybe("ccy")
    return page(call, [{
        "actualDepBlkConfirm": "12", "amt": plain(each.amount), "ccy": each.asset, "chain": _chain(call, each.asset), "depId": str(each.id),
        "from": each.source, "fromWdId": "", "state": _DEPOSIT[each.status], "to": call.exchange.treasury.address(each.asset),
        "ts": str(each.due or each.at), "txId": each.tx, "areaCodeFrom": "",
    } for each in reversed(call.exchange.treasury.deposits) if asset in ("", each.asset)], "ts")  # fmt: skip


def address(call: Call) -> list[dict[str, Any]]:
    """GET asset/deposit-address: deposits go to the trading account (18)."""
    asset = call.text("ccy")
    to = _NAMES[call.exchange.books.rules.deposit_wallet]
    return [
        {
            "addr": call.exchange.treasury.address(asset),
            "ccy": asset,
            "chain": _chain(call, asset),
            "ctAddr": "",
            "selected": True,
            "to": to,
        }
    ]


def coins(call: Call) -> list[dict[str, Any]]:
    """GET asset/currencies."""
    wanted = [each for each in call.maybe("ccy").split(",") if each]
    return [{
        "ccy": asset, "name": asset, "chain": _chain(call, asset), "canDep": True, "canWd": True, "canInternal": True,
        "minWd": plain(coin.minimum), "maxWd": "1000000", "fee": plain(coin.fee), "minFee": plain(coin.fee), "maxFee": plain(coin.fee),
        "minDep": "0", "wdTickSz": "8", "mainNet": asset == coin.network, "needTag": False, "ctAddr": "", "depQuotaFixed": "",
        "logoLink": "",
    } for asset, coin in call.exchange.books.rules.coins.items() if not wanted or asset in wanted]  # fmt: skip


def _transfer(moved: Movement) -> dict[str, Any]:
    return {
        "transId": str(moved.id), "ccy": moved.asset, "clientId": moved.key, "from": _NAMES[moved.source], "amt": plain(moved.amount),
        "to": _NAMES[moved.target], "state": _TRANSFER[moved.status], "type": "0", "instId": "", "subAcct": "", "toInstId": "",
    }  # fmt: skip


def _chain(call: Call, asset: str) -> str:
    network = call.exchange.treasury.coin(asset).network
    return f"{asset}-{'Bitcoin' if network == 'BTC' else network}"

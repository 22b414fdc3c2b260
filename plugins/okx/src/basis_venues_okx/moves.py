"""OKX's transfers and withdrawals, both with a key of ours."""

from __future__ import annotations

from typing import Any

from basis_venues.network import Network
from basis_venues.states import State
from basis_venues_ccxt.live import Change, Desk, Move, Moved, Moves, Request, one_of
from basis_venues_ccxt.live.reading import amount, amount_or_zero, first, moment, needed, rows, text

from .history import FAILED_WITHDRAWALS, TRANSFER, transfer
from .lists import BILLS, MOST

ACCOUNTS = {"spot": "18", "futures": "18", "funding": "6"}
CHAINS = {"BTC": "Bitcoin"}
_TRANSFERS = {"success": State.FILLED, "failed": State.CANCELLED}


class OkxMoves(Moves):
    """Withdrawals leave the funding wallet (the manifest's `outer_wallet`): what lies in the trading wallet is transferred there first."""

    repeated = frozenset({"58404", "58124"})

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def lacking(self, network: Network, *, inside: bool) -> str | None:
        """Demo trading does not withdraw."""
        if inside or network is Network.MAINNET:
            return None
        return "OKX demo trading has no withdrawals; simulate okx in a profile"

    def write(self, move: Move) -> Request:
        """The fee comes on top and must be named; a tag follows the address behind a colon."""
        if move.inside:
            params = {
                "ccy": move.asset, "amt": f"{move.amount:f}", "type": "0", "from": ACCOUNTS[move.source], "to": ACCOUNTS[move.target],
                "clientId": move.key,
            }  # fmt: skip
            return Request("private", "POST", "asset/transfer", params)
        params = {
            "ccy": move.asset, "toAddr": f"{move.address}:{move.tag}" if move.tag else move.address, "dest": "4", "amt": f"{move.amount:f}",
            "chain": f"{move.asset}-{CHAINS.get(move.chain, move.chain)}", "fee": f"{move.fee:f}", "clientId": move.key,
        }  # fmt: skip
        return Request("private", "POST", "asset/withdrawal", params)

    def number(self, answer: Any, move: Move) -> str:
        """`transId` or `wdId`."""
        return needed(first(answer, "data"), "transId" if move.inside else "wdId")

    async def look(self, move: Move) -> Moved | None:
        """By our key, and a transfer that is done by its bill as well: its state tells neither when it was, nor the id in the history."""
        if move.inside:
            found = rows(await self._desk.read("private", "asset/transfer-state", clientId=move.key), "data")
            moved = one_of([_transfer(row) for row in found if text(row, "clientId") == move.key])
            return await self._billed(move) if moved is not None and moved.state is State.FILLED else moved
        found = rows(await self._desk.read("private", "asset/withdrawal-history", ccy=move.asset, clientId=move.key), "data")
        return one_of([_withdrawal(row) for row in found if text(row, "clientId") == move.key])

    async def _billed(self, move: Move) -> Moved:
        """As the bills of the trading wallet have it. They do not carry our key; of several alike, each of which does the same, the first
        since it was sent is taken, and of those that a lost journal may have had the last."""
        path, asked = "account/bills-archive", {"type": TRANSFER, "ccy": move.asset, "limit": MOST}
        since = move.since if move.lost else move.at  # bills are dated to the millisecond
        found = await self._desk.pages("private", path, BILLS, since=since, **asked)
        ours = [change for row in found if _is_ours(change := transfer(row), move)]
        if not ours:
            return Moved(State.ACCEPTED, reason="OKX calls the transfer a success, and shows no bill of it yet")
        chosen = (max if move.lost else min)(ours, key=lambda change: change.at)
        return Moved(State.FILLED, chosen.id, chosen.at)


def _is_ours(bill: Change, move: Move) -> bool:
    change = move.amount if move.source == "funding" else -move.amount
    return bill.lines == (("spot", move.asset, change), ("funding", move.asset, -change)) and bill.id not in move.others


def _transfer(row: Any) -> Moved:
    state = _TRANSFERS.get(needed(row, "state"), State.ACCEPTED)
    return Moved(state, needed(row, "transId"), reason="" if state is State.FILLED else text(row, "state"))


def _withdrawal(row: Any) -> Moved:
    """Taken from the balance as soon as it is listed, unless it failed."""
    state = State.CANCELLED if text(row, "state") in FAILED_WITHDRAWALS else State.FILLED
    return Moved(state, needed(row, "wdId"), moment(row, "ts"), amount_or_zero(row, "fee"), amount=amount(row, "amt"))

"""OKX's transfers and withdrawals, both with a key of ours."""

from __future__ import annotations

from typing import Any

from basis_venues.network import Network
from basis_venues.states import State
from basis_venues_ccxt.live import Desk, Move, Moved, Moves, Request, Unreadable, one_of
from basis_venues_ccxt.live.reading import amount_or_zero, moment, needed, rows, text

from .history import FAILED_WITHDRAWALS

ACCOUNTS = {"spot": "18", "futures": "18", "funding": "6"}
CHAINS = {"BTC": "Bitcoin"}
_TRANSFERS = {"success": State.FILLED, "failed": State.CANCELLED}


class OkxMoves(Moves):
    """Withdrawals leave the funding wallet: what lies in the trading wallet is transferred there first."""

    withdraws_from = "funding"

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
        found = rows(answer, "data")
        if not found:
            raise Unreadable("the answer has no row")
        return needed(found[0], "transId" if move.inside else "wdId")

    async def look(self, move: Move) -> Moved | None:
        """By our key."""
        if move.inside:
            found = rows(await self._desk.read("private", "asset/transfer-state", clientId=move.key), "data")
            return one_of([_transfer(row, self._desk.now()) for row in found if text(row, "clientId") == move.key])
        found = rows(await self._desk.read("private", "asset/withdrawal-history", ccy=move.asset, clientId=move.key), "data")
        return one_of([_withdrawal(row) for row in found if text(row, "clientId") == move.key])


def _transfer(row: Any, now: int) -> Moved:
    """Its state has no time."""
    state = _TRANSFERS.get(needed(row, "state"), State.ACCEPTED)
    return Moved(state, needed(row, "transId"), now, reason="" if state is State.FILLED else text(row, "state"))


def _withdrawal(row: Any) -> Moved:
    """Taken from the balance as soon as it is listed, unless it failed."""
    state = State.CANCELLED if text(row, "state") in FAILED_WITHDRAWALS else State.FILLED
    return Moved(state, needed(row, "wdId"), moment(row, "ts"), amount_or_zero(row, "fee"))

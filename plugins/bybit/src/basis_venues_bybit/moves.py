"""Bybit's transfers and withdrawals."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from basis_venues.states import State
from basis_venues_ccxt.live import DAY, Desk, Move, Moved, Moves, Request, one_of
from basis_venues_ccxt.live.moving import CHAINS
from basis_venues_ccxt.live.reading import amount, amount_or_zero, moment, needed, text

from .history import ALL, FAILED_WITHDRAWALS
from .lists import MONTHS, WEEKS

ACCOUNTS = {"spot": "UNIFIED", "futures": "UNIFIED", "funding": "FUND"}
_TRANSFERS = {"SUCCESS": State.FILLED, "FAILED": State.CANCELLED}


class BybitMoves(Moves):
    """A transfer has a key made from ours. A withdrawal's record carries none: it is known by the id that its answer named, else by coin,
    amount, address and time. Withdrawals leave the funding wallet (the manifest's `outer_wallet`): out of the unified one Bybit would
    transfer there first, as a move of its own."""

    repeated = frozenset({"131082", "131214"})

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def write(self, move: Move) -> Request:
        """The fee of a withdrawal comes on top (`feeType` 0). It goes over the chain also where the address is Bybit's own (`forceChain`):
        an internal transfer has another record, and names no address."""
        if move.inside:
            params: dict[str, Any] = {
                "transferId": transfer_id(move.key), "fromAccountType": ACCOUNTS[move.source],
                "toAccountType": ACCOUNTS[move.target], "coin": move.asset, "amount": f"{move.amount:f}",
            }  # fmt: skip
            return Request("private", "POST", "v5/asset/transfer/inter-transfer", params)
        params = {
            "coin": move.asset, "chain": CHAINS.get(move.chain, move.chain), "address": move.address, "amount": f"{move.amount:f}",
            "timestamp": move.at, "accountType": ACCOUNTS[move.source], "requestId": move.key, "feeType": 0,
            "forceChain": 1, **({"tag": move.tag} if move.tag else {}),
        }  # fmt: skip
        return Request("private", "POST", "v5/asset/withdraw/create", params)

    def number(self, answer: Any, move: Move) -> str:
        """`transferId` or `id`."""
        return needed(answer.get("result"), "transferId" if move.inside else "id")

    async def look(self, move: Move) -> Moved | None:
        """A transfer's status is in the list: the answer to its write calls a failed one a success as well."""
        if move.inside:
            path, number = "v5/asset/transfer/query-inter-transfer-list", transfer_id(move.key)
            found = await self._desk.pages("private", path, WEEKS, since=max(move.since - DAY, 0), transferId=number)
            return one_of([_transfer(row) for row in found if text(row, "transferId") == number])
        path, asked = "v5/asset/withdraw/query-record", {"coin": move.asset, "withdrawType": ALL, "limit": 50}
        found = await self._desk.pages("private", path, MONTHS, since=move.since, **asked)
        return one_of([_withdrawal(row) for row in found if _is_ours(row, move)])


def transfer_id(key: str) -> str:
    """The UUID that Bybit wants, made from the attempt key."""
    return str(uuid.UUID(bytes=hashlib.sha256(key.encode()).digest()[:16], version=4))


def _is_ours(row: Any, move: Move) -> bool:
    number = needed(row, "withdrawId")
    if move.number:
        return number == move.number
    same = text(row, "toAddress").lower() == move.address.lower() and amount(row, "amount") == move.amount
    return same and moment(row, "createTime") >= move.since and number not in move.others


def _transfer(row: Any) -> Moved:
    state = _TRANSFERS.get(needed(row, "status"), State.ACCEPTED)
    return Moved(state, needed(row, "transferId"), moment(row, "timestamp"), reason="" if state is State.FILLED else text(row, "status"))


def _withdrawal(row: Any) -> Moved:
    """Taken from the balance as soon as it is listed, unless it failed."""
    state = State.CANCELLED if text(row, "status") in FAILED_WITHDRAWALS else State.FILLED
    return Moved(state, needed(row, "withdrawId"), moment(row, "createTime"), amount_or_zero(row, "withdrawFee"))

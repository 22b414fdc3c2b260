"""Binance's transfers and withdrawals, which exist on mainnet alone."""

from __future__ import annotations

from typing import Any

from basis_venues.network import Network
from basis_venues.states import State
from basis_venues_ccxt.live import DAY, Desk, Move, Moved, Moves, Request, one_of
from basis_venues_ccxt.live.moving import CHAINS
from basis_venues_ccxt.live.reading import amount, amount_or_zero, moment, needed, rows, text

from .history import FAILED_WITHDRAWALS, INNER, applied_at
from .lists import TRANSFERS, TRANSFERS_AT_ONCE

_TRANSFERS = {"CONFIRMED": State.FILLED, "FAILED": State.CANCELLED}


class BinanceMoves(Moves):
    """A transfer carries no key of ours: it is known by the id that its answer named, else by its wallets, asset, amount and time, which is
    told by whole seconds."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def lacking(self, network: Network, *, inside: bool) -> str | None:
        """Demo trading has no wallet service."""
        if network is Network.MAINNET:
            return None
        what = "transfers between wallets" if inside else "withdrawals"
        return f"Binance demo trading has no {what}; move demo funds on its web page, or simulate binance in a profile"

    def write(self, move: Move) -> Request:
        """What a withdrawal costs is taken from what is sent: it is added, so that the amount arrives."""
        if move.inside:
            return Request("sapi", "POST", "asset/transfer", {"asset": move.asset, "amount": f"{move.amount:f}", "type": _type(move)})
        params = {
            "coin": move.asset, "address": move.address, "network": CHAINS.get(move.chain, move.chain),
            "amount": f"{move.amount + move.fee:f}", "withdrawOrderId": move.key, "walletType": 0,
            **({"addressTag": move.tag} if move.tag else {}),
        }  # fmt: skip
        return Request("sapi", "POST", "capital/withdraw/apply", params)

    def number(self, answer: Any, move: Move) -> str:
        """`tranId` or `id`."""
        return needed(answer, "tranId" if move.inside else "id")

    async def look(self, move: Move) -> Moved | None:
        """A withdrawal by its key."""
        if move.inside:
            kind, most = _type(move), TRANSFERS_AT_ONCE
            found = await self._desk.pages("sapi", "asset/transfer", TRANSFERS, since=move.since, type=kind, size=most)
            return one_of([_transfer(row) for row in found if _is_ours(row, move)])
        # by our key it searches one week: the last, unless it is told which; the key tells it apart, so the window may be wide
        named: dict[str, Any] = {"withdrawOrderId": move.key, "startTime": move.at - DAY, "endTime": move.at + DAY}
        found = rows(await self._desk.read("sapi", "capital/withdraw/history", coin=move.asset, **named))
        return one_of([_withdrawal(row) for row in found if text(row, "withdrawOrderId") == move.key])


def _type(move: Move) -> str:
    return next(kind for kind, wallets in INNER.items() if wallets == (move.source, move.target))


def _is_ours(row: Any, move: Move) -> bool:
    number = needed(row, "tranId")
    if move.number:
        return number == move.number
    same = text(row, "asset") == move.asset and amount(row, "amount") == move.amount
    return same and moment(row, "timestamp") >= move.since and number not in move.others


def _transfer(row: Any) -> Moved:
    return Moved(_TRANSFERS.get(text(row, "status"), State.ACCEPTED), needed(row, "tranId"), moment(row, "timestamp"))


def _withdrawal(row: Any) -> Moved:
    """Taken from the balance as soon as it is listed, unless it failed. What arrives is less than was asked for where the fee is higher
    than the one that was added: it is as the row has it."""
    state = State.CANCELLED if needed(row, "status") in FAILED_WITHDRAWALS else State.FILLED
    return Moved(state, needed(row, "id"), applied_at(row), amount_or_zero(row, "transactionFee"), amount=amount(row, "amount"))

"""One transfer or withdrawal made at the sandbox exchange, whose ledger tells what left."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from basis_venues.amounts import ZERO
from basis_venues.attempts import attempt_key
from basis_venues.contract import VenueClient
from basis_venues.keys import TRANSIT, split_key
from basis_venues.orders import Report, Step, deltas
from basis_venues.states import SUCCEEDED, State

from ..scene import LOOKS, PAUSE_S, PROOFS, Heard, heard
from .scene import LOST

PLENTY = "100000"
"""What every wallet holds of the asset."""


class MoveScene:
    """One move about to be made. `venue`: whose protocol the sandbox speaks."""

    def __init__(self, control: Any, venue: str, client: VenueClient, step: Step) -> None:
        self._control, self._venue, self._client, self._step = control, venue, client, step
        move: Any = step.actions[0]
        self._move, self._inside = move, move.target == move.source

    async def problems(self, fault: str) -> list[str]:
        """What goes wrong where the reply is lost that way; `empty`: where there is nothing to move; nothing: where all goes well."""
        self._control.permit(self._venue, "withdraw")
        self._endow("0" if fault == "empty" else PLENTY)
        prepared = await self._client.prepare(self._step, attempt_key("conformance", "kit", self._step.id, 0))
        early = await heard(self._client.lookup(prepared))
        if fault in LOST:
            endpoint = "transfer.create" if self._inside else "withdraw.create"
            verb, arguments = LOST[fault]
            self._control.fault(self._venue, endpoint, verb, **arguments)
        mark = int(self._control.state()["requests"])
        sent = await heard(self._client.send(prepared))
        writes = [each for each in self._control.requests(self._venue, mark) if each["writes"]]
        found = await self._found(prepared) if fault != "empty" else sent
        told = {"send": sent, "the look-up": found}
        return [f"{fault or 'plainly'}: {text}" for text in self._wrong(fault, early, len(writes), told)]

    def _wrong(self, fault: str, early: Heard, writes: int, told: Mapping[str, Heard]) -> Iterator[str]:
        made = self._made()
        if early.state in SUCCEEDED:
            yield f"before it was sent the look-up says {early.text}"
        if writes != 1:
            yield f"send made {writes} write requests"
        if fault == "empty":
            if told["send"].state != State.REJECTED.value or made:
                yield f"there was nothing to move, and send says {told['send'].text}"
            return
        if [Decimal(each["amount"]) for each in made] != [self._move.amount]:
            there = ", ".join(each["amount"] for each in made) or "nothing"
            yield f"{self._move.amount} were to be moved, the venue has {there}, and send says {told['send'].text}"
            return
        if told["send"].state in PROOFS:
            yield f"it was made, and send says {told['send'].text}"
        if told["the look-up"].state not in SUCCEEDED:
            yield f"it was made, and the look-up says {told['the look-up'].text}"
        left = self._move.amount + Decimal(made[0]["fee"])
        for who, said in told.items():
            if said.report is not None and said.state in SUCCEEDED and self._debit(said.report) != left:
                yield f"{left} left the account, and {who} tells {self._debit(said.report)}"

    async def _found(self, prepared: Any) -> Heard:
        for _ in range(LOOKS):
            found = await heard(self._client.lookup(prepared))
            if found.state in SUCCEEDED:
                break
            await asyncio.sleep(PAUSE_S)
        return found

    def _made(self) -> list[Mapping[str, Any]]:
        return list(self._control.ledger(self._venue)["transfers" if self._inside else "withdrawals"])

    def _debit(self, report: Report) -> Decimal:
        """What the effects take from the wallet that it leaves."""
        lost = [amount for key, amount in deltas(report.effects).items() if amount < 0 and split_key(key).kind != TRANSIT]
        return -sum(lost, ZERO)

    def _endow(self, amount: str) -> None:
        for wallet in self._control.balances(self._venue):
            self._control.endow(self._venue, wallet, self._move.asset, amount)

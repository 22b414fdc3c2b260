"""Transfers and withdrawals, from a planned step to the verified debit."""

from __future__ import annotations

from decimal import Decimal

from basis_venues.actions import MAX, Transfer
from basis_venues.amounts import ZERO
from basis_venues.errors import Denied
from basis_venues.guard import destination
from basis_venues.keys import TRANSIT
from basis_venues.orders import Effect, Prepared, Report, Step
from basis_venues.states import State

from ..settings import AssetSettings
from .account import AccountReader, Part
from .desk import Desk
from .history import Change, Happened, second_of
from .moving import Move, Moved, Moves, move_from
from .reading import Unreadable
from .saying import Said, outcome
from .wire import Request


class Transferring:
    """Moves of one account."""

    def __init__(self, desk: Desk, moves: Moves, account: AccountReader) -> None:
        self._desk = desk
        self._moves = moves
        self._account = account
        self._named: dict[str, str] = {}
        """Attempt key -> the id that the venue's answer to the write named."""
        self._told: dict[str, Effect] = {}
        """The venue's id of a move that it has shown done -> what it did."""
        self._lost: set[str] = set()
        """Attempt keys that the venue had before they were sent."""

    async def prepare(self, step: Step, key: str) -> Prepared:
        """The move, checked against network, destinations and, for `max`, the balance. Raises `Denied` and `GuardRefused`."""
        transfer = step.actions[0]
        assert isinstance(transfer, Transfer)
        inside = transfer.target == transfer.source
        lacking = self._moves.lacking(self._desk.network, inside=inside)
        if lacking is not None:
            raise Denied(lacking)
        source = transfer.from_wallet or "spot"
        self._desk.check(*((source, transfer.to_wallet or "") if inside else ("withdrawals",)))
        asset = self._desk.settings.assets.get(transfer.asset, AssetSettings())
        fee = ZERO if inside else asset.withdrawal_fee
        amount = await self._amount(transfer, source, fee)
        at = self._desk.at_least()
        others = tuple(number for number, effect in self._told.items() if effect.at >= second_of(at))
        move = Move(key, transfer.asset, amount, source, fee=fee, at=at, others=others)
        if inside:
            move = move._replace(target=transfer.to_wallet or "")
        else:
            move = self._addressed(move, transfer, transfer.network or self._desk.settings.network_of(transfer.asset))
        request = self._moves.write(move)
        payload = {"request": list(request), "move": move.json()}
        return Prepared(key, step, payload, self._desk.connection.fence(request))

    async def send(self, prepared: Prepared) -> Report:
        """The write, and one look at what became of it."""
        move = move_from(prepared.payload["move"])
        try:
            answer = await self._desk.connection.call(Request(*prepared.payload["request"]), fence=prepared.fence)
        except Exception as error:
            if isinstance(error, Said) and error.code in self._moves.repeated:
                self._lost.add(prepared.key)
                return Report(State.ACCEPTED, reason=f"the venue has it already: {error}")
            return outcome(error, self._desk.connection.wire.proofs)
        try:
            self._named[prepared.key] = self._moves.number(answer, move)
        except Unreadable as missing:
            return Report(State.UNKNOWN, reason=str(missing))
        try:
            return await self._look(prepared, move)
        except Exception as error:  # the venue has it, whatever reading brought
            return Report(State.ACCEPTED, reason=f"acknowledged, and not shown yet ({type(error).__name__})")

    async def lookup(self, prepared: Prepared) -> Report:
        """What the venue shows of it."""
        try:
            return await self._look(prepared, move_from(prepared.payload["move"]))
        except Said as said:
            absent = self._desk.connection.wire.proofs.is_absent(said)
            return Report(State.ABSENT if absent else State.UNKNOWN, reason=str(said))

    def named(self, happened: Happened) -> Happened:
        """The same, with our keys also on those of our moves that the venue lists without."""
        return happened._replace(changes=tuple(map(self._with_key, happened.changes)))

    def _with_key(self, change: Change) -> Change:
        ours = self._told.get(change.id) if change.kind == "transfer" and change.order is None else None
        return change if ours is None else change._replace(order=ours.order)

    async def _look(self, prepared: Prepared, move: Move) -> Report:
        move = move._replace(number=self._named.get(prepared.key, ""), lost=prepared.key in self._lost)
        moved = await self._moves.look(move)
        if moved is not None:
            return self._report(prepared, move, moved)
        if move.number:
            return Report(State.ACCEPTED, reason="acknowledged, and not shown yet")
        return Report(State.ABSENT, reason="the venue shows no such move")

    def _report(self, prepared: Prepared, move: Move, moved: Moved) -> Report:
        if moved.state is not State.FILLED:
            return Report(moved.state, (), moved.at, moved.reason)
        keys = self._desk.keys
        amount = move.amount if moved.amount is None else moved.amount
        lines = [(keys.wallet(move.source, move.asset), -amount - moved.fee)]
        target = getattr(prepared.step.actions[0], "target", None)
        if move.inside:
            lines.append((keys.wallet(move.target, move.asset), amount))
        elif target is not None:
            lines.append((f"{target}:{TRANSIT}:{move.asset}/{prepared.key}", amount))
        effect = Effect(f"{keys.venue}:transfer:{moved.id}", prepared.key, tuple(lines), moved.at, "transfer")
        self._told[moved.id] = effect
        return Report(State.FILLED, (effect,), moved.at)

    async def _amount(self, transfer: Transfer, source: str, fee: Decimal) -> Decimal:
        if isinstance(transfer.amount, Decimal):
            return transfer.amount
        if transfer.amount != MAX:
            raise Denied("an exchange transfer is no part of a bundle; give its amount as a number or 'max'")
        part: Part = "futures" if source == "futures" and not self._desk.settings.unified else "funding" if source == "funding" else "spot"
        held = (await self._account.holdings({part})).wallets[part].get(transfer.asset, ZERO)
        if held <= fee:
            raise Denied(f"nothing to transfer: {held:f} {transfer.asset} in the wallet {source}, and a fee of {fee}")
        return held - fee

    def _addressed(self, move: Move, transfer: Transfer, chain: str | None) -> Move:
        """A withdrawal goes to a listed destination only, over a chain that is named: venues would pick one."""
        if chain is None:
            raise Denied(f"a withdrawal of {transfer.asset} needs a network: name it in the transfer or in assets.{transfer.asset}.network")
        place = destination(self._desk.keys.venue, self._desk.settings, transfer)
        return move._replace(address=place.address, chain=chain, tag=place.tag or "")

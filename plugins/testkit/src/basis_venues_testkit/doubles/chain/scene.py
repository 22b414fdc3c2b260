"""One transaction about to be sent to the sandbox's chain, whose shim plays the faults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import attrs

from basis_venues.actions import Swap, Unwind
from basis_venues.contract import VenueClient
from basis_venues.keys import BALANCE, Key, split_key
from basis_venues.orders import Prepared, Report, Step, deltas
from basis_venues.positions import Positions

from ...promises import not_tried
from ...simulation.stage import Stage
from ..scene import Heard, Scene, heard
from ..staging import KitClock
from .view import ETHER, ChainView

SEND = "eth_sendRawTransaction"
LOST: Mapping[str, Any] = {
    "accept_then_timeout": 4,
    "accept_then_status": 503,
    "accept_then_reset": None,
    "accept_then_error": "the answer got lost",
    "garbage": None,
}
"""Replies that are lost or damaged after the node took the transaction, in the sandbox's words, with their values."""
TURNED_AWAY: Mapping[str, tuple[str, Any]] = {"429": ("status", 429), "503": ("status", 503), "drop": ("drop", None)}
"""The node does not take the transaction now."""
BLIND: Mapping[str, tuple[str, Any]] = {
    "503": ("status", 503),
    "429": ("status", 429),
    "garbage": ("garbage", None),
    "null_receipt": ("null_receipt", None),
}
"""Nothing can be read, or receipts never come."""
STUCK_MS = 200_000
"""Longer than any transaction waits before one with a higher fee takes its place."""
_NEAR, _SWAPPED, _LEAST = Decimal("0.000001"), Decimal("0.01"), Decimal("0.000001")
_MAGNITUDE = 10
_REVERTS = "0x60006000fd"
_DUST = 10**12
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


class Begun(NamedTuple):
    """Where a sample's scenes begin: the chain's snapshot, the step that is sent, what the accounts hold, and how the model says that the
    step changes it, and what the gas costs in ETH; None where nobody tells the figures that the model asks for."""

    snapshot: str
    step: Step
    held: Positions
    planned: Mapping[Key, Decimal] | None
    gas: Decimal | None


class ChainScene(Scene):
    """One transaction about to be sent. `accounts`: alias -> address of those whose balances are watched."""

    def __init__(
        self, view: ChainView, accounts: Mapping[str, str], clock: KitClock, client: VenueClient, stage: Stage, begun: Begun
    ) -> None:
        super().__init__(client, stage, begun.step, begun.held)
        self._planned, self._gas = begun.planned, begun.gas
        self.control = view.control
        self.clock = clock
        self.since = self.control.block_number()
        self._view = view
        self._accounts = accounts
        self._before = self._balances()
        self._code: tuple[str, str] | None = None

    async def send(self, prepared: Prepared) -> Heard:
        """Send it; the node mines a moment after it has answered."""
        said = await super().send(prepared)
        await self._view.mined()
        return said

    def mark(self) -> int:
        """How many transactions were sent."""
        return int(self.control.counts().calls.get(SEND, 0))

    def moment(self) -> int:
        """The last block."""
        return int(self.control.block_number())

    def writes(self, since: int) -> list[str]:
        """The requests that carried a transaction."""
        return [SEND] * (self.mark() - since)

    def happened(self) -> str:
        """The wallet's transactions that were mined and not undone."""
        done = self._view.done_since(self.since)
        return f"was mined as {' and '.join(done)}" if done else ""

    def shows(self, report: Report) -> bool:
        """Whether the effects change each balance as it changed on the chain, to the last unit."""
        told, now = deltas(report.effects), self._balances()
        return bool(report.effects) and all(now[key] - self._before[key] == told.get(key, 0) for key in now if key in self._before)

    def shown(self, report: Report) -> str:
        """The change of each balance."""
        return ", ".join(f"{key} {amount:+f}" for key, amount in deltas(report.effects).items()) or "no effects"

    def strangers(self, prepared: Prepared) -> list[str]:
        """Transactions of the wallet that the attempt does not name; more or fewer than one; balances changed otherwise than planned."""
        mined = self._view.mined_since(self.since)
        return [
            *([f"{len(mined)} transactions of the wallet were mined"] if len(mined) != 1 else []),
            *(f"{each} was mined, which is nowhere in what was prepared" for each in mined if each not in str(prepared.payload)),
            *(self._otherwise(mined, self._planned) if self._planned is not None and self.happened() else []),
        ]

    def misjudged(self) -> list[str]:
        """Gas of another magnitude: a backtest pays what the model says, and `max` leaves so much."""
        paid, planned = self._view.gas_of(self._view.mined_since(self.since)), self._gas
        if planned is None or paid / _MAGNITUDE <= planned <= paid * _MAGNITUDE:
            return []
        return [f"its gas was {paid} ETH, and the model's `cost` says {planned}: correct the figure under `gas` in venue.yaml"]

    def _otherwise(self, mined: list[str], foreseen: Mapping[Key, Decimal]) -> Iterator[str]:
        """What the model plans and what was done may differ by what accrues in between, where something is swapped by what that costs, and
        not by more."""
        near = _SWAPPED if any(isinstance(each, (Swap, Unwind)) for each in self.step.actions) else _NEAR
        payer = {alias for alias, address in self._accounts.items() if address.lower() == self.control.addresses.wallet.lower()}
        for key, amount in self._balances().items():
            alias, _, asset = split_key(key)
            gas = self._view.gas_of(mined) if asset == ETHER and alias in payer else Decimal(0)
            changed, planned = amount - self._before.get(key, Decimal(0)) + gas, foreseen.get(key, Decimal(0))
            if abs(changed - planned) > max(abs(planned) * near, _LEAST):
                yield f"{key} changed by {changed:+f}, and the model plans {planned:+f}"

    def lose(self, how: str) -> None:
        """One of `LOST`."""
        self.control.fault(how, LOST[how], method=SEND)

    def refuse_strangely(self, words: str = "") -> None:
        """An error code that no client has."""
        self.control.fault("refuse", words or "an error that nobody has seen")

    def turn_away(self, how: str) -> None:
        """One of `TURNED_AWAY`."""
        verb, value = TURNED_AWAY[how]
        self.control.fault(verb, value, method=SEND, times=1)

    def blind(self, how: str) -> None:
        """One of `BLIND`."""
        verb, value = BLIND[how]
        self.control.fault(verb, value, times=0)

    def impoverish(self) -> None:
        """The wallet cannot pay for its gas."""
        self.control.rpc.call("anvil_setBalance", self.control.addresses.wallet, hex(_DUST))

    def scatter(self) -> None:
        """A transaction is done as a whole."""

    def lag(self) -> None:
        """A receipt has all or nothing."""

    def cut_short(self, prepared: Prepared) -> None:
        """What the transaction calls reverts, from just before it arrives."""
        to = prepared.payload.get("to")
        if not isinstance(to, str) or not _ADDRESS.fullmatch(to):
            not_tried("the payload does not say under `to` what the transaction calls, which the double lets revert")
        self._code = (to, str(self.control.rpc.call("eth_getCode", to, "latest")))
        self.control.fault("mutate_between", [["anvil_setCode", [to, _REVERTS]]])

    def mend(self) -> None:
        """The contract is what it was."""
        if self._code is not None:
            self.control.rpc.call("anvil_setCode", *self._code)

    def refined(self) -> Step | None:
        """The step with one digit more than any token has."""
        *others, last = self.step.actions
        name = next((each for each in ("amount", "flash_amount") if isinstance(getattr(last, each, None), Decimal)), None)
        if name is None:
            return None
        change: dict[str, Any] = {name: getattr(last, name) + Decimal("1e-19")}
        return self.step._replace(actions=(*others, attrs.evolve(last, **change)))

    def hold_still(self) -> None:
        """Fees and simulation hang on the block, and when it was signed on the clock."""
        self.clock.held = self.clock.now()

    def unnamed(self, first: Prepared, other: Prepared) -> list[str]:
        """A transaction is found by its hash; a second attempt takes the same nonce, so that both cannot happen."""
        known = self.control.rpc.call("web3_sha3", first.payload["raw"]) if "raw" in first.payload else ""
        return [
            *(["the payload has no signed bytes under `raw`: after a crash they could not be sent again"] if not known else []),
            *([f"the hash {known} is nowhere in what is to be sent"] if known and known not in str(first.payload) else []),
            *(["another attempt takes another nonce"] if other.payload.get("nonce") != first.payload.get("nonce") else []),
        ]

    async def waiting(self) -> list[str]:
        """A transaction that waits is told so; one with a higher fee takes its place, and one of them is mined."""
        prepared = await self.prepared()
        self.control.automine(False)
        await heard(self.client.send(prepared))
        waiting = await heard(self.client.lookup(prepared))
        self.clock.ahead += STUCK_MS
        replaced = await self.client.replace(prepared)
        if replaced is None:
            return ["it waits for longer than it should, and replace offers nothing in its place"]
        mark = self.mark()
        await heard(self.client.send(replaced))
        writes = self.writes(mark)
        self.control.mine()
        over = await heard(self.client.lookup(replaced))
        return [
            *([f"the look-up of a transaction that waits says {waiting.text}"] if waiting.state != "ACCEPTED" else []),
            *([f"the replacement made {len(writes)} write requests"] if len(writes) != 1 else []),
            *self.strangers(replaced),
            *self._mistold(over),
        ]

    def _mistold(self, said: Heard) -> Iterator[str]:
        if said.report is None:
            yield f"it was mined, and the look-up says {said.text}"
        elif not self.shows(said.report):
            changed = {key: amount - self._before.get(key, Decimal(0)) for key, amount in self._balances().items()}
            really = ", ".join(f"{key} {amount:+f}" for key, amount in changed.items() if amount)
            yield f"it was mined, and the look-up says {said.text} with {self.shown(said.report)}, where the chain shows {really}"

    def _balances(self) -> dict[Key, Decimal]:
        return {
            f"{alias}:{BALANCE}:{asset}": self._view.held(asset, address)
            for alias, address in self._accounts.items()
            for asset in self._view.decimals
        }

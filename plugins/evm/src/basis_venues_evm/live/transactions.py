"""The life of a transaction: simulated, signed under the lane's next nonce, sent once, looked up, replaced when it is stuck.

The journal keeps everything that is needed to recognise and to send it again: `Prepared.payload` has nonce, signed bytes, the hash they
have, all hashes that the nonce was ever signed under, the fees of each, and the values of positions that the effects are counted from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any, NamedTuple

from basis_venues.amounts import MONEY, from_units
from basis_venues.clock import Clock
from basis_venues.errors import Denied, TryAgainLater
from basis_venues.guard import check_chain
from basis_venues.http import NotConnected
from basis_venues.keys import Key
from basis_venues.orders import Outgoing, Prepared, Report, Step
from basis_venues.states import State

from ..settings import TransactionSettings
from .effects import Effects
from .fees import Fees, bumped, going, offer
from .lookup import FINAL_BLOCK, Seen, final_number, seen, seen_requests, who_took
from .mined import Mined, mined
from .multicall import Call
from .reading import LAGGING_PAUSE_MS, LAGGING_READS, Reading, Views, views_of, views_request
from .refusals import meaning, reverted
from .registry import Registry, values_of
from .reverts import Reverts
from .rpc import Answer, Request, Rpc
from .showing import shown
from .signing import Signer, Transaction

OUT_OF_GAS = "out of gas"
"""How the reason of a transaction begins that used all its gas."""
_CAPPED = ", and no higher fee is within the caps: raise max_fee_gwei or max_tip_gwei (transactions in alchemy.yaml), and start again"
_FEES = Request("eth_feeHistory", ("0x5", "latest", [50]))


class Wanted(NamedTuple):
    """A transaction that a venue wants sent. `to` in lower case, `data` as hex, `value` in wei.

    `facts`: positions whose present value the effects are counted from. `on_the_way`: a position, without its reference, that
    `amount` goes to, and which the transaction's hash completes.
    """

    to: str
    data: str = "0x"
    value: int = 0
    facts: tuple[Key, ...] = ()
    on_the_way: tuple[str, Decimal] | None = None


class Lane:
    """The nonces of one address on one chain. One transaction is prepared at a time; `used` are those known to be spent."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.used = 0


class _Standing(NamedTuple):
    """A mined transaction, the hash of its block, what was said of it, and how many accounts were known then: one that it made is known
    only later, and its effects with it."""

    hash: str
    block: str
    report: Report
    accounts: int


class WouldRevert(Denied):
    """The chain would revert it, as things stand. The message has the contract's reason."""


class Transactions:
    """Those of one wallet."""

    def __init__(
        self, venue: str, rpc: Rpc, signer: Signer, registry: Registry, reverts: Reverts, reading: Reading, effects: Effects,
        settings: TransactionSettings, allowed: Collection[int], clock: Clock,
    ) -> None:  # fmt: skip
        self._venue = venue
        self._rpc = rpc
        self._signer = signer
        self._registry = registry
        self._reverts = reverts
        self._reading = reading
        self._effects = effects
        self._settings = settings
        self.allowed = allowed
        """The chains that may be signed for and sent to: when one is open, that one."""
        self._clock = clock
        self._lane = Lane()
        self._reasons: dict[str, str] = {}
        self._missing: set[str] = set()
        self._capped: set[str] = set()
        self._standing: dict[str, _Standing] = {}

    @property
    def address(self) -> str:
        """Of the wallet."""
        return self._signer.address

    # preparing

    async def prepare(self, step: Step, key: str, wanted: Wanted) -> Prepared:
        """Simulate it, and sign it under the lane's next nonce. Raises `WouldRevert` with the contract's reason, `Denied` when the ETH
        does not cover it or a cap forbids it, `GuardRefused` on another chain than allowed, and `TryAgainLater`."""
        async with self._lane.lock:
            state = await self._state(wanted)
            gas = self._gas(wanted, state)
            market = going(_result(state.history))
            fees = offer(market, self._settings)
            self._afford(wanted, gas, fees, int(_result(state.balance), 16))
            transaction = Transaction(state.chain, state.nonce, fees.tip, fees.max_fee, gas, wanted.to, wanted.value, wanted.data)
            signed = self._signer.sign(transaction)
        payload = {
            **transaction._asdict(),
            "from": self._signer.address,
            "raw": signed.raw,
            "hash": signed.hash,
            "hashes": [signed.hash],
            "fees": [list(fees)],
            "before": {fact: str(value) for fact, value in self._facts(wanted, state).items()},
            "on_the_way": [wanted.on_the_way[0], str(wanted.on_the_way[1])] if wanted.on_the_way else None,
            "at": self._clock.now(),
            "block": market.head,
        }
        prepared = Prepared(key, step, payload)
        self._know(prepared)
        return prepared

    async def show(self, step: Step, key: str, wanted: Wanted, ahead: int) -> Outgoing:
        """The transaction for a person, unsent. `ahead` transactions come before it: its place is after theirs, and its gas is estimated
        when they are mined, as it may be reverted until then. Raises as `prepare`."""
        where = self._rpc.target
        if not ahead:
            payload = (await self.prepare(step, key, wanted)).payload
            return shown(Transaction(*(payload[name] for name in Transaction._fields)), self._signer.address, *where)
        state = await self._state(wanted)
        fees = offer(going(_result(state.history)), self._settings)
        later = Transaction(state.chain, state.nonce + ahead, fees.tip, fees.max_fee, 0, wanted.to, wanted.value, wanted.data)
        said = f"its gas, and its fees anew, when what comes before it is mined ({ahead}); the fees are those of now"
        return shown(later, self._signer.address, *where, (said,))

    async def _state(self, wanted: Wanted) -> _State:
        """Everything that a transaction is made from, in one request; again while the node lags behind what is known here, or cannot
        tell. What it holds and would do is of one block: the newest that is known, as a provider's nodes do not all know the same."""
        block = self._reading.head
        for _ in range(LAGGING_READS):
            state = _State.of(await self._rpc.batch(self._state_requests(wanted, block)))
            check_chain(self._venue, state.chain, self.allowed)
            head, shown = going(_result(state.history)).head, state.nonce >= self._lane.used and state.told()
            if shown and head <= block:
                break
            block = max(head, self._reading.known)
            if not shown:
                await self._clock.sleep(LAGGING_PAUSE_MS)
        if state.nonce < self._lane.used:
            raise self._lags()
        if state.pending > state.nonce:
            raise TryAgainLater(
                f"a transaction of this wallet that is none of this run's waits in the pool (nonce {state.nonce}): "
                "wait until it is mined, or replace it where it was made"
            )
        return state

    def _lags(self) -> TryAgainLater:
        return TryAgainLater(f"{self._venue}: the node does not show this wallet's last transaction yet; nothing was sent")

    def _state_requests(self, wanted: Wanted, block: int) -> tuple[Request, ...]:
        """What `_State` is made of. `block`: 0 for the latest."""
        sender, tag, facts = self._signer.address, hex(block) if block else "latest", self._fact_calls(wanted)
        call = {"from": sender, "to": wanted.to, "data": wanted.data, "value": hex(wanted.value)}
        return (
            Request("eth_chainId"),
            Request("eth_getTransactionCount", (sender, "latest")),
            Request("eth_getTransactionCount", (sender, "pending")),
            _FEES,
            Request("eth_getBalance", (sender, tag)),
            Request("eth_call", (call, tag)),
            Request("eth_estimateGas", (call, tag)),
            *((views_request(facts, block),) if facts else ()),
        )

    def _fact_calls(self, wanted: Wanted) -> tuple[Call, ...]:
        reads = (self._registry.read(key) for key in wanted.facts)
        return tuple(dict.fromkeys(read.call for read in reads if read.call is not None))

    def _facts(self, wanted: Wanted, state: _State) -> Mapping[Key, Decimal]:
        """The values of the facts. Raises `TryAgainLater` where one cannot be read, or is of before our last transaction, whatever block
        was asked for."""
        calls = self._fact_calls(wanted)
        views = views_of(state.facts, calls, self._reverts, self._venue) if state.facts is not None else Views(self._reading.known, {})
        if views.block < self._reading.known:
            raise self._lags()
        values = values_of({key: self._registry.read(key) for key in wanted.facts}, views.answers)
        missing = [key for key in wanted.facts if key not in values]
        if missing:
            raise TryAgainLater(f"{self._venue}: {', '.join(missing)} could not be read before the transaction; nothing was sent")
        return values

    def _gas(self, wanted: Wanted, state: _State) -> int:
        """The gas limit: the estimate with its margin. Raises `WouldRevert` with the reason where the simulation was reverted, `Denied`
        where the node refuses it for good, as for want of ETH, and `TryAgainLater` where it could not try it."""
        for answer in (state.simulated, state.estimate):
            if answer.fault is not None and reverted(answer.fault):
                reason = self._reverts.reason(answer.fault.data, answer.fault.message)
                raise WouldRevert(f"the chain would refuse it: {reason}; nothing was sent")
            if answer.fault is not None and meaning(answer.fault) is State.REJECTED:
                raise Denied(f"the chain would refuse it: {answer.fault.message}; nothing was sent")
            _result(answer)
        estimate = int(state.estimate.result, 16)
        if estimate > self._settings.gas_limit:
            raise Denied(f"it would take {estimate} gas, more than the limit of {self._settings.gas_limit} for a transaction")
        with_margin = MONEY.multiply(Decimal(estimate), self._settings.gas_margin).to_integral_value(ROUND_CEILING)
        return estimate if wanted.data == "0x" and estimate == 21_000 else min(int(with_margin), self._settings.gas_limit)

    def _afford(self, wanted: Wanted, gas: int, fees: Fees, balance: int) -> None:
        needed = wanted.value + gas * fees.max_fee
        if balance < needed:
            raise Denied(
                f"the wallet holds {from_units(balance, 18)} ETH, and {from_units(needed, 18)} are needed for what is sent and for gas at "
                "the most that it may cost; send it ETH or act on less"
            )

    # sending

    async def send(self, prepared: Prepared) -> Report:
        """Broadcast the signed bytes, once. What a refusal means is judged by the chain's state first, and only then by its text."""
        payload = prepared.payload
        self._know(prepared)
        check_chain(self._venue, int(payload["chain_id"]), self.allowed)
        try:
            answer = await self._rpc.write("eth_sendRawTransaction", payload["raw"])
        except NotConnected as error:
            return Report(State.NOT_SENT, reason=f"no connection ({error})")
        if answer.fault is None:
            same = answer.result == payload["hash"]
            return Report(State.ACCEPTED if same else State.UNKNOWN, reason="" if same else "the node answered with another hash")
        report = await self.lookup(prepared)
        if report.state not in (State.ABSENT, State.UNKNOWN):
            return report
        state = meaning(answer.fault)
        if len(payload["hashes"]) > 1 and state is not State.ACCEPTED:
            state = State.UNKNOWN  # that a replacement is refused says nothing of the one before it
        return Report(state, reason=f"the node said: {answer.fault.message}")

    def _know(self, prepared: Prepared) -> None:
        self._effects.ours.update(dict.fromkeys(prepared.payload["hashes"], prepared))

    # looking up

    async def lookup(self, prepared: Prepared) -> Report:
        """What became of it. Raises `RpcUnavailable` where nothing can be told."""
        self._know(prepared)
        return await self._as_before(prepared) or await self._seen(prepared)

    async def _as_before(self, prepared: Prepared) -> Report | None:
        """The report that was given of it already, while it stands in the same block; its receipt alone is asked for."""
        known = self._standing.get(prepared.key)
        if known is None or known.accounts != len(self._registry.aliases):
            return None
        receipt, last = await self._rpc.together((Request("eth_getTransactionReceipt", (known.hash,)), FINAL_BLOCK))
        if receipt.result is None or receipt.result["blockHash"] != known.block:
            self._standing.pop(prepared.key, None)
            return None
        return self._stands(prepared.key, known, final_number(last))

    def _stands(self, key: str, known: _Standing, final: int) -> Report:
        """Kept until it is final: then nothing can take it back, and nobody asks again."""
        if known.report.at > final:
            self._standing[key] = known
            return known.report
        self._standing.pop(key, None)
        state = State.FINAL if known.report.state is State.MINED else known.report.state
        return known.report._replace(state=state, final=True)

    async def _seen(self, prepared: Prepared) -> Report:
        payload = prepared.payload
        now = seen(await self._rpc.together(seen_requests(payload["hashes"], payload["from"])), self._venue)
        if now.pair is not None:
            return await self._mined(prepared, now.pair, now)
        if now.placed:
            return Report(State.UNKNOWN, reason="it is in a block, and its receipt is not there yet")
        if now.pooled:
            return Report(State.ACCEPTED, reason=f"it waits to be mined{_CAPPED if prepared.key in self._capped else ''}")
        if now.spent <= payload["nonce"]:
            self._missing.add(prepared.key)
            return Report(State.ABSENT, reason="no node shows it, and its nonce is free")
        return await self._nonce_taken(prepared, now)

    async def _mined(self, prepared: Prepared, pair: tuple[Any, Any], now: Seen) -> Report:
        transaction = mined(*pair)
        depth = now.head - transaction.block + 1
        self._lane.used = max(self._lane.used, prepared.payload["nonce"] + 1)
        if depth < self._settings.confirmations:
            wanted = self._settings.confirmations
            return Report(State.ACCEPTED, reason=f"it is in block {transaction.block}, with {max(depth, 0)} of {wanted} confirmations")
        found = await self._effects.of(transaction, prepared)
        state, reason = (State.MINED, "") if transaction.ok else (State.REVERTED, await self._why(transaction))
        report = Report(state, found, transaction.block, reason)
        known = _Standing(transaction.hash, pair[1]["blockHash"], report, len(self._registry.aliases))
        return self._stands(prepared.key, known, now.final)

    async def _nonce_taken(self, prepared: Prepared, now: Seen) -> Report:
        """Another transaction has the nonce, or the node lags. Believed only when the other one is found and final."""
        payload = prepared.payload
        if now.final_spent <= payload["nonce"]:
            return Report(State.UNKNOWN, reason=f"its nonce {payload['nonce']} is used and no receipt is there, which is not final yet")
        taken = await who_took(self._rpc, payload["from"], payload["nonce"], payload["block"], now.final)
        if taken is None or taken in payload["hashes"]:
            return Report(State.UNKNOWN, reason="the nonce is used, and the node does not show by what")
        return Report(State.REJECTED, reason=f"another transaction ({taken}) took its nonce {payload['nonce']} and is final")

    async def _why(self, transaction: Mined) -> str:
        """Why it was reverted: out of gas, or what the same call answers on the block before. Kept, as it does not change; that the node
        cannot try the call now is no reason."""
        known = self._reasons.get(transaction.hash)
        if known is not None:
            return known
        if transaction.gas_used >= transaction.gas:
            reason = f"{OUT_OF_GAS}: all {transaction.gas} were used"
        else:
            call = {"from": transaction.sender, "to": transaction.to, "data": transaction.data, "value": hex(transaction.value)}
            (answer,) = await self._rpc.batch((Request("eth_call", (call, hex(transaction.block - 1))),))
            reason = "reverted, and would not have been a block earlier"
            if answer.fault is not None and not reverted(answer.fault):
                return f"reverted; why, the node cannot tell now: {answer.fault.message}"
            if answer.fault is not None:
                reason = self._reverts.reason(answer.fault.data, answer.fault.message)
        self._reasons[transaction.hash] = reason
        return reason

    # replacing

    async def replace(self, prepared: Prepared) -> Prepared | None:
        """The same nonce, to the same effect, at a higher fee: when it waits for longer than it should, or can no longer be mined at its
        fee. None when it is not stuck, or a cap forbids more. What it answers must be journalled before it is sent."""
        payload = prepared.payload
        waited = self._clock.now() - payload["at"]
        if waited < self._settings.stuck_after_ms and prepared.key not in self._missing:
            return None
        requests = seen_requests(payload["hashes"], payload["from"])
        *looked, chain, history = await self._rpc.batch((*requests, Request("eth_chainId"), _FEES))
        check_chain(self._venue, int(_result(chain), 16), self.allowed)
        now, sent = seen(looked, self._venue), [Fees(*each) for each in payload["fees"]]
        market = going(_result(history))
        stuck = waited >= self._settings.stuck_after_ms or market.base > sent[-1].max_fee
        if now.pair is not None or now.placed or now.spent > payload["nonce"] or not stuck:
            return None
        fees = bumped(sent, market, self._settings)
        if fees is None:
            self._capped.add(prepared.key)
            return None
        self._capped.discard(prepared.key)
        fields = {name: payload[name] for name in Transaction._fields}
        signed = self._signer.sign(Transaction(**{**fields, "tip": fees.tip, "max_fee": fees.max_fee}))
        changes = {
            "tip": fees.tip,
            "max_fee": fees.max_fee,
            "raw": signed.raw,
            "hash": signed.hash,
            "hashes": [*payload["hashes"], signed.hash],
            "fees": [*payload["fees"], list(fees)],
            "at": self._clock.now(),
        }
        return prepared._replace(payload={**payload, **changes})


class _State(NamedTuple):
    """What the node answered before a transaction."""

    chain: int
    nonce: int
    pending: int
    history: Answer
    balance: Answer
    simulated: Answer
    estimate: Answer
    facts: Answer | None

    @classmethod
    def of(cls, answers: list[Answer]) -> _State:
        chain, nonce, pending = (int(_result(answer), 16) for answer in answers[:3])
        history, balance, simulated, estimate, *facts = answers[3:]
        return cls(chain, nonce, pending, history, balance, simulated, estimate, facts[0] if facts else None)

    def told(self) -> bool:
        """Whether the node could tell all that is of one block: that the transaction would be refused is told too."""
        tried = (answer.fault for answer in (self.simulated, self.estimate))
        read = (answer.fault for answer in (self.balance, self.facts) if answer is not None)
        return not any(read) and all(fault is None or reverted(fault) or meaning(fault) is State.REJECTED for fault in tried)


def _result(answer: Answer) -> Any:
    if answer.fault is not None:
        raise TryAgainLater(f"the node could not answer: {answer.fault.message}; nothing was sent")
    return answer.result

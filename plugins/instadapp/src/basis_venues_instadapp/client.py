"""Bundles on a real chain: one cast of the smart account, sent from its owner's lane."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from basis_venues.actions import Approve, CreateAccount, Deposit, SetEMode
from basis_venues.contract import ClientContext
from basis_venues.errors import Denied
from basis_venues.keys import ALLOWANCE, SETTING, Key, KeyParts
from basis_venues.orders import Outgoing, Prepared, Report, Step
from basis_venues.states import DONE, State
from basis_venues_evm import ETHER, RISKY, allowance_key, emode_key
from basis_venues_evm.live import Call, EvmClient, Read, Wanted, WouldRevert, amount_of, approval
from basis_venues_evm.live.abi import address_in, number
from basis_venues_evm.live.transactions import OUT_OF_GAS

from .account import find_account
from .casts import Cast, cast_of
from .contracts import Contracts, find_contracts
from .events import AccountEvents
from .failing import failing_part
from .foreseen import departures, told
from .methods import AAVE_ROUTE, ACCOUNT_VERSION, BUILD, FEE_BPS, IS_OWNER, NOBODY
from .refusals import MEANINGS
from .settings import InstadappSettings
from .spells import Encoder

_Made = TypeVar("_Made")


class InstadappClient(EvmClient):
    """The smart account of a wallet. Whether and where it is, is asked when the client opens, and when an account was made."""

    def __init__(self, context: ClientContext) -> None:
        super().__init__(context)
        self._settings: InstadappSettings = context.settings
        self._account, self._lane = context.account.alias, context.account.lane
        configured = context.credentials.get("account_address")
        self._configured = configured if isinstance(configured, str) else None
        self._exists: Key = f"{self._account}:{SETTING}:{self.venue}/account"
        self._contracts: Contracts | None = None
        self._reasons: dict[str, str] = {}
        self._events = AccountEvents(self.venue, self.chain, self._lane, self._account, self._exists)

    async def join(self) -> Mapping[str, str]:
        """Find the contracts and the account. Its identity is that of the configured address, else that it is the wallet's: it stays
        the same when the account is made."""
        self._contracts = await find_contracts(self.chain, self.venue, self._settings)
        registry = self.chain.registry
        registry.await_account(self._account)
        registry.add_reads(self.venue, self._read)
        self.chain.reverts.know_codes(MEANINGS)
        registry.lenders.add(self._contracts.aggregator)
        self._events.watch_index(self._contracts.index)
        await self._resolve()
        wallet = self.chain.identity_of(self._lane)
        return {self._account: self.chain.identity_of(self._account) if self._configured else f"{wallet}/{self._account}"}

    async def wanted(self, step: Step) -> Wanted:
        """The making of an account, an approval for it, or the cast. Raises `Denied` for an account that is there already, for parts that
        the connectors cannot express, for connectors that were exchanged, and for a flash loan at another fee than planned."""
        first = step.actions[0]
        await self._resolve()
        if isinstance(first, CreateAccount):
            self._must_be_missing()
            return Wanted(self._found.index, BUILD(self.chain.address_of(self._lane), ACCOUNT_VERSION, NOBODY))
        if isinstance(first, Approve):
            return approval(self.chain, first, first.account or step.order.account)
        cast = self._cast(step)
        await self._check(cast)
        return Wanted(self.chain.address_of(self._account), cast.data(), cast.value, self._facts(step))

    async def checked(self, step: Step, wanted: Wanted) -> Mapping[str, Any]:
        """What the cast would change, by position, is kept with it (`simulated`). Raises `Denied` where that is something else than
        planned."""
        simulated = await self._simulated(step, wanted)
        return {"simulated": simulated} if simulated else {}

    async def prepare(self, step: Step, attempt_key: str) -> Prepared:
        """As in the base. The refusal of a cast that would be reverted names the part that fails."""
        return await self._told_by_part(step, super().prepare(step, attempt_key))

    async def show(self, step: Step, attempt_key: str, ahead: int) -> Outgoing:
        """As in the base; refused as `prepare` would."""
        return await self._told_by_part(step, super().show(step, attempt_key, ahead))

    async def _told_by_part(self, step: Step, made: Awaitable[_Made]) -> _Made:
        try:
            return await made
        except WouldRevert:
            why = await self._why(step, "latest")
            if why is None:
                raise
            raise Denied(f"the chain would refuse it: {why}; nothing was sent") from None

    async def lookup(self, prepared: Prepared) -> Report:
        """As in the base. An account that was made is found before its effects are told; a reverted cast is told with its part."""
        report = await super().lookup(prepared)
        if report.state in DONE and isinstance(prepared.step.actions[0], CreateAccount) and not self.chain.registry.knows(self._account):
            await self._resolve()
            report = await super().lookup(prepared)
        if report.state is State.REVERTED:
            return report._replace(reason=await self._reason(prepared, report))
        return report

    # the account

    async def _resolve(self) -> None:
        """Find the account, unless it is known, and tell the chain about it."""
        if self.chain.registry.knows(self._account):
            return
        found = await find_account(self.chain, self._found, self.chain.address_of(self._lane), self._configured)
        if found is not None:
            self.chain.registry.add_account(self._account, found)
            self.chain.registry.add_spender(self.venue, found)
            self._events.watch_account(found)

    def _must_be_missing(self) -> None:
        """A second account would hold nothing, and this run would not find it. An account through which the wallet may not act any more
        reads as one that is not made."""
        if self.chain.registry.knows(self._account):
            raise Denied(
                f"the smart account {self._account} is there already, at {self.chain.address_of(self._account)}; if the wallet may not act "
                "through it any more, one of its other authorities must let it again, or INSTADAPP__ACCOUNT_ADDRESS name another"
            )

    @property
    def _found(self) -> Contracts:
        return self.once_open(self._contracts)

    # casts

    def _cast(self, step: Step) -> Cast:
        return cast_of(step, Encoder(self.chain, self.chain.address_of(self._lane), self._settings.fee_tiers()))

    async def _check(self, cast: Cast) -> None:
        """The connectors must be those that were there when this run began, and the flash loan must cost what was planned."""
        names = self._found.names()
        used = {spell.connector for spell in (*cast.before, *cast.within)}
        fee = Call(self._found.aggregator, FEE_BPS(AAVE_ROUTE, self.chain.address_of(self._account)))
        told = (await self.chain.views((*(names[name] for name in used), *((fee,) if cast.loan else ())))).answers
        for name in sorted(used):
            answer = told[names[name]]
            if answer is None or address_in(answer) != self._found.by_name[name]:
                raise Denied(f"the connector {name} is not the one that this run began with; look at what was changed, and start again")
        if cast.loan is not None and number(told[fee] or "0x" + "f" * 64) != self._settings.flash_fee_bps:
            told_fee = "cannot be told" if told[fee] is None else f"is {number(told[fee] or '')} basis points"
            raise Denied(
                f"part {cast.loan.part} (FlashBorrow): the flash loan's fee {told_fee} now, and flash_fee_bps in {self.venue}.yaml says "
                f"{self._settings.flash_fee_bps}: set it to what it is; nothing was sent"
            )

    async def _simulated(self, step: Step, wanted: Wanted) -> dict[str, str]:
        """What the cast would change, by position: nothing where it would be reverted, or the node does not tell. Raises `Denied` where
        that is something else than planned, and where the lender does not take it."""
        if isinstance(step.actions[0], (CreateAccount, Approve)):
            return {}
        at_risk = self._account if any(isinstance(part, RISKY) for part in step.actions) else ""
        effects = await self.chain.foresee(wanted, at_risk, step.actions) or ()
        off = departures(step, effects, self._settings.simulation_tolerance, self._decimals) if effects else []
        if off:
            raise Denied(
                f"the simulation does something else than planned: it changes {'; '.join(off)}. Compare figures and contracts with the "
                f"chain; simulation_tolerance in {self.venue}.yaml says how far they may differ; nothing was sent"
            )
        return dict(told(effects))

    def _decimals(self, asset: str) -> int:
        return self._settings.tokens[asset].decimals if asset in self._settings.tokens else 18

    def _facts(self, step: Step) -> tuple[Key, ...]:
        """Positions whose value before the cast its effects are counted from: the efficiency mode, and what deposits are pulled from."""
        emode = any(isinstance(part, SetEMode) for part in step.actions)
        pulled = (part.asset for part in step.actions if isinstance(part, Deposit) and part.asset != ETHER)
        return (
            *((emode_key(self._account, self._settings.lending),) if emode else ()),
            *(allowance_key(self._lane, self.venue, asset) for asset in pulled),
        )

    # why it failed

    async def _why(self, step: Step, block: str) -> str | None:
        if isinstance(step.actions[0], (CreateAccount, Approve)):
            return None
        cast = self._cast(step)
        owner, account = self.chain.address_of(self._lane), self.chain.address_of(self._account)
        call: dict[str, Any] = {"from": owner, "to": account, "value": hex(cast.value)}
        return await failing_part(self.chain, step, cast, call, block)

    async def _reason(self, prepared: Prepared, report: Report) -> str:
        """Tried again on the block that reverted it, which changed nothing of its own; kept, as it does not change. Without the part where
        the cast cannot be told any more, its pool or its account having left the configuration since: it was reverted all the same."""
        known = self._reasons.get(prepared.key)
        if known is None:
            why = None
            with suppress(Denied):
                why = None if report.reason.startswith(OUT_OF_GAS) else await self._why(prepared.step, hex(report.at))
            known = self._reasons[prepared.key] = why or report.reason
        return known

    # reads

    def _read(self, parts: KeyParts) -> Read:
        name = parts.instrument.partition("/")[2]
        if parts.kind == ALLOWANCE:
            return self.chain.tokens.allowance(parts.account, self.venue, name)
        if parts.kind == SETTING and name == "account" and parts.account == self._account:
            return Read(Call(self.chain.address_of(self._account), IS_OWNER(self.chain.address_of(self._lane))), amount_of(0))
        raise Denied(f"{self.venue} cannot show {':'.join(parts)}")

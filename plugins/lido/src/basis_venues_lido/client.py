"""Staking on a real chain: the token's, the wrapper's and the queue's calls, and how claims are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from basis_venues.actions import Action, Approve, ClaimUnstake, RequestUnstake, Stake, Unwrap, Wrap
from basis_venues.amounts import from_units, to_units
from basis_venues.contract import ClientContext
from basis_venues.errors import Denied
from basis_venues.keys import ALLOWANCE, CLAIM, Key, KeyParts
from basis_venues.orders import Step
from basis_venues_evm import allowance_key
from basis_venues_evm.live import Call, EvmClient, Method, Read, Wanted, approval, units_of
from basis_venues_evm.live.abi import decoded, number

from .contracts import Contracts, find_contracts
from .events import LidoEvents
from .model import DECIMALS, REQUESTS, STETH, WSTETH
from .queue import divide, wrapped_bounds
from .refusals import ERRORS
from .settings import LidoSettings

NOBODY = "0x" + "00" * 20

SUBMIT = Method("submit(address)")
STAKE_LIMIT = Method("getCurrentStakeLimit()")
WRAP = Method("wrap(uint256)")
UNWRAP = Method("unwrap(uint256)")
REQUEST = Method("requestWithdrawals(uint256[],address)")
REQUEST_WRAPPED = Method("requestWithdrawalsWstETH(uint256[],address)")
CLAIM_ALL = Method("claimWithdrawals(uint256[],uint256[])")
STATUS = Method("getWithdrawalStatus(uint256[])")
LAST_CHECKPOINT = Method("getLastCheckpointIndex()")
HINTS = Method("findCheckpointHints(uint256[],uint256,uint256)")
WORTH = Method("getStETHByWstETH(uint256)")
SHARES_OF_WORTH = Method("getWstETHByStETH(uint256)")

_STATUS = ("(uint256,uint256,address,uint256,bool,bool)[]",)
_NUMBERS = ("uint256[]",)


class LidoClient(EvmClient):
    """Staking for an account of the wallet."""

    def __init__(self, context: ClientContext) -> None:
        super().__init__(context)
        self._settings: LidoSettings = context.settings
        self._contracts: Contracts | None = None
        self._makers: dict[type[Action], Callable[[Any, str], Any]] = {
            Stake: self._stake,
            Wrap: self._wrap,
            Unwrap: self._unwrap,
            RequestUnstake: self._request,
        }

    async def join(self) -> Mapping[str, str]:
        """Find the contracts, and register reads, logs, errors, and the wrapper and the queue as spenders."""
        contracts = self._contracts = await find_contracts(self.chain, self.venue, self._settings)
        registry = self.chain.registry
        registry.add_spender(self.venue, contracts.wsteth)
        registry.add_spender(f"{self.venue}/queue", contracts.queue)
        registry.add_reads(self.venue, self._read)
        self.chain.reverts.know(ERRORS)
        LidoEvents(self.venue, self.chain).register(contracts)
        return {}

    async def wanted(self, step: Step) -> Wanted:
        """The call, or the approval that it needs. Raises `Denied` for more than may be staked at present, and for claims that are
        not ready."""
        action = step.actions[0]
        account = action.account or step.order.account
        if isinstance(action, Approve):
            return approval(self.chain, action, account)
        if isinstance(action, ClaimUnstake):
            return await self._claim([int(each) for each in step.bounds[REQUESTS].split()], account)
        maker = self._makers.get(type(action))
        if maker is None:
            raise Denied(f"{self.venue} does not know {type(action).__name__}")
        found: Wanted = await maker(action, account)
        return found

    # calls

    async def _stake(self, action: Stake, account: str) -> Wanted:
        amount, limit = units_of(self.chain, action), Call(self._found.steth, STAKE_LIMIT())
        left = number(await self.chain.view(limit))
        if amount > left:
            what = "staking is paused" if not left else f"the contract takes {from_units(left, DECIMALS)} ETH at present"
            raise Denied(f"{action.amount} ETH cannot be staked now: {what}; try later, or less")
        return Wanted(self._found.steth, SUBMIT(NOBODY), amount)

    async def _wrap(self, action: Wrap, account: str) -> Wanted:
        return Wanted(self._found.wsteth, WRAP(units_of(self.chain, action)), facts=(allowance_key(account, self.venue, STETH),))

    async def _unwrap(self, action: Unwrap, account: str) -> Wanted:
        return Wanted(self._found.wsteth, UNWRAP(units_of(self.chain, action)))

    async def _request(self, action: RequestUnstake, account: str) -> Wanted:
        """One transaction with as many requests as the queue's bounds make necessary."""
        smallest, largest = (to_units(each, DECIMALS) for each in (self._settings.minimum_request, self._settings.maximum_request))
        if action.asset == WSTETH:
            smallest, largest = wrapped_bounds(*(number(each) for each in await self._in_wrapped(smallest, largest)))
        parts = divide(units_of(self.chain, action), smallest, largest)
        method = REQUEST_WRAPPED if action.asset == WSTETH else REQUEST
        data = method(list(parts), self.chain.address_of(account))
        return Wanted(self._found.queue, data, facts=(allowance_key(account, f"{self.venue}/queue", action.asset),))

    async def _claim(self, requests: list[int], account: str) -> Wanted:
        """Those of the requests that are finalised and not collected yet, each with its hint."""
        ids = await self._ready(requests)
        last = number(await self.chain.view(Call(self._found.queue, LAST_CHECKPOINT())))
        (hints,) = decoded(_NUMBERS, await self.chain.view(Call(self._found.queue, HINTS(ids, 1, last))))
        facts = tuple(self._claim_key(account, each) for each in ids)
        return Wanted(self._found.queue, CLAIM_ALL(ids, list(hints)), facts=facts)  # type: ignore[call-overload]

    async def _ready(self, requests: list[int]) -> list[int]:
        ids = sorted(requests)
        (status,) = decoded(_STATUS, await self.chain.view(Call(self._found.queue, STATUS(ids))))
        ready = [each for each, told in zip(ids, status, strict=True) if told[4] and not told[5]]  # type: ignore[call-overload]
        if not ready:
            raise Denied(f"no withdrawal request is finalised yet ({', '.join(map(str, ids))} are open); that takes hours to days")
        return ready

    async def _in_wrapped(self, smallest: int, largest: int) -> Sequence[str]:
        """The bounds of a request as wstETH."""
        return [await self.chain.view(Call(self._found.wsteth, SHARES_OF_WORTH(each))) for each in (smallest, largest)]

    # reads

    def _read(self, parts: KeyParts) -> Read:
        name = parts.instrument.partition("/")[2]
        if parts.kind == ALLOWANCE:
            spender, asset = (f"{self.venue}/queue", name.partition("/")[2]) if name.startswith("queue/") else (self.venue, name)
            return self.chain.tokens.allowance(parts.account, spender, asset)
        if parts.kind == CLAIM:
            owner = self.chain.address_of(parts.account)
            return Read(Call(self._found.queue, STATUS([int(name)])), lambda data: _claim_value(data, owner))
        raise Denied(f"{self.venue} cannot show {':'.join(parts)}")

    def _claim_key(self, account: str, request: int) -> Key:
        return f"{account}:{CLAIM}:{self.venue}/{request}"

    @property
    def _found(self) -> Contracts:
        return self.once_open(self._contracts)


def _claim_value(data: str, owner: str) -> Decimal:
    """The nominal ETH of a request that `owner` still has; nothing once it is collected, or was given away."""
    (status,) = decoded(_STATUS, data)
    amount, _, holder, _, _, claimed = status[0]  # type: ignore[index]
    return Decimal(0) if claimed or holder.lower() != owner else from_units(amount, DECIMALS)

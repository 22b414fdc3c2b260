"""From the parts of a step to the connectors' calls.

An amount that comes from an earlier part goes through the account's memory: that part stores what it got under an id, and this one takes
it from there, which deletes it. Hence one part can serve one other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any, NamedTuple

from basis_venues.actions import (
    MAX,
    Action,
    Borrow,
    Deposit,
    FlashPayback,
    FromLeg,
    Payout,
    Repay,
    SetCollateral,
    SetEMode,
    Stake,
    Supply,
    Swap,
    Unwrap,
    UnwrapEther,
    Withdraw,
    Wrap,
    WrapEther,
)
from basis_venues.amounts import MONEY
from basis_venues.errors import Denied
from basis_venues.orders import Step
from basis_venues_evm import ETHER
from basis_venues_evm.live import MAX_UINT, EvmChain

from ..connectors import CONNECTORS, leaves
from .methods import (
    AMOUNT_IN,
    AMOUNT_OUT,
    BASIC_DEPOSIT,
    BASIC_WITHDRAW,
    BORROW,
    DISABLE,
    ENABLE,
    ETHER_ADDRESS,
    FLASH_PAYBACK,
    PAYBACK,
    SELL,
    SET_EMODE,
    SUPPLY,
    VARIABLE,
    WITHDRAW,
)


class Spell(NamedTuple):
    """A call of a connector, for one part of a step."""

    part: int
    connector: str
    data: bytes


class Memory(NamedTuple):
    """Under which id a part finds its amount, and under which it leaves what it got; 0 for neither."""

    get: int = 0
    set: int = 0


class Encoder:
    """Encodes parts for the account whose `owner` gets what is paid out. `pools`: fee tiers by the pair of assets."""

    def __init__(self, chain: EvmChain, owner: str, pools: Mapping[frozenset[str], int]) -> None:
        self._tokens = chain.tokens
        self._owner = owner
        self._pools = pools
        self._makers: dict[type[Action], Callable[[Any, Memory, Mapping[str, str]], str]] = {
            Deposit: self._deposit,
            Payout: self._payout,
            FlashPayback: lambda part, m, _: FLASH_PAYBACK(self._at(part.asset), self._amount(part), *m),
            WrapEther: lambda part, m, _: AMOUNT_IN(self._amount(part), *m),
            UnwrapEther: lambda part, m, _: AMOUNT_OUT(self._amount(part), *m),
            Stake: lambda part, m, _: AMOUNT_IN(self._amount(part), *m),
            Wrap: lambda part, m, _: AMOUNT_IN(self._amount(part), *m),
            Unwrap: lambda part, m, _: AMOUNT_OUT(self._amount(part), *m),
            Supply: lambda part, m, _: SUPPLY(self._at(part.asset), self._amount(part), *m),
            Withdraw: lambda part, m, _: WITHDRAW(self._at(part.asset), self._amount(part), *m),
            Borrow: lambda part, m, _: BORROW(self._at(part.asset), self._amount(part), VARIABLE, *m),
            Repay: lambda part, m, _: PAYBACK(self._at(part.asset), self._amount(part), VARIABLE, *m),
            SetCollateral: lambda part, m, _: (ENABLE if part.enabled else DISABLE)([self._at(part.asset)]),
            SetEMode: lambda part, m, _: SET_EMODE(part.category),
            Swap: self._swap,
        }

    def spells(self, step: Step) -> tuple[Spell, ...]:
        """The calls of all parts but ether that is sent along and the flash loan itself, which is around them. Raises `Denied` with the
        part that cannot be expressed."""
        memory = memory_of(step.actions)
        return tuple(
            self._spell(number, part, memory.get(number, Memory()), step.bounds)
            for number, part in enumerate(step.actions)
            if type(part) in self._makers and not (isinstance(part, Deposit) and part.asset == ETHER)
        )

    def address(self, asset: str) -> str:
        """Where a token is, and what stands for ETH."""
        return self._at(asset)

    def units(self, part: Action) -> int:
        """The part's amount in base units. Raises `Denied` where it is not known."""
        return self._amount(part)

    def _spell(self, number: int, part: Action, memory: Memory, bounds: Mapping[str, str]) -> Spell:
        try:
            data = self._makers[type(part)](part, memory, bounds)
            return Spell(number, CONNECTORS[type(part)].name, bytes.fromhex(data[2:]))
        except Denied as refusal:
            raise Denied(f"part {number} ({type(part).__name__}): {refusal}") from refusal

    def _deposit(self, part: Deposit, memory: Memory, bounds: Mapping[str, str]) -> str:
        return BASIC_DEPOSIT(self._at(part.asset), self._amount(part), *memory)

    def _payout(self, part: Payout, memory: Memory, bounds: Mapping[str, str]) -> str:
        return BASIC_WITHDRAW(self._at(part.asset), self._amount(part), self._owner, *memory)

    def _swap(self, part: Swap, memory: Memory, bounds: Mapping[str, str]) -> str:
        """The token that is bought comes first. The minimum is for the whole, the connector's is for each unit that is sold."""
        sold = part.amount if isinstance(part.amount, Decimal) else Decimal(bounds.get("sold", 0))
        if not sold:
            raise Denied("its minimum is for a whole that is not known: write an exact amount")
        fee = self._pools.get(frozenset((part.sell, part.buy)))
        if fee is None:
            raise Denied(f"no pool for {part.sell}/{part.buy} is known")
        return SELL(self._at(part.buy), self._at(part.sell), fee, unit_price(part.minimum, sold), self._amount(part), *memory)

    def _amount(self, part: Action) -> int:
        amount = getattr(part, "amount", None)
        if isinstance(amount, FromLeg):
            return 0  # the connector takes it from memory
        if amount == MAX and CONNECTORS[type(part)].takes_max:
            return MAX_UINT
        if not isinstance(amount, Decimal):
            raise Denied(f"it takes an exact amount, not {amount}")
        return self._tokens.named(part.spends() or "").units(amount)

    def _at(self, asset: str) -> str:
        return ETHER_ADDRESS if asset == ETHER else self._tokens.named(asset).address


def memory_of(parts: tuple[Action, ...]) -> dict[int, Memory]:
    """The ids by part. Raises `Denied` where a part cannot give what another takes, or would have to give it twice."""
    found: dict[int, Memory] = {}
    for number, part in enumerate(parts):
        amount = getattr(part, "amount", None)
        if not isinstance(amount, FromLeg):
            continue
        source = amount.leg
        if leaves(parts[source]) != part.spends():
            raise Denied(f"part {number} ({type(part).__name__}): part {source} leaves no amount of {part.spends()}: write an exact amount")
        if found.get(source, Memory()).set:
            raise Denied(f"part {number} ({type(part).__name__}): what part {source} left is taken before: write an exact amount")
        found[source] = found.get(source, Memory())._replace(set=source + 1)
        found[number] = found.get(number, Memory())._replace(get=source + 1)
    return found


def unit_price(minimum: Decimal, sold: Decimal) -> int:
    """The least that is bought for each unit sold, with 18 decimals: `minimum` / `sold`, rounded up so that the whole is no less. Raises
    `Denied` where that is nothing."""
    price = int(MONEY.scaleb(MONEY.divide(minimum, sold), 18).to_integral_value(ROUND_CEILING, MONEY))
    if price <= 0:
        raise Denied("a swap is never sent without a minimum")
    return price

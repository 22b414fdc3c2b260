"""From the parts of a step to the connectors' calls.

An amount that comes from an earlier part goes through the account's memory: that part stores what it got under an id, and this one takes
it from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any, NamedTuple

from basis_venues.actions import MAX, Action, Deposit, FlashBorrow, FromLeg, SetCollateral, Swap
from basis_venues.amounts import MONEY
from basis_venues.errors import Denied
from basis_venues.orders import Step
from basis_venues_evm import ETHER
from basis_venues_evm.live import MAX_UINT, EvmChain, Method
from basis_venues_evm.live.abi import Argument

from .connectors import CONNECTORS, takers
from .methods import ETHER_ADDRESS, VARIABLE


class Function(NamedTuple):
    """A connector's function, and what its ABI calls the arguments."""

    method: Method
    arguments: tuple[str, ...]

    @classmethod
    def of(cls, signature: str) -> Function:
        """From a signature that names them: `setUserEMode(uint8 categoryId)`."""
        name, _, inside = signature[:-1].partition("(")
        types, names = zip(*(each.split() for each in inside.split(", ")), strict=True)
        return cls(Method(f"{name}({','.join(types)})"), names)


FUNCTIONS = {kind: Function.of(connector.function) for kind, connector in CONNECTORS.items()}
"""The function that carries out each part."""
_DISABLE = Function.of("disableCollateral(address[] tokens)")


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

    def spells(self, step: Step) -> tuple[Spell, ...]:
        """The calls of all parts but ether that is sent along and the flash loan itself, which is around them. Raises `Denied` with the
        part that cannot be expressed."""
        memory = memory_of(step.actions)
        return tuple(
            self._spell(number, part, memory.get(number, Memory()), step.bounds)
            for number, part in enumerate(step.actions)
            if not isinstance(part, FlashBorrow) and not (isinstance(part, Deposit) and part.asset == ETHER)
        )

    def address(self, asset: str) -> str:
        """Where a token is, and what stands for ETH."""
        return ETHER_ADDRESS if asset == ETHER else self._tokens.named(asset).address

    def units(self, part: Action) -> int:
        """The part's amount in base units. Raises `Denied` where it is not known."""
        amount = getattr(part, "amount", None)
        if isinstance(amount, FromLeg):
            return 0  # the connector takes it from memory
        if amount == MAX and CONNECTORS[type(part)].takes_max:
            return MAX_UINT
        if not isinstance(amount, Decimal):
            raise Denied(f"it takes an exact amount, not {amount}")
        return self._tokens.named(part.spends() or "").units(amount)

    def _spell(self, number: int, part: Action, memory: Memory, bounds: Mapping[str, str]) -> Spell:
        function = _DISABLE if isinstance(part, SetCollateral) and not part.enabled else FUNCTIONS[type(part)]
        try:
            given = self._swap(part, bounds) if isinstance(part, Swap) else {}
            data = function.method(*(given[name] if name in given else self._argument(name, part, memory) for name in function.arguments))
        except Denied as refusal:
            raise Denied(f"part {number} ({type(part).__name__}): {refusal}") from refusal
        return Spell(number, CONNECTORS[type(part)].name, bytes.fromhex(data[2:]))

    def _argument(self, name: str, part: Any, memory: Memory) -> Argument:
        """What the connectors' ABIs mean by the name; an amount has several."""
        match name:
            case "token":
                return self.address(part.asset)
            case "tokens":
                return [self.address(part.asset)]
            case "getId":
                return memory.get
            case "setId":
                return memory.set
            case "rateMode":
                return VARIABLE
            case "categoryId":
                return int(part.category)
            case "to":
                return self._owner
        return self.units(part)

    def _swap(self, part: Swap, bounds: Mapping[str, str]) -> dict[str, Argument]:
        """What only a swap has. The minimum is for the whole, the connector's is for each unit that is sold."""
        sold = part.amount if isinstance(part.amount, Decimal) else Decimal(bounds.get("sold", 0))
        if not sold:
            raise Denied("its minimum is for a whole that is not known: write an exact amount")
        fee = self._pools.get(frozenset((part.sell, part.buy)))
        if fee is None:
            raise Denied(f"no pool for {part.sell}/{part.buy} is known")
        price = unit_price(part.minimum, sold)
        return {"buy": self.address(part.buy), "sell": self.address(part.sell), "fee": fee, "unitAmt": price}


def memory_of(parts: tuple[Action, ...]) -> dict[int, Memory]:
    """The ids by part. Raises `Denied` where a part cannot give what another takes, or would have to give it twice."""
    found: dict[int, Memory] = {}
    for source, taker in takers(parts).items():
        found[source] = found.get(source, Memory())._replace(set=source + 1)
        found[taker] = found.get(taker, Memory())._replace(get=source + 1)
    return found


def unit_price(minimum: Decimal, sold: Decimal) -> int:
    """The least that is bought for each unit sold, with 18 decimals: `minimum` / `sold`, rounded up so that the whole is no less. Raises
    `Denied` where that is nothing."""
    price = int(MONEY.scaleb(MONEY.divide(minimum, sold), 18).to_integral_value(ROUND_CEILING, MONEY))
    if price <= 0:
        raise Denied("a swap is never sent without a minimum")
    return price

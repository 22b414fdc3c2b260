"""The floor under the health factor, as the chain itself counts it: with its own thresholds, prices, and debts that are not known here."""

from __future__ import annotations

from collections.abc import Collection

from basis_venues.actions import MAX, Action, Borrow, Repay
from basis_venues.amounts import from_units, to_units
from basis_venues.errors import Denied
from basis_venues_evm.live import Call, EvmChain, Method, RpcUnavailable
from basis_venues_evm.live.abi import number

from .market import GET_RESERVE, USER_BITS, AaveMarket
from .settings import AaveSettings, Category, Reserve
from .standing import SLACK

ACCOUNT_DATA = Method("getUserAccountData(address)")
EMODE_NUMBERS = Method("getEModeCategoryCollateralConfig(uint8)")
EMODE_COLLATERAL = Method("getEModeCategoryCollateralBitmap(uint8)")
_FACTOR, _WORDS = 5, 6
_DIGITS = 18
_DEBTS = int("01" * 128, 2)
"""The bits of an account's configuration that stand for debts; the one above each stands for collateral."""


class Floor:
    """Watches the accounts that borrow at one market."""

    def __init__(self, venue: str, chain: EvmChain, market: AaveMarket, settings: AaveSettings) -> None:
        self._venue = venue
        self._chain = chain
        self._market = market
        self._settings = settings

    def standing(self, owner: str) -> Call:
        """The pool's own figures of the account; the last of them is its health factor."""
        return Call(self._market.pool, ACCOUNT_DATA(owner))

    def judge(self, account: str, before: str, after: str) -> None:
        """Raises `Denied` where the transaction brings the health factor down under the floor, and `RpcUnavailable` where the pool does
        not tell it."""
        if min(len(before), len(after)) < 2 + 64 * _WORDS:
            raise RpcUnavailable(f"{self._venue}: the pool does not tell how {account} stands; nothing was sent")
        had, left = number(before, _FACTOR), number(after, _FACTOR)
        floor = self._settings.minimum_health_factor
        if left < to_units(floor, _DIGITS) and left < had - to_units(SLACK, _DIGITS):
            raise Denied(
                f"by {self._venue}'s own figures it would leave {account} with a health factor of {from_units(left, _DIGITS):.4f}, under "
                f"the floor of {floor}: act on less, or lower minimum_health_factor in {self._venue}.yaml; nothing was sent"
            )

    async def judge_blindly(self, account: str, parts: Collection[Action]) -> None:
        """Raises `Denied` where what is known here would flatter the account: the market is stricter than configured, or there is a debt
        in a reserve that is not configured. Read anew, in one request; raises `RpcUnavailable`. An account that owes nothing after the
        transaction passes, by whatever figures."""
        flattering = "; ".join(await self._flattering(account, parts))
        if flattering:
            raise Denied(
                f"the node did not simulate it (eth_simulateV1), and {self._venue}.yaml flatters: {flattering}; set there what this chain "
                "has, or use another node; nothing was sent"
            )

    async def _flattering(self, account: str, parts: Collection[Action]) -> list[str]:
        pool, reserves, emodes = self._market.pool, self._market.reserves, self._settings.emodes
        configs = {asset: Call(pool, GET_RESERVE(reserve.underlying)) for asset, reserve in reserves.items()}
        numbers = {category: Call(pool, EMODE_NUMBERS(category)) for category in emodes}
        bitmaps = {category: Call(pool, EMODE_COLLATERAL(category)) for category in emodes}
        bits = Call(pool, USER_BITS(self._chain.address_of(account)))
        told = (await self._chain.views((*configs.values(), *numbers.values(), *bitmaps.values(), bits))).answers
        answers = {call: answer for call, answer in told.items() if answer is not None}
        if len(answers) < len(told):
            raise RpcUnavailable(f"{self._venue}: the pool does not tell its figures; nothing was sent")
        if not self._owes_after(number(answers[bits]), parts):
            return []
        found = [_below(asset, self._settings.reserves[asset], *_packed(answers[call])) for asset, call in configs.items()]
        for category, emode in emodes.items():
            told_of = answers[numbers[category]]
            found.append(_below(f"emode {category}", emode, number(told_of), number(told_of, 1)))
            if self._lacks(emode, number(answers[bitmaps[category]])):
                found.append(f"emode {category} has less collateral than configured")
        if self._owes_unknown(number(answers[bits])):
            found.append(f"{account} owes an asset that is not among its reserves")
        return [each for each in found if each]

    def _lacks(self, emode: Category, bitmap: int) -> bool:
        listed = (self._market.reserves[asset].id for asset in emode.collateral if asset in self._market.reserves)
        return any(not bitmap >> place & 1 for place in listed)

    def _owes_after(self, bits: int, parts: Collection[Action]) -> bool:
        """Whether there can be a debt after the transaction: one that is not repaid as a whole, or a new one."""
        repaid = {part.asset for part in parts if isinstance(part, Repay) and part.amount == MAX and part.venue in (None, self._venue)}
        gone = sum(1 << 2 * reserve.id for asset, reserve in self._market.reserves.items() if asset in repaid)
        return any(isinstance(part, Borrow) for part in parts) or bool(bits & _DEBTS & ~gone)

    def _owes_unknown(self, bits: int) -> bool:
        known = sum(1 << 2 * reserve.id for reserve in self._market.reserves.values())
        return bool(bits & _DEBTS & ~known)


def _below(name: str, ours: Reserve | Category, ltv: int, threshold: int) -> str:
    """Where the chain's LTV or threshold (basis points) is below the configured one: both, in words."""
    if threshold >= ours.threshold and ltv >= ours.ltv:
        return ""
    return f"{name} has ltv {ltv}, threshold {threshold} (configured: {ours.ltv}, {ours.threshold})"


def _packed(data: str) -> tuple[int, int]:
    """LTV and threshold in a reserve's configuration word."""
    word = number(data)
    return word & 0xFFFF, word >> 16 & 0xFFFF

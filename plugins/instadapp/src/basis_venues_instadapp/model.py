"""What the smart account does: bundles planned as one transaction, and the moves that are its own.

The legs of a bundle are carried out by the models of the venues they belong to, on the smart account; the core folds them. Here are the
flash loan, the moves between the account and its owner's wallet, and the swap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import cast

import attrs

from basis_venues import series
from basis_venues.actions import (
    Action,
    Approve,
    AtomicBundle,
    CreateAccount,
    Deposit,
    FlashBorrow,
    FlashPayback,
    FromLeg,
    Payout,
    Swap,
    Unwind,
)
from basis_venues.amounts import MONEY, ZERO, money
from basis_venues.contract import Market, ModelContext, StepFails
from basis_venues.errors import Denied, MissingData
from basis_venues.keys import SETTING, Key
from basis_venues_evm import (
    ETHER,
    Acting,
    ChainModel,
    Lines,
    Rule,
    Write,
    allowance_key,
    balance_key,
    emode_key,
    ray,
    reserve_keys,
    times_ceil,
    times_floor,
    with_amount,
)

from .connectors import STETH, WETH, WSTETH, balances_moved, connector_for, takers
from .settings import InstadappSettings
from .sizing import SwapShort, flash_fee, meets, swap_output
from .unwinding import Holding, Terms, brought_in, with_debt, without_debt

WHOLE_POOL = 1_000_000
"""Fee tiers of pools are parts of this."""


def expected_of(part: int) -> str:
    """The name of the bound that says what the swap which is this part is expected to give."""
    return f"expected/{part}"


class InstadappModel(ChainModel):
    """The smart account's model. Its lane is the owner's wallet."""

    settings: InstadappSettings

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        self._pools = self.settings.fee_tiers()
        self._share_rate = series.share_rate(self.settings.staking, WSTETH)
        lending = self.settings.lending
        figures = (series.supply_index, series.borrow_index, series.oracle)
        self._lending_series = tuple(figure(lending, asset) for asset in self.settings.lending_assets for figure in figures)

    def rules(self) -> Mapping[type[Action], tuple[Rule, str]]:
        """The account's own moves. Bundles and unwinds are made of parts."""
        return {
            CreateAccount: (self._create, "setting"),
            Deposit: (self._deposit, "transfer"),
            Payout: (self._payout, "transfer"),
            FlashBorrow: (self._flash_borrow, "flash"),
            FlashPayback: (self._flash_payback, "flash"),
            Swap: (self._swap, "swap"),
        }

    def series(self, action: Action) -> tuple[str, ...]:
        """The gas price, and the rates of the swaps. An unwind also names what its rate is compared with, and all figures of the lending
        assets: those of the positions that the account then has are needed."""
        asked = super().series(action)
        if isinstance(action, Unwind):
            return (*asked, self._rate(action.collateral_asset, action.debt_asset), self._share_rate, *self._lending_series)
        legs = action.legs if isinstance(action, AtomicBundle) else (action,)
        return (*asked, *(self._rate(leg.sell, leg.buy) for leg in legs if isinstance(leg, Swap)))

    def keys(self, action: Action, account: str, lane: str, view: Mapping[Key, Decimal]) -> Iterable[Key]:
        """Whether the account exists, and every position that a leg changes or that decides whether the protocol accepts it."""
        yield self._account_key(account)
        if isinstance(action, AtomicBundle):
            yield balance_key(account, action.flash_asset)
            if action.equity is not None:
                yield from self._deposit_keys(action.equity_asset, account, lane)
            for leg in action.legs:
                yield from self._leg_keys(leg, account, lane)
        elif isinstance(action, Unwind):
            yield from (balance_key(account, action.debt_asset), balance_key(lane, action.debt_asset))
            yield from self._deposit_keys(action.collateral_asset, account, lane)
            yield from self._lending_keys(account)
        elif isinstance(action, Approve):
            yield allowance_key(account, action.spender, action.asset)

    def check_account(self, action: Action, acting: Acting) -> None:
        """A cast is the smart account's."""

    def writes(self, action: Action, acting: Acting) -> tuple[Write, ...]:
        """One transaction, and an approval before it where the wallet's tokens are pulled. Raises `Denied`."""
        exists = self.settings.account_exists or bool(acting.view[self._account_key(acting.account)])
        if isinstance(action, CreateAccount):
            if exists:
                raise Denied(f"the smart account {acting.account} exists already")
            return (Write((action,)),)
        if not exists:
            raise Denied(f"the smart account {acting.account} is not made yet: send CreateAccount, or set account_exists to true")
        if isinstance(action, AtomicBundle):
            return self._bundle(action, acting)
        if isinstance(action, Unwind):
            return self._unwind(action, acting)
        if isinstance(action, Swap):
            raise Denied("a swap is part of a bundle or an unwind; it is not sent alone")
        raise Denied(f"{self.venue} does not know {type(action).__name__} outside a bundle")

    def ether_sent(self, part: Action, acting: Acting) -> Decimal:
        """The ETH that the wallet deposits; legs spend the smart account's."""
        if isinstance(part, Deposit) and part.asset == ETHER and isinstance(part.amount, Decimal):
            return part.amount
        return ZERO

    # planning

    def _bundle(self, bundle: AtomicBundle, acting: Acting) -> tuple[Write, ...]:
        asset = bundle.flash_asset
        if asset == ETHER:
            raise Denied("a flash loan is in WETH, not ETH: borrow WETH and make UnwrapEther the first leg")
        self.units(asset, bundle.flash_amount)
        fee = flash_fee(bundle.flash_amount, self.settings.flash_fee_bps, self.token(asset).decimals)
        front = (*self._equity(bundle), FlashBorrow(asset=asset, amount=bundle.flash_amount))
        legs = tuple(self._leg(number, leg, len(front), acting) for number, leg in enumerate(bundle.legs))
        takers(bundle.legs, "leg")
        write = Write((*front, *legs, FlashPayback(asset=asset, amount=bundle.flash_amount + fee)), {"flash_fee": str(fee)})
        return (*self._approvals(bundle.equity_asset, write, acting), self._with_swaps(write, acting.market))

    def _equity(self, bundle: AtomicBundle) -> tuple[Deposit, ...]:
        if bundle.equity is None:
            return ()
        if bundle.equity_asset == STETH:
            raise Denied("equity in stETH would arrive a wei short: wrap it and bring wstETH")
        self.units(bundle.equity_asset, bundle.equity)
        return (Deposit(asset=bundle.equity_asset, amount=bundle.equity),)

    def _leg(self, number: int, leg: Action, shift: int, acting: Acting) -> Action:
        """The leg as a part of the step: its venue and account named, a `FromLeg` counted from the step's first part. Raises `Denied`."""
        try:
            role = connector_for(leg).role
            venue = None if role == "own" else str(getattr(self.settings, role))
            if leg.venue not in (None, venue or self.venue):
                raise Denied(f"the connector for it acts on {venue or self.venue}, not {leg.venue}")
            if leg.account not in (None, acting.account):
                raise Denied(f"a bundle acts on {acting.account}, not {leg.account}")
            amount = getattr(leg, "amount", None)
            if isinstance(amount, Decimal):
                self.units(str(leg.spends()), amount)
            if isinstance(leg, Swap):
                self._pool_fee(leg)
        except Denied as refusal:
            raise Denied(f"leg {number} ({type(leg).__name__}): {refusal}") from refusal
        placed = attrs.evolve(leg, venue=venue, account=acting.account)
        return with_amount(placed, FromLeg(amount.leg + shift)) if isinstance(amount, FromLeg) else placed

    def _unwind(self, unwind: Unwind, acting: Acting) -> tuple[Write, ...]:
        sold, bought = unwind.collateral_asset, unwind.debt_asset
        if ETHER in (sold, bought) or STETH in (sold, bought):
            raise Denied("an unwind sells and repays ERC-20 tokens that keep their count: WETH for ETH, wstETH for stETH")
        self._pool_fee(unwind)
        for asset in (sold, bought):
            if asset not in self.settings.lending_assets:
                raise Denied(f"whether {asset} is owed or supplied is not read: list it under lending_assets in {self.venue}.yaml")
        held = self._holding(unwind, acting)
        rate = self._sound_rate(sold, bought, acting.market)
        terms = Terms(self.settings.lending, self.settings.flash_fee_bps, rate, self.token(bought).decimals, self.token(sold).decimals)
        if not (held.supplied + held.on_account + (ZERO if held.debt else held.in_wallet)):
            raise Denied(f"there is no {sold} to unwind, neither on {acting.account} nor supplied, nor in {acting.lane} free of debt")
        write = with_debt(unwind, held, terms) if held.debt else without_debt(unwind, held, terms)
        return (*self._approvals(sold, write, acting), self._with_swaps(write, acting.market))

    def _sound_rate(self, sold: str, bought: str, market: Market) -> Decimal:
        """The pool's rate, which anyone can move for the length of a block. Raises `Denied` where it is away from the price that no trade
        moves: the minimum that is counted from it would bound nothing."""
        rate, sound = market.value(self._rate(sold, bought)), self._untraded(sold, bought, market)
        with money():
            off = abs(rate / sound - 1)
        if off > self.settings.price_tolerance:
            raise Denied(
                f"the pool gives {rate:.6f} {bought} for 1 {sold}, which is worth {sound:.6f} by the share rate or the oracle: someone may "
                f"be moving the pool. Wait; or, if the market stays so, raise price_tolerance in {self.venue}.yaml, now "
                f"{self.settings.price_tolerance}, above {off:.4f}"
            )
        return rate

    def _untraded(self, sold: str, bought: str, market: Market) -> Decimal:
        """Units of `bought` that one of `sold` is worth, by figures that no trade moves. Where no share rate is known, as without a staking
        venue, the oracle's prices stand in."""
        if {sold, bought} == {WSTETH, WETH}:
            with suppress(MissingData):
                share = market.value(self._share_rate)
                return share if sold == WSTETH else MONEY.divide(Decimal(1), share)
        price, other = (market.value(series.oracle(self.settings.lending, asset)) for asset in (sold, bought))
        return MONEY.divide(price, other)

    def _with_swaps(self, write: Write, market: Market) -> Write:
        """The transaction, with what each swap is expected to give among its bounds. Raises `SwapShort` where that is under its minimum."""
        expected: dict[str, str] = {}
        for number, part in enumerate(write.parts):
            if isinstance(part, Swap):
                sold = part.amount if isinstance(part.amount, Decimal) else Decimal(write.bounds["sold"])
                gives = self._gives(part, sold, market)
                try:
                    meets(gives, part.minimum)
                except SwapShort as refusal:
                    raise SwapShort(f"part {number} (Swap): {refusal}") from refusal
                expected[expected_of(number)] = str(gives)
        return write._replace(bounds={**write.bounds, **expected})

    def _approvals(self, asset: str, write: Write, acting: Acting) -> tuple[Write, ...]:
        """What lets the smart account pull the deposit from the wallet; ETH is sent along."""
        amount = brought_in(write)
        return () if asset == ETHER or not amount else self.approvals(asset, amount, self.venue, acting._replace(account=acting.lane))

    def _holding(self, unwind: Unwind, acting: Acting) -> Holding:
        """Debt rounded up and deposit down, as the lending protocol counts them. A mode without that protocol has no such positions:
        the core leaves their keys out of the view."""
        sold, bought, lending = unwind.collateral_asset, unwind.debt_asset, self.settings.lending
        scaled_debt = acting.view.get(reserve_keys(acting.account, lending, bought).borrowed, ZERO)
        scaled = acting.view.get(reserve_keys(acting.account, lending, sold).supplied, ZERO)
        debt = self._worth(bought, scaled_debt, series.borrow_index(lending, bought), acting.market, up=True)
        supplied = self._worth(sold, scaled, series.supply_index(lending, sold), acting.market, up=False)
        return Holding(debt, supplied, acting.holds(sold), acting.view[balance_key(acting.lane, sold)])

    def _worth(self, asset: str, scaled: Decimal, index: str, market: Market, *, up: bool) -> Decimal:
        if not scaled:
            return ZERO
        worth = times_ceil if up else times_floor
        return self.amount(asset, worth(self.units(asset, scaled), ray(market.value(index))))

    # moves

    def _create(self, action: CreateAccount, acting: Acting) -> Lines:
        key = self._account_key(acting.account)
        return ((key, 1 - acting.view[key]),)

    def _deposit(self, action: Deposit, acting: Acting) -> Lines:
        owner = acting._replace(account=acting.lane)
        amount = self.spent(action, owner)
        taken = (owner.debit(ETHER, amount),) if action.asset == ETHER else owner.pulled(action.asset, amount, self.venue)
        return (*taken, acting.credit(action.asset, amount))

    def _payout(self, action: Payout, acting: Acting) -> Lines:
        amount = self.spent(action, acting)
        return (acting.debit(action.asset, amount), acting._replace(account=acting.lane).credit(action.asset, amount))

    def _flash_borrow(self, action: FlashBorrow, acting: Acting) -> Lines:
        return (acting.credit(action.asset, cast("Decimal", action.amount)),)

    def _flash_payback(self, action: FlashPayback, acting: Acting) -> Lines:
        return (acting.debit(action.asset, cast("Decimal", action.amount)),)

    def _swap(self, action: Swap, acting: Acting) -> Lines:
        amount = self.spent(action, acting)
        got = self._gives(action, amount, acting.market)
        if got < action.minimum:
            raise StepFails(f"Too little received: {got} {action.buy}, at least {action.minimum} was asked for")
        return (acting.debit(action.sell, amount), acting.credit(action.buy, got))

    # names and figures

    def _gives(self, swap: Swap, sold: Decimal, market: Market) -> Decimal:
        """What the pool gives at the market's rate, less its fee."""
        kept = MONEY.divide(Decimal(self._pool_fee(swap)), Decimal(WHOLE_POOL))
        return swap_output(sold, market.value(self._rate(swap.sell, swap.buy)), kept, self.token(swap.buy).decimals)

    def _rate(self, sell: str, buy: str) -> str:
        return series.swap_rate(self.settings.swap_market, sell, buy)

    def _pool_fee(self, trade: Swap | Unwind) -> int:
        sell, buy = (trade.sell, trade.buy) if isinstance(trade, Swap) else (trade.collateral_asset, trade.debt_asset)
        fee = self._pools.get(frozenset((sell, buy)))
        if fee is None:
            raise Denied(f"no pool for {sell}/{buy} is known: list its fee tier under pools in {self.venue}.yaml")
        return fee

    def _account_key(self, account: str) -> Key:
        return f"{account}:{SETTING}:{self.venue}/account"

    def _deposit_keys(self, asset: str, account: str, lane: str) -> Iterator[Key]:
        yield from (balance_key(account, asset), balance_key(lane, asset))
        if asset != ETHER:
            yield allowance_key(lane, self.venue, asset)

    def _leg_keys(self, leg: Action, account: str, lane: str) -> Iterator[Key]:
        for asset in balances_moved(leg):
            yield balance_key(account, asset)
        if isinstance(leg, Payout):
            yield balance_key(lane, leg.asset)
        elif "lending_execution" in leg.action_types:
            yield from self._lending_keys(account)

    def _lending_keys(self, account: str) -> Iterator[Key]:
        lending = self.settings.lending
        yield emode_key(account, lending)
        for asset in self.settings.lending_assets:
            yield from reserve_keys(account, lending, asset)

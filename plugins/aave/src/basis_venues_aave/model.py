"""What lending actions do, by the rules of Aave 3.6 (read at the source of that version).

Where the protocol would revert, the rule raises `StepFails` with the name of the protocol's error. What only this side refuses, a
health factor under the configured floor above all, is `Denied` when the action is planned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

from basis_venues.actions import MAX, Action, Approve, Borrow, Repay, SetCollateral, SetEMode, Supply, Withdraw
from basis_venues.amounts import ZERO, from_units, to_units
from basis_venues.config.misfit import nearest
from basis_venues.contract import Market, ModelContext, StepFails
from basis_venues.errors import Denied
from basis_venues.keys import Key
from basis_venues_evm import (
    ETHER,
    RISKY,
    Acting,
    AnyAction,
    ChainModel,
    Lines,
    ReserveKeys,
    Rule,
    Write,
    allowance_key,
    balance_key,
    emode_key,
    reserve_keys,
    with_amount,
)

from .reserves import Figures, debt_worth, deposit_worth, scaled_borrow, scaled_repayment, scaled_supply, scaled_withdrawal
from .settings import AaveSettings, Category, Reserve
from .standing import SLACK, Pledge, Standing, value_ceil, value_floor

REPAY_MARGIN = 100_000
"""One part in so many is added to the leave to pull a whole debt: interest until the transaction is mined, hours at a few percent."""


class AaveModel(ChainModel):
    """Lending and borrowing. Deposits and debts are scaled amounts; the market's indices turn them into money."""

    settings: AaveSettings

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        self._moves: dict[type[Action], Callable[[Any, Acting], Lines]] = {
            Supply: self._supply,
            Withdraw: self._withdraw,
            Borrow: self._borrow,
            Repay: self._repay,
            SetCollateral: self._set_collateral,
            SetEMode: self._set_emode,
        }
        self._figures = {
            asset: Figures(self.venue, asset, self.token(asset).decimals, reserve.price_between)
            for asset, reserve in self.settings.reserves.items()
        }
        self._accounts: dict[str, dict[str, ReserveKeys]] = {}
        self._touched: dict[tuple[type[Action], str, str, str], tuple[Key, ...]] = {}

    def rules(self) -> Mapping[type[Action], tuple[Rule, str]]:
        """All lending actions: their move, and for those that are risky the protocol's check of what comes of it."""
        lend, setting = (self._carry_out, "lend"), (self._carry_out, "setting")
        return {Supply: lend, Withdraw: lend, Borrow: lend, Repay: lend, SetCollateral: setting, SetEMode: setting}

    def series(self, action: Action) -> tuple[str, ...]:
        """The gas price, and the indices of the action's own asset. A risky action names all figures of all reserves: those of the
        positions that the account holds by then are needed."""
        figures = self._figures.get(action.spends() or "")
        asked = super().series(action)
        if isinstance(action, RISKY):
            return (*asked, *(name for each in self._figures.values() for name in (each.supply, each.borrow, each.price)))
        if figures is None or isinstance(action, Approve):
            return asked
        return (*asked, figures.supply if isinstance(action, Supply) else figures.borrow)

    def keys(self, action: Action, account: str, lane: str, view: Mapping[Key, Decimal]) -> Iterable[Key]:
        """The asset's balance, allowance and position; for a risky action every position of the account, which decide its health."""
        asset = action.asset if isinstance(action, (Approve, Supply, Withdraw, Borrow, Repay, SetCollateral)) else ""
        if isinstance(action, Approve):
            return (allowance_key(account, action.spender, asset),)
        name = (type(action), account, lane, asset)
        found = self._touched.get(name)
        if found is None:
            found = self._touched[name] = tuple(self._keys_of(action, asset, account, lane))
        return found

    def writes(self, action: Action, acting: Acting) -> tuple[Write, ...]:
        """An approval where one is needed, and the transaction. Raises `Denied` for an asset or category that is not configured, `MAX` to
        borrow, and a health factor that would fall under the floor."""
        if type(action) not in self._moves:  # also an approval by itself: that is the wallet's
            raise Denied(f"{self.venue} does not know {type(action).__name__}")
        if isinstance(action, SetEMode):
            self._category(action.category)
        else:
            self._reserve(cast("Any", action).asset)
        sized = self.sized(action, acting)
        main = Write((sized,), self._within_floor(sized, acting) if isinstance(sized, RISKY) else {})
        if isinstance(sized, (Supply, Repay)):
            allowed, least = self._to_pull(sized, acting)
            return (*(self.approvals(sized.asset, allowed, self.venue, acting, least) if least else ()), main)
        return (main,)

    def sized(self, action: AnyAction, acting: Acting) -> AnyAction:
        """As in the base; the protocol itself knows the whole of a deposit or debt. Raises `Denied` for `MAX` to borrow."""
        if getattr(action, "amount", None) == MAX:
            if isinstance(action, Borrow):
                raise Denied("borrow takes an amount: the most that could be borrowed would be liquidated at the next move of a price")
            if isinstance(action, (Withdraw, Repay)):
                return action
        return super().sized(action, acting)

    def standing(self, account: str, view: Mapping[Key, Decimal], market: Market, lines: Lines = ()) -> Standing:
        """How the account stands, with the changes of `lines` made to what `view` shows."""
        change = dict(lines)
        category = emode_key(account, self.venue)
        emode = self.settings.emodes.get(int(view[category] + change.get(category, ZERO)))
        pledges: list[Pledge] = []
        debt = 0
        for asset, keys in self._keys(account).items():
            supplied, borrowed, collateral = (view[key] + change.get(key, ZERO) for key in keys)
            figures = self._figures[asset]
            if supplied and collateral:
                pledges.append(self._pledge(figures, supplied, emode, market))
            if borrowed:
                owed = debt_worth(to_units(borrowed, figures.decimals), figures.borrow_index(market))
                debt += value_ceil(owed, figures.usd(market), figures.decimals)
        return Standing(tuple(pledges), debt)

    def permits(self, account: str, before: Mapping[Key, Decimal], after: Mapping[Key, Decimal], market: Market) -> None:
        """A bundle must not bring the account's health factor down under the floor. Raises `Denied`."""
        factor = self.standing(account, after, market).health_factor
        floor = self.settings.minimum_health_factor
        if factor is None or factor >= floor:
            return
        had = self.standing(account, before, market).health_factor
        if had is None or factor < had - SLACK:
            raise Denied(
                f"the bundle would leave {account} with a health factor of {factor:.4f}, under the floor of {floor}: "
                f"act on less, or lower minimum_health_factor in {self.venue}.yaml"
            )

    # planning

    def _within_floor(self, action: Action, acting: Acting) -> Mapping[str, str]:
        """The health factor that the action leaves, for the step's bounds. Raises `Denied` when that is lower than it is now and under
        the floor."""
        try:
            lines = self._moves[type(action)](action, acting)
        except StepFails:
            if not isinstance(action, Withdraw) or action.amount == MAX:
                return {}  # the protocol will refuse it, whatever the health factor
            # more than there was when the index was read may be there by the time it is mined: it is all of it at the most
            return self._within_floor(with_amount(action, MAX), acting)
        after = self.standing(acting.account, acting.view, acting.market, lines).health_factor
        floor = self.settings.minimum_health_factor
        if after is None:
            return {}
        if after < floor and self._lowers(after, action, acting):
            raise Denied(
                f"{type(action).__name__} would leave {acting.account} with a health factor of {after:.4f}, under the floor of {floor}: "
                f"act on less, or lower minimum_health_factor in {self.venue}.yaml"
            )
        return {"health_factor": f"{after:.6f}"}

    def _lowers(self, after: Decimal, action: Action, acting: Acting) -> bool:
        if isinstance(action, Withdraw) and not acting.view[self._keys(acting.account)[action.asset].collateral]:
            return False
        before = self.standing(acting.account, acting.view, acting.market).health_factor
        return before is None or after < before  # without a slack: many small steps would go as far down as a large one

    def _to_pull(self, action: Supply | Repay, acting: Acting) -> tuple[Decimal, Decimal]:
        """What the pool must be allowed to pull, and what it pulls at the least: of a debt, with and without interest to come."""
        if isinstance(action, Supply):
            return cast("Decimal", action.amount), cast("Decimal", action.amount)
        owed, decimals = self._debt(action.asset, acting), self._figures[action.asset].decimals
        cover, debt = from_units(owed + owed // REPAY_MARGIN + 1, decimals), from_units(owed, decimals)
        wanted = cover if action.amount == MAX else cast("Decimal", action.amount)
        return min(cover, wanted), min(debt, wanted)

    # the protocol's checks

    def _carry_out(self, action: Action, acting: Acting) -> Lines:
        lines = self._moves[type(action)](action, acting)
        if isinstance(action, RISKY) and self._puts_at_risk(action, acting):
            after = self.standing(acting.account, acting.view, acting.market, lines)
            self._check(action, after)
            if isinstance(action, (Withdraw, SetCollateral)) and after.holds_back and self._ltv(action.asset, self._emode(acting)):
                raise StepFails("LtvValidationFailed: collateral on which nothing can be borrowed goes first")
        return lines

    def _puts_at_risk(self, action: Action, acting: Acting) -> bool:
        if isinstance(action, Withdraw):
            return bool(acting.view[self._keys(acting.account)[action.asset].collateral])
        return not (isinstance(action, SetCollateral) and action.enabled)

    def _check(self, action: Action, after: Standing) -> None:
        borrows = isinstance(action, Borrow)
        if borrows and not after.ltv:
            raise StepFails("LtvValidationFailed: there is no collateral to borrow on")
        factor = after.health_factor
        if factor is not None and factor < 1:
            raise StepFails(f"HealthFactorLowerThanLiquidationThreshold: it would be {factor:.4f}")
        if borrows and not after.covers_debt:
            raise StepFails("CollateralCannotCoverNewBorrow")

    # moves

    def _supply(self, action: Supply, acting: Acting) -> Lines:
        asset, reserve = action.asset, self._open_reserve(action.asset)
        if reserve.frozen:
            raise StepFails("ReserveFrozen")
        amount = self.spent(action, acting)
        keys = self._keys(acting.account)[asset]
        index = self._figures[asset].supply_index(acting.market)
        scaled = scaled_supply(self.units(asset, amount), index)
        if not scaled:
            raise StepFails("InvalidMintAmount")
        before = self.units(asset, acting.view[keys.supplied])
        _within_cap("SupplyCapExceeded", deposit_worth(before + scaled, index), reserve.supply_cap, self.token(asset).decimals)
        lines = (*acting.pulled(asset, amount, self.venue), (keys.supplied, self.amount(asset, scaled)))
        first = not before and not acting.view[keys.collateral] and self._ltv(asset, self._emode(acting))
        return (*lines, (keys.collateral, Decimal(1))) if first else lines

    def _withdraw(self, action: Withdraw, acting: Acting) -> Lines:
        asset = action.asset
        self._open_reserve(asset)
        keys = self._keys(acting.account)[asset]
        index = self._figures[asset].supply_index(acting.market)
        scaled = self.units(asset, acting.view[keys.supplied])
        worth = deposit_worth(scaled, index)
        wanted = worth if action.amount == MAX else self.units(asset, cast("Decimal", action.amount))
        if not wanted:
            raise StepFails("InvalidAmount: there is no deposit")
        if wanted > worth:
            raise StepFails("NotEnoughAvailableUserBalance")
        burnt = scaled if wanted == worth else scaled_withdrawal(wanted, index)
        lines = (acting.credit(asset, self.amount(asset, wanted)), (keys.supplied, -self.amount(asset, burnt)))
        emptied = burnt == scaled and acting.view[keys.collateral]
        return (*lines, (keys.collateral, Decimal(-1))) if emptied else lines

    def _borrow(self, action: Borrow, acting: Acting) -> Lines:
        asset, reserve = action.asset, self._open_reserve(action.asset)
        if reserve.frozen:
            raise StepFails("ReserveFrozen")
        if not reserve.borrowing:
            raise StepFails("BorrowingNotEnabled")
        emode = self._emode(acting)
        if emode is not None and asset not in emode.borrowable:
            raise StepFails("NotBorrowableInEMode")
        amount = cast("Decimal", action.amount)
        key = self._keys(acting.account)[asset].borrowed
        index = self._figures[asset].borrow_index(acting.market)
        scaled = scaled_borrow(self.units(asset, amount), index)
        owed = debt_worth(self.units(asset, acting.view[key]) + scaled, index)
        _within_cap("BorrowCapExceeded", owed, reserve.borrow_cap, self.token(asset).decimals)
        return (acting.credit(asset, amount), (key, self.amount(asset, scaled)))

    def _repay(self, action: Repay, acting: Acting) -> Lines:
        asset = action.asset
        self._open_reserve(asset)
        owed = self._debt(asset, acting)
        if not owed:
            raise StepFails("NoDebtOfSelectedType")
        paid = min(owed, self._offered(action, acting, owed))
        key = self._keys(acting.account)[asset].borrowed
        scaled = self.units(asset, acting.view[key])
        burnt = scaled if paid == owed else scaled_repayment(paid, self._figures[asset].borrow_index(acting.market))
        if not burnt:
            raise StepFails("InvalidBurnAmount")
        return (*acting.pulled(asset, self.amount(asset, paid), self.venue), (key, -self.amount(asset, burnt)))

    def _offered(self, action: Repay, acting: Acting, owed: int) -> int:
        if action.amount != MAX:
            return self.units(action.asset, cast("Decimal", action.amount))
        # a smart account's connector repays what it has, up to the debt; a wallet's whole debt is pulled or nothing
        return owed if acting.is_wallet else self.units(action.asset, acting.holds(action.asset))

    def _set_collateral(self, action: SetCollateral, acting: Acting) -> Lines:
        self._open_reserve(action.asset)
        keys = self._keys(acting.account)[action.asset]
        if not acting.view[keys.supplied]:
            raise StepFails("UnderlyingBalanceZero")
        if action.enabled and not self._ltv(action.asset, self._emode(acting)):
            raise StepFails("UserInIsolationModeOrLtvZero")
        change = Decimal(int(action.enabled)) - acting.view[keys.collateral]
        return ((keys.collateral, change),) if change else ()

    def _set_emode(self, action: SetEMode, acting: Acting) -> Lines:
        key = emode_key(acting.account, self.venue)
        change = Decimal(action.category) - acting.view[key]
        if not change:
            return ()
        if action.category and action.category not in self.settings.emodes:
            raise StepFails("InconsistentEModeCategory")
        emode = self.settings.emodes.get(action.category)
        for asset, keys in self._keys(acting.account).items():
            if emode is not None and acting.view[keys.borrowed] and asset not in emode.borrowable:
                raise StepFails(f"InvalidDebtInEmode: {asset}")
            if emode is not None and acting.view[keys.collateral] and not self._ltv(asset, emode):
                raise StepFails(f"InvalidCollateralInEmode: {asset}")
        return ((key, change),)

    # reserves and keys

    def _reserve(self, asset: str) -> Reserve:
        found = self.settings.reserves.get(asset)
        if found is None:
            hint = "; it takes WETH, so wrap the ETH first" if asset == ETHER else nearest(asset, self.settings.reserves)
            raise Denied(f"{self.venue} does not know {asset}{hint}; its assets are listed under reserves in {self.venue}.yaml")
        return found

    def _open_reserve(self, asset: str) -> Reserve:
        reserve = self._reserve(asset)
        if reserve.paused:
            raise StepFails("ReservePaused")
        return reserve

    def _category(self, category: int) -> None:
        if category and category not in self.settings.emodes:
            known = ", ".join(str(number) for number in self.settings.emodes)
            raise Denied(f"{self.venue} does not know the efficiency mode {category}; it knows 0 (none), {known}")

    def _emode(self, acting: Acting) -> Category | None:
        return self.settings.emodes.get(int(acting.view[emode_key(acting.account, self.venue)]))

    def _ltv(self, asset: str, emode: Category | None) -> int:
        return emode.ltv if emode is not None and asset in emode.collateral else self.settings.reserves[asset].ltv

    def _pledge(self, figures: Figures, supplied: Decimal, emode: Category | None, market: Market) -> Pledge:
        numbers = emode if emode is not None and figures.asset in emode.collateral else self.settings.reserves[figures.asset]
        worth = deposit_worth(to_units(supplied, figures.decimals), figures.supply_index(market))
        return Pledge(value_floor(worth, figures.usd(market), figures.decimals), numbers.ltv, numbers.threshold)

    def _debt(self, asset: str, acting: Acting) -> int:
        figures = self._figures[asset]
        scaled = to_units(acting.view[self._keys(acting.account)[asset].borrowed], figures.decimals)
        return debt_worth(scaled, figures.borrow_index(acting.market)) if scaled else 0

    def _keys(self, account: str) -> dict[str, ReserveKeys]:
        found = self._accounts.get(account)
        if found is None:
            found = self._accounts[account] = {asset: reserve_keys(account, self.venue, asset) for asset in self.settings.reserves}
        return found

    def _keys_of(self, action: Action, asset: str, account: str, lane: str) -> Iterable[Key]:
        yield emode_key(account, self.venue)
        if asset and not isinstance(action, SetCollateral):
            yield balance_key(account, asset)
        if isinstance(action, (Supply, Repay)) and account == lane:
            yield allowance_key(account, self.venue, asset)
        everything = isinstance(action, RISKY)
        for reserve, keys in self._keys(account).items():
            if everything or reserve == asset:
                yield from keys


def _within_cap(error: str, units: int, cap: int, decimals: int) -> None:
    if cap and units > cap * 10**decimals:
        raise StepFails(f"{error}: the cap is {cap}")

"""What is computed here and what the contracts report: the same to the unit, over random courses of actions."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from basis_venues import series
from basis_venues.actions import Borrow, Repay, RequestUnstake, SetEMode, Stake, Supply, Unwrap, Withdraw, Wrap, WrapEther
from basis_venues.amounts import MONEY

RAY = 10**27
ACCOUNT_DATA = "getUserAccountData(address)(uint256,uint256,uint256,uint256,uint256,uint256)"


def units(rng: random.Random, most: str, decimals: int) -> Decimal:
    """An odd amount, up to `most`, with every digit in use."""
    return Decimal(rng.randint(1, int(Decimal(most) * 10**decimals))).scaleb(-decimals)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_lending_over_random_courses(play: Any, soon: int, seed: int) -> None:
    """Balances, scaled positions, debt and deposits in money, and the health factor."""
    rng = random.Random(seed)

    async def course(run: Any) -> None:
        await run.good(WrapEther(id="w", amount="60", valid_until=soon), Supply(id="s", asset="WETH", amount="50", valid_until=soon))
        makers = [
            lambda name: Supply(id=name, asset=rng.choice(["WETH", "USDT"]), amount=units(rng, "3", 6), valid_until=soon),
            lambda name: Borrow(id=name, asset="USDC", amount=units(rng, "2000", 6), valid_until=soon),
            lambda name: Repay(id=name, asset="USDC", amount=units(rng, "1500", 6), valid_until=soon),
            lambda name: Withdraw(id=name, asset="WETH", amount=units(rng, "2", 18), valid_until=soon),
            lambda name: SetEMode(id=name, category=0, valid_until=soon),
        ]
        for number in range(12):
            run.pass_time(rng.choice([0, 1000, 86_400_000, 30 * 86_400_000]))
            result = await run.do(rng.choice(makers)(f"a{number}"))
            assert result.state in ("VERIFIED", "DENIED"), result.legs
            await run.judge()
        await _agrees(run)

    play(course)


async def _agrees(run: Any) -> None:
    """The model's standing against the pool's own account data, at the same block."""
    at, state, market = run.control.addresses, run.manager.state, run.manager._parts.market
    model = run.manager._parts.ledger.models["aave"]
    run.control.mine()
    market._quotes.clear()
    assets = ("WETH", "USDC", "USDT", "wstETH")
    await market.refresh([each("aave", asset) for asset in assets for each in (series.supply_index, series.borrow_index, series.oracle)])
    told = run.control.owner.read(at.aave.pool, ACCOUNT_DATA, at.wallet)
    standing = model.standing("wallet", state.book, market)
    collateral, debt, factor = told[0], told[1], told[5]
    assert standing.collateral == collateral
    assert standing.debt == debt
    if debt:
        ours = standing.health_factor
        assert abs(int(MONEY.scaleb(ours, 18)) - factor) <= 1
    else:
        assert standing.health_factor is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_staking_over_random_courses(play: Any, soon: int, seed: int) -> None:
    """Shares, wrapped tokens and claims, with rebases up and down in between."""
    rng = random.Random(seed)

    async def course(run: Any) -> None:
        await run.good(Stake(id="s", amount="40", valid_until=soon), Wrap(id="w", amount="15", valid_until=soon))
        makers = [
            lambda name: Stake(id=name, amount=units(rng, "3", 18), valid_until=soon),
            lambda name: Wrap(id=name, amount=units(rng, "2", 18), valid_until=soon),
            lambda name: Unwrap(id=name, amount=units(rng, "2", 18), valid_until=soon),
            lambda name: RequestUnstake(id=name, asset=rng.choice(["stETH", "wstETH"]), amount=units(rng, "2", 18), valid_until=soon),
        ]
        for number in range(12):
            run.control.lido.report(**rng.choice([{}, {"reward": rng.randint(1, 10**18)}, {"penalty": rng.randint(1, 10**17)}]))
            run.manager._parts.market._quotes.clear()
            result = await run.do(rng.choice(makers)(f"a{number}"))
            assert result.state in ("VERIFIED", "DENIED"), result.legs
            await run.judge()
        steth, wallet = run.control.addresses.lido.steth, run.control.addresses.wallet
        shares = run.control.owner.read(steth, "sharesOf(address)(uint256)", wallet)
        assert abs(MONEY.scaleb(run.manager.state.book["wallet:balance:stETH"], 18) - shares) <= 0

    play(course)

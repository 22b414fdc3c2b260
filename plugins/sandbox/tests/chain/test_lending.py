"""The real Aave V3.6 on the chain gives the numbers of the reference."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from basis_venues_sandbox.chain import Addresses, ChainControl
from basis_venues_sandbox.chain.deploy import Sender

pytestmark = pytest.mark.slow

ETHER, DOLLAR, MAX = 10**18, 10**6, 2**256 - 1
YEAR_MS = 31_536_000_000
SUPPLY = "supply(address,uint256,address,uint16)"
BORROW = "borrow(address,uint256,uint256,uint16,address)"
Health = Callable[[str], tuple[int, ...]]
Refusal = Callable[..., str]


def supply(sender: Sender, at: Addresses, asset: str, amount: int) -> Any:
    sender.send(at.tokens[asset], "approve(address,uint256)", at.aave.pool, amount)
    return sender.send(at.aave.pool, SUPPLY, at.tokens[asset], amount, sender.address, 0)


def wrap_and_supply(user: Sender, at: Addresses, amount: int) -> None:
    user.send(at.tokens["WETH"], "deposit()", value=amount)
    supply(user, at, "WETH", amount)


def test_ten_ether_against_ten_thousand_dollars_have_health_factor_2_075(user: Sender, at: Addresses, health: Health) -> None:
    """25,000 x 0.83 / 10,000, as on both generations of the real contracts. The debt is owed up to one unit more: the index is a little
    above one by then."""
    wrap_and_supply(user, at, 10 * ETHER)
    user.send(at.aave.pool, BORROW, at.tokens["USDC"], 10_000 * DOLLAR, 2, 0, user.address)
    collateral, debt, _, threshold, ltv, factor = health(user.address)
    assert (collateral, threshold, ltv) == (25_000 * 10**8, 8300, 8050)
    assert 0 <= debt - 10_000 * 10**8 <= 100
    assert factor == collateral * 8300 * 10**14 // debt
    assert abs(factor - 2_075 * 10**15) <= 3 * 10**8


def test_deposits_earn_because_the_whale_owes_three_fifths(control: ChainControl, at: Addresses) -> None:
    """3 of 5 million are borrowed from the start: 5.5 % x 0.6 / 0.92 to pay, of which 0.6 x 0.9 is earned; a year of it by the contract's
    own index."""
    index = ("getReserveNormalizedIncome(address)(uint256)", at.tokens["USDT"])
    before = Decimal(control.owner.read(at.aave.pool, *index))
    control.advance(YEAR_MS)
    earned = Decimal(control.owner.read(at.aave.pool, *index)) / before - 1
    assert abs(earned - Decimal("0.055") * Decimal("0.6") / Decimal("0.92") * Decimal("0.6") * Decimal("0.9")) < Decimal("1e-6")


def test_a_year_of_lending_earns_what_the_rate_model_says(user: Sender, control: ChainControl, at: Addresses) -> None:
    """The linear index at a known usage, computed by hand from the strategy's parameters, to a unit of the dollar: deposits
    are counted at an index a little above one."""
    control.market.repay("USDC")
    wrap_and_supply(user, at, 100 * ETHER)
    supply(user, at, "USDC", 10_000 * DOLLAR)
    user.send(at.aave.pool, BORROW, at.tokens["USDC"], 10_000 * DOLLAR, 2, 0, user.address)
    ray = 10**27
    usage = Decimal(10_000) / Decimal(5_010_000)
    borrow_rate = Decimal("0.055") * usage / Decimal("0.92")
    earned = 10_000 * borrow_rate * usage * Decimal("0.9")
    rate = control.owner.read(at.aave.data_provider, "getReserveData(address)" + "(" + "uint256," * 11 + "uint40)", at.tokens["USDC"])[5]
    assert abs(Decimal(rate) / ray - borrow_rate * usage * Decimal("0.9")) < Decimal("1e-12")
    control.advance(YEAR_MS)
    balance = control.owner.read(at.aave.a_tokens["USDC"], "balanceOf(address)(uint256)", user.address)
    assert abs(balance - 10_000 * DOLLAR - int(earned * DOLLAR)) <= 1


@pytest.mark.parametrize(
    ("change", "selector"),
    [
        (lambda market: market.pause_reserve("USDC"), "0xd37f5f1c"),
        (lambda market: market.freeze_reserve("USDC"), "0x6d305815"),
        (lambda market: market.caps("USDC", supply=1), "0xf58f733a"),
    ],
    ids=["ReservePaused", "ReserveFrozen", "SupplyCapExceeded"],
)
def test_a_switched_off_reserve_refuses_with_its_own_error(
    change: Callable[[Any], None], selector: str, control: ChainControl, user: Sender, at: Addresses, refusal: Refusal
) -> None:
    """Paused, frozen and capped are three errors that an adapter can tell apart."""
    user.send(at.tokens["USDC"], "approve(address,uint256)", at.aave.pool, 100 * DOLLAR)
    change(control.market)
    assert refusal(user, at.aave.pool, SUPPLY, at.tokens["USDC"], 100 * DOLLAR, user.address, 0) == selector


def test_each_refused_borrow_has_its_own_error(control: ChainControl, user: Sender, at: Addresses, refusal: Refusal) -> None:
    """Too much, above a cap, in the wrong rate mode, and an asset outside the efficiency mode."""
    wrap_and_supply(user, at, 10 * ETHER)
    usdc = at.tokens["USDC"]
    assert refusal(user, at.aave.pool, BORROW, usdc, 20_500 * DOLLAR, 2, 0, user.address) == "0x911ceb81"
    assert refusal(user, at.aave.pool, BORROW, usdc, 21_000 * DOLLAR, 2, 0, user.address) == "0x6679996d"
    assert refusal(user, at.aave.pool, BORROW, usdc, DOLLAR, 1, 0, user.address) == "0x17c5a78e"
    control.market.caps("USDC", borrow=1)
    assert refusal(user, at.aave.pool, BORROW, usdc, 2 * DOLLAR, 2, 0, user.address) == "0x77a6a896"
    user.send(at.aave.pool, "setUserEMode(uint8)", 1)
    assert refusal(user, at.aave.pool, BORROW, usdc, DOLLAR, 2, 0, user.address) == "0x57db5bba"


def test_withdrawing_under_water_is_refused(user: Sender, at: Addresses, refusal: Refusal) -> None:
    """The health factor would fall under one."""
    wrap_and_supply(user, at, 10 * ETHER)
    user.send(at.aave.pool, BORROW, at.tokens["USDC"], 10_000 * DOLLAR, 2, 0, user.address)
    withdraw = "withdraw(address,uint256,address)"
    assert refusal(user, at.aave.pool, withdraw, at.tokens["WETH"], 9 * ETHER, user.address) == "0x6679996d"


def test_a_lower_price_makes_a_position_liquidatable(control: ChainControl, user: Sender, at: Addresses, health: Health) -> None:
    """Ether from 2500 to 2300 against 20,000 dollars of debt on ten of them."""
    wrap_and_supply(user, at, 10 * ETHER)
    user.send(at.aave.pool, BORROW, at.tokens["USDC"], 20_000 * DOLLAR, 2, 0, user.address)
    control.market.set_price("WETH", Decimal(2300))
    assert control.market.price("WETH") == 2300
    factor = 23_000 * 83 * 10**18 // 100 // 20_000
    assert abs(health(user.address)[5] - factor) < factor // 10**6  # the debt grows by the second
    control.whale.send(at.tokens["USDC"], "approve(address,uint256)", at.aave.pool, 20_000 * DOLLAR)
    liquidation = "liquidationCall(address,address,address,uint256,bool)"
    control.whale.send(at.aave.pool, liquidation, at.tokens["WETH"], at.tokens["USDC"], user.address, 5_000 * DOLLAR, False)
    assert health(user.address)[1] < 20_000 * 10**8


def test_everything_comes_back_with_max(control: ChainControl, user: Sender, at: Addresses) -> None:
    """Repaying and withdrawing all leaves neither debt nor supply."""
    wrap_and_supply(user, at, 10 * ETHER)
    user.send(at.aave.pool, BORROW, at.tokens["USDT"], 5_000 * DOLLAR, 2, 0, user.address)
    control.advance(YEAR_MS // 12)
    user.send(at.tokens["USDT"], "approve(address,uint256)", at.aave.pool, 6_000 * DOLLAR)
    user.send(at.aave.pool, "repay(address,uint256,uint256,address)", at.tokens["USDT"], MAX, 2, user.address)
    user.send(at.aave.pool, "withdraw(address,uint256,address)", at.tokens["WETH"], MAX, user.address)
    for token in (at.aave.debt_tokens["USDT"], at.aave.a_tokens["WETH"]):
        assert control.owner.read(token, "balanceOf(address)(uint256)", user.address) == 0


def test_a_drained_reserve_cannot_be_borrowed(control: ChainControl, user: Sender, at: Addresses, refusal: Refusal) -> None:
    """The whale's supply gone, there is nothing to lend."""
    wrap_and_supply(user, at, 10 * ETHER)
    control.market.drain_reserve("USDC", leave=DOLLAR)
    assert refusal(user, at.aave.pool, BORROW, at.tokens["USDC"], 100 * DOLLAR, 2, 0, user.address) != ""


def test_the_dollar_with_tethers_habits_returns_nothing_and_wants_a_reset(
    control: ChainControl, user: Sender, at: Addresses, refusal: Refusal
) -> None:
    """An allowance that is not zero cannot be changed but to zero."""
    usdt = at.tokens["USDT"]
    user.send(usdt, "approve(address,uint256)", at.aave.pool, 5)
    assert refusal(user, usdt, "approve(address,uint256)", at.aave.pool, 6) == "0x"
    user.send(usdt, "approve(address,uint256)", at.aave.pool, 0)
    user.send(usdt, "approve(address,uint256)", at.aave.pool, 6)

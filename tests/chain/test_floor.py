"""The floor under the health factor holds by the chain's own figures, whatever is configured here."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from smart_account import ACCOUNT_DATA, MODE, account_of, lever

from basis_venues.actions import Action, Borrow, CreateAccount, SetCollateral, SetEMode, Supply, Unwind, Withdraw, WrapEther
from basis_venues_evm.live import Method

pytestmark = pytest.mark.slow

FLOOR = Decimal("1.05")
RESERVE = "configureReserveAsCollateral(address,uint256,uint256,uint256)"
EMODE = "setEModeCategory(uint8,uint16,uint16,uint16,string)"


def factor(run: Any, owner: str) -> Decimal:
    """The health factor, by the pool."""
    return Decimal(run.control.owner.read(run.control.addresses.aave.pool, ACCOUNT_DATA, owner)[5]).scaleb(-18)


def stricter(asset: str, ltv: int, threshold: int) -> Callable[[Any], None]:
    """The market's owners lower what counts of a collateral."""
    return lambda control: control.owner.send(
        control.addresses.aave.configurator, RESERVE, control.addresses.tokens[asset], ltv, threshold, 10500
    )


def stricter_emode(control: Any) -> None:
    """And of the efficiency mode."""
    control.owner.send(control.addresses.aave.configurator, EMODE, 1, 9000, 9200, 10100, "x")


def deposit(soon: int) -> tuple[Action, ...]:
    """10 ETH as collateral."""
    return WrapEther(id="w", amount="10", valid_until=soon), Supply(id="s", asset="WETH", amount="10", valid_until=soon)


def direct(soon: int) -> dict[str, tuple[tuple[Action, ...], Callable[[Any], None], Action]]:
    """What comes before, what the market's owners then do, and an action that by the configured figures stays over the floor."""
    entered = (*deposit(soon), SetEMode(id="e", category=1, valid_until=soon))
    lent = (*entered, Borrow(id="d", asset="WETH", amount="7.75", valid_until=soon))
    return {
        "borrow": (deposit(soon), stricter("WETH", 7800, 8000), Borrow(id="b", asset="USDC", amount="19400", valid_until=soon)),
        "withdraw": (
            (*deposit(soon), Borrow(id="d", asset="USDC", amount="10000", valid_until=soon)),
            stricter("WETH", 7800, 8000),
            Withdraw(id="b", asset="WETH", amount="4.8", valid_until=soon),
        ),
        "borrow in an efficiency mode": (entered, stricter_emode, Borrow(id="b", asset="WETH", amount="8.8", valid_until=soon)),
        "leave an efficiency mode": (lent, stricter("WETH", 7900, 8100), SetEMode(id="b", category=0, valid_until=soon)),
    }


@pytest.mark.parametrize("name", direct(0))
@pytest.mark.parametrize("simulates", [True, False])
def test_a_market_that_becomes_stricter_meanwhile_refuses_what_passes_the_floor(play: Any, soon: int, name: str, simulates: bool) -> None:
    """While the run is open: nothing is sent, and the pool still says that the account stands over the floor. A node without
    `eth_simulateV1` is asked for the figures."""
    before, happens, action = direct(soon)[name]

    async def course(run: Any) -> None:
        await run.good(*before)
        happens(run.control)
        if not simulates:
            run.control.fault("refuse", "the method does not exist", method="eth_simulateV1", times=0)
        result = await run.do(action)
        assert result.state == "DENIED"
        said = "by aave's own figures it would leave wallet with a health factor of 1.0" if simulates else "aave.yaml flatters: "
        assert said in result.legs[0].reason
        assert factor(run, run.control.addresses.wallet) >= FLOOR
        await run.judge(mined=len(before) + 1)

    play(course)


@pytest.mark.parametrize(
    ("happens", "bundle"),
    [(stricter("wstETH", 7500, 7700), {"flash": "29", "emode": False}), (stricter_emode, {"flash": "75"})],
    ids=["reserve", "efficiency mode"],
)
@pytest.mark.parametrize("simulates", [True, False])
def test_a_bundle_is_held_to_the_floor_by_the_chains_own_figures(
    play: Any, soon: int, happens: Callable[[Any], None], bundle: dict[str, Any], simulates: bool
) -> None:
    """As a single action is."""

    async def course(run: Any) -> None:
        await run.good(CreateAccount(id="make", valid_until=soon))
        happens(run.control)
        if not simulates:
            run.control.fault("refuse", "the method does not exist", method="eth_simulateV1", times=0)
        result = await run.do(lever(soon, **bundle))
        assert result.state == "DENIED"
        said = "by aave's own figures it would leave dsa with a health factor of 1.0" if simulates else "aave.yaml flatters: "
        assert said in result.legs[0].reason
        await run.judge(mined=1)

    play(course, MODE)


@pytest.mark.parametrize("simulates", [True, False])
def test_a_stricter_market_keeps_nobody_from_leaving_it(play: Any, soon: int, simulates: bool) -> None:
    """After a full unwind there is no debt, and the last of a deposit without one can be taken out: no figure matters then."""

    async def course(run: Any) -> None:
        await run.good(CreateAccount(id="make", valid_until=soon), lever(soon), *deposit(soon))
        stricter("WETH", 7800, 8000)(run.control)
        stricter_emode(run.control)
        if not simulates:
            run.control.fault("refuse", "the method does not exist", method="eth_simulateV1", times=0)
        out = Withdraw(id="out", asset="WETH", amount="max", valid_until=soon)
        await run.good(Unwind(id="close", slippage="0.005", valid_until=soon), out)

    play(course, MODE)


@pytest.mark.parametrize("simulates", [True, False])
def test_a_debt_that_is_not_known_here_counts(play: Any, control: Any, soon: int, simulates: bool) -> None:
    """Before the run began the wallet owed 10,000 USDT, and this run knows no USDT: by its books 9,800 USDC are far from the floor."""
    at = control.addresses
    control.rpc.call("anvil_impersonateAccount", at.wallet)
    for to, data in (
        (at.tokens["WETH"], Method("deposit()")()),
        (at.tokens["WETH"], Method("approve(address,uint256)")(at.aave.pool, 10**19)),
        (at.aave.pool, Method("supply(address,uint256,address,uint16)")(at.tokens["WETH"], 10**19, at.wallet, 0)),
        (at.aave.pool, Method("borrow(address,uint256,uint256,uint16,address)")(at.tokens["USDT"], 10**10, 2, 0, at.wallet)),
    ):
        value = hex(10**19 if data == Method("deposit()")() else 0)
        sent = control.rpc.call("eth_sendTransaction", {"from": at.wallet, "to": to, "data": data, "value": value, "gas": hex(10**6)})
        while control.rpc.call("eth_getTransactionReceipt", sent) is None:
            time.sleep(0.01)
    known = {symbol: token for symbol, token in at.tokens.items() if symbol != "USDT"}

    async def course(run: Any) -> None:
        if not simulates:
            run.control.fault("refuse", "the method does not exist", method="eth_simulateV1", times=0)
        result = await run.do(Borrow(id="b", asset="USDC", amount="9800", valid_until=soon))
        assert result.state == "DENIED"
        said = "a health factor of 1.0480" if simulates else "wallet owes an asset that is not among its reserves"
        assert said in result.legs[0].reason
        await run.judge(mined=4)

    play(course, alchemy={"contracts": {"local": known}})


def test_a_stricter_market_lets_pass_what_stays_over_the_floor(play: Any, control: Any, soon: int) -> None:
    """The configuration need not say the same where the chain itself judges; nor where what is done cannot lower the health factor."""
    stricter("WETH", 7800, 8000)(control)

    async def course(run: Any) -> None:
        await run.good(
            *deposit(soon), Borrow(id="b", asset="USDC", amount="10000", valid_until=soon),
            SetCollateral(id="on", asset="WETH", enabled=True, valid_until=soon),
        )  # fmt: skip

    play(course)


def test_a_part_can_be_unwound_under_the_floor(play: Any, soon: int) -> None:
    """The collateral loses value until the account is under the floor; nine tenths are closed at the same ratio, some interest later."""

    async def course(run: Any) -> None:
        await run.good(CreateAccount(id="make", valid_until=soon), lever(soon, flash="70"))
        market, account = run.control.market, account_of(run)
        market.set_price("wstETH", market.price("wstETH") * Decimal("0.96"))
        run.pass_time(1000)
        before = factor(run, account)
        assert 1 < before < FLOOR
        await run.good(Unwind(id="close", fraction="0.9", slippage="0.005", valid_until=soon))
        assert abs(factor(run, account) - before) < Decimal("0.0001")

    play(course, MODE)

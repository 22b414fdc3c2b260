"""All or nothing: whatever fails within a bundle, no balance changes but for gas, and the result says which part failed and why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from basis_venues.actions import (
    MAX,
    AtomicBundle,
    Borrow,
    CreateAccount,
    FromLeg,
    Repay,
    SetEMode,
    Stake,
    Supply,
    Swap,
    Unwind,
    UnwrapEther,
    Withdraw,
    Wrap,
    WrapEther,
)
from basis_venues.errors import ConfigurationError

pytestmark = pytest.mark.slow

MODE = {
    "mode": "leveraged",
    "share_class": "ETH",
    "asset": "ETH",
    "venues": {
        "lending_execution": {"primary": "aave", "on_chain_leverage_venue": "aave"},
        "staking_execution": {"primary": "lido"},
        "flash_loan_execution": {"primary": "instadapp"},
        "unwind_execution": {"primary": "instadapp"},
        "execution_subscriptions": {"wallet": ["alchemy"]},
    },
}
STAKING_MODE = {
    "mode": "staking",
    "share_class": "ETH",
    "asset": "ETH",
    "venues": {
        "staking_execution": {"primary": "lido"},
        "flash_loan_execution": {"primary": "instadapp"},
        "unwind_execution": {"primary": "instadapp"},
        "execution_subscriptions": {"wallet": ["alchemy"]},
    },
}
POOL = "wstETH/WETH/100"


def lever(soon: int, equity: str = "10", flash: str = "30", name: str = "lever", emode: bool = True) -> AtomicBundle:
    loan = Decimal(flash)
    enter = (SetEMode(category=1),) if emode else ()
    legs = (
        UnwrapEther(amount=loan),
        Stake(amount=Decimal(equity) + loan),
        Wrap(amount=MAX),
        Supply(asset="wstETH", amount=FromLeg(2)),
        *enter,
        Borrow(asset="WETH", amount=loan * (1 + Decimal("0.0005"))),
    )
    return AtomicBundle(id=name, flash_asset="WETH", flash_amount=loan, equity=equity, legs=legs, valid_until=soon)


def holdings(run: Any) -> dict[tuple[str, str], int]:
    """Every token of both accounts, Aave's included, and the smart account's ETH; the wallet's ETH pays the gas."""
    at = run.control.addresses
    accounts = {"wallet": at.wallet, "dsa": run.client("instadapp").chain.address_of("dsa")}
    tokens = {**at.tokens, **{f"a{k}": v for k, v in at.aave.a_tokens.items()}, **{f"debt{k}": v for k, v in at.aave.debt_tokens.items()}}
    found = {("dsa", "ETH"): run.control.balance("ETH", accounts["dsa"])}
    for name, address in accounts.items():
        for symbol, token in tokens.items():
            view = "scaledBalanceOf(address)(uint256)" if symbol.startswith(("a", "debt")) else "balanceOf(address)(uint256)"
            found[name, symbol] = run.control.owner.read(token, view, address)
    return found


def replaced(run: Any) -> None:
    """The registry's chief puts another contract behind a name."""
    at = run.control.addresses.instadapp
    chief = run.control.owner.read
    assert chief(at.connectors, "connectors(string)(address)", "WETH-A").lower() == at.by_name["WETH-A"].lower()
    run.control.breaks(at.by_name["WETH-A"])


ENTRIES: dict[str, tuple[Callable[[Any], None], str, str]] = {
    "the lender's reserve is paused": (lambda run: run.control.market.pause_reserve("WETH"), "part 1 (FlashBorrow)", "ReservePaused"),
    "the lender is drained": (lambda run: run.control.market.drain_reserve("WETH", 10**18), "part 1 (FlashBorrow)", ""),
    "a connector is broken": (replaced, "part 2 (UnwrapEther)", ""),
    "staking is paused": (lambda run: run.control.lido.pause_staking(), "part 3 (Stake)", "STAKING_PAUSED"),
    "staking is limited": (lambda run: run.control.lido.stake_limit(10**18, 1), "part 3 (Stake)", "STAKE_LIMIT"),
    "stETH does not move": (lambda run: run.control.lido.stop(), "part 4 (Wrap)", "CONTRACT_IS_STOPPED"),
    "the collateral's reserve is frozen": (lambda run: run.control.market.freeze_reserve("wstETH"), "part 5 (Supply)", "ReserveFrozen"),
    "the collateral's cap is reached": (
        lambda run: run.control.market.caps("wstETH", supply=1), "part 5 (Supply)", "SupplyCapExceeded",
    ),
    "borrowing is capped": (lambda run: run.control.market.caps("WETH", borrow=1), "part 7 (Borrow)", "BorrowCapExceeded"),
    "the flash loan is dearer": (lambda run: run.control.market.flash_fee(9), "part 1 (FlashBorrow)", "9 basis points"),
}  # fmt: skip


@pytest.mark.parametrize("fault", ENTRIES)
def test_an_entry_that_fails_changes_nothing(play: Any, soon: int, fault: str) -> None:
    """Refused by the simulation, before anything is signed, with the part and the protocol's reason."""
    inject, part, why = ENTRIES[fault]

    async def course(run: Any) -> None:
        await run.good(CreateAccount(id="make", valid_until=soon))
        inject(run)
        before, ether = holdings(run), run.control.balance("ETH", run.control.addresses.wallet)
        result = await run.do(lever(soon))
        assert result.state == "DENIED", result.legs
        assert part in result.legs[0].reason, result.legs[0].reason
        assert why in result.legs[0].reason, result.legs[0].reason
        assert holdings(run) == before
        assert run.control.balance("ETH", run.control.addresses.wallet) == ether
        await run.judge(mined=1)

    play(course, MODE)


EXITS: dict[str, tuple[Callable[[Any], None], str, str]] = {
    "the lender's reserve is paused": (lambda run: run.control.market.pause_reserve("WETH"), "part 0 (FlashBorrow)", "ReservePaused"),
    "the collateral's reserve is paused": (lambda run: run.control.market.pause_reserve("wstETH"), "part 2 (Withdraw)", "ReservePaused"),
    "the pool is drained": (lambda run: run.control.market.drain_pool(POOL, Decimal("0.05")), "part 3 (Swap)", "Too little received"),
    "the flash loan is dearer": (lambda run: run.control.market.flash_fee(30), "part 0 (FlashBorrow)", "30 basis points"),
}


@pytest.mark.parametrize("fault", EXITS)
def test_an_exit_that_fails_changes_nothing(play: Any, soon: int, fault: str) -> None:
    """The position stands as it was, to the unit, and can be closed once the fault is gone."""
    inject, part, why = EXITS[fault]

    async def course(run: Any) -> None:
        await run.good(CreateAccount(id="make", valid_until=soon), lever(soon))
        inject(run)
        before = holdings(run)
        result = await run.do(Unwind(id="close", slippage="0.002", valid_until=soon))
        assert result.state == "DENIED", result.legs
        assert part in result.legs[0].reason, result.legs[0].reason
        assert why in result.legs[0].reason, result.legs[0].reason
        assert holdings(run) == before
        await run.judge(mined=2)

    play(course, MODE)


def test_too_much_debt_is_refused(play: Any, soon: int) -> None:
    """Too much for the collateral: this side's floor is asked first, and the protocol's own limit names itself."""

    async def course(run: Any) -> None:
        await run.good(CreateAccount(id="make", valid_until=soon))
        before = holdings(run)
        over = await run.do(lever(soon, flash="100", name="over"))
        assert over.state == "DENIED"
        assert "under the floor" in over.legs[0].reason
        far = await run.do(lever(soon, flash="132", name="far"))
        assert "part 7 (Borrow): CollateralCannotCoverNewBorrow" in far.legs[0].reason
        without = await run.do(lever(soon, flash="70", name="without", emode=False))
        assert "part 6 (Borrow): HealthFactorLowerThanLiquidationThreshold" in without.legs[0].reason
        assert holdings(run) == before
        await run.judge(mined=1)

    play(course, MODE)


@pytest.mark.parametrize(
    ("inject", "why"),
    [
        (lambda run: run.control.market.drain_pool(POOL, Decimal("0.05")), "part 3 (Swap): Too little received"),
        (lambda run: run.control.market.pause_reserve("wstETH"), "part 2 (Withdraw): ReservePaused"),
        (lambda run: run.control.market.flash_fee(30), "part 4 (FlashPayback): amount-paid-less"),
    ],
)
def test_a_bundle_that_is_mined_too_late_costs_its_gas(play: Any, soon: int, inject: Any, why: str) -> None:
    """The simulation passed, and another transaction came before it: REVERTED, with the part, and only gas is gone."""

    async def course(run: Any) -> None:
        await run.good(CreateAccount(id="make", valid_until=soon), lever(soon))
        before, ether = holdings(run), run.control.balance("ETH", run.control.addresses.wallet)
        rpc, send = run.client("instadapp").chain.rpc, run.client("instadapp").chain.rpc.write

        async def late(method: str, *params: Any) -> Any:
            await asyncio.to_thread(inject, run)
            return await send(method, *params)

        rpc.write = late
        result = await run.do(Unwind(id="close", slippage="0.002", valid_until=soon))
        rpc.write = send
        assert result.state == "REVERTED", result.legs
        assert why in result.legs[0].reason, result.legs[0].reason
        assert result.legs[0].verdict == "VERIFIED"
        assert set(result.deltas) == {"wallet:balance:ETH"}
        assert holdings(run) == before
        paid = ether - run.control.balance("ETH", run.control.addresses.wallet)
        assert result.deltas["wallet:balance:ETH"] == -Decimal(paid).scaleb(-18)
        await run.judge(mined=3)

    play(course, MODE)


def test_the_account_is_found_again_after_a_restart(play: Any, soon: int) -> None:
    """Made in one run, used in the next, closed in a third: the books go on."""

    async def make(run: Any) -> None:
        early = await run.do(lever(soon, name="early"))
        assert early.state == "DENIED"
        assert "send CreateAccount" in early.legs[0].reason
        await run.good(CreateAccount(id="make", valid_until=soon))
        again = await run.do(CreateAccount(id="again", valid_until=soon))
        assert "exists already" in again.legs[0].reason
        await run.judge(mined=1)

    async def enter(run: Any) -> None:
        await run.good(lever(soon))
        await run.judge(mined=2)

    async def leave(run: Any) -> None:
        held = await run.manager.positions()
        assert held["dsa:borrowed:aave/WETH"] > 29
        await run.good(Unwind(id="close", slippage="0.005", valid_until=soon))
        await run.judge(mined=3)

    for course in (make, enter, leave):
        play(course, MODE)


@pytest.mark.parametrize("verb", ["accept_then_timeout", "accept_then_reset"])
def test_e1_e29_a_bundle_whose_answer_is_lost_happens_once(play: Any, soon: int, verb: str) -> None:
    """The making of the account, the entry and the exit: looked up by their hashes, each mined once."""

    async def course(run: Any) -> None:
        for action in (CreateAccount(id="make", valid_until=soon), lever(soon), Unwind(id="u", slippage="0.005", valid_until=soon)):
            run.control.fault(verb, 1)
            await run.good(action)
        await run.judge(mined=3)

    play(course, MODE)


def test_an_account_made_when_the_run_ended_is_known_to_the_next(play: Any, soon: int) -> None:
    """The transaction left, and the run ended before it was seen: the next run settles it and goes on."""

    async def cut_off(run: Any) -> None:
        run.control.fault("null_receipt")
        task = asyncio.create_task(run.do(CreateAccount(id="make", valid_until=soon)))
        await asyncio.sleep(0.4)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        run.control.clear_faults()

    async def go_on(run: Any) -> None:
        await run.good(CreateAccount(id="make", valid_until=soon), lever(soon))
        await run.judge(mined=2)

    play(cut_off, MODE)
    play(go_on, MODE)


def test_an_account_that_someone_else_may_use_is_not_taken(play: Any, soon: int) -> None:
    """A stranger makes the wallet an authority of his own account: nothing is put there."""

    async def course(run: Any) -> None:
        at, owner = run.control.addresses, run.control.owner
        nobody = "0x" + "00" * 20
        receipt = owner.send(at.instadapp.index, "build(address,uint256,address)", owner.address, 2, nobody)
        trap = "0x" + next(log for log in receipt["logs"] if len(log["topics"]) == 4)["topics"][2][26:]
        add = "0x0a3b0a4f" + at.wallet[2:].lower().rjust(64, "0")
        owner.send(trap, "cast(string[],bytes[],address)", ["AUTHORITY-A"], [bytes.fromhex(add[2:])], nobody)
        await run.good(CreateAccount(id="make", valid_until=soon))
        assert run.client("instadapp").chain.address_of("dsa") != trap.lower()
        await run.good(lever(soon))

    play(course, MODE)


def test_tokens_are_brought_in_and_swapped(play: Any, soon: int) -> None:
    """Equity in WETH with its approval, swaps of tokens with other decimals, an amount taken from the leg before."""

    async def course(run: Any) -> None:
        await run.good(CreateAccount(id="make", valid_until=soon), WrapEther(id="w", amount="5", valid_until=soon))
        legs = (
            Swap(sell="WETH", buy="USDC", amount="2", minimum="4900"),
            Swap(sell="WETH", buy="USDT", amount="0.5", minimum="1200"),
            Swap(sell="USDC", buy="USDT", amount="100.000001", minimum="99"),
            UnwrapEther(amount="1"),
            WrapEther(amount=FromLeg(3)),
        )
        bundle = AtomicBundle(id="b", flash_asset="WETH", flash_amount="1", equity="4", equity_asset="WETH", legs=legs, valid_until=soon)
        (done,) = await run.good(bundle)
        assert done.deltas["wallet:balance:WETH"] == -4
        assert done.deltas["dsa:balance:USDC"] > Decimal("4800")
        assert done.deltas["dsa:balance:USDT"] > Decimal("1299")
        assert done.deltas["dsa:balance:WETH"] == Decimal(4) - 2 - Decimal("0.5005")
        assert run.manager.state.book["wallet:allowance:instadapp/WETH"] == 0
        await run.judge(mined=4)

    play(course, MODE)


def test_staked_equity_is_brought_in(play: Any, soon: int) -> None:
    """wstETH from the wallet, whose token itself says what is left of the allowance."""

    async def course(run: Any) -> None:
        await run.good(
            CreateAccount(id="make", valid_until=soon),
            Stake(id="s", amount="12", valid_until=soon),
            Wrap(id="w", amount="max", valid_until=soon),
        )
        legs = (
            UnwrapEther(amount="20"),
            Stake(amount="20"),
            Wrap(amount=MAX),
            Supply(asset="wstETH", amount=MAX),
            SetEMode(category=1),
            Borrow(asset="WETH", amount="20.01"),
        )
        bundle = AtomicBundle(id="b", flash_asset="WETH", flash_amount="20", equity="8", equity_asset="wstETH", legs=legs, valid_until=soon)
        (done,) = await run.good(bundle)
        assert done.deltas["wallet:balance:wstETH"] == -8
        await run.good(
            AtomicBundle(
                id="less",
                flash_asset="WETH",
                flash_amount="5",
                legs=(
                    Repay(asset="WETH", amount="5"),
                    Withdraw(asset="wstETH", amount="1"),
                    Borrow(asset="WETH", amount="5.0025"),
                ),
                valid_until=soon,
            )
        )
        await run.judge()

    play(course, MODE)


def test_without_debt_an_unwind_is_the_swap_alone(play: Any, soon: int) -> None:
    """In a mode without lending: wrapped stake from the wallet is approved, brought in, swapped and paid out."""

    async def course(run: Any) -> None:
        await run.good(
            CreateAccount(id="make", valid_until=soon),
            Stake(id="s", amount="12", valid_until=soon),
            Wrap(id="w", amount="max", valid_until=soon),
        )
        (left,) = await run.good(Unwind(id="u", slippage="0.005", valid_until=soon))
        assert Decimal("11.9") < left.deltas["wallet:balance:WETH"] < 12
        assert len(left.legs[0].steps) == 2
        await run.judge(mined=6)

    play(course, STAKING_MODE)


def test_ether_that_others_send_to_the_account_is_explained(play: Any, soon: int) -> None:
    """ETH that others send to the smart account explains itself before the next bundle."""

    async def course(run: Any) -> None:
        await run.good(CreateAccount(id="make", valid_until=soon), lever(soon))
        run.control.pay("ETH", run.client("instadapp").chain.address_of("dsa"), 3 * 10**17)
        run.manager.run.loop._verified_at.clear()
        (more,) = await run.good(lever(soon, equity="1", flash="1", name="more"))
        externals = {key: amount for leg in more.legs for effect in leg.externals for key, amount in effect.lines}
        assert externals == {"dsa:balance:ETH": Decimal("0.3")}
        await run.judge(mined=3)

    play(course, MODE)


def test_other_contracts_than_the_indexs_are_refused(play: Any, control: Any) -> None:
    """The configured addresses are compared with what index and registry say; on a chain without them the run does not start."""
    at = control.addresses.instadapp
    core = {"index": at.index, "list": at.list, "connectors": at.connectors, "aggregator": at.aggregator}

    async def never(run: Any) -> None:
        raise AssertionError("it must not get here")

    with pytest.raises(ConfigurationError, match="the index names another list"):
        play(never, MODE, instadapp={"contracts": {"local": {**core, "list": at.memory}}})
    with pytest.raises(ConfigurationError, match="the registry has another WETH-A"):
        play(never, MODE, instadapp={"contracts": {"local": {**core, "WETH-A": at.memory}}})
    with pytest.raises(ConfigurationError, match="aggregator of chain 31337 are missing"):
        play(never, MODE, instadapp={"contracts": {"local": {"index": at.index, "list": at.list, "connectors": at.connectors}}})

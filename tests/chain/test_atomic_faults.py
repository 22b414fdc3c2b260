"""All or nothing: whatever fails within a bundle, no balance changes but for gas, and the result says which part failed and why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from smart_account import MODE, POOL, STAKING_MODE, account_of, held, lever, staked

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

KEPT = Decimal("0.7")
"""What is left of the collateral's price where it falls: less than the debt needs."""


class Fault(NamedTuple):
    """Something that goes wrong. `part`: which part of the bundle it hits, and `why` what the result says of it. `early`: what it says
    where the fault is there when the bundle is planned, if that is something else; None where that has a test of its own."""

    inject: Callable[[Any], None]
    part: str
    why: str
    early: str | None = ""


def breaks(connector: str) -> Callable[[Any], None]:
    """Every call of the connector reverts."""
    return lambda run: run.control.breaks(run.control.addresses.instadapp.by_name[connector])


def price_falls(run: Any) -> None:
    """Aave's oracle says less of the collateral."""
    market = run.control.market
    market.set_price("wstETH", market.price("wstETH") * KEPT)


def pool_moves(run: Any) -> None:
    """Someone sells into the swap pool first."""
    amount = 600 * 10**18
    run.control.give("wstETH", run.control.whale.address, amount)
    run.control.market.sell(POOL, "wstETH", amount)


def drained(run: Any) -> None:
    """Who lends takes it away, having paid back what it owes."""
    run.control.market.repay("USDC")
    run.control.market.repay("USDT")
    run.control.market.drain_reserve("WETH", 10**18)


def dearer(bps: int) -> Callable[[Any], None]:
    return lambda run: run.control.market.flash_fee(bps)


def pause(asset: str) -> Callable[[Any], None]:
    return lambda run: run.control.market.pause_reserve(asset)


def of_the_loan(taken: int, paid_back: int, bps: int) -> dict[str, Fault]:
    """With the loan itself, which is these parts of the bundle; `bps`: a fee that there is too little for."""
    part, end = f"part {taken} (FlashBorrow)", f"part {paid_back} (FlashPayback)"
    return {
        "the lender's reserve is paused": Fault(pause("WETH"), part, "ReservePaused"),
        "the lender is drained": Fault(drained, part, "less than the loan"),
        "the flash loan is dearer": Fault(dearer(bps), end, "amount-paid-less", f"{part}: the flash loan's fee is {bps}"),
    }


ENTRY: dict[str, Fault] = {
    **of_the_loan(1, 8, bps=9),
    "INSTAPOOL-C is broken": Fault(breaks("INSTAPOOL-C"), "part 1 (FlashBorrow)", "reverted"),
    "WETH-A is broken": Fault(breaks("WETH-A"), "part 2 (UnwrapEther)", "failed without a reason"),
    "LIDO-STETH-A is broken": Fault(breaks("LIDO-STETH-A"), "part 3 (Stake)", "failed without a reason"),
    "staking is paused": Fault(lambda run: run.control.lido.pause_staking(), "part 3 (Stake)", "STAKING_PAUSED"),
    "staking is limited": Fault(lambda run: run.control.lido.stake_limit(10**18, 1), "part 3 (Stake)", "STAKE_LIMIT"),
    "WSTETH-A is broken": Fault(breaks("WSTETH-A"), "part 4 (Wrap)", "failed without a reason"),
    "stETH does not move": Fault(lambda run: run.control.lido.stop(), "part 4 (Wrap)", "CONTRACT_IS_STOPPED"),
    "AAVE-V3-A is broken": Fault(breaks("AAVE-V3-A"), "part 5 (Supply)", "failed without a reason"),
    "the collateral's reserve is paused": Fault(pause("wstETH"), "part 5 (Supply)", "ReservePaused"),
    "the collateral's reserve is frozen": Fault(
        lambda run: run.control.market.freeze_reserve("wstETH"), "part 5 (Supply)", "ReserveFrozen"
    ),
    "the collateral's cap is reached": Fault(
        lambda run: run.control.market.caps("wstETH", supply=1), "part 5 (Supply)", "SupplyCapExceeded"
    ),
    "the debt's reserve is frozen": Fault(lambda run: run.control.market.freeze_reserve("WETH"), "part 7 (Borrow)", "ReserveFrozen"),
    "borrowing is capped": Fault(lambda run: run.control.market.caps("WETH", borrow=1), "part 7 (Borrow)", "BorrowCapExceeded"),
    "the collateral's price falls": Fault(price_falls, "part 7 (Borrow)", "HealthFactorLowerThanLiquidationThreshold"),
}
EXIT: dict[str, Fault] = {
    **of_the_loan(0, 4, bps=80),
    "AAVE-V3-A is broken": Fault(breaks("AAVE-V3-A"), "part 1 (Repay)", "failed without a reason"),
    "the collateral's reserve is paused": Fault(pause("wstETH"), "part 2 (Withdraw)", "ReservePaused"),
    "UNISWAP-V3-SWAP-A is broken": Fault(breaks("UNISWAP-V3-SWAP-A"), "part 3 (Swap)", "failed without a reason"),
    "the pool is drained": Fault(lambda run: run.control.market.drain_pool(POOL, Decimal("0.05")), "part 3 (Swap)", "Too little received"),
    "the pool's price moves": Fault(pool_moves, "part 3 (Swap)", "Too little received", None),
    "BASIC-A is broken": Fault(breaks("BASIC-A"), "part 5 (Payout)", "failed without a reason"),
}
HALF = {
    **EXIT,
    "the collateral's price falls": Fault(price_falls, "part 2 (Withdraw)", "HealthFactorLowerThanLiquidationThreshold"),
}
BUNDLES: dict[str, dict[str, Fault]] = {"entry": ENTRY, "half": HALF, "exit": EXIT}
EVERY = [(bundle, fault) for bundle, faults in BUNDLES.items() for fault in faults]


def acts(bundle: str, soon: int) -> tuple[tuple[Any, ...], Any]:
    """What comes before, and the bundle."""
    made = CreateAccount(id="make", valid_until=soon)
    if bundle == "entry":
        return (made,), lever(soon)
    fraction = "0.5" if bundle == "half" else "1"
    return (made, lever(soon)), Unwind(id="close", fraction=fraction, slippage="0.002", valid_until=soon)


async def unchanged(run: Any, before: dict[Any, int], ether: int, result: Any, sent: int) -> None:
    """Every balance but for the gas, in the contracts and in the books."""
    assert held(run) == before
    paid = ether - run.control.balance("ETH", run.control.addresses.wallet)
    assert result.deltas == ({"wallet:balance:ETH": -Decimal(paid).scaleb(-18)} if paid else {})
    await run.judge(mined=sent)


@pytest.mark.parametrize(("bundle", "fault"), [each for each in EVERY if BUNDLES[each[0]][each[1]].early is not None])
def test_a_bundle_that_would_fail_is_refused_and_changes_nothing(play: Any, soon: int, bundle: str, fault: str) -> None:
    """Before anything is signed, with the part and the reason; without gas."""
    found = BUNDLES[bundle][fault]

    async def course(run: Any) -> None:
        first, action = acts(bundle, soon)
        await run.good(*first)
        found.inject(run)
        before, ether = held(run), run.control.balance("ETH", run.control.addresses.wallet)
        result = await run.do(action)
        assert result.state == "DENIED", result.legs
        for said in (found.early,) if found.early else (found.part, found.why):
            assert said in result.legs[0].reason, result.legs[0].reason
        await unchanged(run, before, ether, result, len(first))

    play(course, MODE)


@pytest.mark.parametrize(("bundle", "fault"), EVERY)
def test_a_bundle_that_fails_when_it_is_mined_costs_its_gas_and_nothing_else(play: Any, soon: int, bundle: str, fault: str) -> None:
    """The simulation passed, and the fault came before it was mined: REVERTED, with the part and the reason, and only gas is gone."""
    found = BUNDLES[bundle][fault]

    async def course(run: Any) -> None:
        first, action = acts(bundle, soon)
        await run.good(*first)
        before, ether = held(run), run.control.balance("ETH", run.control.addresses.wallet)
        rpc, send = run.client("instadapp").chain.rpc, run.client("instadapp").chain.rpc.write

        async def late(method: str, *params: Any) -> Any:
            await asyncio.to_thread(found.inject, run)
            return await send(method, *params)

        rpc.write = late
        result = await run.do(action)
        rpc.write = send
        assert result.state == "REVERTED", result.legs
        assert found.part in result.legs[0].reason, result.legs[0].reason
        assert found.why in result.legs[0].reason, result.legs[0].reason
        assert result.legs[0].verdict == "VERIFIED"
        await unchanged(run, before, ether, result, len(first) + 1)

    play(course, MODE)


def test_every_part_of_every_bundle_has_a_fault(play: Any, soon: int) -> None:
    """The table names each part of the three transactions, but for entering the efficiency mode: what could make that fail, makes the
    deposit before it fail. The kinds asked for are all there: paused, price moved, pool drained, fee raised."""

    async def course(run: Any) -> None:
        first, half = acts("half", soon)
        rest = Unwind(id="rest", slippage="0.002", valid_until=soon)
        _, *results = await run.good(*first, half, rest)
        for bundle, result in zip(BUNDLES, results, strict=True):
            parts = {f"part {number} ({kind})" for number, kind in enumerate(parts_of(run, result))}
            left_out = {"part 0 (Deposit)", "part 6 (SetEMode)"} if bundle == "entry" else set()
            assert parts - left_out == {fault.part for fault in BUNDLES[bundle].values()}

    play(course, MODE)


def parts_of(run: Any, result: Any) -> list[str]:
    """The parts of a bundle's step, as the journal has it."""
    (leg,) = result.legs
    step = next(plan for (_, order), plan in run.manager.state.plans.items() if order == leg.order)[-1]
    return [type(part).__name__ for part in step.actions]


def test_too_much_debt_is_refused(play: Any, soon: int) -> None:
    """Too much for the collateral: this side's floor is asked first, and the protocol's own limit names itself."""

    async def course(run: Any) -> None:
        await run.good(CreateAccount(id="make", valid_until=soon))
        before = held(run)
        over = await run.do(lever(soon, flash="100", name="over"))
        assert over.state == "DENIED"
        assert "under the floor" in over.legs[0].reason
        far = await run.do(lever(soon, flash="132", name="far"))
        assert "part 7 (Borrow): CollateralCannotCoverNewBorrow" in far.legs[0].reason
        without = await run.do(lever(soon, flash="70", name="without", emode=False))
        assert "part 6 (Borrow): HealthFactorLowerThanLiquidationThreshold" in without.legs[0].reason
        assert held(run) == before
        await run.judge(mined=1)

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
        while not task.done() and not await run.sent():
            await asyncio.sleep(0.01)
        assert task.cancel()
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
        assert account_of(run) != trap.lower()
        await run.good(lever(soon))

    play(course, MODE)


def test_an_account_that_a_stranger_made_and_handed_over_is_not_taken(play: Any, soon: int) -> None:
    """He lets himself borrow on it, makes the wallet its authority and leaves, so that the wallet is the only one; or he makes one for the
    wallet. Neither is used, in this run or the next, and what he may borrow on has no collateral."""
    used = []

    async def make(run: Any) -> None:
        at, stranger = run.control.addresses, run.control.owner
        nobody, build = "0x" + "00" * 20, "build(address,uint256,address)"
        stranger.send(at.instadapp.index, build, stranger.address, 2, nobody)
        first = stranger.read(at.instadapp.list, "userLink(address)(uint64,uint64,uint64)", stranger.address)[1]
        trap = stranger.read(at.instadapp.list, "accountAddr(uint64)(address)", first).lower()
        spells = [selector + who[2:].lower().rjust(64, "0") for selector, who in (("0a3b0a4f", at.wallet), ("29092d0e", stranger.address))]
        stranger.send(trap, "cast(string[],bytes[],address)", ["AUTHORITY-A"] * 2, [bytes.fromhex(each) for each in spells], nobody)
        assert stranger.read(at.instadapp.list, "accountLink(uint64)(address,address,uint64)", first)[2] == 1
        stranger.send(at.instadapp.index, build, at.wallet, 2, nobody)
        refused = await run.do(lever(soon, name="early"))
        assert "send CreateAccount" in refused.legs[0].reason
        await run.good(CreateAccount(id="make", valid_until=soon), lever(soon))
        used.append(account_of(run))
        third = stranger.read(at.instadapp.list, "userLink(address)(uint64,uint64,uint64)", at.wallet)[1]
        assert used == [stranger.read(at.instadapp.list, "accountAddr(uint64)(address)", third).lower()]

    async def leave(run: Any) -> None:
        assert [account_of(run)] == used
        await run.good(Unwind(id="close", slippage="0.005", valid_until=soon))

    play(make, MODE)
    play(leave, MODE)


def test_an_unwind_at_the_price_that_someone_moved_the_pool_to_is_refused(play: Any, soon: int) -> None:
    """He sells into it just before: a minimum counted from that price would let him keep the difference."""

    async def course(run: Any) -> None:
        await run.good(CreateAccount(id="make", valid_until=soon), lever(soon, flash="70"))
        before, ether = held(run), run.control.balance("ETH", run.control.addresses.wallet)
        pool_moves(run)
        run.pass_time(1000)
        result = await run.do(Unwind(id="close", slippage="0.005", valid_until=soon))
        assert result.state == "DENIED"
        assert "someone may be moving the pool" in result.legs[0].reason
        await unchanged(run, before, ether, result, 2)

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
        await run.good(CreateAccount(id="make", valid_until=soon), *staked(soon))
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
        await run.good(CreateAccount(id="make", valid_until=soon), *staked(soon))
        (left,) = await run.good(Unwind(id="u", slippage="0.005", valid_until=soon))
        assert Decimal("11.9") < left.deltas["wallet:balance:WETH"] < 12
        assert len(left.legs[0].steps) == 2
        await run.judge(mined=6)

    play(course, STAKING_MODE)


def test_ether_that_others_send_to_the_account_is_explained(play: Any, soon: int) -> None:
    """ETH that others send to the smart account explains itself before the next bundle."""

    async def course(run: Any) -> None:
        await run.good(CreateAccount(id="make", valid_until=soon), lever(soon))
        run.control.pay("ETH", account_of(run), 3 * 10**17)
        run.manager.run.loop.readings.trust_none()
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

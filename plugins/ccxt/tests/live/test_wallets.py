"""What moves into, between and out of an exchange's wallets by other hands than ours: each is told once, in the wallet that it changed."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from basis_venues.actions import SpotTrade, Transfer
from basis_venues.errors import Denied
from basis_venues.execution.manager import ExecutionManager
from basis_venues.orders import Effect
from basis_venues.results import LegResult
from basis_venues.states import State, Verdict
from basis_venues_ccxt.live import Request

D = Decimal
UNIFIED, FUNDING = "bybit:balance:USDT", "bybit:balance:funding/USDT"
ADDRESS = "0x00000000000000000000000000000000000000aa"


def inner(name: str, source: str, target: str, amount: str = "10") -> Transfer:
    """Between two wallets of Bybit."""
    return Transfer(
        id=name, venue="bybit", asset="USDT", amount=amount, source="bybit", target="bybit", from_wallet=source, to_wallet=target
    )


def spot(name: str = "a") -> SpotTrade:
    """Buy 0.1 BTC at Bybit."""
    return SpotTrade(id=name, venue="bybit", symbol="BTC/USDT", side="buy", quantity="0.1")


def carried(world: Any, *actions: Any, between: Callable[[], object] = lambda: None) -> list[LegResult]:
    """Carry actions out in one run, with something before the last of them; answers their legs."""

    async def go() -> list[LegResult]:
        run, legs = world.assemble(), []
        async with ExecutionManager(run.parts) as manager:
            for each in actions:
                object.__setattr__(each, "valid_until", run.clock.now() + 600_000)
                await run.market.refresh(["bybit:price:BTC/USDT"])
                if each is actions[-1]:
                    between()
                legs.append((await manager.execute_action(each)).legs[0])
        return legs

    return asyncio.run(go())


def verified(leg: LegResult) -> list[dict[str, Decimal]]:
    """The lines of what else was found with a leg that must be good."""
    assert (leg.state, leg.verdict) == (State.FILLED, Verdict.VERIFIED), leg.reason
    return [dict(effect.lines) for effect in leg.externals]


def with_client(world: Any, story: Callable[[Any], Awaitable[Any]], venue: str = "bybit") -> Any:
    """Run a story with an open client."""

    async def go() -> Any:
        client = world.client(venue)
        try:
            await client.open()
            return await story(client)
        finally:
            await client.close()

    return asyncio.run(go())


def by_hand(path: str, **params: Any) -> Callable[[Any], Awaitable[Any]]:
    """A write of somebody else's to the same account."""
    return lambda client: client._connection.call(Request("private", "POST", path, params))


def told(world: Any, since: int = 0) -> list[Effect]:
    """What a client tells since then; nothing twice."""
    found: list[Effect] = with_client(world, lambda client: client.recent_effects((), since, 0))
    assert len({effect.id for effect in found}) == len(found)
    return found


def lines(effects: list[Effect]) -> list[tuple[str, dict[str, Decimal]]]:
    """Kind and lines of each, by kind, those with one line first."""
    return sorted(((effect.kind, dict(effect.lines)) for effect in effects), key=lambda each: (each[0], len(each[1])))


def test_a_deposit_is_found_in_the_funding_wallet(world: Any) -> None:
    """Bybit credits it there: the next transfer, which reads that wallet, finds 250 more in it, and nothing in the unified one."""
    actions = (inner("a", "spot", "funding"), inner("b", "spot", "funding"))
    *_, leg = carried(world, *actions, between=lambda: world.box.control.deposit("bybit", "USDT", "250"))
    assert verified(leg) == [{FUNDING: D(250)}]
    assert world.box.control.balances("bybit")["funding"] == {"USDT": "270"}


def test_a_deposit_that_is_credited_after_the_last_reading_is_found(world: Any) -> None:
    """It was sent before that: the list is searched from earlier on."""
    since = world.box.control.time()
    world.box.control.deposit("bybit", "USDT", "250", delay=60_000)
    world.box.control.advance(61_000)
    world.settings("bybit", "clock_skew_ms: 100000\n")
    assert lines(told(world, since + 30_000)) == [("deposit", {FUNDING: D(250)})]


def test_a_deposit_that_the_account_passes_on_is_in_the_unified_wallet(world: Any) -> None:
    """By the account's own setting: a deposit to the one wallet and a transfer to the other, each told once; the next order finds both."""
    world.box.control.setting("bybit", "auto_transfer", True)
    *_, leg = carried(world, spot("a"), spot("b"), between=lambda: world.box.control.deposit("bybit", "USDT", "250"))
    assert sorted(verified(leg), key=len) == [{FUNDING: D(250)}, {FUNDING: D(-250), UNIFIED: D(250)}]


def test_a_withdrawal_of_somebody_s_hand_is_told_with_the_transfer_before_it(world: Any) -> None:
    """Out of the unified wallet: Bybit transfers it to the funding wallet first, and it leaves that."""
    world.box.control.permit("bybit", "withdraw")
    params = {"coin": "USDT", "chain": "ETH", "address": ADDRESS, "amount": "40", "timestamp": 1, "accountType": "UTA"}
    with_client(world, by_hand("v5/asset/withdraw/create", **params))
    assert lines(told(world)) == [("transfer", {FUNDING: D(-42)}), ("transfer", {UNIFIED: D(-42), FUNDING: D(42)})]


@pytest.mark.parametrize(
    ("type_", "kind"),
    [(name, "settlement") for name in ("BONUS", "CURRENCY_SELL", "AIRDROP", "AUTO_DEDUCTION")]
    + [("INTEREST", "interest"), ("FEE_REFUND", "fee")],
)
def test_what_else_changes_the_unified_wallet_is_told(world: Any, type_: str, kind: str) -> None:
    """Once, beside a transfer, a deposit and an order that the same log has: those are told by lists of their own."""
    world.box.control.deposit("bybit", "USDT", "5")
    carried(world, inner("a", "spot", "funding"), spot("b"))
    world.box.control.adjust("bybit", type_, "trading", "USDT", "-3")
    found = [effect for effect in told(world) if effect.kind != "trade"]
    assert lines(found) == sorted(
        [("deposit", {FUNDING: D(5)}), ("transfer", {UNIFIED: D(-10), FUNDING: D(10)}), (kind, {UNIFIED: D(-3)})], key=lambda each: each[0]
    )


def test_interest_explains_a_difference_and_a_bonus_needs_the_policy(world: Any) -> None:
    """The first is tolerated as it comes; of the other the account is frozen, with what it was."""
    *_, leg = carried(world, spot("a"), spot("b"), between=lambda: world.box.control.adjust("bybit", "INTEREST", "trading", "USDT", "-3"))
    assert verified(leg) == [{UNIFIED: D(-3)}]
    *_, leg = carried(world, spot("c"), between=lambda: world.box.control.adjust("bybit", "BONUS", "trading", "USDT", "3"))
    assert "settlement of someone else (bybit:settlement:BONUS:USDT:" in leg.reason


def test_a_transfer_that_is_under_way_is_not_told_by_the_log_instead(world: Any) -> None:
    """Debited and not yet credited: it will be told as a whole, under the id of its list."""
    world.box.control.setting("bybit", "credit_delay", 60_000)
    params = {"coin": "USDT", "amount": "10", "transferId": str(uuid.UUID(int=7)), "fromAccountType": "UNIFIED", "toAccountType": "FUND"}
    with_client(world, by_hand("v5/asset/transfer/inter-transfer", **params))
    assert told(world) == []


@pytest.mark.parametrize("late", [0, 1, 500, 998])
def test_a_transfer_in_the_second_of_the_last_reading_is_told(world: Any, late: int) -> None:
    """Bybit dates it by the whole second: it may have come after any reading of that. One of a second before is in the books."""
    params = {"coin": "USDT", "amount": "10", "transferId": str(uuid.UUID(int=7)), "fromAccountType": "UNIFIED", "toAccountType": "FUND"}
    with_client(world, by_hand("v5/asset/transfer/inter-transfer", **params))
    (row,) = world.box.control.ledger("bybit")["transfers"]
    second = row["at"] // 1000 * 1000
    assert [effect.at for effect in told(world, second + late)] == [second]
    assert told(world, second + 1000) == []


class TestKeyThatMayOnlyTrade:
    """Bybit answers 10005 to whatever is of the wallets then."""

    @pytest.fixture(autouse=True)
    def _without_the_right(self, world: Any) -> None:
        world.box.control.permit("bybit", "transfer", False)

    def test_it_trades(self, world: Any) -> None:
        """Also in a second run, which asks for the history first. What the account passes on is told by the unified wallet's log."""
        assert verified(carried(world, spot("a"))[0]) == []
        world.box.control.setting("bybit", "auto_transfer", True)
        *_, leg = carried(world, spot("b"), spot("c"), between=lambda: world.box.control.deposit("bybit", "USDT", "250"))
        assert verified(leg) == [{UNIFIED: D(250)}]

    def test_it_says_what_it_does_not_see(self, world: Any) -> None:
        """A note that names the right."""
        said = with_client(world, lambda client: client.heartbeat())
        assert "with the right Wallet (Account Transfer) only" in said["not shown"]

    def test_the_funding_wallet_is_refused_and_not_taken_for_empty(self, world: Any) -> None:
        """To whoever reads it, and to transfers before they are sent."""
        with pytest.raises(Denied, match=r"right Wallet \(Account Transfer\)"):
            with_client(world, lambda client: client.positions((FUNDING,), 0))
        before = world.mark()
        (leg,) = carried(world, inner("a", "spot", "funding"))
        assert (leg.effects, "right Wallet (Account Transfer)" in leg.reason) == ((), True)
        assert "transfer.create" not in world.counted("bybit", before)


def test_a_sub_account_s_key_trades_and_transfers_and_does_not_withdraw(world: Any) -> None:
    """Bybit tells withdrawals to keys of the main account only, and a sub-account has none."""
    world.box.control.setting("bybit", "sub_account", True)
    world.settings("bybit", f"destinations: [{{address: '{ADDRESS}', network: ERC20, asset: USDT}}]\n")
    away = Transfer(
        id="c", venue="bybit", asset="USDT", amount="10", source="bybit", from_wallet="funding", network="ERC20", address=ADDRESS
    )
    *good, denied = carried(world, spot("a"), inner("b", "spot", "funding", "50"), away)
    assert [verified(leg) for leg in good] == [[], []]
    assert denied.state is State.DENIED
    assert "by a key of the main account only" in denied.reason


def test_a_wallet_that_demo_trading_has_not_is_refused_with_the_reason(world: Any) -> None:
    """Binance has no wallet service there; it is neither asked nor taken for empty."""
    with pytest.raises(Denied, match="Binance demo trading has no funding wallet"):
        with_client(world, lambda client: client.positions(("binance:balance:funding/USDT",), 0), "binance")

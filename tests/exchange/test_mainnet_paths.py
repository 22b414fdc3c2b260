"""What exists on a main network alone, at the level of URL and signature: the real paths for the real hosts, answered by the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import attrs
import pytest

from basis_venues.actions import Transfer
from basis_venues.errors import ConfigurationError
from basis_venues.network import Network
from basis_venues.orders import Order, Report, Step
from basis_venues.states import State
from basis_venues_binance.live import EXCHANGE
from basis_venues_ccxt.live import ExchangeClient

World = Any
pytestmark = [pytest.mark.slow, pytest.mark.parametrize("venue", ["binance"])]
ADDRESS = "0x00000000000000000000000000000000000000aa"


def mainnet(world: World, story: Callable[[ExchangeClient], Awaitable[Any]], **context: Any) -> Any:
    """Run a story with a client for the main network. Its hosts are logical ones: every request goes to the sandbox on this machine, which
    knows them by the header that names them, and checks their signatures by its own computation."""

    async def go() -> Any:
        made: Any = world.assemble().factory.client("binance")
        client = ExchangeClient(attrs.evolve(made._context, network=Network.MAINNET, shared={}, **context), EXCHANGE)
        try:
            await client.open()
            return await story(client)
        finally:
            await client.close()

    return asyncio.run(go())


def asked(world: World, since: int = 0) -> list[tuple[str, str, str]]:
    """Method, host and path of each request; every one of them was answered."""
    requests = world.control.requests("binance", since)
    assert {each["status"] for each in requests} == {200}
    return [(each["method"], each["host"], each["path"]) for each in requests]


async def moved(client: ExchangeClient, transfer: Transfer) -> tuple[Report, Report]:
    """What sending a transfer says, and what looking for it says then."""
    order = Order("t/binance", transfer, "binance", "binance", "binance")
    prepared = await client.prepare(Step("t/binance/0", order, (transfer,)), "bv" + "1" * 30)
    return await client.send(prepared), await client.lookup(prepared)


def test_opening_asks_what_the_key_may_do(world: World) -> None:
    """Demo trading does not tell: `apiRestrictions` and `bnbBurn` of the wallet service, spot and futures with their own keys."""
    world.control.permit("binance", "withdraw")
    said = mainnet(world, lambda client: client.heartbeat())
    assert "take that right from it" in said["key"]
    assert said["network"] == "mainnet"
    assert {host for _, host, _ in asked(world)} == {"api.binance.com", "fapi.binance.com"}
    for path in ("account/apiRestrictions", "bnbBurn"):
        assert ("GET", "api.binance.com", f"/sapi/v1/{path}") in asked(world)


def test_a_key_that_may_not_trade_is_refused_though_the_account_may(world: World) -> None:
    """`canTrade` is of the account: what the key may do is told by `apiRestrictions`, before the first order."""
    world.control.permit("binance", "spot", False)
    with pytest.raises(ConfigurationError, match="the key may not trade spot; give it that right"):
        mainnet(world, lambda client: client.heartbeat())


def test_one_key_for_both_products_must_have_both_rights(world: World) -> None:
    """The spot key's rights are those that are read: where it is the futures key as well, it must be allowed futures."""
    credentials = world.assemble().factory.client("binance")._context.credentials
    key, secret = credentials["spot_api_key"], credentials["spot_secret"]
    one = {"spot_api_key": key, "spot_secret": secret, "futures_api_key": key, "futures_secret": secret}
    with pytest.raises(ConfigurationError, match="the key may not trade futures; give it that right"):
        mainnet(world, lambda client: client.heartbeat(), credentials=one)


def test_a_transfer_between_wallets(world: World) -> None:
    """100 USDT from the spot to the futures wallet: one write, found again by its wallets, asset, amount and time."""
    transfer = Transfer(
        id="t", venue="binance", asset="USDT", amount="100", source="binance", target="binance", from_wallet="spot", to_wallet="futures"
    )
    sent, found = mainnet(world, lambda client: moved(client, transfer))
    assert sent.state is found.state is State.FILLED
    assert sent.effects == found.effects
    assert dict(sent.effects[0].lines) == {"binance:balance:USDT": Decimal(-100), "binance:collateral:USDT": Decimal(100)}
    written = [each for each in asked(world) if each[0] == "POST"]
    assert written == [("POST", "api.binance.com", "/sapi/v1/asset/transfer")]
    assert ("GET", "api.binance.com", "/sapi/v1/asset/transfer") in asked(world)


def test_a_transfer_in_the_second_of_the_last_reading_is_told(world: World) -> None:
    """Binance dates it by the whole second: it may have come after any reading of that, and not after one of the next."""
    transfer = Transfer(
        id="t", venue="binance", asset="USDT", amount="100", source="binance", target="binance", from_wallet="spot", to_wallet="funding"
    )

    async def story(client: ExchangeClient) -> list[list[str]]:
        await moved(client, transfer)
        (row,) = world.control.ledger("binance")["transfers"]
        second = row["at"] // 1000 * 1000
        found = [await client.recent_effects((), since, 0) for since in (second, second + 998, second + 1000)]
        return [[effect.kind for effect in effects] for effects in found]

    assert mainnet(world, story) == [["transfer"], ["transfer"], []]


def test_a_withdrawal(world: World) -> None:
    """To a listed destination, under a key of ours by which it is found again; the fee comes on top of what arrives."""
    world.settings(destinations=[{"address": ADDRESS, "network": "ERC20", "asset": "USDT"}])
    world.control.permit("binance", "withdraw")
    transfer = Transfer(id="t", venue="binance", asset="USDT", amount="100", source="binance", network="ERC20", address=ADDRESS)
    sent, found = mainnet(world, lambda client: moved(client, transfer))
    assert sent.state is found.state is State.FILLED
    assert sent.effects == found.effects
    assert dict(sent.effects[0].lines) == {"binance:balance:USDT": -Decimal("101.5")}
    assert Decimal(world.control.balances("binance")["spot"]["USDT"]) == Decimal(100_000) - Decimal("101.5")
    (withdrawn,) = world.control.ledger("binance")["withdrawals"]
    assert (Decimal(withdrawn["amount"]), withdrawn["target"]) == (100, ADDRESS)
    written = [each for each in asked(world) if each[0] == "POST"]
    assert written == [("POST", "api.binance.com", "/sapi/v1/capital/withdraw/apply")]
    assert ("GET", "api.binance.com", "/sapi/v1/capital/withdraw/history") in asked(world)


def test_a_withdrawal_that_costs_more_than_expected_is_booked_as_it_was(world: World) -> None:
    """100 and an expected fee of 0.5 are applied for, and Binance takes 1.5 out of that: 100.5 are gone, of which 99 arrive."""
    world.settings(
        destinations=[{"address": ADDRESS, "network": "ERC20", "asset": "USDT"}],
        assets={"USDT": {"network": "ERC20", "withdrawal_fee": "0.5", "minimum_withdrawal": "10"}},
    )
    world.control.permit("binance", "withdraw")
    transfer = Transfer(id="t", venue="binance", asset="USDT", amount="100", source="binance", network="ERC20", address=ADDRESS)
    sent, _ = mainnet(world, lambda client: moved(client, transfer))
    assert dict(sent.effects[0].lines) == {"binance:balance:USDT": -Decimal("100.5")}
    assert Decimal(world.control.balances("binance")["spot"]["USDT"]) == Decimal(100_000) - Decimal("100.5")


def test_history_tells_what_moved_in_and_out(world: World) -> None:
    """Transfers by their kind, withdrawals and deposits, and no transfer twice although income lists it, too."""

    async def story(client: ExchangeClient) -> Any:
        transfer = Transfer(
            id="t", venue="binance", asset="USDT", amount="7", source="binance", target="binance", from_wallet="spot", to_wallet="futures"
        )
        await moved(client, transfer)
        return await client.recent_effects((), 0, 0)

    world.control.deposit("binance", "USDT", "5")
    effects = mainnet(world, story)
    assert sorted(effect.kind for effect in effects) == ["deposit", "transfer"]
    for path in ("asset/transfer", "capital/withdraw/history", "capital/deposit/hisrec"):
        assert ("GET", "api.binance.com", f"/sapi/v1/{path}") in asked(world)

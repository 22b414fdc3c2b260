"""Transfers, withdrawals and deposits, with their keys, states and delays."""

from __future__ import annotations

import asyncio
import uuid
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from basis_venues_sandbox import Running

OUTSIDE = "0x" + "ab" * 20


def test_an_internal_transfer_moves_between_wallets(sandbox: Running, connect: Any, venue: str) -> None:
    """10 USDT from the trading wallet to the funding wallet."""

    async def story() -> None:
        async with connect(venue, testnet=venue != "binance") as exchange:
            source = {"binance": "spot", "bybit": "unified", "okx": "trading"}[venue]
            await exchange.transfer("USDT", 10, source, "funding")
            assert (await exchange.fetch_balance({"type": "funding"}))["total"]["USDT"] == 10
            with pytest.raises(ccxt.ExchangeError):
                await exchange.transfer("USDT", 10_000_000, source, "funding")

    asyncio.run(story())
    assert sandbox.control.balances(venue)["funding"] == {"USDT": "10"}


def test_binance_moves_between_spot_and_futures(sandbox: Running, connect: Any) -> None:
    """Two wallets of their own."""

    async def story() -> None:
        async with connect("binance", testnet=False) as exchange:
            await exchange.transfer("USDT", 500, "spot", "linear")
            rows = await exchange.fetch_transfers("USDT")
            assert [(row["amount"], row["status"]) for row in rows] == [(500, "ok")]

    asyncio.run(story())
    balances = sandbox.control.balances("binance")
    assert (balances["spot"]["USDT"], balances["futures"]["USDT"]) == ("99500", "100500")


def test_a_transfer_key_may_be_used_once(sandbox: Running, connect: Any) -> None:
    """Bybit's `transferId` and OKX's `clientId`; both find the transfer again."""

    async def story() -> None:
        async with connect("bybit") as exchange:
            key = str(uuid.UUID(int=7))
            await exchange.transfer("USDT", 10, "unified", "funding", {"transferId": key})
            with pytest.raises(ccxt.ExchangeError, match="131214"):
                await exchange.transfer("USDT", 10, "unified", "funding", {"transferId": key})
            assert [row["status"] for row in await exchange.fetch_transfers("USDT", params={"transferId": key})] == ["ok"]
        async with connect("okx") as exchange:
            await exchange.transfer("USDT", 10, "trading", "funding", {"clientId": "t1"})
            with pytest.raises(ccxt.ExchangeError, match="58404"):
                await exchange.transfer("USDT", 10, "trading", "funding", {"clientId": "t1"})
            found = await exchange.privateGetAssetTransferState({"clientId": "t1"})
            assert found["data"][0]["state"] == "success"

    asyncio.run(story())
    assert [sandbox.control.balances(venue)["funding"] for venue in ("bybit", "okx")] == [{"USDT": "10"}] * 2


def test_a_late_credit_is_in_neither_wallet_until_it_arrives(sandbox: Running, connect: Any, venue: str) -> None:
    """Debited at once, credited when its time has come."""
    sandbox.control.fault(venue, "*", "delay_credit", milliseconds=60_000)

    async def story() -> None:
        async with connect(venue, testnet=venue != "binance") as exchange:
            await exchange.transfer("USDT", 10, {"binance": "spot", "bybit": "unified", "okx": "trading"}[venue], "funding")

    asyncio.run(story())
    control, wallet = sandbox.control, "spot" if venue == "binance" else "trading"
    before = control.balances(venue)
    assert (before[wallet]["USDT"], before["funding"]) == ("99990", {})
    control.advance(61_000)
    assert control.balances(venue)["funding"] == {"USDT": "10"}


def test_a_transfer_that_fails_gives_back_what_it_took(sandbox: Running, connect: Any, venue: str) -> None:
    """Pending, then failed."""
    control, wallet = sandbox.control, "spot" if venue == "binance" else "trading"
    control.fault(venue, "*", "delay_credit", milliseconds=-1)

    async def story() -> None:
        async with connect(venue, testnet=venue != "binance") as exchange:
            await exchange.transfer("USDT", 10, {"binance": "spot", "bybit": "unified", "okx": "trading"}[venue], "funding")

    asyncio.run(story())
    (moved,) = control.ledger(venue)["transfers"]
    control.fail(venue, moved["id"])
    assert control.balances(venue)[wallet]["USDT"] == "100000"


def test_a_withdrawal_goes_out_with_its_fee_and_is_found_by_its_key(sandbox: Running, connect: Any, venue: str) -> None:
    """Debited at once with the fee on top, which Binance takes from the amount instead; done after its delay; OKX withdraws from the
    funding account."""
    control = sandbox.control
    control.permit(venue, "withdraw")
    control.endow(venue, "funding", "USDT", "1000")

    async def story() -> None:
        async with connect(venue, testnet=venue != "binance") as exchange:
            exchange.set_markets(exchange.markets, await exchange.fetch_currencies())
            key = {"binance": "withdrawOrderId", "bybit": "requestId", "okx": "clientId"}[venue]
            sent = await exchange.withdraw("USDT", 100, OUTSIDE, {"network": "ERC20", key: "w1"})
            assert sent["id"]
            with pytest.raises(ccxt.ExchangeError):
                await exchange.withdraw("USDT", 100, OUTSIDE, {"network": "ERC20", key: "w1"})
            params = {} if venue == "bybit" else {key: "w1"}
            arrives = 98.5 if venue == "binance" else 100
            rows = await exchange.fetch_withdrawals("USDT", params=params)
            assert [(row["status"], row["amount"]) for row in rows] == [("pending", arrives)]
            control.advance(700_000)
            await exchange.load_time_difference()
            assert [row["status"] for row in await exchange.fetch_withdrawals("USDT", params=params)] == ["ok"]

    asyncio.run(story())
    fee = {"binance": "0", "bybit": "2", "okx": "1.5"}[venue]
    wallet, had = {"binance": ("spot", 100_000), "bybit": ("trading", 100_000), "okx": ("funding", 1000)}[venue]
    assert Decimal(control.balances(venue)[wallet]["USDT"]) == had - 100 - Decimal(fee)


def test_what_is_sent_to_another_venues_address_arrives_there(sandbox: Running, connect: Any) -> None:
    """From Binance to Bybit's deposit address: credited to the funding wallet after the delay less Binance's fee of 1.5, listed as a
    deposit with the same transaction."""
    control = sandbox.control
    control.permit("binance", "withdraw")

    async def story() -> None:
        async with connect("bybit") as exchange:
            where = (await exchange.fetch_deposit_address("USDT", {"network": "ERC20"}))["address"]
        assert where == control.address("bybit", "USDT")
        async with connect("binance", testnet=False) as exchange:
            await exchange.withdraw("USDT", 100, where, {"network": "ERC20"})
        control.advance(700_000)
        async with connect("bybit") as exchange:
            await exchange.load_time_difference()
            assert [(row["amount"], row["status"]) for row in await exchange.fetch_deposits("USDT")] == [(98.5, "ok")]

    asyncio.run(story())
    assert control.balances("bybit")["funding"] == {"USDT": "98.5"}
    assert control.ledger("bybit")["deposits"][0]["tx"] == control.ledger("binance")["withdrawals"][0]["tx"]


def test_a_deposit_from_outside(sandbox: Running, connect: Any, venue: str) -> None:
    """Scripted by control, pending until its delay is over."""
    control = sandbox.control
    control.deposit(venue, "ETH", "2", delay=60_000, tx="0x01")

    async def story() -> list[str]:
        async with connect(venue, testnet=venue != "binance") as exchange:
            states = [row["status"] for row in await exchange.fetch_deposits("ETH")]
            control.advance(61_000)
            await exchange.load_time_difference()
            return states + [row["status"] for row in await exchange.fetch_deposits("ETH")]

    assert asyncio.run(story()) == ["pending", "ok"]

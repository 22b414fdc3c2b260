"""Who may do what: signatures checked by the sandbox's own computation, windows, environments, rights."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import ccxt
import pytest

from basis_venues.config.credentials import throwaway as of_the_core
from basis_venues.manifest import CredentialField
from basis_venues_sandbox import Running
from basis_venues_sandbox.exchange.keys import throwaway

SPOT = "BTC/USDT"


def refusal(sandbox: Running, connect: Any, venue: str, kind: type[Exception], **config: Any) -> str:
    """What a balance request brings; it must be an exception of that kind."""

    async def story() -> str:
        async with connect(venue, **config) as exchange:
            with pytest.raises(kind) as caught:
                await exchange.fetch_balance()
            return str(caught.value)

    return asyncio.run(story())


def test_a_wrong_secret_is_told_by_the_signature(sandbox: Running, connect: Any, venue: str) -> None:
    """The signature does not fit, in each venue's own code."""
    code = {"binance": "-1022", "bybit": "10004", "okx": "50113"}[venue]
    assert code in refusal(sandbox, connect, venue, ccxt.AuthenticationError, secret="wrong")


def test_an_unknown_key_is_refused(sandbox: Running, connect: Any, venue: str) -> None:
    """The venue does not know it."""
    code = {"binance": "-2015", "bybit": "10003", "okx": "50111"}[venue]
    assert code in refusal(sandbox, connect, venue, ccxt.BaseError, apiKey="unknown")


def test_okx_wants_the_passphrase(sandbox: Running, connect: Any) -> None:
    """A wrong one has a code of its own."""
    assert "50105" in refusal(sandbox, connect, "okx", ccxt.AuthenticationError, password="wrong")


@pytest.mark.parametrize(("asked", "known"), [("mainnet", "testnet"), ("testnet", "mainnet")])
def test_a_key_is_known_in_its_own_environment_only(sandbox: Running, connect: Any, venue: str, asked: str, known: str) -> None:
    """A testnet key on mainnet and the reverse: the host tells, at OKX the header `x-simulated-trading`."""
    sandbox.control.key(venue, "mine", "secret", passphrase="words", environment=known)
    own = {"apiKey": "mine", "secret": "secret", "password": "words"}
    code = {"binance": "-2015", "bybit": "10003", "okx": "50101"}[venue]
    assert code in refusal(sandbox, connect, venue, ccxt.BaseError, testnet=asked == "testnet", **own)

    async def right_one() -> None:
        async with connect(venue, testnet=known == "testnet", **own) as exchange:
            assert (await exchange.fetch_balance())["total"]

    asyncio.run(right_one())


@pytest.mark.parametrize("ahead", [-60_000, 60_000])
def test_a_clock_that_is_off_is_refused_and_mended_by_the_servers_time(sandbox: Running, connect: Any, venue: str, ahead: int) -> None:
    """A venue a minute ahead or behind: the request's window is missed, and met again after reading the venue's time."""
    sandbox.control.fault(venue, "*", "server_time", offset=ahead)
    code = {"binance": "-1021", "bybit": "10002", "okx": "50102"}[venue]

    async def story() -> None:
        async with connect(venue) as exchange:
            with pytest.raises(ccxt.InvalidNonce, match=code):
                await exchange.fetch_balance()
            await exchange.load_time_difference()
            assert (await exchange.fetch_balance())["total"]["USDT"] == 100_000

    asyncio.run(story())


def test_a_right_that_the_key_lacks_is_refused(sandbox: Running, connect: Any, venue: str) -> None:
    """Without the right to trade spot nothing is ordered; the balance can still be read."""
    sandbox.control.permit(venue, "spot", allowed=False)
    code = {"binance": "-2015", "bybit": "10005", "okx": "50120"}[venue]

    async def story() -> None:
        async with connect(venue) as exchange:
            with pytest.raises(ccxt.ExchangeError, match=code):
                await exchange.create_order(SPOT, "market", "buy", 0.01)
            await exchange.fetch_balance()

    asyncio.run(story())
    assert sandbox.control.orders(venue) == []


@pytest.mark.parametrize("venue", ["binance"])
def test_binance_tells_of_the_account_that_it_may_trade_whatever_the_key_may(sandbox: Running, connect: Any, venue: str) -> None:
    """`canTrade` is of the account; what the key may do is in `apiRestrictions`."""

    async def story() -> None:
        sandbox.control.permit(venue, "spot", allowed=False)
        async with connect(venue, testnet=False) as exchange:
            assert (await exchange.privateGetAccount())["canTrade"] is True
            assert (await exchange.sapiGetAccountApiRestrictions())["enableSpotAndMarginTrading"] is False

    asyncio.run(story())


def test_the_throwaway_keys_are_those_that_the_core_makes_up() -> None:
    """The same text for the same variable, so that the profile `sandbox` needs no key written down."""

    class Fields:
        credentials = tuple(
            CredentialField(name=name, variable=f"CEX__OKX_{name.upper()}", secret=True, needed_for=(), networks=("testnet",))
            for name in ("api_key", "secret", "passphrase")
        )

    made = of_the_core(Fields, None)  # type: ignore[arg-type]
    assert {name: value.reveal() for name, value in made.items() if not isinstance(value, str)} == {
        name: throwaway(f"CEX__OKX_{name.upper()}") for name in ("api_key", "secret", "passphrase")
    }


def test_the_order_deadline_of_okx_counts_as_a_header(sandbox: Running, connect: Any) -> None:
    """An `expTime` that has passed on arrival is refused before anything else; one to come is let through."""

    async def story() -> None:
        async with connect("okx") as exchange:
            exchange.session.extra["expTime"] = str(int(time.time() * 1000) - 1000)
            with pytest.raises(ccxt.ExchangeError, match="50036"):
                await exchange.create_order(SPOT, "market", "buy", 0.01)
            exchange.session.extra["expTime"] = str(int(time.time() * 1000) + 5000)
            await exchange.create_order(SPOT, "market", "buy", 0.01)

    asyncio.run(story())
    assert len(sandbox.control.orders("okx")) == 1


def test_what_a_key_may_do_can_be_read(sandbox: Running, connect: Any, venue: str) -> None:
    """The throwaway keys trade and may not withdraw, until they are permitted to."""

    async def may_withdraw(exchange: Any) -> bool:
        if venue == "binance":
            return bool((await exchange.sapiGetAccountApiRestrictions())["enableWithdrawals"])
        if venue == "bybit":
            return "Withdraw" in (await exchange.privateGetV5UserQueryApi())["result"]["permissions"]["Wallet"]
        return "withdraw" in (await exchange.privateGetAccountConfig())["data"][0]["perm"]

    async def story() -> None:
        async with connect(venue, testnet=venue != "binance") as exchange:
            assert not await may_withdraw(exchange)
            sandbox.control.permit(venue, "withdraw")
            assert await may_withdraw(exchange)

    asyncio.run(story())

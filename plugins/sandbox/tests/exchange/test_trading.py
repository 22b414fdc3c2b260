"""Real ccxt clients trade at the sandbox over real sockets, at each venue in its own dialect."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from basis_venues_sandbox import Running

SPOT, SWAP = "BTC/USDT", "BTC/USDT:USDT"
FEES = {"binance": ("0.001", "0.0005"), "bybit": ("0.001", "0.0006"), "okx": ("0.0015", "0.0005")}
CONTRACT = {"binance": Decimal(1), "bybit": Decimal(1), "okx": Decimal("0.01")}
"""Base units of one contract."""
ASK = Decimal("50005")
"""50000 and the spread of 0.0001."""


async def by_client_id(exchange: Any, symbol: str, client_id: str) -> dict[str, Any]:
    """The order, by the one right way of each venue."""
    if exchange.id == "binance":
        return dict(await exchange.fetch_order(None, symbol, {"clientOrderId": client_id}))
    if exchange.id == "okx":
        return dict(await exchange.fetch_order(None, symbol, {"clOrdId": client_id}))
    return dict((await exchange.fetch_open_orders(symbol, params={"orderLinkId": client_id}))[0])


def test_markets_load_in_the_tuned_number_of_requests(sandbox: Running, connect: Any, venue: str) -> None:
    """Two requests at Binance and OKX, three at Bybit, and all four markets with their filters."""

    async def story() -> None:
        async with connect(venue) as exchange:
            assert sorted(exchange.markets) == ["BTC/USDT", SWAP, "ETH/USDT", "ETH/USDT:USDT"]
            assert exchange.market(SWAP)["contractSize"] == float(CONTRACT[venue])
            assert exchange.market(SPOT)["active"]

    asyncio.run(story())
    assert sandbox.control.counts()["requests"] == {"binance": 2, "bybit": 3, "okx": 2}[venue]


def test_a_spot_market_buy_pays_its_fee_in_the_coin_that_it_brings(sandbox: Running, connect: Any, venue: str) -> None:
    """0.01 BTC at the ask: the quote is debited in full, the base arrives without the fee, as balance and order show alike."""

    async def story() -> None:
        async with connect(venue) as exchange:
            await exchange.create_order(SPOT, "market", "buy", 0.01, params={"clientOrderId": "buy1"})
            order = await by_client_id(exchange, SPOT, "buy1")
            balance = await exchange.fetch_balance()
            assert order["status"] == "closed"
            assert order["filled"] == 0.01
            assert order["average"] == 50005
            fee = Decimal("0.01") * Decimal(FEES[venue][0])
            assert Decimal(str(balance["total"]["BTC"])) == Decimal("0.01") - fee
            assert Decimal(str(balance["total"]["USDT"])) == Decimal(100_000) - Decimal("0.01") * ASK
            trades = await exchange.fetch_my_trades(SPOT)
            assert [(trade["fee"]["currency"], Decimal(str(trade["fee"]["cost"]))) for trade in trades] == [("BTC", fee)]

    asyncio.run(story())


def test_a_short_shows_as_position_and_costs_its_fee_in_the_quote(sandbox: Running, connect: Any, venue: str) -> None:
    """0.1 BTC short: the position is there with its size and side, and the settlement wallet has paid the fee."""

    async def story() -> None:
        async with connect(venue, swap=True) as exchange:
            amount = Decimal("0.1") / CONTRACT[venue]
            await exchange.create_order(SWAP, "market", "sell", float(amount), params={"clientOrderId": "short1"})
            order = await by_client_id(exchange, SWAP, "short1")
            positions = await exchange.fetch_positions([SWAP])
            assert (order["status"], Decimal(str(order["filled"]))) == ("closed", amount)
            assert [(each["side"], Decimal(str(each["contracts"]))) for each in positions] == [("short", amount)]
            assert positions[0]["entryPrice"] == 49995

    asyncio.run(story())
    wallet = "futures" if venue == "binance" else "trading"
    fee = Decimal("0.1") * Decimal(49995) * Decimal(FEES[venue][1])
    assert Decimal(sandbox.control.balances(venue)[wallet]["USDT"]) == Decimal(100_000) - fee


def test_closing_a_position_realises_its_profit(sandbox: Running, connect: Any, venue: str) -> None:
    """Short at 49995, closed reduce-only at 49004.9 or the tick above: the difference arrives, less two fees; more than the position
    is cut to it."""

    async def story() -> None:
        async with connect(venue, swap=True) as exchange:
            amount = float(Decimal("0.1") / CONTRACT[venue])
            await exchange.create_order(SWAP, "market", "sell", amount)
            sandbox.control.book(venue, SWAP, "48999", "49001")
            await exchange.create_order(SWAP, "market", "buy", 2 * amount, params={"reduceOnly": True})
            assert [each for each in await exchange.fetch_positions([SWAP]) if each["contracts"]] == []

    asyncio.run(story())
    rate = Decimal(FEES[venue][1])
    wallet = "futures" if venue == "binance" else "trading"
    profit = Decimal("0.1") * (49995 - 49001) - Decimal("0.1") * (49995 + 49001) * rate
    assert Decimal(sandbox.control.balances(venue)[wallet]["USDT"]) == Decimal(100_000) + profit


@pytest.mark.parametrize("symbol", [SPOT, SWAP])
def test_a_limit_order_rests_fills_as_maker_and_can_be_cancelled(sandbox: Running, connect: Any, venue: str, symbol: str) -> None:
    """Two resting buys are listed as open; one is cancelled, the other filled at its limit when the price comes down."""

    async def story() -> None:
        async with connect(venue, swap=symbol == SWAP) as exchange:
            amount = float(Decimal("0.01") / (CONTRACT[venue] if symbol == SWAP else 1))
            for name in ("rest1", "rest2"):
                await exchange.create_order(symbol, "limit", "buy", amount, 49000, {"clientOrderId": name})
            resting = await exchange.fetch_open_orders(symbol)
            assert sorted(order["clientOrderId"] for order in resting) == ["rest1", "rest2"]
            first = next(order for order in resting if order["clientOrderId"] == "rest1")
            await exchange.cancel_order(first["id"], symbol)
            sandbox.control.price(symbol, "48000", venue)
            assert (await by_client_id(exchange, symbol, "rest1"))["status"] == "canceled"
            filled = await by_client_id(exchange, symbol, "rest2")
            assert (filled["status"], filled["average"]) == ("closed", 49000)
            trades = await exchange.fetch_my_trades(symbol)
            assert [trade["takerOrMaker"] for trade in trades] == ["maker"]

    asyncio.run(story())


@pytest.mark.parametrize("symbol", [SPOT, SWAP])
def test_ioc_takes_what_is_there_and_fok_all_or_nothing(sandbox: Running, connect: Any, venue: str, symbol: str) -> None:
    """With 0.004 BTC in the book, IOC for 0.01 gets 0.004 and the rest lapses; FOK gets nothing."""

    async def story() -> None:
        async with connect(venue, swap=symbol == SWAP) as exchange:
            unit = CONTRACT[venue] if symbol == SWAP else Decimal(1)
            amount = float(Decimal("0.01") / unit)
            sandbox.control.book(venue, symbol, "49999", "50001", "0.004", "0.004")
            await exchange.create_order(symbol, "limit", "buy", amount, 50001, {"clientOrderId": "ioc1", "timeInForce": "IOC"})
            order = await by_client_id(exchange, symbol, "ioc1")
            assert Decimal(str(order["filled"])) * unit == Decimal("0.004")
            assert order["status"] in ("canceled", "expired", "closed")
            sandbox.control.book(venue, symbol, "49999", "50001", "0.004", "0.004")
            with_code = None
            try:
                await exchange.create_order(symbol, "limit", "buy", amount, 50001, {"clientOrderId": "fok1", "timeInForce": "FOK"})
            except ccxt.OrderNotFillable as error:
                with_code = str(error)
            assert (with_code is not None) == (venue == "binance" and symbol == SWAP)

    asyncio.run(story())
    assert [order["filled"] for order in sandbox.control.orders(venue, ["fok1"])] in ([], ["0"])


@pytest.mark.parametrize("symbol", [SPOT, SWAP])
def test_post_only_that_would_take_is_refused_or_lapses(sandbox: Running, connect: Any, venue: str, symbol: str) -> None:
    """Binance refuses it at once; Bybit and OKX acknowledge it and cancel it."""

    async def story() -> None:
        async with connect(venue, swap=symbol == SWAP) as exchange:
            amount = float(Decimal("0.01") / (CONTRACT[venue] if symbol == SWAP else 1))
            params = {"clientOrderId": "post1", "postOnly": True}
            if venue == "binance":
                with pytest.raises((ccxt.OrderImmediatelyFillable, ccxt.OrderNotFillable)):
                    await exchange.create_order(symbol, "limit", "buy", amount, 50100, params)
                return
            await exchange.create_order(symbol, "limit", "buy", amount, 50100, params)
            order = await by_client_id(exchange, symbol, "post1")
            assert (order["status"], order["filled"]) == ("canceled", 0)

    asyncio.run(story())


def test_a_market_buy_by_value_spends_that_value(sandbox: Running, connect: Any, venue: str) -> None:
    """1000 USDT buy the whole lots that they pay for."""

    async def story() -> None:
        async with connect(venue) as exchange:
            await exchange.create_market_buy_order_with_cost(SPOT, 1000)

    asyncio.run(story())
    (order,) = sandbox.control.orders(venue)
    assert Decimal(1000) - Decimal(order["value"]) < Decimal("0.6")
    assert Decimal(order["value"]) <= 1000


def test_funding_is_paid_at_its_time_and_listed(sandbox: Running, connect: Any, venue: str) -> None:
    """A short of 0.1 at 50000 gets 0.5 USDT of a rate of 0.0001 at the next full eight hours."""
    sandbox.control.time(1_704_096_000_000 - 60_000)  # a minute before 08:00 UTC

    async def story() -> None:
        async with connect(venue, swap=True) as exchange:
            await exchange.load_time_difference()
            await exchange.create_order(SWAP, "market", "sell", float(Decimal("0.1") / CONTRACT[venue]))
            sandbox.control.advance(120_000)
            await exchange.load_time_difference()
            rows = await exchange.fetch_funding_history(SWAP)
            amounts = [abs(Decimal(str(row["amount"]))) for row in rows]
            assert amounts == [Decimal("0.5")]
            assert rows[0]["timestamp"] == 1_704_096_000_000

    asyncio.run(story())
    assert [payment["amount"] for payment in sandbox.control.ledger(venue)["payments"]] == ["0.5"]


def test_leverage_and_modes_are_read_back_as_they_were_set(sandbox: Running, connect: Any, venue: str) -> None:
    """Leverage 7 in cross margin, one-way; a leverage beyond the market's is refused."""

    async def story() -> None:
        async with connect(venue, swap=True) as exchange:
            params = {"marginMode": "cross", "mgnMode": "cross"} if venue == "okx" else {}
            await exchange.set_leverage(7, SWAP, params)
            read = await exchange.fetch_leverage(SWAP, params)
            assert read["longLeverage"] == 7
            with pytest.raises(ccxt.ExchangeError):
                await exchange.set_leverage(124 if venue != "binance" else 126, SWAP, params)
            if venue != "bybit":
                assert not (await exchange.fetch_position_mode(SWAP))["hedged"]

    asyncio.run(story())


def test_prices_and_books_can_be_read(sandbox: Running, connect: Any, venue: str) -> None:
    """Ticker, order book, funding rate and time, all as the control set them."""
    sandbox.control.price(SPOT, "60000")
    sandbox.control.price(SWAP, "60100")

    async def story() -> None:
        async with connect(venue) as exchange:
            assert (await exchange.fetch_ticker(SPOT))["last"] == 60000
            assert (await exchange.fetch_tickers([SPOT]))[SPOT]["last"] == 60000
            book = await exchange.fetch_order_book(SPOT)
            assert (book["bids"][0][0], book["asks"][0][0]) == (59994, 60006)
            rate = await exchange.fetch_funding_rate(SWAP)
            assert rate["fundingRate"] == 0.0001
            assert abs(await exchange.fetch_time() - sandbox.control.time()) < 5000

    asyncio.run(story())


def test_a_client_without_any_tuning_loads_its_markets(sandbox: Running, connect: Any, venue: str) -> None:
    """Every request that ccxt makes of itself is answered: margin pairs, inverse contracts, options, coins."""

    async def story() -> None:
        async with connect(venue, testnet=venue != "binance", options={}, has={}) as exchange:
            assert sorted(exchange.markets) == ["BTC/USDT", SWAP, "ETH/USDT", "ETH/USDT:USDT"]

    asyncio.run(story())
    assert [each for each in sandbox.control.requests() if each["endpoint"] == "unknown"] == []


def test_orders_of_one_client_share_one_connection(sandbox: Running, connect: Any, venue: str) -> None:
    """Requests one after the other use the connection again, whatever they bring."""

    async def story() -> None:
        async with connect(venue, load=False) as exchange:
            await exchange.fetch_time()
            await exchange.fetch_time()

    asyncio.run(story())
    assert list(sandbox.control.counts()["connections"].values()) == [1]

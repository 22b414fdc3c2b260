"""The venues' own rules: client ids, filters, funds, modes, each refused in the venue's own code."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from basis_venues_sandbox import Running

SPOT, SWAP = "BTC/USDT", "BTC/USDT:USDT"


async def refused(exchange: Any, *order: Any) -> str:
    """The text of the exception that an order brings."""
    with pytest.raises(ccxt.BaseError) as caught:
        await exchange.create_order(*order)
    return str(caught.value)


@pytest.mark.parametrize(
    ("symbol", "codes"),
    [
        (SPOT, {"binance": "Duplicate order sent", "bybit": "170141", "okx": "51016"}),
        (SWAP, {"binance": "-4116", "bybit": "110072", "okx": "51016"}),
    ],
)
def test_a_client_id_is_taken_while_its_order_is_open(
    sandbox: Running, connect: Any, venue: str, symbol: str, codes: dict[str, str]
) -> None:
    """The second order with the id of a resting one is refused, and the first stands."""

    async def story() -> None:
        async with connect(venue, swap=symbol == SWAP) as exchange:
            order = (symbol, "limit", "buy", 0.01, 49000, {"clientOrderId": "same"})
            await exchange.create_order(*order)
            assert codes[venue] in await refused(exchange, *order)

    asyncio.run(story())
    assert len(sandbox.control.orders(venue)) == 1


def test_a_filled_id_is_free_again_except_at_bybit(sandbox: Running, connect: Any, venue: str) -> None:
    """The same market order sent twice executes twice at Binance and OKX; Bybit keeps ids for ever. `dedupe` changes either."""

    async def story() -> None:
        async with connect(venue) as exchange:
            order = (SPOT, "market", "buy", 0.01, None, {"clientOrderId": "same"})
            await exchange.create_order(*order)
            if venue == "bybit":
                assert "170141" in await refused(exchange, *order)
                sandbox.control.fault(venue, "*", "dedupe", rule="open")
            await exchange.create_order(*order)
            sandbox.control.fault(venue, "*", "dedupe", rule="forever")
            await refused(exchange, *order)

    asyncio.run(story())
    assert len(sandbox.control.orders(venue)) == 2


@pytest.mark.parametrize(
    ("case", "order", "codes"),
    [
        ("too small", ("limit", "buy", "0.000001", "45000"), ("LOT_SIZE", "170136", "51120")),
        ("tick", ("limit", "buy", "0.01", "45000.001"), ("PRICE_FILTER", "170134", "51122")),
        ("price band", ("limit", "buy", "0.01", "260000"), ("PERCENT_PRICE_BY_SIDE", "170132", "51006")),
        ("funds", ("market", "buy", "10", None), ("insufficient balance", "170131", "51008")),
        ("id", ("market", "buy", "0.01", None, "not valid!"), ("-1100", "10001", "51000")),
    ],
)
def test_spot_filters(sandbox: Running, connect: Any, venue: str, case: str, order: tuple[Any, ...], codes: tuple[str, str, str]) -> None:
    """What breaks a filter changes nothing and is refused by its code."""

    async def story() -> None:
        async with connect(venue) as exchange:
            _loosen(exchange, SPOT)
            kind, side, amount, price, *more = order
            params = {"clientOrderId": more[0] if more else "filters"}
            text = await refused(exchange, SPOT, kind, side, amount, price, params)
            assert codes[("binance", "bybit", "okx").index(venue)] in text

    asyncio.run(story())
    assert sandbox.control.orders(venue) == []


@pytest.mark.parametrize(
    ("case", "order", "codes"),
    [
        ("notional", ("limit", "buy", "0.001", "48000"), ("-4164", None, None)),
        ("margin", ("market", "sell", "80", None), ("-2019", "110007", "51008")),
        ("reduce-only", ("market", "buy", "0.01", None, True), ("-2022", "110017", "51169")),
        ("price band", ("limit", "sell", "0.01", "40000"), ("-4016", "110003", "51006")),
    ],
)
def test_perpetual_rules(
    sandbox: Running, connect: Any, venue: str, case: str, order: tuple[Any, ...], codes: tuple[str | None, ...]
) -> None:
    """The same for perpetuals."""
    code = codes[("binance", "bybit", "okx").index(venue)]
    if code is None:
        return

    async def story() -> None:
        async with connect(venue, swap=True) as exchange:
            kind, side, amount, price, *more = order
            amount = float(amount) * (100 if venue == "okx" else 1)
            text = await refused(exchange, SWAP, kind, side, amount, price, {"reduceOnly": True} if more else {})
            assert code in text

    asyncio.run(story())
    assert sandbox.control.orders(venue) == []


def test_changed_filters_count_at_once_and_are_published(sandbox: Running, connect: Any, venue: str) -> None:
    """A lot that was fine is refused after the venue has changed it; loading the markets again shows the new one."""

    async def story() -> None:
        async with connect(venue) as exchange:
            await exchange.create_order(SPOT, "market", "buy", 0.015)
            sandbox.control.fault(venue, "*", "filters", symbol=SPOT, changes={"lot": "0.01", "minimum": "0.01"})
            await refused(exchange, SPOT, "market", "buy", 0.015)
            await exchange.load_markets(True)
            assert exchange.market(SPOT)["precision"]["amount"] == 0.01

    asyncio.run(story())


def test_a_halted_market_refuses_orders(sandbox: Running, connect: Any, venue: str) -> None:
    """By its own code, and it is shown as not active."""
    sandbox.control.fault(venue, "*", "halt_symbol", symbol=SPOT)
    code = {"binance": "Market is closed", "bybit": "170157", "okx": "51022"}[venue]

    async def story() -> None:
        async with connect(venue) as exchange:
            assert not exchange.market(SPOT)["active"]
            assert code in await refused(exchange, SPOT, "market", "buy", 0.01)

    asyncio.run(story())


def test_hedge_mode_refuses_one_way_orders(sandbox: Running, connect: Any, venue: str) -> None:
    """An account in the other position mode says so."""
    sandbox.control.fault(venue, "*", "account_mode", hedge=True)
    code = {"binance": "-4061", "bybit": "10001", "okx": "51000"}[venue]

    async def story() -> None:
        async with connect(venue, swap=True) as exchange:
            assert code in await refused(exchange, SWAP, "market", "sell", 0.1)

    asyncio.run(story())


def test_cancelling_what_is_gone_is_no_proof_of_anything(sandbox: Running, connect: Any, venue: str) -> None:
    """A filled order cannot be cancelled: order not found, as the venues say it."""

    async def story() -> None:
        async with connect(venue) as exchange:
            order = await exchange.create_order(SPOT, "market", "buy", 0.01)
            with pytest.raises(ccxt.OrderNotFound):
                await exchange.cancel_order(order["id"], SPOT)

    asyncio.run(story())


def test_an_unknown_path_is_answered_and_goes_nowhere(sandbox: Running, connect: Any, venue: str) -> None:
    """404 in the venue's dialect."""

    async def story() -> None:
        async with connect(venue) as exchange:
            url = {"binance": "https://demo-api.binance.com/api/v3/nothing", "bybit": "https://api-testnet.bybit.com/v5/nothing",
                   "okx": "https://www.okx.com/api/v5/nothing"}[venue]  # fmt: skip
            async with exchange.session.get(url) as reply:
                assert reply.status == 404
                assert await reply.json()
            async with exchange.session.get("https://example.com/api/v3/time") as reply:
                assert reply.status == 404

    asyncio.run(story())


def _loosen(exchange: Any, symbol: str) -> None:
    """Let ccxt send what it would round or refuse itself: the venue is to be asked."""
    market = exchange.market(symbol)
    market["precision"] = {"amount": 1e-12, "price": 1e-12}


@pytest.mark.parametrize(
    ("symbol", "side", "amount", "worst", "edge"), [(SPOT, "buy", "0.01", "51000", "50250"), (SWAP, "sell", "1", "49000", "49500")]
)
def test_okx_moves_a_price_inside_its_narrow_band_where_that_is_asked_for(
    sandbox: Running, connect: Any, symbol: str, side: str, amount: str, worst: str, edge: str
) -> None:
    """0.5 % of 50000 on spot, 1 % of a swap: beyond it an order is refused, with `pxAmendType` 1 it stands at the edge."""

    async def story() -> None:
        async with connect("okx", swap=symbol == SWAP) as exchange:
            assert "51006" in await refused(exchange, symbol, "limit", side, amount, worst)
            await exchange.create_order(symbol, "limit", side, amount, worst, {"timeInForce": "IOC", "pxAmendType": "1"})

    asyncio.run(story())
    (order,) = sandbox.control.orders("okx")
    assert Decimal(order["price"]) == Decimal(edge)

"""Windows of time and pages of the lists, as each exchange documents them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import ccxt
import pytest

from basis_venues_sandbox import Running

DAY = 86_400_000
SPOT, SWAP = "BTC/USDT", "BTC/USDT:USDT"


def nine_days_apart(sandbox: Running, connect: Any, venue: str, look: Callable[[Any, int], Awaitable[None]], symbol: str = SWAP) -> None:
    """Two orders, nine days, two more; then `look` with the client and when it began."""

    async def story() -> None:
        async with connect(venue, swap=symbol == SWAP) as exchange:
            begun = sandbox.control.time() - 1
            for days in (9, 0):
                await exchange.load_time_difference()
                for _ in range(2):
                    await exchange.create_order(symbol, "limit", "buy", 1 if venue == "okx" else 0.01, 50100)
                sandbox.control.advance(days * DAY)
            await look(exchange, begun)

    asyncio.run(story())


def ids(rows: list[dict[str, Any]], name: str) -> list[str]:
    """A column, without repetition: a row that came twice would be missed."""
    found = [str(row[name]) for row in rows]
    assert len(set(found)) == len(found)
    return found


@pytest.mark.parametrize("venue", ["bybit"])
def test_bybit_tells_a_week_from_its_first_moment_and_leads_on_by_a_cursor(sandbox: Running, connect: Any, venue: str) -> None:
    """The later executions are not in the answer to an early moment alone; more than a week between both is refused."""

    async def look(exchange: Any, begun: int) -> None:
        async def executions(**params: Any) -> Any:
            return (await exchange.private_get_v5_execution_list({"category": "linear", "execType": "Trade", **params}))["result"]

        early = ids((await executions(startTime=begun))["list"], "execId")
        recent = ids((await executions())["list"], "execId")
        assert (len(early), len(recent)) == (2, 2)
        assert not set(early) & set(recent)
        first = await executions(limit=1)
        second = await executions(limit=1, cursor=first["nextPageCursor"])
        third = await executions(limit=1, cursor=second["nextPageCursor"])
        assert ids(first["list"] + second["list"], "execId") == recent
        assert (third["list"], third["nextPageCursor"]) == ([], "")
        with pytest.raises(ccxt.BadRequest):
            await executions(startTime=begun, endTime=begun + 7 * DAY + 1)

    nine_days_apart(sandbox, connect, venue, look)


@pytest.mark.parametrize("venue", ["bybit"])
def test_bybit_ignores_what_else_is_asked_of_the_executions_of_one_order(sandbox: Running, connect: Any, venue: str) -> None:
    """As its documentation of `execution/list` has it: fifty come at once whatever size was asked for, and a cursor leads on. Each tells
    what it left of the order, and, over REST, not what it realised."""

    async def story() -> None:
        async with connect(venue, swap=True) as exchange:
            sandbox.control.fault(venue, "order.create", "pieces", n=60)
            order = await exchange.create_order(SWAP, "limit", "buy", 0.06, 50100)
            asked = {"category": "linear", "symbol": "BTCUSDT", "orderId": order["id"], "limit": 100}
            first = (await exchange.private_get_v5_execution_list(asked))["result"]
            rest = (await exchange.private_get_v5_execution_list({**asked, "cursor": first["nextPageCursor"]}))["result"]
            rows = [*first["list"], *rest["list"]]
            assert (len(first["list"]), len(rows)) == (50, 60)
            assert [row["leavesQty"] for row in rows[:3]] == ["0", "0.001", "0.002"]
            assert not any("execPnl" in row for row in rows)

    asyncio.run(story())


@pytest.mark.parametrize("venue", ["okx"])
def test_okx_tells_what_is_older_than_a_row(sandbox: Running, connect: Any, venue: str) -> None:
    """`after` leads back, `before` leaves the older ones out; recent fills and bills end where the archives go on."""

    async def look(exchange: Any, begun: int) -> None:
        swaps = {"instType": "SWAP"}
        every = (await exchange.private_get_trade_fills_history({**swaps, "begin": begun}))["data"]
        assert len(ids(every, "billId")) == 4
        assert len((await exchange.private_get_trade_fills(swaps))["data"]) == 2
        older = (await exchange.private_get_trade_fills_history({**swaps, "after": every[0]["billId"], "limit": 2}))["data"]
        newer = (await exchange.private_get_trade_fills_history({**swaps, "before": every[2]["billId"]}))["data"]
        assert (ids(older, "billId"), ids(newer, "billId")) == (ids(every[1:3], "billId"), ids(every[:2], "billId"))
        trades = {**swaps, "type": "2"}
        assert len((await exchange.private_get_account_bills(trades))["data"]) == 2
        assert len((await exchange.private_get_account_bills_archive(trades))["data"]) == 4

    nine_days_apart(sandbox, connect, venue, look)


@pytest.mark.parametrize("venue", ["binance"])
def test_binance_spot_tells_no_more_than_a_day_between_two_moments(sandbox: Running, connect: Any, venue: str) -> None:
    """From one moment alone, and from an order's id, it tells the first rows."""

    async def look(exchange: Any, begun: int) -> None:
        symbol = {"symbol": "BTCUSDT"}
        for ask in (exchange.private_get_mytrades, exchange.private_get_allorders):
            with pytest.raises(ccxt.ExchangeError, match="24 hours"):
                await ask({**symbol, "startTime": begun, "endTime": begun + DAY + 1})
        assert len(await exchange.private_get_mytrades({**symbol, "startTime": begun, "endTime": begun + DAY})) == 2
        every = ids(await exchange.private_get_allorders(symbol), "orderId")
        assert len(every) == 4
        assert ids(await exchange.private_get_allorders({**symbol, "orderId": every[1], "limit": 2}), "orderId") == every[1:3]
        assert ids(await exchange.private_get_allorders({**symbol, "limit": 1}), "orderId") == every[3:]

    nine_days_apart(sandbox, connect, venue, look, SPOT)


@pytest.mark.parametrize("venue", ["binance"])
def test_binance_futures_tell_a_week(sandbox: Running, connect: Any, venue: str) -> None:
    """Between both bounds, from the first alone, and without bounds the last one."""

    async def look(exchange: Any, begun: int) -> None:
        symbol = {"symbol": "BTCUSDT"}
        for ask in (exchange.fapiprivate_get_usertrades, exchange.fapiprivate_get_allorders, exchange.fapiprivate_get_income):
            with pytest.raises(ccxt.ExchangeError, match="7 days"):
                await ask({**symbol, "startTime": begun, "endTime": begun + 7 * DAY + 1})
        with pytest.raises(ccxt.ExchangeError, match="Combination"):
            await exchange.fapiprivate_get_usertrades({**symbol, "startTime": begun, "fromId": 1})
        early = ids(await exchange.fapiprivate_get_usertrades({**symbol, "startTime": begun}), "id")
        recent = ids(await exchange.fapiprivate_get_usertrades(symbol), "id")
        assert (len(early), len(recent)) == (2, 2)
        assert not set(early) & set(recent)

    nine_days_apart(sandbox, connect, venue, look)

"""Each verb does what it says, over real sockets, at each venue. What happened is read from the ledger, not from the reply."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import ccxt
import pytest

from basis_venues_sandbox import Control, Running
from basis_venues_sandbox.exchange import ControlFailed

SPOT = "BTC/USDT"
SHORT_MS = 600
"""A client's patience where it is to come to its end, and yet long enough that the sandbox has the request before."""


async def buy(exchange: Any, client_id: str = "one", **params: Any) -> Any:
    """A small market order; the exception where it raises."""
    try:
        return await exchange.create_order(SPOT, "market", "buy", 0.01, params={"clientOrderId": client_id, **params})
    except ccxt.BaseError as error:
        return error


async def look_up(exchange: Any, client_id: str = "one") -> dict[str, Any] | None:
    """The order by client id, None if the venue does not show it."""
    if exchange.id == "bybit":
        return next(iter(await exchange.fetch_open_orders(SPOT, params={"orderLinkId": client_id})), None)
    name = "clientOrderId" if exchange.id == "binance" else "clOrdId"
    try:
        return dict(await exchange.fetch_order(None, SPOT, {name: client_id}))
    except ccxt.OrderNotFound:
        return None


def bought(sandbox: Running, connect: Any, venue: str, *verbs: Any, timeout: int = 15000, **arguments: Any) -> Any:
    """What a buy brings when these verbs are scripted."""
    sandbox.control.fault(venue, "order.create", *verbs, **arguments)

    async def story() -> Any:
        async with connect(venue) as exchange:
            exchange.timeout = timeout
            return await buy(exchange)

    return asyncio.run(story())


def executed(sandbox: Running, venue: str) -> int:
    """How many orders the venue has carried out."""
    return len(sandbox.control.orders(venue))


def until(holds: Callable[[], Any]) -> None:
    """Wait for something that comes by itself."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("verb", "arguments", "raises"),
    [
        ("accept_then_status", {"status": 503, "kind": "json"}, ccxt.BaseError),
        ("accept_then_status", {"status": 502, "kind": "html"}, ccxt.ExchangeNotAvailable),
        ("accept_then_status", {"status": 504, "kind": "html"}, ccxt.RequestTimeout),
        ("accept_then_reset", {}, ccxt.ExchangeNotAvailable),
        ("truncate", {"sent": 6}, ccxt.BaseError),
        ("garbage", {}, ccxt.BaseError),
    ],
)
def test_a_lost_or_damaged_reply_hides_an_order_that_was_carried_out(
    sandbox: Running, connect: Any, venue: str, verb: str, arguments: dict[str, Any], raises: type[Exception]
) -> None:
    """The client gets an error; the venue holds exactly one order, and a look-up finds it."""
    assert isinstance(bought(sandbox, connect, venue, verb, **arguments), raises)
    assert executed(sandbox, venue) == 1

    async def story() -> None:
        async with connect(venue) as exchange:
            found = await look_up(exchange)
            assert found is not None
            assert found["filled"] == 0.01

    asyncio.run(story())


def test_a_hanging_reply_runs_into_the_clients_timeout(sandbox: Running, connect: Any, venue: str) -> None:
    """Carried out, and no reply within the client's patience."""
    assert isinstance(bought(sandbox, connect, venue, "accept_then_hang", timeout=SHORT_MS), ccxt.RequestTimeout)
    assert executed(sandbox, venue) == 1


@pytest.mark.parametrize("verb", ["html_200", "empty_200", "omit_id"])
def test_a_reply_without_an_id_is_no_error_to_everyone(sandbox: Running, connect: Any, venue: str, verb: str) -> None:
    """Binance's client returns an order without id; whatever comes back, the venue holds one order."""
    outcome = bought(sandbox, connect, venue, verb)
    assert isinstance(outcome, ccxt.BaseError) or outcome["id"] is None
    assert executed(sandbox, venue) == 1


def test_ids_change_their_type(sandbox: Running, connect: Any, venue: str) -> None:
    """A number where text was, and the reverse: the order is there either way."""
    assert bought(sandbox, connect, venue, "int_id")["id"]
    assert executed(sandbox, venue) == 1


@pytest.mark.parametrize("verb", ["drop", "reset_on_accept"])
def test_a_request_that_never_arrives_leaves_nothing(sandbox: Running, connect: Any, venue: str, verb: str) -> None:
    """The same exceptions as after acceptance, and no order."""
    assert isinstance(bought(sandbox, connect, venue, verb, timeout=SHORT_MS), ccxt.NetworkError)
    assert executed(sandbox, venue) == 0


def test_a_redirect_is_answered_and_nothing_is_done(sandbox: Running, connect: Any, venue: str) -> None:
    """307 with another host: a client that does not follow has an order without id, or an error."""
    outcome = bought(sandbox, connect, venue, "redirect")
    assert isinstance(outcome, ccxt.BaseError) or outcome["id"] is None
    assert executed(sandbox, venue) == 0


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        ({"binance": -2015, "bybit": 10010, "okx": "50110"}, ccxt.BaseError),
        ({"binance": -1021, "bybit": 10002, "okx": "50102"}, ccxt.InvalidNonce),
        ({"binance": -1013, "bybit": 170131, "okx": "51008"}, ccxt.BaseError),
    ],
)
def test_any_code_can_be_scripted(sandbox: Running, connect: Any, venue: str, codes: dict[str, Any], kind: type[Exception]) -> None:
    """The code arrives in the venue's own shape, and nothing is done."""
    outcome = bought(sandbox, connect, venue, "deny", code=codes[venue])
    assert isinstance(outcome, kind)
    assert str(codes[venue]) in str(outcome)
    assert executed(sandbox, venue) == 0


def test_a_code_of_unknown_outcome_after_the_order_was_taken(sandbox: Running, connect: Any, venue: str) -> None:
    """Binance -1007, Bybit 170146, OKX 51149: refused to the eye, and executed."""
    code = {"binance": -1007, "bybit": 170146, "okx": "51149"}[venue]
    assert str(code) in str(bought(sandbox, connect, venue, "accept_then_deny", code=code))
    assert executed(sandbox, venue) == 1


def test_a_duplicate_id_reply(sandbox: Running, connect: Any, venue: str) -> None:
    """The venue says that the id is taken, whatever it is."""
    code = {"binance": "Duplicate order sent", "bybit": "170141", "okx": "51016"}[venue]
    assert code in str(bought(sandbox, connect, venue, "duplicate_error"))


def test_a_repeated_reply(sandbox: Running, connect: Any, venue: str) -> None:
    """The reply to a write comes twice on the wire; a list of trades has each row twice."""
    sandbox.control.fault(venue, "trades", "repeat_reply")
    sandbox.control.fault(venue, "order.create", "repeat_reply")

    async def story() -> None:
        async with connect(venue) as exchange:
            assert (await buy(exchange))["id"]
            assert len({trade["id"] for trade in await exchange.fetch_my_trades(SPOT)}) == 1
            assert (await exchange.fetch_balance())["total"]["BTC"] > 0

    asyncio.run(story())
    assert executed(sandbox, venue) == 1


@pytest.mark.parametrize("then", ["reset", "hang"])
def test_late_accept_waits_for_the_look_up(sandbox: Running, connect: Any, venue: str, then: str) -> None:
    """The look-up finds nothing, and only then the order is carried out."""
    sandbox.control.fault(venue, "order.create", "hold_until", what="lookup", then=then)

    async def story() -> None:
        async with connect(venue) as exchange:
            exchange.timeout = SHORT_MS
            assert isinstance(await buy(exchange), ccxt.NetworkError)
            exchange.timeout = 15000
            assert await look_up(exchange) is None
            assert await look_up(exchange) is not None

    asyncio.run(story())
    assert executed(sandbox, venue) == 1


def test_late_accept_is_refused_by_the_fence(sandbox: Running, connect: Any, venue: str) -> None:
    """Released after its deadline, the held order is not taken at Binance and OKX; Bybit checks its window on arrival only."""
    sandbox.control.fault(venue, "order.create", "hold_until", what="release", then="reset")

    async def story() -> None:
        async with connect(venue) as exchange:
            exchange.options["recvWindow"] = 1000
            if venue == "okx":
                exchange.session.extra["expTime"] = str(sandbox.control.time() + 1000)
            assert isinstance(await buy(exchange), ccxt.NetworkError)

    asyncio.run(story())
    sandbox.control.advance(2000)
    assert sandbox.control.release(venue) == 1
    assert executed(sandbox, venue) == (1 if venue == "bybit" else 0)


def test_late_accept_after_seconds(sandbox: Running, connect: Any, venue: str) -> None:
    """After a while, by itself."""
    bought(sandbox, connect, venue, "hold_until", what=0.05, then="reset")
    until(lambda: executed(sandbox, venue))


def test_an_order_is_hidden_for_so_many_reads(sandbox: Running, connect: Any, venue: str) -> None:
    """Two look-ups find nothing, the third finds it; the balance shows it from the start."""
    sandbox.control.fault(venue, "order.create", "hide_reads", k=2)

    async def story() -> None:
        async with connect(venue) as exchange:
            await buy(exchange)
            assert (await exchange.fetch_balance())["total"]["BTC"] > 0
            assert [await look_up(exchange) is not None for _ in range(3)] == [False, False, True]

    asyncio.run(story())


def test_fills_are_listed_late(sandbox: Running, connect: Any, venue: str) -> None:
    """The order says that it is filled, and two lists of fills lack what it filled; the third has it."""
    sandbox.control.fault(venue, "order.create", "hide_fills", k=2)

    async def story() -> None:
        async with connect(venue) as exchange:
            await buy(exchange)
            assert (await look_up(exchange))["filled"] > 0
            assert [len(await exchange.fetch_my_trades("BTC/USDT")) for _ in range(3)] == [0, 0, 1]

    asyncio.run(story())


def test_a_partial_fill_and_a_lost_reply_together(sandbox: Running, connect: Any, venue: str) -> None:
    """Verbs strike together: 40 % of the market order fill, the rest lapses, and the reply hangs."""
    bought(sandbox, connect, venue, {"verb": "partial", "q": "0.4"}, "accept_then_hang", timeout=SHORT_MS)
    (order,) = sandbox.control.orders(venue)
    assert (order["filled"], order["status"]) == ("0.004", "expired")


def test_a_partly_filled_order_rests_until_it_is_cancelled(sandbox: Running, connect: Any, venue: str) -> None:
    """Of a limit order the rest stays in the book."""
    sandbox.control.fault(venue, "order.create", "partial", q="0.4")

    async def story() -> None:
        async with connect(venue) as exchange:
            order = await exchange.create_order(SPOT, "limit", "buy", 0.01, 50100, {"clientOrderId": "one"})
            found = await look_up(exchange)
            assert found is not None
            assert (found["status"], found["filled"]) == ("open", 0.004)
            await exchange.cancel_order(order["id"], SPOT)

    asyncio.run(story())
    assert [(order["status"], order["filled"]) for order in sandbox.control.orders(venue)] == [("cancelled", "0.004")]


def test_a_fill_after_the_cancel(sandbox: Running, connect: Any, venue: str) -> None:
    """The cancel is confirmed and seen once; then the order is filled all the same."""
    sandbox.control.fault(venue, "order.create", "fill_after_cancel", reads=1)

    async def story() -> None:
        async with connect(venue) as exchange:
            order = await exchange.create_order(SPOT, "limit", "buy", 0.01, 49000, {"clientOrderId": "one"})
            await exchange.cancel_order(order["id"], SPOT)
            states = [(await look_up(exchange) or {})["status"] for _ in range(2)]
            assert states == ["canceled", "closed"]

    asyncio.run(story())


def test_an_overfill(sandbox: Running, connect: Any, venue: str) -> None:
    """More is filled than was asked for."""
    bought(sandbox, connect, venue, "overfill", q="0.5")
    assert [order["filled"] for order in sandbox.control.orders(venue)] == ["0.015"]


@pytest.mark.parametrize(("what", "asset", "sign"), [("BNB", "BNB", 1), ("negative", "BTC", -1), ("missing", "BTC", 1)])
def test_strange_fees(sandbox: Running, connect: Any, venue: str, what: str, asset: str, sign: int) -> None:
    """In a third asset, as a rebate, or charged and not told with the order; the trades always tell."""
    sandbox.control.fault(venue, "order.create", "fee", what=what)
    sandbox.control.endow(venue, "spot" if venue == "binance" else "trading", "BNB", "1")

    async def story() -> None:
        async with connect(venue) as exchange:
            await buy(exchange)
            found = await look_up(exchange)
            assert found is not None
            if what == "missing":
                assert not (found["fee"] or {}).get("cost")
            await exchange.fetch_my_trades(SPOT)

    asyncio.run(story())
    (fill,) = sandbox.control.ledger(venue)["fills"]
    assert fill["fee_asset"] == asset
    assert Decimal(fill["fee"]) * sign > 0


def test_rate_limits_bans_and_maintenance(sandbox: Running, connect: Any, venue: str) -> None:
    """A limit strikes once; a ban meets every request until its time is over; maintenance until it is cleared."""
    control = sandbox.control

    async def balance(exchange: Any) -> type[Exception] | None:
        try:
            await exchange.fetch_balance()
        except ccxt.BaseError as error:
            return type(error)
        return None

    async def story() -> None:
        async with connect(venue) as exchange:
            control.fault(venue, "balance", "limit", retry_after=3)
            limited = await balance(exchange)
            assert limited in (ccxt.DDoSProtection, ccxt.RateLimitExceeded)
            assert await balance(exchange) is None
            control.fault(venue, "*", "ban", seconds=3)
            assert [await balance(exchange) is not None for _ in range(2)] == [True, True]
            control.advance(4000)
            await exchange.load_time_difference()
            assert await balance(exchange) is None
            control.fault(venue, "*", "maintenance")
            assert [await balance(exchange) is not None for _ in range(2)] == [True, True]
            control.clear(venue)
            assert await balance(exchange) is None

    asyncio.run(story())


def test_one_endpoint_down_leaves_the_others_up(sandbox: Running, connect: Any, venue: str) -> None:
    """Orders work, balances do not."""
    sandbox.control.fault(venue, "balance", "endpoint_down")

    async def story() -> None:
        async with connect(venue) as exchange:
            assert (await buy(exchange))["id"]
            with pytest.raises(ccxt.ExchangeNotAvailable):
                await exchange.fetch_balance()

    asyncio.run(story())


def test_refusing_ends_every_connection_before_it_answers(sandbox: Running) -> None:
    """Asked, waiting for a reply, idle, or made just before: all are reset, none can be made, and nobody else can take the port."""
    parts = urlsplit(sandbox.url)
    address, request = (str(parts.hostname), int(parts.port or 0)), f"GET /api/v3/time HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    with ExitStack() as stack:

        def made(count: int) -> list[socket.socket]:
            return [stack.enter_context(socket.create_connection(address, timeout=30)) for _ in range(count)]

        asked, waiting, *idle = made(9)
        asked.sendall(request)
        assert asked.recv(4096).startswith(b"HTTP/1.1 200")
        sandbox.control.setting("binance", "latency", 60)
        waiting.sendall(request)
        until(lambda: sandbox.control.state()["requests"] == 2)
        just_made = made(9)
        sandbox.control.refuse()
        try:
            for each in (asked, waiting, *idle, *just_made):
                with pytest.raises(ConnectionResetError):
                    each.recv(1)
            with pytest.raises(ConnectionRefusedError):
                made(1)
            with socket.socket() as other, pytest.raises(OSError, match="in use"):
                other.bind(address)
        finally:
            sandbox.control.listen()
        made(1)


def test_connections_can_be_refused(sandbox: Running, connect: Any, venue: str) -> None:
    """A client's kept connections are gone, and no other can be made; the chained cause tells it that nothing was sent."""

    async def story() -> None:
        async with connect(venue) as exchange:
            kept = sum(sandbox.control.counts()["connections"].values())
            sandbox.control.refuse()
            try:  # each of the kept connections may be tried once before the client sees that it is gone
                errors = [await buy(exchange) for _ in range(kept + 1)]
            finally:
                sandbox.control.listen()
            assert {type(error) for error in errors} == {ccxt.ExchangeNotAvailable}
            assert "ClientConnector" in type(errors[-1].__cause__).__name__
            assert (await buy(exchange))["id"]

    asyncio.run(story())
    assert executed(sandbox, venue) == 1


def test_replies_can_be_altered_and_fuzzed(sandbox: Running, connect: Any, venue: str) -> None:
    """A status that was never seen; and one field bent by a seed, the same each time."""
    path = {"binance": "status", "bybit": "result.list.0.orderStatus", "okx": "data.0.state"}[venue]
    sandbox.control.fault(venue, "order.read", "alter", path=path, value="STRANGE")

    async def story() -> None:
        async with connect(venue) as exchange:
            await buy(exchange)
            found = await look_up(exchange)
            assert found is not None
            assert found["status"] == "STRANGE"
            sandbox.control.fault(venue, "balance", "fuzz", seed=3)
            await asyncio.gather(exchange.fetch_balance(), return_exceptions=True)

    asyncio.run(story())


def test_faults_strike_in_their_order_and_can_be_aimed(sandbox: Running, connect: Any) -> None:
    """`skip` lets requests pass, `contains` picks one by its content, two entries meet two requests one after the other."""
    control: Control = sandbox.control
    control.fault("bybit", "order.create", "deny", code=10016, contains='"second"')
    control.fault("bybit", "writes", "deny", code=10000, skip=2)

    async def story() -> list[bool]:
        async with connect("bybit") as exchange:
            return [not isinstance(await buy(exchange, name), ccxt.BaseError) for name in ("first", "second", "third", "fourth", "fifth")]

    assert asyncio.run(story()) == [True, False, True, False, True]
    assert control.faults() == []


def test_a_misspelt_verb_argument_or_control_is_told_what_was_meant(sandbox: Running) -> None:
    """Nothing is scripted by mistake."""
    with pytest.raises(ControlFailed, match="did you mean truncate"):
        sandbox.control.fault("okx", "order.create", "trunkate")
    with pytest.raises(ControlFailed, match="did you mean seconds"):
        sandbox.control.fault("okx", "order.create", "drop", second=1)
    with pytest.raises(ControlFailed, match="there is no venue 'kraken'"):
        sandbox.control.ledger("kraken")
    assert sandbox.control.faults() == []

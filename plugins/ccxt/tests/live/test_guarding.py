"""Guards of the connection: nothing leaves for a host, an address or a network that is not allowed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from basis_venues.errors import GuardRefused
from basis_venues.http import Broken
from basis_venues_ccxt.live.session import Bounds, GuardedSession

HOST = "demo-api.binance.com"
LOOPBACK = frozenset({"127.0.0.1", "localhost"})


def bounds(**changes: Any) -> Bounds:
    """Demo hosts, with an endpoint on this machine."""
    usual: dict[str, Any] = {"venue": "binance", "hosts": frozenset({HOST}), "allowed": LOOPBACK, "endpoint": "http://127.0.0.1:1"}
    return Bounds(**(usual | changes))


@pytest.mark.parametrize(
    "url",
    [
        "https://api.binance.com",
        "https://demo-api.binance.com.evil.io",
        "https://evil.io",
        "https://x@demo-api.binance.com",
        "https://127.0.0.1",
    ],
)
def test_a_request_for_another_host_is_stopped(url: str) -> None:
    """Production from a demo run above all; this machine's own name is no host of an exchange either."""
    with pytest.raises(GuardRefused):
        bounds().check(url, {})


def test_a_request_for_an_allowed_host_passes() -> None:
    """Both the host that is meant and the one that is really reached."""
    bounds().check(f"https://{HOST}", {})
    bounds(endpoint=None, allowed=frozenset({HOST})).check(f"https://{HOST}", {})


def test_an_endpoint_that_the_core_does_not_allow_is_stopped() -> None:
    """The logical host being right is not enough."""
    with pytest.raises(GuardRefused):
        bounds(endpoint="http://10.0.0.7:8731").check(f"https://{HOST}", {})
    with pytest.raises(GuardRefused):
        bounds(endpoint=None, allowed=frozenset({"api.binance.com"})).check(f"https://{HOST}", {})


@pytest.mark.parametrize(
    ("header", "sent", "passes"),
    [
        (("x-simulated-trading", "1"), {"x-simulated-trading": "1"}, True),
        (("x-simulated-trading", "1"), {}, False),
        (("x-simulated-trading", None), {}, True),
        (("x-simulated-trading", None), {"x-simulated-trading": "1"}, False),
    ],
)
def test_the_header_that_separates_demo_from_money_is_asserted(header: tuple[str, str | None], sent: dict[str, str], passes: bool) -> None:
    """Present on the testnet, absent on mainnet."""
    guarded = bounds(header=header)
    if passes:
        guarded.check(f"https://{HOST}", sent)
        return
    with pytest.raises(GuardRefused, match="x-simulated-trading"):
        guarded.check(f"https://{HOST}", sent)


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.0.9", "127.0.0.1", "169.254.1.1", "::1", "fe80::1%eth0"])
def test_an_exchange_s_name_must_lead_to_the_internet(address: str) -> None:
    """A name that resolves into this network is not the exchange."""
    with pytest.raises(GuardRefused):
        bounds(endpoint=None).check_address(address)


def test_an_endpoint_on_this_machine_must_lead_to_it() -> None:
    """And nowhere else."""
    bounds().check_address("127.0.0.1")
    with pytest.raises(GuardRefused):
        bounds().check_address("93.184.216.34")


@asynccontextmanager
async def server(answer: web.StreamResponse) -> AsyncIterator[tuple[str, list[web.Request]]]:
    """A server on the loopback that answers everything alike and remembers what it was asked."""
    seen: list[web.Request] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(request)
        return answer

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{port}", seen
    finally:
        await runner.cleanup()


def test_requests_reach_the_endpoint_with_path_and_query_untouched() -> None:
    """What is signed must not be quoted anew; the host that was meant is told."""

    async def go() -> None:
        async with server(web.Response(text="{}")) as (url, seen):
            session = GuardedSession(bounds(endpoint=url))
            url = f"https://{HOST}/api/v3/order?symbols=%5B%22BTC%22%5D&signature=ab%2Bc"
            assert (await session.request("GET", url, {}, None, 1)).status == 200
            await session.close()
        assert seen[0].raw_path == "/api/v3/order?symbols=%5B%22BTC%22%5D&signature=ab%2Bc"
        assert seen[0].headers["X-Orig-Host"] == HOST

    asyncio.run(go())


def test_a_redirect_is_not_followed() -> None:
    """The signed body goes to no other address."""

    async def go() -> None:
        async with server(web.Response(status=307, headers={"Location": "https://evil.io/"})) as (url, seen):
            session = GuardedSession(bounds(endpoint=url))
            assert (await session.request("POST", f"https://{HOST}/api/v3/order", {}, b"signature=1", 1)).status == 307
            await session.close()
        assert len(seen) == 1

    asyncio.run(go())


def test_a_foreign_address_is_refused_before_a_byte_leaves() -> None:
    """A bound that forbids this machine, and a server there that waits: it is never connected to."""

    async def go() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        port = listener.getsockname()[1]
        session = GuardedSession(bounds(hosts=frozenset({"localhost"}), endpoint=None, allowed=LOOPBACK))
        try:
            with pytest.raises(GuardRefused, match="not on the internet"):
                await session.request("GET", f"https://localhost:{port}/", {}, None, 1)
            with pytest.raises(BlockingIOError):
                listener.accept()
        finally:
            await session.close()
            listener.close()

    asyncio.run(go())


def test_a_write_over_a_connection_that_was_closed_is_not_sent_again() -> None:
    """A read is: it goes over a new one."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heard.append((await reader.readuntil(b"\r\n\r\n")).split(b" ")[0])
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            heard.append((await reader.readuntil(b"\r\n\r\n")).split(b" ")[0])
        except asyncio.IncompleteReadError:
            return
        finally:
            writer.close()

    async def go(method: str) -> None:
        listening = await asyncio.start_server(serve, "127.0.0.1", 0)
        session = GuardedSession(bounds(endpoint=f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"))
        try:
            await session.request("GET", f"https://{HOST}/x", {}, None, 1)
            await session.request(method, f"https://{HOST}/x", {}, None, 1)
        finally:
            await session.close()
            listening.close()

    asyncio.run(go("GET"))
    assert heard == [b"GET", b"GET", b"GET"]
    heard.clear()
    with pytest.raises(Broken):
        asyncio.run(go("POST"))
    assert heard == [b"GET", b"POST"]

"""The connections under JSON-RPC: every way in which an answer may come, or fail to, from a server that is written byte by byte."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from basis_venues.secret import Secret
from basis_venues_evm.live.posting import Broken, Endpoint, Reply, Unconnected

OK = b"HTTP/1.1 200 OK\r\n"
PATH = "/v2/very-secret-key?a=1"


class Server:
    """Answers each request with the next of `replies` (the last one again), byte for byte, and keeps what it was asked. An empty reply
    ends the connection."""

    def __init__(self, *replies: bytes, ends: bool = False) -> None:
        self.replies = list(replies)
        self.ends = ends
        self.requests: list[bytes] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
                writer.write(reply)
                await writer.drain()
                if self.ends or not reply:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def post(server: Server, course: Callable[[Endpoint], Awaitable[Any]], scheme: str = "http", timeout_ms: int = 500) -> Any:
    """Carry out the course at the server."""

    async def inside() -> Any:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        endpoint = Endpoint(Secret(f"{scheme}://127.0.0.1:{port}{PATH}"), timeout_ms)
        try:
            return await course(endpoint)
        finally:
            await endpoint.close()
            listening.close()

    return asyncio.run(inside())


@pytest.mark.parametrize(
    ("reply", "ends"),
    [
        (OK + b"Content-Length: 5\r\n\r\nhello", False),
        (OK + b"content-length:5\r\nX-Other: a:b\r\n\r\nhello", False),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;name=value\r\nlo\r\n0\r\nTrailer: x\r\n\r\n", False),
        (OK + b"\r\nhello", True),
        (b"HTTP/1.0 200 OK\r\n\r\nhello", True),
        (OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello", True),
    ],
)
def test_a_body_is_read_whole_however_it_is_framed(reply: bytes, ends: bool) -> None:
    """By its length, in chunks with extensions and trailers, until the end; and the next request is answered too."""
    server = Server(reply, ends=ends)

    async def course(endpoint: Endpoint) -> list[Reply]:
        return [await endpoint.post(b"{}") for _ in range(3)]

    assert post(server, course) == [Reply(200, b"hello")] * 3
    assert server.connections == (3 if ends else 1)


def test_the_request_is_what_a_server_expects() -> None:
    """One POST to the URL's path and query, with the host, the type and the length of the body."""
    server = Server(OK + b"Content-Length: 0\r\n\r\n")
    assert post(server, lambda endpoint: endpoint.post(b'{"id":0}')) == Reply(200, b"")
    (request,) = server.requests
    line, *fields = request.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert line == b"POST /v2/very-secret-key?a=1 HTTP/1.1"
    assert {b"Content-Type: application/json", b"Content-Length: 8"} <= set(fields)
    assert sum(each.startswith(b"Host: 127.0.0.1:") for each in fields) == 1
    assert request.endswith(b'\r\n\r\n{"id":0}')


def test_requests_at_the_same_time_have_connections_of_their_own() -> None:
    """And they are kept for those that follow."""
    server = Server(OK + b"Content-Length: 2\r\n\r\nok")

    async def course(endpoint: Endpoint) -> None:
        for _ in range(2):
            await asyncio.gather(*(endpoint.post(b"{}") for _ in range(3)))

    post(server, course)
    assert server.connections == 3


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200",
        OK + b"Content-Length: 400\r\n\r\nhello",
        OK + b"Content-Length: many\r\n\r\nhello",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"nonsense\r\n\r\n",
        OK + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
)
def test_an_answer_that_is_not_whole_is_no_answer(reply: bytes) -> None:
    """Cut, unreadable, or endless: broken, with nothing of the URL; the connection is not used again."""
    server = Server(reply, OK + b"Content-Length: 2\r\n\r\nok", ends=True)

    async def course(endpoint: Endpoint) -> Reply:
        with pytest.raises(Broken) as broken:
            await endpoint.post(b"{}")
        assert "very-secret-key" not in str(broken.value)
        assert broken.value.__cause__ is None
        return await endpoint.post(b"{}")

    assert post(server, course) == Reply(200, b"ok")
    assert server.connections == 2
    assert len(server.requests) == 2


def test_an_answer_that_does_not_come_in_time_is_no_answer() -> None:
    """It may still come: the connection is given up."""

    async def course(endpoint: Endpoint) -> None:
        with pytest.raises(Broken, match="TimeoutError"):
            await endpoint.post(b"{}")

    post(Server(OK + b"Content-Length: 5\r\n\r\n"), course, timeout_ms=100)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/very-secret-key", "http://nowhere.invalid/very-secret-key"])
def test_what_could_not_connect_sent_nothing(url: str) -> None:
    """A closed port, a name that nobody has."""

    async def inside() -> None:
        with pytest.raises(Unconnected) as proof:
            await Endpoint(Secret(url), 5000).post(b"{}")
        assert "very-secret-key" not in str(proof.value)

    asyncio.run(inside())


def test_a_server_that_cannot_prove_who_it_is_gets_nothing() -> None:
    """TLS that fails is never replaced by a plain connection."""
    server = Server(OK + b"Content-Length: 2\r\n\r\nok")

    async def course(endpoint: Endpoint) -> None:
        with pytest.raises(Unconnected):
            await endpoint.post(b"{}")

    post(server, course, scheme="https")
    assert not server.requests


def test_certificates_and_host_names_are_checked() -> None:
    """As Python's own default has it."""
    from basis_venues_evm.live.posting import _tls

    assert _tls().verify_mode is ssl.CERT_REQUIRED
    assert _tls().check_hostname

"""POST over kept HTTP/1.1 connections: all of HTTP that JSON-RPC needs, at a third of what a client for everything costs.

What a write needs to know of a failure is told apart here: whether a byte of the request may have left.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from basis_venues.secret import Secret

_IDLE_SECONDS = 30.0
"""How long an unused connection is trusted: servers close theirs after a minute or more."""
_MOST_IDLE = 16
_HEAD = "POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: "


class Unconnected(Exception):
    """No connection could be made: proof that no byte of the request left."""


class Broken(Exception):
    """The request may have arrived, and no whole answer came."""


class Reply(NamedTuple):
    """The status and the body of an answer."""

    status: int
    body: bytes


class _Connection(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    until: float
    """Until when it may be used, by the loop's clock."""

    def usable(self, now: float) -> bool:
        return now < self.until and not self.reader.at_eof() and not self.writer.is_closing()


class Endpoint:
    """One URL, plain or over TLS. Each request has a connection to itself while it lasts."""

    def __init__(self, url: Secret, timeout_ms: int) -> None:
        self._url = url
        self._seconds = timeout_ms / 1000
        self._idle: list[_Connection] = []
        self._head = b""

    async def post(self, body: bytes) -> Reply:
        """The answer to one POST, within the timeout; redirects are not followed. Raises `Unconnected` or `Broken`, which show nothing
        of the URL."""
        sent = False
        try:
            async with asyncio.timeout(self._seconds):
                connection = await self._connected()
                sent = True
                return await self._answered(connection, body)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            raise (Broken if sent else Unconnected)(type(error).__name__) from None

    async def close(self) -> None:
        """Let the connections go."""
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.writer.close()
        for connection in idle:
            try:
                await connection.writer.wait_closed()
            except OSError:  # it was gone already
                continue

    async def _connected(self) -> _Connection:
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if connection.usable(now):
                return connection
            connection.writer.close()
        url = urlsplit(self._url.reveal())
        secure = url.scheme in ("https", "wss")
        self._head = self._head or _head(url)
        port = url.port or (443 if secure else 80)
        reader, writer = await asyncio.open_connection(url.hostname, port, ssl=_tls() if secure else None)
        return _Connection(reader, writer, 0)

    async def _answered(self, connection: _Connection, body: bytes) -> Reply:
        """Send, and read the answer. The connection is kept for the next request, unless either side ends it or something broke."""
        reader, writer, _ = connection
        kept = False
        try:
            writer.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
            line, _, rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").partition("\r\n")
            version, status = line.split(" ", 2)[:2]
            fields = _fields(rest)
            answer = await _body(reader, fields)
            kept = version == "HTTP/1.1" and fields.get("connection") != "close" and not reader.at_eof()
            return Reply(int(status), answer)
        finally:
            if kept and len(self._idle) < _MOST_IDLE:
                until = asyncio.get_running_loop().time() + _IDLE_SECONDS
                self._idle.append(connection._replace(until=until))
            else:
                writer.close()


def _head(url: SplitResult) -> bytes:
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return _HEAD.format(target=target, host=url.netloc).encode("ascii")


def _fields(text: str) -> Mapping[str, str]:
    return {name: value.strip() for name, _, value in [line.partition(":") for line in text.lower().split("\r\n")]}


async def _body(reader: asyncio.StreamReader, fields: Mapping[str, str]) -> bytes:
    """By its length, in chunks, or until the connection ends. Raises `EOFError` or `ValueError` where it is not whole."""
    if "chunked" in fields.get("transfer-encoding", ""):
        return await _chunks(reader)
    length = fields.get("content-length")
    return await reader.read() if length is None else await reader.readexactly(int(length))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    found = []
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        found.append(await reader.readexactly(size))
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":  # trailers say nothing that is needed
        continue
    return b"".join(found)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()

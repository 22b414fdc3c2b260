"""HTTP/1.1 over connections that stay open: what the APIs of venues need of it, and no more. For clients of live venues, whose plugins
may use it; a backtest never loads it.

    pool = Pool()
    origin, path = Origin.of("https://api.example.com/v1/orders?symbol=BTC")
    asked = request_of("POST", path, {"Host": origin.authority}, b"{}")
    status, headers, body = await pool.ask(origin, asked, timeout_s=5)

A write is sent once. Nothing is followed or cached, and an answer that is not plain HTTP raises: of a write that means that its outcome
is unknown. Only `NotConnected` proves that no byte of a request left. No failure shows anything of a URL, which may hold a key.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import zlib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import certifi
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from .errors import GuardRefused
from .guard import host_of

HEAD_LIMIT, BODY_LIMIT = 1 << 16, 1 << 26
KEEP_ALIVE_S = 50
"""A connection that was idle for longer is not used again: the other side may be about to close it."""
KEPT = {name.encode(): name for name in ("content-encoding", "retry-after")}
"""The headers of an answer that anybody reads."""


class NotConnected(Exception):
    """There was no connection to send anything over: refused, no such name, no trust, or not in time."""


class Broken(Exception):
    """The connection ended before the answer was whole."""


class Garbled(Exception):
    """What came is not an answer."""


class Answer(NamedTuple):
    """Status, the headers of `KEPT` by name (repeated ones joined by commas), and the body without its encodings."""

    status: int
    headers: Mapping[str, str]
    body: bytes


FAILURES = (NotConnected, Broken, Garbled, TimeoutError)
"""Everything that `Pool.ask` raises."""


class Origin(NamedTuple):
    """Where connections lead."""

    host: str
    port: int
    tls: bool

    @classmethod
    def of(cls, url: str) -> tuple[Origin, str]:
        """The origin of a URL, and its path with the query. Raises `GuardRefused` where it does not name its host plainly; shows nothing
        of it."""
        host, parts = host_of(url), urlsplit(url)
        if parts.scheme not in ("http", "https", "ws", "wss"):  # a provider answers requests where its WebSockets are
            raise GuardRefused("a URL of a venue begins with https://, or http:// on this machine")
        tls = parts.scheme in ("https", "wss")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(host, parts.port or (443 if tls else 80), tls), path

    @property
    def authority(self) -> str:
        """Host and port as a request names them in its header `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


class Pool:
    """Connections that stay open, to any number of origins: one for each, unless several requests are under way at once.

    `check_address` is given every address that a host's name leads to, before any is connected to; it raises for one that must not be.
    """

    def __init__(self, check_address: Callable[[str], None] = lambda address: None) -> None:
        self._check_address = check_address
        self._open: dict[Origin, list[Channel]] = {}

    async def ask(self, origin: Origin, request: bytes, timeout_s: float, *, read: bool = False) -> Answer:
        """Send one request, made by `request_of`, and answer what comes. Raises `NotConnected` where nothing left, else `Broken`,
        `Garbled` or `TimeoutError`; and what `check_address` raises.

        `read`: it changes nothing at the venue, so over a kept connection that turns out to be closed it is asked again over a new one.
        """
        channel = self._idle(origin)
        if channel is not None:
            try:
                return await channel.ask(request, timeout_s)
            except Broken:
                if not read:
                    raise
        return await (await self._connected(origin, timeout_s)).ask(request, timeout_s)

    async def close(self) -> None:
        """Let the connections go."""
        channels = [channel for each in self._open.values() for channel in each]
        self._open.clear()
        for channel in channels:
            channel.close()
        while not all(channel.gone for channel in channels):
            await asyncio.sleep(0)

    def _idle(self, origin: Origin) -> Channel | None:
        oldest = asyncio.get_running_loop().time() - KEEP_ALIVE_S
        kept = self._open[origin] = [each for each in self._open.get(origin, ()) if each.open]
        for channel in kept:
            if channel.busy:
                continue
            if channel.idle_since > oldest:
                return channel
            channel.close()
        return None

    async def _connected(self, origin: Origin, timeout_s: float) -> Channel:
        try:
            async with asyncio.timeout(timeout_s):
                channel = await self._connect(origin, timeout_s)
        except (OSError, UnicodeError) as error:  # refused, no such name or none that can be, no trust; a timeout is an OSError as well
            raise NotConnected(type(error).__name__) from error
        self._open.setdefault(origin, []).append(channel)
        return channel

    async def _connect(self, origin: Origin, timeout_s: float) -> Channel:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        for *_, address in found:
            self._check_address(str(address[0]))
        connected = await _first(found, timeout_s / max(len(found), 1))
        try:
            trust, name = (trusted(), origin.host) if origin.tls else (None, None)
            _, channel = await loop.create_connection(Channel, sock=connected, ssl=trust, server_hostname=name)
        except BaseException:
            connected.close()
            raise
        return channel


async def _first(found: Iterable[Any], timeout_s: float) -> socket.socket:
    """A socket to the first address that answers; each is given so much time, as one may lead nowhere (IPv6 behind a broken router, say).
    Raises `OSError`."""
    loop, failure = asyncio.get_running_loop(), OSError("the name leads nowhere")
    for family, kind, protocol, _, address in found:
        made = socket.socket(family=family, type=kind, proto=protocol)
        made.setblocking(False)
        try:
            async with asyncio.timeout(timeout_s):
                await loop.sock_connect(made, address)
        except OSError as error:
            made.close()
            failure = error
        except BaseException:
            made.close()
            raise
        else:
            return made
    raise failure


@cache
def trusted() -> ssl.SSLContext:
    """The certificates to trust: certifi's, or those that the variable `SSL_CERT_FILE` names, as for a node behind a certificate of one's
    own. Read once, and only where TLS is spoken, for it takes 50 ms."""
    return ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or certifi.where())


class Channel(asyncio.Protocol):
    """One open socket: one request at a time, each with its answer."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._reader = Reader()
        self._due = self._looks_at = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self.open = False
        self.gone = False
        """The socket is closed, and the loop has let go of it."""
        self.idle_since = 0.0
        """On the loop's clock."""

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return self._answer is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ready."""
        self._transport, self.open = cast("asyncio.Transport", transport), True  # other loops have transports of their own classes

    def data_received(self, data: bytes) -> None:
        """Read on; what nobody asked for ends the connection."""
        if self._answer is None or self._answer.done():
            self.close()
            return
        try:
            answer = self._reader.feed(data)
        except Garbled as error:
            self._fail(error)
            return
        if answer is not None:
            self._answer.set_result(answer)
            if not self._reader.reusable:
                self.close()

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is gone."""
        self.gone = True
        self._fail(Broken(type(error).__name__ if error else "closed"))

    async def ask(self, request: bytes, timeout_s: float) -> Answer:
        """Write a request and answer what comes. Raises `Broken`, `Garbled` or `TimeoutError`; then the socket is of no more use."""
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._answer = answer
        self._reader.expect()
        self._expect_by(loop.time() + timeout_s)
        try:
            self._transport.write(request)
            return await answer
        finally:
            if not answer.done() or answer.cancelled() or answer.exception() is not None:
                self.close()
            self._answer = None
            self.idle_since = loop.time()

    def close(self) -> None:
        """Let the socket go at once, with whatever is still under way."""
        self.open = False
        if self._watch is not None:
            self._watch.cancel()
        if self._transport is not None:
            self._transport.abort()

    def _expect_by(self, due: float) -> None:
        """Let the request under way fail when it is `due`, on the loop's clock. One timer serves requests that follow each other: one for
        each, which hardly ever ends anything, costs as much as writing the request."""
        self._due = due
        if self._watch is None or due < self._looks_at:
            if self._watch is not None:
                self._watch.cancel()
            self._watch, self._looks_at = asyncio.get_running_loop().call_at(due, self._look), due

    def _look(self) -> None:
        """End a request that is overdue; look again when the one that is under way would be."""
        self._watch = None
        if self.busy and self._due > self._looks_at:
            self._expect_by(self._due)
        elif self.busy:
            self._fail(TimeoutError())

    def _fail(self, error: Exception) -> None:
        self.open = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


class Reader:
    """Makes answers of the bytes that come, one for each `expect`. llhttp reads them, in its strict mode; here are the limits."""

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self.expect()

    def expect(self) -> None:
        """The next answer is to come."""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = self._status = 0
        self._headed = self._whole = self.reusable = False

    def feed(self, data: bytes) -> Answer | None:
        """Take more in; the answer, once it is whole. Raises `Garbled`."""
        self._size += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self.reusable = False
            if not self._whole:
                raise Garbled("the answer is not plain HTTP") from None
        if self._size > (BODY_LIMIT if self._headed else HEAD_LIMIT):
            raise Garbled("the answer is too long")
        return self._made() if self._whole else None

    def on_message_begin(self) -> None:
        """Of one answer: a second one is an error."""
        if self._whole:
            raise Garbled("nobody asked for another answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; what comes after the body is none."""
        key = KEPT.get(name.lower())
        if key is not None and not self._headed:
            said = value.decode("latin-1")
            self._headers[key] = f"{self._headers[key]}, {said}" if key in self._headers else said

    def on_headers_complete(self) -> None:
        """What comes now is the body."""
        self._status, self._headed = self._parser.get_status_code(), True
        if not 100 <= self._status < 600:
            raise Garbled("the answer has no status")

    def on_body(self, piece: bytes) -> None:
        """A piece of the body, without the marks of chunks."""
        self._body.append(piece)

    def on_message_complete(self) -> None:
        """It is whole, unless it was only said in passing: a status below 200."""
        if self._status < 200:
            self._headers, self._headed = {}, False
        else:
            self._whole, self.reusable = True, self._parser.should_keep_alive()

    def _made(self) -> Answer:
        body, packed = b"".join(self._body), self._headers.get("content-encoding")
        return Answer(self._status, self._headers, _decoded(body, packed) if packed else body)


def request_of(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """A request in bytes; `path` with its query as it was signed. Raises `ValueError` for what would not stay one request."""
    lines = [f"{method} {path} HTTP/1.1", *[f"{name}: {value}" for name, value in headers.items()]]
    if body is not None or method != "GET":
        lines.append(f"Content-Length: {len(body or b'')}")
    head = "\r\n".join(lines)
    if " " in path or not head.count("\r") == head.count("\n") == len(lines) - 1:
        raise ValueError("a request must not hold line breaks, nor its path spaces")
    return f"{head}\r\n\r\n".encode("latin-1") + (body or b"")


def _decoded(body: bytes, encoding: str) -> bytes:
    name = encoding.strip().lower()
    if name in ("", "identity") or not body:
        return body
    if name not in ("gzip", "x-gzip", "deflate"):
        raise Garbled("the answer is packed in a way that was not asked for")
    bare = name == "deflate" and body[0] & 0x0F != 8  # some send it without zlib's frame
    unpack: Any = zlib.decompressobj(-15 if bare else 47)
    try:
        made: bytes = unpack.decompress(body, BODY_LIMIT)
    except zlib.error:
        raise Garbled("the answer cannot be unpacked") from None
    if not unpack.eof:
        raise Garbled("the answer was cut off before it was packed, or is too long")
    return made

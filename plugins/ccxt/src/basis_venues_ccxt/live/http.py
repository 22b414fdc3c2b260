"""HTTP/1.1 over sockets that stay open: what an exchange's API needs of it, and no more.

A request is written once. Nothing is followed, cached or sent again, and an answer that is not plain HTTP raises: of a write that means
that its outcome is unknown. Only `NotConnected` proves that no byte of a request left.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

HEAD_LIMIT, BODY_LIMIT = 1 << 16, 1 << 26
_STATUS = re.compile(r"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [^\r\n]*)?")
_NUMBER, _SIZE = re.compile(rb"[0-9]{1,10}"), re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?")
_BARE = frozenset({204, 304})
"""Statuses whose answers have no body."""


class NotConnected(Exception):
    """There was no connection to send anything over: refused, no such name, no trust, or not in time."""


class Broken(Exception):
    """The connection ended before the answer was whole."""


class Garbled(Exception):
    """What came is not an answer."""


class Answer(NamedTuple):
    """Status, headers by lower-case name (repeated ones joined by commas), and the body without its encodings."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Channel(asyncio.Protocol):
    """One open socket: one request at a time, each with its answer."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._reader: Reader | None = None
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
        assert isinstance(transport, asyncio.Transport)
        self._transport, self.open = transport, True

    def data_received(self, data: bytes) -> None:
        """Read on; what nobody asked for ends the connection."""
        if self._reader is None:
            self.close()
            return
        try:
            self._settle(self._reader.feed(data))
        except Garbled as error:
            self._fail(error)

    def eof_received(self) -> None:
        """The other side says no more; an answer that goes on until then is whole."""
        if self._reader is not None:
            try:
                self._settle(self._reader.ended())
            except Garbled as error:
                self._fail(error)

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
        self._reader = Reader()
        timer = loop.call_later(timeout_s, self._fail, TimeoutError())
        try:
            self._transport.write(request)
            return await answer
        finally:
            timer.cancel()
            if not answer.done() or answer.cancelled() or answer.exception() is not None:
                self.close()
            self._answer = self._reader = None
            self.idle_since = loop.time()

    def close(self) -> None:
        """Let the socket go at once, with whatever is still under way."""
        self.open = False
        if self._transport is not None:
            self._transport.abort()

    def _settle(self, answer: Answer | None) -> None:
        if answer is None:
            return
        if self._reader is None or not self._reader.reusable:
            self.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def _fail(self, error: Exception) -> None:
        self.open = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


class Reader:
    """Makes one answer of the bytes that come. Its methods raise `Garbled`."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._body = bytearray()
        self._status = 0
        self._headers: dict[str, str] = {}
        self._step: Callable[[], bool] = self._head
        self._whole = False
        self._left = 0
        self.reusable = False

    def feed(self, data: bytes) -> Answer | None:
        """Take more in; the answer, once it is whole."""
        self._bytes += data
        while not self._whole and self._step():
            pass
        if len(self._body) > BODY_LIMIT:
            raise Garbled("the answer is too long")
        return self._made() if self._whole else None

    def ended(self) -> Answer | None:
        """Nothing more comes: the answer, if it goes on until the end."""
        if self._step == self._until_the_end:
            return self._made()
        return None

    def _head(self) -> bool:
        end = self._bytes.find(b"\r\n\r\n")
        if end < 0:
            if len(self._bytes) > HEAD_LIMIT or not _may_begin(self._bytes):
                raise Garbled("the answer does not begin as one")
            return False
        first, *lines = self._bytes[:end].decode("latin-1").split("\r\n")
        del self._bytes[: end + 4]
        found = _STATUS.fullmatch(first)
        if found is None:
            raise Garbled("the answer has no status")
        self._status = int(found[2])
        if self._status >= 200:  # what comes before is only said in passing
            self._headers = _headers(lines)
            self.reusable = found[1] == "1" and "close" not in self._headers.get("connection", "").lower()
            self._choose()
        return True

    def _choose(self) -> None:
        """How the body's end is told (RFC 9112, 6.3)."""
        coding, length = self._headers.get("transfer-encoding"), self._headers.get("content-length")
        if self._status in _BARE:
            self._whole = True
        elif coding is not None:
            if coding.strip().lower() != "chunked" or length is not None:
                raise Garbled("the answer does not say where it ends")
            self._step = self._chunk_size
        elif length is not None:
            self._left = _number(length.encode("latin-1"))
            self._step = self._counted
        else:
            self.reusable = False
            self._step = self._until_the_end

    def _take(self) -> None:
        """Move what is there of `_left` to the body."""
        self._body += self._bytes[: self._left]
        taken = min(self._left, len(self._bytes))
        del self._bytes[:taken]
        self._left -= taken

    def _counted(self) -> bool:
        self._take()
        self._whole = not self._left
        return False

    def _until_the_end(self) -> bool:
        self._body += self._bytes
        self._bytes.clear()
        return False

    def _chunk_size(self) -> bool:
        line = self._line()
        if line is None:
            return False
        found = _SIZE.fullmatch(line)
        if found is None:
            raise Garbled("a piece of the answer has no length")
        self._left = int(found[1], 16)
        self._step = self._chunk if self._left else self._trailer
        return True

    def _chunk(self) -> bool:
        self._take()
        if self._left or len(self._bytes) < 2:
            return False
        if self._bytes[:2] != b"\r\n":
            raise Garbled("a piece of the answer is longer than it says")
        del self._bytes[:2]
        self._step = self._chunk_size
        return True

    def _trailer(self) -> bool:
        line = self._line()
        if line == b"":
            self._whole = True
        return bool(line)

    def _line(self) -> bytes | None:
        end = self._bytes.find(b"\r\n")
        if end < 0:
            if len(self._bytes) > HEAD_LIMIT:
                raise Garbled("a line of the answer is too long")
            return None
        line = bytes(self._bytes[:end])
        del self._bytes[: end + 2]
        return line

    def _made(self) -> Answer:
        self.reusable = self.reusable and not self._bytes
        return Answer(self._status, self._headers, _decoded(bytes(self._body), self._headers.get("content-encoding", "")))


def request_of(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """A request in bytes; `path` with its query as it was signed. Raises `ValueError` for what would not stay one request."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body is not None or method != "GET":
        lines.append(f"Content-Length: {len(body or b'')}")
    head = "\r\n".join(lines)
    if " " in path or not head.count("\r") == head.count("\n") == len(lines) - 1:
        raise ValueError("a request must not hold line breaks, nor its path spaces")
    return f"{head}\r\n\r\n".encode("latin-1") + (body or b"")


def _may_begin(data: bytes | bytearray) -> bool:
    start = b"HTTP/1."
    return data[: len(start)] == start[: len(data)]


def _headers(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise Garbled("a header is none")
        name, value = name.lower(), value.strip()
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _number(text: bytes) -> int:
    """A length; said twice alike it is one."""
    said = {each.strip() for each in text.split(b",")}
    (one,) = said if len(said) == 1 else (b"",)
    if not _NUMBER.fullmatch(one):
        raise Garbled("the length of the answer is no number")
    return int(one)


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

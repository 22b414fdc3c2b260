"""HTTP as venues speak it: answers in any pieces, and nothing taken for an answer that is none."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basis_venues.errors import GuardRefused
from basis_venues.http import Answer, Broken, Channel, Garbled, NotConnected, Origin, Pool, Reader, request_of, trusted

BODIES = st.binary(max_size=300)


def counted(body: bytes, *headers: str) -> bytes:
    """An answer that says its length."""
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(*pieces: bytes) -> bytes:
    """An answer in pieces, each with its length."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece) + b"0\r\n\r\n"


def read(data: bytes, cuts: list[int] | None = None) -> Answer | None:
    """What a reader makes of the bytes, cut up at those places."""
    reader, found, at = Reader(), None, 0
    for end in [*sorted(cuts or ()), len(data)]:
        found = reader.feed(data[at:end]) or found
        at = max(at, end)
    return found


@given(body=BODIES, cuts=st.lists(st.integers(0, 400), max_size=6))
def test_an_answer_is_the_same_however_it_is_cut_up(body: bytes, cuts: list[int]) -> None:
    """The network may deliver it byte by byte."""
    answer = read(counted(body), cuts)
    assert answer is not None
    assert (answer.status, answer.body) == (200, body)


@given(pieces=st.lists(BODIES, max_size=4), cuts=st.lists(st.integers(0, 1300), max_size=6))
def test_pieces_are_put_together(pieces: list[bytes], cuts: list[int]) -> None:
    """A body in chunks is their sum."""
    answer = read(chunked(*pieces), cuts)
    assert answer is not None
    assert answer.body == b"".join(pieces)


@given(body=BODIES, cut=st.integers(1, 300))
def test_an_answer_that_is_cut_off_is_none(body: bytes, cut: int) -> None:
    """Whatever was there already."""
    whole = counted(body)
    assert read(whole[: max(len(whole) - cut, 0)]) is None


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_an_answer_or_refused(data: bytes) -> None:
    """Nothing else is raised, and nothing without a status line is an answer."""
    try:
        answer = read(data)
    except Garbled:
        return
    assert answer is None or b"HTTP/" in data


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body)[2:-4]),
        ("identity", bytes),
    ],
)
def test_packed_bodies_are_unpacked(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    """Deflate as the standard says and as some servers do."""
    body = b'{"retCode": 0}' * 9
    answer = read(counted(pack(body), f"Content-Encoding: {encoding}"))
    assert answer is not None
    assert answer.body == body


@pytest.mark.parametrize(
    "data",
    [
        b"<html>",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 999 Odd\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 4_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
        counted(b"no gzip", "Content-Encoding: gzip"),
        counted(gzip.compress(b"cut off", mtime=0)[:-4], "Content-Encoding: gzip"),
        counted(b"?", "Content-Encoding: br"),
    ],
)
def test_what_is_no_plain_answer_is_refused(data: bytes) -> None:
    """Two readers could disagree on it."""
    with pytest.raises(Garbled):
        read(data)


def test_what_is_said_in_passing_is_passed_over() -> None:
    """A status below 200 is no answer yet."""
    answer = read(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + counted(b"{}"))
    assert answer is not None
    assert (answer.status, answer.body) == (200, b"{}")


def test_what_comes_after_the_body_is_no_header() -> None:
    """Trailers could say otherwise how the body is packed."""
    answer = read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n0\r\nContent-Encoding: gzip\r\n\r\n")
    assert answer == Answer(200, {}, b"1")


@pytest.mark.parametrize("more", [b"HTTP/1.1 500 No\r\nContent-Length: 1\r\n\r\n2", b"2", b"\x00"])
def test_what_follows_an_answer_is_not_part_of_it(more: bytes) -> None:
    """And its connection is of no more use."""
    reader = Reader()
    answer = reader.feed(counted(b"1") + more)
    assert answer is not None
    assert (answer, reader.reusable) == (Answer(200, {}, b"1"), False)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nConnection: close\r\n", b"HTTP/1.0 200 OK\r\n"])
def test_a_connection_is_used_again_only_where_the_other_side_means_to(head: bytes) -> None:
    """As HTTP/1.1 has it: unless the answer says otherwise."""
    reader = Reader()
    assert reader.feed(head + b"Content-Length: 0\r\n\r\n") is not None
    assert not reader.reusable
    reader = Reader()
    assert reader.feed(counted(b"")) is not None
    assert reader.reusable


@given(bodies=st.lists(BODIES, min_size=2, max_size=4))
def test_one_reader_reads_answer_after_answer(bodies: list[bytes]) -> None:
    """Nothing of one is left in the next."""
    reader = Reader()
    for number, body in enumerate(bodies):
        reader.expect()
        said = {"Retry-After": f"{number}"} if number % 2 else {}
        head = [f"{name}: {value}" for name, value in said.items()]
        assert reader.feed(counted(body, *head)) == Answer(200, {name.lower(): value for name, value in said.items()}, body)


@pytest.mark.parametrize(("path", "headers"), [("/a b", {}), ("/", {"key": "x\r\nHost: evil.io"}), ("/\n", {})])
def test_a_request_stays_one_request(path: str, headers: dict[str, str]) -> None:
    """No line break of a value begins another header."""
    with pytest.raises(ValueError, match="line breaks"):
        request_of("GET", path, headers, None)


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


@asynccontextmanager
async def served(*replies: bytes | None) -> AsyncIterator[tuple[str, list[bytes], list[int]]]:
    """A server that answers each request with the next of `replies`, and closes instead where that is None. What it heard, and how many
    connections there were."""
    heard: list[bytes] = []
    connections: list[int] = []
    left = list(replies)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        try:
            while left:
                heard.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
                reply = left.pop(0)
                if reply is None:
                    break
                writer.write(reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard, connections
    finally:
        server.close()


async def ask(pool: Pool, url: str, method: str = "GET", timeout_s: float = 20) -> Answer:
    """One request."""
    origin, path = Origin.of(url)
    asked = request_of(method, path, {"Host": origin.authority}, None)
    return await pool.ask(origin, asked, timeout_s, read=method == "GET")


def test_one_connection_serves_request_after_request() -> None:
    """Until the other side closes it; then a read goes over a new one."""

    async def go() -> None:
        async with served(counted(b"1"), counted(b"2"), None, counted(b"3")) as (url, heard, connections):
            pool = Pool()
            assert [(await ask(pool, f"{url}/x")).body for _ in range(3)] == [b"1", b"2", b"3"]
            assert (len(heard), len(connections)) == (4, 2)
            await pool.close()

    asyncio.run(go())


def test_a_write_is_never_sent_again() -> None:
    """A connection that ends before the answer leaves its outcome open."""

    async def go() -> None:
        async with served(counted(b"1"), None, counted(b"2")) as (url, heard, _):
            pool = Pool()
            await ask(pool, f"{url}/x")
            with pytest.raises(Broken):
                await ask(pool, f"{url}/x", "POST")
            assert heard == [b"GET /x HTTP/1.1", b"POST /x HTTP/1.1"]
            await pool.close()

    asyncio.run(go())


def test_each_request_of_a_connection_has_its_own_time() -> None:
    """An impatient one after a patient one ends in its own time, and a patient one goes on when an earlier one's time has passed."""

    async def go() -> None:
        async with served(counted(b"1"), counted(b"2"), b"", b"") as (url, _, connections):
            pool = Pool()
            assert (await ask(pool, f"{url}/x", timeout_s=0.1)).body == b"1"
            assert (await ask(pool, f"{url}/x", timeout_s=20)).body == b"2"
            late = asyncio.create_task(ask(pool, f"{url}/x", timeout_s=0.3))
            await asyncio.sleep(0.2)
            assert not late.done()
            with pytest.raises(TimeoutError):
                await late
            assert len(connections) == 1
            await pool.close()

    asyncio.run(asyncio.wait_for(go(), 10))


async def run_out_of_time(pool: Pool, url: str, _: list[bytes]) -> None:
    with pytest.raises(TimeoutError):
        await ask(pool, url, timeout_s=0.2)


async def give_up(pool: Pool, url: str, heard: list[bytes]) -> None:
    waiting = asyncio.create_task(ask(pool, url))
    while not heard:
        await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize("ends", [run_out_of_time, give_up])
def test_an_answer_that_comes_too_late_is_nobody_s(ends: Callable[[Pool, str, list[bytes]], Awaitable[None]]) -> None:
    """A request that ran out of time or was given up takes its connection with it: the late answer must not be taken for the next one's."""

    async def go() -> None:
        async with served(b"", counted(b"2")) as (url, heard, connections):
            pool = Pool()
            await ends(pool, f"{url}/x", heard)
            assert (await ask(pool, f"{url}/x")).body == b"2"
            assert len(connections) == 2
            await pool.close()

    asyncio.run(go())


def test_words_that_nobody_asked_for_end_the_connection() -> None:
    """A second answer to one request must not be taken for that of the next."""

    async def go() -> None:
        async with served(counted(b"1") + counted(b"forged"), counted(b"2")) as (url, _, connections):
            pool = Pool()
            assert (await ask(pool, f"{url}/x")).body == b"1"
            assert (await ask(pool, f"{url}/x")).body == b"2"
            assert len(connections) == 2
            await pool.close()

    asyncio.run(go())


def test_an_answer_without_an_end_is_never_whole() -> None:
    """Where only the end of the connection would tell it: cut off or not, nobody knows."""

    async def go() -> None:
        async with served(b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>") as (url, _, _):
            pool = Pool()
            with pytest.raises(Broken):
                await ask(pool, f"{url}/x", "POST")
            await pool.close()

    asyncio.run(go())


def test_nobody_there_is_told_apart_from_no_answer() -> None:
    """The only failure that proves that nothing was sent."""

    async def go() -> None:
        async with served() as (url, _, _):
            pass
        with pytest.raises(NotConnected) as told:
            await ask(Pool(), f"{url}/x")
        assert isinstance(told.value.__cause__, ConnectionRefusedError)

    asyncio.run(go())


def test_a_closed_channel_is_not_open() -> None:
    """Before it was ever connected, too."""
    channel = Channel()
    channel.close()
    assert (channel.open, channel.busy) == (False, False)


def test_requests_at_the_same_time_have_connections_of_their_own() -> None:
    """And these are kept for those that follow."""

    async def go() -> None:
        async with served(*[counted(b"ok")] * 6) as (url, heard, connections):
            pool = Pool()
            for _ in range(2):
                await asyncio.gather(*(ask(pool, f"{url}/x", "POST") for _ in range(3)))
            assert (len(heard), len(connections)) == (6, 3)
            await pool.close()

    asyncio.run(go())


@pytest.mark.parametrize("url", ["http://nowhere.invalid/secret", f"http://{'a' * 70}.example/secret"])
def test_a_name_that_nobody_has_is_no_connection(url: str) -> None:
    """Nor one that nobody can have; what is said shows nothing of the URL."""

    async def go() -> None:
        with pytest.raises(NotConnected) as told:
            await ask(Pool(), url, "POST", 5)
        assert "secret" not in str(told.value)

    asyncio.run(go())


def test_a_server_that_cannot_prove_who_it_is_gets_nothing() -> None:
    """TLS that fails is never replaced by a plain connection."""
    heard: list[bytes] = []

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(counted(b"ok"))
        heard.append(await reader.read())
        writer.close()

    async def go() -> None:
        async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
            with pytest.raises(NotConnected):
                await ask(Pool(), f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/x", "POST")
            while not heard:
                await asyncio.sleep(0)

    asyncio.run(go())
    assert len(heard) == 1
    assert b"POST" not in heard[0]


def test_certificates_and_host_names_are_checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As Python's own default has it; against the certificates of `SSL_CERT_FILE` where there is one."""
    trusted.cache_clear()
    assert trusted().verify_mode is ssl.CERT_REQUIRED
    assert trusted().check_hostname
    trusted.cache_clear()
    (tmp_path / "own.pem").write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    with pytest.raises(ssl.SSLError):
        trusted()
    trusted.cache_clear()


def test_an_address_that_never_answers_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name leads to two addresses, and from the first nothing ever comes back: the second is reached within the request's time."""

    async def go() -> None:
        loop = asyncio.get_running_loop()
        with ExitStack() as held, closing(socket.create_server(("127.0.0.1", 0), backlog=0)) as full:
            for _ in range(4):  # with its queue full, the system lets the next one wait
                waiting = held.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(full.getsockname())
            async with served(counted(b"ok"), counted(b"ok")) as (url, _, _):
                origin, _ = Origin.of(url)

                async def both(host: str, port: int, **options: Any) -> list[Any]:
                    family = (socket.AF_INET, socket.SOCK_STREAM, 0, "")
                    return [(*family, full.getsockname()), (*family, ("127.0.0.1", origin.port))]

                monkeypatch.setattr(loop, "getaddrinfo", both)
                pool = Pool()
                assert (await ask(pool, url, "POST", 3)).body == b"ok"
                await pool.close()

    asyncio.run(go())


def test_an_address_that_must_not_be_is_not_connected_to() -> None:
    """Whoever makes the pool says which; what is raised for it comes through as it is."""

    def none(address: str) -> None:
        raise GuardRefused(f"not {address}")

    async def go() -> None:
        async with served(counted(b"ok")) as (url, _, connections):
            with pytest.raises(GuardRefused, match="not 127"):
                await ask(Pool(none), url)
            assert not connections

    asyncio.run(go())


@pytest.mark.parametrize(
    ("url", "origin", "path"),
    [
        ("https://API.example.com/v1/o?a=b%20c", Origin("api.example.com", 443, True), "/v1/o?a=b%20c"),
        ("http://127.0.0.1:8545", Origin("127.0.0.1", 8545, False), "/"),
        ("wss://node.example.com:8443/", Origin("node.example.com", 8443, True), "/"),
        ("http://[::1]:80/?k", Origin("::1", 80, False), "/?k"),
    ],
)
def test_a_url_says_where_connections_lead(url: str, origin: Origin, path: str) -> None:
    """Host, port, whether it is encrypted; and what a request asks for there."""
    assert Origin.of(url) == (origin, path)


@pytest.mark.parametrize("url", ["ftp://example.com/secret", "https://u@example.com/secret", "https:///secret", "http://x:y/secret"])
def test_a_url_that_does_not_say_so_plainly_is_refused(url: str) -> None:
    """Without repeating it: a URL may be a key."""
    with pytest.raises(GuardRefused) as told:
        Origin.of(url)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("origin", "authority"),
    [
        (Origin("example.com", 443, True), "example.com"),
        (Origin("example.com", 443, False), "example.com:443"),
        (Origin("::1", 8545, False), "[::1]:8545"),
    ],
)
def test_a_request_names_its_host_as_the_standard_says(origin: Origin, authority: str) -> None:
    """The usual port is left out, and an IPv6 address is put in brackets."""
    assert origin.authority == authority

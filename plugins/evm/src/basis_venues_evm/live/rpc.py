"""JSON-RPC over kept connections.

Reads go out in batches and are tried again, at the next endpoint where there are several. A write goes out once, to one endpoint. The
URL may carry the provider's key, so nothing here shows more of it than its host.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from basis_venues.clock import Clock
from basis_venues.errors import TryAgainLater
from basis_venues.http import FAILURES, Garbled, NotConnected, Origin, Pool, request_of
from basis_venues.secret import Secret

_TOO_MANY_REQUESTS, _OVER_A_LIMIT = 429, -32005
"""Error codes of a node that is busy. The second one is also that of Infura for logs with too many results."""
TOO_WIDE = re.compile(r"range(?! extends)|more than \d+ results|max results|response size|too many (logs|results|blocks)", re.IGNORECASE)
"""What nodes say where the logs of fewer blocks may be asked for; not where a range `extends` beyond the head of one that is behind."""
_ENCODER = json.JSONEncoder(separators=(",", ":"), check_circular=False)
_FIRST_PAUSE_MS = 100
_LONGEST_PAUSE_MS = 2000
_KEY_LENGTH = 12
"""A word of a URL's path or query of at least this length may be a key."""


class Request(NamedTuple):
    """One member of a batch."""

    method: str
    params: Sequence[Any] = ()


class Fault(NamedTuple):
    """A node's refusal of one request. `data`: what a contract reverted with, as hex; empty where there is none."""

    code: int
    message: str
    data: str = ""


_CHAIN_ID = Request("eth_chainId")


class Answer(NamedTuple):
    """The answer to one request: a result, or a fault."""

    result: Any
    fault: Fault | None = None


class RpcUnavailable(TryAgainLater):
    """No endpoint answered a read."""


class Endpoint:
    """One URL of the chain. Its path and its query may be a key."""

    def __init__(self, url: Secret) -> None:
        self.origin, path = Origin.of(url.reveal())
        self._path = Secret(path)

    @property
    def shown(self) -> tuple[str, str]:
        """The host with its port, and `***` in the place of a path."""
        return self.origin.authority, "/" if self._path == Secret("/") else "***"

    def request(self, body: bytes) -> bytes:
        """A POST of the body."""
        fields = {"Host": self.origin.authority, "Content-Type": "application/json", "Accept": "application/json"}
        return request_of("POST", self._path.reveal(), fields, body)

    def without_key(self, content: bytes) -> bytes:
        """An answer in which a provider repeats the key of the URL, with the key taken out."""
        for word in re.split(r"[/?&=]", self._path.reveal()):
            if len(word) >= _KEY_LENGTH:
                content = content.replace(word.encode(), b"***")
        return content


class Rpc:
    """The endpoints of one chain, the first being preferred. `requests` counts HTTP requests, for tests and people."""

    def __init__(self, venue: str, urls: Sequence[Secret], clock: Clock, timeout_ms: int, rounds: int = 3) -> None:
        self._venue = venue
        self._endpoints = tuple(map(Endpoint, urls))
        self._current = self._endpoints[0]
        self._clock = clock
        self._timeout_s = timeout_ms / 1000
        self._tries = max(rounds, len(self._endpoints))
        self._pool: Pool | None = None
        self._collecting: tuple[dict[Request, None], asyncio.Task[dict[Request, Answer]]] | None = None
        self._vouched: set[Endpoint] = set()
        self._chain: int | None = None
        self.requests = 0

    async def open(self) -> None:
        """Allow requests. Connections are made when they are needed."""
        self._pool = self._pool or Pool()

    async def close(self) -> None:
        """Let the connections go."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    def stay_on(self, chain: int) -> None:
        """From now on believe only endpoints that answer for this chain, as the one that is asked at present does. Each other one is
        asked for its chain before anything else."""
        self._chain = chain
        self._vouched.add(self._current)

    async def batch(self, requests: Sequence[Request]) -> list[Answer]:
        """The answers to reads, in their order, by one HTTP request. Raises `RpcUnavailable` when no endpoint gives any."""
        body = _body(requests)
        pause, trouble = _FIRST_PAUSE_MS, ""
        for attempt in range(self._tries):
            used = self._current
            try:
                await self._vouch(used)
                return _answers(await self._read(used, body), len(requests))
            except FAILURES as error:
                trouble = f"{used.origin.host}: {error or type(error).__name__}"
            self.go_on(used)
            if attempt + 1 < self._tries:
                await self._clock.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_MS)
        raise RpcUnavailable(f"{self._venue}: the chain cannot be read ({trouble}); check the RPC endpoint")

    async def together(self, requests: Sequence[Request]) -> list[Answer]:
        """As `batch`, in one HTTP request with everything that is asked so in this turn of the event loop; what several ask is asked
        once. Parameters must be hashable."""
        if self._collecting is None:
            asked: dict[Request, None] = {}
            self._collecting = asked, asyncio.get_running_loop().create_task(self._collected(asked))
        asked, reading = self._collecting
        asked.update(dict.fromkeys(requests))
        answers = await asyncio.shield(reading)  # one who gives up must not take them from the others
        return [answers[each] for each in requests]

    async def _collected(self, asked: dict[Request, None]) -> dict[Request, Answer]:
        self._collecting = None
        requests = tuple(asked)
        return dict(zip(requests, await self.batch(requests), strict=True))

    async def ask(self, method: str, *params: Any) -> Any:
        """The result of one read. Raises `RpcUnavailable`, also when the node refuses it."""
        (answer,) = await self.batch((Request(method, params),))
        if answer.fault is not None:
            raise RpcUnavailable(f"{self._venue}: the node refuses {method}: {answer.fault.message}")
        return answer.result

    async def others(self, request: Request) -> list[tuple[str, Answer]]:
        """What the endpoints that are not asked at present answer to a read, with their hosts; nothing of one that does not answer."""
        body, asked = _body((request,)), [each for each in self._endpoints if each is not self._current]
        told = await asyncio.gather(*(self._told(each, body) for each in asked))
        return [(each.origin.authority, answer) for each, answer in zip(asked, told, strict=True) if answer is not None]

    async def _told(self, endpoint: Endpoint, body: bytes) -> Answer | None:
        try:
            return _answers(await self._read(endpoint, body), 1)[0]
        except FAILURES:
            return None

    @property
    def endpoints(self) -> int:
        """How many there are."""
        return len(self._endpoints)

    def go_on(self, failed: Endpoint | None = None) -> None:
        """Ask the next endpoint from now on; where one is said to have failed, unless another read has gone on from it already."""
        if failed is None or failed is self._current:
            self._current = self._endpoints[(self._endpoints.index(self._current) + 1) % len(self._endpoints)]

    @property
    def target(self) -> tuple[str, str]:
        """Where a write would go now, as it may be shown: the host with its port, and `***` in the place of a path, which may be a key."""
        return self._current.shown

    async def write(self, method: str, *params: Any) -> Answer:
        """Send a write, once. Raises `NotConnected`, which proves that no byte of it left; `Broken`, `Garbled` or `TimeoutError` where it
        may have arrived."""
        used = self._current
        try:
            await self._vouch(used)
        except FAILURES as error:
            raise NotConnected(f"{used.origin.host}: {error or type(error).__name__}") from None
        (answer,) = _answers(await self._post(used, _body((Request(method, params),)), read=False), 1)
        return answer

    async def _vouch(self, endpoint: Endpoint) -> None:
        """Raises `Garbled` where the endpoint answers for another chain: one that did not answer at the start may stand in later."""
        if self._chain is None or endpoint in self._vouched:
            return
        (answer,) = _answers(await self._read(endpoint, _body((_CHAIN_ID,))), 1)
        if answer.fault is not None or answer.result != hex(self._chain):
            raise Garbled(f"it answers for chain {answer.result}, and the run began on {self._chain}")
        self._vouched.add(endpoint)

    async def _read(self, endpoint: Endpoint, body: bytes) -> Any:
        answered = await self._post(endpoint, body, read=True)
        if any(_is_busy(each) for each in (answered if isinstance(answered, list) else [answered])):
            raise Garbled("too many requests")
        return answered

    async def _post(self, endpoint: Endpoint, body: bytes, *, read: bool) -> Any:
        if self._pool is None:
            raise RpcUnavailable(f"{self._venue}: the connection is not open")
        self.requests += 1
        status, _, content = await self._pool.ask(endpoint.origin, endpoint.request(body), self._timeout_s, read=read)
        if status != 200:
            raise Garbled(f"HTTP {status}")
        return _parsed(endpoint.without_key(content))


def _body(requests: Sequence[Request]) -> bytes:
    members = [{"jsonrpc": "2.0", "id": number, "method": r.method, "params": r.params} for number, r in enumerate(requests)]
    return _ENCODER.encode(members if len(members) > 1 else members[0]).encode()


def _answers(answered: Any, count: int) -> list[Answer]:
    """The members of a batch by their ids: they may come in any order. Raises `Garbled` when one is missing."""
    members = answered if isinstance(answered, list) else [answered]
    by_id = {each["id"]: each for each in members if isinstance(each, dict) and isinstance(each.get("id"), int)}
    if any(number not in by_id for number in range(count)):
        raise Garbled("an answer is missing")
    return [_answer(by_id[number]) for number in range(count)]


def _answer(member: dict[str, Any]) -> Answer:
    error = member.get("error")
    if error is None:
        if "result" not in member:
            raise Garbled("an answer has neither result nor error")
        return Answer(member["result"])
    if not isinstance(error, dict):
        return Answer(None, Fault(0, str(error)))
    code = error.get("code")
    return Answer(None, Fault(code if isinstance(code, int) else 0, str(error.get("message", "")), _data_of(error.get("data"))))


def _data_of(data: Any) -> str:
    """Revert data: hex as it is, or inside an object, or behind a word as some clients put it."""
    if isinstance(data, dict):
        data = data.get("data") or data.get("result")
    text = str(data or "")
    return "0x" + text.rpartition("0x")[2] if "0x" in text else ""


def _is_busy(member: Any) -> bool:
    error = member.get("error") if isinstance(member, dict) else None
    if not isinstance(error, dict):
        return False
    code = error.get("code")
    return code == _TOO_MANY_REQUESTS or (code == _OVER_A_LIMIT and not TOO_WIDE.search(str(error.get("message", ""))))


def _parsed(content: bytes) -> Any:
    """Raises `Garbled`, without what was sent: it may be a page that shows the URL."""
    try:
        return json.loads(content.decode())
    except ValueError as error:
        raise Garbled(f"the answer is not JSON ({type(error).__name__})") from None

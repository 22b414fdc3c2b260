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
from urllib.parse import urlsplit

from basis_venues.clock import Clock
from basis_venues.errors import TryAgainLater
from basis_venues.guard import host_of
from basis_venues.secret import Secret

from .posting import Broken, Endpoint, Unconnected

_BUSY = frozenset({429, -32005})
"""Error codes by which a node says: too many requests."""
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


class Answer(NamedTuple):
    """The answer to one request: a result, or a fault."""

    result: Any
    fault: Fault | None = None


class RpcUnavailable(TryAgainLater):
    """No endpoint answered a read."""


class NotSent(Exception):
    """Proof that no byte of a write left: the connection could not be made."""


class NoAnswer(Exception):
    """A write was sent and its answer could not be read. It may have arrived."""


class Rpc:
    """The endpoints of one chain, the first being preferred. `requests` counts HTTP requests, for tests and people."""

    def __init__(self, venue: str, urls: Sequence[Secret], clock: Clock, timeout_ms: int, rounds: int = 3) -> None:
        self._venue = venue
        self._urls = tuple(urls)
        self._clock = clock
        self._timeout_ms = timeout_ms
        self._tries = max(rounds, len(self._urls))
        self._endpoints: tuple[Endpoint, ...] = ()
        self._current = 0
        self._collecting: tuple[dict[Request, None], asyncio.Task[dict[Request, Answer]]] | None = None
        self.requests = 0

    async def open(self) -> None:
        """Allow requests. Connections are made when they are needed."""
        if not self._endpoints:
            self._endpoints = tuple(Endpoint(url, self._timeout_ms) for url in self._urls)

    async def close(self) -> None:
        """Let the connections go."""
        endpoints, self._endpoints = self._endpoints, ()
        for endpoint in endpoints:
            await endpoint.close()

    async def batch(self, requests: Sequence[Request]) -> list[Answer]:
        """The answers to reads, in their order, by one HTTP request. Raises `RpcUnavailable` when no endpoint gives any."""
        body = _body(requests)
        pause, trouble = _FIRST_PAUSE_MS, ""
        for attempt in range(self._tries):
            try:
                return _answers(await self._post(body), len(requests))
            except (Unconnected, Broken, ValueError) as error:
                trouble = f"{host_of(self._urls[self._current].reveal())}: {error}"
            self._current = (self._current + 1) % len(self._urls)
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

    @property
    def target(self) -> tuple[str, str]:
        """Where a write would go now, as it may be shown: the host with its port, and `***` in the place of a path, which may be a key."""
        parts = urlsplit(self._urls[self._current].reveal())
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.hostname}{port}", "/" if parts.path in ("", "/") and not parts.query else "***"

    async def write(self, method: str, *params: Any) -> Answer:
        """Send a write, once. Raises `NotSent` or `NoAnswer`."""
        try:
            (answer,) = _answers(await self._post(_body((Request(method, params),)), write=True), 1)
        except Unconnected as error:
            raise NotSent(f"no connection ({error})") from None
        except (Broken, ValueError) as error:
            raise NoAnswer(str(error)) from None
        return answer

    async def _post(self, body: bytes, *, write: bool = False) -> Any:
        if not self._endpoints:
            raise RpcUnavailable(f"{self._venue}: the connection is not open")
        self.requests += 1
        status, content = await self._endpoints[self._current].post(body)
        if status != 200:
            raise ValueError(f"HTTP {status}")
        answered = _parsed(self._without_key(content))
        if not write and any(_is_busy(each) for each in (answered if isinstance(answered, list) else [answered])):
            raise ValueError("too many requests")
        return answered

    def _without_key(self, content: bytes) -> bytes:
        """An answer in which a provider repeats the key of the URL, with the key taken out."""
        parts = urlsplit(self._urls[self._current].reveal())
        words = (each for each in re.split(r"[/&=]", f"{parts.path}/{parts.query}") if len(each) >= _KEY_LENGTH)
        for word in words:
            content = content.replace(word.encode(), b"***")
        return content


def _body(requests: Sequence[Request]) -> bytes:
    members = [{"jsonrpc": "2.0", "id": number, "method": r.method, "params": r.params} for number, r in enumerate(requests)]
    return _ENCODER.encode(members if len(members) > 1 else members[0]).encode()


def _answers(answered: Any, count: int) -> list[Answer]:
    """The members of a batch by their ids: they may come in any order. Raises `ValueError` when one is missing."""
    members = answered if isinstance(answered, list) else [answered]
    by_id = {each["id"]: each for each in members if isinstance(each, dict) and "id" in each}
    if any(number not in by_id for number in range(count)):
        raise ValueError("an answer is missing")
    return [_answer(by_id[number]) for number in range(count)]


def _answer(member: dict[str, Any]) -> Answer:
    error = member.get("error")
    if error is None:
        if "result" not in member:
            raise ValueError("an answer has neither result nor error")
        return Answer(member["result"])
    if not isinstance(error, dict):
        return Answer(None, Fault(0, str(error)))
    return Answer(None, Fault(int(error.get("code") or 0), str(error.get("message", "")), _data_of(error.get("data"))))


def _data_of(data: Any) -> str:
    """Revert data: hex as it is, or inside an object, or behind a word as some clients put it."""
    if isinstance(data, dict):
        data = data.get("data") or data.get("result")
    text = str(data or "")
    return "0x" + text.rpartition("0x")[2] if "0x" in text else ""


def _is_busy(member: Any) -> bool:
    error = member.get("error") if isinstance(member, dict) else None
    return isinstance(error, dict) and error.get("code") in _BUSY


def _parsed(content: bytes) -> Any:
    """Raises `ValueError`, without what was sent: it may be a page that shows the URL."""
    try:
        return json.loads(content.decode())
    except ValueError as error:
        raise ValueError(f"the answer is not JSON ({type(error).__name__})") from None

"""One connection to an exchange: ccxt builds and signs the requests, everything that decides about money is on this side.

ccxt's own parsing, retries, error classes and rate limiter are not used: an answer is JSON with exact figures or it raises `Said`.
Client and market data of one venue share a connection, and with it the session, the clock and the budget.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from basis_venues.contract import ClientContext
from basis_venues.errors import CredentialError
from basis_venues.network import Network
from basis_venues.secret import Secret

from .budget import RateBudget
from .exchanges import exchange_class
from .rules import Rules
from .saying import Proof, Said
from .session import Bounds, GuardedSession
from .venue_clock import VenueClock
from .wire import Failure, Keys, Request, Wire

DEFAULT_PAUSE_MS = 1_000
DEFAULT_BAN_MS = 600_000
_SILENT = logging.Logger("basis_venues_ccxt", logging.CRITICAL + 1)
"""ccxt writes headers and signatures to its logger at the level DEBUG; this one goes nowhere."""
_open: dict[tuple[str, ...], Connection] = {}


def connection_of(context: ClientContext, wire: Wire, rules: Rules) -> Connection:
    """The connection of the venue's account in this run; made at the first call."""
    key = (context.venue, context.network.value, context.account.identity, context.endpoints.get("base", ""), str(id(context.clock)))
    found = _open.get(key)
    if found is None or found.context.credentials != context.credentials:
        found = _open[key] = Connection(context, wire, rules)
    return found


class Connection:
    """Calls to one exchange, as one account."""

    def __init__(self, context: ClientContext, wire: Wire, rules: Rules) -> None:
        self.context = context
        self.wire = wire
        self.rules = rules
        self.clock = VenueClock(context.clock, self._time)
        banned = Path(context.state) / f"banned-{context.venue}-{context.network.value}" if context.state else None
        self.budget = context.limiter if isinstance(context.limiter, RateBudget) else RateBudget(rules.per_minute, context.clock, banned)
        self._bounds = Bounds(
            venue=context.venue,
            hosts=rules.of(context.network),
            allowed=context.allowed_hosts,
            endpoint=context.endpoints.get("base"),
            header=wire.headers.get(context.network),
        )
        self._exchange: Any = None
        self._session: GuardedSession | None = None

    @property
    def network(self) -> Network:
        """Where it leads."""
        return self.context.network

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where requests really go, for people."""
        return (self._bounds.endpoint,) if self._bounds.endpoint else tuple(sorted(self._bounds.hosts))

    def has(self, api: str) -> bool:
        """Whether the credentials of a section are there."""
        keys = self.wire.keys(api)
        return all(self.context.credentials.get(name) for name in keys if name)

    async def call(self, request: Request, *, fence: int | None = None, urgent: bool = False) -> Any:
        """Send one request and answer the JSON that came back. `fence`: the venue's time after which it must not be carried out.

        Raises `Said` where the venue answered something else than a success, `GuardRefused` or `TryAgainLater` where nothing left,
        and ccxt's network errors, with their causes, where no answer came.
        """
        await self.budget.take(urgent=urgent)
        headers: dict[str, str] = {}
        window: int | None = None
        if fence is not None:
            request, headers, window = self.wire.fenced(request, fence, self.clock.now())
        try:
            return await self._ready().send(request, headers, window)
        except Said as said:
            self._slow_down(said)
            if self.wire.proofs.of(said) is Proof.CLOCK and request != self.wire.clock:
                await self._mend_clock()
            raise

    async def ask(self, request: Request) -> Any:
        """The answer to a question; None where the venue refuses it as one about something that it does not have."""
        try:
            return await self.call(request, urgent=True)
        except Said as said:
            if self.wire.proofs.of(said) is Proof.REFUSED:
                return None
            raise

    async def close(self) -> None:
        """Let the connection go; the next call opens it again."""
        for key in [key for key, each in _open.items() if each is self]:
            del _open[key]
        exchange, self._exchange = self._exchange, None
        session, self._session = self._session, None
        if exchange is not None:
            await exchange.close()
        if session is not None:
            await session.close()

    def keys_for(self, api: str) -> tuple[str, str, str]:
        """Key, secret and passphrase of a section. Raises `CredentialError`, naming what is missing."""
        names = self.wire.keys(api)
        missing = [name for name in names if name and not self.context.credentials.get(name)]
        if missing:
            raise CredentialError(f"{self.context.venue}: the credential {missing[0]} is needed for this and is not set")
        key, secret, passphrase = (_revealed(self.context.credentials.get(name, "")) for name in names)
        return key, secret, passphrase

    def clean(self, words: str) -> str:
        """Words of the venue without anything that is secret."""
        for each in self.context.credentials.values():
            if isinstance(each, Secret) and each:
                words = words.replace(each.reveal(), "***")
        return words[:300]

    async def _time(self) -> int:
        return self.wire.time(await self.call(self.wire.clock, urgent=True))

    async def _mend_clock(self) -> None:
        """Measure the venue's time anew: a write and a look-up alike would be refused for it for ever."""
        with suppress(Exception):  # the next request will be told again
            await self.clock.synchronise()

    def _slow_down(self, said: Said) -> None:
        if self.wire.banned(said.status):
            self.budget.ban(said.retry_after or DEFAULT_BAN_MS)
        elif self.wire.proofs.of(said) is Proof.PACE:
            self.budget.pause(said.retry_after or DEFAULT_PAUSE_MS)

    def _ready(self) -> Any:
        """The ccxt object. Network first, markets never: a switch after loading would leave the other network's filters in place."""
        if self._exchange is None:
            self._session = GuardedSession(self._bounds)
            made = _sending(exchange_class(self.wire.exchange))(
                {
                    "session": self._session,
                    "ssl_context": False,
                    "enableRateLimit": False,
                    "timeout": self.context.settings.request_timeout_ms,
                    "timeout_on_exit": 0,
                    "options": dict(self.wire.options),
                }
            )
            made.connection = self
            made.logger = _SILENT
            self.wire.switch(made, self.network)
            self._exchange = made
        return self._exchange


def _revealed(value: Secret | str) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _sending(base: Any) -> Any:
    """A ccxt class that signs with our keys at our time, and hands answers on as they are."""

    class Sending(base):  # type: ignore[misc]
        connection: Connection
        extra: Mapping[str, str] = {}

        async def send(self, request: Request, headers: Mapping[str, str], window: int | None) -> Any:
            """Sign and send, without anything in between that could send twice."""
            signed = self.signed(request) if window is None else self._signed_within(request, window)
            return await self.fetch(signed["url"], signed["method"], {**(signed["headers"] or {}), **headers}, signed["body"])

        def _signed_within(self, request: Request, window: int) -> Any:
            usual = self.options.pop("recvWindow", None)
            self.options["recvWindow"] = window
            try:
                return self.signed(request)
            finally:  # what was left of one write's fence must not make the look-ups after it fail
                del self.options["recvWindow"]
                if usual is not None:
                    self.options["recvWindow"] = usual

        def signed(self, request: Request) -> Any:
            public = "public" in request.api.lower()
            names = ("", "", "") if public else self.connection.keys_for(request.api)
            self.apiKey, self.secret, self.password = names
            try:
                return self.sign(request.path, [request.api, request.method], request.method, dict(request.params))
            finally:
                self.apiKey = self.secret = self.password = ""

        def milliseconds(self) -> int:
            return self.connection.clock.now()

        def nonce(self) -> int:
            return self.connection.clock.now()

        def on_json_response(self, body: str) -> Any:
            return json.loads(body, parse_float=Decimal)

        def handle_errors(self, status: int, _reason: Any, _url: Any, _method: Any, headers: Any, _body: Any, answer: Any, *_: Any) -> None:
            failure = _failure(self.connection.wire, status, answer)
            if failure is not None:
                raise Said(status, failure.code, self.connection.clean(failure.words), _retry_after(headers))

        def handle_http_status_code(self, *_: Any) -> None:
            """Judged already, above."""

    return Sending


def _failure(wire: Wire, status: int, answer: Any) -> Failure | None:
    """What was said instead of a success; None for a success. No JSON, a redirect or an error status is never one."""
    found = wire.failure(answer) if isinstance(answer, (dict, list)) else Failure("", "the answer is not JSON")
    if found is None and not 200 <= status < 300:
        return Failure("", "without a reason")
    return found


def _retry_after(headers: Any) -> int:
    text = str(headers.get("Retry-After", "")) if headers is not None else ""
    return int(text) * 1000 if text.isdigit() else 0


__all__ = ["Connection", "Keys", "connection_of"]

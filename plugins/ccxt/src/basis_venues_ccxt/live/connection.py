"""One connection to an exchange: ccxt builds and signs the requests, everything that decides about money is on this side.

ccxt's own sending, parsing, retries, error classes and rate limiter are not used: an answer is JSON with exact figures or it raises
`Said`.
Client and market data of one venue share a connection, and with it the session, the clock and the budget.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from basis_venues.contract import ClientContext
from basis_venues.errors import CredentialError
from basis_venues.network import Network
from basis_venues.orders import NEVER, Outgoing
from basis_venues.secret import Secret

from .budget import RateBudget
from .exchanges import exchange_class
from .saying import Proof, Said
from .session import Bounds, GuardedSession
from .showing import shown
from .signing import signing
from .venue_clock import VenueClock
from .wire import Failure, Keys, Request, Wire

DEFAULT_PAUSE_MS = 1_000
DEFAULT_BAN_MS = 600_000
TRIES = 5
"""So often a question is asked again that came too quickly."""


def connection_of(context: ClientContext, wire: Wire) -> Connection:
    """The connection that the venue's client and market data share; made at the first call. It is the run's and ends with it."""
    found: Connection | None = context.shared.get("connection")
    if found is None or not found.leads_as(context):
        found = context.shared["connection"] = Connection(context, wire)
    return found


class Connection:
    """Calls to one exchange, as one account."""

    def __init__(self, context: ClientContext, wire: Wire) -> None:
        manifest = context.manifest
        assert manifest is not None  # the core hands it to every client
        rule = manifest.rule(context.network)
        self.context = context
        self.wire = wire
        self.fence_ms = manifest.fence.milliseconds
        """How long after it was prepared a write may still be carried out; 0 where the exchange has no such deadline."""
        self.clock = VenueClock(context.clock, self._time)
        banned = Path(context.state) / f"banned-{context.venue}-{context.network.value}" if context.state else None
        pace = manifest.rate.requests_per_minute
        self.budget = RateBudget(pace, context.clock, banned)
        self._bounds = Bounds(
            venue=context.venue,
            hosts=frozenset(rule.hosts if rule is not None else ()),
            allowed=context.allowed_hosts,
            endpoint=context.endpoints.get("base"),
            header=wire.headers.get(context.network),
        )
        self._keys: dict[str, tuple[Secret | str, Secret | str, Secret | str]] = {}
        self._signer: Any = None
        self._session = GuardedSession(self._bounds)

    @property
    def network(self) -> Network:
        """Where it leads."""
        return self.context.network

    def leads_as(self, context: ClientContext) -> bool:
        """Whether it goes where that context wants to go, as whom it wants to."""
        mine = self.context
        return (mine.network, mine.endpoints, mine.credentials) == (context.network, context.endpoints, context.credentials)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where requests really go, for people."""
        return (self._bounds.endpoint,) if self._bounds.endpoint else tuple(sorted(self._bounds.hosts))

    def has(self, api: str) -> bool:
        """Whether the credentials of a section are there."""
        keys = self.wire.keys(api)
        return all(self.context.credentials.get(name) for name in keys if name)

    def fence(self, request: Request) -> int:
        """The moment after which a write that is prepared now must not be carried out any more; `NEVER` for an exchange without such a
        deadline. It is this machine's, ms: whoever waits for it to pass has this clock only, and how far the venue's is off may be
        measured anew meanwhile."""
        return self.clock.own() + self.fence_ms + self.wire.grace(request) if self.fence_ms else NEVER

    async def call(self, request: Request, *, fence: int | None = None, urgent: bool = False) -> Any:
        """Send one request and answer the JSON that came back. `fence`: see `fence`; the venue is told its own time of it.

        Raises `Said` where the venue answered something else than a success, `GuardRefused` or `TryAgainLater` where nothing left,
        `NotConnected` likewise, and `Broken`, `Garbled` or `TimeoutError` where no answer came that says anything.
        """
        await self.budget.take(urgent=urgent)
        request, headers, window = self._fenced(request, fence)
        try:
            return await self._sent(request, headers, window)
        except Said as said:
            self._slow_down(said)
            if self.wire.proofs.of(said) in (Proof.CLOCK, Proof.LATE) and request != self.wire.clock:
                await self._mend_clock()
            raise

    def shown(self, request: Request, fence: int | None) -> Outgoing:
        """The request as `call` would send it now, for a person. Raises `GuardRefused` where it would not leave."""
        request, headers, window = self._fenced(request, fence)
        exchange = self.make_ready()
        signed = exchange.signed_within(request, window)
        sent = exchange.prepare_request_headers({**(signed["headers"] or {}), **headers})
        self._bounds.check(signed["url"].partition("?")[0], sent)
        return shown(request, signed, sent, self._bounds.endpoint)

    def _fenced(self, request: Request, fence: int | None) -> tuple[Request, dict[str, str], int | None]:
        if fence is None or fence == NEVER:
            return request, {}, None
        return self.wire.fenced(request, self.clock.reached(fence), self.clock.now())

    async def ask(self, request: Request, left: int = TRIES) -> Any:
        """The answer to a question; None where the venue refuses it as one about something that it does not have. There is one for each
        market: what is refused because they came too quickly is asked again once the pause is over."""
        try:
            return await self.call(request, urgent=True)
        except Said as said:
            proof = self.wire.proofs.of(said)
            if proof in (Proof.REFUSED, Proof.FILTER):
                return None
            if not left or proof is not Proof.PACE:
                raise
        await self.budget.quiet()
        return await self.ask(request, left - 1)

    async def close(self) -> None:
        """Let the connection go; the next call opens it again."""
        await self._session.close()

    def keys_for(self, api: str) -> tuple[str, str, str]:
        """Key, secret and passphrase of a section. Raises `CredentialError`, naming what is missing."""
        found = self._keys.get(api)
        if found is None:
            found = self._keys[api] = self._named(self.wire.keys(api))
        key, secret, passphrase = found
        return _revealed(key), _revealed(secret), _revealed(passphrase)

    def _named(self, names: Keys) -> tuple[Secret | str, Secret | str, Secret | str]:
        credentials = self.context.credentials
        missing = [name for name in names if name and not credentials.get(name)]
        if missing:
            raise CredentialError(f"{self.context.venue}: the credential {missing[0]} is needed for this and is not set")
        return credentials[names.key], credentials[names.secret], credentials[names.passphrase] if names.passphrase else ""

    def clean(self, words: str) -> str:
        """Words of the venue without anything that is secret."""
        for each in self.context.credentials.values():
            if isinstance(each, Secret) and each:
                words = words.replace(each.reveal(), "***")
        return words[:300]

    async def _sent(self, request: Request, headers: Mapping[str, str], window: int | None) -> Any:
        """Sign and send, without anything in between that could send twice."""
        signer = self.make_ready()
        signed = signer.signed_within(request, window)
        said = signer.prepare_request_headers({**(signed["headers"] or {}), **headers})
        body = signed["body"].encode() if signed["body"] else None
        answer = await self._session.request(signed["method"], signed["url"], said, body, self.context.settings.request_timeout_ms / 1000)
        found = _read(answer.body)
        failure = _failure(self.wire, answer.status, found)
        if failure is not None:
            asked = f"{signed['method']} {_place(signed['url'])}"
            place = "" if failure.code else f"to {asked}: "  # what has no code is not about the account
            raise Said(answer.status, failure.code, self.clean(place + failure.words), _retry_after(answer.headers), self.clean(asked))
        return found

    async def _time(self) -> int:
        return self.wire.time(await self.call(self.wire.clock, urgent=True))

    async def _mend_clock(self) -> None:
        """Measure the venue's time anew: writes, or look-ups as well, would be refused for it for ever."""
        with suppress(Exception):  # the next request will be told again
            await self.clock.synchronise()

    def _slow_down(self, said: Said) -> None:
        if self.wire.banned(said.status):
            self.budget.ban(said.retry_after or DEFAULT_BAN_MS)
        elif self.wire.proofs.of(said) is Proof.PACE:
            self.budget.pause(said.retry_after or DEFAULT_PAUSE_MS)

    def make_ready(self) -> Any:
        """The ccxt object, imported and made at the first call, which takes too long to be part of a time that is measured. Network first,
        markets never: a switch after loading would leave the other network's filters in place."""
        if self._signer is None:
            made = signing(exchange_class(self.wire.exchange), self.keys_for, self.clock.now, self.wire.options)
            self.wire.switch(made, self.network)
            self._signer = made
        return self._signer


def _revealed(value: Secret | str) -> str:
    return value.reveal() if isinstance(value, Secret) else value


_EXACT = json.JSONDecoder(parse_float=Decimal)


def _read(body: bytes) -> Any:
    """The JSON of an answer, with exact figures; None where it is none."""
    try:
        return _EXACT.decode(body.decode())
    except (ValueError, RecursionError):
        return None


def _failure(wire: Wire, status: int, answer: Any) -> Failure | None:
    """What was said instead of a success; None for a success. No JSON, a redirect or an error status is never one."""
    found = wire.failure(answer) if isinstance(answer, (dict, list)) else Failure("", "the answer is not JSON")
    is_silent = not 200 <= status < 300 if found is None else not (found.code or found.words)
    return Failure("", json.dumps(answer, default=str)) if is_silent else found


def _place(url: str) -> str:
    """Host and path of a URL; its query is signed."""
    return url.partition("?")[0].partition("://")[2]


def _retry_after(headers: Mapping[str, str]) -> int:
    text = headers.get("retry-after", "")
    return int(text) * 1000 if text.isdigit() else 0

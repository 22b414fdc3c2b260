"""One request on its way through what is scripted: before it is carried out, in its effect, and in its reply."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import attrs
from aiohttp import web

from .faults.damage import DAMAGES, fuzz, page, repeated
from .faults.damage import status as with_status
from .faults.verbs import Stage, Verb
from .sandbox import Held, Sandbox, quirks_of
from .transport import close, reset, write_and_close
from .wire.call import Call, Reply, Route
from .wire.dialect import Dialect

_CLIENT_IDS = ("newClientOrderId", "origClientOrderId", "orderLinkId", "clOrdId")


class Gone(Exception):
    """The connection has been ended; nothing goes out."""


class Request:
    """A received request, on record from its beginning. `reply` may be awaited once."""

    def __init__(self, sandbox: Sandbox, dialect: Dialect, route: Route, call: Call, request: web.Request, connection: int) -> None:
        self._sandbox, self._dialect, self._route, self._call, self._request = sandbox, dialect, route, call, request
        text = f"{call.target} {call.body.decode(errors='replace')}"
        self._verbs = sandbox.faults.take(dialect.venue, route, f"{call.method} {call.path}", text)
        self._record = sandbox.recorder.add(
            at=call.now, venue=dialect.venue, host=call.headers.get("x-orig-host", ""), endpoint=route.endpoint, method=call.method,
            path=call.path, writes=route.writes, connection=connection, verbs=tuple(verb.name for verb in self._verbs),
        )  # fmt: skip

    async def reply(self) -> Reply:
        """The reply, as far as one goes out. Raises `Gone`."""
        reply = await self._before()
        if reply is None:
            reply = self._carried_out()
            for verb in self._verbs:
                if verb.stage is Stage.AFTER:
                    reply = await self._after(verb, reply)
        self._record.status = reply.status
        return reply

    def _carried_out(self) -> Reply:
        refused = self._dialect_check()
        if refused is not None:
            return refused
        self._sandbox.tick()
        call = attrs.evolve(self._call, quirks=quirks_of(self._verbs))
        reply = self._sandbox.carry_out(self._dialect, self._route, call)
        self._sandbox.looked_up(self._dialect.venue, self._route)
        return reply

    def _dialect_check(self) -> Reply | None:
        refused = self._sandbox.admit(self._dialect, self._route, self._call)
        params = self._call.params
        self._record.client_id = next((str(params[name]) for name in _CLIENT_IDS if params.get(name)), "")
        self._record.window = self._call.window
        return refused

    async def _before(self) -> Reply | None:
        """The reply of a request that is not carried out; None for one that is."""
        banned = self._sandbox.banned_until.get(self._dialect.venue, 0) - self._sandbox.world.now
        if banned > 0:
            return self._dialect.banned(-(-banned // 1000), self._sandbox.banned_until[self._dialect.venue])
        for verb in self._verbs:
            if verb.stage is Stage.BEFORE:
                reply = await self._met_before(verb)
                if reply is not None:
                    return reply
        return None

    async def _met_before(self, verb: Verb) -> Reply | None:
        said, dialect = verb.arguments, self._dialect
        match verb.name:
            case "delay":
                await asyncio.sleep(float(said["seconds"]))
                self._sandbox.tick()
                self._call.now = self._sandbox.world.now + self._call.exchange.books.settings.skew
                return None
            case "reset_on_accept":
                reset(self._request.transport)
                raise Gone
            case "drop":
                return await self._left_waiting(said)
            case "hold_until":
                return await self._held(said)
            case "redirect":
                return Reply(int(said["status"]), None, {"Location": str(said["location"]) + self._call.target.lstrip("/")}, b"")
            case "deny":
                return dialect.deny(self._call, self._route, said["code"], str(said["text"]), said["status"])
            case "duplicate_error":
                self._dialect_check()
                return dialect.duplicate(self._call)
            case "limit":
                return dialect.limited(int(said["retry_after"]))
            case "maintenance":
                return dialect.maintenance()
            case _:
                return with_status(Reply(200, None), said) if said["kind"] != "html" else page(int(said["status"]))

    async def _held(self, said: Any) -> Reply:
        """Keep the request for later: at the venue, if it would be admitted now, or on its way there."""
        arrived = said["at"] == "venue"
        refused = self._dialect_check() if arrived else None
        if refused is not None:
            return refused
        held = Held(self._call, self._route, _lookups(said["what"]), arrived)
        self._sandbox.held.append(held)
        seconds = _seconds(said["what"])
        if seconds is not None:
            asyncio.get_running_loop().call_later(seconds, self._let_go, held)
        return await self._left_waiting(said)

    def _let_go(self, held: Held) -> None:
        if held in self._sandbox.held:
            self._sandbox.let_go(held)

    async def _left_waiting(self, said: Any) -> Reply:
        """No reply: the client waits, or its connection ends."""
        if said["then"] == "reset":
            reset(self._request.transport)
        elif said["then"] != "close":
            await asyncio.sleep(float(said["seconds"]))
        close(self._request.transport)
        raise Gone

    async def _after(self, verb: Verb, reply: Reply) -> Reply:
        said = verb.arguments
        match verb.name:
            case "accept_then_hang":
                await asyncio.sleep(float(said["seconds"]))
                close(self._request.transport)
                raise Gone
            case "accept_then_reset":
                reset(self._request.transport)
                raise Gone
            case "accept_then_deny":
                return self._dialect.deny(self._call, self._route, said["code"], str(said["text"]), said["status"])
            case "garbage":
                write_and_close(self._request, b"\x16\x03garbage, not HTTP\r\n\r\n")
                raise Gone
            case "truncate":
                write_and_close(self._request, _bytes(reply)[0] + encoded(reply)[: int(said["sent"])])
                raise Gone
            case "fuzz":
                reply, self._record.fuzzed = fuzz(reply, said)
                return reply
            case "repeat_reply":
                return self._repeated(reply)
            case _:
                return DAMAGES[verb.name](reply, said)

    def _repeated(self, reply: Reply) -> Reply:
        """A read shows every row twice; the reply to a write is sent twice."""
        if not self._route.writes:
            return Reply(reply.status, repeated(reply.payload), reply.headers)
        head, body = _bytes(reply)
        write_and_close(self._request, (head + body) * 2)
        self._record.status = reply.status
        raise Gone


def respond(reply: Reply) -> web.Response:
    """The reply as a response."""
    headers = {"Content-Type": "application/json", **reply.headers}
    return web.Response(status=reply.status, body=encoded(reply), headers=headers)


def encoded(reply: Reply) -> bytes:
    """The body of a reply."""
    return reply.raw if reply.raw is not None else json.dumps(reply.payload, separators=(",", ":")).encode()


def _bytes(reply: Reply) -> tuple[bytes, bytes]:
    """Head and body as they go over the wire."""
    body = encoded(reply)
    head = f"HTTP/1.1 {reply.status} OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode(), body


def _lookups(what: Any) -> int | None:
    return 1 if what == "lookup" else None


def _seconds(what: Any) -> float | None:
    try:
        return float(what)
    except (TypeError, ValueError):
        return None

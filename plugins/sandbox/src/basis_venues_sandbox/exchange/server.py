"""The sandbox on a socket: one port for the venues, one for control, both on the loopback."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from weakref import WeakKeyDictionary

from aiohttp import web

from .control.controls import ControlError, Controls
from .sandbox import Sandbox
from .striking import Gone, Request, respond
from .transport import reset

HOST = "127.0.0.1"

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Answers requests and meets them with what is scripted. `open` and `close` are called on the loop that serves."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.port = self.control_port = 0
        self._runners: list[web.AppRunner] = []
        self._site: web.TCPSite | None = None
        self._kept: socket.socket | None = None
        self._numbers: WeakKeyDictionary[asyncio.BaseTransport, int] = WeakKeyDictionary()
        self._connections = 0
        self.followers: list[Callable[[int], Awaitable[None]]] = []
        """Told the moment (ms) whenever the clock was moved: other services that keep the same time."""

    async def open(self, port: int = 0, control_port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        self.control_port = await self._serve(self._control, control_port)
        self.port = await self._serve(self._answer, port)

    async def close(self) -> None:
        """Stop listening and let go of every connection."""
        if self._kept is not None:
            self._kept.close()
        for runner in self._runners:
            await runner.cleanup()

    async def refuse(self) -> None:
        """Refuse connections, and end those that there are. When it returns, none is open or can be made; the port stays taken."""
        if self._site is not None:
            await self._site.stop()
            self._site, self._kept = None, _bound(self.port)
        await _end_all(self._runners[-1])

    async def listen(self) -> None:
        """Take connections again, on the same port."""
        if self._kept is not None:
            self._kept.close()
            self._site, self._kept = web.TCPSite(self._runners[-1], HOST, self.port), None
            await self._site.start()

    async def _serve(self, handler: _Handler, port: int) -> int:
        app = web.Application(client_max_size=1 << 20)
        app.router.add_route("*", "/{rest:.*}", handler)
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._runners.append(runner)
        self._site = web.TCPSite(runner, HOST, port)
        await self._site.start()
        return int(runner.addresses[-1][1])

    async def _control(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["rest"]
        try:
            arguments = json.loads(await request.read() or b"{}")
            if name in ("refuse", "listen"):
                await (self.refuse() if name == "refuse" else self.listen())
                return web.json_response({"result": None})
            result = Controls(self.sandbox).call(name, arguments)
            if name == "advance" or (name == "time" and arguments.get("now") is not None):
                for follow in self.followers:
                    await follow(self.sandbox.clock.now())
            return web.json_response({"result": result})
        except (ControlError, ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.sandbox.tick()
        received = self.sandbox.received(request.method, request.raw_path, headers, body)
        if received is None:
            return web.json_response({"error": f"no venue of the sandbox has {request.method} {_place(headers, request.path)}"}, status=404)
        dialect, route, call = received
        met = Request(self.sandbox, dialect, route, call, request, self._number(request.transport))
        await asyncio.sleep(self.sandbox.latency.get(dialect.venue, 0))
        try:
            return respond(await met.reply())
        except Gone:
            return web.Response(status=500)  # the connection is closed: this goes nowhere

    def _number(self, transport: asyncio.BaseTransport | None) -> int:
        """Which connection it is, counted from 1."""
        if transport is None:
            return 0
        if transport not in self._numbers:
            self._connections += 1
            self._numbers[transport] = self._connections
        return self._numbers[transport]


async def _end_all(runner: web.AppRunner) -> None:
    """Reset every connection of a runner that takes no more. A connection that was accepted just before has its transport two rounds of the
    loop later; one that is aborted is closed in the next."""
    assert runner.server is not None
    for _ in range(2):
        await asyncio.sleep(0)
    while transports := [each.transport for each in runner.server.connections if each.transport is not None]:
        for transport in transports:
            reset(transport)
        await asyncio.sleep(0)


def _bound(port: int) -> socket.socket:
    """A socket that nobody can connect to, and that keeps others from the port."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((HOST, port))
    return made


def _place(headers: Mapping[str, str], path: str) -> str:
    """Host and path that a request was meant for, without its query."""
    return headers.get("x-orig-host", "") + path

"""The shim: a proxy in front of the node that counts what passes and plays faults. Without a fault it passes bytes through unchanged."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from inspect import isawaitable
from typing import Any

import cattrs
from aiohttp import ClientSession, ClientTimeout, TCPConnector, web

from ..addresses import Addresses
from ..errors import ChainBroken
from .faults import RECEIPT, SEND, Fault, FaultQueue, fault
from .lagging import asked_of, told_by, unknown_block
from .replacements import REFUSED, Replacements
from .wording import reworded

_OWN = "sandbox_"
_HELD = 60.0
_PATIENCE = ClientTimeout(total=120)
_UNKNOWN_BLOCK = {"code": -32000, "message": "header not found"}
_NO_CLIENTS_CODE = -32987

Member = dict[str, Any]
"""One JSON-RPC request or answer."""


class Shim:
    """One shim in front of one node (`node`: its URL). `start` and `stop` belong to one event loop.

    Requests whose methods start with `sandbox_` are its own: they control it, and are not counted.
    """

    def __init__(self, node: str, addresses: Addresses) -> None:
        self.node = node
        self.faults = FaultQueue()
        self.calls: Counter[str] = Counter()
        self.http_requests = 0
        self.url = ""
        self._addresses = cattrs.unstructure(addresses)
        self._replacements = Replacements(self._ask)
        self._session: ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self._own: Mapping[str, Callable[..., Any]] = {
            "sandbox_fault": self._add_fault,
            "sandbox_clear": self.faults.clear,
            "sandbox_counts": lambda: {"http": self.http_requests, "calls": dict(self.calls)},
            "sandbox_resetCounts": self._reset_counts,
            "sandbox_addresses": lambda: self._addresses,
            "sandbox_node": lambda: self.node,
            "sandbox_setTime": self._set_time,
        }

    async def start(self, port: int = 0) -> str:
        """Listen on the loopback; port 0 takes a free one. Returns the URL. Raises `ChainBroken` where the port is taken."""
        self._session = ClientSession(timeout=_PATIENCE, connector=TCPConnector(limit=0))
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", port).start()
        except OSError:
            raise ChainBroken(f"port {port} is taken by another program; end it, or choose another port") from None
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self.url

    async def stop(self) -> None:
        """Close every connection."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        content = json.loads(body)
        members: list[Member] = content if isinstance(content, list) else [content]
        passing = [each for each in members if not each["method"].startswith(_OWN)]
        self._count(passing)
        faults = self.faults.take(each["method"] for each in passing) if passing else []
        if not faults and len(passing) == len(members):
            return await self._pass(body, members)
        return await self._play(request, members, isinstance(content, list), {each.verb: each for each in faults})

    async def _pass(self, body: bytes, members: list[Member]) -> web.Response:
        status, answer = await self._forward(body)
        self._remember(members, answer)
        return web.Response(status=status, body=answer, content_type="application/json")

    async def _play(self, request: web.Request, members: list[Member], batch: bool, faults: Mapping[str, Fault]) -> web.StreamResponse:
        refused = await self._before(request, faults)
        if refused is not None:
            return refused
        answers = await self._answers(members, faults)
        if "accept_then_error" in faults:
            answers = [{"jsonrpc": "2.0", "id": each.get("id"), "error": _strange(faults["accept_then_error"])} for each in members]
        return await self._after(request, faults) or web.json_response(answers if batch else answers[0])

    async def _before(self, request: web.Request, faults: Mapping[str, Fault]) -> web.StreamResponse | None:
        """What happens before the node hears of it; a response where it never does."""
        if "drop" in faults:
            return _cut(request)
        if "status" in faults:
            return _status(int(faults["status"].value))
        if "delay" in faults:
            await asyncio.sleep(float(faults["delay"].value))
        if "fee_jump" in faults:
            await self._ask("anvil_setNextBlockBaseFeePerGas", [hex(int(faults["fee_jump"].value))])
        for method, params in faults["mutate_between"].value if "mutate_between" in faults else ():
            await self._ask(method, params)
        return None

    async def _after(self, request: web.Request, faults: Mapping[str, Fault]) -> web.StreamResponse | None:
        """What happens to the answer of a node that has done its work."""
        if "accept_then_timeout" in faults:
            await asyncio.sleep(float(faults["accept_then_timeout"].value or _HELD))
            return _cut(request)
        if "accept_then_reset" in faults:
            return _cut(request)
        if "accept_then_status" in faults:
            return _status(int(faults["accept_then_status"].value))
        if "garbage" in faults:
            return web.Response(text="<html>scripted fault", content_type="text/html")
        return None

    async def _answers(self, members: list[Member], faults: Mapping[str, Fault]) -> list[Member]:
        head = await self._head(faults)
        return [await self._answer(each, faults, head) for each in members]

    async def _answer(self, member: Member, faults: Mapping[str, Fault], head: int | None) -> Member:
        """The node's answer to one request, as the faults leave it."""
        made_up = await self._made_up(member, faults, head)
        if made_up is not None:
            return {"jsonrpc": "2.0", "id": member.get("id"), **made_up}
        asked = member if head is None else asked_of(member, head)
        _, body = await self._forward(json.dumps(asked).encode())
        self._remember([asked], body)
        answer: Member = json.loads(body)
        if head is not None:
            answer = told_by(member, answer, head)
        return reworded(answer, str(faults["wording"].value)) if "wording" in faults else answer

    async def _made_up(self, member: Member, faults: Mapping[str, Fault], head: int | None) -> Member | None:
        """The answer where the node is not asked."""
        method = member["method"]
        if method.startswith(_OWN):
            return await self._control(method, member.get("params") or ())
        if method == RECEIPT and "null_receipt" in faults:
            return {"result": None}
        if method == "eth_chainId" and "chain_id" in faults:
            return {"result": hex(int(faults["chain_id"].value))}
        if method == "net_version" and "chain_id" in faults:
            return {"result": str(int(faults["chain_id"].value))}
        if head is not None and unknown_block(member, head):
            return {"error": _UNKNOWN_BLOCK}
        if "refuse" in faults and faults["refuse"].concerns((method,)):
            return {"error": _strange(faults["refuse"])}
        bump = faults.get("min_bump")
        if method == SEND and bump and await self._replacements.too_cheap(member["params"][0], float(bump.value)):
            return reworded({"error": REFUSED}, str(faults["wording"].value)) if "wording" in faults else {"error": REFUSED}
        return None

    async def _head(self, faults: Mapping[str, Fault]) -> int | None:
        """The newest block of a node that lags; None where none does."""
        lagging = faults.get("lag") or faults.get("split_heads")
        if lagging is None or (lagging.verb == "split_heads" and lagging.seen % 2):
            return None
        return max(0, int(await self._ask("eth_blockNumber", []), 16) - int(lagging.value))

    async def _ask(self, method: str, params: list[Any]) -> Any:
        _, body = await self._forward(json.dumps({"jsonrpc": "2.0", "id": 0, "method": method, "params": params}).encode())
        answer = json.loads(body)
        if "error" in answer:
            raise web.HTTPBadGateway(text=f"{method}: {answer['error']['message']}")
        return answer["result"]

    async def _forward(self, body: bytes) -> tuple[int, bytes]:
        assert self._session is not None
        async with self._session.post(self.node, data=body, headers={"Content-Type": "application/json"}) as answer:
            return answer.status, await answer.read()

    def _remember(self, members: list[Member], answer: bytes) -> None:
        """What the node took, for the rule on replacements."""
        sent = {each.get("id"): each["params"][0] for each in members if each["method"] == SEND}
        if not sent:
            return
        content = json.loads(answer)
        for each in content if isinstance(content, list) else [content]:
            if "result" in each and each.get("id") in sent:
                self._replacements.remember(sent[each["id"]])

    async def _control(self, method: str, params: Sequence[Any]) -> Member:
        known = self._own.get(method)
        if known is None:
            return {"error": {"code": -32601, "message": f"there are {', '.join(self._own)}"}}
        try:
            result = known(*params)
            return {"result": await result if isawaitable(result) else result}
        except (TypeError, ValueError) as wrong:
            return {"error": {"code": -32602, "message": str(wrong)}}

    def _add_fault(self, content: Mapping[str, Any]) -> None:
        self.faults.add(fault(**content))

    async def _set_time(self, at: int) -> int:
        """Mine a block at `at` (ms), if that is after the newest one's time. Returns the newest one's time."""
        block = await self._ask("eth_getBlockByNumber", ["latest", False])
        now = int(block["timestamp"], 16)
        if at // 1000 <= now:
            return now * 1000
        await self._ask("evm_setNextBlockTimestamp", [at // 1000])
        await self._ask("evm_mine", [])
        return at // 1000 * 1000

    def _reset_counts(self) -> None:
        self.calls.clear()
        self.http_requests = 0

    def _count(self, members: list[Member]) -> None:
        self.http_requests += bool(members)
        self.calls.update(each["method"] for each in members)


def _strange(fault: Fault) -> Member:
    return {"code": _NO_CLIENTS_CODE, "message": str(fault.value or "scripted fault")}


def _status(status: int) -> web.Response:
    return web.Response(status=status, text="scripted fault", headers={"Retry-After": "1"} if status in (429, 503) else {})


def _cut(request: web.Request) -> web.StreamResponse:
    """End the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=502)

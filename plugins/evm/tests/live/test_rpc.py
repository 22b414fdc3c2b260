"""The transport: what is tried again, what never is, and what is not shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

import pytest
from aiohttp import web

from basis_venues.clock import SystemClock
from basis_venues.errors import ConfigurationError, GuardRefused
from basis_venues.http import Garbled, NotConnected
from basis_venues.secret import Secret
from basis_venues_evm.live import EvmChain, Request, Rpc, RpcUnavailable, Signer, Wanted
from basis_venues_evm.live.rpc import Fault
from basis_venues_evm.settings import ChainSettings, TransactionSettings
from basis_venues_evm.testing import wallet_context

Reply = Callable[[Any], Awaitable[web.Response]]
SETTINGS = ChainSettings(venue_type="infrastructure", tokens={})


class Node:
    """An endpoint that answers as it is told, and keeps what it was asked."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.asked: list[Any] = []
        self.connections: set[int] = set()

    async def answer(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        self.asked.append(body)
        self.connections.add(id(request.transport))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, int):
            return web.Response(status=reply)
        told = reply(body)
        return web.json_response(await told if isawaitable(told) else told, content_type="application/json")


def good(body: Any) -> Any:
    """Each member's result is its method; members come in the reverse order."""
    if isinstance(body, list):
        return [{"id": each["id"], "result": each["method"]} for each in reversed(body)]
    return {"id": body["id"], "result": body["method"]}


def run(course: Callable[..., Awaitable[None]], *nodes: Node) -> None:
    """Serve the nodes, and carry the course out with an `Rpc` over all of them."""

    async def inside() -> None:
        runners, urls = [], []
        for node in nodes:
            app = web.Application()
            app.router.add_post("/v2/{key}", node.answer)
            runner = web.AppRunner(app)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            runners.append(runner)
            urls.append(Secret(f"http://127.0.0.1:{runner.addresses[0][1]}/v2/very-secret-key{len(urls)}"))
        rpc = Rpc("alchemy", urls, SystemClock(), timeout_ms=1000, rounds=3)
        await rpc.open()
        try:
            await course(rpc)
        finally:
            await rpc.close()
            for runner in runners:
                await runner.cleanup()

    asyncio.run(inside())


def test_answers_are_matched_by_their_ids() -> None:
    """A provider may answer a batch in any order."""

    async def course(rpc: Rpc) -> None:
        answers = await rpc.batch([Request("a"), Request("b"), Request("c")])
        assert [each.result for each in answers] == ["a", "b", "c"]
        assert rpc.requests == 1

    run(course, Node(good))


def test_one_connection_serves_all_requests() -> None:
    """It is kept."""
    node = Node(good)

    async def course(rpc: Rpc) -> None:
        for _ in range(5):
            await rpc.ask("a")
        assert len(node.connections) == 1

    run(course, node)


def _part(body: Any) -> Any:
    return [{"id": 0, "result": 1}]


def _busy(body: Any) -> Any:
    return {"id": 0, "error": {"code": 429, "message": "compute units"}}


@pytest.mark.parametrize("trouble", [429, 503, 502, 307, _part, _busy])
def test_a_read_goes_to_the_next_endpoint(trouble: Any) -> None:
    """Too many requests, a server's error, a redirect, an answer with a member missing."""
    first, second = Node(trouble), Node(good)

    async def course(rpc: Rpc) -> None:
        answers = await rpc.batch([Request("a"), Request("b")])
        assert [each.result for each in answers] == ["a", "b"]
        assert len(first.asked) == 1
        assert len(second.asked) == 1

    run(course, first, second)


def test_the_other_endpoints_are_asked_by_name_and_a_dead_one_says_nothing() -> None:
    """So that a chain can be compared at all of them before one has to stand in."""
    first, second, dead = Node(good), Node(good), Node(503)

    async def course(rpc: Rpc) -> None:
        told = await rpc.others(Request("eth_chainId"))
        assert [answer.result for _, answer in told] == ["eth_chainId"]
        assert not first.asked

    run(course, first, second, dead)


@pytest.mark.parametrize(("second", "refused"), [("0xaa36a7", True), ("0x88bb0", False)])
def test_endpoints_of_different_chains_are_refused_at_start(second: str, refused: bool) -> None:
    """Both chains are allowed, so that no other check tells them apart: positions and nonces of one would be taken for the other's."""
    allowed = frozenset({0x88BB0, 0xAA36A7})
    context = wallet_context(SETTINGS, allowed_hosts=frozenset({"127.0.0.1"}), allowed_chains=allowed)
    chain = EvmChain(context, (Secret("http://127.0.0.1:1"),), None, TransactionSettings())

    async def course(rpc: Rpc) -> None:
        chain.rpc = rpc
        with pytest.raises(GuardRefused if refused else ConfigurationError, match="answers for chain" if refused else "has no contracts"):
            await chain.open()

    run(course, Node(_on("0x88bb0")), Node(_on(second)))


def test_an_endpoint_that_was_silent_at_the_start_is_believed_only_on_the_same_chain() -> None:
    """It stands in for one that fails later: neither is anything read from it, nor does a write go to it."""
    first, other, same = Node(_on("0x88bb0")), Node(_on("0xaa36a7")), Node(_on("0x88bb0"))

    async def course(rpc: Rpc) -> None:
        rpc.stay_on(0x88BB0)
        assert await rpc.ask("eth_blockNumber") == "0x6000"
        first.replies = [503]
        assert await rpc.ask("eth_blockNumber") == "0x6000"
        assert [method for body in other.asked for method in _methods(body)] == ["eth_chainId"]
        assert [method for body in same.asked for method in _methods(body)] == ["eth_chainId", "eth_blockNumber"]
        rpc.go_on()  # to the first again, and then to the one that is on another chain
        rpc.go_on()
        with pytest.raises(NotConnected, match="answers for chain 0xaa36a7"):
            await rpc.write("eth_sendRawTransaction", "0x02")
        assert {method for body in other.asked for method in _methods(body)} == {"eth_chainId"}

    run(course, first, other, same)


def test_a_chain_that_was_opened_is_the_only_one_from_then_on() -> None:
    """Another one that is allowed as well is refused when a node that was asked before answers for it: by the heartbeat, and before
    anything is signed."""
    allowed = frozenset({31337, 1337})
    context = wallet_context(SETTINGS, allowed_hosts=frozenset({"127.0.0.1"}), allowed_chains=allowed)
    signer = Signer(Secret("0x" + "01" * 32), "KEY")
    chain = EvmChain(context, (Secret("http://127.0.0.1:1"),), signer, TransactionSettings())
    node = Node(_on("0x7a69"))
    step: Any = None

    async def course(rpc: Rpc) -> None:
        for part in (chain, chain._transactions):
            part.rpc = part._rpc = rpc  # type: ignore[union-attr]
        await chain._check()
        node.replies = [_on("0x539")]
        with pytest.raises(GuardRefused, match="connected to chain 1337"):
            await chain.check()
        with pytest.raises(GuardRefused, match="connected to chain 1337"):
            await chain.prepare(step, "key", Wanted("0x" + "22" * 20))

    run(course, node)


def _methods(body: Any) -> list[str]:
    return [each["method"] for each in (body if isinstance(body, list) else [body])]


def _on(chain: str) -> Callable[[Any], Any]:
    """A node of that chain, with code wherever it is asked for."""

    def told(body: Any) -> Any:
        members = body if isinstance(body, list) else [body]
        found = [{"id": each["id"], "result": chain if each["method"] == "eth_chainId" else "0x6000"} for each in members]
        return found if isinstance(body, list) else found[0]

    return told


@pytest.mark.parametrize(
    ("words", "busy"),
    [
        ("query returned more than 10000 results. Try with this block range [0x1, 0x2].", False),
        ("project ID request rate exceeded", True),
        ("daily request count exceeded, request rate limited", True),
    ],
)
def test_a_limit_on_results_is_an_answer_and_one_on_requests_is_not(words: str, busy: bool) -> None:
    """Infura has one code for both: what it says of logs reaches whoever asked for them, who asks for fewer."""
    first, second = Node(lambda body: {"id": 0, "error": {"code": -32005, "message": words}}), Node(good)

    async def course(rpc: Rpc) -> None:
        (answer,) = await rpc.batch([Request("eth_getLogs")])
        assert answer.fault == (None if busy else Fault(-32005, words))
        assert len(second.asked) == busy

    run(course, first, second)


def test_reads_that_fail_together_all_go_to_the_next_endpoint() -> None:
    """What one has left, the other does not go back to."""
    first, second = Node(503), Node(good)

    async def course(rpc: Rpc) -> None:
        assert await asyncio.gather(rpc.ask("a"), rpc.ask("b")) == ["a", "b"]
        assert (len(first.asked), len(second.asked)) == (2, 2)

    run(course, first, second)


def test_a_key_that_is_repeated_is_hidden_wherever_others_read_meanwhile() -> None:
    """The answer of the first endpoint comes when another read has gone on to the second: it is the first one's key that is in it."""
    moved_on = asyncio.Event()

    async def late(body: Any) -> Any:
        await moved_on.wait()
        return {"id": 0, "error": {"code": -32000, "message": "no such project: very-secret-key0"}}

    async def course(rpc: Rpc) -> None:
        waiting = asyncio.create_task(rpc.batch([Request("a")]))
        while not first.asked:
            await asyncio.sleep(0)
        assert await rpc.ask("b") == "b"
        moved_on.set()
        (answer,) = await waiting
        assert answer.fault is not None
        assert answer.fault.message == "no such project: ***"

    first = Node(late, 503)
    run(course, first, Node(good))


@pytest.mark.parametrize("odd", [{"id": [], "result": 1}, 7, None, "no"])
def test_an_answer_of_another_shape_is_none(odd: Any) -> None:
    """Nothing but the errors of the transport is ever raised for what a node says."""

    async def course(rpc: Rpc) -> None:
        with pytest.raises(Garbled):
            await rpc.write("eth_sendRawTransaction", "0x02")

    run(course, Node(lambda body: odd))


def test_a_refusal_with_a_code_of_another_shape_is_a_refusal() -> None:
    """Its words count; whatever stands in place of the number is 0."""

    async def course(rpc: Rpc) -> None:
        answer = await rpc.write("eth_sendRawTransaction", "0x02")
        assert answer.fault == Fault(0, "no")

    run(course, Node(lambda body: {"id": 0, "error": {"code": "x", "message": "no"}}))


def test_a_read_that_nobody_answers_names_the_host_and_no_key() -> None:
    """After every endpoint was tried."""
    node = Node(503)

    async def course(rpc: Rpc) -> None:
        with pytest.raises(RpcUnavailable) as refused:
            await rpc.ask("a")
        assert "127.0.0.1" in str(refused.value)
        assert "503" in str(refused.value)
        assert "very-secret-key" not in str(refused.value)
        assert len(node.asked) == 3

    run(course, node)


@pytest.mark.parametrize("trouble", [429, 500, 503, lambda body: {"id": 0}, lambda body: []])
def test_a_write_is_never_sent_again(trouble: Any) -> None:
    """Whatever comes back: one request, to one endpoint, and the outcome is unknown."""
    first, second = Node(trouble), Node(good)

    async def course(rpc: Rpc) -> None:
        with pytest.raises(Garbled):
            await rpc.write("eth_sendRawTransaction", "0x02")
        assert len(first.asked) == 1
        assert not second.asked

    run(course, first, second)


def test_a_connection_that_cannot_be_made_proves_that_nothing_left() -> None:
    """A closed port."""

    async def inside() -> None:
        rpc = Rpc("alchemy", [Secret("http://127.0.0.1:9/very-secret-key")], SystemClock(), timeout_ms=500, rounds=1)
        await rpc.open()
        with pytest.raises(NotConnected) as proof:
            await rpc.write("eth_sendRawTransaction", "0x02")
        assert "very-secret-key" not in str(proof.value)
        await rpc.close()

    asyncio.run(inside())


@pytest.mark.parametrize(
    ("error", "data"),
    [
        ({"code": 3, "message": "execution reverted", "data": "0x08c379a0"}, "0x08c379a0"),
        ({"code": -32015, "message": "VM execution error", "data": "Reverted 0x6d305815"}, "0x6d305815"),
        ({"code": -32000, "message": "reverted", "data": {"data": "0xdead"}}, "0xdead"),
        ({"code": -32000, "message": "reverted"}, ""),
    ],
)
def test_revert_data_are_found_where_clients_put_them(error: dict[str, Any], data: str) -> None:
    """Plain, behind a word, inside an object, or nowhere."""

    async def course(rpc: Rpc) -> None:
        (answer,) = await rpc.batch([Request("eth_call")])
        assert answer.fault is not None
        assert answer.fault.data == data

    run(course, Node(lambda body: {"id": 0, "error": error}))

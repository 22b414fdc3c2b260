"""What happened while nobody looked: found however long that was, and told apart from what a node no longer keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basis_venues.errors import HistoryGone
from basis_venues.orders import Effect
from basis_venues_evm.live import Registry, Request, RpcUnavailable
from basis_venues_evm.live.effects import Effects
from basis_venues_evm.live.history import WINDOW, History
from basis_venues_evm.live.reading import Reading
from basis_venues_evm.live.reverts import Reverts
from basis_venues_evm.live.rpc import Answer, Fault

ME, OTHER, TOKEN = "0x" + "11" * 20, "0x" + "22" * 20, "0x" + "33" * 20
RICH = 10**20
LOG_BLOCKS = 2000
FEE, SENT = 21_000 * 10**9, 10**15


class Node:
    """In place of the transport: a chain on which our account sent `SENT` wei in each of some blocks. It keeps the newest `keeps`, tells
    the logs of `granted` blocks at once, and refuses the rest with `words`."""

    def __init__(
        self, head: int, blocks: Sequence[int], keeps: int = 0, words: str = "missing trie node", granted: int = LOG_BLOCKS
    ) -> None:
        self.head, self.blocks = head, sorted(blocks)
        self.keeps, self.words = keeps or head, words
        self.granted = granted
        self.behind = 0
        self.logs_of: list[int] = []
        self.sizes: list[int] = []
        self.refused = 0
        self.endpoints = 1

    def go_on(self) -> None:
        """Another node of the provider, which keeps everything."""
        self.keeps = self.head if self.endpoints > 1 else self.keeps

    async def ask(self, method: str) -> str:
        assert method == "eth_blockNumber"
        return hex(self.head)

    async def batch(self, requests: Sequence[Request]) -> list[Answer]:
        assert len(requests) <= (20 if requests[0].method == "eth_getBlockByNumber" else 500)
        self.sizes.append(len(requests))
        return [self._answer(each.method, each.params) for each in requests]

    def _answer(self, method: str, params: Sequence[Any]) -> Answer:
        if method == "eth_getLogs":
            begin, end = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
            if end - begin >= self.granted:
                self.refused += 1
                return Answer(None, Fault(-32600, self.words))
            self.logs_of += range(begin, end + 1) if len(params[0]["topics"]) == 2 else ()
            return Answer([])
        if method == "eth_getBlockTransactionCountByNumber":
            return Answer("0x0" if int(params[0], 16) <= self.head - self.behind else None)
        if method in ("eth_getTransactionByHash", "eth_getTransactionReceipt"):
            return Answer(_transaction(int(params[0], 16)))
        block = int(params[1] if method != "eth_getBlockByNumber" else params[0], 16)
        if self.head - block > self.keeps:
            return Answer(None, Fault(-32000, self.words))
        done = sum(each <= block for each in self.blocks)
        if method == "eth_getBlockByNumber":
            return Answer({"transactions": [_transaction(block)] if block in self.blocks else []})
        return Answer(hex(RICH - done * (FEE + SENT) if method == "eth_getBalance" else done))


def _transaction(block: int) -> dict[str, Any]:
    name = {"hash": hex(block), "transactionHash": hex(block), "from": ME, "to": OTHER, "blockNumber": hex(block)}
    paid = {"gasUsed": hex(21_000), "effectiveGasPrice": hex(10**9), "gas": hex(21_000)}
    return {**name, **paid, "value": hex(SENT), "input": "0x", "status": "0x1", "logs": []}


def history_of(node: Node) -> History:
    """That of our account."""
    registry = Registry()
    registry.add_account("wallet", ME)
    registry.add_decoder(TOKEN, "Transfer(address,address,uint256)", lambda log, transaction: None)
    rpc: Any = node
    return History("alchemy", rpc, registry, Effects(registry, Reading("alchemy", rpc, Reverts())), LOG_BLOCKS)


def recent(node: Node, since: int) -> list[Effect]:
    """What the history tells of all positions since a block."""
    return asyncio.run(history_of(node).effects((), since, 0))


@settings(max_examples=40)
@given(
    head=st.integers(1000, 6 * WINDOW),
    since=st.integers(1, 900),
    blocks=st.sets(st.integers(2, 6 * WINDOW), max_size=5),
)
def test_all_that_happened_is_found_however_long_nobody_looked(head: int, since: int, blocks: set[int]) -> None:
    """Each transaction once, in its sequence; and the logs of every block are asked for, once."""
    node = Node(head, [block for block in blocks if block <= head])
    found = recent(node, since)
    assert list(dict.fromkeys(effect.at for effect in found)) == [block for block in node.blocks if block > since]
    assert len({effect.id for effect in found}) == len(found) == 2 * sum(block > since for block in node.blocks)
    assert node.logs_of == list(range(since + 1, head + 1))


def test_a_long_history_says_that_it_is_being_read(caplog: pytest.LogCaptureFixture) -> None:
    """One line for each week of it, none for a short one."""
    recent(Node(2 * WINDOW + 10, []), 5)
    assert [record.getMessage().partition(", of")[0] for record in caplog.records] == [
        f"alchemy: reading what happened in blocks 6 to {WINDOW + 5}",
        f"alchemy: reading what happened in blocks {WINDOW + 6} to {2 * WINDOW + 5}",
        f"alchemy: reading what happened in blocks {2 * WINDOW + 6} to {2 * WINDOW + 10}",
    ]
    caplog.clear()
    recent(Node(WINDOW, []), 5)
    assert not caplog.records


@pytest.mark.parametrize(
    "words",
    [
        "missing trie node 1c2f (path ) state 0x1c2f is not available",
        "historical state 1c2f is not available",
        "required historical state unavailable (reexec=128)",
        "state at block #7 is pruned",
        "pruned history unavailable",
        "No state available for block 0x7",
        "project does not have access to archive state",
    ],
)
def test_what_a_node_threw_away_is_gone(words: str) -> None:
    """It will not be there later either: that is for a person."""
    with pytest.raises(HistoryGone, match="does not keep the history"):
        recent(Node(1000, [], keeps=128, words=words), 7)


@pytest.mark.parametrize("words", ["internal error", "query timeout exceeded", "header not found", "too many results"])
def test_what_a_node_cannot_tell_now_is_to_be_asked_again(words: str) -> None:
    """Nobody is called for a node that stumbles."""
    with pytest.raises(RpcUnavailable, match="does not tell its history"):
        recent(Node(1000, [], keeps=128, words=words), 7)


def test_what_one_node_threw_away_another_may_keep() -> None:
    """Each endpoint is asked before it counts as gone."""
    node = Node(1000, [500], keeps=128)
    node.endpoints = 2
    assert {effect.at for effect in recent(node, 7)} == {500}


RANGES = (
    "Under the Free tier plan, you can make eth_getLogs requests with up to a 10 block range. Based on your parameters, this block range "
    "should work: [0x1, 0xa]. Upgrade to PAYG for expanded block range."
)


@pytest.mark.parametrize(
    "words",
    [
        RANGES,
        "eth_getLogs is limited to a 5 range",
        "Log response size exceeded",
        "query returned more than 10000 results",
        "exceed maximum block range: 1000",
        "query exceeds max results 20000, retry with the range 1-9",
        "Block range is too large",
    ],
)
@pytest.mark.parametrize(("head", "granted"), [(27, 10), (27, 5), (3000, 10), (3000, 1), (60_000, 1000)])
def test_a_node_that_grants_the_logs_of_fewer_blocks_is_asked_for_fewer(words: str, head: int, granted: int) -> None:
    """In the words of several providers; nothing is passed over, and what it grants is not asked for in vain again."""
    node = Node(head, [20], words=words, granted=granted)
    history = history_of(node)

    async def course() -> list[Effect]:
        found = await history.effects((), 7, 0)
        assert node.logs_of == list(range(8, head + 1))
        node.logs_of.clear()
        node.refused = 0
        return [*found, *await history.effects((), 7, 0)]

    assert [effect.at for effect in asyncio.run(course())] == [20] * 4
    assert node.logs_of == list(range(8, head + 1))
    assert not node.refused


@pytest.mark.parametrize("words", [RANGES, "block range extends beyond current head block", "eth_getLogs is not available"])
def test_why_logs_are_not_told_is_said(words: str) -> None:
    """In the node's own sentence; a node that is behind, or tells no logs, is not asked for fewer."""
    node = Node(27, [20], words=words, granted=0)
    with pytest.raises(RpcUnavailable, match="eth_getLogs") as refused:
        recent(node, 7)
    assert words in str(refused.value)
    assert node.sizes == ([4, 13, 61] if words == RANGES else [4])


def test_logs_are_believed_only_of_a_node_that_has_the_last_block_asked_for() -> None:
    """One that is behind answers with no logs and no error: what came in meanwhile would be passed over for good."""
    node = Node(1000, [])
    node.behind = 1
    with pytest.raises(RpcUnavailable, match="eth_getBlockTransactionCountByNumber: nothing there"):
        recent(node, 7)
    node.behind = 0
    assert recent(node, 7) == []


@pytest.mark.parametrize("until", [0, 29])
def test_a_node_that_has_not_seen_what_was_read_before_tells_no_history(until: int) -> None:
    """One that is behind does not say that nothing happened: what its older balances lack would be taken for a loss, and freeze the
    account."""
    node = Node(29, [20])
    with pytest.raises(RpcUnavailable, match="is at block 29, and block 30 was read before"):
        asyncio.run(history_of(node).effects((), 30, until))
    assert asyncio.run(history_of(node).effects((), 29, until)) == []


def test_a_busy_history_is_asked_for_in_pieces() -> None:
    """Hundreds of payments: neither full blocks nor transactions are asked for in one request of any size."""
    blocks = range(2000, 2600)
    node = Node(6000, blocks)
    assert {effect.at for effect in recent(node, 1000)} == set(blocks)
    assert max(node.sizes) <= 500

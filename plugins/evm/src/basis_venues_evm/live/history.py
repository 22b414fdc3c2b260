"""What happened to our accounts between two blocks, whoever caused it.

Transactions are found by the logs that name an account of ours, and where ETH or a nonce changed, by the block in which it did. A
payment of ETH from inside a contract leaves no log: it is then the change of that block that no transaction explains.

However long nobody looked, all of it is read, window by window. What a node has thrown away is told apart from what it cannot tell now.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

from basis_venues.amounts import MONEY, ZERO, from_units
from basis_venues.errors import HistoryGone
from basis_venues.keys import Key, split_key
from basis_venues.orders import Effect, deltas

from ..acting import balance_key
from ..settings import ETHER
from .effects import Effects
from .mined import mined
from .registry import Registry
from .rpc import TOO_WIDE, Answer, Request, Rpc, RpcUnavailable

WINDOW = 50_000
"""Blocks that are searched at once, about a week."""
_BATCH = 500
"""Members of one request: providers take a thousand, and an answer must stay of a size that is taken."""
_FULL_BLOCKS = 20
"""Of blocks with all their transactions, each of up to a few megabytes."""
_NARROWER = 4
_THROWN_AWAY = re.compile(
    r"prun|missing trie node|archive|too old|histor\w* (state|data|block)|no state available|state\b.*\b(un|not )available", re.IGNORECASE
)
"""What nodes say of blocks and states that they do not keep: geth, Erigon, Nethermind, Reth, and providers in front of them."""
_PARTS = 8
_LOG = logging.getLogger("basis_venues")


class _Point(NamedTuple):
    """ETH (in wei) and next nonce of an account after a block."""

    block: int
    ether: int
    nonce: int


class History:
    """Of the accounts of one chain."""

    def __init__(self, venue: str, rpc: Rpc, registry: Registry, effects: Effects, log_blocks: int) -> None:
        self._venue = venue
        self._rpc = rpc
        self._registry = registry
        self._effects = effects
        self._log_blocks = max(log_blocks, 1)

    async def effects(self, keys: Collection[Key], since: int, until: int) -> list[Effect]:
        """Effects on `keys` (none: on every position) after block `since` up to `until` (0: the latest), oldest first.

        Raises `RpcUnavailable` where the nodes do not tell now, as one that has not seen `since` yet, and `HistoryGone` where they no
        longer can.
        """
        last = until or int(await self._rpc.ask("eth_blockNumber"), 16)
        if last < since:
            raise RpcUnavailable(f"{self._venue}: the node is at block {last}, and block {since} was read before: it is behind")
        if not since or last == since:
            return []  # nothing was verified before: there is nothing to explain
        found: list[Effect] = []
        for begin in range(since, last, WINDOW):
            end = min(begin + WINDOW, last)
            if last - since > WINDOW:
                _LOG.warning("%s: reading what happened in blocks %d to %d, of those up to %d", self._venue, begin + 1, end, last)
            found += await self._between(keys, begin, end)
        return found

    async def _between(self, keys: Collection[Key], since: int, last: int) -> list[Effect]:
        accounts = set(self._registry.aliases.values())
        if keys:
            accounts &= {split_key(key).account for key in keys}
        hashes = await self._named_in_logs(accounts, since, last)
        changed: dict[str, list[tuple[_Point, _Point]]] = {}
        for alias in sorted(accounts):
            if not keys or balance_key(alias, ETHER) in keys:
                changed[alias] = await self._changes(self._registry.address(alias), since, last)
                hashes.update(await self._in_blocks(alias, (after.block for _, after in changed[alias])))
        found = [effect for transaction in await self._mined(hashes) for effect in await self._effects.of(transaction)]
        for alias, steps in changed.items():
            found += _unexplained(alias, steps, found)
        return sorted((each for each in found if _concerns(each, keys)), key=lambda effect: effect.at)

    async def _named_in_logs(self, accounts: Collection[str], since: int, last: int) -> dict[str, None]:
        """The hashes of transactions with a log of a registered contract that has an account of ours among its topics."""
        names = ["0x" + self._registry.address(alias)[2:].rjust(64, "0") for alias in accounts]
        contracts = self._registry.contracts
        if not names or not contracts:
            return {}
        topics = [[self._registry.topics, *([None] * place), names] for place in range(3)]
        found: dict[str, None] = {}
        begin = since + 1
        while begin <= last:
            end = min(begin + _BATCH // len(topics) * self._log_blocks - 1, last)
            ranges = ({**_range(at, end, self._log_blocks), "address": contracts} for at in range(begin, end + 1, self._log_blocks))
            requests = [Request("eth_getLogs", ({**each, "topics": named},)) for each in ranges for named in topics]
            requests.append(Request("eth_getBlockTransactionCountByNumber", (hex(end),)))  # a node that lacks it tells no logs, not why
            answers = await self._answers(requests)
            if self._narrowed(answers, end - begin + 1):
                continue
            *results, _ = self._results(requests, answers)
            found.update({log["transactionHash"]: None for result in results for log in result})
            begin = end + 1
        return found

    def _narrowed(self, answers: Iterable[Answer], asked: int) -> bool:
        """Whether the node takes logs of fewer blocks than it was asked for (no more than `asked`); then it is asked for fewer from now
        on."""
        blocks = min(self._log_blocks, asked)
        if blocks == 1 or not any(each.fault is not None and TOO_WIDE.search(each.fault.message) for each in answers):
            return False
        self._log_blocks = max(blocks // _NARROWER, 1)
        return True

    async def _changes(self, address: str, since: int, last: int) -> list[tuple[_Point, _Point]]:
        """The single blocks in which ETH or nonce of the account changed, each with the state before it and after."""
        waiting = [tuple(await self._points(address, (since, last)))]
        found: list[tuple[_Point, _Point]] = []
        while waiting:
            begin, end = waiting.pop()
            if begin[1:] == end[1:]:
                continue
            if end.block - begin.block == 1:
                found.append((begin, end))
                continue
            parts = min(_PARTS, end.block - begin.block)
            inner = [begin.block + (end.block - begin.block) * part // parts for part in range(1, parts)]
            points = [begin, *await self._points(address, inner), end]
            waiting.extend(pairwise(points))
        return sorted(found)

    async def _points(self, address: str, blocks: Sequence[int]) -> list[_Point]:
        methods = ("eth_getBalance", "eth_getTransactionCount")
        answers = await self._all([Request(method, (address, hex(block))) for block in blocks for method in methods])
        return [_Point(block, int(answers[2 * at], 16), int(answers[2 * at + 1], 16)) for at, block in enumerate(blocks)]

    async def _in_blocks(self, alias: str, blocks: Iterable[int]) -> dict[str, None]:
        """The hashes of transactions in these blocks that the account sent or that went to it."""
        address = self._registry.address(alias)
        answers = await self._all([Request("eth_getBlockByNumber", (hex(block), True)) for block in blocks], _FULL_BLOCKS)
        transactions = (each for block in answers for each in block["transactions"])
        return {each["hash"]: None for each in transactions if address in (each["from"].lower(), (each["to"] or "").lower())}

    async def _mined(self, hashes: Iterable[str]) -> list[Any]:
        methods = ("eth_getTransactionByHash", "eth_getTransactionReceipt")
        answers = await self._all([Request(method, (each,)) for each in hashes for method in methods])
        return [mined(answers[at], answers[at + 1]) for at in range(0, len(answers), 2)]

    async def _all(self, requests: Sequence[Request], at_once: int = _BATCH) -> list[Any]:
        """Every result, asked for `at_once` at a time. Raises as `_answers` and `_results`."""
        found: list[Any] = []
        for begin in range(0, len(requests), at_once):
            asked = requests[begin : begin + at_once]
            found += self._results(asked, await self._answers(asked))
        return found

    def _results(self, requests: Sequence[Request], answers: Sequence[Answer]) -> list[Any]:
        """Raises `RpcUnavailable` when one is missing."""
        for request, answer in zip(requests, answers, strict=True):
            if answer.fault is not None or answer.result is None:
                why = "nothing there" if answer.fault is None else answer.fault.message
                raise RpcUnavailable(f"{self._venue}: the node does not tell its history ({request.method}: {why})")
        return [answer.result for answer in answers]

    async def _answers(self, requests: Sequence[Request]) -> list[Answer]:
        """Of the first endpoint that keeps what is asked for. Raises `HistoryGone`."""
        gone = ""
        for _ in range(self._rpc.endpoints):
            answers = await self._rpc.batch(requests)
            said = (each.fault.message for each in answers if each.fault is not None)
            gone = next(filter(_THROWN_AWAY.search, said), "")
            if not gone:
                return answers
            self._rpc.go_on()
        raise HistoryGone(f"{self._venue}: its node does not keep the history for so long ({gone})")


def _unexplained(alias: str, steps: Iterable[tuple[_Point, _Point]], found: Sequence[Effect]) -> list[Effect]:
    """For each block the change of ETH that its transactions do not explain: a payment from inside a contract, or a block's reward."""
    key, more = balance_key(alias, ETHER), []
    for before, after in steps:
        explained = deltas(effect for effect in found if effect.at == after.block).get(key, ZERO)
        rest: Decimal = MONEY.subtract(from_units(after.ether - before.ether, 18), explained)
        if rest:
            more.append(Effect(f"block:{after.block}:{alias}:{ETHER}", None, ((key, rest),), after.block, "transfer"))
    return more


def _concerns(effect: Effect, keys: Collection[Key]) -> bool:
    return not keys or any(key in keys for key, _ in effect.lines)


def _range(begin: int, last: int, blocks: int) -> dict[str, str]:
    return {"fromBlock": hex(begin), "toBlock": hex(min(begin + blocks - 1, last))}

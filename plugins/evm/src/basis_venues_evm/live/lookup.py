"""What became of a transaction, by all the hashes that it was ever sent under.

Receipts first, then the pool, then the nonce. A receipt that is missing proves nothing: the node may lag. That another transaction took
the nonce is believed only when that transaction is found and final.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from .rpc import Answer, Request, Rpc, RpcUnavailable

FINAL_BLOCK = Request("eth_getBlockByNumber", ("finalized", False))
"""Asks for the newest block that cannot be taken back."""


class Seen(NamedTuple):
    """What a node shows of a set of hashes. `pair`: transaction and receipt of the one that was mined. `pooled`: one waits in the pool.
    `placed`: one is said to be in a block, and its receipt is not there. `spent` and `final_spent`: how many nonces of the
    sender are used, and used for good. `head` and `final` are block numbers."""

    pair: tuple[Any, Any] | None
    pooled: bool
    placed: bool
    head: int
    final: int
    spent: int
    final_spent: int


def seen_requests(hashes: Sequence[str], sender: str) -> list[Request]:
    """What must be asked, as one batch."""
    known = [Request(method, (each,)) for each in hashes for method in ("eth_getTransactionReceipt", "eth_getTransactionByHash")]
    return [
        *known,
        Request("eth_blockNumber"),
        FINAL_BLOCK,
        Request("eth_getTransactionCount", (sender, "latest")),
        Request("eth_getTransactionCount", (sender, "finalized")),
    ]


def seen(answers: Sequence[Answer], venue: str) -> Seen:
    """The answers to `seen_requests`. Raises `RpcUnavailable` when one of them could not be given."""
    *known, head, final, spent, final_spent = answers
    pairs = [(_result(known[at + 1], venue), _result(known[at], venue)) for at in range(0, len(known), 2)]
    mined = next(((transaction, receipt) for transaction, receipt in pairs if transaction is not None and receipt is not None), None)
    return Seen(
        pair=mined,
        pooled=any(transaction is not None and transaction.get("blockNumber") is None for transaction, _ in pairs),
        placed=any(receipt is not None or (sent is not None and sent.get("blockNumber") is not None) for sent, receipt in pairs),
        head=int(_result(head, venue), 16),
        final=final_number(final),
        spent=int(_result(spent, venue), 16),
        final_spent=0 if final_spent.fault is not None else int(final_spent.result, 16),
    )


def final_number(answer: Answer) -> int:
    """The number of the final block; 0 without one, as on a young chain and with some clients."""
    return 0 if answer.fault is not None or answer.result is None else int(answer.result["number"], 16)


def pool_request(sender: str, *, local: bool) -> Request:
    """What of `sender` waits in the node's pool. Few providers tell; a local chain only shows the whole of it."""
    return Request("txpool_content") if local else Request("txpool_contentFrom", (sender,))


def waiting(answer: Answer, sender: str, ours: Collection[str]) -> list[str]:
    """Transactions of `sender` in the pool that are none of `ours` (hashes), by nonce, in words. Each takes effect once the nonces before
    it are used; nothing where the node does not tell."""
    pool = answer.result if isinstance(answer.result, Mapping) else {}
    found = {}
    for part in ("pending", "queued"):
        listed = pool.get(part) or {}
        by_sender = {address.lower(): content for address, content in listed.items() if isinstance(content, Mapping)}
        content = by_sender.get(sender, {}) if any(address.startswith("0x") for address in by_sender) else listed
        found.update({int(nonce): each["hash"] for nonce, each in content.items() if each["hash"] not in ours})
    return [f"{found[nonce]} (nonce {nonce})" for nonce in sorted(found)]


async def who_took(rpc: Rpc, sender: str, nonce: int, free: int, final: int) -> str | None:
    """The hash of the transaction of `sender` with that nonce; None where it cannot be found. Raises `RpcUnavailable`.

    The nonce was free at the block `free` and is used at the block `final`. Its own block is the first after which the sender's count
    is above the nonce, found by halving the interval.
    """
    low, high = free, final
    while high - low > 1:
        middle = (low + high) // 2
        if int(await rpc.ask("eth_getTransactionCount", sender, hex(middle)), 16) > nonce:
            high = middle
        else:
            low = middle
    block = await rpc.ask("eth_getBlockByNumber", hex(high), True)
    for transaction in block["transactions"] if block else ():
        if transaction["from"].lower() == sender and int(transaction["nonce"], 16) == nonce:
            return str(transaction["hash"])
    return None


def _result(answer: Answer, venue: str) -> Any:
    if answer.fault is not None:
        raise RpcUnavailable(f"{venue}: the node does not say what became of it: {answer.fault.message}")
    return answer.result

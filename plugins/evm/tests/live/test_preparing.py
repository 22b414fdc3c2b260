"""What a transaction is made from: told by nodes that do not all know the same block, and that stumble."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from eth_abi.abi import encode

from basis_venues.clock import PlanClock
from basis_venues.errors import Denied, TryAgainLater
from basis_venues.orders import Prepared
from basis_venues.secret import Secret
from basis_venues_evm import TransactionSettings
from basis_venues_evm.live import Call, Mined, Read, Registry, Request, Signer, Wanted, WouldRevert, amount_of
from basis_venues_evm.live.effects import Effects
from basis_venues_evm.live.multicall import ADDRESS as MULTICALL
from basis_venues_evm.live.reading import Reading
from basis_venues_evm.live.reverts import Reverts
from basis_venues_evm.live.rpc import Answer, Fault
from basis_venues_evm.live.transactions import Transactions

CHAIN, OURS, TARGET = 31337, 100, "0x" + "22" * 20
FACT = "wallet:allowance:lido/stETH"
ALL = ("eth_getBalance", "eth_call", "eth_estimateGas", "facts")
"""What must hold at one block."""


class Node:
    """In place of the transport: a provider whose members of a batch are told by nodes at different blocks. Our last transaction is in the
    block `OURS`: an approval, without which the next is reverted, that also left us enough ETH.

    `behind`: what is told by a node one block behind, for so many `rounds`. `stumbles`: the faults that an estimate is answered with first.
    `deaf`: facts are told of the block before `OURS`, whatever block they are asked at.
    """

    def __init__(self, head: int = OURS, behind: Sequence[str] = (), rounds: int = 2, stumbles: Sequence[Fault] = ()) -> None:
        self.head, self.behind, self.rounds, self.stumbles = head, behind, rounds, list(stumbles)
        self.deaf = False
        self.batches: list[Sequence[Request]] = []

    async def batch(self, requests: Sequence[Request]) -> list[Answer]:
        self.batches.append(requests)
        return [self._answer("facts" if _is_facts(each) else each.method, each.params) for each in requests]

    def _answer(self, what: str, params: Sequence[Any]) -> Answer:
        head = self.head - (what in self.behind and len(self.batches) <= self.rounds)
        if what == "eth_chainId":
            return Answer(hex(CHAIN))
        if what == "eth_getTransactionCount":
            return Answer("0x1")
        if what == "eth_feeHistory":
            return Answer({"oldestBlock": hex(head), "baseFeePerGas": ["0x1", "0x1"], "reward": [["0x1"]]})
        block = head if params[1] == "latest" else int(params[1], 16)
        if what == "facts" and self.deaf:
            return self._at(OURS - 1, what)
        if block > head:
            return Answer(None, Fault(-32000, "header not found"))
        if what == "eth_estimateGas" and self.stumbles:
            return Answer(None, self.stumbles.pop(0))
        return self._at(block, what)

    def _at(self, block: int, what: str) -> Answer:
        done = block >= OURS
        if what == "facts":
            words = [(True, value.to_bytes(32, "big")) for value in (block, 7 if done else 0)]
            return Answer("0x" + encode(["(bool,bytes)[]"], [words]).hex())
        if what == "eth_getBalance":
            return Answer(hex(10**18 if done else 0))
        return Answer("0xc350") if done else Answer(None, Fault(3, "execution reverted"))


def _is_facts(request: Request) -> bool:
    return request.method == "eth_call" and request.params[0]["to"] == MULTICALL


class Wallet:
    """A run that has looked its last transaction up, at work on the node."""

    def __init__(self, node: Any) -> None:
        registry, reverts = Registry(), Reverts()
        registry.add_account("wallet", SIGNER.address)
        registry.add_reads("lido", lambda parts: Read(Call(TARGET, "0x11111111"), amount_of(0)))
        self.reading = Reading("alchemy", node, reverts)
        self.reading.known = OURS
        effects, settings = Effects(registry, self.reading), TransactionSettings()
        self.transactions = Transactions(
            "alchemy", node, SIGNER, registry, reverts, self.reading, effects, settings, {CHAIN}, PlanClock()
        )  # fmt: skip

    async def prepare(self) -> Prepared:
        step: Any = None
        return await self.transactions.prepare(step, "key", Wanted(TARGET, "0xabcdef01", facts=(FACT,)))


def prepared(node: Node) -> Prepared:
    """The wallet's next transaction."""
    return asyncio.run(Wallet(node).prepare())


SIGNER = Signer(Secret("11" * 32), "ALCHEMY__PRIVATE_KEY")


@pytest.mark.parametrize("behind", [*((each,) for each in ALL), ALL])
def test_nothing_is_made_from_a_block_before_our_last_transaction(behind: tuple[str, ...]) -> None:
    """Whichever member of a batch is told by a node that is behind, it is asked again: it neither denies the action nor counts its effects
    from what was before."""
    node = Node(behind=behind)
    made = prepared(node).payload
    assert (made["before"], made["gas"]) == ({FACT: "7"}, 62_500)
    assert len(node.batches) == 3


def test_what_it_is_made_from_is_of_one_block() -> None:
    """The newest that is known, though it came between two requests; one request is enough where it was read just now."""
    node = Node(head=OURS + 2)
    prepared(node)
    tags = [{each.params[1] for each in batch if each.method in ALL} for batch in node.batches]
    assert tags == [{hex(OURS)}, {hex(OURS + 2)}]
    node = Node()
    prepared(node)
    assert len(node.batches) == 1


def test_a_chain_that_was_set_back_is_followed() -> None:
    """Only the block of our own transaction must be there; not every block that was read."""
    node = Node(head=OURS + 1)
    wallet = Wallet(node)

    async def course() -> Prepared:
        await wallet.reading.views([Call(TARGET, "0x11111111")])
        node.head = OURS
        return await wallet.prepare()

    assert asyncio.run(course()).payload["before"] == {FACT: "7"}


def test_facts_of_another_block_than_asked_for_are_none() -> None:
    """The answer says of which block it is; what was before our last transaction is nothing to count from."""
    node = Node()
    node.deaf = True
    with pytest.raises(TryAgainLater, match="does not show this wallet's last transaction"):
        prepared(node)


def test_a_node_that_stays_behind_is_no_refusal() -> None:
    """It is to be asked again later, and says why."""
    with pytest.raises(TryAgainLater, match="header not found; nothing was sent"):
        prepared(Node(behind=("eth_estimateGas",), rounds=99))


@pytest.mark.parametrize(
    "fault",
    [
        Fault(-32000, "header not found"),
        Fault(-32603, "Internal error"),
        Fault(-32016, "over rate limit"),
        Fault(-32000, "execution timeout"),
    ],
)
def test_a_node_that_stumbles_is_asked_again(fault: Fault) -> None:
    """Its trouble says nothing of the transaction: once is waited for, and always is for later."""
    assert prepared(Node(stumbles=[fault])).payload["gas"] == 62_500
    with pytest.raises(TryAgainLater, match=f"{fault.message}; nothing was sent"):
        prepared(Node(stumbles=[fault] * 99))


@pytest.mark.parametrize(
    "fault",
    [
        Fault(3, "execution reverted"),
        Fault(3, ""),
        Fault(-32015, "VM execution error", "0x6d305815"),
        Fault(-32000, "VM Exception while processing transaction: revert"),
    ],
)
def test_a_revert_is_a_refusal(fault: Fault) -> None:
    """By its code, its data, or the word; one request is enough for it."""
    node = Node(stumbles=[fault])
    with pytest.raises(WouldRevert):
        prepared(node)
    assert len(node.batches) == 1


def test_a_call_that_the_wallet_cannot_pay_is_a_refusal() -> None:
    """In the node's words; it is no revert of a contract."""
    with pytest.raises(Denied, match="insufficient funds for gas") as refused:
        prepared(Node(stumbles=[Fault(-32000, "insufficient funds for gas * price + value")]))
    assert not isinstance(refused.value, WouldRevert)


class Forgetful:
    """In place of the transport: a node that is asked for one call after the other, and what each is answered with."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = list(faults)

    async def batch(self, requests: Sequence[Request]) -> list[Answer]:
        return [Answer(None, self.faults.pop(0)) for _ in requests]


def test_what_a_node_cannot_try_is_no_reason_for_a_revert() -> None:
    """It threw the block's state away: that is said as what it is, and asked again; the contract's own reason is kept."""
    node = Forgetful(Fault(-32000, "missing trie node"), Fault(3, "execution reverted: paused"))
    transactions = Wallet(node).transactions
    mined = Mined("0xab", 7, False, SIGNER.address, TARGET, "0x", 0, 0, 21_000, 30_000, ())
    said = [asyncio.run(transactions._why(mined)) for _ in range(3)]
    assert said == ["reverted; why, the node cannot tell now: missing trie node", *["execution reverted: paused"] * 2]

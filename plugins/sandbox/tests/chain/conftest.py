"""One chain for the session; every test starts from the same state."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from basis_venues_sandbox.chain import Addresses, ChainControl, ChainUnavailable, RunningChain, available, running_chain, wallet_address
from basis_venues_sandbox.chain.abi import calldata, unpack
from basis_venues_sandbox.chain.deploy import Sender
from basis_venues_sandbox.chain.rpc import Rpc

MAX = 2**256 - 1
CAST = "cast(string[],bytes[],address)"
Spell = tuple[Any, ...]


@pytest.fixture(scope="session")
def session_chain() -> Iterator[RunningChain]:
    if not available():
        pytest.skip(available().reason)
    started = time.perf_counter()
    try:
        with running_chain() as chain:
            print(f"\nchain up after {time.perf_counter() - started:.2f} s, {chain.anvil.memory() / 1e6:.0f} MB")
            yield chain
    except ChainUnavailable as missing:
        pytest.skip(str(missing))


@pytest.fixture
def chain(session_chain: RunningChain) -> Iterator[RunningChain]:
    """The chain as it was built, for one test."""
    control = session_chain.control
    before = control.snapshot()
    yield session_chain
    control.clear_faults()
    control.rpc.call("anvil_dropAllTransactions")
    control.automine(True)
    control.revert(before)
    control.base_fee(10**9)  # the one thing that a snapshot does not hold
    control.reset_counts()


@pytest.fixture
def control(chain: RunningChain) -> ChainControl:
    return chain.control


@pytest.fixture
def at(chain: RunningChain) -> Addresses:
    return chain.addresses


@pytest.fixture
def user(chain: RunningChain) -> Sender:
    """The funded wallet, whose transactions the node signs for the test."""
    rpc = chain.control.rpc
    rpc.call("anvil_impersonateAccount", wallet_address())
    return Sender(rpc, wallet_address())


@pytest.fixture
def shim(chain: RunningChain) -> Iterator[Rpc]:
    """A client of the endpoint that adapters use."""
    client = Rpc(chain.url)
    yield client
    client.close()


class Account:
    """A smart account and what its owner does with it."""

    def __init__(self, owner: Sender, at: Addresses) -> None:
        self._owner, self._at = owner, at
        receipt = owner.send(at.instadapp.index, "build(address,uint256,address)", owner.address, 2, owner.address)
        number = owner.read(at.instadapp.list, "accounts()(uint64)")
        self.address: str = owner.read(at.instadapp.list, "accountAddr(uint64)(address)", number)
        self.build_gas = int(receipt["gasUsed"], 16)

    def call(self, spells: Sequence[Spell]) -> tuple[list[str], list[bytes]]:
        """Connector names and calldata of `(name, signature, *arguments)`."""
        return [each[0] for each in spells], [bytes.fromhex(calldata(*each[1:])[2:]) for each in spells]

    def cast(self, spells: Sequence[Spell], value: int = 0) -> Any:
        return self._owner.send(self.address, CAST, *self.call(spells), self._owner.address, value=value)

    def simulate(self, spells: Sequence[Spell], value: int = 0) -> None:
        """Raises what the cast would revert with."""
        data = calldata(CAST, *self.call(spells), self._owner.address)
        self._owner.rpc.call("eth_call", {"from": self._owner.address, "to": self.address, "data": data, "value": hex(value)}, "latest")

    def flash(self, asset: str, amount: int, inner: Sequence[Spell]) -> list[Spell]:
        """The spells that cast `inner` with a flash loan."""
        from eth_abi.abi import encode

        data = encode(["string[]", "bytes[]"], self.call(inner))
        signature = "flashBorrowAndCast(address,uint256,uint256,bytes,bytes)"
        return [("INSTAPOOL-C", signature, self._at.tokens[asset], amount, 9, data, b"")]


@pytest.fixture
def account(user: Sender, at: Addresses) -> Account:
    return Account(user, at)


@pytest.fixture
def health(control: ChainControl, at: Addresses) -> Callable[[str], tuple[int, ...]]:
    """Collateral, debt, left to borrow, threshold, LTV, health factor, as the lending pool counts them."""
    view = "getUserAccountData(address)(uint256,uint256,uint256,uint256,uint256,uint256)"
    return lambda account: control.owner.read(at.aave.pool, view, account)


@pytest.fixture
def refusal(control: ChainControl) -> Callable[..., str]:
    """What a call would revert with: the text of a string, or the selector of an error."""
    from basis_venues_sandbox.chain import RpcError

    def ask(sender: Sender, to: str, signature: str, *args: Any, value: int = 0) -> str:
        call = {"from": sender.address, "to": to, "data": calldata(signature, *args), "value": hex(value)}
        with pytest.raises(RpcError) as refused:
            control.rpc.call("eth_call", call, "latest")
        data = refused.value.data
        return str(unpack("string", data[10:])[0]) if data.startswith("0x08c379a0") else data[:10]

    return ask


@pytest.fixture
def receipt_of(control: ChainControl) -> Callable[[str], Any]:
    """A transaction's receipt, waited for: the node answers a sender a moment before it has mined."""

    def wait(transaction: str) -> Any:
        until = time.monotonic() + 5
        while time.monotonic() < until:
            receipt = control.rpc.call("eth_getTransactionReceipt", transaction)
            if receipt is not None:
                return receipt
            time.sleep(0.005)
        pytest.fail(f"{transaction} was not mined")

    return wait


@pytest.fixture
def logs() -> Callable[[Any, str, str], list[tuple[Any, ...]]]:
    """The unindexed values of a receipt's logs of one event: `logs(receipt, signature, types)`."""
    from basis_venues_sandbox.chain.abi import topic

    def find(receipt: Any, signature: str, types: str) -> list[tuple[Any, ...]]:
        return [unpack(types, each["data"]) for each in receipt["logs"] if each["topics"][0] == topic(signature)]

    return find

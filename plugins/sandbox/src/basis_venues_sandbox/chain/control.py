"""Controlling a running chain: its clock, its blocks, what accounts hold, the protocols' switches, and the faults of its RPC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from .addresses import parse_addresses
from .deploy import Sender
from .lido_control import LidoControl
from .market_control import MarketControl
from .rpc import Rpc

ETHER = "ETH"
_REVERTS = "0x60006000fd"


@frozen
class Counts:
    """What passed the shim: HTTP requests, and calls by method."""

    http: int
    calls: Mapping[str, int]


class ChainControl:
    """A client of the sandbox's chain, synchronous, for one thread. `url` is the endpoint that adapters are given.

    Its own requests go to the node directly: they meet no fault and are not counted. `market` controls prices, lending and swapping,
    `lido` the oracle of staking. Amounts are base units, times milliseconds.
    """

    def __init__(self, url: str) -> None:
        self._shim = Rpc(url)
        self.addresses = parse_addresses(self._shim.call("sandbox_addresses"))
        self.rpc = Rpc(self._shim.call("sandbox_node"))
        self.owner = Sender(self.rpc, self.addresses.owner)
        self.whale = Sender(self.rpc, self.addresses.whale)
        self.market = MarketControl(self.owner, self.whale, self.addresses)
        self.lido = LidoControl(Sender(self.rpc, self.addresses.keeper), self.addresses.lido)

    def close(self) -> None:
        """Let go of the connections."""
        self._shim.close()
        self.rpc.close()

    # faults and counts

    def fault(self, verb: str, value: Any = None, *, method: str | None = None, times: int | None = None) -> None:
        """Set a fault (`shim.VERBS`). `times`: how often it happens, 0 until it is cleared. Raises `RpcError` for an unknown verb."""
        self._shim.call("sandbox_fault", {"verb": verb, "value": value, "method": method, "times": times})

    def clear_faults(self) -> None:
        """Take all faults back."""
        self._shim.call("sandbox_clear")

    def counts(self) -> Counts:
        """What passed the shim since the start or `reset_counts`."""
        return Counts(**self._shim.call("sandbox_counts"))

    def reset_counts(self) -> None:
        """Count from 0 again."""
        self._shim.call("sandbox_resetCounts")

    # the clock and the blocks

    def now(self) -> int:
        """The time of the newest block, in ms."""
        return int(self.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16) * 1000

    def set_time(self, at: int) -> None:
        """Mine a block at `at` (ms; whole seconds count). The clock goes on from there. A time that is not after now is ignored."""
        self._shim.call("sandbox_setTime", at)

    def advance(self, milliseconds: int) -> None:
        """Mine a block so much after the newest one."""
        self.set_time(self.now() + milliseconds)

    def mine(self, blocks: int = 1) -> None:
        """Mine blocks now."""
        self.rpc.call("anvil_mine", hex(blocks))

    def block_number(self) -> int:
        """The newest block's number."""
        return int(self.rpc.call("eth_blockNumber"), 16)

    def automine(self, on: bool) -> None:
        """Whether each transaction gets a block at once. Off, they wait for `mine`."""
        self.rpc.call("evm_setAutomine", on)

    def base_fee(self, wei: int) -> None:
        """The next block's base fee. A waiting transaction that does not pay it is forgotten."""
        self.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(wei))

    def drop(self, transaction: str) -> None:
        """Make the node forget a transaction that waits."""
        self.rpc.call("anvil_dropTransaction", transaction)

    def reorg(self, depth: int, transactions: tuple[tuple[str, int], ...] = ()) -> None:
        """Replace the last `depth` blocks. `transactions`: raw bytes as hex, and in which of the new blocks they are mined.

        Of a chain that has run for some hundred blocks, fewer than ten: anvil has put the states of older ones on disk, and gets contracts
        back from there without their code. One that is started with `--prune-history N` keeps N states in memory, and none on disk.
        """
        self.rpc.call("anvil_reorg", depth, [list(each) for each in transactions])

    def snapshot(self) -> str:
        """Remember everything, the clock included."""
        return str(self.rpc.call("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        """Go back to a snapshot, which is spent by it."""
        self.rpc.call("evm_revert", snapshot)

    def breaks(self, address: str) -> None:
        """Let every call of a contract revert from now on."""
        self.rpc.call("anvil_setCode", address, _REVERTS)

    # what accounts hold

    def balance(self, asset: str, account: str) -> int:
        """What an account has of `ETH` or a token."""
        if asset == ETHER:
            return int(self.rpc.call("eth_getBalance", account, "latest"), 16)
        return int(self.owner.read(self.addresses.tokens[asset], "balanceOf(address)(uint256)", account))

    def give(self, asset: str, account: str, amount: int) -> None:
        """Add to what an account has: ether out of nothing, WETH, wstETH and stETH from the whale, dollars minted."""
        if asset == ETHER:
            self.rpc.call("anvil_setBalance", account, hex(self.balance(ETHER, account) + amount))
        elif asset in ("USDC", "USDT"):
            self.owner.send(self.addresses.tokens[asset], "mint(address,uint256)", account, amount)
        else:
            self._hand_over(asset, account, amount)

    def pay(self, asset: str, to: str, amount: int) -> str:
        """An ordinary transfer from the whale, as from an exchange's wallet. Returns its transaction's hash."""
        token = self.addresses.tokens.get(asset)
        receipt = self.whale.send(token, "transfer(address,uint256)", to, amount) if token else self.whale.pay(to, amount)
        return str(receipt["transactionHash"])

    def _hand_over(self, asset: str, account: str, amount: int) -> None:
        self.rpc.call("anvil_setBalance", self.whale.address, hex(self.balance(ETHER, self.whale.address) + 2 * amount))
        if asset == "WETH":
            self.whale.send(self.addresses.tokens[asset], "deposit()", value=amount)
        elif asset == "stETH":
            self.whale.send(self.addresses.lido.steth, "submit(address)", self.whale.address, value=amount + 10)
        else:
            self.whale.pay(self.addresses.lido.wsteth, 2 * amount)
        self.whale.send(self.addresses.tokens[asset], "transfer(address,uint256)", account, amount)

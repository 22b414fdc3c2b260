"""A verified ERC-20 transfer, and the positions of a mode, against web3's own way with its request cache. CPU time of this process.

Ours is everything that a transfer takes: planned, simulated, journalled in two synced commits, sent, looked up, compared, and
the transfers before it that are not final looked at again. web3's is built, signed, sent, waited for and its balance read: no simulation,
no journal, nothing watched. At most 0.25 of web3 is asked for, with at most 3 requests besides re-polls, simulation and fees (counted by
`tests/chain/test_actions.py`); both talk to the node itself, over connections that are kept.
"""

import asyncio
import gc
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import yaml

from .harness import ROOT

TRANSFERS = 20
SINK = "0x000000000000000000000000000000000000dEaD"
OTHER = "0x" + "42" * 32
ERC20 = [
    {"name": "transfer", "type": "function", "stateMutability": "nonpayable", "outputs": [{"type": "bool"}],
     "inputs": [{"name": "to", "type": "address"}, {"name": "value", "type": "uint256"}]},
    {"name": "balanceOf", "type": "function", "stateMutability": "view", "outputs": [{"type": "uint256"}],
     "inputs": [{"name": "owner", "type": "address"}]},
]  # fmt: skip

Measure = Callable[[], Awaitable[None]]


def run(rounds: int) -> None:
    """Print CPU milliseconds and ratios."""
    from basis_venues_sandbox.chain import running_chain

    with running_chain(flags=("--slots-in-an-epoch", "2")) as chain:
        asyncio.run(_compare(chain, rounds))


async def _compare(chain: Any, rounds: int) -> None:
    from basis_venues.execution.manager import ExecutionManager

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        options = {"configs": _configs(folder, chain), "live": True, "profile": "sandbox", "state": folder / "state", "env": {}}
        async with ExecutionManager.open("bench", **options) as manager:
            theirs = await _Web3.connect(chain)
            ours = _Ours(manager)
            whole = {"web3": theirs.transfer, "manager": ours.whole}
            rpc = ours.rpc
            before, begun = rpc.requests, ours.number
            await _table("a verified USDC transfer: plan, journal, send, look up, verify", whole, rounds, TRANSFERS)
            each = (rpc.requests - before) / (ours.number - begun)
            print(f"  {each:.2f} HTTP requests a transfer, with re-polls, the simulation and the look at earlier ones")
            # by itself, as the manager would have to explain transactions of its wallet that it did not send
            alone = {"web3": theirs.transfer, "client": ours.client}
            await _table("the client's part of it: prepare, send, look up, read", alone, rounds, TRANSFERS)
            await _table("20 positions", {"web3": theirs.positions, "client": ours.positions}, rounds, TRANSFERS)
            await theirs.close()


async def _table(title: str, contenders: dict[str, Measure], rounds: int, times: int) -> None:
    figures: dict[str, list[float]] = {name: [] for name in contenders}
    gc.freeze()  # neither pays for walking over the modules of the other
    for measure in contenders.values():
        await measure()
    for _ in range(rounds):
        for name, measure in contenders.items():
            began = time.process_time()
            for _ in range(times):
                await measure()
            figures[name].append((time.process_time() - began) / times * 1000)
    print(title)
    for name, values in figures.items():
        ratio = statistics.median(one / base for one, base in zip(values, figures["web3"], strict=True))
        print(f"  {name:8} {statistics.median(values):7.2f} ms CPU  {ratio:5.2f} x web3 with its request cache")


class _Ours:
    def __init__(self, manager: Any) -> None:
        self._manager = manager
        self.number = 0
        self._venue = next(venue for venue in manager._parts.venues if venue.name == "alchemy")
        self.rpc = self._venue.client.chain.rpc
        self._keys = [f"wallet:balance:{asset}" for asset in ("ETH", "WETH", "USDC", "USDT", "stETH", "wstETH")]

    def _action(self) -> Any:
        from basis_venues.actions import Transfer

        self.number += 1
        until = int(time.time() * 1000) + 86_400_000
        return Transfer(id=f"t{self.number}", asset="USDC", amount="1", source="wallet", address=SINK, valid_until=until)

    async def whole(self) -> None:
        """Plan, journal, send, look up, reconcile."""
        (await self._manager.execute_action(self._action())).raise_unless_verified()

    async def client(self) -> None:
        """Prepare, send, look up, read: what a client does of it."""
        from basis_venues.attempts import attempt_key
        from basis_venues.orders import Order, Step

        action, client = self._action(), self._venue.client
        order = Order(action.id, action, "alchemy", "wallet", "wallet")
        step = Step(f"{action.id}/0", order, (action,))
        prepared = await client.prepare(step, attempt_key("bench", "bench", step.id, 0))
        await client.send(prepared)
        while not (report := await client.lookup(prepared)).effects:
            await asyncio.sleep(0.001)
        shown = await client.positions(self._keys[:3], report.at)
        assert len(shown.values) == 3

    async def positions(self) -> None:
        """Balances and lending positions at one block."""
        chain = self._venue.client.chain
        kinds, assets = ("supplied", "borrowed", "allowance"), ("WETH", "USDC", "USDT", "wstETH")
        lent = [f"wallet:{kind}:aave/{asset}" for kind in kinds for asset in assets]
        shown = await chain.positions([*self._keys, *lent, "wallet:setting:aave/emode", "wallet:allowance:lido/stETH"], 0)
        assert len(shown.values) == 20


class _Web3:
    def __init__(self, web3: Any, account: Any, token: Any) -> None:
        self._web3, self._account, self._token = web3, account, token

    @classmethod
    async def connect(cls, chain: Any) -> "_Web3":
        import aiohttp
        from eth_account import Account
        from web3 import AsyncHTTPProvider, AsyncWeb3

        provider = AsyncHTTPProvider(chain.node_url, cache_allowed_requests=True, cacheable_requests=("eth_chainId",))
        await provider.cache_async_session(aiohttp.ClientSession())
        web3 = AsyncWeb3(provider)
        token = web3.eth.contract(address=web3.to_checksum_address(chain.addresses.tokens["USDC"]), abi=ERC20)
        account = Account.from_key(OTHER)
        chain.control.give("ETH", account.address, 10**21)
        chain.control.give("USDC", account.address, 10**12)
        return cls(web3, account, token)

    async def transfer(self) -> None:
        """Build, sign, send, wait, and read what the account then has."""
        me, eth = self._account.address, self._web3.eth
        fields = {"from": me, "nonce": await eth.get_transaction_count(me)}
        built = await self._token.functions.transfer(SINK, 10**6).build_transaction(fields)
        sent = await eth.send_raw_transaction(self._account.sign_transaction(built).raw_transaction)
        receipt = await eth.wait_for_transaction_receipt(sent, poll_latency=0.01)
        await self._token.functions.balanceOf(me).call(block_identifier=receipt["blockNumber"])
        await eth.get_balance(me, receipt["blockNumber"])

    async def positions(self) -> None:
        """20 balances by its batch."""
        async with self._web3.batch_requests() as batch:
            for _ in range(20):
                batch.add(self._token.functions.balanceOf(self._account.address))
            assert len(await batch.async_execute()) == 20

    async def close(self) -> None:
        await self._web3.provider.disconnect()


def _configs(scratch: Path, chain: Any) -> Path:
    folder, at = scratch / "configs", chain.addresses
    shutil.copytree(ROOT / "configs", folder)
    lending = {"provider": at.aave.provider, "pool": at.aave.pool, "oracle": at.aave.oracle}
    staking = {"locator": at.lido.locator, "steth": at.lido.steth, "wsteth": at.lido.wsteth, "queue": at.lido.queue}
    timing = {"poll_ms": 1, "patience_ms": 20_000, "verify_within_ms": 2000}
    files = {
        "modes/bench": {
            "mode": "bench", "share_class": "ETH", "asset": "ETH",
            "venues": {"lending_execution": {"primary": "aave"}, "staking_execution": {"primary": "lido"},
                       "execution_subscriptions": {"wallet": ["alchemy"]}},
        },
        "environments/sandbox": {
            "default": "testnet", "throwaway_keys": True, "venues": {"alchemy": {"endpoints": {"rpc": chain.node_url}}},
        },
        "venues/alchemy": {
            "venue_type": "infrastructure", "timing": timing, "contracts": {"local": dict(at.tokens)}, "destinations": [{"address": SINK}],
        },
        "venues/aave": {"venue_type": "defi", "timing": timing, "contracts": {"local": lending}},
        "venues/lido": {"venue_type": "defi", "timing": timing, "contracts": {"local": staking}},
    }  # fmt: skip
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder

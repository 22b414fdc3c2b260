"""What the sandbox's chain itself says, past the plugin and past the shim: what its accounts hold, and the wallet's transactions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from basis_venues.amounts import from_units, to_units

if TYPE_CHECKING:
    from basis_venues_sandbox.deployment import Deployment

_MOMENTS, MOMENT_S = 1000, 0.01
_SHARES = frozenset({"stETH"})
ETHER = "ETH"


class ChainView:
    """The chain behind the control of the sandbox. `tokens`: settings by symbol, of which those that `deployment` puts there are its own;
    `contracts` is where it put what."""

    def __init__(self, control: Any, tokens: Mapping[str, Any], deployment: Deployment | None = None) -> None:
        self.control = control
        self.contracts = {} if deployment is None else dict(deployment.deploy(control))
        self._deployment = deployment
        self._own = {name: address for name, address in self.contracts.items() if name in tokens}
        self._shares = _SHARES | {name for name in self._own if tokens[name].shares}
        self._tokens = {**control.addresses.tokens, **self._own}
        self.decimals = {ETHER: 18} | {
            asset: int(control.owner.read(address, "decimals()(uint8)")) for asset, address in self._tokens.items()
        }
        """Digits of each asset that there is."""

    def held(self, asset: str, address: str) -> Decimal:
        """What an account has; of what rebases, its shares."""
        if asset in self._tokens:
            view = "sharesOf(address)(uint256)" if asset in self._shares else "balanceOf(address)(uint256)"
            units = int(self.control.owner.read(self._tokens[asset], view, address))
        else:
            units = self.control.balance(asset, address)
        return from_units(units, self.decimals[asset])

    def top_up(self, asset: str, address: str, amount: Decimal) -> None:
        """Let an account have at least so much."""
        missing = amount - self.held(asset, address)
        if missing <= 0:
            return
        units = to_units(missing, self.decimals[asset])
        if self._deployment is not None and asset in self._own:
            self._deployment.give(self.control, asset, address, units)
        else:
            self.control.give(asset, address, units)

    def proceed(self) -> None:
        """Let others do what they do in time."""
        self.control.lido.finalize()
        if self._deployment is not None:
            self._deployment.proceed(self.control)

    def mined_since(self, since: int) -> list[str]:
        """The hashes of the wallet's transactions in the blocks after `since`."""
        wallet, rpc = self.control.addresses.wallet.lower(), self.control.rpc
        blocks = (rpc.call("eth_getBlockByNumber", hex(number), True) for number in range(since + 1, self.control.block_number() + 1))
        return [each["hash"] for block in blocks for each in block["transactions"] if each["from"].lower() == wallet]

    def done_since(self, since: int) -> list[str]:
        """Those of them that were not undone."""
        rpc = self.control.rpc
        return [each for each in self.mined_since(since) if rpc.call("eth_getTransactionReceipt", each)["status"] == "0x1"]

    def gas_of(self, transactions: list[str]) -> Decimal:
        """What they cost, in ETH."""
        receipts = [self.control.rpc.call("eth_getTransactionReceipt", each) for each in transactions]
        return from_units(sum(int(each["gasUsed"], 16) * int(each["effectiveGasPrice"], 16) for each in receipts), self.decimals[ETHER])

    def waiting(self) -> int:
        """How many transactions wait in the pool to be mined."""
        return int(self.control.rpc.call("txpool_status")["pending"], 16)

    async def mined(self) -> None:
        """Wait until nothing waits in the pool any more."""
        for _ in range(_MOMENTS):
            if not self.waiting():
                break
            await asyncio.sleep(MOMENT_S)

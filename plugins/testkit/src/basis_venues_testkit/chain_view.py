"""What the sandbox's chain itself says, past the plugin and past the shim: what its accounts hold, and the wallet's transactions."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from basis_venues.amounts import from_units, to_units

_MOMENTS, MOMENT_S = 1000, 0.01
_SHARES = "stETH"


class ChainView:
    """The chain behind the control of the sandbox."""

    def __init__(self, control: Any) -> None:
        self.control = control
        self.decimals = {"ETH": 18} | {
            asset: int(control.owner.read(address, "decimals()(uint8)")) for asset, address in control.addresses.tokens.items()
        }
        """Digits of each asset that there is."""

    def held(self, asset: str, address: str) -> Decimal:
        """What an account has; of what rebases, its shares."""
        if asset == _SHARES:
            units = int(self.control.owner.read(self.control.addresses.lido.steth, "sharesOf(address)(uint256)", address))
        else:
            units = self.control.balance(asset, address)
        return from_units(units, self.decimals[asset])

    def top_up(self, asset: str, address: str, amount: Decimal) -> None:
        """Let an account have at least so much."""
        missing = amount - self.held(asset, address)
        if missing > 0:
            self.control.give(asset, address, to_units(missing, self.decimals[asset]))

    def mined_since(self, since: int) -> list[str]:
        """The hashes of the wallet's transactions in the blocks after `since`."""
        wallet, rpc = self.control.addresses.wallet.lower(), self.control.rpc
        blocks = (rpc.call("eth_getBlockByNumber", hex(number), True) for number in range(since + 1, self.control.block_number() + 1))
        return [each["hash"] for block in blocks for each in block["transactions"] if each["from"].lower() == wallet]

    def done_since(self, since: int) -> list[str]:
        """Those of them that were not undone."""
        rpc = self.control.rpc
        return [each for each in self.mined_since(since) if rpc.call("eth_getTransactionReceipt", each)["status"] == "0x1"]

    def waiting(self) -> int:
        """How many transactions wait in the pool to be mined."""
        return int(self.control.rpc.call("txpool_status")["pending"], 16)

    async def mined(self) -> None:
        """Wait until nothing waits in the pool any more."""
        for _ in range(_MOMENTS):
            if not self.waiting():
                break
            await asyncio.sleep(MOMENT_S)

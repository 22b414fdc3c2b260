"""Sending transactions from the node's own accounts: contracts made, functions called, views read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from .abi import arguments, calldata, checksum, results
from .artifacts import Artifact
from .errors import ChainBroken, RpcError
from .rpc import Rpc

_GAS = 15_000_000
_MINED_WITHIN = 10.0


class Sender:
    """One account of the node, whose transactions need no signature here."""

    def __init__(self, rpc: Rpc, address: str) -> None:
        self.rpc = rpc
        self.address = checksum(address)

    def deploy(self, artifact: Artifact, *args: Any, libraries: Mapping[str, str] | None = None, value: int = 0) -> str:
        """The address of a contract made now."""
        types = tuple(_canonical(entry) for entry in _constructor_inputs(artifact))
        code = artifact.linked(libraries or {}) + arguments(types, args)
        receipt = self._transact({"data": "0x" + code, "value": hex(value)}, artifact.name)
        return checksum(receipt["contractAddress"])

    def send(self, to: str, signature: str, *args: Any, value: int = 0) -> Any:
        """The receipt of a call. Raises `ChainBroken` with the reason where it reverts."""
        return self._transact({"to": to, "data": calldata(signature, *args), "value": hex(value)}, signature)

    def pay(self, to: str, value: int) -> Any:
        """The receipt of a plain transfer of ether, in wei."""
        return self._transact({"to": to, "value": hex(value)}, "transfer")

    def read(self, to: str, signature: str, *args: Any, block: str = "latest") -> Any:
        """What a view returns. Raises `RpcError` where it reverts."""
        call = {"from": self.address, "to": to, "data": calldata(signature, *args)}
        return results(signature, self.rpc.call("eth_call", call, block))

    def _transact(self, transaction: dict[str, Any], what: str) -> Any:
        content = {"from": self.address, "gas": hex(_GAS), **transaction}
        receipt = self._receipt(self.rpc.call("eth_sendTransaction", content), what)
        if int(receipt["status"], 16) != 1:
            raise ChainBroken(f"{what} reverted: {self._reason(content)}")
        return receipt

    def _receipt(self, transaction: str, what: str) -> Any:
        until = time.monotonic() + _MINED_WITHIN
        while time.monotonic() < until:
            receipt = self.rpc.call("eth_getTransactionReceipt", transaction)
            if receipt is not None:
                return receipt
            time.sleep(0.001)
        raise ChainBroken(f"{what} was not mined within {_MINED_WITHIN:.0f} s: is automatic mining off?")

    def _reason(self, content: dict[str, Any]) -> str:
        try:
            self.rpc.call("eth_call", content, "latest")
        except RpcError as refused:
            return f"{refused.message} {refused.data}"
        return "not a second time"


def _constructor_inputs(artifact: Artifact) -> list[dict[str, Any]]:
    return next((entry["inputs"] for entry in artifact.abi if entry["type"] == "constructor"), [])


def _canonical(entry: Mapping[str, Any]) -> str:
    if not entry["type"].startswith("tuple"):
        return str(entry["type"])
    return f"({','.join(map(_canonical, entry['components']))}){entry['type'].removeprefix('tuple')}"

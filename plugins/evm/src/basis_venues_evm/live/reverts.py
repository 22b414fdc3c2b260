"""Why a contract reverted, in words: strings, panics, and custom errors by their selectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from . import abi

_STRING, _PANIC = "0x08c379a0", "0x4e487b71"
_PANICS = {
    0x01: "an assertion failed",
    0x11: "an amount went below zero or over its type",
    0x12: "division by zero",
    0x32: "an index is out of range",
}


class Reverts:
    """Knows the custom errors that protocols registered: selector -> signature such as `NotOwner(address,address)`."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._codes: dict[str, str] = {}

    def know(self, signatures: Iterable[str]) -> None:
        """Register custom errors by their signatures."""
        for signature in signatures:
            self._known[abi.Method(signature).selector] = signature

    def know_codes(self, meanings: Mapping[str, str]) -> None:
        """Register strings that stand for something: Aave 3.0 says `34` where there is no collateral."""
        self._codes.update(meanings)

    def reason(self, data: str, message: str = "") -> str:
        """The reason in `data` (hex), or what the node said of it. Never empty."""
        selector = data[:10]
        if selector == _STRING:
            said = str(abi.decoded(("string",), "0x" + data[10:])[0])
            return f"{said} ({self._codes[said]})" if said in self._codes else said
        if selector == _PANIC:
            code = abi.number("0x" + data[10:])
            return f"panic 0x{code:02x}: {_PANICS.get(code, 'the contract broke one of its own rules')}"
        signature = self._known.get(selector)
        if signature is not None:
            return _with_arguments(signature, data)
        if len(data) >= 10:
            return f"the contract's error {selector}"
        return message or "reverted without a reason"


def _with_arguments(signature: str, data: str) -> str:
    name, _, rest = signature.partition("(")
    if rest == ")":
        return name
    types = tuple(rest[:-1].split(","))
    return f"{name}({', '.join(map(str, abi.decoded(types, '0x' + data[10:])))})"

"""A transaction as it may be shown to a person before it is sent: its fields and the call decoded; the signed bytes are not in it."""

from __future__ import annotations

from typing import Any

from basis_venues.orders import Outgoing

from .abi import Method, decoded
from .signing import Transaction

HIDDEN = "***"


def shown(transaction: Transaction, sender: str, host: str, path: str, unknown: tuple[str, ...] = ()) -> Outgoing:
    """`eth_sendRawTransaction` with the transaction in words. Amounts in wei and base units, as text."""
    t = transaction
    fields = {
        "method": "eth_sendRawTransaction",
        "chain_id": t.chain_id,
        "from": sender,
        "to": t.to,
        "value": str(t.value),
        **_call(t.data),
        "nonce": t.nonce,
        "max_fee_per_gas": str(t.max_fee),
        "max_priority_fee_per_gas": str(t.tip),
        "gas": t.gas or None,
        "signed bytes": HIDDEN,
    }
    return Outgoing("POST", host, path, sender, body=fields, unknown=unknown)


def _call(data: str) -> dict[str, Any]:
    """The call data: as they are, and which function with which arguments where this process knows it."""
    if data == "0x":
        return {"data": data}
    found: dict[str, Any] = {"data": data, "selector": data[:10]}
    method = Method.of(data)
    if method is not None:
        found |= {"function": method.signature, "arguments": _plain(decoded(method.types, data[10:]))}
    return found


def _plain(value: object) -> Any:
    """Decoded arguments as JSON data: byte strings in hex, integers as text."""
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    return f"0x{value.hex()}" if isinstance(value, bytes) else value if isinstance(value, bool) else str(value)

"""Reading a signed transaction (EIP-1559): as much of it as tells replacements apart."""

from __future__ import annotations

from attrs import frozen
from coincurve import PublicKey
from eth_hash.auto import keccak

_TYPE = 2
_SIGNED = 9  # fields that the signature covers; the signature's three follow them


@frozen
class RawTransaction:
    """Who sent it, its place in the sender's order, and its fees in wei."""

    hash: str
    sender: str
    nonce: int
    max_fee: int
    tip: int


def read_raw(text: str) -> RawTransaction | None:
    """The transaction in the hex `text`; None where it is of another kind."""
    data = bytes.fromhex(text.removeprefix("0x"))
    if not data or data[0] != _TYPE:
        return None
    start, _ = _header(data, 1)
    fields, ends = _fields(data, start)
    signed = data[start : ends[_SIGNED - 1]]
    parity, r, s = (int.from_bytes(each, "big") for each in fields[_SIGNED:])
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([parity])
    message = keccak(bytes([_TYPE]) + _list_header(len(signed)) + signed)
    public = PublicKey.from_signature_and_message(signature, message, hasher=None).format(compressed=False)
    nonce, tip, max_fee = (int.from_bytes(each, "big") for each in fields[1:4])
    return RawTransaction("0x" + keccak(data).hex(), "0x" + keccak(public[1:])[-20:].hex(), nonce, max_fee, tip)


def _fields(data: bytes, start: int) -> tuple[list[bytes], list[int]]:
    """The contents of the items from `start` on (RLP), and where each ends."""
    fields, ends = [], []
    while start < len(data):
        content, end = _header(data, start)
        fields.append(data[content:end])
        ends.append(end)
        start = end
    return fields, ends


def _header(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of the item at `at` starts and ends (RLP)."""
    first = data[at]
    if first < 0x80:
        return at, at + 1
    base = 0xC0 if first >= 0xC0 else 0x80
    if first - base <= 55:
        return at + 1, at + 1 + first - base
    size = first - base - 55
    start = at + 1 + size
    return start, start + int.from_bytes(data[at + 1 : start], "big")


def _list_header(length: int) -> bytes:
    if length <= 55:
        return bytes([0xC0 + length])
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([0xF7 + len(size)]) + size

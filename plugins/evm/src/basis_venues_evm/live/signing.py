"""Signing EIP-1559 transactions with coincurve.

The key stays a `Secret`; it is taken out for the one call that signs. That the bytes equal those of `eth_account` is tested.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import coincurve
from eth_hash.auto import keccak

from basis_venues.errors import CredentialError
from basis_venues.secret import Secret

_KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}")
_TYPE = b"\x02"

Rlp = bytes | int | list["Rlp"]


class Transaction(NamedTuple):
    """What is signed. Amounts in wei; `data` as hex text; `to` as an address in lower case."""

    chain_id: int
    nonce: int
    tip: int
    max_fee: int
    gas: int
    to: str
    value: int
    data: str


class Signed(NamedTuple):
    """The bytes that a node takes, and the hash by which every node knows them, both as hex text."""

    raw: str
    hash: str


class Signer:
    """One key. Raises `CredentialError` when it is malformed, or is not that of `expected` (an address)."""

    def __init__(self, key: Secret, variable: str, expected: str | None = None) -> None:
        if not _KEY.fullmatch(key.reveal().strip()):
            raise CredentialError(f"{variable} is not a private key: expected 64 hex digits, with or without 0x")
        self._key = key
        self.address = self._address()
        if expected is not None and expected.lower() != self.address:
            raise CredentialError(f"{variable} is the key of another address than the wallet address that is set beside it")

    def sign(self, transaction: Transaction) -> Signed:
        """The signed transaction."""
        fields = b"".join(map(rlp, _fields(transaction)))
        signature = self._private().sign_recoverable(keccak(_TYPE + _listed(fields)), hasher=None)
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
        raw = _TYPE + _listed(fields + rlp(signature[64]) + rlp(r) + rlp(s))
        return Signed("0x" + raw.hex(), "0x" + keccak(raw).hex())

    def _private(self) -> coincurve.PrivateKey:
        return coincurve.PrivateKey.from_hex(self._key.reveal().strip().removeprefix("0x"))

    def _address(self) -> str:
        try:
            public = self._private().public_key.format(compressed=False)
        except ValueError:
            raise CredentialError("the wallet's private key is outside the range of the curve") from None
        return "0x" + keccak(public[1:])[-20:].hex()


def rlp(item: Rlp) -> bytes:
    """Recursive length prefix, as the protocol writes lists of bytes and integers."""
    if isinstance(item, list):
        return _listed(b"".join(map(rlp, item)))
    text = item.to_bytes((item.bit_length() + 7) // 8, "big") if isinstance(item, int) else item
    return text if len(text) == 1 and text[0] < 0x80 else _length(len(text), 0x80) + text


def _listed(content: bytes) -> bytes:
    return _length(len(content), 0xC0) + content


def _length(size: int, offset: int) -> bytes:
    if size < 56:
        return bytes([offset + size])
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([offset + 55 + len(digits)]) + digits


def _fields(transaction: Transaction) -> list[Rlp]:
    to, data = (bytes.fromhex(text.removeprefix("0x")) for text in (transaction.to, transaction.data))
    t = transaction
    return [t.chain_id, t.nonce, t.tip, t.max_fee, t.gas, to, t.value, data, []]

"""Addresses of Ethereum-like chains: one address whatever the case of its letters, and their case as a checksum (EIP-55)."""

from __future__ import annotations

import re
from functools import cache

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def is_chain_address(text: str) -> bool:
    """Whether the text has the form of an address: 0x and 40 hex digits."""
    return _ADDRESS.fullmatch(text) is not None


@cache
def misspelt(text: str) -> bool:
    """Whether the letters of an address are of both cases, and not as its checksum has them: a digit was mistyped."""
    digits = text[2:]
    return digits not in (digits.lower(), digits.upper()) and checksummed(text) != text


def checksummed(text: str) -> str:
    """The address with the case of its letters as its checksum: upper where the hash of the lower-case digits has 8 or more."""
    from Crypto.Hash import keccak  # slow to import, and needed only for an address in both cases

    digits = text[2:].lower()
    marks = keccak.new(data=digits.encode(), digest_bits=256).hexdigest()
    return "0x" + "".join(digit.upper() if int(mark, 16) > 7 else digit for digit, mark in zip(digits, marks, strict=False))

"""Calls and log topics of contracts as hex text, and the words they are made of.

Most calls have static arguments, which are 32-byte words side by side; only lists, tuples and byte strings need `eth_abi`. Addresses
are lower-case hex everywhere in this package.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import ClassVar

from eth_hash.auto import keccak

from basis_venues.errors import ConfigurationError

MAX_UINT = 2**256 - 1
"""What "all of it" is called by contracts that know the word."""

Argument = int | str | bool | list[int] | list[str] | list[bytes] | bytes

_STATIC = re.compile(r"(address|bool|u?int\d*|bytes\d+)\Z")


class Method:
    """A function of a contract, by its signature: `transfer(address,uint256)`."""

    __slots__ = ("_plain", "selector", "signature", "types")
    _known: ClassVar[dict[str, Method]] = {}

    def __init__(self, signature: str) -> None:
        self.signature = signature
        self.selector = "0x" + keccak(signature.encode())[:4].hex()
        self.types = _split(signature[signature.index("(") + 1 : -1])
        self._plain = all(_STATIC.match(each) for each in self.types)
        self._known.setdefault(self.selector, self)

    @classmethod
    def of(cls, data: str) -> Method | None:
        """The function that call data are for; None for one that no venue of this process calls."""
        return cls._known.get(data[:10])

    def __call__(self, *arguments: Argument) -> str:
        """The call data as hex text."""
        if len(arguments) != len(self.types):
            raise TypeError(f"{self.signature} takes {len(self.types)} arguments, not {len(arguments)}")
        if self._plain:
            return self.selector + "".join(map(word, arguments))
        from eth_abi.abi import encode

        return self.selector + encode(self.types, arguments).hex()


def word(value: Argument) -> str:
    """A static argument as 64 hex digits: an integer, a truth value, or an address."""
    if isinstance(value, str):
        return value.removeprefix("0x").lower().rjust(64, "0")
    if isinstance(value, int) and 0 <= value <= MAX_UINT:
        return f"{int(value):064x}"
    raise TypeError("a word is an unsigned integer or an address")


@cache
def topic(signature: str) -> str:
    """The first topic of an event: `Transfer(address,address,uint256)`."""
    return "0x" + keccak(signature.encode()).hex()


def number(data: str, index: int = 0) -> int:
    """The word `index` of returned data or of a log's data, as an unsigned integer. Raises `ValueError` when it is not there."""
    digits = data[2 + 64 * index : 66 + 64 * index]
    if len(digits) != 64:
        raise ValueError("the contract answered with too little data")
    return int(digits, 16)


def address_in(data: str, index: int = 0) -> str:
    """The word `index`, or a topic, as an address. Raises `ValueError` as `number`."""
    return f"0x{number(data, index):040x}"


def decoded(types: tuple[str, ...], data: str) -> tuple[object, ...]:
    """Returned data of any types, by `eth_abi`."""
    from eth_abi.abi import decode

    return tuple(decode(types, bytes.fromhex(data.removeprefix("0x"))))


@lru_cache(maxsize=256)
def address(text: str, what: str) -> str:
    """A configured address in lower case. Raises `ConfigurationError` when it is none, or its checksum is wrong."""
    digits = text.removeprefix("0x")
    if len(text) != 42 or not re.fullmatch(r"[0-9a-fA-F]{40}", digits):
        raise ConfigurationError(f"{what} is no address: expected 0x and 40 hex digits")
    if digits not in (digits.lower(), digits.upper()) and checksummed(text) != text:
        raise ConfigurationError(f"{what} has a wrong checksum: a digit was mistyped, or the letters' case was changed")
    return text.lower()


def checksummed(text: str) -> str:
    """The address with the letters' case as its checksum (EIP-55)."""
    digits = text[2:].lower()
    marks = keccak(digits.encode()).hex()
    return "0x" + "".join(digit.upper() if int(mark, 16) > 7 else digit for digit, mark in zip(digits, marks, strict=False))


def _split(types: str) -> tuple[str, ...]:
    """The top-level types of a list that may hold tuples."""
    found, depth, begin = [], 0, 0
    for position, character in enumerate(types):
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            found.append(types[begin:position])
            begin = position + 1
    return (*found, types[begin:]) if types else ()

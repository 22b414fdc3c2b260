"""Calldata from plain signatures: `supply(address,uint256,address,uint16)`, and with results `balanceOf(address)(uint256)`."""

from __future__ import annotations

from functools import cache
from typing import Any

from eth_hash.auto import keccak


def selector(signature: str) -> str:
    """The four bytes of a function or an error, as `0x` and eight digits."""
    return "0x" + keccak(_function(signature)[0].encode()).hex()[:8]


def topic(signature: str) -> str:
    """The first topic of an event's log."""
    return "0x" + keccak(signature.encode()).hex()


def calldata(signature: str, *args: Any) -> str:
    """A call as hex."""
    return selector(signature) + arguments(_function(signature)[1], args)


def arguments(types: tuple[str, ...], values: tuple[Any, ...]) -> str:
    """The values as hex without 0x."""
    from eth_abi.abi import encode  # half a second, which a start from the cache need not wait for

    return encode(types, values).hex()


def results(signature: str, data: str) -> Any:
    """What a call returned: one value, or a tuple of several."""
    values = _decode(_function(signature)[2], data)
    return values[0] if len(values) == 1 else values


def unpack(types: str, data: str) -> tuple[Any, ...]:
    """The values of `types` (separated by commas) in the hex `data`."""
    return _decode(split_types(types), data)


def checksum(address: str) -> str:
    """The address with its capital letters (EIP-55)."""
    digits = address.removeprefix("0x").lower()
    digest = keccak(digits.encode()).hex()
    return "0x" + "".join(each.upper() if int(mark, 16) > 7 else each for each, mark in zip(digits, digest, strict=False))


def split_types(text: str) -> tuple[str, ...]:
    """`a,(b,c)[],d` as `a`, `(b,c)[]`, `d`."""
    parts, depth = [""], 0
    for each in text:
        depth += (each == "(") - (each == ")")
        if each == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += each
    return tuple(part for part in parts if part)


def _decode(types: tuple[str, ...], data: str) -> tuple[Any, ...]:
    from eth_abi.abi import decode

    return decode(types, bytes.fromhex(data.removeprefix("0x")))


@cache
def _function(signature: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The signature alone, the types of its arguments, and those of its results."""
    start = signature.index("(")
    depth, end = 0, start
    for end in range(start, len(signature)):
        depth += (signature[end] == "(") - (signature[end] == ")")
        if depth == 0:
            break
    alone, outputs = signature[: end + 1], signature[end + 1 :]
    return alone, split_types(alone[start + 1 : -1]), split_types(outputs[1:-1])

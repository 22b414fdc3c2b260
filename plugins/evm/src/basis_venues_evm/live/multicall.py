"""Many reads as one: `aggregate3` of Multicall3, which stands at one address on every chain.

All members see the same block, one that fails does not take the rest with it, and a provider counts one call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from . import abi

ADDRESS = "0xca11bde05977b3631167028862be2a173976ca11"

_AGGREGATE = abi.Method("aggregate3((address,bool,bytes)[])").selector
_BLOCK = abi.Method("getBlockNumber()")()
_ETHER = abi.Method("getEthBalance(address)")


class Call(NamedTuple):
    """A view of a contract: where, and the call data as hex."""

    to: str
    data: str


BLOCK_NUMBER = Call(ADDRESS, _BLOCK)
BLOCK_TIME = Call(ADDRESS, abi.Method("getCurrentBlockTimestamp()")())


def ether_of(address: str) -> Call:
    """The ETH of an address, in wei."""
    return Call(ADDRESS, _ETHER(address))


def encode(calls: Sequence[Call]) -> str:
    """The call data for all of them. Each may fail by itself."""
    tuples = [_member(call) for call in calls]
    offsets, offset = [], 32 * len(tuples)
    for each in tuples:
        offsets.append(abi.word(offset))
        offset += len(each) // 2
    return "".join((_AGGREGATE, abi.word(32), abi.word(len(tuples)), *offsets, *tuples))


def decode(data: str, count: int) -> list[str | None]:
    """What each call answered, as hex; None for one that failed, or had no contract to ask. Raises `ValueError` for a broken answer."""
    if abi.number(data, 1) != count:
        raise ValueError("the contract answered with another number of results")
    return [_result(data, 2 + abi.number(data, 2 + index) // 32) for index in range(count)]


def _member(call: Call) -> str:
    payload = call.data[2:]
    padded = payload + "0" * (-len(payload) % 64)
    return "".join((abi.word(call.to), abi.word(1), abi.word(96), abi.word(len(payload) // 2), padded))


def _result(data: str, at: int) -> str | None:
    length = abi.number(data, at + 2)
    if not abi.number(data, at) or not length:
        return None
    begin = 2 + 64 * (at + 3)
    return "0x" + data[begin : begin + 2 * length]

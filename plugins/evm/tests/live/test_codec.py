"""The bytes that leave, against other people's code: eth_account for signatures, eth_abi and web3 for calls."""

from __future__ import annotations

import pytest
from eth_abi import decode, encode
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from basis_venues.errors import ConfigurationError, CredentialError
from basis_venues.secret import Secret
from basis_venues_evm.live import Call, Method, Signer, multicall
from basis_venues_evm.live.abi import MAX_UINT, address, checksummed, topic
from basis_venues_evm.live.signing import Transaction

KEY = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"  # of the documentation of web3.js
ADDRESS = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"

addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
amounts = st.integers(0, MAX_UINT)


@settings(max_examples=150)
@given(
    key=st.integers(1, 2**255),
    to=addresses,
    data=st.binary(max_size=300),
    numbers=st.tuples(*(st.integers(0, 2**bits) for bits in (32, 64, 64, 40, 96))),
)
def test_signed_bytes_are_those_of_eth_account(key: int, to: str, data: bytes, numbers: tuple[int, ...]) -> None:
    """Byte for byte, and so are the hash and the address."""
    nonce, tip, max_fee, gas, value = numbers
    ours = Signer(Secret(f"{key:064x}"), "KEY")
    signed = ours.sign(Transaction(31337, nonce, tip, max_fee, gas, to, value, "0x" + data.hex()))
    fees = {"maxPriorityFeePerGas": tip, "maxFeePerGas": max_fee, "gas": gas}
    fields = {"chainId": 31337, "nonce": nonce, "to": checksummed(to), "value": value, "data": data, "type": 2, **fees}
    theirs = Account.sign_transaction(fields, key.to_bytes(32, "big"))
    assert signed.raw == theirs.raw_transaction.to_0x_hex()
    assert signed.hash == theirs.hash.to_0x_hex()
    assert ours.address == Account.from_key(key.to_bytes(32, "big")).address.lower()


def test_a_key_has_its_known_address() -> None:
    """The pair that web3.js documents."""
    assert Signer(Secret(KEY), "KEY", ADDRESS).address == ADDRESS.lower()


@pytest.mark.parametrize("key", ["", "0x12", "f" * 64, "0" * 64, "zz" * 32])
def test_a_malformed_key_is_refused_and_not_shown(key: str) -> None:
    """The message names the variable and nothing of its value."""
    with pytest.raises(CredentialError) as refused:
        Signer(Secret(key), "ALCHEMY__PRIVATE_KEY")
    assert not key or key not in str(refused.value)


def test_a_key_of_another_address_is_refused() -> None:
    """The wallet address beside it is checked."""
    with pytest.raises(CredentialError, match="another address"):
        Signer(Secret(KEY), "ALCHEMY__PRIVATE_KEY", "0x" + "00" * 20)


@settings(max_examples=100)
@given(to=addresses, amount=amounts, numbers=st.lists(amounts, max_size=5), flag=st.booleans())
def test_call_data_is_that_of_eth_abi(to: str, amount: int, numbers: list[int], flag: bool) -> None:
    """With static arguments, which are put together here, and with lists."""
    static = Method("f(address,uint256,bool)")
    assert static(to, amount, flag) == static.selector + encode(["address", "uint256", "bool"], [to, amount, flag]).hex()
    dynamic = Method("g(uint256[],address)")
    assert dynamic(numbers, to) == dynamic.selector + encode(["uint256[]", "address"], [numbers, to]).hex()


def test_selectors_and_topics_are_the_published_ones() -> None:
    """Taken from the ABIs of the protocols."""
    assert Method("supply(address,uint256,address,uint16)").selector == "0x617ba037"
    assert Method("requestWithdrawals(uint256[],address)").selector == "0xd6681042"
    assert Method("aggregate3((address,bool,bytes)[])").selector == "0x82ad56cb"
    assert Method("cast(string[],bytes[],address)").selector == "0x9304c934"
    assert topic("Transfer(address,address,uint256)") == "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


@settings(max_examples=100)
@given(calls=st.lists(st.tuples(addresses, st.binary(min_size=4, max_size=100)), min_size=1, max_size=8))
def test_many_reads_are_encoded_as_eth_abi_does(calls: list[tuple[str, bytes]]) -> None:
    """`aggregate3`, put together by hand."""
    ours = multicall.encode([Call(to, "0x" + data.hex()) for to, data in calls])
    theirs = encode(["(address,bool,bytes)[]"], [[(to, True, data) for to, data in calls]]).hex()
    assert ours == "0x82ad56cb" + theirs


@settings(max_examples=100)
@given(results=st.lists(st.tuples(st.booleans(), st.binary(max_size=100)), min_size=1, max_size=8))
def test_many_answers_are_decoded_as_eth_abi_does(results: list[tuple[bool, bytes]]) -> None:
    """A member that failed, or answered nothing, is none."""
    data = "0x" + encode(["(bool,bytes)[]"], [results]).hex()
    assert decode(["(bool,bytes)[]"], bytes.fromhex(data[2:]))[0] == tuple(results)
    expected = ["0x" + answer.hex() if good and answer else None for good, answer in results]
    assert multicall.decode(data, len(results)) == expected


def test_an_address_is_checked_by_its_checksum() -> None:
    """All lower case passes; mixed case must be right."""
    assert address(ADDRESS, "x") == ADDRESS.lower()
    assert address(ADDRESS.lower(), "x") == ADDRESS.lower()
    for wrong in (ADDRESS.replace("E", "e", 1), ADDRESS[:-1], "0x" + "g" * 40, ""):
        with pytest.raises(ConfigurationError, match="x "):
            address(wrong, "x")


@given(addresses)
def test_checksums_are_those_of_eth_utils(text: str) -> None:
    """EIP-55."""
    from eth_utils import to_checksum_address

    assert checksummed(text) == to_checksum_address(text)

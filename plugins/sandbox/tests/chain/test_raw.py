"""Reading signed transactions, against the library that signs them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basis_venues_sandbox.chain import wallet_address, wallet_key
from basis_venues_sandbox.chain.shim.raw import read_raw

eth_account = pytest.importorskip("eth_account")


@settings(max_examples=60)
@given(
    nonce=st.integers(0, 2**40),
    tip=st.integers(0, 2**60),
    more=st.integers(0, 2**60),
    data=st.binary(max_size=600),
    value=st.integers(0, 2**90),
)
def test_what_was_signed_is_what_is_read(nonce: int, tip: int, more: int, data: bytes, value: int) -> None:
    """Hash, sender, nonce and fees, for payloads of every length class."""
    content = {
        "type": 2, "chainId": 31337, "nonce": nonce, "to": wallet_address(), "value": value, "gas": 50_000, "data": data,
        "maxFeePerGas": tip + more, "maxPriorityFeePerGas": tip,
    }  # fmt: skip
    made = eth_account.Account.sign_transaction(content, wallet_key())
    read = read_raw(made.raw_transaction.hex())
    assert read is not None
    assert read.hash.removeprefix("0x") == made.hash.hex().removeprefix("0x")
    assert (read.sender, read.nonce, read.max_fee, read.tip) == (wallet_address().lower(), nonce, tip + more, tip)


def test_an_older_kind_of_transaction_is_left_alone() -> None:
    """Only transactions with two fees can be compared by two fees."""
    assert read_raw("0xf86c0a") is None

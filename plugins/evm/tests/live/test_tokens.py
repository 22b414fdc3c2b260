"""The tokens of a chain: what is configured of them is compared with what they say of themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from eth_abi.abi import encode

from basis_venues.errors import ConfigurationError
from basis_venues.secret import Secret
from basis_venues_evm import ChainSettings, Token, TransactionSettings
from basis_venues_evm.live import EvmChain, Request
from basis_venues_evm.live.rpc import Answer
from basis_venues_evm.testing import wallet_context

MAINNET, USDC = 1, "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"


class Node:
    """In place of the transport: a chain with one token, which says that it has so many decimals, or nothing."""

    def __init__(self, decimals: int | None) -> None:
        said = (True, decimals.to_bytes(32, "big")) if decimals is not None else (False, b"")
        self._views = "0x" + encode(["(bool,bytes)[]"], [[(True, (7).to_bytes(32, "big")), said]]).hex()
        self.is_open = False

    async def open(self) -> None:
        self.is_open = True

    async def close(self) -> None:
        self.is_open = False

    def stay_on(self, chain: int) -> None:
        assert chain == MAINNET

    async def others(self, request: Request) -> list[tuple[str, Answer]]:
        return []

    async def batch(self, requests: Sequence[Request]) -> list[Answer]:
        told = {"eth_chainId": hex(MAINNET), "eth_getCode": "0x6000", "eth_call": self._views}
        return [Answer(told[each.method]) for each in requests]


@pytest.mark.parametrize(("configured", "told", "refused"), [(6, 6, False), (8, 6, True), (18, 6, True), (8, None, False)])
def test_a_token_with_other_decimals_than_configured_is_refused(configured: int, told: int | None, refused: bool) -> None:
    """A transfer of 100 would be one of 10,000 where 8 are configured in place of 6, and its balance would show as if it were right."""
    settings = ChainSettings(
        venue_type="infrastructure", tokens={"USDC": Token(decimals=configured)}, contracts={"mainnet": {"USDC": USDC}}
    )  # fmt: skip
    context = wallet_context(settings, allowed_hosts=frozenset({"127.0.0.1"}), allowed_chains=frozenset({MAINNET}))
    chain = EvmChain(context, (Secret("http://127.0.0.1:1"),), None, TransactionSettings())
    node = chain.rpc = chain._reading._rpc = Node(told)  # type: ignore[assignment]
    if refused:
        with pytest.raises(ConfigurationError, match=f"USDC has 6 decimals on chain 1, not {configured}"):
            asyncio.run(chain.open())
    else:
        asyncio.run(chain.open())
    assert node.is_open != refused

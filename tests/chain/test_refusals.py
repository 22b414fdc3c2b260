"""What keeps a run on a chain from starting: each a typed error with what to do about it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from modes import mode_of

from basis_venues.errors import ConfigurationError, CredentialError, GuardRefused, TryAgainLater
from basis_venues.secret import Secret
from basis_venues_alchemy.access import chain_access
from basis_venues_alchemy.settings import AlchemySettings
from basis_venues_evm.testing import load_settings, wallet_context
from basis_venues_lido.settings import LidoSettings

AAVE = mode_of("on_chain", lending_execution="aave")


async def never(run: Any) -> None:
    raise AssertionError("it must not get here")


def test_another_pool_than_the_providers_is_refused(play: Any, control: Any) -> None:
    """The addresses of the configuration are compared with what the root of trust says."""
    at = control.addresses.aave
    wrong = {"provider": at.provider, "pool": at.oracle, "oracle": at.oracle}
    with pytest.raises(ConfigurationError, match="names another pool"):
        play(never, AAVE, aave={"contracts": {"local": wrong}})


def test_another_token_than_the_locators_is_refused(play: Any, control: Any) -> None:
    """The same for Lido."""
    at = control.addresses.lido
    wrong = {"locator": at.locator, "steth": at.wsteth, "wsteth": at.wsteth, "queue": at.queue}
    with pytest.raises(ConfigurationError, match="names another steth"):
        play(never, lido={"contracts": {"local": wrong}})


def test_an_address_with_a_wrong_checksum_is_refused(play: Any, control: Any) -> None:
    """A mistyped digit."""
    at = control.addresses.aave
    pool = at.pool.swapcase().replace("0X", "0x")
    with pytest.raises(ConfigurationError, match="checksum"):
        play(never, AAVE, aave={"contracts": {"local": {"provider": at.provider, "pool": pool, "oracle": at.oracle}}})


def test_a_dead_endpoint_asks_to_try_again(play: Any, control: Any) -> None:
    """Every request fails."""
    control.fault("status", 503, method="eth_chainId", times=0)
    with pytest.raises(TryAgainLater, match="503"):
        play(never, AAVE)


@pytest.mark.parametrize(("chain_id", "name"), [(11155111, "sepolia"), (17000, "17000")])
def test_lido_on_a_network_without_it_is_refused_with_a_sentence(chain_id: int, name: str) -> None:
    """Sepolia's deployment is deprecated, and is not among the contracts."""
    settings = load_settings(LidoSettings, "basis_venues_lido")
    context = wallet_context(
        load_settings(AlchemySettings, "basis_venues_alchemy"),
        allowed_hosts=frozenset({"127.0.0.1"}),
        allowed_chains=frozenset({chain_id}),
        endpoints={"rpc": "http://127.0.0.1:1"},
    )

    async def ask() -> None:
        await chain_access(context).contracts("lido", settings)

    with pytest.raises(ConfigurationError, match=f"lido has no contracts on {name}.*it is on mainnet, hoodi"):
        asyncio.run(ask())


def test_a_host_that_is_not_allowed_is_refused() -> None:
    """Before any connection; the URL's key is not shown."""
    context = wallet_context(
        load_settings(AlchemySettings, "basis_venues_alchemy"),
        allowed_hosts=frozenset({"eth-sepolia.g.alchemy.com"}),
        allowed_chains=frozenset({11155111}),
        credentials={"rpc_url": Secret("https://eth-mainnet.g.alchemy.com/v2/very-secret-key")},
    )

    async def make() -> None:
        chain_access(context)

    with pytest.raises(GuardRefused, match=r"eth-mainnet\.g\.alchemy\.com") as refused:
        asyncio.run(make())
    assert "very-secret-key" not in str(refused.value)


def test_a_wallet_without_an_endpoint_or_key_says_what_to_set() -> None:
    """Each names the variable."""
    context = wallet_context(
        load_settings(AlchemySettings, "basis_venues_alchemy"),
        credentials={},
    )
    with pytest.raises(CredentialError, match="ALCHEMY__RPC_URL"):
        chain_access(context)

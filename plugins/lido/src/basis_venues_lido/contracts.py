"""Lido's contracts on a chain, found from the locator."""

from __future__ import annotations

from typing import NamedTuple

from basis_venues.errors import ConfigurationError
from basis_venues_evm.live import Call, EvmChain, Method
from basis_venues_evm.live.abi import address_in

from .settings import LidoSettings

_LOCATED = {"steth": Method("lido()"), "wsteth": Method("wstETH()"), "queue": Method("withdrawalQueue()")}


class Contracts(NamedTuple):
    """The token, its wrapper, and the withdrawal queue."""

    steth: str
    wsteth: str
    queue: str


async def find_contracts(chain: EvmChain, venue: str, settings: LidoSettings) -> Contracts:
    """Ask the locator for the others. Raises `ConfigurationError` where one is another than configured, and on a network without Lido."""
    configured = await chain.addresses(venue, settings, ("locator", *_LOCATED))
    calls = {name: Call(configured["locator"], method()) for name, method in _LOCATED.items()}
    told = (await chain.views(calls.values())).answers
    for name, call in calls.items():
        answer = told[call]
        if answer is None or address_in(answer) != configured[name]:
            raise ConfigurationError(
                f"contracts in {venue}.yaml: the locator names another {name} than {configured[name]}; check chain and addresses"
            )
    return Contracts(configured["steth"], configured["wsteth"], configured["queue"])

"""Instadapp's contracts on a chain, and that they are the ones that were configured."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from basis_venues.errors import ConfigurationError
from basis_venues_evm.live import Call, EvmChain
from basis_venues_evm.live.abi import address_in

from .connectors import CONNECTOR_NAMES
from .methods import CONNECTOR, INDEX_LIST
from .settings import InstadappSettings

_CORE = ("index", "list", "connectors", "aggregator")


@frozen
class Contracts:
    """`connectors` is the registry, `aggregator` the lender of flash loans, `by_name` the connectors that the registry names."""

    index: str
    list: str
    connectors: str
    aggregator: str
    by_name: Mapping[str, str]

    def names(self) -> dict[str, Call]:
        """For each connector the question where it is now."""
        return {name: Call(self.connectors, CONNECTOR(name)) for name in self.by_name}


async def find_contracts(chain: EvmChain, venue: str, settings: InstadappSettings) -> Contracts:
    """Ask the index for the list and the registry for the connectors. Raises `ConfigurationError` where one is another than configured
    or missing, and on a network without Instadapp."""
    where = f"contracts in {venue}.yaml"
    found = await chain.addresses(venue, settings, _CORE)
    listed = Call(found["index"], INDEX_LIST())
    asked = {name: Call(found["connectors"], CONNECTOR(name)) for name in CONNECTOR_NAMES}
    told = (await chain.views((listed, *asked.values()))).answers
    if _told(told[listed]) != found["list"]:
        raise ConfigurationError(f"{where}: the index names another list than {found['list']}; check chain and addresses")
    by_name = {name: _told(told[call]) for name, call in asked.items()}
    for name, at in by_name.items():
        if not int(at, 16):
            raise ConfigurationError(f"{where}: the registry has no connector {name}; check chain and addresses")
        if found.get(name, at) != at:
            raise ConfigurationError(f"{where}: the registry has another {name} than {found[name]}; it was changed, or the chain is wrong")
    index, accounts, registry, aggregator = (found[name] for name in _CORE)
    return Contracts(index, accounts, registry, aggregator, by_name)


def _told(answer: str | None) -> str:
    return "0x0" if answer is None else address_in(answer)

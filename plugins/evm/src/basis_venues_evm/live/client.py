"""`EvmClient`: what the clients of all on-chain venues share. A venue says where its contracts are, what a step calls, and which
positions the effects of a step are counted from."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from basis_venues.contract import ClientContext, VenueClient
from basis_venues.errors import Denied
from basis_venues.guard import check_chain
from basis_venues.keys import Key
from basis_venues.orders import Effect, Outgoing, Prepared, Report, Snapshot, Step

from .chain import EvmChain, evm_chain
from .transactions import Wanted

_Found = TypeVar("_Found")


class EvmClient(VenueClient):
    """A venue on a chain, acting through the wallet's chain access."""

    def __init__(self, context: ClientContext, chain: EvmChain | None = None) -> None:
        self.network = context.network
        self.venue = context.venue
        self.chain = chain or evm_chain(context)
        self._allowed = context.allowed_chains
        self._opened = False

    # what a venue says

    @abstractmethod
    async def join(self) -> Mapping[str, str]:
        """Find the venue's contracts and tell the chain's registry how positions and logs are read. Called once, when the chain is
        open. Answers the identities of the accounts that the venue keeps."""

    @abstractmethod
    async def wanted(self, step: Step) -> Wanted:
        """The one transaction that carries out the step. Raises `Denied`."""

    async def checked(self, step: Step, wanted: Wanted) -> Mapping[str, Any]:
        """Whatever else the venue looks at before it is signed, in a dry run too. Answers what is kept with it, by name, as JSON data;
        raises `Denied`."""
        return {}

    def once_open(self, found: _Found | None) -> _Found:
        """What `join` found. Raises `Denied` before that."""
        if found is None:
            raise Denied(f"{self.venue} is not open")
        return found

    # the contract with the core

    async def open(self) -> Mapping[str, str]:
        """Connect, check the chain, and join. Raises as `EvmChain.open`, and `ConfigurationError` where contracts are not as configured."""
        if not self._opened:
            await self.chain.open()
            self._opened = True
        check_chain(self.venue, self.chain.chain_id, self._allowed)
        return await self.join()

    async def heartbeat(self) -> Mapping[str, str]:
        """The chain and its head."""
        return await self.chain.check()

    async def prepare(self, step: Step, attempt_key: str) -> Prepared:
        """The step as a signed transaction, simulated before."""
        wanted = await self.wanted(step)
        kept = await self.checked(step, wanted)
        prepared = await self.chain.prepare(step, attempt_key, wanted)
        return prepared._replace(payload={**prepared.payload, **kept}) if kept else prepared

    async def show(self, step: Step, attempt_key: str, ahead: int) -> Outgoing:
        """The transaction with the function that it calls; its signed bytes are hidden."""
        wanted = await self.wanted(step)
        if not ahead:  # what comes before it has not happened: it cannot be tried yet
            await self.checked(step, wanted)
        return await self.chain.show(step, attempt_key, wanted, ahead)

    async def send(self, prepared: Prepared) -> Report:
        """Broadcast it, once."""
        return await self.chain.send(prepared)

    async def lookup(self, prepared: Prepared) -> Report:
        """By all its hashes, then the pool, then the nonce."""
        return await self.chain.lookup(prepared)

    async def replace(self, prepared: Prepared) -> Prepared | None:
        """At a higher fee, when it is stuck."""
        return await self.chain.replace(prepared)

    async def positions(self, keys: Collection[Key], at: int) -> Snapshot:
        """All at one block."""
        return await self.chain.positions(keys, at)

    async def recent_effects(self, keys: Collection[Key], since: int, until: int) -> Sequence[Effect]:
        """From logs, nonces and ETH balances of the blocks after `since` up to `until`."""
        return await self.chain.recent_effects(keys, since, until)

    async def close(self) -> None:
        """Leave the chain."""
        if self._opened:
            self._opened = False
            await self.chain.close()

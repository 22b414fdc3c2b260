"""What the parts of one venue's client share."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from basis_venues.errors import Denied
from basis_venues.network import Network

from ..settings import ExchangeSettings
from .connection import TRIES, Connection
from .fills import PositionKeys
from .listings import Listing, Listings
from .pages import Paging, pages
from .saying import Proof, Said
from .wire import Request


@frozen(kw_only=True)
class Desk:
    """The connection, the markets and the names of the account's positions. `hidden`: what of the account this key and this network do
    not show, a wallet or `withdrawals`, and why; known once the client is open."""

    connection: Connection
    listings: Listings
    keys: PositionKeys
    settings: ExchangeSettings
    hidden: dict[str, str] = field(factory=dict)

    @property
    def network(self) -> Network:
        """Where it leads."""
        return self.connection.network

    def now(self) -> int:
        """The venue's time, ms."""
        return self.connection.clock.now()

    def at_least(self) -> int:
        """A moment that the venue's clock has surely reached, ms: what is written from now on is not dated earlier."""
        return self.connection.clock.at_least()

    def check(self, *names: str) -> None:
        """Raises `Denied`, with the reason, where one of them is hidden: what cannot be read is not taken for nothing."""
        for name in names:
            if name in self.hidden:
                raise Denied(self.hidden[name])

    def rate(self, listing: Listing) -> Decimal | None:
        """The account's own fee rate; None where it is not known or fees may be taken in another coin."""
        return None if self.settings.fee_assets else listing.taker

    async def read(self, api: str, path: str, *, method: str = "GET", **params: Any) -> Any:
        """Ask for something that changes nothing; parameters that are None are left out."""
        given = {name: value for name, value in params.items() if value is not None}
        return await self.connection.call(Request(api, method, path, given), urgent=True)

    async def pages(self, api: str, path: str, paging: Paging, *, since: int = 0, **params: Any) -> list[Any]:
        """All rows of a list from the time `since` (ms; 0: what the venue tells without one); see `pages.pages`. A long list may be longer
        than the venue's pace for it: a page that was refused for that is asked for again once the pause is over."""

        async def ask(cut: Mapping[str, Any], left: int = TRIES) -> Any:
            try:
                return await self.read(api, path, **{**params, **cut})
            except Said as said:
                if not left or self.connection.wire.proofs.of(said) is not Proof.PACE:
                    raise
            await self.connection.budget.quiet()
            return await ask(cut, left - 1)

        return await pages(ask, paging, since, self.now())

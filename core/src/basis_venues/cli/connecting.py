"""What `basis check --connect` adds: every live venue opened, asked for a heartbeat, and let go. Nothing is written anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from ..blame import raised
from ..contract import VenueClient
from ..errors import BasisError, TryAgainLater
from ..findings import Finding, Status
from ..network import Network
from ..validation import check_of
from .checking import HEARTBEAT

if TYPE_CHECKING:
    from ..config.settings import Settings
    from ..factory import VenueClientFactory


def connected(settings: Settings, factory: VenueClientFactory) -> Iterator[Finding]:
    """One finding for each venue that is not simulated, and one for what its key may do beyond need, or does not show."""
    clients: dict[str, VenueClient] = {}
    for venue in settings.mode.execution_venues:
        with suppress(BasisError):  # a client that cannot be made is a failure of the check before
            client = factory.client(venue)
            if client is not None:
                clients[venue] = client
    if not clients:
        return iter([Finding("pass", HEARTBEAT, "every venue is simulated: there is nothing to connect to")])
    return iter(asyncio.run(_heard(clients)))


async def _heard(clients: Mapping[str, VenueClient]) -> list[Finding]:
    found: list[Finding] = []
    try:
        for venue, client in clients.items():
            found += await _one(venue, client)
    finally:
        for client in clients.values():
            with suppress(Exception):  # what cannot be closed must not hide what was found
                await client.close()
    return found


async def _one(venue: str, client: VenueClient) -> list[Finding]:
    try:
        identities = await client.open()
        said = dict(await client.heartbeat())
    except BasisError as error:
        return [Finding("fail", _check(error, line), f"{venue}: {line}", "see the message; then check again") for line in error.problems]
    except Exception as error:  # of a plugin: its text may carry a URL with a key
        return [Finding("fail", HEARTBEAT, f"{venue}: its client raised {raised(error)}", "look at the plugin's version and report it")]
    key, hidden = said.pop("key", None), said.pop("not shown", None)
    words = ", ".join(f"{name} {word}" for name, word in said.items())
    found = [Finding("pass", HEARTBEAT, f"{venue}: {words or 'answers'}; accounts: {', '.join(sorted(identities)) or 'of another venue'}")]
    if key:
        status: Status = "fail" if client.network is Network.MAINNET else "warn"
        found.append(Finding(status, "key permissions", f"{venue}: {key}", "make a key that may do what the mode does, and no more"))
    if hidden:
        found.append(Finding("warn", "key permissions", f"{venue}: {hidden}", "none is needed where the mode does not look there"))
    return found


def _check(error: BasisError, problem: str) -> str:
    """What failed: only a venue that is down or asks to wait is worth another try, a key that it refuses is not."""
    return HEARTBEAT if isinstance(error, TryAgainLater) else check_of(error, problem)

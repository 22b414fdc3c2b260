"""The guards on this side: which hosts and chains may be reached, and where value may be sent. Each raises `GuardRefused`."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from .actions import Transfer
from .addresses import is_chain_address, misspelt
from .config.venues import Destination, VenueSettings
from .errors import GuardRefused

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""Hosts that are this machine."""
LOCAL_CHAINS = frozenset({1337, 31337})
"""Chain ids of local development chains. Never that of a public one: what is signed for it could be replayed there."""


def host_of(url: str) -> str:
    """The host of a URL, in lower case. Raises `GuardRefused` where two readers of the URL could disagree on it; shows nothing of it."""
    odd = not url.isascii() or "\\" in url or any(character.isspace() or not character.isprintable() for character in url)
    try:
        parts = urlsplit(url if "://" in url else f"//{url}")
        host = (parts.hostname or "").rstrip(".")
        odd = odd or parts.username is not None or not host or parts.port == 0
    except ValueError:
        odd = True
    if odd:
        raise GuardRefused("a URL does not name its host plainly; expected https://HOST[:PORT]/PATH without user, spaces or backslashes")
    return host


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine."""
    return host_of(url) in LOOPBACK


def check_host(venue: str, url: str, allowed: Collection[str]) -> None:
    """Whether `url` (or a bare host) is one that the venue may reach: its host is in `allowed`, exactly or by a pattern such as
    `*.example.com`, and it is encrypted unless it leads to this machine. Raises `GuardRefused`, naming the host and nothing else."""
    host = host_of(url)
    if not any(_matches(host, pattern.lower()) for pattern in allowed):
        raise GuardRefused(f"{venue} may not reach {host} here; allowed: {', '.join(sorted(allowed)) or 'nothing'}")
    scheme = url.partition("://")[0].lower() if "://" in url else "https"
    if scheme not in ("https", "wss") and not (host in LOOPBACK and scheme in ("http", "ws")):
        raise GuardRefused(f"{venue} may reach {host} over https or wss only")


def check_chain(venue: str, chain_id: int, allowed: Collection[int]) -> None:
    """Whether the chain that answered is one that the venue may use. Raises `GuardRefused`."""
    if chain_id not in allowed:
        wanted = ", ".join(map(str, sorted(allowed))) or "none"
        raise GuardRefused(f"{venue} is connected to chain {chain_id}; allowed here: {wanted}")


def destination(venue: str, settings: VenueSettings, transfer: Transfer) -> Destination:
    """The listed destination that the transfer goes to. `venue`, with its `settings`, is the one that the value leaves.

    A transfer to an `address` is matched by it, and by its tag exactly; one to an account by the destination's `label`. Network and asset
    must be those of the destination, where it names some; a transfer that names no network goes over `settings.network_of` its asset.
    Raises `GuardRefused` where none matches, and for an address whose checksum is wrong.
    """
    listed = [each for each in settings.destinations if _leads_to(each, transfer)]
    for address in (transfer.address or "", *(each.address for each in listed)):
        if is_chain_address(address) and misspelt(address):
            raise GuardRefused(f"the transfer {transfer.id}: {address} has a wrong checksum: a digit was mistyped, or the case of a letter")
    network = transfer.network or settings.network_of(transfer.asset)
    for each in listed:
        same_tag = each.tag == transfer.tag or (transfer.address is None and transfer.tag is None)
        if same_tag and each.network in (None, network) and each.asset in (None, transfer.asset):
            return each
    place = f"`destinations` in configs/venues/{venue}.yaml"
    if listed:
        tag = " and this tag" if any(each.tag != transfer.tag for each in listed) else ""
        raise GuardRefused(f"the transfer {transfer.id}: {place} has the address, but not for this network and {transfer.asset}{tag}")
    if transfer.address is None:
        wanted = f"no address of {transfer.target} is among the {place}; add it there with `label: {transfer.target}`"
    else:
        wanted = f"its address is not among the {place}; add it there, with network and asset"
    raise GuardRefused(f"the transfer {transfer.id}: {wanted}")


def _leads_to(place: Destination, transfer: Transfer) -> bool:
    """By label, or by address: one of an Ethereum-like chain in any case, every other letter by letter."""
    if transfer.address is None:
        return place.label == transfer.target
    if is_chain_address(place.address):
        return place.address.lower() == transfer.address.lower()
    return place.address == transfer.address


def _matches(host: str, pattern: str) -> bool:
    return host.endswith(pattern[1:]) and len(host) >= len(pattern) if pattern.startswith("*.") else host == pattern

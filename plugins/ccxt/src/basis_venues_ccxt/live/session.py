"""The HTTP session of an exchange, and its guard.

Every request is checked before a byte leaves: the host that it is meant for, the host that it really goes to, and the address of the
socket. Redirects are never followed. Where the sandbox is configured, requests go to it with path and query untouched (they are
signed) and the host that they were meant for in `X-Orig-Host`: the venue's dialect depends on that host.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import NamedTuple

from attrs import frozen

from basis_venues.errors import GuardRefused
from basis_venues.guard import check_host, host_of, is_loopback
from basis_venues.http import Answer, Origin, Pool, request_of


@frozen(kw_only=True)
class Bounds:
    """Where requests may go. `hosts`: those of the exchange's API on this network. `allowed`: what the core lets the venue reach.
    `endpoint`: a URL on this machine that stands in for all of them, or None. `header`: name and value that every request must carry;
    with None as the value it must not be there."""

    venue: str
    hosts: frozenset[str]
    allowed: frozenset[str]
    endpoint: str | None = None
    header: tuple[str, str | None] | None = None

    def check(self, url: str, headers: Mapping[str, str]) -> None:
        """Raises `GuardRefused` for a request that must not leave."""
        host = host_of(url)
        if host not in self.hosts and (self.hosts or self.endpoint is None):  # a venue without this network is at the endpoint alone
            raise GuardRefused(f"{self.venue} may not reach {host} on this network; its hosts are {', '.join(sorted(self.hosts))}")
        self.check_headers(headers)
        check_host(self.venue, self.endpoint or url, self.allowed)

    def check_headers(self, headers: Mapping[str, str]) -> None:
        """Raises `GuardRefused` for a request whose headers would take it to the other network."""
        if self.header is not None and headers.get(self.header[0]) != self.header[1]:
            wanted = "must not be there" if self.header[1] is None else f"must be {self.header[1]}"
            raise GuardRefused(f"{self.venue}: a request with the wrong header {self.header[0]} (it {wanted} on this network) was stopped")

    def check_address(self, address: str) -> None:
        """Raises `GuardRefused` for a socket to somewhere else: this machine and its network, or, with an endpoint here, the outside."""
        peer = ipaddress.ip_address(address.partition("%")[0])
        if self.endpoint is not None and is_loopback(self.endpoint):
            if not peer.is_loopback:
                raise GuardRefused(f"{self.venue} is configured for an endpoint on this machine, and its name leads to {peer}")
        elif not peer.is_global:
            raise GuardRefused(f"{self.venue}: the name of its host leads to {peer}, which is not on the internet")


class Target(NamedTuple):
    """Where a request really goes. `meant`: the host that it is meant for, where that is another one."""

    origin: Origin
    meant: str = ""


class GuardedSession:
    """Sends requests to one exchange over connections that stay open."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._targets: dict[str, Target] = {}
        self._pool = Pool(bounds.check_address)

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float) -> Answer:
        """Send one request; path and query go as they are. Raises `GuardRefused` where nothing left, and as `Pool.ask`."""
        base, path = _split(url)
        origin, meant = self._checked(base, headers)
        sent = {"Host": origin.authority, **headers, **({"X-Orig-Host": meant} if meant else {})}
        return await self._pool.ask(origin, request_of(method, path, sent, body), timeout_s, read=method == "GET")

    async def close(self) -> None:
        """Let the connections go."""
        await self._pool.close()

    def _checked(self, base: str, headers: Mapping[str, str]) -> Target:
        """Where the URL leads, looked at once; the headers are looked at every time. Raises `GuardRefused`."""
        target = self._targets.get(base)
        if target is not None:
            self._bounds.check_headers(headers)
            return target
        self._bounds.check(base, headers)
        endpoint = self._bounds.endpoint
        origin, _ = Origin.of(endpoint or base)
        target = self._targets[base] = Target(origin, host_of(base) if endpoint else "")
        return target


def _split(url: str) -> tuple[str, str]:
    """Scheme with authority, and path with query, byte for byte. Raises `GuardRefused` where that cannot be told apart plainly."""
    scheme, _, rest = url.partition("://")
    authority, _, path = rest.partition("/")
    if "?" in authority or "#" in url or not url.isascii():
        raise GuardRefused("a URL of a request does not name its path plainly")
    return f"{scheme}://{authority}", f"/{path}"

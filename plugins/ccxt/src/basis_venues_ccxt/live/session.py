"""The HTTP session of an exchange: an `aiohttp.ClientSession` to ccxt, and a guard to us.

Every request is checked before a byte leaves: the host that it is meant for, the host that it really goes to, and the address of the
socket. Redirects are never followed. Where the sandbox is configured, requests go to it with path and query untouched (they are
signed) and the host that they were meant for in `X-Orig-Host`: ccxt's error maps and the venue's dialect depend on that host.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Mapping
from typing import Any

import aiohttp
import certifi
from attrs import frozen
from yarl import URL

from basis_venues.errors import GuardRefused
from basis_venues.guard import LOOPBACK, check_host, host_of, is_loopback

KEEP_ALIVE_S = 60


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
        if host not in self.hosts:
            raise GuardRefused(f"{self.venue} may not reach {host} on this network; its hosts are {', '.join(sorted(self.hosts))}")
        if self.header is not None and headers.get(self.header[0]) != self.header[1]:
            wanted = "must not be there" if self.header[1] is None else f"must be {self.header[1]}"
            raise GuardRefused(f"{self.venue}: a request with the wrong header {self.header[0]} (it {wanted} on this network) was stopped")
        check_host(self.venue, self.endpoint or url, self.allowed)

    def check_address(self, address: str) -> None:
        """Raises `GuardRefused` for a socket to somewhere else: this machine and its network, or, with an endpoint here, the outside."""
        peer = ipaddress.ip_address(address.partition("%")[0])
        if self.endpoint is not None and is_loopback(self.endpoint):
            if not peer.is_loopback:
                raise GuardRefused(f"{self.venue} is configured for an endpoint on this machine, and its name leads to {peer}")
        elif not peer.is_global:
            raise GuardRefused(f"{self.venue}: the name of its host leads to {peer}, which is not on the internet")


class GuardedSession:
    """What ccxt calls: `get`, `post`, `put`, `delete`, `patch`, `close` and what else an aiohttp session has."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._target = URL(bounds.endpoint) if bounds.endpoint else None
        connector = aiohttp.TCPConnector(
            ssl=_trust(bounds), keepalive_timeout=KEEP_ALIVE_S, socket_factory=self._socket, happy_eyeballs_delay=None
        )
        self._inner = aiohttp.ClientSession(connector=connector, trust_env=False, cookie_jar=aiohttp.DummyCookieJar())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def get(self, url: Any, **options: Any) -> Any:
        """GET."""
        return self._request("GET", url, options)

    def post(self, url: Any, **options: Any) -> Any:
        """POST."""
        return self._request("POST", url, options)

    def put(self, url: Any, **options: Any) -> Any:
        """PUT."""
        return self._request("PUT", url, options)

    def delete(self, url: Any, **options: Any) -> Any:
        """DELETE."""
        return self._request("DELETE", url, options)

    async def close(self) -> None:
        """Let the connections go."""
        await self._inner.close()

    def _request(self, method: str, url: Any, options: dict[str, Any]) -> Any:
        meant = URL(str(url), encoded=True)
        headers = dict(options.pop("headers", None) or {})
        self._bounds.check(f"{meant.scheme}://{meant.authority}", headers)
        options.pop("proxy", None)
        if self._target is None:
            return self._inner.request(method, meant, headers=headers, allow_redirects=False, **options)
        headers["X-Orig-Host"] = str(meant.host)
        target = URL(f"{self._target.scheme}://{self._target.authority}{meant.raw_path_qs}", encoded=True)
        return self._inner.request(method, target, headers=headers, allow_redirects=False, **options)

    def _socket(self, found: Any) -> socket.socket:
        """A socket for an address that is about to be connected to, if it may be."""
        family, kind, protocol, _, address = found
        self._bounds.check_address(str(address[0]))
        return socket.socket(family=family, type=kind, proto=protocol)


def _trust(bounds: Bounds) -> ssl.SSLContext | bool:
    """The certificates to trust: made only where TLS is spoken, for it takes 50 ms."""
    if bounds.endpoint is not None and bounds.endpoint.startswith("http://") and host_of(bounds.endpoint) in LOOPBACK:
        return True
    return ssl.create_default_context(cafile=certifi.where())

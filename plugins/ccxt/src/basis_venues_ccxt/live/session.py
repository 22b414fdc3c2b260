"""The HTTP session of an exchange, and its guard.

Every request is checked before a byte leaves: the host that it is meant for, the host that it really goes to, and the address of the
socket. Redirects are never followed. Where the sandbox is configured, requests go to it with path and query untouched (they are
signed) and the host that they were meant for in `X-Orig-Host`: the venue's dialect depends on that host.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import certifi
from attrs import frozen

from basis_venues.errors import GuardRefused
from basis_venues.guard import check_host, host_of, is_loopback

from .http import Answer, Broken, Channel, NotConnected, request_of

KEEP_ALIVE_S = 50
"""A connection that was idle for longer is not used again: the other side may be about to close it."""


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


class Place(NamedTuple):
    """Where a request really goes. `authority`: host and port as the request names them; `meant`: the host that it is meant for, where
    that is another one."""

    host: str
    port: int
    tls: bool
    authority: str
    meant: str = ""


class GuardedSession:
    """Sends requests to one exchange over connections that stay open, one for each host unless several are asked at once."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._places: dict[str, Place] = {}
        self._open: dict[Place, list[Channel]] = {}

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float) -> Answer:
        """Send one request; path and query go as they are. Raises `GuardRefused` and `NotConnected` where nothing left, else `Broken`,
        `Garbled` or `TimeoutError`. A read over a connection that turns out to be closed is asked again over a new one."""
        base, path = _split(url)
        place = self._checked(base, headers)
        sent = {"Host": place.authority, **headers, **({"X-Orig-Host": place.meant} if place.meant else {})}
        asked = request_of(method, path, sent, body)
        channel = self._idle(place)
        if channel is not None:
            try:
                return await channel.ask(asked, timeout_s)
            except Broken:
                if method != "GET":
                    raise
        return await (await self._connected(place, timeout_s)).ask(asked, timeout_s)

    async def close(self) -> None:
        """Let the connections go."""
        channels = [channel for each in self._open.values() for channel in each]
        self._open.clear()
        for channel in channels:
            channel.close()
        while not all(channel.gone for channel in channels):
            await asyncio.sleep(0)

    def _checked(self, base: str, headers: Mapping[str, str]) -> Place:
        """Where the URL leads, looked at once; the headers are looked at every time. Raises `GuardRefused`."""
        place = self._places.get(base)
        if place is not None:
            self._bounds.check_headers(headers)
            return place
        self._bounds.check(base, headers)
        place = self._places[base] = _place(self._bounds.endpoint or base, host_of(base) if self._bounds.endpoint else "")
        return place

    def _idle(self, place: Place) -> Channel | None:
        oldest = asyncio.get_running_loop().time() - KEEP_ALIVE_S
        kept = self._open[place] = [each for each in self._open.get(place, ()) if each.open]
        for channel in kept:
            if channel.busy:
                continue
            if channel.idle_since > oldest:
                return channel
            channel.close()
        return None

    async def _connected(self, place: Place, timeout_s: float) -> Channel:
        try:
            async with asyncio.timeout(timeout_s):
                channel = await self._connect(place)
        except OSError as error:  # refused, no such name, no trust; a timeout is one as well
            raise NotConnected(type(error).__name__) from error
        self._open.setdefault(place, []).append(channel)
        return channel

    async def _connect(self, place: Place) -> Channel:
        """Every address that the name leads to is checked before any is connected to."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
        for *_, address in found:
            self._bounds.check_address(str(address[0]))
        connected = await _first(found)
        try:
            trust, name = (trusted(), place.host) if place.tls else (None, None)
            _, channel = await loop.create_connection(Channel, sock=connected, ssl=trust, server_hostname=name)
        except BaseException:
            connected.close()
            raise
        return channel


async def _first(found: Iterable[Any]) -> socket.socket:
    """A socket to the first address that answers. Raises `OSError`."""
    loop, failure = asyncio.get_running_loop(), OSError("the name leads nowhere")
    for family, kind, protocol, _, address in found:
        made = socket.socket(family=family, type=kind, proto=protocol)
        made.setblocking(False)
        try:
            await loop.sock_connect(made, address)
        except OSError as error:
            made.close()
            failure = error
        except BaseException:
            made.close()
            raise
        else:
            return made
    raise failure


def _split(url: str) -> tuple[str, str]:
    """Scheme with authority, and path with query, byte for byte. Raises `GuardRefused` where that cannot be told apart plainly."""
    scheme, _, rest = url.partition("://")
    authority, _, path = rest.partition("/")
    if "?" in authority or "#" in url or not url.isascii():
        raise GuardRefused("a URL of a request does not name its path plainly")
    return f"{scheme}://{authority}", f"/{path}"


def _place(url: str, meant: str) -> Place:
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    return Place(host_of(url), parts.port or (443 if tls else 80), tls, parts.netloc, meant)


@lru_cache(maxsize=1)
def trusted() -> ssl.SSLContext:
    """The certificates to trust: read once, and only where TLS is spoken, for it takes 50 ms."""
    return ssl.create_default_context(cafile=certifi.where())

"""What a client needs of its plugin's manifest: hosts, fence and rate, read without the core's checking of the whole file."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files

from attrs import frozen

from basis_venues.network import Network


@frozen(kw_only=True)
class Rules:
    """`hosts` by network, `fence_ms` of a write, `per_minute` requests of an account."""

    hosts: dict[str, frozenset[str]]
    fence_ms: int
    per_minute: int

    def of(self, network: Network) -> frozenset[str]:
        """The hosts of the exchange's API on a network."""
        return self.hosts.get(network.value, frozenset())


@lru_cache
def read_rules(package: str) -> Rules:
    """Those of the plugin in that package."""
    manifest = tomllib.loads(files(package).joinpath("manifest.toml").read_text(encoding="utf-8"))
    return Rules(
        hosts={network: frozenset(rule["hosts"]) for network, rule in manifest["networks"].items()},
        fence_ms=manifest["fence"]["milliseconds"],
        per_minute=manifest["rate"]["requests_per_minute"],
    )

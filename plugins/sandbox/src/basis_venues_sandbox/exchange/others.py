"""Exchanges beside the three: whatever else is installed may be pointed at the sandbox, in whichever of its protocols it speaks.

Only manifests are read; nothing of a plugin is run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from basis_venues.distributions import entry_points
from basis_venues.errors import BasisError
from basis_venues.hookspecs import ENTRY_POINT_GROUP
from basis_venues.manifest import Manifest, read_manifest
from basis_venues.registry import module_folder

from .keys import ApiKey, throwaway
from .sandbox import DIALECTS


def other_exchanges() -> tuple[Manifest, ...]:
    """The manifests of the installed exchanges that have no protocol of their own here."""
    return tuple(each for each in _manifests() if each.kind == "cex" and each.venue not in {dialect.venue for dialect in DIALECTS})


def keys_of(manifest: Manifest) -> tuple[ApiKey, ...]:
    """The throwaway keys of an exchange, each known to every protocol: `spot_api_key` goes with `spot_secret`."""
    made = {each.name: throwaway(each.variable) for each in manifest.credentials}
    sets = [name.removesuffix("api_key") for name in made if name.endswith("api_key")]
    return tuple(
        ApiKey(
            venue=dialect.venue, key=made[f"{name}api_key"],
            secret=made.get(f"{name}secret", ""), passphrase=made.get(f"{name}passphrase", ""),
        )
        for name in sets
        for dialect in DIALECTS
    )  # fmt: skip


def hosts_of(manifest: Manifest) -> dict[tuple[str, str], str]:
    """The hosts of an exchange under every protocol, see `Sandbox.hosts`: whatever network the run is on, they are this one sandbox."""
    return {(dialect.venue, host): "" for rule in manifest.networks.values() for host in rule.hosts for dialect in DIALECTS}


def _manifests() -> Iterator[Manifest]:
    for entry in entry_points((ENTRY_POINT_GROUP,)):
        with suppress(BasisError, OSError):  # what is wrong with a plugin is told by whoever wants it
            yield read_manifest(module_folder(entry) / "manifest.toml")

"""Which venues are installed, and which of them may be loaded: decided from metadata, before any of their code runs."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from .config.misfit import nearest, shown
from .contract import CONTRACT
from .distributions import Distribution, EntryPoint, entry_points, required, version_of
from .errors import ConfigurationError, PluginRefused
from .hookspecs import ENTRY_POINT_GROUP
from .manifest import Manifest, read_manifest
from .trust import Trust, bounds, within

OBSERVER_GROUP = "basis.observers"
"""The entry-point group of observers; every installed and trusted one is loaded."""

FIRST_PARTY: Mapping[str, str] = {
    name: f"basis-venues-{name}" for name in ("aave", "alchemy", "binance", "bybit", "instadapp", "lido", "okx")
}
"""Names that belong to a distribution of ours: any other that claims one is refused."""


class Installed(NamedTuple):
    """A venue that passed: its entry point, its manifest, and its default YAML where it ships one."""

    entry: EntryPoint
    manifest: Manifest
    defaults: Path | None


class Registry:
    """The installed venues and observers. The path is scanned once, when it is made; manifests are read when they are asked for.

    `trust`: which distributions of others are let in; None lets in every one, which is for tools that judge plugins. A run has a list.
    """

    def __init__(self, path: Sequence[str] | None = None, trust: Trust | None = None) -> None:
        self._trust = trust
        found = entry_points((ENTRY_POINT_GROUP, OBSERVER_GROUP), path)
        self._claims: dict[str, list[EntryPoint]] = {}
        for entry in found:
            if entry.group == ENTRY_POINT_GROUP:
                self._claims.setdefault(entry.name, []).append(entry)
        observers = tuple(entry for entry in found if entry.group == OBSERVER_GROUP)
        self.observers = tuple(entry for entry in observers if self._trusts(entry))
        """Entry points of installed observers that may be loaded."""
        self.strangers = tuple(entry for entry in observers if not self._trusts(entry))
        """Entry points of installed observers that may not."""
        self._passed: dict[str, Installed] = {}

    def names(self) -> tuple[str, ...]:
        """The names that installed distributions claim, whether they would be let in or not, in alphabetical order."""
        return tuple(sorted(self._claims))

    def venue(self, name: str) -> Installed:
        """The venue of that name. Raises `PluginRefused` with what mends it where it is missing or must not be loaded."""
        if name not in self._passed:
            self._passed[name] = self.admitted(self._owner(name))
        return self._passed[name]

    def _owner(self, name: str) -> EntryPoint:
        """The one distribution that may answer for the name."""
        claims = self._claims.get(name, [])
        if not claims:
            self._check_named_otherwise(name)
            hint = nearest(name, {*FIRST_PARTY, *self._claims} - {name})
            raise PluginRefused(f"no plugin for the venue {shown(name)!r} is installed: pip install {_wheel(shown(name))}{hint}")
        pinned = [claim for claim in claims if self._trust is not None and self._trust.covers(claim.distribution, name)]
        if len(claims) > 1 and len(pinned) == 1 and name not in FIRST_PARTY:
            self._check_unchanged(pinned[0])
            return pinned[0]
        if len(claims) > 1:
            owners = " and ".join(sorted(claim.distribution.name for claim in claims))
            raise PluginRefused(f"{owners} both claim the venue {name!r}, so neither is loaded: pip uninstall the one you do not want")
        owner = claims[0].distribution.name
        if FIRST_PARTY.get(name, owner) != owner:
            raise PluginRefused(
                f"the venue {name!r} belongs to {FIRST_PARTY[name]}, but {owner} claims it and is not loaded: "
                f"pip uninstall {owner} && pip install {FIRST_PARTY[name]}"
            )
        if not self._trusts(claims[0]):
            self.admitted(claims[0])  # nobody needs to trust what could not be loaded anyway
            raise PluginRefused(
                f"{owner} {claims[0].distribution.version} claims the venue {name!r} and is not among the trusted distributions of "
                f"{self._trust.file if self._trust else 'this run'}, so it is not imported; look at it, then: basis venues trust {name}"
            )
        self._check_unchanged(claims[0])
        return claims[0]

    def _check_named_otherwise(self, name: str) -> None:
        """Raises `PluginRefused` where the manifest of what is installed under another name says this one."""
        for claims in self._claims.values():
            for entry in claims:
                if _said_name(entry) == name:
                    self.admitted(entry)

    def _check_unchanged(self, entry: EntryPoint) -> None:
        """Raises `PluginRefused` where files of a distribution of others changed after it was looked at."""
        line = None if self._trust is None else self._trust.line(entry.distribution, entry.name)
        if line is not None and line.changed(entry.distribution, module_folder(entry)):
            raise PluginRefused(
                f"the files of {entry.distribution.name} {entry.distribution.version} are not those that were looked at when it was "
                f"trusted, so it is not imported; look at it again, then: basis venues trust {entry.name}"
            )

    def claims(self, name: str) -> tuple[EntryPoint, ...]:
        """Every entry point that claims the venue's name, or is an observer of that name."""
        observers = (entry for entry in (*self.observers, *self.strangers) if entry.name == name)
        return (*self._claims.get(name, ()), *observers)

    def _trusts(self, entry: EntryPoint) -> bool:
        """Whether the entry's distribution is ours, or listed."""
        venue = entry.name if entry.group == ENTRY_POINT_GROUP else ""
        if FIRST_PARTY.get(venue) == entry.distribution.name or self._trust is None:
            return True
        line = self._trust.line(entry.distribution, venue)
        return line is not None and (bool(venue) or not line.changed(entry.distribution, module_folder(entry)))

    def admitted(self, entry: EntryPoint) -> Installed:
        """The venue that an entry point leads to, whoever ships it. Raises `PluginRefused` where its manifest or contract does not fit."""
        folder = module_folder(entry)
        shipper = f"{entry.distribution.name} {entry.distribution.version}"
        try:
            manifest = read_manifest(folder / "manifest.toml")
        except ConfigurationError as error:
            raise PluginRefused(f"{shipper}: its manifest is not valid: {error}") from None
        if manifest.venue != entry.name:
            raise PluginRefused(
                f"{shipper}: its entry point is named {entry.name!r} and its manifest says {manifest.venue!r}; give it one name, in "
                f"pyproject.toml and manifest.toml, and install it again: pip install --force-reinstall {entry.distribution.name}"
            )
        check_contract(manifest, entry.distribution.name, entry.distribution.version)
        defaults = folder / "venue.yaml"
        return Installed(entry, manifest, defaults if defaults.is_file() else None)


def _said_name(entry: EntryPoint) -> str | None:
    """The venue's name in the manifest that the entry point leads to; None where there is none to read."""
    try:
        return read_manifest(module_folder(entry) / "manifest.toml").venue
    except (PluginRefused, ConfigurationError):
        return None


def check_contract(manifest: Manifest, distribution: str, version: str = "") -> None:
    """Whether a plugin fits this core. Raises `PluginRefused` with both ranges and the command that mends it."""
    major, minor = manifest.contract_version
    if major == CONTRACT[0] and minor <= CONTRACT[1]:
        return
    newer = (major, minor) > CONTRACT
    takes = f"{CONTRACT[0]}.0" + (f" to {CONTRACT[0]}.{CONTRACT[1]}" if CONTRACT[1] else "")
    raise PluginRefused(
        f"{distribution} {version} is written for contract {major}.{minor} (it runs on {major}.{minor} up to below {major + 1}.0), "
        f"and this basis-venues takes {takes}: pip install --upgrade {'basis-venues' if newer else distribution}"
    )


def unmet(distribution: Distribution) -> Iterator[str]:
    """A sentence for each distribution of ours that is required in another version than the installed one, or is not there. pip keeps
    these; this is for an installation without dependencies. A version that is written in a way not read here is left to pip."""
    for name, versions in required(distribution):
        here = version_of(name)
        if not here or (bounds(versions) and not within(here, versions)):
            is_here = f"{here} is installed" if here else "it is not installed"
            wanted = f"{distribution.name} {distribution.version} requires {name}{versions}"
            yield f"{wanted}, and {is_here}: pip install '{name}{versions}', or change what its pyproject.toml asks for"


def _wheel(name: str) -> str:
    return f"basis-venues-{name.replace('_', '-')}"


def module_folder(entry: EntryPoint) -> Path:
    """The folder of the entry's module, found without running it: beside the metadata, or where the import system would look."""
    top, *rest = entry.module.split(".")
    folder = entry.distribution.home.joinpath(top, *rest)
    if (folder / "manifest.toml").is_file():
        return folder
    spec = importlib.util.find_spec(top)  # of a top-level name: nothing is executed
    if spec is None or not spec.submodule_search_locations:
        raise PluginRefused(
            f"{entry.distribution.name}: its module {entry.module!r} is not there: pip install --force-reinstall "
            f"{entry.distribution.name}, or, where it is your own, check the entry point in its pyproject.toml"
        )
    return Path(next(iter(spec.submodule_search_locations))).joinpath(*rest)

"""Profiles, `configs/environments/NAME.yaml`: which network and which endpoints each venue of a run gets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Literal, NamedTuple

from ..errors import ConfigurationError
from ..network import Network
from .document import Document
from .misfit import Path, nearest
from .selection import Selection
from .yaml_file import read_yaml

Level = Literal["simulation", "testnet", "live"]
"""What a profile says; `live` is mainnet."""

_NETWORKS: Mapping[Level, Network] = {"simulation": Network.SIMULATION, "testnet": Network.TESTNET, "live": Network.MAINNET}
_RANK = (Network.SIMULATION, Network.TESTNET, Network.MAINNET)


class ProfileVenue(NamedTuple):
    """One venue of a profile. `endpoints` maps the plugin's endpoint names to URLs that replace its own."""

    environment: Level | None = None
    endpoints: Mapping[str, str] = MappingProxyType({})


class _File(NamedTuple):
    default: Level | None = None
    throwaway_keys: bool = False
    clock: tuple[str, ...] = ()
    venues: Mapping[str, ProfileVenue] = MappingProxyType({})


class Profile(NamedTuple):
    """A profile. `default` is for venues that it does not mention; without one they get what the run's table gives.

    `throwaway_keys`: every venue gets made-up credentials and real ones are not looked at; allowed on loopback endpoints only.
    `clock`: where services on this machine take the plan's time from us.
    """

    name: str = ""
    default: Level | None = None
    throwaway_keys: bool = False
    clock: tuple[str, ...] = ()
    venues: Mapping[str, ProfileVenue] = MappingProxyType({})
    document: Document = Document("no profile", {})

    def endpoints(self, venue: str) -> Mapping[str, str]:
        """URLs that replace the venue's own, by endpoint name."""
        return self.venues.get(venue, ProfileVenue()).endpoints

    def networks(self, venues: Iterable[str], selection: Selection) -> dict[str, Network]:
        """The network of each venue. Raises `ConfigurationError` where the profile would raise one above the run's table."""
        networks: dict[str, Network] = {}
        problems: list[tuple[Path, str]] = []
        for venue in venues:
            path, level = self._wish(venue)
            network = _NETWORKS[level] if level else selection.network
            if _RANK.index(network) > _RANK.index(selection.network):
                problems.append((path, f"asks for {level} for {venue}, and {_why(selection)}"))
            networks[venue] = network
        if problems:
            raise self.document.error(problems)
        return networks

    def misspelt(self, known: Iterable[str]) -> Iterator[str]:
        """A problem for each venue that is none of `known`."""
        names = tuple(known)
        for venue in self.venues:
            if venue not in names:
                yield self.document.problem(("venues", venue), f"is not a venue{nearest(venue, names) or '; it is not installed'}")

    def strange_endpoints(self, venue: str, known: Collection[str]) -> Iterator[str]:
        """A problem for each endpoint of a venue that its plugin does not know."""
        for name in self.endpoints(venue):
            if known and name not in known:
                hint = nearest(name, known) or f"; it has {', '.join(known)}"
                yield self.document.problem(("venues", venue, "endpoints", name), f"is no endpoint of {venue}{hint}")

    def _wish(self, venue: str) -> tuple[Path, Level | None]:
        level = self.venues.get(venue, ProfileVenue()).environment
        return (("venues", venue, "environment"), level) if level else (("default",), self.default)


def read_profile(name: str, folder: FilePath) -> Profile:
    """Read the profile `name` of a folder. Raises `ConfigurationError` with every problem found, or the profiles that there are."""
    document = read_yaml(profile_file(name, folder))
    content = document.fit(_File)
    return Profile(name=name, document=document, **content._asdict())


def profile_file(name: str, folder: FilePath) -> FilePath:
    """The file of the profile `name`. Raises `ConfigurationError` with the profiles that there are."""
    file = folder / f"{name}.yaml"
    if not file.is_file():
        known = sorted(path.stem for path in folder.glob("*.yaml"))
        raise ConfigurationError(f"{file}: there is no such profile; there are: {', '.join(known) or 'none'}{nearest(name, known)}")
    return file


def _why(selection: Selection) -> str:
    if not selection.live:
        return "this is a backtest, where every venue is simulated; run it with --live"
    return f"BASIS_ENVIRONMENT={selection.environment} gives {selection.network.value} at most; a profile can only lower a venue"

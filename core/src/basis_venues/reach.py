"""Which chain each on-chain account of a run lives on, and which hosts its venues may reach."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from .config.credentials import is_url
from .config.settings import Settings
from .errors import ConfigurationError, GuardRefused
from .findings import Told
from .guard import LOCAL_CHAINS, LOOPBACK, check_host, host_of, is_loopback
from .network import Account, Network
from .secret import Secret

_CHECK = "mixed environments"
"""The item of the lists in `validation` that venues on networks which do not fit together fail."""


class Reach:
    """What each venue of a run may reach. Making it checks endpoints and chains: raises `GuardRefused` or `ConfigurationError`."""

    def __init__(self, settings: Settings, accounts: Mapping[str, Account], credentials: Mapping[str, Mapping[str, Secret | str]]) -> None:
        self._settings = settings
        self._accounts = accounts
        self._credentials = credentials
        self._live = [name for name, network in settings.networks.items() if network is not Network.SIMULATION]
        self.hosts = {venue: self._hosts(venue) for venue in self._live}
        """venue -> hosts it may reach"""
        self.chains = {venue: self._chains(venue) for venue in self._live}
        """venue -> chain ids it may use"""

    def is_local(self, venue: str) -> bool:
        """Whether the venue is the sandbox: every endpoint it, or the keeper of its lane, was given leads to this machine."""
        urls = self._urls(venue) or self._urls(self._lane_keeper(venue))
        return self._settings.networks[venue] is Network.TESTNET and bool(urls) and all(map(is_loopback, urls))

    def stand_in(self, venue: str) -> str:
        """` at ` and the endpoints on this machine that stand in for the venue; empty for the venue itself. For people and lock names."""
        if venue not in self._live or not self.is_local(venue):
            return ""
        urls = self._urls(venue) or self._urls(self._lane_keeper(venue))
        return f" at {', '.join(sorted({urlsplit(url).netloc for url in urls}))}"

    def _hosts(self, venue: str) -> frozenset[str]:
        if self.is_local(venue):
            return LOOPBACK
        network = self._settings.networks[venue]
        manifest = self._settings.manifests[venue]
        rule = manifest.rule(network)
        if rule is None:
            raise GuardRefused(
                f"{venue} has no {network.value}; set it to simulation in a profile (configs/environments/), or, where the sandbox speaks "
                "its protocol (the `dialect` of its conformance suite), let it run there: under `venues` of environments/sandbox.yaml "
                f"give {self._lane_keeper(venue)} `endpoints` on this machine, as others have"
            )
        allowed = frozenset(rule.hosts) | (LOOPBACK if network is Network.TESTNET else frozenset())
        for url in self._urls(venue):
            check_host(venue, url, allowed)
        return frozenset(rule.hosts) | {host_of(url) for url in self._urls(venue) if is_loopback(url)}

    def _chains(self, venue: str) -> frozenset[int]:
        manifest = self._settings.manifests[venue]
        if manifest.kind == "cex":
            return frozenset()
        keeper = self._lane_keeper(venue)
        if self._settings.networks[keeper] is not self._settings.networks[venue]:
            text = (
                f"{venue} is on {self._settings.networks[venue].value} and acts through {keeper}, which is on "
                f"{self._settings.networks[keeper].value}; give both the same network in the profile"
            )
            raise ConfigurationError(Told(text, _CHECK))
        return LOCAL_CHAINS if self.is_local(venue) else frozenset({self._common_chain(venue)})

    def _common_chain(self, venue: str) -> int:
        """The one chain of all live venues that share a lane: the first that the keeper lists and each of them has."""
        keeper = self._lane_keeper(venue)
        sharing = [each for each in self._live if self._acts_on_chain(each) and self._lane_keeper(each) == keeper]
        common = [chain for chain in self._chain_ids(keeper) if all(chain in self._chain_ids(each) for each in sharing)]
        if not common:
            said = "; ".join(f"{each}: {', '.join(map(str, self._chain_ids(each)))}" for each in dict.fromkeys((keeper, *sharing)))
            text = (
                f"the venues that act through {keeper} have no chain in common on {self._settings.networks[venue].value} ({said}); "
                "set all but those of one chain to simulation in the profile"
            )
            raise ConfigurationError(Told(text, _CHECK))
        return common[0]

    def _acts_on_chain(self, venue: str) -> bool:
        return venue in self._settings.mode.execution_venues and self._settings.manifests[venue].kind != "cex"

    def _chain_ids(self, venue: str) -> tuple[int, ...]:
        rule = self._settings.manifests[venue].rule(self._settings.networks[venue])
        return rule.chain_ids if rule else ()

    def _lane_keeper(self, venue: str) -> str:
        account = self._accounts.get(self._settings.manifests[venue].account.alias)
        return self._accounts[account.lane].keeper if account else venue

    def _urls(self, venue: str) -> tuple[str, ...]:
        given = [self._credentials.get(venue, {}).get(each.name) for each in self._settings.manifests[venue].credentials if is_url(each)]
        texts = [value.reveal() if isinstance(value, Secret) else value for value in given if value]
        return (*self._settings.profile.endpoints(venue).values(), *texts)

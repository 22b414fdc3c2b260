"""`EnvironmentManager`: the network, account, credentials and reach of every venue of a run."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .accounts import account_named, accounts_of
from .config.credentials import credential_problems, credentials, throwaway
from .config.settings import Settings
from .errors import ConfigurationError, CredentialError, GuardRefused
from .network import Account, Network
from .reach import Reach
from .secret import Secret


class EnvironmentManager:
    """Answers where each venue is talked to, and as whom.

    Mainnet takes more than variables: live mode given as an argument, and `confirm_mainnet` naming every account there. Credentials
    are looked at for venues that are not simulated, and only those that the mode's action types need must be there. Making one raises
    `GuardRefused`, `CredentialError` or `ConfigurationError`, each with all it found.
    """

    def __init__(self, settings: Settings, *, confirm_mainnet: str | Collection[str] = ()) -> None:
        self._settings = settings
        self._accounts = accounts_of((settings.manifests[venue] for venue in settings.mode.execution_venues), settings.networks)
        confirmed = confirm_mainnet.split(",") if isinstance(confirm_mainnet, str) else confirm_mainnet
        self._check_mainnet({name.strip() for name in confirmed})
        self._credentials = {venue: self._read_credentials(venue) for venue in settings.manifests}
        self._reach = Reach(settings, self._accounts, self._credentials)
        self._check_credentials()

    @property
    def accounts(self) -> Mapping[str, Account]:
        """Every account of the run, by alias."""
        return self._accounts

    def network(self, venue: str) -> Network:
        """Where the venue is talked to."""
        return self._settings.networks[venue]

    def network_if_any(self, venue: str) -> Network | None:
        """The same; None for a venue that the run does not use."""
        return self._settings.networks.get(venue)

    def account(self, alias: str) -> Account:
        """The account of that alias. Raises `NotRoutable`, naming those that there are."""
        return account_named(alias, self._accounts)

    def account_of(self, venue: str) -> Account:
        """The account that the venue acts on unless an action says otherwise."""
        return self.account(self._settings.manifests[venue].account.alias)

    def credentials(self, venue: str) -> Mapping[str, Secret | str]:
        """The venue's credentials by field name; empty where it is simulated."""
        return self._credentials[venue]

    def endpoints(self, venue: str) -> Mapping[str, str]:
        """URLs that replace the venue's own, by endpoint name; empty where it is simulated."""
        return {} if self.network(venue) is Network.SIMULATION else self._settings.profile.endpoints(venue)

    @property
    def stand_ins(self) -> Mapping[str, str]:
        """By account, ` at ` and the endpoints on this machine that stand in for the venue that keeps it; others are left out."""
        found = {alias: self._reach.stand_in(account.keeper) for alias, account in self._accounts.items()}
        return {alias: place for alias, place in found.items() if place}

    def allowed_hosts(self, venue: str) -> frozenset[str]:
        """The hosts that the venue may reach: its manifest's for the network, or this machine alone in the sandbox."""
        return self._reach.hosts.get(venue, frozenset())

    def allowed_chains(self, venue: str) -> frozenset[int]:
        """The chain ids that the venue may use: one, or those of local chains in the sandbox; empty for an exchange."""
        return self._reach.chains.get(venue, frozenset())

    def _check_mainnet(self, confirmed: set[str]) -> None:
        venues = [venue for venue in self._settings.mode.execution_venues if self.network(venue) is Network.MAINNET]
        if venues and not self._settings.selection.typed:
            raise GuardRefused("variables alone never reach mainnet: type --live, too (execution_mode='live' in the API)")
        there = dict.fromkeys(self.account_of(venue).alias for venue in venues)
        missing = [alias for alias in there if alias not in confirmed]
        if missing:
            typed = " ".join(f"--account {alias}" for alias in there)
            raise GuardRefused(f"this run moves real money; type out every account it acts on: {typed} (confirm_mainnet= in the API)")

    def _read_credentials(self, venue: str) -> dict[str, Secret | str]:
        network = self.network(venue)
        if network is Network.SIMULATION:
            return {}
        if self._settings.profile.throwaway_keys:
            return throwaway(self._settings.manifests[venue], network)
        return credentials(self._settings.manifests[venue], network, self._settings.selection, self._settings.variables)

    def _check_credentials(self) -> None:
        live = [venue for venue in self._settings.manifests if self.network(venue) is not Network.SIMULATION]
        if self._settings.profile.throwaway_keys:
            outside = [venue for venue in live if not self._reach.is_local(venue)]
            if outside:
                document = self._settings.profile.document
                text = f"is for endpoints on this machine only, and these have others: {', '.join(outside)}"
                raise ConfigurationError(document.problem(("throwaway_keys",), text))
            return
        problems = [problem for venue in live for problem in self._credential_problems(venue)]
        if problems:
            raise CredentialError(problems)

    def _credential_problems(self, venue: str) -> tuple[str, ...]:
        settings = self._settings
        return tuple(
            credential_problems(
                settings.manifests[venue],
                self.network(venue),
                settings.selection,
                settings.variables,
                self._wanted_types(venue),
                {each.variable for manifest in settings.manifests.values() for each in manifest.credentials},
            )
        )

    def _wanted_types(self, venue: str) -> set[str]:
        """The action types for which the venue needs its credentials: those routed to it, and all it has when it signs for others."""
        if venue not in self._settings.mode.execution_venues:
            return set()
        wanted = {name for name, route in self._settings.mode.routes.items() if venue in route.venues}
        keeps_for = {account.alias for account in self._accounts.values() if account.keeper == venue}
        lanes = {self.account_of(other).lane for other in self._settings.mode.execution_venues if other != venue}
        return wanted | set(self._settings.manifests[venue].actions) if keeps_for & lanes else wanted

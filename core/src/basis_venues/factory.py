"""`VenueClientFactory`: models, clients, chain access and market data of a run's venues, made by their plugins and checked."""

from __future__ import annotations

from typing import Any

from .clock import Clock
from .config.settings import Settings
from .config.venues import VenueSettings
from .contract import ChainAccess, ClientContext, MarketData, ModelContext, VenueClient, VenueModel
from .environment import EnvironmentManager
from .errors import PluginRefused
from .guard import check_chain
from .manifest import Manifest
from .network import Account, Network


class VenueClientFactory:
    """Makes each thing once and hands out the same one again. What a hook answers is checked: `PluginRefused` where it is not what
    the contract says."""

    def __init__(self, settings: Settings, environment: EnvironmentManager, clock: Clock, *, state: str = "") -> None:
        self._settings = settings
        self._environment = environment
        self._clock = clock
        self._state = state
        self._models: dict[str, VenueModel] = {}
        self._clients: dict[str, VenueClient] = {}
        self._chains: dict[str, ChainAccess] = {}
        self._data: dict[str, MarketData] = {}
        self._shared: dict[str, dict[str, Any]] = {}

    def manifest(self, venue: str) -> Manifest:
        """The venue's manifest."""
        return self._settings.manifests[venue]

    def settings(self, venue: str) -> VenueSettings:
        """The venue's static settings, in its plugin's own class."""
        return self._settings.venues[venue]

    def model(self, venue: str) -> VenueModel:
        """The venue's model."""
        if venue not in self._models:
            context = ModelContext(
                venue=venue,
                account=self._environment.account_of(venue),
                network=self._environment.network(venue),
                settings=self.settings(venue),
                accounts=self._environment.accounts,
            )
            self._models[venue] = _checked(self._ask(venue, "create_model", context), VenueModel, venue, "create_model")
        return self._models[venue]

    def client(self, venue: str) -> VenueClient | None:
        """The venue's client; None where the venue is simulated: the core's own client answers for it."""
        network = self._environment.network(venue)
        if network is Network.SIMULATION:
            return None
        if venue not in self._clients:
            account = self._environment.account_of(venue)
            client = _checked(self._ask(venue, "create_client", self._context(venue, account)), VenueClient, venue, "create_client")
            if getattr(client, "network", None) is not network:
                raise PluginRefused(f"the plugin of {venue} made a client whose network is not the {network.value} that it was asked for")
            self._clients[venue] = client
        return self._clients[venue]

    def chain(self, venue: str) -> ChainAccess | None:
        """The chain access that the venue acts through, made by the keeper of its account's lane; None for an exchange, a simulated
        venue, or one without an account. Venues of one lane share it."""
        if self.manifest(venue).kind == "cex" or self._environment.network(venue) is Network.SIMULATION:
            return None
        account = self._environment.accounts.get(self.manifest(venue).account.alias)
        return None if account is None else self._chain_of_lane(account.lane)

    def market_data(self, venue: str) -> MarketData | None:
        """Live market figures of the venue; None where it is simulated or has none to give."""
        if self._environment.network(venue) is Network.SIMULATION or not self._settings.plugins.implements(venue, "market_data"):
            return None
        if venue not in self._data:
            account = self._environment.accounts.get(self.manifest(venue).account.alias) or _nobody(venue)
            data = self._ask(venue, "market_data", self._context(venue, account))
            self._data[venue] = _with_methods(data, ("fetch", "close"), venue, "market_data")
        return self._data[venue]

    def _chain_of_lane(self, lane: str) -> ChainAccess:
        if lane not in self._chains:
            keeper = self._environment.account(lane).keeper
            access = self._ask(keeper, "chain_access", self._context(keeper, self._environment.account(lane), with_chain=False))
            checked = _with_methods(access, ("open", "close"), keeper, "chain_access")
            check_chain(keeper, checked.chain_id, self._environment.allowed_chains(keeper))
            self._chains[lane] = checked
        return self._chains[lane]

    def _context(self, venue: str, account: Account, *, with_chain: bool = True) -> ClientContext:
        return ClientContext(
            venue=venue,
            account=account,
            network=self._environment.network(venue),
            settings=self.settings(venue),
            accounts=self._environment.accounts,
            credentials=self._environment.credentials(venue),
            endpoints=self._environment.endpoints(venue),
            allowed_hosts=self._environment.allowed_hosts(venue),
            allowed_chains=self._environment.allowed_chains(venue),
            clock=self._clock,
            chain=self.chain(venue) if with_chain else None,
            state=self._state,
            manifest=self.manifest(venue),
            shared=self._shared.setdefault(venue, {}),
        )

    def _ask(self, venue: str, hook: str, context: ModelContext) -> Any:
        if not self._settings.plugins.implements(venue, hook):
            raise PluginRefused(f"the plugin of {venue} has no hook {hook}, which this run needs")
        return self._settings.plugins.call(venue, hook, context=context)


def _checked(answer: Any, cls: type, venue: str, hook: str) -> Any:
    if not isinstance(answer, cls):
        raise PluginRefused(f"the plugin of {venue} answers {hook} with a {type(answer).__name__}, which is no {cls.__name__}")
    return answer


def _with_methods(answer: Any, methods: tuple[str, ...], venue: str, hook: str) -> Any:
    lacking = [name for name in methods if not callable(getattr(answer, name, None))]
    if lacking:
        raise PluginRefused(f"the plugin of {venue} answers {hook} with a {type(answer).__name__}, which has no {' and no '.join(lacking)}")
    return answer


def _nobody(venue: str) -> Account:
    """The account of a venue that only gives data."""
    return Account(venue, f"nobody:{venue}", venue, venue)

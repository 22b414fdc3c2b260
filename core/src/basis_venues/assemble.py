"""From configuration to a running manager: everything of a run, put together once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from .actions import moment
from .amounts import exact
from .clock import Clock, PlanClock, SteeredClock, SystemClock, WindowClock
from .config.misfit import nearest
from .config.settings import Settings
from .contract import Market, VenueModel
from .environment import EnvironmentManager
from .errors import ConfigurationError, InvalidAction
from .execution.parts import Parts
from .factory import VenueClientFactory
from .keys import Key, protocol_of, split_key
from .market.opening import open_market
from .market.provider import FAR, utc
from .market.settings import load_data_settings
from .network import Network
from .plugins import Plugins
from .router import ActionRouter
from .simulate import SimulatedClient, SimulatedLedger
from .venues import Venue, Venues
from .worlds import locks_directory, world_directory

if TYPE_CHECKING:
    from .limits import Limits
    from .market.live import Recorded

SYNTHETIC = "synthetic"
"""The data settings of a run without recorded data: a small history that the library writes itself."""
HISTORY = "history"
"""The data settings of a run with a data directory, unless others are named."""
_SET_BACK_MS = 2 * 86_400_000
"""Plans of one day, given one after the other as in a drill, stay under it."""


@frozen(kw_only=True, eq=False, repr=False)
class Assembly:
    """All parts of a run, by what they are. `parts` is what `ExecutionManager` takes."""

    settings: Settings
    environment: EnvironmentManager
    factory: VenueClientFactory
    market: Any
    clock: Clock
    parts: Parts


def assemble(
    mode: str | Path,
    *,
    configs: Path | str | None = None,
    live: bool = False,
    environment: str | None = None,
    profile: str | None = None,
    confirm_mainnet: str | Collection[str] = (),
    data_settings: str | None = None,
    data_directory: Path | str | None = None,
    since: datetime | int | None = None,
    until: datetime | int | None = None,
    positions: Mapping[Key, Decimal | int | str] | None = None,
    state: Path | str | None = None,
    stream: Path | str | None = None,
    env: Mapping[str, str] | None = None,
    plugins: Plugins | None = None,
    clock: Clock | None = None,
    market: Market | None = None,
    working_copy: Callable[[Path], Path] | None = None,
) -> Assembly:
    """Put a run of `mode` together.

    `configs`: the configuration directory, `./configs` unless given. Backtest unless `live`; the network of each venue follows from
    environment and profile. `data_settings` names a file of `configs/data`, `data_directory` where its records lie; without both, the
    synthetic history is used; a live run takes from them what its simulated venues would say. `since`, `until`: the window of the data
    (times with a zone, or ms). `positions`: what the simulated accounts start with. `state`: where journal, locks and halt flags live,
    for live runs. `stream`: a file that gets a row for each action of a backtest. `clock`, `market`, `plugins`, `env` replace the run's
    own. `working_copy` answers where to work in the place of the state directory: a dry run leaves that as it is. Raises
    `ConfigurationError`, `PluginRefused`, `GuardRefused` and `CredentialError`.
    """
    settings = Settings.load(
        mode, _path(configs), execution_mode="live" if live else None, environment=environment, profile=profile, env=env, plugins=plugins
    )
    manager = EnvironmentManager(settings, confirm_mainnet=confirm_mainnet)
    window = (0 if since is None else moment(since), FAR if until is None else moment(until))
    simulated = all(network is Network.SIMULATION for network in settings.networks.values())
    if clock is None:
        begin = None if since is None else window[0]
        clock = PlanClock(begin or 0) if simulated else live_clock(settings, begin)
        settings = evolve(settings, warnings=(*settings.warnings, *_set_back(clock)))
    directory = None if simulated else (working_copy or _itself)(state_directory(_path(state), settings))
    factory = VenueClientFactory(settings, manager, clock, state=str(directory or ""))
    if market is None and simulated:
        market = history(settings.configs, data_settings, data_directory, *window, clock)
    elif market is None:
        market = _live_market(settings, factory, clock, _recorded(settings, data_settings, data_directory, window, clock))
    names = settings.mode.execution_venues
    models = {name: factory.model(name) for name in names}
    ledger = SimulatedLedger(models, market, clock, _simulated_part(_exact(positions or {}), manager))
    venues = Venues((_venue(name, factory, ledger) for name in names), lambda alias: manager.account(alias).keeper)
    router = ActionRouter(settings.mode, models, settings.venues, manager.accounts, manager.account_of, market)
    parts = Parts(
        mode=settings.mode.name,
        router=router,
        venues=venues,
        accounts=manager.accounts,
        market=market,
        clock=clock,
        ledger=ledger,
        halt_on_failure=settings.mode.on_leg_failure == "halt",
        limits=None if simulated else _limits(settings, models, market, clock, venues.keeper),
        observers=settings.plugins.observers,
        state_directory=directory,
        locks_directory=None if simulated else locks_directory(),
        stand_ins={} if simulated else manager.stand_ins,
        stream=_path(stream),
    )
    return Assembly(settings=settings, environment=manager, factory=factory, market=market, clock=clock, parts=parts)


def _live_market(settings: Settings, factory: VenueClientFactory, clock: Clock, recorded: Recorded | None) -> Market:
    """What the venues tell, now."""
    from .market.live import LiveMarket  # a backtest has records

    data = [found for venue in settings.manifests if (found := factory.market_data(venue)) is not None]
    return LiveMarket(data, clock, recorded=recorded)


def _recorded(settings: Settings, name: str | None, directory: Path | str | None, window: tuple[int, int], clock: Clock) -> Recorded | None:
    """The figures of venues that a live run only simulates: recorded ones of its window, at the run's time or the nearest in it."""
    from .market.live import Recorded

    simulated = frozenset(venue for venue in settings.mode.execution_venues if settings.networks[venue] is Network.SIMULATION)
    if not simulated:
        return None
    live = frozenset(settings.networks) - simulated
    protocols = any(settings.manifests[venue].kind == "defi" for venue in live)
    market: Market = history(settings.configs, name, directory, *window, WindowClock(clock, *window))
    return Recorded(market, simulated, live, others=not protocols)


def _limits(settings: Settings, models: Mapping[str, VenueModel], market: Market, clock: Clock, keeper: Callable[[str], str]) -> Limits:
    """The spend limits: those of limits.yaml, and what each venue's settings say of a single action."""
    from .config.limits import LimitRule, read_limits, strange_names  # a backtest spends nothing
    from .limits import Limits
    from .valuation import Sources

    single = (LimitRule(venue=v, per_action_usd=said.maximum_action_usd) for v, said in settings.venues.items() if said.maximum_action_usd)
    kinds = {venue: manifest.kind for venue, manifest in settings.manifests.items()}
    exchanges = tuple(venue for venue, kind in kinds.items() if kind == "cex")
    lenders = tuple(venue for venue in kinds if "lending_execution" in settings.manifests[venue].actions)
    simulated = [venue for venue, network in settings.networks.items() if network is Network.SIMULATION]
    said = read_limits(settings.configs)
    strange = tuple(strange_names(said, settings))
    if strange:
        raise ConfigurationError(strange)
    rules = (*said, *single)
    return Limits(rules, settings.mode.name, models, simulated, Sources(exchanges, lenders, keeper), market, clock)


def _exact(positions: Mapping[Key, Decimal | int | str]) -> dict[Key, Decimal]:
    """Starting positions as exact amounts. Raises `ConfigurationError` for a key or amount that is none."""
    problems: list[str] = []
    amounts: dict[Key, Decimal] = {}
    for key, amount in positions.items():
        try:
            split_key(key)
            amounts[key] = exact(amount)
        except (ValueError, InvalidAction) as error:
            problems.append(f"positions: {key}: {error}")
    if problems:
        raise ConfigurationError(problems)
    return amounts


def _simulated_part(positions: Mapping[Key, Decimal], manager: EnvironmentManager) -> dict[Key, Decimal]:
    """The starting positions that are nobody's to show: what a live venue keeps is read from it. Raises `ConfigurationError` for an
    account that the run does not have."""
    strange = [alias for alias in dict.fromkeys(split_key(key).account for key in positions) if alias not in manager.accounts]
    if strange:
        raise ConfigurationError(f"positions: there is no account {strange[0]!r}; this mode has {', '.join(sorted(manager.accounts))}")

    def live(key: Key) -> bool:
        parts = split_key(key)
        owner = protocol_of(parts) or manager.account(parts.account).keeper
        return manager.network_if_any(owner) not in (None, Network.SIMULATION)

    return {key: amount for key, amount in positions.items() if not live(key)}


def parts(mode: str | Path, **options: Any) -> Parts:
    """The parts that `ExecutionManager` takes; options as of `assemble`."""
    return assemble(mode, **options).parts


def history(configs: Path, name: str | None, directory: Path | str | None, since: int, until: int, clock: Clock) -> Any:
    """The market of a backtest, chosen by the data setting. Raises `ConfigurationError`."""
    name = name or (SYNTHETIC if directory is None else HISTORY)
    file = configs / "data" / f"{name}.yaml"
    if not file.is_file():
        known = sorted(each.stem for each in file.parent.glob("*.yaml"))
        raise ConfigurationError(f"{file}: there are no such data settings; there are: {', '.join(known) or 'none'}{nearest(name, known)}")
    if directory is None:
        if name != SYNTHETIC:
            raise ConfigurationError(f"the data settings {name} need to know where their records lie: --data DIR (data_directory=)")
        directory = synthetic_directory()
    return open_market(load_data_settings(file), directory, since, until, clock)


def synthetic_directory() -> Path:
    """Where the synthetic history lies; written when it is not there yet."""
    from platformdirs import user_cache_path

    from . import __version__
    from .market.synthetic import write_synthetic

    directory = user_cache_path("basis-venues") / f"synthetic-{__version__}"
    return write_synthetic(directory)


def live_clock(settings: Settings, begin: int | None = None) -> Clock:
    """A live run's clock. A profile may put it on the plan's time, `begin` (ms), or, without one, on that of those who would keep it; else
    the time is the machine's. Raises `TryAgainLater` where they do not answer."""
    if settings.profile.clock:
        from .steering import steered_time, steering  # only the sandbox keeps our time

        urls = settings.profile.clock
        steer = steering(urls)
        return SteeredClock(steered_time(urls), steer) if begin is None else SteeredClock(begin, steer, urls)
    return SystemClock()


def _set_back(clock: Clock) -> Iterator[str]:
    """A warning where those who keep the plan's time stand days after the run's begin: its future is in their histories, and a chain stays
    there."""
    if not isinstance(clock, SteeredClock) or not clock.moved:
        return
    from .steering import steered_time  # only the sandbox keeps our time

    stands = steered_time(clock.moved)
    if stands > clock.now() + _SET_BACK_MS:
        yield (
            f"the sandbox stands at {utc(stands)} and is set back to {utc(clock.now())}. What its accounts did until then can deny or "
            "freeze a run, the same one as well; to begin anew: `basis sandbox down`, `basis sandbox up`, another --state"
        )


def _venue(name: str, factory: VenueClientFactory, ledger: SimulatedLedger) -> Venue:
    settings, chain = factory.settings(name), factory.manifest(name).kind != "cex"
    client = factory.client(name)
    return Venue(
        name=name,
        model=factory.model(name),
        client=client or SimulatedClient(ledger, reverts=chain),
        simulated=client is None,
        chain=chain,
        timing=settings.timing,
        tolerated=frozenset(settings.tolerated_externals),
    )


def _path(given: Path | str | None) -> Path | None:
    return None if given is None else Path(given)


def _itself(directory: Path) -> Path:
    return directory


def state_directory(given: Path | None, settings: Settings) -> Path:
    """One directory for each machine user and environment (or profile), so that a test never reads the books of real money."""
    return given or world_directory(settings.profile.name or settings.selection.environment)

"""The checks of `basis check`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ..clock import SystemClock
from ..config.limits import FILE, read_limits, strange_names
from ..config.settings import Settings
from ..config.yaml_file import read_yaml
from ..environment import EnvironmentManager
from ..errors import BasisError, ConfigurationError, CredentialError, GuardRefused, PluginRefused, TryAgainLater
from ..factory import VenueClientFactory
from ..findings import Finding, gravest
from ..market.settings import load_data_settings
from ..network import Network
from ..router import ActionRouter
from ..run.plan import Plan, plan_of
from ..validation import check_of, item_of, mend_of, of_clients, of_environment, of_plugins, of_settings

T = TypeVar("T")

HEARTBEAT = "heartbeat"
"""The check that --connect adds."""
_CODES = {"venue clients": PluginRefused.exit_code, "networks": GuardRefused.exit_code, HEARTBEAT: TryAgainLater.exit_code}
"""What a failed finding of that name ends the command with; any other with that of a configuration."""

_MENDS: tuple[tuple[type[BasisError], str], ...] = (
    (CredentialError, "set it in env.unified or export it"),
    (GuardRefused, "change the environment or the profile, or type what it asks for"),
    (ConfigurationError, "correct what it names"),
    (BasisError, "see the message"),
)


class Checks:
    """One check after the other; what a failed one keeps from being looked at is left out."""

    def __init__(
        self, mode: str | Path, configs: Path, profile: str | None, live: bool, accounts: Collection[str], connect: bool = False
    ) -> None:
        self._mode = mode
        self._configs = configs
        self._profile = profile
        self._live = live
        self._accounts = accounts
        self._connect = connect
        self._found: list[Finding] = []
        self._venues: list[dict[str, str]] = []
        self._routes: list[dict[str, str]] = []
        self.exit_code = 0
        """That of the first failure."""

    def run(self) -> None:
        """Make all checks."""
        settings = self._try(None, self._load)
        if settings is not None:
            self._add([Finding("pass", "mode file", f"the mode {settings.mode.name} and its venues' settings load")])
            if settings.mode.name != Path(self._mode).stem:
                text = f"its file says mode: {settings.mode.name}: requirements, limits and journal know it by that name"
                self._add([Finding("warn", "mode file", text, "name the file after it, or leave the key out")])
            self._warnings(settings)
            self._described(settings)
            self._add(of_settings(settings))
            self._add(of_plugins(settings))
            router = self._environment(settings)
            self._files("plan", "plans", lambda file: _plan(file, settings, router))
        self._files("data settings", "data", load_data_settings)
        limits = self._try("static limits", lambda: read_limits(self._configs))
        if limits and settings is not None:
            said, loaded = limits, settings
            self._add(Finding("fail", "static limits", each, f"mend it in {self._configs / FILE}") for each in strange_names(said, loaded))
        if limits == () and settings is not None and Network.MAINNET in settings.networks.values():
            self._add([Finding("warn", "static limits", "nothing limits what this run may spend", "add a limit to configs/limits.yaml")])

    def document(self) -> dict[str, Any]:
        """What was found, as JSON data."""
        return {
            "mode": str(self._mode),
            "status": gravest(self._found),
            "checks": [each._asdict() for each in self._found],
            "venues": self._venues,
            "routes": self._routes,
        }

    def _load(self) -> Settings:
        return Settings.load(self._mode, self._configs, execution_mode="live" if self._live else None, profile=self._profile)

    def _warnings(self, settings: Settings) -> None:
        for warning in settings.warnings:
            text, _, mend = warning.rpartition("; ")
            check = item_of(warning)
            self._add([Finding("warn", check, text or warning, mend if text else "change the file, if it is not meant so")])

    def _described(self, settings: Settings) -> None:
        """The tables beside the checks: venues and routes."""
        required = settings.requirements.of(settings.mode.name)
        for venue, network in settings.networks.items():
            needed = "required" if venue in required.required_venues else "optional" if venue in required.optional_venues else ""
            row = {"venue": venue, "network": network.value, "account": settings.manifests[venue].account.alias, "needed": needed}
            self._venues.append({**row, "version": _version(settings, venue)})
        for action_type, route in settings.mode.routes.items():
            for venue, weight in zip(route.venues, route.weights, strict=True):
                self._routes.append({"action_type": action_type, "venue": venue, "weight": f"{weight:f}"})

    def _environment(self, settings: Settings) -> ActionRouter | None:
        """Networks, accounts, credentials, models and clients. Answers where actions go, if all models can be made."""
        environment = self._try(None, lambda: EnvironmentManager(settings, confirm_mainnet=self._accounts))
        if environment is None:
            return None
        self._add(of_environment(settings, environment))
        factory = VenueClientFactory(settings, environment, SystemClock())
        self._add(of_clients(settings, factory))
        if self._connect:
            self._heartbeats(settings, environment)
        try:
            models = {venue: factory.model(venue) for venue in settings.mode.execution_venues}
        except BasisError:  # told above
            return None
        return ActionRouter(settings.mode, models, settings.venues, environment.accounts, environment.account_of)

    def _heartbeats(self, settings: Settings, environment: EnvironmentManager) -> None:
        """Those of live venues, by the clock that a run would have: the sandbox's may stand in another year."""
        from ..assemble import live_clock
        from .connecting import connected

        clock = self._try(HEARTBEAT, lambda: live_clock(settings))
        if clock is not None:
            self._add(connected(settings, VenueClientFactory(settings, environment, clock)))

    def _files(self, what: str, folder: str, load: Callable[[Path], object]) -> None:
        for file in sorted((self._configs / folder).glob("*.yaml")):
            loaded = self._try(f"{what} {file.stem}", partial(load, file))
            if loaded is not None:
                self._add([Finding("pass", f"{what} {file.stem}", "loads")])

    def _try(self, check: str | None, action: Callable[[], T]) -> T | None:
        """What the action answers; None where it failed, which is then noted, under `check` or the item of the lists that it fails."""
        try:
            return action()
        except BasisError as error:
            found = [Finding("fail", check or check_of(error, problem), problem, _mend(error, problem)) for problem in error.problems]
            self._add(found, error.exit_code)
            return None

    def _add(self, found: Iterable[Finding], code: int | None = None) -> None:
        """Take findings in; the first failure of all decides the exit code: that of the error, where one is told, else of its name."""
        for each in found:
            self._found.append(each)
            if each.status == "fail":
                self.exit_code = self.exit_code or code or _CODES.get(each.check, ConfigurationError.exit_code)


def _mend(error: BasisError, problem: str) -> str:
    return mend_of(problem) if isinstance(error, PluginRefused) else next(mend for kind, mend in _MENDS if isinstance(error, kind))


def _plan(file: Path, settings: Settings, router: ActionRouter | None) -> Plan | None:
    """The plan; None where it is another mode's. Raises `ConfigurationError`, also for actions that the mode refuses."""
    document = read_yaml(file)
    if isinstance(document.data, dict) and document.data.get("mode") not in (None, settings.mode.name):
        return None
    plan = plan_of(document, file.stem)
    refused = () if router is None else tuple(plan.refusals(router))
    if refused:
        raise ConfigurationError(refused)
    return plan


def _version(settings: Settings, venue: str) -> str:
    distribution = settings.plugins.registry.venue(venue).entry.distribution
    return f"{distribution.name} {distribution.version}"

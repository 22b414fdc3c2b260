"""The checks of `basis check`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ..clock import SystemClock
from ..config.requirements import read_requirements
from ..config.settings import Settings
from ..config.yaml_file import read_yaml
from ..environment import EnvironmentManager
from ..errors import BasisError, ConfigurationError, CredentialError, GuardRefused, PluginRefused
from ..factory import VenueClientFactory
from ..market.settings import load_data_settings
from ..run.plan import Plan, load_plan

T = TypeVar("T")

_MENDS: tuple[tuple[type[BasisError], str], ...] = (
    (CredentialError, "set it in env.unified or export it"),
    (PluginRefused, "run the command that it names"),
    (GuardRefused, "change the environment or the profile, or type what it asks for"),
    (ConfigurationError, "change the line that it names"),
    (BasisError, "see the message"),
)


class Checks:
    """One check after the other; what a failed one keeps from being looked at is left out."""

    def __init__(self, mode: str | Path, configs: Path, profile: str | None, live: bool, accounts: Collection[str]) -> None:
        self._mode = mode
        self._configs = configs
        self._profile = profile
        self._live = live
        self._accounts = accounts
        self._found: list[dict[str, str]] = []
        self._venues: list[dict[str, str]] = []
        self._routes: list[dict[str, str]] = []
        self.exit_code = 0
        """That of the first failure."""

    def run(self) -> None:
        """Make all checks."""
        settings = self._try("configuration", self._load)
        if settings is not None:
            self._passed("configuration", f"the mode {settings.mode.name} and its venues' settings load")
            self._warnings(settings)
            self._routed(settings)
            self._reach(settings)
            self._files("plan", "plans", lambda file: _plan(file, settings))
        self._files("data settings", "data", load_data_settings)

    def document(self) -> dict[str, Any]:
        """What was found, as JSON data."""
        statuses = {each["status"] for each in self._found}
        status = next(word for word in ("fail", "warn", "pass") if word in statuses)
        return {"mode": str(self._mode), "status": status, "checks": self._found, "venues": self._venues, "routes": self._routes}

    def _load(self) -> Settings:
        return Settings.load(self._mode, self._configs, execution_mode="live" if self._live else None, profile=self._profile)

    def _warnings(self, settings: Settings) -> None:
        for warning in settings.warnings:
            text, _, mend = warning.rpartition("; ")
            self._note("warn", "configuration", text or warning, mend if text else "change the file, if it is not meant so")

    def _routed(self, settings: Settings) -> None:
        for action_type, route in settings.mode.routes.items():
            for venue, weight in zip(route.venues, route.weights, strict=True):
                self._routes.append({"action_type": action_type, "venue": venue, "weight": f"{weight:f}"})

    def _reach(self, settings: Settings) -> None:
        """Networks, accounts, credentials and models."""
        required = read_requirements(self._configs / "venue_requirements.yaml").of(settings.mode.name)
        for venue, network in settings.networks.items():
            needed = "required" if venue in required.required_venues else "optional" if venue in required.optional_venues else ""
            manifest = settings.manifests[venue]
            self._venues.append(
                {
                    "venue": venue,
                    "network": network.value,
                    "account": manifest.account.alias,
                    "needed": needed,
                    "version": _version(settings, venue),
                }
            )
        environment = self._try("network and credentials", lambda: EnvironmentManager(settings, confirm_mainnet=self._accounts))
        if environment is None:
            return
        self._passed("network and credentials", _reached(settings))
        factory = VenueClientFactory(settings, environment, SystemClock())
        for venue in settings.mode.execution_venues:
            if self._try(f"model of {venue}", partial(factory.model, venue)) is not None:
                self._passed(f"model of {venue}", "its plugin makes one")

    def _files(self, what: str, folder: str, load: Callable[[Path], object]) -> None:
        for file in sorted((self._configs / folder).glob("*.yaml")):
            loaded = self._try(f"{what} {file.stem}", partial(load, file))
            if loaded is not None:
                self._passed(f"{what} {file.stem}", "loads")

    def _try(self, check: str, action: Callable[[], T]) -> T | None:
        """What the action answers; None where it failed, which is then noted."""
        try:
            return action()
        except BasisError as error:
            self.exit_code = self.exit_code or error.exit_code
            mend = next(mend for kind, mend in _MENDS if isinstance(error, kind))
            for problem in _problems(error):
                self._note("fail", check, problem, mend)
            return None

    def _passed(self, check: str, text: str) -> None:
        self._note("pass", check, text, "")

    def _note(self, status: str, check: str, text: str, mend: str) -> None:
        self._found.append({"status": status, "check": check, "text": text, "mend": mend})


def _problems(error: BasisError) -> Iterator[str]:
    yield from error.problems if isinstance(error, ConfigurationError) else str(error).splitlines()


def _reached(settings: Settings) -> str:
    if not settings.selection.live:
        return "a backtest: every venue is simulated, no credential is read"
    return f"live in {settings.selection.environment}: what its action types need is set"


def _plan(file: Path, settings: Settings) -> Plan | None:
    """The plan; None where it is another mode's."""
    data = read_yaml(file).data
    if isinstance(data, dict) and data.get("mode") not in (None, settings.mode.name):
        return None
    return load_plan(file, settings.configs)


def _version(settings: Settings, venue: str) -> str:
    distribution = settings.plugins.registry.venue(venue).entry.distribution
    return f"{distribution.name} {distribution.version}"

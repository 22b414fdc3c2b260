"""Everything a run is made from, gathered once and checked as a whole."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from ..errors import ConfigurationError, PluginRefused
from ..findings import Told
from ..manifest import Manifest
from ..network import Network
from ..plugins import Plugins
from ..registry import FIRST_PARTY
from ..trust import read_lock
from .document import Document, Problems
from .environments import Profile, read_profile
from .misfit import nearest
from .modes import Mode, ModeFile, read_mode
from .requirements import Requirements, read_requirements
from .selection import Said, Selection, asks_live, said_by, select
from .variables import Variables
from .venues import VenueSettings
from .yaml_file import read_yaml

if TYPE_CHECKING:
    from .env_file import EnvFile

ENV_FILE = "env.unified"


@frozen(kw_only=True, eq=False, repr=False)
class Settings:
    """A run's settings.

    `manifests` and `venues` (the static settings, each in its plugin's own class) hold the mode's execution venues and, when live, its
    data venues; `networks` says where each is talked to. `requirements` are those of every mode. `variables` is empty in a backtest:
    nothing was read. `warnings` are sentences for a person.
    """

    mode: Mode
    configs: FilePath
    selection: Selection
    profile: Profile
    requirements: Requirements
    networks: Mapping[str, Network]
    manifests: Mapping[str, Manifest]
    venues: Mapping[str, VenueSettings]
    plugins: Plugins
    variables: Variables = field(factory=Variables)
    warnings: tuple[str, ...] = ()

    @classmethod
    def load(
        cls,
        mode: str | FilePath,
        configs: FilePath | None = None,
        *,
        execution_mode: str | None = None,
        environment: str | None = None,
        profile: str | None = None,
        env: Mapping[str, str] | None = None,
        env_file: FilePath | None = None,
        plugins: Plugins | None = None,
    ) -> Settings:
        """Read and check what a run of `mode` (a name, or a file) needs, and load its plugins.

        `configs` is `./configs` unless given, `env` the process environment, `env_file` the `env.unified` beside `configs`.
        `execution_mode` (backtest, live) and `environment` (dev, staging, prod) come before the variables of these names. Raises
        `ConfigurationError` with every problem found, or `PluginRefused`.
        """
        configs = configs or FilePath("configs")
        loading = _Loading(configs, plugins or Plugins(trust=lambda: read_lock(configs)))
        loading.choose(execution_mode, environment, os.environ if env is None else env, env_file or configs.parent / ENV_FILE)
        loading.read(mode, profile)
        loading.resolve()
        loading.plug_in()
        return cls(
            mode=loading.mode,
            configs=configs,
            selection=loading.selection,
            profile=loading.profile,
            requirements=loading.requirements,
            networks=loading.networks,
            manifests=loading.manifests,
            venues=loading.venues,
            plugins=loading.plugins,
            variables=loading.variables,
            warnings=tuple(dict.fromkeys(loading.warnings)),
        )


class _Loading:
    """The course of `Settings.load`: four stages, each raising what it found wrong."""

    mode_file: ModeFile
    requirements: Requirements
    mode: Mode

    def __init__(self, configs: FilePath, plugins: Plugins) -> None:
        self.configs = configs
        self.plugins = plugins
        self.selection = Selection()
        self.variables = Variables()
        self.profile = Profile()
        self.manifests: dict[str, Manifest] = {}
        self.networks: dict[str, Network] = {}
        self.venues: dict[str, VenueSettings] = {}
        self.warnings: list[str] = []

    def choose(self, execution_mode: str | None, environment: str | None, env: Mapping[str, str], env_file: FilePath) -> None:
        """Backtest or live. Only a live run opens env.unified."""
        process = said_by(env, "the process environment")
        if not asks_live(execution_mode, process):
            self.warnings.extend(process.warnings)
            return
        from .env_file import EnvFile, read_env_file

        file = read_env_file(env_file) if env_file.exists() else EnvFile(str(env_file))
        said = _said_in(file)
        self.selection, warnings = select(execution_mode, environment, process, said)
        self.warnings.extend(warnings)
        if self.selection.live:
            self.variables = Variables(env, file)
            self.warnings.extend(self.variables.warnings)

    def read(self, mode: str | FilePath, profile: str | None) -> None:
        """The files that stand on their own."""
        problems = Problems()
        with problems.collect():
            self.mode_file = read_mode(mode_file(mode, self.configs), self._plugin_types)
        with problems.collect():
            self.requirements = read_requirements(self.configs / "venue_requirements.yaml")
        if profile is not None:
            with problems.collect():
                self.profile = read_profile(profile, self.configs / "environments")
        problems.raise_if_any()

    def resolve(self) -> None:
        """Routes and networks, from the manifests of the venues."""
        named = self.mode_file.venues()
        required = self.requirements.of(self.mode_file.name).required_venues
        self._read_manifests((*named, *required))
        implied = tuple(name for name in required if name not in named and self.manifests[name].kind == "infrastructure")
        problems = Problems(self.requirements.unmet(self.mode_file.name, (*named, *implied)))
        problems.extend(self.requirements.misspelt([self.mode_file.name, *(file.stem for file in (self.configs / "modes").glob("*.yaml"))]))
        problems.extend(self.profile.misspelt({*self.plugins.names(), *FIRST_PARTY}) if self.profile.venues else ())
        with problems.collect():
            self.mode = self.mode_file.resolve({name: action_types(self.manifests[name]) for name in (*named, *implied)}, implied)
        problems.raise_if_any()
        if self.selection.live:
            self._read_manifests(self.mode.data_venues)
        used = self._used()
        for venue in used:
            problems.extend(self.profile.strange_endpoints(venue, self.manifests[venue].endpoints))
        problems.raise_if_any()
        self.networks = self.profile.networks(used, self.selection)
        self.manifests = {name: self.manifests[name] for name in used}
        self._warn()

    def plug_in(self) -> None:
        """Load the venues' plugins and fill their settings classes."""
        self.plugins.load(self._used())
        self.warnings.extend(Told(text, "venue clients") for text in self.plugins.load_observers())
        problems = Problems()
        for venue in self._used():
            with problems.collect():
                self.venues[venue] = self._venue(venue)
        problems.raise_if_any()

    def _used(self) -> tuple[str, ...]:
        data = self.mode.data_venues if self.selection.live else ()
        return tuple(dict.fromkeys((*self.mode.execution_venues, *data)))

    def _read_manifests(self, venues: Iterable[str]) -> None:
        refusals = []
        for venue in dict.fromkeys(venues):
            try:
                self.manifests[venue] = self.plugins.manifest(venue)
            except PluginRefused as error:
                refusals.append(str(error))
        if refusals:
            raise PluginRefused("\n".join(refusals))

    def _plugin_types(self) -> Iterable[str]:
        """The action types of everything installed; asked for only when a file names one that the core does not know."""
        for venue in self.plugins.names():
            try:
                yield from self.plugins.manifest(venue).actions
            except PluginRefused:
                continue  # it matters only to a mode that uses the venue

    def _venue(self, venue: str) -> VenueSettings:
        """The static settings: what the plugin ships, with `configs/venues/NAME.yaml` laid over it."""
        kind = self.manifests[venue].kind
        shipped = self.plugins.defaults(venue)
        if isinstance(shipped, FilePath):
            document = read_yaml(shipped, shipped=True)
        else:
            document = Document(f"the defaults of {venue}", dict(shipped))
        document = document.over(Document("", {"venue_type": kind}))
        file = self.configs / "venues" / f"{venue}.yaml"
        if file.is_file():
            document = read_yaml(file).over(document)
        settings: VenueSettings = document.fit(self._settings_class(venue))
        if settings.venue_type != kind:
            raise ConfigurationError(document.problem(("venue_type",), f"the plugin of {venue} says {kind}"))
        return settings

    def _settings_class(self, venue: str) -> type[VenueSettings]:
        cls: Any = self.plugins.call(venue, "settings_class") or VenueSettings
        if not (isinstance(cls, type) and issubclass(cls, VenueSettings)):
            raise PluginRefused(f"the plugin of {venue} answers settings_class with something that is no subclass of VenueSettings")
        return cls

    def _warn(self) -> None:
        name = self.mode.name
        for action_type, route in self.mode.routes.items():
            self.warnings.extend(Told(f"the mode {name}: {action_type}: {note}", "allocations") for note in route.notes)
        subscribed = dict.fromkeys((*self.mode.execution_venues, *self.mode.data_venues))
        self.warnings.extend(self.requirements.needless(name, tuple(subscribed)))
        installed = self.plugins.names()
        for venue in self.mode.data_venues:
            if venue not in installed:
                text = f"the mode {name}: data_subscriptions: no plugin for {venue} is installed{nearest(venue, installed)}"
                self.warnings.append(Told(text, "nothing needless"))


def action_types(manifest: Manifest) -> tuple[str, ...]:
    """The action types of which the venue does at least one action."""
    return tuple(name for name, classes in manifest.actions.items() if any(each.usable for each in classes.values()))


def mode_file(mode: str | FilePath, configs: FilePath) -> FilePath:
    """The file of a mode: the path itself, `configs/modes/NAME.yaml`, or the file there that says `mode: NAME`.

    Raises `ConfigurationError` where there is none, with the modes that there are.
    """
    if isinstance(mode, FilePath):
        if not mode.exists():
            raise ConfigurationError(f"{mode}: there is no such file")
        return mode
    folder = configs / "modes"
    files = {file.stem: file for file in sorted(folder.glob("*.yaml"))}
    if mode in files:
        return files[mode]
    for file in files.values():
        if mode_name(file) == mode:
            return file
    if not files:
        raise ConfigurationError(f"{folder}: there is no mode; `basis init DIR` writes examples, --configs DIR says where they are")
    raise ConfigurationError(f"{folder / mode}.yaml: there is no such mode; there are: {', '.join(files)}{nearest(mode, files)}")


def mode_name(file: FilePath) -> str:
    """The name of the mode of that file: what it says, else the file's own."""
    try:
        data = read_yaml(file).data
    except ConfigurationError:
        return file.stem
    return str(data.get("mode", file.stem)) if isinstance(data, dict) else file.stem


def _said_in(file: EnvFile) -> Said:
    return said_by({name: secret.reveal() for name, secret in file.values.items() if "__" not in name}, file.file)

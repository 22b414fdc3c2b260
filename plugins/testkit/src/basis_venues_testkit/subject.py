"""The plugin under test, found as the core finds it: through the metadata of what is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from basis_venues.accounts import accounts_of
from basis_venues.config.document import Document
from basis_venues.config.venues import VenueSettings
from basis_venues.config.yaml_file import read_yaml
from basis_venues.contract import ModelContext, VenueModel
from basis_venues.distributions import EntryPoint, entry_points
from basis_venues.errors import BasisError, ConfigurationError, PluginRefused
from basis_venues.hookspecs import ENTRY_POINT_GROUP
from basis_venues.manifest import Manifest, read_manifest
from basis_venues.network import Account, Network
from basis_venues.plugins import Plugins
from basis_venues.registry import Registry, check_contract, module_folder

from .promises import blocked_by


def shipped_settings(plugins: Plugins, venue: str, changes: Mapping[str, Any] | None = None) -> VenueSettings:
    """The loaded venue's settings from the YAML in its wheel, with `changes` laid over it. Raises `BasisError`."""
    defaults = plugins.defaults(venue)
    assert isinstance(defaults, Path), "a venue without venue.yaml; see L0-8"
    document = read_yaml(defaults, shipped=True)
    if changes:
        document = Document("settings of the test class", dict(changes)).over(document)
    settings: VenueSettings = document.fit(plugins.call(venue, "settings_class"))
    return settings


def simulated_accounts(manifests: tuple[Manifest, ...]) -> Mapping[str, Account]:
    """Every account of the venues, all of them simulated."""
    return accounts_of(manifests, {each.venue: Network.SIMULATION for each in manifests})


def make_model(plugins: Plugins, venue: str, settings: VenueSettings, account: Account | None = None) -> VenueModel:
    """A new model of the loaded venue, in simulation. Raises `BasisError`."""
    manifest = plugins.manifest(venue)
    accounts = simulated_accounts((manifest,))
    account = account or accounts[manifest.account.alias]
    context = ModelContext(venue=venue, account=account, network=Network.SIMULATION, settings=settings, accounts=accounts)
    model: VenueModel = plugins.call(venue, "create_model", context=context)
    return model


class Subject:
    """One venue and its partners: venues whose models carry out parts of its steps. Made once for a test class. `changes` are those of
    the class to the venue's shipped settings.

    What cannot be had because a promise is broken leaves the asking promise out, naming the broken one.
    """

    def __init__(self, venue: str, partners: tuple[str, ...], changes: Mapping[str, Any]) -> None:
        self.venue = venue
        self.partners = partners
        self.changes = changes

    @cached_property
    def claims(self) -> tuple[EntryPoint, ...]:
        """Every entry point that claims the venue's name."""
        return tuple(entry for entry in entry_points((ENTRY_POINT_GROUP,)) if entry.name == self.venue)

    @property
    def entry(self) -> EntryPoint:
        """The one entry point of the venue."""
        if len(self.claims) != 1:
            blocked_by("L0-1")
        return self.claims[0]

    @cached_property
    def folder(self) -> Path:
        """The folder of the plugin's package."""
        try:
            return module_folder(self.entry)
        except PluginRefused as error:
            blocked_by("L0-1", str(error))

    @cached_property
    def manifest(self) -> Manifest:
        """The venue's manifest."""
        try:
            return read_manifest(self.folder / "manifest.toml")
        except ConfigurationError:
            blocked_by("L0-2")

    @cached_property
    def probed(self) -> Mapping[str, Any]:
        """What the probe saw in a process of its own, and under `printed` what appeared on its output."""
        self._admitted()
        with tempfile.TemporaryDirectory() as folder:
            result = Path(folder) / "result.json"
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
            command = [sys.executable, "-P", "-m", "basis_venues_testkit.probe", str(result), self.venue]
            ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
            found = json.loads(result.read_text(encoding="utf-8")) if result.is_file() else {"error": "the process ended"}
        return {**found, "printed": ran.stdout + ran.stderr}

    @cached_property
    def plugins(self) -> Plugins:
        """The venue and its partners, loaded by the core."""
        if "error" in self.probed:
            blocked_by("L0-4")
        plugins = Plugins(Registry())
        try:
            plugins.load((self.venue,))
        except PluginRefused:
            blocked_by("L0-6")
        plugins.load(self.partners)
        return plugins

    @cached_property
    def settings(self) -> Mapping[str, VenueSettings]:
        """The settings of the venue, with the test class's changes, and of its partners as shipped."""
        if not (self.folder / "venue.yaml").is_file():
            blocked_by("L0-8")
        try:
            own = shipped_settings(self.plugins, self.venue)
        except BasisError:
            blocked_by("L0-7")
        if self.changes:
            own = shipped_settings(self.plugins, self.venue, self.changes)
        return {self.venue: own, **{name: shipped_settings(self.plugins, name) for name in self.partners}}

    @cached_property
    def manifests(self) -> tuple[Manifest, ...]:
        """Those of the venue and its partners."""
        return (self.manifest, *(self.plugins.manifest(name) for name in self.partners))

    @cached_property
    def accounts(self) -> Mapping[str, Account]:
        """The accounts of the venue and its partners, by alias."""
        return simulated_accounts(self.manifests)

    @contextmanager
    def anew(self) -> Iterator[Subject]:
        """The same venue, its package imported once more: nothing is left in its modules from before."""
        top = self.entry.module.partition(".")[0]
        before = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == top}
        fresh = Subject(self.venue, self.partners, self.changes)
        fresh.probed = self.probed
        try:
            yield fresh
        finally:
            for name in [name for name in sys.modules if name.partition(".")[0] == top]:
                del sys.modules[name]
            sys.modules.update(before)

    def models(self) -> dict[str, VenueModel]:
        """New models of the venue and its partners. Raises `BasisError`."""
        models = {}
        for manifest in self.manifests:
            name = manifest.venue
            try:
                models[name] = make_model(self.plugins, name, self.settings[name], self.accounts[manifest.account.alias])
            except PluginRefused as error:
                if name == self.venue and not self.changes:  # L0-6 makes one with the settings as they are shipped, and told of it
                    blocked_by("L0-6", str(error))
                raise
        if not isinstance(models[self.venue], VenueModel):
            blocked_by("L0-6")
        return models

    def _admitted(self) -> None:
        """Nothing of the plugin is run that the core would not run."""
        if self.manifest.venue != self.entry.name:
            blocked_by("L0-2")
        try:
            check_contract(self.manifest, self.entry.distribution.name)
        except PluginRefused:
            blocked_by("L0-3")
        try:
            Registry().venue(self.venue)
        except PluginRefused:
            blocked_by("L0-1")

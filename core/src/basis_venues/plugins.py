"""Loading plugins: only the mode's venues, by name, and every observer.

A venue that is missing, must not be loaded, or fails on import is refused by name and stops only the modes that need it.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pluggy

from . import hookspecs
from .config.misfit import nearest
from .errors import BasisError, PluginRefused
from .manifest import Manifest
from .observers import Observers
from .registry import Installed, Registry, check_contract
from .trust import Trust

VENUE_HOOKS = ("settings_class", "create_model", "create_client", "chain_access", "market_data")
"""Hooks that one venue's plugin answers."""
PURE_HOOKS = ("settings_class", "create_model")
"""Those of them that never see a credential."""
OBSERVER_HOOKS = ("action_routed", "order_state_changed", "reconciliation_finished", "action_finished", "runner_halted")
"""Hooks that any plugin may listen to."""


class Plugins:
    """The plugins of one run, in one pluggy manager."""

    def __init__(self, registry: Registry | None = None, trust: Callable[[], Trust] = Trust) -> None:
        """`trust` answers which distributions of others may be imported; asked when the registry is first needed."""
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._registry = registry
        self._trust = trust
        self._given: dict[str, tuple[Manifest, Mapping[str, Any]]] = {}
        self._venues: dict[str, object] = {}
        self.observers = Observers(self._manager)
        """Whom to tell what happens."""

    @property
    def registry(self) -> Registry:
        """What is installed; scanned when it is first needed."""
        if self._registry is None:
            self._registry = Registry(trust=self._trust())
        return self._registry

    def add(self, plugin: object, manifest: Manifest, settings: Mapping[str, Any] | None = None) -> None:
        """Take in a venue that no distribution ships: a module or object with hook implementations, its manifest, and the data that
        its venue YAML would hold. Raises `PluginRefused`."""
        check_contract(manifest, manifest.venue)
        self._given[manifest.venue] = (manifest, dict(settings or {}))
        self._register(plugin, manifest.venue, VENUE_HOOKS + OBSERVER_HOOKS)
        self._venues[manifest.venue] = plugin

    def add_observer(self, observer: object, name: str | None = None) -> None:
        """Take in an object with observer hooks. Raises `PluginRefused` when its hooks are not right."""
        self._register(observer, name or type(observer).__name__, OBSERVER_HOOKS)

    def names(self) -> tuple[str, ...]:
        """The venues that are installed or were added, in alphabetical order."""
        return tuple(sorted({*self.registry.names(), *self._given}))

    def manifest(self, venue: str) -> Manifest:
        """The venue's manifest; nothing is imported for it. Raises `PluginRefused`."""
        return self._given[venue][0] if venue in self._given else self.registry.venue(venue).manifest

    def defaults(self, venue: str) -> Path | Mapping[str, Any]:
        """The venue's default settings: the YAML in its wheel, or the data it was added with. Raises `PluginRefused`."""
        if venue in self._given:
            return self._given[venue][1]
        return self.registry.venue(venue).defaults or {}

    def load(self, venues: Iterable[str]) -> None:
        """Import and register the venues, and every observer once. Raises one `PluginRefused` that names each venue that failed."""
        refusals: list[str] = []
        for venue in dict.fromkeys(venues):
            try:
                if venue not in self._venues:
                    self._load(venue, self.registry.venue(venue))
            except PluginRefused as error:
                refusals.append(str(error))
        if refusals:
            raise PluginRefused("\n".join(refusals))

    def load_observers(self) -> tuple[str, ...]:
        """Import and register every installed observer. Answers a sentence for each that failed: no run is stopped by one."""
        return tuple(self._load_observers())

    def implements(self, venue: str, hook: str) -> bool:
        """Whether the loaded venue has the hook."""
        implementations = getattr(self._manager.hook, hook).get_hookimpls()
        return any(each.plugin is self._venues[venue] for each in implementations)

    def call(self, venue: str, hook: str, **arguments: Any) -> Any:
        """What the loaded venue answers to the hook; None where it does not have it.

        An error of this library comes through; whatever else the hook raises becomes `PluginRefused`, without its text and traceback
        when the hook was handed credentials.
        """
        plugin = self._venues[venue]
        others = [each for each in self._manager.get_plugins() if each is not plugin]
        try:
            return self._manager.subset_hook_caller(hook, others)(**arguments)
        except BasisError:
            raise
        except Exception as error:
            from .blame import raised  # a backtest never needs it

            refusal = PluginRefused(f"the plugin of the venue {venue!r} raised {raised(error)} in its hook {hook}")
            cause = error if hook in PURE_HOOKS else None
        raise refusal from cause

    def _load(self, venue: str, installed: Installed) -> None:
        distribution = installed.entry.distribution
        shipper = f"{distribution.name} {distribution.version}"
        plugin = _imported(installed.entry.module, f"the plugin of the venue {venue!r} ({shipper})", distribution.name)
        self._register(plugin, venue, VENUE_HOOKS + OBSERVER_HOOKS)
        self._venues[venue] = plugin

    def _load_observers(self) -> Iterator[str]:
        for entry in self.registry.strangers:
            yield (
                f"the observer {entry.name!r} of {entry.distribution.name} {entry.distribution.version} is not trusted and not loaded; "
                f"look at it, then: basis venues trust {entry.name}"
            )
        for entry in self.registry.observers:
            who = f"the observer {entry.name!r} ({entry.distribution.name} {entry.distribution.version})"
            try:
                self._register(_imported(entry.module, who, entry.distribution.name), entry.name, OBSERVER_HOOKS)
            except PluginRefused as error:
                yield str(error)

    def _register(self, plugin: object, name: str, allowed: tuple[str, ...]) -> None:
        for problem in self._wrong_hooks(plugin, allowed):
            raise PluginRefused(f"the plugin {name!r} {problem}")
        try:
            self._manager.register(plugin, name)
        except pluggy.PluginValidationError as error:
            if self._manager.is_registered(plugin):  # pluggy before 1.7 takes it in before it looks
                self._manager.unregister(plugin)
            raise PluginRefused(f"the plugin {name!r} has a hook whose arguments are not the hook's: {error}") from None
        except ValueError:
            raise PluginRefused(f"the plugin {name!r} is registered already") from None
        self.observers.refresh(OBSERVER_HOOKS)

    def _wrong_hooks(self, plugin: object, allowed: tuple[str, ...]) -> Iterator[str]:
        for attribute in dir(plugin):
            options = self._manager.parse_hookimpl_opts(plugin, attribute)
            if options is None:
                continue
            hook = options.get("specname") or attribute
            if hook not in allowed:
                yield f"implements {hook!r}, which is not a hook for it{nearest(hook, allowed)}; it may have {', '.join(allowed)}"
            elif options.get("wrapper") or options.get("hookwrapper"):
                yield f"wraps the hook {hook!r}; a plugin answers for itself and wraps no other"
            elif _suspends(getattr(plugin, attribute)):
                advice = "make it a plain `def` (an observer hands slow work to a queue)"
                yield f"has an `async def` for the hook {hook!r}, which nobody would wait for; {advice}"


def _suspends(function: Any) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _imported(module: str, who: str, distribution: str) -> object:
    try:
        return importlib.import_module(module)
    except BaseException as error:  # whatever a plugin does on import, even SystemExit, is its own failure
        said = " ".join(str(error).split())[:200]
        reason = f"{type(error).__name__}: {said}" if said else type(error).__name__
    command = f"pip install --force-reinstall {distribution}"
    raise PluginRefused(f"{who} is installed and broken: its import raised {reason}; mend it, or: {command}")

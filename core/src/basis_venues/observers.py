"""Observers: told what happens, never able to change or stop it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pluggy


class Observers:
    """Calls every observer's hook by itself, so that one that raises touches neither the flow nor the others."""

    def __init__(self, manager: pluggy.PluginManager | None = None) -> None:
        self._manager = manager
        self._listeners: dict[str, tuple[tuple[str, Callable[..., Any], tuple[str, ...]], ...]] = {}
        self._warned: set[tuple[str, str]] = set()
        self.anyone = False
        """Whether anyone listens to anything: a backtest may spare itself the asking."""

    def refresh(self, hooks: tuple[str, ...]) -> None:
        """Look up again who listens to the `hooks`; called when a plugin was registered."""
        self._listeners = {name: listeners for name in hooks if (listeners := self._of(name))}
        self.anyone = bool(self._listeners)

    def listening(self, hook: str) -> bool:
        """Whether anyone listens to the hook: a caller may spare itself the arguments."""
        return hook in self._listeners

    def notify(self, hook: str, **arguments: Any) -> None:
        """Tell everyone who listens to `hook`. What they raise is logged once for each observer and hook, and goes no further."""
        for name, listener, wanted in self._listeners.get(hook, ()):
            try:
                listener(**{key: arguments[key] for key in wanted})
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # an observer may do anything, even exit
                self._warn(name, hook, error)

    def _of(self, hook: str) -> tuple[tuple[str, Callable[..., Any], tuple[str, ...]], ...]:
        implementations = () if self._manager is None else getattr(self._manager.hook, hook).get_hookimpls()
        return tuple((each.plugin_name, each.function, tuple(each.argnames)) for each in implementations)

    def _warn(self, name: str, hook: str, error: BaseException) -> None:
        if (name, hook) in self._warned:
            return
        self._warned.add((name, hook))
        import logging  # not needed as long as observers behave

        logging.getLogger("basis_venues").warning("the observer %s raised %s in %s; it goes on without", name, type(error).__name__, hook)

"""Commands of other distributions: they join by the entry-point group `basis.commands`, each entry a Typer app under the entry's name.

`basis --help` lists them from metadata; a distribution's code is imported when its command is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import typer

from ..distributions import EntryPoint, entry_points
from ..errors import PluginRefused
from .later import Later

GROUP = "basis.commands"


class Elsewhere(Later):
    """A command of another distribution."""

    def __init__(self, name: str, entries: Sequence[EntryPoint]) -> None:
        owners = " and ".join(sorted(entry.distribution.name for entry in entries))
        super().__init__(name, f"(of {owners})")
        self._entries = tuple(entries)
        self._owners = owners

    def command(self) -> Any:
        """The real command; its module is imported now. Raises `PluginRefused` where that fails, or two bring the name."""
        if len(self._entries) > 1:
            raise PluginRefused(f"{self._owners} both bring the command {self.name!r}, so neither is run: pip uninstall one of them")
        return typer.main.get_command(_app(self._entries[0]))


def commands_elsewhere(path: Sequence[str] | None = None) -> Iterator[Elsewhere]:
    """One for each name that installed distributions claim, in alphabetical order."""
    claims: dict[str, list[EntryPoint]] = {}
    for entry in entry_points((GROUP,), path):
        claims.setdefault(entry.name, []).append(entry)
    return (Elsewhere(name, claims[name]) for name in sorted(claims))


def _app(entry: EntryPoint) -> typer.Typer:
    import importlib

    who = f"the command {entry.name!r} of {entry.distribution.name} {entry.distribution.version}"
    try:
        app = getattr(importlib.import_module(entry.module), entry.attribute or "app", None)
    except Exception as error:
        raise PluginRefused(
            f"{who} is installed and broken: its import raised {type(error).__name__}: {' '.join(str(error).split())[:200]}; "
            f"mend it, or: pip install --force-reinstall {entry.distribution.name}"
        ) from None
    if not isinstance(app, typer.Typer):
        raise PluginRefused(f"{who} is no Typer app: its entry point must say MODULE:APP")
    return app

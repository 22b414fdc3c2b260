"""Commands of other distributions: they join by the entry-point group `basis.commands`, each entry a Typer app under the entry's name.

`basis --help` lists them from metadata; a distribution's code is imported when its command is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from ..distributions import EntryPoint, entry_points
from ..errors import PluginRefused

GROUP = "basis.commands"


class Elsewhere(TyperGroup):
    """Stands for a command until it is used; then the command's own app takes over."""

    def __init__(self, name: str, entries: Sequence[EntryPoint]) -> None:
        owners = " and ".join(sorted(entry.distribution.name for entry in entries))
        super().__init__(name=name, help=f"(of {owners})", rich_markup_mode=None)
        self._entries = tuple(entries)
        self._owners = owners

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The context of the real command."""
        return self._command().make_context(info_name, args, parent, **extra)

    def _command(self) -> Any:
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

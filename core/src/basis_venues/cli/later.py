"""Commands that are made when they are used.

Typer makes a command by looking through its function's annotations; making all of them costs more than what most commands do.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup


class Later(TyperGroup):
    """Stands for a command, with its name and its line in the list of commands, until it is used; then `command` takes over."""

    def __init__(self, name: str, about: str) -> None:
        super().__init__(name=name, help=about, rich_markup_mode=None)

    def command(self) -> Any:
        """The real command."""
        raise NotImplementedError

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The context of the real command."""
        return self.command().make_context(info_name, args, parent, **extra)


class Ours(Later):
    """A command of this package: `place` is MODULE:NAME of its function, or of its app when it has commands of its own."""

    def __init__(self, name: str, place: str, about: str) -> None:
        super().__init__(name, about)
        self._place = place

    def command(self) -> Any:
        """The real command; its module is imported now."""
        module, _, attribute = self._place.partition(":")
        found = getattr(import_module(f".{module}", __package__), attribute)
        return typer.main.get_command(found if isinstance(found, typer.Typer) else _app_of(found))


def _app_of(function: Any) -> typer.Typer:
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(function)
    return app

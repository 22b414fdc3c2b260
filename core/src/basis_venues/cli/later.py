"""Commands that are made when they are used.

Typer makes a command by looking through its function's annotations; making all of them costs more than what most commands do.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from .options import examples


class Later(TyperGroup):
    """Stands for a command, with its name and its line in the list of commands, until it is used; then what `make` answers takes over."""

    def __init__(self, name: str, about: str, make: Callable[[], Any]) -> None:
        super().__init__(name=name, short_help=about, rich_markup_mode=None)
        self.make = make
        """Imports the module of the real command, and makes it."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The context of the real command."""
        return self.make().make_context(info_name, args, parent, **extra)


def ours(name: str, place: str, about: str, *lines: str) -> Later:
    """A command of this package: `place` is MODULE:NAME of its function, or of its app when it has commands of its own. `lines` are
    examples of the former."""
    return Later(name, about, partial(_made, place, lines))


def _made(place: str, lines: tuple[str, ...]) -> Any:
    module, _, attribute = place.partition(":")
    found = getattr(import_module(f".{module}", __package__), attribute)
    return typer.main.get_command(found if isinstance(found, typer.Typer) else _app_of(found, lines))


def _app_of(function: Any, lines: tuple[str, ...]) -> typer.Typer:
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(epilog=examples(*lines))(function)
    return app

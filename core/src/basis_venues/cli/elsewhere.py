"""Commands of other distributions: they join by the entry-point group `basis.commands`, each entry a Typer app under the entry's name.

`basis --help` lists them from metadata; a distribution's code is imported when its command is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import typer

from ..distributions import EntryPoint, entry_points
from ..errors import PluginRefused
from .later import Later

BROUGHT_BY = {"conformance": "basis-venues-testkit", "sandbox": "basis-venues-sandbox"}
"""Commands of ours that a distribution beside this one brings."""

GROUP = "basis.commands"


def commands_elsewhere(path: Sequence[str] | None = None) -> Iterator[Later]:
    """One for each name that installed distributions claim, in alphabetical order."""
    claims: dict[str, list[EntryPoint]] = {}
    for entry in entry_points((GROUP,), path):
        claims.setdefault(entry.name, []).append(entry)
    for name in sorted(claims):
        owners = " and ".join(sorted(entry.distribution.name for entry in claims[name]))
        summary = claims[name][0].distribution.summary if len(claims[name]) == 1 else ""
        yield Later(name, f"{summary} (of {owners})".lstrip(), partial(_made, owners, claims[name]))


def _made(owners: str, entries: Sequence[EntryPoint]) -> Any:
    """The real command. Raises `PluginRefused` where its module does not import, or two distributions bring the name."""
    if len(entries) > 1:
        raise PluginRefused(f"{owners} both bring the command {entries[0].name!r}, so neither is run: pip uninstall one of them")
    return typer.main.get_command(_app(entries[0]))


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

"""What people and programs read: tables or one JSON document on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

import typer

if TYPE_CHECKING:
    from ..findings import Finding

_STYLES = {
    "pass": "green", "VERIFIED": "green", "full": "green",
    "warn": "yellow", "UNVERIFIED": "yellow", "INTERRUPTED": "yellow", "versioned": "yellow", "mainnet": "bold red",
    "fail": "bold red", "refused": "bold red", "MISMATCHED": "bold red", "UNKNOWN": "bold red", "NEEDS_HUMAN": "bold red",
    "REJECTED": "red", "REVERTED": "red", "DENIED": "red", "no": "red",
}  # fmt: skip
_WIDE = 10_000
"""Columns of a table that no terminal shows: nothing is cut or wrapped."""


def document(data: Mapping[str, Any]) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False))


def line(text: str) -> None:
    """Print a line on stdout."""
    typer.echo(text)


def note(text: str) -> None:
    """Print a line on stderr."""
    typer.echo(text, err=True)


def colourful(stream: TextIO) -> bool:
    """Whether escape codes are welcome: on a terminal, unless NO_COLOR is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def findings(found: Iterable[Finding]) -> None:
    """Print what checks found."""
    table("", ("", "check", "found", "mend"), ((each.status, each.check, each.text, each.mend) for each in found))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table. Words that stand for good or bad news are coloured where colours are welcome; None is shown as nothing."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = colourful(sys.stdout)
    console = Console(
        file=sys.stdout, color_system="auto" if terminal else None, force_terminal=terminal, width=None if sys.stdout.isatty() else _WIDE
    )
    shown = Table(*columns, title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold", title_style="bold")
    for row in rows:
        cells = ["" if cell is None else str(cell) for cell in row]
        shown.add_row(*(Text(cell, style=_STYLES.get(cell, ""), overflow="fold") for cell in cells))
    with console.capture() as captured:
        console.print(shown)
    typer.echo("\n".join(text.rstrip() for text in captured.get().splitlines()), color=terminal)
    typer.echo("")

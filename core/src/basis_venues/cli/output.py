"""What people and programs read: tables or one JSON document on stdout, everything else on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from shutil import get_terminal_size
from typing import TYPE_CHECKING, TextIO

import typer

from .table import drawn

if TYPE_CHECKING:
    from ..findings import Finding

_STYLES = {
    "pass": "green", "VERIFIED": "green", "full": "green",
    "warn": "yellow", "UNVERIFIED": "yellow", "INTERRUPTED": "yellow", "versioned": "yellow", "mainnet": "bold red",
    "fail": "bold red", "refused": "bold red", "MISMATCHED": "bold red", "UNKNOWN": "bold red", "NEEDS_HUMAN": "bold red",
    "INCOMPLETE": "bold red", "STOPPED": "bold red", "REJECTED": "red", "REVERTED": "red", "DENIED": "red", "no": "red",
}  # fmt: skip


_UNSHOWN = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
"""Control characters, which a venue's text or a file's name may hold: a terminal would obey them."""


def document(data: object) -> None:
    """Print one JSON document, in ASCII: it is the same whatever encoding the stream has."""
    import json

    typer.echo(json.dumps(data, indent=2))


def shown(text: str) -> str:
    """The text with its control characters spelt out."""
    return text.translate(_UNSHOWN)


def line(text: str) -> None:
    """Print a line on stdout."""
    typer.echo(shown(text))


def note(text: str) -> None:
    """Print a line on stderr."""
    typer.echo(shown(text), err=True)


def colourful(stream: TextIO) -> bool:
    """Whether escape codes are welcome: on a terminal, unless NO_COLOR is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def findings(found: Iterable[Finding]) -> None:
    """Print what checks found."""
    table("", ("", "check", "found", "mend"), ((each.status, each.check, each.text, each.mend) for each in found))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table. Words that stand for good or bad news are coloured where colours are welcome; None is shown as nothing."""
    cells = [["" if cell is None else shown(str(cell)) for cell in row] for row in rows]
    colours = colourful(sys.stdout)
    width = get_terminal_size().columns if sys.stdout.isatty() else None
    paint = _painted if colours else _plain
    for text in (*([paint(shown(title), None)] if title else ()), *drawn(columns, cells, width, paint), ""):
        typer.echo(text, color=colours)


def _plain(piece: str, _cell: str | None) -> str:
    return piece


def _painted(piece: str, cell: str | None) -> str:
    style = "bold" if cell is None else _STYLES.get(cell)
    if style is None or not piece:
        return piece
    return typer.style(piece, fg=style.removeprefix("bold").strip() or None, bold=style.startswith("bold") or None)

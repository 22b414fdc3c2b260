"""Tables as text: columns as wide as what they hold, cells folded where a terminal is narrower.

Rich draws such tables too, but to import it and draw one would make `basis check` take a quarter longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap

GAP = "  "

Paint = Callable[[str, str | None], str]
"""Takes a piece as it is shown and the whole cell that it is of, None for the head; answers the piece with its colours."""


def drawn(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int | None, paint: Paint) -> Iterator[str]:
    """The lines of a table with a head. `width` is how many characters fit into a line; None where there is no such bound."""
    table = [columns, *rows]
    widths = [max(len(line) for cell in column for line in cell.splitlines() or ("",)) for column in zip(*table, strict=True)]
    if width is not None:
        widths = _narrowed(widths, width - len(GAP) * (len(widths) - 1))
    for row in table:
        folded = [_folded(cell, space) for cell, space in zip(row, widths, strict=True)]
        of = row if row is not columns else (None,) * len(row)
        for pieces in zip_longest(*folded, fillvalue=""):
            shown = zip(pieces, of, widths, strict=True)
            yield GAP.join(paint(piece, cell) + " " * (space - len(piece)) for piece, cell, space in shown).rstrip()


def _narrowed(widths: Sequence[int], room: int) -> list[int]:
    """The widths with the widest cut to one measure, so that all of them fit."""
    most = max(widths)
    while most > 1 and sum(min(each, most) for each in widths) > room:
        most -= 1
    return [min(each, most) for each in widths]


def _folded(cell: str, width: int) -> list[str]:
    """The cell in pieces that fit, broken between words where that is possible."""
    if len(cell) <= width and "\n" not in cell:
        return [cell]
    return [piece for line in cell.splitlines() for piece in wrap(line, max(width, 1), break_on_hyphens=False) or ("",)]

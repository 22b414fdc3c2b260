"""How far a run is, on stderr: a bar on a terminal, otherwise a line every few seconds."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .output import colourful, note

if TYPE_CHECKING:
    from ..run.runner import Progress

_EVERY = 5.0
"""Seconds between two lines where no terminal shows a bar."""


class ShownProgress:
    """A context manager whose `step` takes each `Progress` of a run."""

    def __init__(self) -> None:
        self._bar: Any = _bar() if colourful(sys.stderr) else None
        self._task: Any = None
        self._next = time.monotonic() + _EVERY

    def __enter__(self) -> ShownProgress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def step(self, progress: Progress) -> None:
        """Show how far it is."""
        if self._bar is None:
            self._line(progress)
            return
        if self._task is None:
            self._task = self._bar.add_task("", total=progress.total)
        if time.monotonic() >= self._next or progress.done == progress.total or progress.total < 1000:
            self._next = time.monotonic() + 0.1
            self._bar.update(self._task, completed=progress.done, description=_words(progress))

    def _line(self, progress: Progress) -> None:
        now = time.monotonic()
        if now >= self._next or progress.done == progress.total:
            self._next = now + _EVERY
            note(f"{progress.done}/{progress.total} {_words(progress)}")


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    return Bar(
        MofNCompleteColumn(), BarColumn(), TextColumn("{task.description}", markup=False), console=Console(stderr=True), transient=True
    )


def _words(progress: Progress) -> str:
    from ..market.provider import utc

    return f"{utc(progress.at)} {progress.result.action.id} {progress.result.state}"

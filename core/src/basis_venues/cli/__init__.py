"""The command `basis`. Nothing of the library imports it; it imports the library inside its commands, when they are used."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

_OBJECTS = 100_000
"""New objects between two searches for garbage. A command makes some 50,000 classes, functions and settings that all stay; Python, which
looks after every 700, would take a fifth of the time of `basis check` to find nothing, the search at its end included."""

ENDED = {129: "hung up", 130: "interrupted", 143: "terminated"}
"""The exit codes after SIGHUP, SIGINT and SIGTERM, and what each is called."""


def main() -> None:
    """The entry point of the script. Ends the process with one of the exit codes that `basis --help` lists."""
    import atexit
    import gc
    import signal

    gc.set_threshold(_OBJECTS)
    _take_streams()
    try:
        from .app import app
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("typer", "rich"):
            raise
        sys.exit("basis: the command line needs two more packages: pip install 'basis-venues[cli]'")
    except KeyboardInterrupt:  # before anything was begun
        sys.exit(130)
    atexit.register(gc.freeze)  # what is left goes with the process, without a last search through it
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _ended)
    try:
        app(prog_name="basis")
    except KeyboardInterrupt:  # another one, on the way out
        sys.exit(130)


def _take_streams() -> None:
    """Let what is written to a stream that the process was started without go nowhere: a run must not end for want of who listens. The
    lowest free file is taken, which is the stream's own, so that no journal comes to lie there. Nor must it end for a letter that a
    terminal of another encoding lacks: as on stderr, its number is shown."""
    import os

    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # this process's own is a TextIOWrapper


def _ended(number: int, _frame: Any) -> NoReturn:
    """An exception like any other: connections, journal and locks are let go on the way out, however often the process is told to end."""
    import signal

    for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)

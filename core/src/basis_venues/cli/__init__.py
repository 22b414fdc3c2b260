"""The command `basis`. Nothing of the library imports it; it imports the library inside its commands, when they are used."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

_OBJECTS = 100_000
"""New objects between two searches for garbage. A command makes some 50,000 classes, functions and settings that all stay; Python, which
looks after every 700, would take a fifth of the time of `basis check` to find nothing, the search at its end included."""

TERMINATED = 143
"""The exit code after SIGTERM."""


def main() -> None:
    """The entry point of the script. Ends the process with one of the exit codes that `basis --help` lists."""
    import atexit
    import gc
    import signal

    gc.set_threshold(_OBJECTS)
    try:
        from .app import app
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("typer", "rich"):
            raise
        sys.exit("basis: the command line needs two more packages: pip install 'basis-venues[cli]'")
    atexit.register(gc.freeze)  # what is left goes with the process, without a last search through it
    signal.signal(signal.SIGTERM, _terminated)
    app(prog_name="basis")


def _terminated(_number: int, _frame: Any) -> NoReturn:
    sys.exit(TERMINATED)  # an exception like any other: connections, journal and locks are let go on the way out

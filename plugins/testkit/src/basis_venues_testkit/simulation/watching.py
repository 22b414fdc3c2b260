"""Watching a model for what a pure function does not do: clock, randomness, environment, files, network, threads, output."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from random import Random
from types import FrameType
from typing import Any

_CLOCK = frozenset({"localtime", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep", "time", "time_ns"})
_TODAY = frozenset({"now", "today", "utcnow"})
_VARIABLES: Any = type(os.environ).__getitem__
_BUILT_IN = {
    ("posix", "urandom"): "randomness",
    ("posix", "getrandom"): "randomness",
    ("nt", "urandom"): "randomness",
    ("io", "open"): "a file",
    ("_io", "open"): "a file",
    ("builtins", "input"): "the terminal",
    ("builtins", "print"): "the terminal",
    ("_thread", "start_new_thread"): "a thread",
    ("_posixsubprocess", "fork_exec"): "a process",
}


@contextmanager
def watched() -> Iterator[list[str]]:
    """Fills the list with what was used, such as `the clock (time.time)`. It sees calls, so that also `from time import time` is seen."""
    seen: list[str] = []

    def note(frame: FrameType, event: str, argument: Any) -> None:
        used = _built_in(argument) if event == "c_call" else _function(frame) if event == "call" else None
        if used is not None:
            seen.append(used)

    before, collecting = sys.getprofile(), gc.isenabled()
    gc.disable()  # what others do when garbage is collected is not the model's doing
    sys.setprofile(note)
    try:
        yield seen
    finally:
        sys.setprofile(before)
        if collecting:
            gc.enable()


def _built_in(function: Any) -> str | None:
    name, owner = function.__name__, getattr(function, "__self__", None)
    module = getattr(function, "__module__", None)
    if module == "time" and name in _CLOCK:
        return f"the clock (time.{name})"
    if isinstance(owner, type) and issubclass(owner, date) and name in _TODAY:
        return f"the clock ({owner.__name__}.{name})"
    if isinstance(owner, Random):
        return f"randomness (random.{name})"
    what = "the network" if module == "_socket" else _BUILT_IN.get((str(module), name))
    return None if what is None else f"{what} ({module}.{name})"


def _function(frame: FrameType) -> str | None:
    code, module = frame.f_code, frame.f_globals.get("__name__")
    if code is _VARIABLES.__code__:
        return "an environment variable (os.environ)"
    if module == "socket" and code.co_qualname == "socket.__init__":
        return "the network (socket.socket)"
    return None

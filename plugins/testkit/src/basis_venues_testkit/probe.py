"""Run in a process of its own: what importing a plugin and making its model does to the process.

`python -P -m basis_venues_testkit.probe RESULT VENUE` writes a JSON object to the file RESULT. Whatever appears on the process's output
was printed by the plugin.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

HEAVY = ("aiohttp", "ccxt", "eth_account", "numpy", "pandas", "pydantic", "requests", "web3")
"""Libraries that only a client may import, and only when it is made."""

_PROCESSES = frozenset({"subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system"})
_FILES = frozenset({"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate"})
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_PLUMBING = frozenset({"os", "collections.abc", "_collections_abc", __name__, "__main__"})


class Deeds:
    """Notes what a process does that an import should not: sockets, threads, processes, writes, environment variables."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.watching = False

    def start(self) -> None:
        """Watch from now on. An audit hook cannot be taken away again, hence the process of its own."""
        sys.addaudithook(self._audit)
        environment: Any = type(os.environ)
        plain = environment.__getitem__

        def noted(mapping: Any, key: str) -> Any:
            self._variable(key)
            return plain(mapping, key)

        environment.__getitem__ = noted
        self.watching = True

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.watching:
            return
        if event.startswith("socket."):
            self.seen.append(f"uses a socket ({event})")
        elif event == "_thread.start_new_thread":
            self.seen.append("starts a thread")
        elif event in _PROCESSES:
            self.seen.append(f"starts a process ({event})")
        elif event in _FILES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING):
            self.seen.append(f"changes the file {arguments[0]}")

    def _variable(self, key: object) -> None:
        reader = _reader()
        if self.watching and reader.partition(".")[0] not in sys.stdlib_module_names:
            self.seen.append(f"reads the environment variable {key} (in {reader})")


def _reader() -> str:
    """The module that asked for an environment variable."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__") in _PLUMBING:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__"))


def _heavy() -> list[str]:
    return [name for name in HEAVY if name in sys.modules]


def measure(venue: str) -> dict[str, Any]:
    """What reading the venue's manifest, importing its module, and making its model did."""
    from basis_venues.plugins import Plugins
    from basis_venues.registry import Registry

    from .subject import make_model, shipped_settings  # and with them all of the core that a model can need

    registry = Registry()
    installed = registry.venue(venue)
    module = installed.entry.module
    found: dict[str, Any] = {"imported_early": module in sys.modules}
    deeds = Deeds()
    deeds.start()
    began = time.perf_counter_ns()
    try:
        importlib.import_module(module)
    except BaseException as error:
        return {**found, "error": f"{type(error).__name__}: {error}"}
    found["import_ms"] = round((time.perf_counter_ns() - began) / 1e6, 1)
    found["heavy_on_import"] = _heavy()
    try:
        plugins = Plugins(registry)
        plugins.load((venue,))
        make_model(plugins, venue, shipped_settings(plugins, venue))
    except Exception:
        found["model"] = False  # other promises say why
    deeds.watching = False
    found["heavy_with_model"] = _heavy()
    found["deeds"] = [*deeds.seen, *(["leaves a thread running"] if threading.active_count() > 1 else [])]
    return found


if __name__ == "__main__":
    result, name = sys.argv[1:]
    Path(result).write_text(json.dumps(measure(name)), encoding="utf-8")

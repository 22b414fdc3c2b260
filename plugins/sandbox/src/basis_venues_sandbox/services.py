"""What `basis sandbox up` runs: a list of services, each in a package of its own, started by name and only when it is wanted.

A service is a coroutine function `start(options) -> Service`. One that cannot run on this machine raises `Absent` with what to do
about it; the others run without it.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from attrs import frozen

STARTERS: Mapping[str, str] = {
    "exchange": "basis_venues_sandbox.exchange.service:start",
    "chain": "basis_venues_sandbox.chain.service:start",
}
"""service -> module:coroutine function that starts it"""


class Absent(Exception):
    """The service cannot run here; the text says why and what to do about it."""


@frozen(kw_only=True)
class Options:
    """How the sandbox is started. Ports are on the loopback; `state` is a directory of its own for files of this sandbox."""

    state: Path
    exchange_port: int = 8731
    control_port: int = 8732
    chain_port: int = 8545
    seed: int = 1
    data: str = ""
    """Data settings (a YAML file) that prices and funding come from; empty: fixed prices."""
    data_directory: str = ""
    """Where the records of `data` lie; empty: the synthetic history, written by the library."""
    since: int | None = None
    """The plan clock at the start, ms; None: now."""


class Service(Protocol):
    """A service that runs."""

    @property
    def endpoints(self) -> Mapping[str, str]:
        """name -> URL on the loopback."""
        ...

    async def stop(self) -> None:
        """End it, and every process that it started."""
        ...


class Started(dict[str, Service]):
    """The services that run, by name; `absent` says why the others do not."""

    def __init__(self) -> None:
        super().__init__()
        self.absent: dict[str, str] = {}

    async def stop(self) -> None:
        """End all of them, the last started first."""
        for name in reversed(list(self)):
            await self.pop(name).stop()


async def start_all(names: Iterable[str], options: Options) -> Started:
    """Start the named services one after the other. Raises what a service raises, after ending those already started."""
    started = Started()
    for name in names:
        module, _, function = STARTERS[name].partition(":")
        try:
            started[name] = await getattr(importlib.import_module(module), function)(options)
        except Absent as reason:
            started.absent[name] = str(reason)
        except ModuleNotFoundError as missing:
            started.absent[name] = f"the module {missing.name} is not installed"
        except BaseException:
            await started.stop()
            raise
    return started

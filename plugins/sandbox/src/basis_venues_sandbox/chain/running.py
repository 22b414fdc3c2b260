"""A running chain: the node and the shim in front of it. For tests, the testkit, and the command."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from attrs import frozen

from .addresses import Addresses
from .anvil import Anvil, anvil_is_here
from .control import ChainControl
from .errors import ChainUnavailable
from .node import node_program
from .packages import Progress
from .shim import Shim
from .state import built_chain, is_built, start_built


@frozen
class Availability:
    """Whether the chain can run on this machine; where not, `reason` says why and what to do about it."""

    reason: str = ""

    def __bool__(self) -> bool:
        return not self.reason


def available() -> Availability:
    """Whether this machine has what a chain takes. What has to be fetched is fetched by the first start only."""
    try:
        if not is_built():
            node_program("node")
            node_program("npm")
        anvil_is_here()
    except ChainUnavailable as missing:
        return Availability(str(missing))
    return Availability()


class RunningChain:
    """A chain that runs. `url` is the endpoint for adapters, `node_url` that of the node behind the shim."""

    def __init__(self, anvil: Anvil, url: str, addresses_file: Path, addresses: Addresses) -> None:
        self.anvil = anvil
        self.url = url
        self.node_url = anvil.url
        self.addresses_file = addresses_file
        self.addresses = addresses

    @cached_property
    def control(self) -> ChainControl:
        """A client that controls it, for one thread."""
        return ChainControl(self.url)


@contextmanager
def running_chain(
    port: int = 0, since: int | None = None, flags: Sequence[str] = (), progress: Progress | None = None
) -> Iterator[RunningChain]:
    """A chain of its own, from the cache or built now, that ends with the block.

    `port`: of the shim, 0 for a free one. `since`: the chain's time at the start in ms; None for the machine's. `flags`: more flags
    for anvil. Raises `ChainUnavailable` where the machine lacks what it takes.
    """
    tell = progress or _on_stderr
    built = built_chain(tell)
    addresses = built.addresses
    anvil = start_built(built, since, flags, tell)
    try:
        with _in_a_thread(Shim(anvil.url, addresses), port) as url:
            chain = RunningChain(anvil, url, built.addresses_file, addresses)
            yield chain
            if "control" in chain.__dict__:
                chain.control.close()
    finally:
        anvil.stop()


@contextmanager
def _in_a_thread(shim: Shim, port: int) -> Iterator[str]:
    """Run a shim on an event loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="chain shim", daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(shim.start(port), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(shim.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _on_stderr(text: str) -> None:
    print(text, file=sys.stderr)

"""A sandbox for the length of a test: in a thread of this process, or in a process of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from attrs import frozen

from .control.client import Control

if TYPE_CHECKING:
    from .server import Server
    from .wire.dialect import Dialect

_PATIENCE = 20


@frozen
class Running:
    """A sandbox that runs. `url` is what the venues' endpoints are pointed at."""

    url: str
    control: Control


@contextmanager
def running_sandbox(
    *, seed: int = 1, now: int | None = None, data: str = "", data_directory: str = "", process: bool = False,
    dialects: tuple[Dialect, ...] = (),
) -> Iterator[Running]:  # fmt: skip
    """Run the exchange side on free ports of the loopback. `now`: its time at the start, ms; None for the machine's. `process` keeps its
    work out of this process, for measurements. `dialects`: protocols beside its own, in this process alone. Raises `ValueError` for
    both."""
    if process and dialects:
        raise ValueError("a sandbox in a process of its own speaks its own protocols alone")
    arguments = {"seed": seed, "now": now, "data": data, "data_directory": data_directory}
    with _in_process(arguments) if process else _in_thread({**arguments, "dialects": dialects}) as (port, control_port):
        yield Running(f"http://127.0.0.1:{port}", Control(f"http://127.0.0.1:{control_port}"))


@contextmanager
def _in_thread(arguments: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    loop, ready = asyncio.new_event_loop(), threading.Event()
    thread = threading.Thread(target=_run, args=(loop, ready), name="sandbox", daemon=True)
    thread.start()
    ready.wait(_PATIENCE)
    server = asyncio.run_coroutine_threadsafe(_opened(arguments), loop).result(_PATIENCE)
    try:
        yield server.port, server.control_port
    finally:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(_PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_PATIENCE)


def _run(loop: asyncio.AbstractEventLoop, ready: threading.Event) -> None:
    asyncio.set_event_loop(loop)
    loop.call_soon(ready.set)
    loop.run_forever()
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    with suppress(asyncio.CancelledError):
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.close()


async def _opened(arguments: Mapping[str, Any]) -> Server:
    from .sandbox import Sandbox, Start
    from .server import Server

    server = Server(Sandbox(Start(**arguments)))
    await server.open()
    return server


@contextmanager
def _in_process(arguments: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    command = [sys.executable, "-m", "basis_venues_sandbox.exchange", json.dumps(arguments)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdin is not None
    try:
        ports = json.loads(child.stdout.readline())
        yield ports["port"], ports["control_port"]
    finally:
        child.stdin.close()  # it ends when nobody holds its input any more
        try:
            child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()

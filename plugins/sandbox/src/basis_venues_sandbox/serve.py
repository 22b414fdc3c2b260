"""The background process of `basis sandbox up`: runs the services until it is told to end. Not for people.

While it runs it holds the lock of its state directory; what it runs stands in `sandbox.json` there, and whether all of it is ready.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import attrs

from .chain.service import ChainService
from .exchange.service import ExchangeService
from .services import Options, Started, start_all
from .standing import Standing, Taken, held, write


def main() -> None:
    """Serve the options given as JSON in the first argument, with `services` among them."""
    said: dict[str, Any] = json.loads(sys.argv[1])
    names = said.pop("services")
    options = Options(**{**said, "state": Path(said["state"])})
    os.chdir(options.state)
    with held(options.state):
        write(options.state, Standing(pid=os.getpid(), ready=False))
        try:
            asyncio.run(_serve(names, options))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            sys.exit(f"{error.strerror}; end what listens there, or name another port, here and in the profile: --port, --control-port")


async def _serve(names: list[str], options: Options) -> None:
    started = await start_all(names, options)  # a signal ends it at once until here: there is nothing to end in order yet
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    exchange, chain = started.get("exchange"), started.get("chain")
    if isinstance(exchange, ExchangeService) and isinstance(chain, ChainService):
        exchange.lead(chain.follow)
    try:
        write(options.state, _standing(started))
        await ended.wait()
    finally:
        await started.stop()


def _standing(started: Started) -> Standing:
    endpoints = {name: dict(service.endpoints) for name, service in started.items()}
    return Standing(pid=os.getpid(), endpoints=endpoints, absent=dict(started.absent))


def arguments(names: list[str], options: Options) -> list[str]:
    """The command line of the background process."""
    said = {**attrs.asdict(options), "state": str(options.state), "services": names}
    return [sys.executable, "-m", "basis_venues_sandbox.serve", json.dumps(said)]


if __name__ == "__main__":
    try:
        main()
    except Taken as taken:  # another `up` was quicker
        sys.exit(str(taken))
    except KeyboardInterrupt:
        pass

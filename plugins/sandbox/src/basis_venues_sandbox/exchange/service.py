"""The exchange side as one of the sandbox's services."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from ..services import Options
from .others import hosts_of, keys_of, other_exchanges
from .sandbox import Sandbox, Start
from .server import Server


class ExchangeService:
    """See `basis_venues_sandbox.services.Service`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @property
    def endpoints(self) -> Mapping[str, str]:
        """`base` for the three venues, and `control`."""
        return {"base": f"http://127.0.0.1:{self._server.port}", "control": f"http://127.0.0.1:{self._server.control_port}"}

    def lead(self, follower: Callable[[int], Awaitable[None]]) -> None:
        """Tell `follower` the moment whenever the plan's clock is moved."""
        self._server.followers.append(follower)

    async def stop(self) -> None:
        """Stop listening."""
        await self._server.close()


async def start(options: Options) -> ExchangeService:
    """Start it on the ports of the options."""
    others = other_exchanges()
    start = Start(
        seed=options.seed, now=options.since, data=options.data, data_directory=options.data_directory,
        keys=tuple(key for each in others for key in keys_of(each)),
        hosts={place: network for each in others for place, network in hosts_of(each).items()},
    )  # fmt: skip
    server = Server(Sandbox(start))
    await server.open(options.exchange_port, options.control_port)
    return ExchangeService(server)

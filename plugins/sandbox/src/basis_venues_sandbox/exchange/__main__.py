"""The exchange side in a process of its own: prints its ports as JSON, and runs until its standard input ends."""

from __future__ import annotations

import asyncio
import json
import sys

from .sandbox import Sandbox, Start
from .server import Server


async def _serve(start: Start) -> None:
    server = Server(Sandbox(start))
    await server.open()
    print(json.dumps({"port": server.port, "control_port": server.control_port}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.close()


if __name__ == "__main__":
    asyncio.run(_serve(Start(**json.loads(sys.argv[1]))))

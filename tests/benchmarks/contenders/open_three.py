"""`open_three.py CONFIGS STATE`: from nothing to three exchange clients that may send orders, their markets on disk."""

import asyncio
import sys
from pathlib import Path

from basis_venues.assemble import assemble


async def main(configs, state):
    run = assemble("exchanges", configs=configs, live=True, profile="local", state=state, env={})
    for venue in ("binance", "bybit", "okx"):
        client = run.factory.client(venue)
        await client.open()
        await client.close()


asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))

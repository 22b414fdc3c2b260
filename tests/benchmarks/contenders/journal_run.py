"""Journal commits a second: the floor (append and fdatasync), one lane, or fifty lanes waiting. Prints one figure."""

import asyncio
import os
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from basis_venues.clock import SystemClock
from basis_venues.journal.events import Observed
from basis_venues.journal.sqlite import SqliteJournal

EVENT = Observed(
    {f"wallet:balance:T{n}": Decimal("123.456789") for n in range(4)}, {"binance": 1_704_153_600_000}, (), {"wallet": "1:0xabc"}
)


def floor(path, count):
    with path.open("ab", buffering=0) as file:
        begun = time.perf_counter()
        for _ in range(count):
            file.write(b"x" * 400)
            os.fdatasync(file.fileno())
        return count / (time.perf_counter() - begun)


async def lanes(path, waiting, count):
    journal = SqliteJournal(path, SystemClock())
    journal.make_room()

    async def lane():
        for _ in range(count):
            await journal.commit((EVENT,), lambda: None)

    begun = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(waiting)))
    spent = time.perf_counter() - begun
    journal.close()
    return waiting * count / spent


directory = Path(tempfile.mkdtemp(dir=os.environ.get("BASIS_BENCH_DIR")))
what = sys.argv[1]
if what == "floor":
    print(floor(directory / "floor", 2000))
else:
    print(asyncio.run(lanes(directory / "journal.sqlite", 1 if what == "one" else 50, 2000 if what == "one" else 200)))

"""This library: one action a tick through the whole loop of a backtest, routed, carried out, reconciled.

Arguments: how many, `spot` or `perp`, `buy` or `turn`, and whether to stream results to a file. Prints CPU microseconds an action, how
many were VERIFIED, the last decile's time over the first's, and KiB of memory an action.
"""

import sys
import tempfile
import time
import tracemalloc
from decimal import Decimal
from pathlib import Path

from basis_venues import ExecutionManager, PerpTrade, SpotTrade, drive

START = 1_704_153_600_000
CONFIGS = Path(__file__).parents[3] / "configs"


def main(count, market, sides, stream, memory):
    positions = {"binance:balance:USDT": Decimal(10**9), "binance:balance:BTC": Decimal(1000), "binance:collateral:USDT": Decimal(10**9)}
    target = Path(tempfile.mkdtemp()) / "journal.jsonl" if stream else None
    manager = ExecutionManager.open("btc_basis", configs=CONFIGS, since=START, positions=positions, stream=target)
    kind, symbol = (SpotTrade, "BTC/USDT") if market == "spot" else (PerpTrade, "BTC/USDT:USDT")
    venue, quantity = "binance", Decimal("0.01")
    execute, clock = manager.execute_action, time.process_time
    if memory:
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
    verified, marks, tenth = 0, [clock()], max(count // 10, 1)
    for n in range(count):
        side = "buy" if sides == "buy" or n % 2 else "sell"
        action = kind(id=f"a{n}", venue=venue, symbol=symbol, side=side, quantity=quantity)
        verified += drive(execute(action, "btc_basis", START + n * 10)).state == "VERIFIED"
        if n % tenth == tenth - 1:
            marks.append(clock())
    used = (tracemalloc.get_traced_memory()[0] - before) / 1024 / count if memory else 0.0
    growth = (marks[-1] - marks[-2]) / (marks[1] - marks[0])
    print(f"{(marks[-1] - marks[0]) / count * 1e6:.3f} {verified} {growth:.3f} {used:.4f}")


main(int(sys.argv[1]), sys.argv[2], sys.argv[3], "stream" in sys.argv, "memory" in sys.argv)

"""`hatch run bench [cold] [backtest] [journal] [chain] [bundle] [live]`: print figures, assert nothing."""

import argparse

from . import backtest, bundle, chain, cold_start, journal, live

PARTS = {
    "cold": cold_start.run,
    "backtest": backtest.run,
    "journal": journal.run,
    "chain": chain.run,
    "bundle": bundle.run,
    "live": live.run,
}


def main() -> None:
    """Run the parts that were named, or all."""
    parser = argparse.ArgumentParser(prog="hatch run bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="which to run; all unless named")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds")
    asked = parser.parse_args()
    for name in asked.parts or PARTS:
        PARTS[name](asked.rounds)


main()

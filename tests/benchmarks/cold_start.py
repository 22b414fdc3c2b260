"""(a) From nothing to the first reconciled action of a backtest, to the command's help, and to a checked mode."""

import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from .harness import ROOT, interleave, table, wall

FIRST_ACTION = """
import sys
from basis_venues import ExecutionManager, SpotTrade, drive
where = {"data_settings": "synthetic", "data_directory": sys.argv[1], "since": 1704153600000}
manager = ExecutionManager.open("btc_basis", positions={"binance:balance:USDT": 60000}, **where)
result = drive(manager.execute_action(SpotTrade(id="a", symbol="BTC/USDT", side="buy", quantity="0.1"), timestamp=1704153600000))
assert result.state == "VERIFIED", result
"""


def _records() -> str:
    """A directory with records, as a runner has one."""
    from basis_venues.market.synthetic import write_synthetic

    return str(write_synthetic(tempfile.mkdtemp()))


def run(rounds: int) -> None:
    """Print the tables. The yardsticks are the import of what the core stands on, and that of ccxt."""
    python = sys.executable
    basis = str(Path(python).with_name("basis"))
    shown = wall([basis, "--help"])
    contenders = {
        "light stack": wall([python, "-c", "import pluggy, attrs, cattrs, yaml"]),
        "backtest to its first action": wall([python, "-c", FIRST_ACTION, _records()]),
        "basis --help": shown,
    }
    light = interleave(contenders, "light stack", rounds)
    table("cold start", light, "ms", "light stack", {"backtest to its first action": "<= 2.0 (goal 1.5)"})
    if find_spec("ccxt") is None:
        print("  ccxt is not installed here: the command's ratio to it is left out")
        return
    checks = {f"basis check {mode}": wall([basis, "check", mode]) for mode in _shipped_modes()}
    contenders = {"import ccxt.async_support": wall([python, "-c", "import ccxt.async_support"]), "basis --help": shown, **checks}
    heavy = interleave(contenders, "import ccxt.async_support", rounds)
    targets = {"basis --help": "<= 0.25 (goal 0.15)", **dict.fromkeys(checks, "<= 0.25")}
    table("command line", heavy, "ms", "ccxt.async_support", targets)


def _shipped_modes() -> list[str]:
    return sorted(file.stem for file in (ROOT / "configs" / "modes").glob("*.yaml"))

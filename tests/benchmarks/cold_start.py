"""(a) From nothing to the first reconciled action of a backtest, and to the command's help."""

import sys
import tempfile
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
    """Print the table. The yardstick is the import of what the core stands on."""
    python = sys.executable
    basis = str(Path(python).with_name("basis"))
    contenders = {
        "light stack": wall([python, "-c", "import pluggy, attrs, cattrs, yaml"]),
        "backtest to its first action": wall([python, "-c", FIRST_ACTION, _records()]),
        "basis --help": wall([basis, "--help"]),
        "basis check btc_basis": wall([basis, "check", "btc_basis", "--configs", str(ROOT / "configs")]),
    }
    light = interleave(contenders, "light stack", rounds)
    table("cold start", light, "ms", "light stack", {"backtest to its first action": "<= 2.0 (goal 1.5)"})
    try:
        import ccxt  # noqa: F401  only to see whether it is there
    except ImportError:
        print("  ccxt is not installed here: the command's ratio to it is left out")
        return
    contenders = {
        "import ccxt.async_support": wall([python, "-c", "import ccxt.async_support"]),
        "basis --help": contenders["basis --help"],
        "basis check btc_basis": contenders["basis check btc_basis"],
    }
    heavy = interleave(contenders, "import ccxt.async_support", rounds)
    table("command line", heavy, "ms", "ccxt.async_support", {"basis --help": "<= 0.25 (goal 0.15)", "basis check btc_basis": "<= 0.25"})

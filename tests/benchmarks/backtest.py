"""(b) Reconciled actions through the whole loop of a backtest, beside other engines and the Decimal loop."""

import subprocess
import sys

from .harness import CONTENDERS, Measured, environment, interleave, printed, table

COUNT = "20000"


def run(rounds: int) -> None:
    """Print the tables: against the Decimal loop, against other engines, growth and memory."""
    ours = [sys.executable, str(CONTENDERS / "basis_run.py")]
    loop = printed([sys.executable, str(CONTENDERS / "decimal_loop.py"), COUNT])
    figures = interleave(
        {"Decimal loop": loop, "spot": printed([*ours, COUNT, "spot", "turn"]), "perp": printed([*ours, COUNT, "perp", "turn"])},
        "Decimal loop",
        rounds,
    )
    table("backtest, CPU an action", figures, "us", "Decimal loop", {"spot": "goal 8", "perp": "goal 8"})
    _engines(ours, rounds)
    _growth(ours)


def _engines(ours: list[str], rounds: int) -> None:
    """Buy only, 5k orders, each engine in an environment of its own."""
    contenders = {"this library, buy only": printed([*ours, "5000", "spot", "buy"])}
    for name, package, script in (
        ("backtrader", "backtrader", "backtrader_run.py"),
        ("NautilusTrader", "nautilus_trader", "nautilus_run.py"),
    ):
        python = environment(name.lower(), package)
        if python is not None:
            contenders[name] = printed([str(python), str(CONTENDERS / script), "5000"])
    for engine, target in (("backtrader", "<= 0.2"), ("NautilusTrader", "<= 0.10")):
        if engine in contenders:
            pair: dict[str, Measured] = interleave(
                {engine: contenders[engine], "this library, buy only": contenders["this library, buy only"]}, engine, rounds
            )
            table(f"against {engine}, 5k orders", pair, "us", engine, {"this library, buy only": target})


def _growth(ours: list[str]) -> None:
    """100k actions: the last decile over the first, and memory an action, streamed."""
    done = subprocess.run([*ours, "100000", "spot", "turn", "stream"], check=True, capture_output=True, text=True)
    memory = subprocess.run([*ours, "20000", "spot", "turn", "stream", "memory"], check=True, capture_output=True, text=True)
    print("\n100k actions, streamed")
    print(f"  last decile over first  {float(done.stdout.split()[2]):.3f}  <= 1.25")
    print(f"  KiB an action           {float(memory.stdout.split()[3]):.4f}  <= 0.05")

"""Measuring commands side by side: A B C A B C …, a ratio in every round, the median of the ratios.

The machine's own speed moves by a factor of two; ratios taken in the same round hardly do.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CONTENDERS = HERE / "contenders"


class Measured(NamedTuple):
    """A contender's median, and its median ratio to the yardstick of the run."""

    median: float
    ratio: float


def interleave(contenders: Mapping[str, Callable[[], float]], yardstick: str, rounds: int) -> dict[str, Measured]:
    """Measure every contender once a round."""
    figures: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name, measure in contenders.items():
            figures[name].append(measure())
        print(f"  round {number + 1} of {rounds}", file=sys.stderr)
    base = figures[yardstick]
    return {
        name: Measured(statistics.median(values), statistics.median(v / b for v, b in zip(values, base, strict=True)))
        for name, values in figures.items()
    }


def wall(command: Sequence[str], **env: str) -> Callable[[], float]:
    """How long a command takes, in milliseconds, with its bytecode cached as on any machine that ran it before."""
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | env
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=surroundings)

    def measure() -> float:
        begun = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=surroundings)
        return (time.perf_counter() - begun) * 1000

    return measure


def printed(command: Sequence[str], word: int = 0) -> Callable[[], float]:
    """The figure that a command prints as its `word`-th word."""

    def measure() -> float:
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
        return float(done.stdout.split()[word])

    return measure


def table(title: str, measured: Mapping[str, Measured], unit: str, yardstick: str, targets: Mapping[str, str]) -> None:
    """Print the figures for people."""
    print(f"\n{title}")
    print(f"  {'':34}{unit:>12}{'x ' + yardstick:>20}  target")
    for name, figure in measured.items():
        print(f"  {name:34}{figure.median:>12.2f}{figure.ratio:>20.3f}  {targets.get(name, '')}")


def environment(name: str, *packages: str) -> Path | None:
    """The Python of an environment with `packages`, made once below the user's cache; None, with the reason printed, where it fails."""
    from platformdirs import user_cache_path

    home = user_cache_path("basis-venues") / "benchmarks" / name
    python = home / "bin" / "python"
    if not python.exists():
        print(f"  making an environment with {', '.join(packages)}", file=sys.stderr)
        made = subprocess.run([sys.executable, "-m", "venv", str(home)], capture_output=True, text=True, check=False)
        if made.returncode == 0:
            made = subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            print(f"  left out: {', '.join(packages)} could not be installed: {made.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
            return None
    return python

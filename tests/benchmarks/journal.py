"""(c) Synced commits of the journal beside the disk's own rate, alone and with fifty lanes waiting."""

import subprocess
import sys

from .harness import CONTENDERS, Measured, interleave, printed, table


def run(rounds: int) -> None:
    """Print the table."""
    script = [sys.executable, str(CONTENDERS / "journal_run.py")]
    figures: dict[str, Measured] = interleave(
        {
            "append + fdatasync": printed([*script, "floor"]),
            "journal, one lane": printed([*script, "one"]),
            "journal, fifty lanes waiting": printed([*script, "fifty"]),
        },
        "append + fdatasync",
        rounds,
    )
    table(
        "journal, commits a second",
        figures,
        "1/s",
        "fdatasync",
        {"journal, one lane": ">= 0.8", "journal, fifty lanes waiting": "goal >= 10 x one lane"},
    )
    print(f"  fifty lanes over one     {figures['journal, fifty lanes waiting'].median / figures['journal, one lane'].median:.1f}")
    subprocess.run(["sync"], check=False)

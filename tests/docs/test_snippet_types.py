"""What pages show is what a type checker lets a runner write."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PAGES = ("README.md", "docs/how-to/embed-in-a-runner.md")
WRONG = """
from basis_venues import PerpTrade, SpotTrade

SpotTrade(id="a", symbol="BTC/USDT", side="buy", quantity=0.5)
PerpTrade(id="a", symbol="BTC/USDT:USDT", side="bye", quantity=1, price="1", leverage=2)
"""


def mypy(file: Path) -> list[str]:
    """What `mypy --strict` says of the file, less that its functions need not be annotated."""
    command = [sys.executable, "-m", "mypy", "--strict", "--allow-untyped-defs", "--allow-untyped-calls", "--config-file", ""]
    command += ["--cache-dir", str(file.parent / "cache"), "--no-error-summary", file.name]
    said = subprocess.run(command, cwd=file.parent, capture_output=True, text=True, timeout=300, check=False)
    assert said.returncode < 2, said.stderr
    return [line for line in said.stdout.splitlines() if ": error:" in line]


@pytest.mark.slow
def test_snippets_pass_mypy_strict(pages, tmp_path):
    """Each page's Python blocks, one after the other: amounts as text and int, times, results. What is refused at run time is an error."""
    for page in PAGES:
        file = tmp_path / f"{Path(page).stem.lower().replace('-', '_')}.py"
        file.write_text("".join(block.text for block in pages[page].blocks if block.language == "python"), encoding="utf-8")
        assert mypy(file) == []
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WRONG, encoding="utf-8")
    assert [line.split(":")[1] for line in mypy(wrong)] == ["4", "5"]

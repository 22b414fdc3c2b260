"""The page on adding a venue: its text, written to files, is a venue."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def acme(pages, tmp_path_factory):
    """The distribution of the page, installed to a folder of its own: the folder with its files, and an environment that finds it."""
    home, installed = tmp_path_factory.mktemp("acme"), tmp_path_factory.mktemp("installed")
    for block in pages["docs/how-to/add-a-venue.md"].blocks:
        if block.file:
            file = home / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
    (home / "src" / "basis_venues_acme" / "py.typed").touch()
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(installed)]
    subprocess.run(build, cwd=home, check=True, capture_output=True, timeout=120)
    (wheel,) = installed.glob("*.whl")
    unpack = [sys.executable, "-m", "zipfile", "-e", str(wheel), str(installed)]
    subprocess.run(unpack, check=True, capture_output=True, timeout=60)
    return home, {**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")])}


def run(acme, *command: str) -> str:
    home, environment = acme
    done = subprocess.run([sys.executable, *command], cwd=home, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_conforms(acme):
    """The venue of the page keeps every promise of the kit that applies to it."""
    run(acme, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basis-report", "report.json", "tests")
    assert '"broken"' not in Path(acme[0], "report.json").read_text(encoding="utf-8")


def test_its_backtest_runs(acme, pages):
    """The commands of the page end with everything verified: 0.1 BTC for 5000 and a fee of a thousandth."""
    (commands,) = (block.text.splitlines() for block in pages["docs/how-to/add-a-venue.md"].blocks if block.language == "sh")
    said = [run(acme, "-m", "basis_venues", *shlex.split(command)[1:], "--json") for command in commands][-1]
    positions = {key: float(amount) for key, amount in json.loads(said)["positions"].items()}
    assert positions == {"acme:balance:BTC": 0.1, "acme:balance:USDT": 995.0}

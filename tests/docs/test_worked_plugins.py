"""The pages with worked plugins: their text, written to files and built, is a venue of a third party that reaches its level."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

WORKED = {"binanceus": ("docs/how-to/add-an-exchange.md", 3), "rocketpool": ("docs/how-to/add-a-protocol.md", 1)}
MOST_LINES = 60
"""What an author writes of code for an exchange that ccxt knows."""


@pytest.fixture(scope="module", params=WORKED)
def worked(request, pages, tmp_path_factory):
    """Name, folder with the files of the page, folder that its wheel is installed to, and the level that the page promises."""
    page, level = WORKED[request.param]
    home, installed = tmp_path_factory.mktemp(request.param), tmp_path_factory.mktemp("installed")
    for block in pages[page].blocks:
        if block.file:
            file = home / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
    (home / "src" / f"basis_venues_{request.param}" / "py.typed").touch()
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(installed)]
    subprocess.run(build, cwd=home, check=True, capture_output=True, timeout=120)
    (wheel,) = installed.glob("*.whl")
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), str(installed)], check=True, capture_output=True, timeout=60)
    return request.param, home, installed, level


def test_it_reaches_its_level_from_the_wheel(worked):
    """Every promise up to the level is kept by what is in the wheel, outside of this repository."""
    name, home, installed, level = worked
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basis-report", "report.json", "tests"]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    venue = json.loads((home / "report.json").read_text(encoding="utf-8"))["venues"][name]
    assert (venue["distribution"], venue["level"]) == (f"basis-venues-{name}", level), done.stdout


def test_an_author_writes_little(worked):
    """Lines with code, without docstrings, blank lines and comments."""
    written = sum(code_lines(file) for file in (worked[1] / "src").rglob("*.py"))
    assert written <= MOST_LINES, written


def code_lines(file: Path) -> int:
    """Lines of a module that hold code."""
    text = file.read_text(encoding="utf-8")
    told: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            told |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(text.splitlines(), 1)
    return sum(bool(line.strip()) and not line.lstrip().startswith("#") and number not in told for number, line in lines)

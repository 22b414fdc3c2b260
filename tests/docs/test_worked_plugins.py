"""The pages with worked plugins: their text, written to files and built, is a venue of a third party that reaches its level."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from basis_venues_sandbox.chain import available

pytestmark = pytest.mark.slow

EXCHANGE, LIVE = "docs/how-to/add-an-exchange.md", "docs/how-to/an-exchange-of-its-own-protocol.md"
TAUGHT = "docs/how-to/teach-the-sandbox.md"
PROTOCOL, ON_CHAIN = "docs/how-to/add-a-protocol.md", "docs/how-to/a-protocol-on-a-chain.md"
LEVELS = {EXCHANGE: 3, TAUGHT: 3, PROTOCOL: 1, ON_CHAIN: 3}
NAMES = {EXCHANGE: "binanceus", TAUGHT: "acme", PROTOCOL: "rocketpool", ON_CHAIN: "rocketpool"}
MOST_LINES = {EXCHANGE: 60, TAUGHT: 210, PROTOCOL: 60, ON_CHAIN: 130}
"""What an author writes of code, by the page where the plugin is whole."""


def files(pages, page):
    """What the page says, by file, over what the pages before it say. Acme's has the tests: what is said of every exchange is on the page
    about one, and its live side on another."""
    said = {block.file: block.text for block in pages[page].blocks if block.file}
    if page == ON_CHAIN:
        return {**files(pages, PROTOCOL), **said}
    if page != TAUGHT:
        return said
    usual = {file: text for file, text in files(pages, EXCHANGE).items() if file != "tests/test_conformance.py"}
    renamed = {rename(file): rename(text) for file, text in usual.items()}
    parts = [block for block in pages[LIVE].blocks if block.language == "python" and not block.file]
    live = "".join(block.text for block in parts if "live.testing" not in block.text)
    protocol = "".join(block.text for block in pages[page].blocks if block.language == "python" and not block.file)
    signer = {block.file: block.text for block in pages[LIVE].blocks if block.file}
    return {**renamed, **signer, "src/basis_venues_acme/live.py": live, "tests/acme_protocol.py": protocol, **said}


def rename(text):
    """What stands there for Binance.US, for Acme."""
    return text.replace("api.binance.us", "api.acme.example").replace("binanceus", "acme").replace("BINANCEUS", "ACME")


@pytest.fixture(scope="module", params=LEVELS)
def worked(request, pages, tmp_path_factory):
    """The page, the folder with its files, and the folder that its wheel is installed to."""
    if request.param == ON_CHAIN and not available():
        pytest.skip(available().reason)
    name = NAMES[request.param]
    home, installed = tmp_path_factory.mktemp(name), tmp_path_factory.mktemp("installed")
    for path, text in files(pages, request.param).items():
        file = home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (home / "src" / f"basis_venues_{name}" / "py.typed").touch()
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(installed)]
    subprocess.run(build, cwd=home, check=True, capture_output=True, timeout=120)
    (wheel,) = installed.glob("*.whl")
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), str(installed)], check=True, capture_output=True, timeout=60)
    return request.param, home, installed


def test_it_reaches_its_level_from_the_wheel(worked):
    """Every promise up to the level is kept by what is in the wheel, outside of this repository."""
    page, home, installed = worked
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basis-report", "report.json", "tests"]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    venue = json.loads((home / "report.json").read_text(encoding="utf-8"))["venues"][NAMES[page]]
    assert (venue["distribution"], venue["level"]) == (f"basis-venues-{NAMES[page]}", LEVELS[page]), done.stdout
    assert (venue["dialect"] == "own") == (page in (TAUGHT, ON_CHAIN))


def test_an_author_writes_little(worked):
    """Lines with code, without docstrings, blank lines and comments."""
    written = sum(code_lines(file) for file in (worked[1] / "src").rglob("*.py"))
    assert written <= MOST_LINES[worked[0]], written


def code_lines(file: Path) -> int:
    """Lines of a module that hold code."""
    text = file.read_text(encoding="utf-8")
    told: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            told |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(text.splitlines(), 1)
    return sum(bool(line.strip()) and not line.lstrip().startswith("#") and number not in told for number, line in lines)

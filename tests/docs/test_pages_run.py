"""What a page shows is done as it is written: files, commands with their exit codes and output, and Python.

A reader has a folder with the shipped configuration and the synthetic history, and a sandbox where the page speaks of one.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from basis_venues_sandbox import Control
from basis_venues_sandbox.chain import available

INDEX, KEYS, OTHER = "the package index", "keys of real accounts", "the plugin of the other page"
NOT_RUN = {
    "README.md": [INDEX],
    "CONTRIBUTING.md": [INDEX],
    "docs/tutorial.md": [INDEX],
    "docs/how-to/add-a-venue.md": [INDEX],
    "docs/how-to/add-a-protocol.md": [INDEX, INDEX],
    "docs/how-to/add-an-exchange.md": [INDEX, INDEX],
    "docs/how-to/credentials.md": [KEYS],
    "docs/how-to/from-backtest-to-live.md": [KEYS, KEYS],
    "docs/how-to/recover-after-a-crash.md": ["a transfer on its way"],
    "docs/how-to/a-protocol-on-a-chain.md": [INDEX, OTHER],
    "docs/how-to/teach-the-sandbox.md": [INDEX, OTHER],
}
"""The shell blocks that no test can run, by page, with what each says that it needs."""
LANGUAGES = ("sh", "python", "yaml", "toml", "text", "solidity")
PROGRAMS = r"(?:[A-Z_]+=\S+ +)?(?:\S*/)?(?:basis|pip|python3?|hatch|pytest|git|curl|uv|npm)\b "
"""How a command begins that somebody would type."""
ORDER = """\
mode: btc_basis
since: "2024-01-02"
until: "2024-01-03"
actions:
"""
HEDGE = '  - {at: start, id: NAME, action: PerpTrade, symbol: "BTC/USDT:USDT", side: sell, quantity: "0.1", venue: okx}\n'
SPOT = '  - {at: start, id: enter-spot, action: SpotTrade, symbol: BTC/USDT, side: buy, quantity: "0.5"}\n'


class Said(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    output: str
    errors: str


class Box:
    """One sandbox for all pages, on ports of its own."""

    def __init__(self, home: Path) -> None:
        self.state = home / "sandbox"
        held = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
        self.ports = [each.getsockname()[1] for each in held]
        for each in held:
            each.close()

    def begin(self) -> Control:
        """Have it run, at the beginning and without a journal; a page may have ended it."""
        names = ("--port", "--control-port", "--chain-port")
        ports = [word for name, port in zip(names, self.ports, strict=True) for word in (name, str(port))]
        self.basis("sandbox", "up", *ports, "--data", "synthetic", "--from", "2024-01-02", "--configs", str(ROOT / "configs"))
        for file in self.state.glob("journal.sqlite*"):
            file.unlink()
        control = Control(f"http://127.0.0.1:{self.ports[1]}")
        control.clear()
        control.reset()
        return control

    def end(self) -> None:
        self.basis("sandbox", "down")

    def basis(self, *command: str) -> None:
        """A command that must succeed."""
        whole = [sys.executable, "-m", "basis_venues", *command, "--state", str(self.state)]
        subprocess.run(whole, env=clean(), check=True, capture_output=True, timeout=600)


class Reader:
    """Somebody who does what a page says, from top to bottom, in a folder of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home / "reader"
        self.place = self.home  # where their shell is
        self.installed, tools = home / "installed", home / "tools"
        shutil.copytree(ROOT / "configs", self.home / "configs")
        self.installed.mkdir()
        tools.mkdir()
        for name, module in (("basis", "-m basis_venues"), ("pytest", "-m pytest"), ("python", "")):
            script = tools / name
            script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {module} "$@"\n', encoding="utf-8")
            script.chmod(0o755)
        self.states = home / "states"
        (self.states / "basis-venues").mkdir(parents=True)
        self.environment = {
            **clean(),
            "PATH": os.pathsep.join([str(tools), os.environ["PATH"]]),
            "PYTHONPATH": os.pathsep.join([str(self.installed), os.environ.get("PYTHONPATH", "")]),
            "XDG_STATE_HOME": str(self.states),
        }

    def meets(self, box: Box) -> None:
        """Have the sandbox where `basis sandbox up` would put it, and the profile's endpoints at its ports."""
        box.state.mkdir(parents=True, exist_ok=True)
        (self.states / "basis-venues" / "sandbox").symlink_to(box.state)
        profile = self.home / "configs" / "environments" / "sandbox.yaml"
        text = profile.read_text(encoding="utf-8")
        for usual, port in zip(("8731", "8732", "8545"), box.ports, strict=True):
            assert f":{usual}" in text
            text = text.replace(f":{usual}", f":{port}")
        profile.write_text(text, encoding="utf-8")

    def writes(self, name: str, text: str) -> None:
        """A file, as the page has it."""
        file = self.place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def types(self, line: str) -> Said:
        """One line of shell; where it leaves the shell is where the next begins."""
        left = self.states / "left"
        done = self._run(["bash", "-c", f'{line}\nended=$?; pwd > "{left}"; exit $ended'], self.place)
        self.place = Path(left.read_text(encoding="utf-8").strip())
        return done

    def python(self, blocks: list[str]) -> None:
        """All Python of the page, as one."""
        done = self._run([sys.executable, "-c", "\n".join(blocks)], self.home)
        assert done.code == 0, done.errors

    def installs(self) -> None:
        """What `pip install` of the folder comes to, without an index: its wheel, importable."""
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(self.installed)]
        subprocess.run(build, cwd=self.place, check=True, capture_output=True, timeout=120)
        (wheel,) = self.installed.glob("*.whl")
        shutil.unpack_archive(wheel, self.installed, "zip")

    def _run(self, command: list[str], place: Path) -> Said:
        done = subprocess.run(command, cwd=place, env=self.environment, capture_output=True, text=True, timeout=120, check=False)
        return Said(done.returncode, done.stdout, done.stderr)


ROOT = Path(__file__).parents[2]


def clean() -> dict[str, str]:
    """This process's environment without what would reach into a reader's."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("BASIS_", "PYTEST_")) or name == "BASIS_CACHE_DIR"}


def lost_reply(reader: Reader, control: Control) -> None:
    """Binance took an order and nobody can tell; and somebody took money from OKX."""
    quick = {"venue_type": "cex", "timing": {"poll_ms": 50, "patience_ms": 700, "verify_within_ms": 1000}}
    for venue in ("binance", "okx"):
        reader.writes(f"configs/venues/{venue}.yaml", yaml.safe_dump(quick))
    reader.writes("configs/plans/lost.yaml", ORDER + HEDGE.replace("NAME", "hedge") + SPOT)
    reader.writes("configs/plans/later.yaml", ORDER + HEDGE.replace("NAME", "hedge-more"))
    control.fault("binance", "order.create", "accept_then_status", status=503, kind="html")
    control.fault("binance", "order.read", "endpoint_down")
    assert reader.types("basis run btc_basis --plan lost --profile sandbox --live").code == 8
    control.clear()
    control.endow("okx", "trading", "USDT", "50")
    assert reader.types("basis run btc_basis --plan later --profile sandbox --live").code == 8


BEFORE: dict[str, Callable[[Reader, Control], None]] = {"docs/how-to/recover-after-a-crash.md": lost_reply}
"""What happened to the reader of a page before it is opened."""


def needs(block: Any) -> str | None:
    """What a shell block says that it needs, in its first line."""
    found = re.match(r"# needs: (.+)\n", block.text)
    return found[1] if found else None


def ends_with(line: str) -> int:
    """The exit code that a line promises."""
    found = re.search(r"  # exit code (\d+)$", line)
    return int(found[1]) if found else 0


def pattern(shown: str) -> str:
    """Output as a page shows it: a line `...` is any lines, `...` inside of a line is anything there."""
    lines = ["(?:.*\n)*?" if line == "..." else re.escape(line).replace(re.escape("..."), ".*") + " *\n" for line in shown.splitlines()]
    return "\n?" + "".join(lines) + "\n*"


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """The sandbox that all pages share."""
    if not available():
        pytest.skip(available().reason)
    made = Box(tmp_path_factory.mktemp("box"))
    yield made
    made.end()


@pytest.fixture
def reader(runnable: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Reader:
    """The page's reader, with what the page takes for granted."""
    somebody = Reader(tmp_path)
    if any("sandbox" in block.text for block in runnable.blocks if block.language == "sh"):
        shared = request.getfixturevalue("box")
        somebody.meets(shared)
        control = shared.begin()
        if runnable.name in BEFORE:
            BEFORE[runnable.name](somebody, control)
    return somebody


@pytest.mark.slow
def test_a_page_runs_from_top_to_bottom(runnable: Any, reader: Reader) -> None:
    """Files are written where the page says, every command is run and ends as it says, output is as shown, and then all Python runs."""
    said, python = "", []
    for block in runnable.blocks:
        if block.file:
            reader.writes(block.file, block.text)
        elif block.language == "sh" and needs(block):
            if "pip install -e" in block.text:
                reader.installs()
        elif block.language == "sh":
            for line in block.text.splitlines():
                code, said, errors = reader.types(line)
                assert code == ends_with(line), f"{line}\n{code}\n{said}\n{errors}"
        elif block.language == "text":
            assert re.fullmatch(pattern(block.text), said), f"shown:\n{block.text}\nsaid:\n{said}"
        elif block.language == "python":
            python.append(block.text)
    reader.python(python)


def test_output_differs_only_where_the_page_says_so() -> None:
    """`...` stands for any lines, or for anything in its line; every other letter must be there."""
    shown = "...\nlend  10.0...  VERIFIED\n...\n"
    assert re.fullmatch(pattern(shown), "first\n\nlend  10.0004  VERIFIED\nlast\n")
    for other in ("lend  10.1  VERIFIED\n", "lend  10.0\nVERIFIED\n", "lend  10.0  VERIFIED more\n", "first\n"):
        assert not re.fullmatch(pattern(shown), other)


def test_what_cannot_run_is_listed(pages: Any) -> None:
    """The blocks that say what they need are those of the list, and no other block of shell is left out."""
    said = {name: [reason for block in page.blocks if block.language == "sh" and (reason := needs(block))] for name, page in pages.items()}
    assert {name: reasons for name, reasons in said.items() if reasons} == NOT_RUN


def test_every_command_stands_in_a_block_that_is_run(page: Any) -> None:
    """No command is indented text or in a block of no language, where nothing would run it."""
    loose = "\n".join(block.text for block in page.blocks if block.language not in LANGUAGES)
    indented = [line[4:] for line in page.prose.splitlines() if line.startswith("    ")]
    assert not [line for line in (*loose.splitlines(), *indented) if re.match(PROGRAMS, line)]
    assert {block.language for block in page.blocks} <= {"", *LANGUAGES}
    assert page.text.count("```") == 2 * len(page.blocks)  # none is of a form that the reader of pages overlooks


def test_scripts_that_pages_name_exist(page: Any) -> None:
    """`hatch run NAME` is a script of the workspace, or a program."""
    workspace = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    scripts = workspace["tool"]["hatch"]["envs"]["default"]["scripts"]
    assert set(re.findall(r"hatch run (\w+)", page.text)) <= {*scripts, "python", "basis"}

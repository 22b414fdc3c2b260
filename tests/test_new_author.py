"""A new author's first minutes: a clean environment, wheels of this commit, and three commands."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def author(tmp_path_factory):
    """An environment with the core's command alone, and what runs there, with the wheels of all distributions at hand."""
    home = tmp_path_factory.mktemp("author")
    wheels = home / "wheels"
    for folder in (ROOT / "core", *(ROOT / "plugins" / name for name in ("alchemy", "binance", "ccxt", "evm", "sandbox", "testkit"))):
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
        subprocess.run(build, cwd=folder, check=True, capture_output=True, timeout=120)
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", "--python", sys.executable, str(home / "env")], check=True, capture_output=True, timeout=60)
    python = str(home / "env" / "bin" / "python")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "BASIS", "VIRTUAL_ENV"))}

    def install(*what, cwd=home):
        command = [*uv, "pip", "install", "-q", "--python", python, "--find-links", str(wheels), *what]
        done = subprocess.run(command, cwd=cwd, env=clean, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stderr

    def basis(*command, cwd=home):
        path = str(home / "env" / "bin" / "basis")
        return subprocess.run([path, *command], cwd=cwd, env=clean, capture_output=True, text=True, timeout=120, check=False)

    install("basis-venues[cli]")
    return home, install, basis


@pytest.mark.parametrize(("kind", "level"), [("cex-ccxt", 1), ("evm-protocol", 1)])
def test_a_new_venue_is_green_at_once(author, kind, level):
    """`basis new venue`, install with its test extra, `basis conformance .`: without a step by hand both pass in simulation; an exchange is
    tried on the sandbox once its own hosts are named, and a protocol once it has a client."""
    home, install, basis = author
    name = kind.replace("-", "_")
    made = basis("new", "venue", name, "--kind", kind)
    assert made.returncode == 0, made.stderr
    folder = home / f"basis-venues-{kind}"
    install("-e", ".[test]", cwd=folder)
    began = time.monotonic()
    ran = basis("conformance", ".", "--json", cwd=folder)
    took = time.monotonic() - began
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert json.loads(ran.stdout)["report"]["venues"][name]["level"] == level
    print(f"{kind}: {took:.1f} s")

"""The watch over secrets sees what it must: a suite that writes a canary fails, whichever way it was written."""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import canaries
import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[1]
THROWAWAY = "sandbox-" + "0123456789abcdef" * 2
SUITE = """
import json, logging, subprocess, sys
from canaries import CANARY

{body}
"""
LEAKS = {
    "a file": "def test_it(tmp_path):\n    (tmp_path / 'report.json').write_text(json.dumps({'key': CANARY}))",
    "printed": "def test_it():\n    print(CANARY)",
    "a log line": "def test_it():\n    logging.getLogger('ccxt').debug('%s', {'apiKey': CANARY})",
    "a traceback in a log": (
        "def test_it():\n    try:\n        raise ValueError(CANARY)\n    except ValueError:\n        logging.getLogger('x').exception('no')"
    ),
    "a command": "def test_it():\n    subprocess.run([sys.executable, '-c', f'print({CANARY!r}[::-1])'], capture_output=True)",
    "a command in the process": (
        "def test_it():\n    import typer\n    from typer.testing import CliRunner\n    app = typer.Typer()\n"
        "    @app.command()\n    def say():\n        typer.echo(CANARY)\n    assert CliRunner().invoke(app, []).exit_code == 0"
    ),
    "the environment": (
        "def test_it(tmp_path):\n    import os\n    (tmp_path / 'dump').write_text(os.environ['BASIS_DEV__CEX__BYBIT_SECRET'])"
    ),
}


def suite(directory: Path, body: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a suite of one test under the conftest of this one, as a process of its own."""
    shutil.copy(ROOT / "conftest.py", directory)
    (directory / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT / 'core/tests/support'}\n", encoding="utf-8")
    (directory / "test_it.py").write_text(SUITE.format(body=body), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp", str(directory / "base"), *options]
    with subprocess.Popen(command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        out, _ = running.communicate(timeout=60)
    shutil.rmtree(directory / "base", ignore_errors=True)  # what was written there on purpose is not to be found by the watch outside
    return subprocess.CompletedProcess(command, running.returncode, out)


@pytest.mark.parametrize("way", LEAKS)
def test_a_suite_that_writes_a_canary_fails(way: str, tmp_path: Path) -> None:
    """Its one test passes, and the run fails, saying where and not what."""
    done = suite(tmp_path, LEAKS[way])
    assert "1 passed" in done.stdout
    assert "secrets that were written" in done.stdout
    assert done.returncode == 1
    assert canaries.found_in(done.stdout) is None


def test_workers_tell_what_they_saw(tmp_path: Path) -> None:
    """Under xdist the run fails just the same."""
    done = suite(tmp_path, LEAKS["printed"], "-n", "1")
    assert "1 passed" in done.stdout
    assert "secrets that were written" in done.stdout
    assert done.returncode == 1


def test_a_suite_that_keeps_its_secrets_passes(tmp_path: Path) -> None:
    """Also where it plants one in a file for credentials."""
    done = suite(tmp_path, "def test_it(tmp_path):\n    (tmp_path / 'env.unified').write_text(CANARY)\n    print('sandbox-' + 'a' * 8)")
    assert done.returncode == 0, done.stdout


@given(st.binary(max_size=40), st.binary(max_size=40), st.sampled_from([canaries.CANARY, THROWAWAY, canaries._WALLET]), st.data())
def test_a_canary_is_found_in_every_encoding(before: bytes, after: bytes, secret: str, data: st.DataObject) -> None:
    """As it is, reversed, in hex, in base64 wherever it begins, and URL-encoded, with anything around it."""
    plain = secret.encode()
    ways = [plain, plain[::-1], plain.hex().encode(), plain.hex().upper().encode(), quote(secret).encode()]
    ways.append(base64.b64encode(before + plain + after))
    assert canaries.found_in(before + data.draw(st.sampled_from(ways)) + after) is not None


@given(st.text(max_size=200))
def test_other_text_is_no_canary(text: str) -> None:
    """Nothing is found where there is nothing."""
    assert canaries.found_in(text) is None
    assert canaries.found_in(f"sandbox-1.0 {text} sandbox-of-sand") is None

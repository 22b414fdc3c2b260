"""`basis conformance`: from a folder to a verdict that a person can act on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

KEY = "{account}:supplied:{self.venue}/{asset}"


def basis(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-P", "-m", "basis_venues", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A protocol as the template makes it."""
    home = tmp_path_factory.mktemp("authors") / "vault"
    assert basis("new", "venue", "vault", "--kind", "evm-protocol", "--directory", home).returncode == 0
    return home


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cex-ccxt", "evm-protocol"])
def test_what_the_template_writes_reaches_level_1_at_once(kind: str, tmp_path: Path) -> None:
    """Without an installation, and nothing else is needed."""
    assert basis("new", "venue", "acme", "--kind", kind, "--directory", tmp_path / "acme").returncode == 0
    ran = basis("conformance", tmp_path / "acme", "--level", "1", "--json")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    said = json.loads(ran.stdout)
    assert (said["kept"], said["report"]["venues"]["acme"]["level"]) == (True, 1)
    assert json.loads((tmp_path / "acme" / "src" / "basis_venues_acme" / "conformance.json").read_text(encoding="utf-8")) == said["report"]


def test_a_level_that_is_not_reached_is_a_failure(vault: Path) -> None:
    """Nothing of it is broken, but level 2 cannot be shown by a model alone; the report says why."""
    ran = basis("conformance", vault, "--level", "2")
    assert ran.returncode == 1
    assert "no create_client" in ran.stdout
    assert "level 1 (works)" in ran.stdout


def test_a_broken_promise_is_shown_with_what_to_do(vault: Path) -> None:
    """Which promise, what broke it, why it matters, what to do; exit code 1."""
    model = vault / "src" / "basis_venues_vault" / "model.py"
    good = model.read_text(encoding="utf-8")
    try:
        model.write_text(good.replace("supplied:{self.venue}/", "supplied:elsewhere/"), encoding="utf-8")
        ran = basis("conformance", vault)
    finally:
        model.write_text(good, encoding="utf-8")
    assert ran.returncode == 1
    (text,) = [block for block in ran.stdout.split("\n\n") if block.startswith("broken: L1-6 Keys")]
    assert "what broke it:" in text
    assert "wallet:supplied:elsewhere/USDC belongs to 'elsewhere'" in " ".join(text.split())
    assert "why it matters:\n    A key that nobody owns is never compared with anything." in text
    assert "what to do:\n    Build keys as account:kind:instrument" in text
    assert max(map(len, text.splitlines())) <= 114


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "has no pyproject.toml"),
        ({"pyproject.toml": "[project"}, "is not valid TOML"),
        ({"pyproject.toml": '[project]\nname = "x"\n'}, "names no venue"),
        ({"pyproject.toml": '[project]\nname = "x"\n[project.entry-points."basis.venues"]\nx = "x"\n'}, "extends VenueConformance"),
        (
            {
                "pyproject.toml": '[project]\nname = "x"\n[project.entry-points."basis.venues"]\nx = "x"\n',
                "tests/test_x.py": "import nowhere",
            },
            "No module named 'nowhere'",
        ),
    ],
)
def test_a_folder_that_is_no_distribution_of_a_venue_is_told_so(files: dict[str, str], why: str, tmp_path: Path) -> None:
    """Exit code 3, as for every wrong configuration."""
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    ran = basis("conformance", tmp_path)
    assert ran.returncode == 3
    assert why in ran.stderr

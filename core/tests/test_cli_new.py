"""`basis new venue`: what it writes, and what it refuses."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from command_line import basis

from basis_venues.manifest import read_manifest

KINDS = ("cex-ccxt", "evm-protocol")


@pytest.mark.parametrize("kind", KINDS)
def test_it_writes_a_distribution_whose_parts_agree(kind: str, tmp_path: Path) -> None:
    """Names in metadata, manifest and folders are the same, and no placeholder is left in any file."""
    home = tmp_path / "made"
    ran = basis("new", "venue", "my_dex", "--kind", kind, "--directory", home, "--json")
    assert ran.code == 0, ran.err
    said = json.loads(ran.out)
    package = home / "src" / "basis_venues_my_dex"
    project = tomllib.loads((home / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (project["name"], project["entry-points"]["basis.venues"]) == ("basis-venues-my-dex", {"my_dex": "basis_venues_my_dex"})
    assert read_manifest(package / "manifest.toml").venue == "my_dex"
    assert sorted(said["written"]) == sorted(str(file) for file in home.rglob("*") if file.is_file())
    assert {"__init__.py", "manifest.toml", "venue.yaml", "py.typed"} <= {file.name for file in package.iterdir()}
    for file in map(Path, said["written"]):
        assert "$" not in file.read_text(encoding="utf-8"), file
        if file.suffix == ".py":
            compile(file.read_text(encoding="utf-8"), file, "exec")


def test_it_says_what_to_do_next(tmp_path: Path) -> None:
    """The commands from the folder to the first report."""
    ran = basis("new", "venue", "acme", "--kind", "cex-ccxt", "--directory", tmp_path / "acme")
    assert [line.strip() for line in ran.out.splitlines()[-3:]] == [
        f"cd {tmp_path / 'acme'}",
        "pip install -e '.[test]'",
        "basis conformance .",
    ]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("My-Dex", "did you mean my_dex"),
        ("7up", "a letter first"),
        ("aave", "belongs to basis-venues-aave"),
        ("ccxt", "choose another one"),
    ],
)
def test_a_name_that_no_venue_can_have_is_refused(name: str, why: str, tmp_path: Path) -> None:
    """Nothing is written."""
    ran = basis("new", "venue", name, "--kind", "cex-ccxt", "--directory", tmp_path / "made")
    assert ran.code == 3
    assert why in ran.err
    assert not (tmp_path / "made").exists()


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    """A folder with something in it is refused."""
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    ran = basis("new", "venue", "acme", "--kind", "cex-ccxt", "--directory", tmp_path)
    assert ran.code == 3
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]

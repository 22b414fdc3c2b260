"""The conformance reports that the wheels ship are those that the kit writes now, and people are told of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import basis_venues_testkit
from basis_venues.cli.app import app
from basis_venues.conformance import REPORT, Conformance, shipped_conformance
from basis_venues.manifest import read_manifest
from basis_venues_testkit import VenueConformance

ROOT = Path(__file__).parents[1]
PACKAGES = {read_manifest(file).venue: file.parent for file in sorted((ROOT / "plugins").glob("*/src/*/manifest.toml"))}


def report(venue: str) -> dict[str, Any]:
    """The shipped report."""
    found: dict[str, Any] = json.loads((PACKAGES[venue] / REPORT).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("venue", PACKAGES)
def test_every_venue_ships_the_report_of_this_suite(venue: str) -> None:
    """With every promise of the kit and no other, its own versions, and at least level 2; nothing of it is broken or was not tried."""
    told = report(venue)
    mine = told["venues"][venue]
    assert list(told["venues"]) == [venue]
    assert told["suite"] == basis_venues_testkit.__version__
    assert {name: each["title"] for name, each in mine["promises"].items()} == dict(VenueConformance.promises())
    assert {each["result"] for each in mine["promises"].values()} <= {"passed", "skipped"}
    assert all(each["reasons"] for each in mine["promises"].values() if each["result"] == "skipped")
    assert mine["contract"] == read_manifest(PACKAGES[venue] / "manifest.toml").contract
    assert mine["level"] >= 2


def test_basis_venues_shows_the_level() -> None:
    """From the report alone, without a run."""
    said = json.loads(CliRunner().invoke(app, ["venues", "--json"]).stdout)
    assert {each["venue"]: each["conformance"] for each in said["venues"] if each["venue"] in PACKAGES} == {
        venue: f"level {report(venue)['venues'][venue]['level']}" for venue in PACKAGES
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "not tested"),
        ("no JSON", "not tested"),
        ('{"venues": {}}', "not tested"),
        ('{"venues": {"acme": {"level": null, "version": "1.0", "contract": "1.0"}}}', "not tested"),
        ('{"venues": {"acme": {"level": 2, "version": "1.0", "contract": "1.0"}}}', "level 2"),
        ('{"venues": {"acme": {"level": 2, "version": "0.9", "contract": "1.0"}}}', "level 2, stale: told of version 0.9"),
        (
            '{"venues": {"acme": {"level": 0, "version": "0.9", "contract": "0.1"}}}',
            "level 0, stale: told of version 0.9 and told of contract 0.1",
        ),
    ],
)
def test_what_a_report_does_not_show_is_not_claimed(content: str | None, said: str, tmp_path: Path) -> None:
    """No report, one that cannot be read, one without the venue or a level: not tested. Another version or contract: stale."""
    if content is not None:
        (tmp_path / REPORT).write_text(content, encoding="utf-8")
    assert str(shipped_conformance(tmp_path, "acme", "1.0", "1.0")) == said
    assert str(Conformance()) == "not tested"


@pytest.mark.slow
def test_the_reports_are_what_the_kit_writes_now(tmp_path: Path) -> None:
    """All seven suites in one run; where one differs: basis conformance plugins/NAME."""
    suites = [str(package.parents[1] / "tests" / "test_conformance.py") for package in PACKAGES.values()]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-m",
        "basis",
        "-n",
        "2",
        "--dist",
        "loadscope",
        "--basis-report",
        str(tmp_path / "all"),
    ]
    done = subprocess.run([*command, *suites], cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout
    now = json.loads((tmp_path / "all").read_text(encoding="utf-8"))
    stale = [venue for venue in PACKAGES if {**now, "venues": {venue: now["venues"][venue]}} != report(venue)]
    assert not stale

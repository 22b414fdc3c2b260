"""The conformance reports that the wheels ship are those that the kit writes now, and people are told of them.

A run of all tests tries every venue anyway: at its end `conftest.py` compares what it saw with the reports.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from shipped_reports import PACKAGES, contradicted, shipped, stale
from typer.testing import CliRunner

import basis_venues_testkit
from basis_venues.cli.app import app
from basis_venues.conformance import REPORT, Conformance, shipped_conformance
from basis_venues.manifest import read_manifest
from basis_venues.trust import digest_of
from basis_venues_testkit import VenueConformance

ROOT = Path(__file__).parents[1]
STALE = "not tested as it is: its report is of files that have changed since"
NOTHING = digest_of(ROOT / "nowhere")
"""Of a package without files."""


@pytest.mark.parametrize("venue", PACKAGES)
def test_every_venue_ships_the_report_of_this_suite(venue: str) -> None:
    """With every promise of the kit and no other, its own versions, and at least level 2; nothing of it is broken or was not tried."""
    told = shipped(venue)
    mine = told["venues"][venue]
    assert list(told["venues"]) == [venue]
    assert told["suite"] == basis_venues_testkit.__version__
    assert {name: each["title"] for name, each in mine["promises"].items()} == dict(VenueConformance.promises())
    assert {each["result"] for each in mine["promises"].values()} <= {"passed", "skipped"}
    assert all(each["reasons"] for each in mine["promises"].values() if each["result"] == "skipped")
    assert mine["contract"] == read_manifest(PACKAGES[venue] / "manifest.toml").contract
    assert mine["level"] >= 2


def test_every_report_is_of_the_sources_beside_it() -> None:
    """A change to a venue's files asks for a run of the kit; this says which."""
    assert not stale(), "reports of other sources; run: " + " && ".join(
        [*(f"basis conformance plugins/{venue}" for venue in stale()), "python docs/generate.py (all of it: hatch run reports)"]
    )


def test_one_command_writes_all_reports() -> None:
    """The workspace's script `reports` names every venue, and the pages that show them."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["envs"]["default"]["scripts"]
    assert scripts["reports"] == [*(f"basis conformance plugins/{venue}" for venue in PACKAGES), "python docs/generate.py"]


def test_basis_venues_shows_the_level() -> None:
    """From the report alone, without a run; of one that is stale, that it is."""
    said = json.loads(CliRunner().invoke(app, ["venues", "--json"]).stdout)
    assert {each["venue"]: each["conformance"] for each in said["venues"] if each["venue"] in PACKAGES} == {
        venue: STALE if venue in stale() else f"level {shipped(venue)['venues'][venue]['level']}" for venue in PACKAGES
    }


def report(**about: str) -> str:
    """One of level 2."""
    return json.dumps({"venues": {"acme": {"level": 2, **about}}})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "not tested"),
        ("no JSON", "not tested"),
        ('{"venues": {}}', "not tested"),
        ('{"venues": {"acme": {"level": null, "version": "1.0", "contract": "1.0"}}}', "not tested"),
        (report(version="1.0", contract="1.0", digest=NOTHING), "level 2"),
        (report(version="1.0", contract="1.0", digest=NOTHING, dialect="okx"), "level 2"),
        (report(version="1.0", contract="1.0", digest=NOTHING, dialect="own"), "level 2, over a dialect of its author's"),
        (report(version="1.0", contract="1.0", digest="sha256:0"), STALE),
        (report(version="1.0", contract="1.0"), STALE),
        (report(version="0.9", contract="1.0", digest="sha256:0"), STALE.replace("files that have changed since", "version 0.9")),
        (report(version="0.9", contract="0.1"), STALE.replace("files that have changed since", "version 0.9 and contract 0.1")),
    ],
)
def test_what_a_report_does_not_show_is_not_claimed(content: str | None, said: str, tmp_path: Path) -> None:
    """No report, one that cannot be read, one without the venue or a level: not tested. Of another version, contract or files: neither."""
    if content is not None:
        (tmp_path / REPORT).write_text(content, encoding="utf-8")
    told = shipped_conformance(tmp_path, "acme", "1.0", "1.0")
    assert str(told) == said
    assert told.in_the_sandbox == (told.level == 2 and told.dialect != "own"), (
        "that of an author's own is no protocol of `basis sandbox up`"
    )
    assert str(Conformance()) == "not tested"


def all_suites() -> dict[str, Any]:
    """The report of a run of all suites in which nothing came out differently."""
    reports = [shipped(venue) for venue in PACKAGES]
    return {**reports[0], "venues": {venue: told for each in reports for venue, told in each["venues"].items()}}


def test_a_report_that_is_not_what_the_kit_writes_now_is_named() -> None:
    """Another result, a case that is gone or one more, another version, or a venue that was not tried."""
    assert contradicted(all_suites()) == []
    for spoil in (
        lambda venue: venue["promises"]["L1-1"].update(result="failed"),
        lambda venue: venue["promises"]["L1-1"]["cases"].popitem(),
        lambda venue: venue["promises"]["L1-1"]["cases"].update({"one more": "passed"}),
        lambda venue: venue.update(version="0.0.1"),
    ):
        now = all_suites()
        spoil(now["venues"]["okx"])
        assert contradicted(now) == ["okx"]
    now = all_suites()
    del now["venues"]["lido"]
    assert contradicted(now) == ["lido"]
    assert contradicted(all_suites() | {"suite": "0.0.1"}) == list(PACKAGES)


@pytest.mark.parametrize(("options", "code"), [((), 1), (("-k", "it"), 0)])
def test_a_run_of_everything_holds_the_reports_against_what_it_saw(options: tuple[str, ...], code: int, tmp_path: Path) -> None:
    """Here it saw no venue at all: the run fails and names each. A run of a part says nothing of reports."""
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT / 'core/tests/support'}\ntestpaths = .\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "base"), *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert [line for line in done.stdout.splitlines() if "basis conformance" in line] == [
        f"{venue}: run basis conformance plugins/{venue}" for venue in PACKAGES if code
    ]

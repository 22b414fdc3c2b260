"""`basis conformance PATH`: what a venue's distribution promises, tried, and told so that it can be mended."""

from __future__ import annotations

import json as json_module
import os
import subprocess
import sys
import tempfile
import textwrap
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from basis_venues.cli import output
from basis_venues.cli.options import Json, examples
from basis_venues.conformance import REPORT
from basis_venues.errors import ConfigurationError
from basis_venues.hookspecs import ENTRY_POINT_GROUP

from .levels import LEVELS, in_order

app = typer.Typer(help="Hold a venue's distribution to the promises of a venue plugin.", rich_markup_mode=None, add_completion=False)

_SHOWN = 30
_WIDTH = 110


@app.command(epilog=examples("basis conformance basis-venues-bitget", "basis conformance . --level 2"))
def conformance(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The folder of the distribution, with its pyproject.toml.")],
    level: Annotated[
        int | None, typer.Option("--level", metavar="N", min=0, max=max(LEVELS), help="Try promises up to this level; it must be reached.")
    ] = None,
    json: Json = False,
) -> None:
    """Try every promise, show which are broken and what to do, and write conformance.json beside the manifest, where the wheel takes it
    in. Exit code 1 where one is not kept.

    The sources of PATH are taken, installed or not, and trusted for this run: their code is run. Everything else that they need must be
    installed.
    """
    home = path.resolve()
    project = read_project(home)
    output.note(f"trying {project['name']} in {path}; its code is run")
    said = _run(home, project, level)
    file = _place(home)
    report = _report(home, file, said)
    is_kept = all(_is_kept(venue, level) for venue in report["venues"].values())
    if json:
        output.document({"kept": is_kept, "report": report})
    else:
        for name, venue in report["venues"].items():
            _show(name, venue)
        output.note(f"written: {path / file.relative_to(home)}")
    if not is_kept:
        raise typer.Exit(1)


def read_project(home: Path) -> Mapping[str, Any]:
    """The `[project]` of a venue's distribution. Raises `ConfigurationError` where it is none."""
    file = home / "pyproject.toml"
    if not file.is_file():
        raise ConfigurationError(f"{home} has no pyproject.toml: name the folder of the distribution, or start one: basis new venue NAME")
    try:
        project: Mapping[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        venues = project["entry-points"][ENTRY_POINT_GROUP]
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file} is not valid TOML: {error}") from None
    except KeyError:
        raise ConfigurationError(f'{file} names no venue: [project.entry-points."{ENTRY_POINT_GROUP}"] NAME = "MODULE"') from None
    if "name" not in project or not venues:
        raise ConfigurationError(f'{file}: [project] needs a name, and [project.entry-points."{ENTRY_POINT_GROUP}"] a line')
    return project


def _run(home: Path, project: Mapping[str, Any], level: int | None) -> str:
    """Run pytest on the distribution's suite; answers what it printed."""
    file = _place(home)
    file.unlink(missing_ok=True)
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-m", "basis", "-p", "no:cacheprovider", "--basis-report", str(file)]
    command += [] if level is None else ["--basis-level", str(level)]
    with tempfile.TemporaryDirectory() as folder:
        write_metadata(Path(folder), project)
        sources = home / "src" if (home / "src").is_dir() else home
        places = [folder, str(sources), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places)), "PYTHONDONTWRITEBYTECODE": "1"}
        ran = subprocess.run([*command, str(home)], cwd=home, env=environment, capture_output=True, text=True, check=False)
    return ran.stdout + ran.stderr


def write_metadata(folder: Path, project: Mapping[str, Any]) -> None:
    """What an installation of the sources would leave: it comes first on the path, so that the sources are what is found."""
    name, version = str(project["name"]), str(project.get("version", "0"))
    metadata = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir()
    needs = "".join(f"Requires-Dist: {each}\n" for each in project.get("dependencies", ()))
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}", encoding="utf-8")
    groups = [(group, "".join(f"{key} = {value}\n" for key, value in each.items())) for group, each in project["entry-points"].items()]
    (metadata / "entry_points.txt").write_text("\n".join(f"[{group}]\n{lines}" for group, lines in groups), encoding="utf-8")


def _place(home: Path) -> Path:
    """Where the report is written: beside the first manifest, or in the folder itself where there is none."""
    manifests = sorted([*home.glob("src/*/manifest.toml"), *home.glob("*/manifest.toml")])
    return (manifests[0].parent if manifests else home) / REPORT


def _report(home: Path, file: Path, said: str) -> Mapping[str, Any]:
    """What the run wrote. Raises `ConfigurationError`, with the end of what pytest said, where it has nothing of a venue."""
    report: dict[str, Any] = json_module.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if report.get("venues"):
        return report
    file.unlink(missing_ok=True)
    last = "\n".join(said.strip().splitlines()[-_SHOWN:])
    raise ConfigurationError(
        f"{home} shows no venue to the kit: its tests need a class that extends VenueConformance, and must import. pytest said:\n{last}"
    )


def _is_kept(venue: Mapping[str, Any], level: int | None) -> bool:
    results = {each["result"] for each in venue["promises"].values()}
    reached = -1 if venue["level"] is None else venue["level"]
    return not results & {"failed", "blocked"} and reached >= (level or 0)


def _show(name: str, venue: Mapping[str, Any]) -> None:
    """The level, what is broken with what to do beneath it, and a table of what was left out."""
    reached = "no level reached" if venue["level"] is None else f"level {venue['level']} ({LEVELS[venue['level']]})"
    promises = {promise: venue["promises"][promise] for promise in sorted(venue["promises"], key=in_order)}
    results = [each["result"] for each in promises.values()]
    counted = ", ".join(f"{results.count(result)} {word}" for result, word in _WORDS.items() if result in results)
    output.line(f"{name}: {reached}; {counted}")
    output.line("")
    broken = list(_broken(promises))
    for promise, *told in broken:
        output.line(f"broken: {promise}")
        for title, text in zip(("what broke it", "why it matters", "what to do"), told, strict=True):
            output.line(_beneath(title, text))
        output.line("")
    rest = list(_rest(promises))
    if rest:
        output.table("not shown to be kept", ("", "promises", "why"), rest)


_WORDS = {"passed": "kept", "failed": "broken", "blocked": "blocked", "not tried": "not tried", "skipped": "left out", "not run": "not run"}


def _broken(promises: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    from .conformance import VenueConformance
    from .report.mending import mending

    why = VenueConformance.reasons()
    for promise, each in promises.items():
        if each["result"] == "failed":
            title, evidence = each["title"].partition(":")[0], "\n".join(_evidence(each))
            yield f"{promise} {title}", evidence, why.get(promise, ""), mending(promise, evidence)


def _beneath(title: str, text: str) -> str:
    """Words of any length, in lines that fit a page."""
    lines = [piece for line in text.splitlines() for piece in textwrap.wrap(line, _WIDTH, break_on_hyphens=False)]
    return textwrap.indent("\n".join([f"{title}:", *(f"  {line}" for line in lines)]), "  ")


def _evidence(promise: Mapping[str, Any]) -> Iterator[str]:
    """Each thing that broke it once, with the cases that it was found in."""
    found: dict[str, list[str]] = {}
    for case, result in promise["cases"].items():
        if result == "failed":
            found.setdefault(promise["reasons"].get(case, ""), []).append(case)
    for reason, cases in found.items():
        named = ", ".join(filter(None, cases))
        yield f"{named}: {reason}" if named else reason


def _rest(promises: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Promises that were blocked, not tried or left out, together where the reason is the same."""
    found: dict[tuple[str, str], list[str]] = {}
    for promise, each in promises.items():
        if each["result"] in ("blocked", "not tried", "skipped"):
            reason = "; ".join(dict.fromkeys(each["reasons"].values()))
            found.setdefault((each["result"], reason), []).append(promise)
    yield from ((_WORDS[result], ", ".join(promises), reason) for (result, reason), promises in found.items())

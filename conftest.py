"""For all tests: canary secrets are looked for in everything that a run wrote, nothing is written to the machine user's directories, and
one profile says how properties draw their examples.

Where the real market history is known to be there, a test that skips for want of it fails. A run of everything fails where a conformance
report that a wheel ships is not what the run saw.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import canaries
import pytest
import typer.testing
from hypothesis import HealthCheck, settings
from shipped_reports import contradicted

_LEAKS: list[str] = []
"""Where a canary was seen by this process, in words without the canary."""
_STALE: list[str] = []
"""The venues whose shipped conformance report is not what this run saw."""
_REPORT = pytest.StashKey[TemporaryDirectory[str]]()
_LOGGERS = ("basis_venues", "ccxt", "web3", "aiohttp", "urllib3")
"""Those that are made to say everything they have to say."""

settings.register_profile("developer", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("ci", settings.get_profile("developer"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "developer")
# How fast this machine is decides nothing. A developer's run draws new examples each time and remembers what failed; a run that decides
# whether a change lands draws the same ones each time, and prints what reproduces a failure.


class _Watching(logging.Handler):
    """Looks at every record as a formatter without redaction would write it, with arguments and traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        _look(self.format(record), f"a log line of {record.name}")


def _look(content: Any, where: str) -> None:
    if isinstance(content, (str, bytes)) and (found := canaries.found_in(content)):
        test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0].partition("[")[0]
        _LEAKS.append(f"{where}, in {test or 'no test'}: {found}")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Plant canaries in the environment, and watch logs and what commands print."""
    os.environ.update(canaries.planted())
    handler = _Watching(logging.NOTSET)
    logging.getLogger().addHandler(handler)
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG)
    if _is_of_everything(config):
        config.stash[_REPORT] = TemporaryDirectory()
        config.option.basis_report = str(Path(config.stash[_REPORT].name, "report.json"))
    _watch(typer.testing.CliRunner, "invoke", ("output", "stderr_bytes"))
    _watch(subprocess, "run", ("stdout", "stderr"))


def _is_of_everything(config: pytest.Config) -> bool:
    """Whether all tests run, in this process or in workers that tell it."""
    chosen = config.option.keyword or config.option.markexpr or config.option.collectonly or config.getoption("--basis-report", "no kit")
    return not chosen and config.args_source is pytest.Config.ArgsSource.TESTPATHS and not hasattr(config, "workerinput")


def _watch(owner: Any, name: str, outputs: tuple[str, ...]) -> None:
    """Look at what a function that runs commands answers; nothing else of it changes."""
    original = getattr(owner, name)

    def watched(*arguments: Any, **options: Any) -> Any:
        done = original(*arguments, **options)
        for output in outputs:
            _look(getattr(done, output, None), f"the {output} of a command")
        return done

    setattr(owner, name, watched)


@pytest.fixture(scope="session", autouse=True)
def _own_directories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """State of the machine user goes below this session's directory, where canaries are looked for, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("user-state")))
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Iterator[None]:
    """Look at tracebacks and captured output; turn a skip that would hide that nothing was checked into a failure."""
    report: Any = yield
    if report.skipped and not hasattr(report, "wasxfail") and "history" in item.keywords and os.environ.get("BASIS_TEST_HISTORY_REQUIRED"):
        report.outcome = "failed"
        report.longrepr = "this test needs the market history, which is there, and skipped all the same"
    _look(report.longreprtext, "a traceback")
    for title, text in report.sections:
        _look(text, title)
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells what it saw to the one that started it; that one looks at every file below the tests' directories, and fails the
    run."""
    told = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["leaks"] = list(_LEAKS)
        return
    base: Path | None = getattr(getattr(session.config, "_tmp_path_factory", None), "_basetemp", None)
    if base is not None and base.is_dir():
        _LEAKS.extend(f"the file {file.relative_to(base)}: {found}" for file, found in canaries.leaking_files(base))
    if _REPORT in session.config.stash and session.exitstatus == pytest.ExitCode.OK:
        _STALE.extend(contradicted(json.loads(Path(session.config.option.basis_report).read_text(encoding="utf-8"))))
    if (_LEAKS or _STALE) and session.exitstatus in (0, pytest.ExitCode.OK):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """What a worker saw."""
    _LEAKS.extend(getattr(node, "workeroutput", {}).get("leaks", ()))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say where secrets were seen, and which reports are stale."""
    if _LEAKS:
        terminalreporter.section("secrets that were written", red=True)
        for leak in dict.fromkeys(_LEAKS):
            terminalreporter.line(leak)
    if _STALE:
        terminalreporter.section("conformance reports that are not what this run saw", red=True)
        for venue in _STALE:
            terminalreporter.line(f"{venue}: run basis conformance plugins/{venue}")

"""The pytest plugin: what became of each promise, at the end of the run and as `conformance.json`.

pytest loads this module in every run, also of people who test something else: it imports nothing of the kit before a promise is met.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from .doubles.scene import Double
    from .report.outcomes import Outcomes


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--basis-report`, `--basis-level` and `--basis-seed`."""
    group = parser.getgroup("basis", "conformance of venue plugins")
    group.addoption("--basis-report", metavar="FILE", default=None, help="write what became of each conformance promise as JSON")
    group.addoption("--basis-seed", metavar="N", type=int, default=0, help="the first of the courses that level 3 draws by lot")
    group.addoption("--basis-level", metavar="N", type=int, default=None, help="try the conformance promises up to this level only")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "basis(id): a promise of the conformance kit")
    config.pluginmanager.register(Collector(config), "basis-conformance-collector")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the promises above the level that was asked for."""
    highest = config.getoption("--basis-level")
    if highest is None:
        return
    above = [item for item in items if _level(item) > highest]
    items[:] = [item for item in items if _level(item) <= highest]
    config.hook.pytest_deselected(items=above)


@pytest.fixture(scope="session")
def basis_seed(pytestconfig: pytest.Config) -> int:
    """The first of the courses that level 3 draws by lot."""
    return int(pytestconfig.getoption("--basis-seed"))


@pytest.fixture(scope="session")
def venue_chain() -> Generator[Any, None, None]:
    """The chain that all suites of a session share, or in words why there is none."""
    from .doubles.double import chain_of_the_session

    with chain_of_the_session() as chain:
        yield chain


@pytest.fixture(scope="class")
def venue_double(request: pytest.FixtureRequest) -> Generator[Double, None, None]:
    """The double that stands in for the venue of a conformance suite; promises that need one are left out where there is none."""
    from .doubles.double import double_of, on_chain
    from .doubles.scene import Unmade, raised

    suite: Any = request.cls
    subject, chain = suite().subject, request.getfixturevalue("venue_chain") if on_chain(suite.dialect) else None
    with ExitStack() as stack:
        try:
            made: Any = stack.enter_context(double_of(subject, suite.dialect, chain))
        except Exception as error:  # told once, by L2-1; as the fixture's own it would be told by every promise
            made = Unmade(f"the double cannot be made: {raised(error, subject)}")
        yield made


def _level(item: pytest.Item) -> int:
    """The level of a promise; -1 for what is none."""
    marker = item.get_closest_marker("basis")
    if marker is None:
        return -1
    from .levels import level_of

    return level_of(marker.args[0])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge the report of a promise: outermost, so that no mark hides a broken one."""
    report = yield
    if item.get_closest_marker("basis") is not None:
        from .report.judging import judge

        judge(item, call, report)
    return report


class Collector:
    """Takes the judged reports, also those that xdist brings from its workers, and tells of them at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._file: str | None = config.getoption("--basis-report")
        self._seed: int = config.getoption("--basis-seed")
        self._is_worker = hasattr(config, "workerinput")
        self._outcomes: Outcomes | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a promise's report says."""
        said: dict[str, Any] | None = vars(report).get("basis")
        if said is None or self._is_worker:
            return
        if self._outcomes is None:
            from .report.outcomes import Outcomes

            self._outcomes = Outcomes()
        self._outcomes.take(said)

    def pytest_sessionfinish(self) -> None:
        """Write the report that was asked for."""
        if self._file is not None and not self._is_worker:
            from .report.outcomes import Outcomes
            from .report.writing import write

            write(self._file, self._outcomes or Outcomes(), self._seed)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say how far each venue got."""
        if self._outcomes is not None:
            from .report.writing import summary

            terminalreporter.section("conformance")
            for line in summary(self._outcomes):
                terminalreporter.write_line(line)

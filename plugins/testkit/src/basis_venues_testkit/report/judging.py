"""Turning pytest's report of a test into what became of a promise."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from basis_venues.conformance import OWN

from ..promises import MARKER, LeftOut, title_of

IMPORT_MS = "basis_import_ms"
"""The property under which a test records how long the plugin's import took."""

MOST_LINES = 5
"""So much of a broken promise's evidence goes into the report; pytest's own output has all of it."""


def judge(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Put what became of the promise on the report, and turn a skip that the kit did not make into a failure."""
    if report.when != "call" and report.passed:
        return
    marker = item.get_closest_marker(MARKER)
    assert marker is not None
    test: Any = getattr(item, "function", None)
    error = None if call.excinfo is None else call.excinfo.value
    if report.skipped and not isinstance(error, LeftOut):
        report.outcome = "failed"
        vars(report).pop("wasxfail", None)
        report.longrepr = (
            f"{marker.args[0]} was skipped or marked as expected to fail. A promise is left out by declaration only: give the action a "
            "level below full, with its reason, in manifest.toml."
        )
    if report.skipped:
        report.longrepr = (str(item.path), (item.location[1] or 0) + 1, f"Skipped: {error}")
    if report.failed:
        report.sections.append((f"promise {marker.args[0]}", inspect.cleandoc(test.__doc__ or "")))
    suite = getattr(item, "cls", None)
    spoken = getattr(suite, "dialect", "")
    vars(report)["basis"] = {
        "venue": str(getattr(suite, "venue", "")),
        "dialect": spoken if isinstance(spoken, str) else OWN,
        "promise": marker.args[0],
        "title": title_of(test),
        "case": _case(item),
        "result": error.result if isinstance(error, LeftOut) else report.outcome,
        "reason": str(error) if report.skipped else _said(report) if report.failed else "",
        "import_ms": dict(item.user_properties).get(IMPORT_MS),
    }


def _case(item: pytest.Item) -> str:
    callspec: Any = getattr(item, "callspec", None)
    return "" if callspec is None else str(callspec.id)


def _said(report: pytest.TestReport) -> str:
    """What broke it: the first lines of it."""
    crash: Any = getattr(report.longrepr, "reprcrash", None)
    text = str(report.longrepr) if crash is None else crash.message.removeprefix("Failed: ")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    rest = [f"and {len(lines) - MOST_LINES} lines more"] if len(lines) > MOST_LINES else []
    return "\n".join([*lines[:MOST_LINES], *rest])

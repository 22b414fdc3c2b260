"""What a check found: one line for people, the same for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

Status = Literal["pass", "warn", "fail"]


class Finding(NamedTuple):
    """One named check's answer. `mend` says in one line what to do about a warning or failure."""

    status: Status
    check: str
    text: str
    mend: str = ""


def gravest(findings: Iterable[Finding]) -> Status:
    """The worst status among them; `pass` where nothing was found."""
    found = {finding.status for finding in findings}
    if "fail" in found:
        return "fail"
    return "warn" if "warn" in found else "pass"

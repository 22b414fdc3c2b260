"""What a check found: one line for people, the same for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

Status = Literal["pass", "warn", "fail"]


VARIABLES = "environment variables"
"""The item of the lists in `validation` that looks at what is exported, and at env.unified."""


class Told(str):
    """A sentence about something that is wrong, or that a person should know, and which item of the lists in `validation` it belongs to:
    `check`, empty where it belongs to none."""

    __slots__ = ("check",)
    check: str

    def __new__(cls, text: str, check: str) -> Told:
        """The sentence with its item."""
        told = super().__new__(cls, text)
        told.check = check
        return told


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

"""What of a sandbox is on disk: the lock that its process holds, and where its services are."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs
from attrs import field, frozen

_LOCK, _FILE, LOG = "sandbox.lock", "sandbox.json", "sandbox.log"


@frozen(kw_only=True)
class Standing:
    """A sandbox that runs: its process, `endpoints` of each service, and why the others are `absent`. One that is not `ready` is starting,
    and has no endpoints yet."""

    pid: int
    endpoints: Mapping[str, Mapping[str, str]] = field(factory=dict)
    absent: Mapping[str, str] = field(factory=dict)
    ready: bool = True


class Taken(Exception):
    """Another process holds the state directory."""


@contextmanager
def held(state: Path) -> Iterator[None]:
    """Hold the state directory. Raises `Taken`."""
    with (state / _LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Taken(f"a sandbox runs in {state} already") from None
        (state / _FILE).unlink(missing_ok=True)
        try:
            yield
        finally:
            (state / _FILE).unlink(missing_ok=True)


def is_held(state: Path) -> bool:
    """Whether a process holds the directory: the lock ends with the process, so a number left behind is never taken for it."""
    if not (state / _LOCK).exists():
        return False
    with (state / _LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def write(state: Path, standing: Standing) -> None:
    """Say how it stands."""
    partial = state / f"{_FILE}.new"
    partial.write_text(json.dumps(attrs.asdict(standing)), encoding="utf-8")
    partial.replace(state / _FILE)


def found(state: Path) -> Standing | None:
    """The sandbox that runs or starts there; None where none does."""
    if not is_held(state):
        return None
    try:
        return Standing(**json.loads((state / _FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def read(state: Path) -> Standing | None:
    """The sandbox that runs there; None where none does, or it is not ready."""
    standing = found(state)
    return standing if standing is not None and standing.ready else None

"""Which distributions of others may be imported: `venues.lock` beside the configuration, written by `basis venues trust NAME`.

A plugin runs in this process and can read all of its memory, keys included. So nothing is imported because it happens to be installed:
first-party venues are trusted by name, every other by a line here. The list names distributions, and holds a digest of the
version that was looked at; of later ones in the range it cannot tell a distribution from another that was installed under its name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from .config.yaml_file import read_yaml
from .distributions import Distribution

FILE = "venues.lock"

_HEAD = """\
# Distributions of others that may be imported, with the versions that were looked at. Written by `basis venues trust NAME`.
# `venue` is the name that the distribution may answer for; an observer has none.
"""
_RELEASE = r"[0-9]+(?:\.[0-9]+)*"
_BOUND = rf"(>=|<=|==|<|>)\s*({_RELEASE})"


class Trusted(NamedTuple):
    """One line: a distribution, the venue that it may answer for (empty for an observer), and the versions, such as `>=0.1.0,<0.2`.
    `looked_at`: the version that was looked at and a digest of its files, `0.1.0 sha256:...`; empty where that was an editable one."""

    distribution: str
    versions: str
    venue: str = ""
    looked_at: str = ""

    def covers(self, distribution: Distribution, venue: str = "") -> bool:
        """Whether it is this distribution, in one of these versions, for this venue."""
        return (self.distribution, self.venue) == (distribution.name, venue) and within(distribution.version, self.versions)

    def changed(self, distribution: Distribution, folder: Path) -> bool:
        """Whether the files in `folder` are others than those of this very version when it was looked at."""
        version, _, digest = self.looked_at.partition(" ")
        return version == distribution.version and digest != digest_of(folder)


class _File(NamedTuple):
    trusted: tuple[Trusted, ...] = ()


class Trust(NamedTuple):
    """The list. `file` is where it stands, or would stand."""

    file: Path = Path(FILE)
    lines: tuple[Trusted, ...] = ()

    def covers(self, distribution: Distribution, venue: str = "") -> bool:
        """Whether a line covers the distribution for the venue."""
        return any(line.covers(distribution, venue) for line in self.lines)

    def line(self, distribution: Distribution, venue: str = "") -> Trusted | None:
        """The line that covers the distribution for the venue."""
        return next((line for line in self.lines if line.covers(distribution, venue)), None)

    def with_line(self, new: Trusted) -> Trust:
        """The list with `new` in the place of what it said of that distribution and venue."""
        others = tuple(line for line in self.lines if (line.distribution, line.venue) != (new.distribution, new.venue))
        return Trust(self.file, tuple(sorted((*others, new))))

    def write(self) -> None:
        """Write the file."""
        rows = [f'  - {{distribution: "{d}", venue: "{v}", versions: "{r}"{_written(seen)}}}' for d, r, v, seen in self.lines]
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text("\n".join((f"{_HEAD}trusted:", *rows, "")) if rows else f"{_HEAD}trusted: []\n", encoding="utf-8")


def read_lock(configs: Path) -> Trust:
    """The list of a configuration; without a file, an empty one. Raises `ConfigurationError` with every problem found."""
    file = configs / FILE
    if not file.is_file():
        return Trust(file)
    document = read_yaml(file)
    lines = document.fit(_File).trusted
    problems = [(("trusted", number, "versions"), _EXPECTED) for number, line in enumerate(lines) if not bounds(line.versions)]
    if problems:
        raise document.error(problems)
    return Trust(file, lines)


_EXPECTED = "expected versions such as '>=0.1.0,<0.2'"


def line_for(distribution: Distribution, venue: str, folder: Path | None = None) -> Trusted:
    """The line that trusts this version and what follows it without a break: up to the next minor of 0.x, else the next major. `folder`
    has its files, which must stay as they are, unless it is an editable installation, whose files are elsewhere."""
    release = _release(distribution.version)
    following = (0, release[1] + 1) if release[0] == 0 and len(release) > 1 else (release[0] + 1,)
    kept = folder is not None and folder.is_relative_to(distribution.home)
    looked_at = f"{distribution.version} {digest_of(folder)}" if folder is not None and kept else ""
    return Trusted(distribution.name, f">={_dotted(release)},<{_dotted(following)}", venue, looked_at)


def _files(folder: str, but: Collection[str]) -> Iterator[list[str]]:
    """The path of each file by its parts. Every `basis check` goes through some hundred, and `pathlib` takes three times
    as long."""
    for place, _, names in os.walk(folder):
        inside = place[len(folder) + 1 :].split(os.sep) if place != folder else []  # noqa: PTH206
        yield from ([*inside, name] for name in names if not name.endswith(".pyc") and name not in but)


def digest_of(folder: Path, *but: str) -> str:
    """Names and contents of a package's files, but for compiled ones and those named `but`, as `sha256:` and 64 hex digits: the same of an
    editable installation and of a wheel."""
    from hashlib import sha256  # few runs have plugins of others

    total = sha256()
    for parts in sorted(_files(os.fspath(folder), but)):
        with open(os.path.join(folder, *parts), "rb") as file:  # noqa: PTH118, PTH123  # each Path costs, as below
            total.update(f"{'/'.join(parts)}\n{sha256(file.read()).hexdigest()}\n".encode())
    return f"sha256:{total.hexdigest()}"


def _written(looked_at: str) -> str:
    return f', looked_at: "{looked_at}"' if looked_at else ""


def within(version: str, versions: str) -> bool:
    """Whether a version fits every bound. Only the release's numbers count: 1.2rc1 and 1.2.post1 are 1.2."""
    here = _release(version)
    found = bounds(versions)
    return bool(found) and all(_holds(here, sign, there) for sign, there in found)


def bounds(versions: str) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The bounds of a range; none where one of them cannot be read."""
    read = [re.fullmatch(_BOUND, part.strip()) for part in versions.split(",")]
    return tuple((match[1], _release(match[2])) for match in read if match) if all(read) else ()


def _holds(here: tuple[int, ...], sign: str, there: tuple[int, ...]) -> bool:
    width = max(len(here), len(there))
    left, right = (release + (0,) * (width - len(release)) for release in (here, there))
    return {">=": left >= right, "<=": left <= right, "==": left == right, "<": left < right, ">": left > right}[sign]


def _release(version: str) -> tuple[int, ...]:
    found = re.match(_RELEASE, version)
    return tuple(map(int, found[0].split("."))) if found else (0,)


def _dotted(release: Iterable[int]) -> str:
    return ".".join(map(str, release))

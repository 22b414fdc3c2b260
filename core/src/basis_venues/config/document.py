"""A read file: its data, and the line each part of it stands on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar, overload

from cattrs import Converter

from ..errors import ConfigurationError
from ..findings import Told
from .converter import make_converter
from .misfit import Misfit, Path, dotted

T = TypeVar("T")

Lines = Callable[[Path], int | None]
"""Answers the line, counted from 1, on which the part at a path stands; None where there is no such part."""


class Problems(list[str]):
    """Problems found so far, so that a person sees all of them at once."""

    @contextmanager
    def collect(self) -> Iterator[None]:
        """Keep the problems of a `ConfigurationError` raised inside and go on after the block."""
        try:
            yield
        except ConfigurationError as error:
            self.extend(error.problems)

    def raise_if_any(self) -> None:
        """Raise `ConfigurationError` with everything that was collected."""
        if self:
            raise ConfigurationError(list(dict.fromkeys(self))) from None


_CHECKS = {
    "modes": "mode file",
    "environments": "mixed environments",
    "venues": "static limits",
    "limits": "static limits",
    "venue_requirements": "venue requirements",
}
"""The folder or name of a configuration file -> the item of the lists in `validation` that looks at it."""


def check_of_file(file: str, path: Path = ()) -> str:
    """The item that a problem at `path` of the file fails; empty for files that no item is about."""
    folder, _, name = file.replace("\\", "/").rpartition("/")
    found = _CHECKS.get(name.partition(".")[0]) or _CHECKS.get(folder.rpartition("/")[2], "")
    return "allocations" if found == "mode file" and any("allocation" in str(step) for step in path) else found


def _no_lines(_path: Path) -> int | None:
    return None


class Document(NamedTuple):
    """The plain data of a file, `file` as a person names it."""

    file: str
    data: Any
    lines: Lines = _no_lines
    base: Document | None = None
    """The document that this one was laid over."""

    def problem(self, path: Path, text: str) -> str:
        """`FILE:LINE: key.path: text`, with the line of the closest part that exists, told as of the check that the file belongs to."""
        said = ": ".join(part for part in (self._where(path), dotted(path), text) if part)
        return Told(said, check_of_file(self.file, path))

    def error(self, problems: Iterable[tuple[Path, str]]) -> ConfigurationError:
        """All `problems`, each at its place."""
        return ConfigurationError([self.problem(path, text) for path, text in problems])

    def part(self, path: Path) -> Any:
        """The data at a path that exists."""
        found = self.data
        for step in path:
            found = found[step]
        return found

    @overload
    def fit(self, cls: type[T], at: Path = ()) -> T: ...
    @overload
    def fit(self, cls: Any, at: Path = ()) -> Any: ...
    def fit(self, cls: Any, at: Path = ()) -> Any:
        """The part at `at` as an instance of `cls`. Raises `ConfigurationError` with every problem in it."""
        try:
            return _converter().structure(self.part(at), cls)
        except Misfit as misfit:
            found = [((*at, *path), text) for path, text in misfit.problems]
        raise self.error(found)

    def over(self, base: Document) -> Document:
        """This document laid over `base`: mappings merge, everything else here replaces what is there."""
        return Document(self.file, _merged(base.data, self.data), self.lines, base)

    def _where(self, path: Path) -> str:
        for document in (self, self.base):
            if document is not None and (line := document.lines(path)) is not None:
                return f"{document.file}:{line}"
        if path and self.base is None:
            return self._where(path[:-1])
        return self._closest(path[:-1]) if path else self.file

    def _closest(self, path: Path) -> str:
        while path and self.lines(path) is None:
            path = path[:-1]
        line = self.lines(path)
        return self.file if line is None else f"{self.file}:{line}"


def _merged(base: Any, top: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(top, dict)):
        return top
    return {**base, **{key: _merged(base[key], value) if key in base else value for key, value in top.items()}}


@lru_cache(maxsize=1)
def _converter() -> Converter:
    return make_converter()

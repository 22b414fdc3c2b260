"""`env.unified`: one `NAME=value` a line, read strictly.

What other readers let pass is refused, because it loses or changes a secret without a word: a name set twice, a `#` that cuts an
unquoted value, spaces around `=`, a quote that does not close, Windows line ends. Nothing is interpolated. A file with any value in it
must be readable by its owner alone.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ..errors import ConfigurationError
from ..findings import VARIABLES, Told
from ..secret import Secret

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,99}")


class EnvFile(NamedTuple):
    """What the file sets: values as secrets, and the line of each name. Empty values are kept out: they set nothing."""

    file: str
    values: Mapping[str, Secret] = MappingProxyType({})
    lines: Mapping[str, int] = MappingProxyType({})


def read_env_file(file: Path) -> EnvFile:
    """Read the file. Raises `ConfigurationError` with every problem found, each with its line and none with a value."""
    try:
        raw = file.read_bytes()
        mode = file.stat().st_mode
    except OSError as error:
        raise ConfigurationError(Told(f"{file}: cannot be read: {error.strerror}", VARIABLES)) from None
    return parse_env(raw, str(file), stat.S_IMODE(mode))


def parse_env(raw: bytes, file: str, mode: int = 0o600) -> EnvFile:
    """The same for bytes that were read already; `mode` are the file's permission bits."""
    read, problems = scan_env(raw, file, mode)
    if problems:
        raise ConfigurationError([Told(problem, VARIABLES) for problem in problems])
    return read


def scan_env(raw: bytes, file: str, mode: int = 0o600) -> tuple[EnvFile, list[str]]:
    """What can be read of the file, and a sentence for everything that is wrong with it."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return EnvFile(file), [f"{file}: is not UTF-8 text"]
    problems: list[str] = []
    if "\r" in text:
        problems.append(f"{file}:{text[: text.index(chr(13))].count(chr(10)) + 1}: has Windows line ends; save it with Unix ones")
        text = text.replace("\r", "")
    values: dict[str, Secret] = {}
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, value, wrong = _assignment(line)
        problems.extend(f"{file}:{number}: {problem}" for problem in wrong)
        if name and name in lines:
            problems.append(f"{file}:{number}: {name} is set again; line {lines[name]} has it already")
        elif name:
            lines[name] = number
            values[name] = Secret(value)
    values = {name: value for name, value in values.items() if value}
    if values and mode & 0o077:
        problems.append(f"{file}: others may read it: chmod 600 {file}")
    return EnvFile(file, values, lines), problems


def _assignment(line: str) -> tuple[str, str, tuple[str, ...]]:
    """Name, value and what is wrong of one line. The name is empty where it could be part of a secret."""
    left, equals, right = line.partition("=")
    name = left.strip()
    if not equals:
        return "", "", ("has no '='; expected NAME=value",)
    if name.startswith("export "):
        return "", "", ("begins with 'export'; write NAME=value",)
    if not _NAME.fullmatch(name):
        return "", "", ("does not begin with a name of A-Z, 0-9 and _",)
    wrong = ("has spaces around '='",) if left != name or right[:1].isspace() else ()
    value, more = _value(right.strip(), right)
    return name, value, tuple(f"{name} {problem}" for problem in (*wrong, *more))


def _value(value: str, written: str) -> tuple[str, tuple[str, ...]]:
    quote = value[:1]
    if quote and quote in "'\"":
        closed = len(value) > 1 and value.endswith(quote) and quote not in value[1:-1]
        return (value[1:-1], ()) if closed else ("", ("has a quote that does not match, or something after it",))
    return value, tuple(_loose(value, written))


def _loose(value: str, written: str) -> Iterator[str]:
    if re.search(r"(^|\s)#", value):
        yield "has an unquoted '#' after a space; put the value in quotes, or the comment on a line of its own"
    elif re.search(r"\s", value):
        yield "has an unquoted space; put the value in quotes"
    elif written != written.rstrip():
        yield "has spaces at its end"
    if "'" in value or '"' in value:
        yield "has a quote inside; put the whole value in the other kind of quotes"

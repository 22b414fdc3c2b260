"""Older configuration rewritten: `ENVIRONMENT` and names such as `BINANCE_TESTNET_API_KEY` become those of today."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from ..errors import ConfigurationError
from ..secret import Secret
from .env_file import EnvFile
from .selection import ENVIRONMENT, EXECUTION_MODE, OLDER, said_by
from .variables import todays_names


class Imported(NamedTuple):
    """The new file's text, which holds secrets, and what became of each older name: (older, today's or nothing, note)."""

    text: Secret
    renamed: tuple[tuple[str, str, str], ...]


def imported(file: EnvFile, text: str, known: Collection[str]) -> Imported:
    """The text of `file` with today's names; comments and empty lines stay. `known` are the variables that installed plugins ask for.

    Raises `ConfigurationError` where two lines come to set one name to different values.
    """
    numbers = {number: name for name, number in file.lines.items()}
    lines: list[str] = []
    renamed: list[tuple[str, str, str]] = []
    given: dict[str, str] = {}
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        name = numbers.get(number)
        if name is None:
            lines.append(line)
            continue
        pairs, note = _today(name, file.values.get(name), line.partition("=")[2].strip(), known)
        renamed += [(name, today, note) for today, _ in pairs if today != name] or [(name, "", note)] * (not pairs)
        for today, said in pairs:
            if today not in given:
                given[today] = said
                lines.append(f"{today}={said}")
            elif given[today] != said:
                problems.append(f"{file.file}:{number}: {name} would set {today} again, to another value; keep one")
    if problems:
        raise ConfigurationError(problems)
    return Imported(Secret("\n".join((*lines, ""))), tuple(renamed))


def _today(name: str, value: Secret | None, written: str, known: Collection[str]) -> tuple[list[tuple[str, str]], str]:
    """The lines that a line becomes, and a note for the person; no lines where nothing of today reads it."""
    if name == OLDER:
        row = said_by({OLDER: value.reveal() if value else ""}, OLDER)
        meant = ((EXECUTION_MODE, row.execution_mode), (ENVIRONMENT, row.environment))
        selected = [(today, str(word)) for today, word in meant if word is not None]
        return selected, "" if selected else "is none of simulation, testnet, live; left out"
    wanted = todays_names(name)
    if not wanted:
        return [(name, written)], ""
    pairs = [(today, written) for today in wanted if today in known]
    return pairs, "" if pairs else "no installed plugin reads it today; left out"

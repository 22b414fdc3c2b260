"""Keeping secrets out of what goes to the screen or a log: the values that are set now, and what looks like one.

Messages of this library carry no values by construction; this is for the text of others (an exception of a dependency, a traceback).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

_HIDDEN = "***"
_SECRET_NAME = re.compile(r"(KEY|SECRET|PASSPHRASE|PASSWORD|TOKEN|MNEMONIC|SEED)$|_URL(_[A-Z0-9]+)?$")
_ASSIGNED = re.compile(
    r"(?i)((?:signature|sign|api[-_]?key|secret|passphrase|password|token|private[-_]?key)[\"']?\s*(?:=|[\"']\s*:)\s*[\"']?)[^\s\"'&,;)}\]]+"
)
_IN_A_PATH = re.compile(r"((?:https?|wss?)://[^\s\"']*?/)[A-Za-z0-9_-]{20,}")
_HEX = re.compile(r"\b(?:0x)?[0-9a-fA-F]{64,}\b")


class Redactor:
    """Hides secrets in text: the `values` that are set, and with `everything()` also what only looks like one."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        found = sorted({value for value in values if len(value) >= 6}, key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, found))) if found else None

    def known(self, text: str) -> str:
        """The text without secrets that are set, and without what is assigned to a secret's name."""
        if self._values is not None:
            text = self._values.sub(_HIDDEN, text)
        return _ASSIGNED.sub(rf"\1{_HIDDEN}", text)

    def everything(self, text: str) -> str:
        """The same, and without long keys in URLs and hexadecimal numbers of 32 bytes: hashes of transactions go, too."""
        return _HEX.sub(_HIDDEN, _IN_A_PATH.sub(rf"\1{_HIDDEN}", self.known(text)))


def redactor(configs: Path, env: Mapping[str, str] | None = None) -> Redactor:
    """The redactor for the secrets of the process environment and of the `env.unified` beside `configs`."""
    from ..config.references import fetched

    variables = dict(os.environ if env is None else env)
    exported = [value for name, value in variables.items() if _SECRET_NAME.search(name)]
    return Redactor([*exported, *_in_file(configs.parent / "env.unified"), *fetched()])


def _in_file(file: Path) -> list[str]:
    """Values of secret variables, read leniently: a file that is not valid may be what the error is about."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    pairs = (line.partition("=") for line in lines)
    return [value.strip().strip("'\"") for name, _, value in pairs if _SECRET_NAME.search(name.strip())]

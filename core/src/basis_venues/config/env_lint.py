"""What a person should know of an `env.unified` before a run leans on it. No finding shows a value."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import ConfigurationError, CredentialError
from ..findings import Finding
from ..manifest import CredentialField, Manifest
from ..secret import Secret
from .env_example import ROWS, names_of
from .env_file import EnvFile, scan_env
from .misfit import nearest
from .references import is_reference, resolved
from .selection import ENVIRONMENT, EXECUTION_MODE, OLDER, said_by
from .variables import todays_names

_SELECTING = (ENVIRONMENT, EXECUTION_MODE)
_PREFIX = re.compile(r"BASIS_([A-Z0-9]+)__")
_PLACEHOLDER = re.compile(
    r"(?i)your[_-].*|<.*>|\$\{.*|change[_-]?me.*|x{3,}|\.{3}|…|todo|tbd|none|null|placeholder.*|example.*|dummy.*|replace[_-].*|secret|key"
)
_URL = re.compile(r"(https|wss)://\S+|(http|ws)://(127\.0\.0\.1|localhost|\[::1\])\S*")
_PLAIN = re.compile(r"[!-~]*")
"""ASCII without blanks: what keys are made of. A passphrase is its owner's own."""
_SHAPES = (
    (re.compile(r"(^|_)private_key$"), re.compile(r"(0x)?[0-9a-fA-F]{64}"), "64 hexadecimal digits"),
    (re.compile(r"(^|_)address$"), re.compile(r"0x[0-9a-fA-F]{40}"), "0x and 40 hexadecimal digits"),
    (re.compile(r"(^|_)url(_|$)"), _URL, "an https:// or wss:// URL"),
)


def lint(file: Path, manifests: Iterable[Manifest]) -> list[Finding]:
    """Everything found, in the order of the checks; a check that found nothing passes by name."""
    try:
        raw, status = file.read_bytes(), file.lstat()
    except OSError as error:
        mend = f"cp env.unified.example {file}; chmod 600 {file}"
        return [Finding("fail", "readable", f"{file}: cannot be read: {error.strerror}", mend)]
    read, problems = scan_env(raw, str(file), 0o600)
    manifests = tuple(manifests)
    checks = {
        "format": (Finding("fail", "format", problem, "write NAME=value, each name once") for problem in problems),
        "names": _names(read, manifests),
        "placeholders": _placeholders(read),
        "whole values": _cut(read, manifests),
        "selection": _selecting(read),
        "references": _references(read, file),
        "production apart": _shared(read),
        "file mode": _owner_alone(file, status, bool(read.values)),
        "git": _git(file),
    }
    found: list[Finding] = []
    for check, findings in checks.items():
        found += list(findings) or [Finding("pass", check, _PASSES[check])]
    return found


_PASSES = {
    "format": "every line reads",
    "names": "every name is asked for by an installed plugin",
    "placeholders": "no value is a placeholder",
    "whole values": "keys, addresses and URLs have their full form",
    "selection": "the words that choose environment and mode are known",
    "references": "every file that is referred to can be read",
    "production apart": "no production secret is used elsewhere",
    "file mode": "its owner alone may read it",
    "git": "git does not track it",
}


def _names(read: EnvFile, manifests: Iterable[Manifest]) -> Iterator[Finding]:
    known = names_of(manifests)
    for name, line in read.lines.items():
        where = f"{read.file}:{line}: {name}"
        if name in known or name in _SELECTING:
            continue
        prefix = _PREFIX.match(name)
        if name == OLDER or todays_names(name):
            yield Finding("warn", "names", f"{where} is an older name", "basis env import rewrites it")
        elif prefix is None or prefix[1].lower() not in ROWS:
            prefixes = ", ".join(f"BASIS_{environment.upper()}__" for environment in ROWS)
            yield Finding("fail", "names", f"{where} has another prefix than {prefixes}", f"rename or remove it{nearest(name, known)}")
        else:
            yield Finding("warn", "names", f"{where} is asked for by no installed plugin", f"rename or remove it{nearest(name, known)}")


def _placeholders(read: EnvFile) -> Iterator[Finding]:
    for name, value in read.values.items():
        if _PLACEHOLDER.fullmatch(value.reveal()):
            yield Finding("fail", "placeholders", f"{_where(read, name)} holds a placeholder", "put the value there, or leave it empty")


def _cut(read: EnvFile, manifests: Iterable[Manifest]) -> Iterator[Finding]:
    fields = {each.variable: each for manifest in manifests for each in manifest.credentials}
    for name, value in read.values.items():
        field = fields.get(_PREFIX.sub("", name))
        wanted = _wanted(field, value) if field is not None else None
        if wanted is not None:
            yield Finding("fail", "whole values", f"{_where(read, name)} is not {wanted}", "copy it again, whole")


def _wanted(field: CredentialField, value: Secret) -> str | None:
    """What the value should look like and does not; None where it does, or where nothing is known of its form."""
    if is_reference(value) or _PLACEHOLDER.fullmatch(value.reveal()):
        return None
    for name, form, words in _SHAPES:
        if name.search(field.name):
            return None if form.fullmatch(value.reveal()) else words
    if value.reveal().endswith(("...", "…")):
        return "whole: it ends in dots"
    plain = "passphrase" in field.name or _PLAIN.fullmatch(value.reveal())
    return None if plain else "plain: it holds a blank or a letter that no key has (typographic quotes, say)"


def _selecting(read: EnvFile) -> Iterator[Finding]:
    try:
        said_by({name: value.reveal() for name, value in read.values.items() if name in _SELECTING}, str(read.file))
    except ConfigurationError as error:
        yield from (Finding("fail", "selection", problem, "write one of its words") for problem in error.problems)


def _references(read: EnvFile, file: Path) -> Iterator[Finding]:
    """Those to files; a keyring is not opened for a look."""
    for name, value in read.values.items():
        if value.reveal().startswith("file:"):
            try:
                resolved(name, value, file.parent)
            except CredentialError as error:
                yield Finding("fail", "references", f"{_where(read, name)}: {error}", "put the file there, or the value here")


def _shared(read: EnvFile) -> Iterator[Finding]:
    for name, value in read.values.items():
        other = "BASIS_PROD__" + _PREFIX.sub("", name)
        public = name.endswith("_ADDRESS")
        if _PREFIX.match(name) and not public and name != other and read.values.get(other) == value:
            text = f"{_where(read, name)} has the value of {other}"
            yield Finding("fail", "production apart", text, "give each environment keys of its own")


def _owner_alone(file: Path, status: os.stat_result, valued: bool) -> Iterator[Finding]:
    if stat.S_ISLNK(status.st_mode):
        yield Finding("warn", "file mode", f"{file} is a link; what it leads to can be exchanged unseen", "keep the file itself there")
        status = file.stat()
    if valued and stat.S_IMODE(status.st_mode) & 0o077:
        yield Finding("fail", "file mode", f"{file}: others may read it", f"chmod 600 {file}")
    if status.st_uid != os.geteuid():
        yield Finding("fail", "file mode", f"{file} belongs to another user", f"sudo chown $USER {file}")


def _git(file: Path) -> Iterator[Finding]:
    if _asked_git(file, "rev-parse", "--is-inside-work-tree") != 0:
        return  # no repository, or no git
    if _asked_git(file, "ls-files", "--error-unmatch", "--", file.name) == 0:
        mend = f"git rm --cached {file.name}; then make new keys: these are in the history"
        yield Finding("fail", "git", f"{file} is tracked by git", mend)
    elif _asked_git(file, "check-ignore", "-q", "--", file.name) != 0:
        yield Finding("warn", "git", f"{file} is not ignored by git", f"echo /{file.name} >> .gitignore")


def _asked_git(file: Path, *arguments: str) -> int:
    """Git's exit code for a question about the file's folder."""
    try:
        done = subprocess.run(["git", *arguments], cwd=file.resolve().parent, capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 128
    return done.returncode


def _where(read: EnvFile, name: str) -> str:
    return f"{read.file}:{read.lines[name]}: {name}"

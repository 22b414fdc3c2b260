"""Values that only say where the secret is: `keyring:SERVICE/NAME` in the system's keyring, `file:PATH` in a file of its own."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ..errors import CredentialError
from ..secret import Secret

KINDS = ("keyring:", "file:")

_fetched: set[str] = set()


def is_reference(value: Secret) -> bool:
    """Whether the value says where the secret is, instead of being it."""
    return value.reveal().startswith(KINDS)


def fetched() -> frozenset[str]:
    """The texts that this process has fetched: what keeps secrets out of messages must know them, too."""
    return frozenset(_fetched)


def resolved(name: str, value: Secret, folder: Path) -> Secret:
    """The secret that the variable `name` holds or refers to; a relative path is taken from `folder`. Raises `CredentialError`."""
    text = value.reveal()
    kind = next((kind for kind in KINDS if text.startswith(kind)), None)
    if kind is None:
        return value
    place = text.removeprefix(kind)
    found = _from_keyring(name, place) if kind == "keyring:" else _from_file(name, folder / Path(place).expanduser())
    if not found:
        raise CredentialError(f"{name} refers to an entry that is empty")
    _fetched.add(found)
    return Secret(found)


def _from_keyring(name: str, place: str) -> str:
    service, _, entry = place.rpartition("/")
    if not service or not entry:
        raise CredentialError(f"{name}: expected keyring:SERVICE/NAME")
    try:
        import keyring
    except ImportError:
        raise CredentialError(f"{name} is in a keyring, which takes another package: pip install 'basis-venues[keyring]'") from None
    try:
        found = keyring.get_password(service, entry)
    except Exception as error:  # of the backend: its text may carry anything
        raise CredentialError(f"{name}: the keyring cannot be read ({type(error).__name__}); unlock it, or set its backend") from None
    if found is None:
        raise CredentialError(f"{name}: the keyring has no such entry; add it: keyring set SERVICE NAME")
    return found


def _from_file(name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            raw = file.read()
    except OSError as error:
        raise CredentialError(f"{name}: the file {path} cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(status.st_mode):
        raise CredentialError(f"{name}: {path} is no plain file")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise CredentialError(f"{name}: others may read {path}: chmod 600 {path}")
    if status.st_uid not in (os.geteuid(), 0):
        raise CredentialError(f"{name}: {path} belongs to another user")
    try:
        return raw.decode("utf-8").strip("\r\n")
    except UnicodeDecodeError:
        raise CredentialError(f"{name}: the file {path} is not UTF-8 text") from None

"""Where the local chain keeps what it fetched and built."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_path

CACHE_VARIABLE = "BASIS_CACHE_DIR"
"""The environment variable that names another folder for the cache."""


def cache_folder(name: str) -> Path:
    """The folder `name` of the cache, made when it is not there. All of it may be deleted at any time: it is fetched and built again."""
    override = os.environ.get(CACHE_VARIABLE)
    root = Path(override).expanduser() if override else user_cache_path("basis-venues")
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process at a time is inside, for the same folder; the others wait."""
    with (folder / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # let go with the file, and with the process
        yield

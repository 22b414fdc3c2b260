"""Where a machine user's runners keep journal and halt flags: one directory for each world (an environment, or a profile), so that a test
never reads the books of real money. Accounts are locked for all worlds together."""

from __future__ import annotations

from pathlib import Path

_LOCKS = "account-locks"
"""No world's name: those are environments and profiles."""


def world_directory(world: str) -> Path:
    """The state directory of a world, by the name of its profile or environment. It need not exist."""
    return _root() / world


def known_worlds() -> tuple[Path, ...]:
    """The state directories that exist, in alphabetical order."""
    root = _root()
    return tuple(sorted(path for path in root.iterdir() if path.is_dir() and path.name != _LOCKS)) if root.is_dir() else ()


def locks_directory() -> Path:
    """Where accounts are locked: one directory for the machine user, whatever state directory a run has. It need not exist."""
    return _root() / _LOCKS


def make_private(directory: Path) -> None:
    """Make a directory that its owner alone may read, unless it is there."""
    for folder in (directory.parent, directory):  # parents that `mkdir` makes on the way are open to others
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _root() -> Path:
    from platformdirs import user_state_path  # a backtest has no state

    return user_state_path("basis-venues")

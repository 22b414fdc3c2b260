"""Where the journal and the halt flags of a command are."""

from __future__ import annotations

import os
from pathlib import Path


def state_directory(state: Path | None, profile: str | None, configs: Path) -> Path:
    """The directory named, or that of the profile, or that of the environment that a live run would have now."""
    from ..worlds import world_directory

    return state or world_directory(profile or _environment(configs))


def state_directories(state: Path | None, profile: str | None, configs: Path) -> tuple[Path, ...]:
    """The directory named, or that of the profile, or else every one that there is, and that of the environment."""
    from ..worlds import known_worlds

    one = state_directory(state, profile, configs)
    return (one,) if state or profile else tuple(dict.fromkeys((*known_worlds(), one)))


def _environment(configs: Path) -> str:
    from ..config.env_file import EnvFile, read_env_file
    from ..config.selection import said_by, select

    path = configs.parent / "env.unified"
    file = read_env_file(path) if path.exists() else EnvFile(str(path))
    plain = {name: secret.reveal() for name, secret in file.values.items() if "__" not in name}
    selection, _ = select("live", None, said_by(os.environ, "the process environment"), said_by(plain, str(path)))
    return selection.environment

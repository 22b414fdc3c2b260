"""Where the journal and the halt flags of a command are."""

from __future__ import annotations

import os
from pathlib import Path


def state_directory(state: Path | None, profile: str | None, configs: Path) -> Path:
    """The directory named, or that of the profile, or that of the environment that a live run would have now. Raises `ConfigurationError`
    for a profile that is none and never had a run."""
    from ..worlds import world_directory

    if state:
        return state
    world = world_directory(profile or _environment(configs))
    if profile and not world.is_dir():
        from ..config.environments import profile_file

        profile_file(profile, configs / "environments")
    return world


def state_directories(state: Path | None, profile: str | None, configs: Path) -> tuple[Path, ...]:
    """The directory named, or that of the profile, or else every one that there is, and that of the environment.

    Raises `ConfigurationError` for one that is named and is not there. What is wrong with the environment's settings is only told while
    there are others.
    """
    from ..errors import ConfigurationError
    from ..worlds import known_worlds
    from . import output

    if state and not state.is_dir():
        raise ConfigurationError(f"{state}: there is no such directory; --state is the one that the run was given")
    if state or profile:
        return (state_directory(state, profile, configs),)
    worlds = known_worlds()
    try:
        return tuple(dict.fromkeys((*worlds, state_directory(None, None, configs))))
    except (ConfigurationError, OSError) as error:
        if not worlds:
            raise
        output.note(f"warning: which environment is today's cannot be told, so only the directories that are there are meant: {error}")
        return worlds


def _environment(configs: Path) -> str:
    from ..config.env_file import EnvFile, read_env_file
    from ..config.selection import said_by, select

    path = configs.parent / "env.unified"
    file = read_env_file(path) if path.exists() else EnvFile(str(path))
    plain = {name: secret.reveal() for name, secret in file.values.items() if "__" not in name}
    selection, _ = select("live", None, said_by(os.environ, "the process environment"), said_by(plain, str(path)))
    return selection.environment

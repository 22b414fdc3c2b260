"""Backtest or live, and on which environment: `BASIS_EXECUTION_MODE`, `BASIS_ENVIRONMENT` and what was typed.

Whatever lies around in the environment can only make a run safer: it never raises one to mainnet, and of two sources that disagree the
safer one counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeVar

from ..errors import ConfigurationError
from ..findings import VARIABLES, Told
from ..network import Network
from .misfit import nearest

T = TypeVar("T")

Environment = Literal["dev", "staging", "prod"]
ExecutionMode = Literal["backtest", "live"]

EXECUTION_MODE = "BASIS_EXECUTION_MODE"
ENVIRONMENT = "BASIS_ENVIRONMENT"
OLDER = "ENVIRONMENT"
"""The older variable, one of `simulation`, `testnet`, `live`."""

_ENVIRONMENTS: Mapping[str, Environment] = {"dev": "dev", "staging": "staging", "prod": "prod", "production": "prod"}
_EXECUTION_MODES: Mapping[str, ExecutionMode] = {"backtest": "backtest", "live": "live"}
_OLDER_ROWS: Mapping[str, tuple[ExecutionMode, Environment | None]] = {
    "simulation": ("backtest", None),
    "testnet": ("live", "dev"),
    "live": ("live", "prod"),
}


class Selection(NamedTuple):
    """One row of the table of networks. `typed`: live was asked for by an argument, not by a variable alone."""

    live: bool = False
    environment: Environment = "dev"
    typed: bool = False

    @property
    def network(self) -> Network:
        """The network of a venue that no profile lowers."""
        if not self.live:
            return Network.SIMULATION
        return Network.MAINNET if self.environment == "prod" else Network.TESTNET

    @property
    def prefix(self) -> str:
        """What the variables of its credentials begin with."""
        return f"BASIS_{self.environment.upper()}__"


class Said(NamedTuple):
    """What one source, the process or env.unified, says; None where it is silent."""

    execution_mode: ExecutionMode | None = None
    environment: Environment | None = None
    warnings: tuple[str, ...] = ()


def said_by(values: Mapping[str, str], source: str) -> Said:
    """Read the variables of one source. Raises `ConfigurationError` for a word that is none, or when the older and the newer
    variables disagree."""
    execution_mode = _word(values, EXECUTION_MODE, _EXECUTION_MODES, source)
    environment = _word(values, ENVIRONMENT, _ENVIRONMENTS, source)
    row = _OLDER_ROWS.get(values.get(OLDER, ""))
    if row is None:
        return Said(execution_mode, environment)  # other software has a variable of this name, too
    by_then, where = row
    level = {"dev": "testnet", "staging": "testnet", "prod": "live"}
    if execution_mode not in (None, by_then) or (where and environment and level[environment] != level[where]):
        text = f"{source}: {OLDER} and {EXECUTION_MODE} or {ENVIRONMENT} are both set and disagree; remove {OLDER}"
        raise ConfigurationError(Told(text, VARIABLES))
    meant = EXECUTION_MODE + f"={by_then}" + (f" and {ENVIRONMENT}={where}" if where else "")
    warning = f"{source}: {OLDER} is the older name; it is read as {meant}: `basis env import` rewrites it"
    return Said(by_then, environment or where, (Told(warning, VARIABLES),))


def asks_live(execution_mode: str | None, process: Said) -> bool:
    """Whether a live run is asked for, by the argument or else by the process environment. env.unified alone never asks for one."""
    if execution_mode is not None:
        return _known(execution_mode, _EXECUTION_MODES, "execution_mode") == "live"
    return process.execution_mode == "live"


def select(execution_mode: str | None, environment: str | None, process: Said, file: Said) -> tuple[Selection, tuple[str, ...]]:
    """The row that counts for a run that asks to be live, and what a person should know about it.

    An argument counts before everything. Of the process and env.unified the safer one counts.
    """
    warnings = [*process.warnings, *file.warnings]
    if execution_mode is None and file.execution_mode == "backtest":
        text = f"env.unified says {EXECUTION_MODE}=backtest, which counts before the exported variable; type --live to go live"
        warnings.append(Told(text, VARIABLES))
        return Selection(), tuple(warnings)
    if environment is not None:
        chosen = _known(environment, _ENVIRONMENTS, "environment")
    else:
        chosen = process.environment or file.environment or "dev"
        if chosen == "prod" and file.environment not in (None, "prod"):
            chosen = file.environment
            warnings.append(Told(f"env.unified says {ENVIRONMENT}={chosen}, which is safer than the exported prod and counts", VARIABLES))
    return Selection(live=True, environment=chosen, typed=execution_mode is not None), tuple(warnings)


def _word(values: Mapping[str, str], name: str, known: Mapping[str, T], source: str) -> T | None:
    value = values.get(name)
    return _known(value, known, f"{source}: {name}") if value else None


def _known(value: str, known: Mapping[str, T], what: str) -> T:
    if value not in known:
        raise ConfigurationError(Told(f"{what}: expected one of {', '.join(known)}{nearest(value, known)}", VARIABLES))
    return known[value]

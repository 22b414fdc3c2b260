"""The credentials' variables: the process environment over env.unified, and older names read as today's."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from ..findings import VARIABLES, Told
from ..secret import Secret
from .misfit import nearest

if TYPE_CHECKING:
    from .env_file import EnvFile  # only a live run has one

_EXCHANGE = r"([A-Z0-9]+)_(TESTNET|LIVE)_(API_KEY|SECRET_KEY|PASSPHRASE)"
_WALLET = r"ALCHEMY_(TESTNET|LIVE)_([A-Z0-9_]+)"
_TODAY = {"API_KEY": "API_KEY", "SECRET_KEY": "SECRET", "PASSPHRASE": "PASSPHRASE"}
_ROW = {"TESTNET": "DEV", "LIVE": "PROD"}


def todays_names(older: str) -> tuple[str, ...]:
    """What an older name such as `BINANCE_TESTNET_API_KEY` is called today; one key of an exchange served all its markets."""
    if wallet := re.fullmatch(_WALLET, older):
        return (f"BASIS_{_ROW[wallet[1]]}__ALCHEMY__{wallet[2]}",)
    if exchange := re.fullmatch(_EXCHANGE, older):
        venue, row, parameter = exchange.groups()
        stem = f"BASIS_{_ROW[row]}__CEX__{venue}_"
        return tuple(f"{stem}{market}{_TODAY[parameter]}" for market in ("", "SPOT_", "FUTURES_"))
    return ()


class Variables:
    """Values by name, all of them secrets. An empty value sets nothing."""

    def __init__(self, process: Mapping[str, str] | None = None, file: EnvFile | None = None) -> None:
        self._file = file.file if file else "env.unified"
        self._lines = file.lines if file else {}
        exported = {name: Secret(text) for name, text in (process or {}).items() if text and (_of_ours(name) or todays_names(name))}
        self._values: dict[str, Secret] = {**(file.values if file else {}), **exported}
        self._exported = frozenset(exported)
        self.warnings = tuple(self._translate())
        """A sentence for each older name that is in use."""

    def get(self, name: str) -> Secret | None:
        """The value as it is set, maybe a reference; None where the variable is not set."""
        return self._values.get(name)

    def secret(self, name: str) -> Secret | None:
        """The value itself, fetched from where a reference says. Raises `CredentialError` where it is not there."""
        from .references import resolved

        value = self._values.get(name)
        return None if value is None else resolved(name, value, Path(self._file).parent)

    def names(self) -> tuple[str, ...]:
        """The names that are set, in alphabetical order."""
        return tuple(sorted(self._values))

    def origin(self, name: str) -> str:
        """Where the value comes from: the process environment, or the line of env.unified."""
        if name in self._exported:
            return "the process environment"
        return f"{self._file}:{self._lines.get(name, '?')}"

    def missing(self, name: str, others: Collection[str] = ()) -> str:
        """A sentence about a variable that is needed and not set. `others`: what follows `BASIS_{ENV}__` in names that are meant so."""
        free = (known for known in self._values if known.partition("__")[2] not in others)
        return f"{name} is not set; put it into {self._file} or export it{nearest(name, free)}"

    def _translate(self) -> list[Told]:
        problems, warnings, found = [], [], {}
        for older in sorted(self._values):
            names = todays_names(older)
            for name in names:
                if name in self._values and self._values[name] != self._values[older]:
                    text = f"{self.origin(older)}: {older} is the older name of {name}, and the two differ; remove {older}"
                    problems.append(Told(text, VARIABLES))
                found[name] = self._values[older]
            if names:
                text = f"{self.origin(older)}: {older} is the older name of {names[0]}; `basis env import` rewrites it"
                warnings.append(Told(text, VARIABLES))
        if problems:
            raise ConfigurationError(problems)
        self._values = {**found, **self._values}
        return warnings


def _of_ours(name: str) -> bool:
    return name.startswith("BASIS_") and "__" in name

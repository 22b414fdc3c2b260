"""What `basis sandbox control` does: words of a command line become a call of the control client."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.error import URLError

from basis_venues.config.misfit import nearest
from basis_venues.errors import ConfigurationError, TryAgainLater

from .exchange.control.client import Control, ControlFailed

CONTROLS = tuple(name for name, _ in inspect.getmembers(Control, inspect.isfunction) if not name.startswith("_"))
"""Every control, in alphabetical order."""
_NAMED = re.compile(r"([a-z_]+)=(.*)", re.DOTALL)


def steer(url: str, name: str, words: Iterable[str]) -> Any:
    """Carry out the control `name` at `url`; `words` are its arguments, those like `times=2` by name. Answers JSON data.

    A word that is JSON (a whole number, `true`, a list) is that, any other is text; a figure with a point stays text, digit for digit.
    Raises `ConfigurationError` for a control or arguments that there are not, `TryAgainLater` where nothing answers.
    """
    if name not in CONTROLS:
        raise ConfigurationError(f"there is no control {name!r}{nearest(name, CONTROLS)}; there are: {', '.join(CONTROLS)}")
    given = list(words)
    named = {found[1]: _value(found[2]) for word in given if (found := _NAMED.fullmatch(word))}
    method = getattr(Control(url), name)
    try:
        bound = inspect.signature(method).bind(*(_value(word) for word in given if not _NAMED.fullmatch(word)), **named)
    except TypeError as error:
        raise ConfigurationError(f"{name}: {error}; write: {usage(name)}") from None
    try:
        return method(*bound.args, **bound.kwargs)
    except ControlFailed as error:
        raise ConfigurationError(str(error)) from None
    except URLError as error:
        raise TryAgainLater(f"the sandbox's control at {url} does not answer: {error.reason}") from None


def usage(name: str) -> str:
    """A control as it is typed: its name and its arguments, those with a default as `NAME=DEFAULT`; `...` stands for any number."""
    return " ".join((name, *(_word(each) for each in list(inspect.signature(getattr(Control, name)).parameters.values())[1:])))


def _word(parameter: inspect.Parameter) -> str:
    many = {inspect.Parameter.VAR_POSITIONAL: f"{parameter.name.upper()}...", inspect.Parameter.VAR_KEYWORD: "NAME=VALUE..."}
    if parameter.kind in many:
        return many[parameter.kind]
    if parameter.default is inspect.Parameter.empty:
        return parameter.name.upper()
    return f"{parameter.name}={'' if parameter.default is None else parameter.default}"


def _value(word: str) -> Any:
    try:
        return json.loads(word, parse_float=str)
    except ValueError:
        return word

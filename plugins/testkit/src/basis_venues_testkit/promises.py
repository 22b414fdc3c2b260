"""What makes a test a promise: its id, and the only ways in which it may be left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, TypeVar

import pytest
from _pytest.outcomes import Skipped  # what pytest.skip.Exception is, with a name that can be derived from

Test = TypeVar("Test", bound=Callable[..., Any])

MARKER = "basis"
"""The marker that carries a promise's id: `pytest -m basis` runs the promises alone."""

OF_THE_KIT = re.compile(r"test_l\d+_\d+_")
"""How the tests of promises are named."""


class LeftOut(Skipped):
    """A promise that the kit itself leaves out. Any other skip of a promise is a failure."""

    result = "skipped"


class NotTried(LeftOut):
    """A promise that cannot be tried here. It is not broken, and it counts for no level."""

    result = "not tried"


class Blocked(LeftOut):
    """A promise that cannot be tried while another one is broken. It is not kept."""

    result = "blocked"


def promise(name: str) -> Callable[[Test], Test]:
    """Mark a test as the promise of that id. Its docstring says `ID Title: what is promised.`, and then why."""
    return pytest.mark.basis(name)


def does_not_apply(why: str) -> NoReturn:
    """Leave a promise out that there is nothing to say of, or that the manifest declares as not offered, with its reason."""
    raise LeftOut(why)


def not_tried(why: str) -> NoReturn:
    """Leave a promise out for something that is missing here, apart from the plugin."""
    raise NotTried(why)


def blocked_by(name: str, reason: str = "") -> NoReturn:
    """Leave a promise out that cannot be tried while another one is broken."""
    raise Blocked(f"cannot be tried while {name} is broken" + (f": {reason}" if reason else ""))


def broken(text: str) -> NoReturn:
    """The promise is not kept, with the evidence and what to do about it."""
    pytest.fail(text, pytrace=False)


def none_of(problems: Iterable[str]) -> None:
    """The promise is kept when there are no problems; otherwise all of them are shown."""
    found = list(dict.fromkeys(problems))
    if found:
        broken("\n".join(found))


def title_of(test: Callable[..., Any]) -> str:
    """The first sentence of a promise's docstring, without its id."""
    text = " ".join((test.__doc__ or "").split())
    sentence = re.split(r"(?<=\.) ", text, maxsplit=1)[0]
    return sentence.partition(" ")[2]


def why_of(test: Callable[..., Any]) -> str:
    """Why it is promised: the rest of the docstring."""
    return " ".join((test.__doc__ or "").partition("\n\n")[2].split())

"""What a request is to the dialects, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from attrs import define, field, frozen

from ..core import Exchange, Quirks, Refused, Why
from ..keys import ApiKey

PLAIN = Quirks()


@define(kw_only=True)
class Call:
    """One request as it was received. `target` is path and query byte for byte; headers have lower-case names. `now` is the venue's
    own time, ms. `environment` is empty when the request does not tell. `window`: how many ms after its timestamp it may still be
    received, by its own word; 0 where it says none."""

    method: str
    target: str
    body: bytes
    headers: Mapping[str, str]
    exchange: Exchange
    now: int
    environment: str = ""
    params: dict[str, Any] = field(factory=dict)
    key: ApiKey | None = None
    quirks: Quirks = PLAIN
    deadline: int | None = None
    window: int = 0

    @property
    def path(self) -> str:
        """The path without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query as it was sent."""
        return self.target.partition("?")[2]

    def maybe(self, name: str) -> str:
        """A parameter as text; empty when it is not there."""
        value = self.params.get(name)
        return "" if value is None else str(value)

    def text(self, name: str) -> str:
        """A parameter that must be there. Raises `Refused`."""
        value = self.maybe(name)
        if not value:
            raise Refused(Why.MISSING_PARAMETER, name)
        return value

    def number(self, name: str) -> Decimal:
        """A parameter that must be a finite number. Raises `Refused`."""
        return _number(name, self.text(name))

    def maybe_number(self, name: str) -> Decimal | None:
        """A number, or None when it is not there. Raises `Refused`."""
        value = self.maybe(name)
        return _number(name, value) if value else None

    def whole(self, name: str, otherwise: int) -> int:
        """A whole number. Raises `Refused`."""
        value = self.maybe_number(name)
        return otherwise if value is None else int(value)


def _number(name: str, text: str) -> Decimal:
    """Exchanges take digits and a point: an exponent is what a float makes of a small amount."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise Refused(Why.BAD_PARAMETER, name) from None
    if not value.is_finite() or "e" in text.lower():
        raise Refused(Why.BAD_PARAMETER, name)
    return value


@define
class Reply:
    """What goes back: JSON data, or text that is no JSON (`raw`)."""

    status: int
    payload: Any
    headers: dict[str, str] = field(factory=dict)
    raw: bytes | None = None


class Turned(Exception):
    """A refusal in the venue's own words, before or beside the matching core."""

    def __init__(self, code: int | str, text: str, status: int = 200) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text
        self.status = status


Handler = Callable[[Call], Any]


@frozen
class Route:
    """What answers a method and path. `endpoint` is what faults and counters call it, the same at every venue. `right` is what the
    key must be allowed, None for public ones. Only `writes` change the account's money, orders or settings."""

    endpoint: str
    handler: Handler
    right: str | None = "read"
    writes: bool = False


Routes = Mapping[tuple[str, str], Route]
"""By method and path. A word in braces stands for any: `/orders/{id}`."""


def route_of(routes: Routes, method: str, path: str) -> Route | None:
    """The route of a path: of itself, or of one with words in braces; None where there is none."""
    found = routes.get((method, path))
    if found is not None:
        return found
    words = path.split("/")
    return next((route for (verb, each), route in routes.items() if verb == method and _fits(each.split("/"), words)), None)


def _fits(pattern: list[str], words: list[str]) -> bool:
    return len(pattern) == len(words) and all(
        one == other or (one[:1], one[-1:]) == ("{", "}") for one, other in zip(pattern, words, strict=True)
    )

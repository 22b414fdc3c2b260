"""The suite that an author subclasses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Literal

import pytest

from basis_venues.actions import action_classes

from .doubles.double import on_chain
from .examples import EXAMPLES
from .levels import in_order
from .levels.accruing import Accruing
from .levels.loads import Loads
from .levels.refusing import Refusing
from .levels.survives import Survives
from .levels.works import Works
from .promises import MARKER, OF_THE_KIT, LeftOut, title_of, why_of
from .suite import subject_of


class VenueConformance(Loads, Works, Refusing, Accruing, Survives):
    """The promises of a venue plugin. Subclass it in `tests/test_conformance.py` and say what the kit cannot guess (see `Suite`):

        class TestAcme(VenueConformance):
            venue = "acme"
            market = {"acme:price:BTC/USDT": "50000"}
            samples = (Sample(SpotTrade(symbol="BTC/USDT", side="buy", quantity="0.1"), holds={"acme:balance:USDT": "6000"}),)

    Promises cannot be redefined, and no mark hides one: what the venue does not do is said in its manifest.
    """

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        ours = {name for name in dir(VenueConformance) if OF_THE_KIT.match(name)}
        for name in dir(cls):
            if name in ours and getattr(cls, name) is not getattr(VenueConformance, name):
                raise TypeError(
                    f"{cls.__name__} redefines {name}, a promise of the conformance kit. Take it out; what the venue does not do is "
                    "declared in manifest.toml, as in: Transfer = 'unsupported: the venue has no withdrawals'"
                )
            if OF_THE_KIT.match(name) and name not in ours:
                raise TypeError(f"{cls.__name__}.{name} is named like a promise of the kit; give a test of your own another name")

    @classmethod
    def promises(cls) -> Mapping[str, str]:
        """The title of every promise, by id, in order."""
        return {promise: title_of(test) for promise, test in _promises().items()}

    @classmethod
    def reasons(cls) -> Mapping[str, str]:
        """Why each promise matters, by id, in order."""
        return {promise: why_of(test) for promise, test in _promises().items()}

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One case for each sample and each action class, whichever the promise asks for. Those of one trade run after one another, so
        that the double is brought to where it begins once."""
        for name, (cases, scope) in _CASES.items():
            if name in metafunc.fixturenames:
                found = cases(metafunc.cls)
                metafunc.parametrize(name, list(found.values()) or [None], ids=list(found) or ["none"], scope=scope)


@cache
def _promises() -> Mapping[str, Any]:
    found = {}
    for name in dir(VenueConformance):
        for mark in getattr(getattr(VenueConformance, name), "pytestmark", ()):
            if mark.name == MARKER:
                found[mark.args[0]] = getattr(VenueConformance, name)
    return {promise: found[promise] for promise in sorted(found, key=in_order)}


def _samples(suite: Any) -> dict[str, Any]:
    return _named(suite.samples)


def _named(samples: Iterable[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for sample in samples:
        name = type(sample.action).__name__
        taken = sum(each.partition("-")[0] == name for each in found)
        found[f"{name}-{taken + 1}" if taken else name] = sample
    return found


def _trades(suite: Any) -> dict[str, Any]:
    """What is asked of the venue's double: the first sample of each market, or, on its chain, every one that it can be brought to."""
    if on_chain(suite.dialect):
        return _acts(suite)
    found: dict[str, Any] = {}
    for sample in suite.samples:
        symbol = getattr(sample.action, "symbol", None)
        if symbol is not None:
            found.setdefault(f"{type(sample.action).__name__}-{symbol.replace('/', '').replace(':', '-')}", sample)
    return found


def _moves(suite: Any) -> dict[str, Any]:
    return _named(sample for sample in suite.samples if type(sample.action).__name__ == "Transfer")


def _courses(suite: Any) -> dict[str, Any]:
    """What the core carries out on the double: of the trades the first of each market, of other actions the first alone."""
    found = _trades(suite)
    return dict([*found.items()][:1]) if on_chain(suite.dialect) else found


def _acts(suite: Any) -> dict[str, Any]:
    """Those that it can be brought to; of a class without such a one the first, to be told as not tried."""
    reached = [each for each in suite.samples if each.first or each.is_simple]
    classes = {type(each.action) for each in reached}
    left = {type(each.action): each for each in reversed(suite.samples) if type(each.action) not in classes}
    return _named((*reached, *left.values()))


def _declared(suite: Any) -> dict[str, Any]:
    """Every action class of the manifest, with the best of its levels; nothing when there is no manifest to read."""
    try:
        manifest = subject_of(suite).manifest
    except LeftOut:
        return {}
    found: dict[str, Any] = {}
    for classes in manifest.actions.values():
        for name, capability in classes.items():
            if name not in found or capability.usable:
                found[name] = (name, capability)
    return found


def _undeclared(suite: Any) -> dict[str, Any]:
    offered = {name for name, capability in _declared(suite).values() if capability.usable}
    return {name: EXAMPLES[name] for name in action_classes() if name in EXAMPLES and name not in offered}


_CASES: Mapping[str, tuple[Callable[[Any], dict[str, Any]], Literal["class", "function"]]] = {
    "sample": (_samples, "function"),
    "declared": (_declared, "function"),
    "undeclared": (_undeclared, "function"),
    "trade": (_trades, "class"),
    "course": (_courses, "class"),
    "move": (_moves, "class"),
}
"""What a promise may ask for by the name of a parameter, and how long one case is kept."""

"""Which double stands in for a venue."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from basis_venues.errors import ConfigurationError
from basis_venues_sandbox.deployment import Deployment
from basis_venues_testkit.doubles.double import double_of

SUBJECT: Any = SimpleNamespace(
    venue="acme",
    plugins=SimpleNamespace(implements=lambda venue, hook: True),
    manifest=SimpleNamespace(networks={"mainnet": SimpleNamespace(hosts=("api.acme.com",))}),
)


def test_a_protocol_that_the_sandbox_does_not_speak_is_told_with_what_was_meant() -> None:
    """A misspelt name does not leave levels 2 and 3 untried."""
    with pytest.raises(ConfigurationError, match=r"'binanec'.*did you mean.*binance"), double_of(SUBJECT, "binanec"):
        pass


def test_a_class_in_place_of_one_of_it_is_told_with_the_brackets_that_are_missing() -> None:
    """`dialect = RocketPool` is the first thing that is mistyped."""
    given: Any = Deployment
    with pytest.raises(ConfigurationError, match=r"is the class Deployment: give one of it, Deployment\(\)"), double_of(SUBJECT, given):
        pass

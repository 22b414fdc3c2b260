"""Which double stands in for a venue."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from basis_venues.errors import ConfigurationError
from basis_venues_testkit.double import double_of


def test_a_protocol_that_the_sandbox_does_not_speak_is_told_with_what_was_meant() -> None:
    """A misspelt name does not leave levels 2 and 3 untried."""
    networks = {"mainnet": SimpleNamespace(hosts=("api.acme.com",))}
    subject: Any = SimpleNamespace(
        venue="acme", plugins=SimpleNamespace(implements=lambda venue, hook: True), manifest=SimpleNamespace(networks=networks)
    )
    with pytest.raises(ConfigurationError, match=r"'binanec'.*did you mean.*binance"), double_of(subject, "binanec"):
        pass

"""The plan's time and the sandbox's."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from basis_venues.errors import TryAgainLater
from basis_venues.steering import steered_time


@pytest.mark.parametrize("venue", ["binance"])
def test_a_run_without_a_window_goes_on_where_the_sandbox_stands(world: Any) -> None:
    """Opened for one action, a look at positions or a person's answer: the sandbox's time is neither set back nor ahead."""
    before = world.control.time()
    (leg,) = world.act(world.spot(), since=None)
    assert leg.state == "FILLED"
    assert 0 <= world.control.time() - before < 60_000


def test_a_sandbox_that_is_down_is_told_as_such() -> None:
    """With what to do."""
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(TryAgainLater, match="basis sandbox up"):
            steered_time([f"http://127.0.0.1:{taken.getsockname()[1]}/time"])

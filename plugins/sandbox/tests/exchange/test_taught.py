"""A protocol of one's own beside the sandbox's three."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from basis_venues_sandbox import running_sandbox
from basis_venues_sandbox.dialect import Call, Listed, Reply, Route
from basis_venues_sandbox.exchange.core import LISTED
from basis_venues_sandbox.exchange.wire.bybit import Bybit

TIME = "/v5/market/time"


class Ours(Bybit):
    """Bybit's paths and rules, under a name, a host and an envelope of its own."""

    listed = Listed(attrs.evolve(LISTED["bybit"].rules, venue="ours"), LISTED["bybit"].markets[:1])

    def environment(self, host: str, headers: Mapping[str, str]) -> str | None:
        """One host."""
        return {"api.ours.com": "mainnet"}.get(host)

    def success(self, call: Call, route: Route, result: Any) -> Reply:
        """What ours looks like."""
        return Reply(200, {"ours": result})


def asked(url: str, path: str, host: str) -> Any:
    """The answer to a request that is meant for `host`; its status where that is an error."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url + path, headers={"X-Orig-Host": host}), timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code


def test_who_a_request_is_meant_for_decides_which_protocol_answers() -> None:
    """Two have the same paths; each answers at its own host, with its own account, and nobody at a third."""
    with running_sandbox(dialects=(Ours(),)) as sandbox:
        assert "ours" in asked(sandbox.url, TIME, "api.ours.com")
        assert "retCode" in asked(sandbox.url, TIME, "api.bybit.com")
        assert isinstance(asked(sandbox.url, TIME, "api.theirs.com"), int)
        assert sandbox.control.markets("ours") == ["BTC/USDT"]
        sandbox.control.endow("ours", "trading", "USDT", "7")
        assert sandbox.control.balances("ours")["trading"]["USDT"] == "7"
        assert sandbox.control.balances("bybit")["trading"]["USDT"] == "100000"
        assert [each["host"] for each in sandbox.control.requests("ours")] == ["api.ours.com"]


def test_what_is_taught_outlives_a_reset_and_takes_faults() -> None:
    """Beginning again forgets accounts and scripts, not the protocol; changed filters are put back to its own."""
    with running_sandbox(dialects=(Ours(),)) as sandbox:
        control = sandbox.control
        control.endow("ours", "trading", "USDT", "7")
        control.reset()
        assert control.balances("ours")["trading"]["USDT"] == "100000"
        control.fault("ours", "time", "accept_then_status", status=503)
        assert asked(sandbox.url, TIME, "api.ours.com") == 503
        control.market("ours", "BTC/USDT", lot="5")
        control.market("ours", "BTC/USDT")
        assert control.markets("ours") == ["BTC/USDT"]


def test_a_sandbox_in_a_process_of_its_own_is_taught_nothing() -> None:
    """A dialect is code of this process: asking for both is an error, not a sandbox without it."""
    with pytest.raises(ValueError, match="process"), running_sandbox(process=True, dialects=(Ours(),)):
        pass

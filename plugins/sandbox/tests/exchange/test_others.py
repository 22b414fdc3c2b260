"""An exchange of one's own at the sandbox: its hosts and throwaway keys are known, in whichever of the protocols it speaks."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from pathlib import Path
from typing import Any

import aiohttp
import fake_distributions
import pytest

from basis_venues.config.credentials import throwaway
from basis_venues.manifest import read_manifest
from basis_venues.network import Network
from basis_venues.secret import Secret
from basis_venues_sandbox import Running
from basis_venues_sandbox.exchange.service import start
from basis_venues_sandbox.services import Options

CREDENTIAL = """
[[credentials]]
name = "{name}"
variable = "CEX__ACME_{variable}"
secret = true
needed_for = ["cex_spot"]
networks = ["mainnet"]
"""
HOSTS = """
[networks.mainnet]
hosts = ["api.acme.com"]
"""


async def asked(base: str, path: str, host: str, key: str = "") -> tuple[int, Any]:
    """Status and answer of a request that is meant for `host`."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{base}{path}", headers={"X-Orig-Host": host, "X-MBX-APIKEY": key}) as answer,
    ):
        return answer.status, await answer.json()


def test_an_installed_exchange_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`basis sandbox up` reads its manifest: a request signed by hand with the core's throwaway keys is answered at its own host."""
    credentials = "".join(CREDENTIAL.format(name=name, variable=name.upper()) for name in ("api_key", "secret"))
    manifest = fake_distributions.MANIFEST.format(venue="acme", kind="cex", contract="1.0") + credentials + HOSTS
    package = fake_distributions.install(tmp_path, "acme", code="raise AssertionError('no plugin is run')", manifest=manifest)
    monkeypatch.syspath_prepend(str(tmp_path))
    made = throwaway(read_manifest(package / "manifest.toml"), Network.TESTNET)
    key, secret = (each.reveal() for each in (made["api_key"], made["secret"]) if isinstance(each, Secret))
    query = f"timestamp={int(time.time() * 1000)}"
    signature = hmac.new(secret.encode(), query.encode(), hashlib.sha256).hexdigest()

    async def go() -> tuple[int, Any]:
        service = await start(Options(state=tmp_path, exchange_port=0, control_port=0))
        try:
            return await asked(service.endpoints["base"], f"/api/v3/account?{query}&signature={signature}", "api.acme.com", key)
        finally:
            await service.stop()

    status, answer = asyncio.run(go())
    assert status == 200, answer
    assert [each["free"] for each in answer["balances"] if each["asset"] == "USDT"] == ["100000"]


def test_a_host_that_nobody_has_is_named(sandbox: Running) -> None:
    """Method, host and path, without the query, which is signed; once control has said whose protocol the host speaks, it answers."""
    status, answer = asyncio.run(asked(sandbox.url, "/v5/market/time?signature=x", "api.bybit.eu"))
    assert (status, answer) == (404, {"error": "no venue of the sandbox has GET api.bybit.eu/v5/market/time"})
    sandbox.control.host("bybit", "api.bybit.eu", "mainnet")
    assert asyncio.run(asked(sandbox.url, "/v5/market/time", "api.bybit.eu"))[1]["retCode"] == 0

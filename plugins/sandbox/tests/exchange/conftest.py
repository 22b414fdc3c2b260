"""A running sandbox, and ccxt clients that talk to it as they would to the exchanges themselves."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
import ccxt.async_support as ccxt
import pytest
from yarl import URL

from basis_venues_sandbox import Running, running_sandbox
from basis_venues_sandbox.exchange.keys import throwaway

VENUES = ("binance", "bybit", "okx")
OPTIONS: dict[str, dict[str, Any]] = {
    "binance": {"fetchMarkets": {"types": ["spot", "linear"]}, "fetchMargins": False},
    "bybit": {
        "fetchMarkets": {"types": ["spot", "linear"]}, "enableUnifiedMargin": False, "enableUnifiedAccount": True, "unifiedMarginStatus": 6,
    },
    "okx": {"fetchMarkets": {"types": ["spot", "swap"]}, "createOrder": "privatePostTradeOrder"},
}  # fmt: skip
SILENT = logging.Logger("ccxt of the tests", logging.CRITICAL + 1)
"""ccxt by itself logs keys and signatures at the level DEBUG."""

Connect = Callable[..., AbstractAsyncContextManager[Any]]


class LocalSession:
    """Looks like `aiohttp.ClientSession` to ccxt: every exchange's URL goes to the sandbox, path and query byte for byte."""

    def __init__(self, base: str) -> None:
        self._inner, self._base = aiohttp.ClientSession(), URL(base)
        self.extra: dict[str, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def _request(self, method: str, url: Any, kwargs: dict[str, Any]) -> Any:
        real = URL(str(url), encoded=True)
        kwargs.pop("proxy", None)
        kwargs["headers"] = {**(kwargs.get("headers") or {}), "X-Orig-Host": real.host, **self.extra}
        target = URL(f"http://{self._base.authority}{real.raw_path_qs}", encoded=True)
        return self._inner.request(method, target, allow_redirects=False, **kwargs)

    def get(self, url: Any, **kwargs: Any) -> Any:
        return self._request("GET", url, kwargs)

    def post(self, url: Any, **kwargs: Any) -> Any:
        return self._request("POST", url, kwargs)

    def put(self, url: Any, **kwargs: Any) -> Any:
        return self._request("PUT", url, kwargs)

    def delete(self, url: Any, **kwargs: Any) -> Any:
        return self._request("DELETE", url, kwargs)


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Running) -> Running:
    """The sandbox as it is when it starts."""
    running.control.reset()
    return running


@pytest.fixture(params=VENUES)
def venue(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def connect(sandbox: Running) -> Connect:
    """`connect(venue, swap=False, testnet=True, **config)`: a ccxt client with the throwaway keys of the venue, its markets loaded."""

    @asynccontextmanager
    async def connected(venue: str, swap: bool = False, load: bool = True, testnet: bool = True, **config: Any) -> AsyncIterator[Any]:
        name = ("BINANCE_FUTURES" if swap else "BINANCE_SPOT") if venue == "binance" else venue.upper()
        session = LocalSession(sandbox.url)
        keys = {"apiKey": throwaway(f"CEX__{name}_API_KEY"), "secret": throwaway(f"CEX__{name}_SECRET")}
        exchange = getattr(ccxt, venue)({
            "session": session, "options": dict(OPTIONS[venue]), "has": {"fetchCurrencies": False}, "enableRateLimit": False,
            "timeout": 15000, "timeout_on_exit": 0, **keys, "password": throwaway("CEX__OKX_PASSPHRASE"),
            "logger": SILENT, **config,
        })  # fmt: skip
        if testnet and venue == "binance":
            exchange.enable_demo_trading(True)
        elif testnet:
            exchange.set_sandbox_mode(True)
        try:
            if load:
                await exchange.load_markets()
            yield exchange
        finally:
            await exchange.close()
            await session._inner.close()

    return connected

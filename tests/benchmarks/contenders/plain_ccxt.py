"""ccxt as its users have it, pointed at the sandbox. As a script, `plain_ccxt.py URL`: import, and load the markets of three exchanges."""

import asyncio
import sys
from contextlib import asynccontextmanager

import aiohttp
import ccxt.async_support as ccxt
from yarl import URL

from basis_venues_sandbox.exchange.keys import throwaway

OPTIONS = {
    "binance": {"fetchMarkets": {"types": ["spot", "linear"]}, "fetchMargins": False},
    "bybit": {"fetchMarkets": {"types": ["spot", "linear"]}, "enableUnifiedMargin": False, "enableUnifiedAccount": True,
              "unifiedMarginStatus": 6},
    "okx": {"fetchMarkets": {"types": ["spot", "swap"]}},
}  # fmt: skip


class LocalSession:
    """An `aiohttp.ClientSession` to ccxt: every exchange's URL goes to the sandbox, path and query byte for byte."""

    def __init__(self, base):
        self._inner, self._base = aiohttp.ClientSession(), URL(base)

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def _request(self, method, url, options):
        real = URL(str(url), encoded=True)
        options.pop("proxy", None)
        options["headers"] = {**(options.get("headers") or {}), "X-Orig-Host": real.host}
        target = URL(f"http://{self._base.authority}{real.raw_path_qs}", encoded=True)
        return self._inner.request(method, target, allow_redirects=False, **options)

    def get(self, url, **options):
        return self._request("GET", url, options)

    def post(self, url, **options):
        return self._request("POST", url, options)


@asynccontextmanager
async def connected(base, venue, swap=False):
    """A ccxt client with the sandbox's keys, its markets loaded."""
    name = ("BINANCE_FUTURES" if swap else "BINANCE_SPOT") if venue == "binance" else venue.upper()
    session = LocalSession(base)
    exchange = getattr(ccxt, venue)({
        "session": session, "options": dict(OPTIONS[venue]), "has": {"fetchCurrencies": False}, "enableRateLimit": False,
        "timeout_on_exit": 0, "apiKey": throwaway(f"CEX__{name}_API_KEY"), "secret": throwaway(f"CEX__{name}_SECRET"),
        "password": throwaway("CEX__OKX_PASSPHRASE"),
    })  # fmt: skip
    if venue == "binance":
        exchange.enable_demo_trading(True)
    else:
        exchange.set_sandbox_mode(True)
    if swap:
        exchange.options["defaultType"] = "swap"
    try:
        await exchange.load_markets()
        yield exchange
    finally:
        await exchange.close()
        await session._inner.close()


async def _start(base):
    for venue in OPTIONS:
        async with connected(base, venue):
            pass


if __name__ == "__main__":
    asyncio.run(_start(sys.argv[1]))

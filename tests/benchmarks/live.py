"""Live orders at the sandbox beside plain ccxt: requests, CPU of a whole verified order, three venues at once, and cold start."""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path

from .harness import CONTENDERS, interleave, table, wall

VENUES = ("binance", "bybit", "okx")
SPOT, PERP = "BTC/USDT", "BTC/USDT:USDT"
ORDERS = 30
DELAY_S = 0.03


def run(rounds: int) -> None:
    """Print the four tables."""
    from basis_venues_sandbox import running_sandbox

    with running_sandbox(process=True) as box, running_sandbox(process=True) as other, tempfile.TemporaryDirectory() as scratch:
        asyncio.run(_requests(box, Path(scratch) / "requests"))
        for venue in VENUES:
            for kind in ("spot", "perp"):
                asyncio.run(_cpu(box, other, Path(scratch) / f"cpu-{venue}-{kind}", venue, kind, rounds))
        asyncio.run(_side_by_side(box, Path(scratch) / "delay", rounds))
        _cold(box, Path(scratch) / "cold", rounds)


# -- requests ------------------------------------------------------------------------------------------------------------------------------


async def _requests(box, directory):
    """What one order costs until it is proven: ours, and what a careful user of ccxt asks for the same."""
    print("\nrequests per verified order")
    print(f"  {'':18}{'ours':>6}{'ccxt':>6}{'ccxt, first order':>20}")
    for venue in VENUES:
        for kind in ("spot", "perp"):
            ours = await _our_requests(box, directory / f"{venue}-{kind}", venue, kind)
            warm, cold = await _their_requests(box, venue, kind)
            print(f"  {venue + ' ' + kind:18}{ours:>6}{warm:>6}{cold:>20}")


async def _our_requests(box, directory, venue, kind):
    box.control.reset()
    async with _manager(box, directory) as orders:
        await orders.send(kind, venue)
        before = box.control.state()["requests"]
        await orders.send(kind, venue)
        return box.control.state()["requests"] - before


async def _their_requests(box, venue, kind):
    """Order, look at it (fills and fee with it), and the account: balance, and for a perpetual the positions."""
    box.control.reset()
    contender = _plain()
    symbol, side, swap = (SPOT, "buy", False) if kind == "spot" else (PERP, "sell", True)
    async with contender.connected(box.url, venue, swap) as exchange:
        counts = [0]
        for _ in range(2):
            order = await exchange.create_order(symbol, "market", side, 1 if venue == "okx" and swap else 0.01)
            await exchange.fetch_order(order["id"], symbol, {"acknowledged": True})
            if venue == "binance" and swap:
                await exchange.fetch_my_trades(symbol)  # the fee of a futures order is nowhere else
            await exchange.fetch_balance()
            if swap:
                await exchange.fetch_positions([symbol])
            counts.append(box.control.state()["requests"])
        return counts[2] - counts[1], counts[1]


# -- CPU -----------------------------------------------------------------------------------------------------------------------------------


async def _cpu(box, other, directory, venue, kind, rounds):
    """CPU time of this process; each has a sandbox of its own, in another one, and the journal does not wait for the disk."""
    box.control.reset()
    other.control.reset()
    symbol, side, swap = (SPOT, "buy", False) if kind == "spot" else (PERP, "sell", True)
    quantity = (0.3 if venue == "okx" else 0.003) if swap else 0.001  # OKX: contracts of a hundredth
    async with _manager(box, directory, synced=False) as orders, _plain().connected(other.url, venue, swap) as exchange:
        await orders.send(kind, venue)

        async def ours():
            await orders.send(kind, venue)

        async def theirs():
            await exchange.create_order(symbol, "market", side, quantity)
            await exchange.fetch_balance()

        async def theirs_with_positions():
            await theirs()
            await exchange.fetch_positions([symbol])

        contenders = {"ccxt create_order + fetch_balance": theirs, "verified order": ours}
        if swap:
            contenders["ccxt, with fetch_positions"] = theirs_with_positions
        figures = {name: [] for name in contenders}
        for _ in range(rounds):
            orders.unthrottle(venue)
            for name, measure in contenders.items():
                began = time.process_time()
                for _ in range(ORDERS):
                    await measure()
                figures[name].append((time.process_time() - began) / ORDERS * 1000)
    base = figures["ccxt create_order + fetch_balance"]
    print(f"\nCPU of an order, {venue} {kind} (target of a verified one <= 1.25, goal 1.10)")
    for name, values in figures.items():
        ratio = statistics.median(one / other for one, other in zip(values, base, strict=True))
        print(f"  {name:36}{statistics.median(values):8.2f} ms{ratio:8.2f} x")


# -- three at once -------------------------------------------------------------------------------------------------------------------------


async def _side_by_side(box, directory, rounds):
    """A short of one venue, and one split over three, when every answer takes 30 ms."""
    box.control.reset()
    async with _manager(box, directory) as orders:
        await orders.send("perp", None)
        for venue in VENUES:
            await orders.send("perp", venue)
        box.control.setting("*", "latency", DELAY_S)
        figures = {"binance alone": [], "bybit alone": [], "okx alone": [], "three at once": []}
        for _ in range(rounds):
            for name, venue in zip(figures, (*VENUES, None), strict=True):
                began = time.perf_counter()
                await orders.send("perp", venue)
                figures[name].append((time.perf_counter() - began) * 1000)
    slowest = [max(alone) for alone in zip(*list(figures.values())[:3], strict=True)]
    print("\nthree venues with 30 ms of server delay (target <= 1.3 x the slowest of them alone)")
    for name, values in figures.items():
        ratio = statistics.median(one / other for one, other in zip(values, slowest, strict=True))
        print(f"  {name:36}{statistics.median(values):8.1f} ms{ratio:8.2f} x")


# -- cold start ----------------------------------------------------------------------------------------------------------------------------


def _cold(box, directory, rounds):
    """Import, and clients that may trade: ours with their markets on disk, ccxt loading its own."""
    box.control.reset()
    configs, state = _configs(box, directory), directory / "state"
    open_three = [sys.executable, str(CONTENDERS / "open_three.py"), str(configs), str(state)]
    contenders = {
        "ccxt.async_support + load_markets": wall([sys.executable, str(CONTENDERS / "plain_ccxt.py"), box.url]),
        "three clients, cached markets": wall(open_three),
    }
    contenders["three clients, cached markets"]()  # writes the markets
    measured = interleave(contenders, "ccxt.async_support + load_markets", rounds)
    table("cold start of three exchanges", measured, "ms", "ccxt", {"three clients, cached markets": "<= 0.7"})


# -- ours ----------------------------------------------------------------------------------------------------------------------------------


class _Orders:
    """Sends one verified order after the other."""

    def __init__(self, manager) -> None:
        self._manager = manager
        self._number = 0

    def unthrottle(self, venue) -> None:
        """Give the account its burst of requests again: ccxt is measured without its rate limiter, and waiting is not what is compared."""
        client = next(each.client for each in self._manager._parts.venues if each.name == venue)
        client._connection.budget._line = 0.0

    async def send(self, kind, venue) -> None:
        """Spot is bought, perpetuals are sold short; `venue` None splits it over all."""
        from basis_venues.actions import PerpTrade, SpotTrade

        self._number += 1
        shared = {"id": f"a{self._number}", "venue": venue, "valid_until": int(time.time() * 1000) + 86_400_000}
        if kind == "spot":
            action = SpotTrade(symbol=SPOT, side="buy", quantity="0.001", **shared)
        else:
            action = PerpTrade(symbol=PERP, side="sell", quantity="0.01" if venue else "0.03", **shared)
        (await self._manager.execute_action(action)).raise_unless_verified()


@asynccontextmanager
async def _manager(box, directory, synced=True):
    import attrs

    from basis_venues.assemble import assemble
    from basis_venues.execution.manager import ExecutionManager

    directory.mkdir(parents=True)
    run = assemble("exchanges", configs=_configs(box, directory), live=True, profile="local", state=directory / "state", env={})
    parts = run.parts if synced else attrs.evolve(run.parts, open_journal=_unsynced)
    async with ExecutionManager(parts) as manager:
        yield _Orders(manager)


def _unsynced(path, clock):
    """The journal, without waiting for the disk."""
    from basis_venues.journal.sqlite import SqliteJournal

    journal = SqliteJournal(path, clock)
    journal._db.execute("PRAGMA synchronous=OFF")
    return journal


def _plain():
    sys.path.insert(0, str(CONTENDERS))
    import plain_ccxt

    return plain_ccxt


def _configs(box, directory):
    configs = directory / "configs"
    venues = {name: list(VENUES) for name in ("cex_spot", "cex_futures")}
    weights = {"binance": "0.34", "bybit": "0.33", "okx": "0.33"}
    endpoints = {venue: {"endpoints": {"base": box.url}} for venue in VENUES}
    files = {
        "modes/exchanges": {
            "mode": "exchanges", "share_class": "USDT", "asset": "BTC", "allocation": {"cex_futures": weights},
            "venues": {"data_subscriptions": list(VENUES), "execution_subscriptions": venues},
        },
        "environments/local": {"default": "testnet", "throwaway_keys": True, "venues": endpoints},
        **{f"venues/{venue}": {"venue_type": "cex", "timing": {"poll_ms": 5}} for venue in VENUES},
    }  # fmt: skip
    for name, content in files.items():
        file = configs / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content), encoding="utf-8")
    return configs

"""Runs against the sandbox's exchanges: real manager, journal and sockets; and the oracle that every fault is judged by.

One sandbox in a process of its own serves a whole session, and begins again for each test. Its time is the run's: a profile with
`clock:` tells it, so that a fence of seconds passes in no time where a test lets it.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from basis_venues.actions import Action, PerpTrade, SpotTrade
from basis_venues.assemble import Assembly, assemble
from basis_venues.clock import Clock
from basis_venues.execution.manager import ExecutionManager
from basis_venues.journal.sqlite import SqliteJournal
from basis_venues.journal.state import JournalState
from basis_venues.orders import Effect, deltas
from basis_venues.results import ActionResult, LegResult, error_of
from basis_venues.states import OPEN, State, Verdict
from basis_venues_sandbox import Control, Running, running_sandbox
from basis_venues_sandbox.exchange.keys import throwaway

CONFIGS = Path(__file__).parents[2] / "configs"
VENUES = ("binance", "bybit", "okx")
START = 1_704_154_200_000
"""2024-01-02 00:10 UTC: hours away from funding."""
ENDOWMENT = Decimal(100_000)
SPOT, PERP = "BTC/USDT", "BTC/USDT:USDT"
QUICK = {"poll_ms": 40, "absent_reads": 2, "fence_margin_ms": 100, "patience_ms": 20_000, "verify_within_ms": 1200}
FENCE_MS = 5_000
"""How long a write may take, by all three manifests."""
_KEYS = ("BINANCE_SPOT_API_KEY", "BINANCE_SPOT_SECRET", "BINANCE_FUTURES_API_KEY", "BINANCE_FUTURES_SECRET", "BYBIT_API_KEY",
         "BYBIT_SECRET", "OKX_API_KEY", "OKX_SECRET", "OKX_PASSPHRASE")  # fmt: skip
CANARIES = tuple(throwaway(f"CEX__{name}") for name in _KEYS)
During = Callable[["World"], Awaitable[None]]


class World:
    """One test's configuration, journal and view of the sandbox. `venue`: the one that the mode trades at, or empty for all three."""

    def __init__(self, box: Running, directory: Path, venue: str = "") -> None:
        self.box, self.directory, self.venue = box, directory, venue
        self.venues = (venue,) if venue else VENUES
        self.told: list[ActionResult] = []
        self.run: Assembly | None = None
        self.begun: dict[str, str] = {}
        _write_configs(self)

    @property
    def control(self) -> Control:
        return self.box.control

    # -- running -----------------------------------------------------------------------------------------------------------------

    def assemble(self, clock: Clock | None = None, profile: str = "sandbox", **options: Any) -> Assembly:
        """The parts of a live run."""
        given = {"configs": self.directory / "configs", "live": True, "profile": profile, "state": self.directory / "state", "env": {}}
        return assemble("exchanges", **(given | {"since": self.control.time(), "clock": clock} | options))

    @asynccontextmanager
    async def open(self, **options: Any) -> AsyncIterator[ExecutionManager]:
        """A manager that is started; the run's clock goes on where the sandbox stands."""
        self.run = self.assemble(**options)
        async with ExecutionManager(self.run.parts) as manager:
            yield manager

    def act(self, *actions: Action, during: During | None = None, **options: Any) -> list[LegResult]:
        """Carry the actions out one after the other in one run; answers their legs. `during` runs beside them."""

        async def inside() -> list[LegResult]:
            legs: list[LegResult] = []
            async with self.open(**options) as manager:
                beside = asyncio.create_task(during(self)) if during is not None else None  # type: ignore[arg-type]
                for action in actions:
                    result = await manager.execute_action(action)
                    self.told.append(result)
                    legs += result.legs
                if beside is not None:
                    await beside
            return legs

        return asyncio.run(inside())

    def pass_time(self, milliseconds: int) -> None:
        """Let time pass at once, in the run and in the sandbox."""
        assert self.run is not None
        clock: Any = self.run.clock
        clock.set(clock.now() + milliseconds)

    async def until(self, condition: Callable[[], Any], seconds: float = 10) -> None:
        """Wait beside a run until something holds at the sandbox."""
        for _ in range(int(seconds / 0.02)):
            if condition():
                return
            await asyncio.sleep(0.02)
        raise AssertionError("what the test waits for did not come")

    def spot(self, name: str = "a", **changes: Any) -> SpotTrade:
        """Buy 0.1 BTC."""
        usual: dict[str, Any] = {"id": name, "symbol": SPOT, "side": "buy", "quantity": "0.1", "valid_until": START + 86_400_000}
        return SpotTrade(**(usual | {"venue": self.venue or None} | changes))

    def perp(self, name: str = "b", **changes: Any) -> PerpTrade:
        """Sell 0.1 BTC short."""
        usual: dict[str, Any] = {"id": name, "symbol": PERP, "side": "sell", "quantity": "0.1", "valid_until": START + 86_400_000}
        return PerpTrade(**(usual | {"venue": self.venue or None} | changes))

    def settings(self, venue: str = "", **changes: Any) -> None:
        """Lay keys over a venue's YAML."""
        file = self.directory / "configs" / "venues" / f"{venue or self.venue}.yaml"
        file.write_text(json.dumps(yaml.safe_load(file.read_text()) | changes), encoding="utf-8")

    def profile(self, name: str, **keys: Any) -> None:
        """Write a profile of its own."""
        said = {"default": "testnet", "throwaway_keys": True, **keys}
        (self.directory / "configs" / "environments" / f"{name}.yaml").write_text(json.dumps(said), encoding="utf-8")

    def endow(self, wallet: str, asset: str, balance: str) -> None:
        """Give the venue's account something to begin with."""
        self.control.endow(self.venue, wallet, asset, balance)
        self.begun[f"{self.venue}:{wallet}:{asset}"] = balance

    # -- what the sandbox saw ----------------------------------------------------------------------------------------------------

    def fault(self, endpoint: str, *verbs: Any, **arguments: Any) -> None:
        self.control.fault(self.venue, endpoint, *verbs, **arguments)

    def asked(self, since: int = 0, venue: str = "") -> dict[str, int]:
        """Requests by endpoint."""
        counted: dict[str, int] = {}
        for each in self.control.requests(venue or self.venue, since):
            counted[each["endpoint"]] = counted.get(each["endpoint"], 0) + 1
        return counted

    def looks(self) -> int:
        """How often orders were read since the first was sent."""
        asked = [each["endpoint"] for each in self.control.requests(self.venue)]
        return asked[asked.index("order.create") :].count("order.read") if "order.create" in asked else 0

    def mark(self) -> int:
        return int(self.control.state()["requests"])

    def orders(self, venue: str = "") -> list[dict[str, Any]]:
        return self.control.orders(venue or self.venue)

    # -- the oracle --------------------------------------------------------------------------------------------------------------

    def journal(self) -> JournalState:
        """What the journal on disk says; raises where its hash chain does not hold."""
        state = JournalState({venue: f"{venue}:testnet:1" for venue in self.venues})
        journal = SqliteJournal(self.directory / "state" / "journal.sqlite", _Now())
        try:
            for row in journal.verified():
                state.apply(row.event())
        finally:
            journal.close()
        return state

    def judge(
        self, output: str = "", *, effects: int | None = None, left_open: Collection[str] = (), foreign: Collection[str] = (),
        paid_twice: Mapping[str, int] | None = None,
    ) -> JournalState:  # fmt: skip
        """The five points. `effects`: how many orders have filled something, in all. `left_open`: steps that are not settled.
        `foreign`: client ids of orders that are not of this journal. `paid_twice` is for tests that prove a hole."""
        state = self.journal()
        self._one_effect_each(state, effects, foreign, paid_twice or {})
        self._sums(state)
        self._nothing_unlisted(state, left_open)
        self._no_secret(output)
        return state

    def _one_effect_each(self, state: JournalState, effects: int | None, foreign: Collection[str], twice: Mapping[str, int]) -> None:
        """Points 1 and 2: what the venue did for our keys is what the journal's steps did, and each step at most once."""
        filled: dict[tuple[str, str], int] = {}
        for venue in self.venues:
            for order in self.orders(venue):
                if order["client_id"] in foreign:
                    continue
                name = state.attempts.get(order["client_id"])
                assert name is not None, f"{venue} holds an order that no step of the journal sent: {order}"
                if Decimal(order["filled"]):
                    filled[name] = filled.get(name, 0) + 1
        for name, record in state.steps.items():
            told = [*(record.report.effects if record.report else ()), *record.late]
            trades = [effect for effect in told if effect.kind == "trade"]
            assert filled.get(name, 0) <= twice.get(name[1], 1), f"{name[1]} had more than one effect"
            if name not in state.open and record.report is not None and record.report.state not in (State.NEEDS_HUMAN, *OPEN):
                assert bool(trades) == (name in filled), f"{name[1]}: the journal says {told}, the venue {filled.get(name, 0)}"
        if effects is not None:
            assert sum(filled.values()) == effects

    def _sums(self, state: JournalState) -> None:
        """Point 3: beginning + deltas of the journal + those of others = what the venue holds; of accounts with nothing open."""
        unsettled = {record.sending.order.account for record in (*state.open.values(), *state.parked.values())}
        unsettled |= set(state.frozen)
        told: list[Effect] = []
        for record in state.steps.values():
            told += [*(record.report.effects if record.report else ()), *record.externals, *record.late]
        once = {effect.id: effect for effect in told}
        moved = deltas(once.values())
        for venue in set(self.venues) - unsettled:
            for key, amount in moved.items():
                if key.startswith((f"{venue}:balance:", f"{venue}:collateral:")):
                    self._held(venue, key, amount)

    def _held(self, venue: str, key: str, moved: Decimal) -> None:
        _, kind, asset = key.split(":", 2)
        wallet = {"collateral": "futures", "balance": "spot" if venue == "binance" else "trading"}[kind]
        if asset.startswith("funding/"):
            wallet, asset = "funding", asset.removeprefix("funding/")
        held = Decimal(self.control.balances(venue)[wallet].get(asset, "0"))
        before = Decimal(self.begun.get(f"{venue}:{wallet}:{asset}", ENDOWMENT if asset == "USDT" and wallet != "funding" else 0))
        assert abs(before + moved - held) <= Decimal("0.0000001"), f"{key}: {before} + {moved} is not {held}"

    def _nothing_unlisted(self, state: JournalState, left_open: Collection[str]) -> None:
        """Point 4: what is not over is listed by the command, and no result that hides it says 0."""
        people = {step for (_, step), each in state.steps.items() if each.report and each.report.state is State.NEEDS_HUMAN}
        unsettled = {step for _, step in (*state.open, *state.parked)} | people
        assert unsettled == set(left_open)
        if unsettled:
            shown = self.command("journal", "show", "--state", str(self.directory / "state"), "--json")
            assert unsettled <= {each["step"] for each in json.loads(shown[1])["open"]}
            last = {result.action.id: result for result in self.told}
            for step in unsettled:
                result = last.get(step.partition("/")[0])
                error = None if result is None else error_of(result)
                assert result is None or (error is not None and error.exit_code), f"{step} is open, and its result says nothing of it"

    def _no_secret(self, output: str) -> None:
        """Point 5: in no file below the test's directory, in no result, in nothing printed."""
        said = output + repr(self.told)
        for canary in CANARIES:
            assert canary not in said
        for file in self.directory.rglob("*"):
            if file.is_file():
                content = file.read_bytes()
                assert not any(canary.encode() in content for canary in CANARIES), file

    def command(self, *arguments: str) -> tuple[int, str, str]:
        """The real command, in this process: its exit code, stdout and stderr."""
        from basis_venues.cli.app import app

        done = CliRunner().invoke(app, arguments)
        return done.exit_code, done.stdout, done.stderr


def verified(*legs: LegResult) -> bool:
    """Whether every leg is filled and verified; says why not."""
    for leg in legs:
        assert (leg.state, leg.verdict) == (State.FILLED, Verdict.VERIFIED), f"{leg.order}: {leg.state} {leg.verdict} {leg.reason}"
    return True


class _Now:
    def now(self) -> int:
        return START

    async def sleep(self, milliseconds: int) -> None:
        raise AssertionError("nothing waits here")


def _write_configs(world: World) -> None:
    configs = world.directory / "configs"
    for name in ("modes", "venues", "environments"):
        (configs / name).mkdir(parents=True)
    shutil.copy(CONFIGS / "venue_requirements.yaml", configs)
    venues = list(world.venues)
    mode: dict[str, Any] = {
        "mode": "exchanges", "share_class": "USDT", "asset": "BTC",
        "venues": {
            "data_subscriptions": venues,
            "execution_subscriptions": {"cex_spot": venues, "cex_futures": venues, "wallet": venues},
        },
    }  # fmt: skip
    if not world.venue:
        weights = dict(zip(VENUES, ("0.4", "0.3", "0.3"), strict=True))
        mode["allocation"] = {"cex_futures": weights, "cex_spot": weights}
    base = {venue: {"endpoints": {"base": world.box.url}} for venue in venues}
    profile = {"default": "testnet", "throwaway_keys": True, "clock": [f"{world.control.url}/time"], "venues": base}
    (configs / "modes" / "exchanges.yaml").write_text(json.dumps(mode), encoding="utf-8")
    (configs / "environments" / "sandbox.yaml").write_text(json.dumps(profile), encoding="utf-8")
    machine = {name: value for name, value in profile.items() if name != "clock"}
    (configs / "environments" / "machine.yaml").write_text(json.dumps(machine), encoding="utf-8")
    for venue in venues:
        quick = {"venue_type": "cex", "request_timeout_ms": 1500, "timing": QUICK}
        (configs / "venues" / f"{venue}.yaml").write_text(json.dumps(quick), encoding="utf-8")


@pytest.fixture(scope="session")
def box() -> Iterator[Running]:
    """One sandbox for the session, in a process of its own."""
    with running_sandbox(now=START, process=True) as running:
        yield running


@pytest.fixture
def fresh(box: Running) -> Iterator[Running]:
    """The sandbox as it begins, at the plan's time."""
    box.control.listen()
    box.control.reset(now=START)
    yield box
    box.control.listen()


@pytest.fixture
def world(fresh: Running, venue: str, tmp_path: Path) -> World:
    """A run at one venue: for tests with the parameter `venue`."""
    return World(fresh, tmp_path, venue)


@pytest.fixture(scope="session")
def world_of() -> type[World]:
    """Makes a run at a sandbox of the test's own."""
    return World


@pytest.fixture
def three(fresh: Running, tmp_path: Path) -> World:
    """A run at all three."""
    return World(fresh, tmp_path)


@pytest.fixture(scope="session")
def all_verified() -> Callable[..., bool]:
    """Asserts that legs are filled and verified."""
    return verified

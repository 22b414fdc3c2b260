"""Runs over the toy venues: the parts of a manager put together by hand, crashes, and the five-point oracle "nothing lost"."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import frozen
from canaries import CANARY
from toy_venues import Chain, ChainClient, ChainModel, Exchange, ExchangeClient, ExchangeModel, ToyMarket, World, WorldClock

from basis_venues.actions import Action, SpotTrade, Supply, Transfer
from basis_venues.clock import Clock
from basis_venues.config.modes import Mode
from basis_venues.config.routes import Route
from basis_venues.config.venues import Timing
from basis_venues.contract import VenueClient, VenueModel
from basis_venues.execution.manager import ExecutionManager
from basis_venues.execution.parts import Parts
from basis_venues.journal.events import Frozen
from basis_venues.journal.sqlite import Entry, SqliteJournal
from basis_venues.journal.state import JournalState
from basis_venues.network import Account
from basis_venues.observers import Observers
from basis_venues.orders import deltas
from basis_venues.results import ActionResult
from basis_venues.router import ActionRouter
from basis_venues.simulate import SimulatedClient, SimulatedLedger
from basis_venues.states import State, Verdict
from basis_venues.venues import Venue, Venues

TIMING = Timing(poll_ms=500, absent_reads=2, fence_margin_ms=500, patience_ms=60_000, verify_within_ms=3_000)
TOLERATED = frozenset({"funding", "deposit", "transfer"})
FAR = 10_000_000_000


class Killed(BaseException):
    """The run ends here, as if the process had been killed."""


def nowhere(name: str) -> None:
    """No point of the run is special."""


_MANY_PAGES = Entry.of(Frozen("nobody", "x" * 50_000, {"nobody": "nobody"}))
"""A row that needs new pages, so that a full disk is met at once and not some commits later."""


class PointJournal(SqliteJournal):
    """A journal that tells when it writes, counts its commits, and may run out of space."""

    point: Callable[[str], None] = staticmethod(nowhere)
    commits = 0
    full = False
    synced = False
    """Whether each commit waits for the disk. A test that ends its own run has no need of that."""

    def __init__(self, path: Path, clock: Clock) -> None:
        super().__init__(path, clock)
        if not self.synced:
            self._db.execute("PRAGMA synchronous=OFF")

    def append(self, entries: Sequence[Entry]) -> None:
        names = "+".join(entry.kind.capitalize() for entry in entries)
        self.point(f"before the commit of {names}")
        self.commits += 1
        super().append((*entries, _MANY_PAGES) if self.full else entries)
        self.point(f"after the commit of {names}")

    def no_more_space(self) -> None:
        """From now on the disk is full."""
        (pages,) = self._db.execute("PRAGMA page_count").fetchone()
        self._db.execute(f"PRAGMA max_page_count = {pages}")
        self.full = True


@frozen(kw_only=True)
class Run:
    """Everything that outlives a runner: the world, and the directory of its journal."""

    directory: Path

    def set_up(self) -> Run:
        """Give an exchange and the chain what their accounts hold at first."""
        self.exchange().set_up()
        self.chain.set_up()
        return self

    @property
    def world(self) -> World:
        return World(self.directory / "world.json")

    @property
    def clock(self) -> WorldClock:
        return WorldClock(self.world)

    def exchange(self, name: str = "north") -> Exchange:
        return Exchange(self.world, name)

    @property
    def chain(self) -> Chain:
        return Chain(self.world)

    @property
    def journal(self) -> Path:
        return self.directory / "state" / "journal.sqlite"

    def parts(
        self,
        *,
        mode: str = "toy",
        point: Callable[[str], None] = nowhere,
        simulated: Sequence[str] = (),
        broken: str = "",
        spoil: str = "",
        opening: dict[str, Decimal] | None = None,
        observers: Observers | None = None,
        halt_on_failure: bool = True,
        journals: list[PointJournal] | None = None,
        weights: tuple[str, str] = ("0.5", "0.5"),
        tolerated: frozenset[str] = TOLERATED,
        identity: str = "one",
    ) -> Parts:
        """A manager's parts over whichever venues the world has been given."""
        clock, market = self.clock, ToyMarket(self.clock)
        names = tuple(self.world.load()["venues"])
        makers: dict[str, Callable[[str, str], VenueModel]] = {"chain": ChainModel}
        models = {name: makers.get(name, ExchangeModel)(name, broken) for name in names}
        ledger = SimulatedLedger(models, market, clock, opening or {})
        clients: dict[str, VenueClient] = {}
        for name in names:
            if name in simulated:
                clients[name] = SimulatedClient(ledger, reverts=name == "chain")
            elif name == "chain":
                clients[name] = ChainClient(self.chain, f"chain:{identity}", point)
            else:
                clients[name] = ExchangeClient(self.exchange(name), f"{name}:{identity}", point, spoil)
        venues = Venues(
            (Venue(n, models[n], clients[n], n in simulated, n == "chain", TIMING, tolerated) for n in names),
            lambda alias: "chain" if alias in ("wallet", "vault") else alias,
        )
        aliases = {name: "wallet" if name == "chain" else name for name in names}
        accounts = {alias: Account(alias, f"testnet:{alias}", name, alias) for name, alias in aliases.items()}
        if "chain" in names:  # a second account, whose transactions the wallet signs
            accounts["vault"] = Account("vault", "testnet:vault", "chain", "wallet")
        exchanges = tuple(name for name in names if name != "chain")
        shares = tuple(map(Decimal, weights)) if len(exchanges) == 2 else (Decimal(1),) * len(exchanges)
        routes = {"cex_spot": Route(exchanges, shares), "lending_execution": Route(("chain",), (Decimal(1),))}
        toy = Mode(name=mode, routes=routes, execution_venues=names)
        router = ActionRouter(toy, models, {}, accounts, lambda name: accounts[aliases[name]], market)

        def open_journal(path: Path, clock: Clock) -> SqliteJournal:
            journal = PointJournal(path, clock)
            journal.point = point  # type: ignore[method-assign]
            if journals is not None:
                journals.append(journal)
            return journal

        return Parts(
            mode=mode, router=router, venues=venues, accounts=accounts, market=market, clock=clock, ledger=ledger,
            state_directory=self.directory / "state", open_journal=open_journal, observers=observers or Observers(),
            halt_on_failure=halt_on_failure,
        )  # fmt: skip

    def manager(self, **options: Any) -> ExecutionManager:
        """A new runner's manager."""
        return ExecutionManager(self.parts(**options))

    def act(self, *actions: Action, together: bool = False, **options: Any) -> tuple[ActionResult, ...]:
        """Start a runner, carry the actions out, one by one or all `together`, end it."""

        async def run() -> tuple[ActionResult, ...]:
            async with self.manager(**options) as manager:
                if together:
                    return await manager.execute_actions(actions)
                return tuple([await manager.execute_action(action) for action in actions])

        return asyncio.run(run())

    def replayed(self, **options: Any) -> JournalState:
        """What the journal on disk says, read by a new reader."""
        journal = SqliteJournal(self.journal, self.clock)
        identities = {"north": "north:one", "south": "south:one", "wallet": "chain:one", "vault": "testnet:vault"}
        state = JournalState(identities)
        for row in journal.verified():
            state.apply(row.event())
        journal.close()
        return state


def buy(number: int | str = 1, quantity: str = "1", **fields: Any) -> SpotTrade:
    """Buy BTC at the toy exchange."""
    values = {"id": f"buy-{number}", "symbol": "BTC/USDT", "side": "buy", "quantity": quantity, "valid_until": FAR, **fields}
    return SpotTrade(**values)


def supply(number: int | str = 1, amount: str = "100", **fields: Any) -> Supply:
    """Supply USDT on the toy chain: an approve, then the supply."""
    return Supply(**{"id": f"supply-{number}", "asset": "USDT", "amount": amount, "valid_until": FAR, **fields})


def send(number: int | str = 1, amount: str = "50", **fields: Any) -> Transfer:
    """Send USDT from one toy exchange to the other."""
    values = {"id": f"send-{number}", "source": "north", "target": "south", "asset": "USDT", "amount": amount, "valid_until": FAR, **fields}
    return Transfer(**values)


def crash_when(name: str) -> Callable[[str], None]:
    """A point function that ends the run at the first point of that name, whatever comes before it. Expect `Killed`: a name that no
    point has any more ends nothing."""

    def point(passed: str) -> None:
        if passed == name:
            raise Killed(name)

    return point


def crash_at(number: int) -> tuple[Callable[[str], None], list[str]]:
    """A point function that ends the run at the `number`th point (counted from 0), and the names of the points it passed."""
    passed: list[str] = []

    def point(name: str) -> None:
        passed.append(name)
        if len(passed) == number + 1:
            raise Killed(name)

    return point, passed


def lost(run: Run, wanted: Sequence[Action], opening: dict[str, str]) -> list[str]:
    """The five-point oracle: what is wrong, in words; empty when nothing was lost and nothing happened twice.

    1, 2: every effect at a venue under a key of ours belongs to exactly one step of the journal, and each action has at most one.
    3: opening + effects = position, and the journal's book says the same. 4: no action is left open without being listed.
    5: no canary in any byte written.
    """
    state = run.replayed()
    wrong: list[str] = []
    data = run.world.load()["venues"]
    for name, venue in data.items():
        if name == "chain":
            sendings = [record.sending for record in state.steps.values() if record.sending.order.venue == "chain"]
            by_hash = {each: sending for sending in sendings for each in sending.prepared.payload["hashes"]}
            wrong += [f"a transaction that the journal does not know: {b['hash']}" for b in venue["blocks"] if b["hash"] not in by_hash]
            mined = [by_hash[block["hash"]].step.id for block in venue["blocks"] if block["hash"] in by_hash]
            wrong += [f"{step} is mined twice" for step in set(mined) if mined.count(step) > 1]
            continue
        keys: dict[str, set[str]] = {}
        for row in venue["effects"]:
            if row["order"] is None:
                continue
            step = state.attempts.get(row["order"])
            if step is None:
                wrong.append(f"an effect that belongs to no step: {row['id']}")
            else:
                keys.setdefault(step[1], set()).add(row["order"])
        wrong += [f"{step} has effects under {len(used)} attempts" for step, used in keys.items() if len(used) > 1]
    for venue in data.values():
        total: dict[str, Decimal] = {key: Decimal(amount) for key, amount in opening.items()}
        for row in (*venue.get("effects", ()), *venue.get("blocks", ())):
            for key, amount in row["lines"]:
                total[key] = total.get(key, Decimal(0)) + Decimal(amount)
        for key, amount in venue["positions"].items():
            if total.get(key, Decimal(0)) != Decimal(amount):
                wrong.append(f"the venue's own sum is off at {key}")
            if key in state.known and state.book[key] != Decimal(amount):
                wrong.append(f"the book says {state.book[key]} of {key}, the venue {amount}")
    for action in wanted:
        record = state.actions.get(("toy", action.id))
        if record is None:
            wrong.append(f"{action.id} is unknown")
        elif record.result is None and not state.open and not state.frozen and not state.parked:
            wrong.append(f"{action.id} is neither closed nor listed")
        elif record.result is not None:
            wrong += _results_match(state, record.result, data)
    for path in run.directory.rglob("*"):
        if path.is_file() and CANARY.encode() in path.read_bytes():
            wrong.append(f"a secret in {path.name}")
    return wrong


def _results_match(state: JournalState, result: ActionResult, data: dict[str, Any]) -> list[str]:
    """A result's deltas are what the venues carried out under its steps' keys."""
    wrong = []
    for leg in result.legs:
        if leg.venue == "chain":
            continue
        keys = {key for key, (_, step) in state.attempts.items() if step in leg.steps}
        total: dict[str, Decimal] = {}
        for row in data[leg.venue]["effects"]:
            if row["order"] in keys:
                for key, amount in row["lines"]:
                    total[key] = total.get(key, Decimal(0)) + Decimal(amount)
        if total != leg.deltas and leg.state is not State.NEEDS_HUMAN and leg.verdict is not Verdict.MISMATCHED:
            wrong.append(f"{leg.order} says {leg.deltas}, the venue did {total}")
    return wrong


__all__ = [
    "CANARY", "FAR", "Killed", "PointJournal", "Run", "buy", "crash_at", "crash_when", "deltas", "lost", "nowhere", "send",
    "supply",
]  # fmt: skip

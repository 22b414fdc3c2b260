"""Properties of the pure parts: dividing, folding, replaying, adding up, and the course of states."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, localcontext
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from toy_runs import TIMING, Killed, Run, buy, crash_at, nowhere, supply
from toy_venues import ExchangeModel, World, WorldClock

from basis_venues.actions import Action, Approve, FromLeg, Supply, Transfer
from basis_venues.amounts import MONEY, floor_to
from basis_venues.clock import SystemClock
from basis_venues.config.modes import Mode
from basis_venues.config.routes import Route
from basis_venues.contract import Market, StepFails, VenueClient, VenueModel
from basis_venues.errors import Denied
from basis_venues.execution.boundary import listed
from basis_venues.execution.resolution import needs_person
from basis_venues.execution.settle import Recourse, settle
from basis_venues.fold import fold
from basis_venues.journal.state import JournalState
from basis_venues.keys import Key
from basis_venues.network import Account, Network
from basis_venues.orders import Effect, Limits, Order, Prepared, Ref, Report, Snapshot, Step, deltas
from basis_venues.positions import Overlaid, Positions
from basis_venues.router import ActionRouter
from basis_venues.simulate import SimulatedLedger
from basis_venues.split import Share, split
from basis_venues.states import CLOSED, State
from basis_venues.venues import Venue

amounts = st.decimals(min_value="0.000001", max_value="1000000", places=6)
lots = st.sampled_from(["1", "0.5", "0.1", "0.03", "0.01", "0.001", "0.0001", "0.000001"]).map(Decimal)


@st.composite
def shares(draw: st.DrawFn, lot: st.SearchStrategy[Decimal] = lots) -> list[Share]:
    parts = draw(st.lists(st.integers(1, 1000), min_size=1, max_size=5))
    with localcontext(MONEY):
        total = Decimal(sum(parts)) * draw(st.sampled_from([1, 1, 2]))
        weights = [Decimal(part) / total for part in parts]
    minimum = st.sampled_from(["0", "0", "0.001", "1", "50"]).map(Decimal)
    return [Share(f"v{n}", weight, draw(lot), draw(minimum)) for n, weight in enumerate(weights)]


@given(whole=amounts, wanted=shares())
def test_parts_and_rest_are_the_whole_exactly(whole: Decimal, wanted: list[Share]) -> None:
    """Every part is whole lots and not under its minimum; parts plus rest are the whole to the last digit; the rest is not negative."""
    with localcontext(MONEY):
        parts, rest, notes = split(whole, wanted)
        by_venue = {share.venue: share for share in wanted}
        assert sum((part for _, part in parts), Decimal(0)) + rest == whole
        assert rest >= 0
        for venue, part in parts:
            assert part > 0
            assert floor_to(part, by_venue[venue].lot) == part
            assert part >= by_venue[venue].minimum
        assert len(parts) + len(notes) == len(wanted)


@given(venues=st.permutations("abcde"), more=st.integers(0, 4))
def test_lots_that_several_have_an_equal_claim_to_go_by_name(venues: list[str], more: int) -> None:
    """Five equal weights and some lots too many: the last names get them, in whatever sequence and process, so a restart divides alike."""
    with localcontext(MONEY):
        parts, rest, _ = split(Decimal(10 + more), [Share(name, Decimal("0.2"), Decimal(1), Decimal(0)) for name in venues])
        assert dict(parts) == {name: Decimal(3 if place >= 5 - more else 2) for place, name in enumerate("abcde")}
        assert rest == 0


@given(whole=amounts, wanted=shares(st.sampled_from([Decimal(0), Decimal(0), Decimal("0.01")])))
def test_any_amount_is_divided_without_a_rest(whole: Decimal, wanted: list[Share]) -> None:
    """Where some venue takes any amount, endless digits are cut and nothing is lost."""
    with localcontext(MONEY):
        parts, rest, _ = split(whole, wanted)
        assert sum((part for _, part in parts), Decimal(0)) + rest == whole
        assert rest >= 0
        assert all(part > 0 for _, part in parts)


def test_thirds_lose_no_lot() -> None:
    """Three equal weights miss 1 by their sixtieth digit, and three lots are still three lots."""
    with localcontext(MONEY):
        third = Decimal(1) / 3
        parts, rest, _ = split(Decimal(3), [Share(name, third, Decimal(1), Decimal(0)) for name in "abc"])
        assert (parts, rest) == ((("a", Decimal(1)), ("b", Decimal(1)), ("c", Decimal(1))), 0)


@pytest.mark.parametrize(("quantity", "over"), [("2", None), ("2.002", "1.001 at south, which takes 1")])
def test_what_is_too_much_for_one_venue_is_refused_before_another_trades(quantity: str, over: str | None) -> None:
    """Half each: north takes any amount, south 1 at most. More than that is known to be refused there, and no leg is begun."""

    class Narrow(ExchangeModel):
        def limits(self, action: Action) -> Limits:
            return super().limits(action)._replace(maximum=Decimal(self.name == "south"))

    venues = ("north", "south")
    mode = Mode(name="toy", routes={"cex_spot": Route(venues, (Decimal("0.5"), Decimal("0.5")))}, execution_venues=venues)
    accounts = {name: Account(name, f"testnet:{name}", name, name) for name in venues}
    router = ActionRouter(mode, {name: Narrow(name) for name in venues}, {}, accounts, accounts.__getitem__)
    if over is None:
        assert [order.action.quantity for order in router.route(buy(1, quantity)).orders] == [1, 1]  # type: ignore[attr-defined]
    else:
        with pytest.raises(Denied, match=over):
            router.route(buy(1, quantity))


def test_lots_of_very_different_sizes_are_divided_quickly() -> None:
    """A remainder of a million small lots is given away in a few turns."""
    with localcontext(MONEY):
        wanted = [
            Share("a", Decimal("0.4"), Decimal(1000), Decimal(0)),
            *(Share(f"b{n}", Decimal("0.3"), Decimal("0.000001"), Decimal(0)) for n in range(2)),
        ]
        parts, rest, _ = split(Decimal("4999.999999"), wanted)
        assert sum((part for _, part in parts), Decimal(0)) + rest == Decimal("4999.999999")
        assert rest == 0


# -- replay ----------------------------------------------------------------------------------------------------------------------

VERBS = ["fill", "drop_reply", "refuse", "never", "late:2", "hide:2", "partial", "expire", "rest", "not_sent", "bad:none", "rest_forever"]
READS = ["ok", "ok", "unreadable", "float"]


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_journal_replay_equals_live(data: st.DataObject) -> None:
    """After any sequence of actions, behaviours, crashes, trades of others and words of people, replaying the journal gives the state that
    is live in the run that follows."""
    directory = Path(tempfile.mkdtemp())
    try:
        run = Run(directory=directory).set_up()
        for killed in [*[True] * data.draw(st.integers(0, 2)), False]:
            run.exchange().change(
                script=data.draw(st.lists(st.sampled_from(VERBS), max_size=3)),
                reads=data.draw(st.lists(st.sampled_from(READS), max_size=8)),
            )
            _one_run(run, data, crash_at(data.draw(st.integers(5, 120)))[0] if killed else nowhere)
    finally:
        shutil.rmtree(directory)


def _one_run(run: Run, data: st.DataObject, point: Callable[[str], None]) -> None:
    asked = data.draw(st.lists(st.sampled_from([buy(1), buy(2), buy(3, "0.5"), supply(1), supply(2)]), min_size=1, max_size=4))

    async def go() -> None:
        async with run.manager(point=point) as manager:
            for number, action in enumerate(asked):
                if number == 1 and data.draw(st.booleans()):
                    run.exchange().foreign({"USDT": "5"}, kind=data.draw(st.sampled_from(["deposit", "trade"])))
                    run.clock.pass_by(60_000)
                if number == 2 and run.chain.state()["blocks"]:
                    run.chain.reorganise(reverts=data.draw(st.booleans()))
                await manager.execute_action(action)
                for step in [step for (_, step), record in manager.state.steps.items() if needs_person(record)]:
                    if data.draw(st.booleans()):
                        await manager.resolve(step, data.draw(st.sampled_from([State.FILLED, State.REJECTED])), "for the test")
            live.append(manager.state)

    live: list[JournalState] = []
    try:
        asyncio.run(go())
    except Killed:
        return
    assert attrs.evolve(run.replayed(), identities=live[0].identities) == live[0]


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(quantities=st.lists(st.sampled_from(["1", "0.5", "0.123", "3"]), min_size=1, max_size=4), verb=st.sampled_from(VERBS[:-1]))
def test_fill_sum_equals_position(quantities: list[str], verb: str) -> None:
    """The sum of all results' deltas is the change of the venue's position, whatever the venue did first."""
    directory = Path(tempfile.mkdtemp())
    try:
        run = Run(directory=directory)
        run.exchange().set_up([verb])
        results = run.act(*(buy(number, quantity) for number, quantity in enumerate(quantities)))
        moved = sum((result.deltas.get("north:balance:BTC", Decimal(0)) for result in results), Decimal(0))
        assert moved == run.exchange().position("BTC")
    finally:
        shutil.rmtree(directory)


# -- states ----------------------------------------------------------------------------------------------------------------------

ORDER = Order("a/north", buy(), "north", "north", "north")
STEP = Step("a/north/0", ORDER, (buy(),))
MOVE = Transfer(id="m", source="north", target="north", asset="USDT", amount="5", from_wallet="funding", to_wallet="spot")


def fills(count: int) -> tuple[Effect, ...]:
    return tuple(Effect(f"f{n}", "k", (("north:balance:BTC", Decimal(1)),), n, "trade") for n in range(count))


async def never_renewed(prepared: Prepared) -> Prepared | None:
    """A write without a form that could replace it."""
    return None


class Telling(VenueClient):
    """A venue that tells what it is made to tell, and `ABSENT` from then on."""

    network = Network.TESTNET

    def __init__(self, reports: Sequence[Report]) -> None:
        self._reports = list(reports)
        self.sent = 0

    async def open(self) -> Mapping[str, str]:
        return {}

    async def prepare(self, step: Step, attempt_key: str) -> Prepared:
        raise NotImplementedError

    async def send(self, prepared: Prepared) -> Report:
        self.sent += 1
        return Report(State.UNKNOWN)

    async def lookup(self, prepared: Prepared) -> Report:
        return self._reports.pop(0) if self._reports else Report(State.ABSENT)

    async def positions(self, keys: object, at: int) -> Snapshot:
        raise NotImplementedError

    async def recent_effects(self, keys: object, since: int, until: int) -> Sequence[Effect]:
        return ()


shown = st.builds(
    Report,
    state=st.sampled_from([State.ACCEPTED, State.PARTIAL, State.ABSENT, State.UNKNOWN, State.REJECTED, State.FILLED, State.CANCELLED]),
    effects=st.integers(0, 3).map(fills),
)


@settings(max_examples=150)
@given(reports=st.lists(shown, max_size=8))
def test_state_never_regresses(reports: list[Report]) -> None:
    """Once an exchange has shown an order, it is neither absent nor refused, and no fill that was shown is lost again."""
    honest = [r for r in reports if not (r.state is State.REJECTED and r.effects) and not (r.state is State.FILLED and not r.effects)]
    directory = Path(tempfile.mkdtemp())
    try:
        clock = WorldClock(World(directory / "world.json"))
        client = Telling(honest)
        venue = Venue("north", _Nothing(), client, False, False, TIMING, frozenset())
        report = asyncio.run(
            settle(venue, Prepared("k", STEP, {}, clock.now()), Report(State.UNKNOWN), None, clock, Recourse(lambda: None, never_renewed))
        )
    finally:
        shutil.rmtree(directory)
    consumed = honest[: len(honest) - len(client._reports)]
    seen: set[str] = set()
    accepted = False
    for each in consumed:
        if each.state in (State.ACCEPTED, State.PARTIAL):
            accepted = True
            seen |= {effect.id for effect in each.effects}
    assert client.sent == 0
    if accepted:
        assert report.state not in (State.ABSENT, State.REJECTED, State.UNKNOWN)
        assert seen <= {effect.id for effect in report.effects}
    assert report.state in CLOSED | {State.ABSENT, State.NEEDS_HUMAN}


def test_an_unreadable_history_proves_no_absence_and_is_not_read_at_every_look() -> None:
    """Look-ups that say absent for good, and lists that cannot be read: a person decides, and nothing is sent again."""
    read: list[str] = []

    async def unread(prepared: Prepared) -> Report:
        read.append(prepared.key)
        return Report(State.UNKNOWN, reason="cannot be read")

    directory = Path(tempfile.mkdtemp())
    try:
        clock = WorldClock(World(directory / "world.json"))
        client = Telling([])
        venue = Venue("north", _Nothing(), client, False, False, TIMING, frozenset())
        prepared, recourse = Prepared("k", STEP, {}, clock.now()), Recourse(lambda: None, never_renewed, unread)
        report = asyncio.run(settle(venue, prepared, Report(State.UNKNOWN), None, clock, recourse))
    finally:
        shutil.rmtree(directory)
    looks = TIMING.patience_ms // TIMING.poll_ms
    assert (report.state, client.sent) == (State.NEEDS_HUMAN, 0)
    assert 0 < len(read) <= looks // TIMING.absent_reads


class Suspended(WorldClock):
    """The machine sleeps through the first wait, and twice the patience goes by."""

    woke = False

    async def sleep(self, milliseconds: int) -> None:
        await super().sleep(milliseconds if self.woke else 2 * TIMING.patience_ms)
        self.woke = True


def test_a_machine_that_slept_through_the_patience_looks_to_the_end(tmp_path: Path) -> None:
    """The write got lost before: as many looks as prove that are made after waking, and it is tried anew instead of asking a person."""
    clock = Suspended(World(tmp_path / "world.json"))
    venue = Venue("north", _Nothing(), Telling([]), False, False, TIMING, frozenset())
    prepared, recourse = Prepared("k", STEP, {}, clock.now()), Recourse(lambda: None, never_renewed)
    report = asyncio.run(settle(venue, prepared, Report(State.UNKNOWN), None, clock, recourse))
    assert report.state is State.ABSENT


def test_a_wait_ends_when_the_time_has_come_though_the_machine_was_suspended() -> None:
    """An hour is to be waited for, and the machine is suspended for most of it, which the event loop's timers do not count."""

    class Woken(SystemClock):
        suspended = 0

        def now(self) -> int:
            return super().now() + self.suspended

    async def wait() -> int:
        clock = Woken()
        due = clock.now() + 3_600_000
        asyncio.get_running_loop().call_later(0.01, setattr, clock, "suspended", 3_599_000)
        await asyncio.wait_for(clock.sleep(3_600_000), 60)
        return clock.now() - due

    assert 0 <= asyncio.run(wait()) < 60_000


@pytest.mark.parametrize(
    ("action", "order", "seen", "state"),
    [
        (MOVE, None, (), State.UNKNOWN),
        (MOVE, None, ("t",), State.ABSENT),
        (MOVE, "k", (), State.ACCEPTED),
        (MOVE, "another", (), State.ABSENT),
        (buy(), None, (), State.ABSENT),
    ],
)
def test_a_transfer_that_names_no_write_may_be_the_one_that_is_looked_for(
    action: Action, order: str | None, seen: tuple[str, ...], state: State
) -> None:
    """Some venues list transfers without our key: while one that was not seen before stands there, ours is not proven absent."""

    class Moved(Telling):
        async def recent_effects(self, keys: object, since: int, until: int) -> Sequence[Effect]:
            return (Effect("t", order, (("north:balance:USDT", Decimal(-5)),), 9, "transfer"),)

    prepared = Prepared("k", Step("a/north/0", ORDER, (action,)), {}, 5)
    assert asyncio.run(listed(Moved([]), prepared, ("north:balance:USDT",), 0, seen)).state is state


# -- folding ---------------------------------------------------------------------------------------------------------------------


class _Nothing(VenueModel):
    """A protocol whose parts move an asset from its balance to its deposit, or fail."""

    def touches(self, order: Order, view: Mapping[Key, Decimal]) -> tuple[Key, ...]:
        return ()

    def plan(self, order: Order, view: Mapping[Key, Decimal], market: Market) -> tuple[Step, ...]:
        return ()

    def effects(self, step: Step, action: Action, view: Mapping[Key, Decimal], market: Market, ref: Ref) -> tuple[Effect, ...]:
        assert isinstance(action, (Supply, Approve))
        balance = f"{step.order.account}:balance:{action.asset}"
        assert isinstance(action.amount, Decimal)
        if isinstance(action, Approve):  # stands for a part that brings something in
            return (Effect(f"{ref.id}:0", None, ((balance, action.amount),), 0, "flash"),)
        if view[balance] < action.amount:
            raise StepFails("not enough")
        lines = ((balance, -action.amount), (f"{step.order.account}:supplied:toy/{action.asset}", action.amount))
        return (Effect(f"{ref.id}:0", None, lines, 0, "lend"),)


parts = st.one_of(
    st.builds(Approve, asset=st.sampled_from("AB"), amount=st.integers(0, 5).map(Decimal), spender=st.just("toy")),
    st.builds(Supply, asset=st.sampled_from("AB"), amount=st.one_of(st.integers(1, 5).map(Decimal), st.integers(0, 3).map(FromLeg))),
)


@given(legs=st.lists(parts, min_size=2, max_size=6), held=st.integers(0, 6))
def test_a_bundle_is_folded_all_or_nothing(legs: list[Action], held: int) -> None:
    """Each part sees what the parts before it changed; when one fails nothing stands; the view itself never changes."""
    assume(all(not isinstance(leg.amount, FromLeg) or leg.amount.leg < n for n, leg in enumerate(legs) if isinstance(leg, Supply)))
    view = Positions({"toy:balance:A": Decimal(held)})
    step = Step("a/toy/0", Order("a/toy", buy(), "toy", "toy", "toy"), tuple(legs))
    before = dict(view)
    expected = _by_hand(legs, held)
    try:
        effects = fold({"toy": _Nothing()}, step, view, _MARKET, Ref("r", 0))
    except StepFails:
        assert expected is None
    else:
        assert expected is not None
        assert {key: amount for key, amount in deltas(effects).items() if amount} == {
            key: amount for key, amount in expected.items() if amount
        }
        assert len({effect.id for effect in effects}) == len(effects)
    assert dict(view) == before


def _by_hand(legs: Sequence[Action], held: int) -> dict[str, Decimal] | None:
    """The same by plain arithmetic; None where the bundle fails."""
    balance = {"A": Decimal(held), "B": Decimal(0)}
    change: dict[str, Decimal] = {}
    gains: list[tuple[str, Decimal]] = []
    for leg in legs:
        assert isinstance(leg, (Supply, Approve))
        amount = leg.amount
        if isinstance(amount, FromLeg):
            asset, gained = gains[amount.leg]
            amount = gained if asset == leg.asset else Decimal(0)
            if amount <= 0:
                return None
        assert isinstance(amount, Decimal)
        sign = 1 if isinstance(leg, Approve) else -1
        if sign < 0 and balance[leg.asset] < amount:
            return None
        balance[leg.asset] += sign * amount
        gains.append((leg.asset, sign * amount))
        change[f"toy:balance:{leg.asset}"] = change.get(f"toy:balance:{leg.asset}", Decimal(0)) + sign * amount
        if sign < 0:
            change[f"toy:supplied:toy/{leg.asset}"] = change.get(f"toy:supplied:toy/{leg.asset}", Decimal(0)) + amount
    return change


class _NoMarket:
    def now(self) -> int:
        return 0

    def value(self, series: str) -> Decimal:
        return Decimal(1)

    def events(self, series: str, since: int, until: int) -> Sequence[tuple[int, Decimal]]:
        return ()

    def next_event(self, series: str, after: int) -> int | None:
        return None


_MARKET = _NoMarket()


@given(below=st.dictionaries(st.sampled_from("abcd"), amounts, max_size=4), changes=st.lists(st.tuples(st.sampled_from("abcd"), amounts)))
def test_an_overlay_is_the_mapping_that_it_reads_as(below: dict[str, Decimal], changes: list[tuple[str, Decimal]]) -> None:
    """However it is read (items, values, length, as a dict, by `in`), it is the base with the changes; its base is not touched."""
    base = Positions(below)
    over, plain = Overlaid(base), dict(below)
    for key, amount in changes:
        over[key] = plain[key] = amount
    assert dict(over) == {**over} == dict(over.items()) == plain
    assert (len(over), sorted(over), sorted(over.values())) == (len(plain), sorted(plain), sorted(plain.values()))
    assert [key in over for key in "abcd"] == [key in plain for key in "abcd"]
    assert [over[key] == over.get(key) == plain.get(key, Decimal(0)) for key in "abcd"] == [True] * 4
    assert base == below


@given(lines=st.lists(st.tuples(st.sampled_from(["a:balance:X", "a:balance:Y", "b:perp:Z"]), amounts, st.booleans()), max_size=12))
def test_deltas_are_the_change_of_positions(lines: list[tuple[str, Decimal, bool]]) -> None:
    """Applying effects to positions changes each by its delta, in the ledger, in plain positions and in an overlay alike."""
    with localcontext(MONEY):
        effects = [Effect(str(n), None, ((key, amount if up else -amount),), 0, "trade") for n, (key, amount, up) in enumerate(lines)]
        base = Positions({"a:balance:X": Decimal(5)})
        over = Overlaid(base)
        over.apply(effects)
        plain = Positions(base)
        plain.apply(effects)
        directory = Path(tempfile.mkdtemp())
        clock = WorldClock(World(directory / "world.json"))
        ledger = SimulatedLedger({}, _MARKET, clock, base)
        ledger.apply(effects, ())
        shutil.rmtree(directory)
        for key in ("a:balance:X", "a:balance:Y", "b:perp:Z"):
            want = base[key] + deltas(effects).get(key, Decimal(0))
            assert over[key] == plain[key] == ledger.positions[key] == want
        assert base == {"a:balance:X": Decimal(5)}

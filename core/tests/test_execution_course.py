"""The course of an action with a journal: stops, people, what others do meanwhile, what could not be read, lanes and commits."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pluggy
import pytest
from toy_runs import FAR, Killed, PointJournal, Run, buy, crash_when, lost, nowhere, send, supply
from toy_venues import ChainClient, ExchangeClient

from basis_venues import hookspecs
from basis_venues.accounts import account_named
from basis_venues.actions import SpotTrade
from basis_venues.errors import ActionConflict, Denied, Incomplete, InvalidAction, JournalUnwritable, Stopped, TryAgainLater
from basis_venues.execution.blocking import BlockingManager
from basis_venues.execution.manager import ExecutionManager
from basis_venues.execution.reconcile import Book, Reconciler
from basis_venues.execution.resolution import resolution
from basis_venues.execution.stops import HaltFlags
from basis_venues.journal.events import Frozen, Observed, Outcome, Reopened, Resolved, Sending
from basis_venues.journal.state import JournalState, StepRecord
from basis_venues.keys import Key
from basis_venues.network import Account
from basis_venues.observers import Observers
from basis_venues.orders import Effect, Order, Prepared, Report, Snapshot, Step
from basis_venues.positions import Positions
from basis_venues.results import ActionResult, Compared, error_of
from basis_venues.states import State, Verdict
from basis_venues.venues import Venues

OPENING = {"north:balance:USDT": "1000000", "south:balance:USDT": "1000000", "wallet:balance:USDT": "1000", "wallet:balance:ETH": "10"}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(directory=tmp_path)
    run.exchange().set_up()
    return run


@pytest.fixture
def pair(tmp_path: Path) -> Run:
    run = Run(directory=tmp_path)
    run.exchange("north").set_up()
    run.exchange("south").set_up()
    return run


def sent(run: Run, name: str = "north") -> int:
    return len(run.exchange(name).state()["writes"])


# -- ids ---------------------------------------------------------------------------------------------------------------------------


def test_a_closed_id_returns_its_stored_result_and_never_acts_again(run: Run) -> None:
    """The same id again, in this run and the next: the stored result, digit for digit, and no second write."""
    first, again = run.act(buy(), buy())
    (later,) = run.act(buy())
    assert first == again == later
    assert sent(run) == 1


@pytest.mark.parametrize("verb", ["refuse", "expire"])
def test_a_closed_failure_never_acts_again(run: Run, verb: str) -> None:
    """A refused or expired action stays so under its id."""
    run.exchange().change(script=[verb])
    first, again = run.act(buy(), buy())
    assert first == again == run.act(buy())[0]
    assert first.state == {"refuse": "REJECTED", "expire": "EXPIRED"}[verb]
    assert sent(run) == 1


def test_an_id_with_other_parameters_is_refused(run: Run) -> None:
    """The id is known with another quantity: ActionConflict, in this run and the next."""
    run.act(buy())
    with pytest.raises(ActionConflict, match="other parameters"):
        run.act(buy(quantity="2"))
    assert sent(run) == 1


def test_an_id_in_flight_is_refused_to_a_second_caller(run: Run) -> None:
    """Two callers ask for one id at the same time: one carries it out, the other is told to wait."""

    async def both() -> list[Any]:
        async with run.manager() as manager:
            return await asyncio.gather(*(manager.execute_action(buy()) for _ in range(2)), return_exceptions=True)

    first, second = asyncio.run(both())
    assert first.state == "VERIFIED"
    assert isinstance(second, ActionConflict)
    assert sent(run) == 1


def test_a_live_action_needs_an_id_and_valid_until(run: Run) -> None:
    """Without either nothing is sent."""
    for action in (buy(valid_until=None), SpotTrade(symbol="BTC/USDT", side="buy", quantity="1", valid_until=FAR)):
        with pytest.raises(InvalidAction):
            run.act(action)
    assert sent(run) == 0


# -- stops and people --------------------------------------------------------------------------------------------------------------


def test_halting_in_the_middle_of_a_run_stops_the_next_write(run: Run) -> None:
    """A flag that appears just before the write leaves: nothing is sent; after it is gone a new action is."""
    flags = HaltFlags(run.directory / "state" / "halt")

    def point(name: str) -> None:
        if name == "prepared":
            flags.halt("the operator says so")

    (result,) = run.act(buy(1), point=point)
    assert result.state == "INTERRUPTED"
    assert "the operator says so" in result.legs[0].reason
    assert run.act(buy(2))[0].state == "STOPPED"
    assert flags.resume()
    assert run.act(buy(3))[0].state == "VERIFIED"
    assert sent(run) == 1


def test_a_halted_start_sends_nothing_again(tmp_path: Path) -> None:
    """The transaction was lost, the runner killed, and then the operator halts: the same bytes wait until the flag is gone."""
    run = Run(directory=tmp_path)
    run.chain.set_up(["lose"])
    flags = HaltFlags(tmp_path / "state" / "halt")
    with pytest.raises(Killed):
        run.act(supply(), point=crash_when("executed, before the reply"))
    flags.halt("stop")
    assert len(run.chain.state()["broadcasts"]) == 1
    (waiting,) = run.act(supply())
    assert waiting.state == "UNKNOWN"
    assert len(run.chain.state()["broadcasts"]) == 1
    flags.resume()
    assert run.act(supply())[0].state == "VERIFIED"
    assert lost(run, [supply()], OPENING) == []


def test_a_flag_that_cannot_be_read_halts(tmp_path: Path) -> None:
    """What stands in a flag's place is not readable: nothing is sent; where there is nothing, not even at a link's end, it may be."""
    flags = HaltFlags(tmp_path)
    (tmp_path / "account-gone").symlink_to(tmp_path / "nowhere")
    assert flags.reason("north", "gone") is None
    (tmp_path / "account-north").mkdir()
    assert "cannot be read" in str(flags.reason("north"))
    assert flags.reason("south") is None
    assert list(flags.all()) == ["north"]


def unsettled(run: Run) -> None:
    """An order whose outcome the venue never tells, until a person has to."""
    run.exchange().change(script=["rest_forever"])
    (result,) = run.act(buy())
    assert result.state == "NEEDS_HUMAN"


def test_an_order_that_must_not_rest_and_does_is_asked_back(run: Run) -> None:
    """Left in the book, it would be filled after a person was asked. It ends as what it is, and the account acts on."""
    run.exchange().change(script=["rest:9999"])
    stuck, after = run.act(buy(1), buy(2))
    assert [(leg.state, leg.verdict) for leg in stuck.legs] == [(State.CANCELLED, Verdict.VERIFIED)]
    assert after.state == "VERIFIED"
    assert lost(run, [buy(1), buy(2)], OPENING) == []


def test_an_outcome_that_cannot_be_settled_freezes_the_account(run: Run) -> None:
    """Patience ends: the account is frozen over restarts, the id stays open, and other orders are refused."""
    unsettled(run)
    again, other = run.act(buy(), buy(2))
    assert again.state == "NEEDS_HUMAN"
    assert other.state == "STOPPED"
    assert "frozen" in other.legs[0].reason
    assert sent(run) == 1


@pytest.mark.parametrize(("answer", "closed"), [(State.FILLED, "VERIFIED"), (State.REJECTED, "REJECTED")])
def test_a_person_resolves_a_step(run: Run, answer: State, closed: str) -> None:
    """Both answers close the id for good, thaw the account, and its positions are taken as the venue shows them."""
    unsettled(run)
    key = next(iter(run.replayed().attempts))
    if answer is State.FILLED:
        run.exchange().fill_late(key, "1")
    run.exchange().cancel(key)

    async def resolve() -> tuple[ActionResult, ActionResult]:
        async with run.manager() as manager:
            with pytest.raises(Denied):
                await manager.resolve("nobody/0", answer, "a mistake")
            await manager.resolve("buy-1/north/0", answer, "seen on the venue's site")
            with pytest.raises(Denied):
                await manager.resolve("buy-1/north/0", answer, "twice")
            return await manager.execute_action(buy()), await manager.execute_action(buy(2))

    first, second = asyncio.run(resolve())
    assert (first.state, second.state) == (closed, "VERIFIED")
    assert run.act(buy())[0] == first
    assert run.replayed().book["north:balance:USDT"] == run.exchange().position("USDT")


SENT = "send-1/north/0"


def sent_away(pair: Run, trouble: str) -> Decimal:
    """50 USDT leave north for south, and its account cannot be read then, or shows something else, or first the one and then the other.
    Answers what is on its way."""
    pair.act(buy("south", venue="south"), buy("north", venue="north"))
    pair.clock.pass_by(60_000)

    def point(name: str) -> None:
        if name == "executed, before the reply":
            if "parked" in trouble:
                pair.exchange().change(reads=["unreadable"] * 50)
            if trouble == "mismatched":
                unexplained(pair)

    (result,) = pair.act(send(), point=point)
    pair.exchange().change(reads=[])
    if trouble == "parked, then mismatched":
        unexplained(pair)
        (result,) = pair.act(send())
    assert result.state == ("UNVERIFIED" if trouble == "parked" else "MISMATCHED")
    return sum(pair.replayed().obligations().values(), Decimal(0))


def unexplained(run: Run) -> None:
    """A balance becomes another, and no history says why."""
    data = run.world.load()
    data["venues"]["north"]["positions"]["north:balance:USDT"] = "1000"
    run.world.save(data)


def arriving(run: Run, *said: State | str) -> tuple[Decimal, ActionResult]:
    """What is on its way after a person has resolved the transfer, or thawed its account; and the next order of the account that 50 USDT
    came to then, which only transfers of our own may."""

    async def go() -> tuple[Decimal, ActionResult]:
        async with run.manager(tolerated=frozenset({"funding"})) as manager:
            for each in said:
                if isinstance(each, State):
                    await manager.resolve(SENT, each, "seen on the venue's site")
                else:
                    await manager.thaw("north", "seen on the venue's site")
            owed = sum(manager.obligations().values(), Decimal(0))
            assert run.replayed().obligations() == manager.obligations()
            run.exchange("south").foreign({"USDT": "50"}, kind="deposit")
            run.clock.pass_by(60_000)
            return owed, await manager.execute_action(buy("next", venue="south"))

    return asyncio.run(go())


TROUBLES = ["parked", "mismatched", "parked, then mismatched"]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_transfer_that_never_happened_is_not_on_its_way(pair: Run, trouble: str) -> None:
    """A person says so: nothing is owed any more, and a stranger's deposit of the same amount is not taken for it."""
    assert sent_away(pair, trouble) == 50
    owed, after = arriving(pair, State.REJECTED)
    assert owed == 0
    assert "deposit of someone else" in after.legs[0].reason
    assert pair.replayed().obligations() == {}
    if "then" not in trouble:
        assert pair.replayed().book["north:balance:USDT"] == 999_900


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("thawed", [False, True])
def test_a_transfer_that_happened_is_on_its_way_until_it_arrives(pair: Run, trouble: str, thawed: bool) -> None:
    """Whatever its account showed, what it sent is owed once: when a person says that it happened, after a thaw, and until it arrives."""
    assert sent_away(pair, trouble) == 50
    owed, after = arriving(pair, *(["thaw"] if thawed and trouble != "parked" else []), State.FILLED)
    assert (owed, after.state) == (50, "VERIFIED")
    assert pair.replayed().obligations() == {}


def test_a_transfer_that_arrived_before_it_is_denied_leaves_no_debt(pair: Run) -> None:
    """Somebody says that it never happened after it was met by a deposit: what has ended is not undone to less than nothing."""
    sent_away(pair, "parked")

    async def go() -> dict[str, Decimal]:
        async with pair.manager() as manager:
            pair.exchange("south").foreign({"USDT": "50"}, kind="deposit")
            await manager.execute_action(buy("next", venue="south"))
            assert manager.obligations() == {}
            await manager.resolve(SENT, State.REJECTED, "a mistake")
            return manager.obligations()

    assert asyncio.run(go()) == {}


@pytest.mark.parametrize("answer", [State.FILLED, State.REJECTED])
def test_what_a_person_says_of_a_step_is_passed_on_to_the_simulated_side(pair: Run, answer: State) -> None:
    """The ledger of a mixed run follows the live book through a resolution: it neither keeps nor loses what was parked."""
    pair.exchange().change(reads=["ok", *["unreadable"] * 50])
    pair.act(buy(1, venue="north"))
    pair.exchange().change(reads=["unreadable"])

    async def go() -> tuple[Decimal, Decimal]:
        async with pair.manager(simulated=("south",), opening={"south:balance:USDT": Decimal(1000)}) as manager:
            await manager.resolve("buy-1/north/0", answer, "seen on the venue's site")
            await manager.execute_action(buy(2, venue="north"))
            await manager.execute_action(buy(3, venue="north"))
            return manager.run.loop.simulated.ledger.positions["north:balance:USDT"], manager.state.book["north:balance:USDT"]

    simulated, live = asyncio.run(go())
    assert simulated == live == pair.exchange().position("USDT")


@pytest.mark.parametrize("answer", [State.FILLED, State.REJECTED])
def test_what_a_step_without_an_end_owes_is_in_the_books_when_a_person_confirms_it(run: Run, answer: State) -> None:
    """The venue told of effects and never of an end: none of them is in the books, and only what they owe comes there. The rest is read."""
    unsettled(run)
    state = run.replayed()
    record, book = state.steps["toy", "buy-1/north/0"], dict(state.book)
    owed = {"north:claim:north/1": Decimal(3), "north:transit:USDT/e": Decimal(2)}
    effect = Effect("e", None, (("north:balance:USDT", Decimal(-5)), *owed.items()), 1, "unstake")
    assert record.report is not None
    record.report = record.report._replace(effects=(effect,))
    state.apply(Resolved("toy", "buy-1/north/0", answer, "seen", {"north": "north:one"}))
    happened = answer is State.FILLED
    assert state.obligations() == (owed if happened else {})
    assert {key: amount for key, amount in state.book.items() if key not in owed} == book
    assert ("north:transit:USDT/e" in state.known) == happened


def test_of_an_account_that_shows_something_else_the_books_take_what_it_owes(run: Run) -> None:
    """A claim as it is shown, a transit that began as the effects say, one that arrived as ended; of balances nothing."""
    usdt, claim, sent, came = (f"north:{name}" for name in ("balance:USDT", "claim:north/1", "transit:USDT/new", "transit:USDT/old"))
    known = {usdt: Decimal(999_000), came: Decimal(7)}
    parts = run.parts()
    run.exchange().foreign({"USDT": "7"}, kind="deposit")
    data = run.world.load()
    data["venues"]["north"]["positions"][claim] = "4"
    run.world.save(data)
    found = asyncio.run(
        Reconciler(parts.venues, parts.clock).reconcile(
            (usdt,), {claim: Decimal(5), sent: Decimal(3)}, (), 0, parts.venues.named("north"), Book(Positions(known), known, {}, ())
        )
    )
    assert found.verdict is Verdict.MISMATCHED
    assert found.book == {claim: 4, sent: 3, came: 0}


def test_a_rejected_first_step_is_not_followed_by_the_second(tmp_path: Path) -> None:
    """A person says that the approve never happened: the supply does not go out after it."""
    run = Run(directory=tmp_path)
    run.chain.set_up(["pool:100000"])
    assert run.act(supply())[0].state == "NEEDS_HUMAN"

    async def resolve() -> ActionResult:
        async with run.manager() as manager:
            await manager.resolve("supply-1/chain/0", State.REJECTED, "dropped")
            return await manager.execute_action(supply())

    assert asyncio.run(resolve()).state == "REJECTED"
    assert len(run.chain.state()["broadcasts"]) == 1


@pytest.mark.parametrize("restarted", [True, False])
def test_the_step_after_one_that_a_person_resolved_goes_to_an_account_that_was_read(tmp_path: Path, restarted: bool) -> None:
    """The approve waits for ever; meanwhile somebody takes 300 away. The supply after it is proven by what the account held then."""
    run = Run(directory=tmp_path)
    run.chain.set_up(["pool:100000"])

    def mined_and_300_taken() -> None:
        data = run.world.load()
        held = data["venues"]["chain"]["positions"]
        held |= {"wallet:balance:USDT": "700", "wallet:balance:ETH": "9.99", "wallet:allowance:chain/USDT": "100"}
        data["venues"]["chain"] |= {"pool": {}, "nonce": 1, "height": 90}
        run.world.save(data)

    async def go_on(manager: ExecutionManager) -> ActionResult:
        mined_and_300_taken()
        await manager.resolve("supply-1/chain/0", State.FILLED, "it was mined")
        return await manager.execute_action(supply())

    async def act(*, first: bool, last: bool) -> ActionResult | None:
        async with run.manager() as manager:
            if first:
                assert (await manager.execute_action(supply())).state == "NEEDS_HUMAN"
            return await go_on(manager) if last else None

    if restarted:
        asyncio.run(act(first=True, last=False))
    result = asyncio.run(act(first=not restarted, last=True))
    assert result is not None
    assert (result.state, run.replayed().frozen) == ("VERIFIED", {})
    compared = {line.key: (line.expected, line.observed) for line in result.legs[0].compared}
    assert compared["wallet:balance:USDT"] == (600, 600)


def test_a_step_that_cannot_be_read_for_waits_until_it_can(tmp_path: Path) -> None:
    """The account that a person let go on cannot be read: the next step is not sent, and the same id goes on later."""
    run = Run(directory=tmp_path)
    run.chain.set_up(["pool:100000"])
    assert run.act(supply())[0].state == "NEEDS_HUMAN"

    class Blind(ChainClient):
        async def positions(self, keys: Collection[Key], at: int) -> Snapshot:
            raise TimeoutError

    async def go_on_blindly() -> ActionResult:
        parts = run.parts()
        chain = parts.venues.named("chain")
        blind = Venues([chain._replace(client=Blind(run.chain, "chain:one", nowhere))], parts.venues.keeper)
        async with ExecutionManager(attrs.evolve(parts, venues=blind)) as manager:
            await manager.resolve("supply-1/chain/0", State.FILLED, "it was mined")
            return await manager.execute_action(supply())

    data = run.world.load()
    data["venues"]["chain"]["positions"]["wallet:allowance:chain/USDT"] = "100"
    data["venues"]["chain"]["pool"] = {}
    run.world.save(data)
    waits = asyncio.run(go_on_blindly())
    assert (waits.state, len(run.chain.state()["broadcasts"])) == ("UNKNOWN", 1)
    assert "it cannot go on now" in waits.legs[0].reason
    assert run.act(supply())[0].state == "VERIFIED"
    assert len(run.chain.state()["broadcasts"]) == 2


def test_an_unsettled_step_freezes_its_lane_until_it_is_resolved(tmp_path: Path) -> None:
    """The transaction of one account waits for ever: another account that the same wallet signs for does not act until a person says."""
    run = Run(directory=tmp_path)
    run.chain.set_up(["pool:100000"])
    assert run.act(supply(1, account="vault"))[0].state == "NEEDS_HUMAN"
    assert set(run.replayed().frozen) == {"vault", "wallet"}
    (other,) = run.act(supply(2))
    assert (other.state, len(run.chain.state()["broadcasts"])) == ("STOPPED", 1)

    async def resolve() -> ActionResult:
        async with run.manager() as manager:
            with pytest.raises(Denied, match="resolve it first"):
                await manager.thaw("wallet", "too early")
            await manager.resolve("supply-1/chain/0", State.REJECTED, "dropped")
            return await manager.execute_action(supply(3))

    assert asyncio.run(resolve()).state == "VERIFIED"
    assert run.replayed().frozen == {}


@pytest.mark.parametrize("why", ["supply-1/chain/0: it was lost", "before supply-2/chain: expected 5, observed 3", ""])
def test_a_wallet_that_is_frozen_for_something_else_is_not_thawed_with_the_account_that_it_signs_for(why: str) -> None:
    """A person says what became of a step of the vault: that tells nothing of a mismatch of the wallet. One that is not frozen is read
    anew, as the step cost it gas."""
    accounts = {"vault": "testnet:vault", "wallet": "chain:one"}
    order = Order("supply-1/chain", supply(1, account="vault"), "chain", "vault", "wallet")
    step = Step("supply-1/chain/0", order, (order.action,))
    state = JournalState(accounts)
    for event in (
        Sending("toy", order, (step,), 0, 0, Prepared("k", step, {}), (), {}, {}, 5, accounts),
        Outcome("toy", step.id, Report(State.NEEDS_HUMAN, reason="it was lost"), None, (), (), {}, {}, accounts),
        Frozen("vault", f"{step.id}: it was lost", accounts),
        *([Frozen("wallet", why, accounts)] if why else []),
    ):
        state.apply(event)
    _, *thawed = resolution(state, "toy", step.id, State.REJECTED, "dropped")
    assert [each.account for each in thawed] == (["vault"] if why.startswith("before") else ["vault", "wallet"])


@pytest.mark.parametrize(("kind", "frozen"), [("deposit", []), ("trade", ["north"])])
def test_what_others_did_to_an_account_that_the_mode_does_not_have_ends_no_order(run: Run, kind: str, frozen: list[str]) -> None:
    """While an order is sent, somebody moves 5 to the account from one that nobody here keeps: that is told, and the order proven."""

    class Beside(ExchangeClient):
        async def send(self, prepared: Prepared) -> Report:
            data = run.world.load()
            run.exchange()._book(data, [["north:balance:USDT", "5"], ["elsewhere:balance:USDT", "-5"]], None, kind)
            run.world.save(data)
            return await super().send(prepared)

    def keeper(alias: str) -> str:
        return account_named(alias, {"north": Account("north", "north:one", "north", "north")}).keeper

    async def go() -> tuple[ActionResult, list[str]]:
        parts = run.parts()
        north = parts.venues.named("north")._replace(client=Beside(run.exchange(), "north:one", nowhere))
        async with ExecutionManager(attrs.evolve(parts, venues=Venues([north], keeper))) as manager:
            return await manager.execute_action(buy()), list(manager.frozen)

    result, stopped = asyncio.run(go())
    assert (result.state, [effect.kind for effect in result.legs[0].externals], stopped) == ("VERIFIED", [kind], frozen)


def test_a_thawed_account_acts_again(run: Run) -> None:
    """An account that a stranger's trade froze: thawed, it is read anew and acts."""
    run.act(buy(1))
    run.exchange().foreign({"BTC": "5", "USDT": "-500"})
    run.clock.pass_by(60_000)
    assert run.act(buy(2))[0].state == "DENIED"

    async def thaw() -> ActionResult:
        async with run.manager() as manager:
            with pytest.raises(Denied):
                await manager.thaw("nobody", "a mistake")
            await manager.thaw("north", "it was me")
            return await manager.execute_action(buy(3))

    assert asyncio.run(thaw()).state == "VERIFIED"


@pytest.mark.parametrize("by", ["thaw", "resolve"])
def test_positions_after_a_person_let_an_account_act_are_read_and_not_the_books(pair: Run, by: str) -> None:
    """What the books no longer vouch for is read from its venue at once, also beside a simulated venue; the books keep their own figure."""
    pair.exchange().change(script=["rest_forever"])
    pair.act(buy(1, venue="north"))
    unexplained(pair)

    async def look(manager: ExecutionManager) -> tuple[Decimal, Decimal]:
        return (await manager.positions())["north:balance:USDT"], manager.state.book["north:balance:USDT"]

    async def go() -> list[tuple[Decimal, Decimal]]:
        async with pair.manager() as manager:
            await manager.resolve("buy-1/north/0", State.REJECTED, "seen on the venue's site")
            if by == "thaw":
                await manager.run.records.commit(Frozen("north", "for the test", {"north": "north:one"}))
                await manager.thaw("north", "moved by the desk")
            told = [await look(manager)]
        async with pair.manager(simulated=("south",), opening={"south:balance:USDT": Decimal(7)}) as manager:
            assert (await manager.positions())["south:balance:USDT"] == 7
            return [*told, await look(manager)]

    assert asyncio.run(go()) == [(Decimal(1000), Decimal(1_000_000))] * 2


def test_what_a_wrong_answer_of_a_person_left_on_the_account_is_shown(run: Run) -> None:
    """The order was filled, and a person says that it was not: what it bought is read, though the books had nothing of it and vouch for
    nothing now."""
    run.exchange().change(script=["rest_forever"])
    run.act(buy(1))
    run.exchange().foreign({"BTC": "1", "USDT": "-100"})

    async def look() -> Decimal:
        async with run.manager() as manager:
            await manager.resolve("buy-1/north/0", State.REJECTED, "looked at another account")
            return (await manager.positions())["north:balance:BTC"]

    assert asyncio.run(look()) == 1


def test_obligations_are_kept_over_a_restart_and_a_thaw(run: Run) -> None:
    """What has begun and not arrived stays in the books, whatever ends a run and whoever thaws the account."""
    owed = {"north:transit:USDT/REF": Decimal(7), "north:claim:north/1": Decimal(3)}

    async def note() -> None:
        async with run.manager() as manager:
            accounts = {"north": "north:one"}
            await manager.run.records.commit(Observed(owed, {}, (), accounts), Frozen("north", "for the test", accounts))

    async def look(thaw: bool) -> dict[str, Decimal]:
        async with run.manager() as manager:
            if thaw:
                await manager.thaw("north", "looked at")
            return manager.obligations()

    asyncio.run(note())
    assert asyncio.run(look(thaw=False)) == owed
    assert asyncio.run(look(thaw=True)) == owed
    assert asyncio.run(look(thaw=False)) == owed


def test_a_dismissed_transit_is_over_for_good_and_nothing_else_changes(run: Run) -> None:
    """Of two equal transits one is dismissed: a later deposit of that amount ends the other, and balances are as they are shown. A claim
    and what is not on its way cannot be dismissed."""
    usdt, one, two, claim = (f"north:{name}" for name in ("balance:USDT", "transit:USDT/ONE", "transit:USDT/TWO", "claim:north/1"))
    owed = {one: Decimal(50), two: Decimal(50), claim: Decimal(3)}

    async def go() -> tuple[Decimal, str]:
        async with run.manager() as manager:
            await manager.run.records.commit(Observed(owed, {}, (), {"north": "north:one"}))
            await manager.execute_action(buy(1))
            before = manager.state.book[usdt]
            await manager.dismiss(one, "credited on Monday")
            for wrong in (one, claim, "north:transit:USDT/TOW"):
                with pytest.raises(Denied, match="not on its way"):
                    await manager.dismiss(wrong, "a mistake")
            assert manager.obligations() == {two: Decimal(50), claim: Decimal(3)}
            run.exchange().foreign({"USDT": "50"}, kind="deposit")
            run.clock.pass_by(60_000)
            result = await manager.execute_action(buy(2))
            return before, result.state

    before, state = asyncio.run(go())
    assert state == "VERIFIED"
    after = run.replayed()
    assert after.obligations() == {claim: Decimal(3)}
    assert after.book[usdt] == run.exchange().position("USDT") == before + 50 - 100


class Rude:
    """An observer that raises whatever it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @hookspecs.hookimpl
    def action_routed(self) -> None:
        self.told.append("routed")
        raise SystemExit

    @hookspecs.hookimpl
    def order_state_changed(self) -> None:
        self.told.append("state")
        raise ValueError

    @hookspecs.hookimpl
    def reconciliation_finished(self) -> None:
        self.told.append("reconciled")
        raise BaseException

    @hookspecs.hookimpl
    def action_finished(self) -> None:
        self.told.append("finished")
        raise AssertionError


@pytest.mark.filterwarnings("ignore")
def test_observers_that_raise_change_nothing(run: Run) -> None:
    """Each hook is called, each call raises, and the result is the same as without them."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    rude = Rude()
    manager.register(rude, "rude")
    observers = Observers(manager)
    observers.refresh(("action_routed", "order_state_changed", "reconciliation_finished", "action_finished", "runner_halted"))
    (result,) = run.act(buy(), observers=observers)
    assert result.state == "VERIFIED"
    assert rude.told == ["routed", "state", "reconciled", "finished"]
    assert lost(run, [buy()], OPENING) == []


def test_valid_until_between_two_steps_starts_nothing_more(tmp_path: Path) -> None:
    """The approve took too long: the supply is not started, in this run or the next."""
    run = Run(directory=tmp_path)
    run.chain.set_up(["pool:5"])
    action = supply(valid_until=1_001_000)
    (result,) = run.act(action)
    assert result.state == "INTERRUPTED"
    assert run.act(action)[0] == result
    assert len(run.chain.state()["broadcasts"]) == 1


def test_valid_until_before_the_start_sends_nothing(run: Run) -> None:
    """An action whose time has passed is INTERRUPTED."""
    (result,) = run.act(buy(valid_until=5))
    assert result.state == "INTERRUPTED"
    assert sent(run) == 0


def test_a_proven_absence_is_not_sent_again_after_valid_until(run: Run) -> None:
    """The venue never got it, and meanwhile its time has passed: INTERRUPTED, with one write in all."""
    run.exchange().change(script=["never"])
    (result,) = run.act(buy(valid_until=1_003_000))
    assert result.state == "INTERRUPTED"
    assert sent(run) == 1


def test_an_order_that_only_the_accounts_lists_show_is_not_sent_again(run: Run) -> None:
    """Look-ups still say absent long after its fence, and its trades say that it arrived: it is waited for."""
    run.exchange().change(script=["hide:20"])
    with pytest.raises(Killed):
        run.act(buy(), point=crash_when("executed, before the reply"))
    run.clock.pass_by(60_000)
    (result,) = run.act(buy())
    assert result.state == "VERIFIED"
    assert sent(run) == 1
    assert lost(run, [buy()], OPENING) == []


def test_an_absence_that_the_account_denies_is_no_proof(run: Run) -> None:
    """Look-ups and lists lag behind for longer than the fence, and the balances already show the fill: it is not sent again."""
    run.exchange().change(script=["hide:9999"], histories=["ok"] + ["behind"] * 1_000)
    (result,) = run.act(buy())
    assert result.state == "NEEDS_HUMAN"
    assert "the account is not as it was left" in result.legs[0].reason
    assert sent(run) == 1


def test_an_absence_without_the_accounts_lists_is_no_proof(run: Run) -> None:
    """Look-ups say absent, and the history cannot be read: a person is asked, and nothing is sent again."""
    run.exchange().change(script=["never"], histories=["ok"] + ["unreadable"] * 1_000)
    (result,) = run.act(buy())
    assert result.state == "NEEDS_HUMAN"
    assert sent(run) == 1


def test_a_resting_order_is_cancelled_when_its_time_is_over(run: Run) -> None:
    """The core cancels after good_for; the time it rests is counted from its sending, also over a restart."""
    run.exchange().change(script=["rest:9999"])
    action = buy(order_type="limit", price="100", good_for=4_000)
    with pytest.raises(Killed):
        run.act(action, point=crash_when("after a look-up"))
    run.clock.pass_by(10_000)
    before = run.clock.now()
    (result,) = run.act(action)
    assert result.state == "CANCELLED"
    assert run.clock.now() - before < 2_000
    assert run.exchange().fills() == []


def test_a_venue_that_asks_to_wait_refuses_nothing(run: Run) -> None:
    """It cannot take orders just now: tried again while the action is valid, and INTERRUPTED at last, never a refusal of the order."""
    (result,) = run.act(buy(1), spoil="later")
    assert (result.state, result.legs[0].reason) == ("INTERRUPTED", "it did not reach the venue (banned for a minute)")
    assert isinstance(error_of(result), TryAgainLater)
    (result,) = run.act(buy(2), spoil="later once")
    assert result.state == "VERIFIED"
    assert sent(run) == 1


def test_a_known_plan_that_cannot_go_on_raises_nothing(run: Run) -> None:
    """A parked step of another mode's venue stands in the way of an order that was begun: it stays open, and the caller is told why."""
    run.exchange().change(script=["drop_reply"])

    async def go() -> ActionResult:
        async with run.manager() as manager:
            record = manager.state.steps["toy", "buy-1/north/0"]
            order = record.sending.order._replace(venue="elsewhere")
            other = StepRecord(record.sending._replace(order=order), record.report, Verdict.UNVERIFIED)
            manager.state.parked["other", "buy-1/elsewhere/0"] = other
            manager.state.actions["toy", "buy-1"].result = None
            return await manager.execute_action(buy(1))

    run.act(buy(1))
    result = asyncio.run(go())
    assert (result.state, sent(run)) == ("UNKNOWN", 1)
    assert "done at elsewhere" in result.legs[0].reason
    assert "run that mode first" in result.legs[0].reason


# -- what others do ----------------------------------------------------------------------------------------------------------------


def test_tolerated_effects_of_others_explain_a_difference(run: Run) -> None:
    """A deposit between two orders: VERIFIED, listed as external, in the books."""
    run.act(buy(1))
    run.exchange().foreign({"USDT": "50"}, kind="deposit")
    run.clock.pass_by(60_000)
    (result,) = run.act(buy(2))
    assert result.state == "VERIFIED"
    assert [effect.kind for effect in result.legs[0].externals] == ["deposit"]
    assert lost(run, [buy(1), buy(2)], OPENING) == []


def test_a_transit_that_has_arrived_is_not_waited_for_where_a_person_looks(run: Run) -> None:
    """Its end is counted with the balance that shows it, not beside it; the books take both up with the next order."""
    transit = "north:transit:USDT/REF"

    async def go() -> tuple[bool, Decimal, Decimal]:
        async with run.manager() as manager:
            await manager.run.records.commit(Observed({transit: Decimal(50)}, {}, (), {"north": "north:one"}))
            await manager.execute_action(buy(1))
            run.exchange().foreign({"USDT": "50"}, kind="deposit")
            lines = await manager.compared()
            return lines["north:balance:USDT"].agrees, lines[transit].expected, manager.obligations()[transit]

    assert asyncio.run(go()) == (True, 0, 50)


@pytest.mark.parametrize(("kind", "agrees"), [("deposit", True), ("trade", False)])
def test_what_happened_by_itself_since_is_expected_where_a_person_looks(run: Run, kind: str, agrees: bool) -> None:
    """What the policy tolerates is no difference; a stranger's trade is one. Looking changes neither the books nor what freezes."""
    run.act(buy(1))
    run.exchange().foreign({"USDT": "50"}, kind=kind)

    async def look() -> tuple[Compared, Decimal, dict[str, str]]:
        async with run.manager() as manager:
            lines = await manager.compared()
            assert all(line.agrees for key, line in lines.items() if key != "north:balance:USDT")
            return lines["north:balance:USDT"], manager.state.book["north:balance:USDT"], manager.frozen

    line, book, frozen = asyncio.run(look())
    assert line.observed == book + 50
    assert (line.agrees, line.expected - book) == (agrees, 50 if agrees else 0)
    assert frozen == {}


def test_a_deposit_seen_late_explains_a_key_that_was_not_read_meanwhile(run: Run) -> None:
    """A deposit of an asset that the orders in between did not touch is still found when the asset is read."""
    run.act(SpotTrade(id="eth-1", symbol="ETH/USDT", side="buy", quantity="1", valid_until=FAR))
    run.exchange().foreign({"ETH": "3"}, kind="deposit")
    run.clock.pass_by(60_000)
    run.act(buy(1))
    run.clock.pass_by(60_000)
    (result,) = run.act(SpotTrade(id="eth-2", symbol="ETH/USDT", side="buy", quantity="1", valid_until=FAR))
    assert result.state == "VERIFIED"
    assert [effect.kind for effect in result.legs[0].externals] == ["deposit"]


@pytest.mark.parametrize(
    ("transits", "left"),
    [
        ({"USDT/REF": "50"}, {}),
        ({"USDT/REF": "50", "USDT/OTHER": "7", "BTC/REF": "50"}, {"USDT/OTHER": "7", "BTC/REF": "50"}),
        ({"USDT/north-1": "51", "USDT/OTHER": "50"}, {"USDT/OTHER": "50"}),
        ({"USDT/ONE": "50", "USDT/TWO": "50"}, {"USDT/ONE": "50", "USDT/TWO": "50"}),
        ({"USDT/REF": "49"}, {"USDT/REF": "49"}),
    ],
)
def test_what_arrives_closes_its_transit(run: Run, transits: dict[str, str], left: dict[str, str]) -> None:
    """A deposit is the end of the transfer whose reference it has, else of the only one of its asset and amount; never of a guess."""
    owed = {f"north:transit:{name}": Decimal(amount) for name, amount in transits.items()}

    async def go() -> tuple[str, dict[str, Decimal]]:
        async with run.manager(tolerated=frozenset({"funding"} if len(left) < len(transits) else {"deposit"})) as manager:
            await manager.run.records.commit(Observed(owed, {}, (), {"north": "north:one"}))
            await manager.execute_action(buy(1))
            run.exchange().foreign({"USDT": "50"}, kind="deposit")
            run.clock.pass_by(60_000)
            result = await manager.execute_action(buy(2))
            return result.state, manager.obligations()

    assert asyncio.run(go()) == ("VERIFIED", {f"north:transit:{name}": Decimal(amount) for name, amount in left.items()})
    assert set(run.replayed().obligations()) == {f"north:transit:{name}" for name in left}
    assert lost(run, [buy(1), buy(2)], OPENING) == []


def test_what_arrived_at_an_account_that_is_not_as_it_was_left_is_not_waited_for_after_a_thaw(run: Run) -> None:
    """The reading before an order shows the arrival and a change that nothing explains: the account is frozen, and the transit is over."""
    owed = {"north:transit:USDT/REF": Decimal(50)}

    async def go() -> tuple[str, dict[str, Decimal], str]:
        async with run.manager() as manager:
            await manager.run.records.commit(Observed(owed, {}, (), {"north": "north:one"}))
            await manager.execute_action(buy(1))
            run.exchange().foreign({"USDT": "50"}, kind="deposit")
            data = run.world.load()
            data["venues"]["north"]["positions"]["north:balance:USDT"] = "5"
            run.world.save(data)
            run.clock.pass_by(60_000)
            denied = await manager.execute_action(buy(2))
            await manager.thaw("north", "looked at")
            run.exchange().foreign({"USDT": "9000"}, kind="deposit")
            return denied.state, manager.obligations(), (await manager.execute_action(buy(3))).state

    assert asyncio.run(go()) == ("DENIED", {}, "VERIFIED")
    assert not run.replayed().obligations()


def test_a_strangers_trade_before_an_order_freezes_the_account(run: Run) -> None:
    """It is explained and not tolerated: the order is denied and the account frozen."""
    run.act(buy(1))
    run.exchange().foreign({"BTC": "5", "USDT": "-500"})
    run.clock.pass_by(60_000)
    (result,) = run.act(buy(2))
    assert result.state == "DENIED"
    assert "someone else" in run.replayed().frozen["north"]
    assert sent(run) == 1


def test_a_strangers_trade_during_an_order_freezes_the_account_after_it(run: Run) -> None:
    """Our order is verified, since all is explained; the account does not act again."""
    run.act(buy(1))
    traded: list[str] = []

    def point(name: str) -> None:
        if name == "before the first byte" and not traded:
            traded.append(name)
            run.exchange().foreign({"BTC": "5", "USDT": "-500"})

    (result,) = run.act(buy(2), point=point)
    assert result.state == "VERIFIED"
    assert [effect.kind for effect in result.legs[0].externals] == ["trade"]
    assert "north" in run.replayed().frozen
    assert run.act(buy(3))[0].state == "STOPPED"


def test_an_unexplained_difference_is_a_mismatch(run: Run) -> None:
    """The balance moved and the venue's history does not say why: MISMATCHED, frozen, with the evidence; nothing is corrected."""
    run.act(buy(1))

    def point(name: str) -> None:
        if name == "executed, before the reply":
            data = run.world.load()
            data["venues"]["north"]["positions"]["north:balance:USDT"] = "1"
            run.world.save(data)

    (result,) = run.act(buy(2), point=point)
    assert result.state == "MISMATCHED"
    off = [line for line in result.legs[0].compared if not line.agrees]
    assert [(line.key, line.observed) for line in off] == [("north:balance:USDT", Decimal(1))]
    assert "north" in run.replayed().frozen
    assert run.replayed().book["north:balance:USDT"] == Decimal(999_900)


def test_an_unreadable_history_explains_nothing_and_denies_nothing(run: Run) -> None:
    """A difference whose explanation cannot be read is not a mismatch: UNVERIFIED until it can be."""
    run.act(buy(1))
    run.exchange().foreign({"USDT": "50"}, kind="deposit")
    run.clock.pass_by(60_000)
    run.exchange().change(histories=["ok", *["unreadable"] * 50])
    assert run.act(buy(2))[0].state == "INTERRUPTED"
    assert run.replayed().frozen == {}
    run.exchange().change(histories=[])
    assert run.act(buy(3))[0].state == "VERIFIED"


def test_what_could_not_be_read_is_parked_and_verified_at_the_next_order(run: Run) -> None:
    """Done, but the account was not readable: UNVERIFIED, open, no next order; verified as soon as it can be read."""
    run.exchange().change(reads=["ok", *["unreadable"] * 50])
    (first,) = run.act(buy(1))
    assert (first.state, first.legs[0].state) == ("UNVERIFIED", State.FILLED)
    run.exchange().change(reads=["unreadable"] * 50)
    (refused,) = run.act(buy(3))
    assert refused.state == "DENIED"
    assert list(run.replayed().parked) == [("toy", "buy-1/north/0")]
    run.exchange().change(reads=[])
    after, again = run.act(buy(4), buy(1))
    assert (after.state, again.state) == ("VERIFIED", "VERIFIED")
    assert again.legs[0].verdict is Verdict.VERIFIED
    assert run.replayed().parked == {}
    assert lost(run, [buy(1), buy(4)], OPENING) == []


def test_a_late_fill_is_attributed_to_its_closed_order(run: Run) -> None:
    """A cancelled order fills a little more afterwards: no stranger's trade, kept with its step, and in the books."""
    run.exchange().change(script=["partial"])
    assert run.act(buy(1, "1"))[0].state == "CANCELLED"
    key = next(iter(run.replayed().attempts))
    run.exchange().fill_late(key, "0.25")
    run.clock.pass_by(60_000)
    (result,) = run.act(buy(2))
    assert result.state == "VERIFIED"
    state = run.replayed()
    late = state.steps["toy", "buy-1/north/0"].late
    assert [dict(effect.lines)["north:balance:BTC"] for effect in late] == [Decimal("0.25")]
    assert state.frozen == {}
    assert state.book["north:balance:BTC"] == Decimal("1.75")


def test_a_fill_of_an_order_that_was_said_to_be_refused_freezes(run: Run) -> None:
    """The venue refused it, and then it filled: what the caller was told is wrong, so the account stops."""
    run.exchange().change(script=["refuse"])
    assert run.act(buy(1))[0].state == "REJECTED"
    key = next(iter(run.replayed().attempts))
    run.exchange().foreign({"BTC": "1", "USDT": "-100"}, order=key)
    run.clock.pass_by(60_000)
    assert run.act(buy(2))[0].state == "DENIED"
    assert "was closed as REJECTED" in run.replayed().frozen["north"]


def test_a_strangers_transaction_is_judged_by_the_policy_of_whose_position_it_changed(tmp_path: Path) -> None:
    """Money leaves the wallet while a protocol acts on it: the wallet's own policy forbids that, whatever the protocol's would."""
    run = Run(directory=tmp_path)
    run.chain.set_up()
    run.exchange().set_up()
    parts = run.parts()
    strict = parts.venues.named("chain")._replace(tolerated=frozenset({"funding"}))
    strange = Effect("someone", None, (("wallet:balance:USDT", Decimal(-1)),), 5, "lend")
    venues = Venues([strict, parts.venues.named("north")._replace(tolerated=frozenset({"lend"}))], parts.venues.keeper)

    async def judged() -> tuple[str | None, str | None]:
        async with ExecutionManager(attrs.evolve(parts, venues=venues)) as manager:
            judge, owed = manager.run.loop.readings.strange, strange._replace(lines=(("north:balance:USDT", Decimal(1)),))
            return judge(venues.named("north"), [strange]), judge(venues.named("chain"), [owed])

    stranger, tolerated = asyncio.run(judged())
    assert "the policy of chain tolerates funding" in str(stranger)
    assert tolerated is None


# -- lanes and commits -------------------------------------------------------------------------------------------------------------


def test_two_legs_share_their_commits(pair: Run) -> None:
    """Intent and both writes are one commit, both outcomes at most two, the close one."""
    journals: list[PointJournal] = []
    (result,) = pair.act(buy(quantity="2"), journals=journals)
    assert result.state == "VERIFIED"
    assert [leg.venue for leg in result.legs] == ["north", "south"]
    assert journals[0].commits <= 4


def test_a_failed_leg_halts_the_mode_and_shows_the_way_back(pair: Run) -> None:
    """One leg is refused: the other is verified, its opposite is computed and not sent, and the next action is denied."""
    pair.exchange("south").change(script=["refuse"])
    first, second = pair.act(buy(1, "2"), buy(2, "2"))
    assert first.state == "INCOMPLETE"
    assert [(back.venue, back.side, back.quantity) for back in first.undo if isinstance(back, SpotTrade)] == [("north", "sell", Decimal(1))]
    assert second.state == "STOPPED"
    assert (sent(pair, "north"), sent(pair, "south")) == (1, 1)


def test_a_failed_leg_lets_the_mode_go_on_when_it_says_so(pair: Run) -> None:
    """`on_leg_failure: continue`: the next action is carried out."""
    pair.exchange("south").change(script=["refuse"])
    _, second = pair.act(buy(1, "2"), buy(2, "2"), halt_on_failure=False)
    assert second.state == "VERIFIED"


def test_a_broken_leg_leaves_the_other_to_its_end(pair: Run) -> None:
    """A leg without readable account is not begun while the other is carried out and reported."""
    pair.exchange("south").change(reads=["unreadable"] * 50)
    (result,) = pair.act(buy(1, "2"))
    assert [(leg.venue, leg.state) for leg in result.legs] == [("north", State.FILLED), ("south", State.INTERRUPTED)]
    assert lost(pair, [buy(1, "2")], OPENING) == []


def test_many_actions_on_shared_lanes_end(pair: Run) -> None:
    """Twelve actions at once over two accounts: no deadlock, one after the other on each account, all verified."""

    async def all_at_once() -> list[ActionResult]:
        async with pair.manager() as manager:
            return await asyncio.wait_for(
                asyncio.gather(*(manager.execute_action(buy(n, "2", **({} if n % 3 else {"venue": "north"}))) for n in range(12))), 60
            )

    results = asyncio.run(all_at_once())
    assert {result.state for result in results} == {"VERIFIED"}
    assert lost(pair, [buy(n, "2", **({} if n % 3 else {"venue": "north"})) for n in range(12)], OPENING) == []


def test_a_cancelled_caller_leaves_a_step_that_the_next_order_settles(run: Run) -> None:
    """The caller's patience ends while the outcome is unknown: the next order of the account settles it first."""
    run.exchange().change(script=["drop_reply"])

    async def impatient() -> ActionResult:
        async with run.manager() as manager:
            task = asyncio.ensure_future(manager.execute_action(buy(1)))
            while not run.exchange().state()["writes"]:
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await manager.execute_action(buy(2))

    assert asyncio.run(impatient()).state == "VERIFIED"
    state = run.replayed()
    assert state.steps["toy", "buy-1/north/0"].verdict is Verdict.VERIFIED
    assert run.act(buy(1))[0].state == "VERIFIED"
    assert lost(run, [buy(1), buy(2)], OPENING) == []
    assert sent(run) == 2


def test_a_start_says_what_it_waits_for(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """A step that an earlier run left is named, with its venue and when it was sent; an order at rest with until when it may."""
    run.exchange().change(script=["rest:1000"])
    with pytest.raises(Killed):
        run.act(buy(1, order_type="limit", price="90", good_for=60_000), point=crash_when("before a look-up"))
    run.exchange().change(script=["drop_reply"])
    assert caplog.text == ""
    with pytest.raises(Killed):
        run.act(buy(2), point=crash_when("executed, before the reply"))
    run.act()
    rested, followed = caplog.messages
    assert rested == (
        "buy-1/north/0, sent to north at 1970-01-01T00:16:40.010Z by an earlier run, is settled beside this one; it rests until "
        "1970-01-01T00:17:40.010Z at the latest, and its account takes no other order before"
    )
    assert followed.startswith("buy-2/north/0, sent to north at 1970-01-01T00:17:4")
    assert followed.endswith("Z by an earlier run, is settled first")


def test_another_modes_unsettled_step_is_settled_and_recorded(run: Run) -> None:
    """A step that another mode left unsettled on the same account: settled at the start, under its own mode."""
    run.exchange().change(script=["drop_reply"])
    with pytest.raises(Killed):
        run.act(buy(1), point=crash_when("before a look-up"))
    run.act(buy(2), mode="other")
    state = run.replayed()
    assert state.open == {}
    assert state.steps["toy", "buy-1/north/0"].verdict is Verdict.VERIFIED
    assert run.act(buy(1))[0].state == "VERIFIED"
    assert len(run.exchange().fills()) == 2


def test_an_interrupted_caller_waits_until_nothing_runs_any_more(run: Run) -> None:
    """A signal while an order is carried out: it is cancelled and has ended before the journal and the account are let go."""
    told: list[str] = []

    def interrupt(*_: object) -> None:
        if not told:
            told.append("interrupted")
            raise Killed("by a signal")

    before = signal.signal(signal.SIGUSR1, interrupt)

    class Slow(ExecutionManager):
        async def execute_action(self, *_: Any) -> ActionResult:
            main = threading.main_thread().ident
            assert main is not None
            try:
                while True:  # a signal that comes just before a thread begins to wait does not wake it
                    signal.pthread_kill(main, signal.SIGUSR1)
                    await asyncio.sleep(0.02)
            finally:
                await asyncio.sleep(0.01)
                told.append("ended")

        async def close(self) -> None:
            told.append("closed")
            await super().close()

    try:
        with pytest.raises(Killed, match="by a signal"), BlockingManager(Slow(run.parts())) as manager:
            manager.execute_action(buy())
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert told == ["interrupted", "ended", "closed"]


def test_a_connection_whose_closing_is_cut_off_keeps_neither_journal_nor_accounts(run: Run) -> None:
    """The runner is cancelled while it closes: the next one finds the accounts free."""

    class Stubborn(ExchangeClient):
        async def close(self) -> None:
            raise asyncio.CancelledError

    async def go() -> None:
        parts = run.parts()
        north = parts.venues.named("north")._replace(client=Stubborn(run.exchange(), "north:one", nowhere))
        with pytest.raises(asyncio.CancelledError):
            async with ExecutionManager(attrs.evolve(parts, venues=Venues([north], parts.venues.keeper))):
                pass

    asyncio.run(go())
    assert run.act(buy())[0].state == "VERIFIED"


# -- mixed runs --------------------------------------------------------------------------------------------------------------------


def test_a_simulated_venue_spends_what_a_live_account_was_seen_to_hold(pair: Run) -> None:
    """In a mixed run the simulated ledger follows the live book; a live order never sees what was only simulated."""

    async def mixed() -> tuple[dict[str, Decimal], ExecutionManager]:
        opening = {"south:balance:USDT": Decimal(1000)}
        async with pair.manager(simulated=("south",), opening=opening) as manager:
            await manager.execute_action(buy(1, "3", venue="north"))
            await manager.execute_action(buy(2, "4", venue="south"))
            return dict(manager.run.loop.simulated.ledger.positions), manager

    ledger, manager = asyncio.run(mixed())
    assert ledger["north:balance:BTC"] == 3
    assert ledger["south:balance:BTC"] == 4
    assert manager.state.book.get("south:balance:BTC") == 0
    assert manager.state.book["north:balance:BTC"] == 3
    assert sent(pair, "south") == 0


def test_a_mixed_run_goes_on_after_a_restart(pair: Run) -> None:
    """The simulated side is restored from the journal: what it did and what the live book holds."""
    options: dict[str, Any] = {"simulated": ("south",), "opening": {"south:balance:USDT": Decimal(1000)}}
    pair.act(buy(1, "3", venue="north"), buy(2, "4", venue="south"), **options)

    async def look() -> tuple[Decimal, Decimal, Decimal]:
        async with pair.manager(**options) as manager:
            held = manager.run.loop.simulated.ledger.positions
            return held["north:balance:BTC"], held["south:balance:BTC"], held["south:balance:USDT"]

    assert asyncio.run(look()) == (3, 4, 600)


def test_events_of_a_cancelled_commit_are_taken_back_or_counted(run: Run) -> None:
    """A task that is cancelled before its commit leaves neither a row nor a change; one after it leaves both."""

    async def cancel() -> tuple[int, dict[str, str]]:
        async with run.manager() as manager:
            event = Frozen("north", "cancelled", {"north": "north:one"})
            task = asyncio.ensure_future(manager.run.records.commit(event))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert manager.run._journal is not None
            return len(list(manager.run._journal.rows())), dict(manager.state.frozen)

    rows, frozen = asyncio.run(cancel())
    assert (rows, frozen) == (0, {})


def test_a_cancelled_lane_leaves_what_the_other_lane_counts_on(run: Run) -> None:
    """Of two lanes that share a commit the first is cancelled: the kept intent is still stored before the other lane's row."""

    async def cancel() -> list[str]:
        async with run.manager() as manager:
            accounts, records = {"north": "north:one"}, manager.run.records
            records.keep(Observed({"north:balance:BTC": Decimal(3)}, {}, (), accounts))
            tasks = [asyncio.ensure_future(records.commit(Frozen("north", name, accounts))) for name in ("first", "second")]
            await asyncio.sleep(0)
            tasks[0].cancel()
            await asyncio.wait(tasks)
            assert manager.run._journal is not None
            return [row.kind + row.data().get("reason", "") for row in manager.run._journal.rows()]

    assert asyncio.run(cancel()) == ["OBSERVED", "FROZENsecond"]


def test_a_signal_within_a_shared_commit_stops_the_lane_that_it_meant_alone(run: Run) -> None:
    """Of three lanes that share a commit the second is cancelled while it is written: all three are stored, and the third goes on."""
    tasks: list[asyncio.Task[None]] = []

    def signal_comes(name: str) -> None:
        if name == "before the commit of Frozen+Frozen+Frozen":
            tasks[1].cancel()

    async def share() -> tuple[list[str], list[str]]:
        async with run.manager(point=signal_comes) as manager:
            commit = manager.run.records.commit
            tasks.extend(asyncio.ensure_future(commit(Frozen("north", name, {"north": "north:one"}))) for name in ("one", "two", "three"))
            told = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 20)
            assert manager.run._journal is not None
            stored = [row.data()["reason"] for row in manager.run._journal.rows()]
            return [type(each).__name__ for each in told], stored

    assert asyncio.run(share()) == (["NoneType", "CancelledError", "NoneType"], ["one", "two", "three"])


def test_one_lanes_broken_entry_fails_that_lane_alone(run: Run) -> None:
    """Of lanes that share a commit, one gives what cannot be written and one fails to count it: the others are stored, once each."""

    async def share() -> tuple[list[str], list[str]]:
        async with run.manager() as manager:
            accounts, records = {"north": "north:one"}, manager.run.records
            unwritable = Frozen("north", object(), accounts)  # type: ignore[arg-type]
            uncounted = Reopened("toy", "nobody/0", accounts)  # there is no such step
            good = Frozen("north", "good", accounts)
            told = await asyncio.gather(*map(records.commit, (unwritable, uncounted, good)), return_exceptions=True)
            await records.commit(good)
            assert manager.run._journal is not None
            return [type(each).__name__ for each in told], [row.kind for row in manager.run._journal.rows()]

    told, rows = asyncio.run(share())
    assert told == ["TypeError", "KeyError", "NoneType"]
    assert rows == ["REOPENED", "FROZEN", "FROZEN"]


def test_the_only_lane_waits_for_no_other(run: Run) -> None:
    """Where one account acts nobody shares its commit: its rows are stored without a turn of the event loop, what was kept first."""

    async def alone() -> list[str]:
        async with run.manager() as manager:
            accounts, records = {"north": "north:one"}, manager.run.records
            records.lanes = 1
            records.keep(Observed({"north:balance:BTC": Decimal(3)}, {}, (), accounts))
            with pytest.raises(StopIteration):
                records.commit(Frozen("north", "why", accounts)).send(None)
            assert manager.run._journal is not None
            return [row.kind for row in manager.run._journal.rows()]

    assert asyncio.run(alone()) == ["OBSERVED", "FROZEN"]


def test_an_unwritable_journal_says_what_to_do(run: Run) -> None:
    """The error of a full disk is a stop with its own exit code."""
    assert JournalUnwritable("x").exit_code == 8


def test_effects_of_ours_have_a_stable_name() -> None:
    """The attempt key of a step is the same after a restart, and differs by account, mode, step and attempt."""
    from basis_venues.attempts import attempt_key, is_ours

    keys = {attempt_key(i, m, s, a) for i in "ab" for m in "cd" for s in ("e/0", "e/1") for a in (0, 1)}
    assert len(keys) == 16
    assert all(len(key) == 26 and key.isalnum() and key[0].isalpha() for key in keys)
    assert attempt_key("a", "c", "e/0", 0) in keys
    assert all(is_ours(Effect("x", key, (), 0, "trade")) for key in keys)


def test_a_write_is_durable_with_its_intent(run: Run) -> None:
    """Intent and the first write's row are in one commit: neither can be there without the other."""
    commits: list[str] = []

    def point(name: str) -> None:
        if name.startswith("before the commit"):
            commits.append(name)

    run.act(buy(), point=point)
    assert Sending.__name__ in commits[0]
    assert commits[0].endswith("Intent+Observed+Sending")


def test_a_halt_uses_no_id_up(run: Run) -> None:
    """Halted, an action is not begun, which is an error of its own; resumed, the same id is carried out, once."""
    flags = HaltFlags(run.directory / "state" / "halt")
    flags.halt("lunch")
    (refused,) = run.act(buy())
    assert (refused.state, refused.legs[0].reason) == ("STOPPED", "everything is halted: lunch")
    assert isinstance(error_of(refused), Stopped)
    flags.resume()
    assert run.act(buy())[0].state == "VERIFIED"
    assert sent(run) == 1


def test_of_an_action_that_a_frozen_account_stops_no_leg_is_sent(pair: Run) -> None:
    """One leg's account is frozen: the other leg, whose account could act, is not sent alone."""
    pair.exchange("south").change(script=["rest_forever"])
    assert pair.act(buy(1, "2"))[0].state == "NEEDS_HUMAN"
    before = sent(pair)
    (refused,) = pair.act(buy(2, "2"))
    assert refused.state == "STOPPED"
    assert sent(pair) == before


def test_an_action_of_which_a_part_stands_is_never_told_as_denied(pair: Run) -> None:
    """One account turns out not to be as it was left while the other leg is filled: the word says that something stands."""
    pair.act(buy(1, "2"))
    pair.exchange("south").foreign({"BTC": "5", "USDT": "-500"})
    pair.clock.pass_by(60_000)
    (half,) = pair.act(buy(2, "2"))
    assert {leg.state for leg in half.legs} == {State.FILLED, State.DENIED}
    assert half.state == "INCOMPLETE"
    assert isinstance(error_of(half), Incomplete)
    assert len(half.undo) == 1

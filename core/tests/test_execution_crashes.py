"""Every point at which a run can end, tried in one process: the run is left there as it stands, and the next one goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from toy_runs import Killed, Run, buy, crash_at, crash_when, lost, supply
from toy_venues import ExchangeClient

from basis_venues.actions import Action
from basis_venues.journal.state import JournalState
from basis_venues.orders import Prepared, Report

OPENING = {"north:balance:USDT": "1000000", "south:balance:USDT": "1000000", "wallet:balance:USDT": "1000", "wallet:balance:ETH": "10"}
VERBS = (
    "fill",
    "drop_reply",
    "refuse",
    "never",
    "late:2",
    "hide:1",
    "hide:3",
    "partial",
    "expire",
    "rest",
    "not_sent",
    "bad:none",
    "bad:float",
)


def try_to(run: Run, actions: Sequence[Action], at: int, together: bool = False) -> bool:
    """Start a runner that ends at the point number `at`. Whether it came to its own end first."""
    point, _ = crash_at(at)
    try:
        run.act(*actions, point=point, together=together)
    except Killed:
        return False
    return True


def nothing_lost(run: Run, actions: Sequence[Action]) -> None:
    state = run.replayed()
    assert lost(run, actions, OPENING) == []
    assert (state.open, state.frozen, state.parked) == ({}, {}, {})
    assert all(state.actions["toy", action.id].result is not None for action in actions)


def every_point(run: Run, directory: Path, script: Sequence[str], rule: str, fence: bool, together: bool = False) -> None:
    """End the run at each of its points in turn, and once more while it recovers."""
    actions, at, ended = (buy(1), buy(2)), 0, False
    while not ended:
        run.world.path.unlink(missing_ok=True)
        for file in directory.glob("state/journal*"):
            file.unlink()
        run.exchange().set_up(script, rule=rule, fence=fence)
        ended = try_to(run, actions, at, together)
        if not ended:
            try_to(run, actions, at * 7 % 11, together)
            run.act(*actions, together=together)
        nothing_lost(run, actions)
        at += 1


@pytest.mark.parametrize("verb", VERBS)
def test_a_run_that_ends_at_any_point_loses_and_repeats_nothing(verb: str, tmp_path: Path) -> None:
    """An exchange whose ids are free again after a fill, with a fence: one effect for each action, wherever the run ended."""
    every_point(Run(directory=tmp_path), tmp_path, [verb], "open", fence=True)


@pytest.mark.parametrize("script", [[verb] for verb in VERBS] + [["fill", verb] for verb in VERBS])
def test_orders_that_share_a_reading_survive_an_end_at_any_point(script: list[str], tmp_path: Path) -> None:
    """Whichever of two orders of a batch meets the fault: until the one reading proves both, either is settled by the next run."""
    every_point(Run(directory=tmp_path), tmp_path, script, "open", fence=True, together=True)


@pytest.mark.parametrize("verb", ["drop_reply", "never", "late:2", "hide:3"])
def test_ids_that_are_unique_for_ever_need_no_fence(verb: str, tmp_path: Path) -> None:
    """Where the same bytes can go again at any time, they do, and have one effect."""
    every_point(Run(directory=tmp_path), tmp_path, [verb], "always", fence=False)


@pytest.mark.parametrize(
    "script", [["mine"], ["drop_reply"], ["lose"], ["mine", "lose"], ["pool:2"], ["revert"], ["mine", "revert"], ["stuck", "mine", "stuck"]]
)
def test_two_transactions_survive_an_end_at_any_point(script: list[str], tmp_path: Path) -> None:
    """An approve, then a supply: each is mined once, with its nonce, whatever ended the run."""
    run, at, ended = Run(directory=tmp_path), 0, False
    while not ended:
        run.world.path.unlink(missing_ok=True)
        for file in tmp_path.glob("state/journal*"):
            file.unlink()
        run.chain.set_up(script)
        ended = try_to(run, [supply()], at)
        if not ended:
            try_to(run, [supply()], at * 7 % 11)
            run.act(supply())
        nothing_lost(run, [supply()])
        blocks = run.chain.state()["blocks"]
        assert len({block["nonce"] for block in blocks}) == len(blocks)
        at += 1


class RetryingClient(ExchangeClient):
    """A bad plugin: it sends again by itself when the reply is lost."""

    async def send(self, prepared: Prepared) -> Report:
        try:
            return await super().send(prepared)
        except ConnectionError:
            return await super().send(prepared._replace(key=prepared.key[:-1] + "0"))


def test_the_oracle_sees_a_plugin_that_retries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracle itself is tried: a client that sends a second time is found out, so its silence elsewhere means something."""
    run = Run(directory=tmp_path)
    run.exchange().set_up(["drop_reply"])
    monkeypatch.setattr("toy_runs.ExchangeClient", RetryingClient)
    run.act(buy())
    assert lost(run, [buy()], OPENING)


class ExactlyOnce(RuleBasedStateMachine):
    """`exactly_once_effect`: random actions, venue behaviour, crashes, repeats of ids and trades of others, against one exchange."""

    directory: Path

    def __init__(self) -> None:
        super().__init__()
        self.directory = self.base / str(len(list(self.base.iterdir())))
        self.directory.mkdir()
        self.run = Run(directory=self.directory)
        self.run.exchange().set_up(fence=True)
        self.asked: list[Action] = []

    base: Path

    @rule(
        script=st.lists(st.sampled_from(VERBS), max_size=3),
        reads=st.lists(st.sampled_from(["ok", "unreadable", "stale", "float"]), max_size=2),
    )
    def behave(self, script: list[str], reads: list[str]) -> None:
        self.run.exchange().change(script=script, reads=reads)

    @rule(quantity=st.sampled_from(["1", "0.5", "0.001"]), at=st.integers(0, 40))
    def act(self, quantity: str, at: int) -> None:
        action = buy(len(self.asked), quantity)
        self.asked.append(action)
        note(f"{action.id} ends at point {at}: {not try_to(self.run, [action], at)}")

    @rule(quantities=st.lists(st.sampled_from(["1", "0.5", "0.001"]), min_size=2, max_size=3), at=st.integers(0, 60))
    def act_together(self, quantities: list[str], at: int) -> None:
        actions = [buy(len(self.asked) + number, quantity) for number, quantity in enumerate(quantities)]
        self.asked += actions
        note(f"{[action.id for action in actions]} end at point {at}: {not try_to(self.run, actions, at, together=True)}")

    @precondition(lambda self: bool(self.asked))
    @rule(data=st.data(), at=st.integers(0, 40))
    def repeat(self, data: st.DataObject, at: int) -> None:
        try_to(self.run, [data.draw(st.sampled_from(self.asked))], at)

    @rule()
    def deposit(self) -> None:
        self.run.exchange().foreign({"USDT": "7"}, kind="deposit")

    @invariant()
    def one_effect_for_each_action(self) -> None:
        keys: dict[str, set[str]] = {}
        if not self.run.journal.exists():
            return
        state = self.run.replayed()
        for row in self.run.exchange().fills():
            name = state.attempts[row["order"]]
            keys.setdefault(name[1], set()).add(row["order"])
        assert all(len(used) == 1 for used in keys.values())

    def teardown(self) -> None:
        self.run.exchange().change(script=[], reads=[])
        self.run.clock.pass_by(60_000)  # a last order reads the account once more
        self.asked.append(buy("last"))
        self.run.act(*self.asked)
        state = self.run.replayed()
        assert lost(self.run, self.asked, OPENING) == []
        assert not state.open
        assert not state.parked
        assert not state.frozen


def test_exactly_once_effect(tmp_path: Path) -> None:
    """Random callers against a random venue with random crashes: each action has one effect at most, and none is lost."""
    machine = type("Machine", (ExactlyOnce,), {"base": tmp_path})
    profile = settings(max_examples=15, stateful_step_count=8, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=profile)  # type: ignore[no-untyped-call]


@pytest.mark.slow
def test_exactly_once_effect_at_length(tmp_path: Path) -> None:
    """The same with ten times as many examples."""
    machine = type("Machine", (ExactlyOnce,), {"base": tmp_path})
    profile = settings(max_examples=150, stateful_step_count=12, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=profile)  # type: ignore[no-untyped-call]


def test_recovery_idempotent(tmp_path: Path) -> None:
    """Recovering twice is recovering once: a second start writes nothing and changes nothing."""
    run = Run(directory=tmp_path)
    run.exchange().set_up(["drop_reply"])
    with pytest.raises(Killed):
        run.act(buy(), point=crash_when("before a look-up"))

    async def only_start() -> JournalState:
        async with run.manager() as manager:
            return manager.state

    asyncio.run(only_start())
    first, rows = run.replayed(), run.journal.stat().st_size
    asyncio.run(only_start())
    assert run.replayed() == first
    assert run.journal.stat().st_size == rows
    assert len(run.exchange().fills()) == 1

"""Callers that give up: nothing is lost by that, nothing happens twice, and nobody else waits for ever."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from toy_runs import Run, buy, lost, send, supply

from basis_venues.actions import Action

OPENING = {"north:balance:USDT": "1000000", "south:balance:USDT": "1000000", "wallet:balance:USDT": "1000", "wallet:balance:ETH": "10"}
SECONDS = 60
"""Longer than any course takes: one that takes longer waits for something that never comes."""

verbs = st.lists(
    st.sampled_from(
        ["fill", "fill", "drop_reply", "never", "late:2", "hide:2", "partial", "not_sent", "expire", "rest", "rest:60", "refuse"]
    ),
    max_size=6,
)
reads = st.lists(st.sampled_from(["ok", "ok", "unreadable"]), max_size=8)
blocks = st.lists(st.sampled_from(["mine", "drop_reply", "lose", "pool:2", "stuck"]), max_size=4)
wanted = st.lists(
    st.sampled_from([
        lambda number: buy(number, "2"),
        lambda number: buy(number, venue="north"),
        lambda number: buy(number, venue="south"),
        lambda number: buy(number, venue="north", order_type="limit", price="90", good_for=20_000),
        lambda number: supply(number, "10"),
        lambda number: send(number, "5"),
    ]),
    min_size=2, max_size=5,
)  # fmt: skip
given_up = st.dictionaries(st.integers(0, 60), st.integers(0, 4), min_size=1, max_size=5)
"""Number of the point that is passed -> which of the callers gives up there."""


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    scripts=st.tuples(verbs, verbs), readings=st.tuples(reads, reads), mined=blocks, makers=wanted, at=given_up,
    together=st.booleans(), leaves=st.integers(0, 30),
)  # fmt: skip
def test_whoever_gives_up_loses_nothing(
    scripts: tuple[list[str], list[str]],
    readings: tuple[list[str], list[str]],
    mined: list[str],
    makers: list[Callable[[int], Action]],
    at: Mapping[int, int],
    together: bool,
    leaves: int,
) -> None:
    """Tasks of one manager, on two exchanges and a chain, are cancelled wherever they are, and the manager may be closed before they have
    ended: the next run, asked for the same ids, has each of them done once, and nothing stays open."""
    with tempfile.TemporaryDirectory() as folder:
        run = Run(directory=Path(folder))
        for name, script, reading in zip(("north", "south"), scripts, readings, strict=True):
            run.exchange(name).set_up(script, reading)
        run.chain.set_up(mined)
        actions = [make(number) for number, make in enumerate(makers)]
        asyncio.run(asyncio.wait_for(_given_up(run, actions, at, together, leaves), SECONDS))
        for name in ("north", "south"):
            run.exchange(name).change(script=[], reads=[])
        run.chain.change(script=[])
        run.act(*actions, halt_on_failure=False)
        state = run.replayed()
        assert lost(run, actions, OPENING) == []
        assert (state.open, state.parked, state.frozen) == ({}, {}, {})


async def _given_up(run: Run, actions: Sequence[Action], at: Mapping[int, int], together: bool, leaves: int) -> None:
    """`leaves`: after so many turns of the event loop the manager is closed, with whatever is under way; 0: when all tasks are over."""
    tasks: list[asyncio.Task[Any]] = []
    passed = 0

    def point(_name: str) -> None:
        nonlocal passed
        if passed in at and tasks:
            tasks[at[passed] % len(tasks)].cancel()
        passed += 1

    async with run.manager(point=point, halt_on_failure=False) as manager:
        first, rest = (actions[:2], actions[2:]) if together else ((), actions)
        calls = [manager.execute_action(action) for action in rest] + ([manager.execute_actions(first)] if first else [])
        tasks += [asyncio.ensure_future(call) for call in calls]
        for _ in range(leaves):
            await asyncio.sleep(0)
        if not leaves:
            await asyncio.wait(tasks)
    told = await asyncio.gather(*tasks, return_exceptions=True)
    assert [each for each in told if isinstance(each, Exception)] == []

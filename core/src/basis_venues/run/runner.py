"""A plan, carried out action by action."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from ..actions import Action
from ..assemble import Assembly
from ..errors import BasisError, ConfigurationError, Denied
from ..execution.blocking import BlockingManager
from ..execution.manager import ExecutionManager
from ..keys import Key
from ..results import ActionResult, LegResult
from ..states import State
from .plan import Plan
from .report import RunReport


class Progress(NamedTuple):
    """How far a run is: `done` of `total` actions, the one just finished, and the moment of the plan, ms."""

    done: int
    total: int
    at: int
    result: ActionResult


def run_plan(assembly: Assembly, plan: Plan, since: int, until: int, *, progress: Callable[[Progress], None] | None = None) -> RunReport:
    """Carry the plan's actions out from `since` to `until` (ms) and report.

    On the machine's clock a plan takes as long as it says; against the sandbox and in a backtest what lies between actions passes at once.
    An action that is denied counts as denied and the run goes on; a halted or frozen account denies what follows. What ends the run after
    its first action is in the report, beside what was done until then. Raises `ConfigurationError` for a plan of another mode,
    `MissingData`, and whatever keeps the venues from being opened.
    """
    schedule = scheduled(assembly, plan, since, until)
    results: list[ActionResult] = []
    positions: dict[Key, Decimal] | None = None
    failure: BasisError | None = None
    with BlockingManager(ExecutionManager(assembly.parts)) as manager:
        try:
            for due, action in schedule:
                manager.pass_time(due)
                results.append(carried_out(manager, action, due, due))
                if progress is not None:
                    progress(Progress(len(results), len(schedule), due, results[-1]))
            manager.pass_time(until)
            manager.settled()
            positions = manager.positions()
        except BasisError as error:
            if not results:
                raise
            failure = error
        obligations, frozen = manager.obligations(), manager.frozen
    return RunReport(assembly, plan, tuple(results), positions, obligations, since, until, failure, frozen)


def scheduled(assembly: Assembly, plan: Plan, since: int, until: int) -> list[tuple[int, Action]]:
    """The plan's actions, each with its moment. Raises `ConfigurationError` for a plan of another mode, and with every action that the
    mode's configuration refuses."""
    plan.check_mode(assembly.settings.mode.name)
    schedule = plan.schedule(since, until)
    refused = tuple(plan.refusals(assembly.parts.router))
    if refused:
        raise ConfigurationError(refused)
    return schedule


def carried_out(manager: BlockingManager, action: Action, due: int, timestamp: int | None = None) -> ActionResult:
    """One action, due at `due` (ms); one that is denied has a result that says so. `timestamp`: where to move a clock that is ours."""
    try:
        return manager.execute_action(action, None, timestamp)
    except Denied as refusal:
        leg = LegResult(action.id, action.venue or "", "", State.DENIED, None, str(refusal))
        return ActionResult(action, State.DENIED.value, (leg,), due)

"""A plan's dry run: where each action would go, and at live venues its writes as they would leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..actions import Action
from ..assemble import Assembly
from ..clock import PlanClock
from ..errors import Denied
from ..execution.blocking import BlockingManager
from ..execution.manager import ExecutionManager
from ..execution.rehearsal import Rehearsal, Write
from ..journal.codec import plain
from ..market.provider import utc
from ..results import ActionResult, LegResult
from ..router import Routed
from .plan import Plan
from .runner import carried_out, scheduled


def rehearse(assembly: Assembly, plan: Plan, since: int, until: int) -> list[dict[str, Any]]:
    """The plan's actions as JSON data, each with its orders and, at live venues, their writes. Nothing is written anywhere: a live
    `assembly` must be made with a `working_copy` of its state.

    Live no time passes: everything is planned with the figures of now, on what the accounts hold and the models say the writes before
    would do. A backtest's actions are divided at their own times. Raises `ConfigurationError` for a plan of another mode, `MissingData`
    where a price that a split needs is not there, and whatever keeps the venues from being opened.
    """
    schedule = scheduled(assembly, plan, since, until)
    if assembly.parts.state_directory is None:
        return [_routed(assembly, action, due) for due, action in schedule]
    rehearsal = Rehearsal(assembly.parts)
    with BlockingManager(ExecutionManager(rehearsal.parts)) as manager:
        return [_shown(rehearsal, manager, action, due, carried_out(manager, action, due)) for due, action in schedule]


def _routed(assembly: Assembly, action: Action, due: int) -> dict[str, Any]:
    """An action of a backtest, and the orders that it is divided into or why it would be refused."""
    if isinstance(assembly.clock, PlanClock):
        assembly.clock.set(due)
    try:
        routed = assembly.parts.router.route(action)
    except Denied as refusal:
        return _entry(action, due, Routed(()), (), str(refusal))
    orders = [{"order": o.id, "venue": o.venue, "account": o.account, "action": plain(o.action)} for o in routed.orders]
    return _entry(action, due, routed, orders, None)


def _shown(rehearsal: Rehearsal, manager: BlockingManager, action: Action, due: int, result: ActionResult) -> dict[str, Any]:
    """An action of a live run, and its writes."""
    record = manager.state.actions.get((rehearsal.parts.mode, action.id))
    parts = {} if record is None else {order.id: plain(order.action) for order in record.orders}
    began = [leg for leg in result.legs if leg.order in parts]
    orders = [_order(rehearsal, leg, parts[leg.order]) for leg in began]
    return _entry(action, due, result, orders, None if began else "; ".join(leg.reason for leg in result.legs))


def _entry(
    action: Action, due: int, divided: Routed | ActionResult, orders: Sequence[dict[str, Any]], refused: str | None
) -> dict[str, Any]:
    return {
        "id": action.id,
        "at": utc(due),
        "orders": list(orders),
        "unallocated": f"{divided.unallocated:f}",
        "notes": list(divided.notes),
        "refused": refused,
    }


def _order(rehearsal: Rehearsal, leg: LegResult, action: Any) -> dict[str, Any]:
    venue = rehearsal.parts.venues.named(leg.venue)
    return {
        "order": leg.order,
        "venue": leg.venue,
        "account": leg.account,
        "network": venue.client.network.value,
        "action": action,
        "writes": [_write(write) for write in rehearsal.of(leg.order)],
        "outlook": {
            "state": leg.state.value,
            "reason": leg.reason,
            "deltas": {key: f"{amount:f}" for key, amount in leg.deltas.items()},
        },
    }


def _write(write: Write) -> dict[str, Any]:
    said = write.outgoing._asdict()
    return {"step": write.step.id, "key": write.key, "ahead": write.ahead, **said, "unknown": list(write.outgoing.unknown)}

"""A plan's dry run: each action up to its writes, and these as they would leave."""

from __future__ import annotations

from typing import Any

from ..actions import Action
from ..assemble import Assembly
from ..execution.blocking import BlockingManager
from ..execution.manager import ExecutionManager
from ..execution.rehearsal import Rehearsal, Write
from ..journal.codec import plain
from ..results import ActionResult, LegResult
from .plan import Plan
from .report import iso
from .runner import carried_out, scheduled


def rehearse(assembly: Assembly, plan: Plan, since: int, until: int) -> list[dict[str, Any]]:
    """The plan's actions as JSON data, each with its orders and, at live venues, their writes. Nothing is written anywhere: `assembly`
    must be made with a `working_copy` of its state.

    No time passes: everything is planned with the figures of now, on what the accounts hold and the models say the writes before would
    do. Raises `ConfigurationError` for a plan of another mode, and whatever keeps the venues from being opened.
    """
    schedule = scheduled(assembly, plan, since, until)
    rehearsal = Rehearsal(assembly.parts)
    with BlockingManager(ExecutionManager(rehearsal.parts)) as manager:
        return [_shown(rehearsal, manager, action, due, carried_out(manager, action, due)) for due, action in schedule]


def _shown(rehearsal: Rehearsal, manager: BlockingManager, action: Action, due: int, result: ActionResult) -> dict[str, Any]:
    record = manager.state.actions.get((rehearsal.parts.mode, action.id))
    parts = {} if record is None else {order.id: plain(order.action) for order in record.orders}
    began = [leg for leg in result.legs if leg.order in parts]
    return {
        "id": action.id,
        "at": iso(due),
        "orders": [_order(rehearsal, leg, parts[leg.order]) for leg in began],
        "unallocated": f"{result.unallocated:f}",
        "notes": list(result.notes),
        "refused": None if began else "; ".join(leg.reason for leg in result.legs),
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

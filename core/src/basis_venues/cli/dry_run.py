"""What a plan's actions would become, without sending any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..assemble import Assembly
    from ..run.plan import Plan


def orders_of(assembly: Assembly, plan: Plan, since: int, until: int) -> list[dict[str, Any]]:
    """For each action of the plan in its order: the orders that it is divided into, or why it would be refused.

    Raises `ConfigurationError` for a plan of another mode, and `MissingData` where a price that a split needs is not there.
    """
    from ..clock import PlanClock
    from ..errors import ConfigurationError, Denied
    from ..journal.codec import plain
    from ..market.provider import utc

    mode = assembly.settings.mode.name
    if plan.mode != mode:
        raise ConfigurationError(f"the plan {plan.name} is for the mode {plan.mode}, not {mode}")
    found: list[dict[str, Any]] = []
    for due, action in plan.schedule(since, until):
        if isinstance(assembly.clock, PlanClock):
            assembly.clock.set(due)
        entry: dict[str, Any] = {"id": action.id, "at": utc(due), "orders": [], "unallocated": "0", "notes": [], "refused": None}
        try:
            routed = assembly.parts.router.route(action)
        except Denied as refusal:
            entry["refused"] = str(refusal)
        else:
            entry["orders"] = [{"order": o.id, "venue": o.venue, "account": o.account, "action": plain(o.action)} for o in routed.orders]
            entry["unallocated"], entry["notes"] = f"{routed.unallocated:f}", list(routed.notes)
        found.append(entry)
    return found

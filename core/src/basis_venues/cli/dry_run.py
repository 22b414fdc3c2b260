"""`basis run --dry-run`: what a plan's actions would become, without sending any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..assemble import Assembly
    from ..run.plan import Plan


def show_dry_run(assembly: Assembly, plan: Plan, since: int, until: int, json: bool) -> None:
    """Print where each action would go; for live venues also each write as it would leave, and the host that it would go to."""
    from ..run.rehearsed import rehearse
    from . import output

    actions = rehearse(assembly, plan, since, until)
    if json:
        networks = {venue: network.value for venue, network in assembly.settings.networks.items()}
        output.document({"mode": assembly.settings.mode.name, "plan": plan.name, "dry_run": True, "networks": networks, "actions": actions})
        return
    rows = [(a["id"], a["at"], o["order"], o["venue"], o["account"], parameters(o["action"])) for a in actions for o in a["orders"]]
    output.table("would be sent", ("action", "time", "order", "venue", "account", "what"), rows)
    for order in (order for action in actions for order in action["orders"] if "writes" in order):
        _show_writes(order)
    refused = [(each["id"], each["at"], each["refused"]) for each in actions if each["refused"]]
    if refused:
        output.table("would be denied", ("action", "time", "reason"), refused)


def _show_writes(order: dict[str, Any]) -> None:
    """An order's writes, and what the models say of it."""
    from . import output

    place = f"{order['venue']} on {order['network']}, account {order['account']}"
    for write in order["writes"]:
        sender = f" {write['address']}" if write["address"] else ""
        output.line(f"{write['step']}: {write['method']} {write['host']} {write['path']} ({place}{sender})")
        for name, value in (*write["headers"].items(), *write["body"].items()):
            output.line(f"    {name}: {_text(value)}")
        for said in write["unknown"]:
            output.line(f"    not known yet: {said}")
    outlook = order["outlook"]
    changes = ", ".join(f"{key} {amount}" for key, amount in outlook["deltas"].items())
    nothing = "" if order["writes"] else "nothing would leave; "
    output.line(f"{order['order']} ({place}): {nothing}by the models {outlook['state']} {outlook['reason'] or changes}".rstrip())
    output.line("")


def _text(value: Any) -> str:
    from json import dumps

    return value if isinstance(value, str) else dumps(value)


def parameters(action: dict[str, Any]) -> str:
    """An action in a line: its kind, and what a plan says of it."""
    return " ".join([action["action"], *(f"{key}={value}" for key, value in action.items() if key not in ("action", "id", "valid_until"))])

"""`basis venues`: what is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .options import Json

if TYPE_CHECKING:
    from ..registry import Installed


def venues(json: Json = False) -> None:
    """List the installed venues, what each can do, and those that are refused. Nothing of them is imported."""
    from ..errors import PluginRefused
    from ..registry import Registry
    from . import output

    registry = Registry()
    found: list[dict[str, Any]] = []
    refused: list[dict[str, str]] = []
    for name in registry.names():
        try:
            found.append(_described(registry.venue(name)))
        except PluginRefused as error:
            refused.append({"venue": name, "reason": str(error)})
    observers = [{"name": entry.name, "distribution": entry.distribution.name} for entry in registry.observers]
    if json:
        output.document({"venues": found, "refused": refused, "observers": observers})
        return
    output.table("", ("venue", "kind", "version", "contract", "account", "networks", "summary"), map(_row, found))
    output.table("", ("venue", "action type", "action", "level", "why"), (row for venue in found for row in _actions(venue)))
    if refused:
        output.table("refused", ("venue", "reason"), ((each["venue"], each["reason"]) for each in refused))
    if observers:
        output.table("observers", ("name", "distribution"), (tuple(each.values()) for each in observers))


def _described(venue: Installed) -> dict[str, Any]:
    manifest, distribution = venue.manifest, venue.entry.distribution
    return {
        "venue": manifest.venue,
        "kind": manifest.kind,
        "distribution": distribution.name,
        "version": distribution.version,
        "contract": manifest.contract,
        "summary": manifest.summary,
        "account": manifest.account.alias,
        "networks": ["simulation", *manifest.networks],
        "actions": {
            action_type: {name: {"level": each.level, "reason": each.reason} for name, each in classes.items()}
            for action_type, classes in manifest.actions.items()
        },
        "credentials": [
            {"variable": f"BASIS_{{ENV}}__{each.variable}", "secret": each.secret, "networks": list(each.networks)}
            for each in manifest.credentials
        ],
    }


def _row(venue: dict[str, Any]) -> tuple[str, ...]:
    networks = ", ".join(venue["networks"])
    return (*(venue[key] for key in ("venue", "kind", "version", "contract", "account")), networks, venue["summary"])


def _actions(venue: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (venue["venue"], action_type, name, each["level"], each["reason"])
        for action_type, classes in venue["actions"].items()
        for name, each in classes.items()
    ]

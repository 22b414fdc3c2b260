"""`basis venues`: what is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import CONFIGS_HERE, Configs, Json, examples

if TYPE_CHECKING:
    from ..distributions import EntryPoint
    from ..registry import Installed, Registry


app = typer.Typer(help="List installed venues, or trust that of another author.", rich_markup_mode=None, add_completion=False)


@app.callback(invoke_without_command=True, epilog=examples("basis venues"))
def venues(context: typer.Context, configs: Configs = CONFIGS_HERE, json: Json = False) -> None:
    """List the installed venues, what each can do, and those that are refused. Nothing of them is imported."""
    if context.invoked_subcommand is not None:
        return
    from ..errors import PluginRefused
    from ..registry import Registry
    from ..trust import read_lock
    from . import output

    registry = Registry(trust=read_lock(configs))
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
    output.table("", ("venue", "kind", "version", "contract", "conformance", "account", "networks", "summary"), map(_row, found))
    output.table("", ("venue", "action type", "action", "level", "why"), (row for venue in found for row in _actions(venue)))
    if refused:
        output.table("refused", ("venue", "reason"), ((each["venue"], each["reason"]) for each in refused))
    if observers:
        output.table("observers", ("name", "distribution"), (tuple(each.values()) for each in observers))


@app.command(epilog=examples("basis venues trust bitget"))
def trust(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A distribution of another author, or a venue or observer in it.")],
    configs: Configs = CONFIGS_HERE,
    json: Json = False,
) -> None:
    """Trust a distribution of another author from now on. What it asks for is shown, and its line written into venues.lock."""
    from ..errors import PluginRefused
    from ..hookspecs import ENTRY_POINT_GROUP
    from ..registry import FIRST_PARTY, Registry, module_folder
    from ..trust import line_for, read_lock
    from . import output

    registry = Registry()
    claims = registry.claims(name) or tuple(c for n in registry.names() for c in registry.claims(n) if c.distribution.name == name)
    if not claims:
        raise PluginRefused(f"nothing that is installed is called {name!r}; `basis venues` lists venues, pip installs them")
    if len(claims) > 1:
        owners = " and ".join(claim.distribution.name for claim in claims)
        raise PluginRefused(f"{owners} both claim {name!r}: name the distribution that you mean, or pip uninstall the other")
    entry = claims[0]
    venue = entry.name if entry.group == ENTRY_POINT_GROUP else ""
    if venue in FIRST_PARTY:
        owner = FIRST_PARTY[venue]
        thief = entry.distribution.name
        mend = "it is trusted already" if thief == owner else f"no other may have it: pip uninstall {thief}"
        raise PluginRefused(f"the venue {venue!r} belongs to {owner}; {mend}")
    line = line_for(entry.distribution, venue, module_folder(entry))
    lock = read_lock(configs).with_line(line)
    asked = _asked(registry, entry) if venue else {"hosts": [], "variables": []}
    lock.write()
    if json:
        output.document({"file": str(lock.file), "trusted": line._asdict(), **asked})
        return
    output.line(f"{line.distribution} {line.versions} may now be imported" + (f" for the venue {venue}" if venue else ""))
    output.line(f"it asks to reach: {', '.join(asked['hosts']) or 'nothing'}")
    output.line(f"it reads: {', '.join(asked['variables']) or 'nothing'}")
    output.note(f"wrote {lock.file}. It runs inside this process and could read all of its memory: trust it as you trust this library")


def _asked(registry: Registry, entry: EntryPoint) -> dict[str, list[str]]:
    """The hosts and variables that a plugin's manifest names. Raises `PluginRefused` where it could not be loaded anyway."""
    manifest = registry.admitted(entry).manifest
    hosts = {host for rule in manifest.networks.values() for host in rule.hosts}
    return {"hosts": sorted(hosts), "variables": [f"BASIS_{{ENV}}__{each.variable}" for each in manifest.credentials]}


def _described(venue: Installed) -> dict[str, Any]:
    from ..conformance import told_of

    manifest, distribution, kept = venue.manifest, venue.entry.distribution, told_of(venue)
    return {
        "venue": manifest.venue,
        "kind": manifest.kind,
        "distribution": distribution.name,
        "version": distribution.version,
        "contract": manifest.contract,
        "conformance": str(kept),
        "level": kept.holds,
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
    return (*(venue[key] for key in ("venue", "kind", "version", "contract", "conformance", "account")), networks, venue["summary"])


def _actions(venue: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (venue["venue"], action_type, name, each["level"], each["reason"])
        for action_type, classes in venue["actions"].items()
        for name, each in classes.items()
    ]

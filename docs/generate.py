"""Writes the pages of `docs/venues` from the plugins' manifests, hooks and conformance reports: `python docs/generate.py`. A test fails
when they are stale."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from basis_venues.manifest import CredentialField, Manifest, read_manifest

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs" / "venues"
LIVE = {"create_client": "client", "chain_access": "chain access", "market_data": "market data"}
"""Hooks that only a run outside simulation needs, and what they bring."""
NO_CREDENTIALS = "None of its own: it acts through the wallet."
NOTICE = "<!-- Written by docs/generate.py from the manifests; do not edit. -->\n"
LEVELS = {None: "none", 0: "0, loads", 1: "1, works", 2: "2, honest", 3: "3, survives"}
MARKS = {"full": "yes", "versioned": "by version", "not_implemented": "not yet", "unsupported": "no"}
DOUBLES = (
    "Levels 2 and 3 are tried on the venue's double: the sandbox's exchange in the venue's own protocol, or the sandbox's chain. What of "
    "the offered actions the double was not asked for stands in the last column: the kit has seen it in simulation alone (level 1)."
)
LEVEL_COLUMNS = ("venue", "level reached", "kept", "left out", "tried at level 2", "at level 3", "in simulation alone")
TRIED, CARRIED_OUT = ("L2-1", "L2-15"), ("L3-1",)
"""The promises whose cases are what the double was asked for: at level 2, and at level 3."""


def packages() -> dict[str, Path]:
    """The package folder of each venue, by name."""
    found = sorted((ROOT / "plugins").glob("*/src/*/manifest.toml"))
    return {read_manifest(file).venue: file.parent for file in found}


def hooks(package: Path) -> set[str]:
    """The functions that the venue's entry module defines."""
    module = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    return {node.name for node in module.body if isinstance(node, ast.FunctionDef)}


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    header = tuple(header)
    lines = [header, tuple("---" for _ in header), *(tuple(row) for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def actions(manifest: Manifest) -> Iterator[tuple[str, str, str, str]]:
    """Action, action types, level and reason; the names of one type are told together."""
    told: dict[tuple[str, str, str], list[str]] = {}
    for action_type, classes in manifest.actions.items():
        for name, capability in classes.items():
            told.setdefault((name, *capability), []).append(action_type)
    for (name, level, reason), types in told.items():
        yield f"`{name}`", ", ".join(f"`{each}`" for each in types), level.replace("_", " "), reason


def credential_row(credential: CredentialField) -> tuple[str, ...]:
    """Variable, whether it is secret, what needs it, and where."""
    needed = ", ".join(credential.needed_for) or "optional"
    return f"`BASIS_{{ENV}}__{credential.variable}`", "yes" if credential.secret else "no", needed, ", ".join(credential.networks)


def page(manifest: Manifest, package: Path) -> str:
    """One venue's page."""
    account, fence, ids = manifest.account, manifest.fence, manifest.client_id
    lane = f", whose lane is `{account.lane}`" if account.lane else ""
    keeps = "whose balances it shows" if account.keeps else "whose balances another venue shows"
    outer = f" Deposits arrive in its {account.outer_wallet} wallet, and withdrawals leave it." if account.outer_wallet else ""
    networks = [
        (name, ", ".join(rule.hosts) or "none", ", ".join(map(str, rule.chain_ids)), rule.note) for name, rule in manifest.networks.items()
    ]
    credentials = [credential_row(each) for each in manifest.credentials]
    within = f", {fence.milliseconds} ms" if fence.milliseconds else ""
    parts = [
        f"# {manifest.venue}\n\n{NOTICE}\n{manifest.summary}. Kind `{manifest.kind}`, contract {manifest.contract}. It acts on the account "
        f"`{account.alias}`{lane}, {keeps}.{outer}\n\nWhat it does, its settings and the limits of its simulation: "
        f"[README of the distribution](../../plugins/{package.parents[1].name}/README.md).",
        "## Actions\n\n" + table(("action", "action types", "level", "why"), actions(manifest)),
        f"## Beyond simulation\n\n{beyond(package)}",
        "## Networks\n\n" + table(("network", "hosts", "chain ids", "note"), networks),
        "## Credentials\n\n" + (table(("variable", "secret", "needed for", "networks"), credentials) if credentials else NO_CREDENTIALS),
        f"## Ids and rates\n\nClient ids: `{ids.alphabet}`, up to {ids.length}, unique: {ids.unique}. Fence: {fence.kind}{within}. "
        f"At most {manifest.rate.requests_per_minute} requests a minute.",
    ]
    return "\n\n".join(parts) + "\n"


def beyond(package: Path) -> str:
    """What of a venue's live part is there."""
    there = hooks(package) & LIVE.keys()
    if "create_client" not in there:
        return "It is simulated only in this version: a run on a testnet or live is refused before anything is sent."
    return f"It has: {', '.join(LIVE[name] for name in LIVE if name in there)}."


def overview(manifests: Mapping[str, Manifest], found: Mapping[str, Path]) -> str:
    """The index: what each venue can do, and where."""
    rows = [
        (
            f"[{name}]({name}.md)",
            manifest.kind,
            f"`{manifest.account.alias}`",
            ", ".join(f"`{action}`" for action in dict.fromkeys(cls for classes in manifest.actions.values() for cls in classes)),
            ", ".join(manifest.networks),
            "yes" if "create_client" in hooks(found[name]) else "not yet",
        )
        for name, manifest in manifests.items()
    ]
    head = ("venue", "kind", "account", "actions", "networks beside simulation", "live client")
    intro = "Every venue can be simulated. `basis venues` shows the same of what is installed. What was proven: [support](support.md)."
    return f"# Venues\n\n{NOTICE}\n{intro}\n\n{table(head, rows)}\n"


def reports(found: Mapping[str, Path]) -> dict[str, Any]:
    """What the conformance report in each package says of its venue."""
    return {name: json.loads((package / "conformance.json").read_text(encoding="utf-8"))["venues"][name] for name, package in found.items()}


def support(manifests: Mapping[str, Manifest], told: Mapping[str, Any]) -> str:
    """The matrix: what each venue offers, where, what the kit has proven of it, and what it leaves out, with the reasons."""
    parts = [
        f"# Support\n\n{NOTICE}\nFrom the manifests, and from the report of the conformance kit in each wheel, `conformance.json`. "
        "The levels and their promises: [README of basis-venues-testkit](../../plugins/testkit/README.md).",
        f"## Levels\n\n{DOUBLES}\n\n"
        + table(
            ("venue", "level reached", "kept", "left out", "tried at level 2", "at level 3", "in simulation alone"), levels(manifests, told)
        ),
        "## Actions\n\nIn simulation every action that is offered; on a network where the venue is there, too.\n\n"
        + table(("action", *manifests), by_action(manifests)),
        "## Networks\n\n" + table(("venue", "networks", "note"), networks(manifests)),
        "## What is left out, and why\n\nA promise is left out for some actions, or altogether.\n\n"
        + table(("venue", "promise", "for", "why"), left_out(told)),
    ]
    return "\n\n".join(parts) + "\n"


def levels(manifests: Mapping[str, Manifest], told: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """How far each venue got, and with what."""
    for name, each in told.items():
        results = [promise["result"] for promise in each["promises"].values()]
        kept, skipped = (str(results.count(result)) for result in ("passed", "skipped"))
        tried, carried_out = (list(asked_for(each["promises"], promises)) for promises in (TRIED, CARRIED_OUT))
        offered = dict.fromkeys(cls for classes in manifests[name].actions.values() for cls, said in classes.items() if said.usable)
        alone = [cls for cls in offered if cls not in {case.partition("-")[0] for case in tried}]
        yield f"[{name}]({name}.md)", LEVELS[each["level"]], kept, skipped, *map(listed, (tried, carried_out, alone))


def asked_for(told: Mapping[str, Any], promises: Iterable[str]) -> dict[str, None]:
    """The cases in which the promises were not left out."""
    cases = (told[promise].get("cases", {}).items() for promise in promises)
    return {name: None for each in cases for name, result in each if result != "skipped"}


def listed(names: Iterable[str]) -> str:
    """Names in a cell."""
    return ", ".join(f"`{each}`" for each in names)


def by_action(manifests: Mapping[str, Manifest]) -> Iterator[tuple[str, ...]]:
    """What each venue says of each action."""
    said = {name: {cls: each for classes in m.actions.values() for cls, each in classes.items()} for name, m in manifests.items()}
    for cls in dict.fromkeys(cls for classes in said.values() for cls in classes):
        yield f"`{cls}`", *(shown(classes.get(cls)) for classes in said.values())


def shown(capability: Any) -> str:
    """A cell: whether it is offered, and why not."""
    if capability is None:
        return ""
    return MARKS[capability.level] + (f": {capability.reason}" if capability.reason else "")


def networks(manifests: Mapping[str, Manifest]) -> Iterator[tuple[str, ...]]:
    """Where each venue is, beside the simulation."""
    for name, manifest in manifests.items():
        notes = [f"{network}: {rule.note}" for network, rule in manifest.networks.items() if rule.note]
        yield name, ", ".join(manifest.networks), "; ".join(notes)


def left_out(told: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Each promise that was left out or not tried, with the cases and the reason."""
    for name, each in told.items():
        for promise, outcome in each["promises"].items():
            cases: dict[str, list[str]] = {}
            for case, result in outcome.get("cases", {}).items():
                if result in ("skipped", "not tried"):
                    cases.setdefault(outcome["reasons"][case], []).append(case)
            for reason, named in cases.items():
                whole = outcome["result"] in ("skipped", "not tried")
                yield name, promise_name(promise, outcome), "all" if whole else ", ".join(f"`{each}`" for each in named), reason


def promise_name(promise: str, outcome: Mapping[str, Any]) -> str:
    """The id and the title's first word."""
    return f"{promise} {outcome['title'].partition(':')[0]}"


def pages() -> dict[Path, str]:
    """Every generated page and its text."""
    found = packages()
    manifests = {name: read_manifest(package / "manifest.toml") for name, package in found.items()}
    written = {PAGES / f"{name}.md": page(manifests[name], found[name]) for name in manifests}
    return {PAGES / "README.md": overview(manifests, found), PAGES / "support.md": support(manifests, reports(found)), **written}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))

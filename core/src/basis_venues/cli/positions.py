"""`basis positions`: what the accounts hold, against what the books expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from .options import CONFIGS_HERE, Accounts, Configs, Json, Live, Mode, Profile, State, mode_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..execution.blocking import BlockingManager
    from ..results import Compared
    from ..venues import Venues


def positions(
    mode: Mode,
    profile: Profile = None,
    live: Live = False,
    account: Accounts = None,
    configs: Configs = CONFIGS_HERE,
    state: State = None,
    json: Json = False,
) -> None:
    """Read a live mode's positions from its accounts and show them beside the books. Settles what an interrupted run left
    open, but for an order at rest, which stays there.

    Exit code 7 where an account shows something else than the books, else 8 where one is frozen."""
    from ..assemble import assemble
    from ..errors import ConfigurationError
    from ..execution.blocking import BlockingManager
    from ..execution.manager import ExecutionManager
    from . import output
    from .logs import log_to_stderr

    assembly = assemble(mode_of(mode), configs=configs, live=live, profile=profile, confirm_mainnet=account or (), state=state)
    if assembly.parts.state_directory is None:
        raise ConfigurationError("a backtest keeps no positions between runs; --live reads the accounts, `basis run` reports a backtest's")
    log_to_stderr(configs)
    with BlockingManager(ExecutionManager(assembly.parts)) as manager:
        found = _compared(manager, assembly.parts.venues)
    if json:
        output.document({"mode": assembly.settings.mode.name, **found})
    else:
        _show(found)
    raise typer.Exit(exit_code(found))


def _show(found: Mapping[str, Any]) -> None:
    from . import output

    agrees = {True: "yes", False: "no", None: "not compared"}
    rows = ((e["position"], e["expected"], e["observed"], agrees[e["agrees"]]) for e in found["positions"])
    output.table("positions", ("position", "books", "account", "agrees"), rows)
    if found["obligations"]:
        output.table("begun and not yet arrived", ("position", "amount"), found["obligations"].items())
    if found["frozen"]:
        output.table("frozen accounts", ("account", "reason"), found["frozen"].items())


def exit_code(found: Mapping[str, Any]) -> int:
    """0 where all is well; 7 where an account shows something else than the books, else 8 where one is frozen: the graver before."""
    from ..errors import Mismatch, Stopped

    if any(each["agrees"] is False for each in found["positions"]):
        return Mismatch.exit_code
    return Stopped.exit_code if found["frozen"] else 0


def _compared(manager: BlockingManager, venues: Venues) -> dict[str, Any]:
    """What the books expect, and what the accounts show now. Where the two differ, what venues tell to have happened since is expected,
    too: funding, say. A transit no account shows; what the books no longer vouch for (after `basis thaw`, until the next order takes it up)
    is shown, and neither agrees nor disagrees."""
    from ..amounts import ZERO
    from ..results import Compared as Line

    held = manager.positions()
    state = manager.state
    books = state.book
    lines = {}
    for key in sorted({*held, *books.held()}):
        observed = held.get(key, ZERO) if venues.answering(key) is not None else None
        lines[key] = Line(key, books[key], observed, observed == books[key])
    if any(line.observed is not None and not line.agrees for key, line in lines.items() if key in state.known):
        lines.update((key, line) for key, line in manager.compared().items() if key in lines)
    return {
        "positions": [_line(line, vouched=key in state.known) for key, line in lines.items() if line.expected or line.observed],
        "obligations": {key: f"{lines[key].expected:f}" for key in manager.obligations() if lines[key].expected},
        "frozen": manager.frozen,
    }


def _line(line: Compared, *, vouched: bool) -> dict[str, Any]:
    return {
        "position": line.key,
        "expected": f"{line.expected:f}",
        "observed": None if line.observed is None else f"{line.observed:f}",
        "agrees": None if line.observed is None or not vouched else line.agrees,
    }

"""`basis positions`: what the accounts hold, against what the books expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .options import CONFIGS_HERE, Accounts, Configs, Json, Live, Mode, Profile, State, mode_of

if TYPE_CHECKING:
    from ..execution.blocking import BlockingManager


def positions(
    mode: Mode,
    profile: Profile = None,
    live: Live = False,
    account: Accounts = None,
    configs: Configs = CONFIGS_HERE,
    state: State = None,
    json: Json = False,
) -> None:
    """Read a live mode's positions from its accounts and show them beside the books. Settles what an interrupted run left open."""
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
        found = _compared(manager)
    if json:
        output.document({"mode": assembly.settings.mode.name, **found})
        return
    rows = ((e["position"], e["expected"], e["observed"], "" if e["agrees"] else "no") for e in found["positions"])
    output.table("positions", ("position", "books", "account", "agrees"), rows)
    if found["obligations"]:
        output.table("begun and not yet arrived", ("position", "amount"), found["obligations"].items())
    if found["frozen"]:
        output.table("frozen accounts", ("account", "reason"), found["frozen"].items())


def _compared(manager: BlockingManager) -> dict[str, Any]:
    observed = manager.positions()
    books = manager.state.book
    keys = sorted({*observed, *books.held()})
    return {
        "positions": [
            {
                "position": key,
                "expected": f"{books[key]:f}",
                "observed": f"{observed.get(key, 0):f}",
                "agrees": books[key] == observed.get(key, 0),
            }
            for key in keys
        ],
        "obligations": {key: f"{amount:f}" for key, amount in manager.obligations().items()},
        "frozen": manager.frozen,
    }

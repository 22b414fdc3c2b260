"""`basis run`: carry a plan out and report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import CONFIGS_HERE, Accounts, Configs, Json, Live, Mode, Profile, State, mode_of, named_in

if TYPE_CHECKING:
    from ..assemble import Assembly
    from ..results import ActionResult
    from ..run.plan import Plan
    from ..run.report import RunReport

PlanOf = Annotated[
    str | None,
    typer.Option(
        "--plan", metavar="FILE", help="A plan, by path or name; else the one named as the mode.", autocompletion=named_in("plans")
    ),
]
Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Where recorded market data lie; without it, made-up data.")]
DataSettings = Annotated[
    str | None,
    typer.Option(
        "--data-settings",
        metavar="NAME",
        help="A file of configs/data; with --data, 'history' unless given.",
        autocompletion=named_in("data"),
    ),
]
From = Annotated[str | None, typer.Option("--from", metavar="TIME", help="Begin: ISO 8601, UTC unless it says otherwise; else the plan's.")]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="End, as --from.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Send nothing: show the orders and, with --live, each write as it would leave.")]


def run(
    context: typer.Context,
    mode: Mode,
    plan: PlanOf = None,
    data: Data = None,
    data_settings: DataSettings = None,
    since: From = None,
    until: To = None,
    profile: Profile = None,
    live: Live = False,
    account: Accounts = None,
    dry_run: DryRun = False,
    stream: Annotated[Path | None, typer.Option("--stream", metavar="FILE", help="Write a row for each action of a backtest.")] = None,
    configs: Configs = CONFIGS_HERE,
    state: State = None,
    json: Json = False,
) -> None:
    """Carry out a plan's actions, each proven from account state. A backtest, unless --live. Ends with the code of the worst result."""
    from ..assemble import assemble
    from ..config.settings import mode_file, mode_name
    from ..run.plan import load_plan
    from ..run.runner import run_plan
    from .dry_run import show_dry_run
    from .progress import ShownProgress

    if live and stream is not None:
        raise typer.BadParameter("a live run keeps a journal instead: `basis journal export`", param_hint="--stream")
    file = mode_file(mode_of(mode), configs)  # a wrong mode is said to be one, not a plan that is missing
    chosen = load_plan(plan or Path(mode).stem, configs)
    chosen.check_mode(mode_name(file))  # before its positions are said to be wrong
    begin, end = _window(chosen, since, until)
    with ExitStack() as until_done:
        assembly = assemble(
            mode_of(mode),
            configs=configs,
            live=live,
            profile=profile,
            confirm_mainnet=account or (),
            data_settings=data_settings,
            data_directory=data,
            since=begin,
            until=end,
            positions=chosen.positions,
            state=state,
            stream=stream,
            working_copy=_throwaway(until_done) if dry_run else None,
        )
        _announce(assembly, configs)
        begin, end = _on_the_clock(assembly, begin, end, since)
        if dry_run:
            show_dry_run(assembly, chosen, begin, end, json)
            return
        _tell_end(assembly, end)
        with ShownProgress() as progress:
            report = run_plan(assembly, chosen, begin, end, progress=progress.step)
    raise typer.Exit(told(report, json, context.meta))


def _announce(assembly: Assembly, configs: Path) -> None:
    """On stderr: what a person should know before, and of a live run what happens meanwhile."""
    from . import output
    from .logs import log_to_stderr

    for warning in assembly.settings.warnings:
        output.note(f"warning: {warning}")
    if assembly.settings.selection.live:
        log_to_stderr(configs)


def _throwaway(until_done: ExitStack) -> Callable[[Path], Path]:
    """Makes the copy of a state directory that a dry run works in."""
    from ..execution.rehearsal import copied

    return lambda state: until_done.enter_context(copied(state))


def _window(plan: Plan, since: str | None, until: str | None) -> tuple[int, int]:
    """The run's ends, ms: as typed, or the plan's own."""
    begin = plan.since if since is None else moment_of(since, "--from")
    end = plan.until if until is None else moment_of(until, "--to")
    if begin is None or end is None:
        raise typer.BadParameter(f"the plan {plan.name} has no window of its own: give --from and --to")
    if begin >= end:
        raise typer.BadParameter("the run would end before it begins", param_hint="--to")
    return begin, end


def _on_the_clock(assembly: Assembly, begin: int, end: int, since: str | None) -> tuple[int, int]:
    """On the machine's clock a plan begins now, and takes as long as its window does, unless --from says when."""
    from ..clock import SystemClock

    if since is not None or not isinstance(assembly.clock, SystemClock):
        return begin, end
    now = assembly.clock.now()
    return now, now + end - begin


def _tell_end(assembly: Assembly, end: int) -> None:
    """A plan on the machine's clock takes as long as its window: whoever sees nothing happen is to know why, and what is safe."""
    from ..clock import SystemClock
    from ..market.provider import utc
    from . import output

    if isinstance(assembly.clock, SystemClock):
        output.note(f"basis: the run ends at {utc(end)}, and waits between actions; Ctrl-C is safe: it goes on where it stood")


def moment_of(text: str, option: str) -> int:
    """A time as typed, in ms; a date, or a time without a zone, is UTC."""
    from ..run.plan import parse_time

    try:
        return parse_time(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time; write it like 2024-08-01T00:00:00Z", param_hint=option) from None


def _show(run: dict[str, Any]) -> None:
    from . import output

    networks = ", ".join(f"{venue}: {network}" for venue, network in run["networks"].items())
    output.line(f"{run['mode']}, {run['execution_mode']}, {run['from']} to {run['to']} ({networks})")
    output.line("")
    output.table(
        "", ("action", "kind", "time", "state", "legs"), ((a["id"], a["action"], a["at"], a["state"], _legs(a)) for a in run["actions"])
    )
    if compared := _compared(run):
        output.table("compared with the accounts", ("order", "position", "expected", "observed", ""), compared)
    if run["positions"] is not None:
        output.table("positions", ("position", "amount"), run["positions"].items())
    if run["obligations"]:
        output.table("begun and not yet arrived", ("position", "amount"), run["obligations"].items())
    for kind in ("substitutions", "bridged", "duplicates"):
        if run[kind]:
            output.table(kind, ("series", "what", "from", "to", "count"), (tuple(note.values()) for note in run[kind]))
    output.line(", ".join(f"{count} {state}" for state, count in run["counts"].items()) or "no actions")


def _legs(action: dict[str, Any]) -> str:
    """Each leg's venue, what the venue said, what the account showed, and why where something is amiss."""
    words = ((leg["venue"], leg["state"], leg["verdict"], leg["reason"]) for leg in action["legs"])
    return "; ".join(" ".join(filter(None, each)) for each in words)


def _compared(run: dict[str, Any]) -> list[tuple[str, ...]]:
    """What reconciliation compared: a line for each order and position."""
    return [
        (leg["order"], line["key"], line["expected"], line["observed"] or "not read", "" if line["agrees"] else "differs")
        for action in run["actions"]
        for leg in action["legs"]
        for line in leg["reconciliation"]
    ]


def told(report: RunReport, json: bool, meta: Mapping[str, Any]) -> int:
    """Print the report, and on stderr what ended the run, and a sentence on each state that is not VERIFIED. Answers the exit code."""
    from . import output
    from .boundary import tell

    failure = {} if report.failure is None else {"error": tell(report.failure, meta)}
    try:
        if json:
            output.document({**report.document(), **failure})
        else:
            _show(report.document())
    finally:  # also where stdout takes nothing: its disk is full, or nobody reads it
        for sentence in dict.fromkeys(filter(None, map(meaning, report.results))):
            output.note(f"basis: {sentence}")
        for account, reason in report.frozen.items():
            output.note(f"basis: the account {account} is frozen (`basis journal show`): {reason}")
    return report.exit_code


def meaning(result: ActionResult) -> str | None:
    """What the result's state means, and what to do about it; None where nothing is to be done."""
    from ..results import INCOMPLETE, STOPPED, error_of, word_of
    from ..states import State as Standing

    error = error_of(result)
    if error is None:
        return None
    if result.state == Standing.NEEDS_HUMAN.value:
        step = next((leg.steps[-1] for leg in result.legs if leg.state is Standing.NEEDS_HUMAN and leg.steps), result.action.id)
        return (
            f"{step} was sent and may have happened: do not send it again; `basis journal show {step}`, look at the venue, `basis resolve`"
        )
    if result.state == INCOMPLETE:
        missing = "; ".join(f"{leg.order} {leg.state.value} {leg.reason}".rstrip() for leg in result.legs if word_of(leg) != "VERIFIED")
        part = f"{result.action.id} is done in part. Missing: {missing}"
        return f"{part}. Ask for that under a new id, or take back what stands{_undo(result)}"
    if result.state == STOPPED:
        why = result.legs[0].reason if result.legs else ""
        return f"not begun: {why} (`basis journal show`); once that is over the same ids may be given again"
    return _MEANINGS.get(error.exit_code)


def _undo(result: ActionResult) -> str:
    """The actions that would take back what stands, as a plan has them; nothing where none were found."""
    from ..journal.codec import plain
    from .dry_run import parameters

    actions = "; ".join(parameters(plain(action)) for action in result.undo)
    return f": {actions}" if actions else " (its legs say what does)"


_MEANINGS = {
    4: "an action was denied here; nothing of it was sent",
    5: "a venue rejected an action, or not all of it was done: what stands is in its legs",
    6: "an outcome is unknown: do not send it again by hand; the same `basis run` settles it, `basis journal show` has the evidence",
    7: "an account shows something else than the books expect and is frozen: `basis journal show`, then `basis thaw`",
    75: "an action was not started before its time passed",
}

"""`basis halt` and `basis resume`: the operator's stop flags."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import CONFIGS_HERE, Configs, Json, Profile, State, not_blank

if TYPE_CHECKING:
    from ..execution.stops import HaltFlags


def _alias(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]+", value):
        raise typer.BadParameter("an account's alias is made of letters, digits, _ and -")
    return value


Account = Annotated[
    str | None, typer.Option("--account", metavar="ALIAS", help="This account only; without it, everything.", callback=_alias)
]


def halt(
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; runners and reports show it.", callback=not_blank)],
    account: Account = None,
    state: State = None,
    profile: Profile = None,
    configs: Configs = CONFIGS_HERE,
    json: Json = False,
) -> None:
    """Stop sending, in every world of this user unless --state or --profile names one. Cancelling and reading go on.

    Exit code 3 where a flag could not be set or a runner keeps its state elsewhere: its process is named, and all others are halted."""
    from .places import state_directories

    directories = state_directories(state, profile, configs)
    failed = _at_each(directories, lambda _, flags: flags.halt(reason, account or ""))
    if not (state or profile):
        failed += _not_reached(directories)
    _show(directories, [], failed, json)
    for each in failed:
        _note(f"NOT halted in {each['state'] or 'a state directory of its own'} ({each['reason']}): {_stop(each['processes'])}")
    _warn_of_name(account, directories, configs)
    _end(failed)


def resume(
    account: Account = None,
    state: State = None,
    profile: Profile = None,
    configs: Configs = CONFIGS_HERE,
    json: Json = False,
) -> None:
    """Take the halt flags away again, those of `basis halt` with the same options. A frozen account stays frozen: see `basis thaw`."""
    from .places import state_directories

    directories = state_directories(state, profile, configs)
    lifted: list[Path] = []

    def lift(directory: Path, flags: HaltFlags) -> None:
        if flags.resume(account or ""):
            lifted.append(directory)

    failed = _at_each(directories, lift)
    _show(directories, lifted, failed, json)
    for each in failed:
        _note(f"NOT resumed in {each['state']} ({each['reason']}): see to the disk, and who may write there")
    _end(failed)


def flags_at(directory: Path) -> list[dict[str, Any]]:
    """The flags of a state directory: account (None for everything), reason, and the command that takes the flag away."""
    from ..execution.stops import HaltFlags

    flags = HaltFlags(directory / "halt").all()
    return [{"account": account or None, "reason": reason, "resume": _resume(directory, account)} for account, reason in flags.items()]


def table(flags: Sequence[Mapping[str, Any]]) -> None:
    """Print flags of `flags_at`."""
    from . import output

    rows = ((each["account"] or "everything", each["reason"], each["resume"]) for each in flags)
    output.table("halted", ("account", "reason", "to take it away"), rows)


def _resume(directory: Path, account: str) -> str:
    return f"basis resume{f' --account {account}' if account else ''} --state {quote(str(directory))}"


def _at_each(directories: Sequence[Path], act: Callable[[Path, HaltFlags], None]) -> list[dict[str, Any]]:
    """Do it everywhere: one directory that cannot be written keeps none of the others. Answers where it failed, why, and which processes
    hold accounts there. What this user cannot read there may well be read by the runner."""
    from ..execution.stops import HaltFlags
    from ..journal.locks import holders

    failed: list[dict[str, Any]] = []
    for directory in directories:
        try:
            act(directory, HaltFlags(directory / "halt"))
        except OSError as error:
            why = error.strerror or type(error).__name__
            failed.append({"state": str(directory), "reason": why, "processes": list(holders(directory / "locks"))})
    return failed


def _not_reached(directories: Sequence[Path]) -> list[dict[str, Any]]:
    """Runners of this user that hold accounts and look for their flags in none of the directories."""
    from ..journal.locks import holders
    from ..worlds import locks_directory

    reached = {process for directory in directories for process in holders(directory / "locks")}
    strange = [process for process in holders(locks_directory()) if process not in reached]
    return [{"state": None, "reason": "it runs with another --state; name that", "processes": strange}] if strange else []


def _stop(processes: Sequence[str]) -> str:
    return (
        f"stop the runner (process {', '.join(processes)})"
        if processes
        else "see to the disk, and who may write there, before a runner starts"
    )


def _warn_of_name(account: str | None, directories: Sequence[Path], configs: Path) -> None:
    """A flag is set whatever it is called; one that no runner looks for is worth a word."""
    if account is None:
        return
    from ..config.misfit import nearest

    known = _named_by_venues(configs).union(*map(_named_by_journal, directories))
    if account not in known:
        _note(f"warning: no account of that name is known{nearest(account, known)}; known: {', '.join(sorted(known)) or 'none'}")


def _named_by_venues(configs: Path) -> set[str]:
    from ..errors import BasisError
    from .env import installed_manifests

    try:
        return {manifest.account.alias for manifest in installed_manifests(configs)[0]}
    except BasisError:  # of a lock file that is wrong; `basis doctor` says what mends it
        return set()


def _named_by_journal(directory: Path) -> set[str]:
    from .journal_file import opened

    try:
        with opened(directory) as journal:
            return {alias for row in journal.rows() for alias in row.data()["accounts"]}
    except Exception:  # there is none, or it is damaged: then it names nobody
        return set()


def _show(directories: Sequence[Path], lifted: Sequence[Path], failed: Sequence[Mapping[str, Any]], json: bool) -> None:
    """All flags that stand now, what was taken away, and what could not be done."""
    from . import output

    flags = [{"state": str(directory), **flag} for directory in directories for flag in flags_at(directory)]
    if json:
        output.document({"halted": flags, "resumed": [str(path) for path in lifted], "failed": list(failed)})
        return
    for path in lifted:
        output.line(f"resumed in {path}")
    if flags:
        table(flags)
    else:
        output.line("nothing is halted")


def _note(text: str) -> None:
    from . import output

    output.note(f"basis: {text}")


def _end(failed: Sequence[object]) -> None:
    from ..errors import ConfigurationError

    if failed:
        raise typer.Exit(ConfigurationError.exit_code)

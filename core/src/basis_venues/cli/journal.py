"""`basis journal`: what was done, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import CONFIGS_HERE, Configs, Json, Profile, State, examples

if TYPE_CHECKING:
    from ..journal.sqlite import Row, SqliteJournal
    from ..journal.state import JournalState

app = typer.Typer(
    help="Read a live run's journal, check its chain, copy or export it.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)


@app.command(epilog=examples("basis journal show --profile sandbox --last 20", "basis journal show enter-spot/binance/0 --profile sandbox"))
def show(
    subject: Annotated[str | None, typer.Argument(metavar="[ID]", help="An action, order or step; without it, all rows.")] = None,
    last: Annotated[int, typer.Option("--last", metavar="N", min=0, help="The newest N rows; 0 for all.")] = 50,
    state: State = None,
    profile: Profile = None,
    configs: Configs = CONFIGS_HERE,
    json: Json = False,
) -> None:
    """Show rows, and what is open, on its way, frozen or halted. With ID also what was sent: client id or hash, request, fence."""
    from ..market.provider import utc
    from . import halt, output
    from .journal_file import opened, replayed
    from .places import state_directory

    directory = state_directory(state, profile, configs)
    with opened(directory) as journal:
        latest = replayed(journal.verified())
        rows = _about(journal, subject)
    rows = rows[-last:] if last else rows
    left = {**_left(latest), "halted": halt.flags_at(directory)}
    if json:
        output.document({"journal": str(journal.path), "rows": [{**row.data(), "at": utc(row.at)} for row in rows], **left})
    else:
        _tables(str(journal.path), rows, writes=subject is not None)
        _show_left(left)


def _left(latest: JournalState) -> dict[str, Any]:
    """What waits for a start, an arrival or a person."""
    from ..execution.resolution import needs_person, settler

    return {
        "open": [
            {"step": step, "mode": mode, "account": record.sending.order.account, "settled_by": settler(latest, record)}
            for (mode, step), record in latest.steps.items()
            if record.report is None or needs_person(record)
        ],
        "frozen": dict(latest.frozen),
        "obligations": {key: f"{amount:f}" for key, amount in latest.obligations().items()},
    }


def _show_left(left: Mapping[str, Any]) -> None:
    from . import halt, output

    if left["open"]:
        output.table("open steps", ("step", "mode", "account", "settled by"), (tuple(each.values()) for each in left["open"]))
    if left["obligations"]:
        output.table("begun and not yet arrived", ("position", "amount"), left["obligations"].items())
    if left["frozen"]:
        output.table("frozen accounts", ("account", "reason"), left["frozen"].items())
    if left["halted"]:
        halt.table(left["halted"])


def _about(journal: SqliteJournal, subject: str | None) -> list[Row]:
    """The rows about a subject, or all. Raises `Denied` where no row is about it."""
    from ..config.misfit import nearest
    from ..errors import Denied

    rows = list(journal.rows(subject))
    if subject is not None and not rows:
        near = nearest(subject, {row.subject for row in journal.rows()})
        raise Denied(f"no row is about {subject!r}{near}; `basis journal show` has all")
    return rows


def _tables(title: str, rows: Sequence[Row], *, writes: bool) -> None:
    """The rows, and with `writes` what was sent in them."""
    from ..market.provider import utc
    from . import output
    from .journal_rows import SENT, gist, sent

    output.table(title, ("row", "time", "kind", "about", ""), ((r.seq, utc(r.at), r.kind, r.subject, gist(r.kind, r.data())) for r in rows))
    if writes and (found := [sent(row.subject, row.data()) for row in rows if row.kind == "SENDING"]):
        output.table("sent", SENT, found)


@app.command(epilog=examples("basis journal verify --profile sandbox"))
def verify(state: State = None, profile: Profile = None, configs: Configs = CONFIGS_HERE, json: Json = False) -> None:
    """Check that no row was lost, changed or put in between. Exit code 1 where the chain breaks."""
    from ..market.provider import utc
    from . import output
    from .journal_file import opened
    from .places import state_directory

    row: Row | None = None
    with opened(state_directory(state, profile, configs)) as journal:
        for each in journal.verified():
            row = each
    last = {"row": row.seq, "at": utc(row.at), "hash": row.hash} if row else None
    if json:
        output.document({"journal": str(journal.path), "rows": row.seq if row else 0, "holds": True, "last": last})
    elif row and last:
        output.line(f"{journal.path}: the chain holds over {row.seq} rows; the last is of {last['at']}, hash {row.hash}")
    else:
        output.line(f"{journal.path}: has no rows")


@app.command(epilog=examples("basis journal export --profile sandbox --output journal.jsonl"))
def export(
    file: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="A new file; without it, stdout.")] = None,
    state: State = None,
    profile: Profile = None,
    configs: Configs = CONFIGS_HERE,
    json: Json = False,
) -> None:
    """Write all rows as JSON lines, in their order. Each is checked against the chain. With --json they are one document."""
    from ..journal.codec import dumps
    from . import output
    from .journal_file import opened
    from .places import state_directory

    with opened(state_directory(state, profile, configs)) as journal:
        if file is not None:
            count = _write(file, (dumps(row.data()) for row in journal.verified()))
            if json:
                output.document({"journal": str(journal.path), "output": str(file), "rows": count})
            else:
                output.note(f"wrote {count} rows to {file}")
        elif json:
            output.document({"journal": str(journal.path), "rows": [row.data() for row in journal.verified()]})
        else:
            for row in journal.verified():
                output.line(dumps(row.data()))


@app.command(epilog=examples("basis journal backup backup.sqlite --profile sandbox"))
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, for the copy.")],
    state: State = None,
    profile: Profile = None,
    configs: Configs = CONFIGS_HERE,
    json: Json = False,
) -> None:
    """Copy the journal as of one moment, also while a run writes to it. Its chain is checked first: a damaged one is no backup."""
    from ..journal.sqlite import copy_journal
    from . import output
    from .journal_file import opened
    from .places import state_directory

    with opened(state_directory(state, profile, configs)) as journal:
        for _ in journal.verified():
            pass
        with _new(file, "FILE"):
            copy_journal(journal.path, file)
    if json:
        output.document({"journal": str(journal.path), "output": str(file)})
    else:
        output.line(f"copied {journal.path} to {file}")


def _write(file: Path, lines: Iterable[str]) -> int:
    with _new(file, "--output"), file.open("w", encoding="utf-8") as target:
        return sum(target.write(f"{line}\n") > 0 for line in lines)


@contextmanager
def _new(file: Path, option: str) -> Iterator[None]:
    """Make the file, to be filled inside. A journal is for its owner alone, and so is its copy; a part of one must not be taken for all of
    it, and is removed."""
    import os

    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise typer.BadParameter(f"{file} is there already; name a new file", param_hint=option) from None
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be written: {error.strerror}", param_hint=option) from None
    os.close(handle)
    try:
        yield
    except BaseException:
        file.unlink(missing_ok=True)
        raise

"""`basis sandbox up|status|down|control`: the local exchange and chain in the background, on the loopback."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from basis_venues.cli import output
from basis_venues.cli.options import CONFIGS_HERE, Configs, Json, examples
from basis_venues.config.misfit import nearest
from basis_venues.errors import ConfigurationError, TryAgainLater

from .services import STARTERS, Options
from .standing import LOG, Standing, found, is_held, read

app = typer.Typer(
    help="A local exchange in three real dialects and a local chain: no key, no internet.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

_PATIENCE = 60
_FIRST_START = 600  # the chain is fetched and compiled once; nothing else takes longer than seconds
_POLL = 0.05

State = Annotated[Path | None, typer.Option("--state", metavar="DIR", help="Where its files are; one sandbox per directory.")]


@app.command(epilog=examples("basis sandbox up", "basis sandbox up --data synthetic --from 2024-01-02"))
def up(
    state: State = None,
    only: Annotated[list[str] | None, typer.Option("--only", metavar="SERVICE", help="exchange or chain; both unless given.")] = None,
    port: Annotated[int, typer.Option(metavar="N", help="Port of the exchange.")] = 8731,
    control_port: Annotated[int, typer.Option(metavar="N", help="Port of the exchange's control.")] = 8732,
    chain_port: Annotated[int, typer.Option(metavar="N", help="Port of the chain.")] = 8545,
    seed: Annotated[int, typer.Option(metavar="N", help="Fixes ids and all that is made up.")] = 1,
    data: Annotated[str, typer.Option(metavar="NAME", help="Prices and funding from configs/data/NAME.yaml; else fixed.")] = "",
    data_directory: Annotated[str, typer.Option(metavar="DIR", help="Where their records lie; made-up ones unless given.")] = "",
    since: Annotated[
        str, typer.Option("--from", metavar="TIME", help="Where its clock begins, such as 2024-01-02; now unless given.")
    ] = "",
    configs: Configs = CONFIGS_HERE,
    json: Json = False,
) -> None:
    """Start it in the background; once ready, show where it is."""
    where = _directory(state)
    if is_held(where):
        output.note("basis: a sandbox runs there already, as it was started; to start it otherwise: basis sandbox down")
    else:
        options = Options(
            state=where, exchange_port=port, control_port=control_port, chain_port=chain_port, seed=seed,
            data=_settings(configs, data), data_directory=_records(data, data_directory), since=_moment(since, data),
        )  # fmt: skip
        _start(_names(only), options)
    _show(_ready(where), json)


@app.command(epilog=examples("basis sandbox status"))
def status(state: State = None, json: Json = False) -> None:
    """Show whether it runs, and where."""
    standing = found(_directory(state))
    if standing is not None and standing.ready:
        _show(standing, json)
        return
    if json:
        output.document({"running": False, "starting": None if standing is None else standing.pid})
    elif standing is None:
        output.line("no sandbox runs; start it: basis sandbox up")
    else:
        output.line(f"a sandbox is starting (process {standing.pid}); basis sandbox down ends it")
    raise typer.Exit(75)


@app.command(epilog=examples("basis sandbox down"))
def down(state: State = None, json: Json = False) -> None:
    """End it, also while it is starting. Only the process that `up` started is ended."""
    where = _directory(state)
    standing = found(where)
    if standing is not None and standing.ready:
        os.kill(standing.pid, signal.SIGTERM)
    elif standing is not None:
        _end_starting(standing.pid)
    _wait(lambda: standing is None or not is_held(where), "the sandbox does not end")
    if json:
        output.document({"running": False, "ended": None if standing is None else standing.pid})
    else:
        output.note("no sandbox runs" if standing is None else "the sandbox has ended")


class _Controls(TyperCommand):
    """A command whose help ends with every control as it is typed, which are looked up only then."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The example, and the controls."""
        from .steering import CONTROLS, usage

        super().format_epilog(ctx, formatter)
        with formatter.section("Controls (docs/how-to/drill.md explains each)"):
            for name in CONTROLS:
                formatter.write(f"  {usage(name)}\n")


def _controls() -> list[str]:
    from .steering import CONTROLS

    return list(CONTROLS)


@app.command(
    cls=_Controls,
    epilog=examples(
        "basis sandbox control fault binance order.create accept_then_status status=503", "basis sandbox control orders binance"
    ),
)
def control(
    name: Annotated[str, typer.Argument(metavar="NAME", help="fault, clear, endow, price and so on.", autocompletion=_controls)],
    arguments: Annotated[list[str] | None, typer.Argument(metavar="[VALUE | NAME=VALUE]...", help="What it takes, in its order.")] = None,
    state: State = None,
    json: Json = False,
) -> None:
    """Steer the running exchange. Let a reply get lost, take money away, let time pass. An answer is JSON; with --json no answer is, too:
    null."""
    from .steering import steer

    standing = read(_directory(state))
    url = standing.endpoints.get("exchange", {}).get("control") if standing else None
    if url is None:
        raise TryAgainLater("no sandbox with an exchange runs; start it: basis sandbox up")
    answer = steer(url, name, arguments or ())
    if json or answer is not None:
        output.document(answer)


def _directory(state: Path | None) -> Path:
    if state is None:
        from platformdirs import user_state_path

        state = user_state_path("basis-venues") / "sandbox"
    state.mkdir(parents=True, exist_ok=True, mode=0o700)  # a run with the profile `sandbox` keeps its journal there
    return state.resolve()


def _names(only: list[str] | None) -> list[str]:
    unknown = sorted(set(only or ()) - set(STARTERS))
    if unknown:
        there = f"there are: {', '.join(STARTERS)}{nearest(unknown[0], STARTERS)}"
        raise ConfigurationError(f"--only: there is no service {', '.join(unknown)}; {there}")
    return [name for name in STARTERS if not only or name in only]


def _settings(configs: Path, name: str) -> str:
    if not name:
        return ""
    file = configs / "data" / f"{name}.yaml"
    if not file.is_file():
        known = sorted(each.stem for each in file.parent.glob("*.yaml"))
        raise ConfigurationError(f"{file}: there are no such data settings; there are: {', '.join(known) or 'none'}{nearest(name, known)}")
    return str(file.resolve())


def _records(data: str, directory: str) -> str:
    if not data or directory:
        return directory and str(Path(directory).resolve())
    from basis_venues.assemble import synthetic_directory

    return str(synthetic_directory())


def _moment(text: str, data: str) -> int | None:
    if not text:
        if data:
            raise ConfigurationError("--data needs --from: where in the history the sandbox's clock begins, such as 2024-01-02")
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"--from: {text!r} is no moment; write it like 2024-01-02 or 2024-01-02T08:00:00") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _start(names: list[str], options: Options) -> None:
    pid = _spawn(names, options)
    try:
        _wait_for_start(pid, options)
    except (KeyboardInterrupt, SystemExit) as ended:
        _end_starting(pid)
        os.waitpid(pid, 0)
        output.note("\nbasis: the sandbox that was starting is ended; nothing of it runs")
        raise typer.Exit(130 if isinstance(ended, KeyboardInterrupt) else int(ended.code or 0)) from None


def _wait_for_start(pid: int, options: Options) -> None:
    deadline, told = time.monotonic() + _FIRST_START, 0
    while read(options.state) is None:
        if os.waitpid(pid, os.WNOHANG)[0]:
            raise ConfigurationError(f"the sandbox did not start: {_last_line(options.state)} (all of it: {options.state / LOG})")
        if time.monotonic() > deadline:
            _end_starting(pid)
            raise TryAgainLater(f"the sandbox was not ready in {_FIRST_START} s; see {options.state / LOG}")
        told = _tell_on(options.state / LOG, told)
        time.sleep(_POLL)
    _tell_on(options.state / LOG, told)


def _end_starting(pid: int) -> None:
    """End a process that `up` started, with what it runs (npm, a compiler, a node): it leads a group of its own, and ends at once."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGTERM)


def _tell_on(log: Path, told: int) -> int:
    """Show the log's lines from number `told` on; returns how many there are now."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    for line in lines[told:]:
        output.note(line)
    return len(lines)


def _spawn(names: list[str], options: Options) -> int:
    """Start the background process, in a session of its own so that it outlives this one."""
    from .serve import arguments

    command = arguments(names, options)
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(options.state / LOG), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(command[0], command, os.environ, file_actions=files, setsid=True)


def _ready(where: Path) -> Standing:
    _wait(lambda: read(where) is not None, "the sandbox is not ready")
    standing = read(where)
    assert standing is not None
    return standing


def _wait(condition: Any, failure: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TryAgainLater(f"{failure} after {_PATIENCE} s")
        time.sleep(_POLL)


def _last_line(state: Path) -> str:
    lines = (state / LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _show(standing: Standing, json: bool) -> None:
    if json:
        output.document({"running": True, "pid": standing.pid, "endpoints": standing.endpoints, "absent": standing.absent})
        return
    rows = [(service, name, url) for service, urls in standing.endpoints.items() for name, url in urls.items()]
    rows += [(service, "absent", why) for service, why in standing.absent.items()]
    output.table("", ("service", "endpoint", "where"), rows)
    output.note("run against it: basis run MODE --profile sandbox --live")

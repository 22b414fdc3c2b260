"""`basis env`: the names that credentials go by, and the file that holds them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import CONFIGS_HERE, Configs, Json, examples

if TYPE_CHECKING:
    from ..manifest import Manifest

app = typer.Typer(
    help="Write, check or import the file of credentials, env.unified.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)


@app.command(epilog=examples("basis env example --output env.unified.example"))
def example(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when the file is not what the plugins ask for.")] = False,
    file: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Where to write; without it, stdout.")] = None,
    configs: Configs = CONFIGS_HERE,
    json: Json = False,
) -> None:
    """Write env.unified.example. It has every name that the installed venues read, without values."""
    from ..config.env_example import FILE, names_of
    from ..config.env_example import example as text_of
    from . import output

    manifests, refused = installed_manifests(configs)
    for reason in refused:
        output.note(f"warning: {reason}")
    if check:
        _check(file or configs.parent / FILE, manifests, json)
        return
    text = text_of(manifests)
    if file is not None:
        file.write_text(text, encoding="utf-8")
    if json:
        output.document({"file": str(file) if file else None, "names": list(names_of(manifests))})
    elif file is not None:
        output.line(f"wrote {file}")
    else:
        output.line(text.rstrip("\n"))


def _check(file: Path, manifests: list[Manifest], json: bool) -> None:
    from ..config.env_example import example as text_of
    from ..config.env_example import outdated
    from ..errors import ConfigurationError
    from . import output

    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}; basis env example --output {file} writes it") from None
    if text != text_of(manifests):
        problems = [f"{file}: {problem}" for problem in outdated(text, manifests)] or [f"{file}: its comments are of another day"]
        raise ConfigurationError([*problems, f"basis env example --output {file} writes it anew"])
    if json:
        output.document({"file": str(file), "current": True})
    else:
        output.line(f"{file} is current")


@app.command(epilog=examples("basis env lint env.unified"))
def lint(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Without it, env.unified beside the configuration.")] = None,
    configs: Configs = CONFIGS_HERE,
    json: Json = False,
) -> None:
    """Look a file of credentials over. Format, names, placeholders, cut values, file mode, git; no value is ever shown."""
    from ..config.env_lint import lint as findings_in
    from ..findings import gravest
    from . import output

    path = file or configs.parent / "env.unified"
    found = findings_in(path, installed_manifests(configs)[0])
    if json:
        output.document({"file": str(path), "status": gravest(found), "checks": [each._asdict() for each in found]})
    else:
        output.findings(found)
        output.line(f"{path}: {gravest(found)}")
    raise typer.Exit(3 if gravest(found) == "fail" else 0)


@app.command("import", epilog=examples("basis env import old.env --output env.unified"))
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file with older names.")],
    target: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="The new file; without it, env.unified beside the configuration.")
    ] = None,
    configs: Configs = CONFIGS_HERE,
    json: Json = False,
) -> None:
    """Rewrite older names as today's. ENVIRONMENT, *_TESTNET_* and *_LIVE_* become BASIS_{ENV}__{CATEGORY}__{VENUE}_{PARAM}; no value is
    ever shown."""
    from ..config.env_example import names_of
    from ..config.env_file import parse_env
    from ..config.env_import import imported
    from ..errors import ConfigurationError
    from . import output

    path = target or configs.parent / "env.unified"
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from None
    done = imported(parse_env(raw, str(file)), raw.decode(), names_of(installed_manifests(configs)[0]))
    _write_alone(path, done.text.reveal(), file)
    if json:
        rows = [{"older": older, "name": today or None, "note": note} for older, today, note in done.renamed]
        output.document({"file": str(path), "renamed": rows})
        return
    output.table("", ("older name", "name", "note"), done.renamed)
    output.line(f"wrote {path}; next: basis env lint {path}")


def _write_alone(path: Path, text: str, source: Path) -> None:
    """Write for the owner alone. Another file is never written over; `source` itself is, in one go."""
    import os

    from ..errors import ConfigurationError

    same = path.exists() and path.samefile(source)
    draft = path.with_name(f"{path.name}.new") if same else path
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigurationError(f"{draft} is there already; name a new file with --output") from None
    except OSError as error:
        raise ConfigurationError(f"{draft}: cannot be written: {error.strerror}") from None
    with os.fdopen(handle, "w", encoding="utf-8") as written:
        written.write(text)
    if same:
        draft.replace(path)


def installed_manifests(configs: Path) -> tuple[list[Manifest], list[str]]:
    """The manifests of every installed venue, and why some have none. Nothing is imported."""
    from ..errors import PluginRefused
    from ..registry import Registry
    from ..trust import read_lock

    registry = Registry(trust=read_lock(configs))
    found: list[Manifest] = []
    refused: list[str] = []
    for name in registry.names():
        try:
            found.append(registry.venue(name).manifest)
        except PluginRefused as error:
            refused.append(str(error))
    return found, refused

"""`basis new venue`: a distribution of a further venue, complete and conforming from its first minute."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .options import Json, examples

app = typer.Typer(help="Write something new to start from.", no_args_is_help=True, rich_markup_mode=None, add_completion=False)

_TEMPLATES = Path(__file__).resolve().parent.parent / "template"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class Kind(StrEnum):
    """What a further venue builds on."""

    CEX_CCXT = "cex-ccxt"
    EVM_PROTOCOL = "evm-protocol"


@app.callback()
def _new() -> None:
    """Write something new to start from."""


@app.command(epilog=examples("basis new venue bitget --kind cex-ccxt", "basis new venue morpho --kind evm-protocol"))
def venue(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The venue's name, as action and position keys will carry it.")],
    kind: Annotated[Kind, typer.Option("--kind", help="An exchange on ccxt, or a protocol on an Ethereum chain.")],
    directory: Annotated[
        Path | None, typer.Option("--directory", metavar="DIR", help="Where to write; basis-venues-NAME unless given.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a complete distribution for a further venue. It passes `basis conformance` as it is; make it true from there."""
    from . import output

    check_name(name)
    values = _values(name)
    target = directory or Path(values["distribution"])
    written = write(kind, target, values)
    commands = [f"cd {target}", "pip install -e '.[test]'", "basis conformance ."]
    if json:
        output.document({"directory": str(target), "written": written, "next": commands})
        return
    for path in written:
        output.line(f"wrote {path}")
    output.line("next:")
    for command in commands:
        output.line(f"  {command}")
    output.note("not on your index? In a clone: pip wheel --no-deps -w WHEELS ./core ./plugins/*, then add --find-links WHEELS")


def check_name(name: str) -> None:
    """Raises `ConfigurationError` for a name that no further venue can have."""
    from ..errors import ConfigurationError
    from ..registry import FIRST_PARTY

    if not _NAME.fullmatch(name):
        meant = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")
        hint = f"; did you mean {meant}?" if _NAME.fullmatch(meant) else ""
        raise ConfigurationError(f"{name!r} is no name for a venue: small letters, digits and single underscores, a letter first{hint}")
    if name in {*FIRST_PARTY, "ccxt", "evm", "sandbox", "testkit"}:
        raise ConfigurationError(f"the name {name!r} belongs to basis-venues-{name}; choose another one")


def write(kind: str, target: Path, values: Mapping[str, str]) -> list[str]:
    """Fill the template of that kind into `target`; answers the files' paths. Raises `ConfigurationError` where there is something."""
    from string import Template

    from ..errors import ConfigurationError

    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigurationError(f"{target} is there already and not empty; name another place: --directory DIR")
    written = []
    for source, name in _files(kind):
        file = target / name.replace("src/package", f"src/{values['module']}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(Template(source.read_text(encoding="utf-8")).substitute(values), encoding="utf-8")
        written.append(str(file))
    return written


def _files(kind: str) -> Iterator[tuple[Path, str]]:
    """Each file of a template, and its name in the distribution."""
    home = _TEMPLATES / kind
    for file in sorted(home.rglob("*.in")):
        yield file, file.relative_to(home).as_posix().removesuffix(".in")


def _values(name: str) -> Mapping[str, str]:
    """What stands for the placeholders of a template."""
    from .. import __version__
    from ..contract import CONTRACT

    words = name.split("_")
    major, minor = __version__.split(".")[:2]
    following = f"0.{int(minor) + 1}" if major == "0" else str(int(major) + 1)
    return {
        "name": name,
        "NAME": name.upper(),
        "Name": " ".join(word.capitalize() for word in words),
        "Class": "".join(word.capitalize() for word in words),
        "host": name.replace("_", "-"),
        "module": f"basis_venues_{name}",
        "distribution": f"basis-venues-{name.replace('_', '-')}",
        "contract": ".".join(map(str, CONTRACT)),
        "versions": f">={major}.{minor},<{following}",
    }

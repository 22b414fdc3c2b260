"""`basis init`: a starting point for a configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from .options import Json

_EXAMPLE = "env.unified.example"


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; made if needed.")],
    json: Json = False,
) -> None:
    """Write the shipped configuration into DIR as a starting point, with schemas for editors. Files that are there are left alone."""
    from ..config.schema import FOLDER
    from . import output
    from .schema import write

    written, kept = [], []
    for source, name in _shipped():
        target = directory / name
        if target.exists():
            kept.append(str(target))
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
        written.append(str(target))
    written += [str(path) for path in write(directory / "configs" / FOLDER, directory / "configs")]
    if json:
        output.document({"directory": str(directory), "written": written, "kept": kept})
        return
    for path in written:
        output.line(f"wrote {path}")
    for path in kept:
        output.line(f"kept  {path}")
    output.note(f"next: basis check MODE --configs {directory / 'configs'}")


def _shipped() -> Iterator[tuple[Path, str]]:
    """Each shipped file and the name that it gets. `_configs` is a link to the repository's `configs/`, a folder in the wheel."""
    package = Path(__file__).resolve().parent.parent
    configs = package / "_configs"
    for file in sorted(configs.rglob("*.yaml")):
        yield file, str(Path("configs") / file.relative_to(configs))
    yield package / _EXAMPLE, _EXAMPLE

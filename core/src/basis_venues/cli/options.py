"""Options that commands share, so that each is named, read and explained in one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

CONFIGS_HERE = Path("configs")
JSON = "basis.json"
CONFIGS = "basis.configs"
"""Where the context keeps them for whoever reports an error."""


def _note_json(context: typer.Context, value: bool) -> bool:
    context.meta[JSON] = value
    return value


def _note_configs(context: typer.Context, value: Path) -> Path:
    context.meta[CONFIGS] = value
    return value


def not_blank(value: str) -> str:
    """A reason, as it was typed. Raises `typer.BadParameter` where nothing is said."""
    if not value.strip():
        raise typer.BadParameter("say why, in a few words: it is kept, and shown to whoever looks")
    return value


def examples(*lines: str) -> str:
    """The end of a command's help: lines as somebody would type them."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


def named_in(folder: str) -> Callable[[typer.Context], list[str]]:
    """Completes the names of the files in a folder of the configuration."""

    def names(context: typer.Context) -> list[str]:
        return sorted(file.stem for file in (context.params.get("configs") or CONFIGS_HERE).joinpath(folder).glob("*.yaml"))

    return names


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.", callback=_note_json, is_eager=True)]
Configs = Annotated[Path, typer.Option("--configs", metavar="DIR", help="The configuration directory.", callback=_note_configs)]
State = Annotated[
    Path | None,
    typer.Option("--state", metavar="DIR", help="Where journal, locks and halt flags lie; by default the user's state directory."),
]
Profile = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", help="A profile of configs/environments.", autocompletion=named_in("environments")),
]
Live = Annotated[bool, typer.Option("--live", help="Talk to venues: testnet, or mainnet when BASIS_ENVIRONMENT is prod.")]
Accounts = Annotated[
    list[str] | None, typer.Option("--account", metavar="ALIAS", help="An account on mainnet that the run may act on, typed out.")
]
Mode = Annotated[
    str, typer.Argument(metavar="MODE", help="A mode of configs/modes, or the path of its file.", autocompletion=named_in("modes"))
]


def mode_of(text: str) -> str | Path:
    """A mode's name, or the path of its file."""
    return Path(text) if text.endswith((".yaml", ".yml")) else text

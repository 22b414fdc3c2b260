"""`basis schema`: JSON Schemas of the configuration files, for editors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import CONFIGS_HERE, Configs, Json

if TYPE_CHECKING:
    from ..config.schema import Known


def schema(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One schema to print: mode, plan, venue-binance, ...")] = None,
    directory: Annotated[Path | None, typer.Option("--output", metavar="DIR", help="Write all of them there.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when those of the configuration are not today's.")] = False,
    configs: Configs = CONFIGS_HERE,
    json: Json = False,
) -> None:
    """Print, write or check the JSON Schemas of the configuration files, with the parts of the installed plugins."""
    from ..config.misfit import nearest
    from ..config.schema import FOLDER, schemas
    from ..errors import ConfigurationError
    from . import output

    made = schemas(installed(configs))
    if name is not None and (check or directory is not None):
        raise typer.BadParameter("--check and --output are about all schemas; name none", param_hint="NAME")
    if name is not None:
        if name not in made:
            raise ConfigurationError(f"there is no schema {name!r}{nearest(name, made)}; there are: {', '.join(made)}")
        output.document(made[name])
        return
    folder = directory or configs / FOLDER
    if check:
        stale = [f"{folder / each}.json is not today's" for each, text in texts(configs).items() if _there(folder / f"{each}.json") != text]
        if stale:
            raise ConfigurationError([*stale, f"basis schema --output {folder} writes them anew"])
    elif directory is not None:
        write(directory, configs)
    if json:
        output.document({"directory": str(folder), "schemas": list(made)})
    else:
        output.line("\n".join(made) if directory is None and not check else f"{folder}: {len(made)} schemas are current")


def write(folder: Path, configs: Path) -> list[Path]:
    """Write all schemas into the folder. Answers the files that were not the same already."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = {folder / f"{name}.json": text for name, text in texts(configs).items() if _there(folder / f"{name}.json") != text}
    for file, text in changed.items():
        file.write_text(text, encoding="utf-8")
    return list(changed)


def texts(configs: Path) -> dict[str, str]:
    """Every schema's file, by its name without `.json`."""
    import json

    from ..config.schema import schemas

    return {name: json.dumps(each, indent=1, ensure_ascii=False) + "\n" for name, each in schemas(installed(configs)).items()}


def installed(configs: Path) -> Known:
    """What the schemas name: every installed venue that may be loaded and can be. One that cannot is left out."""
    from ..actions import action_classes
    from ..config.schema import Known
    from ..config.venues import VenueSettings
    from ..errors import PluginRefused
    from ..plugins import Plugins
    from ..trust import read_lock

    plugins = Plugins(trust=lambda: read_lock(configs))
    settings: dict[str, type] = {}
    types = {name: None for cls in action_classes().values() for name in cls.action_types}
    for name in plugins.names():
        try:
            plugins.load([name])
            settings[name] = plugins.call(name, "settings_class") or VenueSettings
        except PluginRefused:
            continue  # `basis venues` and `basis doctor` say why
        types |= dict.fromkeys(plugins.manifest(name).actions)
    return Known(tuple(settings), tuple(sorted(types)), settings)


def _there(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None

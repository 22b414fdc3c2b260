"""The schemas that editors use: current, true of every shipped file, and as strict about names as the readers."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import ROOT, basis
from fake_distributions import PLUGIN, install
from jsonschema import Draft7Validator

from basis_venues.config.yaml_file import read_yaml

CONFIGS = ROOT / "configs"
FILES = sorted(CONFIGS.rglob("*.yaml"))
SCHEMA_OF = {
    "modes": "mode",
    "environments": "environment",
    "plans": "plan",
    "data": "data",
    "limits.yaml": "limits",
    "venue_requirements.yaml": "requirements",
}
"""The schema of a file, by its name or its folder; a venue has one of its own."""
NAMES = [str(file.relative_to(CONFIGS)) for file in FILES]


def schema_for(file: Path) -> dict[str, Any]:
    """The schema that the file's own first line leads to."""
    marker, _, place = file.read_text(encoding="utf-8").partition("\n")[0].partition("=")
    wanted = SCHEMA_OF.get(file.name) or SCHEMA_OF.get(file.parent.name) or f"venue-{file.stem}"
    assert (marker, Path(place).name) == ("# yaml-language-server: $schema", f"{wanted}.json")
    found: dict[str, Any] = json.loads((file.parent / place).read_text(encoding="utf-8"))
    return found


def test_the_shipped_schemas_are_current() -> None:
    """They are what `basis schema` writes today."""
    assert basis("schema", "--check", "--configs", CONFIGS).code == 0


def test_a_stale_schema_is_named(tmp_path: Path) -> None:
    """With the command that writes it anew."""
    assert basis("schema", "--output", tmp_path / "schemas", "--configs", CONFIGS).code == 0
    (tmp_path / "schemas" / "mode.json").write_text("{}", encoding="utf-8")
    ran = basis("schema", "--check", "--output", tmp_path / "schemas", "--configs", CONFIGS)
    assert ran.code == 3
    assert "mode.json is not today's" in ran.err


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_file_fits_the_schema_it_names(name: str) -> None:
    """Judged by an independent validator."""
    file = CONFIGS / name
    schema = schema_for(file)
    Draft7Validator.check_schema(schema)
    assert [error.message for error in Draft7Validator(schema).iter_errors(read_yaml(file).data)] == []


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_key_is_marked_in_the_editor(name: str) -> None:
    """A key that no reader knows does not fit the schema either, at the top of the file and in its nested parts."""
    file = CONFIGS / name
    validator = Draft7Validator(schema_for(file))
    for spoiled in _spoiled(read_yaml(file).data):
        assert not validator.is_valid(spoiled)


def _spoiled(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {**data, "unheard_of": 1}
    for name in ("venues", "trading_parameters", "timing"):
        if isinstance(data.get(name), dict):
            nested = copy.deepcopy(data)
            nested[name]["unheard_of"] = {}
            yield nested


def test_init_writes_the_schemas_that_its_files_name(tmp_path: Path) -> None:
    """Every modeline of the new configuration leads to a schema beside it."""
    assert basis("init", tmp_path).code == 0
    for file in (tmp_path / "configs").rglob("*.yaml"):
        place = file.read_text(encoding="utf-8").splitlines()[0].partition("$schema=")[2]
        assert (file.parent / place).is_file()


def test_a_plugin_of_another_brings_its_own_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its settings class makes the schema of its venue's file, and its name is one of a mode's venues; once it is trusted."""
    site = tmp_path / "site"
    code = PLUGIN + (
        "from decimal import Decimal\nfrom attrs import frozen\nfrom basis_venues.config.venues import VenueSettings\n"
        "@frozen(kw_only=True)\nclass Mine(VenueSettings):\n    '''Words for people.'''\n    maker_fee: Decimal = Decimal('0.001')\n"
        "@hookimpl\ndef settings_class():\n    return Mine\n"
    )
    install(site, "kraken", module="fake_kraken_with_keys", code=code.replace("'''", '"""'))
    monkeypatch.syspath_prepend(str(site))
    configs = tmp_path / "configs"
    assert basis("schema", "venue-kraken", "--configs", configs).code == 3
    assert basis("venues", "trust", "kraken", "--configs", configs).code == 0
    found = basis("schema", "venue-kraken", "--configs", configs).document()
    assert found["description"] == "Words for people."
    assert found["properties"]["maker_fee"] == {"type": ["number", "string"], "default": "0.001"}
    mode = basis("schema", "mode", "--configs", configs).document()
    assert "kraken" in mode["properties"]["venues"]["properties"]["data_subscriptions"]["items"]["enum"]

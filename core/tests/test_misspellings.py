"""Row P13: a misspelt key, a wrong type, a secret in the wrong place. Generated from every configuration file that ships."""

from __future__ import annotations

import shutil
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import ROOT, shipped

from basis_venues.cli.schema import installed
from basis_venues.config.limits import read_limits
from basis_venues.config.settings import Settings
from basis_venues.config.yaml_file import read_yaml
from basis_venues.errors import BasisError
from basis_venues.market.settings import load_data_settings
from basis_venues.registry import FIRST_PARTY
from basis_venues.run.plan import load_plan

CONFIGS = ROOT / "configs"
CANARY = "kX9canary7Qz2LmW4secretVb81"
Path_ = tuple[Any, ...]

LIMITS = "limits:\n" + "".join(
    f"  - {{{name}: {value}}}\n"
    for name, value in (
        ("mode: m, account: a, venue: v, asset: x, per_action_usd", 1), ("per_day_usd", 1), ("open_usd", 1), ("gas_per_day_eth", 1),
    )
)  # fmt: skip
"""The shipped limits.yaml is empty: one with every key it may have."""


def _free(file: str, path: Path_) -> bool:
    """Keys that are the writer's own words: no list of right ones exists, so that no misspelling of them can be told."""
    own = {
        "plans": path[0] == "positions" and len(path) == 2,  # accounts and assets; the kind between them is checked
        "data": path[0] == "series" and len(path) == 2,  # names of series, which rules of the same file may introduce
        "modes": path[-1] in ("venues",) and len(path) > 1,
    }
    return own.get(file.partition("/")[0], False)


def keys(data: Any, path: Path_ = ()) -> Iterator[Path_]:
    """The path of every key in a document."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield (*path, key)
            yield from keys(value, (*path, key))
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from keys(value, (*path, place))


def spelt(key: str) -> Iterator[str]:
    """The key with a letter left out, doubled, and two exchanged."""
    middle = max(1, len(key) // 2)
    yield key[:middle] + key[middle - 1 :]
    if len(key) < 3:
        return  # of two letters, another two are as near to anything
    yield key[:middle] + key[middle + 1 :]
    swapped = key[: middle - 1] + key[middle] + key[middle - 1] + key[middle + 1 :] if len(key) > middle else key
    if swapped != key:
        yield swapped


def renamed(data: Any, path: Path_, new: Any) -> Any:
    """The document with the key at `path` called `new`, in its place."""
    key, *rest = path
    if isinstance(data, list):
        return [renamed(value, tuple(rest), new) if place == key else value for place, value in enumerate(data)]
    return {
        (new if name == key and not rest else name): renamed(v, tuple(rest), new) if name == key and rest else v for name, v in data.items()
    }


def _mode_with(venue: str) -> str:
    uses = {"aave": "pure_lending", "lido": "eth_staking", "instadapp": "eth_staking"}
    return uses.get(venue, "btc_basis")


def reader(file: str, configs: Path) -> Callable[[], object]:
    """What reads the file in a run."""
    folder, _, name = file.partition("/")
    stem = name.removesuffix(".yaml")
    live = {"execution_mode": "live", "env": {"BASIS_ENVIRONMENT": "prod"}}
    readers: dict[str, Callable[[], object]] = {
        "modes": lambda: Settings.load(stem, configs, env={}),
        "venues": lambda: Settings.load(_mode_with(stem), configs, env={}),
        "environments": lambda: Settings.load("btc_basis", configs, profile=stem, **live),  # type: ignore[arg-type]
        "plans": lambda: load_plan(configs / file, configs),
        "data": lambda: load_data_settings(configs / file),
        "venue_requirements.yaml": lambda: [
            Settings.load(mode, configs, env={}) for mode in ("btc_basis", "pure_lending", "eth_staking", "eth_leveraged")
        ],
        "limits.yaml": lambda: read_limits(configs),
    }
    return readers[folder]


class Numbered(yaml.SafeDumper):
    """Writes a document so that it reads back the same: block style, text in quotes where it needs them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


Numbered.add_representer(
    __import__("decimal").Decimal, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:float", str(value))
)
FILES = sorted(str(file.relative_to(CONFIGS)) for file in CONFIGS.rglob("*.yaml"))


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = shipped(tmp_path_factory.mktemp("misspelt"))
    shutil.rmtree(made / "schemas", ignore_errors=True)
    return made


def refusal(read: Callable[[], object]) -> str | None:
    """What the reader says; None where it takes the file."""
    try:
        read()
    except BasisError as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", FILES)
def test_P13_every_misspelt_key_is_refused_with_its_place_and_a_suggestion(name: str, configs: Path) -> None:
    """For each key of the file, three misspellings: file, line, path and the right word are in the answer."""
    file = configs / name
    before = file.read_text(encoding="utf-8")
    text = LIMITS if name == "limits.yaml" else before
    file.write_text(text, encoding="utf-8")
    data = read_yaml(file).data
    read = reader(name, configs)
    assert refusal(read) is None
    wrong: list[str] = []
    paths = [path for path in keys(data) if not _free(name, path)]
    assert paths
    try:
        for path in paths:
            for word in spelt(str(path[-1])):
                if word in _siblings(data, path):
                    continue
                spoiled = yaml.dump(renamed(data, path, word), Dumper=Numbered, sort_keys=False, allow_unicode=True, width=10_000)
                file.write_text(spoiled, encoding="utf-8")
                said = refusal(read) or "taken"
                lines = [number for number, line in enumerate(spoiled.splitlines(), 1) if f"{word}:" in line]
                placed = any(f"{file}:{number}: " in said for number in lines)
                if not (placed and f"did you mean {path[-1]}?" in said):
                    wrong.append(f"{path} as {word}: {said[:200]}")
    finally:
        file.write_text(before, encoding="utf-8")
    assert not wrong, "\n".join(wrong)


def _siblings(data: Any, path: Path_) -> Any:
    for step in path[:-1]:
        data = data[step]
    return data


@pytest.mark.parametrize("venue", sorted(FIRST_PARTY))
def test_P13_every_misspelt_key_of_a_plugins_own_defaults_is_refused(venue: str, tmp_path: Path) -> None:
    """The YAML in each wheel is read as strictly: a key of its classes that is misspelt is named with its place."""
    from basis_venues.registry import Registry

    defaults = Registry().venue(venue).defaults
    assert defaults is not None
    cls = installed(CONFIGS).settings[venue]
    data = read_yaml(defaults, shipped=True).data
    read_yaml(defaults, shipped=True).fit(cls)
    known = {name for each in _classes(cls) for name in each}
    file = tmp_path / f"{venue}.yaml"
    paths = [path for path in keys(data) if path[-1] in known]  # others are names of tokens, reserves and contracts
    assert paths
    for path in paths:
        for word in spelt(str(path[-1])):
            file.write_text(yaml.dump(renamed(data, path, word), Dumper=Numbered, sort_keys=False, width=10_000), encoding="utf-8")
            said = refusal(lambda: read_yaml(file, shipped=True).fit(cls)) or "taken"
            if path[-1] in _siblings(data, path) and "is not a known key" not in said and "own words" in said:
                continue
            assert f"{file}:" in said, (path, word, said)


def _classes(cls: Any) -> Iterator[set[str]]:
    from basis_venues.config.fields import fields_of

    yield set(fields_of(cls))


WRONG = [
    ("modes/btc_basis.yaml", 'asset: "BTC"', "asset: [BTC]", "asset: expected text"),
    ("modes/btc_basis.yaml", 'binance: "0.4"', "binance: lots", "expected a finite number"),
    ("venues/binance.yaml", "tick_size: 0.01", "tick_size: true", "trading_parameters.tick_size: expected a finite number"),
    ("environments/sandbox.yaml", "throwaway_keys: true", "throwaway_keys: 'yes'", "throwaway_keys: expected true or false"),
    ("venue_requirements.yaml", 'required_venues: ["aave", "alchemy"]', "required_venues: aave", "expected a list"),
]


@pytest.mark.parametrize(("name", "old", "new", "told"), WRONG)
def test_P13_a_wrong_type_is_refused_with_what_is_expected(name: str, old: str, new: str, told: str, configs: Path) -> None:
    """File, line, path, and the type that belongs there."""
    file = configs / name
    before = file.read_text(encoding="utf-8")
    assert old in before
    file.write_text(before.replace(old, new, 1), encoding="utf-8")
    try:
        said = refusal(reader(name, configs))
    finally:
        file.write_text(before, encoding="utf-8")
    assert said is not None
    assert told in said
    assert f"{file}:" in said


@pytest.mark.parametrize("name", [each for each in FILES if not each.startswith(("data", "limits"))])
def test_P13_no_refusal_echoes_a_value(name: str, configs: Path) -> None:
    """A secret pasted as any value, or as any key, is in no message and no traceback."""
    file = configs / name
    before = file.read_text(encoding="utf-8")
    data = read_yaml(file).data
    read = reader(name, configs)
    shown: list[str] = []
    try:
        for path in keys(data):
            for spoiled in (renamed(data, path, CANARY), _valued(data, path, CANARY), _valued(data, path, [CANARY])):
                file.write_text(yaml.dump(spoiled, Dumper=Numbered, sort_keys=False, width=10_000), encoding="utf-8")
                said = _everything_said(read)
                if CANARY in said:
                    shown.append(f"{path}: {said.splitlines()[-1]}")
    finally:
        file.write_text(before, encoding="utf-8")
    assert not shown, "\n".join(shown)


def _everything_said(read: Callable[[], object]) -> str:
    """The whole traceback of what the reader raises; nothing where it takes the file."""
    try:
        read()
    except BasisError as error:
        return "".join(traceback.format_exception(error))
    return ""


def _valued(data: Any, path: Path_, value: Any) -> Any:
    key, *rest = path
    if isinstance(data, list):
        return [_valued(each, tuple(rest), value) if place == key else each for place, each in enumerate(data)]
    return {name: (_valued(each, tuple(rest), value) if rest else value) if name == key else each for name, each in data.items()}

"""The shape of the repository: members, files, and which way imports point."""

import ast
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLUGINS = sorted(path.name for path in (ROOT / "plugins").iterdir() if path.is_dir() and not path.name.startswith((".", "__")))
EXCHANGES, ON_CHAIN = ("binance", "bybit", "okx"), ("aave", "alchemy", "instadapp", "lido")
VENUES = (*EXCHANGES, *ON_CHAIN)
SHARED = {"ccxt", "evm"}
VENUE_LIBRARIES = {"aiohttp", "ccxt", "eth_abi", "eth_account", "eth_utils", "web3"}


def root_settings() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def imports(folder: Path) -> set[str]:
    """Top-level names of everything imported anywhere in the folder's Python files."""
    found: set[str] = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                found.add(node.module.partition(".")[0])
    return found


def modules(package: Path) -> set[str]:
    return {file.relative_to(package).as_posix() for file in package.rglob("*.py")}


def test_members_of_the_workspace_are_the_folders():
    """A folder that is no member, or the reverse, would break every `hatch run`."""
    members = root_settings()["tool"]["hatch"]["envs"]["default"]["workspace"]["members"]
    assert sorted(members) == ["core", *(f"plugins/{name}" for name in PLUGINS)]


def test_types_are_checked_in_every_member():
    """mypy's list of sources names every distribution."""
    files = root_settings()["tool"]["mypy"]["files"]
    assert sorted(files) == ["core/src", *(f"plugins/{name}/src" for name in PLUGINS)]


@pytest.mark.parametrize("name", PLUGINS)
def test_plugins_import_their_shared_base_and_the_core_and_never_each_other(name):
    """Arrows point one way: plugin, shared base, core."""
    own = {f"basis_venues_{name}"}
    allowed = own | {f"basis_venues_{shared}" for shared in SHARED} if name in VENUES else own
    if name == "sandbox":
        allowed = own
    if name == "testkit":
        allowed |= {"basis_venues_sandbox"}  # the venues' double, taken where it is installed; see the next test
    taken = {module for module in imports(ROOT / "plugins" / name / "src") if module.startswith("basis_venues_")}
    assert taken <= allowed


def test_the_conformance_kit_does_without_its_double():
    """The sandbox is an extra of the kit: it is imported inside functions, and never when a module is."""
    folder = ROOT / "plugins" / "testkit" / "src" / "basis_venues_testkit"
    settings = tomllib.loads((ROOT / "plugins" / "testkit" / "pyproject.toml").read_text())["project"]
    assert not any("sandbox" in each for each in settings["dependencies"])
    assert any("sandbox" in each for each in settings["optional-dependencies"]["double"])
    importing = [line for file in folder.rglob("*.py") for line in file.read_text().splitlines() if "from basis_venues_sandbox" in line]
    assert importing
    assert all(line != line.lstrip() for line in importing)


def test_the_core_imports_no_venue_and_no_venue_library():
    """The core knows nothing of a venue."""
    taken = imports(ROOT / "core" / "src")
    assert not {module for module in taken if module.startswith("basis_venues_")}
    assert not taken & VENUE_LIBRARIES


def test_the_core_stands_on_few_libraries():
    """pluggy, attrs, cattrs, PyYAML and platformdirs; pycryptodome for checksums of addresses, httptools and certifi for
    requests; Typer and Rich for the command, DuckDB for databases, keyring for keyrings."""
    outside = {module for module in imports(ROOT / "core" / "src") if module not in sys.stdlib_module_names and module != "basis_venues"}
    always = {"attr", "attrs", "cattrs", "platformdirs", "pluggy", "yaml"}
    when_needed = {"Crypto", "certifi", "click", "duckdb", "httptools", "keyring", "rich", "typer"}
    assert outside <= always | when_needed


@pytest.mark.parametrize("name", VENUES)
def test_every_venue_has_the_same_files(name):
    """Whoever read one venue's plugin finds the same things in the next."""
    folder = ROOT / "plugins" / name
    package = folder / "src" / f"basis_venues_{name}"
    for file in (folder / "README.md", folder / "pyproject.toml", folder / "tests" / "test_conformance.py"):
        assert file.is_file(), file
    for file in ("__init__.py", "manifest.toml", "py.typed", "venue.yaml"):
        assert (package / file).is_file(), file


@pytest.mark.parametrize("name", ON_CHAIN)
def test_every_venue_on_a_chain_has_a_file_for_each_hook(name):
    """The model, the client, the market data and the settings are in files of these names."""
    package = ROOT / "plugins" / name / "src" / f"basis_venues_{name}"
    assert {"client.py", "data.py", "model.py", "settings.py"} <= modules(package)


def test_every_exchange_has_the_same_modules():
    """What differs between exchanges is in files of the same names."""
    packages = [ROOT / "plugins" / name / "src" / f"basis_venues_{name}" for name in EXCHANGES]
    assert len({frozenset(modules(package)) for package in packages}) == 1

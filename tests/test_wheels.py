"""The distributions as users get them: wheels, each plugin installed beside the core and its shared base alone."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from basis_venues.conformance import REPORT
from basis_venues.trust import digest_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
VENUES = ("aave", "alchemy", "binance", "bybit", "instadapp", "lido", "okx")
LOAD = """
import sys
from pathlib import Path
from basis_venues.plugins import Plugins
from basis_venues.config.yaml_file import read_yaml
name = sys.argv[1]
plugins = Plugins()
assert plugins.names() == (name,), plugins.names()
manifest = plugins.manifest(name)
plugins.load([name])
settings = read_yaml(plugins.defaults(name), shipped=True).fit(plugins.call(name, "settings_class"))
print(manifest.venue, settings.venue_type)
"""


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    """All distributions, built from a copy of the sources."""
    target = tmp_path_factory.mktemp("wheels")
    for folder in (ROOT / "core", *sorted((ROOT / "plugins").iterdir())):
        if (folder / "pyproject.toml").is_file():
            command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    return {wheel.name.split("-")[0]: wheel for wheel in target.glob("*.whl")}


def test_every_distribution_builds_as_a_wheel(wheels):
    """One wheel for each folder."""
    folders = {path.name for path in (ROOT / "plugins").iterdir() if (path / "pyproject.toml").is_file()}
    assert set(wheels) == {"basis_venues", *(f"basis_venues_{name}" for name in folders)}


@pytest.mark.parametrize("name", VENUES)
def test_a_wheel_has_the_digest_of_its_sources(name, wheels, tmp_path):
    """The report in it is about it, as it is about an editable installation."""
    package = f"basis_venues_{name}"
    with ZipFile(wheels[package]) as wheel:
        wheel.extractall(tmp_path)
    assert digest_of(tmp_path / package, REPORT) == digest_of(ROOT / "plugins" / name / "src" / package, REPORT)


@pytest.mark.parametrize("name", VENUES)
def test_a_venue_installs_beside_the_core_alone(name, wheels, tmp_path):
    """From wheels, with only what they ask for: it is found, loads, and its settings fit."""
    uv, home = [sys.executable, "-m", "uv"], tmp_path / "env"
    subprocess.run([*uv, "venv", "-q", "--python", sys.executable, str(home)], check=True, capture_output=True, timeout=60)
    python, where = str(home / "bin" / "python"), str(wheels["basis_venues"].parent)
    install = [*uv, "pip", "install", "-q", "--python", python, "--find-links", where, f"basis-venues-{name}"]
    installed = subprocess.run(install, capture_output=True, text=True, timeout=300, check=False)
    assert installed.returncode == 0, installed.stderr
    done = subprocess.run([python, "-c", LOAD, name], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(name)

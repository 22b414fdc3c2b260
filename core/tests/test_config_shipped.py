"""The files under `configs/`, with the real plugins."""

from __future__ import annotations

from pathlib import Path

import pytest

from basis_venues.clock import PlanClock
from basis_venues.config.environments import read_profile
from basis_venues.config.settings import Settings
from basis_venues.contract import VenueModel
from basis_venues.environment import EnvironmentManager
from basis_venues.factory import VenueClientFactory
from basis_venues.network import Network
from basis_venues.registry import FIRST_PARTY, Registry

CONFIGS = Path(__file__).parents[2] / "configs"
MODES = ("btc_basis", "eth_leveraged", "eth_staking", "pure_lending")

pytestmark = pytest.mark.skipif(
    not set(FIRST_PARTY) <= set(Registry().names()), reason="the seven venue plugins are not installed in this environment"
)


def load(mode: str, **options: str) -> Settings:
    return Settings.load(mode, CONFIGS, env={}, **options)  # type: ignore[arg-type]


def test_the_modes_are_the_files() -> None:
    """Every file under configs/modes is tested here, and has its line in venue_requirements.yaml."""
    assert tuple(sorted(file.stem for file in (CONFIGS / "modes").glob("*.yaml"))) == MODES


@pytest.mark.parametrize("mode", MODES)
def test_every_shipped_mode_runs_in_a_backtest_without_a_warning(mode: str) -> None:
    """It loads, needs nothing, warns of nothing, and every venue of it has a model."""
    settings = load(mode)
    assert settings.mode.name == mode
    assert settings.warnings == ()
    factory = VenueClientFactory(settings, EnvironmentManager(settings), PlanClock())
    for venue in settings.mode.execution_venues:
        assert isinstance(factory.model(venue), VenueModel)
        assert factory.client(venue) is None


@pytest.mark.parametrize("mode", MODES)
def test_every_shipped_mode_fits_the_sandbox(mode: str) -> None:
    """On the sandbox profile each venue is on a testnet that is this machine, with made-up keys."""
    settings = load(mode, execution_mode="live", profile="sandbox")
    environment = EnvironmentManager(settings)
    for venue in settings.mode.execution_venues:
        assert environment.network(venue) is Network.TESTNET
        assert environment.allowed_hosts(venue) == {"127.0.0.1", "::1", "localhost"}
        assert 1 not in environment.allowed_chains(venue)


def test_btc_basis_hedges_in_its_weights() -> None:
    """40, 30 and 30 per cent, as the requirement's comments say."""
    route = load("btc_basis").mode.routes["hedge_execution"]
    weights = dict(zip(route.venues, map(str, route.weights), strict=True))
    assert weights == {"binance": "0.4", "bybit": "0.3", "okx": "0.3"}


@pytest.mark.parametrize("name", sorted(file.stem for file in (CONFIGS / "environments").glob("*.yaml")))
def test_every_shipped_profile_is_valid(name: str) -> None:
    """Each profile reads."""
    assert read_profile(name, CONFIGS / "environments").name == name

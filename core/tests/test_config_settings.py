from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from attrs import frozen
from fake_venues import ExchangeSettings, FakePlugin, load, manifests, plugins, write
from spec_snippets import (
    BINANCE,
    BTC_BASIS_HEDGE,
    BTC_BASIS_SUBSCRIPTIONS,
    ENV_UNIFIED,
    MIXED_TESTNET,
    OLDER_ENV,
    PURE_LENDING,
    REQUIREMENTS,
)

from basis_venues.config.settings import Settings
from basis_venues.config.venues import VenueSettings
from basis_venues.errors import ConfigurationError, PluginRefused
from basis_venues.network import Network
from basis_venues.plugins import Plugins
from basis_venues.registry import Registry

LIVE = {"BASIS_EXECUTION_MODE": "live"}


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    return write(
        tmp_path / "configs",
        modes__btc_basis=BTC_BASIS_SUBSCRIPTIONS,
        modes__pure_lending=PURE_LENDING,
        venue_requirements=REQUIREMENTS,
        environments__mixed_testnet=MIXED_TESTNET,
        venues__binance=BINANCE,
    )


def refused(configs: Path, mode: str = "btc_basis", **options: object) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(configs, mode, **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_the_requirements_venue_file_fills_the_plugins_class(configs: Path) -> None:
    """The snippet of binance.yaml loads, digit for digit."""
    settings = load(configs, "btc_basis").venues["binance"]
    assert isinstance(settings, ExchangeSettings)
    assert settings.supported_markets == ("spot", "futures")
    assert str(settings.trading_parameters.tick_size) == "0.01"
    assert settings.trading_parameters.min_order_size_usd == Decimal(10)


def test_a_venue_file_is_laid_over_the_shipped_defaults(configs: Path) -> None:
    """What configs/venues/NAME.yaml does not say stays as the plugin ships it."""
    made = Plugins(Registry([]))
    for manifest in manifests().values():
        shipped = {"trading_parameters": {"tick_size": "9", "max_leverage": 3}, "timing": {"poll_ms": 7}} if manifest.kind == "cex" else {}
        made.add(FakePlugin(), manifest, shipped)
    venues = load(configs, "btc_basis", plugins=made).venues
    assert (venues["binance"].trading_parameters.tick_size, venues["bybit"].trading_parameters.tick_size) == (Decimal("0.01"), Decimal(9))  # type: ignore[attr-defined]
    assert venues["binance"].timing.poll_ms == venues["bybit"].timing.poll_ms == 7


def test_a_venue_without_a_settings_class_gets_the_common_one(configs: Path) -> None:
    """The hook may be left out; then only the keys that every venue has are known."""
    (configs / "venues" / "binance.yaml").unlink()
    settings = load(configs, "btc_basis", plugins=plugins(settings_class=None))
    assert {type(each) for each in settings.venues.values()} == {VenueSettings}


def test_problems_of_all_venue_files_come_at_once(configs: Path) -> None:
    """Two files with a mistake each make one error with two lines, without the values."""
    write(configs, venues__binance="trading_parameters: {tick_sise: 1}", venues__okx="venue_type: defi\nsupported_markets: secretspot")
    told = refused(configs).splitlines()
    assert [line.partition("venues/")[2] for line in told] == [
        "binance.yaml:1: trading_parameters.tick_sise: is not a known key; did you mean tick_size?",
        "okx.yaml:2: supported_markets: expected a list",
    ]


def test_a_venue_is_of_the_kind_that_its_plugin_says(configs: Path) -> None:
    """venue_type cannot make an exchange a protocol."""
    write(configs, venues__okx="venue_type: defi")
    assert "okx.yaml:1: venue_type: the plugin of okx says cex" in refused(configs)


def test_only_the_modes_venues_are_loaded(configs: Path) -> None:
    """A mode of two venues has two manifests, settings and networks."""
    settings = load(configs, "pure_lending")
    assert set(settings.venues) == set(settings.manifests) == set(settings.networks) == {"aave", "alchemy"}


def test_a_mode_without_its_required_venue_is_refused(configs: Path) -> None:
    """A required exchange that the mode's file does not subscribe to is an error at the line that requires it."""
    write(configs, modes__btc_basis="venues: {execution_subscriptions: {cex_spot: [okx], cex_futures: [okx]}}")
    assert "venue_requirements.yaml:7: strategy_requirements.btc_basis.required_venues: the mode btc_basis requires binance" in refused(
        configs
    )


def test_a_needless_venue_is_a_warning(configs: Path) -> None:
    """A venue that the requirements do not mention for the mode is subscribed in vain."""
    write(configs, modes__btc_basis=BTC_BASIS_HEDGE + "  lending_execution: {primary: aave}\n")
    assert any("subscribes to aave" in warning for warning in load(configs, "btc_basis").warnings)
    assert not any("okx" in warning for warning in load(configs, "btc_basis").warnings)


def test_requirements_name_a_venue_once(configs: Path) -> None:
    """What is required cannot be optional, too."""
    write(configs, venue_requirements="strategy_requirements: {btc_basis: {required_venues: [okx], optional_venues: [okx]}}")
    assert "optional_venues: okx is required already" in refused(configs)


def test_a_backtest_reads_no_credentials(configs: Path) -> None:
    """In a backtest env.unified is not opened: not even a broken one is noticed, and no variable is kept."""
    (configs.parent / "env.unified").write_text("THIS IS = BROKEN\n")
    settings = load(configs, "btc_basis", {"BASIS_DEV__CEX__BINANCE_SPOT_API_KEY": "x"})
    assert settings.variables.names() == ()
    assert set(settings.networks.values()) == {Network.SIMULATION}
    assert "does not begin with a name" in refused(configs, env=LIVE)


def test_a_live_run_reads_env_unified_beside_the_configs(configs: Path) -> None:
    """The requirement's template loads, and filled in it gives the values."""
    file = configs.parent / "env.unified"
    file.write_text(ENV_UNIFIED)
    assert load(configs, "btc_basis", LIVE).variables.names() == ()
    file.write_text(ENV_UNIFIED.replace("BASIS_DEV__CEX__BINANCE_SPOT_API_KEY=", "BASIS_DEV__CEX__BINANCE_SPOT_API_KEY=k"))
    file.chmod(0o600)
    assert load(configs, "btc_basis", LIVE).variables.names() == ("BASIS_DEV__CEX__BINANCE_SPOT_API_KEY",)


@pytest.mark.parametrize(("row", "network"), [("simulation", "testnet"), ("testnet", "testnet"), ("live", "mainnet")])
def test_the_requirements_older_env_files_load(configs: Path, row: str, network: str) -> None:
    """Each older snippet, as env.unified of a run typed live, gives its row and warns of the older names."""
    file = configs.parent / "env.unified"
    file.write_text(OLDER_ENV[row])
    file.chmod(0o600)
    settings = load(configs, "btc_basis", execution_mode="live")
    assert settings.networks["binance"].value == network
    prefix = settings.selection.prefix
    assert settings.variables.get(f"{prefix}CEX__BINANCE_SPOT_API_KEY") or row == "simulation"
    assert any("ENVIRONMENT is the older name" in warning for warning in settings.warnings)


def test_the_requirements_mixed_profile_lowers_venues(configs: Path) -> None:
    """The snippet of mixed_testnet.yaml loads and sets each venue it names; the others follow the table."""
    networks = load(configs, "pure_lending", LIVE, profile="mixed_testnet").networks
    assert networks == {"aave": Network.SIMULATION, "alchemy": Network.TESTNET}
    assert load(configs, "btc_basis", LIVE, profile="mixed_testnet").networks["okx"] is Network.TESTNET


@pytest.mark.parametrize(
    ("env", "profile", "told"),
    [
        ({}, MIXED_TESTNET, "p.yaml:3: venues.binance.environment: asks for testnet for binance, and this is a backtest"),
        (LIVE, "default: live", "p.yaml:1: default: asks for live for binance, and BASIS_ENVIRONMENT=dev gives testnet at most"),
        (LIVE, "venues: {okx: {environment: live}}", "asks for live for okx"),
        (LIVE, "venues: {okx: {environment: mainnet}}", "expected one of simulation, testnet, live"),
        (LIVE, "venues: {okx: {endpoint: {}}}", "did you mean endpoints?"),
    ],
)
def test_a_profile_never_raises_a_venue(configs: Path, env: dict[str, str], profile: str, told: str) -> None:
    """A profile that asks for more than the run's row is refused at its line."""
    write(configs, environments__p=profile)
    assert told in refused(configs, env=env, profile="p")


def test_a_missing_profile_or_mode_names_those_that_there_are(configs: Path) -> None:
    """A typo is answered with the choices."""
    assert "there is no such profile; there are: mixed_testnet" in refused(configs, profile="mixed")
    assert "there is no such mode; there are: btc_basis, pure_lending; did you mean btc_basis?" in refused(configs, "btc_bassis")


def test_an_empty_folder_says_how_to_begin(tmp_path: Path) -> None:
    """Without any mode the error names the command that writes examples."""
    assert "basis init DIR" in refused(tmp_path)


def test_a_venue_without_a_plugin_is_refused_with_the_command(configs: Path) -> None:
    """A missing plugin of any venue in the mode is named with its pip command, all of them at once."""
    with pytest.raises(PluginRefused) as caught:
        load(configs, "pure_lending", plugins=Plugins(Registry([])))
    assert "pip install basis-venues-aave" in str(caught.value)
    assert "pip install basis-venues-alchemy" in str(caught.value)


def test_a_data_venue_that_is_not_installed_is_a_warning_in_a_backtest(configs: Path) -> None:
    """A backtest needs no plugin for data, but a misspelt name should not go unseen."""
    write(configs, modes__btc_basis="venues: {data_subscriptions: [binnance], hedge_execution: {primary: binance}}")
    assert any("no plugin for binnance is installed; did you mean binance?" in each for each in load(configs, "btc_basis").warnings)


def test_a_settings_class_that_is_none_is_refused(configs: Path) -> None:
    """The hook must answer a subclass of VenueSettings."""

    @frozen
    class Other:
        pass

    with pytest.raises(PluginRefused, match="no subclass of VenueSettings"):
        load(configs, "btc_basis", plugins=plugins(settings_class=Other))


def test_settings_show_no_secret(configs: Path) -> None:
    """The repr of the settings has no credential in it."""
    settings: Settings = load(configs, "btc_basis", {**LIVE, "BASIS_DEV__CEX__BINANCE_SPOT_API_KEY": "kX9canary"})
    assert settings.variables.names()
    assert "kX9canary" not in repr(settings)

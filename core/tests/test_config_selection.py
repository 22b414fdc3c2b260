from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basis_venues.config.selection import Selection, asks_live, said_by, select
from basis_venues.errors import ConfigurationError
from basis_venues.network import Network


def chosen(process: Mapping[str, str], file: Mapping[str, str] | None = None, **typed: str) -> Selection:
    said = said_by(process, "process")
    mode = typed.get("execution_mode")
    if not asks_live(mode, said):
        return Selection()
    return select(mode, typed.get("environment"), said, said_by(file or {}, "file"))[0]


@pytest.mark.parametrize(
    ("mode", "environment", "network", "prefix"),
    [
        (None, None, Network.SIMULATION, "BASIS_DEV__"),
        ("backtest", "prod", Network.SIMULATION, "BASIS_DEV__"),
        ("live", None, Network.TESTNET, "BASIS_DEV__"),
        ("live", "dev", Network.TESTNET, "BASIS_DEV__"),
        ("live", "staging", Network.TESTNET, "BASIS_STAGING__"),
        ("live", "prod", Network.MAINNET, "BASIS_PROD__"),
        ("live", "production", Network.MAINNET, "BASIS_PROD__"),
    ],
)
def test_the_table_of_networks(mode: str | None, environment: str | None, network: Network, prefix: str) -> None:
    """Every row gives its network and the prefix of its credentials."""
    said = {"BASIS_EXECUTION_MODE": mode or "", "BASIS_ENVIRONMENT": environment or ""}
    found = chosen(said)
    assert (found.network, found.prefix) == (network, prefix)


@pytest.mark.parametrize(
    ("older", "network"), [("simulation", Network.SIMULATION), ("testnet", Network.TESTNET), ("live", Network.MAINNET)]
)
def test_the_older_variable_is_read_as_its_row(older: str, network: Network) -> None:
    """ENVIRONMENT=... gives the row it meant, with a warning."""
    assert chosen({"ENVIRONMENT": older}).network is network
    assert "is the older name" in said_by({"ENVIRONMENT": older}, "process").warnings[0]


@pytest.mark.parametrize(
    "said",
    [
        {"ENVIRONMENT": "testnet", "BASIS_EXECUTION_MODE": "backtest"},
        {"ENVIRONMENT": "simulation", "BASIS_EXECUTION_MODE": "live"},
        {"ENVIRONMENT": "testnet", "BASIS_ENVIRONMENT": "prod"},
        {"ENVIRONMENT": "live", "BASIS_ENVIRONMENT": "staging"},
    ],
)
def test_older_and_newer_variables_that_disagree_are_an_error(said: dict[str, str]) -> None:
    """Two kinds of variables cannot ask for two networks."""
    with pytest.raises(ConfigurationError, match="disagree; remove ENVIRONMENT"):
        said_by(said, "process")


def test_an_older_testnet_agrees_with_staging() -> None:
    """Both rows are testnets; the newer name says which."""
    assert chosen({"ENVIRONMENT": "testnet", "BASIS_ENVIRONMENT": "staging"}).prefix == "BASIS_STAGING__"


def test_a_foreign_environment_variable_is_left_alone() -> None:
    """Other software says ENVIRONMENT=production; that means nothing here."""
    assert chosen({"ENVIRONMENT": "production"}) == Selection()


@pytest.mark.parametrize("said", [{"BASIS_ENVIRONMENT": "prd"}, {"BASIS_EXECUTION_MODE": "Live"}])
def test_a_misspelt_word_is_refused(said: dict[str, str]) -> None:
    """A typo never falls back to some network."""
    with pytest.raises(ConfigurationError, match="expected one of"):
        chosen(said)


WORDS = st.fixed_dictionaries(
    {},
    optional={
        "BASIS_EXECUTION_MODE": st.sampled_from(["backtest", "live"]),
        "BASIS_ENVIRONMENT": st.sampled_from(["dev", "staging", "prod", "production"]),
    },
)
SAFETY = [Network.MAINNET, Network.TESTNET, Network.SIMULATION]


@given(WORDS, WORDS)
def test_what_env_unified_says_only_makes_a_run_safer(process: dict[str, str], file: dict[str, str]) -> None:
    """Whatever the file says on top of an explicit process environment, the network is the same or a safer one."""
    process = {"BASIS_ENVIRONMENT": "dev", **process}
    assert SAFETY.index(chosen(process, file).network) >= SAFETY.index(chosen(process).network)


@given(WORDS, WORDS)
def test_no_variable_makes_a_run_typed(process: dict[str, str], file: dict[str, str]) -> None:
    """Only an argument counts as typed out, and mainnet takes that."""
    assert not chosen(process, file).typed


def test_an_argument_counts_before_all_variables() -> None:
    """What is typed wins, and is remembered as typed."""
    found = chosen({"BASIS_EXECUTION_MODE": "backtest", "BASIS_ENVIRONMENT": "dev"}, execution_mode="live", environment="prod")
    assert found == Selection(live=True, environment="prod", typed=True)
    assert chosen({"BASIS_EXECUTION_MODE": "live"}, execution_mode="backtest") == Selection()

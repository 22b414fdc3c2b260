"""What the instadapp plugin ships: manifest, default settings, hooks."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import as_file, files

import pytest

import basis_venues_instadapp
from basis_venues.actions import action_classes
from basis_venues.contract import CONTRACT
from basis_venues.manifest import Manifest, read_manifest
from basis_venues_evm.testing import context, load_settings
from basis_venues_instadapp.model import InstadappModel
from basis_venues_instadapp.settings import InstadappSettings


@pytest.fixture
def manifest() -> Manifest:
    """The manifest as shipped."""
    with as_file(files("basis_venues_instadapp") / "manifest.toml") as path:
        return read_manifest(path)


def test_the_manifest_offers_what_the_venue_does(manifest: Manifest) -> None:
    """Every action type names action classes that belong to it, and the contract is this one."""
    offered = {(kind, name) for kind, actions in manifest.actions.items() for name in actions}
    assert offered == {
        ("flash_loan_execution", "CreateAccount"),
        ("flash_loan_execution", "AtomicBundle"),
        ("flash_loan_execution", "Swap"),
        ("unwind_execution", "Unwind"),
    }
    assert all(kind in action_classes()[name].action_types for kind, name in offered)
    assert (manifest.venue, manifest.contract_version) == ("instadapp", CONTRACT)
    assert (manifest.account.alias, manifest.account.keeps, manifest.account.lane) == ("dsa", False, "wallet")


def test_only_the_right_chains_are_allowed(manifest: Manifest) -> None:
    """The chain ids by network; no chain is in two networks."""
    assert {name: rule.chain_ids for name, rule in manifest.networks.items()} == {"mainnet": (1,)}


def test_credentials_are_named_and_marked(manifest: Manifest) -> None:
    """Variables, and whether they are secret."""
    assert {one.variable: one.secret for one in manifest.credentials} == {"INSTADAPP__ACCOUNT_ADDRESS": False}


def test_every_offered_action_has_a_gas_figure() -> None:
    """And so has an approval."""
    settings = load_settings(InstadappSettings, "basis_venues_instadapp")
    assert {"CreateAccount", "FlashBorrow", "FlashPayback", "Deposit", "Payout", "Swap", "Approve"} <= {
        name.partition("/")[0] for name in settings.gas
    }


def test_the_module_holds_hooks_only() -> None:
    """What the plugin manager would call: settings, model, client and market data."""
    marked = {name for name, value in vars(basis_venues_instadapp).items() if hasattr(value, "basis_venues_impl")}
    assert marked == {"settings_class", "create_model", "create_client", "market_data"}
    assert basis_venues_instadapp.settings_class() is InstadappSettings
    made = basis_venues_instadapp.create_model(context("instadapp", load_settings(InstadappSettings, "basis_venues_instadapp")))
    assert isinstance(made, InstadappModel)


def test_the_plugin_imports_no_chain_library_and_no_other_venue() -> None:
    """Neither its hooks nor its model load web3, eth_account, an HTTP library or another venue."""
    code = (
        "import sys, basis_venues_instadapp, basis_venues_instadapp.model; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())
    assert not loaded & {"web3", "eth_account", "aiohttp", "requests", "ccxt"}
    assert {name for name in loaded if name.startswith("basis_venues_")} == {"basis_venues_evm", "basis_venues_instadapp"}

from __future__ import annotations

import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_venues import HOODI, SEPOLIA, FakeClient, FakeModel, load, plugins, write

from basis_venues.clock import PlanClock
from basis_venues.config.environments import Profile
from basis_venues.contract import ClientContext
from basis_venues.environment import EnvironmentManager
from basis_venues.errors import ConfigurationError, CredentialError, GuardRefused, NotRoutable, PluginRefused
from basis_venues.factory import VenueClientFactory
from basis_venues.network import Account, Network
from basis_venues.secret import Secret

LIVE = {"BASIS_EXECUTION_MODE": "live"}
SPOT = "venues: {execution_subscriptions: {cex_spot: [binance], wallet: [alchemy]}}"
LENDING = "venues: {lending_execution: {primary: aave}, execution_subscriptions: {wallet: [alchemy]}}"
STAKING = "venues: {staking_execution: {primary: lido}, execution_subscriptions: {wallet: [alchemy]}}"
LEVERAGED = "venues: {lending_execution: {primary: aave}, staking_execution: {primary: lido}, execution_subscriptions: {wallet: [alchemy]}}"
BUNDLES = "venues: {flash_loan_execution: {primary: instadapp}, execution_subscriptions: {wallet: [alchemy]}}"
LOCAL = "throwaway_keys: true\nvenues: {alchemy: {endpoints: {rpc: 'http://127.0.0.1:8545'}}}"


def keys(environment: str = "DEV", host: str = "eth-sepolia.g.alchemy.com") -> dict[str, str]:
    return {
        f"BASIS_{environment}__CEX__BINANCE_SPOT_API_KEY": "k",
        f"BASIS_{environment}__CEX__BINANCE_SPOT_SECRET": "s",
        f"BASIS_{environment}__ALCHEMY__PRIVATE_KEY": "p",
        f"BASIS_{environment}__ALCHEMY__RPC_URL": f"https://{host}/v2/kX9canary",
        f"BASIS_{environment}__ALCHEMY__WALLET_ADDRESS": "0x1",
    }


def manage(tmp_path: Path, mode: str, env: dict[str, str] | None = None, confirm: Any = (), **options: Any) -> EnvironmentManager:
    return EnvironmentManager(load(write(tmp_path, modes__m=mode), "m", env, **options), confirm_mainnet=confirm)


def test_a_simulation_needs_nothing(tmp_path: Path) -> None:
    """In a backtest every venue is simulated, its account is named after its alias, and nothing may be reached."""
    found = manage(tmp_path, LEVERAGED)
    assert {found.network(venue) for venue in ("aave", "lido", "alchemy")} == {Network.SIMULATION}
    assert found.accounts == {"wallet": Account("wallet", "simulation:wallet", "alchemy", "wallet")}
    assert found.account_of("aave") == found.account("wallet")
    assert (found.credentials("alchemy"), found.endpoints("alchemy"), found.allowed_hosts("alchemy")) == ({}, {}, frozenset())


def test_a_smart_account_is_kept_by_the_keeper_of_its_lane(tmp_path: Path) -> None:
    """No venue keeps the dsa, so the wallet's keeper shows its tokens and its lane is the wallet."""
    found = manage(tmp_path, BUNDLES)
    assert found.account("dsa") == Account("dsa", "simulation:dsa", "alchemy", "wallet")
    assert set(found.accounts) == {"dsa", "wallet"}


def test_an_unknown_account_names_the_known_ones(tmp_path: Path) -> None:
    """A wrong alias is answered with those that there are."""
    with pytest.raises(NotRoutable, match="there is no account 'walet'; this mode has binance, wallet"):
        manage(tmp_path, SPOT).account("walet")


def test_credentials_are_read_for_the_selected_environment(tmp_path: Path) -> None:
    """Each row reads its own prefix; secrets are opaque, addresses are text."""
    env = {**LIVE, "BASIS_ENVIRONMENT": "staging", **keys("STAGING"), "BASIS_DEV__CEX__BINANCE_SPOT_API_KEY": "dev"}
    found = manage(tmp_path, SPOT, env)
    assert found.credentials("binance") == {"api_key": Secret("k"), "secret": Secret("s")}
    assert found.credentials("alchemy")["wallet_address"] == "0x1"
    assert "kX9canary" not in repr(found.credentials("alchemy"))


def test_every_missing_credential_is_named_at_once(tmp_path: Path) -> None:
    """All venues' missing variables come in one error, with the place to put them."""
    env = {**LIVE, **keys()}
    del env["BASIS_DEV__CEX__BINANCE_SPOT_SECRET"], env["BASIS_DEV__ALCHEMY__PRIVATE_KEY"]
    env["BASIS_DEV__CEX__BINANCE_SPOT_SECRETT"] = "kX9canary"
    with pytest.raises(CredentialError) as caught:
        manage(tmp_path, SPOT, env)
    first, second = caught.value.problems
    assert first.startswith("binance: BASIS_DEV__CEX__BINANCE_SPOT_SECRET is not set; put it into ")
    assert first.endswith("did you mean BASIS_DEV__CEX__BINANCE_SPOT_SECRETT?")
    assert second.startswith("alchemy: BASIS_DEV__ALCHEMY__PRIVATE_KEY is not set")
    assert "kX9canary" not in "".join(traceback.format_exception(caught.value))


def test_a_credential_that_no_action_needs_may_be_missing(tmp_path: Path) -> None:
    """A mode that only moves funds from the wallet needs no exchange's keys: the exchange is not in it."""
    env = {name: value for name, value in {**LIVE, **keys()}.items() if "CEX" not in name}
    assert manage(tmp_path, "venues: {execution_subscriptions: {wallet: [alchemy]}}", env).credentials("alchemy")


def test_the_wallet_that_signs_for_a_protocol_needs_its_key(tmp_path: Path) -> None:
    """Though the mode routes no transfer to it, a lane without its key could sign nothing."""
    mode = "venues: {lending_execution: {primary: aave}, execution_subscriptions: {wallet: [binance]}}"
    requirements = "strategy_requirements: {m: {required_venues: [alchemy]}}"
    env = {name: value for name, value in {**LIVE, **keys()}.items() if "PRIVATE_KEY" not in name}
    with pytest.raises(CredentialError, match="ALCHEMY__PRIVATE_KEY is not set"):
        manage(write(tmp_path, venue_requirements=requirements), mode, env)


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_a_production_secret_stays_in_production(tmp_path: Path, environment: str) -> None:
    """The same key under BASIS_PROD and another environment is refused at load."""
    env = {**LIVE, **keys(environment.upper()), "BASIS_ENVIRONMENT": environment, "BASIS_PROD__CEX__BINANCE_SPOT_SECRET": "s"}
    with pytest.raises(CredentialError, match="production credentials stay in production"):
        manage(tmp_path, SPOT, env)


@pytest.mark.parametrize("environment", ["DEV", "STAGING"])
def test_a_production_endpoint_stays_in_production(tmp_path: Path, environment: str) -> None:
    """An RPC URL of mainnet in another environment is refused at load, shown as its host."""
    env = {**LIVE, "BASIS_ENVIRONMENT": environment.lower(), **keys(environment, "eth-mainnet.g.alchemy.com")}
    with pytest.raises(GuardRefused, match=r"alchemy may not reach eth-mainnet\.g\.alchemy\.com here") as caught:
        manage(tmp_path, SPOT, env)
    assert "kX9canary" not in "".join(traceback.format_exception(caught.value))


PROD = {"BASIS_EXECUTION_MODE": "live", "BASIS_ENVIRONMENT": "prod", **keys("PROD", "eth-mainnet.g.alchemy.com")}


def test_variables_alone_never_reach_mainnet(tmp_path: Path) -> None:
    """With every variable set and every account confirmed, live must still be typed."""
    with pytest.raises(GuardRefused, match="variables alone never reach mainnet: type --live"):
        manage(tmp_path, SPOT, PROD, ["binance", "wallet"])


@pytest.mark.parametrize("confirm", [(), "binance", ["wallet"], "binance,walet"])
def test_every_mainnet_account_must_be_typed_out(tmp_path: Path, confirm: Any) -> None:
    """A missing name refuses the run with the words to type."""
    with pytest.raises(GuardRefused, match="type out every account it acts on: --account binance --account wallet"):
        manage(tmp_path, SPOT, PROD, confirm, execution_mode="live")


@pytest.mark.parametrize("confirm", ["binance,wallet", ["wallet", "binance"]])
def test_mainnet_opens_when_everything_is_typed(tmp_path: Path, confirm: Any) -> None:
    """Then each venue reaches its production hosts and chain, and nothing else."""
    found = manage(tmp_path, SPOT, PROD, confirm, execution_mode="live")
    assert found.network("binance") is Network.MAINNET
    assert found.allowed_hosts("binance") == {"api.binance.com"}
    assert found.allowed_chains("alchemy") == {1}
    assert found.allowed_chains("binance") == frozenset()


def test_a_simulated_venue_needs_no_confirmation(tmp_path: Path) -> None:
    """Lowered by a profile, an account takes no part in the confirmation and its credentials are not read."""
    write(tmp_path, environments__p="venues: {alchemy: {environment: simulation}}")
    found = manage(tmp_path, SPOT, PROD, "binance", execution_mode="live", profile="p")
    assert found.credentials("alchemy") == {}


@pytest.mark.parametrize(("mode", "chain", "host"), [(LENDING, SEPOLIA, "eth-sepolia"), (STAKING, HOODI, "eth-hoodi")])
def test_the_wallet_follows_the_chain_of_its_protocols(tmp_path: Path, mode: str, chain: int, host: str) -> None:
    """One lane has one chain: the one that all venues on it have."""
    found = manage(tmp_path, mode, {**LIVE, **keys(host=f"{host}.g.alchemy.com")})
    assert found.allowed_chains("alchemy") == {chain}


def test_protocols_without_a_common_chain_are_refused(tmp_path: Path) -> None:
    """Aave's and Lido's testnets are two chains, and one wallet's lane cannot be on both."""
    with pytest.raises(ConfigurationError, match=r"have no chain in common on testnet .*aave: 11155111; lido: 560048"):
        manage(tmp_path, LEVERAGED, {**LIVE, **keys()})
    write(tmp_path, environments__p="venues: {lido: {environment: simulation}}")
    assert manage(tmp_path, LEVERAGED, {**LIVE, **keys()}, profile="p").allowed_chains("aave") == {SEPOLIA}


def test_a_protocol_cannot_act_through_a_simulated_wallet(tmp_path: Path) -> None:
    """A live venue needs a live lane; the other way round is a mixed run."""
    write(tmp_path, environments__p="venues: {alchemy: {environment: simulation}}")
    with pytest.raises(ConfigurationError, match="aave is on testnet and acts through alchemy, which is on simulation"):
        manage(tmp_path, LENDING, {**LIVE, **keys()}, profile="p")
    write(tmp_path, environments__p="venues: {aave: {environment: simulation}}")
    assert manage(tmp_path, LENDING, {**LIVE, **keys()}, profile="p").network("alchemy") is Network.TESTNET


def test_a_venue_without_a_testnet_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """Instadapp exists on mainnet only; the refusal says what to do instead."""
    with pytest.raises(GuardRefused, match=r"instadapp has no testnet; set it to simulation in a profile .*, or, .* give \w+ `endpoints`"):
        manage(tmp_path, BUNDLES, {**LIVE, **keys()})


def test_the_sandbox_reaches_this_machine_alone(tmp_path: Path) -> None:
    """With loopback endpoints every venue runs, on local chains, with made-up keys and without the real ones."""
    write(tmp_path, environments__sandbox=LOCAL)
    found = manage(tmp_path, BUNDLES, {**LIVE, **keys()}, profile="sandbox")
    assert found.allowed_hosts("instadapp") == found.allowed_hosts("alchemy") == {"127.0.0.1", "::1", "localhost"}
    assert 1 not in found.allowed_chains("instadapp")
    assert found.allowed_chains("instadapp") == {1337, 31337}
    assert found.credentials("alchemy") != manage(tmp_path, SPOT, {**LIVE, **keys()}).credentials("alchemy")
    assert len(found.credentials("alchemy")["private_key"].reveal()) == 66  # type: ignore[union-attr]
    assert found.endpoints("alchemy") == {"rpc": "http://127.0.0.1:8545"}


def test_made_up_keys_never_leave_this_machine(tmp_path: Path) -> None:
    """A profile with throwaway keys is refused when a venue of the mode has no loopback endpoint."""
    write(tmp_path, environments__sandbox=LOCAL)
    with pytest.raises(ConfigurationError, match=r"sandbox.yaml:1: throwaway_keys: .* these have others: binance"):
        manage(tmp_path, SPOT, {**LIVE, **keys()}, profile="sandbox")


@pytest.mark.parametrize("url", ["https://api.binance.com", "https://evil.com", "http://demo.binance.com"])
def test_a_profile_cannot_send_a_venue_elsewhere(tmp_path: Path, url: str) -> None:
    """On a testnet an endpoint is one of the manifest's hosts, encrypted, or this machine."""
    write(tmp_path, environments__p=f"venues: {{binance: {{endpoints: {{rest: '{url}'}}}}}}")
    with pytest.raises(GuardRefused):
        manage(tmp_path, SPOT, {**LIVE, **keys()}, profile="p")


def test_mainnet_takes_no_loopback_endpoint(tmp_path: Path) -> None:
    """Signed mainnet requests never go to a local proxy."""
    write(tmp_path, environments__p="venues: {binance: {endpoints: {rest: 'http://127.0.0.1:1'}}}")
    with pytest.raises(GuardRefused):
        manage(tmp_path, SPOT, PROD, "binance,wallet", execution_mode="live", profile="p")


def test_without_a_profile_the_table_counts(tmp_path: Path) -> None:
    """No profile lowers nothing and gives no endpoints."""
    assert Profile().endpoints("binance") == {}


def factory(
    tmp_path: Path, mode: str, env: dict[str, str] | None = None, answers: dict[str, Any] | None = None, **options: Any
) -> VenueClientFactory:
    settings = load(write(tmp_path, modes__m=mode), "m", env, plugins=plugins(**(answers or {})), **options)
    return VenueClientFactory(settings, EnvironmentManager(settings), PlanClock())


def test_a_backtest_makes_models_and_no_clients(tmp_path: Path) -> None:
    """Each model is made once; a simulated venue has no client, chain or market data of its own."""
    made = factory(tmp_path, LENDING)
    assert isinstance(made.model("aave"), FakeModel)
    assert made.model("aave") is made.model("aave")
    assert made.client("aave") is made.chain("aave") is made.market_data("aave") is None
    assert made.manifest("aave").venue == "aave"


def test_a_live_client_is_handed_its_whole_context(tmp_path: Path) -> None:
    """Network, account, credentials, hosts, chains, manifest and the lane's shared chain access."""
    made = factory(tmp_path, LENDING, {**LIVE, **keys()})
    client = made.client("aave")
    assert client is made.client("aave")
    context: ClientContext = client.context  # type: ignore[union-attr]
    assert (context.network, context.account.alias) == (Network.TESTNET, "wallet")
    assert context.manifest is made.manifest("aave")
    assert context.allowed_chains == {SEPOLIA}
    assert context.chain is made.chain("alchemy") is made.chain("aave")
    assert made.chain("aave").context.venue == "alchemy"  # type: ignore[union-attr]
    assert made.client("alchemy").context.credentials["private_key"] == Secret("p")  # type: ignore[union-attr]


def test_market_data_is_made_for_venues_that_only_give_data(tmp_path: Path) -> None:
    """A data venue outside the execution venues gets a context without an account of the run and may lack credentials."""
    mode = "venues: {data_subscriptions: [okx], execution_subscriptions: {cex_spot: [binance]}}"
    made = factory(tmp_path, mode, {**LIVE, **keys()})
    data = made.market_data("okx")
    assert data is made.market_data("okx")
    assert data.context.account.identity == "nobody:okx"  # type: ignore[union-attr]
    assert data.context.credentials == {}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("hook", "answer", "told"),
    [
        ("create_model", object(), "answers create_model with a object, which is no VenueModel"),
        ("create_model", None, "answers create_model with a NoneType"),
        ("create_client", "client", "answers create_client with a str, which is no VenueClient"),
        ("create_client", ValueError("kX9canary"), "raised ValueError (fake_venues.py, line "),
        ("chain_access", SimpleNamespace(chain_id=1), "which has no open and no close"),
    ],
)
def test_what_a_hook_answers_is_checked(tmp_path: Path, hook: str, answer: Any, told: str) -> None:
    """Another type than the contract's is refused by the plugin's name."""
    made = factory(tmp_path, LENDING, {**LIVE, **keys()}, {hook: answer})
    with pytest.raises(PluginRefused) as caught:
        made.model("aave") if hook == "create_model" else made.client("aave")
    assert told in str(caught.value)
    assert "kX9canary" not in "".join(traceback.format_exception(caught.value))


def test_a_chain_access_on_another_chain_is_refused(tmp_path: Path) -> None:
    """The plugin cannot answer with a connection to mainnet on a testnet."""

    async def nothing() -> None: ...

    access = SimpleNamespace(chain_id=1, open=nothing, close=nothing)
    with pytest.raises(GuardRefused, match="alchemy is connected to chain 1; allowed here: 11155111"):
        factory(tmp_path, LENDING, {**LIVE, **keys()}, {"chain_access": access}).client("aave")


def test_a_client_of_another_network_is_refused(tmp_path: Path) -> None:
    """A client that says mainnet where a testnet was asked for is not used."""
    wrong = FakeClient(SimpleNamespace(network=Network.MAINNET))
    with pytest.raises(PluginRefused, match="made a client whose network is not the testnet"):
        factory(tmp_path, LENDING, {**LIVE, **keys()}, {"create_client": wrong}).client("aave")

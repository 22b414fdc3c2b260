"""The defaults in the wheel: they load, they are the exchange's, and the manifest offers what the model does."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest

import basis_venues_okx
from basis_venues.actions import PerpTrade, SpotTrade, action_classes
from basis_venues.amounts import MONEY
from basis_venues.config.yaml_file import read_yaml
from basis_venues.contract import CONTRACT, ModelContext
from basis_venues.manifest import Manifest, read_manifest
from basis_venues.network import Account, Network
from basis_venues.orders import Limits, Order, Ref, deltas
from basis_venues_okx.wire import SIGNED_FOR_MS

D = Decimal
HERE = Path(basis_venues_okx.__file__).parent


class Market:
    """A market that stands still: BTC at 50000."""

    def now(self) -> int:
        """Time 0."""
        return 0

    def value(self, series: str) -> Decimal:
        """The price of BTC, which is all that is asked for."""
        assert series in ("okx:price:BTC/USDT", "okx:price:BTC/USDT:USDT")
        return D(50_000)

    def events(self, series: str, since: int, until: int) -> tuple[tuple[int, Decimal], ...]:
        """Nothing happens."""
        return ()

    def next_event(self, series: str, after: int) -> int | None:
        """Nothing will."""
        return None


@pytest.fixture(autouse=True)
def money() -> Iterator[None]:
    """The context that the core has active around models."""
    with localcontext(MONEY):
        yield


@pytest.fixture
def model() -> Any:
    """The venue's model on its own defaults."""
    settings: Any = read_yaml(HERE / "venue.yaml", shipped=True).fit(basis_venues_okx.settings_class())
    account = Account("okx", "okx:owner", "okx", "okx")
    return basis_venues_okx.create_model(ModelContext(venue="okx", account=account, network=Network.SIMULATION, settings=settings))


@pytest.fixture
def manifest() -> Manifest:
    """The manifest as shipped."""
    return read_manifest(HERE / "manifest.toml")


def changes(model: Any, action: Any, held: dict[str, Decimal]) -> dict[str, Decimal]:
    """What the action does to an account that holds `held`."""
    order = Order("a1/okx", action, "okx", "okx", "okx")
    view = dict.fromkeys(model.touches(order, {}), D(0)) | held
    (step,) = model.plan(order, view, Market())
    return deltas(model.effects(step, action, view, Market(), Ref("try1", 0)))


def test_a_spot_buy_pays_the_fee_in_the_coin_received(model: Any) -> None:
    """1 BTC at 50000 x 1.0005 costs 50025 USDT; 0.15 % of the BTC is the fee."""
    bought = changes(model, SpotTrade(id="a1", symbol="BTC/USDT", side="buy", quantity="1"), {"okx:balance:USDT": D(60_000)})
    assert bought == {"okx:balance:BTC": D("0.9985"), "okx:balance:USDT": D(-50_025)}


def test_a_short_pays_the_fee_where_perpetuals_settle(model: Any) -> None:
    """1 BTC at 50000 x 0.9995 costs 49975, of which 0.05 % is the fee, in the trading account."""
    order = PerpTrade(id="a1", symbol="BTC/USDT:USDT", side="sell", quantity="1")
    sold = changes(model, order, {"okx:balance:USDT": D(60_000)})
    assert sold == {"okx:perp:BTC/USDT:USDT": D(-1), "okx:entry:BTC/USDT:USDT": D(-49_975), "okx:balance:USDT": D("-24.9875")}


def test_limits_are_in_base_units(model: Any) -> None:
    """0.01 contracts of 0.01 BTC are a lot of 0.0001 BTC; 35000 contracts are 350 BTC."""
    limits = model.limits(PerpTrade(id="a1", symbol="BTC/USDT:USDT", side="sell", quantity="1"))
    assert limits == Limits(D("0.0001"), D("0.0001"), D(350), D(5))


def test_the_manifest_offers_what_the_model_plans(manifest: Manifest) -> None:
    """Every action type names action classes that belong to it, and the contract is this one."""
    offered = {(kind, name) for kind, actions in manifest.actions.items() for name in actions}
    perpetuals = {("cex_futures", "PerpTrade"), ("hedge_execution", "PerpTrade")}
    assert offered == {("cex_spot", "SpotTrade"), ("wallet", "Transfer")} | perpetuals
    assert all(kind in action_classes()[name].action_types for kind, name in offered)
    assert (manifest.venue, manifest.kind, manifest.contract_version) == ("okx", "cex", CONTRACT)
    assert (manifest.account.alias, manifest.account.keeps) == ("okx", True)
    assert manifest.fence.grace_milliseconds == SIGNED_FOR_MS


def test_credentials_are_named_after_category_and_venue(manifest: Manifest) -> None:
    """Every offered action type has its credentials, all of them secret."""
    credentials = manifest.credentials
    assert {one.variable for one in credentials} == {"CEX__OKX_API_KEY", "CEX__OKX_SECRET", "CEX__OKX_PASSPHRASE"}
    assert all(one.variable == "CEX__OKX_" + one.name.upper() and one.secret for one in credentials)
    assert {kind for one in credentials for kind in one.needed_for} == set(manifest.actions)


def test_the_demo_shares_the_production_host_for_requests_only(manifest: Manifest) -> None:
    """The header tells demo and production apart on it; the sockets have hosts of their own."""
    mainnet, testnet = manifest.networks["mainnet"], manifest.networks["testnet"]
    assert set(mainnet.hosts) & set(testnet.hosts) == {"www.okx.com"}


def test_the_module_holds_hooks_only() -> None:
    """What the plugin manager would call."""
    marked = {name for name, value in vars(basis_venues_okx).items() if hasattr(value, "basis_venues_impl")}
    assert marked == {"settings_class", "create_model", "create_client", "market_data"}

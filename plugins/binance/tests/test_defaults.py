"""The defaults in the wheel: they load, they are the exchange's, and the manifest offers what the model does."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import attrs
import pytest

import basis_venues_binance
from basis_venues.actions import PerpTrade, SpotTrade, action_classes
from basis_venues.amounts import MONEY
from basis_venues.config.yaml_file import parse_yaml, read_yaml
from basis_venues.contract import CONTRACT, ModelContext
from basis_venues.manifest import Manifest, read_manifest
from basis_venues.network import Account, Network
from basis_venues.orders import Limits, Order, Ref, deltas

D = Decimal
HERE = Path(basis_venues_binance.__file__).parent


class Market:
    """A market that stands still: BTC at 50000."""

    def now(self) -> int:
        """Time 0."""
        return 0

    def value(self, series: str) -> Decimal:
        """The price of BTC, which is all that is asked for."""
        assert series in ("binance:price:BTC/USDT", "binance:price:BTC/USDT:USDT")
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
    settings: Any = read_yaml(HERE / "venue.yaml", shipped=True).fit(basis_venues_binance.settings_class())
    account = Account("binance", "binance:owner", "binance", "binance")
    return basis_venues_binance.create_model(ModelContext(venue="binance", account=account, network=Network.SIMULATION, settings=settings))


@pytest.fixture
def manifest() -> Manifest:
    """The manifest as shipped."""
    return read_manifest(HERE / "manifest.toml")


def changes(model: Any, action: Any, held: dict[str, Decimal]) -> dict[str, Decimal]:
    """What the action does to an account that holds `held`."""
    order = Order("a1/binance", action, "binance", "binance", "binance")
    view = dict.fromkeys(model.touches(order, {}), D(0)) | held
    (step,) = model.plan(order, view, Market())
    return deltas(model.effects(step, action, view, Market(), Ref("try1", 0)))


def test_a_spot_buy_pays_the_fee_in_the_coin_received(model: Any) -> None:
    """1 BTC at 50000 x 1.0005 costs 50025 USDT; 0.1 % of the BTC is the fee."""
    bought = changes(model, SpotTrade(id="a1", symbol="BTC/USDT", side="buy", quantity="1"), {"binance:balance:USDT": D(60_000)})
    assert bought == {"binance:balance:BTC": D("0.999"), "binance:balance:USDT": D(-50_025)}


def test_a_short_pays_the_fee_where_perpetuals_settle(model: Any) -> None:
    """1 BTC at 50000 x 0.9995 costs 49975, of which 0.05 % is the fee, in the futures wallet."""
    order = PerpTrade(id="a1", symbol="BTC/USDT:USDT", side="sell", quantity="1")
    sold = changes(model, order, {"binance:collateral:USDT": D(60_000)})
    position = {"binance:perp:BTC/USDT:USDT": D(-1), "binance:entry:BTC/USDT:USDT": D(-49_975)}
    assert sold == position | {"binance:collateral:USDT": D("-24.9875")}


def test_limits_are_in_base_units(model: Any) -> None:
    """A lot of 0.001 BTC and a smallest order of 100 USDT, which is stricter than the static 10."""
    limits = model.limits(PerpTrade(id="a1", symbol="BTC/USDT:USDT", side="sell", quantity="1"))
    assert limits == Limits(D("0.001"), D("0.001"), D(1000), D(100))


def test_the_manifest_offers_what_the_model_plans(manifest: Manifest) -> None:
    """Every action type names action classes that belong to it, and the contract is this one."""
    offered = {(kind, name) for kind, actions in manifest.actions.items() for name in actions}
    perpetuals = {("cex_futures", "PerpTrade"), ("hedge_execution", "PerpTrade")}
    assert offered == {("cex_spot", "SpotTrade"), ("wallet", "Transfer")} | perpetuals
    assert all(kind in action_classes()[name].action_types for kind, name in offered)
    assert (manifest.venue, manifest.kind, manifest.contract_version) == ("binance", "cex", CONTRACT)
    assert (manifest.account.alias, manifest.account.keeps) == ("binance", True)


def test_credentials_are_named_after_category_and_venue(manifest: Manifest) -> None:
    """Every offered action type has its credentials, all of them secret."""
    credentials = manifest.credentials
    names = {"SPOT_API_KEY", "SPOT_SECRET", "FUTURES_API_KEY", "FUTURES_SECRET"}
    assert {one.variable for one in credentials} == {f"CEX__BINANCE_{name}" for name in names}
    assert all(one.variable == "CEX__BINANCE_" + one.name.upper() and one.secret for one in credentials)
    assert {kind for one in credentials for kind in one.needed_for} == set(manifest.actions)


def test_the_testnet_is_demo_trading_on_hosts_of_its_own(manifest: Manifest) -> None:
    """No host of production is allowed on the testnet."""
    mainnet, testnet = manifest.networks["mainnet"], manifest.networks["testnet"]
    assert set(mainnet.hosts) & set(testnet.hosts) == set()


def test_the_module_holds_hooks_only() -> None:
    """What the plugin manager would call."""
    marked = {name for name, value in vars(basis_venues_binance).items() if hasattr(value, "basis_venues_impl")}
    assert marked == {"settings_class", "create_model", "create_client", "market_data"}


def test_the_specs_own_venue_file_fits_over_the_defaults() -> None:
    """The snippet of the specification is a valid `configs/venues/binance.yaml` and leaves every default but its own keys."""
    snippet = """
venue_type: "cex"
supported_markets:
  - spot
  - futures
trading_parameters:
  min_order_size_usd: 10
  max_leverage: 125
  tick_size: 0.01
  min_size: 0.001
"""
    shipped = read_yaml(HERE / "venue.yaml", shipped=True)
    cls = basis_venues_binance.settings_class()
    merged: Any = parse_yaml(snippet, "configs/venues/binance.yaml").over(shipped).fit(cls)
    assert attrs.asdict(merged) == attrs.asdict(shipped.fit(cls))

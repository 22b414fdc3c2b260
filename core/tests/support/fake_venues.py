"""Venues without distributions, shaped as the seven first-party ones are, for tests of configuration and loading."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from attrs import field, frozen

from basis_venues.config.settings import Settings
from basis_venues.config.venues import VenueSettings
from basis_venues.contract import VenueClient, VenueModel
from basis_venues.hookspecs import hookimpl
from basis_venues.manifest import AccountRule, Capability, CredentialField, Manifest, NetworkRule
from basis_venues.network import Network
from basis_venues.plugins import Plugins
from basis_venues.registry import Registry

FULL = Capability("full")
SEPOLIA, HOODI = 11155111, 560048


@frozen(kw_only=True)
class Parameters:
    """What the spec's binance.yaml says under trading_parameters."""

    min_order_size_usd: Decimal | None = None
    max_leverage: Decimal | None = None
    tick_size: Decimal | None = None
    min_size: Decimal | None = None


@frozen(kw_only=True)
class ExchangeSettings(VenueSettings):
    """A settings class like that of an exchange's plugin."""

    supported_markets: tuple[str, ...] = ()
    trading_parameters: Parameters = field(factory=Parameters)


class FakeModel(VenueModel):
    """A model that does nothing."""

    def __init__(self, context: Any) -> None:
        self.context = context

    def touches(self, order: Any, view: Any) -> tuple[str, ...]:
        return ()

    def plan(self, order: Any, view: Any, market: Any) -> tuple[Any, ...]:
        return ()

    def effects(self, step: Any, action: Any, view: Any, market: Any, ref: Any) -> tuple[Any, ...]:
        return ()


class FakeClient(VenueClient):
    """A client that does nothing."""

    def __init__(self, context: Any) -> None:
        self.context = context
        self.network: Network = context.network

    async def open(self) -> Mapping[str, str]:
        return {}

    async def prepare(self, step: Any, attempt_key: str) -> Any:
        raise NotImplementedError

    send = lookup = positions = recent_effects = prepare


class FakePlugin:
    """The hooks of a plugin; `answers` replaces what single hooks answer, an exception in it is raised."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def _answer(self, hook: str, otherwise: Any) -> Any:
        answer = self.answers.get(hook, otherwise)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    @hookimpl
    def settings_class(self) -> type:
        return self._answer("settings_class", ExchangeSettings)

    @hookimpl
    def create_model(self, context: Any) -> Any:
        return self._answer("create_model", FakeModel(context))

    @hookimpl
    def create_client(self, context: Any) -> Any:
        return self._answer("create_client", FakeClient(context))

    @hookimpl
    def chain_access(self, context: Any) -> Any:
        chain_id = min(context.allowed_chains, default=0)
        access = SimpleNamespace(chain_id=chain_id, open=FakeClient.open, close=FakeClient.close, context=context)
        return self._answer("chain_access", access)

    @hookimpl
    def market_data(self, context: Any) -> Any:
        return self._answer("market_data", SimpleNamespace(fetch=print, close=print, context=context))


def _exchange(name: str) -> Manifest:
    types = ("cex_spot", "cex_futures", "hedge_execution", "wallet")
    keys = tuple(
        CredentialField(name=field, variable=f"CEX__{name.upper()}_SPOT_{field.upper()}", needed_for=("cex_spot", "cex_futures"))
        for field in ("api_key", "secret")
    )
    networks = {"mainnet": NetworkRule(hosts=(f"api.{name}.com",)), "testnet": NetworkRule(hosts=(f"demo.{name}.com",))}
    return Manifest(
        venue=name,
        kind="cex",
        contract="1.0",
        account=AccountRule(alias=name, keeps=True),
        actions={each: {"Any": FULL} for each in types},
        credentials=keys,
        networks=networks,
    )


def _protocol(name: str, types: tuple[str, ...], testnet: int | None, account: AccountRule | None = None) -> Manifest:
    networks = {"mainnet": NetworkRule(chain_ids=(1,))} | ({"testnet": NetworkRule(chain_ids=(testnet,))} if testnet else {})
    actions = {each: {"Any": FULL} for each in types}
    account = account or AccountRule(alias="wallet")
    return Manifest(venue=name, kind="defi", contract="1.0", account=account, actions=actions, networks=networks)


def _wallet() -> Manifest:
    fields = (("private_key", True), ("rpc_url", True), ("wallet_address", False))
    return Manifest(
        venue="alchemy",
        kind="infrastructure",
        contract="1.0",
        account=AccountRule(alias="wallet", keeps=True),
        actions={"wallet": {"Transfer": FULL}},
        credentials=tuple(
            CredentialField(name=name, variable=f"ALCHEMY__{name.upper()}", secret=secret, needed_for=("wallet",))
            for name, secret in fields
        ),
        networks={
            "mainnet": NetworkRule(hosts=("eth-mainnet.g.alchemy.com",), chain_ids=(1,)),
            "testnet": NetworkRule(hosts=("eth-sepolia.g.alchemy.com", "eth-hoodi.g.alchemy.com"), chain_ids=(SEPOLIA, HOODI)),
        },
    )


def manifests() -> dict[str, Manifest]:
    """The manifests of the seven."""
    dsa = AccountRule(alias="dsa", lane="wallet")
    found = [_exchange(name) for name in ("binance", "bybit", "okx")]
    found += [
        _protocol("aave", ("lending_execution",), SEPOLIA),
        _protocol("lido", ("staking_execution",), HOODI),
        _protocol("instadapp", ("flash_loan_execution", "unwind_execution"), None, dsa),
        _wallet(),
    ]
    return {each.venue: each for each in found}


def plugins(**answers: Any) -> Plugins:
    """The seven, added to a loader that sees no installed distribution."""
    made = Plugins(Registry([]))
    for manifest in manifests().values():
        made.add(FakePlugin(**answers), manifest)
    return made


def write(folder: Path, **files: str) -> Path:
    """Write configuration files, named `modes__btc_basis="..."` for `modes/btc_basis.yaml`, and answer the folder."""
    for name, text in files.items():
        file = folder / f"{name.replace('__', '/')}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def load(configs: Path, mode: str, env: Mapping[str, str] | None = None, **options: Any) -> Settings:
    """Load settings over the seven, with nothing of the process environment."""
    options.setdefault("plugins", plugins())
    return Settings.load(mode, configs, env=env or {}, **options)

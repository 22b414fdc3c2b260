"""The lending market: Aave V3.6 as published, deployed in the order that it needs."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from ..abi import arguments, checksum
from ..addresses import AaveAddresses
from ..artifacts import Artifacts
from ..deploy import Sender
from .market import EMODE, FLASH_FEE_BPS, LIQUIDATION_FEE_BPS, RESERVES

_NOBODY = "0x" + "00" * 20
_USD = 10**8
_INIT = "initReserves((address,address,address,string,string,string,string,bytes,bytes)[])"


@frozen
class _Market:
    """What stands after the core contracts were made."""

    pool: str
    provider: str
    configurator: str
    acl_manager: str


def deploy_aave(owner: Sender, aave: Artifacts, tokens: Mapping[str, str], feeds: Mapping[str, str], treasury: str) -> AaveAddresses:
    """The whole market. The owner has every role."""
    provider = _provider(owner, aave)
    strategy = owner.deploy(aave["DefaultReserveInterestRateStrategyV2"], provider)
    libraries = _libraries(owner, aave)
    pool_code = owner.deploy(aave["PoolInstance"], provider, strategy, libraries=libraries)
    configurator_code = owner.deploy(aave["PoolConfiguratorInstance"], libraries=libraries)
    acl_manager = _roles(owner, aave, provider)
    oracle = _oracle(owner, aave, provider, tokens, feeds)
    owner.send(provider, "setPoolImpl(address)", pool_code)
    pool = checksum(owner.read(provider, "getPool()(address)"))
    owner.send(provider, "setPoolConfiguratorImpl(address)", configurator_code)
    configurator = checksum(owner.read(provider, "getPoolConfigurator()(address)"))
    data_provider = owner.deploy(aave["AaveProtocolDataProvider"], provider)
    owner.send(provider, "setPoolDataProvider(address)", data_provider)
    market = _Market(pool, provider, configurator, acl_manager)
    _list_reserves(owner, aave, market, tokens, treasury)
    return _addresses(owner, market, oracle, data_provider, tokens)


def _provider(owner: Sender, aave: Artifacts) -> str:
    registry = owner.deploy(aave["PoolAddressesProviderRegistry"], owner.address)
    provider = owner.deploy(aave["PoolAddressesProvider"], "Sandbox Market", owner.address)
    owner.send(registry, "registerAddressesProvider(address,uint256)", provider, 1)
    return provider


def _libraries(owner: Sender, aave: Artifacts) -> dict[str, str]:
    names = ("BorrowLogic", "SupplyLogic", "LiquidationLogic", "ConfiguratorLogic", "PoolLogic")
    libraries = {name: owner.deploy(aave[name]) for name in names}
    libraries["FlashLoanLogic"] = owner.deploy(aave["FlashLoanLogic"], libraries=libraries)
    return libraries


def _roles(owner: Sender, aave: Artifacts, provider: str) -> str:
    owner.send(provider, "setACLAdmin(address)", owner.address)  # before the manager, whose constructor asks for it
    manager = owner.deploy(aave["ACLManager"], provider)
    owner.send(provider, "setACLManager(address)", manager)
    owner.send(manager, "addPoolAdmin(address)", owner.address)
    owner.send(manager, "addEmergencyAdmin(address)", owner.address)
    return manager


def _oracle(owner: Sender, aave: Artifacts, provider: str, tokens: Mapping[str, str], feeds: Mapping[str, str]) -> str:
    assets = [tokens[asset] for asset in RESERVES]
    sources = [feeds[asset] for asset in RESERVES]
    oracle = owner.deploy(aave["AaveOracle"], provider, assets, sources, _NOBODY, _NOBODY, _USD)
    owner.send(provider, "setPriceOracle(address)", oracle)
    return oracle


def _list_reserves(owner: Sender, aave: Artifacts, market: _Market, tokens: Mapping[str, str], treasury: str) -> None:
    configurator = market.configurator
    owner.send(configurator, "updateFlashloanPremium(uint128)", FLASH_FEE_BPS)
    a_token = owner.deploy(aave["ATokenInstance"], market.pool, _NOBODY, treasury)
    debt_token = owner.deploy(aave["VariableDebtTokenInstance"], market.pool, _NOBODY)
    owner.send(configurator, _INIT, [_listing(asset, tokens[asset], a_token, debt_token) for asset in RESERVES])
    for asset in RESERVES:
        _configure(owner, configurator, asset, tokens[asset])
    owner.send(configurator, "setEModeCategory(uint8,uint16,uint16,uint16,string)", *EMODE)
    for asset in ("wstETH", "WETH"):
        owner.send(configurator, "setAssetCollateralInEMode(address,uint8,bool)", tokens[asset], EMODE[0], True)
    owner.send(configurator, "setAssetBorrowableInEMode(address,uint8,bool)", tokens["WETH"], EMODE[0], True)


def _listing(asset: str, token: str, a_token: str, debt_token: str) -> tuple[object, ...]:
    rates = bytes.fromhex(arguments(("uint16", "uint32", "uint32", "uint32"), RESERVES[asset].rates))
    names = (f"Aave Sandbox {asset}", f"a{asset}", f"Aave Sandbox Variable Debt {asset}", f"variableDebt{asset}")
    return (a_token, debt_token, token, *names, b"", rates)


def _configure(owner: Sender, configurator: str, asset: str, token: str) -> None:
    terms = RESERVES[asset]
    collateral = (terms.ltv, terms.threshold, terms.bonus)
    owner.send(configurator, "configureReserveAsCollateral(address,uint256,uint256,uint256)", token, *collateral)
    owner.send(configurator, "setReserveBorrowing(address,bool)", token, True)
    owner.send(configurator, "setReserveFactor(address,uint256)", token, terms.reserve_factor)
    owner.send(configurator, "setReserveFlashLoaning(address,bool)", token, True)
    owner.send(configurator, "setLiquidationProtocolFee(address,uint256)", token, LIQUIDATION_FEE_BPS)


def _addresses(owner: Sender, market: _Market, oracle: str, data_provider: str, tokens: Mapping[str, str]) -> AaveAddresses:
    view = "getReserveTokensAddresses(address)(address,address,address)"
    found = {asset: owner.read(data_provider, view, tokens[asset]) for asset in RESERVES}
    return AaveAddresses(
        pool=market.pool,
        provider=market.provider,
        oracle=oracle,
        data_provider=data_provider,
        configurator=market.configurator,
        acl_manager=market.acl_manager,
        a_tokens={asset: checksum(each[0]) for asset, each in found.items()},
        debt_tokens={asset: checksum(each[2]) for asset, each in found.items()},
    )

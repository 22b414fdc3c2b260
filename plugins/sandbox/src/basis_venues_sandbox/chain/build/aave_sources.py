"""Aave V3.6 from its published sources: which contracts are compiled, and where their imports are."""

from __future__ import annotations

from pathlib import Path

from ..artifacts import Artifacts, read_artifacts, write_artifacts
from ..packages import Progress, fingerprint, packages
from ..places import cache_folder
from ..solidity import SETTINGS, compile_solidity, with_imports

PACKAGES = (
    "@aave-dao/aave-v3-origin",
    "@bgd-labs/solidity-utils",
    "@openzeppelin/contracts",
    "@openzeppelin/contracts-upgradeable",
    "solc",
)
"""The packages that the compilation reads."""

_ENTRIES = (
    "instances/PoolInstance",
    "instances/PoolConfiguratorInstance",
    "instances/ATokenInstance",
    "instances/VariableDebtTokenInstance",
    "misc/DefaultReserveInterestRateStrategyV2",
    "misc/AaveOracle",
    "helpers/AaveProtocolDataProvider",
    "protocol/configuration/PoolAddressesProvider",
    "protocol/configuration/PoolAddressesProviderRegistry",
    "protocol/configuration/ACLManager",
    "mocks/WETH9Mock",
    "mocks/flashloan/MockSimpleFlashLoanReceiver",
)


def aave_artifacts(progress: Progress) -> Artifacts:
    """The compiled contracts by name: from the cache, or compiled now, which takes half a minute."""
    key = fingerprint([packages()[name].label for name in PACKAGES], dict(SETTINGS), _ENTRIES)
    file = cache_folder("compiled") / f"aave-{key}.json"
    if not file.exists():
        progress("compiling Aave V3.6 (once; half a minute)")
        fresh = file.with_suffix(".part")
        write_artifacts(compile_solidity(with_imports((f"aave/{each}.sol" for each in _ENTRIES), _roots())), fresh)
        fresh.replace(file)
    return read_artifacts(file)


def _roots() -> dict[str, Path]:
    openzeppelin = packages()["@openzeppelin/contracts"].folder
    return {
        "aave/": packages()["@aave-dao/aave-v3-origin"].folder / "src" / "contracts",
        "openzeppelin-contracts/contracts/": openzeppelin,
        "openzeppelin-contracts-upgradeable/contracts/": packages()["@openzeppelin/contracts-upgradeable"].folder,
        "@openzeppelin/contracts/": openzeppelin,
        "solidity-utils/": packages()["@bgd-labs/solidity-utils"].folder / "src",
    }

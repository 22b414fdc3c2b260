"""The stand-in for Instadapp's smart accounts."""

from __future__ import annotations

from ..addresses import AaveAddresses, InstadappAddresses, LidoAddresses
from ..artifacts import Artifacts
from ..deploy import Sender


def deploy_instadapp(
    deployer: Sender, own: Artifacts, weth: str, aave: AaveAddresses, lido: LidoAddresses, router: str, treasury: str
) -> InstadappAddresses:
    """Index, list, registry, memory, account, aggregator and the connectors."""
    index = deployer.deploy(own["InstaIndex"])
    accounts = deployer.deploy(own["InstaList"], index)
    registry = deployer.deploy(own["InstaConnectorsV2"])
    memory = deployer.deploy(own["InstaMemory"])
    implementation = deployer.deploy(own["InstaAccountV2"], index, accounts, registry)
    deployer.send(index, "setBasics(address,address,address)", accounts, implementation, registry)
    aggregator = deployer.deploy(own["FlashAggregator"], aave.pool)
    shared = (memory, weth)
    connectors = {
        "WETH-A": deployer.deploy(own["WethConnector"], *shared),
        "LIDO-STETH-A": deployer.deploy(own["LidoConnector"], *shared, lido.steth, treasury),
        "WSTETH-A": deployer.deploy(own["WstEthConnector"], *shared, lido.steth, lido.wsteth),
        "AAVE-V3-A": deployer.deploy(own["AaveConnector"], *shared, aave.pool, aave.data_provider),
        "BASIC-A": deployer.deploy(own["BasicConnector"], *shared),
        "UNISWAP-V3-SWAP-A": deployer.deploy(own["UniswapConnector"], *shared, router),
        "INSTAPOOL-C": deployer.deploy(own["InstapoolConnector"], *shared, aggregator),
        "AUTHORITY-A": deployer.deploy(own["AuthorityConnector"], accounts),
    }
    deployer.send(registry, "addConnectors(string[],address[])", list(connectors), list(connectors.values()))
    return InstadappAddresses(
        index=index,
        list=accounts,
        connectors=registry,
        implementation=implementation,
        memory=memory,
        aggregator=aggregator,
        by_name=connectors,
    )

"""Where everything on the chain is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import cattrs
from attrs import frozen

MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11"
"""Where Multicall3 is on every chain."""


@frozen(kw_only=True)
class AaveAddresses:
    """The lending market. `a_tokens` and `debt_tokens` by asset."""

    pool: str
    provider: str
    oracle: str
    data_provider: str
    configurator: str
    acl_manager: str
    a_tokens: Mapping[str, str]
    debt_tokens: Mapping[str, str]


@frozen(kw_only=True)
class LidoAddresses:
    """Staking: the token, its wrapper, the withdrawal queue."""

    locator: str
    steth: str
    wsteth: str
    queue: str


@frozen(kw_only=True)
class UniswapAddresses:
    """Swapping. `pools` by pair and fee tier: `wstETH/WETH/100`."""

    factory: str
    router: str
    quoter: str
    positions: str
    pools: Mapping[str, str]


@frozen(kw_only=True)
class InstadappAddresses:
    """Smart accounts. `by_name`: the connectors."""

    index: str
    list: str
    connectors: str
    implementation: str
    memory: str
    aggregator: str
    by_name: Mapping[str, str]


@frozen(kw_only=True)
class Addresses:
    """All of it, on the chain `chain_id`. `tokens` and `feeds` (price feeds) by symbol.

    `wallet`: the funded account of the sandbox's made-up key. `owner`: the account that may change prices and reserves; `keeper`: Lido's
    oracle; `whale`: who supplied the liquidity. Those three are accounts of the node, which signs for them.
    """

    chain_id: int
    wallet: str
    owner: str
    keeper: str
    whale: str
    multicall: str
    tokens: Mapping[str, str]
    feeds: Mapping[str, str]
    aave: AaveAddresses
    lido: LidoAddresses
    uniswap: UniswapAddresses
    instadapp: InstadappAddresses

    def write(self, file: Path) -> None:
        """Keep them as JSON, with the names of these fields."""
        file.write_text(json.dumps(cattrs.unstructure(self), indent=2) + "\n", encoding="utf-8")


def read_addresses(file: Path) -> Addresses:
    """What `Addresses.write` kept."""
    return parse_addresses(json.loads(file.read_text(encoding="utf-8")))


def parse_addresses(content: object) -> Addresses:
    """Addresses from their JSON."""
    return cattrs.structure(content, Addresses)

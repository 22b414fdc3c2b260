"""What the pool's logs say of an account, without a chain."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from basis_venues_aave.events import INDEX_LOG, LIQUIDATED_LOG, PoolEvents
from basis_venues_aave.market import AaveMarket, ListedReserve
from basis_venues_aave.settings import AaveSettings
from basis_venues_evm import RAY
from basis_venues_evm.live import Log, Mined, Registry
from basis_venues_evm.live.abi import topic, word
from basis_venues_evm.live.tokens import Tokens
from basis_venues_evm.testing import load_settings

WALLET, POOL, WETH, USDC, A_WETH, A_USDC, DEBT, LIQUIDATOR = ("0x" + digit * 40 for digit in "12345678")
ADDRESSES = {"WETH": WETH, "USDC": USDC}


class FakeChain:
    """An account and its tokens."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.registry.add_account("wallet", WALLET)
        self.tokens = Tokens(self.registry)
        settings = load_settings(AaveSettings, "basis_venues_aave")
        self.tokens.add({asset: settings.tokens[asset] for asset in ADDRESSES}, ADDRESSES, "the test")


def words(*values: int | str) -> str:
    return "0x" + "".join(map(word, values))


def market(*configured: str) -> AaveMarket:
    listed = {"WETH": ListedReserve("WETH", WETH, 0, A_WETH, DEBT), "USDC": ListedReserve("USDC", USDC, 1, A_USDC, DEBT)}
    reserves = {asset: listed[asset] for asset in configured}
    return AaveMarket(POOL, "0x0", True, reserves, {each.underlying: each for each in reserves.values()})


def index(asset: str, place: int) -> Log:
    """Both indices of the reserve stand at 2."""
    return Log(POOL, (topic(INDEX_LOG), words(asset)), words(0, 0, 0, 2 * RAY, 2 * RAY), place)


@pytest.mark.parametrize(
    ("configured", "told"),
    [
        (("WETH", "USDC"), {"wallet:supplied:aave/WETH": Decimal("-0.5"), "wallet:borrowed:aave/USDC": Decimal("-1000")}),
        (("WETH",), {"wallet:supplied:aave/WETH": Decimal("-0.5")}),
        (("USDC",), {"wallet:borrowed:aave/USDC": Decimal("-1000")}),
        ((), {}),
    ],
)
def test_a_liquidation_tells_what_it_took_of_the_configured_reserves(configured: tuple[str, ...], told: dict[str, Decimal]) -> None:
    """1 WETH taken for 2,000 USDC of debt, in units that grow with the index; a side that is not configured hides not the other."""
    chain: Any = FakeChain()
    PoolEvents("aave", chain, market(*configured)).register()
    topics = (topic(LIQUIDATED_LOG), *(words(each) for each in (WETH, USDC, WALLET)))
    liquidated = Log(POOL, topics, words(2000 * 10**6, 10**18, LIQUIDATOR, 0), 2)
    sent = Mined("0x1", 1, True, LIQUIDATOR, POOL, "0x", 0, 0, 0, 0, (index(WETH, 0), index(USDC, 1), liquidated))
    decoder = chain.registry.decoder(liquidated)
    assert decoder is not None
    said = decoder(liquidated, sent)
    assert ({} if said is None else {each.key: each.amount for each in said.changes}) == told

"""What is judged by the pool's own figures, and what by its configuration where the node does not simulate."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from basis_venues.actions import Action, Borrow, Repay, SetEMode, Withdraw
from basis_venues.errors import Denied
from basis_venues_aave.floor import EMODE_COLLATERAL, EMODE_NUMBERS, Floor
from basis_venues_aave.market import GET_RESERVE, USER_BITS, AaveMarket, ListedReserve
from basis_venues_aave.settings import AaveSettings
from basis_venues_evm.live import Call, RpcUnavailable
from basis_venues_evm.live.reading import Views
from basis_venues_evm.testing import load_settings

POOL, OWNER = "0x" + "11" * 20, "0x" + "22" * 20
NO_DEBT = 2**256 - 1
FACTORS = st.one_of(st.integers(9 * 10**17, 12 * 10**17), st.integers(1049 * 10**15, 1051 * 10**15), st.just(NO_DEBT))
SETTINGS = load_settings(AaveSettings, "basis_venues_aave")
RESERVES = {
    asset: ListedReserve(asset, f"0x{place + 5:040x}", place, f"0x{place + 50:040x}", f"0x{place + 60:040x}")
    for place, asset in enumerate(("WETH", "wstETH"))
}
MARKET = AaveMarket(POOL, POOL, True, RESERVES, {each.underlying: each for each in RESERVES.values()})
AS_CONFIGURED: Mapping[str, tuple[int, ...]] = {
    **{GET_RESERVE(RESERVES[asset].underlying): (SETTINGS.reserves[asset].threshold << 16 | SETTINGS.reserves[asset].ltv,)
       for asset in RESERVES},
    EMODE_NUMBERS(1): (SETTINGS.emodes[1].ltv, SETTINGS.emodes[1].threshold, 10100),
    EMODE_COLLATERAL(1): (0b11,),
    USER_BITS(OWNER): (0b0110,),
}  # fmt: skip
"""The pool's words, by what it is asked: the account has WETH as collateral, and owes wstETH."""


LEAVING = (Withdraw(asset="WETH", amount="1"),)
"""What a transaction does with the debt left as it is."""


class FakeChain:
    """The answers of views."""

    def __init__(self, words: Mapping[str, tuple[int, ...]]) -> None:
        self._answers = {Call(POOL, data): "0x" + encode(["uint256"] * len(each), each).hex() for data, each in words.items()}

    def address_of(self, account: str) -> str:
        assert account == "wallet"
        return OWNER

    async def views(self, calls: Iterable[Call]) -> Views:
        return Views(1, {call: self._answers.get(call) for call in calls})


def floor(words: Mapping[str, tuple[int, ...]] = AS_CONFIGURED) -> Floor:
    chain: Any = FakeChain(words)
    return Floor("aave", chain, MARKET, SETTINGS)


def account_data(factor: int) -> str:
    """What the pool says of an account: five figures, and its health factor."""
    return "0x" + encode(["uint256"] * 6, [1, 2, 3, 4, 5, factor]).hex()


@given(before=FACTORS, after=FACTORS)
def test_only_what_falls_and_ends_under_the_floor_is_refused(before: int, after: int) -> None:
    """By more than a ten-thousandth; an account without a debt has the greatest number there is."""
    said = re.escape(f"health factor of {Decimal(after).scaleb(-18):.4f}, under the floor of 1.05")
    refused = after < 105 * 10**16 and before - after > 10**14
    with pytest.raises(Denied, match=said) if refused else nullcontext():
        floor().judge("wallet", account_data(before), account_data(after))


def test_a_pool_that_says_nothing_of_the_account_judges_nothing() -> None:
    """An unknown health factor is neither high nor low: it is to be tried again."""
    for said in (("0x", account_data(NO_DEBT)), (account_data(NO_DEBT), "0x")):
        with pytest.raises(RpcUnavailable, match="does not tell how wallet stands"):
            floor().judge("wallet", *said)


@pytest.mark.parametrize(
    ("asked", "words", "said"),
    [
        (GET_RESERVE(RESERVES["WETH"].underlying), (8300 << 16 | 8049,), "WETH has ltv 8049, threshold 8300"),
        (GET_RESERVE(RESERVES["WETH"].underlying), (8299 << 16 | 8050,), "WETH has ltv 8050, threshold 8299"),
        (EMODE_NUMBERS(1), (9300, 9499, 10100), r"emode 1 has ltv 9300, threshold 9499 \(configured: 9300, 9500\)"),
        (EMODE_COLLATERAL(1), (0b01,), "emode 1 has less collateral than configured"),
        (USER_BITS(OWNER), (0b010110,), "wallet owes an asset that is not among its reserves"),
    ],
)
def test_without_a_simulation_figures_that_flatter_are_refused(asked: str, words: tuple[int, ...], said: str) -> None:
    """Each by itself, with both figures; what the chain has as configured, or better, or collateral that is not known, is none of them."""
    asyncio.run(floor().judge_blindly("wallet", LEAVING))
    asyncio.run(floor({**AS_CONFIGURED, USER_BITS(OWNER): (0b100110,)}).judge_blindly("wallet", LEAVING))
    with pytest.raises(Denied, match=said):
        asyncio.run(floor({**AS_CONFIGURED, asked: words}).judge_blindly("wallet", LEAVING))


WHOLE = Repay(asset="wstETH", amount="max")
OWES_BOTH = {USER_BITS(OWNER): (0b0111,)}
OWES_NOTHING = {USER_BITS(OWNER): (0b1010,)}


@pytest.mark.parametrize(
    ("bits", "parts", "passes"),
    [
        ({}, (WHOLE, *LEAVING), True),
        (OWES_NOTHING, LEAVING, True),
        (OWES_NOTHING, (SetEMode(category=0),), True),
        ({}, LEAVING, False),
        ({}, (Repay(asset="wstETH", amount="1"), *LEAVING), False),
        ({}, (Repay(asset="wstETH", amount="max", venue="other"), *LEAVING), False),
        (OWES_BOTH, (WHOLE, *LEAVING), False),
        (OWES_NOTHING, (Borrow(asset="WETH", amount="1"),), False),
        ({}, (WHOLE, Borrow(asset="WETH", amount="1")), False),
    ],
)
def test_an_account_that_owes_nothing_afterwards_passes_by_whatever_figures(
    bits: Mapping[str, tuple[int, ...]], parts: tuple[Action, ...], passes: bool
) -> None:
    """Nothing of it can be liquidated; one part of a debt, or another debt, is enough to be judged."""
    flattering = {**AS_CONFIGURED, EMODE_COLLATERAL(1): (0b01,), **bits}
    with nullcontext() if passes else pytest.raises(Denied, match="emode 1 has less collateral than configured"):
        asyncio.run(floor(flattering).judge_blindly("wallet", parts))


@pytest.mark.parametrize("asked", AS_CONFIGURED)
def test_a_figure_that_cannot_be_read_is_not_taken_for_the_configured_one(asked: str) -> None:
    """It is to be tried again."""
    with pytest.raises(RpcUnavailable, match="does not tell its figures"):
        asyncio.run(floor({data: words for data, words in AS_CONFIGURED.items() if data != asked}).judge_blindly("wallet", LEAVING))

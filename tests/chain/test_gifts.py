"""What strangers add to a deposit, or pay of a debt, is explained and freezes nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from basis_venues.actions import Borrow, Supply, WrapEther

pytestmark = pytest.mark.slow

DUST = 1000


def a_tokens(control: Any) -> None:
    """A part of the stranger's own deposit."""
    control.whale.send(control.addresses.aave.a_tokens["WETH"], "transfer(address,uint256)", control.addresses.wallet, DUST)


def supplied(asset: str) -> Callable[[Any], None]:
    """A deposit in the wallet's name; its first in that asset is collateral at once."""

    def give(control: Any) -> None:
        at, whale = control.addresses, control.whale
        control.give(asset, whale.address, DUST)
        whale.send(at.tokens[asset], "approve(address,uint256)", at.aave.pool, DUST)
        whale.send(at.aave.pool, "supply(address,uint256,address,uint16)", at.tokens[asset], DUST, at.wallet, 0)

    return give


def repaid(control: Any) -> None:
    """A part of the wallet's debt."""
    at, whale = control.addresses, control.whale
    control.give("USDC", whale.address, DUST)
    whale.send(at.tokens["USDC"], "approve(address,uint256)", at.aave.pool, DUST)
    whale.send(at.aave.pool, "repay(address,uint256,uint256,address)", at.tokens["USDC"], DUST, 2, at.wallet)


@pytest.mark.parametrize(
    ("give", "key", "kinds"),
    [
        (a_tokens, "wallet:supplied:aave/WETH", {"transfer"}),
        (supplied("WETH"), "wallet:supplied:aave/WETH", {"deposit"}),
        (supplied("wstETH"), "wallet:setting:aave/collateral/wstETH", {"deposit"}),
        (repaid, "wallet:borrowed:aave/USDC", {"deposit"}),
    ],
    ids=["aTokens", "deposit", "first deposit", "repayment"],
)
def test_a_gift_at_the_lender_is_explained_and_freezes_nobody(
    play: Any, soon: int, give: Callable[[Any], None], key: str, kinds: set[str]
) -> None:
    """A thousandth of a thousandth is enough to be found; the books follow it to the unit, and the wallet acts on."""

    async def course(run: Any) -> None:
        await run.good(
            WrapEther(id="w", amount="10", valid_until=soon), Supply(id="s", asset="WETH", amount="1", valid_until=soon),
            Borrow(id="b", asset="USDC", amount="100", valid_until=soon),
        )  # fmt: skip
        give(run.control)
        run.manager.run.loop.readings.trust_none()
        (result,) = await run.good(Borrow(id="b2", asset="USDC", amount="100", valid_until=soon))
        given = [effect for leg in result.legs for effect in leg.externals]
        assert {effect.kind for effect in given} == kinds
        assert key in {line for effect in given for line, _ in effect.lines}
        assert run.manager.frozen == {}
        await run.judge()

    play(course)

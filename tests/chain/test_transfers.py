"""What leaves the wallet and arrives elsewhere: at an exchange, on its way until the exchange shows it, and in a smart account."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from modes import mode_of
from smart_account import MODE as WITH_ACCOUNT

from basis_venues.actions import CreateAccount, SpotTrade, Transfer
from basis_venues_sandbox import running_sandbox

FUNDING = mode_of("funding", "USDT", "BTC", exchange="bybit")
FUNDING["venues"]["execution_subscriptions"]["wallet"].append("bybit")


def test_a_deposit_to_an_exchange_is_on_its_way_until_the_exchange_shows_it(play: Any, control: Any, soon: int) -> None:
    """The debit is verified on the chain and the amount is owed by the way there, over a restart; the exchange credits it to its funding
    wallet, which trades do not read, and the transfer to the unified one finds it there and closes the transit. Nothing counts twice."""
    with running_sandbox() as box:
        address = box.control.address("bybit", "USDT")
        box.control.endow("bybit", "trading", "USDT", "60000")
        held = control.balance("USDT", address)
        owed: list[str] = []

        async def deposit(run: Any) -> None:
            await run.good(SpotTrade(id="buy", symbol="BTC/USDT", side="buy", quantity="0.01", valid_until=soon))
            before = (await run.manager.positions())["bybit:balance:USDT"]
            (result,) = await run.good(Transfer(id="fund", asset="USDT", amount="250", source="wallet", target="bybit", valid_until=soon))
            assert result.deltas["wallet:balance:USDT"] == -250
            assert [amount for amount in run.manager.obligations().values() if amount] == [250]
            assert (await run.manager.positions())["bybit:balance:USDT"] == before
            owed.extend(key for key, amount in run.manager.obligations().items() if amount)

        async def arrival(run: Any) -> None:
            (key,) = owed
            assert run.manager.obligations()[key] == 250, "kept over the restart"
            box.control.deposit("bybit", "USDT", "250", tx=key.rpartition("/")[2])
            (result,) = await run.good(SpotTrade(id="more", symbol="BTC/USDT", side="buy", quantity="0.01", valid_until=soon))
            assert result.legs[0].externals == ()
            assert run.manager.obligations()[key] == 250
            bring = Transfer(
                id="bring", asset="USDT", amount="250", source="bybit", target="bybit", from_wallet="funding", to_wallet="spot",
                valid_until=soon,
            )  # fmt: skip
            (result,) = await run.good(bring)
            found = [effect for leg in result.legs for effect in leg.externals]
            assert [dict(effect.lines) for effect in found] == [{"bybit:balance:funding/USDT": Decimal(250), key: Decimal(-250)}]
            assert not any(run.manager.obligations().values())
            assert result.deltas["bybit:balance:USDT"] == 250

        known = {"destinations": [{"label": "bybit", "address": address, "asset": "USDT"}]}
        play(deposit, FUNDING, exchange=box.url, alchemy=known)
        assert owed[0].startswith("bybit:transit:USDT/0x")
        assert control.balance("USDT", address) - held == 250_000_000
        play(arrival, FUNDING, exchange=box.url, alchemy=known)


@pytest.mark.parametrize("asset", ["ETH", "USDT"])
def test_a_transfer_to_the_smart_account_arrives_with_the_debit(play: Any, soon: int, asset: str) -> None:
    """Both sides are on this chain: one transaction, both positions verified, nothing on its way."""

    async def course(run: Any) -> None:
        await run.good(CreateAccount(id="make", valid_until=soon))
        action = Transfer(id="fund", asset=asset, amount="3.5", source="wallet", target="dsa", valid_until=soon)
        (result,) = await run.good(action)
        assert result.deltas[f"dsa:balance:{asset}"] == Decimal("3.5")
        gas = Decimal("0.001")
        assert abs(result.deltas[f"wallet:balance:{asset}"] + Decimal("3.5")) < (gas if asset == "ETH" else Decimal("1e-30"))
        account = run.client("instadapp").chain.address_of("dsa")
        assert run.control.balance(asset, account) == (3_500_000 if asset == "USDT" else 35 * 10**17)
        assert not any(run.manager.obligations().values())
        await run.judge(mined=2)

    play(course, WITH_ACCOUNT)

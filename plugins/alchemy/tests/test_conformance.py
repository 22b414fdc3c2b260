"""The wallet keeps the promises of a venue plugin."""

from __future__ import annotations

from basis_venues.actions import MAX, Approve, Transfer, UnwrapEther, WrapEther
from basis_venues_testkit import Sample, VenueConformance

SAFE = "0x00000000000000000000000000000000000000aa"
MARKET = {"ethereum:gas_price:gwei": "10"}
DEPOSITS = "0x00000000000000000000000000000000000000bb"
SETTINGS = {"destinations": [{"address": SAFE}, {"address": DEPOSITS, "label": "binance"}]}


class TestAlchemy(VenueConformance):
    venue = "alchemy"
    dialect = "chain"
    partners = ("aave",)
    settings = SETTINGS
    market = MARKET
    samples = (
        Sample(Transfer(asset="ETH", amount="1", source="wallet", address=SAFE), holds={"wallet:balance:ETH": "2"}),
        Sample(
            Transfer(asset="USDC", amount="100", source="wallet", target="binance"),
            holds={"wallet:balance:ETH": "1", "wallet:balance:USDC": "100"},
        ),
        Sample(WrapEther(amount=MAX), holds={"wallet:balance:ETH": "2"}),
        Sample(UnwrapEther(amount="1"), holds={"wallet:balance:ETH": "1", "wallet:balance:WETH": "1"}),
        Sample(Approve(asset="USDC", amount="100", spender="aave"), holds={"wallet:balance:ETH": "1"}),
    )

"""Bybit keeps the promises of a venue plugin."""

from __future__ import annotations

from basis_venues.actions import PerpTrade, SpotTrade, Transfer
from basis_venues_testkit import HOUR, Sample, VenueConformance

MARKET = {
    "bybit:price:BTC/USDT": "50000",
    "bybit:price:BTC/USDT:USDT": "50000",
    "bybit:funding:BTC/USDT:USDT": ((8 * HOUR, "0.0001"), (16 * HOUR, "-0.0002")),
}


class TestBybit(VenueConformance):
    venue = "bybit"
    dialect = "bybit"
    market = MARKET
    samples = (
        Sample(SpotTrade(symbol="BTC/USDT", side="buy", quantity="0.5"), holds={"bybit:balance:USDT": "30000"}),
        Sample(PerpTrade(symbol="BTC/USDT:USDT", side="sell", quantity="0.5"), holds={"bybit:balance:USDT": "30000"}),
        Sample(
            Transfer(asset="USDT", amount="100", source="bybit", target="wallet", from_wallet="funding"),
            holds={"bybit:balance:funding/USDT": "200"},
        ),
    )

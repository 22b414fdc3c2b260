"""OKX keeps the promises of a venue plugin."""

from __future__ import annotations

from basis_venues.actions import PerpTrade, SpotTrade, Transfer
from basis_venues_testkit import HOUR, Sample, VenueConformance

MARKET = {
    "okx:price:BTC/USDT": "50000",
    "okx:price:BTC/USDT:USDT": "50000",
    "okx:funding:BTC/USDT:USDT": ((8 * HOUR, "0.0001"), (16 * HOUR, "-0.0002")),
}


class TestOkx(VenueConformance):
    venue = "okx"
    dialect = "okx"
    market = MARKET
    samples = (
        Sample(SpotTrade(symbol="BTC/USDT", side="buy", quantity="0.5"), holds={"okx:balance:USDT": "30000"}),
        Sample(PerpTrade(symbol="BTC/USDT:USDT", side="sell", quantity="0.5"), holds={"okx:balance:USDT": "30000"}),
        Sample(
            Transfer(asset="USDT", amount="100", source="okx", target="wallet", from_wallet="funding"),
            holds={"okx:balance:funding/USDT": "200"},
        ),
    )

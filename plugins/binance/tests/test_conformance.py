"""Binance keeps the promises of a venue plugin."""

from __future__ import annotations

from basis_venues.actions import PerpTrade, SpotTrade, Transfer
from basis_venues_testkit import HOUR, Sample, VenueConformance

MARKET = {
    "binance:price:BTC/USDT": "50000",
    "binance:low:BTC/USDT": ((0, "49900"), (HOUR, "49000")),
    "binance:price:BTC/USDT:USDT": "50000",
    "binance:funding:BTC/USDT:USDT": ((8 * HOUR, "0.0001"), (16 * HOUR, "-0.0002"), (24 * HOUR, "0")),
}


class TestBinance(VenueConformance):
    venue = "binance"
    dialect = "binance"
    market = MARKET
    samples = (
        Sample(SpotTrade(symbol="BTC/USDT", side="buy", quantity="0.5"), holds={"binance:balance:USDT": "30000"}),
        Sample(SpotTrade(symbol="BTC/USDT", side="sell", notional="1000"), holds={"binance:balance:BTC": "1"}),
        Sample(
            SpotTrade(symbol="BTC/USDT", side="buy", quantity="0.1", order_type="limit", price="49500", good_for=3 * HOUR),
            holds={"binance:balance:USDT": "30000"},
        ),
        Sample(PerpTrade(symbol="BTC/USDT:USDT", side="sell", quantity="0.5"), holds={"binance:collateral:USDT": "30000"}),
        Sample(Transfer(asset="USDT", amount="100", source="binance", target="wallet"), holds={"binance:balance:USDT": "200"}),
        Sample(
            Transfer(asset="USDT", amount="100", source="binance", target="binance", from_wallet="spot", to_wallet="futures"),
            holds={"binance:balance:USDT": "200"},
        ),
    )

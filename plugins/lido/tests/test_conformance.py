"""Lido keeps the promises of a venue plugin."""

from __future__ import annotations

from basis_venues.actions import MAX, ClaimUnstake, RequestUnstake, Stake, Unwrap, Wrap
from basis_venues_testkit import DAY, START, Sample, VenueConformance

GAS = {"wallet:balance:ETH": "1"}
REQUEST = START - 5 * DAY
ASKED = (Stake(amount="6"), RequestUnstake(asset="stETH", amount="2"), RequestUnstake(asset="stETH", amount="3"))
MARKET = {"ethereum:gas_price:gwei": "10", "lido:share_rate:wstETH": "1.2"}


class TestLido(VenueConformance):
    venue = "lido"
    dialect = "chain"
    market = MARKET
    samples = (
        Sample(Stake(amount="10"), holds={"wallet:balance:ETH": "11"}),
        Sample(RequestUnstake(asset="stETH", amount="5"), holds=GAS | {"wallet:balance:stETH": "10"}),
        Sample(RequestUnstake(asset="wstETH", amount="2000"), holds=GAS | {"wallet:balance:wstETH": "2000"}),
        Sample(ClaimUnstake(), holds=GAS | {f"wallet:claim:lido/{REQUEST}": "5"}, first=ASKED),
        Sample(Wrap(amount="6"), holds=GAS | {"wallet:balance:stETH": "10"}),
        Sample(Unwrap(amount=MAX), holds=GAS | {"wallet:balance:wstETH": "10"}),
    )

"""What the exchanges of basis-venues share: their settings and the model that simulates them and plans their orders."""

from __future__ import annotations

from .instrument import Instrument
from .model import ExchangeModel
from .settings import AssetSettings, ExchangeSettings, Fees, FeeSchedule, MarketKind, MarketSettings, TradingParameters

__all__ = [
    "AssetSettings",
    "ExchangeModel",
    "ExchangeSettings",
    "FeeSchedule",
    "Fees",
    "Instrument",
    "MarketKind",
    "MarketSettings",
    "TradingParameters",
]

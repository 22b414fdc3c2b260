"""Names of market series: `source:kind:instrument`, the one vocabulary of models, data settings and live market data."""

from __future__ import annotations


def price(venue: str, symbol: str) -> str:
    """What one base unit costs in quote units: `binance:price:BTC/USDT`."""
    return f"{venue}:price:{symbol}"


def low(venue: str, symbol: str) -> str:
    """The lowest price of the bar that starts at each point."""
    return f"{venue}:low:{symbol}"


def high(venue: str, symbol: str) -> str:
    """The highest price of the bar that starts at each point."""
    return f"{venue}:high:{symbol}"


def funding(venue: str, symbol: str) -> str:
    """Funding rate, charged at each point: positive means longs pay shorts that fraction of the position's value."""
    return f"{venue}:funding:{symbol}"


def supply_index(venue: str, asset: str) -> str:
    """What one scaled unit of supply is worth in `asset`; starts at 1 and grows."""
    return f"{venue}:supply_index:{asset}"


def borrow_index(venue: str, asset: str) -> str:
    """What one scaled unit of debt is worth in `asset`; starts at 1 and grows."""
    return f"{venue}:borrow_index:{asset}"


def oracle(venue: str, asset: str) -> str:
    """The protocol's own price of `asset` in USD."""
    return f"{venue}:oracle:{asset}"


def share_rate(venue: str, token: str) -> str:
    """What one share is worth in the staked asset: ETH for one wstETH, which is one stETH share, in `lido:share_rate:wstETH`."""
    return f"{venue}:share_rate:{token}"


def swap_rate(venue: str, sell: str, buy: str) -> str:
    """Units of `buy` that an automated market gives for one unit of `sell`, before its fee."""
    return f"{venue}:swap_rate:{sell}/{buy}"


def gas_price(chain: str = "ethereum") -> str:
    """Base fee plus priority fee, in gwei."""
    return f"{chain}:gas_price:gwei"

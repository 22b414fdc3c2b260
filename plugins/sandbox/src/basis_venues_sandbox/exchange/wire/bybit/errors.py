"""Bybit's codes for the reasons of the core: one table for spot, one for perpetuals and the rest."""

from __future__ import annotations

from collections.abc import Mapping

from ...core import Refused, Why

_COMMON: Mapping[Why, tuple[int, str]] = {
    Why.UNKNOWN_SYMBOL: (10001, "params error: symbol invalid {}"),
    Why.HALTED: (110074, "This contract is not live"),
    Why.BAD_PARAMETER: (10001, "Request parameter error: {}"),
    Why.MISSING_PARAMETER: (10001, "Missing some parameters that must be filled in: {}"),
    Why.BAD_CLIENT_ID: (10001, "OrderLinkId is not valid"),
    Why.DUPLICATE_ID: (110072, "OrderLinkedID is duplicate"),
    Why.TICK: (110003, "Order price exceeds the allowable range."),
    Why.LOT: (10001, "Qty invalid"),
    Why.TOO_SMALL: (10001, "Qty invalid"),
    Why.TOO_LARGE: (10001, "Qty invalid"),
    Why.NOTIONAL: (110094, "Order notional value below the lower limit"),
    Why.PRICE_BAND: (110003, "Order price exceeds the allowable range."),
    Why.FUNDS: (110007, "Available balance is insufficient"),
    Why.MARGIN: (110007, "Available balance is insufficient"),
    Why.NOTHING_TO_REDUCE: (110017, "Current position is zero, cannot fix reduce-only order qty"),
    Why.POSITION_SIDE: (10001, "position idx not match position mode"),
    Why.ACCOUNT_MODE: (10028, "The API can only be accessed by unified account users."),
    Why.LEVERAGE: (110013, "Cannot set leverage due to risk limit level; at most {}"),
    Why.OPEN_POSITIONS: (110024, "You have an existing position, so the position mode cannot be switched"),
    Why.NO_ORDER: (110001, "order not exists or too late to cancel"),
    Why.ALREADY_FINAL: (110001, "order not exists or too late to cancel"),
    Why.TRANSFER_FUNDS: (131212, "User insufficient balance"),
    Why.WITHDRAWAL_FUNDS: (131085, "Withdrawal amount is greater than your available balance"),
    Why.WITHDRAWAL_LIMIT: (131088, "The withdrawal amount is below the minimum of {}"),
    Why.DUPLICATE_TRANSFER: (131214, "transferId exists"),
    Why.DUPLICATE_WITHDRAWAL: (131082, "Do not repeat the request"),
    Why.UNKNOWN_ASSET: (131203, "Request parameter error: coin {}"),
    Why.BAD_ADDRESS: (131002, "Withdraw address chain or destination tag are not equal"),
    Why.LATE: (10002, "The request exceeds the time window range."),
}

_SPOT: Mapping[Why, tuple[int, str]] = {
    Why.UNKNOWN_SYMBOL: (170121, "Invalid symbol."),
    Why.HALTED: (170157, "The trading pair is not available for api trading"),
    Why.DUPLICATE_ID: (170141, "Duplicate clientOrderId"),
    Why.TICK: (170134, "Order price has too many decimals."),
    Why.LOT: (170137, "Order volume decimal too long"),
    Why.TOO_SMALL: (170136, "Order quantity lower than the minimum."),
    Why.TOO_LARGE: (170124, "Order quantity too large."),
    Why.NOTIONAL: (170140, "Order value exceeded lower limit."),
    Why.FUNDS: (170131, "Insufficient balance."),
    Why.NO_ORDER: (170213, "Order does not exist."),
    Why.ALREADY_FINAL: (170213, "Order does not exist."),
}

_ALREADY = {
    "leverage": (110043, "Set leverage has not been modified"),
    "margin mode": (110026, "Cross/isolated margin mode is not modified"),
    "position mode": (110025, "Position mode has not been modified"),
}


def code_of(refused: Refused, spot: bool) -> tuple[int, str]:
    """Code and message."""
    if refused.why is Why.ALREADY_SO:
        return _ALREADY[refused.detail]
    if spot and refused.why is Why.PRICE_BAND:
        return (170132, "Order price too high.") if refused.detail == "buy" else (170133, "Order price too low.")
    found = _SPOT.get(refused.why) if spot else None
    code, text = found or _COMMON.get(refused.why) or (10001, f"{refused}")
    return code, text.format(refused.detail)

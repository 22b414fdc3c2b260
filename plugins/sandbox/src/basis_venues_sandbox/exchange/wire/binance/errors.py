"""Binance's codes for the reasons of the core: one table for spot and wallet, one for futures."""

from __future__ import annotations

from collections.abc import Mapping

from ...core import Refused, Why

_FILTER = "Filter failure: "

_SPOT: Mapping[Why, tuple[int, str]] = {
    Why.UNKNOWN_SYMBOL: (-1121, "Invalid symbol."),
    Why.HALTED: (-2010, "Market is closed."),
    Why.BAD_PARAMETER: (-1130, "Data sent for parameter '{}' is not valid."),
    Why.MISSING_PARAMETER: (-1102, "Mandatory parameter '{}' was not sent, was empty/null, or malformed."),
    Why.BAD_CLIENT_ID: (
        -1100,
        "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[\\.A-Z\\:/a-z0-9_-]{{1,36}}$'.",
    ),
    Why.DUPLICATE_ID: (-2010, "Duplicate order sent."),
    Why.TICK: (-1013, _FILTER + "PRICE_FILTER"),
    Why.LOT: (-1013, _FILTER + "LOT_SIZE"),
    Why.TOO_SMALL: (-1013, _FILTER + "LOT_SIZE"),
    Why.TOO_LARGE: (-1013, _FILTER + "LOT_SIZE"),
    Why.NOTIONAL: (-1013, _FILTER + "NOTIONAL"),
    Why.PRICE_BAND: (-1013, _FILTER + "PERCENT_PRICE_BY_SIDE"),
    Why.FUNDS: (-2010, "Account has insufficient balance for requested action."),
    Why.WOULD_TAKE: (-2010, "Order would immediately match and take."),
    Why.NO_ORDER: (-2013, "Order does not exist."),
    Why.ALREADY_FINAL: (-2011, "Unknown order sent."),
    Why.LATE: (-1021, "Timestamp for this request is outside of the recvWindow."),
    Why.TRANSFER_FUNDS: (-5013, "Asset transfer failed: insufficient balance"),
    Why.WITHDRAWAL_FUNDS: (-4026, "The user has insufficient balance available"),
    Why.WITHDRAWAL_LIMIT: (-4003, "Quantity less than or equal to zero or below the minimum of {}."),
    Why.DUPLICATE_WITHDRAWAL: (-4104, "This withdrawOrderId was used before: {}"),
    Why.UNKNOWN_ASSET: (-4018, "This coin does not exist: {}"),
    Why.BAD_ADDRESS: (-4007, "The address is not correct."),
}

_FUTURES: Mapping[Why, tuple[int, str]] = {
    Why.HALTED: (-4141, "Symbol is closed."),
    Why.BAD_CLIENT_ID: (-4015, "Client order id is not valid."),
    Why.DUPLICATE_ID: (-4116, "ClientOrderId is duplicated."),
    Why.TICK: (-4014, "Price not increased by tick size."),
    Why.LOT: (-1111, "Precision is over the maximum defined for this asset."),
    Why.TOO_SMALL: (-4003, "Quantity less than or equal to zero."),
    Why.TOO_LARGE: (-4005, "Quantity greater than max quantity."),
    Why.NOTIONAL: (-4164, "Order's notional must be no smaller than the minimum (unless you choose reduce only)."),
    Why.PRICE_BAND: (-4016, "Price is higher or lower than the mark price multiplier cap."),
    Why.MARGIN: (-2019, "Margin is insufficient."),
    Why.WOULD_TAKE: (-5022, "Due to the order could not be executed as maker, the Post Only order will be rejected."),
    Why.NOT_FILLABLE: (-5021, "Due to the order could not be filled immediately, the FOK order has been rejected."),
    Why.NOTHING_TO_REDUCE: (-2022, "ReduceOnly Order is rejected."),
    Why.POSITION_SIDE: (-4061, "Order's position side does not match user's setting."),
    Why.LEVERAGE: (-4028, "Leverage {} is not valid"),
    Why.LATE: (-5028, "Timestamp for this request is outside of the ME recvWindow."),
}

_ALREADY = {
    "margin mode": (-4046, "No need to change margin type."),
    "position mode": (-4059, "No need to change position side."),
}


def code_of(refused: Refused, futures: bool) -> tuple[int, str]:
    """Code and message."""
    if refused.why is Why.ALREADY_SO:
        return _ALREADY[refused.detail]
    if refused.why is Why.OPEN_POSITIONS:
        return (-4068, "Position side cannot be changed if there exists position.")
    found = _FUTURES.get(refused.why) if futures else None
    code, text = found or _SPOT.get(refused.why) or (-2010, f"{refused}")
    return code, text.format(refused.detail)

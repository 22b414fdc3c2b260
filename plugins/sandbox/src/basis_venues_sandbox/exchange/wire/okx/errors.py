"""OKX's codes for the reasons of the core."""

from __future__ import annotations

from collections.abc import Mapping

from ...core import Refused, Why

_CODES: Mapping[Why, tuple[str, str]] = {
    Why.UNKNOWN_SYMBOL: ("51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist."),
    Why.HALTED: ("51022", "Contract suspended."),
    Why.BAD_PARAMETER: ("51000", "Parameter {} error"),
    Why.MISSING_PARAMETER: ("50014", "Parameter {} cannot be empty."),
    Why.BAD_CLIENT_ID: ("51000", "Parameter clOrdId error"),
    Why.DUPLICATE_ID: ("51016", "Client order ID already exists."),
    Why.TICK: ("51122", "Order price is not a multiple of the tick size."),
    Why.LOT: ("51121", "Order quantity must be a multiple of the lot size."),
    Why.TOO_SMALL: ("51120", "Order quantity is less than the minimum."),
    Why.TOO_LARGE: ("51202", "Market order amount exceeds the maximum amount."),
    Why.NOTIONAL: ("51020", "Your order should meet or exceed the minimum order amount."),
    Why.PRICE_BAND: ("51006", "Order price is not within the price limit."),
    Why.FUNDS: ("51008", "Order failed. Insufficient balance in account."),
    Why.MARGIN: ("51008", "Order failed. Insufficient USDT margin in account."),
    Why.NOTHING_TO_REDUCE: ("51169", "Order failed because you don't have any positions in this direction to reduce or close."),
    Why.POSITION_SIDE: ("51000", "Parameter posSide error"),
    Why.ACCOUNT_MODE: ("51010", "Request unsupported under current account mode"),
    Why.LEVERAGE: ("59102", "Leverage exceeds the maximum limit of {}. Please lower the leverage."),
    Why.OPEN_POSITIONS: ("59000", "Your settings failed as you have positions, bot or open orders."),
    Why.NO_ORDER: ("51603", "Order does not exist"),
    Why.ALREADY_FINAL: ("51400", "Cancellation failed as the order has been filled, canceled or does not exist."),
    Why.TRANSFER_FUNDS: ("58350", "Insufficient balance"),
    Why.WITHDRAWAL_FUNDS: ("58350", "Insufficient balance"),
    Why.WITHDRAWAL_LIMIT: ("58201", "The withdrawal amount is below the minimum of {}."),
    Why.DUPLICATE_TRANSFER: ("58404", "The clientId exists already."),
    Why.DUPLICATE_WITHDRAWAL: ("58404", "The clientId exists already."),
    Why.UNKNOWN_ASSET: ("51000", "Parameter ccy error"),
    Why.BAD_ADDRESS: ("58207", "Withdrawal failed. The address is not verified."),
    Why.LATE: ("50037", "Order expired."),
}


def code_of(refused: Refused) -> tuple[str, str]:
    """Code and message."""
    code, text = _CODES.get(refused.why) or ("51000", f"{refused}")
    return code, text.format(refused.detail)

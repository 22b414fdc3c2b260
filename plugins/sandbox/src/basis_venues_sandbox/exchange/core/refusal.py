"""Why an exchange refuses: one list of reasons inside, three vocabularies of codes on the wire."""

from __future__ import annotations

from enum import StrEnum, auto


class Why(StrEnum):
    """A reason; each dialect has its own code for it."""

    UNKNOWN_SYMBOL = auto()
    HALTED = auto()
    BAD_PARAMETER = auto()
    MISSING_PARAMETER = auto()
    BAD_CLIENT_ID = auto()
    DUPLICATE_ID = auto()
    TICK = auto()
    LOT = auto()
    TOO_SMALL = auto()
    TOO_LARGE = auto()
    NOTIONAL = auto()
    PRICE_BAND = auto()
    FUNDS = auto()
    MARGIN = auto()
    WOULD_TAKE = auto()
    NOT_FILLABLE = auto()
    NOTHING_TO_REDUCE = auto()
    POSITION_SIDE = auto()
    ACCOUNT_MODE = auto()
    LEVERAGE = auto()
    ALREADY_SO = auto()
    OPEN_POSITIONS = auto()
    NO_ORDER = auto()
    ALREADY_FINAL = auto()
    TRANSFER_FUNDS = auto()
    WITHDRAWAL_FUNDS = auto()
    WITHDRAWAL_LIMIT = auto()
    DUPLICATE_TRANSFER = auto()
    DUPLICATE_WITHDRAWAL = auto()
    UNKNOWN_ASSET = auto()
    BAD_ADDRESS = auto()
    LATE = auto()
    """The deadline of the order has passed when it reaches the matching engine."""


class Refused(Exception):
    """The exchange does not do it, and nothing has changed. `detail` is for people and, where a venue has several codes for one
    reason, for the dialect."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(f"{why.value}: {detail}" if detail else why.value)
        self.why = why
        self.detail = detail

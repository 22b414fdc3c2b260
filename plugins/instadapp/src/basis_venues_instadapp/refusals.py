"""What the smart account's and the lender's refusals say, and which of them tell where a cast came to its end."""

from __future__ import annotations

PAID_LESS = "amount-paid-less"
"""The aggregator's refusal at the very end: everything before it went well."""
LENDER_SHORT = ("InvalidAmount", "panic 0x11")
"""How Aave refuses a flash loan that it does not have: by what was supplied, or by what is left of it."""
NO_SPELLS = "1: length-invalid"
"""The account's refusal of an empty cast."""

MEANINGS = {
    PAID_LESS: "the lender got less back than the loan and its fee",
    "DSA-flashloan-fallback-failed": "it failed without a reason: out of gas, or less of a token there than was to be moved",
    "route-does-not-exist": "the lender does not have this way of lending any more",
    "1: permission-denied": "the wallet may not act through the smart account",
    "1: not-connector": "the registry does not know a connector any more",
}
"""What the account's and the lender's own refusals mean."""

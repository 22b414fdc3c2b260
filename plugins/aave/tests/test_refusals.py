"""The market's refusals by their names: selectors as block explorers show them, and the codes of 3.0."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode

from basis_venues_aave.refusals import CODES, ERRORS
from basis_venues_evm.live.reverts import Reverts


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("0x911ceb81", "CollateralCannotCoverNewBorrow"),
        ("0x5b263df7", "LtvValidationFailed"),
        ("0x21e5c4ae", "UserHasAssetWithZeroLtv"),  # since 3.7; before, UserInIsolationModeOrLtvZero
        ("0x08c379a0" + encode(["string"], ["34"]).hex(), "34 (no collateral)"),
    ],
)
def test_a_refusal_is_told_by_its_name(data: str, name: str) -> None:
    """Whichever version of the protocol the market runs."""
    reverts = Reverts()
    reverts.know(ERRORS)
    reverts.know_codes(CODES)
    assert reverts.reason(data) == name

"""Fees, revert reasons, what a node's words mean, and what a receipt's logs add up to."""

from __future__ import annotations

from decimal import Decimal

import pytest
from eth_abi import encode
from hypothesis import given
from hypothesis import strategies as st

from basis_venues.errors import Denied
from basis_venues.states import State
from basis_venues_evm import Token, TransactionSettings
from basis_venues_evm.live import Change, Log, Mined, Registry, Told
from basis_venues_evm.live.abi import topic, word
from basis_venues_evm.live.fees import Fees, Going, bumped, going, offer
from basis_venues_evm.live.mined import effects, told
from basis_venues_evm.live.refusals import meaning
from basis_venues_evm.live.reverts import Reverts
from basis_venues_evm.live.rpc import Fault
from basis_venues_evm.live.tokens import TRANSFERRED, Tokens

GWEI = 10**9
CAPS = TransactionSettings(max_fee_gwei=Decimal(100), max_tip_gwei=Decimal(5), min_tip_gwei=Decimal("0.01"))
ME, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
ALLOWANCE = "wallet:allowance:aave/USDC"


def test_the_market_is_read_from_the_fee_history() -> None:
    """The last base fee is the next block's; the tip is the median; the head is the block before the next."""
    history = {"oldestBlock": "0x10", "baseFeePerGas": ["0x1", "0x2", "0x3", "0x64"], "reward": [["0x5"], ["0x1"], ["0x9"]]}
    assert going(history) == Going(base=100, tip=5, head=18)


@given(base=st.integers(0, 90 * GWEI), tip=st.integers(0, 20 * GWEI))
def test_an_offer_pays_the_base_fee_and_stays_under_the_caps(base: int, tip: int) -> None:
    """Whatever the market says."""
    fees = offer(Going(base, tip, 1), CAPS)
    assert base + fees.tip <= fees.max_fee <= 100 * GWEI
    assert 10**7 <= fees.tip <= 5 * GWEI


def test_gas_above_the_cap_is_refused() -> None:
    """With the price, the cap, and where it is set."""
    with pytest.raises(Denied, match=r"above the cap of 100.*max_fee_gwei"):
        offer(Going(100 * GWEI, GWEI, 1), CAPS)


@given(
    base=st.integers(0, 90 * GWEI),
    sent=st.lists(st.tuples(st.integers(1, 90 * GWEI), st.integers(1, 4 * GWEI)), min_size=1, max_size=4),
)
def test_a_replacement_raises_both_fees_by_a_tenth_or_is_not_made(base: int, sent: list[tuple[int, int]]) -> None:
    """Above each version that was sent before, under the caps."""
    fees = bumped([Fees(*each) for each in sent], Going(base, GWEI, 1), CAPS)
    if fees is not None:
        assert all(fees.max_fee * 10 >= max_fee * 11 and fees.tip * 10 >= tip * 11 for max_fee, tip in sent)
        assert fees.max_fee <= 100 * GWEI
        assert fees.tip <= 5 * GWEI
    else:
        assert max(max_fee for max_fee, _ in sent) > 88 * GWEI  # an eighth more is over the cap


def test_reasons_are_put_in_words() -> None:
    """Strings, panics, known custom errors with their arguments, unknown ones by selector, and nothing at all."""
    reverts = Reverts()
    reverts.know(["ReserveFrozen()", "RequestAmountTooSmall(uint256)"])
    assert reverts.reason("0x08c379a0" + encode(["string"], ["STAKE_LIMIT"]).hex()) == "STAKE_LIMIT"
    assert reverts.reason("0x4e487b71" + encode(["uint256"], [0x11]).hex()).startswith("panic 0x11: an amount went below zero")
    assert reverts.reason("0x6d305815") == "ReserveFrozen"
    assert reverts.reason("0xb89b87c8" + encode(["uint256"], [99]).hex()) == "RequestAmountTooSmall(99)"
    reverts.know_codes({"34": "no collateral"})
    assert reverts.reason("0x08c379a0" + encode(["string"], ["34"]).hex()) == "34 (no collateral)"
    assert reverts.reason("0xdeadbeef") == "the contract's error 0xdeadbeef"
    assert reverts.reason("", "execution reverted") == "execution reverted"
    assert reverts.reason("0x") == "reverted without a reason"


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("already known", State.ACCEPTED),
        ("transaction already imported", State.ACCEPTED),
        ("Known transaction", State.ACCEPTED),
        ("AlreadyKnown", State.ACCEPTED),
        ("nonce too low: next nonce 5, tx nonce 4", State.UNKNOWN),
        ("OldNonce, Current nonce: 5, nonce of rejected tx: 4", State.UNKNOWN),
        ("replacement transaction underpriced", State.UNKNOWN),
        ("max fee per gas less than block base fee", State.NOT_SENT),
        ("transaction underpriced", State.NOT_SENT),
        ("FeeTooLow, EffectivePriorityFeePerGas too low", State.NOT_SENT),
        ("insufficient funds for gas * price + value", State.REJECTED),
        ("intrinsic gas too low", State.REJECTED),
        ("invalid chain id for signer", State.REJECTED),
        ("exceeds block gas limit", State.REJECTED),
        ("the backend is having a moment", State.UNKNOWN),
        ("", State.UNKNOWN),
    ],
)
def test_what_a_node_says_of_a_transaction(words: str, state: State) -> None:
    """In the words of several clients. What is not known is unknown, never a refusal."""
    assert meaning(Fault(-32000, words)) is state


def _mined(ok: bool = True, sender: str = ME, to: str = OTHER, value: int = 0) -> Mined:
    return Mined("0xab", 7, ok, sender, to, "0x", value, 21_000 * GWEI, 21_000, 30_000, ())


def test_gas_and_value_are_effects_of_their_own() -> None:
    """A payment costs what was sent, and the gas."""
    found = effects(_mined(value=10**18), (), {ME: "wallet"}, {}, "key")
    assert [(each.id, each.kind, each.lines) for each in found] == [
        ("tx:0xab:gas", "gas", (("wallet:balance:ETH", Decimal("-0.000021")),)),
        ("tx:0xab:value", "transfer", (("wallet:balance:ETH", Decimal(-1)),)),
    ]


def test_a_reverted_transaction_sends_nothing() -> None:
    """Its gas is paid all the same."""
    found = effects(_mined(ok=False, value=10**18), (), {ME: "wallet"}, {}, "key")
    assert [each.id for each in found] == ["tx:0xab:gas"]


def _told(place: int, *changes: Change) -> tuple[Log, Told]:
    return Log(OTHER, (), "0x", place), Told("setting", changes)


def test_what_is_said_once_and_twice_of_an_allowance_is_counted_once() -> None:
    """One token announces what is left after a pull, another does not, and an unlimited allowance stays."""
    spend = Change(ALLOWANCE, Decimal(40), "spend")
    announced = [_told(0, Change(ALLOWANCE, Decimal(60), "set")), _told(1, spend)]

    def total(said: list[tuple[Log, Told]], before: str) -> Decimal:
        found = effects(_mined(), said, {}, {ALLOWANCE: Decimal(before)}, None)
        return sum((amount for each in found for _, amount in each.lines), Decimal(0))

    assert total(announced, "100") == -40
    assert total([_told(1, spend)], "100") == -40
    assert total([_told(1, spend)], "1E+36") == 0
    assert total([_told(0, Change(ALLOWANCE, Decimal(40), "set")), _told(1, spend)], "0") == 0


@pytest.mark.parametrize("decimals", [6, 18])
@pytest.mark.parametrize("units", [2**255, 2**256 - 1])
def test_an_allowance_for_ever_is_the_same_before_and_after_a_payment(units: int, decimals: int) -> None:
    """Circle's USDC lowers even the greatest, other tokens lower all but that; nobody can tell by a figure of 60 digits."""
    registry = Registry()
    registry.add_account("wallet", ME)
    registry.add_spender("aave", OTHER)
    tokens = Tokens(registry)
    tokens.add({"USDC": Token(decimals=decimals)}, {"USDC": OTHER}, "x")
    read = tokens.allowance("wallet", "aave", "USDC").meaning
    before, after, kept = (read("0x" + word(left)) for left in (units, units - 123_456, 7 * 10**decimals))
    assert before == after
    assert kept == 7
    spend = _told(1, Change(ALLOWANCE, Decimal("0.123456"), "spend"))
    assert effects(_mined(), [spend], {}, {ALLOWANCE: before}, None)[0].lines == ()
    (anew,) = effects(_mined(), [_told(0, Change(ALLOWANCE, Decimal("0.05"), "set"))], {}, {ALLOWANCE: before}, None)
    assert before + anew.lines[0][1] == Decimal("0.05")


def test_e32_logs_of_strange_contracts_are_not_read() -> None:
    """Any contract can write a log that looks like a transfer; only registered ones count."""
    registry = Registry()
    registry.add_account("wallet", ME)
    Tokens(registry).add({"USDC": Token(decimals=6)}, {"USDC": OTHER}, "x")
    topics = (topic(TRANSFERRED), "0x" + word(OTHER), "0x" + word(ME))
    real, fake = (Log(at, topics, "0x" + word(5_000_000), place) for place, at in enumerate((OTHER, "0x" + "33" * 20)))
    said = told(_mined()._replace(logs=(fake, real)), registry.decoder)
    assert [log for log, _ in said] == [real]
    assert said[0][1].changes == (Change("wallet:balance:USDC", Decimal(5)),)

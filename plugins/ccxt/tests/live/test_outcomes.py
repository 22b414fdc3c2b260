"""What a failed write came to: proven, not sent, or unknown."""

from __future__ import annotations

import ssl

import pytest

from basis_venues.errors import CredentialError, GuardRefused, TryAgainLater
from basis_venues.http import Broken, Garbled, NotConnected
from basis_venues.orders import Report
from basis_venues.states import State
from basis_venues_ccxt.live.preflight import opening_error
from basis_venues_ccxt.live.saying import Proof, Proofs, Said, outcome

PROOFS = Proofs({Proof.REFUSED: (7,), Proof.FATAL: (8,), Proof.PACE: (9,), Proof.CLOCK: (10,)}, absent=(12,))


@pytest.mark.parametrize("cause", [ConnectionRefusedError(), OSError("name"), ssl.SSLError("handshake"), TimeoutError(), None])
def test_what_failed_while_connecting_was_not_sent(cause: BaseException | None) -> None:
    """Told by the kind of the failure; a guard that stopped it says so in its own words."""
    failure = NotConnected("api.binance.com/?signature=SECRET")
    failure.__cause__ = cause
    report = outcome(failure, PROOFS)
    assert report.state is State.NOT_SENT
    assert "SECRET" not in report.reason
    assert outcome(GuardRefused("no"), PROOFS) == Report(State.NOT_SENT, reason="no")


@pytest.mark.parametrize("cause", [Broken("reset"), Garbled("no"), ConnectionResetError(), TimeoutError(), ValueError("SECRET")])
def test_what_failed_later_is_unknown_and_shows_no_url(cause: Exception) -> None:
    """Resets, timeouts, truncated bodies, and any exception of a plugin; signed URLs stay out of reasons."""
    report = outcome(cause, PROOFS)
    assert report.state is State.UNKNOWN
    assert "SECRET" not in report.reason


def test_a_page_of_a_gateway_that_turns_an_address_away_says_what_that_may_be() -> None:
    """HTTP 403 without a code of the venue's: a pace that was too quick, or a country; with a code it is what the code says."""
    silent, told = Said(403, "", "the answer is not JSON"), Said(403, "8", "no such key")
    error = opening_error("bybit", "testnet", silent, Proofs({}, absent=(), http={403: Proof.PACE}), {})
    assert isinstance(error, TryAgainLater)
    assert "too many requests, or a place that it does not serve" in str(error)
    assert isinstance(opening_error("bybit", "testnet", told, PROOFS, {}), CredentialError)


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        (400, "7", State.REJECTED),
        (400, "8", State.REJECTED),
        (401, "", State.REJECTED),
        (429, "", State.NOT_SENT),
        (400, "9", State.NOT_SENT),
        (400, "10", State.NOT_SENT),
        (400, "12", State.UNKNOWN),
        (400, "404", State.UNKNOWN),
        (401, "404", State.UNKNOWN),
        (429, "404", State.UNKNOWN),
        (503, "7", State.UNKNOWN),
        (307, "", State.UNKNOWN),
        (200, "", State.UNKNOWN),
    ],
)
def test_an_answer_counts_by_its_code(status: int, code: str, state: State) -> None:
    """Never inside a 5xx, and by its status only where there is none; a redirect, a page of HTML and an unlisted code say nothing."""
    assert outcome(Said(status, code, "words"), PROOFS).state is state

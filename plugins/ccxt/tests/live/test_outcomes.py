"""What a failed write came to: proven, not sent, or unknown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from basis_venues.errors import GuardRefused
from basis_venues.states import State
from basis_venues_ccxt.live.saying import Proof, Proofs, Said, outcome

PROOFS = Proofs({Proof.REFUSED: (7,), Proof.FATAL: (8,), Proof.PACE: (9,), Proof.CLOCK: (10,), Proof.DONE: (11,)}, absent=(12,))


def chained(cause: BaseException) -> Exception:
    """As ccxt raises it: one class for everything, the cause chained."""
    try:
        raise RuntimeError("binance POST https://api.binance.com/?signature=SECRET") from cause
    except RuntimeError as error:
        return error


def connect_error(cls: Any, error: OSError) -> BaseException:
    """An error of aiohttp's connector."""
    made: BaseException = cls(SimpleNamespace(host="h", port=1, ssl=True, is_ssl=True), error)
    return made


@pytest.mark.parametrize(
    "cause",
    [
        connect_error(aiohttp.ClientConnectorError, ConnectionRefusedError()),
        connect_error(aiohttp.ClientConnectorDNSError, OSError("name")),
        connect_error(aiohttp.ClientConnectorSSLError, OSError("handshake")),
        aiohttp.ConnectionTimeoutError(),
        GuardRefused("no"),
    ],
)
def test_what_failed_while_connecting_was_not_sent(cause: BaseException) -> None:
    """Found in the chain, whatever the outer class is."""
    assert outcome(chained(cause), PROOFS).state is State.NOT_SENT


@pytest.mark.parametrize(
    "cause",
    [
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientOSError(),
        aiohttp.ClientPayloadError(),
        aiohttp.SocketTimeoutError(),
        TimeoutError(),
        ValueError(),
    ],
)
def test_what_failed_later_is_unknown_and_shows_no_url(cause: BaseException) -> None:
    """Resets, timeouts, truncated bodies, and any exception of a plugin; signed URLs stay out of reasons."""
    report = outcome(chained(cause), PROOFS)
    assert report.state is State.UNKNOWN
    assert "SECRET" not in report.reason


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        (400, "7", State.REJECTED),
        (400, "8", State.REJECTED),
        (401, "", State.REJECTED),
        (429, "", State.NOT_SENT),
        (400, "9", State.NOT_SENT),
        (400, "10", State.NOT_SENT),
        (400, "11", State.UNKNOWN),
        (400, "12", State.UNKNOWN),
        (400, "404", State.UNKNOWN),
        (503, "7", State.UNKNOWN),
        (307, "", State.UNKNOWN),
        (200, "", State.UNKNOWN),
    ],
)
def test_an_answer_counts_by_its_code(status: int, code: str, state: State) -> None:
    """Never inside a 5xx; a redirect, a page of HTML and an unlisted code say nothing."""
    assert outcome(Said(status, code, "words"), PROOFS).state is state

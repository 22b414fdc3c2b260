"""What an exchange said instead of doing what it was asked, and what that proves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from basis_venues.errors import BasisError
from basis_venues.http import NotConnected
from basis_venues.orders import Report
from basis_venues.states import State


class Proof(StrEnum):
    """What a code proves of the write that it answers. A code that is on no list proves nothing."""

    REFUSED = "refused"
    """Not accepted, and it would not be the next time."""
    FILTER = "filter"
    """Refused by a market's filters, or because it is closed: what we know of it may be old."""
    FATAL = "fatal"
    """Refused because of the key or the account; nothing else will be accepted either."""
    PACE = "pace"
    """Not carried out: too many requests."""
    CLOCK = "clock"
    """Not carried out: it came outside the venue's time window."""
    LATE = "late"
    """Not carried out: its deadline had passed."""


class Said(Exception):
    """An answer that is not a success: HTTP status, the venue's own code (empty where there was none) and words. `retry_after`: ms.
    `asked`: method, host and path of the question, where that is known."""

    def __init__(self, status: int, code: str, words: str, retry_after: int = 0, asked: str = "") -> None:
        super().__init__(" ".join(filter(None, (f"HTTP {status}", code, words))))
        self.status = status
        self.code = code
        self.words = words
        self.retry_after = retry_after
        self.asked = asked


class Proofs:
    """The lists of one venue: `codes` by proof, `absent` (no such order), and words for codes that mean several things.

    `words` maps (code, piece of the message in lower case) to a proof, or to None where that message proves nothing; it is looked
    at before the code. `http` maps HTTP statuses, which say something only of an answer without a code.
    """

    def __init__(
        self,
        codes: Mapping[Proof, Iterable[int | str]],
        *,
        absent: Iterable[int | str],
        words: Mapping[tuple[str, str], Proof | None] | None = None,
        http: Mapping[int, Proof] | None = None,
    ) -> None:
        self._codes = {str(code): proof for proof, each in codes.items() for code in each}
        self._absent = {str(code) for code in absent}
        self._words = dict(words or {})
        self._http = {401: Proof.FATAL, 429: Proof.PACE, **(http or {})}

    def of(self, said: Said) -> Proof | None:
        """What the answer proves; None for nothing. An answer with a status of 500 or more never proves anything."""
        if said.status >= 500:
            return None
        lower = said.words.lower()
        for (code, piece), proof in self._words.items():
            if said.code == code and piece in lower:
                return proof
        return self._codes.get(said.code) if said.code else self._http.get(said.status)

    def is_absent(self, said: Said) -> bool:
        """Whether the answer says that the venue does not show such an order."""
        return said.status < 500 and said.code in self._absent


def never_left(error: BaseException) -> bool:
    """Whether a failure proves that no byte of the request left: there was no connection, or a guard or the budget stopped it."""
    return isinstance(error, (NotConnected, BasisError))


def outcome(error: Exception, proofs: Proofs) -> Report:
    """What a failed write came to. What is not proven is UNKNOWN."""
    if isinstance(error, Said):
        return _of_answer(error, proofs.of(error))
    if never_left(error):
        return Report(State.NOT_SENT, reason=_told(error))
    return Report(State.UNKNOWN, reason=f"no answer that says anything: {type(error).__name__}")


def _of_answer(said: Said, proof: Proof | None) -> Report:
    if proof in (Proof.PACE, Proof.CLOCK, Proof.LATE):
        return Report(State.NOT_SENT, reason=str(said))
    if proof in (Proof.REFUSED, Proof.FILTER, Proof.FATAL):
        return Report(State.REJECTED, reason=str(said))
    return Report(State.UNKNOWN, reason=str(said))


def _told(error: BaseException) -> str:
    """Our own words may be shown; those of a library may hold a signed URL."""
    return str(error) if isinstance(error, BasisError) else f"no connection: {type(error.__cause__ or error).__name__}"

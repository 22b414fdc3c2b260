"""Settling: from what a venue first said of a write to an outcome that can be relied on.

Nothing is sent again before its fence has passed and the venue has repeatedly said that it does not know it; where there is no fence,
the very same bytes are sent again. A resting order is cancelled when its time is over. Patience ends with a person.
"""

from __future__ import annotations

from ..clock import Clock
from ..orders import Prepared, Report
from ..states import CLOSED, State
from ..venues import Venue
from . import boundary

_SIMULATED_POLL_MS = 300_000


async def settle(venue: Venue, prepared: Prepared, report: Report, rest_until: int | None, clock: Clock) -> Report:
    """The outcome: a closed state, NOT_SENT or ABSENT (proven: it may be tried anew), or NEEDS_HUMAN. `rest_until`: ms, for resting orders."""
    if report.state in CLOSED or report.state is State.NOT_SENT:
        return report
    timing, client = venue.timing, venue.client
    patience_ends = max(clock.now(), rest_until or 0) + timing.patience_ms
    absences = 0
    while report.state not in CLOSED and report.state is not State.NOT_SENT:
        now = clock.now()
        if report.state is State.ABSENT and prepared.fence is None:
            report = await boundary.send(client, prepared)
            if report.state in CLOSED:
                break
        elif report.state is State.ABSENT and now > prepared.fence + timing.fence_margin_ms:  # type: ignore[operator]
            absences += 1
            if absences >= timing.absent_reads:
                return report
        else:
            absences = 0
        if now >= patience_ends:
            return report._replace(state=State.NEEDS_HUMAN, reason=_why(report, timing.patience_ms))
        if rest_until is not None and now >= rest_until and report.state is not State.ABSENT:
            await _cancel(venue, prepared)
        else:
            await clock.sleep(_wait(venue, now, rest_until))
        report = await boundary.lookup(client, prepared)
    return report


def _wait(venue: Venue, now: int, rest_until: int | None) -> int:
    """How long to wait for the next look: a simulated venue has nothing new to say before long, but is not asked too late."""
    poll = _SIMULATED_POLL_MS if venue.simulated else venue.timing.poll_ms
    return poll if rest_until is None or now >= rest_until else min(poll, rest_until - now)


async def _cancel(venue: Venue, prepared: Prepared) -> None:
    """Ask for it back. Whatever comes of that is read by the next look-up: a refusal to cancel proves nothing."""
    try:
        await venue.client.cancel(prepared)
    except Exception:  # noqa: BLE001  the look-up tells
        return


def _why(report: Report, patience_ms: int) -> str:
    seen = f"; last: {report.state.value} {report.reason}".rstrip()
    return f"its outcome could not be settled within {patience_ms // 1000} s{seen}. See basis journal show, then basis resolve"

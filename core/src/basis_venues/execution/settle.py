"""Settling: from what a venue first said of a write to an outcome that can be relied on.

Nothing is sent again before its fence has passed, the venue has repeatedly said that it does not know it, and the account's own lists and
balances do not show it either; where there is no fence, the very same bytes are sent again. A resting order is cancelled when its time is
over, or when it is called back, one that must not rest when half of the patience is. Patience ends with a person.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from ..actions import PerpTrade, SpotTrade
from ..clock import Clock
from ..orders import Prepared, Report
from ..states import CLOSED, State
from ..venues import Venue
from . import boundary

_SIMULATED_POLL_MS = 300_000
_POLLS_BEFORE_LOOKING_BACK = 4
"""A write that waits for as many looks has waited for about a block: only then it is asked whether something before it was taken back."""
_SHOWN = frozenset({State.ACCEPTED, State.PARTIAL})


class Recourse(NamedTuple):
    """What a run does about a write that stays open. `stopped` says why nothing may be sent now; where only sending the same bytes again
    would settle the step, it stays UNKNOWN then. `renew` asks the venue for the same write in a form that can still arrive (a stuck
    transaction, at a higher fee), and makes it durable; it answers None where that is not needed. `listed` asks the account's own lists
    and balances before absence is believed, as look-ups may come from a replica that lags behind: ACCEPTED where they show the write,
    ABSENT where not, UNKNOWN where they could not be read or do not agree. `put_back` settles what must be mined before the write and was
    taken back by a reorganisation; it answers whether there was something. `called_back`: whether an order that may rest is wanted back
    before its time is over."""

    stopped: Callable[[], str | None]
    renew: Callable[[Prepared], Awaitable[Prepared | None]] | None = None
    listed: Callable[[Prepared], Awaitable[Report]] | None = None
    put_back: Callable[[], Awaitable[bool]] | None = None
    called_back: Callable[[], bool] | None = None


async def settle(venue: Venue, prepared: Prepared, report: Report, rest_until: int | None, clock: Clock, recourse: Recourse) -> Report:
    """The outcome: a closed state, NOT_SENT or ABSENT (proven: it may be tried anew), or NEEDS_HUMAN.

    `rest_until`: ms, for resting orders; it and the write's fence are of `clock`.
    """
    stopped, renew, listed, put_back, called_back = recourse
    if report.state in CLOSED or report.state is State.NOT_SENT:
        return report
    if venue.rehearsed:
        return await _seen_once(venue, prepared, stopped)
    timing = venue.timing
    begun = max(clock.now(), rest_until or 0)
    patience_ends = begun + timing.patience_ms
    look_back_after = _POLLS_BEFORE_LOOKING_BACK * timing.poll_ms
    absences, asked_back = 0, False
    while report.state not in CLOSED:
        now = clock.now()
        newer = await renew(prepared) if renew is not None and _could_be_stuck(prepared, report) and not stopped() else None
        if newer is not None:
            prepared = newer
            report = await _again(venue, prepared)
            if report.state in CLOSED:
                return report
        elif report.state is State.ABSENT and prepared.fence is None:
            why = stopped()
            if why:
                return Report(State.UNKNOWN, reason=f"the venue does not show it, and it is not sent again: {why}")
            report = await _again(venue, prepared)
            if report.state in CLOSED:
                return report
        elif report.state is State.ABSENT and now > prepared.fence + timing.fence_margin_ms:  # type: ignore[operator]
            absences += 1
            if absences >= timing.absent_reads:
                report = report if listed is None else await listed(prepared)
                if report.state is State.ABSENT:
                    return report
                absences = 0  # a history that cannot be read is not read at every look
        else:
            absences = 0
        back_at = begun + timing.patience_ms // 2 if rest_until is None and _must_not_rest(prepared, report) else rest_until
        if back_at is not None and called_back is not None and called_back():
            back_at = min(back_at, now)
        if back_at is not None and now >= back_at and not asked_back:  # a machine that slept asks late, and waits for that as well
            asked_back, patience_ends = True, max(patience_ends, now + timing.patience_ms // 2)
        if now >= patience_ends and not 0 < absences < timing.absent_reads:  # likewise, it has only begun to look
            return report._replace(state=State.NEEDS_HUMAN, reason=_why(report, timing.patience_ms))
        await _pass_time(venue, prepared, report, back_at, clock)
        report = _forward(report, await boundary.lookup(venue.client, prepared), prepared)
        if put_back is not None and _could_be_stuck(prepared, report) and clock.now() - begun >= look_back_after:
            look_back_after *= 2
            if await put_back():
                patience_ends = clock.now() + timing.patience_ms  # until now it waited for that
    return report


async def _seen_once(venue: Venue, prepared: Prepared, stopped: Callable[[], str | None]) -> Report:
    """What one look-up says of a step that an earlier run left: a dry run waits for nothing, and what is not settled then stays open."""
    report = await boundary.lookup(venue.client, prepared)
    if report.state is State.ABSENT and prepared.fence is None and not stopped():
        report = await boundary.send(venue.client, prepared)
    if report.state in CLOSED:
        return report
    seen = f"{report.state.value} {report.reason}".rstrip()
    return Report(State.UNKNOWN, reason=f"{prepared.step.id} is open since an earlier run (now: {seen}); the run itself settles it first")


def _could_be_stuck(prepared: Prepared, report: Report) -> bool:
    return prepared.fence is None and report.state in (State.ACCEPTED, State.ABSENT)


async def _again(venue: Venue, prepared: Prepared) -> Report:
    """Send the very same bytes again. That this copy is refused proves nothing about the first one."""
    report = await boundary.send(venue.client, prepared)
    if report.state is State.REJECTED and not venue.simulated:
        return Report(State.UNKNOWN, reason=f"sent again, and that was refused: {report.reason}")
    return report


def _forward(before: Report, after: Report, prepared: Prepared) -> Report:
    """What is known after a look-up. What an exchange has shown it cannot take back: a look-up that shows less lags behind.

    A chain can: there a fence is not needed, and a reorganisation drops what was seen.
    """
    if prepared.fence is None or before.state not in _SHOWN:
        return after
    if after.state in (State.ABSENT, State.UNKNOWN, State.REJECTED):
        return before._replace(reason=after.reason)
    shown = {effect.id for effect in after.effects}
    return after._replace(effects=(*(effect for effect in before.effects if effect.id not in shown), *after.effects))


def _must_not_rest(prepared: Prepared, report: Report) -> bool:
    """Whether the venue keeps a market, ioc or fok order in its book: left there, it would be filled long after a person was asked."""
    return report.state in _SHOWN and isinstance(prepared.step.order.action, (SpotTrade, PerpTrade))


async def _pass_time(venue: Venue, prepared: Prepared, report: Report, back_at: int | None, clock: Clock) -> None:
    """Wait until the next look. An order is asked back first, once it is time for that."""
    now = clock.now()
    if back_at is None or now < back_at or report.state is State.ABSENT:
        await clock.sleep(_wait(venue, now, back_at))
        return
    await _cancel(venue, prepared)
    if not venue.simulated:
        await clock.sleep(venue.timing.poll_ms)


def _wait(venue: Venue, now: int, rest_until: int | None) -> int:
    """How long to wait for the next look: a simulated venue has nothing new to say before long, but is not asked too late."""
    poll = _SIMULATED_POLL_MS if venue.simulated else venue.timing.poll_ms
    return poll if rest_until is None or now >= rest_until else min(poll, rest_until - now)


async def _cancel(venue: Venue, prepared: Prepared) -> None:
    """Ask for it back. Whatever comes of that is read by the next look-up: a refusal to cancel proves nothing."""
    try:
        await venue.client.cancel(prepared)
    except Exception:
        return


def _why(report: Report, patience_ms: int) -> str:
    seen = f"; last: {report.state.value} {report.reason}".rstrip()
    return f"its outcome could not be settled within {patience_ms / 1000:g} s{seen}. See basis journal show, then basis resolve"

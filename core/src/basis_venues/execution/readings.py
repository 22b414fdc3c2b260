"""What accounts hold, read before an order; and whether what others did to them is tolerated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from decimal import Decimal

from ..attempts import is_ours
from ..clock import Clock
from ..errors import Stopped, TryAgainLater
from ..journal.events import Frozen, Observed
from ..keys import Key
from ..observers import Observers
from ..orders import Effect, Order
from ..states import NOTHING_HAPPENED, Verdict
from ..venues import Venue, Venues
from . import boundary
from .loop import tell_halted
from .reconcile import Findings, Reconciler, ends_transit
from .records import Records
from .watch import AGAIN

TRUST_MS = 30_000
"""How long a verified reading of an account stands for the reading before its next order."""


class Readings:
    """The accounts of a run, as they were last verified. `put_back`: settles what a reorganisation took back from an order's account, and
    answers whether there was something."""

    def __init__(
        self, venues: Venues, records: Records, reconciler: Reconciler, clock: Clock, observers: Observers,
        put_back: Callable[[Order], Awaitable[bool]],
    ) -> None:  # fmt: skip
        self._venues = venues
        self._records = records
        self._state = records.state
        self._reconciler = reconciler
        self._clock = clock
        self._observers = observers
        self._put_back = put_back
        self._verified_at: dict[Key, int] = {}

    def touched(self, order: Order, venue: Venue) -> tuple[Key, ...]:
        """Every position that an order at a live venue touches. Raises `Denied`, or `PluginRefused` where a model names none."""
        venue.model.limits(order.action)  # an asset that nobody knows is refused as such, not as something that could not be read
        keys = venue.model.touches(order, self._state.book)
        boundary.check_keys(venue.name, keys)
        return keys

    async def before(self, order: Order, venue: Venue, keys: tuple[Key, ...]) -> tuple[Effect, ...]:
        """Read the keys from their owners, unless they were verified just now. Answers the effects of others found on the way.

        Raises `TryAgainLater` where they cannot be read, and `Stopped` where the account is not as it was left: it is frozen then.
        """
        if not self._needs_reading(keys):
            return ()
        findings = await self._reconciler.reconcile(keys, {}, (), 0, venue, self._records.book())
        for _ in range(AGAIN):
            if findings.verdict is not Verdict.MISMATCHED or not await self._put_back(order):
                break
            findings = await self._reconciler.reconcile(keys, {}, (), 0, venue, self._records.book())
        if findings.verdict is Verdict.UNVERIFIED:
            raise TryAgainLater(f"the account could not be read before the order: {findings.reason}")
        if findings.verdict is Verdict.MISMATCHED:
            self._keep_arrivals(order, findings)
            await self.freeze(order.account, f"before {order.id}: {findings.reason}")
            raise Stopped(f"the account is not as it was left: {findings.reason}")
        await self._note(order, venue, findings)
        return findings.externals

    async def anew(self, order: Order, venue: Venue, keys: tuple[Key, ...]) -> tuple[Effect, ...]:
        """`before`, of a live venue's order that goes on: where a person let the account act again since it was begun, and only there."""
        unknown = not venue.simulated and any(key not in self._state.known for key in self._readable(keys))
        return await self.before(order, venue, keys) if unknown else ()

    def _needs_reading(self, keys: Collection[Key]) -> bool:
        oldest = self._clock.now() - TRUST_MS
        return any(key not in self._state.known or self._verified_at.get(key, oldest - 1) < oldest for key in self._readable(keys))

    def _readable(self, keys: Collection[Key]) -> list[Key]:
        return [key for key in keys if self._venues.owner(key) is not None]

    def trust(self, book: Mapping[Key, Decimal]) -> None:
        """These values were verified just now."""
        self._verified_at.update(dict.fromkeys(book, self._clock.now()))

    def trust_none(self) -> None:
        """Every account is read again before its next order."""
        self._verified_at.clear()

    def _keep_arrivals(self, order: Order, findings: Findings) -> None:
        """Of an account that is not as it was left, take what ended on the way: a thaw takes what the account holds as it stands, and asks
        for no history before it."""
        ended = tuple(effect for effect in findings.externals if ends_transit(effect))
        if ended:
            self._records.keep(Observed(findings.book, {}, ended, self._records.identities(order)))

    async def _note(self, order: Order, venue: Venue, findings: Findings) -> None:
        """Take a verified reading into the books; a change by others that the policy does not tolerate freezes the account."""
        accounts = self._records.identities(order)
        event = Observed(findings.book, findings.marks, findings.externals, accounts)
        self._records.keep(event)
        self.trust(findings.book)
        reason = self.strange(venue, findings.externals)
        if reason:
            await self.freeze(order.account, reason)
            raise Stopped(reason)

    def strange(self, venue: Venue, externals: Iterable[Effect]) -> str | None:
        """Why the account must not act after such effects: the policy does not tolerate them, or they deny what was said of an order."""
        for effect in externals:
            if not is_ours(effect):
                owner = self._intolerant(venue, effect)
                if owner is not None:
                    tolerated = ", ".join(sorted(owner.tolerated)) or "nothing"
                    return f"{effect.kind} of someone else ({effect.id}); the policy of {owner.name} tolerates {tolerated}"
                continue
            record = self._state.steps.get(self._state.attempts.get(effect.order or "", ("", "")))
            if record is not None and record.report is not None:
                again = record.sending.prepared.key != effect.order
                if again or record.report.state in NOTHING_HAPPENED:
                    said = "was sent again" if again else f"was closed as {record.report.state.value}"
                    return f"{record.sending.step.id} {said}, and now shows the effect {effect.id}"
        return None

    def _intolerant(self, home: Venue, effect: Effect) -> Venue | None:
        """The venue whose policy does not tolerate such an effect of someone else: of those that answer for the positions it changed.
        The arrival of what we sent ourselves is always tolerated."""
        if ends_transit(effect):
            return None
        owners = [owner for key, _ in effect.lines if (owner := self._venues.answering(key)) is not None]
        return next((owner for owner in owners or [home] if effect.kind not in owner.tolerated), None)

    async def freeze(self, account: str, reason: str) -> None:
        """Send nothing more from the account until a person says so."""
        await self._records.commit(Frozen(account, reason, {account: self._state.identities[account]}))
        tell_halted(self._observers, account, reason)

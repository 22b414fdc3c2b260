"""The one simulated venue client: it serves every model, and answers at once."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from .clock import Clock, PlanClock
from .contract import Market, StepFails, VenueClient, VenueModel
from .fold import fold
from .keys import Key
from .network import Network
from .orders import Effect, Prepared, Ref, Report, Snapshot, Step, record
from .positions import Positions
from .states import State

NEVER = 1 << 62


class SimulatedLedger:
    """What the simulated accounts hold, and what happens to them by itself as the clock moves.

    `disturbed` holds, by account, what happened to it by itself and is not in its books yet.
    """

    def __init__(self, models: Mapping[str, VenueModel], market: Market, clock: Clock, positions: Mapping[Key, Decimal]) -> None:
        self.positions = Positions(positions)
        self.disturbed: dict[str, list[Effect]] = {}
        self.models = models
        self.market = market
        self.clock = clock
        self._later: list[tuple[int, str, Effect]] = []
        self._accrued_until = clock.now()
        self._due_by_model: dict[str, int] = {}
        self._due = NEVER
        self._plan_due(self._accrued_until, models)
        if isinstance(clock, PlanClock):
            clock.on_the_way = self.advance

    def advance(self, until: int) -> None:
        """Let everything happen that is due up to `until`, in its order and at its time."""
        while self._due <= until:
            due = self._due
            if isinstance(self.clock, PlanClock):
                self.clock.stop_at(due)
            for model in self.models.values():
                self._happen(model.accruals(self.positions, self.market, self._accrued_until, due))
            while self._later and self._later[0][0] <= due:
                self._happen((heapq.heappop(self._later)[2],))
            self._accrued_until = due
            self._plan_due(due, self.models)
        if until > self._accrued_until:
            self._accrued_until = until  # nothing was due: what is opened now owes nothing for that time

    def apply(self, effects: Sequence[Effect], venues: Iterable[str]) -> None:
        """Book the effects of an order that `venues` took part in."""
        positions = self.positions
        opened = False
        for effect in effects:
            for key, amount in effect.lines:
                held = positions[key]
                positions[key] = held + amount
                if not held:
                    opened = True
        if opened:
            self._plan_due(max(self._accrued_until, self.clock.now()), venues)

    def later(self, effect: Effect) -> None:
        """Let the effect happen at its own time."""
        heapq.heappush(self._later, (effect.at, effect.id, effect))
        self._due = min(self._due, effect.at)

    def _happen(self, effects: Sequence[Effect]) -> None:
        self.positions.apply(effects)
        for effect in effects:
            self.disturbed.setdefault(effect.lines[0][0].partition(":")[0], []).append(effect)

    def _plan_due(self, now: int, venues: Iterable[str]) -> None:
        """Ask the models of `venues` anew when something is due: a position of theirs was opened, or time has passed. That one was closed
        leaves it: at worst they are asked once when there is nothing any more."""
        for venue in venues:
            due = self.models[venue].next_accrual(self.positions, self.market, now)
            self._due_by_model[venue] = NEVER if due is None or due <= now else due
        self._due = min(self._due_by_model.values(), default=NEVER)
        if self._later:
            self._due = min(self._due, self._later[0][0])


class SimulatedClient(VenueClient):
    """Carries steps out on a `SimulatedLedger` by folding the models' effects.

    `reverts`: the venue is a chain, where a failing step is REVERTED and costs its gas; an exchange rejects it, or lets it expire.
    """

    network = Network.SIMULATION

    def __init__(self, ledger: SimulatedLedger, *, reverts: bool) -> None:
        self.ledger = ledger
        self.models = ledger.models
        self._market = ledger.market
        self._clock = ledger.clock
        self._reverts = reverts
        self._success = State.FINAL if reverts else State.FILLED
        self._resting: dict[str, int] = {}
        self._ended: dict[str, Report] = {}

    async def open(self) -> Mapping[str, str]:
        """Nothing to open."""
        return {}

    async def prepare(self, step: Step, attempt_key: str) -> Prepared:
        """The step itself."""
        return Prepared(attempt_key, step, {})

    async def send(self, prepared: Prepared) -> Report:
        """Carry it out now, or let it rest."""
        return self.act(prepared.step, prepared.key, self._clock.now())

    async def lookup(self, prepared: Prepared) -> Report:
        """Try a resting order again at the present moment."""
        if prepared.key in self._ended:
            return self._ended.pop(prepared.key)
        since = self._resting.get(prepared.key)
        return Report(State.ABSENT) if since is None else self.act(prepared.step, prepared.key, since)

    async def cancel(self, prepared: Prepared) -> None:
        """Take a resting order back."""
        if self._resting.pop(prepared.key, None) is not None:
            self._ended[prepared.key] = Report(State.CANCELLED, (), self._clock.now(), "its time to rest was over")

    async def positions(self, keys: Collection[Key], at: int) -> Snapshot:
        """The ledger's amounts, now."""
        held = self.ledger.positions
        return Snapshot(self._clock.now(), {key: held[key] for key in keys})

    async def recent_effects(self, keys: Collection[Key], since: int, until: int) -> Sequence[Effect]:
        """What happened by itself and is in no books yet."""
        effects = [effect for happened in self.ledger.disturbed.values() for effect in happened]
        return [e for e in effects if since < e.at and (not until or e.at <= until) and any(key in keys for key, _ in e.lines)]

    def act(self, step: Step, key: str, since: int) -> Report:
        """Carry a step out that stands at the venue since `since` under the attempt key `key`, without waiting for anything."""
        now = self._clock.now()
        ledger = self.ledger
        ref = record(Ref, (key, since))
        cost = self.models[step.order.venue].cost(step, self._market, ref)
        try:
            effects = fold(self.models, step, ledger.positions, self._market, ref)
        except StepFails as failure:
            self._resting.pop(key, None)
            return self._failed(failure, cost, now)
        if not effects:
            self._resting[key] = since
            return Report(State.ACCEPTED, (), now)
        if self._resting:
            self._resting.pop(key, None)
        if cost is not None:
            effects = (*effects, cost)
        for effect in effects:
            if effect.at > now:
                now = self._clock.now()  # in a live run the time went on while the models answered
                effects = self._only_present(effects, now)
                break
        ledger.apply(effects, _venues_of(step))
        return record(Report, (self._success, effects, now, "", False, ""))

    def _only_present(self, effects: tuple[Effect, ...], now: int) -> tuple[Effect, ...]:
        """The effects of this moment; those ahead happen in their own time."""
        for effect in effects:
            if effect.at > now:
                self.ledger.later(effect)
        return tuple(effect for effect in effects if effect.at <= now)

    def _failed(self, failure: StepFails, cost: Effect | None, now: int) -> Report:
        if not self._reverts:
            return Report(State.EXPIRED if failure.expires else State.REJECTED, (), now, str(failure))
        paid = () if cost is None else (cost,)
        self.ledger.apply(paid, ())
        return Report(State.REVERTED, paid, now, str(failure), final=True)


def _venues_of(step: Step) -> Iterable[str]:
    """The venues that a step's parts belong to."""
    if len(step.actions) == 1:
        return (step.actions[0].venue or step.order.venue,)
    return {part.venue or step.order.venue for part in step.actions}

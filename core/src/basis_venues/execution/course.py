"""What a backtest and a live run share: the result of all legs, and the halt after a leg that failed."""

from __future__ import annotations

from ..actions import Action
from ..orders import record
from ..results import ActionResult, LegResult, word_of, worst
from ..router import Routed
from ..states import State
from .parts import Parts


class Course:
    """The course of actions through a run."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._router = parts.router
        self._observers = parts.observers
        self._clock = parts.clock
        self.halted: str | None = None

    def route(self, action: Action) -> Routed:
        """Where the action goes. Raises as the router does."""
        routed = self._router.route(action)
        if self._observers.anyone and self._observers.listening("action_routed"):
            self._observers.notify("action_routed", action=action, orders=routed.orders)
        return routed

    def summed(self, action: Action, routed: Routed, legs: tuple[LegResult, ...]) -> ActionResult:
        """The result of all legs. A leg that failed for good halts the mode, unless its configuration says to continue."""
        state = word_of(legs[0]) if len(legs) == 1 else worst(legs)
        back: tuple[Action, ...] = ()
        if len(legs) > 1 and state != "VERIFIED":
            back = self._after_failure(action, state, legs)
        result = record(ActionResult, (action, state, legs, self._clock.now(), routed.unallocated, routed.notes, back))
        if self._observers.anyone and self._observers.listening("action_finished"):
            self._observers.notify("action_finished", result=result)
        return result

    def denied(self, action: Action, routed: Routed, reason: str, word: str = State.DENIED.value) -> ActionResult:
        """The result of an action that is not begun: `DENIED`, or `STOPPED`."""
        legs = tuple(LegResult(o.id, o.venue, o.account, State.DENIED, None, reason) for o in routed.orders)
        return ActionResult(action, word, legs, self._clock.now(), routed.unallocated, routed.notes)

    def _after_failure(self, action: Action, state: str, legs: tuple[LegResult, ...]) -> tuple[Action, ...]:
        """Halt, and say how the filled legs could be taken back."""
        from .undo import undo  # seldom needed

        if self.parts.halt_on_failure:
            self.halted = f"a leg of {action.id} ended {state}; see its result, then start the mode again"
            if self._observers.listening("runner_halted"):
                self._observers.notify("runner_halted", account="", reason=self.halted)
        return undo(action, legs)

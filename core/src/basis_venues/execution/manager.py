"""`ExecutionManager`: what a strategy runner embeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..actions import Action, moment
from ..amounts import money
from ..clock import PlanClock, SteeredClock
from ..errors import Denied, InvalidAction
from ..keys import Key
from ..results import ActionResult, Compared
from ..states import State
from .backtest import Backtest
from .parts import Parts

if TYPE_CHECKING:
    from ..journal.state import JournalState
    from .live import LiveRun


class ExecutionManager:
    """Carries actions out and answers with what the accounts then show. Use it as an asynchronous context manager.

    One manager runs one mode. In a backtest nothing suspends, so that `basis_venues.drive` can run it without an event loop.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._clock = parts.clock
        self._steered = parts.clock if isinstance(parts.clock, (PlanClock, SteeredClock)) else None
        self._run: Backtest | LiveRun
        if parts.state_directory is None:
            self._run = Backtest(parts)
        else:
            from .live import LiveRun  # with it come journal, locks and recovery, which a backtest has no use for

            self._run = LiveRun(parts, parts.state_directory)

    @classmethod
    def open(cls, mode: str, **options: Any) -> ExecutionManager:
        """A manager for the mode of that name, put together from configuration. Options: see `basis_venues.assemble.assemble`."""
        from ..assemble import parts

        return cls(parts(mode, **options))

    @property
    def live(self) -> bool:
        """Whether it keeps a journal on disk: some venue is not simulated."""
        return not isinstance(self._run, Backtest)

    @property
    def run(self) -> LiveRun:
        """The live run inside, with its journal's state. Raises `Denied` in a backtest, which keeps no journal."""
        if isinstance(self._run, Backtest):
            raise Denied("a backtest keeps no journal")
        return self._run

    @property
    def state(self) -> JournalState:
        """What the journal of a live run says. Raises `Denied` in a backtest."""
        return self.run.state

    async def __aenter__(self) -> ExecutionManager:
        if not isinstance(self._run, Backtest):
            self._run.life.enter()
            try:
                with money():
                    await self._run.start()
            except BaseException:
                await self.close()
                raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Call off what is in flight, and let connections, journal and accounts go. What is unfinished is settled at the next start."""
        await self._run.close()

    async def execute_action(self, action: Action, mode: str | None = None, timestamp: datetime | int | None = None) -> ActionResult:
        """Route the action, carry its orders out, compare the accounts with what was done, and answer.

        `timestamp` (a datetime with a zone, or ms) moves the clock of a backtest, or of a run against the sandbox; on the machine's
        clock it says nothing. One before the clock's time does not turn it back: the action is carried out at the clock's time, which
        `at` of the result tells. An id that acted before answers with its stored result; one that was interrupted goes on where it
        stood. Raises `InvalidAction`, `NotRoutable`, `ActionConflict` and other `Denied`, and `MissingData` (live `DataUnavailable`) where
        a price that divides the quantity is not known, before anything is sent; what venues did is in the result, never raised.
        """
        if mode is not None or not isinstance(action, Action) or not action.id:
            self._check(action, mode)
        now = moment(timestamp) if timestamp is not None and self._steered is not None else None
        if isinstance(self._run, Backtest):
            return self._run.execute(action, now)
        with money():
            if now is not None and self._steered is not None:
                self._steered.set(now)
            return await self._run.execute(action)

    async def execute_actions(
        self, actions: Sequence[Action], mode: str | None = None, timestamp: datetime | int | None = None
    ) -> tuple[ActionResult, ...]:
        """Carry out actions that do not wait for each other's proof; answers in their sequence.

        Live, orders on one account are still sent one after the other, each journalled before it leaves and each with a report of its own;
        then one reading of the account proves all of them: it must show the sum of what they did. Where it does not, none of them is
        proven. So a batch costs one reading for each account, and is as exact as the sum is: what one report says too much another could
        say too little. An order of several steps has its own readings. An action that fails, or that a spend limit denies, does not keep
        the others from being sent; one whose outcome stays unknown does. Otherwise as `execute_action`.
        """
        if isinstance(self._run, Backtest):
            return tuple([await self.execute_action(action, mode, timestamp) for action in actions])
        for action in actions:
            self._check(action, mode)
        with money():
            if timestamp is not None and self._steered is not None:
                self._steered.set(moment(timestamp))
            return await self._run.execute_together(actions)

    def _check(self, action: Action, mode: str | None) -> None:
        """Raises `InvalidAction` for a mode that this manager does not run, for what is no action, and for an action without an id."""
        if mode is not None and mode != self._parts.mode:
            raise InvalidAction(f"this manager runs the mode {self._parts.mode}, not {mode}")
        if not isinstance(action, Action):
            raise InvalidAction(f"an action is an object such as SpotTrade(...), not {type(action).__name__}")
        if not action.id:
            raise InvalidAction("an action needs an id of its own: it is what makes it safe to repeat")

    async def pass_time(self, until: datetime | int) -> None:
        """Let time pass until then, and happen what happens by itself, such as funding: at once where the clock is ours to move (a
        backtest, the sandbox), by waiting where it is not."""
        with money():
            if self._steered is not None:
                self._steered.set(moment(until))
            else:
                await self._clock.sleep(max(0, moment(until) - self._clock.now()))

    async def positions(self) -> dict[Key, Decimal]:
        """Every position that is not zero: simulated ones from their ledger, live ones read from their owners now.

        Live, these are the positions that the journal knows: what no order has read or touched yet is not among them. Raises
        `TryAgainLater` when one could not be read.
        """
        with money():
            return await self._run.positions()

    async def compared(self) -> dict[Key, Compared]:
        """What the books vouch for, against what live venues show now: expected is what the books say, with what has happened by itself
        since (funding, say). Raises `Denied` in a backtest, and `TryAgainLater` where an account could not be read."""
        with money():
            return await self.run.compared()

    def obligations(self) -> dict[Key, Decimal]:
        """What has begun and not yet arrived: claims and transits."""
        return self._run.obligations()

    @property
    def frozen(self) -> dict[str, str]:
        """Accounts that are frozen, with the reasons."""
        return dict(self._run.frozen)

    async def heartbeat(self) -> dict[str, Mapping[str, str]]:
        """Check every live venue's connection, and look at steps that could still be reorganised. Raises as the clients do."""
        if isinstance(self._run, Backtest):
            return {}
        with money():
            return await self._run.heartbeat()

    async def cancel(self, action: str) -> tuple[str, ...]:
        """Take back what rests of an action (its id), before its `good_for` is over: its venue is asked at the next look at it, after
        `poll_ms` (of a simulated venue up to five minutes). Answers the ids of the steps that this is about; none where nothing rests. How
        they ended, and what was filled by then, is in the action's result: of the call that carries it out, or of one with the same id.
        Raises `Denied` for an action that is not known. In a backtest nothing rests when a call has answered."""
        return () if isinstance(self._run, Backtest) else await self._run.cancel(action)

    async def settled(self) -> None:
        """Wait until orders at rest that nobody waits for have ended: those that an earlier run left, or that a cancelled call gave up.
        They are settled without this, as long as the manager is open; their accounts take no other order meanwhile."""
        if not isinstance(self._run, Backtest):
            await self._run.settled()

    async def resolve(self, step: str, state: State, reason: str) -> None:
        """Close a step that only a person can: `state` is FILLED (it happened) or REJECTED (it did not). Thaws its account, whose
        positions are then taken as the venue shows them; the step has no effects, so that `deltas` of its result tells nothing of it.
        Raises `Denied` for a step that is not open, or that the next start settles."""
        with money():
            await self.run.resolve(step, state, reason)

    async def thaw(self, account: str, reason: str) -> None:
        """Let a frozen account act again; what it holds is read anew and taken as it stands. Raises `Denied` for an account that is not
        frozen, or while one of its steps is with a person: that is resolved first."""
        with money():
            await self.run.thaw(account, reason)

    async def dismiss(self, transit: Key, reason: str) -> None:
        """End a transit that no history will end, by its key as `obligations` names it: it is over, and a later deposit is somebody
        else's. Balances stay as they are. Raises `Denied` for what is not on its way."""
        with money():
            await self.run.dismiss(transit, reason)

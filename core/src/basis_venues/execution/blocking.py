"""The manager without `await`: for runners that are not asynchronous, and the driver of a backtest."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from ..actions import Action
from ..errors import BasisError, TryAgainLater
from ..keys import Key
from ..results import ActionResult
from ..states import State
from .manager import ExecutionManager

if TYPE_CHECKING:
    from ..journal.state import JournalState

Answer = TypeVar("Answer")


def drive(coroutine: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a coroutine that never waits, as all of a backtest's do, without an event loop. Raises `RuntimeError` if it does wait."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        answer: Answer = end.value
        return answer
    coroutine.close()
    raise RuntimeError("a backtest waited for something outside: this is only possible live, under an event loop")


class BlockingManager:
    """`ExecutionManager` as a plain context manager: `with BlockingManager(ExecutionManager.open(...)) as manager`.

    A backtest is driven in place; a live manager gets an event loop in a thread of its own. Calls from inside that loop are refused.
    Threads may share it: in a backtest they take turns. What is under way when it is closed raises `TryAgainLater`.
    """

    def __init__(self, manager: ExecutionManager) -> None:
        self._manager = manager
        self._turn = RLock()
        self._loop: Any = None
        self._thread: Any = None

    def __enter__(self) -> BlockingManager:
        if self._loop is not None:
            raise BasisError("this manager is open already; threads share it")
        if self._manager.live:
            self._start_thread()
        try:
            self._run(self._manager.__aenter__())
        except BaseException:
            self._stop_thread()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self._run(self._closed())
        finally:
            self._stop_thread()

    async def _closed(self) -> None:
        """Close the manager, and let nobody wait for what is still asked of it."""
        await self._manager.close()
        if self._loop is not None:
            import asyncio

            left = asyncio.all_tasks() - {asyncio.current_task()}
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def execute_action(self, action: Action, mode: str | None = None, timestamp: datetime | int | None = None) -> ActionResult:
        """As `ExecutionManager.execute_action`."""
        return self._run(self._manager.execute_action(action, mode, timestamp))

    def execute_actions(
        self, actions: Sequence[Action], mode: str | None = None, timestamp: datetime | int | None = None
    ) -> tuple[ActionResult, ...]:
        """As `ExecutionManager.execute_actions`."""
        return self._run(self._manager.execute_actions(actions, mode, timestamp))

    def positions(self) -> dict[Key, Decimal]:
        """As `ExecutionManager.positions`."""
        return self._run(self._manager.positions())

    def pass_time(self, until: datetime | int) -> None:
        """As `ExecutionManager.pass_time`."""
        self._run(self._manager.pass_time(until))

    def obligations(self) -> dict[Key, Decimal]:
        """As `ExecutionManager.obligations`."""
        return self._manager.obligations()

    def heartbeat(self) -> dict[str, Mapping[str, str]]:
        """As `ExecutionManager.heartbeat`."""
        return self._run(self._manager.heartbeat())

    def resolve(self, step: str, state: State, reason: str) -> None:
        """As `ExecutionManager.resolve`."""
        self._run(self._manager.resolve(step, state, reason))

    def thaw(self, account: str, reason: str) -> None:
        """As `ExecutionManager.thaw`."""
        self._run(self._manager.thaw(account, reason))

    @property
    def frozen(self) -> dict[str, str]:
        """As `ExecutionManager.frozen`."""
        return self._manager.frozen

    @property
    def state(self) -> JournalState:
        """As `ExecutionManager.state`."""
        return self._manager.state

    def _run(self, coroutine: Coroutine[Any, Any, Answer]) -> Answer:
        if not self._manager.live:
            with self._turn:
                return drive(coroutine)
        if self._loop is None:
            coroutine.close()
            raise BasisError("a live manager is used inside `with`")
        import threading

        if threading.current_thread() is self._thread:
            coroutine.close()
            raise BasisError("the blocking manager was called from inside its own event loop; use ExecutionManager there")
        return self._answered(coroutine)

    def _answered(self, coroutine: Coroutine[Any, Any, Answer]) -> Answer:
        """What the coroutine answers in the loop's thread. Where the waiting is interrupted (Ctrl-C, a signal), it is cancelled and has
        come to its end before this raises: nothing is closed under its feet."""
        from concurrent.futures import Future, wait

        answer: Future[Answer] = Future()
        tasks: list[Any] = []

        def begin() -> None:
            tasks.append(self._loop.create_task(coroutine))
            tasks[0].add_done_callback(lambda task: _pass_on(task, answer))

        def give_up() -> None:
            if tasks:
                tasks[0].cancel()
            else:  # interrupted before it was begun
                coroutine.close()
                answer.set_exception(InterruptedError())

        try:
            self._loop.call_soon_threadsafe(begin)
            return answer.result()
        except BaseException:
            if not answer.done():
                self._loop.call_soon_threadsafe(give_up)
                wait([answer])
            raise

    def _start_thread(self) -> None:
        import asyncio
        import threading

        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="basis-venues", daemon=True)
        self._thread.start()

    def _stop_thread(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._loop = None


def _pass_on(task: Any, answer: Any) -> None:
    """How a task ended, for the thread that waits for it."""
    if task.cancelled():
        answer.set_exception(TryAgainLater("the manager was closed meanwhile: ask for the same id again, of a new one"))
    elif task.exception() is not None:
        answer.set_exception(task.exception())
    else:
        answer.set_result(task.result())

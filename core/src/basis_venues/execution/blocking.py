"""The manager without `await`: for runners that are not asynchronous, and the driver of a backtest."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from ..actions import Action
from ..errors import BasisError, TryAgainLater
from ..keys import Key
from ..results import ActionResult, Compared
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
        self._process = 0

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
        if self._is_elsewhere():
            return  # what is open belongs to the process that opened it
        try:
            self._run(self._manager.close())
        finally:
            self._stop_thread()

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

    def compared(self) -> dict[Key, Compared]:
        """As `ExecutionManager.compared`."""
        return self._run(self._manager.compared())

    def pass_time(self, until: datetime | int) -> None:
        """As `ExecutionManager.pass_time`."""
        self._run(self._manager.pass_time(until))

    def obligations(self) -> dict[Key, Decimal]:
        """As `ExecutionManager.obligations`."""
        return self._manager.obligations()

    def heartbeat(self) -> dict[str, Mapping[str, str]]:
        """As `ExecutionManager.heartbeat`."""
        return self._run(self._manager.heartbeat())

    def cancel(self, action: str) -> tuple[str, ...]:
        """As `ExecutionManager.cancel`."""
        return self._run(self._manager.cancel(action))

    def settled(self) -> None:
        """As `ExecutionManager.settled`."""
        self._run(self._manager.settled())

    def resolve(self, step: str, state: State, reason: str) -> None:
        """As `ExecutionManager.resolve`."""
        self._run(self._manager.resolve(step, state, reason))

    def thaw(self, account: str, reason: str) -> None:
        """As `ExecutionManager.thaw`."""
        self._run(self._manager.thaw(account, reason))

    def dismiss(self, transit: Key, reason: str) -> None:
        """As `ExecutionManager.dismiss`."""
        self._run(self._manager.dismiss(transit, reason))

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
        import threading

        if self._is_elsewhere():
            coroutine.close()
            raise BasisError("this manager was opened by another process, before a fork: open one here, once that one is closed")
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise BasisError("the blocking manager was called from inside its own event loop; use ExecutionManager there")
        return self._answered(coroutine)

    def _answered(self, coroutine: Coroutine[Any, Any, Answer]) -> Answer:
        """What the coroutine answers in the loop's thread. Where the waiting is interrupted (Ctrl-C, a signal), it is cancelled and has
        come to its end before this raises: nothing is closed under its feet."""
        import asyncio
        from concurrent.futures import Future, wait

        answer: Future[Answer] = Future()
        tasks: list[Any] = []

        def begin() -> None:
            tasks.append(asyncio.get_running_loop().create_task(coroutine))
            tasks[0].add_done_callback(lambda task: _pass_on(task, answer))

        def give_up() -> None:
            if tasks:
                tasks[0].cancel()
            else:  # interrupted before it was begun
                coroutine.close()
                answer.set_exception(InterruptedError())

        try:
            if not self._in_loop(begin):
                coroutine.close()
                answer.set_exception(BasisError("a live manager is used inside `with`"))
            return answer.result()
        except BaseException:
            if not answer.done() and self._in_loop(give_up):
                wait([answer])
            raise

    def _in_loop(self, call: Callable[[], object]) -> bool:
        """Have the loop make the call, before it is stopped. Answers whether there is a loop."""
        with self._turn:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(call)
            return self._loop is not None

    def _is_elsewhere(self) -> bool:
        """Whether this is a fork of the process that has the loop's thread, connections and journal."""
        return self._loop is not None and os.getpid() != self._process

    def _start_thread(self) -> None:
        import asyncio
        import threading

        self._process = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=_serve, args=(self._loop,), name="basis-venues", daemon=True)
        self._thread.start()

    def _stop_thread(self) -> None:
        with self._turn:  # nothing is asked of the loop after this
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()


def _serve(loop: Any) -> None:
    """Run the loop until it is stopped, then end what is left in it: somebody may be waiting for that."""
    loop.run_forever()
    loop.run_until_complete(_end_the_rest())
    loop.close()


async def _end_the_rest() -> None:
    import asyncio

    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await asyncio.sleep(0)  # those who wait for what had just ended are told, too


def _pass_on(task: Any, answer: Any) -> None:
    """How a task ended, for the thread that waits for it."""
    if task.cancelled():
        answer.set_exception(TryAgainLater("the manager was closed meanwhile: ask for the same id again, of a new one"))
    elif task.exception() is not None:
        answer.set_exception(task.exception())
    else:
        answer.set_result(task.result())

"""The manager without `await`: for runners that are not asynchronous, and the driver of a backtest."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import datetime
from decimal import Decimal
from types import TracebackType
from typing import Any, TypeVar

from ..actions import Action
from ..errors import BasisError
from ..keys import Key
from ..results import ActionResult
from .manager import ExecutionManager

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
    """

    def __init__(self, manager: ExecutionManager) -> None:
        self._manager = manager
        self._loop: Any = None
        self._thread: Any = None

    def __enter__(self) -> BlockingManager:
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
            self._run(self._manager.close())
        finally:
            self._stop_thread()

    def execute_action(self, action: Action, mode: str | None = None, timestamp: datetime | int | None = None) -> ActionResult:
        """As `ExecutionManager.execute_action`."""
        return self._run(self._manager.execute_action(action, mode, timestamp))

    def positions(self) -> dict[Key, Decimal]:
        """As `ExecutionManager.positions`."""
        return self._run(self._manager.positions())

    def pass_time(self, until: datetime | int) -> None:
        """As `ExecutionManager.pass_time`."""
        self._run(self._manager.pass_time(until))

    @property
    def manager(self) -> ExecutionManager:
        """The manager inside."""
        return self._manager

    def _run(self, coroutine: Coroutine[Any, Any, Answer]) -> Answer:
        if self._loop is None:
            return drive(coroutine)
        import asyncio
        import threading

        if threading.current_thread() is self._thread:
            coroutine.close()
            raise BasisError("the blocking manager was called from inside its own event loop; use ExecutionManager there")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

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

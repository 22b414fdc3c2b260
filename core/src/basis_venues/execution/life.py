"""The life of a live run: entered once, used where it was entered, and closed when nothing is under way any more."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import BasisError

NOT_OPEN = "a live manager is used inside `async with`, in the event loop that entered it (`with`, for a BlockingManager)"


class Life:
    """Which event loop a run belongs to, whether it is open, and which calls are under way."""

    def __init__(self) -> None:
        self._home: Any = None
        self.is_open = False
        self._calls: list[Any] = []
        self._begun: set[Any] = set()

    def enter(self) -> None:
        """Belong to the running event loop. Raises `BasisError` for a run that was entered before, whatever became of it."""
        import asyncio

        if self._home is not None:
            raise BasisError("a manager is entered once; tasks share the one that is open, and a later run makes one of its own")
        self._home = asyncio.get_running_loop()

    @contextmanager
    def starting(self) -> Iterator[None]:
        """The start, which ending calls off; when it is done, the run is open."""
        with self._under_way():
            yield
        self.is_open = True

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """One call, which ending calls off. Raises `BasisError` where the run is not open, or belongs to another event loop."""
        import asyncio

        if not self.is_open or asyncio.get_running_loop() is not self._home:
            raise BasisError(NOT_OPEN)
        with self._under_way():
            yield

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        import asyncio

        task = asyncio.current_task()
        self._calls.append(task)
        try:
            yield
        finally:
            self._calls.remove(task)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Work of the run's own, in a task that ending calls off."""
        import asyncio

        task = asyncio.get_running_loop().create_task(work)
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)

    async def begun(self) -> None:
        """Wait until the run's own work has ended."""
        import asyncio

        while self._begun:
            await asyncio.wait(self._begun)

    async def end(self) -> None:
        """Take no more calls, cancel those of other tasks, and wait for their ends, so that nothing is closed under their feet."""
        import asyncio

        self.is_open = False
        mine = asyncio.current_task()
        for task in {*self._calls, *self._begun} - {mine}:
            task.cancel()
        while any(task is not mine for task in (*self._calls, *self._begun)):
            await asyncio.sleep(0.001)

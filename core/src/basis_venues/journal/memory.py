"""The journal of a backtest: which ids have acted, and, when asked, one small row for each action, streamed to a file."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from ..actions import Action
from ..errors import ActionConflict
from ..results import ActionResult
from .seen_ids import SeenIds


class MemoryJournal:
    """Keeps each action with its result, or streams results to `path` (JSON lines) and keeps only the ids."""

    def __init__(self, path: Path | None = None) -> None:
        self._results: dict[str, ActionResult] = {}
        self._streamed = SeenIds()
        self._file: IO[str] | None = None if path is None else path.open("w", encoding="utf-8")

    def stored(self, action: Action) -> ActionResult | None:
        """The result of an action that is closed. Raises `ActionConflict` when its id was used with other parameters, or when the
        result was streamed away and is no longer at hand."""
        result = self._results.get(action.id)
        if result is not None:
            if result.action is not action and _differs(result.action, action):
                raise ActionConflict(f"the action id {action.id!r} was used before with other parameters; give each action its own id")
            return result
        if self._file is not None and action.id in self._streamed:
            raise ActionConflict(f"the action {action.id!r} was carried out before; its result is in the streamed journal")
        return None

    def close_action(self, result: ActionResult) -> None:
        """The action is over."""
        if self._file is None:
            self._results[result.action.id] = result
        else:
            self._streamed.add(result.action.id)
            self._file.write(_row(result))

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()


def _differs(known: Action, asked: Action) -> bool:
    from .codec import fingerprint  # few backtests ask twice

    return fingerprint(known) != fingerprint(asked)


def _row(result: ActionResult) -> str:
    """One line: id, time, state, and the change of each position."""
    import json  # only a streamed backtest writes

    changes = {key: str(amount) for key, amount in result.deltas.items()}
    return f"{json.dumps({'id': result.action.id, 'at': result.at, 'state': result.state, 'deltas': changes})}\n"

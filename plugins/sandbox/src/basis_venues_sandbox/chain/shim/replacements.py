"""The rule for replacing a pending transaction that most nodes have and anvil has not: both fees higher by a tenth."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from .raw import RawTransaction, read_raw

Ask = Callable[[str, list[Any]], Awaitable[Any]]
"""One request to the node: method and parameters to its result."""

REFUSED = {"code": -32000, "message": "replacement transaction underpriced"}
"""The answer to a replacement that raises its fees too little."""


class Replacements:
    """The newest transaction of each sender and nonce that the node was given."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._newest: dict[tuple[str, int], RawTransaction] = {}

    def remember(self, raw: str) -> None:
        """The node took it."""
        transaction = read_raw(raw)
        if transaction is not None:
            self._newest[transaction.sender, transaction.nonce] = transaction

    async def too_cheap(self, raw: str, percent: float) -> bool:
        """Whether it would replace a pending transaction without raising both fees by so much."""
        new = read_raw(raw)
        old = self._newest.get((new.sender, new.nonce)) if new else None
        if new is None or old is None or new.hash == old.hash:
            return False
        if int(await self._ask("eth_getTransactionCount", [new.sender, "latest"]), 16) > new.nonce:
            return False  # it is no replacement any more: the node says what it thinks of it
        if await self._ask("eth_getTransactionByHash", [old.hash]) is None:
            return False  # the node forgot it: a chain that was set back, or a transaction that was dropped
        return any(100 * fee < (100 + percent) * before for fee, before in ((new.max_fee, old.max_fee), (new.tip, old.tip)))

"""From mined transactions to effects, with what the registered venues know."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from basis_venues.keys import Key
from basis_venues.orders import Effect, Prepared

from .mined import Mined, effects, needed, told
from .reading import Reading
from .registry import Registry, values_of
from .rpc import RpcUnavailable


class Effects:
    """Decodes for one chain. `ours`: by hash, what this process prepared or looked up."""

    def __init__(self, registry: Registry, reading: Reading) -> None:
        self._registry = registry
        self._reading = reading
        self.ours: dict[str, Prepared] = {}

    async def of(self, transaction: Mined, prepared: Prepared | None = None) -> tuple[Effect, ...]:
        """The effects of the transaction, which is looked up where `prepared` is given, and else found in the history. Values that they are
        counted from come from what was prepared where it is ours, else from the block before it: there may be others of ours in its own.
        Raises `RpcUnavailable`."""
        payload = prepared.payload if prepared is not None else {}
        if prepared is not None:
            self._reading.known = max(self._reading.known, transaction.block)
        ours = prepared or self.ours.get(transaction.hash)
        known = {key: Decimal(text) for key, text in ours.payload.get("before", {}).items()} if ours is not None else {}
        order = ours.key if ours is not None else None
        said = told(transaction, self._registry.decoder)
        missing = needed(said) - known.keys()
        if missing:
            known.update(await self._values(missing, transaction.block - 1))
        found = effects(transaction, said, self._registry.aliases, known, order)
        on_the_way = payload.get("on_the_way")
        if on_the_way and transaction.ok:
            line = (f"{on_the_way[0]}{transaction.hash}", Decimal(on_the_way[1]))
            found = (*found, Effect(f"tx:{transaction.hash}:transit", order, (line,), transaction.block, "transfer"))
        return found

    async def _values(self, keys: set[Key], block: int) -> Mapping[Key, Decimal]:
        reads = {key: self._registry.read(key) for key in keys}
        views = await self._reading.views([read.call for read in reads.values() if read.call is not None], block, exact=True)
        values = values_of(reads, views.answers)
        if len(values) < len(keys):
            raise RpcUnavailable(f"{', '.join(sorted(keys - values.keys()))} could not be read at block {block}")
        return values

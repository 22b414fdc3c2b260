"""The configured markets as the exchange publishes them now, kept on disk: only what orders need, with its age."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from basis_venues.amounts import ZERO, ceil_to, floor_to
from basis_venues.clock import Clock
from basis_venues.errors import Denied

_FORMAT = 1


class Listing(NamedTuple):
    """One market. `id` is the venue's name of it. `lot`, `minimum` and `maximum` are in base units, whatever the venue counts in;
    `contract` is what one unit of the venue's count is in base units. 0 stands for no limit. `taker`: the account's fee rate, where the
    venue does not tell the fee of a fill at once."""

    symbol: str
    id: str
    contract: Decimal
    lot: Decimal
    tick: Decimal
    minimum: Decimal = ZERO
    maximum: Decimal = ZERO
    minimum_notional: Decimal = ZERO
    active: bool = True
    taker: Decimal | None = None

    @property
    def perpetual(self) -> bool:
        """Whether it is a perpetual; else spot."""
        return ":" in self.symbol

    @property
    def base(self) -> str:
        """What is traded."""
        return self.symbol.partition("/")[0]

    @property
    def quote(self) -> str:
        """What it is paid in."""
        return self.symbol.partition("/")[2].partition(":")[0]

    def to_venue(self, quantity: Decimal) -> str:
        """A quantity in base units as the venue counts it. Raises `Denied` when it is no whole number of lots."""
        if quantity % self.lot:
            below, above = floor_to(quantity, self.lot), ceil_to(quantity, self.lot)
            lot = f"the lot of {self.lot:f} that the venue has for {self.symbol} now"
            raise Denied(f"{quantity:f} {self.base} is not a whole multiple of {lot}; use {below:f} or {above:f}")
        return f"{(quantity / self.contract).normalize():f}"

    def from_venue(self, quantity: Decimal) -> Decimal:
        """A quantity of the venue's in base units."""
        return quantity * self.contract


_WHILE_CLOSED_MS = 60_000
"""How long a list is believed in which a market is closed: it may open at any moment."""


class MarketReader(ABC):
    """How one venue publishes its markets."""

    @abstractmethod
    async def read(self, symbols: Collection[str]) -> Iterable[Listing]:
        """Those of `symbols` that the venue has."""


class Listings:
    """The markets by symbol: from the file while it is young enough, else from the venue. `file` None: no file."""

    def __init__(self, reader: MarketReader, symbols: Collection[str], file: Path | None, keep_ms: int, clock: Clock) -> None:
        self._reader = reader
        self._symbols = tuple(symbols)
        self._file = file
        self._keep_ms = keep_ms
        self._clock = clock
        self._read_at = 0
        self._by_symbol: dict[str, Listing] = {}

    async def load(self) -> None:
        """Have every configured market that the venue has, as young as an order needs it. Raises what asking the venue raises."""
        await self.known()
        every_open = all(each.active for each in self._by_symbol.values())
        if self.age() > (self._keep_ms if every_open else min(self._keep_ms, _WHILE_CLOSED_MS)):
            await self._refresh()

    async def known(self) -> None:
        """Have the markets, however old: names and sizes of contracts are enough to read what became of an order, and that must not wait
        for a list. Raises what asking the venue raises, where there is none yet."""
        if not self._by_symbol:
            self._restore()
        if not self._by_symbol:
            await self._refresh()

    def forget(self) -> None:
        """Read them anew before the next order: the venue refused one for a filter."""
        self._read_at = 0

    def age(self) -> int:
        """How old they are, ms."""
        return self._clock.now() - self._read_at

    def named(self, symbol: str) -> Listing:
        """The market. Raises `Denied` where the venue has none."""
        found = self._by_symbol.get(symbol)
        if found is None:
            raise Denied(f"the venue lists no market {symbol} on this network; take it out of `markets` in the venue's YAML")
        return found

    def trading(self, symbol: str) -> Listing:
        """The market, for an order. Raises `Denied` where the venue has none, or closed it."""
        found = self.named(symbol)
        if not found.active:
            raise Denied(f"{symbol} is not open for trading at the venue now")
        return found

    def by_id(self, identifier: str, *, perpetual: bool) -> Listing | None:
        """The configured market that the venue calls so."""
        return next((each for each in self._by_symbol.values() if each.id == identifier and each.perpetual == perpetual), None)

    def all(self, *, perpetual: bool | None = None) -> tuple[Listing, ...]:
        """Every market, or only one kind."""
        return tuple(each for each in self._by_symbol.values() if perpetual is None or each.perpetual == perpetual)

    async def _refresh(self) -> None:
        """One that the venue lists no more is closed, and still known: what is held in it is told in its contracts."""
        found = {each.symbol: each for each in await self._reader.read(self._symbols)}
        gone = {symbol: each._replace(active=False) for symbol, each in self._by_symbol.items() if symbol in self._symbols}
        self._by_symbol = gone | found
        self._read_at = self._clock.now()
        if self._file is not None:
            with suppress(OSError):  # a full disk: the next start asks the venue again
                self._keep(self._file)

    def _keep(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = [_to_json(each) for each in self._by_symbol.values()]
        kept = {"format": _FORMAT, "at": self._read_at, "asked": self._symbols, "markets": rows}
        half_written = file.with_suffix(".new")
        half_written.write_text(json.dumps(kept), encoding="utf-8")
        half_written.replace(file)

    def _restore(self) -> None:
        """From the file, if it was written for these symbols; a file that cannot be read is as good as none."""
        if self._file is None:
            return
        with suppress(OSError, ValueError, TypeError, KeyError, ArithmeticError):
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            if kept["format"] == _FORMAT and set(self._symbols) <= set(kept["asked"]):
                self._by_symbol = {row["symbol"]: _from_json(row) for row in kept["markets"]}
                self._read_at = int(kept["at"])


def _to_json(listing: Listing) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in listing._asdict().items()}


def _from_json(row: Mapping[str, Any]) -> Listing:
    as_it_is = {"symbol", "id", "active"}
    fields: dict[str, Any] = {name: value if name in as_it_is or value is None else Decimal(value) for name, value in row.items()}
    return Listing(**fields)

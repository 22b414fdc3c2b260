"""The client that every exchange shares: a `basis_venues.contract.VenueClient` over the parts that a venue's plugin fills in.

Where private streams will join: effects that arrive by themselves enter at `recent_effects`, which is asked for whatever the books do
not explain. A stream's events become `Fill` and `Change` (`fills`, `history`) with the same ids, are kept by the client as they come, and
are merged there by id with what the venue's history answers; nothing else has to know.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from basis_venues.actions import MAX, PerpTrade, SpotTrade, Transfer
from basis_venues.amounts import ZERO
from basis_venues.contract import ClientContext, VenueClient, not_supported
from basis_venues.keys import BALANCE, ENTRY, PERP, Key, split_key
from basis_venues.network import Network
from basis_venues.orders import Effect, Outgoing, Prepared, Report, Snapshot, Step
from basis_venues.secret import Secret

from ..instrument import FUNDING
from ..settings import ExchangeSettings
from .account import Holdings, Part, Setup
from .connection import connection_of
from .desk import Desk
from .exchange import Exchange
from .fills import Position, PositionKeys
from .history import BOOKED_WITHIN_MS, effects_of, second_of
from .listings import Listing, Listings
from .preflight import check_clock, check_setup, leverage_note, opening_error, withdrawal_note
from .statements import Stated
from .trading import Trading
from .transferring import Transferring
from .wire import Request


class ExchangeClient(VenueClient):
    """One account on one exchange."""

    def __init__(self, context: ClientContext, exchange: Exchange) -> None:
        settings = context.settings
        assert isinstance(settings, ExchangeSettings)
        self.network = context.network
        self._context = context
        self._settings = settings
        self._connection = connection = connection_of(context, exchange.wire())
        self._keys = PositionKeys(context.venue, context.account.alias, settings.unified)
        file = Path(context.state) / f"markets-{context.venue}-{context.network.value}.json" if context.state else None
        self._listings = Listings(exchange.markets(connection), settings.markets, file, settings.market_age_ms, context.clock)
        self._desk = desk = Desk(connection=connection, listings=self._listings, keys=self._keys, settings=settings)
        self._account = exchange.account(desk)
        self._history = exchange.history(desk)
        self._trading = Trading(desk, exchange.orders(desk))
        self._transfers = Transferring(desk, exchange.moves(desk), self._account)
        self._setup = Setup()

    async def open(self) -> Mapping[str, str]:
        """Connect, and check clock, markets, key and account. Raises `CredentialError`, `GuardRefused`, `ConfigurationError` or
        `TryAgainLater`."""
        venue = self._context.venue
        try:
            self._connection.make_ready()
            clock, most = self._connection.clock, self._settings.clock_skew_ms
            await clock.synchronise()
            if clock.uncertainty > most:  # the connection was made on the way
                await clock.synchronise()
            check_clock(venue, clock.offset, clock.uncertainty, most)
            await self._listings.known()
            self._setup = await self._account.setup(self._listings.all(perpetual=True))
        except Exception as error:
            wire = self._connection.wire
            raise opening_error(venue, self.network.value, error, wire.proofs, wire.foreign) from None
        check_setup(venue, self._setup, self._settings)
        self._trading.setup = self._setup
        self._desk.hidden.clear()
        self._desk.hidden.update(self._setup.hidden)
        return {self._context.account.alias: f"{self._place()}:{self._owner()}"}

    async def heartbeat(self) -> Mapping[str, str]:
        """Where it is connected, how quick and how far apart the clocks are, and what is to be said of the key and the account."""
        clock = self._connection.clock
        try:
            await clock.synchronise()
        except Exception as error:
            wire = self._connection.wire
            raise opening_error(self._context.venue, self.network.value, error, wire.proofs, wire.foreign) from None
        said = {
            "network": self.network.value,
            "hosts": ", ".join(self._connection.hosts),
            "latency": f"{clock.latency} ms",
            "clock skew": f"{clock.offset} ms",
            "markets read": f"{self._listings.age() // 1000} s ago",
        }
        notes = {
            "key": withdrawal_note(self._setup, self._settings),
            "leverage": leverage_note(self._setup, self._settings.default_leverage),
            "not shown": "; ".join(dict.fromkeys(self._setup.hidden.values())) or None,
        }
        return said | {name: note for name, note in notes.items() if note is not None}

    async def prepare(self, step: Step, attempt_key: str) -> Prepared:
        """The write, complete but unsigned: it is signed when it is sent, so that no signature is written down."""
        action = step.actions[0]
        await self._connection.budget.quiet()
        await self._listings.load()
        if isinstance(action, (SpotTrade, PerpTrade)):
            return self._trading.prepare(step, attempt_key)
        if isinstance(action, Transfer):
            return await self._transfers.prepare(step, attempt_key)
        raise not_supported(self._context.venue, action)

    async def show(self, step: Step, attempt_key: str, ahead: int) -> Outgoing:
        """The request with its parameters; keys and signature are hidden."""
        prepared = await self.prepare(step, attempt_key)
        outgoing = self._connection.shown(Request(*prepared.payload["request"]), prepared.fence)
        if ahead and getattr(step.actions[0], "amount", None) == MAX:
            outgoing = outgoing._replace(unknown=("the amount is all that is there then; the figure is today's",))
        return outgoing

    async def send(self, prepared: Prepared) -> Report:
        """One write request; where the venue only acknowledges, one look at what became of it belongs to it."""
        return await (self._transfers.send(prepared) if _moves(prepared) else self._trading.send(prepared))

    async def lookup(self, prepared: Prepared) -> Report:
        """By the client id; then, where the venue has them elsewhere, among the orders that are over."""
        await self._listings.known()
        return await (self._transfers.lookup(prepared) if _moves(prepared) else self._trading.lookup(prepared))

    async def cancel(self, prepared: Prepared) -> None:
        """Ask for a resting order back. A transfer cannot be asked back."""
        if not _moves(prepared):
            await self._trading.cancel(prepared)

    async def positions(self, keys: Collection[Key], at: int) -> Snapshot:
        """One request for each wallet that the keys lie in, but for one that the venue stated since `at` along with the last order; what
        was stated serves once. The answer holds from when it was asked for, or stated."""
        await self._listings.known()
        asked = max(at, self._connection.clock.at_least())
        stated, self._trading.stated = self._stated(keys, at), None
        parts = {self._part(key) for key in keys}
        self._desk.check(*parts)
        mark = self._trading.positions.mark()
        holdings = await self._account.holdings(parts if stated is None else parts - {"spot"})
        since = max(asked, holdings.at)
        if stated is not None:
            holdings = holdings._replace(wallets={**holdings.wallets, "spot": stated.balances})
            since = min(since, stated.at)
        self._trading.positions.read(self._read_perpetuals(holdings), mark)
        values = {key: value for key in keys if (value := self._value(key, holdings)) is not None}
        return Snapshot(since, values)

    async def recent_effects(self, keys: Collection[Key], since: int, until: int) -> Sequence[Effect]:
        """Trades, funding, deposits, withdrawals, transfers and resting orders in the configured markets, after `since` up to `until`
        (ms; 0: to the latest that the venue tells, whatever its clock says)."""
        await self._listings.known()
        markets = [each for each in self._listings.all() if not keys or self._concerns(each, keys)]
        wallets = {part for key in keys if (part := self._part(key)) != "perpetuals"} if keys else {"spot", "futures", "funding"}
        begun = max(second_of(since) - BOOKED_WITHIN_MS, 0)
        happened = self._transfers.named(await self._history.since(markets, wallets, begun))
        return sorted(effects_of(happened.between(since, until), self._keys), key=lambda effect: effect.at)

    async def close(self) -> None:
        """Let the connection go."""
        await self._connection.close()

    def _place(self) -> str:
        """Where the account is: a user may have the same id on every network, and no account there is that of real money."""
        venue = self._context.venue
        return venue if self.network is Network.MAINNET else f"{venue}:{self.network.value}"

    def _owner(self) -> str:
        """Who owns the account: the venue's id of the user, else a mark of the key."""
        if self._setup.owner:
            return self._setup.owner
        keys = sorted(name for name in self._context.credentials if name.endswith("api_key"))
        value = next((self._context.credentials[name] for name in keys), "")
        text = value.reveal() if isinstance(value, Secret) else value
        return f"key-{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def _stated(self, keys: Collection[Key], at: int) -> Stated | None:
        """What the venue stated of the one wallet, if it is not older than `at` and tells every coin of it that is asked for. Whoever names
        no moment asks for now: a statement may be of an action long over."""
        stated = self._trading.stated
        if stated is None or not 0 < at <= stated.at:
            return None
        coins = {split_key(key).instrument for key in keys if self._part(key) == "spot"}
        return stated if coins <= stated.balances.keys() else None

    def _part(self, key: Key) -> Part:
        _, kind, instrument = split_key(key)
        if kind in (PERP, ENTRY):
            return "perpetuals"
        if kind == BALANCE:
            return "funding" if instrument.startswith(FUNDING) else "spot"
        return "futures"

    def _read_perpetuals(self, holdings: Holdings) -> dict[str, Position]:
        if "perpetuals" not in holdings.wallets:
            return {}
        return {each.symbol: holdings.perpetuals.get(each.symbol, Position(ZERO, ZERO)) for each in self._listings.all(perpetual=True)}

    def _value(self, key: Key, holdings: Holdings) -> Decimal | None:
        part = self._part(key)
        if part not in holdings.wallets:
            return None
        _, kind, instrument = split_key(key)
        if part == "perpetuals":
            position = holdings.perpetuals.get(instrument, Position(ZERO, ZERO))
            return position.size if kind == PERP else position.entry
        return holdings.wallets[part].get(instrument.removeprefix(FUNDING), ZERO)

    def _concerns(self, listing: Listing, keys: Collection[Key]) -> bool:
        names = self._keys
        if listing.perpetual:
            mine = {names.size(listing.symbol), names.cost(listing.symbol), names.settle(listing.quote)}
        else:
            mine = {names.spot(listing.base), names.spot(listing.quote)}
        mine |= {names.settle(asset) if listing.perpetual else names.spot(asset) for asset in self._settings.fee_assets}
        return not mine.isdisjoint(keys)


def _moves(prepared: Prepared) -> bool:
    return "move" in prepared.payload

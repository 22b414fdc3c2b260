"""All of the exchange side that is not a socket: world, clock, keys, faults, records; and how one request is answered."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

from attrs import define, field

from basis_venues.amounts import MONEY

from .clock import SandboxClock
from .core import Quirks, Refused, Why, World, open_prices
from .faults.queue import FaultQueue
from .faults.verbs import Stage, Verb
from .keys import ApiKey, Keyring, throwaway_keys
from .wire.binance import Binance
from .wire.bybit import Bybit
from .wire.call import Call, Reply, Route, Turned, route_of
from .wire.dialect import Dialect
from .wire.okx import Okx
from .wire.records import Recorder

DIALECTS: tuple[Dialect, ...] = (Binance(), Okx(), Bybit())
"""The sandbox's own."""
ENDOWMENT = Decimal(100_000)
"""What every trading wallet starts with, in USDT."""

_UNKNOWN = Route("unknown", lambda call: None, None)
_QUIRKS: Mapping[str, tuple[str, str]] = {
    "partial": ("q", "partial"),
    "overfill": ("q", "overfill"),
    "pieces": ("n", "pieces"),
    "fee": ("what", "fee"),
    "fill_after_cancel": ("reads", "fill_after_cancel"),
    "hide_reads": ("k", "hide_reads"),
    "hide_fills": ("k", "hide_fills"),
    "reject_late": ("reason", "reject_late"),
}


@define
class Held:
    """A request that is carried out later. `lookups` is how many look-ups it waits for; None: until it is released. `arrived`: the venue
    has admitted it; else it is on its way."""

    call: Call
    route: Route
    lookups: int | None
    arrived: bool = True


@define(kw_only=True)
class Start:
    """How the sandbox begins, and begins again after a reset."""

    seed: int = 1
    now: int | None = None
    data: str = ""
    data_directory: str = ""
    keys: tuple[ApiKey, ...] = ()
    """Of exchanges of one's own, beside the throwaway keys of the three."""
    hosts: Mapping[tuple[str, str], str] = field(factory=dict)
    """Of the same, see `Sandbox.hosts`."""
    dialects: tuple[Dialect, ...] = ()
    """Protocols beside the sandbox's own, each with a venue of its own; they are asked first whether a request is theirs."""


@define
class Sandbox:
    """See the module. One account per venue."""

    start: Start = field(factory=Start)
    clock: SandboxClock = field(init=False)
    world: World = field(init=False)
    keyring: Keyring = field(init=False)
    faults: FaultQueue = field(init=False)
    recorder: Recorder = field(init=False)
    held: list[Held] = field(init=False, factory=list)
    banned_until: dict[str, int] = field(init=False, factory=dict)
    latency: dict[str, float] = field(init=False, factory=dict)
    hosts: dict[tuple[str, str], str] = field(init=False, factory=dict)
    """The environment of hosts of one's own, by the venue whose protocol they speak; empty for one that serves several."""

    def __attrs_post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin again: nothing ordered, nothing scripted, nothing recorded."""
        self.clock = SandboxClock(start=self.start.now)
        self.keyring, self.faults, self.recorder = Keyring((*throwaway_keys(), *self.start.keys)), FaultQueue(), Recorder()
        self.held, self.banned_until, self.latency, self.hosts = [], {}, {}, dict(self.start.hosts)
        with localcontext(MONEY):
            now = self.clock.now()
            prices = open_prices(Path(self.start.data), Path(self.start.data_directory), now) if self.start.data else None
            self.world = World(now, prices, (each.listed for each in self.start.dialects))
            for exchange in self.world.exchanges.values():
                exchange.books.last_number += self.start.seed * 100_000
                for wallet in sorted({exchange.books.rules.spot_wallet, exchange.books.rules.swap_wallet}):
                    exchange.treasury.endow(wallet, "USDT", ENDOWMENT)

    def tick(self) -> None:
        """Let the world come to what the clock says."""
        with localcontext(MONEY):
            self.world.advance(self.clock.now())

    @property
    def dialects(self) -> tuple[Dialect, ...]:
        """All that is spoken here."""
        return (*self.start.dialects, *DIALECTS)

    def received(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[Dialect, Route, Call] | None:
        """The dialect, route and call of a request; None where host or path are no venue's."""
        path, host = target.partition("?")[0], headers.get("x-orig-host", "").partition(":")[0]
        spoken = (each for each in self.dialects if path.startswith(each.prefixes))
        known = ((each, self._environment(each, host, headers) if host else "") for each in spoken)
        dialect, environment = next(((each, told) for each, told in known if told is not None), (None, None))
        if dialect is None or environment is None:
            return None
        exchange = self.world.exchanges[dialect.listed.rules.venue]
        call = Call(
            method=method, target=target, body=body, headers=headers, exchange=exchange,
            now=self.world.now + exchange.books.settings.skew, environment=environment,
        )  # fmt: skip
        return dialect, route_of(dialect.routes, method, path) or _UNKNOWN, call

    def _environment(self, dialect: Dialect, host: str, headers: Mapping[str, str]) -> str | None:
        found = dialect.environment(host, headers)
        return self.hosts.get((dialect.venue, host)) if found is None else found

    def admit(self, dialect: Dialect, route: Route, call: Call) -> Reply | None:
        """Read the parameters and check who asks; a reply if it is refused."""
        if route is _UNKNOWN:
            return dialect.unknown(call)
        try:
            dialect.parse(call)
            if route.right is not None:
                dialect.authenticate(call, self.keyring, route)
        except Turned as turned:
            return dialect.denial(turned.code, turned.text, turned.status)
        return None

    def carry_out(self, dialect: Dialect, route: Route, call: Call) -> Reply:
        """Do what an admitted request asks, and answer."""
        with localcontext(MONEY):
            try:
                result = route.handler(call)
            except Refused as refused:
                return dialect.refusal(call, route, refused)
            except Turned as turned:
                return dialect.denial(turned.code, turned.text, turned.status)
            except (ValueError, ArithmeticError) as error:
                return dialect.refusal(call, route, Refused(Why.BAD_PARAMETER, type(error).__name__))
            return dialect.success(call, route, result)

    def looked_up(self, venue: str, route: Route) -> None:
        """A look-up has been answered: requests that waited for it are carried out now."""
        if route.endpoint != "order.read":
            return
        for held in [each for each in self.held if each.call.exchange.venue == venue and each.lookups is not None]:
            assert held.lookups is not None
            held.lookups -= 1
            if held.lookups <= 0:
                self.let_go(held)

    def let_go(self, held: Held) -> None:
        """Carry out a request that was held, if it is admitted where it arrives now. Its deadline is checked; nobody gets the reply."""
        self.held.remove(held)
        self.tick()
        held.call.now = self.world.now + held.call.exchange.books.settings.skew
        dialect = next(each for each in self.dialects if each.listed.rules.venue == held.call.exchange.venue)
        if held.arrived or self.admit(dialect, held.route, held.call) is None:
            self.carry_out(dialect, held.route, held.call)


def quirks_of(verbs: tuple[Verb, ...]) -> Quirks:
    """What the verbs make of an order."""
    wanted: dict[str, Any] = {}
    for verb in verbs:
        if verb.stage is Stage.EFFECT:
            argument, name = _QUIRKS[verb.name]
            value = verb.arguments[argument]
            wanted[name] = Decimal(str(value)) if argument == "q" else value
    return Quirks(**wanted)

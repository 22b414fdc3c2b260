"""What control may do, by name. The Python client has a method for each; over HTTP it is `POST /NAME` with the arguments as JSON.

Figures are text or whole numbers, times ms. `venue` is a venue's name or `*`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

import attrs

from basis_venues.amounts import MONEY
from basis_venues.config.misfit import nearest

from ..core import Exchange, Refused
from ..faults.verbs import FOR_EVER, VERBS, Stage, Verb, verb
from ..keys import ANYWHERE, TRADING, ApiKey
from ..sandbox import Sandbox
from .shown import ledger

_SETTINGS = (
    "auto_transfer",
    "credit_delay",
    "dedupe",
    "funding_hours",
    "funding_late",
    "hedge_mode",
    "account_level",
    "history_window",
    "sub_account",
    "skew",
    "spread",
    "withdrawals_arrive",
)


class ControlError(Exception):
    """A control that there is not, or that makes no sense; says what is meant."""


class Controls:
    """All controls of one sandbox. Each public method is one."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Carry a control out by name. Raises `ControlError`."""
        known = sorted(each for each in dir(self) if not each.startswith("_") and each != "call")
        if name not in known:
            raise ControlError(f"there is no control {name!r}{nearest(name, known) or '; there are: ' + ', '.join(known)}")
        with localcontext(MONEY):
            self._sandbox.tick()
            try:
                return getattr(self, name)(**arguments)
            except InvalidOperation:
                raise ControlError(f"{name}: a figure is no number") from None
            except (Refused, ValueError, LookupError) as error:
                raise ControlError(f"{name}: {error}") from error

    def fault(
        self, venue: str, endpoint: str, verbs: Sequence[Mapping[str, Any]], times: int | None = None, skip: int = 0, contains: str = ""
    ) -> int:
        """Script verbs that strike together at an endpoint: see `Entry` for what names one. Verbs that change the venue itself do so at
        once. Answers the number of the entry, 0 where there is none."""
        exchanges = self._exchanges(venue)
        made = tuple(_verb(each) for each in verbs)
        for each in made:
            if each.stage is Stage.STATE:
                for exchange in exchanges:
                    self._change(exchange, each)
        queued = tuple(each for each in made if each.stage is not Stage.STATE)
        if not queued:
            return 0
        usual = FOR_EVER if all(VERBS[each.name].times == FOR_EVER for each in queued) else 1
        return self._sandbox.faults.add(venue, endpoint, queued, usual if times is None else times, skip, contains)

    def clear(self, venue: str = "*", number: int | None = None) -> None:
        """Forget what is scripted (one entry, or all of a venue), and lift bans."""
        if number is not None:
            self._sandbox.faults.remove(number)
            return
        self._sandbox.faults.clear(venue)
        for exchange in self._exchanges(venue):
            self._sandbox.banned_until.pop(exchange.venue, None)

    def faults(self) -> list[dict[str, Any]]:
        """What is still scripted."""
        return self._sandbox.faults.shown()

    def release(self, venue: str = "*") -> int:
        """Carry out the requests that are held, and let partly filled orders go on. Answers how many were held."""
        held = [each for each in self._sandbox.held if venue in ("*", each.call.exchange.venue)]
        for each in held:
            self._sandbox.let_go(each)
        for exchange in self._exchanges(venue):
            exchange.desk.release()
        return len(held)

    def reset(self, **start: Any) -> None:
        """Begin again, with another `seed`, `now`, `data` or `data_directory` if given."""
        self._sandbox.start = attrs.evolve(self._sandbox.start, **start)
        self._sandbox.reset()

    def time(self, now: int | None = None, running: bool = True) -> dict[str, Any]:
        """Go to a moment: forward through everything that happens until then, or back as if nothing had. Without one only tells it."""
        if now is not None:
            self._sandbox.clock.set(now, running)
            if now < self._sandbox.world.now:
                self._sandbox.world.rebase(now)
            self._sandbox.world.advance(now)
        return {"now": self._sandbox.clock.now(), "running": self._sandbox.clock.running}

    def jump(self, now: int, running: bool = True) -> dict[str, Any]:
        """Go to a moment as if nothing had happened on the way."""
        self._sandbox.clock.set(now, running)
        self._sandbox.world.rebase(now)
        return {"now": now, "running": running}

    def advance(self, milliseconds: int) -> dict[str, Any]:
        """Let time pass: funding is paid, credits arrive."""
        return self.time(self._sandbox.clock.now() + milliseconds, self._sandbox.clock.running)

    def price(self, symbol: str, price: str, venue: str = "*") -> None:
        """Move the books of a market, and fill what they reach."""
        for exchange in self._exchanges(venue):
            exchange.set_price(symbol, Decimal(price))

    def book(self, venue: str, symbol: str, bid: str, ask: str, bid_size: str | None = None, ask_size: str | None = None) -> None:
        """Move a book to exactly this top; sizes in base units, None for any amount."""
        sizes = [Decimal(each) if each is not None else None for each in (bid_size, ask_size)]
        for exchange in self._exchanges(venue):
            exchange.set_book(symbol, Decimal(bid), Decimal(ask), *sizes)

    def funding_rate(self, symbol: str, rate: str, venue: str = "*") -> None:
        """The rate of the fundings to come, unless a history says otherwise."""
        for exchange in self._exchanges(venue):
            exchange.books.market(symbol)
            exchange.books.funding_rates[symbol] = Decimal(rate)

    def endow(self, venue: str, wallet: str, asset: str, balance: str) -> None:
        """Give a wallet exactly this balance."""
        for exchange in self._exchanges(venue):
            if wallet not in exchange.books.rules.wallets:
                raise ControlError(f"{exchange.venue} has no wallet {wallet!r}: {', '.join(exchange.books.rules.wallets)}")
            exchange.treasury.endow(wallet, asset, Decimal(balance))

    def adjust(self, venue: str, kind: str, wallet: str, asset: str, amount: str) -> int:
        """Change a wallet for a reason of the venue's own, in the words of its log (Bybit's `BONUS`, OKX's type `7`)."""
        return self._exchange(venue).treasury.adjust(kind, wallet, asset, Decimal(amount))

    def deposit(self, venue: str, asset: str, amount: str, delay: int = 0, tx: str = "", source: str = "") -> int:
        """Let something arrive from outside, credited after `delay` ms. Answers the deposit's number."""
        return self._exchange(venue).treasury.deposit(asset, Decimal(amount), source=source, tx=tx, delay=delay).id

    def fail(self, venue: str, number: int) -> None:
        """Let a transfer, withdrawal or deposit that is under way fail."""
        treasury = self._exchange(venue).treasury
        for each in (*treasury.transfers, *treasury.withdrawals, *treasury.deposits):
            if each.id == number and each.status == "pending":
                treasury.fail(each)
                return
        raise ControlError(f"{venue} has nothing under way with the number {number}")

    def address(self, venue: str, asset: str) -> str:
        """Where deposits of an asset go."""
        return self._exchange(venue).treasury.address(asset)

    def setting(self, venue: str, name: str, value: Any) -> None:
        """Change a setting of the venue; see `Settings` of the core, and `latency` (seconds before each reply)."""
        for exchange in self._exchanges(venue):
            if name == "latency":
                self._sandbox.latency[exchange.venue] = float(value)
            elif name in _SETTINGS:
                setattr(exchange.books.settings, name, Decimal(value) if name == "spread" else value)
            else:
                raise ControlError(f"there is no setting {name!r}: {', '.join((*_SETTINGS, 'latency'))}")

    def market(self, venue: str, symbol: str, changes: Mapping[str, Any]) -> None:
        """Change a market's filters, fees or `trading`; an empty `changes` puts back what was listed."""
        for exchange in self._exchanges(venue):
            self._change_market(exchange, symbol, changes)

    def markets(self, venue: str) -> list[str]:
        """The symbols that a venue lists."""
        return sorted(self._exchange(venue).books.markets)

    def key(
        self, venue: str, key: str, secret: str, passphrase: str = "", environment: str = ANYWHERE, rights: Iterable[str] = tuple(TRADING)
    ) -> None:
        """Let a venue know another key."""
        name = self._exchange(venue).venue
        self._sandbox.keyring.add(
            ApiKey(venue=name, key=key, secret=secret, passphrase=passphrase, environment=environment, rights=frozenset(rights))
        )

    def host(self, venue: str, host: str, environment: str = "") -> None:
        """Let another host speak a venue's protocol; without an environment it serves all of them."""
        self._sandbox.hosts[self._exchange(venue).venue, host] = environment

    def permit(self, venue: str, right: str, allowed: bool = True) -> None:
        """Give all keys of a venue a right, or take it: read, spot, futures, transfer, withdraw."""
        for exchange in self._exchanges(venue):
            for key in self._sandbox.keyring.of(exchange.venue):
                rights = key.rights | {right} if allowed else key.rights - {right}
                self._sandbox.keyring.add(attrs.evolve(key, rights=rights))

    def requests(self, venue: str = "*", since: int = 0) -> list[dict[str, Any]]:
        """Every request after number `since`."""
        return self._sandbox.recorder.shown(venue, since)

    def counts(self, since: int = 0) -> dict[str, Any]:
        """How many requests, writes and reads per venue and endpoint, and connections per host."""
        return self._sandbox.recorder.counts(since)

    def ledger(self, venue: str) -> dict[str, Any]:
        """All that the venue holds to be true: balances, positions, orders, fills, payments, movements, entries."""
        return ledger(self._exchange(venue))

    def state(self) -> dict[str, Any]:
        """Whether it is up, and how it stands."""
        clock = self._sandbox.clock
        return {"now": clock.now(), "running": clock.running, "seed": self._sandbox.start.seed,
        "requests": len(self._sandbox.recorder.records),
                "held": len(self._sandbox.held), "faults": len(self._sandbox.faults.shown())}  # fmt: skip

    def _exchange(self, venue: str) -> Exchange:
        found = self._sandbox.world.exchanges.get(venue)
        if found is None:
            raise ControlError(f"there is no venue {venue!r}: {', '.join(self._sandbox.world.exchanges)}")
        return found

    def _exchanges(self, venue: str) -> list[Exchange]:
        return list(self._sandbox.world.exchanges.values()) if venue == "*" else [self._exchange(venue)]

    def _change(self, exchange: Exchange, verb: Verb) -> None:
        said, settings = verb.arguments, exchange.books.settings
        match verb.name:
            case "server_time":
                settings.skew = int(said["offset"])
            case "ban":
                self._sandbox.banned_until[exchange.venue] = self._sandbox.world.now + int(float(said["seconds"]) * 1000)
            case "dedupe":
                settings.dedupe = said["rule"]
            case "history_window":
                settings.history_window = int(said["milliseconds"])
            case "delay_credit":
                settings.credit_delay = int(said["milliseconds"])
            case "filters":
                self._change_market(exchange, said["symbol"], said["changes"])
            case "halt_symbol":
                self._change_market(exchange, said["symbol"], {"trading": not said["halted"]})
            case "account_mode":
                settings.hedge_mode, settings.account_level = bool(said["hedge"]), int(said["level"])

    def _change_market(self, exchange: Exchange, symbol: str, changes: Mapping[str, Any]) -> None:
        if not changes:
            exchange.books.markets[symbol] = next(market for market in exchange.listed.markets if market.symbol == symbol)
            return
        known = attrs.fields_dict(type(exchange.books.market(symbol)))
        wrong = sorted(set(changes) - set(known))
        if wrong:
            raise ControlError(f"a market has no {', '.join(wrong)}: {', '.join(known)}")
        exchange.change_market(symbol, **{name: _figure(value) for name, value in changes.items()})


def _verb(said: Mapping[str, Any]) -> Verb:
    arguments = dict(said)
    return verb(arguments.pop("verb", ""), arguments)


def _figure(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) else value

"""The control client: a method for each control, over one plain HTTP request each."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from typing import Any

Script = str | Mapping[str, Any]
"""A verb: its name, or a mapping with `verb` and its arguments."""


class ControlFailed(Exception):
    """The sandbox did not do it; the text says why."""


class Control:
    """Steers a running sandbox. Figures are text (or whole numbers), times ms; `venue` is a venue's name or `*`."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def fault(
        self, venue: str, endpoint: str, *verbs: Script, times: int | None = None, skip: int = 0, contains: str = "", **arguments: Any
    ) -> int:
        """Script verbs that strike the next request to `endpoint` together: `fault("okx", "order.create", "accept_then_hang")`,
        `fault("okx", "order.create", "partial", q="0.4")`, or several as mappings. `times=-1` for every request until `clear`.
        Raises `ControlFailed`, also for a verb or an argument that there is not."""
        said = [{"verb": each} if isinstance(each, str) else dict(each) for each in verbs]
        if arguments:
            if len(said) != 1:
                raise ControlFailed("arguments beside several verbs: give each verb its own mapping")
            said[0] |= arguments
        return int(self._call("fault", venue=venue, endpoint=endpoint, verbs=said, times=times, skip=skip, contains=contains))

    def clear(self, venue: str = "*", number: int | None = None) -> None:
        """Forget what is scripted, and lift bans."""
        self._call("clear", venue=venue, number=number)

    def faults(self) -> list[dict[str, Any]]:
        """What is still scripted."""
        return list(self._call("faults"))

    def release(self, venue: str = "*") -> int:
        """Carry out the requests that are held, and let partly filled orders go on."""
        return int(self._call("release", venue=venue))

    def refuse(self) -> None:
        """Refuse connections to the venues until `listen`."""
        self._call("refuse")

    def listen(self) -> None:
        """Take connections again."""
        self._call("listen")

    def reset(self, **start: Any) -> None:
        """Begin again; `seed`, `now`, `data`, `data_directory` if they are to be others."""
        self._call("reset", **start)

    def time(self, now: int | None = None, running: bool = True) -> int:
        """Go to a moment, through all that happens on the way; without one only tells it. Answers the moment, ms."""
        return int(self._call("time", now=now, running=running)["now"])

    def jump(self, now: int, running: bool = True) -> int:
        """Go to a moment as if nothing had happened on the way."""
        return int(self._call("jump", now=now, running=running)["now"])

    def advance(self, milliseconds: int) -> int:
        """Let time pass. Answers the moment, ms."""
        return int(self._call("advance", milliseconds=milliseconds)["now"])

    def price(self, symbol: str, price: str, venue: str = "*") -> None:
        """Move the books of a market."""
        self._call("price", symbol=symbol, price=price, venue=venue)

    def book(self, venue: str, symbol: str, bid: str, ask: str, bid_size: str | None = None, ask_size: str | None = None) -> None:
        """Move a book to exactly this top; sizes in base units."""
        self._call("book", venue=venue, symbol=symbol, bid=bid, ask=ask, bid_size=bid_size, ask_size=ask_size)

    def funding_rate(self, symbol: str, rate: str, venue: str = "*") -> None:
        """The rate of the fundings to come."""
        self._call("funding_rate", symbol=symbol, rate=rate, venue=venue)

    def endow(self, venue: str, wallet: str, asset: str, balance: str) -> None:
        """Give a wallet exactly this balance. Binance: spot, futures, funding; Bybit and OKX: trading, funding."""
        self._call("endow", venue=venue, wallet=wallet, asset=asset, balance=balance)

    def adjust(self, venue: str, kind: str, wallet: str, asset: str, amount: str) -> int:
        """Change a wallet for a reason of the venue's own, in the words of its log (Bybit's `BONUS`, OKX's type `7`)."""
        return int(self._call("adjust", venue=venue, kind=kind, wallet=wallet, asset=asset, amount=amount))

    def deposit(self, venue: str, asset: str, amount: str, delay: int = 0, tx: str = "", source: str = "") -> int:
        """Let something arrive from outside, credited after `delay` ms."""
        return int(self._call("deposit", venue=venue, asset=asset, amount=amount, delay=delay, tx=tx, source=source))

    def fail(self, venue: str, number: int) -> None:
        """Let a movement that is under way fail."""
        self._call("fail", venue=venue, number=number)

    def address(self, venue: str, asset: str) -> str:
        """Where deposits of an asset go."""
        return str(self._call("address", venue=venue, asset=asset))

    def setting(self, venue: str, name: str, value: Any) -> None:
        """Change a setting of the venue."""
        self._call("setting", venue=venue, name=name, value=value)

    def market(self, venue: str, symbol: str, **changes: Any) -> None:
        """Change a market's filters, fees or `trading`; without changes put back what was listed."""
        self._call("market", venue=venue, symbol=symbol, changes=changes)

    def markets(self, venue: str) -> list[str]:
        """The symbols that a venue lists: `BTC/USDT` is spot, `BTC/USDT:USDT` a perpetual."""
        return list(self._call("markets", venue=venue))

    def key(self, venue: str, key: str, secret: str, **more: Any) -> None:
        """Let a venue know another key: `passphrase`, `environment` (mainnet, testnet, any), `rights`."""
        self._call("key", venue=venue, key=key, secret=secret, **more)

    def host(self, venue: str, host: str, environment: str = "") -> None:
        """Let another host speak a venue's protocol: that of an exchange of one's own. `environment`: mainnet or testnet, where it serves
        one of them alone."""
        self._call("host", venue=venue, host=host, environment=environment)

    def permit(self, venue: str, right: str, allowed: bool = True) -> None:
        """Give all keys of a venue a right (read, spot, futures, transfer, withdraw), or take it."""
        self._call("permit", venue=venue, right=right, allowed=allowed)

    def requests(self, venue: str = "*", since: int = 0) -> list[dict[str, Any]]:
        """Every request after number `since`."""
        return list(self._call("requests", venue=venue, since=since))

    def counts(self, since: int = 0) -> dict[str, Any]:
        """How many requests, writes and reads per venue and endpoint, and connections per host."""
        return dict(self._call("counts", since=since))

    def ledger(self, venue: str) -> dict[str, Any]:
        """All that the venue holds to be true."""
        return dict(self._call("ledger", venue=venue))

    def state(self) -> dict[str, Any]:
        """How the sandbox stands."""
        return dict(self._call("state"))

    def balances(self, venue: str) -> dict[str, dict[str, str]]:
        """wallet -> asset -> balance."""
        return dict(self.ledger(venue)["balances"])

    def orders(self, venue: str, client_ids: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """The orders that the venue took, or those with the given client ids."""
        wanted = None if client_ids is None else set(client_ids)
        return [order for order in self.ledger(venue)["orders"] if wanted is None or order["client_id"] in wanted]

    def _call(self, control: str, /, **arguments: Any) -> Any:
        request = urllib.request.Request(f"{self.url}/{control}", json.dumps(arguments).encode(), {"Content-Type": "application/json"})
        try:
            with self._opener.open(request, timeout=30) as reply:
                return json.load(reply)["result"]
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode(errors="replace")
            raise ControlFailed(_reason(text)) from None


def _reason(text: str) -> str:
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text[:200]

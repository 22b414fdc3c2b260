"""The sandbox exchange in place of a venue, and one client of the plugin that acts on it.

The sandbox keeps a ledger and counts requests, so that what a client says is judged by what happened. Credentials are throwaway ones;
nothing but the loopback may be reached.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal, localcontext
from itertools import accumulate, repeat
from operator import mul
from typing import TYPE_CHECKING, Any

import attrs

from basis_venues.actions import Action
from basis_venues.amounts import MONEY, floor_to
from basis_venues.attempts import attempt_key
from basis_venues.clock import SystemClock
from basis_venues.config.credentials import throwaway
from basis_venues.config.venues import Destination
from basis_venues.contract import ClientContext, VenueClient
from basis_venues.errors import BasisError, Denied, GuardRefused
from basis_venues.guard import check_host
from basis_venues.manifest import Manifest
from basis_venues.network import Network
from basis_venues.orders import Step
from basis_venues.secret import Secret
from basis_venues.series import price

from ...promises import blocked_by
from ...samples import HOUR
from ...simulation.stage import Plenty, Stage
from ...subject import Subject
from ..course import Course, own_folder
from ..scene import Act, Answer, Double, heard, raised
from ..staging import QUICK_MS, Staged
from .course import ExchangeCourse
from .moves import MoveScene
from .scene import BLIND, LOST, ExchangeScene

if TYPE_CHECKING:
    from basis_venues_sandbox.dialect import Dialect

WORTH = Decimal(5000)
"""About what a trade with the double is worth, in the market's quote."""
LOOPBACK = "127.0.0.1"
SOMEWHERE = "0x00000000000000000000000000000000000000aa"
"""Where a sample's withdrawal goes that names an account and no address."""
ODD = Decimal("1.0001074")
"""What the double makes of a sample's price: a figure that no float holds."""
MUCH = Decimal("98765432109.00000001")
"""What every balance of the double has on top: a float has not so many digits."""
CHEAP = Decimal("0.97")
"""What a purchase that rests offers, to the price."""
MOVED = Decimal("1.001")
"""By so much the price moves before each order of those that are given together: twice that is less than any price band."""


class ExchangeDouble(Double):
    """The sandbox as an exchange."""

    losses = tuple(LOST)
    turnings = ("limit", "maintenance")
    blindings = tuple(BLIND)

    def __init__(self, subject: Subject, spoken: Dialect, running: Any) -> None:
        super().__init__(subject)
        self.dialect = spoken.venue
        self._spoken = spoken
        self.control = running.control
        self.url = running.url
        self._credentials = throwaway(subject.manifest, Network.TESTNET)
        self.secrets = self.told = tuple(each.reveal() for each in self._credentials.values() if isinstance(each, Secret))

    def act(
        self, stage: Stage, do: Act[Answer], *, waits: bool = False, hasty: bool = False, network: Network = Network.TESTNET,
        asked: Mapping[str, Any] | None = None,
    ) -> Answer:  # fmt: skip
        """Do something in a fresh scene: the sample's market order, a limit order that rests, or as `asked`, ready to be sent."""
        self.must_be_open(stage)
        with localcontext(MONEY) as money:
            step = self._step(stage, {"side": "buy", **asked} if asked else self._resting(stage) if waits else {})
            back = self._step(stage, _back(stage, self.trade(stage, {})))
            self.begin(stage)

            async def go() -> Answer:
                with localcontext(money):
                    client = self._client(network, hasty=hasty)
                    try:
                        await client.open()
                        return await do(ExchangeScene(self.control, self._spoken, client, stage, step, back))
                    finally:
                        await client.close()

            return asyncio.run(go())

    def door(self, stage: Stage) -> str:
        """The market."""
        return str(stage.sample.action.symbol)  # type: ignore[attr-defined]

    def hindrance(self, stage: Stage) -> str:
        """The market is not there, the client does not open, or does not prepare the order."""
        symbol, listed = self.door(stage), self.control.markets(self.dialect)
        if symbol not in listed:
            return f"the sandbox does not list {symbol} where it speaks {self.dialect}; give a sample one of {', '.join(listed)}"
        with localcontext(MONEY):
            step = self._step(stage, {})
            self.begin(stage)
            try:
                return asyncio.run(self._unprepared(step))
            except Exception as error:
                return f"the client does not open: {raised(error, self._subject)}"

    async def _unprepared(self, step: Step) -> str:
        """Why an open client does not prepare the order."""
        client = self._client(Network.TESTNET)
        try:
            await client.open()
            try:
                await client.prepare(step, attempt_key("conformance", "kit", step.id, 0))
            except Exception as error:
                return f"the order cannot be prepared: {raised(error, self._subject)}"
        finally:
            await client.close()
        return ""

    def strays(self, stage: Stage) -> list[str]:
        """A trade on each network of the manifest: everything that goes to the sandbox in place of one of its hosts."""
        return [text for name, rule in self._subject.manifest.networks.items() for text in self._strays(stage, Network(name), rule.hosts)]

    def _strays(self, stage: Stage, network: Network, own: Collection[str]) -> list[str]:
        async def do(scene: ExchangeScene) -> None:
            prepared = await scene.prepared()
            await scene.send(prepared)
            await heard(scene.client.lookup(prepared))

        try:
            self.act(stage, do, network=network)
        except BasisError as error:
            return [f"on {network.value} nothing can be asked: {error}"]
        told = [(f"{each['method']} {each['path']}", each["host"]) for each in self.control.requests(self.dialect)]
        return [
            f"on {network.value} {what} is meant for {host or 'no host (X-Orig-Host)'}; the manifest names {', '.join(own)}"
            for what, host in dict.fromkeys(told)
            if not names_host(host, own)
        ]

    def moves(self, stage: Stage) -> list[str]:
        """The sample's transfer or withdrawal: plainly, with each reply lost, and with nothing to move."""
        with localcontext(MONEY):
            step = stage.plan(Plenty())[0]
            return [text for fault in ("", *LOST, "empty") for text in self._moved(step, fault)]

    def _moved(self, step: Step, fault: str) -> list[str]:
        self.control.reset()
        self._introduce()

        async def go() -> list[str]:
            with localcontext(MONEY):
                client = self._client(self._real(), _listed(step), hasty=True)
                try:
                    await client.open()
                    return await MoveScene(self.control, self.dialect, client, step).problems(fault)
                finally:
                    await client.close()

        return asyncio.run(go())

    def _real(self) -> Network:
        """Where money comes and goes: networks for tests have neither deposits nor withdrawals at many venues."""
        return Network.MAINNET if Network.MAINNET.value in self._subject.manifest.networks else Network.TESTNET

    def credits(self, stage: Stage) -> list[str]:
        """A deposit."""
        asset = stage.sample.action.symbol.partition("/")[2].partition(":")[0]  # type: ignore[attr-defined]
        if asset not in self._spoken.listed.rules.coins:
            return []
        try:
            return self.act(stage, lambda scene: scene.credited(asset), network=self._real())
        except GuardRefused:  # L2-14 tells it
            return []

    def begin(self, stage: Stage) -> None:
        """The sandbox afresh, with the sample's price, and with hosts and keys that it knows."""
        symbol = stage.sample.action.symbol  # type: ignore[attr-defined]
        self.control.reset()
        self.control.price(symbol, str(stage.market.value(price(stage.subject.venue, symbol)) * ODD), self.dialect)
        for wallet, assets in self.control.balances(self.dialect).items():
            for asset, balance in assets.items():
                self.control.endow(self.dialect, wallet, asset, f"{Decimal(balance) + MUCH:f}")
        self._introduce()

    def _introduce(self) -> None:
        """Let the sandbox know keys and hosts."""
        for names in key_sets(self._credentials):
            key, secret, passphrase = (_revealed(self._credentials[name]) if name else "" for name in names)
            self.control.key(self.dialect, key, secret, passphrase=passphrase)
        for host, environment in hosts_of(self._subject.manifest).items():
            self.control.host(self.dialect, host, environment)

    def trade(self, stage: Stage, changes: Mapping[str, Any]) -> Any:
        """A market order of the sample's symbol, worth about `WORTH` and with a lot more than is round, with `changes`."""
        sample: Any = stage.sample.action
        lot = stage.model.limits(sample).lot or Decimal("0.001")
        quantity = floor_to(WORTH / stage.market.value(price(stage.subject.venue, sample.symbol)), lot) + lot
        side = "buy" if type(sample).__name__ == "SpotTrade" else sample.side
        return type(sample)(**({"id": "sample", "symbol": sample.symbol, "side": side, "quantity": quantity, **changes}))

    def _step(self, stage: Stage, changes: Mapping[str, Any]) -> Step:
        """The step of a trade, as the model plans it."""
        sample: Any = stage.sample.action
        try:
            return stage.model.plan(stage.order._replace(action=self.trade(stage, changes)), Plenty(), stage.market)[0]
        except Exception as error:
            blocked_by("L1-3", f"{type(sample).__name__} of {sample.symbol}: {error}")

    def changed(self, stage: Stage) -> list[str]:
        """An order of each kind: how long it stands, and its price."""
        symbol = stage.sample.action.symbol  # type: ignore[attr-defined]
        tick = next(each.tick for each in self._spoken.listed.markets if each.symbol == symbol)
        low, high = (floor_to(stage.market.value(price(stage.subject.venue, symbol)) * share, tick) + tick for share in (CHEAP, MOVED))
        rests = {"order_type": "limit", "price": low, "good_for": HOUR}
        kinds: Mapping[str, Mapping[str, Any]] = {
            "gtc": rests,
            "post_only": {**rests, "order_type": "post_only"},
            "ioc": {"order_type": "limit", "time_in_force": "ioc", "price": high},
            "fok": {"order_type": "limit", "time_in_force": "fok", "price": high},
        }
        return [text for kind, asked in kinds.items() for text in self.act(stage, _as_asked(kind, asked["price"]), asked=asked)]

    def _resting(self, stage: Stage) -> Mapping[str, Any]:
        symbol = stage.sample.action.symbol  # type: ignore[attr-defined]
        low = (stage.market.value(price(stage.subject.venue, symbol)) * CHEAP).to_integral_value()
        return {"side": "buy", "order_type": "limit", "price": low, "good_for": HOUR}

    def _client(self, network: Network, destinations: tuple[Destination, ...] = (), *, hasty: bool = False) -> VenueClient:
        subject = self._subject
        settings: Any = subject.settings[subject.venue]
        settings = attrs.evolve(settings, destinations=(*settings.destinations, *destinations))
        if hasty and hasattr(settings, "request_timeout_ms"):
            settings = attrs.evolve(settings, request_timeout_ms=QUICK_MS)
        context = ClientContext(
            venue=subject.venue, account=subject.accounts[subject.manifest.account.alias], network=network, settings=settings,
            credentials=self._credentials, endpoints={"base": self.url}, allowed_hosts=frozenset({LOOPBACK}), clock=SystemClock(),
            manifest=subject.manifest,
        )  # fmt: skip
        client: VenueClient = subject.plugins.call(subject.venue, "create_client", context=context)
        return client

    def course(self, stage: Stage) -> AbstractContextManager[Course]:
        """The sample's market order, carried out by the core."""
        self.must_be_open(stage)
        return self._opened(stage, self._traded(stage))

    @contextmanager
    def together(self, stage: Stage) -> Iterator[Course]:
        """The sample's market order, and one that takes half of it back at another price: what that brings hangs on the first one."""
        self.must_be_open(stage)
        first = self._traded(stage)
        with self._opened(stage, first, attrs.evolve(first, id="back", **_back(stage, first))) as course:
            prices = accumulate(repeat(MOVED), mul, initial=stage.market.value(price(stage.subject.venue, first.symbol)))
            course.at_send = lambda: self.control.price(first.symbol, str(next(prices)), self.dialect)
            yield course

    def _traded(self, stage: Stage) -> Any:
        return self.trade(stage, {"venue": self._subject.venue})

    @contextmanager
    def _opened(self, stage: Stage, *actions: Action) -> Iterator[Course]:
        self.begin(stage)
        venue = self._subject.venue
        quick = {"request_timeout_ms": QUICK_MS} if hasattr(self._subject.settings[venue], "request_timeout_ms") else {}
        with own_folder() as folder:
            staged = Staged(self._subject, folder, {venue: {"base": self.url}}, {venue: {**self._subject.changes, **quick}})
            figures = None if self._subject.plugins.implements(venue, "market_data") else stage.market
            yield ExchangeCourse(staged, self.control, self.dialect, figures, *actions)


def _as_asked(kind: str, at: Decimal) -> Act[list[str]]:
    async def do(scene: ExchangeScene) -> list[str]:
        try:
            prepared = await scene.prepared()
        except Denied:  # the venue has no such kind
            return []
        await scene.send(prepared)
        return scene.otherwise(kind, at)

    return do


def _listed(step: Step) -> tuple[Destination, ...]:
    """Where the step's withdrawal goes, as an operator would have listed it."""
    move: Any = step.actions[0]
    if move.target == move.source:
        return ()
    return (Destination(address=move.address or SOMEWHERE, label=move.target, tag=move.tag),)


def _back(stage: Stage, trade: Any) -> Mapping[str, Any]:
    """What makes of a trade one that takes half of it back."""
    half = floor_to(trade.quantity / 2, stage.model.limits(trade).lot or Decimal("0.001"))
    return {"side": "sell" if trade.side == "buy" else "buy", "quantity": half}


def key_sets(names: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The names of key, secret and passphrase of each API key, or nothing for what is not declared: `spot_api_key` goes with
    `spot_secret`."""
    for name in names:
        if name.endswith("api_key"):
            prefix = name.removesuffix("api_key")
            secret, passphrase = (each if each in names else "" for each in (f"{prefix}secret", f"{prefix}passphrase"))
            yield name, secret, passphrase


def hosts_of(manifest: Manifest) -> dict[str, str]:
    """host -> the network that it serves, or nothing where it serves several."""
    found: dict[str, str] = {}
    for network, rule in manifest.networks.items():
        for host in rule.hosts:
            found[host] = "" if host in found else network
    return found


def names_host(host: str, own: Collection[str]) -> bool:
    """Whether the manifest's hosts, which may be patterns, name this one."""
    try:
        check_host("", host, own)
    except GuardRefused:
        return False
    return True


def _revealed(value: Secret | str) -> str:
    return value.reveal() if isinstance(value, Secret) else value

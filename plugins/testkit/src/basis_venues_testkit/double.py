"""The venue's double: the sandbox exchange in place of the venue, and one client of the plugin that acts on it.

The sandbox keeps a ledger and counts requests, so that what a client says is judged by what happened. Credentials are throwaway ones;
nothing but the loopback may be reached.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal, localcontext
from typing import Any, NamedTuple, TypeVar

import attrs

from basis_venues.amounts import MONEY, floor_to
from basis_venues.attempts import attempt_key
from basis_venues.clock import SystemClock
from basis_venues.config.credentials import throwaway
from basis_venues.contract import ClientContext, VenueClient
from basis_venues.keys import Key
from basis_venues.network import Network
from basis_venues.orders import Prepared, Report, Step
from basis_venues.secret import Secret
from basis_venues.series import price

from .promises import blocked_by, not_tried
from .samples import Sample
from .stage import Stage
from .subject import Subject
from .works import Plenty

Answer = TypeVar("Answer")

WORTH = Decimal(5000)
"""About what a trade with the double is worth, in the market's quote."""
LOOPBACK = "127.0.0.1"
QUICK_MS = 600
"""How long a client waits for an answer, where its settings have `request_timeout_ms`: replies get lost on purpose."""


class Heard(NamedTuple):
    """What a client answered to one call: its report, or what it raised."""

    report: Report | None
    error: Exception | None = None

    @property
    def state(self) -> str:
        """The report's state; whatever was raised means UNKNOWN."""
        return "UNKNOWN" if self.report is None else self.report.state.value

    @property
    def text(self) -> str:
        """For people."""
        return f"{type(self.error).__name__}: {self.error}" if self.report is None else f"{self.state} {self.report.reason}".strip()


async def heard(call: Awaitable[Report]) -> Heard:
    """Wait for a report, or what is raised instead."""
    try:
        return Heard(await call)
    except Exception as error:
        return Heard(None, error)


class Scene:
    """One trade about to be made by an open client with the double."""

    def __init__(self, double: Double, client: VenueClient, stage: Stage, step: Step) -> None:
        self.client = client
        self.stage = stage
        self.step = step
        self.control = double.control
        self.dialect = double.dialect
        self.secrets = double.secrets

    @property
    def trade(self) -> Any:
        """The action."""
        return self.step.actions[0]

    @property
    def keys(self) -> tuple[Key, ...]:
        """The positions that the trade touches."""
        return self.stage.model.touches(self.step.order, Plenty())

    async def prepared(self, number: int = 0) -> Prepared:
        """The write of that attempt."""
        return await self.client.prepare(self.step, attempt_key("conformance", "kit", self.step.id, number))

    def fault(self, verb: str, endpoint: str = "order.create", **arguments: Any) -> None:
        """Let the next request to an endpoint meet with this."""
        self.control.fault(self.dialect, endpoint, verb, **arguments)

    def mark(self) -> int:
        """How many requests there were."""
        return int(self.control.state()["requests"])

    def writes(self, since: int) -> list[str]:
        """The write requests after number `since`, by endpoint."""
        return [each["endpoint"] for each in self.control.requests(self.dialect, since) if each["writes"]]

    def orders(self) -> list[Mapping[str, Any]]:
        """What the venue's ledger has of orders."""
        return list(self.control.ledger(self.dialect)["orders"])

    def filled(self) -> Decimal:
        """How much the ledger's first order filled."""
        orders = self.orders()
        return Decimal(orders[0]["filled"]) if orders else Decimal(0)

    def traded(self, report: Report) -> Decimal:
        """How much the effects of a report say was traded: the change of the base balance or of the position, without fees."""
        base = self.trade.symbol.partition("/")[0]
        named = (f":perp:{self.trade.symbol}", f":balance:{base}")
        lines = [amount for effect in report.effects for key, amount in effect.lines if key.endswith(named)]
        return abs(sum(lines, Decimal(0)))

    def shows(self, report: Report, quantity: Decimal) -> bool:
        """Whether the effects say that this much was traded; a fee may have been taken from it."""
        return quantity * Decimal("0.99") <= self.traded(report) <= quantity


Act = Callable[[Scene], Awaitable[Answer]]


class Double:
    """The sandbox as the venue. Begins again for every trade."""

    def __init__(self, subject: Subject, dialect: str, running: Any) -> None:
        self.dialect = dialect
        self.control = running.control
        self._subject = subject
        self._url = running.url
        networks = subject.manifest.networks
        self._network = Network.TESTNET if "testnet" in networks else Network.MAINNET
        self._credentials = throwaway(subject.manifest, self._network)
        self.secrets = tuple(each.reveal() for each in self._credentials.values() if isinstance(each, Secret))
        self.lost: dict[str, Any] = {}
        """What was found of sends whose replies were lost, by trade: several promises are about them."""

    def act(self, stage: Stage, do: Act[Answer], **changes: Any) -> Answer:
        """Do something in a fresh scene: the sample's market order, with `changes`, ready to be sent."""
        with localcontext(MONEY) as money:
            step = self._step(stage, changes)
            self._begin(stage)

            async def go() -> Answer:
                with localcontext(money):
                    client = self._client()
                    try:
                        await client.open()
                        return await do(Scene(self, client, stage, step))
                    finally:
                        await client.close()

            return asyncio.run(go())

    def _step(self, stage: Stage, changes: Mapping[str, Any]) -> Step:
        """The step of a trade of the sample's market, as the model plans it."""
        sample: Any = stage.sample.action
        lot = stage.model.limits(sample).lot or Decimal("0.001")
        quantity = floor_to(WORTH / stage.market.value(price(stage.subject.venue, sample.symbol)), lot)
        side = "buy" if type(sample).__name__ == "SpotTrade" else sample.side
        trade = type(sample)(**({"id": "sample", "symbol": sample.symbol, "side": side, "quantity": quantity, **changes}))
        order = stage.order._replace(action=trade)
        try:
            return stage.model.plan(order, Plenty(), stage.market)[0]
        except Exception as error:
            blocked_by("L1-3", f"{type(trade).__name__} of {sample.symbol}: {error}")

    def _begin(self, stage: Stage) -> None:
        """The sandbox afresh, with the sample's price, and with keys that it knows."""
        symbol = stage.sample.action.symbol  # type: ignore[attr-defined]
        self.control.reset()
        self.control.price(symbol, str(stage.market.value(price(stage.subject.venue, symbol))), self.dialect)
        for names in key_sets(self._credentials):
            key, secret, passphrase = (_revealed(self._credentials[name]) if name else "" for name in names)
            self.control.key(self.dialect, key, secret, passphrase=passphrase)

    def _client(self) -> VenueClient:
        subject = self._subject
        settings: Any = subject.settings[subject.venue]
        if hasattr(settings, "request_timeout_ms"):
            settings = attrs.evolve(settings, request_timeout_ms=QUICK_MS)
        context = ClientContext(
            venue=subject.venue, account=subject.accounts[subject.manifest.account.alias], network=self._network, settings=settings,
            credentials=self._credentials, endpoints={"base": self._url}, allowed_hosts=frozenset({LOOPBACK}), clock=SystemClock(),
        )  # fmt: skip
        client: VenueClient = subject.plugins.call(subject.venue, "create_client", context=context)
        return client


def key_sets(names: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The names of key, secret and passphrase (or nothing) of each API key: `spot_api_key` goes with `spot_secret`."""
    for name in names:
        if name.endswith("api_key"):
            prefix = name.removesuffix("api_key")
            passphrase = f"{prefix}passphrase"
            yield name, f"{prefix}secret", passphrase if passphrase in names else ""


def _revealed(value: Secret | str) -> str:
    return value.reveal() if isinstance(value, Secret) else value


@contextmanager
def double_of(subject: Subject, dialect: str) -> Iterator[Double]:
    """The double of a venue. Leaves the asking promise out where there is none."""
    if not subject.plugins.implements(subject.venue, "create_client"):
        not_tried("it has no create_client yet: it acts in simulation alone")
    if not dialect:
        not_tried("no double stands in for it: where the sandbox speaks the venue's protocol, say so with `dialect`")
    try:
        from basis_venues_sandbox.exchange.running import running_sandbox
    except ImportError:
        not_tried("the double is not installed: pip install basis-venues-sandbox")
    with running_sandbox() as running:
        yield Double(subject, dialect, running)


@contextmanager
def overheard() -> Iterator[list[str]]:
    """Every log record of the process meanwhile, as text with its traceback, whatever its level."""
    said: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(self.format(record))

    root, ear = logging.getLogger(), Ear()
    before = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    try:
        yield said
    finally:
        root.removeHandler(ear)
        root.setLevel(before)


def traded_sample(sample: Sample | None) -> Sample:
    """The sample; where no sample is a trade there is nothing to ask the double for."""
    if sample is None:
        not_tried("no sample is a trade on a market, which is what the double is asked for")
    return sample

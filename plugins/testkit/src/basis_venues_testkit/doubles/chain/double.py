"""The sandbox's chain in place of the venue's: real contracts on a real node, and a shim in front of it that plays the faults.

What happened is read from the chain past the plugin and past the shim.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from decimal import Decimal, localcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from basis_venues.actions import Action
from basis_venues.amounts import MONEY
from basis_venues.assemble import Assembly
from basis_venues.attempts import attempt_key
from basis_venues.contract import StepFails, VenueClient
from basis_venues.errors import BasisError, Denied, MissingData, PluginRefused
from basis_venues.fold import fold
from basis_venues.keys import BALANCE, Key, split_key
from basis_venues.orders import Order, Ref, Step, deltas
from basis_venues.positions import Positions
from basis_venues.secret import Secret
from basis_venues.states import SUCCEEDED
from basis_venues.venues import Venue

from ...promises import does_not_apply, not_tried
from ...samples import Sample
from ...simulation.stage import Stage, order_of
from ...subject import Subject
from ..course import Course, own_folder
from ..scene import Act, Answer, Double, heard, raised
from ..staging import QUICK_MS, WALLET, KitClock, Staged
from .course import ChainCourse
from .scene import BLIND, LOST, TURNED_AWAY, Begun, ChainScene
from .view import ChainView

if TYPE_CHECKING:
    from basis_venues_sandbox.deployment import Deployment

URL_KEY = "kit-canary-8d1f3a"
"""The double's URL carries a key, as those of providers do."""
LOCAL = "local"
"""What the contracts of a chain on this machine are filed under."""
_BASE_FEE = 10**9


class NoWay(Exception):
    """Why a sample cannot be led to where it begins."""


class ChainDouble(Double):
    """The sandbox's chain. Each sample's way to where it begins is gone once; its scenes go back there."""

    losses = tuple(LOST)
    turnings = tuple(TURNED_AWAY)
    blindings = tuple(BLIND)
    evident = ("UNKNOWN", "ACCEPTED")  # that it waits in the pool is seen by its hash, whatever became of the reply

    def __init__(self, subject: Subject, chain: Any, deployment: Deployment | None = None) -> None:
        super().__init__(subject)
        self.control = chain.control
        self._url = f"{chain.url}/v2/{URL_KEY}"
        self._view = ChainView(chain.control, getattr(subject.settings[subject.venue], "tokens", {}), deployment)
        self._home = self.control.snapshot()
        self._begun: tuple[str, Begun] | None = None
        self.secrets = self.told = (URL_KEY,)

    def act(self, stage: Stage, do: Act[Answer], *, waits: bool = False, hasty: bool = False) -> Answer:
        """Do something in a fresh scene: the last transaction of the sample's plan, ready to be sent."""
        self.must_be_open(stage)
        with localcontext(MONEY) as money:

            async def go() -> Answer:
                with localcontext(money):
                    begun = await self._begin(stage)
                    clock = KitClock()
                    async with self._opened(clock) as assembly:
                        client, accounts = client_of(assembly, stage.subject.venue), self._addresses(assembly)
                        return await do(ChainScene(self._view, accounts, clock, client, stage, begun))

            return asyncio.run(go())

    def door(self, stage: Stage) -> str:
        """The sample: each has a way of its own to where it begins."""
        return repr(stage.sample)

    def hindrance(self, stage: Stage) -> str:
        """The way cannot be gone, or what is to be tried cannot be planned at its end, or not prepared."""
        with localcontext(MONEY):
            return asyncio.run(self._hindered(stage))

    async def _hindered(self, stage: Stage) -> str:
        what = "the sample cannot be led to where it begins"
        try:
            step = (await self._begin(stage)).step
            what = "the transaction cannot be prepared"
            async with self._opened(KitClock()) as assembly:
                client = client_of(assembly, stage.subject.venue)
                await client.prepare(step, attempt_key("conformance", "kit", step.id, 0))
        except NoWay as why:
            return str(why)
        except Exception as error:
            return f"{what}: {raised(error, self._subject)}"
        return ""

    def strays(self, stage: Stage) -> list[str]:
        """A node's host is the user's own, and what it answers names its chain."""
        does_not_apply("a node is asked where the user's endpoint says, and only on a chain id of the manifest")

    def course(self, stage: Stage) -> AbstractContextManager[Course]:
        """The sample's action with all of its transactions, carried out by the core."""
        return self._world(stage, stage.order.action)

    def together(self, stage: Stage) -> AbstractContextManager[Course]:
        """The sample's action twice. Gas costs what it costs in each block."""
        return self._world(stage, stage.order.action, attrs.evolve(stage.order.action, id="again"))

    @contextmanager
    def _world(self, stage: Stage, *actions: Action) -> Iterator[Course]:
        self.must_be_open(stage)

        async def go() -> None:
            with localcontext(MONEY):
                await self._begin(stage, whole=True)

        asyncio.run(go())
        with own_folder() as folder:
            yield ChainCourse(self._staged(folder), self._view, *actions)

    def _addresses(self, assembly: Assembly) -> dict[str, str]:
        """Where the run's accounts on the chain are, as far as that is known."""
        access: Any = assembly.factory.chain(self._subject.venue)
        found = {}
        for alias in assembly.environment.accounts:
            try:
                found[alias] = str(access.address_of(alias))
            except Denied:
                continue
        return found

    @asynccontextmanager
    async def _opened(self, clock: KitClock) -> AsyncIterator[Assembly]:
        """The parts of a run, with open clients: the wallet's first, as it keeps the balances."""
        with tempfile.TemporaryDirectory() as folder:
            assembly = self._staged(Path(folder)).assemble(clock)
            clients = [venue.client for venue in sorted(assembly.parts.venues, key=lambda each: each.name != WALLET)]
            self.secrets = (URL_KEY, *_secrets(assembly))
            try:
                for client in clients:
                    await client.open()
                yield assembly
            finally:
                await assembly.market.close()
                for client in clients:
                    await client.close()

    def _staged(self, folder: Path) -> Staged:
        """The configuration of a run on this chain."""
        placed = {"contracts": {LOCAL: self._view.contracts}} if self._view.contracts else {}
        own = {self._subject.venue: {**self._subject.changes, **placed}}
        wallet = {"transactions": {"timeout_ms": QUICK_MS}} | dict(own.get(WALLET, {}))
        try:
            return Staged(self._subject, folder, {WALLET: {"rpc": self._url}}, own | {WALLET: wallet})
        except PluginRefused as error:
            not_tried(f"the double's wallet is not there: {error}")

    async def _begin(self, stage: Stage, *, whole: bool = False) -> Begun:
        """Where the sample begins: gone to once, and gone back to while scenes of the same sample follow. `whole`: before the first of
        its own steps, not before the last."""
        name = f"{whole} {stage.sample!r}"
        self._clear()
        if self._begun is not None and self._begun[0] == name:
            begun = self._begun[1]
            self.control.revert(begun.snapshot)
        else:
            self.leave()
            begun = await self._lead(stage, whole)
        begun = begun._replace(snapshot=self.control.snapshot())
        self._begun = name, begun
        self.control.reset_counts()
        return begun

    def leave(self) -> None:
        """Go back to the chain as it was before; a snapshot is spent by it, and with it all that were taken later."""
        self._clear()
        self.control.revert(self._home)
        self._home, self._begun = self.control.snapshot(), None

    def _clear(self) -> None:
        self.control.clear_faults()
        self.control.automine(True)
        self.control.rpc.call("anvil_dropAllTransactions")
        self.control.base_fee(_BASE_FEE)

    async def _lead(self, stage: Stage, whole: bool) -> Begun:
        """Go the way: what comes first, what is to be held, and the steps before the last."""
        sample = stage.sample
        if not (sample.first or sample.is_simple):
            beyond = ", ".join(key for key in sample.holds if split_key(key).kind != BALANCE)
            not_tried(f"it holds {beyond}, which the double does not give: name the actions that lead to it in the sample's `first`")
        async with self._opened(KitClock()) as assembly:
            held = Positions()
            for number, action in enumerate(sample.first):
                order = order_of(stage.subject, attrs.evolve(action, id=f"first{number}"))
                await self._carry_out(assembly, await self._planned(assembly, self._sent_to(assembly, order), held), held)
            if sample.first:
                self._view.proceed()
            self._give(assembly, sample, 2 if whole else 1)
            *before, last = await self._planned(assembly, stage.order, held)
            if not whole:
                await self._carry_out(assembly, before, held)
            return Begun("", last, held, *((None, None) if whole else (_foreseen(assembly, last, held), _gas(assembly, last))))

    def _sent_to(self, assembly: Assembly, order: Order) -> Order:
        """The order at the venue that offers such an action: one of the run's."""
        name = type(order.action).__name__
        for venue in (order.venue, *(each.name for each in assembly.parts.venues)):
            offered = assembly.factory.manifest(venue).actions.values()
            if any(name in classes for classes in offered):
                account = assembly.environment.account_of(venue)
                return order._replace(venue=venue, account=order.action.account or account.alias, lane=account.lane)
        return order

    async def _planned(self, assembly: Assembly, order: Order, held: Positions) -> tuple[Step, ...]:
        """The plan on what the accounts hold and the market says now. What the venue's own data does not tell, it would not tell live."""
        model, market = assembly.factory.model(order.venue), assembly.market
        try:
            asked = [series for venue in assembly.parts.venues for series in _asked(venue, order)]
            await market.refresh(asked)
            for series in asked:
                if series.partition(":")[0] == order.venue and self._subject.plugins.implements(order.venue, "market_data"):
                    market.value(series)
            await self._read(assembly, model.touches(order, held), held)
            return model.plan(order, held, market)
        except BasisError as error:
            raise NoWay(f"{type(order.action).__name__} cannot be planned on the double: {error}") from None

    async def _read(self, assembly: Assembly, keys: tuple[Key, ...], held: Positions) -> None:
        """What the accounts hold, from those who answer for it."""
        venues = assembly.parts.venues
        for venue in venues:
            own = [key for key in keys if (owner := venues.owner(key)) is not None and owner.name == venue.name]
            held.update((await venue.client.positions(own, 0)).values if own else {})

    async def _carry_out(self, assembly: Assembly, steps: tuple[Step, ...] | list[Step], held: Positions) -> None:
        for step in steps:
            client = client_of(assembly, step.order.venue)
            prepared = await client.prepare(step, attempt_key("conformance", "kit", step.id, 0))
            await heard(client.send(prepared))
            await self._view.mined()
            said = await heard(client.lookup(prepared))
            if said.report is None or said.report.state not in SUCCEEDED:
                raise NoWay(f"on the way to where the sample begins, {step.actions[-1]} ended {said.text}")
            held.apply(said.report.effects)

    def _give(self, assembly: Assembly, sample: Sample, times: int) -> None:
        """Top balances up to what the sample holds, so many times."""
        where = self._addresses(assembly)
        for key, amount in sample.holds.items():
            account, kind, asset = split_key(key)
            if kind == BALANCE and account in where and asset in self._view.decimals:
                self._view.top_up(asset, where[account], times * amount)


def _foreseen(assembly: Assembly, step: Step, held: Positions) -> Mapping[Key, Decimal] | None:
    models = {name: assembly.factory.model(name) for action in step.actions for name in [action.venue or step.order.venue]}
    try:
        return deltas(fold(models, step, held, assembly.market, Ref("planned", 0)))
    except MissingData:
        return None
    except StepFails as failure:
        raise NoWay(f"the model says of what is on the chain now that {step.actions[-1]} would fail: {failure}") from None


def _gas(assembly: Assembly, step: Step) -> Decimal | None:
    """What the model says that the transaction itself costs."""
    try:
        cost = assembly.factory.model(step.order.venue).cost(step, assembly.market, Ref("planned", 0))
    except MissingData:
        return None
    return None if cost is None else -sum((amount for _, amount in cost.lines), Decimal(0))


def client_of(assembly: Assembly, venue: str) -> VenueClient:
    """The client of a venue of the run."""
    return next(each.client for each in assembly.parts.venues if each.name == venue)


def _asked(venue: Venue, order: Order) -> Iterator[str]:
    """The figures that the venue's model asks for where it carries out the order, or a leg of it."""
    parts = [order.action] if venue.name == order.venue else []
    for action in (*parts, *getattr(order.action, "legs", ())):
        yield from venue.model.series(action)


def _secrets(assembly: Assembly) -> tuple[str, ...]:
    """Every secret of the run, without its prefix."""
    values = (value for venue in assembly.parts.venues for value in assembly.environment.credentials(venue.name).values())
    return tuple(value.reveal().removeprefix("0x") for value in values if isinstance(value, Secret))

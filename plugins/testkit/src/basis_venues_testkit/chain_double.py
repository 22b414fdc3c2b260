"""The sandbox's chain in place of the venue's: real contracts on a real node, and a shim in front of it that plays the faults.

What happened is read from the chain past the plugin and past the shim: the wallet's transactions, and what its accounts hold.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any, NamedTuple

import attrs

from basis_venues.actions import Action
from basis_venues.amounts import MONEY, from_units, to_units
from basis_venues.assemble import Assembly
from basis_venues.attempts import attempt_key
from basis_venues.clock import Clock, SystemClock
from basis_venues.contract import VenueClient
from basis_venues.errors import BasisError, Denied, PluginRefused
from basis_venues.keys import BALANCE, Key, split_key
from basis_venues.orders import Order, Prepared, Report, Step, deltas
from basis_venues.positions import Positions
from basis_venues.secret import Secret
from basis_venues.states import SUCCEEDED
from basis_venues.venues import Venue

from .course import Course, own_folder
from .promises import broken, does_not_apply, not_tried
from .samples import Sample
from .scene import Act, Answer, Double, Heard, Scene, heard
from .stage import Stage, order_of
from .staging import QUICK_MS, WALLET, KitClock, Staged
from .subject import Subject

SEND = "eth_sendRawTransaction"
LOST: Mapping[str, Any] = {
    "accept_then_timeout": 2,
    "accept_then_status": 503,
    "accept_then_reset": None,
    "accept_then_error": "the answer got lost",
    "garbage": None,
}
"""Replies that are lost or damaged after the node took the transaction, in the sandbox's words, with their values."""
TURNED_AWAY: Mapping[str, tuple[str, Any]] = {"429": ("status", 429), "503": ("status", 503), "drop": ("drop", None)}
"""The node does not take the transaction now."""
BLIND: Mapping[str, tuple[str, Any]] = {
    "503": ("status", 503),
    "429": ("status", 429),
    "garbage": ("garbage", None),
    "null_receipt": ("null_receipt", None),
}
"""Nothing can be read, or receipts never come."""
STUCK_MS = 200_000
"""Longer than any transaction waits before one with a higher fee takes its place."""
URL_KEY = "kit-canary-8d1f3a"
"""The double's URL carries a key, as those of providers do."""
_REVERTS = "0x60006000fd"
_DUST = 10**12
_BASE_FEE = 10**9
_MOMENTS, _LOOKS, _MOMENT_S = 50, 500, 0.01
_SHARES = "stETH"
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


class Begun(NamedTuple):
    """Where a sample's scenes begin: the chain's snapshot, the step that is sent, and what the accounts hold."""

    snapshot: str
    step: Step
    held: Positions


class ChainScene(Scene):
    """One transaction about to be sent."""

    def __init__(self, double: ChainDouble, assembly: Assembly, clock: KitClock, stage: Stage, begun: Begun) -> None:
        super().__init__(client_of(assembly, stage.subject.venue), stage, begun.step, begun.held)
        self.control = double.control
        self.clock = clock
        self.since = self.control.block_number()
        self._double = double
        self._accounts = double.addresses(assembly)
        self._before = self._balances()
        self._code: tuple[str, str] | None = None

    async def send(self, prepared: Prepared) -> Heard:
        """Send it; the node mines a moment after it has answered."""
        said = await super().send(prepared)
        await mined(self.control)
        return said

    def mark(self) -> int:
        """How many transactions were sent."""
        return int(self.control.counts().calls.get(SEND, 0))

    def writes(self, since: int) -> list[str]:
        """The requests that carried a transaction."""
        return [SEND] * (self.mark() - since)

    def happened(self) -> str:
        """The wallet's transactions that were mined and not undone."""
        done = done_since(self.control, self.since)
        return f"was mined as {' and '.join(done)}" if done else ""

    def shows(self, report: Report) -> bool:
        """Whether the effects change each balance as it changed on the chain, to the last unit."""
        told, now = deltas(report.effects), self._balances()
        return bool(report.effects) and all(now[key] - self._before[key] == told.get(key, 0) for key in now if key in self._before)

    def shown(self, report: Report) -> str:
        """The change of each balance."""
        return ", ".join(f"{key} {amount:+f}" for key, amount in deltas(report.effects).items()) or "no effects"

    def strangers(self, prepared: Prepared) -> list[str]:
        """Transactions of the wallet that the attempt does not name; more or fewer than one."""
        mined = mined_since(self.control, self.since)
        return [
            *([f"{len(mined)} transactions of the wallet were mined"] if len(mined) != 1 else []),
            *(f"{each} was mined, which is nowhere in what was prepared" for each in mined if each not in str(prepared.payload)),
        ]

    def lose(self, how: str) -> None:
        """One of `LOST`."""
        self.control.fault(how, LOST[how], method=SEND)

    def refuse_strangely(self, words: str = "") -> None:
        """An error code that no client has."""
        self.control.fault("refuse", words or "an error that nobody has seen")

    def turn_away(self, how: str) -> None:
        """One of `TURNED_AWAY`."""
        verb, value = TURNED_AWAY[how]
        self.control.fault(verb, value, method=SEND, times=1)

    def blind(self, how: str) -> None:
        """One of `BLIND`."""
        verb, value = BLIND[how]
        self.control.fault(verb, value, times=0)

    def impoverish(self) -> None:
        """The wallet cannot pay for its gas."""
        self.control.rpc.call("anvil_setBalance", self.control.addresses.wallet, hex(_DUST))

    def cut_short(self, prepared: Prepared) -> None:
        """What the transaction calls reverts, from just before it arrives."""
        to = prepared.payload.get("to")
        if not isinstance(to, str) or not _ADDRESS.fullmatch(to):
            not_tried("the payload does not say under `to` what the transaction calls, which the double lets revert")
        self._code = (to, str(self.control.rpc.call("eth_getCode", to, "latest")))
        self.control.fault("mutate_between", [["anvil_setCode", [to, _REVERTS]]])

    def mend(self) -> None:
        """The contract is what it was."""
        if self._code is not None:
            self.control.rpc.call("anvil_setCode", *self._code)

    def refined(self) -> Step | None:
        """The step with one digit more than any token has."""
        *others, last = self.step.actions
        name = next((each for each in ("amount", "flash_amount") if isinstance(getattr(last, each, None), Decimal)), None)
        if name is None:
            return None
        change: dict[str, Any] = {name: getattr(last, name) + Decimal("1e-19")}
        return self.step._replace(actions=(*others, attrs.evolve(last, **change)))

    def hold_still(self) -> None:
        """Fees and simulation hang on the block, and when it was signed on the clock."""
        self.clock.held = self.clock.now()

    def unnamed(self, first: Prepared, other: Prepared) -> list[str]:
        """A transaction is found by its hash; a second attempt takes the same nonce, so that both cannot happen."""
        known = self.control.rpc.call("web3_sha3", first.payload["raw"]) if "raw" in first.payload else ""
        return [
            *(["the payload has no signed bytes under `raw`: after a crash they could not be sent again"] if not known else []),
            *([f"the hash {known} is nowhere in what is to be sent"] if known and known not in str(first.payload) else []),
            *(["another attempt takes another nonce"] if other.payload.get("nonce") != first.payload.get("nonce") else []),
        ]

    async def waiting(self) -> list[str]:
        """A transaction that waits is told so; one with a higher fee takes its place, and one of them is mined."""
        prepared = await self.prepared()
        self.control.automine(False)
        await heard(self.client.send(prepared))
        waiting = await heard(self.client.lookup(prepared))
        self.clock.ahead += STUCK_MS
        replaced = await self.client.replace(prepared)
        if replaced is None:
            return ["it waits for longer than it should, and replace offers nothing in its place"]
        mark = self.mark()
        await heard(self.client.send(replaced))
        writes = self.writes(mark)
        self.control.mine()
        over = await heard(self.client.lookup(replaced))
        return [
            *([f"the look-up of a transaction that waits says {waiting.text}"] if waiting.state != "ACCEPTED" else []),
            *([f"the replacement made {len(writes)} write requests"] if len(writes) != 1 else []),
            *self.strangers(replaced),
            *([f"it was mined, and the look-up says {over.text}"] if over.report is None or not self.shows(over.report) else []),
        ]

    def _balances(self) -> dict[Key, Decimal]:
        return {
            f"{alias}:{BALANCE}:{asset}": self._double.held(asset, address)
            for alias, address in self._accounts.items()
            for asset in self._double.decimals
        }


class ChainDouble(Double):
    """The sandbox's chain. Each sample's way to where it begins is gone once; its scenes go back there."""

    losses = tuple(LOST)
    turnings = tuple(TURNED_AWAY)
    blindings = tuple(BLIND)
    evident = ("UNKNOWN", "ACCEPTED")  # that it waits in the pool is seen by its hash, whatever became of the reply

    def __init__(self, subject: Subject, chain: Any) -> None:
        super().__init__()
        self.control = chain.control
        self.url = f"{chain.url}/v2/{URL_KEY}"
        self._subject = subject
        self._home = self.control.snapshot()
        self._begun: tuple[str, Begun] | None = None
        self.decimals = {"ETH": 18} | {
            asset: int(self.control.owner.read(address, "decimals()(uint8)")) for asset, address in self.control.addresses.tokens.items()
        }
        """Digits of each asset that there is."""
        self.secrets = self.told = (URL_KEY,)

    def act(self, stage: Stage, do: Act[Answer], *, waits: bool = False) -> Answer:
        """Do something in a fresh scene: the last transaction of the sample's plan, ready to be sent."""
        with localcontext(MONEY) as money:

            async def go() -> Answer:
                with localcontext(money):
                    begun = await self._begin(stage)
                    clock = KitClock()
                    async with self._opened(clock) as assembly:
                        return await do(ChainScene(self, assembly, clock, stage, begun))

            return asyncio.run(go())

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
        async def go() -> None:
            with localcontext(MONEY):
                await self._begin(stage, whole=True)

        asyncio.run(go())
        with own_folder() as folder:
            yield ChainCourse(self.staged(folder), self.control, *actions)

    def held(self, asset: str, address: str) -> Decimal:
        """What an account has; of what rebases, its shares."""
        if asset == _SHARES:
            units = int(self.control.owner.read(self.control.addresses.lido.steth, "sharesOf(address)(uint256)", address))
        else:
            units = self.control.balance(asset, address)
        return from_units(units, self.decimals[asset])

    def addresses(self, assembly: Assembly) -> dict[str, str]:
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
            assembly = self.staged(Path(folder)).assemble(clock)
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

    def staged(self, folder: Path) -> Staged:
        """The configuration of a run on this chain."""
        own = {self._subject.venue: self._subject.changes}
        wallet = {"transactions": {"timeout_ms": QUICK_MS}} | dict(own.get(WALLET, {}))
        try:
            return Staged(self._subject, folder, {WALLET: {"rpc": self.url}}, own | {WALLET: wallet})
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
                self.control.lido.finalize()
            self._give(assembly, sample, 2 if whole else 1)
            *before, last = await self._planned(assembly, stage.order, held)
            if not whole:
                await self._carry_out(assembly, before, held)
            return Begun("", last, held)

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
        """The plan on what the accounts hold and the market says now."""
        model, market = assembly.factory.model(order.venue), assembly.market
        try:
            await market.refresh([series for venue in assembly.parts.venues for series in _asked(venue, order)])
            await self._read(assembly, model.touches(order, held), held)
            return model.plan(order, held, market)
        except BasisError as error:
            broken(f"{type(order.action).__name__} cannot be planned on the double: {error}")

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
            await mined(self.control)
            said = await heard(client.lookup(prepared))
            if said.report is None or said.report.state not in SUCCEEDED:
                broken(f"on the way to where the sample begins, {step.actions[-1]} ended {said.text}")
            held.apply(said.report.effects)

    def _give(self, assembly: Assembly, sample: Sample, times: int) -> None:
        """Top balances up to what the sample holds, so many times."""
        where = self.addresses(assembly)
        for key, amount in sample.holds.items():
            account, kind, asset = split_key(key)
            if kind == BALANCE and account in where and asset in self.decimals:
                missing = times * amount - self.held(asset, where[account])
                if missing > 0:
                    self.control.give(asset, where[account], to_units(missing, self.decimals[asset]))


def client_of(assembly: Assembly, venue: str) -> VenueClient:
    """The client of a venue of the run."""
    return next(each.client for each in assembly.parts.venues if each.name == venue)


class ChainCourse(Course):
    """A plan of transactions on the sandbox's chain."""

    timeless = "no time is in what is signed: its fence is its nonce"

    def __init__(self, staged: Staged, control: Any, *actions: Action) -> None:
        super().__init__(staged, *actions)
        self._control = control
        self._since = control.block_number()

    def clock(self) -> Clock:
        """The machine's: the node mines when it likes."""
        return SystemClock()

    def count(self) -> int:
        """The wallet's transactions that were mined and not undone."""
        return len(done_since(self._control, self._since))

    def befall(self, what: str) -> None:
        """One of the losses or turnings."""
        verb, value = TURNED_AWAY.get(what, (what, LOST.get(what)))
        self._control.fault(verb, value, method=SEND, times=1)

    def delay(self) -> None:
        """The node has it, and mines nothing."""
        self._control.automine(False)
        self._control.fault("accept_then_reset")

    async def late(self) -> str:
        """The node forgets what was looked for while it waited, and mines what comes then."""
        try:
            if not await self._comes(lambda: waiting_in(self._control)):
                return "no transaction waits in the pool"
            before = self._looks()
            if not await self._comes(lambda: self._looks() > before):
                return "nobody looked for the transaction"
            return "the transaction was mined before it was looked for" if self.count() else ""
        finally:
            self._control.rpc.call("anvil_dropAllTransactions")
            self._control.automine(True)

    async def _comes(self, what: Callable[[], object]) -> bool:
        """Wait for it; whether it came."""
        for _ in range(_LOOKS):
            if what():
                return True
            await asyncio.sleep(_MOMENT_S)
        return False

    def _looks(self) -> int:
        """How often a transaction was asked for by its hash."""
        return int(self._control.counts().calls.get("eth_getTransactionByHash", 0))

    def skew(self, milliseconds: int) -> None:
        """It concerns nothing: see `timeless`."""

    def take_back(self) -> None:
        """The newest block is replaced by an empty one."""
        self._control.reorg(1)


async def mined(control: Any) -> None:
    """Wait until nothing waits in the pool any more."""
    for _ in range(_MOMENTS):
        if not waiting_in(control):
            break
        await asyncio.sleep(_MOMENT_S)


def waiting_in(control: Any) -> int:
    """How many transactions wait in the pool to be mined."""
    return int(control.rpc.call("txpool_status")["pending"], 16)


def mined_since(control: Any, since: int) -> list[str]:
    """The hashes of the wallet's transactions in the blocks after `since`."""
    wallet, rpc = control.addresses.wallet.lower(), control.rpc
    blocks = (rpc.call("eth_getBlockByNumber", hex(number), True) for number in range(since + 1, control.block_number() + 1))
    return [each["hash"] for block in blocks for each in block["transactions"] if each["from"].lower() == wallet]


def done_since(control: Any, since: int) -> list[str]:
    """Those of them that were not undone."""
    return [each for each in mined_since(control, since) if control.rpc.call("eth_getTransactionReceipt", each)["status"] == "0x1"]


def _asked(venue: Venue, order: Order) -> Iterator[str]:
    """The figures that the venue's model asks for where it carries out the order, or a leg of it."""
    parts = [order.action] if venue.name == order.venue else []
    for action in (*parts, *getattr(order.action, "legs", ())):
        yield from venue.model.series(action)


def _secrets(assembly: Assembly) -> tuple[str, ...]:
    """Every secret of the run, without its prefix."""
    values = (value for venue in assembly.parts.venues for value in assembly.environment.credentials(venue.name).values())
    return tuple(value.reveal().removeprefix("0x") for value in values if isinstance(value, Secret))

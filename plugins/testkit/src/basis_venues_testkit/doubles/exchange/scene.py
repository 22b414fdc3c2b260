"""One trade about to be made with the sandbox exchange, whose ledger and count of requests tell what happened."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from basis_venues.amounts import ZERO
from basis_venues.contract import VenueClient
from basis_venues.keys import Key
from basis_venues.orders import Effect, Prepared, Report, Step, deltas
from basis_venues.states import CLOSED

from ...simulation.stage import Plenty, Stage
from ..scene import PROOFS, Heard, Scene, heard

if TYPE_CHECKING:
    from basis_venues_sandbox.dialect import Dialect

Strike = tuple[str, Mapping[str, Any]]
"""A fault in the sandbox's words: a verb, and its arguments."""
LOST: Mapping[str, Strike] = {
    "accept_then_hang": ("accept_then_hang", {"seconds": 5}),
    "accept_then_status": ("accept_then_status", {"status": 503, "kind": "html"}),
    "a page with status 400": ("accept_then_status", {"status": 400, "kind": "html"}),
    **{verb: (verb, {}) for verb in ("accept_then_reset", "truncate", "garbage", "html_200", "empty_200", "omit_id")},
}
"""Replies that are lost or damaged after the venue took the order."""
BLIND: Mapping[str, Strike] = {
    **{verb: (verb, {}) for verb in ("endpoint_down", "maintenance", "garbage", "limit", "html_200", "empty_200")},
    "a page with status 404": ("endpoint_down", {"status": 404, "kind": "html"}),
    "no answer": ("drop", {"then": "hang", "seconds": 5}),
}
"""Every answer is one of these."""
FINEST = "0.00000001"
"""A lot of which any order is many."""
STRANGE = 98765
"""A code that no venue has: it proves nothing."""
GIFT = Decimal("1234.56789")
"""What is deposited, of the market's quote."""
CHEAPER = Decimal("0.998")
"""The price that an order is filled at in part, to its own."""
STRANGER = "NEVER_SEEN"
"""What `fuzz` puts in place of a value."""
ANSWERS, BENDS = 2, 120
"""How many answers of a look-up are bent, and in how many ways each at most."""
Looked = TypeVar("Looked")
_RESTING = ("ACCEPTED", "PARTIAL")
LEAST = Decimal("0.99")
"""So much of what was bought is there at least: a fee may have been taken from it."""


def _same(one: Report, other: Report | None) -> bool:
    """Whether two reports tell the same end, fill by fill. A new id or asset, which could be one, is told as what it says it is."""
    if STRANGER in repr(one.effects):
        return True
    return other is not None and one.state is other.state and {e.id: e.lines for e in one.effects} == {e.id: e.lines for e in other.effects}


def _ends(said: Heard) -> bool:
    return said.report is not None and said.report.state in CLOSED


class ExchangeScene(Scene):
    """One trade about to be made. `spoken`: the protocol that the sandbox speaks."""

    leeway = 5_000

    def __init__(self, control: Any, spoken: Dialect, client: VenueClient, stage: Stage, step: Step, back: Step) -> None:
        super().__init__(client, stage, step, Plenty())
        self.control = control
        self.dialect = spoken.venue
        self._spoken = spoken
        self._back = back

    @property
    def steps(self) -> tuple[Step, ...]:
        """The trade, and one that takes half of it back: a purchase and a sale."""
        return self.step, self._back

    @property
    def trade(self) -> Any:
        """The action."""
        return self.step.actions[0]

    def mark(self) -> int:
        """How many requests there were."""
        return int(self.control.state()["requests"])

    def moment(self) -> int:
        """The sandbox's time, ms."""
        return int(self.control.time())

    def writes(self, since: int) -> list[str]:
        """The write requests after number `since`, by endpoint."""
        return [each["endpoint"] for each in self.control.requests(self.dialect, since) if each["writes"]]

    def happened(self) -> str:
        """How much was filled."""
        filled = self._filled()
        return f"filled {filled} of an order over {self._orders()[0]['quantity']}" if filled else ""

    def shows(self, report: Report) -> bool:
        """Whether the effects say that as much was traded as was filled; a fee may have been taken from it."""
        filled = self._filled()
        return filled * LEAST <= self._traded(report.effects) <= filled

    def shown(self, report: Report) -> str:
        """How much was traded."""
        return f"{self._traded(report.effects)} traded"

    def strangers(self, prepared: Prepared) -> list[str]:
        """Orders under other client ids; more or fewer than one."""
        orders = self._orders()
        names = {each["client_id"] for each in orders} - {prepared.key}
        return [
            *([f"the venue has {len(orders)} orders, and not the one that was sent"] if len(orders) != 1 else []),
            *(f"the venue has it as {name!r}, not as {prepared.key!r}" for name in names),
            *(f"the venue has an order over {size}, and {self.trade.quantity} was asked for" for size in self._other_sizes(orders)),
        ]

    def otherwise(self, kind: str, at: Decimal) -> list[str]:
        """What the venue has of an order of that kind and price as something else."""
        return [
            f"a {kind} order at {at} came to the venue as {each['time_in_force']} at {each['price']}"
            for each in self._orders()
            if each["time_in_force"] != kind or Decimal(each["price"]) != at
        ]

    def _other_sizes(self, orders: Sequence[Mapping[str, Any]]) -> list[Decimal]:
        sizes = [Decimal(each["quantity"]) for each in orders]
        return [size for size in sizes if size != self.trade.quantity]

    def lose(self, how: str) -> None:
        """One of `LOST`."""
        verb, arguments = LOST[how]
        self._fault(verb, **arguments)

    def refuse_strangely(self, words: str = "") -> None:
        """A code that no venue has."""
        self._fault("deny", code=STRANGE, text=words or "a code that nobody has seen", status=400)

    def turn_away(self, how: str) -> None:
        """Too many requests, or maintenance."""
        self._fault(how)

    def blind(self, how: str) -> None:
        """One of `BLIND`."""
        verb, arguments = BLIND[how]
        self.control.fault(self.dialect, "*", verb, times=-1, **arguments)

    def deafen(self) -> None:
        """Whatever reads is answered that the venue is down."""
        self.control.fault(self.dialect, "reads", "endpoint_down", times=-1)

    def impoverish(self) -> None:
        """No wallet holds anything to pay with."""
        for wallet in self.control.balances(self.dialect):
            self.control.endow(self.dialect, wallet, "USDT", "0")

    def cut_short(self, prepared: Prepared) -> None:
        """Less than half is filled."""
        self._fault("partial", q="0.4")

    def scatter(self) -> None:
        """Three fills."""
        self._fault("pieces", n=3)

    def lag(self) -> None:
        """The order is shown as filled before its fills are listed."""
        self._fault("hide_fills", k=4)

    def mend(self) -> None:
        """Nothing is broken by a part."""

    def refined(self) -> Step:
        """The same step: the lot has become one that it is no multiple of."""
        lot = self.trade.quantity * Decimal("0.4")
        self.control.fault(self.dialect, "*", "filters", symbol=self.trade.symbol, changes={"lot": f"{lot.normalize():f}"})
        return self.step

    def hold_still(self) -> None:
        """The request hangs on step and key alone."""

    def unnamed(self, first: Prepared, other: Prepared) -> list[str]:
        """The key is the order's name."""
        return [
            *([f"the key {first.key} is nowhere in what is to be sent"] if first.key not in str(first.payload) else []),
            *([f"another key changes nothing in what is to be sent: {other.payload}"] if other.payload == first.payload else []),
        ]

    def left_over(self) -> list[str]:
        """A market order stands for as much as is there, and never waits for more."""
        return ["the rest of a market order stays in the book, and may be filled at any time"] if self._resting() else []

    async def bent(self) -> list[str]:
        """Look at what was done, with a field of an answer gone, renamed, or with a value that was never seen: what is then told as over is
        what was done."""
        prepared = await self.prepared()
        await self.send(prepared)
        done = await heard(self.client.lookup(prepared))
        found: dict[str, str] = {}
        async for what, said in self._bending(lambda: heard(self.client.lookup(prepared))):
            if said.report is not None and said.report.state in CLOSED and not _same(said.report, done.report):
                found.setdefault(what, f"{said.text}, {self.shown(said.report)}")
        return [
            *(f"an answer with a field bent ({what}) is believed: the look-up says {told}" for what, told in found.items()),
            *await self._bent_positions(),
        ]

    async def bent_at_rest(self) -> list[str]:
        """The same of an order that rests: whatever is bent, it is not over."""
        prepared = await self.prepared()
        await self.send(prepared)
        ended = {what: said.text async for what, said in self._bending(lambda: heard(self.client.lookup(prepared))) if _ends(said)}
        return [
            f"an answer with a field bent ({what}) is believed: the look-up of an order that rests says {t}" for what, t in ended.items()
        ]

    async def _bent_positions(self) -> list[str]:
        """The same of positions. A coin or market that was never seen is one, and nobody else's."""
        true = await self._held()
        found: dict[str, str] = {}
        async for what, held in self._bending(self._held):
            off = [f"{key} is {value}, not {true.get(key)}" for key, value in held.items() if value != true.get(key)]
            if off and not what.endswith("strange"):
                found.setdefault(what, off[0])
        return [f"an answer with a field bent ({what}) is believed: {told}" for what, told in found.items()]

    async def _held(self) -> Mapping[Key, Decimal]:
        """The positions; none where they cannot be read."""
        try:
            return (await self.client.positions(self.keys, 0)).values
        except Exception:
            return {}

    async def _bending(self, look: Callable[[], Awaitable[Looked]]) -> AsyncIterator[tuple[str, Looked]]:
        """Look again and again, with each field of each answer bent in each way: what was bent, and what was seen."""
        for skip in range(ANSWERS):
            first = None
            for seed in range(BENDS):
                mark = self.mark()
                self.control.fault(self.dialect, "*", "fuzz", seed=seed, skip=skip)
                seen = await look()
                self.control.clear(self.dialect)
                bent = [f"{each['endpoint']}: {each['fuzzed']}" for each in self.control.requests(self.dialect, mark) if each["fuzzed"]]
                if not bent or bent[0] == first:  # there is no such answer, or all of its fields had their turn
                    break
                first = first or bent[0]
                yield bent[0], seen

    async def doubted(self) -> list[str]:
        """Codes that prove nothing by the exchange's own words; and that the name is taken, which proves that it has the order."""
        prepared, told = await self.prepared(), {}
        for number, answer in enumerate(self._spoken.unsettled):
            self._fault("accept_then_deny", **answer)
            told[f"{answer['code']} says that nobody knows, and the order was taken"] = await self.send(await self.prepared(number))
        self._fault("duplicate_error")
        told["the venue says that it has an order of that name already"] = await self.send(prepared)
        return [f"{what}: send says {said.text}" for what, said in told.items() if said.state in PROOFS]

    async def crowded(self) -> list[str]:
        """Two orders with more fills than fit into an answer, at two moments, neither of which fills one: the history has them all."""
        self.control.fault(self.dialect, "*", "filters", symbol=self.trade.symbol, changes={"lot": FINEST})
        began, count, filled = self.moment(), self._spoken.most_fills * 11 // 20, self.trade.quantity * 2
        keys = [await self._sent_in_pieces(len(self.steps) + number, count) for number in range(2)]
        recent = [each for each in await self.client.recent_effects(self.keys, began, 0) if each.order in keys]
        told = self._traded(recent)
        if told >= filled * LEAST:
            return []
        return [f"two orders were filled in {count} pieces each, {filled} in all, and recent_effects tells {told}: read page after page"]

    async def credited(self, asset: str) -> list[str]:
        """Two equal deposits: what is told of the second is what changed since the first, and comes to what was deposited. Whoever tells
        none of them claims nothing: the account is frozen by what nobody explains."""
        began = self.moment() - 1
        self.control.deposit(self.dialect, asset, str(GIFT))
        first = await self._nobodys(began)
        keys = tuple(deltas(first.values()))
        if not keys:
            return []
        before = (await self.client.positions(keys, 0)).values
        self.control.deposit(self.dialect, asset, str(GIFT))
        told = deltas(effect for name, effect in (await self._nobodys(began)).items() if name not in first)
        after = (await self.client.positions(keys, 0)).values
        return [
            *([f"{GIFT} {asset} were deposited, and recent_effects tells {told or 'nothing'}"] if sum(told.values()) != GIFT else []),
            *(
                f"{key} was {before.get(key)} and is {after.get(key)} after a deposit, and the effects say {told.get(key, ZERO):+f}"
                for key in keys
                if key not in before or key not in after or after[key] - before[key] != told.get(key, ZERO)
            ),
        ]

    async def _nobodys(self, since: int) -> dict[str, Effect]:
        """What is told of nobody's order, by id."""
        return {each.id: each for each in await self.client.recent_effects((), since, 0) if each.order is None}

    async def _sent_in_pieces(self, number: int, count: int) -> str:
        """One more attempt at the trade, and its key."""
        prepared = await self.prepared(number)
        self._fault("pieces", n=count)
        await self.send(prepared)
        return prepared.key

    async def filled_at_rest(self) -> list[str]:
        """A part of it is filled when it comes; what rests is taken back."""
        self.control.price(self.trade.symbol, str((self.trade.price * CHEAPER).to_integral_value()), self.dialect)
        prepared = await self.prepared()
        self._fault("partial", q="0.4")
        said = {"send": await self.send(prepared), "the look-up": await heard(self.client.lookup(prepared))}
        await self.client.cancel(prepared)
        over = await heard(self.client.lookup(prepared))
        back = not self._resting()  # else it is L2-13 that is broken
        return [
            *(
                f"{who} says {each.text} with {self.shown(each.report)} of an order that {self.happened()} and rests"
                for who, each in said.items()
                if each.report is not None and (each.state not in _RESTING or not self.shows(each.report))
            ),
            *(
                [f"it {self.happened()}, the rest was taken back, and the look-up says {over.text}"]
                if back and (over.report is None or over.state != "CANCELLED" or not self.shows(over.report))
                else []
            ),
        ]

    async def waiting(self) -> list[str]:
        """A resting order is told as such, by the history too; it changes no position, and one write takes it back, and no other."""
        prepared, other = await self.prepared(), await self.prepared(1)
        before = (await self.client.positions(self.keys, 0)).values
        await heard(self.client.send(other))
        sent = await heard(self.client.send(prepared))
        resting = await heard(self.client.lookup(prepared))
        while_it_rests = (await self.client.positions(self.keys, 0)).values
        listed = {each.kind for each in await self.client.recent_effects(self.keys, self.since, 0) if each.order == prepared.key}
        mark = self.mark()
        await self.client.cancel(prepared)
        writes = self.writes(mark)
        over = await heard(self.client.lookup(prepared))
        told = (("send", sent), ("the look-up", resting))
        return [
            *(f"{name} of a resting order says {said.text}" for name, said in told if said.state != "ACCEPTED"),
            *(
                f"{key} was {before.get(key)}, and is {amount} while an order rests: what that keeps aside is held all the same"
                for key, amount in while_it_rests.items()
                if amount != before.get(key)
            ),
            *(["recent_effects does not tell an order that rests, as `open`"] if listed != {"open"} else []),
            *([f"cancel made {len(writes)} write requests"] if len(writes) != 1 else []),
            *([f"it was taken back, and the look-up says {over.text}"] if over.state != "CANCELLED" else []),
            *([] if self._resting() == [other.key] else ["it was taken back, and with it another order that rests in the same market"]),
        ]

    def _fault(self, verb: str, **arguments: Any) -> None:
        self.control.fault(self.dialect, "order.create", verb, **arguments)

    def _orders(self) -> list[Mapping[str, Any]]:
        return list(self.control.ledger(self.dialect)["orders"])

    def _filled(self) -> Decimal:
        orders = self._orders()  # a second one is another promise's matter
        return Decimal(orders[0]["filled"]) if orders else Decimal(0)

    def _resting(self) -> list[str]:
        """The client ids of the orders that stand in the book."""
        return [each["client_id"] for each in self._orders() if each["status"] in ("open", "partial")]

    def _traded(self, effects: Iterable[Effect]) -> Decimal:
        """The change of the base balance or of the position, in the direction that was asked for."""
        base = self.trade.symbol.partition("/")[0]
        named = (f":perp:{self.trade.symbol}", f":balance:{base}")
        changed = sum((amount for effect in effects for key, amount in effect.lines if key.endswith(named)), Decimal(0))
        return changed if self.trade.side == "buy" else -changed

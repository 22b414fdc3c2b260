"""Two toy venues that outlive the runner: their state is one JSON file, replaced atomically, so that kill -9 cannot tear it.

An exchange (client ids, fence, scripted misbehaviour) and a chain (nonces, the same bytes again, blocks and reorganisations). Each has
a pure model and a client; everything the outside world does to them goes through their methods, which know nothing of the core.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from basis_venues.actions import Action, Approve, SpotTrade, Supply, Transfer
from basis_venues.amounts import MONEY
from basis_venues.contract import Market, StepFails, VenueClient, VenueModel
from basis_venues.errors import Denied, HistoryGone, TryAgainLater
from basis_venues.keys import Key
from basis_venues.network import Network
from basis_venues.orders import Effect, Limits, Order, Prepared, Ref, Report, Snapshot, Step
from basis_venues.states import State

PRICE = Decimal(100)
LOT = Decimal("0.001")
GAS = Decimal("0.01")
FENCE_MS = 5_000

Line = tuple[Key, Decimal]


class World:
    """The file that all toy venues of a test share: their clock, books and scripts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            self.save({"now": 1_000_000, "venues": {}, "trace": []})

    def load(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.path.read_text())
        return data

    def save(self, data: Mapping[str, Any]) -> None:
        draft = self.path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(data))
        draft.replace(self.path)


class WorldClock:
    """A clock whose time is the world's: it goes on where a killed runner left it. Sleeping moves it at once."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> int:
        now: int = self._world.load()["now"]
        return now

    async def sleep(self, milliseconds: int) -> None:
        import asyncio

        await asyncio.sleep(0)
        self.pass_by(milliseconds)

    def pass_by(self, milliseconds: int) -> None:
        data = self._world.load()
        data["now"] += milliseconds
        self._world.save(data)


class ToyMarket:
    """One price for everything."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock

    def now(self) -> int:
        return self._clock.now()

    def value(self, series: str) -> Decimal:
        return PRICE

    def events(self, series: str, since: int, until: int) -> Sequence[tuple[int, Decimal]]:
        return ()

    def next_event(self, series: str, after: int) -> int | None:
        return None


def _add(positions: dict[str, str], lines: Sequence[Sequence[str]], sign: int = 1) -> None:
    for key, amount in lines:
        positions[key] = str(MONEY.add(Decimal(positions.get(key, "0")), sign * Decimal(amount)))


def _effects(rows: Sequence[Mapping[str, Any]]) -> tuple[Effect, ...]:
    return tuple(
        Effect(row["id"], row["order"], tuple((key, Decimal(amount)) for key, amount in row["lines"]), row["at"], row["kind"])
        for row in rows
    )


class Unreachable(ConnectionError):
    """The reply was lost."""


# -- the exchange ----------------------------------------------------------------------------------------------------------------


class ExchangeModel(VenueModel):
    """A spot market at one price, and transfers to other accounts. `plan` is one step; a buy needs the quote asset."""

    def __init__(self, name: str, broken: str = "") -> None:
        self.name = name
        self.broken = broken

    def _keys(self, action: SpotTrade) -> tuple[Key, Key]:
        base, _, quote = action.symbol.partition("/")
        return f"{self.name}:balance:{base}", f"{self.name}:balance:{quote}"

    def touches(self, order: Order, view: Mapping[Key, Decimal]) -> tuple[Key, ...]:
        if isinstance(order.action, Transfer):
            return (f"{self.name}:balance:{order.action.asset}",)
        assert isinstance(order.action, SpotTrade)
        if self.broken == "touches":
            return ("nonsense",)
        return self._keys(order.action)

    def plan(self, order: Order, view: Mapping[Key, Decimal], market: Market) -> tuple[Step, ...]:
        action = order.action
        if isinstance(action, Transfer):
            return (Step(f"{order.id}/0", order, (action,)),)
        assert isinstance(action, SpotTrade)
        assert action.quantity is not None
        if self.broken == "plan":
            return ("a step",)  # type: ignore[return-value]
        if self.broken == "raises":
            raise ZeroDivisionError
        if action.side == "buy" and view[self._keys(action)[1]] < action.quantity * PRICE:
            raise Denied(f"not enough to buy {action.quantity}")
        if self.broken == "long":
            return tuple(Step(f"{order.id}/{number}", order, (action,)) for number in range(17))
        return (Step(f"{order.id}/0", order, (action,)),)

    def effects(self, step: Step, action: Action, view: Mapping[Key, Decimal], market: Market, ref: Ref) -> tuple[Effect, ...]:
        assert isinstance(action, SpotTrade)
        assert action.quantity is not None
        base, quote = self._keys(action)
        size = action.quantity if action.side == "buy" else -action.quantity
        if view[quote] - size * PRICE < 0 or view[base] + size < 0:
            raise StepFails("insufficient balance")
        return (Effect(f"{ref.id}:0", ref.id, ((base, size), (quote, -size * PRICE)), market.now(), "trade"),)

    def limits(self, action: Action) -> Limits:
        return Limits(lot=LOT, minimum=LOT)


class Exchange:
    """The exchange itself. `script`: one verb for each write that reaches it; `reads`: one for each reading of positions."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name

    def set_up(
        self,
        script: Sequence[str] = (),
        reads: Sequence[str] = (),
        *,
        rule: str = "open",
        fence: bool = True,
        base: str = "0",
        quote: str = "1000000",
    ) -> Exchange:
        data = self.world.load()
        data["venues"][self.name] = {
            "positions": {f"{self.name}:balance:BTC": base, f"{self.name}:balance:USDT": quote},
            "orders": [], "effects": [], "writes": [], "queue": [], "script": list(script), "reads": list(reads), "histories": [],
            "rule": rule, "fence": fence, "accepts_late": 0, "mute": False,
        }  # fmt: skip
        self.world.save(data)
        return self

    # what tests look at

    def state(self) -> dict[str, Any]:
        mine: dict[str, Any] = self.world.load()["venues"][self.name]
        return mine

    def position(self, asset: str) -> Decimal:
        return Decimal(self.state()["positions"][f"{self.name}:balance:{asset}"])

    def fills(self) -> list[dict[str, Any]]:
        return [row for row in self.state()["effects"] if row["kind"] == "trade" and row["order"]]

    def change(self, **values: Any) -> None:
        """Give the venue other habits from now on: `script`, `reads`, `histories`."""
        data = self.world.load()
        data["venues"][self.name].update(values)
        self.world.save(data)

    def foreign(self, lines: Mapping[str, str], kind: str = "trade", order: str | None = None) -> None:
        """Somebody else trades, pays or is paid."""
        data = self.world.load()
        self._book(data, [[f"{self.name}:balance:{asset}", amount] for asset, amount in lines.items()], order, kind)
        self.world.save(data)

    def fill_late(self, key: str, quantity: str) -> None:
        """An order that was closed is filled after all."""
        data = self.world.load()
        order = next(order for order in data["venues"][self.name]["orders"] if order["key"] == key)
        self._fill(data, order, Decimal(quantity))
        self.world.save(data)

    # what the client asks

    def write(self, key: str, wanted: Mapping[str, str], fence: int | None) -> Report:
        data = self.world.load()
        mine = data["venues"][self.name]
        mine["writes"].append([key, data["now"], fence])
        data["now"] += 10
        verb, _, detail = (mine["script"].pop(0) if mine["script"] else "fill").partition(":")
        order = {"key": key, **wanted, "filled": "0", "open": True, "hidden": 0, "looks": 0, "then": verb}
        answer: Any = Unreachable("no reply")
        if fence is not None and data["now"] > fence and verb != "late":
            answer = Report(State.REJECTED, (), data["now"], "outside the receive window")
        elif self._duplicate(mine, key):
            answer = Unreachable("duplicate client id")
        elif verb in ("never", "refuse", "not_sent"):
            answer = {
                "never": Unreachable("timed out"),
                "refuse": Report(State.REJECTED, (), data["now"], "the venue's proof"),
                "not_sent": Report(State.NOT_SENT, (), 0, "connection refused"),
            }[verb]
        elif verb == "mistaken":  # it never arrives, and what the one before it did is taken for it, with its key or `nameless`
            last = mine["effects"][-1] | ({"order": None} if detail == "nameless" else {})
            answer = Report(State.FILLED, _effects([last]), data["now"])
        elif verb == "late":
            mine["queue"].append([order, fence])
            mine["accepts_late"] = int(detail or 2)
        else:
            answer = self._accept(data, order, verb, detail)
        self.world.save(data)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    def _duplicate(self, mine: Mapping[str, Any], key: str) -> bool:
        same = [order for order in mine["orders"] if order["key"] == key]
        return any(order["open"] for order in same) if mine["rule"] == "open" else bool(same)

    def _accept(self, data: dict[str, Any], order: dict[str, Any], verb: str, detail: str) -> Any:
        data["venues"][self.name]["orders"].append(order)
        quantity = Decimal(order["quantity"])
        if verb in ("rest", "rest_forever"):
            order["looks_needed"] = int(detail or 2)
            order["stays"] = verb == "rest_forever"
            return Report(State.ACCEPTED, (), data["now"])
        if verb == "partial":
            self._fill(data, order, quantity / 2)
            return Report(State.PARTIAL, self._of(data, order["key"]), data["now"])
        if verb == "expire":
            self._fill(data, order, quantity / 2)
            order["open"] = False
            return Report(State.EXPIRED, self._of(data, order["key"]), data["now"])
        self._fill(data, order, quantity)
        order["open"] = False
        effects = self._of(data, order["key"])
        if verb == "fill":
            return Report(State.FILLED, effects, data["now"])
        if verb == "hide":
            order["hidden"] = int(detail)
        return _bad(detail, effects, data["now"]) if verb == "bad" else Unreachable("reply lost")

    def _fill(self, data: dict[str, Any], order: dict[str, Any], size: Decimal) -> None:
        order["filled"] = str(Decimal(order["filled"]) + size)
        signed = size if order["side"] == "buy" else -size
        lines = [[f"{self.name}:balance:{order['base']}", str(signed)], [f"{self.name}:balance:USDT", str(-signed * PRICE)]]
        if order["side"] == "send":
            lines = [lines[0], [f"{order['target']}:transit:{order['base']}/{order['key']}", str(size)]]
        self._book(data, lines, order["key"], "trade")

    def _book(self, data: dict[str, Any], lines: list[list[str]], order: str | None, kind: str) -> None:
        mine = data["venues"][self.name]
        data["now"] += 1
        _add(mine["positions"], [line for line in lines if line[0].startswith(f"{self.name}:")])
        mine["effects"].append(
            {"id": f"{self.name}-{len(mine['effects'])}", "order": order, "lines": lines, "at": data["now"], "kind": kind}
        )
        data["now"] += 1

    def _of(self, data: Mapping[str, Any], key: str) -> tuple[Effect, ...]:
        return _effects([row for row in data["venues"][self.name]["effects"] if row["order"] == key])

    def look(self, key: str) -> Report:
        data = self.world.load()
        mine = data["venues"][self.name]
        data["now"] += 5
        if mine["mute"]:
            self.world.save(data)
            raise Unreachable("no answer to a look-up")
        self._accept_late(data)
        found = [order for order in mine["orders"] if order["key"] == key]
        report = Report(State.ABSENT, (), data["now"]) if not found else self._standing(data, found[-1])
        self.world.save(data)
        return report

    def _accept_late(self, data: dict[str, Any]) -> None:
        mine = data["venues"][self.name]
        if not mine["queue"]:
            return
        mine["accepts_late"] -= 1
        if mine["accepts_late"] > 0:
            return
        order, fence = mine["queue"].pop(0)
        if (fence is None or data["now"] <= fence) and not self._duplicate(mine, order["key"]):
            self._accept(data, order, "fill", "")

    def _standing(self, data: dict[str, Any], order: dict[str, Any]) -> Report:
        order["looks"] += 1
        if order["hidden"] >= order["looks"]:
            return Report(State.ABSENT, (), data["now"])
        rest = Decimal(order["quantity"]) - Decimal(order["filled"])
        if order["open"] and order["then"] == "rest" and order["looks"] >= order["looks_needed"]:
            self._fill(data, order, rest)
            order["open"] = False
        elif order["open"] and order["then"] == "partial":
            order["open"] = False
        effects = self._of(data, order["key"])
        if order["open"]:
            return Report(State.PARTIAL if effects else State.ACCEPTED, effects, data["now"])
        whole = Decimal(order["filled"]) == Decimal(order["quantity"])
        return Report(State.FILLED if whole else State.CANCELLED, effects, data["now"])

    def cancel(self, key: str) -> None:
        data = self.world.load()
        for order in data["venues"][self.name]["orders"]:
            if order["key"] == key and not order.get("stays"):
                order["open"] = False
        self.world.save(data)

    def read(self, keys: Collection[Key], at: int) -> Snapshot:
        data = self.world.load()
        mine = data["venues"][self.name]
        data["now"] += 5
        verb = mine["reads"].pop(0) if mine["reads"] else "ok"
        self.world.save(data)
        if verb == "unreadable":
            raise Unreachable("balances are down")
        if verb == "stale":
            return Snapshot(at - 1, {key: Decimal(0) for key in keys})
        if verb in ("float", "nan", "none"):
            return Snapshot(data["now"], {key: {"float": 1.5, "nan": Decimal("NaN"), "none": None}[verb] for key in keys})  # type: ignore[misc]
        if verb == "partial":
            return Snapshot(data["now"], {})
        return Snapshot(data["now"], {key: Decimal(mine["positions"].get(key, "0")) for key in keys})

    def history(self, keys: Collection[Key], since: int, until: int) -> Sequence[Effect]:
        data = self.world.load()
        mine = data["venues"][self.name]
        verb = mine["histories"].pop(0) if mine["histories"] else "ok"
        data["now"] += 5
        self.world.save(data)
        if verb == "unreadable":
            raise Unreachable("no history")
        if verb == "behind":  # a replica that has not heard of it yet
            return []
        rows = [row for row in mine["effects"] if since < row["at"] and (not until or row["at"] <= until)]
        resting = [
            Effect(f"{self.name}-open-{order['key']}", order["key"], (), data["now"], "open") for order in mine["orders"] if order["open"]
        ]
        moved = [effect for effect in _effects(rows) if not keys or any(key in keys for key, _ in effect.lines)]
        return [*moved, *resting]


def _bad(kind: str, effects: tuple[Effect, ...], now: int) -> Any:
    """An answer that no client may give, after the order was carried out."""
    one = effects[0]
    key, amount = one.lines[0]
    return {
        "none": None,
        "dict": {"status": "filled"},
        "text": Report("FILLED", effects, now),  # type: ignore[arg-type]
        "denied": Report(State.DENIED, (), now),
        "absent": Report(State.ABSENT, (), now),
        "empty": Report(State.FILLED, (), now),
        "float": Report(State.FILLED, (one._replace(lines=((key, float(amount)),)),), now),  # type: ignore[arg-type]
        "nan": Report(State.FILLED, (one._replace(lines=((key, Decimal("NaN")),)),), now),
        "key": Report(State.FILLED, (one._replace(lines=(("nonsense", amount),)),), now),
        "time": Report(State.FILLED, effects, 1.5),  # type: ignore[arg-type]
        "rejected": Report(State.REJECTED, effects, now),
        "twice": Report(State.FILLED, (one, one._replace(lines=((key, -amount),))), now),
    }[kind]


def _written(action: Action) -> dict[str, Any]:
    """What the exchange is asked for."""
    if isinstance(action, Transfer):
        return {"side": "send", "quantity": str(action.amount), "base": action.asset, "target": action.target}
    assert isinstance(action, SpotTrade)
    return {"side": action.side, "quantity": str(action.quantity), "base": action.symbol.partition("/")[0]}


class ExchangeClient(VenueClient):
    """The seam. `point` is called with a name before and after everything that crosses it: a test may end the run there."""

    network = Network.TESTNET

    def __init__(self, exchange: Exchange, identity: str, point: Callable[[str], None], spoil: str = "") -> None:
        self._exchange = exchange
        self._identity = identity
        self._point = point
        self._spoil = spoil
        self.sent: list[str] = []

    async def open(self) -> Mapping[str, str]:
        return {self._exchange.name: self._identity}

    async def prepare(self, step: Step, attempt_key: str) -> Prepared:
        state = self._exchange.world.load()
        fence = state["now"] + FENCE_MS if state["venues"][self._exchange.name]["fence"] else None
        payload = _written(step.actions[0])
        if self._spoil == "payload":
            payload["quantity"] = object()
        if self._spoil == "nan":
            payload["quantity"] = float("nan")
        if self._spoil == "fence":
            fence = 1.5  # type: ignore[assignment]
        if self._spoil == "raises":
            raise RuntimeError
        if self._spoil.startswith("later"):
            self._spoil = self._spoil.removeprefix("later once")
            raise TryAgainLater("banned for a minute")
        if self._spoil == "none":
            return None  # type: ignore[return-value]
        self._point("prepared")
        return Prepared("another" if self._spoil == "key" else attempt_key, step, payload, fence)

    async def send(self, prepared: Prepared) -> Report:
        import asyncio

        self._point("before the first byte")
        await asyncio.sleep(0)
        self.sent.append(prepared.key)
        try:
            return self._exchange.write(prepared.key, prepared.payload, prepared.fence)
        finally:
            self._point("executed, before the reply")

    async def lookup(self, prepared: Prepared) -> Report:
        self._point("before a look-up")
        report = self._exchange.look(prepared.key)
        self._point("after a look-up")
        return report

    async def cancel(self, prepared: Prepared) -> None:
        self._exchange.cancel(prepared.key)
        self._point("cancelled")

    async def positions(self, keys: Collection[Key], at: int) -> Snapshot:
        import asyncio

        self._point("before a reading")
        await asyncio.sleep(0)
        return self._exchange.read(keys, at)

    async def recent_effects(self, keys: Collection[Key], since: int, until: int) -> Sequence[Effect]:
        self._point("before the history")
        return self._exchange.history(keys, since, until)


# -- the chain -------------------------------------------------------------------------------------------------------------------


class ChainModel(VenueModel):
    """Lending on a chain: an approve, then a supply, each a transaction that costs gas."""

    def __init__(self, name: str = "chain", broken: str = "") -> None:
        self.name = name
        self.broken = broken

    def keys(self, asset: str) -> tuple[Key, ...]:
        return (
            f"wallet:balance:{asset}",
            f"wallet:allowance:{self.name}/{asset}",
            f"wallet:supplied:{self.name}/{asset}",
            "wallet:balance:ETH",
        )

    def touches(self, order: Order, view: Mapping[Key, Decimal]) -> tuple[Key, ...]:
        assert isinstance(order.action, Supply)
        return self.keys(order.action.asset)

    def plan(self, order: Order, view: Mapping[Key, Decimal], market: Market) -> tuple[Step, ...]:
        action = order.action
        assert isinstance(action, Supply)
        assert isinstance(action.amount, Decimal)
        balance, allowance, *_ = self.keys(action.asset)
        if view[balance] < action.amount:
            raise Denied("not enough to supply")
        parts: list[Action] = [action]
        if view[allowance] < action.amount:
            parts.insert(0, Approve(asset=action.asset, amount=action.amount, spender=self.name))
        return tuple(Step(f"{order.id}/{number}", order, (part,)) for number, part in enumerate(parts))

    def effects(self, step: Step, action: Action, view: Mapping[Key, Decimal], market: Market, ref: Ref) -> tuple[Effect, ...]:
        if self.broken == "reverts":
            raise StepFails("the contract says no")
        return (Effect(f"{ref.id}:0", ref.id, tuple(chain_lines(self.name, action)), market.now(), "lend"),)

    def cost(self, step: Step, market: Market, ref: Ref) -> Effect | None:
        return Effect(f"{ref.id}:gas", ref.id, (("wallet:balance:ETH", -GAS),), market.now(), "gas")


def chain_lines(name: str, action: Action) -> list[Line]:
    """What a transaction does, without its gas."""
    assert isinstance(action, (Approve, Supply))
    assert isinstance(action.amount, Decimal)
    allowance = f"wallet:allowance:{name}/{action.asset}"
    if isinstance(action, Approve):
        return [(allowance, action.amount)]
    return [
        (f"wallet:balance:{action.asset}", -action.amount),
        (f"wallet:supplied:{name}/{action.asset}", action.amount),
        (allowance, -action.amount),
    ]


class Chain:
    """Blocks of one transaction each. `script` verbs for each broadcast: mine, lose, drop_reply, pool:N (mined at the Nth look),
    stuck (until it is replaced at its nonce), revert."""

    CONFIRMATIONS, FINAL = 1, 4

    def __init__(self, world: World, name: str = "chain") -> None:
        self.world = world
        self.name = name

    def set_up(self, script: Sequence[str] = (), **balances: str) -> Chain:
        data = self.world.load()
        held = {"USDT": "1000", "ETH": "10", **balances}
        data["venues"][self.name] = {
            "positions": {f"wallet:balance:{asset}": amount for asset, amount in held.items()},
            "height": 10, "nonce": 0, "pool": {}, "blocks": [], "script": list(script), "broadcasts": [], "reads": [],
        }  # fmt: skip
        self.world.save(data)
        return self

    def state(self) -> dict[str, Any]:
        mine: dict[str, Any] = self.world.load()["venues"][self.name]
        return mine

    def position(self, key: Key) -> Decimal:
        return Decimal(self.state()["positions"].get(key, "0"))

    def broadcast(self, raw: Mapping[str, Any]) -> None:
        data = self.world.load()
        mine = data["venues"][self.name]
        mine["broadcasts"].append(raw["hash"])
        verb, _, detail = (mine["script"].pop(0) if mine["script"] else "mine").partition(":")
        mined = any(block["hash"] == raw["hash"] for block in mine["blocks"])
        if verb != "lose" and not mined and raw["nonce"] == mine["nonce"]:
            stuck = 10**9 if verb == "stuck" else 0
            mine["pool"] = {name: other for name, other in mine["pool"].items() if other["nonce"] != raw["nonce"]}
            mine["pool"][raw["hash"]] = {**raw, "wait": int(detail or stuck), "reverts": verb == "revert"}
            self._mine(mine)
        self.world.save(data)
        if verb in ("lose", "drop_reply"):
            raise Unreachable("no reply")

    def _mine(self, mine: dict[str, Any]) -> None:
        mine["height"] += 1
        for name, raw in list(mine["pool"].items()):
            if raw["wait"] > 0:
                raw["wait"] -= 1
                continue
            del mine["pool"][name]
            gas = [["wallet:balance:ETH", str(-GAS)]]
            lines = gas if raw["reverts"] else [*raw["lines"], *gas]
            _add(mine["positions"], lines)
            mine["nonce"] += 1
            mine["blocks"].append(
                {"hash": name, "height": mine["height"], "lines": lines, "reverts": raw["reverts"], "nonce": raw["nonce"]}
            )

    def change(self, **values: Any) -> None:
        """Give the chain other habits from now on: `script`."""
        data = self.world.load()
        data["venues"][self.name].update(values)
        self.world.save(data)

    def pass_blocks(self, count: int) -> None:
        data = self.world.load()
        data["venues"][self.name]["height"] += count
        self.world.save(data)

    def reorganise(self, *, keep_in_pool: bool = False, reverts: bool = False) -> None:
        """The newest block with a transaction goes; the transaction is forgotten, or mined anew as one that reverts."""
        data = self.world.load()
        mine = data["venues"][self.name]
        block = mine["blocks"].pop()
        _add(mine["positions"], block["lines"], -1)
        mine["nonce"] -= 1
        mine["height"] += 1
        if reverts:
            gas = [["wallet:balance:ETH", str(-GAS)]]
            _add(mine["positions"], gas)
            mine["nonce"] += 1
            mine["blocks"].append({**block, "height": mine["height"], "lines": gas, "reverts": True})
        self.world.save(data)

    def receipt(self, names: Sequence[str]) -> Report:
        """What became of a transaction, under whichever of its hashes."""
        data = self.world.load()
        mine = data["venues"][self.name]
        self._mine(mine)
        self.world.save(data)
        for block in mine["blocks"]:
            if block["hash"] in names:
                depth = mine["height"] - block["height"]
                row = {"id": f"{block['hash']}:0", "order": None, "lines": block["lines"], "at": block["height"], "kind": "lend"}
                if block["reverts"]:
                    return Report(State.REVERTED, _effects([row]), block["height"], "reverted", depth >= self.FINAL)
                state = State.FINAL if depth >= self.FINAL else State.MINED if depth >= self.CONFIRMATIONS else State.ACCEPTED
                return Report(state, _effects([row]) if state is not State.ACCEPTED else (), block["height"])
        return Report(State.ACCEPTED if mine["pool"].keys() & set(names) else State.ABSENT, (), mine["height"])

    def history(self, since: int, until: int) -> Sequence[Effect]:
        mine = self.state()
        if since and mine["height"] - since > mine.get("keeps", mine["height"]):
            raise HistoryGone("the toy node keeps no more blocks")
        rows = [
            {"id": f"{block['hash']}:0", "order": None, "lines": block["lines"], "at": block["height"], "kind": "lend"}
            for block in mine["blocks"]
            if since < block["height"] and (not until or block["height"] <= until)
        ]
        return _effects(rows)


class ChainClient(VenueClient):
    """The seam to the chain: the payload is the whole signed transaction, and there is no fence."""

    network = Network.TESTNET

    def __init__(self, chain: Chain, identity: str, point: Callable[[str], None]) -> None:
        self._chain = chain
        self._identity = identity
        self._point = point

    async def open(self) -> Mapping[str, str]:
        return {"wallet": self._identity}

    async def prepare(self, step: Step, attempt_key: str) -> Prepared:
        nonce = self._chain.state()["nonce"]
        lines = [[key, str(amount)] for key, amount in chain_lines(self._chain.name, step.actions[0])]
        self._point("prepared")
        name = f"0x{attempt_key}{nonce}"
        return Prepared(attempt_key, step, {"nonce": nonce, "hash": name, "hashes": [name], "lines": lines})

    async def send(self, prepared: Prepared) -> Report:
        self._point("before the first byte")
        try:
            self._chain.broadcast(prepared.payload)
        finally:
            self._point("executed, before the reply")
        return Report(State.ACCEPTED)

    async def lookup(self, prepared: Prepared) -> Report:
        self._point("before a look-up")
        report = self._chain.receipt(prepared.payload["hashes"])
        self._point("after a look-up")
        return report

    async def replace(self, prepared: Prepared) -> Prepared | None:
        pool = self._chain.state()["pool"]
        if not any(pool[each]["wait"] > 10**8 for each in prepared.payload["hashes"] if each in pool):
            return None
        name = f"{prepared.payload['hash']}+"
        return prepared._replace(payload={**prepared.payload, "hash": name, "hashes": [*prepared.payload["hashes"], name]})

    async def positions(self, keys: Collection[Key], at: int) -> Snapshot:
        self._point("before a reading")
        mine = self._chain.state()
        return Snapshot(mine["height"], {key: Decimal(mine["positions"].get(key, "0")) for key in keys})

    async def recent_effects(self, keys: Collection[Key], since: int, until: int) -> Sequence[Effect]:
        self._point("before the history")
        return self._chain.history(since, until)

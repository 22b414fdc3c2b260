"""Level 2: a client carries out what was planned and nothing else, tells it the same way each time, and keeps secrets."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from decimal import Decimal
from typing import Any

from basis_venues.errors import Denied
from basis_venues.orders import Effect, Report, deltas
from basis_venues.series import price
from basis_venues.states import State

from .double import Double, Scene, heard, overheard, traded_sample
from .honest import Honest
from .promises import broken, none_of, promise
from .samples import HOUR, Sample


class Faithful(Honest):
    """The promises of level 2 on what is sent and what is told."""

    @promise("L2-7")
    def test_l2_7_a_refusal_is_told_as_one(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-7 Refused: an order that the venue refuses for want of funds is REJECTED, with the venue's reason.

        What is proven not to have happened needs neither look-ups nor a person.
        """

        async def do(scene: Scene) -> None:
            prepared = await scene.prepared()
            for wallet in scene.control.balances(scene.dialect):
                scene.control.endow(scene.dialect, wallet, "USDT", "0")
            said = await heard(scene.client.send(prepared))
            if said.state != State.REJECTED.value or said.report is None or not said.report.reason:
                broken(f"the venue refused the order for want of funds, and send says {said.text}: list its code among the proofs")

        venue_double.act(self.stage(traded_sample(trade)), do)

    @promise("L2-8")
    def test_l2_8_a_part_is_told_as_a_part(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-8 Partial: an order that filled in part is told as far as it filled, and not as FILLED.

        The rest was not traded: a hedge that is taken for whole is none.
        """

        async def do(scene: Scene) -> None:
            prepared = await scene.prepared()
            scene.fault("partial", q="0.4")
            sent = await heard(scene.client.send(prepared))
            found = await heard(scene.client.lookup(prepared))
            filled = scene.filled()
            none_of([
                *(_not_a_part(scene, "send", sent.report, filled) if sent.report and sent.report.effects else ()),
                *(_not_a_part(scene, "the look-up", found.report, filled) if found.report else [f"the look-up raises {found.text}"]),
            ])  # fmt: skip

        venue_double.act(self.stage(traded_sample(trade)), do)

    @promise("L2-9")
    def test_l2_9_effects_are_the_same_from_everywhere(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-9 Effects: send, look-up and recent effects tell an order with the same ids, and positions change as the effects say.

        Effects are counted once by their ids; another id for the same fill is a second fill, or one that nobody ordered.
        """

        async def do(scene: Scene) -> None:
            prepared, keys = await scene.prepared(), scene.keys
            before = (await scene.client.positions(keys, 0)).values
            sent = await heard(scene.client.send(prepared))
            found = await heard(scene.client.lookup(prepared))
            after = (await scene.client.positions(keys, 0)).values
            recent = [each for each in await scene.client.recent_effects(keys, 0, 0) if each.order == prepared.key]
            if found.report is None or not found.report.effects:
                broken(f"the look-up shows no effects of an order that was filled: {found.text}")
            ids = _ids(found.report.effects)
            changes = deltas(found.report.effects)
            told = [("recent_effects", recent), *([("send", sent.report.effects)] if sent.report and sent.report.effects else [])]
            none_of([
                *(f"{name} tells {_ids(effects)}, and the look-up {ids}" for name, effects in told if _ids(effects) != ids),
                *(f"the effect {each.id} is not of the attempt" for each in found.report.effects if each.order != prepared.key),
                *(
                    f"{key} was {before.get(key)} and is {after.get(key)}, and the effects say {changes.get(key, Decimal(0)):+f}"
                    for key in keys if _is_off(scene, key, before, after, changes)
                ),
            ])  # fmt: skip

        venue_double.act(self.stage(traded_sample(trade)), do)

    @promise("L2-10")
    def test_l2_10_filters_are_kept_and_nothing_is_rounded(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-10 Filters: a quantity that the venue no longer takes is refused, here or there, and never changed into one that it takes.

        Whoever rounds in silence trades another amount than was asked for, and the legs no longer fit.
        """

        async def do(scene: Scene) -> None:
            lot = scene.trade.quantity * Decimal("0.4")
            scene.control.fault(scene.dialect, "*", "filters", symbol=scene.trade.symbol, changes={"lot": f"{lot.normalize():f}"})
            for attempt in range(2):
                try:
                    prepared = await scene.prepared(attempt)
                except Denied:
                    continue
                await heard(scene.client.send(prepared))
            if scene.filled():
                broken(f"the lot became {lot:f}, {scene.trade.quantity} was asked for, and {_orders(scene)}")

        venue_double.act(self.stage(traded_sample(trade)), do)

    @promise("L2-11")
    def test_l2_11_prepare_writes_nothing_and_repeats_itself(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-11 Prepare: it writes nothing at the venue, and for the same step and key it answers the same, under that key.

        It goes into the journal before it is sent; after a crash it is what was sent.
        """

        async def do(scene: Scene) -> None:
            mark = scene.mark()
            first, again, other = await scene.prepared(), await scene.prepared(), await scene.prepared(1)
            writes = scene.writes(mark)
            none_of([
                *([f"prepare made write requests: {', '.join(writes)}"] if writes else []),
                *([f"for the same step and key it says {again.payload} after {first.payload}"] if again.payload != first.payload else []),
                *([f"the key {first.key} is nowhere in what is to be sent"] if first.key not in str(first.payload) else []),
                *([f"another key changes nothing in what is to be sent: {other.payload}"] if other.payload == first.payload else []),
            ])  # fmt: skip

        venue_double.act(self.stage(traded_sample(trade)), do)

    @promise("L2-12")
    def test_l2_12_secrets_stay_secret(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-12 Secrets: no credential appears in a log record, on the output, in a report, in what is prepared, or in what is raised.

        Also where the venue itself repeats it in an error. Journals and logs are read by many.
        """
        output = io.StringIO()
        with overheard() as logged, redirect_stdout(output), redirect_stderr(output):
            told = venue_double.act(self.stage(traded_sample(trade)), _telling)
        places = {**told, "a log record": "\n".join(logged), "the output": output.getvalue()}
        none_of(
            f"a credential is in {place}: {_around(text, secret)}"
            for place, text in places.items()
            for secret in venue_double.secrets
            if secret in text
        )

    @promise("L2-13")
    def test_l2_13_a_resting_order_is_taken_back(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-13 Cancel: a resting order is told as resting, one write takes it back, and a look-up says so.

        An order whose time is over must not fill later.
        """

        async def do(scene: Scene) -> None:
            prepared = await scene.prepared()
            sent = await heard(scene.client.send(prepared))
            resting = await heard(scene.client.lookup(prepared))
            mark = scene.mark()
            await scene.client.cancel(prepared)
            writes = scene.writes(mark)
            over = await heard(scene.client.lookup(prepared))
            told = (("send", sent), ("the look-up", resting))
            none_of([
                *(f"{name} of a resting order says {said.text}" for name, said in told if said.state != "ACCEPTED"),
                *([f"cancel made {len(writes)} write requests"] if len(writes) != 1 else []),
                *([f"it was taken back, and the look-up says {over.text}"] if over.state != "CANCELLED" else []),
            ])  # fmt: skip

        stage = self.stage(traded_sample(trade))
        action: Any = stage.sample.action
        low = (stage.market.value(price(self.venue, action.symbol)) * Decimal("0.97")).to_integral_value()
        venue_double.act(stage, do, side="buy", order_type="limit", price=low, good_for=HOUR)


async def _telling(scene: Scene) -> dict[str, str]:
    """Everything that a client says: of a good order, of one whose reply is lost, and where the venue repeats the secrets."""
    prepared, lost, echoed = [await scene.prepared(number) for number in range(3)]
    said = {"what is prepared": repr(prepared), "the heartbeat": str(await scene.client.heartbeat())}
    said["the report of send"] = repr(await heard(scene.client.send(prepared)))
    said["the report of a look-up"] = repr(await heard(scene.client.lookup(prepared)))
    scene.fault("accept_then_status", status=503, kind="html")
    said["the report of a lost reply"] = repr(await heard(scene.client.send(lost)))
    scene.fault("deny", code=98765, text=f"no such key: {' '.join(scene.secrets)}", status=400)
    said["the report of a refusal that repeats it"] = repr(await heard(scene.client.send(echoed)))
    said["the client"] = f"{scene.client!r} {scene.client}"
    return said


def _not_a_part(scene: Scene, who: str, report: Report, filled: Decimal) -> Iterator[str]:
    if filled and not scene.shows(report, filled):
        yield f"{who} shows {scene.traded(report)} of {scene.trade.quantity} as traded, and the venue filled {filled}"
    if report.state is State.FILLED and filled < scene.trade.quantity:
        yield f"{who} says FILLED, and the venue filled {filled} of {scene.trade.quantity}"


def _ids(effects: Iterable[Effect]) -> list[str]:
    return sorted(effect.id for effect in effects)


def _is_off(scene: Scene, key: str, before: Any, after: Any, changes: Any) -> bool:
    if key not in before or key not in after:
        return True
    off: Decimal = after[key] - before[key] - changes.get(key, Decimal(0))
    return abs(off) > scene.stage.model.tolerance(key)


def _orders(scene: Scene) -> str:
    orders = scene.orders()
    return f"the venue has an order over {orders[0]['quantity']}" if orders else "the venue has no order"


def _around(text: str, secret: str) -> str:
    """Where it is, with the secret itself hidden."""
    at = text.index(secret)
    return f"...{text[max(at - 40, 0) : at]}***"

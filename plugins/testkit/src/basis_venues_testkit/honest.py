"""Level 2: a client says what it knows, and no more. Every promise is tried on the venue's double, whose ledger tells what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from basis_venues.states import DONE, NOTHING_HAPPENED, RESENDABLE

from .double import Double, Heard, Scene, heard, traded_sample
from .promises import broken, none_of, promise
from .samples import Sample
from .suite import Suite

LOST: Mapping[str, Mapping[str, Any]] = {
    "accept_then_hang": {"seconds": 5},
    "accept_then_status": {"status": 503, "kind": "html"},
    "accept_then_reset": {},
    "truncate": {},
    "garbage": {},
    "html_200": {},
    "empty_200": {},
    "omit_id": {},
}
"""Replies that are lost or damaged after the venue took the order, in the sandbox's words."""
STRANGE = "98765"
"""A code that no venue has: it proves nothing."""
TURNED_AWAY = ("limit", "maintenance")
"""The venue does not take the order now."""
LOOKS = 5
"""So often the double is looked at before a promise is given up: what it shows may come late."""
PAUSE_S = 0.1

_PROOFS = frozenset(state.value for state in NOTHING_HAPPENED | RESENDABLE)
_DONE = frozenset(state.value for state in DONE)


class Lost(NamedTuple):
    """One send that met with a fault: what was said, the writes that the double counted, what it filled, and what a look-up said then."""

    fault: str
    sent: Heard
    shown: bool
    writes: int
    filled: Decimal
    found: Heard
    found_shown: bool


class Honest(Suite):
    """The promises of level 2 on outcomes."""

    @promise("L2-1")
    def test_l2_1_an_order_is_one_write(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-1 Once: an order is one write request under the attempt's key, and what it did is told.

        The key is how it is found again after a crash; a second write may be a second order.
        """

        async def do(scene: Scene) -> None:
            prepared = await scene.prepared()
            mark = scene.mark()
            said = await heard(scene.client.send(prepared))
            writes, orders = scene.writes(mark), scene.orders()
            strangers = {each["client_id"] for each in orders} - {prepared.key}
            none_of([
                *([f"send made {len(writes)} write requests: {', '.join(writes)}"] if len(writes) != 1 else []),
                *([f"the venue has {len(orders)} orders, and not the one that was sent"] if len(orders) != 1 else []),
                *(f"the venue has it as {name!r}, not as {prepared.key!r}" for name in strangers),
                *([f"it was filled, and send says {said.text}"] if said.state in _PROOFS else []),
            ])  # fmt: skip

        venue_double.act(self.stage(traded_sample(trade)), do)

    @promise("L2-2")
    def test_l2_2_an_error_is_not_a_failure(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-2 Unknown: where the reply was lost or says nothing that is known to be a refusal, send does not say that nothing happened.

        The order may have been filled: whoever takes a timeout for a refusal sends it again, and has it twice.
        """
        none_of([
            *(
                f"{each.fault}: the venue filled {each.filled}, and send says {each.sent.text}"
                for each in self._lost(venue_double, trade) if each.sent.state in _PROOFS
            ),
            *self._strange(venue_double, trade),
        ])  # fmt: skip

    @promise("L2-3")
    def test_l2_3_nothing_is_done_without_evidence(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-3 Evidence: where the reply was lost or damaged, send says UNKNOWN, or what was done together with its effects.

        An acknowledgement that cannot be read, or without the order's id, proves no order.
        """
        none_of(
            f"{each.fault}: send says {each.sent.text}, and shows no such trade"
            for each in self._lost(venue_double, trade)
            if each.sent.state not in (*_PROOFS, "UNKNOWN") and not (each.sent.state in _DONE and each.shown)
        )

    @promise("L2-4")
    def test_l2_4_a_write_is_not_repeated(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-4 One write: whatever happens to a send, it makes no second write request.

        Only the core knows from its journal whether an order may be sent again; a retry of the client's own, or of its library, is blind.
        """
        none_of([
            *(f"{each.fault}: send made {each.writes} write requests" for each in self._lost(venue_double, trade) if each.writes > 1),
            *(problem for fault in TURNED_AWAY for problem in self._turned_away(venue_double, trade, fault)),
        ])  # fmt: skip

    @promise("L2-5")
    def test_l2_5_a_look_up_finds_the_order(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-5 Found: an order whose reply was lost is found by a look-up, with what was filled.

        This is how an unknown outcome is settled; without it every lost reply waits for a person.
        """
        none_of(
            f"{each.fault}: the venue filled {each.filled}, and the look-up says {each.found.text}"
            for each in self._lost(venue_double, trade)
            if not (each.found.state in _DONE and each.found_shown)
        )

    @promise("L2-6")
    def test_l2_6_absent_is_not_unreadable(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-6 Absent: a look-up says ABSENT of an order that the venue answers it does not have, and not where it could not read.

        An order that is believed absent is sent again once its fence has passed.
        """
        none_of([
            *self._never_sent(venue_double, trade),
            *(text for fault in ("endpoint_down", "garbage") for text in self._blind(venue_double, trade, fault)),
        ])  # fmt: skip

    def _lost(self, double: Double, trade: Sample | None) -> list[Lost]:
        """Every fault of `LOST`, tried once for all promises."""
        sample = traded_sample(trade)
        name = f"{type(sample.action).__name__} {getattr(sample.action, 'symbol', '')}"
        if name not in double.lost:
            double.lost[name] = [double.act(self.stage(sample), _losing(fault)) for fault in LOST]
        found: list[Lost] = double.lost[name]
        return found

    def _strange(self, double: Double, trade: Sample | None) -> list[str]:
        async def do(scene: Scene) -> list[str]:
            prepared = await scene.prepared()
            scene.fault("deny", code=int(STRANGE), text="a code that nobody has seen", status=400)
            said = await heard(scene.client.send(prepared))
            return [f"the unknown code {STRANGE} is taken for a proof: send says {said.text}"] if said.state in _PROOFS else []

        return double.act(self.stage(traded_sample(trade)), do)

    def _turned_away(self, double: Double, trade: Sample | None, fault: str) -> list[str]:
        async def do(scene: Scene) -> list[str]:
            prepared = await scene.prepared()
            scene.fault(fault)
            mark = scene.mark()
            await heard(scene.client.send(prepared))
            writes = len(scene.writes(mark))
            return [f"{fault}: send made {writes} write requests"] if writes > 1 else []

        return double.act(self.stage(traded_sample(trade)), do)

    def _never_sent(self, double: Double, trade: Sample | None) -> list[str]:
        async def do(scene: Scene) -> list[str]:
            said = await heard(scene.client.lookup(await scene.prepared()))
            return [] if said.state == "ABSENT" else [f"an order that was never sent is looked up, and the answer is {said.text}"]

        return double.act(self.stage(traded_sample(trade)), do)

    def _blind(self, double: Double, trade: Sample | None, fault: str) -> list[str]:
        async def do(scene: Scene) -> list[str]:
            prepared = await scene.prepared()
            await heard(scene.client.send(prepared))
            scene.fault(fault, "*", times=-1)
            said = await heard(scene.client.lookup(prepared))
            return [] if said.state == "UNKNOWN" else [f"{fault}: the venue could not be read, and the look-up says {said.text}"]

        return double.act(self.stage(traded_sample(trade)), do)


def _losing(fault: str) -> Any:
    async def do(scene: Scene) -> Lost:
        prepared = await scene.prepared()
        scene.fault(fault, **LOST[fault])
        mark = scene.mark()
        sent = await heard(scene.client.send(prepared))
        writes = scene.writes(mark)
        filled = scene.filled()
        if not filled:
            broken(f"{fault}: the venue filled nothing of the order; it has {[each['reason'] for each in scene.orders()]}")
        shown = sent.report is not None and scene.shows(sent.report, filled)
        for _ in range(LOOKS):
            found = await heard(scene.client.lookup(prepared))
            if found.state in _DONE:
                break
            await asyncio.sleep(PAUSE_S)
        return Lost(fault, sent, shown, len(writes), filled, found, found.report is not None and scene.shows(found.report, filled))

    return do

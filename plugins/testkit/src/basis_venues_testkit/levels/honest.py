"""Level 2: a client says what it knows, and no more. Every promise is tried on the venue's double, whose records tell what happened."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from basis_venues.states import DONE

from ..doubles.double import shown_sample
from ..doubles.scene import LOOKS, PAUSE_S, PROOFS, Double, Heard, Scene, heard
from ..promises import broken, none_of, promise
from ..samples import Sample
from ..suite import Suite

_DONE = frozenset(state.value for state in DONE)


class Lost(NamedTuple):
    """One send that met with a fault: what was said, the writes that the double counted, what happened, and what a look-up said then."""

    fault: str
    sent: Heard
    shown: bool
    writes: int
    happened: str
    found: Heard
    found_shown: bool


class Honest(Suite):
    """The promises of level 2 on outcomes."""

    @promise("L2-1")
    def test_l2_1_a_write_is_one_request(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-1 Once: a write is one request under the attempt's name, for what was planned, and what it did is told.

        The name (a client order id, a transaction's hash) is how it is found again after a crash; a second write may be a second order.
        """

        async def do(scene: Scene) -> None:
            prepared = await scene.prepared()
            mark = scene.mark()
            said = await scene.send(prepared)
            writes = scene.writes(mark)
            none_of([
                *([f"send made {len(writes)} write requests: {', '.join(writes)}"] if len(writes) != 1 else []),
                *scene.strangers(prepared),
                *scene.misjudged(),
                *([f"it {scene.happened()}, and send says {said.text}"] if said.state in PROOFS else []),
                *([] if scene.happened() else [f"nothing of it happened, and send says {said.text}"]),
            ])  # fmt: skip

        shut = venue_double.unmade or venue_double.shut(self.stage(shown_sample(trade)))
        if shut:
            broken(shut)
        venue_double.act(self.stage(shown_sample(trade)), do)
        none_of(venue_double.changed(self.stage(shown_sample(trade))))

    @promise("L2-2")
    def test_l2_2_an_error_is_not_a_failure(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-2 Unknown: where the reply was lost or says nothing that is known to be a refusal, send does not say that nothing happened.

        The order may have been filled: whoever takes a timeout for a refusal sends it again, and has it twice.
        """
        none_of([
            *(
                f"{each.fault}: it {each.happened}, and send says {each.sent.text}"
                for each in self._lost(venue_double, trade) if each.sent.state in PROOFS
            ),
            *self._strange(venue_double, trade),
            *venue_double.act(self.stage(shown_sample(trade)), _doubted),
        ])  # fmt: skip

    @promise("L2-3")
    def test_l2_3_nothing_is_done_without_evidence(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-3 Evidence: where the reply was lost or damaged, send says UNKNOWN, or what was done together with its effects.

        An acknowledgement that cannot be read, or without the order's id, proves no order; an order that is shown as filled before its
        fills are listed is not over yet; and an answer that leaves out what it must say, or says what nobody knows, ends nothing.
        """
        none_of([
            *(
                f"{each.fault}: send says {each.sent.text}, and does not show that it {each.happened}"
                for each in self._lost(venue_double, trade)
                if each.sent.state not in (*PROOFS, *venue_double.evident) and not (each.sent.state in _DONE and each.shown)
            ),
            *venue_double.act(self.stage(shown_sample(trade)), _lagging),
            *venue_double.act(self.stage(shown_sample(trade)), _bent),
            *venue_double.act(self.stage(shown_sample(trade)), _bent_at_rest, waits=True),
        ])  # fmt: skip

    @promise("L2-4")
    def test_l2_4_a_write_is_not_repeated(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-4 One write: whatever happens to a send, it makes no second write request.

        Only the core knows from its journal whether an order may be sent again; a retry of the client's own, or of its library, is blind.
        """
        none_of([
            *(f"{each.fault}: send made {each.writes} write requests" for each in self._lost(venue_double, trade) if each.writes > 1),
            *(problem for fault in venue_double.turnings for problem in self._turned_away(venue_double, trade, fault)),
            *venue_double.act(self.stage(shown_sample(trade)), _unread),
        ])  # fmt: skip

    @promise("L2-5")
    def test_l2_5_a_look_up_finds_the_order(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-5 Found: an order whose reply was lost is found by a look-up, with what was filled.

        This is how an unknown outcome is settled; without it every lost reply waits for a person.
        """
        none_of(
            f"{each.fault}: it {each.happened}, and the look-up says {each.found.text}"
            for each in self._lost(venue_double, trade)
            if not (each.found.state in _DONE and each.found_shown)
        )

    @promise("L2-6")
    def test_l2_6_absent_is_not_unreadable(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-6 Absent: a look-up says ABSENT of an order that the venue answers it does not have, and not where it could not read.

        Down, out of its mind, or turning readers away for their number: what is believed absent is sent again once its fence has passed.
        """
        none_of([
            *self._never_sent(venue_double, trade),
            *(text for fault in venue_double.blindings for text in self._blind(venue_double, trade, fault)),
        ])  # fmt: skip

    def _lost(self, double: Double, trade: Sample | None) -> list[Lost]:
        """Every loss that the double knows, tried once for all promises."""
        sample = shown_sample(trade)
        if repr(sample) not in double.lost:
            double.lost[repr(sample)] = [double.act(self.stage(sample), _losing(fault), hasty=True) for fault in double.losses]
        found: list[Lost] = double.lost[repr(sample)]
        return found

    def _strange(self, double: Double, trade: Sample | None) -> list[str]:
        async def do(scene: Scene) -> list[str]:
            prepared = await scene.prepared()
            scene.refuse_strangely()
            said = await scene.send(prepared)
            return [f"an error that no venue has is taken for a proof: send says {said.text}"] if said.state in PROOFS else []

        return double.act(self.stage(shown_sample(trade)), do)

    def _turned_away(self, double: Double, trade: Sample | None, how: str) -> list[str]:
        async def do(scene: Scene) -> list[str]:
            prepared = await scene.prepared()
            scene.turn_away(how)
            mark = scene.mark()
            await scene.send(prepared)
            writes = len(scene.writes(mark))
            return [f"{how}: send made {writes} write requests"] if writes > 1 else []

        return double.act(self.stage(shown_sample(trade)), do)

    def _never_sent(self, double: Double, trade: Sample | None) -> list[str]:
        async def do(scene: Scene) -> list[str]:
            prepared, mark = await scene.prepared(), scene.mark()
            said = await heard(scene.client.lookup(prepared))
            return [
                *([f"a write that was never sent is looked up, and the answer is {said.text}"] if said.state != "ABSENT" else []),
                *(f"a look-up made the write request {each}" for each in scene.writes(mark)),
            ]

        return double.act(self.stage(shown_sample(trade)), do)

    def _blind(self, double: Double, trade: Sample | None, how: str) -> list[str]:
        async def do(scene: Scene) -> list[str]:
            prepared = await scene.prepared()
            await scene.send(prepared)
            scene.blind(how)
            said = await heard(scene.client.lookup(prepared))
            return [] if said.state == "UNKNOWN" else [f"{how}: the venue could not be read, and the look-up says {said.text}"]

        return double.act(self.stage(shown_sample(trade)), do, hasty=True)


async def _unread(scene: Scene) -> list[str]:
    prepared = await scene.prepared()
    scene.deafen()
    mark = scene.mark()
    await scene.send(prepared)
    writes = scene.writes(mark)
    return [f"nothing could be read after the write: send made {len(writes)} write requests"] if len(writes) > 1 else []


async def _doubted(scene: Scene) -> list[str]:
    return await scene.doubted()


async def _bent(scene: Scene) -> list[str]:
    return await scene.bent()


async def _bent_at_rest(scene: Scene) -> list[str]:
    return await scene.bent_at_rest()


async def _lagging(scene: Scene) -> list[str]:
    prepared = await scene.prepared()
    scene.lag()
    told = {"send": await scene.send(prepared), "the look-up": await heard(scene.client.lookup(prepared))}
    return [
        f"it {scene.happened()}, which is listed late, and {who} says {said.text} without it"
        for who, said in told.items()
        if said.report is not None and said.state in _DONE and not scene.shows(said.report)
    ]


def _losing(fault: str) -> Any:
    async def do(scene: Scene) -> Lost:
        prepared = await scene.prepared()
        scene.lose(fault)
        mark = scene.mark()
        sent = await scene.send(prepared)
        writes = scene.writes(mark)
        happened = scene.happened()
        if not happened:
            broken(f"{fault}: nothing of it happened at the venue, and send says {sent.text}")
        shown = sent.report is not None and scene.shows(sent.report)
        for _ in range(LOOKS):
            found = await heard(scene.client.lookup(prepared))
            if found.state in _DONE:
                break
            await asyncio.sleep(PAUSE_S)
        return Lost(fault, sent, shown, len(writes), happened, found, found.report is not None and scene.shows(found.report))

    return do

"""Level 2: a client carries out what was planned and nothing else, tells it the same way each time, and keeps secrets."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from decimal import Decimal
from typing import Any

from basis_venues.errors import BasisError
from basis_venues.keys import TRANSIT, split_key
from basis_venues.orders import Effect, Line, Report, Snapshot, Step, deltas
from basis_venues.states import SUCCEEDED, State

from ..doubles.double import overheard, shown_sample
from ..doubles.scene import Double, Scene, heard
from ..promises import broken, does_not_apply, none_of, promise
from ..samples import Sample
from .honest import Honest

MOST_DECIMALS = 18
"""No venue tells an amount with more: a wei is 1e-18."""


class Faithful(Honest):
    """The promises of level 2 on what is sent and what is told."""

    @promise("L2-7")
    def test_l2_7_a_refusal_is_told_as_one(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-7 Refused: a write that the venue refuses for want of funds is REJECTED, with the venue's reason.

        What is proven not to have happened needs neither look-ups nor a person.
        """

        async def do(scene: Scene) -> None:
            prepared = await scene.prepared()
            scene.impoverish()
            said = await scene.send(prepared)
            if said.state != State.REJECTED.value or said.report is None or not said.report.reason:
                broken(f"the venue refused it for want of funds, and send says {said.text}: list its code or its words among the proofs")

        venue_double.act(self.stage(shown_sample(trade)), do)

    @promise("L2-8")
    def test_l2_8_a_part_is_told_as_a_part(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-8 Partial: what was done in part is told as far as it went, and not as done: a part of an order, at rest too, the gas of a
        revert.

        The rest was not traded: a hedge that is taken for whole is none.
        """

        async def do(scene: Scene) -> None:
            prepared = await scene.prepared()
            scene.cut_short(prepared)
            sent = await scene.send(prepared)
            scene.mend()
            found = await heard(scene.client.lookup(prepared))
            none_of([
                *(_not_a_part(scene, "send", sent.report) if sent.report and sent.report.effects else ()),
                *(_not_a_part(scene, "the look-up", found.report) if found.report else [f"the look-up raises {found.text}"]),
                *scene.left_over(),
            ])  # fmt: skip

        async def rest(scene: Scene) -> None:
            none_of(await scene.filled_at_rest())

        venue_double.act(self.stage(shown_sample(trade)), do)
        venue_double.act(self.stage(shown_sample(trade)), rest, waits=True)

    @promise("L2-9")
    def test_l2_9_effects_are_the_same_from_everywhere(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-9 Effects: send, look-up and recent effects tell a write with the same ids, and positions change as the effects say.

        Also where it is filled in pieces, in more than fit into one answer, and where it sells; and what comes by itself is told once, as
        nobody's order. Effects are counted by their ids; another id for the same fill is a second fill, or one that nobody ordered.
        """

        async def do(scene: Scene) -> None:
            for number, step in enumerate(scene.steps):
                none_of(await _told_differently(scene, number, step))
            none_of(await scene.crowded())

        venue_double.act(self.stage(shown_sample(trade)), do)
        none_of(venue_double.credits(self.stage(shown_sample(trade))))

    @promise("L2-10")
    def test_l2_10_filters_are_kept_and_nothing_is_rounded(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-10 Filters: an amount that the venue does not take is refused, here or there, and never changed into one that it takes.

        Whoever rounds in silence trades another amount than was asked for, and the legs no longer fit.
        """

        async def do(scene: Scene) -> None:
            step = scene.refined()
            if step is None:
                does_not_apply("the action has no amount of its own")
            for attempt in range(2):
                try:
                    prepared = await scene.prepared(attempt, step)
                except BasisError:
                    continue
                await scene.send(prepared)
            if scene.happened():
                broken(f"{step.actions[-1]} is not what the venue takes, and it {scene.happened()}")

        venue_double.act(self.stage(shown_sample(trade)), do)

    @promise("L2-11")
    def test_l2_11_prepare_writes_nothing_and_repeats_itself(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-11 Prepare: it writes nothing at the venue, and for the same step and key it answers the same, under a name of its own.

        It goes into the journal before it is sent; after a crash it is what was sent.
        """

        async def do(scene: Scene) -> None:
            mark = scene.mark()
            scene.hold_still()
            first, again, other = await scene.prepared(), await scene.prepared(), await scene.prepared(1)
            writes = scene.writes(mark)
            none_of([
                *([f"prepare made write requests: {', '.join(writes)}"] if writes else []),
                *([f"for the same step and key it says {again.payload} after {first.payload}"] if again.payload != first.payload else []),
                *scene.unnamed(first, other),
            ])  # fmt: skip

        venue_double.act(self.stage(shown_sample(trade)), do)

    @promise("L2-12")
    def test_l2_12_secrets_stay_secret(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-12 Secrets: no credential appears in a log record, on the output, in a report, in what is prepared, or in what is raised.

        Also where the venue itself repeats it in an error. Journals and logs are read by many.
        """
        output = io.StringIO()
        with overheard() as logged, redirect_stdout(output), redirect_stderr(output):
            told = venue_double.act(self.stage(shown_sample(trade)), lambda scene: _telling(scene, venue_double.told))
        places = {**told, "a log record": "\n".join(logged), "the output": output.getvalue()}
        none_of(
            f"a credential is in {place}: {_around(text, secret)}"
            for place, text in places.items()
            for secret in venue_double.secrets
            if secret in text
        )

    @promise("L2-13")
    def test_l2_13_what_waits_is_told_and_ended(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-13 Waiting: what rests or waits at the venue is told as ACCEPTED, and one write ends it: a cancel, or a higher fee.

        An order whose time is over must not fill later, and a stuck transaction must not stop its account; neither may happen twice.
        """

        async def do(scene: Scene) -> None:
            none_of(await scene.waiting())

        venue_double.act(self.stage(shown_sample(trade)), do, waits=True)

    @promise("L2-14")
    def test_l2_14_it_asks_its_own_hosts(self, venue_double: Double, trade: Sample | None) -> None:
        """L2-14 Hosts: on each network of the manifest, every request of a trade is meant for a host that the manifest names there.

        A client that goes to another exchange has shown what that one does; and live the guard lets none of its requests out.
        """
        none_of(venue_double.strays(self.stage(shown_sample(trade))))

    @promise("L2-15")
    def test_l2_15_what_is_sent_away_leaves_once(self, venue_double: Double, move: Sample | None) -> None:
        """L2-15 Moves: a transfer or withdrawal is one request, is found with what it took when its reply was lost, and refused as one.

        Coins that left are not asked back: whoever sends them twice, or takes a lost reply for a refusal, has them no more.
        """
        if move is None:
            does_not_apply("no sample transfers or withdraws anything")
        none_of(venue_double.moves(self.stage(move)))


async def _telling(scene: Scene, secrets: Iterable[str]) -> dict[str, str]:
    """Everything that a client says: of a good write, of one whose reply is lost, and where the venue repeats the secrets."""
    prepared = await scene.prepared()
    said = {"what is prepared": repr(prepared), "the heartbeat": str(await scene.client.heartbeat())}
    said["the report of send"] = repr(await scene.send(prepared))
    said["the report of a look-up"] = repr(await heard(scene.client.lookup(prepared)))
    scene.lose("accept_then_status")
    said["the report of a lost reply"] = await _told(scene, 1)
    scene.refuse_strangely(f"no such key: {' '.join(secrets)}")
    said["the report of a refusal that repeats it"] = await _told(scene, 2)
    said["the client"] = f"{scene.client!r} {scene.client}"
    return said


async def _told(scene: Scene, number: int) -> str:
    """What is said of one more attempt; a venue may refuse to prepare it, the first having been carried out."""
    try:
        prepared = await scene.prepared(number)
    except BasisError as refusal:
        return repr(refusal)
    return repr(await scene.send(prepared))


async def _told_differently(scene: Scene, number: int, step: Step) -> list[str]:
    """What is told of a step, done in pieces, by one in another way than by the others."""
    prepared, keys, began = await scene.prepared(number, step), scene.keys, scene.moment()
    before = await scene.client.positions(keys, 0)
    scene.scatter()
    sent = await scene.send(prepared)
    found = await heard(scene.client.lookup(prepared))
    after = await scene.client.positions(keys, 0)
    if found.report is None or not found.report.effects:
        return [f"the look-up shows no effects of what was carried out: {found.text}"]
    effects = found.report.effects
    changes, ids = deltas(effects), _ids(effects)
    opened = {key for key in changes if key not in keys and split_key(key).kind != TRANSIT}  # what is on its way nobody shows yet
    named = {*keys, *opened}
    shown = (await scene.client.positions(opened, 0)).values if opened else {}
    recent = [each for each in await scene.client.recent_effects(named, scene.since, 0) if each.order == prepared.key]
    asked = [each for each in effects if not each.lines or any(key in named for key, _ in each.lines)]
    told = [("recent_effects", recent, _ids(asked))]
    if sent.report and sent.report.effects:
        told.append(("send", list(sent.report.effects), ids))
    return [
        *(f"{name} tells {_ids(others)}, and the look-up {own}" for name, others, own in told if _ids(others) != own),
        *(f"the effect {each.id} is not of the attempt" for each in effects if each.order != prepared.key),
        *(
            f"{key} was {before.values.get(key)} and is {after.values.get(key)}, and the effects say {changes.get(key, Decimal(0)):+f}"
            for key in keys
            if _is_off(scene, key, before.values, after.values, changes)
        ),
        *(
            f"{key} is {shown.get(key)}, and the effects opened it with {changes[key]:+f}"
            for key in opened
            if _is_off(scene, key, {key: Decimal(0)}, shown, changes)
        ),
        *_misdated(scene, began, effects, (before, after)),
        *_mixed_with_floats([*(line for each in effects for line in each.lines), *after.values.items()]),
    ]


def _misdated(scene: Scene, began: int, effects: Iterable[Effect], snapshots: Iterable[Snapshot]) -> Iterator[str]:
    earliest, latest = began - scene.leeway, scene.moment() + scene.leeway
    for each in effects:
        if not earliest <= each.at <= latest:
            yield f"the effect {each.id} is told at {each.at}, and it was between {began} and {scene.moment()}"
    yield from (f"positions are told as of {each.at}, when it was {scene.moment()}" for each in snapshots if each.at > latest)


def _mixed_with_floats(lines: Iterable[Line]) -> Iterator[str]:
    """A figure that passed through a float is, in decimals, longer than any that is told."""
    for key, amount in lines:
        exponent = amount.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > MOST_DECIMALS:
            yield f"{key}: {amount} has {-exponent} decimals, more than any venue tells: it was a float"


def _not_a_part(scene: Scene, who: str, report: Report) -> Iterator[str]:
    if not scene.shows(report):
        yield f"{who} shows {scene.shown(report)}, and the venue has it that it {scene.happened() or 'did nothing'}"
    if report.state in SUCCEEDED:
        yield f"{who} says {report.state.value}, and it was done in part only"


def _ids(effects: Iterable[Effect]) -> list[str]:
    return sorted(effect.id for effect in effects)


def _is_off(scene: Scene, key: str, before: Any, after: Any, changes: Any) -> bool:
    if key not in before or key not in after:
        return True
    off: Decimal = after[key] - before[key] - changes.get(key, Decimal(0))
    return abs(off) > scene.stage.model.tolerance(key)


def _around(text: str, secret: str) -> str:
    """Where it is, with the secret itself hidden."""
    at = text.index(secret)
    return f"...{text[max(at - 40, 0) : at]}***"

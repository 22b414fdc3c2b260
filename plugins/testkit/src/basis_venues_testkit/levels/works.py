"""Level 1: what the manifest offers is carried out in simulation, exactly, purely, and as it was announced."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal, FloatOperation, localcontext
from itertools import zip_longest
from typing import Any

import attrs

from basis_venues.actions import Action
from basis_venues.amounts import MONEY
from basis_venues.errors import BasisError, Denied
from basis_venues.fold import fold
from basis_venues.journal.codec import event_from, text
from basis_venues.journal.events import Sending, kind_of
from basis_venues.keys import OBLIGATIONS, Key, protocol_of, split_key
from basis_venues.manifest import Capability
from basis_venues.orders import Effect, Limits, Prepared, Ref, Step, deltas
from basis_venues.positions import Positions
from basis_venues.results import LegResult, word_of

from ..examples import in_several_assets
from ..promises import blocked_by, broken, does_not_apply, none_of, promise
from ..samples import Sample
from ..simulation.stage import Course, Moment, Plenty, Stage, Told
from ..simulation.watching import watched
from ..suite import Suite, given_sample

EFFECT_KINDS = frozenset({
    "trade", "fee", "gas", "funding", "interest", "transfer", "deposit", "lend", "stake", "swap", "flash", "setting",
})  # fmt: skip
"""What an effect of a model may call itself, see `Effect`."""
VISIBLE = 1000
"""So many tolerances what a step changes is at least."""


class Works(Suite):
    """The promises of level 1 on what actions do."""

    @promise("L1-1")
    def test_l1_1_what_is_declared_is_shown(self, declared: tuple[str, Capability] | None) -> None:
        """L1-1 Shown: every action class that the manifest declares as full has a sample.

        A capability that nobody has seen work is a guess. What does not work is declared so, with the reason.
        """
        if declared is None:
            _ = self.subject.manifest
            does_not_apply("the manifest declares no action")
        name, capability = declared
        if any(name in sample.shows for sample in self.samples):
            return
        if capability.level == "full":
            broken(f"{name} is declared as full and has no sample: add one, or declare it as 'not_implemented: why' or 'unsupported: why'")
        does_not_apply(f"{name} is {capability.level}: {capability.reason}")

    @promise("L1-2")
    def test_l1_2_what_is_not_declared_is_denied(self, undeclared: Action | None) -> None:
        """L1-2 Denied: an action class that the manifest does not offer is refused with Denied, before any figure is asked for.

        Whoever names the venue on an action it does not know must learn it from this side, not from an exchange.
        """
        if undeclared is None:
            does_not_apply("the manifest offers every action class there is")
        for action in in_several_assets(undeclared):
            self._is_denied(action)

    @promise("L1-3")
    def test_l1_3_samples_are_verified(self, sample: Sample | None) -> None:
        """L1-3 Verified: the core's tight loop carries every sample out in simulation and finds the account as the effects say.

        This is what a backtest does, with nothing of the core replaced. Each step changes a position besides its cost: an action that does
        nothing is verified, too.
        """
        sample = given_sample(sample)
        result = self._carried_out(sample)
        if word_of(result) != "VERIFIED":
            broken(f"ended {result.state.value}: {result.reason}{_off(result.compared)}")
        course = self.stage(sample).course()
        none_of(
            f"the step {moment.step.id} changes no position besides its cost: let `effects` answer what the action does to each position, "
            "or say idle=True on a Sample that does nothing"
            for moment in course.moments
            if not sample.idle and not any(deltas(moment.effects).values())
        )

    @promise("L1-4")
    def test_l1_4_everything_touched_is_named_before(self, sample: Sample | None) -> None:
        """L1-4 Touches: `touches` names every position that planning reads or carrying out changes.

        Only these are read from the venue before an order, and only these are compared after it. A claim or transit that the step
        itself opens has no name before, and what arrives later is another effect.
        """
        stage = self.stage(given_sample(sample))
        course = self._course(stage)
        view = Told(stage.sample.holds)
        stage = self.stage(stage.sample)
        stage.plan(view)
        named = set(course.touched)
        none_of([
            *(f"plan reads {key}, which touches does not name" for key in sorted(view.read - named)),
            *(f"{key} is changed, and touches does not name it" for key in sorted(set(_changed(course)) - named)),
        ])  # fmt: skip
        seen = Positions({key: stage.sample.holds.get(key, Decimal(0)) for key in course.touched})
        if self.stage(stage.sample).plan(seen) != course.plan:
            broken("the plan is another one when the view holds only what touches names")

    @promise("L1-5")
    def test_l1_5_amounts_are_exact(self, sample: Sample | None) -> None:
        """L1-5 Exact: amounts are finite Decimals in effects, costs, steps, limits and tolerances, and no float is mixed in.

        A float loses cents, and the loss is found when the books no longer agree; a tolerance as large as what is done finds nothing.
        """
        stage = self.stage(given_sample(sample))
        with localcontext(MONEY) as context:
            context.traps[FloatOperation] = True
            try:
                course = self._named_well(stage)
                limits = stage.model.limits(stage.order.action)
                tolerances = {key: stage.model.tolerance(key) for key in course.touched}
            except FloatOperation:
                broken("a float is turned into a Decimal: write the figure as text")
        none_of([
            *(problem for moment in course.moments for problem in _inexact_moment(moment)),
            *(f"limits: {problem}" for problem in _inexact_limits(limits)),
            *(f"tolerance({key!r}) is {amount!r}" for key, amount in tolerances.items() if not _is_exact(amount) or amount < 0),
            *(problem for moment in course.moments for problem in _hidden(moment, tolerances)),
        ])  # fmt: skip

    @promise("L1-6")
    def test_l1_6_keys_are_well_formed_and_owned(self, sample: Sample | None) -> None:
        """L1-6 Keys: every position has the form account:kind:instrument, on an account of the run, and someone who answers for it.

        A key that nobody owns is never compared with anything.
        """
        stage = self.stage(given_sample(sample))
        course = self._course(stage)
        keys = {*course.touched, *(key for moment in course.moments for effect in moment.everything for key, _ in effect.lines)}
        known = {self.venue, *self.partners, str(getattr(stage.order.action, "spender", self.venue)).partition("/")[0]}
        none_of([
            *(problem for key in sorted(keys) for problem in _wrong_key(key, _accounts(stage), known)),
            *(
                f"an effect is of the kind {effect.kind!r}; kinds are {', '.join(sorted(EFFECT_KINDS))}"
                for moment in course.moments for effect in moment.everything if effect.kind not in EFFECT_KINDS
            ),
        ])  # fmt: skip

    @promise("L1-7")
    def test_l1_7_effect_ids_are_stable_and_unique(self, sample: Sample | None) -> None:
        """L1-7 Ids: effect ids are unique and come from the attempt alone, and effects carry the attempt as their order.

        What was done is recognised by its id after a crash, and counted once.
        """
        first = self._course(self.stage(given_sample(sample)), "one")
        second = self._course(self.stage(given_sample(sample)), "two")
        ids = [effect.id for moment in first.moments for effect in moment.everything]
        again = [effect.id for moment in second.moments for effect in moment.everything]
        problems = [f"two effects have the id {each!r}" for each in dict.fromkeys(ids) if ids.count(each) > 1]
        for moment in first.moments:
            for effect in moment.everything:
                if not effect.id.startswith(moment.ref.id):
                    problems.append(f"the effect {effect.id!r} of the attempt {moment.ref.id!r} is not named after it: f'{{ref.id}}:0'")
                elif effect.order is None or not effect.order.startswith(moment.ref.id):
                    problems.append(f"the effect {effect.id!r} has the order {effect.order!r}, not that of its attempt")
        if not problems and [each.replace("one", "two", 1) for each in ids] != again:
            problems.append(f"ids hang on more than the attempt: {ids} and {again}")
        none_of(problems)

    @promise("L1-8")
    def test_l1_8_the_model_is_pure(self, sample: Sample | None) -> None:
        """L1-8 Pure: the same input gives the same output, again and on a new model; inputs stay as they were; nothing else is used.

        Clock, randomness, environment, files and network would make a backtest that nobody can repeat.
        """
        stage = self.stage(given_sample(sample))
        course = self._named_well(stage)
        problems = []
        for fresh in (stage, self.stage(given_sample(sample))):
            fresh = self._rewound(fresh)
            with watched() as used:
                answers = list(_ask(fresh, course))
            problems += [f"the model uses {each}" for each in used]
            problems += [f"{name} answers {now!r} where it answered {before!r}" for name, before, now in answers if now != before]
        none_of([*problems, *self._remembered(stage)])

    @promise("L1-9")
    def test_l1_9_steps_are_numbered(self, sample: Sample | None) -> None:
        """L1-9 Steps: a plan has at least one step; their ids are ORDER/NUMBER from 0; each has its order and at least one action.

        The journal finds the step at which a run was stopped by its number.
        """
        stage = self.stage(given_sample(sample))
        plan = self._course(stage).plan
        if not plan:
            broken("the plan has no steps")
        numbered = [(step.id, f"{stage.order.id}/{number}") for number, step in enumerate(plan)]
        none_of([
            *(f"a step has the id {got!r} where {want!r} belongs" for got, want in numbered if got != want),
            *(f"{step.id} carries the order {step.order.id}" for step in plan if step.order != stage.order),
            *(f"{step.id} has no action" for step in plan if not step.actions),
        ])  # fmt: skip

    @promise("L1-10")
    def test_l1_10_steps_survive_the_journal(self, sample: Sample | None) -> None:
        """L1-10 Journal: a step written to the journal and read back is the same step.

        After a crash the journal's copy is what is looked up and sent.
        """
        stage = self.stage(given_sample(sample))
        course = self._course(stage)
        for number, step in enumerate(course.plan):
            prepared = Prepared("key", step, {})
            sending = Sending(
                mode="mode", order=stage.order, plan=course.plan, number=number, attempt=0, prepared=prepared, keys=course.touched,
                before={}, marks={}, accounts={stage.order.account: "identity"}, at=stage.sample.at,
            )  # fmt: skip
            try:
                read = event_from(kind_of(Sending), json.loads(text(sending)))
            except Exception as error:
                broken(f"{step.id} cannot be written or read: {type(error).__name__}: {error}")
            if read != sending:
                broken(f"{step.id} was {step!r} and is read back as {getattr(read, 'step', read)!r}")

    @promise("L1-15")
    def test_l1_15_the_figures_asked_for_are_named(self, sample: Sample | None) -> None:
        """L1-15 Series: `series` names the market figures that an action asks for, apart from those of positions held.

        The data of a run are checked against it before the run, not in its middle.
        """
        stage = self.stage(given_sample(sample))
        course = self._course(stage)
        parts = [(stage.order.venue, stage.order.action)]
        parts += [(part.venue or stage.order.venue, part) for step in course.plan for part in step.actions]
        named = {series for venue, part in parts for series in stage.models[venue].series(part)}
        of_positions = {key.split(":", 2)[-1].rpartition("/")[2] for key, amount in stage.sample.holds.items() if amount}
        none_of([
            *(f"{series!r} is not a series: source:kind:instrument" for series in sorted(named) if not _is_series(series)),
            *(
                f"{series} is asked for, and series does not name it"
                for series in sorted(stage.market.asked - named) if series.split(":", 2)[-1] not in of_positions
            ),
        ])  # fmt: skip

    def _is_denied(self, action: Action) -> None:
        stage, name = self.stage(Sample(action)), type(action).__name__
        try:
            stage.model.touches(stage.order, Plenty())
            plan = stage.plan(Plenty())
        except Denied:
            return
        except Exception as error:
            broken(f"{name} is not offered, and asking for it raises {type(error).__name__} instead of Denied: {error}")
        broken(f"{name} is not offered, and is planned in {len(plan)} steps: declare it, or raise not_supported(...) in plan")

    def _course(self, stage: Stage, attempt: str = "attempt") -> Course:
        try:
            return stage.course(attempt)
        except FloatOperation:
            raise
        except Exception as error:
            blocked_by("L1-3", str(error))

    def _carried_out(self, sample: Sample) -> LegResult:
        stage = self.stage(sample)
        try:
            return stage.result()
        except BasisError as error:
            with suppress(Exception):  # what the model raises is told here
                _must_be_named_well(self.stage(sample).course())
            broken(f"{type(error).__name__}: {error}")

    def _named_well(self, stage: Stage) -> Course:
        """The sample's course; what asks about positions by their names is blocked where one is misnamed."""
        course = self._course(stage)
        _must_be_named_well(course)
        return course

    def _remembered(self, stage: Stage) -> Iterator[str]:
        """What the plugin knows from before: with other figures it must answer as one does that was just imported."""
        here = _moved(self.stage(stage.sample))
        with stage.subject.anew() as subject:
            anew = _moved(self.stage(stage.sample, subject=subject))
        for said, told in zip_longest(here, anew):
            if said != told:
                yield f"it keeps state: with other market figures it answers {said!r}, and {told!r} when it is imported anew"

    def _rewound(self, stage: Stage) -> Stage:
        """A stage at the start whose model is the given one's."""
        again = self.stage(stage.sample)
        again.models = stage.models
        again.model = stage.model
        return again


def _moved(stage: Stage) -> tuple[Any, ...]:
    """Plan, costs and effects of the sample with other market figures, or what is raised instead."""
    stage.market = stage.market.moved()
    try:
        course = stage.course()
    except Exception as error:
        return type(error).__name__, str(error)
    return course.touched, course.plan, *(moment.everything for moment in course.moments)


def _must_be_named_well(course: Course) -> None:
    for key in (*course.touched, *_changed(course)):
        try:
            split_key(key)
        except ValueError as error:
            blocked_by("L1-6", str(error))


def _is_series(name: str) -> bool:
    return len(name.split(":", 2)) == 3 and all(name.split(":", 2))


def _off(compared: Iterable[Any]) -> str:
    return "".join(f"\n{line.key}: expected {line.expected}, observed {line.observed}" for line in compared if not line.agrees)


def _changed(course: Course) -> Iterator[Key]:
    """What the steps change when they are carried out, apart from obligations that they open."""
    for moment in course.moments:
        for effect in moment.everything:
            for key, _ in effect.lines if effect.at <= moment.at else ():
                if not (_is_obligation(key) and not moment.before[key]):
                    yield key


def _is_obligation(key: Key) -> bool:
    return any(f":{kind}:" in key for kind in OBLIGATIONS)


def _is_exact(amount: object) -> bool:
    return type(amount) is Decimal and amount.is_finite()


def _inexact_moment(moment: Moment) -> Iterator[str]:
    for effect in moment.everything:
        yield from (f"the effect {effect.id} changes {key} by {amount!r}" for key, amount in effect.lines if not _is_exact(amount))
        if type(effect.at) is not int:
            yield f"the effect {effect.id} is at {effect.at!r}, not at whole milliseconds"
    yield from _inexact_step(moment.step)


def _hidden(moment: Moment, tolerances: Mapping[Key, Decimal]) -> Iterator[str]:
    """What a step does to a position, and nobody would miss if it were not done."""
    for key, amount in deltas(moment.effects).items():
        tolerated = tolerances.get(key, Decimal(0))
        if amount and _is_exact(tolerated) and tolerated * VISIBLE > abs(amount):
            yield f"tolerance({key!r}) is {tolerated}, and {moment.step.id} changes it by {amount:+f}: say at most what rounding takes"


def _inexact_step(step: Step) -> Iterator[str]:
    for name, bound in step.bounds.items():
        if type(bound) is not str:
            yield f"{step.id}: the bound {name} is {bound!r}, not text"
    for action in step.actions:
        yield from (f"{step.id}: {field} of {type(action).__name__} is a float" for field in _floats(action))


def _floats(action: Action) -> Iterator[str]:
    for field in attrs.fields(type(action)):
        value = getattr(action, field.name)
        if isinstance(value, float) or (isinstance(value, tuple) and any(isinstance(each, float) for each in value)):
            yield field.name


def _inexact_limits(limits: Limits) -> Iterator[str]:
    yield from (f"{name} is {amount!r}" for name, amount in limits._asdict().items() if not _is_exact(amount) or amount < 0)


def _accounts(stage: Stage) -> set[str]:
    action = stage.order.action
    named = {stage.order.account, stage.order.lane, getattr(action, "source", None), getattr(action, "target", None)}
    return {*stage.subject.accounts, *(each for each in named if each)}


def _wrong_key(key: Key, accounts: set[str], venues: set[str]) -> Iterator[str]:
    try:
        parts = split_key(key)
    except ValueError as error:
        yield str(error)
        return
    if parts.account not in accounts:
        yield f"{key} is on the account {parts.account!r}; those of the run are {', '.join(sorted(accounts))}"
    owner = protocol_of(parts)
    if owner is not None and owner not in venues:
        yield f"{key} belongs to {owner!r}, which is not a venue of the run: put the venue's name first, or name it in `partners`"


Answer = tuple[str, Any, Any]


def _ask(stage: Stage, course: Course) -> Iterator[Answer]:
    """Every question to the model, as (name, what was answered before, what is answered now), also whether its inputs changed."""
    model, order, action = stage.model, stage.order, stage.order.action
    held = stage.positions()
    before = copy.deepcopy(dict(held))
    yield "touches", course.touched, model.touches(order, held)
    yield "plan", course.plan, model.plan(order, held, stage.market)
    yield "limits", model.limits(action), model.limits(action)
    yield "series", model.series(action), model.series(action)
    yield from (("tolerance", model.tolerance(key), model.tolerance(key)) for key in course.touched)
    yield "the view, which touches and plan must leave as it is,", before, dict(held)
    for moment in course.moments:
        yield from _ask_moment(stage, moment)


def _ask_moment(stage: Stage, moment: Moment) -> Iterator[Answer]:
    stage.clock.set(moment.at)
    held, step = Positions(moment.before), moment.step
    ref = Ref(moment.ref.id, moment.ref.since)
    yield "cost", moment.cost, stage.model.cost(step, stage.market, ref)
    yield "effects", moment.effects, _effects(stage, step, held, ref)
    yield "the view, which effects must leave as it is,", dict(moment.before), dict(held)


def _effects(stage: Stage, step: Step, held: Mapping[Key, Decimal], ref: Ref) -> tuple[Effect, ...]:
    return fold(stage.models, step, held, stage.market, ref)

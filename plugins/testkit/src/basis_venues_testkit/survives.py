"""Level 3: whatever ends a run, delays a write or takes it back, the core and the client together do it once and know that they did."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from basis_venues.errors import TryAgainLater

from .course import SENT
from .double import shown_sample
from .faithful import Faithful
from .promises import broken, does_not_apply, none_of, promise
from .samples import Sample
from .scene import Double

SKEWS_MS = (-3_000, 900, 20_000)
"""By so much a venue's clock is wrong."""
SEEDS = 4
"""So many courses are drawn by lot in a run; `--basis-seed N` begins at another one."""
LAST = 12
"""Kills are drawn among so many points."""


class Survives(Faithful):
    """The promises of level 3. Each course is the real core with the plugin's client on the double."""

    @promise("L3-1")
    def test_l3_1_killed_at_every_point(self, venue_double: Double, course: Sample | None) -> None:
        """L3-1 Killed: a run that ends at any commit or send of an action does it once, and verified, when it is started again.

        Recovery lives from what prepare put into the journal and from what a look-up tells.
        """
        sample = shown_sample(course)
        with venue_double.course(self.stage(sample)) as plain:
            wrong = plain.run()
            points = plain.passed
        if wrong:
            broken(f"killed nowhere: {'; '.join(wrong)}")
        none_of(text for number, name in enumerate(points) for text in self._killed(venue_double, sample, (number,), name))

    @promise("L3-2")
    def test_l3_2_killed_while_recovering(self, venue_double: Double, course: Sample | None) -> None:
        """L3-2 Twice: a run that ends right after a send, and twice more while it recovers, does the action once.

        Whoever crashes once crashes again, and recovering twice must be recovering once.
        """
        sample = shown_sample(course)
        with venue_double.course(self.stage(sample)) as plain:
            plain.run()
            sent = next((number for number, name in enumerate(plain.passed) if name == SENT), 0)
        kills = [(sent - 1, 0, 1), (sent, 0, 0), (sent, 1, 0)]
        none_of(text for each in kills for text in self._killed(venue_double, sample, each, f"at the points {each}"))

    @promise("L3-3")
    def test_l3_3_late_is_not_lost(self, venue_double: Double, course: Sample | None) -> None:
        """L3-3 Late: a write that arrives after it was looked for, or that the venue forgot for a while, happens once.

        Absent is not never: a second order in place of a late one is two.
        """
        with venue_double.course(self.stage(shown_sample(course))) as late:
            late.delay()
            none_of(late.run(during=late.late))

    @promise("L3-4")
    def test_l3_4_a_wrong_clock_does_no_harm(self, venue_double: Double, course: Sample | None) -> None:
        """L3-4 Skew: where the venue's clock is wrong, an action happens once, or is proven not to have happened.

        Fences hang on time: a write that outlives its fence may be sent a second time.
        """
        none_of(
            f"the venue's clock is {skew} ms off{' from before the write on' if late else ''}: {text}"
            for skew in SKEWS_MS
            for late in (False, True)
            for text in self._skewed(venue_double, shown_sample(course), skew, late)
        )

    @promise("L3-5")
    def test_l3_5_what_is_taken_back_is_done_again(self, venue_double: Double, course: Sample | None) -> None:
        """L3-5 Reorg: what the venue takes back after it was verified is seen to be open again, and is done once more, by the same write.

        A reorganised block forgets a transaction that the books have counted.
        """
        with venue_double.course(self.stage(shown_sample(course))) as reorganised:
            if reorganised.lasting:
                does_not_apply(reorganised.lasting)
            none_of(reorganised.reopened(reorganised.take_back))

    @promise("L3-6")
    def test_l3_6_whatever_comes_together(self, venue_double: Double, course: Sample | None, basis_seed: int) -> None:
        """L3-6 Seeds: faults and kills drawn by lot, by the numbers that the report carries, leave one effect or none.

        What was tried one by one comes together some day.
        """
        none_of(text for seed in range(basis_seed, basis_seed + SEEDS) for text in self._drawn(venue_double, shown_sample(course), seed))

    def _killed(self, double: Double, sample: Sample, kills: tuple[int, ...], where: str) -> Iterator[str]:
        with double.course(self.stage(sample)) as course:
            yield from (f"killed {where}: {text}" for text in course.run(kills))

    def _skewed(self, double: Double, sample: Sample, skew: int, late: bool) -> list[str]:
        with double.course(self.stage(sample)) as course:
            if course.timeless:
                does_not_apply(course.timeless)
            if late:
                course.at_send = lambda: course.skew(skew)
            else:
                course.skew(skew)
            try:
                return course.run(may_be_refused=True)
            except TryAgainLater as refusal:  # a run that does not begin does no harm
                return [f"it does not go on ({refusal}), and the venue did it {course.count()} times"] if course.count() else []

    def _drawn(self, double: Double, sample: Sample, seed: int) -> Iterator[str]:
        lot = Random(seed)
        faults = lot.sample([*double.losses, *double.turnings[:1]], k=lot.randint(0, 2))
        kills = tuple(lot.randrange(LAST) for _ in range(lot.randint(0, 3)))
        with double.course(self.stage(sample)) as course:
            for fault in faults:
                course.befall(fault)
            wrong = course.run(kills, may_be_refused=True)
        yield from (
            f"seed {seed} ({', '.join(faults) or 'no fault'}; killed at {kills}): {text}; alone: --basis-seed {seed}" for text in wrong
        )

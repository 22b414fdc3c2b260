"""Level 3: whatever ends a run, delays a write or takes it back, the core and the client together do it once and know that they did."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from random import Random

from basis_venues.errors import TryAgainLater

from ..doubles.course import SENT, Course
from ..doubles.double import shown_sample
from ..doubles.scene import Double
from ..promises import broken, does_not_apply, none_of, promise
from ..samples import Sample
from ..simulation.stage import Stage
from .faithful import Faithful

SKEWS_MS = (-3_000, 900, 20_000)
"""By so much a venue's clock is wrong."""
SEEDS = 4
"""So many courses are drawn by lot in a run; `--basis-seed N` begins at another one."""
MOST_KILLS = 3
"""So often at most the drawn ones are killed."""

World = Callable[[Stage], AbstractContextManager[Course]]
"""Opens a fresh course: one of the double's."""


class Survives(Faithful):
    """The promises of level 3. Each course is the real core with the plugin's client on the double."""

    @promise("L3-1")
    def test_l3_1_killed_at_every_point(self, venue_double: Double, course: Sample | None) -> None:
        """L3-1 Killed: a run that ends at any commit or send of an action does it once, and verified, when it is started again.

        Recovery lives from what prepare put into the journal and from what a look-up tells.
        """
        self._killed_everywhere(venue_double.course, shown_sample(course))

    @promise("L3-2")
    def test_l3_2_killed_while_recovering(self, venue_double: Double, course: Sample | None) -> None:
        """L3-2 Twice: a run that ends right after a send, and twice more while it recovers, does the action once.

        Whoever crashes once crashes again, and recovering twice must be recovering once.
        """
        sample = shown_sample(course)
        sent = self._points(venue_double.course, sample).index(SENT)
        kills = [(sent - 1, 0, 1), (sent, 0, 0), (sent, 1, 0)]
        none_of(text for each in kills for text in self._killed(venue_double.course, sample, each, f"at the points {each}"))

    @promise("L3-3")
    def test_l3_3_late_is_not_lost(self, venue_double: Double, course: Sample | None) -> None:
        """L3-3 Late: a write that arrives after it was looked for, when another has taken its place, or that the venue forgot for a
        while, happens once.

        Absent is not never: a second order in place of a late one is two.
        """
        sample = shown_sample(course)
        with venue_double.course(self.stage(sample)) as late:
            none_of(late.run_late())
        with venue_double.course(self.stage(sample)) as outlived:
            none_of(outlived.run_outlived())

    @promise("L3-4")
    def test_l3_4_a_wrong_clock_does_no_harm(self, venue_double: Double, course: Sample | None) -> None:
        """L3-4 Skew: where the venue's clock is wrong, an action happens once, or is proven not to have happened.

        Fences hang on time: a write that outlives its fence may be sent a second time.
        """
        sent: list[str] = []
        none_of([
            f"the venue's clock is {skew} ms off{' from before the write on' if late else ''}: {text}"
            for skew in SKEWS_MS
            for late in (False, True)
            for text in self._skewed(venue_double, shown_sample(course), skew, late, sent)
        ])  # fmt: skip
        if not sent:
            broken("nothing was ever sent, whatever the venue's clock said")

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
        sample = shown_sample(course)
        points = len(self._points(venue_double.course, sample))
        seeds = range(basis_seed, basis_seed + SEEDS)
        none_of(text for seed in seeds for text in self._drawn(venue_double, sample, points, seed))

    @promise("L3-7")
    def test_l3_7_given_together(self, venue_double: Double, course: Sample | None) -> None:
        """L3-7 Together: two orders given together while the price moves, killed at any commit or send, happen once each, and verified.

        They share one reading of the account: what one of them did must be told right while the other is on its way.
        """
        self._killed_everywhere(venue_double.together, shown_sample(course))

    def _points(self, world: World, sample: Sample) -> Sequence[str]:
        """What a run passes that nothing befalls. Broken where it goes wrong, or ends without a write: then there is nothing to survive."""
        with world(self.stage(sample)) as plain:
            wrong = plain.run()
        if wrong or SENT not in plain.passed:
            broken(f"killed nowhere: {'; '.join(wrong) or 'it ends without a write'}")
        return plain.passed

    def _killed_everywhere(self, world: World, sample: Sample) -> None:
        points = enumerate(self._points(world, sample))
        none_of(text for number, name in points for text in self._killed(world, sample, (number,), name))

    def _killed(self, world: World, sample: Sample, kills: tuple[int, ...], where: str) -> Iterator[str]:
        with world(self.stage(sample)) as course:
            yield from (f"killed {where}: {text}" for text in course.run(kills))

    def _skewed(self, double: Double, sample: Sample, skew: int, late: bool, sent: list[str]) -> list[str]:
        """What is wrong in the end; `sent` gets the points of each write."""
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
            finally:
                sent += [each for each in course.passed if each == SENT]

    def _drawn(self, double: Double, sample: Sample, points: int, seed: int) -> Iterator[str]:
        lot = Random(seed)
        faults = lot.sample([*double.losses, *double.turnings[:1]], k=lot.randint(0, 2))
        kills = tuple(_kills(lot, points, lot.randint(0 if faults else 1, MOST_KILLS)))
        with double.course(self.stage(sample)) as course:
            for fault in faults:
                course.befall(fault)
            wrong = course.run(kills, may_be_refused=True)
        yield from (
            f"seed {seed} ({', '.join(faults) or 'no fault'}; killed at {kills}): {text}; alone: --basis-seed {seed}" for text in wrong
        )


def _kills(lot: Random, points: int, count: int) -> Iterator[int]:
    """At most `count` numbers of points, one for each start, such that each start has a point of that number: at least those after the
    last kill are left to it."""
    for _ in range(count):
        if points > 0:
            kill = lot.randrange(points)
            yield kill
            points -= kill + 1

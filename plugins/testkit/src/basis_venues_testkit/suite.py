"""What all promises share: what an author gives, and the way from there to the plugin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import localcontext
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from basis_venues.actions import Action
from basis_venues.amounts import MONEY

from .promises import blocked_by
from .samples import Figures, Points, Sample, points_of
from .simulation.stage import Stage
from .subject import Subject

if TYPE_CHECKING:
    from basis_venues_sandbox.deployment import Deployment
    from basis_venues_sandbox.dialect import Dialect


class Suite:
    """What an author gives in a subclass of `VenueConformance`.

    `venue`: the venue's name. `samples`: actions that it can carry out, at least one of each class that the manifest declares as
    full. `market`: figures that all samples share. `partners`: venues that carry out parts of its steps. `settings`: changes to the
    venue's shipped settings that the samples need, such as an allowed destination. `dialect`: what the venue's client
    speaks, for levels 2 and 3: the protocol of an exchange (binance, bybit or okx), or a `Dialect` that the author teaches the sandbox;
    `chain` where it acts on Aave, Lido or Instadapp, or a `Deployment` of contracts that the author puts there. The sandbox of
    `basis-venues-sandbox` stands in for the venue then.
    """

    venue: ClassVar[str] = ""
    samples: ClassVar[tuple[Sample, ...]] = ()
    market: ClassVar[Figures] = {}
    partners: ClassVar[tuple[str, ...]] = ()
    settings: ClassVar[Mapping[str, Any]] = {}
    dialect: ClassVar[str | Dialect | Deployment] = ""

    @pytest.fixture(autouse=True)
    def _money(self) -> Iterator[None]:
        """The context that the core has active around models."""
        with localcontext(MONEY):
            yield

    @property
    def subject(self) -> Subject:
        """The plugin under test."""
        suite: Any = type(self)
        return subject_of(suite)

    def stage(self, sample: Sample, *, subject: Subject | None = None, action: Action | None = None) -> Stage:
        """A stage for the sample; `action` and `subject` replace its own and the suite's."""
        suite: Any = type(self)
        return Stage(subject or self.subject, sample, _common(suite), action)


@cache
def subject_of(suite: Any) -> Subject:
    """The one subject of a test class."""
    return Subject(suite.venue, suite.partners, suite.settings)


@cache
def _common(suite: Any) -> Mapping[str, Points]:
    return points_of(suite.market)


def given_sample(sample: Sample | None) -> Sample:
    """The sample; a promise on samples is left out where there are none."""
    if sample is None:
        blocked_by("L1-1", "there are no samples")
    return sample

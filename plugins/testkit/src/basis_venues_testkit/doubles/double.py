"""The double that stands in for a venue: found by the `dialect` that the suite names, run for one test class."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from basis_venues.clock import SystemClock
from basis_venues.config.misfit import nearest
from basis_venues.errors import ConfigurationError

from ..promises import not_tried
from ..samples import DAY, Sample
from ..subject import Subject
from .scene import Double

if TYPE_CHECKING:
    from basis_venues_sandbox.deployment import Deployment
    from basis_venues_sandbox.dialect import Dialect

MADE_UP = ".example"
"""How names end that nobody can have (RFC 2606)."""
CHAIN = "chain"
"""The dialect of venues that act on what the sandbox's chain has."""


def on_chain(dialect: str | Dialect | Deployment) -> bool:
    """Whether a venue of the dialect acts on the sandbox's chain."""
    if isinstance(dialect, str):
        return dialect == CHAIN
    from basis_venues_sandbox.deployment import Deployment  # it is there: what the suite names was made with it

    return isinstance(dialect, Deployment)


@contextmanager
def double_of(subject: Subject, dialect: str | Dialect | Deployment, running: Any = None) -> Iterator[Double]:
    """The double of a venue. Leaves the asking promise out where there is none. `running`: a chain that runs already."""
    if not subject.plugins.implements(subject.venue, "create_client"):
        not_tried("it has no create_client yet: it acts in simulation alone")
    if not dialect:
        not_tried("no double stands in for it: name the protocol that the sandbox shall speak, or give it the venue's own: `dialect`")
    if isinstance(dialect, type):
        raise ConfigurationError(f"`dialect` is the class {dialect.__name__}: give one of it, {dialect.__name__}()")
    given: Any = dialect
    with _chain(subject, running, given) if on_chain(dialect) else _exchange(subject, given) as made:
        yield made


@contextmanager
def _exchange(subject: Subject, dialect: str | Dialect) -> Iterator[Double]:
    try:
        from basis_venues_sandbox.exchange.running import running_sandbox
        from basis_venues_sandbox.exchange.sandbox import DIALECTS
    except ImportError:
        not_tried("the double is not installed: pip install basis-venues-sandbox")
    from .exchange.double import ExchangeDouble

    if not isinstance(dialect, str):
        with running_sandbox(dialects=(dialect,)) as running:
            yield ExchangeDouble(subject, dialect, running)
        return
    _must_name_hosts(subject)
    own = {each.venue: each for each in DIALECTS}
    if dialect not in own:
        raise ConfigurationError(
            f"the sandbox speaks no {dialect!r}{nearest(dialect, own)}: it speaks {', '.join(own)}, or a `Dialect` of yours"
        )
    with running_sandbox() as running:
        yield ExchangeDouble(subject, own[dialect], running)


def _must_name_hosts(subject: Subject) -> None:
    """A fresh scaffold is tried on no double of ours: what it would show is true of the exchange whose parts it was made of."""
    made_up = [host for rule in subject.manifest.networks.values() for host in rule.hosts if host.endswith(MADE_UP)]
    if made_up:
        not_tried(
            f"manifest.toml names {made_up[0]}, nobody's host: name {subject.venue}'s own hosts there, and its class of ccxt in live.py; "
            "until then it would be another exchange's level"
        )


@contextmanager
def _chain(subject: Subject, running: Any, dialect: str | Deployment) -> Iterator[Double]:
    from .chain.double import ChainDouble

    if isinstance(running, str):
        not_tried(running)
    double = ChainDouble(subject, running, None if isinstance(dialect, str) else dialect)
    try:
        yield double
    finally:
        double.leave()


AGED = 300 * DAY
"""So long debts have run when a suite begins, ms: a deposit's index is another then than a debt's, and neither is one."""


@contextmanager
def chain_of_the_session() -> Iterator[Any]:
    """A chain for all suites of a session, or in words why there is none."""
    try:
        from basis_venues_sandbox.chain import ChainUnavailable, available, running_chain
    except ImportError:
        yield "the double is not installed: pip install basis-venues-sandbox basis-venues-alchemy"
        return
    if not available():
        yield f"the double's chain cannot run here: {available().reason}"
        return
    try:
        now = SystemClock().now()
        with running_chain(since=now - AGED, flags=("--slots-in-an-epoch", "2")) as chain:
            chain.control.set_time(now)
            yield chain
    except ChainUnavailable as missing:
        yield f"the double's chain cannot run here: {missing}"


@contextmanager
def overheard() -> Iterator[list[str]]:
    """Every log record of the process meanwhile, as text with its traceback, whatever its level."""
    said: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(self.format(record))

    root, ear = logging.getLogger(), Ear()
    before = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    try:
        yield said
    finally:
        root.removeHandler(ear)
        root.setLevel(before)


def shown_sample(sample: Sample | None) -> Sample:
    """The sample; where there is none that the double could be asked for, the promise is not tried."""
    if sample is None:
        not_tried("no sample is one that the double can be asked for: a trade on a market, or on the chain any action")
    return sample

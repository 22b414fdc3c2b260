"""Level 3 tested on itself: a double that is not late, a run that sends nothing and a kill that ends nothing are not taken for survival."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal, localcontext
from typing import Any

import pytest

from basis_venues.actions import SpotTrade, Stake
from basis_venues.amounts import MONEY
from basis_venues_sandbox.chain import available
from basis_venues_testkit import Sample, VenueConformance
from basis_venues_testkit.doubles.course import SENDING, SENT, Course
from basis_venues_testkit.doubles.double import CHAIN, chain_of_the_session, double_of
from basis_venues_testkit.doubles.exchange.course import ExchangeCourse
from basis_venues_testkit.doubles.scene import Double

pytestmark = pytest.mark.slow

TRADE = Sample(SpotTrade(symbol="BTC/USDT", side="buy", quantity=Decimal("0.1")), holds={"binance:balance:USDT": "6000"})
PRICE = {"binance:price:BTC/USDT": "50000"}
RATES = {"ethereum:gas_price:gwei": "10", "lido:share_rate:wstETH": "1.2"}
STAKE = Sample(Stake(amount=Decimal(10)), holds={"wallet:balance:ETH": "11"})


class Spot(VenueConformance):
    venue = "binance"
    dialect = "binance"
    market = PRICE
    samples = (TRADE,)


class Staking(VenueConformance):
    venue = "lido"
    dialect = CHAIN
    market = RATES
    samples = (STAKE,)


class Altered:
    """A double whose courses were altered before they are run."""

    def __init__(self, double: Double, alter: Callable[[Course], None]) -> None:
        self._double, self._alter = double, alter

    @contextmanager
    def course(self, stage: Any) -> Iterator[Course]:
        with self._double.course(stage) as course:
            self._alter(course)
            yield course


class Told:
    """A double and its course, which passes the points and ends as it is told."""

    timeless = ""

    def __init__(self, passed: Sequence[str], *wrong: str) -> None:
        self.passed, self._wrong = passed, list(wrong)

    @contextmanager
    def course(self, _: Any) -> Iterator[Told]:
        yield self

    def run(self, kills: Sequence[int] = (), **_: Any) -> list[str]:
        return [] if kills else self._wrong

    def skew(self, _: int) -> None:
        pass


@pytest.fixture(scope="module")
def exchange() -> Iterator[Double]:
    with double_of(Spot().subject, Spot.dialect) as double:
        yield double


@pytest.fixture(scope="module")
def chain() -> Iterator[Double]:
    with chain_of_the_session() as running, double_of(Staking().subject, Staking.dialect, running) as double:
        yield double


@pytest.fixture(autouse=True)
def _money() -> Iterator[None]:
    with localcontext(MONEY):
        yield


def broken_by(promise: Callable[..., None], double: Any, sample: Sample, *more: Any) -> str:
    """What the promise says when it is broken, which it must be."""
    with pytest.raises(pytest.fail.Exception) as failure:
        promise(double, sample, *more)
    return str(failure.value)


def not_at_all(course: Course) -> None:
    """Nothing is delayed."""
    course.delay = lambda: None  # type: ignore[method-assign]


def reply_alone(course: Course) -> None:
    """The reply is lost, and the order is carried out at once."""
    assert isinstance(course, ExchangeCourse)
    course.delay = lambda: course.befall("accept_then_hang")  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("alter", "why"),
    [(not_at_all, "nobody looked for the order"), (reply_alone, "the order was carried out before it was looked for")],
    ids=["nothing is delayed", "the reply alone is lost"],
)
def test_an_exchange_that_is_not_late_proves_nothing(exchange: Double, alter: Callable[[Course], None], why: str) -> None:
    """L3-3 is broken where the order does not arrive after a look-up, however well it ends."""
    assert broken_by(Spot().test_l3_3_late_is_not_lost, Altered(exchange, alter), TRADE) == f"nothing was late: {why}"


@pytest.mark.skipif(not available(), reason=available().reason or "the chain can run")
def test_a_chain_that_is_not_late_proves_nothing(chain: Double) -> None:
    """L3-3 is broken where the transaction is mined at once, however well it ends."""
    said = broken_by(Staking().test_l3_3_late_is_not_lost, Altered(chain, not_at_all), STAKE)
    assert said.startswith("nothing was late: ")


def test_a_kill_that_ends_nothing_proves_nothing(exchange: Double) -> None:
    """A start that passes fewer points than the kill's number is told as such, though the order was carried out once and verified."""
    with exchange.course(Spot().stage(TRADE)) as course:
        assert course.run((3, 99)) == ["the kill at point 99 ended nothing: that start passed 4 points"]


def test_drawn_kills_all_end_a_run(exchange: Double) -> None:
    """L3-6 is kept by a good client over many more seeds than a run draws: it would be broken by a kill that ends nothing."""
    for seed in range(0, 16, 4):
        Spot().test_l3_6_whatever_comes_together(exchange, TRADE, seed)


def test_a_wrong_clock_says_nothing_of_a_run_that_sends_nothing() -> None:
    """L3-4 is broken where no course wrote anything, though none of them did harm."""
    course = Told(["before the commit of INTENT"])
    assert broken_by(Spot().test_l3_4_a_wrong_clock_does_no_harm, course, TRADE).startswith("nothing was ever sent")


@pytest.mark.parametrize("name", ["test_l3_1_killed_at_every_point", "test_l3_2_killed_while_recovering"])
@pytest.mark.parametrize(
    ("course", "why"),
    [
        (Told(["before the commit of INTENT", SENDING]), "it ends without a write"),
        (Told([SENDING, SENT], "it ended FILLED MISMATCHED"), "it ended FILLED MISMATCHED"),
    ],
    ids=["no write", "not well"],
)
def test_a_run_that_nothing_befalls_must_write_and_end_well(name: str, course: Told, why: str) -> None:
    """Kills around a write say something only of a run that writes, and that ends well without them."""
    assert broken_by(getattr(Spot(), name), course, TRADE) == f"killed nowhere: {why}"

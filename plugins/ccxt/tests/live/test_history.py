"""What belongs to a period, where a venue dates some things by whole seconds."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from basis_venues_ccxt.live import Change, Happened, Resting, second_of, unexplained

SECOND = 1_760_000_000_000
moments = st.integers(0, 5000).map(lambda late: SECOND + late)


def change(at: int, number: str = "1", amount: str = "-5", kind: str = "transfer") -> Change:
    """5 USDT out of the spot wallet."""
    return Change(kind, number, at, (("spot", "USDT", Decimal(amount)),))


@given(true=moments, reading=moments, exact=st.booleans())
def test_nothing_that_came_after_a_reading_is_left_out(true: int, reading: int, exact: bool) -> None:
    """However it is dated. What came in a second before that of the reading is never told again, and what is dated to the millisecond is
    told just where it came later."""
    dated = true if exact else second_of(true)
    told = bool(Happened((), (change(dated),)).between(reading, 0).changes)
    if true > reading:
        assert told
    if second_of(true) < second_of(reading):
        assert not told
    if dated % 1000:
        assert told == (dated > reading)


@given(late=st.integers(0, 60_000))
def test_funding_is_told_of_a_reading_that_came_before_it_was_booked(late: int) -> None:
    """It is dated by its full hour. A minute after that it is in the balance."""
    happened = Happened((), (change(SECOND, kind="funding"),))
    assert bool(happened.between(SECOND + late, 0).changes) == (late < 60_000)


@given(dated=moments, until=moments)
def test_nothing_after_the_end_is_told_and_orders_that_rest_always_are(dated: int, until: int) -> None:
    """The end is included, and none is given as 0."""
    resting = Resting("order", SECOND - 7)
    happened = Happened((), (change(dated),), (resting,))
    assert bool(happened.between(SECOND - 1, until).changes) == (dated <= until)
    assert len(happened.between(SECOND - 1, 0).changes) == 1
    assert happened.between(SECOND, until).resting == (resting,)


def test_a_log_without_what_the_list_of_transfers_tells() -> None:
    """Each listed transfer explains one line, and only a transfer's."""
    both = Change("transfer", "t", SECOND, (("spot", "USDT", Decimal(-5)), ("funding", "USDT", Decimal(5))))
    told = [change(SECOND, "a"), change(SECOND, "b"), change(SECOND, "c", kind="settlement"), change(SECOND, "d", "-6")]
    assert [each.id for each in unexplained(told, [both], "spot")] == ["b", "c", "d"]
    assert unexplained(told, [both], "futures") == told

"""What a market says at each moment, rule by rule, against rows written by hand."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basis_venues.clock import PlanClock
from basis_venues.errors import ConfigurationError, MissingData, TableAbsent
from basis_venues.market import DataSettings, HistoryMarket, Note, Points, SeriesRule, Source
from basis_venues.market.provider import cut, in_order
from basis_venues.market.settings import load_data_settings

HOUR = 3_600_000
PRICE = "x:price:A/B"
OTHER = "y:price:A/B"

Rows = list[tuple[int, str]]


class Tables:
    """A provider over rows in memory, times in hours; remembers what was read."""

    def __init__(self, tables: dict[str, Rows]) -> None:
        self._tables = tables
        self.reads: list[Source] = []

    def read(self, source: Source, since: int, until: int) -> Points:
        """See `DataProvider.read`."""
        self.reads.append(source)
        if source.table not in self._tables:
            raise TableAbsent(f"no table {source.table}")
        rows = self._tables[source.table]
        return cut(*in_order([int(at * HOUR) for at, _ in rows], [text for _, text in rows]), since, until)


def rule(table: str = "t", **more: object) -> SeriesRule:
    """A rule for hourly rows, with changes."""
    return SeriesRule(**{"table": table, "value": "v", "every": "1h", **more})  # type: ignore[arg-type]


def market(series: dict[str, SeriesRule], since: float = 0, until: float = 100, **tables: Rows) -> tuple[HistoryMarket, PlanClock]:
    """A market over `tables` from hour `since` to hour `until`, and its clock."""
    clock = PlanClock(int(since * HOUR))
    return HistoryMarket(DataSettings(series=series), Tables(tables), clock, int(since * HOUR), int(until * HOUR)), clock


def hours(events: object) -> list[tuple[float, str]]:
    """Points with their times in hours and figures as text, to compare with what was written down."""
    return [(at / HOUR, str(figure)) for at, figure in events]  # type: ignore[attr-defined]


def test_a_row_is_in_force_until_the_next() -> None:
    """At the time of a row and up to the next the figure is the row's."""
    book, clock = market({PRICE: rule()}, t=[(0, "10"), (1, "11"), (2, "12")])
    seen = []
    for moment in (0, HOUR - 1, HOUR, HOUR + 1, 2 * HOUR, 3 * HOUR - 1):
        clock.set(moment)
        seen.append(str(book.value(PRICE)))
    assert seen == ["10", "10", "11", "11", "12", "12"]


def test_the_row_before_the_window_counts_at_its_start() -> None:
    """A window that begins between two rows begins with the figure of the earlier one."""
    book, _ = market({PRICE: rule()}, since=1.5, until=2, t=[(0, "10"), (1, "11"), (2, "12"), (3, "13")])
    assert Decimal(11) == book.value(PRICE)


@pytest.mark.parametrize("text", ["5476.5", "1.40369429193e-05", "547874.5999999999", "0.10", "-9.1199298208e-05", "1" * 40 + ".1"])
def test_a_figure_is_its_text_digit_for_digit(text: str) -> None:
    """Nothing is rounded, and trailing zeros stay."""
    book, _ = market({PRICE: rule()}, t=[(0, text)])
    assert Decimal(text).as_tuple() == book.value(PRICE).as_tuple()


@pytest.mark.parametrize("text", ["", "nan", "Infinity", "n/a"])
def test_a_figure_that_is_no_number_is_missing_data(text: str) -> None:
    """An empty or foreign cell is never taken for zero, and the error names series, cell and time."""
    book, _ = market({PRICE: rule()}, t=[(0, text)])
    with pytest.raises(MissingData, match=rf"{PRICE} has {text!r} for 1970-01-01T00:00:00Z"):
        book.value(PRICE)


def test_a_gap_fails_by_default_from_its_first_moment() -> None:
    """When the next row is overdue the figure is missing, and the error names the rows on both sides."""
    book, clock = market({PRICE: rule()}, t=[(0, "10"), (3, "13")])
    clock.set(HOUR - 1)
    assert Decimal(10) == book.value(PRICE)
    clock.set(HOUR)
    with pytest.raises(MissingData, match="the last row is of 1970-01-01T00:00:00Z, the next is of 1970-01-01T03:00:00Z"):
        book.value(PRICE)
    clock.set(3 * HOUR)
    assert Decimal(13) == book.value(PRICE)


def test_before_the_first_and_after_the_last_row_there_is_no_figure() -> None:
    """A file that begins late or ends early is missing data, not an old figure."""
    book, clock = market({PRICE: rule()}, t=[(1, "11"), (2, "12")])
    with pytest.raises(MissingData, match="there is no row before it"):
        book.value(PRICE)
    clock.set(3 * HOUR)
    with pytest.raises(MissingData, match="none follows"):
        book.value(PRICE)


def test_a_held_figure_is_listed_and_ends_at_its_limit() -> None:
    """`hold` gives the last row while it is no older than `hold_up_to`, and each row that it stood in for is counted."""
    book, clock = market({PRICE: rule(gap="hold", hold_up_to="3h")}, t=[(0, "10"), (6, "16")])
    for moment in (0, HOUR, HOUR + 1, 2 * HOUR, 3 * HOUR):
        clock.set(moment)
        assert Decimal(10) == book.value(PRICE)
    assert (Note(PRICE, "held", HOUR, 3 * HOUR, 3),) == book.bridged
    clock.set(3 * HOUR + 1)
    with pytest.raises(MissingData, match="hold_up_to"):
        book.value(PRICE)


def test_held_events_come_when_they_were_due() -> None:
    """Under `hold` a series of charges goes on with the last rate, up to the limit and no further."""
    book, _ = market({PRICE: rule(every="8h", gap="hold", hold_up_to="16h")}, t=[(0, "1"), (8, "2"), (40, "3")])
    assert hours(book.events(PRICE, 0, 24 * HOUR)) == [(8, "2"), (16, "2"), (24, "2")]
    assert (Note(PRICE, "held", 16 * HOUR, 24 * HOUR, 2),) == book.bridged
    assert book.next_event(PRICE, 24 * HOUR) == 32 * HOUR
    with pytest.raises(MissingData, match="hold_up_to"):
        book.events(PRICE, 24 * HOUR, 40 * HOUR)


def test_skipped_events_do_not_happen_and_are_listed() -> None:
    """Under `skip` the gap's charges are left out, each is listed, and there is no figure in the gap."""
    book, clock = market({PRICE: rule(every="8h", gap="skip")}, t=[(0, "1"), (32, "3")])
    assert book.next_event(PRICE, 0) == 32 * HOUR
    assert hours(book.events(PRICE, 0, 40 * HOUR - 1)) == [(32, "3")]
    assert (Note(PRICE, "skipped", 8 * HOUR, 24 * HOUR, 3),) == book.bridged
    clock.set(9 * HOUR)
    with pytest.raises(MissingData, match="gives no figure"):
        book.value(PRICE)


def test_a_missing_charge_is_an_event_that_fails() -> None:
    """Without a rule the missing time is announced, and asking for it fails instead of leaving the charge out."""
    book, _ = market({PRICE: rule(every="8h")}, t=[(0, "1"), (8, "2"), (24, "3")])
    assert book.next_event(PRICE, 8 * HOUR) == 16 * HOUR
    assert hours(book.events(PRICE, 0, 16 * HOUR - 1)) == [(8, "2")]
    with pytest.raises(MissingData, match="no figure for 1970-01-01T16:00:00Z"):
        book.events(PRICE, 8 * HOUR, 16 * HOUR)


def test_events_are_after_since_and_up_to_until() -> None:
    """A point belongs to the stretch that ends with it, so that no charge is counted twice or never."""
    book, _ = market({PRICE: rule(every="8h")}, t=[(0, "1"), (8, "2"), (16, "3"), (24, "4")])
    assert hours(book.events(PRICE, 0, 16 * HOUR)) == [(8, "2"), (16, "3")]
    assert hours(book.events(PRICE, 16 * HOUR, 24 * HOUR)) == [(24, "4")]
    assert hours(book.events(PRICE, -1, 0)) == [(0, "1")]
    assert hours(book.events(PRICE, 8 * HOUR, 8 * HOUR)) == []


def test_no_events_are_reported_until_the_next_one() -> None:
    """After `next_event` was asked, the quiet time up to it has no events, and the event itself is still there."""
    book, _ = market({PRICE: rule(every="8h")}, t=[(0, "1"), (8, "2"), (16, "3")])
    assert 8 * HOUR == book.next_event(PRICE, 0) == book.next_event(PRICE, 5 * HOUR)
    assert hours(book.events(PRICE, 0, 8 * HOUR - 1)) == []
    assert hours(book.events(PRICE, 0, 8 * HOUR)) == [(8, "2")]
    assert book.next_event(PRICE, 8 * HOUR) == 16 * HOUR
    assert book.next_event(PRICE, 1) == 8 * HOUR


def test_a_substitute_in_whole_is_listed_with_what_was_used() -> None:
    """A series without a source of its own shows the other's figures, and only those that were asked for are listed."""
    book, clock = market({PRICE: SeriesRule(substitute=OTHER), OTHER: rule()}, t=[(0, "10"), (1, "11"), (2, "12"), (3, "13")])
    assert not book.substitutions
    for moment in (HOUR, HOUR + 5, 2 * HOUR):
        clock.set(moment)
        book.value(PRICE)
    assert Decimal(12) == book.value(PRICE)
    assert (Note(PRICE, OTHER, HOUR, 2 * HOUR, 2),) == book.substitutions


def test_a_substitute_for_a_missing_table_is_used_only_then() -> None:
    """`when: missing` looks for the table first; without that rule an absent table is an error."""
    series = {PRICE: rule("own", substitute=OTHER, when="missing"), OTHER: rule("other")}
    absent, _ = market(series, other=[(0, "20")])
    there, _ = market(series, other=[(0, "20")], own=[(0, "10")])
    assert (Decimal(20), Decimal(10)) == (absent.value(PRICE), there.value(PRICE))
    assert (len(absent.substitutions), len(there.substitutions)) == (1, 0)
    with pytest.raises(TableAbsent, match="no table t"):
        market({PRICE: rule()})[0].value(PRICE)


def test_a_substitute_fills_a_gap_and_nothing_else() -> None:
    """`when: gap` takes the other's figures between the rows, before the first and after the last, each stretch listed by itself."""
    series = {PRICE: rule("own", substitute=OTHER, when="gap"), OTHER: rule("other")}
    book, clock = market(series, own=[(1, "11"), (4, "14")], other=[(hour, str(20 + hour)) for hour in range(7)])
    seen = []
    for hour in range(7):
        clock.set(hour * HOUR)
        seen.append(str(book.value(PRICE)))
    assert seen == ["20", "11", "22", "23", "14", "25", "26"]
    stretches = [(note.since // HOUR, note.until // HOUR, note.count) for note in book.substitutions]
    assert stretches == [(0, 0, 1), (2, 3, 2), (5, 6, 2)]


def test_substituted_events_stand_between_the_own_ones() -> None:
    """In a gap the other's charges are made, and the listing counts each once."""
    series = {PRICE: rule("own", every="8h", substitute=OTHER, when="gap"), OTHER: rule("other", every="8h")}
    book, _ = market(series, since=4, own=[(0, "1"), (32, "5")], other=[(hour, f"0.{hour}") for hour in range(0, 40, 8)])
    assert book.next_event(PRICE, 4 * HOUR) == 8 * HOUR
    assert hours(book.events(PRICE, 4 * HOUR, 33 * HOUR)) == [(8, "0.8"), (16, "0.16"), (24, "0.24"), (32, "5")]
    assert (Note(PRICE, OTHER, 8 * HOUR, 24 * HOUR, 3),) == book.substitutions


def test_a_gap_in_the_substitute_follows_the_substitutes_own_rule() -> None:
    """Where both lack rows the substitute's rule decides, here to fail, under its own name."""
    series = {PRICE: rule("own", substitute=OTHER, when="gap"), OTHER: rule("other")}
    book, clock = market(series, own=[(0, "1"), (5, "5")], other=[(0, "2"), (5, "6")])
    clock.set(2 * HOUR)
    with pytest.raises(MissingData, match=OTHER):
        book.value(PRICE)


@pytest.mark.parametrize(("which", "figure"), [("first", "11"), ("last", "12")])
def test_the_rule_says_which_duplicate_counts(which: str, figure: str) -> None:
    """Of three rows of one time, the first or the last of the file counts, and a use of it is listed."""
    book, clock = market({PRICE: rule(duplicates=which)}, t=[(0, "10"), (1, "11"), (1, "11.5"), (1, "12"), (2, "13")])
    assert Decimal(10) == book.value(PRICE)
    assert not book.duplicates
    clock.set(HOUR)
    assert Decimal(figure) == book.value(PRICE)
    assert (Note(PRICE, which, HOUR, HOUR, 1),) == book.duplicates


def test_duplicates_fail_by_default() -> None:
    """Two rows of one time are an error that shows both figures, even where they are equal."""
    book, _ = market({PRICE: rule()}, t=[(0, "10"), (0, "10.5"), (1, "11")])
    with pytest.raises(ConfigurationError, match=r"first 1970-01-01T00:00:00Z with 10 and 10\.5.*duplicates: first"):
        book.value(PRICE)


def test_a_linear_figure_lies_on_the_line_between_two_rows() -> None:
    """A quarter of the way from 100 to 110 is 102.5; at the rows it is the rows' own text; thirds are cut at 27 decimals."""
    book, clock = market({PRICE: rule(every="1d", interpolate="linear")}, t=[(0, "100.0"), (24, "110"), (48, "111")])
    assert str(book.value(PRICE)) == "100.0"
    clock.set(6 * HOUR)
    assert Decimal("102.5") == book.value(PRICE)
    clock.set(24 * HOUR)
    assert Decimal("110") == book.value(PRICE)
    clock.set(32 * HOUR)
    assert str(book.value(PRICE)) == "110.333333333333333333333333333"


def test_an_index_grows_at_a_constant_rate_between_two_rows() -> None:
    """Half way from 1 to 1.21 an index is the geometric mean, 1.1."""
    book, clock = market({PRICE: rule(every="1d", interpolate="index")}, t=[(0, "1"), (24, "1.21")])
    clock.set(12 * HOUR)
    assert Decimal("1.1") == book.value(PRICE)


def test_nothing_is_interpolated_across_a_gap() -> None:
    """Between rows that are further apart than the interval the gap rule counts, from the first moment after the row."""
    book, clock = market({PRICE: rule(every="1d", interpolate="linear")}, t=[(0, "1"), (72, "4")])
    assert Decimal(1) == book.value(PRICE)
    clock.set(1)
    with pytest.raises(MissingData):
        book.value(PRICE)


def test_sums_products_ratios_and_constants() -> None:
    """Derived figures are the arithmetic of their parts at the moment, a ratio cut at 27 decimals; plain numbers are parts too."""
    series = {
        "a:base:g": rule("base"),
        "a:tip:g": SeriesRule(constant=Decimal("0.5")),
        "a:sum:g": SeriesRule(derive="sum", of=("a:base:g", "a:tip:g")),
        "a:product:g": SeriesRule(derive="product", of=("a:base:g", "a:tip:g", "10")),
        "a:ratio:g": SeriesRule(derive="ratio", of=("1", "a:base:g")),
    }
    book, clock = market(series, base=[(0, "3"), (1, "4"), (2, "0")])
    assert (Decimal("3.5"), Decimal("15")) == (book.value("a:sum:g"), book.value("a:product:g"))
    assert str(book.value("a:ratio:g")) == "0." + 27 * "3"
    clock.set(HOUR)
    assert (Decimal("4.5"), Decimal("0.25")) == (book.value("a:sum:g"), book.value("a:ratio:g"))
    assert hours(book.events("a:sum:g", 0, 2 * HOUR)) == [(1, "4.5"), (2, "0.5")]
    assert book.next_event("a:sum:g", HOUR) == 2 * HOUR
    assert (book.next_event("a:tip:g", 0), tuple(book.events("a:tip:g", 0, HOUR))) == (None, ())
    clock.set(2 * HOUR)
    with pytest.raises(MissingData, match="a:ratio:g divides by zero"):
        book.value("a:ratio:g")


def test_without_an_interval_a_row_is_in_force_until_the_next_and_the_last_only_at_its_moment() -> None:
    """Where no interval is known no gap can be seen, and what comes after the file's end is not known either."""
    book, clock = market({PRICE: rule(every=None)}, t=[(0, "1"), (50, "2")])
    clock.set(49 * HOUR)
    assert Decimal(1) == book.value(PRICE)
    clock.set(50 * HOUR)
    assert Decimal(2) == book.value(PRICE)
    assert hours(book.events(PRICE, 0, 50 * HOUR)) == [(50, "2")]
    clock.set(50 * HOUR + 1)
    with pytest.raises(MissingData, match="none follows"):
        book.value(PRICE)


def test_the_window_binds_values_and_events() -> None:
    """Outside the window of the run there is no figure, though the last row reaches beyond it, and no events."""
    book, clock = market({PRICE: rule()}, since=1, until=1.5, t=[(0, "10"), (1, "11"), (2, "12")])
    clock.set(int(1.5 * HOUR))
    assert Decimal(11) == book.value(PRICE)
    clock.set(int(1.5 * HOUR) + 1)
    with pytest.raises(MissingData, match="outside the window"):
        book.value(PRICE)
    with pytest.raises(MissingData, match="outside the window"):
        book.events(PRICE, 0, HOUR)
    assert None is book.next_event(PRICE, 2 * HOUR)


def test_only_what_is_asked_for_is_read_and_only_once() -> None:
    """A series is read on its first use, its columns only, and a substitute for gaps not before there is a gap."""
    tables = Tables({"own": [(0, "1"), (1, "2"), (4, "3")], "other": [(2, "9")]})
    series = {PRICE: rule("own", substitute=OTHER, when="gap"), OTHER: rule("other"), "z:price:A/B": rule("absent")}
    clock = PlanClock(0)
    book = HistoryMarket(DataSettings(series=series), tables, clock, 0, 9 * HOUR)
    assert tables.reads == []
    for moment in (0, HOUR):
        clock.set(moment)
        book.value(PRICE)
    assert [Source("own", "timestamp", "v")] == tables.reads
    clock.set(2 * HOUR)
    book.value(PRICE)
    assert [source.table for source in tables.reads] == ["own", "other"]


def test_series_read_from_each_other_in_a_circle_are_refused() -> None:
    """A circle is named in full when one of its series is asked for."""
    series = {PRICE: SeriesRule(substitute=OTHER), OTHER: rule(substitute=PRICE, when="gap")}
    with pytest.raises(ConfigurationError, match=f"circle: {PRICE} → {OTHER} → {PRICE}"):
        market(series, t=[(0, "1")])[0].value(PRICE)


def test_an_unknown_series_is_named_with_the_nearest_known_one() -> None:
    """A slip in a name is answered with the name that was meant."""
    with pytest.raises(MissingData, match=r"say nothing about x:prize:A/B; did you mean x:price:A/B\?"):
        market({PRICE: rule()}, t=[(0, "1")])[0].value("x:prize:A/B")


def test_an_unknown_series_is_answered_with_the_file_and_the_line_to_add(tmp_path: Path) -> None:
    """Not with the forty names that there are."""
    file = tmp_path / "mine.yaml"
    file.write_text('series:\n  "x:price:A/B": {constant: "1"}\n', encoding="utf-8")
    with pytest.raises(MissingData) as refused:
        load_data_settings(file).rule("unheard:of:thing")
    told = str(refused.value)
    assert f'under series of {file}: "unheard:of:thing": {{constant: "..."}}' in told
    assert "x:price:A/B" not in told


FIGURES = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 10**6)), min_size=1, max_size=20)
RULES = st.sampled_from([{}, {"gap": "hold", "hold_up_to": "3h"}, {"gap": "skip"}, {"substitute": OTHER, "when": "gap"}])


def outcome(rows: Rows, more: dict[str, object], moment: int) -> str:
    """The figure at a moment as text, or that there is none."""
    series = {PRICE: rule("own", duplicates="last", **more), OTHER: rule("other", duplicates="last")}
    book, clock = market(series, own=rows, other=[(hour, str(hour)) for hour in range(0, 40, 2)])
    clock.set(moment)
    try:
        return str(book.value(PRICE))
    except MissingData:
        return "none"


@given(FIGURES, RULES, st.integers(0, 40 * HOUR), FIGURES)
def test_no_figure_depends_on_a_later_row(
    figures: list[tuple[int, int]], more: dict[str, object], moment: int, others: list[tuple[int, int]]
) -> None:
    """Whatever rows come after a moment, the figure at the moment is the same, under every rule that does not interpolate."""
    known = [(hour, str(figure)) for hour, figure in figures if hour * HOUR <= moment]
    later = [(hour, str(figure)) for hour, figure in others if hour * HOUR > moment]
    assert outcome(known, more, moment) == outcome(known + later, more, moment)


@given(FIGURES, st.lists(st.integers(0, 40 * HOUR), min_size=1, max_size=30))
def test_a_market_that_was_asked_before_answers_like_a_new_one(figures: list[tuple[int, int]], moments: list[int]) -> None:
    """What is remembered between questions never changes an answer."""
    rows = [(hour, str(figure)) for hour, figure in figures]
    book, clock = market({PRICE: rule("own", duplicates="last", gap="hold", hold_up_to="5h")}, own=rows)
    for moment in sorted(moments):
        clock.set(moment)
        fresh, at = market({PRICE: rule("own", duplicates="last", gap="hold", hold_up_to="5h")}, own=rows)
        at.set(moment)
        assert answer(fresh) == answer(book)


def answer(book: HistoryMarket) -> str:
    """The figure now, as text, or that there is none."""
    try:
        return str(book.value(PRICE))
    except MissingData:
        return "none"


@given(st.lists(st.integers(0, 40), min_size=1, max_size=20), st.lists(st.integers(0, 40 * HOUR), max_size=10))
def test_events_of_adjoining_stretches_are_the_events_of_the_whole(rows: list[int], cuts: list[int]) -> None:
    """However a time is cut into stretches, each point falls into exactly one."""
    table = [(hour, str(hour)) for hour in {0, *rows}]
    edges = [0, *sorted(cuts), 40 * HOUR]
    book, _ = market({PRICE: rule("own", gap="hold", hold_up_to="50h")}, own=table)
    pieces = [point for since, until in pairwise(edges) for point in book.events(PRICE, since, until)]
    assert list(book.events(PRICE, 0, 40 * HOUR)) == pieces

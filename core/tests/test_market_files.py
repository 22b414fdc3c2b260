"""Reading rows from CSV, gzip, Parquet and DuckDB, and what is said when that does not work."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from basis_venues.clock import PlanClock
from basis_venues.errors import ConfigurationError, TableAbsent
from basis_venues.market import DataSettings, HistoryMarket, SeriesRule, open_market, open_provider
from basis_venues.market.provider import FAR, Source

HOUR = 3_600_000
SOURCE = Source("prices", "timestamp", "open")
CSV = "timestamp,open,close\n1970-01-01T00:00:00Z,5476.5,1\n1970-01-01T01:00:00Z,1.40369429193e-05,2\n1970-01-01T02:00:00Z,0.30,3\n"


def files(directory: Path, **texts: str) -> Any:
    """A provider over CSV files with these names and texts."""
    for name, text in texts.items():
        (directory / f"{name}.csv").write_text(text, encoding="utf-8")
    return open_provider(DataSettings(), directory)


def hourly(directory: Path, database: str | None = None, **more: Any) -> tuple[HistoryMarket, PlanClock]:
    """A market with one series `x:price:A/B` from the table `prices`, for three hours."""
    rule = SeriesRule(table="prices", value="open", every="1h", **more)
    clock = PlanClock(0)
    return open_market(DataSettings(database=database, series={"x:price:A/B": rule}), directory, 0, 3 * HOUR, clock), clock


def seen(book: HistoryMarket, clock: PlanClock) -> list[str]:
    """The figures of three hours, as text."""
    texts = []
    for hour in range(3):
        clock.set(hour * HOUR)
        texts.append(str(book.value("x:price:A/B")))
    return texts


@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
def test_a_table_is_a_file_with_any_ending(tmp_path: Path, ending: str) -> None:
    """Plain and gzip CSV are found by the table's name, and their figures are exact."""
    raw = CSV.encode()
    (tmp_path / f"prices{ending}").write_bytes(gzip.compress(raw) if ending == ".csv.gz" else raw)
    assert [str(Decimal("5476.5")), str(Decimal("1.40369429193e-05")), "0.30"] == seen(*hourly(tmp_path))


def test_rows_are_sorted_and_cut_to_the_window_with_one_more_on_each_side(tmp_path: Path) -> None:
    """The last row before and the first after the window come along, with their duplicates, in the order of the file."""
    lines = ["timestamp,open", *(f"{hour},{name}" for hour, name in ((9, "i"), (3, "c"), (1, "a"), (1, "b"), (5, "e"), (7, "g"), (7, "h")))]
    provider = files(tmp_path, prices="\n".join(lines))
    points = provider.read(Source("prices", "timestamp", "open", "milliseconds"), 2, 5)
    assert (list(points.times), list(points.texts)) == ([1, 1, 3, 5, 7, 7], ["a", "b", "c", "e", "g", "h"])
    exact = provider.read(Source("prices", "timestamp", "open", "milliseconds"), 3, 3)
    assert list(exact.times) == [3, 5]


def test_quotes_line_ends_and_a_byte_order_mark_are_understood(tmp_path: Path) -> None:
    """CSV as spreadsheets write it is read like any other."""
    provider = files(tmp_path, prices='\ufeff"timestamp","note","open"\r\n"1970-01-01 00:00:00","a, b","1.50"\r\n')
    points = provider.read(SOURCE, -FAR, FAR)
    assert (list(points.times), list(points.texts)) == ([0], ["1.50"])


@pytest.mark.parametrize(
    ("unit", "text", "expected"),
    [
        ("iso", "1970-01-02", 24 * HOUR),
        ("iso", "1970-01-01T02:00:00+01:00", HOUR),
        ("iso", "1970-01-01T00:00:00.250Z", 250),
        ("seconds", "3600", HOUR),
        ("milliseconds", "3600000", HOUR),
    ],
)
def test_times_are_read_in_their_unit(tmp_path: Path, unit: Any, text: str, expected: int) -> None:
    """ISO text, without offset in UTC, or whole seconds or milliseconds."""
    provider = files(tmp_path, prices=f"timestamp,open\n{text},1\n")
    assert [expected] == list(provider.read(Source("prices", "timestamp", "open", unit), -FAR, FAR).times)


def test_a_time_in_another_unit_is_refused_with_the_cell(tmp_path: Path) -> None:
    """Seconds are not taken for milliseconds or the other way round, and ISO text is not a number."""
    provider = files(tmp_path, prices="timestamp,open\n1970-01-01,1\nyesterday,2\n")
    with pytest.raises(ConfigurationError, match="'yesterday', which is not a time in iso"):
        provider.read(SOURCE, 0, 1)


def test_a_missing_file_is_named_with_what_is_there(tmp_path: Path) -> None:
    """The error shows the directory, the nearest name and the list."""
    provider = files(tmp_path, price=CSV, funding=CSV)
    with pytest.raises(TableAbsent, match=r"holds no file prices\.csv or .*did you mean price\.csv\? There is: funding\.csv, price\.csv"):
        provider.read(SOURCE, 0, 1)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    """A wrong directory is not taken for one without files, so that no substitute hides it."""
    with pytest.raises(ConfigurationError, match="does not exist; give one with --data") as caught:
        files(tmp_path / "nowhere").read(SOURCE, 0, 1)
    assert not isinstance(caught.value, TableAbsent)


def test_a_missing_column_is_named_with_what_is_there(tmp_path: Path) -> None:
    """The error shows the file, the nearest column and the list."""
    provider = files(tmp_path, prices=CSV)
    with pytest.raises(ConfigurationError, match=r"prices\.csv has no column opne; did you mean open\? There is: close, open, timestamp"):
        provider.read(Source("prices", "timestamp", "opne"), 0, 1)


def test_a_table_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    """It is never guessed which of two files is meant."""
    (tmp_path / "prices.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    with pytest.raises(ConfigurationError, match=r"prices more than once.*prices\.csv, prices\.csv\.gz"):
        files(tmp_path, prices=CSV).read(SOURCE, 0, 1)


def test_a_short_row_and_a_broken_file_are_refused(tmp_path: Path) -> None:
    """Neither is skipped."""
    with pytest.raises(ConfigurationError, match="too few columns: 1970-01-01"):
        files(tmp_path, prices="timestamp,open\n1970-01-01\n").read(SOURCE, 0, 1)
    (tmp_path / "broken.csv.gz").write_bytes(gzip.compress(CSV.encode())[:-20])
    with pytest.raises(ConfigurationError, match="cannot be read"):
        files(tmp_path).read(Source("broken", "timestamp", "open"), 0, 1)


def duck(path: Path, *statements: str) -> None:
    """Run SQL on a database file; skips where DuckDB is not installed."""
    duckdb = pytest.importorskip("duckdb", reason="DuckDB comes with the extra basis-venues[data]")
    with duckdb.connect(str(path)) as link:
        for statement in statements:
            link.execute(statement)


TABLE = """CREATE TABLE prices AS SELECT * FROM (VALUES
    (TIMESTAMP '1970-01-01 01:00:00', 'x', 1.25::DECIMAL(38, 10)), (TIMESTAMP '1970-01-01 00:00:00', '547874.5999999999', 2.5),
    (TIMESTAMP '1970-01-01 01:00:00', '2.50', 3), (TIMESTAMP '1970-01-01 02:00:00', '3', 4)) AS rows(timestamp, open, exact)"""


def test_a_database_table_is_read_like_a_file(tmp_path: Path) -> None:
    """Rows come sorted, one of two counts by the order in which they were written, and text stays as it is."""
    duck(tmp_path / "h.duckdb", TABLE)
    assert seen(*hourly(tmp_path, "h.duckdb", duplicates="last")) == ["547874.5999999999", "2.50", "3"]


def test_a_parquet_file_is_read_like_a_csv_file(tmp_path: Path) -> None:
    """The same rows from Parquet give the same figures, decimals with their scale."""
    duck(tmp_path / "h.duckdb", TABLE, f"COPY prices TO '{tmp_path}/prices.parquet' (FORMAT parquet)")
    assert seen(*hourly(tmp_path, duplicates="last")) == ["547874.5999999999", "2.50", "3"]
    points = open_provider(DataSettings(), tmp_path).read(Source("prices", "timestamp", "exact"), 0, 0)
    assert (list(points.times), list(points.texts)) == ([0, HOUR, HOUR], ["2.5000000000", "1.2500000000", "3.0000000000"])


@pytest.mark.parametrize(
    ("column", "unit", "expected"),
    [
        ("'1970-01-01T02:00:00+01:00'", "iso", HOUR),
        ("TIMESTAMPTZ '1970-01-01 02:00:00+01'", "iso", HOUR),
        ("DATE '1970-01-02'", "iso", 24 * HOUR),
        ("3600", "seconds", HOUR),
        ("3600000::BIGINT", "milliseconds", HOUR),
    ],
)
def test_a_databases_times_are_read_by_type_or_unit(tmp_path: Path, column: str, unit: Any, expected: int) -> None:
    """Dates, timestamps with and without zone, text and whole numbers are all ms since 1970 UTC."""
    duck(tmp_path / "h.duckdb", f"CREATE TABLE prices AS SELECT {column} AS timestamp, '1' AS open")
    provider = open_provider(DataSettings(database="h.duckdb"), tmp_path)
    assert [expected] == list(provider.read(Source("prices", "timestamp", "open", unit), -FAR, FAR).times)


def test_the_window_of_a_database_is_the_window_of_a_file(tmp_path: Path) -> None:
    """The query cuts as `cut` does: one row more on each side, with duplicates."""
    values = ", ".join(f"({hour}, '{name}')" for hour, name in ((9, "i"), (3, "c"), (1, "a"), (1, "b"), (5, "e"), (7, "g"), (7, "h")))
    duck(tmp_path / "h.duckdb", f"CREATE TABLE prices AS SELECT * FROM (VALUES {values}) AS rows(timestamp, open)")
    provider = open_provider(DataSettings(database="h.duckdb"), tmp_path)
    points = provider.read(Source("prices", "timestamp", "open", "milliseconds"), 2, 5)
    assert (list(points.times), list(points.texts)) == ([1, 1, 3, 5, 7, 7], ["a", "b", "c", "e", "g", "h"])


def test_binary_floats_are_refused_unless_allowed(tmp_path: Path) -> None:
    """A column of floats is an error that says what to do; allowed, the shortest decimal of the float counts."""
    duck(tmp_path / "h.duckdb", "CREATE TABLE prices AS SELECT 0 AS timestamp, 0.1::DOUBLE AS open")
    with pytest.raises(ConfigurationError, match=r"column open holds binary floats.*floats: shortest"):
        hourly(tmp_path, "h.duckdb", unit="seconds")[0].value("x:price:A/B")
    assert Decimal("0.1") == hourly(tmp_path, "h.duckdb", unit="seconds", floats="shortest")[0].value("x:price:A/B")


def test_a_database_names_what_it_lacks(tmp_path: Path) -> None:
    """A missing database, table or column is named, with the nearest name."""
    duck(tmp_path / "h.duckdb", TABLE)
    provider = open_provider(DataSettings(database="h.duckdb"), tmp_path)
    with pytest.raises(ConfigurationError, match=r"other\.duckdb does not exist"):
        open_provider(DataSettings(database="other.duckdb"), tmp_path).read(SOURCE, 0, 1)
    with pytest.raises(TableAbsent, match=r"has no table price; did you mean prices\?"):
        provider.read(Source("price", "timestamp", "open"), 0, 1)
    with pytest.raises(ConfigurationError, match=r"table prices has no column close.*There is: exact, open, timestamp"):
        provider.read(Source("prices", "timestamp", "close"), 0, 1)
    with pytest.raises(ConfigurationError, match="Conversion Error"):
        provider.read(Source("prices", "open", "open"), 0, 1)


def test_without_duckdb_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has Parquet files and no DuckDB is told what to install."""
    monkeypatch.setitem(sys.modules, "duckdb", None)
    (tmp_path / "prices.parquet").touch()
    with pytest.raises(ConfigurationError, match=r"pip install 'basis-venues\[data\]'"):
        open_provider(DataSettings(), tmp_path).read(SOURCE, 0, 1)


def test_reading_csv_loads_nothing_heavy(tmp_path: Path) -> None:
    """A backtest over CSV files starts without DuckDB, pandas, numpy or asyncio."""
    files(tmp_path, prices=CSV)
    code = (
        "import sys; from basis_venues.clock import PlanClock; from basis_venues.market import *\n"
        "settings = DataSettings(series={'x:price:A/B': SeriesRule(table='prices', value='open', every='1h')})\n"
        f"print(open_market(settings, {str(tmp_path)!r}, 0, 1, PlanClock(0)).value('x:price:A/B'))\n"
        "print(sorted({'duckdb', 'pandas', 'numpy', 'pyarrow', 'asyncio'} & set(sys.modules)))"
    )
    path = os.pathsep.join(entry for entry in sys.path if entry)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": path})
    assert run.stdout.split("\n")[:2] == ["5476.5", "[]"]

"""Rows read through DuckDB: Parquet files and database tables. Figures come as text, so no float comes between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError
from .provider import Points, Source, Unit, no_column

_WINDOW = """
WITH rows AS (SELECT {moment} AS moment, CAST({value} AS VARCHAR) AS figure, {place} AS place FROM {relation})
SELECT moment, figure FROM rows
WHERE moment IS NULL
   OR moment BETWEEN coalesce((SELECT max(moment) FROM rows WHERE moment <= $since), $since)
                 AND coalesce((SELECT min(moment) FROM rows WHERE moment > $until), $until)
ORDER BY moment NULLS FIRST, place
"""


@contextmanager
def connection(database: Path | None = None) -> Iterator[Any]:
    """A connection to a database file, read only, or to none. DuckDB's own errors become `ConfigurationError`."""
    try:
        import duckdb
    except ImportError:
        raise ConfigurationError("Parquet files and DuckDB databases need DuckDB: pip install 'basis-venues[data]'") from None
    settings: dict[str, Any] = {"autoinstall_known_extensions": False, "TimeZone": "UTC", "threads": 1}  # a backtest opens no socket
    try:
        opened = duckdb.connect(str(database or ":memory:"), read_only=database is not None, config=settings)
        with opened as link:
            yield link
    except duckdb.Error as error:
        raise ConfigurationError(f"{database or 'DuckDB'}: {str(error).strip()}") from error


def read_parquet(path: Path, source: Source, since: int, until: int) -> Points:
    """See `DataProvider.read`."""
    with connection() as link:
        relation = f"read_parquet({literal(str(path))}, file_row_number = true)"
        return rows(link, relation, "file_row_number", source, since, until, where=str(path))


def rows(link: Any, relation: str, place: str, source: Source, since: int, until: int, *, where: str) -> Points:
    """The window of a relation, as `DataProvider.read` promises. `place` is the column that numbers rows as they were written."""
    types = {name: kind for name, kind, *_ in link.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}
    for column in (source.time, source.value):
        if column not in types:
            raise no_column(where, column, types.keys() - {place})
    if types[source.value] in ("FLOAT", "DOUBLE") and source.floats == "fail":
        raise ConfigurationError(
            f"{where}: column {source.value} holds binary floats, so the figures as published are lost; store them as DECIMAL or "
            "text, or say `floats: shortest` in the data settings"
        )
    moment = _moment(identifier(source.time), types[source.time], source.unit)
    query = _WINDOW.format(moment=moment, value=identifier(source.value), place=place, relation=relation)
    found = link.execute(query, {"since": since, "until": until}).fetchall()
    if found and found[0][0] is None:
        raise ConfigurationError(f"{where}: column {source.time} has a row without a time")
    return Points([row[0] for row in found], [row[1] or "" for row in found])


def identifier(name: str) -> str:
    """A name, quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text, quoted for SQL."""
    return "'" + text.replace("'", "''") + "'"


def _moment(column: str, kind: str, unit: Unit) -> str:
    """SQL for the time column as ms since 1970 UTC: by its type, and for whole numbers by the unit."""
    if kind.startswith(("TIMESTAMP", "DATE")) or unit == "iso":
        return f"epoch_ms(CAST({column} AS TIMESTAMPTZ))"  # a cast of text to plain TIMESTAMP would drop its offset
    return f"CAST({column} AS BIGINT) * {1000 if unit == 'seconds' else 1}"

"""A directory of CSV files, plain or gzip, and Parquet files."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from ..errors import ConfigurationError, TableAbsent
from .provider import Moments, Points, Source, Unit, cut, in_order, no_column, suggestion

ENDINGS = (".csv", ".csv.gz", ".parquet")


class FileProvider:
    """Reads files of one directory. A table is a file's name, with or without its ending; CSV has a header line, commas and UTF-8."""

    def __init__(self, directory: Path | str) -> None:
        self._directory = Path(directory)
        self._moments = Moments()

    def read(self, source: Source, since: int, until: int) -> Points:
        """See `DataProvider.read`."""
        path = self._path(source.table)
        if path.name.endswith(".parquet"):
            from . import duck  # DuckDB is an extra, and slow to import

            return duck.read_parquet(path, source, since, until)
        times, texts = _columns(_text(path), source, path)
        return cut(*in_order(self._parsed(times, source, path), texts), since, until)

    def _path(self, table: str) -> Path:
        if not self._directory.is_dir():
            raise ConfigurationError(f"the data directory {self._directory} does not exist; give one with --data")
        names = (table,) if table.endswith(ENDINGS) else tuple(table + ending for ending in ENDINGS)
        found = [self._directory / name for name in names if (self._directory / name).is_file()]
        if len(found) > 1:
            endings = ", ".join(path.name for path in found)
            raise ConfigurationError(f"{self._directory} holds {table} more than once; write the ending: {endings}")
        if not found:
            there = (path.name for path in self._directory.iterdir() if path.name.endswith(ENDINGS))
            raise TableAbsent(f"{self._directory} holds no file {' or '.join(names)}{suggestion(table, there)}")
        return found[0]

    def _parsed(self, times: list[str], source: Source, path: Path) -> list[int]:
        parse = _parser(source.unit, self._moments)
        try:
            return list(map(parse, times))
        except ValueError:
            wrong = next(text for text in times if not _parses(parse, text))
            raise ConfigurationError(
                f"{path}: column {source.time} has {wrong!r}, which is not a time in {source.unit}; see `unit` in the data settings"
            ) from None


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
        return (_unpacked(raw) if path.name.endswith(".gz") else raw).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error


def _unpacked(raw: bytes) -> bytes:
    import gzip
    import zlib

    try:
        return gzip.decompress(raw)
    except zlib.error as error:
        raise OSError(str(error)) from None


def _columns(text: str, source: Source, path: Path) -> tuple[list[str], list[str]]:
    lines = text.replace("\r\n", "\n").split("\n")
    header = next(csv.reader(lines[:1]), [])
    for column in (source.time, source.value):
        if column not in header:
            raise no_column(str(path), column, header)
    time, value = header.index(source.time), header.index(source.value)
    if '"' in text:
        rows = [row for row in csv.reader(lines[1:]) if row]
    else:  # without quotes the lines can be cut where the last column that matters ends, which takes a third of the time
        cuts = max(time, value) + 1
        rows = [line.split(",", cuts) for line in lines[1:] if line]
    try:
        return [row[time] for row in rows], [row[value] for row in rows]
    except IndexError:
        short = next(row for row in rows if len(row) <= max(time, value))
        raise ConfigurationError(f"{path} has a row with too few columns: {','.join(short)}") from None


def _parser(unit: Unit, moments: Moments) -> Callable[[str], int]:
    if unit == "iso":
        return moments.__getitem__
    return int if unit == "milliseconds" else lambda text: int(text) * 1000


def _parses(parse: Callable[[str], int], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True

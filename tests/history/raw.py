"""The raw history files, read with nothing of the library: csv, gzip, and exact numbers."""

import csv
import gzip
from datetime import datetime
from decimal import Decimal
from pathlib import Path

HOUR, DAY = 3_600_000, 86_400_000


def moment(text: str) -> int:
    """An ISO time as milliseconds."""
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def column(directory: Path, name: str, value: str) -> dict[int, Decimal]:
    """One column of a file by time; of two rows with one time the last counts."""
    with gzip.open(directory / f"{name}.csv.gz", "rt") as file:
        return {moment(row["timestamp"]): Decimal(row[value]) for row in csv.DictReader(file)}


def hourly(rows: dict[int, Decimal], at: int) -> Decimal:
    """The bar that `at` lies in."""
    return rows[at // HOUR * HOUR]

"""The data settings, `configs/data/NAME.yaml`: where each series comes from and which rule bridges what is missing.

A key under `series:` is a series name, or a pattern with placeholders: `bybit:price:{base}/USDT` stands for every such name, and
`{base}` may then be used in `table`, `value`, `substitute` and `of`. A placeholder stands for one letter or more, without `:` and
`/`. A name written out wins over patterns; of patterns, the first in the file. Every rule that is not given means: fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal

from attrs import evolve, field, frozen

from ..errors import ConfigurationError, MissingData
from .provider import Source, Unit

_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_TABLE_KEYS = ("value", "every", "when", "hold_up_to")
_TABLE_RULES = {"gap": "fail", "duplicates": "fail", "interpolate": "none"}


def duration(text: str) -> int:
    """`90s`, `15m`, `6h`, `1d` or `500ms` as milliseconds, above zero. Raises `ConfigurationError`."""
    match = re.fullmatch(r"([1-9]\d*)(ms|s|m|h|d)", text)
    if match is None:
        raise ConfigurationError(f"{text!r} is not a duration; write it like 500ms, 90s, 15m, 6h or 1d")
    return int(match[1]) * _UNITS[match[2]]


@frozen(kw_only=True, eq=False, repr=False)
class SeriesRule:
    """Where one series comes from. Exactly one of `table`, `constant`, `derive`, or none of them and a `substitute`.

    - `table`: a file in the data directory, with or without its ending (`.csv`, `.csv.gz`, `.parquet`), or a table of the database;
      `time` and `value` name its columns, `unit` says how the times are written.
    - `constant`: one figure at all times.
    - `derive`: the `product`, `sum` or `ratio` (the first divided by each other) of the series, or plain numbers, in `of`. A ratio is
      rounded down to 27 decimals.
    - `substitute`: the series that stands in. `when: missing`: for the whole series if the table is not there; `when: gap`: where rows
      are missing within the table, before its first and after its last row. Without a source of its own: always.
    - `every`: the longest time between two rows that is not a gap. A row is in force for so long, or until the next row. Without it
      each row is in force until the next, and the last one only at its own moment.
    - `gap`: `fail`; `skip`: what should have happened in the gap did not (`events`), and there is no figure (`value`); `hold`: the last
      row stands in, also for rows that should have come, while it is not older than `hold_up_to`.
    - `duplicates`: which of several rows of one time counts, as they follow each other in the file.
    - `interpolate`: between two rows that are no gap apart, `linear`ly or, for an `index`, at a constant rate of growth; rounded down to 27
      decimals, Aave's own ray. Such a figure leans on the next row: use it for what accrues steadily, never for a signal.
    """

    table: str | None = None
    time: str = "timestamp"
    unit: Unit = "iso"
    value: str | None = None
    floats: Literal["fail", "shortest"] = "fail"
    constant: Decimal | None = None
    derive: Literal["product", "ratio", "sum"] | None = None
    of: tuple[str, ...] = ()
    substitute: str | None = None
    when: Literal["missing", "gap"] | None = None
    every: str | None = None
    gap: Literal["fail", "skip", "hold"] = "fail"
    hold_up_to: str | None = None
    duplicates: Literal["fail", "first", "last"] = "fail"
    interpolate: Literal["none", "linear", "index"] = "none"

    def __attrs_post_init__(self) -> None:
        problems = tuple(self._problems())
        if problems:
            raise ConfigurationError(problems)

    def _problems(self) -> Iterator[str]:
        sources = [key for key in ("table", "constant", "derive") if getattr(self, key) is not None]
        if len(sources) > 1:
            yield f"a series has one source: keep one of {', '.join(sources)}"
        if not sources and self.substitute is None:
            yield "a series needs table, constant, derive or substitute"
        yield from self._table_problems() if self.table is not None else self._other_problems()
        for text in (self.every, self.hold_up_to):
            if text is not None:
                duration(text)

    def _table_problems(self) -> Iterator[str]:
        if self.value is None:
            yield "table needs value, the name of the column with the figures"
        if (self.substitute is None) != (self.when is None):
            yield "beside a table, substitute and when (missing or gap) go together"
        if (self.gap == "hold") != (self.hold_up_to is not None):
            yield "gap: hold and hold_up_to go together"
        if self.when == "gap" and self.gap != "fail":
            yield f"a gap has one rule: substitute with when: gap, or gap: {self.gap}"
        if self.every is None and (self.gap != "fail" or self.when == "gap"):
            yield "a rule for gaps needs every, the interval at which rows are expected"

    def _other_problems(self) -> Iterator[str]:
        idle = [key for key in _TABLE_KEYS if getattr(self, key) is not None]
        idle += [key for key, default in _TABLE_RULES.items() if getattr(self, key) != default]
        if idle:
            yield f"without a table there is nothing for {', '.join(idle)} to work on"
        if (self.derive is None) != (len(self.of) < 2):
            yield "derive and of (two or more series or numbers) go together"
        yield from (f"{name} in `of` is neither a series nor a number" for name in self.of if ":" not in name and not _is_number(name))
        if self.substitute is not None and (self.constant is not None or self.derive is not None):
            yield "a constant or derived series needs no substitute; give one to the series that it is derived from"

    @property
    def source(self) -> Source:
        """The rule's table and columns, for a provider. Only where `table` is set."""
        return Source(self.table or "", self.time, self.value or "", self.unit, self.floats)

    @property
    def needs(self) -> tuple[str, ...]:
        """The other series that this one may be read from."""
        return tuple(name for name in (*self.of, self.substitute) if name is not None and ":" in name)


@frozen(kw_only=True, eq=False, repr=False)
class DataSettings:
    """`configs/data/NAME.yaml`. With `database`, a file in the data directory, tables are those of that DuckDB database; without it
    they are CSV or Parquet files in the data directory."""

    summary: str = ""
    database: str | None = None
    series: Mapping[str, SeriesRule] = field(factory=dict)
    file: str = field(default="", init=False)
    """Where they were read from; empty for settings made in code."""

    def __attrs_post_init__(self) -> None:
        problems = [problem for key, rule in self.series.items() for problem in _unknown_placeholders(key, rule)]
        if problems:
            raise ConfigurationError(problems)

    def rule(self, series: str) -> SeriesRule:
        """The rule for a series, placeholders filled in. Raises `MissingData` where no key names or matches it."""
        written_out = self.series.get(series)
        if written_out is not None:
            return written_out
        for pattern, rule in self.series.items():
            beginning, placeholder, _ = pattern.partition("{")
            match = _matcher(pattern).fullmatch(series) if placeholder and series.startswith(beginning) else None
            if match is not None:
                return _filled(rule, match.groupdict())
        raise MissingData(self._unsaid(series))

    def _unsaid(self, series: str) -> str:
        """Which file lacks which line; a name that is near, instead of all that there are."""
        from ..config.misfit import nearest  # only ever needed for an error

        meant = nearest(series, self.series)
        line = f'"{series}": {{constant: "..."}}'
        place = f" of {self.file}" if self.file else ""
        return f"the data settings say nothing about {series}{meant}; add a line under series{place}: {line}, or a table of your records"


def load_data_settings(path: Path | str) -> DataSettings:
    """The data settings in a YAML file. Raises `ConfigurationError` with every problem found, each with its line."""
    from ..config.yaml_file import read_yaml  # with cattrs and PyYAML, which a market built in code does without

    settings = read_yaml(Path(path)).fit(DataSettings)
    object.__setattr__(settings, "file", str(path))
    return settings


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _matcher(pattern: str) -> re.Pattern[str]:
    parts = _PLACEHOLDER.split(pattern)
    return re.compile("".join(f"(?P<{part}>[^:/]+)" if odd % 2 else re.escape(part) for odd, part in enumerate(parts)))


def _filled(rule: SeriesRule, words: Mapping[str, str]) -> SeriesRule:
    def fill(text: str | None) -> str | None:
        return None if text is None else _PLACEHOLDER.sub(lambda match: words[match[1]], text)

    of = tuple(_PLACEHOLDER.sub(lambda match: words[match[1]], name) for name in rule.of)
    return evolve(rule, table=fill(rule.table), value=fill(rule.value), substitute=fill(rule.substitute), of=of)


def _unknown_placeholders(key: str, rule: SeriesRule) -> Iterator[str]:
    known = set(_PLACEHOLDER.findall(key))
    for text in (rule.table, rule.value, rule.substitute, *rule.of):
        for name in set(_PLACEHOLDER.findall(text or "")) - known:
            yield f"series {key}: {{{name}}} in {text} is not a placeholder of the key"

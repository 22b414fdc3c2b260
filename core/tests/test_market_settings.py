"""The grammar of the data settings, and the settings that are shipped."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from basis_venues.errors import ConfigurationError, MissingData
from basis_venues.market import DataSettings, SeriesRule, load_data_settings
from basis_venues.market.settings import duration

CONFIGS = Path(__file__).parents[2] / "configs" / "data"


@pytest.mark.parametrize(("text", "expected"), [("500ms", 500), ("90s", 90_000), ("15m", 900_000), ("6h", 21_600_000), ("1d", 86_400_000)])
def test_a_duration_is_a_number_and_a_unit(text: str, expected: int) -> None:
    """Durations are read as milliseconds."""
    assert expected == duration(text)


@pytest.mark.parametrize("text", ["", "6", "h", "0h", "1.5h", "6 h", "-1h", "1w"])
def test_other_durations_are_refused(text: str) -> None:
    """What is no duration is refused with examples of what is."""
    with pytest.raises(ConfigurationError, match="write it like"):
        duration(text)


def test_a_pattern_stands_for_every_series_that_fits() -> None:
    """A placeholder's word is put into table, value, substitute and of; a name written out wins; then the first pattern."""
    settings = DataSettings(
        series={
            "x:{bar}:{base}/USDT": SeriesRule(table="x_{base}", value="{bar}", every="1h", substitute="y:{bar}:{base}/USDT", when="gap"),
            "x:price:{base}/USDT": SeriesRule(constant=Decimal(1)),
            "x:low:ETH/USDT": SeriesRule(constant=Decimal(2)),
            "z:sum:{base}": SeriesRule(derive="sum", of=("x:low:{base}/USDT", "1")),
        }
    )
    low = settings.rule("x:low:BTC/USDT")
    assert (low.table, low.value, low.substitute) == ("x_BTC", "low", "y:low:BTC/USDT")
    assert settings.rule("x:price:BTC/USDT").table == "x_BTC"
    assert Decimal(2) == settings.rule("x:low:ETH/USDT").constant
    assert settings.rule("z:sum:BTC").of == ("x:low:BTC/USDT", "1")


def test_a_placeholder_stops_at_colons_and_slashes() -> None:
    """A pattern for spot symbols does not take in perpetuals."""
    settings = DataSettings(series={"x:price:{base}/USDT": SeriesRule(constant=Decimal(1))})
    for series in ("x:price:BTC/USDT:USDT", "x:price:/USDT", "x:price:A/B/USDT", "xx:price:BTC/USDT"):
        with pytest.raises(MissingData):
            settings.rule(series)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({}, "needs table, constant, derive or substitute"),
        ({"table": "t", "value": "v", "constant": Decimal(1)}, "one source"),
        ({"table": "t"}, "table needs value"),
        ({"table": "t", "value": "v", "substitute": "a:b:c"}, "substitute and when"),
        ({"table": "t", "value": "v", "when": "gap", "every": "1h"}, "substitute and when"),
        ({"table": "t", "value": "v", "every": "1h", "gap": "hold"}, "hold_up_to go together"),
        ({"table": "t", "value": "v", "every": "1h", "hold_up_to": "1h"}, "hold_up_to go together"),
        ({"table": "t", "value": "v", "gap": "skip"}, "needs every"),
        ({"table": "t", "value": "v", "every": "1h", "gap": "skip", "substitute": "a:b:c", "when": "gap"}, "a gap has one rule"),
        ({"constant": Decimal(1), "every": "1h"}, "nothing for every to work on"),
        ({"substitute": "a:b:c", "gap": "skip"}, "nothing for gap to work on"),
        ({"constant": Decimal(1), "of": ("a:b:c", "a:b:d")}, "derive and of"),
        ({"derive": "sum", "of": ("a:b:c",)}, "derive and of"),
        ({"derive": "sum", "of": ("a:b:c", "one")}, "one in `of` is neither a series nor a number"),
        ({"constant": Decimal(1), "substitute": "a:b:c"}, "needs no substitute"),
        ({"table": "t", "value": "v", "every": "1 hour"}, "not a duration"),
    ],
)
def test_keys_that_make_no_sense_together_are_refused(keys: dict[str, Any], problem: str) -> None:
    """Each rule says what it lacks or what has no effect."""
    with pytest.raises(ConfigurationError, match=problem):
        SeriesRule(**keys)


def test_a_placeholder_that_the_key_lacks_is_refused() -> None:
    """A slip in a placeholder is found when the settings are made."""
    with pytest.raises(ConfigurationError, match="is not a placeholder of the key"):
        DataSettings(series={"x:price:{base}/USDT": SeriesRule(table="x_{bse}", value="open")})


def test_settings_are_read_from_yaml(tmp_path: Path) -> None:
    """Text, numbers and lists of a YAML file become the rules, figures digit for digit."""
    file = tmp_path / "tiny.yaml"
    file.write_text('series:\n  "a:tip:gwei": {constant: 0.10}\n  "a:sum:gwei": {derive: sum, of: ["a:tip:gwei", "1"]}\n', encoding="utf-8")
    settings = load_data_settings(file)
    assert str(settings.rule("a:tip:gwei").constant) == "0.10"
    assert settings.rule("a:sum:gwei").of == ("a:tip:gwei", "1")


def test_every_problem_of_a_file_is_reported_with_its_line(tmp_path: Path) -> None:
    """An unknown key and two rules that do not fit are all named at once."""
    file = tmp_path / "bad.yaml"
    file.write_text(
        'series:\n  "a:b:c": {table: t, value: v, gab: hold}\n  "a:b:d": {table: t}\n  "a:b:e": {table: t, value: v, gap: hope}\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigurationError) as caught:
        load_data_settings(file)
    problems = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 3
    for part in ("bad.yaml:2", "did you mean gap?", "bad.yaml:3", "table needs value", "bad.yaml:4", "expected one of fail, skip, hold"):
        assert part in problems


@pytest.mark.parametrize("name", ["history", "synthetic"])
def test_the_shipped_settings_fit(name: str) -> None:
    """Both files load, and name what substitutes for what is known to be missing."""
    settings = load_data_settings(CONFIGS / f"{name}.yaml")
    assert settings.rule("okx:price:BTC/USDT:USDT").substitute == "bybit:price:BTC/USDT:USDT"
    assert settings.rule("binance:price:ETH/USDT").substitute == "bybit:price:ETH/USDT"
    assert settings.rule("binance:price:BTC/USDT").value == "open"

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spec_snippets import ENV_UNIFIED, OLDER_ENV

from basis_venues.config.env_file import EnvFile, parse_env, read_env_file
from basis_venues.config.variables import Variables, todays_names
from basis_venues.errors import ConfigurationError
from basis_venues.secret import Secret

CANARY = "kX9canary7Qz2LmW4secretVb81"


def parse(text: str) -> EnvFile:
    return parse_env(text.encode(), "env.unified")


def revealed(file: EnvFile) -> dict[str, str]:
    return {name: value.reveal() for name, value in file.values.items()}


def test_the_requirements_template_sets_nothing() -> None:
    """The snippet of names without values loads, also where others may read it: there is nothing in it yet."""
    file = parse_env(ENV_UNIFIED.encode(), "env.unified", 0o644)
    assert file.values == {}
    assert file.lines["BASIS_DEV__CEX__BINANCE_SPOT_SECRET"] == 6
    assert len(file.lines) == 10


@pytest.mark.parametrize("row", sorted(OLDER_ENV))
def test_the_requirements_older_names_load(row: str) -> None:
    """The snippets with ENVIRONMENT and per-venue names load, each name as it is written."""
    assert revealed(parse(OLDER_ENV[row]))["ENVIRONMENT"] == row


def test_values_are_taken_whole() -> None:
    """Quotes go, everything in them stays; nothing is interpolated."""
    text = "A=plain\nB='with # and \"'\nC=\"two words\"\nD=a#b=c\nE=$A${B}\n\n# comment\nF=''\n"
    assert revealed(parse(text)) == {"A": "plain", "B": 'with # and "', "C": "two words", "D": "a#b=c", "E": "$A${B}"}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f"A={CANARY}\nA={CANARY}", "2: A is set again; line 1 has it already"),
        (CANARY, "1: has no '='"),
        (f"A={CANARY} # comment", "1: A has an unquoted '#'"),
        (f"A = {CANARY}", "1: A has spaces around '='"),
        (f"A= {CANARY}", "1: A has spaces around '='"),
        (f"A='{CANARY}", "1: A has a quote that does not match"),
        (f"A='{CANARY}' # x", "1: A has a quote that does not match"),
        (f"A=\"{CANARY}'", "1: A has a quote that does not match"),
        (f"A=it's{CANARY}", "1: A has a quote inside"),
        (f"A={CANARY} two", "1: A has an unquoted space"),
        (f"A={CANARY}  ", "1: A has spaces at its end"),
        (f"A={CANARY}\r", "1: has Windows line ends"),
        (f"export A={CANARY}", "1: begins with 'export'"),
        (f"{CANARY}={CANARY}", "1: does not begin with a name"),
        (f" # {CANARY}", "1: has no '='"),
    ],
)
def test_what_other_readers_let_pass_is_refused(line: str, told: str) -> None:
    """Each trap of the format is an error with its line, and no value is shown."""
    with pytest.raises(ConfigurationError) as caught:
        parse(line)
    assert f"env.unified:{told}" in str(caught.value)
    assert CANARY not in str(caught.value)


def test_all_problems_of_the_file_come_at_once() -> None:
    """Every line is looked at."""
    with pytest.raises(ConfigurationError) as caught:
        parse("A\nB = 1\nC='")
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(("mode", "allowed"), [(0o600, True), (0o400, True), (0o640, False), (0o604, False), (0o644, False)])
def test_a_file_with_values_belongs_to_its_owner_alone(tmp_path: Path, mode: int, allowed: bool) -> None:
    """A file that others may read is refused with the command that mends it."""
    file = tmp_path / "env.unified"
    file.write_text("A=1\n")
    file.chmod(mode)
    if allowed:
        assert revealed(read_env_file(file)) == {"A": "1"}
    else:
        with pytest.raises(ConfigurationError, match="others may read it: chmod 600"):
            read_env_file(file)


@given(st.text(st.characters(blacklist_characters="'\n\r\0", blacklist_categories=["Cs"]), min_size=1))
def test_a_quoted_value_survives_unchanged(value: str) -> None:
    """Whatever stands in single quotes is the value, to the last character."""
    assert revealed(parse(f"NAME='{value}'")) == {"NAME": value}


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """No content makes the reader fail in another way."""
    with suppress(ConfigurationError):
        parse_env(raw, "env.unified")


def test_the_process_environment_wins_over_the_file() -> None:
    """An exported credential counts before the file's; an empty one does not."""
    file = parse("BASIS_DEV__X__A=file\nBASIS_DEV__X__B=file\n")
    variables = Variables({"BASIS_DEV__X__A": "process", "BASIS_DEV__X__B": "", "PATH": "/bin"}, file)
    assert variables.get("BASIS_DEV__X__A") == Secret("process")
    assert variables.get("BASIS_DEV__X__B") == Secret("file")
    assert variables.names() == ("BASIS_DEV__X__A", "BASIS_DEV__X__B")
    assert variables.origin("BASIS_DEV__X__A") == "the process environment"
    assert variables.origin("BASIS_DEV__X__B") == "env.unified:2"


@pytest.mark.parametrize(
    ("older", "today"),
    [
        ("BINANCE_TESTNET_API_KEY", "BASIS_DEV__CEX__BINANCE_SPOT_API_KEY"),
        ("BINANCE_TESTNET_SECRET_KEY", "BASIS_DEV__CEX__BINANCE_SPOT_SECRET"),
        ("BINANCE_LIVE_SECRET_KEY", "BASIS_PROD__CEX__BINANCE_FUTURES_SECRET"),
        ("OKX_LIVE_API_KEY", "BASIS_PROD__CEX__OKX_API_KEY"),
        ("ALCHEMY_TESTNET_RPC_URL", "BASIS_DEV__ALCHEMY__RPC_URL"),
        ("ALCHEMY_LIVE_RPC_URL", "BASIS_PROD__ALCHEMY__RPC_URL"),
    ],
)
def test_an_older_name_is_read_as_todays_with_a_warning(older: str, today: str) -> None:
    """The value is found under the name of today, and a person is told once."""
    variables = Variables({}, parse(f"{older}=value\n"))
    assert today in todays_names(older)
    assert variables.get(today) == Secret("value")
    assert len(variables.warnings) == 1
    assert older in variables.warnings[0]


def test_both_kinds_of_names_must_agree() -> None:
    """The older and the newer name with two values are an error; with one value they are not."""
    agreeing = "BINANCE_TESTNET_API_KEY=same\nBASIS_DEV__CEX__BINANCE_SPOT_API_KEY=same\n"
    assert Variables({}, parse(agreeing)).get("BASIS_DEV__CEX__BINANCE_SPOT_API_KEY") == Secret("same")
    with pytest.raises(ConfigurationError, match=r"BINANCE_TESTNET_API_KEY is the older name of .* and the two differ") as caught:
        Variables({}, parse(agreeing.replace("=same", f"={CANARY}", 1)))
    assert CANARY not in str(caught.value)


def test_other_software_keeps_its_variables() -> None:
    """Nothing but our own names is taken from the process environment."""
    assert Variables(dict(os.environ) | {"HOME_API_KEY": "x"}).names() == tuple(
        sorted(name for name, value in os.environ.items() if value and (name.startswith("BASIS_") and "__" in name))
    )

from __future__ import annotations

import json
import pickle
import traceback
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import attrs
import pytest
from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st

from basis_venues.config.converter import make_converter
from basis_venues.config.document import Document
from basis_venues.config.misfit import Misfit, shown
from basis_venues.errors import ConfigurationError
from basis_venues.network import Network
from basis_venues.secret import Secret

CANARY = "kX9canary7Qz2LmW4secretVb81"


class Inner(NamedTuple):
    amount: Decimal
    note: str = ""


@frozen(kw_only=True)
class Outer:
    name: str
    count: int = 0
    ratio: Decimal = Decimal(0)
    on: bool = False
    network: Network = Network.SIMULATION
    kind: Literal["one", "two"] = "one"
    key: Secret = field(default=Secret(""))
    inner: tuple[Inner, ...] = ()
    by_name: Mapping[str, Inner] = field(factory=dict)
    few: int = field(default=1, validator=attrs.validators.in_([1, 2]))


def fit(**data: Any) -> Outer:
    return Document("f.yaml", {"name": "n", **data}).fit(Outer)


def test_well_formed_data_arrives_with_its_types() -> None:
    """Every kind of field takes the value that is written for it."""
    made = fit(count=3, ratio="0.10", on=True, network="testnet", kind="two", inner=[{"amount": 1}], by_name={"x": {"amount": "2"}})
    assert (made.count, str(made.ratio), made.on, made.network, made.kind) == (3, "0.10", True, Network.TESTNET, "two")
    assert made.inner == (Inner(Decimal(1)),)
    assert made.by_name == {"x": Inner(Decimal(2))}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": 5},
        {"name": None},
        {"count": "3"},
        {"count": Decimal("3.0")},
        {"count": True},
        {"ratio": 0.1},
        {"ratio": "NaN"},
        {"ratio": "ten"},
        {"ratio": True},
        {"on": "false"},
        {"on": 0},
        {"network": "mainet"},
        {"kind": "three"},
        {"kind": 1},
        {"key": 5},
        {"inner": "text"},
        {"inner": {"amount": 1}},
        {"inner": [1]},
        {"by_name": []},
        {"few": 3},
        {"unknown": 1},
    ],
)
def test_nothing_is_converted_that_was_not_meant(wrong: dict[str, Any]) -> None:
    """A value of another kind is refused, never bent into the field's type."""
    with pytest.raises(ConfigurationError, match=f"f.yaml: {next(iter(wrong))}"):
        fit(**wrong)


def test_all_problems_come_at_once_with_their_paths() -> None:
    """One error names every wrong place, down to list positions."""
    with pytest.raises(ConfigurationError) as caught:
        fit(count="x", inner=[{"amount": 1}, {"amount": "x", "nte": ""}], by_name={"a": {}})
    assert caught.value.problems == (
        "f.yaml: count: expected a whole number, without quotes",
        "f.yaml: inner[1].amount: expected a finite number, such as 0.25",
        "f.yaml: inner[1].nte: is not a known key; did you mean note?",
        "f.yaml: by_name.a.amount: is missing",
    )


def test_a_wrong_choice_is_answered_with_the_choices() -> None:
    """What may be said is listed, with the nearest of it."""
    with pytest.raises(ConfigurationError, match=r"network: expected one of simulation, testnet, mainnet; did you mean testnet\?"):
        fit(network="tesnet")


@pytest.mark.parametrize("name", [each.name for each in attrs.fields(Outer)] + [CANARY])
@pytest.mark.parametrize("value", [CANARY, {CANARY: CANARY}, [CANARY]])
def test_no_error_shows_a_value(name: str, value: Any) -> None:
    """A secret pasted anywhere, as value or as key, is in no text, repr or traceback of the error."""
    told = ""
    with suppress(ConfigurationError):
        try:
            fit(**{name: value})
        except ConfigurationError as error:
            told = "".join(traceback.format_exception(error)) + repr(error) + str(error.problems)
            raise
    assert CANARY not in told


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda more: st.lists(more) | st.dictionaries(st.text(), more)))
def test_any_plain_data_fits_or_is_a_configuration_error(data: Any) -> None:
    """Whatever a file holds, no other error comes out."""
    with suppress(ConfigurationError):
        Document("f.yaml", data).fit(Outer)


def test_a_secret_is_never_unstructured() -> None:
    """A structured secret leaks by no way out of the converter, pickle or JSON."""
    made = fit(key=CANARY)
    converter = make_converter()
    for leak in (lambda: converter.unstructure(made), lambda: pickle.dumps(made), lambda: json.dumps(attrs.asdict(made), default=vars)):
        with pytest.raises(TypeError):
            leak()
    assert CANARY not in repr(made)
    assert CANARY not in repr(attrs.evolve(made, count=2))


def test_each_converter_stands_alone() -> None:
    """A hook registered on one converter changes no other."""
    mine = make_converter()
    mine.register_structure_hook(Secret, lambda _value, _cls: Secret("mine"))
    assert make_converter().structure("theirs", Secret) == Secret("theirs")


def test_a_float_or_set_field_is_refused() -> None:
    """Settings classes use Decimal and tuples; the converter says so."""
    for kind in (float, set[str]):
        with pytest.raises(Misfit, match="is declared as a"):
            make_converter().structure([], kind)


@pytest.mark.parametrize(
    ("key", "told"), [("max_leverage", "max_leverage"), ("BTC/USDT:USDT", "BTC/USDT:USDT"), (CANARY, "?"), ("a" * 41, "?")]
)
def test_only_keys_that_look_like_names_are_shown(key: str, told: str) -> None:
    """A key in a path is shown when it is a name or a symbol."""
    assert shown(key) == told

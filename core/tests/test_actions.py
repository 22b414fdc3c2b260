"""What an action's fields take: plain text, and amounts as text that everybody reads the same."""

from __future__ import annotations

import asyncio
import enum
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_runs import FAR, Run, buy, supply

from basis_venues.actions import (
    Action,
    AtomicBundle,
    PerpTrade,
    SetCollateral,
    SetEMode,
    SpotTrade,
    Stake,
    Supply,
    Transfer,
    action_classes,
)
from basis_venues.amounts import exact
from basis_venues.errors import InvalidAction
from basis_venues.journal.codec import action_from, plain
from basis_venues.journal.events import Frozen
from basis_venues.journal.sqlite import Entry


class Name(str, enum.Enum):  # noqa: UP042
    """Text that formats as `Name.ID`, which a `StrEnum` would not."""

    ID = "buy-1"
    SYMBOL = "BTC/USDT"
    SIDE = "buy"
    ASSET = "USDT"


class Odd(str):
    """Text that says of itself what it likes."""

    __slots__ = ()

    def __str__(self) -> str:
        return "odd"

    def __format__(self, spec: str) -> str:
        return "odd"


Mine: Any = attrs.make_class(
    "Mine",
    {"note": attrs.field(default=None, type=str | None), "tag": attrs.field(default="", type=str)},
    bases=(Action,), frozen=True, kw_only=True, repr=False, eq=False,
)  # fmt: skip
"""An action of a plugin, annotated with types and not with their names."""


def texts(action: Action) -> dict[str, Any]:
    """Its fields that hold text."""
    return {each.name: value for each in attrs.fields(type(action)) if isinstance(value := getattr(action, each.name), str)}


@pytest.mark.parametrize(
    "action",
    [
        SpotTrade(id=Name.ID, symbol=Name.SYMBOL, side=Name.SIDE, quantity="1", order_type=Odd("market")),  # type: ignore[arg-type]
        PerpTrade(id=Name.ID, symbol=Odd("BTC/USDT:USDT"), side=Name.SIDE, quantity="1", margin_mode=Odd("cross")),  # type: ignore[arg-type]
        Supply(id=Odd("a"), asset=Name.ASSET, amount="1", venue=Odd("chain"), account=Odd("wallet")),
        Transfer(id=Name.ID, asset=Name.ASSET, amount="1", source=Odd("wallet"), address=Odd("0x1")),
        AtomicBundle(id=Odd("a"), flash_asset=Name.ASSET, flash_amount=1, legs=[supply()], equity_asset=Odd("ETH")),
        Mine(id=Odd("a"), note=Odd("b"), tag=Name.SIDE),
    ],
)
def test_text_of_every_field_becomes_plain_str_with_its_value(action: Action) -> None:
    """An enum of str, or any other subclass, is taken for its characters, however it formats itself."""
    found = texts(action)
    assert {type(value) for value in found.values()} == {str}
    assert not {"odd", "Name.ID", "Name.ASSET"} & {f"{value}" for value in found.values()}
    assert plain(action).get("id") == action.id


@pytest.mark.parametrize("value", [True, 5, 1e22, ("a", 1), b"by", Decimal(1), enum.Enum("E", "A")["A"]])
@pytest.mark.parametrize("name", ["id", "venue", "account", "asset"])
def test_what_is_no_text_is_refused_with_the_field_and_what_to_give(name: str, value: object) -> None:
    """A number, bytes or a tuple is no id and no asset: which field it is, what was given, and what to give."""
    said = f"{name} must be text, not {type(value).__name__}: give {name} as a str"
    with pytest.raises(InvalidAction, match=re.escape(said)):
        Supply(**{"id": "a", "asset": "USDT", "amount": "1", name: value})


def test_text_fields_of_every_class_are_known() -> None:
    """No class of actions has a text field that takes a number: each field, by its annotation, is tried."""
    example: dict[str, Any] = {"symbol": "BTC/USDT", "side": "buy", "quantity": 1, "target": "b", "source": "a", "amount": 1, "minimum": 1}
    example |= {"category": 1, "enabled": True, "flash_amount": 1, "legs": [Supply(asset="A", amount=1)]}
    for cls in (*action_classes().values(), Mine):
        required = {each.name: example.get(each.name, "A") for each in attrs.fields(cls) if each.default is attrs.NOTHING}
        required |= {name: example[name] for name in ("quantity", "target") if name in attrs.fields_dict(cls)}
        made = cls(**required)
        assert made.id == ""
        for each in attrs.fields(cls):
            if each.type in (str, str | None) or str(each.type).startswith(("str", "Literal")):
                for value in (7,) if each.default is None else (7, None):
                    with pytest.raises(InvalidAction):
                        cls(**{**required, each.name: value})


def test_half_a_character_is_refused_and_other_scripts_are_taken() -> None:
    """A lone surrogate cannot be stored as UTF-8; any other text can."""
    with pytest.raises(InvalidAction, match="id holds half a character"):
        buy(id="\ud800x")
    assert supply(id="ünï-注文").id == "ünï-注文"


@pytest.mark.parametrize("strange", ["a\nb", "a\tb", "a\x1b[31mb", "a\x00", "a\x7f", "a\x9b2Jb", "a\u2028b", "a\u200bb", "a\u202eb"])
@pytest.mark.parametrize("field", ["id", "asset", "venue", "account"])
def test_text_that_no_line_can_show_is_refused(field: str, strange: str) -> None:
    """Line breaks, control characters and invisible ones would forge lines of tables, logs and requests."""
    with pytest.raises(InvalidAction, match=f"{field} holds .*leave out line breaks and control characters"):
        supply(**{field: strange})


def test_an_id_that_is_an_enum_acts_once_and_is_found_again_by_its_value(tmp_path: Path) -> None:
    """Live: verified, and the next start reads the journal and answers the same id, however it is written, with the stored result."""
    run = Run(directory=tmp_path)
    run.exchange().set_up()
    (first,) = run.act(buy(id=Name.ID))
    (second,) = run.act(buy(id="buy-1"))
    assert first.state == second.state == "VERIFIED"
    assert first.legs[0].order == second.legs[0].order == "buy-1/north"
    assert len(run.exchange().fills()) == 1


def test_a_row_is_hashed_as_it_is_stored() -> None:
    """What a row is about is plain text before it is hashed, whoever named it."""
    entry = Entry.of(Frozen(Odd("binance"), "seen", {}))
    assert (type(entry.subject), f"{entry.subject}") == (str, "binance")
    with pytest.raises(TypeError):
        Entry.of(Frozen(5, "seen", {}))  # type: ignore[arg-type]


@pytest.mark.parametrize("action", [None, {"id": "x"}, "buy-1", SpotTrade])
def test_what_is_no_action_is_refused(tmp_path: Path, action: Any) -> None:
    """Also of several: the caller's mistake is told as one."""
    run = Run(directory=tmp_path)
    run.exchange().set_up()

    async def tried() -> None:
        async with run.manager() as manager:
            with pytest.raises(InvalidAction, match="an action is an object such as SpotTrade"):
                await manager.execute_action(action)
            with pytest.raises(InvalidAction, match="an action is an object such as SpotTrade"):
                await manager.execute_actions([action])

    asyncio.run(tried())
    with pytest.raises(InvalidAction, match="leg 0 of a bundle must be an action"):
        AtomicBundle(flash_asset="WETH", flash_amount=1, legs=[action])


@pytest.mark.parametrize(
    "said", ["1_0", "1_0.5", " 1", "1 ", "1\n", "\u0661", "\uff11", "0x10", "1,5", "", ".", "e5", "NaN", "Infinity", "1e"]
)
def test_text_that_is_more_than_a_number_is_no_amount(said: str) -> None:
    """`Decimal` would read some of it; a person who wrote it may have meant something else."""
    with pytest.raises(InvalidAction, match="not a number"):
        buy(quantity=said)


@given(st.decimals(allow_nan=False, allow_infinity=False) | st.integers())
def test_amounts_as_text_are_read_digit_for_digit(number: Decimal | int) -> None:
    """Whatever `str` makes of a finite number is read as that number, exponent and sign included."""
    assert str(exact(str(number))) == str(Decimal(number))


@given(st.text(alphabet=st.characters(exclude_characters="0123456789+-.eE"), min_size=1, max_size=1), st.integers(0, 3))
def test_no_foreign_character_stands_in_an_amount(character: str, place: int) -> None:
    """Wherever it stands: before, between or after the digits."""
    with pytest.raises(InvalidAction):
        exact("123"[:place] + character + "123"[place:])


@pytest.mark.parametrize("name", ["quantity", "notional", "price", "leverage"])
@pytest.mark.parametrize(("given", "refusal"), [("0", "above zero"), (-1, "above zero"), (1.5, "never as a float"), ("x", "not a number")])
def test_every_amount_of_a_trade_is_exact_and_above_zero(name: str, given: Any, refusal: str) -> None:
    """Also those that most trades leave out."""
    values: dict[str, Any] = {"symbol": "BTC/USDT:USDT", "side": "buy", "good_for": 1, "valid_until": FAR}
    values |= {} if name == "notional" else {"quantity": 1}
    values |= {"order_type": "limit"} if name == "price" else {}
    with pytest.raises(InvalidAction, match=refusal):
        PerpTrade(**{**values, name: given})
    assert getattr(PerpTrade(**{**values, name: "1.50"}), name) == Decimal("1.5")


@pytest.mark.parametrize("size", ["1e41", "1e-41", "1e400"])
def test_an_amount_has_a_size_that_money_has(size: str) -> None:
    """An exponent too many is refused as such, before any arithmetic fails on it."""
    with pytest.raises(InvalidAction, match="between 1e-40 and 1e40"):
        Stake(amount=size)
    assert Stake(amount="1e40").amount == Decimal("1e40")


@pytest.mark.parametrize("said", ["no", "false", 0, 1, None, []])
def test_what_is_neither_true_nor_false_is_no_answer(said: Any) -> None:
    """Text such as 'no' would count as true, and a closing order would open."""
    with pytest.raises(InvalidAction, match="reduce_only must be true or false"):
        PerpTrade(symbol="BTC/USDT:USDT", side="sell", quantity="1", reduce_only=said)
    with pytest.raises(InvalidAction, match="enabled must be true or false"):
        SetCollateral(asset="WETH", enabled=said)


@pytest.mark.parametrize("said", ["1", 1.0, True, -1])
def test_what_is_counted_is_a_whole_number(said: Any) -> None:
    """Not its text, not a fraction."""
    with pytest.raises(InvalidAction, match="category must be a whole number"):
        SetEMode(category=said)
    with pytest.raises(InvalidAction, match="good_for must be whole milliseconds"):
        SpotTrade(symbol="BTC/USDT", side="buy", quantity="1", order_type="limit", price="1", good_for=said)


def test_a_stored_action_keeps_its_text() -> None:
    """What the journal wrote of an action is read as the same action."""
    action = buy(id=Name.ID, symbol=Name.SYMBOL, venue=Odd("north"))
    assert action_from(plain(action)) == action
    assert "odd" not in repr(action)

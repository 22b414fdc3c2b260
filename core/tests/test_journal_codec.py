"""What a stored action means stays what it meant: rows leave out the fields that have their defaults."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st

from basis_venues.actions import PerpTrade, SpotTrade, Unwind, action_classes
from basis_venues.journal.codec import action_from, plain, sharing

_TRADE = {"quantity": None, "notional": None, "order_type": "market", "price": None, "time_in_force": "gtc", "good_for": None}
STORED: dict[str, dict[str, Any]] = {
    "SpotTrade": _TRADE,
    "PerpTrade": {**_TRADE, "reduce_only": False, "leverage": None, "margin_mode": "cross"},
    "Transfer": dict.fromkeys(("target", "address", "network", "from_wallet", "to_wallet", "tag")),
    "ClaimUnstake": {"request": "all"},
    "AtomicBundle": {"equity": None, "equity_asset": "ETH"},
    "Unwind": {"collateral_asset": "wstETH", "debt_asset": "WETH", "fraction": Decimal(1), "slippage": Decimal("0.01")},
}
"""The defaults that journals count on: never changed, only added to. Those of every action, and of the classes without more, are apart."""
EVERY = {"id": "", "venue": None, "account": None, "valid_until": None}


def test_no_default_of_an_action_has_changed() -> None:
    """A row of an earlier release leaves a default out: were it another one now, the stored action would mean something else."""
    found = {
        name: {field.name: field.default for field in attrs.fields(cls) if field.default is not attrs.NOTHING}
        for name, cls in action_classes().items()
        if cls.__module__ == "basis_venues.actions"
    }
    assert found == {name: EVERY | STORED.get(name, {}) for name in found}
    assert found.keys() >= STORED.keys()


def test_rows_of_an_earlier_release_mean_what_they_meant() -> None:
    """Rows as the first release wrote them, read in full and written back as they were."""
    spot = {"action": "SpotTrade", "id": "a", "quantity": "1", "side": "buy", "symbol": "BTC/USDT"}
    perp = {**spot, "action": "PerpTrade", "symbol": "BTC/USDT:USDT"}
    whole = SpotTrade(id="a", symbol="BTC/USDT", side="buy", quantity="1", order_type="market", time_in_force="gtc")
    short = PerpTrade(id="a", symbol="BTC/USDT:USDT", side="buy", quantity="1", reduce_only=False, margin_mode="cross")
    unwind = Unwind(id="u", collateral_asset="wstETH", debt_asset="WETH", fraction="1", slippage="0.01")
    rows = [(spot, whole), (perp, short), ({"action": "Unwind", "id": "u"}, unwind)]
    assert [action_from(row) for row, _ in rows] == [action for _, action in rows]
    assert [plain(action) for _, action in rows] == [row for row, _ in rows]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_rows_read_in_turn_say_what_each_says_alone(data: Any) -> None:
    """Sharing their texts changes nothing of what they say."""
    text, read = json.dumps(data), sharing()
    assert read(text) == read(text) == data


def test_rows_read_in_turn_share_their_texts() -> None:
    """The account's key of one row is that of the next: a journal of a year would else hold each of its names a hundred thousand times."""
    read = sharing()
    first, second = (read(f'{{"keys": ["binance:balance:USDT"], "leg": {{"id": "a{number}/binance"}}}}') for number in (1, 1))
    assert first["keys"][0] is second["keys"][0]
    assert first["leg"]["id"] is second["leg"]["id"]

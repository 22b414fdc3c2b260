"""The compact set of ids that a streamed backtest keeps."""

from hypothesis import given
from hypothesis import strategies as st

from basis_venues.journal.seen_ids import SeenIds


@given(st.lists(st.text(max_size=12), max_size=400), st.lists(st.text(max_size=12), max_size=50))
def test_it_knows_exactly_what_was_added(added, asked):
    """What a set of strings would answer, it answers."""
    seen, plain = SeenIds(), set(added)
    for text in added:
        seen.add(text)
    assert len(seen) == len(plain)
    assert all(text in seen for text in plain)
    assert [text in seen for text in asked] == [text in plain for text in asked]


def test_it_grows_past_its_first_size():
    """Many thousands of ids, each found again."""
    seen = SeenIds()
    for number in range(5000):
        seen.add(f"action-{number}")
    assert len(seen) == 5000
    assert all(f"action-{number}" in seen for number in range(5000))
    assert "action-5000" not in seen

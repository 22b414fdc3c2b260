"""What a node says of a transaction that it ran in a block of its own."""

from __future__ import annotations

from typing import Any

import pytest

from basis_venues_evm.live import Call, Wanted
from basis_venues_evm.live.rpc import Answer, Fault
from basis_venues_evm.live.simulating import around, in_sequence, last_reverted, simulated, simulation

SENDER, TARGET = "0x" + "11" * 20, "0x" + "22" * 20
WANTED = Wanted(TARGET, "0xabcdef01", 5)


def told(**changes: Any) -> Answer:
    """A node's answer, as of one that offers it."""
    logs = [
        {"address": "0x" + "AA" * 20, "topics": ["0x02"], "data": "0x", "logIndex": "0x8"},
        {"address": "0x" + "BB" * 20, "topics": ["0x01"], "data": "0x07", "logIndex": "0x7"},
    ]
    call = {"status": "0x1", "gasUsed": "0x10", "returnData": "0x", "logs": logs, **changes}
    return Answer([{"number": "0x71", "calls": [call]}])


def test_the_transaction_is_asked_for_as_it_would_be_sent() -> None:
    """From the wallet, with its data and its value, on the newest block."""
    request = simulation(SENDER, WANTED)
    call = {"from": SENDER, "to": TARGET, "data": "0xabcdef01", "value": "0x5"}
    assert (request.method, request.params) == ("eth_simulateV1", ({"blockStateCalls": [{"calls": [call]}]}, "latest"))


def test_views_are_asked_before_it_and_after_it() -> None:
    """In one block, so that no interest is between them; their answers come back in pairs."""
    views = [Call("0x" + digit * 40, "0x0" + digit) for digit in "78"]
    *before, call, third, fourth = simulation(SENDER, WANTED, views).params[0]["blockStateCalls"][0]["calls"]
    assert before == [third, fourth] == [{"to": view.to, "data": view.data} for view in views]
    assert call["to"] == TARGET
    block = {"number": "0x71", "calls": [{"status": "0x1", "returnData": f"0x{place}", "logs": []} for place in range(5)]}
    assert around(Answer([block])) == [("0x0", "0x3"), ("0x1", "0x4")]
    block["calls"][2]["status"] = "0x0"
    found = simulated(Answer([block]), SENDER, WANTED)
    assert found is not None
    assert not found.ok


def test_it_is_read_like_a_mined_one_in_the_next_block() -> None:
    """Logs in their order and in lower case, counted from 0; nothing paid."""
    found = simulated(told(), SENDER, WANTED)
    assert found is not None
    assert (found.block, found.ok, found.sender, found.to, found.value, found.paid) == (0x71, True, SENDER, TARGET, 5, 0)
    assert [(log.address, log.data, log.place) for log in found.logs] == [("0x" + "bb" * 20, "0x07", 0), ("0x" + "aa" * 20, "0x", 1)]


def test_one_that_is_reverted_is_not_ok() -> None:
    """Its logs are none, and it did nothing."""
    found = simulated(told(status="0x0", logs=[]), SENDER, WANTED)
    assert found is not None
    assert not found.ok


NOTHING = [
    Answer(None, Fault(-32601, "the method eth_simulateV1 does not exist")),
    Answer(None),
    Answer([]),
    Answer([{"number": "0x1"}]),
    Answer([{"number": "0x1", "calls": []}]),
    Answer([{"number": "0x1", "calls": [{"status": None, "logs": []}]}]),
    Answer({"error": "no"}),
]


@pytest.mark.parametrize("answer", NOTHING)
def test_a_node_that_does_not_offer_it_says_nothing(answer: Answer) -> None:
    """Whether it knows no such method, or answers in another shape."""
    assert simulated(answer, SENDER, WANTED) is None
    assert last_reverted(answer) is None


def test_transactions_in_sequence_are_asked_for_in_one_block() -> None:
    """From the wallet, in their order, on the newest block."""
    request = in_sequence(SENDER, (WANTED, WANTED._replace(to=SENDER, value=0)))
    (block,) = request.params[0]["blockStateCalls"]
    assert [(call["from"], call["to"], call["value"]) for call in block["calls"]] == [(SENDER, TARGET, "0x5"), (SENDER, SENDER, "0x0")]
    assert request.params[1] == "latest"


@pytest.mark.parametrize(
    ("first", "last", "wanted"),
    [
        ({"status": "0x1"}, {"status": "0x1"}, None),
        ({"status": "0x1"}, {"status": "0x0", "error": {"code": 3, "data": "0x08", "message": "reverted"}}, ("0x08", "reverted")),
        ({"status": "0x1"}, {"status": "0x0", "returnData": "0x09"}, ("0x09", "")),
        ({"status": "0x1"}, {"status": "0x0", "returnData": "0x", "error": {"message": "out of gas"}}, ("0x", "out of gas")),
        ({"status": "0x0"}, {"status": "0x0", "returnData": "0x09"}, None),
    ],
    ids=["neither", "the last, with data of the error", "the last, with what it returned", "the last, in words alone", "the first as well"],
)
def test_only_what_is_reverted_after_the_others_is_told(first: dict[str, Any], last: dict[str, Any], wanted: Any) -> None:
    """With its data, from which the reason is read, and the node's words."""
    usual = {"returnData": "0x", "logs": []}
    assert last_reverted(Answer([{"number": "0x71", "calls": [usual | first, usual | last]}])) == wanted

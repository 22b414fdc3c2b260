"""What a result is for the program that asked: an error that tells what may be sent again, and data for its log."""

from __future__ import annotations

import json
import pickle
from decimal import Decimal
from pathlib import Path

import pytest
from toy_runs import Run, buy

from basis_venues import errors
from basis_venues.errors import BasisError, Incomplete, VenueRejected
from basis_venues.orders import Effect
from basis_venues.results import INCOMPLETE, STOPPED, ActionResult, LegResult, error_of, worst
from basis_venues.states import State, Verdict

FILL = Effect("f", "buy-1", (("north:balance:BTC", Decimal("0.5")),), 1, "trade")
GAS = Effect("g", "buy-1", (("wallet:balance:ETH", Decimal("-0.1")),), 1, "gas")


def result(*legs: LegResult) -> ActionResult:
    """Of an action that went so."""
    return ActionResult(buy(), worst(legs), legs, 0)


def leg(state: State, *effects: Effect, verdict: Verdict | None = Verdict.VERIFIED) -> LegResult:
    """One leg that ended so."""
    return LegResult("buy-1/north", "north", "north", state, verdict, effects=effects)


def test_an_action_of_which_a_part_stands_has_an_error_of_its_own(tmp_path: Path) -> None:
    """One exchange fills and the other refuses: whoever catches a refusal to send the whole again does not catch this."""
    run = Run(directory=tmp_path)
    run.exchange("north").set_up()
    run.exchange("south").set_up(["refuse"])
    (half,) = run.act(buy(1, "2"))
    assert half.state == INCOMPLETE
    with pytest.raises(Incomplete, match="buy-1/south: REJECTED") as caught:
        half.raise_unless_verified()
    assert not isinstance(caught.value, VenueRejected)
    assert caught.value.exit_code == 5
    assert caught.value.result is half
    assert caught.value.result.undo


@pytest.mark.parametrize(
    ("ended", "kind"),
    [
        (leg(State.EXPIRED), VenueRejected),
        (leg(State.EXPIRED, FILL), Incomplete),
        (leg(State.CANCELLED, FILL), Incomplete),
        (leg(State.REJECTED, verdict=None), VenueRejected),
        (leg(State.REJECTED, FILL, verdict=None), Incomplete),
        (leg(State.REVERTED, GAS), VenueRejected),
        (leg(State.REVERTED, GAS, FILL), Incomplete),
    ],
)
def test_rejected_means_that_nothing_was_done(ended: LegResult, kind: type[BasisError]) -> None:
    """An order that lapsed after a part of it was filled, or whose later step was refused, has done something; gas alone is nothing."""
    assert type(error_of(result(ended))) is kind


def test_every_word_of_a_result_that_is_not_verified_raises_an_error_that_carries_it() -> None:
    """Also when it has been pickled, as a runner of several processes does."""
    words = [INCOMPLETE, STOPPED, *(each.value for each in (*State, *Verdict))]
    for word in words:
        one = result(leg(State.FILLED, FILL))._replace(state=word)
        error = error_of(one)
        if word == "VERIFIED":
            assert error is None
            continue
        assert error is not None
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), again.exit_code) == (type(error), str(error), error.exit_code)
        assert again.result == error.result == one


def test_errors_that_no_result_stands_for_have_none() -> None:
    """What was denied before anything was sent has no result; a pickled error is the same error."""
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, BasisError)]
    assert len(kinds) > 20
    for kind in kinds:
        again = pickle.loads(pickle.dumps(kind("why")))
        assert (type(again), str(again), again.result) == (kind, "why", None)


def test_a_result_is_told_as_plain_json(tmp_path: Path) -> None:
    """Everything in it is data that `json` takes as it is: amounts as text in full, no class of ours."""
    run = Run(directory=tmp_path)
    run.exchange("north").set_up()
    run.exchange("south").set_up(["refuse"])
    (half,) = run.act(buy(1, "2"))
    document = half.document()
    assert json.loads(json.dumps(document)) == document
    assert (document["id"], document["action"], document["state"]) == ("buy-1", "SpotTrade", "INCOMPLETE")
    north, south = document["legs"]
    assert (north["state"], north["verdict"], north["deltas"]["north:balance:BTC"]) == ("FILLED", "VERIFIED", "1.0")
    assert (south["state"], south["deltas"]) == ("REJECTED", {})
    (back,) = document["undo"]
    assert (back["action"], back["venue"], back["side"], back["quantity"]) == ("SpotTrade", "north", "sell", "1.0")


def test_an_effect_of_others_is_told_with_its_time_as_it_came() -> None:
    """Whether that is a time or a block is the venue's; whoever knows says how it is written."""
    one = result(leg(State.FILLED)._replace(externals=(FILL._replace(at=21_000_000),)))
    assert one.document()["legs"][0]["externals"][0]["at"] == 21_000_000
    assert one.document(lambda effect: {"block": effect.at})["legs"][0]["externals"][0]["block"] == 21_000_000

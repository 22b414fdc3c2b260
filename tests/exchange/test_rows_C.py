"""The starred rows C of the fault catalogue (exchange request path), each against the sandbox over real sockets, at each venue where it
applies, through the real manager and journal. Every test ends with the five-point oracle (`World.judge`).

C23 to C27 are faults of private WebSocket streams, which this library does not read: they have no test here. Rows without a star that
the sandbox can script (C33, C34, C39, C40, C41, C43) stand at the end. C32 needs two runners on one account, which the account's lock
refuses (P10).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import threading
import time
from decimal import Decimal
from typing import Any

import pytest

from basis_venues.actions import Transfer
from basis_venues.clock import SystemClock
from basis_venues.errors import ConfigurationError, InvalidAction, TryAgainLater
from basis_venues.results import LegResult
from basis_venues.states import State, Verdict

D = Decimal
PAST_THE_FENCE = 5_200
"""The fence of all three manifests and the margin of the tests' settings, ms."""
SPOT, PERP = "BTC/USDT", "BTC/USDT:USDT"
pytestmark = pytest.mark.slow
every_venue = pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
World = Any


def filled(*legs: Any) -> None:
    """Filled and verified."""
    for leg in legs:
        assert (leg.state, leg.verdict) == (State.FILLED, Verdict.VERIFIED), f"{leg.order}: {leg.state} {leg.verdict} {leg.reason}"


def both_once(world: World, *verbs: Any, **arguments: Any) -> None:
    """A spot and a perpetual order, each struck by the verbs: filled, verified, one write each."""
    world.fault("order.create", *verbs, times=2, **arguments)
    filled(*world.act(world.spot(), world.perp()))
    assert world.asked()["order.create"] == 2
    world.judge(effects=2)


def after_two_looks(milliseconds: int = PAST_THE_FENCE) -> Any:
    """Beside a run: once the order was looked for twice, time passes."""

    async def during(world: World) -> None:
        await world.until(lambda: world.looks() >= 2)
        world.pass_time(milliseconds)

    return during


def arrives_by_the_second_write(world: World) -> None:
    """Carry out one order whose first write never arrives: not sent again before the fence, then once."""
    (leg,) = world.act(world.perp(), during=after_two_looks())
    filled(leg)
    writes = [each["at"] for each in world.control.requests(world.venue) if each["endpoint"] == "order.create"]
    assert len(writes) == 2
    assert writes[1] - writes[0] >= 5_000
    world.judge(effects=1)


# -- before and in send ---------------------------------------------------------------------------------------------------------------


@every_venue
def test_C1_connection_refused(world: World) -> None:
    """Nothing listens when the order is to leave: proven not sent, tried anew, and it arrives when somebody listens again."""
    world.settings(timing={**QUICK, "poll_ms": 250})

    async def story() -> Any:
        async with world.open() as manager:
            filled(*(await manager.execute_action(world.perp("first", quantity="0.01"))).legs)
            world.control.refuse()
            await asyncio.sleep(0.1)  # so that this side has seen its connections end
            order = asyncio.create_task(manager.execute_action(world.perp("second")))
            await asyncio.sleep(0.3)
            assert not order.done()
            world.control.listen()
            return (await order).legs[0]

    filled(asyncio.run(story()))
    world.judge(effects=2)


@every_venue
def test_C1_nobody_ever_listens(world: World) -> None:
    """After some attempts it is given up as not sent; the intent is kept, and no byte had left."""

    async def story() -> Any:
        async with world.open() as manager:
            filled(*(await manager.execute_action(world.perp("first", quantity="0.01"))).legs)
            world.control.refuse()
            await asyncio.sleep(0.1)  # as above
            return (await manager.execute_action(world.perp("second"))).legs[0]

    leg = asyncio.run(story())
    world.control.listen()
    assert leg.state is State.INTERRUPTED, leg.reason
    assert world.asked()["order.create"] == 1
    state = world.judge(effects=1)
    assert ("exchanges", "second") in state.actions


@every_venue
def test_C2_tls_failure(world: World, tls_server: Any) -> None:
    """A certificate that nobody vouches for: nothing is said over it, no fall back to plain, to be tried again later."""
    base = {"endpoints": {"base": f"https://127.0.0.1:{tls_server.port}"}}
    world.profile("tls", venues={world.venue: base})
    with pytest.raises(TryAgainLater, match="cannot be reached"):
        world.act(world.perp(), profile="tls")
    assert tls_server.heard == b""
    assert world.asked() == {}


@every_venue
def test_C3_reset_before_it_was_read(world: World) -> None:
    """Cannot be told from a reset after acceptance: UNKNOWN, fence, absent, sent once more."""
    world.fault("order.create", "reset_on_accept")
    arrives_by_the_second_write(world)


@every_venue
def test_C4_timeout_before_accept(world: World) -> None:
    """UNKNOWN, fence, look-up absent, sent once more: exactly one."""
    world.fault("order.create", "drop")
    arrives_by_the_second_write(world)


# -- the reply is lost or damaged -----------------------------------------------------------------------------------------------------


@every_venue
def test_C5_timeout_after_accept(world: World) -> None:
    """The look-up finds it: one order, nothing sent again."""
    both_once(world, "accept_then_hang")


@every_venue
def test_C6_5xx_after_accept(world: World) -> None:
    """As C5."""
    both_once(world, "accept_then_status", status=503, kind="json")


@every_venue
def test_C7_html_of_a_proxy_after_accept(world: World) -> None:
    """A page with 502 says nothing of the order, which was accepted."""
    both_once(world, "accept_then_status", status=502, kind="html")


@every_venue
def test_C7_html_of_a_proxy_instead_of_accept(world: World) -> None:
    """The same page, and the order never arrived: the fence, and once more."""
    world.control.fault(world.venue, "order.create", "endpoint_down", status=502, kind="html", times=1)
    arrives_by_the_second_write(world)


@every_venue
def test_C8_reset_after_accept(world: World) -> None:
    """As C5."""
    both_once(world, "accept_then_reset")


@every_venue
@pytest.mark.parametrize("sent", [6, 60])
def test_C9_cut_in_the_middle_of_the_body(world: World, sent: int) -> None:
    """UNKNOWN, even where the order's id is in the part that came."""
    both_once(world, "truncate", sent=sent)


@every_venue
def test_C10_malformed_json_with_200(world: World) -> None:
    """A page with 200 is no acceptance."""
    both_once(world, "html_200")


@every_venue
def test_C11_empty_body_with_200(world: World) -> None:
    """Nothing with 200 is no acceptance either."""
    both_once(world, "empty_200")


# -- when it takes effect, and under which id -----------------------------------------------------------------------------------------


@every_venue
def test_C12_late_accept(world: World) -> None:
    """Absent at the first look, carried out after it: found, never sent again."""
    both_once(world, "hold_until", what="lookup")


@pytest.mark.parametrize("venue", ["binance", "okx"])
def test_C12_late_accept_after_the_fence(world: World) -> None:
    """Held until the fence has passed and the order was sent anew: the venue refuses the late one by its deadline. One fill. Bybit
    documents no such check in its engine, only the longer margin in its settings."""
    world.fault("order.create", "hold_until", what="release")

    async def during(world: World) -> None:
        await world.until(lambda: world.looks() >= 2)
        world.pass_time(PAST_THE_FENCE)
        await world.until(lambda: world.orders())
        assert world.control.release(world.venue) == 1

    (leg,) = world.act(world.perp(), during=during)
    filled(leg)
    assert world.asked()["order.create"] == 2
    world.judge(effects=1)


@pytest.mark.parametrize("venue", ["bybit", "okx"])
def test_C12_a_transfer_under_way_for_longer_than_an_order_may_take(world: World) -> None:
    """Held on its way there until an order's deadline would have passed: it moves once, whether it is still taken then or not. OKX heeds a
    deadline of orders only; of anything else it takes what was signed up to half a minute before."""
    world.fault("transfer.create", "hold_until", what="release", at="way")
    move = Transfer(
        id="in", venue=world.venue, asset="USDT", amount="100", source=world.venue, target=world.venue, from_wallet="spot",
        to_wallet="funding", valid_until=world.spot().valid_until,
    )  # fmt: skip

    async def during(world: World) -> None:
        await world.until(lambda: world.asked().get("transfer.create"))
        await asyncio.sleep(0.6)  # the client gives up waiting
        world.pass_time(PAST_THE_FENCE)
        await asyncio.sleep(0.6)  # as long as absence is looked at
        world.control.release(world.venue)

    (leg,) = world.act(move, during=during)
    filled(leg)
    assert len(world.control.ledger(world.venue)["transfers"]) == 1
    world.judge(effects=0)


def test_C12_late_accept_within_the_margin_of_bybit() -> None:
    """Bybit's default settings wait two fences longer before absence is believed."""
    from importlib.resources import files

    import yaml

    settings = yaml.safe_load(files("basis_venues_bybit").joinpath("venue.yaml").read_text(encoding="utf-8"))
    assert settings["timing"]["fence_margin_ms"] >= 10_000


DUPLICATES = [
    ("binance", "spot", -2010, "Duplicate order sent."),
    ("binance", "perp", -4116, "ClientOrderId is duplicated."),
    ("bybit", "perp", 110072, "OrderLinkedID is duplicate"),
    ("bybit", "spot", 170141, "Duplicate clientOrderId"),
    ("okx", "spot", "51016", "Client order ID already exists."),
    ("okx", "perp", "51016", "Client order ID already exists."),
]


@pytest.mark.parametrize(("venue", "kind", "code", "text"), DUPLICATES)
def test_C13_duplicate_client_id(world: World, kind: str, code: Any, text: str) -> None:
    """The venue says that the id is taken: it has the order, no refusal."""
    world.fault("order.create", "accept_then_deny", code=code, text=text)
    (leg,) = world.act(getattr(world, kind)())
    filled(leg)
    assert world.asked()["order.create"] == 1
    world.judge(effects=1)


@every_venue
def test_C13_duplicate_client_id_of_nothing(world: World) -> None:
    """The same words and no such order: UNKNOWN until the fence, then under another id."""
    world.fault("order.create", "duplicate_error")
    arrives_by_the_second_write(world)


@every_venue
def test_C14_id_freed_after_the_fill(world: World) -> None:
    """The venue would take the same id again once the order is filled: nothing is sent without a look-up."""
    world.control.fault(world.venue, "*", "dedupe", rule="open")
    both_once(world, "accept_then_hang")


@every_venue
def test_C15_duplicate_reply(world: World) -> None:
    """The reply to the write twice on the wire, every row of the trades twice: each trade counts once."""
    world.control.fault(world.venue, "trades", "repeat_reply", times=-1)
    both_once(world, "repeat_reply")


@every_venue
def test_C15_duplicate_rows_of_a_looked_up_order(world: World) -> None:
    """The reply is lost, and the trades by which the order is found are listed twice: each counts once."""
    world.control.fault(world.venue, "trades", "repeat_reply", times=-1)
    both_once(world, "accept_then_reset")


@every_venue
@pytest.mark.parametrize("verb", ["omit_id", "int_id"])
def test_C16_ack_without_id_or_with_another_type(world: World, verb: str) -> None:
    """A missing id is UNKNOWN and looked up; a number where text was is the same id."""
    both_once(world, verb)


@every_venue
def test_C17_not_found_right_after_accept(world: World) -> None:
    """The venue hides it for some looks: absence is not believed, nothing is sent again."""
    both_once(world, {"verb": "hide_reads", "k": 4}, {"verb": "accept_then_reset"})


# -- fills ----------------------------------------------------------------------------------------------------------------------------


@every_venue
def test_C18_partial_fill_then_timeout(world: World) -> None:
    """A resting order, 40 % filled, its reply lost: found as it is, taken back when its time is over, its fill kept."""
    world.fault("order.create", {"verb": "partial", "q": "0.4"}, {"verb": "accept_then_hang"})

    async def during(world: World) -> None:
        await world.until(lambda: world.looks() >= 2)
        world.pass_time(60_000)

    order = world.spot(order_type="limit", price="50100", good_for=60_000)
    (leg,) = world.act(order, during=during)
    assert (leg.state, leg.verdict) == (State.CANCELLED, Verdict.VERIFIED), leg.reason
    bought = sum(D(each["filled"]) for each in world.orders())
    assert bought == D("0.04")
    assert world.asked()["order.create"] == 1
    world.judge(effects=1)


@every_venue
def test_C19_partial_fill_then_cancel(world: World) -> None:
    """A market order of which 40 % found a counterpart: over, and its change is what was filled."""
    world.fault("order.create", "partial", q="0.4")
    (leg,) = world.act(world.perp())
    assert (leg.state, leg.verdict) == (State.EXPIRED, Verdict.VERIFIED), leg.reason
    assert leg.deltas[f"{world.venue}:perp:{PERP}"] == D("-0.04")
    world.judge(effects=1)


@every_venue
def test_C20_filled_although_cancelled(world: World) -> None:
    """The cancel is confirmed, and the look after it shows a fill: what the venue shows counts, not the confirmation."""
    world.fault("order.create", "fill_after_cancel", reads=0)
    (leg,) = world.act(world.spot(order_type="limit", price="49000", good_for=200))
    filled(leg)
    assert world.asked()["order.cancel"] == 1
    world.judge(effects=1)


@every_venue
def test_C20_fill_after_the_cancel(world: World) -> None:
    """Confirmed, shown as taken back, and filled all the same: the late fill is given to its order, and the account acts on."""
    world.fault("order.create", "fill_after_cancel", reads=1)

    async def story() -> Any:
        async with world.open() as manager:
            late = world.spot("late", order_type="limit", price="49000", good_for=200)
            first = (await manager.execute_action(late)).legs[0]
            (record,) = manager.state.steps.values()
            await world.run.factory.client(world.venue).lookup(record.sending.prepared)  # the sandbox fills it at the second look
            assert D(world.orders()[0]["filled"]) == D("0.1")
            return first, (await manager.execute_action(world.spot("next", quantity="0.05"))).legs[0], dict(manager.frozen)

    first, second, obstacles = asyncio.run(story())
    assert (first.state, first.effects) == (State.CANCELLED, ())
    filled(second)
    assert obstacles == {}
    state = world.journal()
    (name,) = [name for name in state.steps if name[1].startswith("late")]
    assert [effect.kind for effect in state.steps[name].late] == ["trade"]
    world.judge(effects=2)


@every_venue
def test_C21_overfill(world: World) -> None:
    """More was filled than asked: what happened is taken, the account is frozen, and the next order is refused."""
    world.fault("order.create", "overfill", q="0.5")
    first, second = world.act(world.spot("over"), world.spot("next"))
    filled(first)
    assert first.deltas[f"{world.venue}:balance:BTC"] > D("0.14")
    assert second.state is State.DENIED, second.reason
    assert "filled 0.15, and 0.1 was asked for" in second.reason
    state = world.judge(effects=1)
    assert world.venue in state.frozen


@every_venue
@pytest.mark.parametrize("what", ["BNB", "missing", "negative"])
def test_C22_fee_in_a_third_asset_missing_or_negative(world: World, what: str) -> None:
    """A change for each asset; a fee that is not told is waited for."""
    wallet = "spot" if world.venue == "binance" else "trading"
    if what == "BNB":
        world.settings(fee_assets=["BNB"])
        world.endow(wallet, "BNB", "1")
    world.fault("order.create", "fee", what=what)
    (leg,) = world.act(world.spot())
    filled(leg)
    (fill,) = world.control.ledger(world.venue)["fills"]
    fee = leg.deltas[f"{world.venue}:balance:{fill['fee_asset']}"] - (D("0.1") if fill["fee_asset"] == "BTC" else 0)
    assert fee == -D(fill["fee"])
    world.judge(effects=1)


@every_venue
def test_C22_fee_in_a_coin_that_nothing_was_said_of(world: World) -> None:
    """Demo trading does not tell of a discount: the account is frozen with what is to be said of it, not with two figures alone."""
    world.endow("spot" if world.venue == "binance" else "trading", "BNB", "1")
    world.fault("order.create", "fee", what="BNB")
    _, second = world.act(world.spot("first"), world.spot("second"))
    assert second.state is State.DENIED
    assert "a fee was taken in BNB; say `fee_assets: [BNB]` in the venue's YAML" in second.reason


# -- clocks and limits ----------------------------------------------------------------------------------------------------------------


@every_venue
@pytest.mark.parametrize("offset", [-60_000, 60_000])
def test_C28_clock_skew(world: World, offset: int) -> None:
    """The venue's clock is a minute off in the middle of a run: refused, measured anew, and sent with a new timestamp."""

    async def story() -> Any:
        async with world.open() as manager:
            filled(*(await manager.execute_action(world.perp("first", quantity="0.01"))).legs)
            world.control.fault(world.venue, "*", "server_time", offset=offset)
            return (await manager.execute_action(world.perp("second"))).legs[0]

    filled(asyncio.run(story()))
    world.judge(effects=2)


@every_venue
def test_C28_clock_skew_while_it_is_looked_up(world: World) -> None:
    """The order's outcome is unknown, and every look is refused for its time: measured anew, found, not sent again."""
    world.fault("order.create", {"verb": "accept_then_reset"})

    async def during(world: World) -> None:
        await world.until(lambda: world.orders())
        world.control.fault(world.venue, "*", "server_time", offset=-60_000)

    world.control.fault(world.venue, "order.read", "delay", seconds=0.2)
    filled(*world.act(world.perp(), during=during))
    assert world.asked()["order.create"] == 1
    world.judge(effects=1)


@every_venue
def test_C28_clock_skew_at_the_start(world: World) -> None:
    """Above the limit nothing starts, and it is said by how much."""
    world.control.fault(world.venue, "*", "server_time", offset=5_000)
    with pytest.raises(TryAgainLater, match="clock of this machine is"):
        world.act(world.perp())
    assert "order.create" not in world.asked()


@every_venue
@pytest.mark.parametrize("jump", [3_600_000, -3_600_000])
def test_C29_clock_jump_during_an_action(world: World, jump: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's clock is set by an hour while an order hangs: a fence is not past because of that, and no wait gets longer. The
    order comes out of the venue's queue later, and is the only one."""
    world.control.reset(now=None)
    world.fault("order.create", "hold_until", what="release")
    true_time = time.time_ns

    async def during(world: World) -> None:
        await world.until(lambda: world.control.state()["held"])
        monkeypatch.setattr(time, "time_ns", lambda: true_time() + jump * 1_000_000)
        await world.until(lambda: world.looks() >= 6)
        assert world.control.release(world.venue) == 1

    until = time.time_ns() // 1_000_000 + 86_400_000
    (leg,) = world.act(world.perp(valid_until=until), during=during, profile="machine", clock=SystemClock(), since=None)
    filled(leg)
    assert world.asked()["order.create"] == 1
    world.judge(effects=1)


@every_venue
def test_C29_a_machine_that_slept_takes_its_resting_order_back(world: World) -> None:
    """It wakes two hours after the order's time in the book was over: that is asked back, and not left there for a person to find."""
    order = world.perp(order_type="limit", price="50500", time_in_force="gtc", good_for=60_000)

    async def during(world: World) -> None:
        await world.until(lambda: world.looks() >= 1)
        world.pass_time(2 * 3_600_000)

    (leg,) = world.act(order, during=during)
    assert leg.state is State.CANCELLED, leg.reason
    assert [each["status"] for each in world.orders()] == ["cancelled"]
    world.judge(effects=0)


@every_venue
def test_C30_429_with_retry_after(world: World) -> None:
    """Not carried out: the order waits as long as the venue says, and is sent again."""
    world.fault("order.create", "limit", retry_after=1)
    (leg,) = world.act(world.perp())
    filled(leg)
    writes = [each["at"] for each in world.control.requests(world.venue) if each["endpoint"] == "order.create"]
    assert len(writes) == 2
    assert writes[1] - writes[0] >= 1_000
    world.judge(effects=1)


@every_venue
def test_C31_ban(world: World) -> None:
    """Banned while an order's outcome is unknown: no request until the ban is over, not even a look-up; then it is found."""
    world.fault("order.create", "accept_then_hang")
    silent: list[int] = []

    async def during(world: World) -> None:
        await world.until(lambda: world.orders())
        world.control.fault(world.venue, "*", "ban", seconds=30)
        since = world.mark()
        await world.until(lambda: world.mark() > since)
        await asyncio.sleep(0.1)
        begun = world.mark()
        await asyncio.sleep(0.4)
        silent.append(world.mark() - begun)
        world.control.clear(world.venue)
        world.pass_time(BAN[world.venue])

    world.settings(timing={**QUICK, "patience_ms": 3_600_000})
    (leg,) = world.act(world.perp(), during=during)
    filled(leg)
    assert silent == [0]
    assert world.asked()["order.create"] == 1
    world.judge(effects=1)


# A ban whose end is not told counts as ten minutes; OKX has no ban of addresses, only limits, which pass after a second.
BAN = {"binance": 31_000, "bybit": 601_000, "okx": 31_000}
QUICK = {"poll_ms": 40, "absent_reads": 2, "fence_margin_ms": 100, "patience_ms": 20_000, "verify_within_ms": 1200}


@pytest.mark.parametrize("venue", ["binance", "bybit"])
def test_C31_ban_over_a_restart(world: World) -> None:
    """A start within the ban asks nothing; after it, work goes on. OKX has no ban of addresses."""
    world.control.fault(world.venue, "*", "ban", seconds=30)
    with pytest.raises(TryAgainLater):
        world.act(world.perp())
    since = world.mark()
    with pytest.raises(TryAgainLater, match="no requests for another"):
        world.act(world.perp())
    assert world.mark() == since
    world.control.clear(world.venue)
    world.control.advance(BAN[world.venue])
    filled(*world.act(world.perp()))
    world.judge(effects=1)


# -- rules of the market and the account ----------------------------------------------------------------------------------------------


@every_venue
def test_C35_filters_changed(world: World) -> None:
    """Refused there by a filter that this side did not know; read anew; then refused here, with both figures."""

    async def story() -> Any:
        async with world.open() as manager:
            filled(*(await manager.execute_action(world.spot("first"))).legs)
            world.control.fault(world.venue, "*", "filters", symbol=SPOT, changes={"lot": "0.1", "minimum": "0.1"})
            legs = []
            for name in ("second", "third"):
                legs += (await manager.execute_action(world.spot(name, quantity="0.15"))).legs
            return legs

    second, third = asyncio.run(story())
    assert second.state is State.REJECTED, second.reason
    assert third.state is State.DENIED
    assert "0.15" in third.reason
    assert "0.1 " in third.reason
    assert world.asked()["order.create"] == 2
    world.judge(effects=1)


@every_venue
def test_C36_trading_halted(world: World) -> None:
    """The market stops in the middle of a run: refused, not tried again."""

    async def story() -> Any:
        async with world.open() as manager:
            filled(*(await manager.execute_action(world.spot("first"))).legs)
            world.control.fault(world.venue, "*", "halt_symbol", symbol=SPOT)
            return (await manager.execute_action(world.spot("second"))).legs[0]

    leg = asyncio.run(story())
    assert leg.state is State.REJECTED, leg.reason
    assert world.asked()["order.create"] == 2
    world.judge(effects=1)


@every_venue
@pytest.mark.parametrize("quantity", ["0.000000001", "0.30000000000000004", "1E-30", "0.1000000000000000055511151231257827"])
def test_C37_rounding(world: World, quantity: str) -> None:
    """Under the lot, or with a float's tail: denied, nothing sent, nothing rounded."""
    (leg,) = world.act(world.spot(quantity=quantity))
    assert leg.state is State.DENIED
    assert "order.create" not in world.asked()
    world.judge(effects=0)


@every_venue
def test_C37_rounding_of_another_notation(world: World) -> None:
    """1E-3 arrives as 0.001, exactly; a float is refused when the action is made."""
    filled(*world.act(world.spot(quantity="1E-3")))
    assert [order["quantity"] for order in world.orders()] == ["0.001"]
    with pytest.raises(InvalidAction):
        world.spot(quantity=0.1 + 0.2)
    world.judge(effects=1)


@every_venue
def test_C38_wrong_position_mode(world: World) -> None:
    """Hedge mode: refused at the start, with open positions or without."""
    world.control.fault(world.venue, "*", "account_mode", hedge=True)
    with pytest.raises(ConfigurationError, match="hedge mode"):
        world.act(world.perp())
    assert "order.create" not in world.asked()


@every_venue
@pytest.mark.parametrize("wrong", [{"leverage": "7"}, {"margin_mode": "isolated"}])
def test_C38_wrong_leverage_or_margin_mode(world: World, wrong: dict[str, str]) -> None:
    """The action asks for what the account is not set to: denied before anything is sent."""
    (leg,) = world.act(world.perp(**wrong))
    assert leg.state is State.DENIED
    assert "at the venue, not" in leg.reason
    assert "order.create" not in world.asked()
    world.judge(effects=0)


ADDRESS = "0x00000000000000000000000000000000000000aa"


@pytest.mark.parametrize("venue", ["bybit"])
def test_C42_withdrawal_credited_never(world: World) -> None:
    """Debited and verified at once; where it goes nobody credits it. The demo trading of Binance and OKX has no withdrawals."""
    chain = "ERC20"
    world.settings(destinations=[{"address": ADDRESS, "network": chain, "asset": "USDT"}])
    world.control.permit(world.venue, "withdraw")
    world.endow("funding", "USDT", "500")
    world.control.fault(world.venue, "*", "delay_credit", milliseconds=-1)
    move = Transfer(
        id="out", venue=world.venue, asset="USDT", amount="100", source=world.venue, network=chain, address=ADDRESS,
        from_wallet="funding", valid_until=world.spot().valid_until,
    )  # fmt: skip
    (leg,) = world.act(move)
    filled(leg)
    (withdrawal,) = world.control.ledger(world.venue)["withdrawals"]
    assert withdrawal["status"] != "failed"
    (change,) = leg.deltas.values()
    assert 500 + change == D(world.control.balances(world.venue)["funding"]["USDT"])
    world.judge(effects=0)


@pytest.mark.parametrize("venue", ["bybit", "okx"])
def test_C42_transfer_reply_lost(world: World) -> None:
    """A transfer between wallets whose reply is lost is found by its key and happens once, on both sides."""
    world.fault("transfer.create", "accept_then_hang")
    move = Transfer(
        id="in", venue=world.venue, asset="USDT", amount="100", source=world.venue, target=world.venue, from_wallet="spot",
        to_wallet="funding", valid_until=world.spot().valid_until,
    )  # fmt: skip
    (leg,) = world.act(move)
    filled(leg)
    balances = world.control.balances(world.venue)
    assert (D(balances["trading"]["USDT"]), D(balances["funding"]["USDT"])) == (D(99_900), D(100))
    assert len(world.control.ledger(world.venue)["transfers"]) == 1
    world.judge(effects=0)


@pytest.mark.parametrize("venue", ["okx"])
@pytest.mark.parametrize("together", [False, True], ids=["in a row", "together"])
def test_C42_transfer_request_lost(world: World, together: bool) -> None:
    """Of two equal transfers the second is lost on its way. It is sent anew once OKX would not take the first request any more, and the
    transfer before it is not taken for it."""
    world.fault("transfer.create", "drop", seconds=2, skip=1)
    moves = [
        Transfer(
            id=name, venue=world.venue, asset="USDT", amount="100", source=world.venue, target=world.venue, from_wallet="spot",
            to_wallet="funding", valid_until=world.spot().valid_until,
        ) for name in ("one", "two")
    ]  # fmt: skip

    async def during() -> None:
        await world.until(lambda: world.asked().get("transfer.create") == 2)
        await asyncio.sleep(0.6)  # the client gives up waiting
        world.pass_time(PAST_THE_FENCE)
        await asyncio.sleep(0.4)
        assert world.asked()["transfer.create"] == 2
        world.pass_time(30_000)

    async def carried() -> list[LegResult]:
        async with world.open() as manager:
            beside = asyncio.create_task(during())
            results = await manager.execute_actions(moves) if together else [await manager.execute_action(each) for each in moves]
            world.told += results
            await beside
        return [result.legs[0] for result in results]

    one, two = asyncio.run(carried())
    filled(one)
    filled(two)
    assert {effect.id for effect in one.effects}.isdisjoint(effect.id for effect in two.effects)
    assert len(world.control.ledger(world.venue)["transfers"]) == 2
    world.judge(effects=0)


FUNDING_AT = 1_704_182_400_000
"""The first funding after the start: 08:00."""


@every_venue
def test_C22_funding_that_is_booked_after_the_moment_that_it_is_dated(world: World) -> None:
    """The account is read three seconds after the full hour, and once more when the payment of that hour is there as well: it is told as
    the funding that it is, and the next one by itself."""
    world.control.funding_rate(PERP, "0.0001")
    world.control.setting(world.venue, "funding_late", 10_000)
    legs = at_moments(world, before=FUNDING_AT + 3_000, at=FUNDING_AT + 60_000, after=FUNDING_AT + 8 * 3_600_000 + 60_000, later=0)
    assert legs == [[], [], [D(1)], [D("1.5")]]  # 0.2 and 0.3 BTC at 50000 and a rate of 0.0001


@every_venue
def test_C22_funding_that_was_booked_before_the_first_reading_explains_nothing_later(world: World) -> None:
    """The first reading of a journal comes twenty seconds after the full hour, with the payment in the balance: a list that tells of it
    again eight hours later is of what was there already."""
    world.control.funding_rate(PERP, "0.0001")
    assert at_moments(world, before=FUNDING_AT + 20_000) == [[]]
    for file in (world.directory / "state").glob("journal.sqlite*"):
        file.unlink()
    assert at_moments(world, first=FUNDING_AT + 8 * 3_600_000 + 60_000, second=0) == [[], [D(1)]]


def at_moments(world: World, **moments: int) -> list[list[D]]:
    """Sell 0.1 BTC short in one run, once under each name, and let time pass to the moment of that name (ms; 0: not) after it; answers
    the payments of funding that were found with each."""

    async def carried() -> list[LegResult]:
        legs = []
        async with world.open() as manager:
            assert world.run is not None
            for name, moment in moments.items():
                legs += (await manager.execute_action(world.perp(name))).legs
                if moment:
                    world.pass_time(moment - world.run.clock.now())
        return legs

    legs = asyncio.run(carried())
    for leg in legs:
        filled(leg)
        assert {effect.kind for effect in leg.externals} <= {"funding"}
    return [[amount for effect in leg.externals for _, amount in effect.lines] for leg in legs]


# -- rows without a star --------------------------------------------------------------------------------------------------------------


@every_venue
def test_C33_maintenance(world: World) -> None:
    """In the middle of a run: not executed or unknown, never lost; a start is to be tried again later."""
    world.control.fault(world.venue, "order.create", "maintenance", times=1)
    (leg,) = world.act(world.perp(), during=lambda world: _pass_if_asked(world))
    filled(leg)
    world.judge(effects=1)
    world.control.fault(world.venue, "*", "maintenance")
    with pytest.raises(TryAgainLater):
        world.act(world.perp("later"))


async def _pass_if_asked(world: World) -> None:
    """Let the fence pass where the order is being looked for."""
    for _ in range(100):
        if world.looks() >= 2:
            world.pass_time(PAST_THE_FENCE)
            return
        if world.orders():
            return
        await asyncio.sleep(0.02)


@every_venue
def test_C34_orders_up_and_balances_down(world: World) -> None:
    """Without a reading, of the wallet or of its ledger, the order is done and unverified, listed, and nothing follows; once the account
    can be read it is verified."""

    async def story() -> Any:
        async with world.open() as manager:
            filled(*(await manager.execute_action(world.spot("first"))).legs)
            for endpoint in ("balance", "bills"):
                world.control.fault(world.venue, endpoint, "endpoint_down")
            world.told.append(second := await manager.execute_action(world.spot("second")))
            third = await manager.execute_action(world.spot("third"))
            return second.legs[0], third.legs[0]

    second, third = asyncio.run(story())
    assert (second.state, second.verdict) == (State.FILLED, Verdict.UNVERIFIED)
    assert third.state is State.DENIED
    world.judge(effects=2, left_open={f"second/{world.venue}/0"})
    world.control.clear(world.venue)
    again, last = world.act(world.spot("second"), world.spot("fourth"))
    filled(again, last)
    world.judge(effects=3)


@every_venue
def test_C39_permission_taken(world: World) -> None:
    """The key's right is taken in the middle of a run: refused, not looped."""
    code = {"binance": -2015, "bybit": 10010, "okx": "50110"}[world.venue]
    world.fault("order.create", "deny", code=code, status=401)
    (leg,) = world.act(world.perp())
    assert leg.state is State.REJECTED, leg.reason
    assert world.asked()["order.create"] == 1
    world.judge(effects=0)


@every_venue
def test_C40_a_status_never_seen_before(world: World) -> None:
    """Unknown, not a default: it is looked up until the venue says something that is known."""
    path = {"binance": "status", "bybit": "result.list.0.orderStatus", "okx": "data.0.state"}[world.venue]
    world.control.fault(world.venue, "order.read", "alter", path=path, value="STRANGE", times=2, contains="bv")
    both_once(world, "accept_then_hang")


@every_venue
def test_C43_redirect_of_a_signed_request(world: World) -> None:
    """Not followed: nothing signed leaves the host; the order is unknown, then absent, then sent once more."""
    world.fault("order.create", "redirect")
    arrives_by_the_second_write(world)


# -- a server with a certificate that nobody vouches for ------------------------------------------------------------------------------


class _Tls:
    """Listens with a self-signed certificate; `heard` is what came over an established connection."""

    def __init__(self, directory: Any) -> None:
        key, certificate = directory / "key.pem", directory / "cert.pem"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        subject = ["-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)]
        subprocess.run([*command, *subject], check=True, capture_output=True)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.heard = b""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._socket.accept()
            except OSError:
                return
            try:
                with self._context.wrap_socket(plain, server_side=True) as secure:
                    self.heard += secure.recv(4096)
            except OSError:
                plain.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    server = _Tls(tmp_path_factory.mktemp("tls"))
    yield server
    server.close()

"""Bybit's wire: what is asked of it, and what its real answers (shapes as recorded) come to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from basis_venues.errors import TryAgainLater
from basis_venues.orders import deltas
from basis_venues.states import State
from basis_venues_bybit.account import BybitAccount
from basis_venues_bybit.history import BybitHistory
from basis_venues_bybit.markets import BybitMarkets
from basis_venues_bybit.moves import BybitMoves, transfer_id
from basis_venues_bybit.orders import BybitOrders
from basis_venues_bybit.quotes import BybitQuotes
from basis_venues_bybit.refusals import PROOFS
from basis_venues_bybit.trades import fill
from basis_venues_bybit.wire import BybitWire
from basis_venues_ccxt.live import DAY, Ask, Listing, Move, Position, Proof, Request, Said, Stated, Unreadable
from basis_venues_ccxt.live.history import effects_of
from basis_venues_ccxt.live.testing import NOW, make_desk, run, told_by_ledger, written

D = Decimal
SPOT = Listing("BTC/USDT", "BTCUSDT", D(1), D("0.000001"), D("0.1"))
PERP = Listing("BTC/USDT:USDT", "BTCUSDT", D(1), D("0.001"), D("0.1"))
KEY = "bv0123456789abcdefghijklmnopqrst"
ACK = {"orderId": "u-1", "orderLinkId": KEY}
TRADE = {
    "symbol": "BTCUSDT", "orderType": "Market", "orderLinkId": KEY, "side": "Buy", "orderId": "u-1", "stopOrderType": "", "leavesQty": "0",
    "execTime": "1760000000000", "feeCurrency": "", "isMaker": False, "execFee": "0.00001", "feeRate": "0.001", "execId": "e-1",
    "execPrice": "50000", "orderQty": "0.01", "orderPrice": "52500", "execValue": "500", "execType": "Trade", "execQty": "0.01",
    "closedSize": "", "seq": 1, "markPrice": "50000",
}  # fmt: skip
PERP_TRADE = TRADE | {"side": "Sell", "execFee": "0.275", "feeCurrency": "USDT", "execPnl": "3"}
LOG = {
    "id": "592324_BTCUSDT_1", "symbol": "BTCUSDT", "category": "linear", "side": "Sell", "transactionTime": "1760000000000",
    "type": "TRADE", "transSubType": "", "qty": "0.01", "size": "-0.01", "currency": "USDT", "tradePrice": "50000", "funding": "",
    "fee": "0.275", "cashFlow": "3", "change": "2.725", "cashBalance": "10002.725", "feeRate": "0.00055", "bonusChange": "",
    "tradeId": "e-1", "orderId": "u-1", "orderLinkId": KEY, "extraFees": "",
}  # fmt: skip
SPOT_LOG = LOG | {"category": "spot", "side": "Buy", "size": ""}
BOUGHT = SPOT_LOG | {"qty": "0.01", "currency": "BTC", "fee": "0.00001", "cashFlow": "0.01", "change": "0.00999", "cashBalance": "1.00999"}
PAID = SPOT_LOG | {"qty": "-500", "fee": "0", "cashFlow": "-500", "change": "-500", "cashBalance": "9500"}
ORDER = {
    "orderId": "u-1", "orderLinkId": KEY, "symbol": "BTCUSDT", "price": "0", "qty": "0.010", "side": "Sell", "positionIdx": 0,
    "orderStatus": "Filled", "cancelType": "UNKNOWN", "rejectReason": "EC_NoError", "avgPrice": "50000", "leavesQty": "0.000",
    "cumExecQty": "0.010", "cumExecValue": "500", "cumExecFee": "0.275", "timeInForce": "IOC", "orderType": "Market",
    "createdTime": "1760000000000", "updatedTime": "1760000000001", "cumFeeDetail": {"USDT": "0.275"}, "tpslMode": "Full",
}  # fmt: skip


def ask(listing: Listing, **changes: Any) -> Ask:
    """0.01 BTC, immediate or cancel."""
    return Ask(listing, KEY, "buy" if listing is SPOT else "sell", D("0.01"), "0.01", "51000", "ioc", at=1759999999990)._replace(**changes)


def envelope(result: Any) -> dict[str, Any]:
    """A success."""
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": 1760000000123}


def listed(*rows: Any) -> dict[str, Any]:
    """A page."""
    return envelope({"category": "linear", "list": list(rows), "nextPageCursor": ""})


def desk(answers: dict[str, Any] | None = None) -> Any:
    """A desk on which both BTC markets are listed; the account's log lags unless it is among the answers."""
    given = {"account/transaction-log": listed()} | (answers or {})
    return make_desk("bybit", BybitWire(), [SPOT, PERP], {f"v5/{path}": answer for path, answer in given.items()})


@pytest.mark.parametrize(("rest", "wanted"), [("ioc", "IOC"), ("fok", "FOK"), ("gtc", "GTC"), ("post_only", "PostOnly")])
def test_each_kind_of_order_is_written_in_bybit_s_words(rest: Any, wanted: str) -> None:
    """Figures as text, the client id in `orderLinkId`."""
    request = BybitOrders(desk()[0]).place(ask(PERP, rest=rest, reduce_only=True))
    assert request.params == {
        "category": "linear", "symbol": "BTCUSDT", "side": "Sell", "orderType": "Limit", "qty": "0.01", "price": "51000",
        "timeInForce": wanted, "orderLinkId": KEY, "reduceOnly": True,
    }  # fmt: skip


def test_the_receive_window_ends_at_the_fence() -> None:
    """And after the fence nothing leaves."""
    request = Request("private", "POST", "v5/order/create")
    assert BybitWire().fenced(request, 10_000, 8_500) == (request, {}, 1500)
    with pytest.raises(TryAgainLater):
        BybitWire().fenced(request, 10_000, 10_000)


def test_one_read_after_the_acknowledgement_is_enough_for_an_order_that_is_filled() -> None:
    """0.01 BTC for 500 USDT; the fee, whose coin is not named, is taken from the BTC."""
    here, connection = desk({"execution/list": listed(TRADE)})
    seen = written(BybitOrders(here), ask(SPOT), envelope(ACK))
    (effect,) = here.keys.effects(seen.fills)
    assert (seen.state, [each.path for each in connection.asked]) == (State.FILLED, ["v5/account/transaction-log", "v5/execution/list"])
    assert (effect.id, effect.order) == ("bybit:trade:BTC/USDT:e-1", KEY)
    assert dict(effect.lines) == {"bybit:balance:BTC": D("0.00999"), "bybit:balance:USDT": D(-500)}


def test_a_perpetual_settles_in_the_one_wallet() -> None:
    """A short that the venue says realised 3: cost -500 + 3, balance 3 - 0.275."""
    here, _ = desk({"execution/list": listed(PERP_TRADE)})
    (effect,) = here.keys.effects(written(BybitOrders(here), ask(PERP), envelope(ACK)).fills)
    assert dict(effect.lines) == {
        "bybit:perp:BTC/USDT:USDT": D("-0.01"), "bybit:entry:BTC/USDT:USDT": D(-497), "bybit:balance:USDT": D("2.725"),
    }  # fmt: skip


def test_the_log_of_a_perpetual_tells_its_execution_as_the_execution_itself_does() -> None:
    """The same effect under the same id from one read of the account's log, beside the balance that it left."""
    here, connection = desk({"account/transaction-log": listed(LOG, LOG | {"orderLinkId": "another", "tradeId": "e-0"})})
    stated = told_by_ledger(here, BybitOrders(here), ask(PERP), envelope(ACK), fill(PERP_TRADE, PERP))
    assert stated == Stated(1760000000000, {"USDT": D("10002.725")})
    (asked,) = connection.asked
    wanted = {"accountType": "UNIFIED", "category": "linear", "type": "TRADE", "startTime": 1759999999990, "limit": 50}
    assert (asked.path, asked.params) == ("v5/account/transaction-log", wanted)


@pytest.mark.parametrize(("balance", "states"), [("99.7", True), ("99.9", False)])
def test_lines_of_the_log_that_do_not_follow_from_each_other_state_no_balance(balance: str, states: bool) -> None:
    """Two executions that paid 0.2 and 0.1: 100 before, 99.8 between them, 99.7 after, unless something else came between."""
    later = LOG | {"qty": "0.004", "tradeId": "e-2", "fee": "0.1", "cashFlow": "0", "change": "-0.1", "cashBalance": balance}
    earlier = LOG | {"qty": "0.006", "fee": "0.2", "cashFlow": "0", "change": "-0.2", "cashBalance": "99.8"}
    here, _ = desk({"account/transaction-log": listed(later, earlier)})
    seen = written(BybitOrders(here), ask(PERP), envelope(ACK))
    assert (seen.state, len(seen.fills)) == (State.FILLED, 2)
    assert seen.stated == (Stated(1760000000000, {"USDT": D("99.7")}) if states else None)


def test_a_log_that_tells_a_part_only_leaves_the_executions_to_be_read() -> None:
    """It may lag behind the order: then what counts are the executions, and the wallet is to be read."""
    part = listed(LOG | {"qty": "0.004"})
    here, connection = desk({"account/transaction-log": part, "order/realtime": listed(ORDER), "execution/list": listed(PERP_TRADE)})
    seen = written(BybitOrders(here), ask(PERP), envelope(ACK))
    assert (seen.state, seen.complete, seen.stated) == (State.FILLED, True, None)
    assert [each.path for each in connection.asked] == ["v5/account/transaction-log", "v5/order/realtime", "v5/execution/list"]


def test_the_log_of_a_spot_trade_tells_it_in_two_lines() -> None:
    """One for each coin, the fee in that of the coin it is taken from: the effect of the execution, and what both coins came to."""
    here, connection = desk({"account/transaction-log": listed(PAID, BOUGHT)})
    stated = told_by_ledger(here, BybitOrders(here), ask(SPOT), envelope(ACK), fill(TRADE, SPOT))
    assert stated == Stated(1760000000000, {"USDT": D(9500), "BTC": D("1.00999")})
    assert [each.params["category"] for each in connection.asked] == ["spot"]


@pytest.mark.parametrize("lines", [[BOUGHT], [PAID], [PAID, BOUGHT, PAID | {"currency": "MNT", "fee": "2"}], [PAID, BOUGHT, BOUGHT]])
def test_a_spot_trade_that_the_log_does_not_tell_in_its_two_lines_is_read_from_the_executions(lines: list[dict[str, str]]) -> None:
    """A line is missing still, a third coin paid the fee, or one came twice: nothing is made of it."""
    here, _ = desk({"account/transaction-log": listed(*lines), "execution/list": listed(TRADE)})
    seen = written(BybitOrders(here), ask(SPOT), envelope(ACK))
    assert (seen.state, [each.id for each in seen.fills], seen.stated) == (State.FILLED, ["e-1"], None)


def test_lines_of_the_log_without_a_fee_leave_it_to_be_read() -> None:
    """MNT may have paid it, in a line that the log has not told yet: the execution says so, and nothing of it is lost."""
    unpaid = BOUGHT | {"fee": "0", "change": "0.01", "cashBalance": "1.01"}
    paid_in_mnt = TRADE | {"feeCurrency": "MNT", "execFee": "2"}
    here, _ = desk({"account/transaction-log": listed(PAID, unpaid), "execution/list": listed(paid_in_mnt)})
    seen = written(BybitOrders(here), ask(SPOT), envelope(ACK))
    assert (seen.state, [each.fees for each in seen.fills], seen.stated) == (State.FILLED, [(("MNT", D(2)),)], None)


def test_a_spot_line_that_is_not_quantity_times_price_states_no_balance() -> None:
    """0.01 at 50000 is 500: where 499 was paid, the wallet is to be read."""
    here, _ = desk({"account/transaction-log": listed(PAID | {"change": "-499", "cashFlow": "-499"}, BOUGHT)})
    seen = written(BybitOrders(here), ask(SPOT), envelope(ACK))
    assert (seen.state, seen.stated) == (State.FILLED, None)


def test_the_rest_of_an_order_that_was_filled_in_part_is_told_by_the_order() -> None:
    """The log tells what was filled and the wallet after it, the order that nothing more comes of it."""
    part = LOG | {"qty": "0.004", "cashFlow": "0", "fee": "0.11", "change": "-0.11"}
    over = ORDER | {"orderStatus": "PartiallyFilledCanceled", "cumExecQty": "0.004"}
    here, connection = desk({"account/transaction-log": listed(part), "order/realtime": listed(over)})
    seen = written(BybitOrders(here), ask(PERP), envelope(ACK))
    assert (seen.state, seen.filled, seen.complete) == (State.EXPIRED, D("0.004"), True)
    assert seen.stated == Stated(1760000000000, {"USDT": D("10002.725")})
    assert len(connection.asked) == 2


def test_an_order_that_rests_is_looked_at_without_its_executions() -> None:
    """The log has nothing of it: the order says whether there is anything to be read."""
    here, connection = desk({"order/realtime": listed(ORDER | {"orderStatus": "New", "cumExecQty": "0"})})
    assert written(BybitOrders(here), ask(PERP, rest="gtc"), envelope(ACK)).state is State.ACCEPTED
    assert [each.path for each in connection.asked] == ["v5/account/transaction-log", "v5/order/realtime"]


def test_executions_beyond_fifty_are_read_though_a_hundred_were_asked_for() -> None:
    """Given an order's id Bybit ignores the size that is asked of a page: fifty are a full one, and the cursor leads on."""
    pieces = [TRADE | {"execId": f"e-{number}", "execQty": "0.0001"} for number in range(60)]

    def page(request: Request) -> Any:
        if "cursor" in request.params:
            return listed(*pieces[50:])
        return envelope({"list": pieces[:50], "nextPageCursor": "on"})

    here, _ = desk({"execution/list": page, "order/realtime": listed(ORDER | {"side": "Buy", "cumExecQty": "0.006"})})
    seen = run(BybitOrders(here).look(ask(SPOT, quantity=D("0.006"))))
    assert seen is not None
    assert (len(seen.fills), seen.complete) == (60, True)


def test_a_profit_that_is_not_told_is_worked_out_from_the_position_before() -> None:
    """Selling 0.01 of 0.02 BTC that cost 900 at 50000: 500 less half of 900 is 50."""
    here, _ = desk({"execution/list": listed(TRADE | {"side": "Sell", "execFee": "0", "feeCurrency": "USDT"})})
    seen = written(BybitOrders(here), ask(PERP), envelope(ACK))
    (effect,) = here.keys.effects(seen.fills, Position(D("0.02"), D(900)))
    assert dict(effect.lines)["bybit:balance:USDT"] == D(50)
    assert dict(effect.lines)["bybit:entry:BTC/USDT:USDT"] == D(-450)
    with pytest.raises(ValueError, match="position before it"):
        here.keys.effects(seen.fills)


def test_executions_of_one_moment_are_taken_in_the_order_in_which_they_left_the_order() -> None:
    """A short of 1 BTC at 50000 is bought back and turned: 1 at 49000, which realises 1000, then 1 at 49100, which the long costs. Bybit
    lists the latest first, and of one millisecond in any order: `leavesQty` tells it."""
    bought = TRADE | {"side": "Buy", "execFee": "0", "feeCurrency": "USDT", "execQty": "1"}
    first, last = bought | {"execId": "e-1", "execPrice": "49000", "leavesQty": "1"}, bought | {"execId": "e-2", "execPrice": "49100"}
    for rows in ([last, first], [first, last]):
        here, _ = desk({"execution/list": listed(*rows)})
        seen = written(BybitOrders(here), ask(PERP, side="buy", quantity=D(2)), envelope(ACK))
        changed = deltas(here.keys.effects(seen.fills, Position(D(-1), D(-50_000))))
        assert changed == {
            "bybit:perp:BTC/USDT:USDT": D(2), "bybit:entry:BTC/USDT:USDT": D(99_100), "bybit:balance:USDT": D(1000),
        }  # fmt: skip


def test_a_look_up_takes_what_a_fill_realised_from_the_account_s_log() -> None:
    """Nobody knows the position that the order met: its line of the log tells 3, and the cost is 500 less what that released. Where the
    log cannot be had, it is worked out from the position as before."""
    row = TRADE | {"side": "Sell", "execFee": "0.275", "feeCurrency": "USDT"}
    answers = {"execution/list": listed(row), "order/realtime": listed(ORDER)}
    here, connection = desk(answers | {"account/transaction-log": listed(LOG)})
    seen = run(BybitOrders(here).look(ask(PERP)))
    assert seen is not None
    assert dict(here.keys.effects(seen.fills)[0].lines)["bybit:balance:USDT"] == D("2.725")
    asked = connection.asked[-1].params
    assert (asked["startTime"], asked["endTime"]) == (1760000000000, 1760000060000)
    here, _ = desk(answers | {"account/transaction-log": {"retCode": 10005, "retMsg": "no", "result": {}}})
    seen = run(BybitOrders(here).look(ask(PERP)))
    assert seen is not None
    assert [each.profit for each in seen.fills] == [None]


def test_history_takes_what_a_fill_realised_from_the_account_s_log() -> None:
    """Executions do not tell it over REST: a fill that closed a short with a profit of 3 releases its cost, and the balance gains 3."""
    row = TRADE | {"side": "Buy", "execFee": "0", "feeCurrency": "USDT"}
    line = LOG | {"side": "Buy", "fee": "0", "change": "3"}
    nothing = envelope({"rows": [], "nextPageCursor": ""})
    here, _ = desk({
        "execution/list": listed(row), "order/realtime": listed(), "account/transaction-log": listed(line),
        "asset/transfer/query-inter-transfer-list": listed(), "asset/withdraw/query-record": nothing, "asset/deposit/query-record": nothing,
    })  # fmt: skip
    (effect,) = effects_of(run(BybitHistory(here).since([PERP], {"spot"}, 0)), here.keys)
    assert dict(effect.lines) == {
        "bybit:perp:BTC/USDT:USDT": D("0.01"), "bybit:entry:BTC/USDT:USDT": D(503), "bybit:balance:USDT": D(3),
    }  # fmt: skip


def test_deposits_that_are_in_the_balance_are_told() -> None:
    """Success (3) and credited to the funding pool (10012); not what is confirmed (1), processed (2), failed (4) or will be credited
    (10011)."""
    rows = [
        {"id": str(status), "coin": "USDT", "amount": "5", "status": status, "successAt": "1760000000000"}
        for status in (1, 2, 3, 4, 10011, 10012)
    ]
    here, _ = desk({
        "account/transaction-log": listed(), "asset/transfer/query-inter-transfer-list": listed(),
        "asset/withdraw/query-record": envelope({"rows": [], "nextPageCursor": ""}),
        "asset/deposit/query-record": envelope({"rows": rows, "nextPageCursor": ""}),
    })  # fmt: skip
    assert [each.id for each in run(BybitHistory(here).since([], ("funding",), 0)).changes] == ["3", "10012"]


def test_an_order_that_is_not_shown_yet_is_accepted_all_the_same() -> None:
    """Acknowledged, and nothing to be seen anywhere."""
    here, _ = desk({"execution/list": listed(), "order/realtime": listed(), "order/history": listed()})
    assert written(BybitOrders(here), ask(PERP), envelope(ACK)).state is State.ACCEPTED
    assert run(BybitOrders(here).look(ask(PERP))) is None


def test_a_look_up_goes_on_to_the_history() -> None:
    """A restart empties the latest orders."""
    trade = TRADE | {"side": "Sell", "execFee": "0.275", "execPnl": "0"}
    here, _ = desk({"execution/list": listed(trade), "order/realtime": listed(), "order/history": listed(ORDER)})
    seen = run(BybitOrders(here).look(ask(PERP)))
    assert seen is not None
    assert (seen.state, seen.at, [fill.id for fill in seen.fills]) == (State.FILLED, 1760000000001, ["e-1"])


@pytest.mark.parametrize(
    ("row", "rest", "state"),
    [
        ({"orderStatus": "Cancelled", "cumExecQty": "0"}, "ioc", State.EXPIRED),
        ({"orderStatus": "Cancelled", "cumExecQty": "0"}, "gtc", State.CANCELLED),
        ({"orderStatus": "Cancelled", "cumExecQty": "0", "rejectReason": "EC_PostOnlyWillTakeLiquidity"}, "post_only", State.EXPIRED),
        ({"orderStatus": "Rejected", "cumExecQty": "0", "rejectReason": "EC_PerCancelRequest"}, "gtc", State.REJECTED),
        ({"orderStatus": "New", "cumExecQty": "0"}, "gtc", State.ACCEPTED),
        ({"orderStatus": "Novel", "cumExecQty": "0"}, "gtc", State.UNKNOWN),
    ],
)
def test_every_status_has_its_state(row: dict[str, str], rest: Any, state: State) -> None:
    """What could not rest expires; what nobody knows is unknown."""
    here, _ = desk({"order/realtime": listed(ORDER | row)})
    seen = run(BybitOrders(here).look(ask(PERP, rest=rest)))
    assert seen is not None
    assert seen.state is state


def test_an_answer_about_another_order_or_without_an_id_says_nothing() -> None:
    """Both are unreadable, and the outcome therefore unknown."""
    orders = BybitOrders(desk()[0])
    for answer in (envelope(ACK | {"orderLinkId": "someone"}), envelope({"orderLinkId": KEY}), envelope({})):
        with pytest.raises(Unreadable):
            orders.number(answer, ask(PERP))


def test_an_envelope_without_its_code_is_a_failure() -> None:
    """`retCode` 0 is the one success."""
    wire = BybitWire()
    assert wire.failure(envelope({})) is None
    assert wire.failure({"result": {}}) is not None
    assert wire.failure([]) is not None


def test_holdings_are_wallet_balances_and_signed_positions() -> None:
    """walletBalance is without unrealised profit; a short's size and cost are negative. The venue's own time is told."""
    coin = {"coin": "USDT", "equity": "1005", "walletBalance": "1000", "unrealisedPnl": "5"}
    row = {"positionIdx": 0, "symbol": "BTCUSDT", "side": "Sell", "size": "0.010", "avgPrice": "50000", "positionValue": "500"}
    flat = row | {"side": "", "size": "0", "positionValue": ""}
    answers = {
        "account/wallet-balance": envelope({"list": [{"accountType": "UNIFIED", "coin": [coin]}]}),
        "position/list": listed(row, flat),
    }
    holdings = run(BybitAccount(desk(answers)[0]).holdings({"spot", "perpetuals"}))
    assert holdings.wallets["spot"] == {"USDT": D(1000)}
    assert holdings.perpetuals == {"BTC/USDT:USDT": Position(D("-0.010"), D(-500))}
    assert holdings.at == 1760000000123


def test_an_answer_without_an_account_is_no_empty_wallet() -> None:
    """A wallet that holds nothing is an account without coins; no account is no answer."""
    nothing = envelope({"list": [{"accountType": "UNIFIED", "coin": []}]})
    assert run(BybitAccount(desk({"account/wallet-balance": nothing})[0]).holdings({"spot"})).wallets["spot"] == {}
    with pytest.raises(Unreadable):
        run(BybitAccount(desk({"account/wallet-balance": envelope({"list": []})})[0]).holdings({"spot"}))


LONG = {"positionIdx": 0, "symbol": "BTCUSDT", "side": "Buy", "size": "0.010", "avgPrice": "50000", "positionValue": "500"}


@pytest.mark.parametrize("shown", [[LONG | {"positionIdx": 1}, LONG | {"positionIdx": 2, "side": "Sell"}], [LONG | {"positionValue": ""}]])
def test_a_position_that_cannot_be_told_is_not_made_up(shown: list[dict[str, Any]]) -> None:
    """On both sides, or without its value: neither is a size or a cost of zero."""
    with pytest.raises(Unreadable):
        run(BybitAccount(desk({"position/list": listed(*shown)})[0]).holdings({"perpetuals"}))


def test_positions_beyond_the_first_page_are_read() -> None:
    """Two hundred of other coins come first: the cursor leads on, and the answer holds from the first page's time."""
    others = [LONG | {"symbol": f"C{number}USDT"} for number in range(200)]

    def page(request: Request) -> Any:
        if "cursor" in request.params:
            return listed(LONG) | {"time": 1760000000456}
        return envelope({"list": others, "nextPageCursor": "on"})

    here, connection = desk({"position/list": page})
    holdings = run(BybitAccount(here).holdings({"perpetuals"}))
    assert holdings.perpetuals == {"BTC/USDT:USDT": Position(D("0.010"), D(500))}
    assert (holdings.at, [each.params.get("cursor") for each in connection.asked]) == (1760000000123, [None, "on"])


def test_a_page_of_positions_that_is_not_full_is_the_last() -> None:
    """Whatever cursor it carries: one request."""
    here, connection = desk({"position/list": envelope({"list": [LONG], "nextPageCursor": "on"})})
    run(BybitAccount(here).holdings({"perpetuals"}))
    assert len(connection.asked) == 1


def test_funding_executions_are_paid_when_positive() -> None:
    """`execFee` 0.37 of a Funding row takes 0.37 from the wallet; its id is the execution's."""
    row = TRADE | {"execType": "Funding", "execFee": "0.37", "feeCurrency": "USDT", "execId": "f-1", "orderLinkId": ""}
    here, _ = desk({"execution/list": listed(row), "order/realtime": listed()})
    (effect,) = effects_of(run(BybitHistory(here).since([PERP], (), 0)), here.keys)
    assert (effect.id, effect.kind, effect.lines) == ("bybit:funding:BTC/USDT:USDT:f-1", "funding", (("bybit:balance:USDT", D("-0.37")),))


def test_history_names_transfers_as_their_look_up_does() -> None:
    """One id for a transfer, whoever tells of it."""
    row = {
        "transferId": transfer_id(KEY), "coin": "USDT", "amount": "10", "fromAccountType": "UNIFIED", "toAccountType": "FUND",
        "timestamp": "1760000000000", "status": "SUCCESS",
    }  # fmt: skip
    nothing = envelope({"rows": [], "nextPageCursor": ""})
    here, _ = desk(
        {
            "asset/transfer/query-inter-transfer-list": listed(row),
            "asset/withdraw/query-record": nothing,
            "asset/deposit/query-record": nothing,
        }
    )
    moved = run(BybitMoves(here).look(Move(KEY, "USDT", D(10), "spot", "funding")))
    (effect,) = effects_of(run(BybitHistory(here).since([], ("spot",), 0)), here.keys)
    assert moved is not None
    assert (moved.state, effect.id) == (State.FILLED, f"bybit:transfer:{moved.id}")
    assert dict(effect.lines) == {"bybit:balance:USDT": D(-10), "bybit:balance:funding/USDT": D(10)}


def test_a_transfer_that_failed_or_waits_is_not_a_success() -> None:
    """The answer to its write says the same of all three."""
    row = {"transferId": transfer_id(KEY), "coin": "USDT", "amount": "10", "timestamp": "1760000000000"}
    for status, state in (("FAILED", State.CANCELLED), ("PENDING", State.ACCEPTED), ("STATUS_UNKNOWN", State.ACCEPTED)):
        here, _ = desk({"asset/transfer/query-inter-transfer-list": listed(row | {"status": status})})
        moved = run(BybitMoves(here).look(Move(KEY, "USDT", D(10), "spot", "funding")))
        assert moved is not None
        assert moved.state is state


def test_a_withdrawal_is_known_by_the_id_that_its_answer_named() -> None:
    """Without that by all else that is known: not before its time, not where it is an earlier move's, and with two nobody knows."""
    row = {"coin": "USDT", "amount": "77", "status": "Pending", "toAddress": "0xAB", "withdrawFee": "2", "createTime": "1760000000000"}
    answer = {"rows": [row | {"withdrawId": "1"}, row | {"withdrawId": "2"}], "nextPageCursor": ""}
    moves = BybitMoves(desk({"asset/withdraw/query-record": envelope(answer)})[0])
    move = Move(KEY, "USDT", D(77), "spot", address="0xab", chain="ETH", at=1760000000000)
    for known, wanted in (
        ({"number": "2"}, (State.FILLED, "2")), ({"others": ("1",)}, (State.FILLED, "2")), ({}, (State.UNKNOWN, "")),
        ({"number": "3"}, None), ({"others": ("1", "2")}, None), ({"at": 1760000000999}, (State.UNKNOWN, "")),
        ({"at": 1760000001000}, None),
    ):  # fmt: skip
        moved = run(moves.look(move._replace(**known)))
        assert (moved and (moved.state, moved.id)) == wanted, known


def test_a_withdrawal_goes_over_the_chain_and_is_looked_for_wherever_it_went() -> None:
    """Bybit turns one to an address of its own into an internal transfer unless told not to, and lists those only when asked."""
    here, connection = desk({"asset/withdraw/query-record": envelope({"rows": [], "nextPageCursor": ""})})
    move = Move(KEY, "USDT", D(77), "spot", address="0xab", chain="ETH", at=1760000000777)
    written = BybitMoves(here).write(move._replace(source="funding")).params
    assert (written["forceChain"], written["accountType"]) == (1, "FUND")
    assert run(BybitMoves(here).look(move)) is None
    asked = [request.params for request in connection.asked if "withdraw/query-record" in request.path]
    assert [(each["withdrawType"], each["startTime"]) for each in asked] == [(2, 1760000000000)]


def test_a_withdrawal_whose_key_bybit_has_had_may_be_older() -> None:
    """Made by a run whose journal was lost: up to two weeks before it was sent again."""
    row = {"coin": "USDT", "amount": "77", "status": "success", "toAddress": "0xAB", "withdrawFee": "2", "withdrawId": "1"}
    at, day = 1760000000777, 86_400_000
    for made, found in ((at - day, True), (at - 15 * day, False)):
        answer = envelope({"rows": [row | {"createTime": str(made)}], "nextPageCursor": ""})
        moves = BybitMoves(desk({"asset/withdraw/query-record": answer})[0])
        move = Move(KEY, "USDT", D(77), "funding", address="0xab", chain="ETH", at=at)
        assert run(moves.look(move)) is None
        assert (run(moves.look(move._replace(lost=True))) is not None) is found


def in_a_week(row: dict[str, Any], at: int) -> Any:
    """Answers as `query-inter-transfer-list` does, with a key and without: a first moment alone reaches seven days."""

    def answer(request: Request) -> Any:
        begun = request.params["startTime"]
        return listed(*([row] if begun <= at <= request.params.get("endTime", begun + 7 * DAY) else []))

    return answer


@pytest.mark.parametrize(("days", "lost"), [(0, False), (1, True), (9, True), (13, True)])
def test_a_transfer_is_found_by_its_key_wherever_it_lies_in_time(days: int, lost: bool) -> None:
    """Bybit tells of seven days from the moment that it is given: one of a lost journal lies up to two weeks back."""
    made = NOW - days * DAY
    row = {"transferId": transfer_id(KEY), "coin": "USDT", "amount": "10", "timestamp": str(made), "status": "SUCCESS"}
    here, _ = desk({"asset/transfer/query-inter-transfer-list": in_a_week(row, made)})
    moved = run(BybitMoves(here).look(Move(KEY, "USDT", D(10), "spot", "funding", at=NOW, lost=lost)))
    assert moved is not None
    assert (moved.state, moved.at) == (State.FILLED, made)


def test_a_withdrawal_is_found_beyond_the_first_page() -> None:
    """Fifty rows come at once, the latest first."""
    row = {"coin": "USDT", "amount": "1", "status": "success", "toAddress": "0xAB", "withdrawFee": "2", "createTime": str(NOW)}
    later = [row | {"withdrawId": str(number)} for number in range(2, 52)]

    def answer(request: Request) -> Any:
        if "cursor" in request.params:
            return envelope({"rows": [row | {"withdrawId": "1"}], "nextPageCursor": ""})
        return envelope({"rows": later, "nextPageCursor": "older"})

    move = Move(KEY, "USDT", D(1), "funding", address="0xab", chain="ETH", at=NOW, number="1")
    moved = run(BybitMoves(desk({"asset/withdraw/query-record": answer})[0]).look(move))
    assert moved is not None
    assert (moved.state, moved.id) == (State.FILLED, "1")


KEY_INFO = {"userID": 53888001, "readOnly": 0, "isMaster": True, "permissions": {"Wallet": ["AccountTransfer"], "Spot": ["SpotTrade"]}}


@pytest.mark.parametrize(
    ("key", "hidden"),
    [
        ({}, set()),
        ({"permissions": {"Wallet": ["AccountTransfer", "Withdraw"]}}, set()),
        ({"permissions": {"Wallet": []}}, {"funding", "withdrawals"}),
        ({"permissions": {}}, {"funding", "withdrawals"}),
        ({"isMaster": False}, {"withdrawals"}),
    ],
)
def test_what_a_key_does_not_show_is_known_before_it_is_asked(key: dict[str, Any], hidden: set[str]) -> None:
    """By its rights, and by whose it is; each with a sentence."""
    info = {"unifiedMarginStatus": 6, "marginMode": "REGULAR_MARGIN"}
    here, _ = desk({"user/query-api": envelope(KEY_INFO | key), "account/info": envelope(info)})
    setup = run(BybitAccount(here).setup([]))
    assert set(setup.hidden) == hidden
    assert all(setup.hidden.values())
    assert (setup.may_trade, setup.may_withdraw) == (True, key.get("permissions") == {"Wallet": ["AccountTransfer", "Withdraw"]})


@pytest.mark.parametrize(
    ("permissions", "barred"),
    [
        ({"ContractTrade": [], "Spot": [], "Wallet": ["AccountTransfer"], "Derivatives": []}, ("spot", "futures")),
        ({"ContractTrade": ["Position"], "Spot": ["SpotTrade"], "Derivatives": []}, ("futures",)),
        ({"ContractTrade": ["Order", "Position"], "Spot": ["SpotTrade"]}, ()),
        ({"ContractTrade": [], "Spot": ["SpotTrade"], "Derivatives": ["DerivativesTrade"]}, ()),
        ({}, ()),
    ],
)
def test_a_key_that_may_write_may_not_trade_for_that(permissions: dict[str, list[str]], barred: tuple[str, ...]) -> None:
    """The first is the example of Bybit's documentation, with `readOnly` 0; rights that are not told are not taken for missing."""
    info = {"unifiedMarginStatus": 6, "marginMode": "REGULAR_MARGIN"}
    here, _ = desk({"user/query-api": envelope(KEY_INFO | {"permissions": permissions}), "account/info": envelope(info)})
    assert run(BybitAccount(here).setup([])).barred == barred


LINE = LOG | {"symbol": "", "category": "", "side": "None", "qty": "", "fee": "0", "orderLinkId": "", "orderId": "", "tradeId": ""}


def test_the_unified_wallet_s_log_tells_what_no_other_list_does() -> None:
    """Lines of trades and funding are executions, that of a listed transfer is its end here, also while it is under way; the rest is told
    with the line's change, in its coin."""
    moved = {"coin": "USDT", "fromAccountType": "UNIFIED", "toAccountType": "FUND", "timestamp": "1760000000000"}
    listed_ones = [
        moved | {"transferId": "t-1", "amount": "10", "status": "SUCCESS"},
        moved | {"transferId": "t-2", "amount": "20", "status": "PENDING"},
        moved | {"transferId": "t-3", "amount": "30", "status": "FAILED"},
    ]
    told = [
        (name, change)
        for name, change in (
            ("TRADE", "-1"), ("SETTLEMENT", "-0.003676"), ("LIQUIDATION", "-2"), ("TRANSFER_OUT", "-10"), ("TRANSFER_OUT", "-20"),
            ("TRANSFER_IN", "40"), ("INTEREST", "-0.01"), ("CURRENCY_SELL", "-5"), ("BONUS", ""),
        )
    ]  # fmt: skip
    lines = [LINE | {"id": str(number), "type": name, "change": change} for number, (name, change) in enumerate(told)]
    nothing = envelope({"rows": [], "nextPageCursor": ""})
    here, _ = desk({
        "account/transaction-log": listed(*lines), "asset/transfer/query-inter-transfer-list": listed(*listed_ones),
        "asset/withdraw/query-record": nothing, "asset/deposit/query-record": nothing,
    })  # fmt: skip
    changes = run(BybitHistory(here).since([], ("spot",), 0)).changes
    assert [(each.kind, each.id, each.lines) for each in changes] == [
        ("transfer", "TRANSFER_IN:USDT:5", (("spot", "USDT", D(40)),)),
        ("interest", "INTEREST:USDT:6", (("spot", "USDT", D("-0.01")),)),
        ("settlement", "CURRENCY_SELL:USDT:7", (("spot", "USDT", D(-5)),)),
        ("transfer", "t-1", (("spot", "USDT", D(-10)), ("funding", "USDT", D(10)))),
    ]


def test_a_key_of_another_site_is_told_so() -> None:
    """Those of bybit.eu are not known at api.bybit.com."""
    assert "regional sites such as bybit.eu" in BybitWire.foreign["10003"]


def test_markets_are_read_with_their_filters() -> None:
    """Steps of spot and linear stand under different names."""

    def info(request: Request) -> Any:
        if request.params["category"] == "spot":
            lots = {
                "basePrecision": "0.000001",
                "quotePrecision": "0.0000001",
                "minOrderQty": "0.000011",
                "maxOrderQty": "83",
                "minOrderAmt": "5",
            }
        else:
            lots = {"maxOrderQty": "1190.000", "minOrderQty": "0.001", "qtyStep": "0.001", "minNotionalValue": "5"}
        return listed({"symbol": "BTCUSDT", "status": "Trading", "lotSizeFilter": lots, "priceFilter": {"tickSize": "0.10"}})

    _, connection = desk({"market/instruments-info": info})
    spot, linear = run(BybitMarkets(connection).read(["BTC/USDT", "BTC/USDT:USDT"]))
    assert spot == Listing("BTC/USDT", "BTCUSDT", D(1), D("0.000001"), D("0.1"), D("0.000011"), D(83), D(5))
    assert linear == Listing("BTC/USDT:USDT", "BTCUSDT", D(1), D("0.001"), D("0.1"), D("0.001"), D(1190), D(5))


def test_spot_limits_do_not_rest_on_fields_that_bybit_calls_deprecated() -> None:
    """`maxLimitOrderQty` takes the place of `maxOrderQty`, and `minOrderQty` is not checked any more: without both a market is known."""
    lots = {"basePrecision": "0.000001", "minOrderQty": "0.000011", "maxOrderQty": "83", "minOrderAmt": "5", "maxLimitOrderQty": "60"}
    row = {"symbol": "BTCUSDT", "status": "Trading", "priceFilter": {"tickSize": "0.1"}}
    told = Listing("BTC/USDT", "BTCUSDT", D(1), D("0.000001"), D("0.1"), D("0.000011"), D(60), D(5))
    for left_out, wanted in ((), told), (("minOrderQty", "maxOrderQty"), told._replace(minimum=D(0))):
        here = {name: value for name, value in lots.items() if name not in left_out}
        _, connection = desk({"market/instruments-info": listed(row | {"lotSizeFilter": here})})
        assert run(BybitMarkets(connection).read(["BTC/USDT"])) == [wanted]


def test_quotes_are_mid_prices_and_marks() -> None:
    """(49999 + 50001) / 2, and the mark with its funding rate."""
    row = {
        "symbol": "BTCUSDT", "lastPrice": "50000", "markPrice": "50002", "fundingRate": "0.0001", "bid1Price": "49999",
        "ask1Price": "50001",
    }  # fmt: skip
    quotes = BybitQuotes(desk({"market/tickers": listed(row)})[1])
    assert run(quotes.figures("BTC/USDT")).price == D(50_000)
    perpetual = run(quotes.figures("BTC/USDT:USDT"))
    assert (perpetual.price, perpetual.funding, perpetual.at) == (D(50_002), D("0.0001"), 1760000000123)


REFUSED = {
    Proof.FATAL: [10003, 10004, 10007, 10009, 33004, -2015, 10008, 10005, 10010, 10024, 10027, 10028, 10029, 170209, 170241],
    Proof.FILTER: [
        110003,
        110092,
        110093,
        110094,
        110074,
        170157,
        170132,
        170133,
        170134,
        170135,
        170136,
        170137,
        170140,
        170148,
        170124,
        170192,
        170193,
        170194,
        170218,
    ],
    Proof.REFUSED: [
        *(110011, 110040, 110042, 131203, 131210, 131211, 131215),
        *(10001, 10017, 170105, 170130, 170115, 170116, 170117, 170121, 10032, 110004, 110006, 110007, 110012, 110014, 110044, 110045),
        *(110051, 110052, 110053, 170033, 170131, 131085, 131212, 131228, 170371, 170372, 110120, 110121, 110017, 110009, 110020, 170810),
        *(110016, 110021, 110022, 110023, 110086, 110089, 110090, 110024, 110028, 110036, 110066, 170151, 170210),
        *(131002, 131083, 131093, 131086, 131088, 131089, 131095, 131096, 131097, 131098, 131231, 131232),
    ],
    Proof.PACE: [10006, 10018, 170222, 30035, 10429, 170005, 20003, 10019],
    Proof.CLOCK: [10002],
}
UNPROVEN = [
    *(10000, 10016, 170001, 170032, 170234, 170007, 170146, 170147, 170035, 170149, 170150, 110079, 170212, 170191, 10014, 110072, 170141),
    *(110030, 20006, 131001, 131003, 131200, 131201, 131216, 131217, 131230, 131082, 131214, -1, 110001, 170213, 110008, 110010, 170139),
    *(170142, 170143, 170190, 999999),
]


@pytest.mark.parametrize(("code", "proof"), [(code, proof) for proof, codes in REFUSED.items() for code in codes])
def test_a_listed_code_proves_what_the_reference_says(code: int, proof: Proof) -> None:
    """With HTTP 200, yes; inside a 5xx nothing is proven."""
    assert PROOFS.of(Said(200, str(code), "words")) is proof
    assert PROOFS.of(Said(502, str(code), "words")) is None


@pytest.mark.parametrize("code", UNPROVEN)
def test_every_other_code_proves_nothing(code: int) -> None:
    """Timeouts that ccxt calls InvalidOrder, duplicates, cancel answers, codes that nobody has seen yet."""
    assert PROOFS.of(Said(200, str(code), "words")) is None


def test_a_quantity_that_is_not_valid_is_a_matter_of_filters() -> None:
    """Linear markets say it in words; the markets are read anew then."""
    assert PROOFS.of(Said(200, "10001", "Qty invalid")) is Proof.FILTER


def test_too_frequent_access_is_a_ban() -> None:
    """HTTP 403: not carried out, and everything stops."""
    assert PROOFS.of(Said(403, "", "")) is Proof.PACE
    assert BybitWire().banned(403)
    assert not BybitWire().banned(429)

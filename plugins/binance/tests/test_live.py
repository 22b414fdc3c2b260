"""Binance's wire: what is asked of it, and what its real answers (shapes as recorded) come to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from basis_venues.network import Network
from basis_venues.orders import deltas
from basis_venues.states import State
from basis_venues_binance.account import BinanceAccount
from basis_venues_binance.history import BinanceHistory
from basis_venues_binance.markets import BinanceMarkets
from basis_venues_binance.moves import BinanceMoves
from basis_venues_binance.orders import BinanceOrders
from basis_venues_binance.quotes import BinanceQuotes
from basis_venues_binance.refusals import PROOFS
from basis_venues_binance.wire import BinanceWire
from basis_venues_ccxt.live import Ask, Listing, Move, Position, Proof, Request, Said, Unreadable
from basis_venues_ccxt.live.history import effects_of
from basis_venues_ccxt.live.testing import NOW, make_desk, run, written

D = Decimal
SPOT = Listing("BTC/USDT", "BTCUSDT", D(1), D("0.00001"), D("0.01"))
PERP = Listing("BTC/USDT:USDT", "BTCUSDT", D(1), D("0.001"), D("0.1"), taker=D("0.0005"))
KEY = "bv0123456789abcdefghijklmnopqrst"
FULL = {
    "symbol": "BTCUSDT", "orderId": 28, "orderListId": -1, "clientOrderId": KEY, "transactTime": 1760000000000, "price": "51000.00000000",
    "origQty": "0.01000000", "executedQty": "0.01000000", "origQuoteOrderQty": "0.000000", "cummulativeQuoteQty": "500.00000000",
    "status": "FILLED", "timeInForce": "IOC", "type": "LIMIT", "side": "BUY", "workingTime": 1760000000000,
    "fills": [{"price": "50000.00000000", "qty": "0.01000000", "commission": "0.00001000", "commissionAsset": "BTC", "tradeId": 56}],
}  # fmt: skip
RESULT = {
    "orderId": 1, "symbol": "BTCUSDT", "status": "FILLED", "clientOrderId": KEY, "price": "49000", "avgPrice": "50000.00",
    "origQty": "0.010", "executedQty": "0.010", "cumQty": "0.010", "cumQuote": "500.0", "timeInForce": "IOC", "type": "LIMIT",
    "reduceOnly": False, "closePosition": False, "side": "SELL", "positionSide": "BOTH", "updateTime": 1760000000000,
}  # fmt: skip
USER_TRADE = {
    "buyer": False, "commission": "0.25", "commissionAsset": "USDT", "id": 698759, "maker": False, "orderId": 1, "price": "50000",
    "qty": "0.010", "quoteQty": "500", "realizedPnl": "0", "side": "SELL", "positionSide": "BOTH", "symbol": "BTCUSDT",
    "time": 1760000000000,
}  # fmt: skip


def ask(listing: Listing, **changes: Any) -> Ask:
    """0.01 BTC, immediate or cancel."""
    return Ask(listing, KEY, "buy" if listing is SPOT else "sell", D("0.01"), "0.01", "51000", "ioc")._replace(**changes)


def desk(answers: dict[str, Any] | None = None, **more: Any) -> Any:
    """A desk on which both BTC markets are listed."""
    return make_desk("binance", BinanceWire(), [SPOT, PERP], answers or {}, unified=False, **more)


@pytest.mark.parametrize(("listing", "path"), [(SPOT, "myTrades"), (PERP, "userTrades")])
def test_executions_of_another_order_are_not_this_one_s(listing: Listing, path: str) -> None:
    """Whatever a list answers that was asked for one order: beyond a page it is asked for with a trade's id as well, of which Binance
    documents for futures only that they go by themselves."""
    row = USER_TRADE | {"isBuyer": True, "quoteQty": "500"}
    theirs = row | {"id": 1, "orderId": 2}
    order = RESULT | FULL | {"orderId": 1, "time": NOW, "updateTime": NOW}
    here, _ = desk({"order": order, path: [theirs, row]})
    seen = run(BinanceOrders(here).look(ask(listing, rest="gtc")))
    assert seen is not None
    assert [fill.id for fill in seen.fills] == ["698759"]


@pytest.mark.parametrize(
    ("listing", "rest", "wanted"),
    [
        (SPOT, "ioc", {"type": "LIMIT", "timeInForce": "IOC", "newOrderRespType": "FULL"}),
        (SPOT, "fok", {"type": "LIMIT", "timeInForce": "FOK", "newOrderRespType": "FULL"}),
        (SPOT, "gtc", {"type": "LIMIT", "timeInForce": "GTC", "newOrderRespType": "FULL"}),
        (SPOT, "post_only", {"type": "LIMIT_MAKER", "newOrderRespType": "FULL"}),
        (PERP, "post_only", {"type": "LIMIT", "timeInForce": "GTX", "newOrderRespType": "RESULT"}),
    ],
)
def test_each_kind_of_order_is_written_in_binance_s_words(listing: Listing, rest: Any, wanted: dict[str, str]) -> None:
    """Type and time in force as documented; the client id is the attempt key, the section that of the product."""
    request = BinanceOrders(desk()[0]).place(ask(listing, rest=rest))
    common = {"symbol": "BTCUSDT", "newClientOrderId": KEY, "quantity": "0.01", "price": "51000"}
    assert request.params == common | wanted | {"side": "BUY" if listing is SPOT else "SELL"}
    assert request.api == ("private" if listing is SPOT else "fapiPrivate")


def test_the_receive_window_ends_at_the_fence() -> None:
    """1.5 s before the fence the window is 1.5 s."""
    request, headers, window = BinanceWire().fenced(Request("private", "POST", "order", {"symbol": "BTCUSDT"}), 10_000, 8_500)
    assert (request.params["recvWindow"], headers, window) == (1500, {}, None)


def test_a_full_answer_gives_fills_with_their_fees() -> None:
    """0.01 BTC for 500 USDT, 0.00001 BTC of it the fee: one request and nothing read."""
    here, connection = desk()
    seen = written(BinanceOrders(here), ask(SPOT), FULL)
    (effect,) = here.keys.effects(seen.fills)
    assert (seen.state, seen.at, seen.complete, connection.asked) == (State.FILLED, 1760000000000, True, [])
    assert (effect.id, effect.order) == ("binance:trade:BTC/USDT:56", KEY)
    assert dict(effect.lines) == {"binance:balance:BTC": D("0.00999"), "binance:balance:USDT": D(-500)}


def test_a_fee_in_a_third_coin_is_a_line_of_its_own() -> None:
    """The discount takes 0.0008 BNB: the BTC arrives whole."""
    here, _ = desk()
    answer = FULL | {"fills": [FULL["fills"][0] | {"commission": "0.0008", "commissionAsset": "BNB"}]}  # type: ignore[index]
    (effect,) = here.keys.effects(written(BinanceOrders(here), ask(SPOT), answer).fills)
    assert dict(effect.lines)["binance:balance:BNB"] == D("-0.0008")
    assert dict(effect.lines)["binance:balance:BTC"] == D("0.01")


def test_what_binance_rounded_of_a_value_is_as_it_says() -> None:
    """ETH/BTC has ticks of 0.00001 and lots of 0.0001, which multiply to nine decimals; a balance has eight. Three executions of 0.1235
    at 0.03513 are 0.013015665 by price and quantity: 0.01301564 were paid, by the order and by its trades alike."""
    market = Listing("ETH/BTC", "ETHBTC", D(1), D("0.0001"), D("0.00001"))
    each: dict[str, Any] = {"price": "0.03513", "qty": "0.1235", "commission": "0.0001", "commissionAsset": "ETH"}
    trades = [each | {"id": 56 + n, "orderId": 28, "quoteQty": paid, "time": 1, "isBuyer": True} for n, paid in enumerate(
        ("0.00433855", "0.00433855", "0.00433854"))]  # fmt: skip
    here, _ = desk({"order": FULL | {"executedQty": "0.3705", "updateTime": 1, "time": 1}, "myTrades": trades})
    answer = FULL | {
        "symbol": "ETHBTC", "executedQty": "0.3705", "cummulativeQuoteQty": "0.01301564",
        "fills": [each | {"tradeId": 56}, each | {"tradeId": 57}, each | {"tradeId": 58}],
    }  # fmt: skip
    asked = ask(SPOT)._replace(listing=market, quantity=D("0.3705"))
    looked = run(BinanceOrders(here).look(asked))
    assert looked is not None
    for seen in (written(BinanceOrders(here), asked, answer), looked):
        assert deltas(here.keys.effects(seen.fills))["binance:balance:BTC"] == D("-0.01301564")


def test_a_fee_that_is_missing_is_read_from_the_trades() -> None:
    """An unknown fee is not zero."""
    trade = {
        "symbol": "BTCUSDT", "id": 56, "orderId": 28, "price": "50000.00", "qty": "0.01", "quoteQty": "500", "commission": "0.00001",
        "commissionAsset": "BTC", "time": 1760000000001, "isBuyer": True, "isMaker": False,
    }  # fmt: skip
    here, connection = desk({"myTrades": [trade]})
    answer = FULL | {"fills": [{"price": "50000", "qty": "0.01", "tradeId": 56}]}
    seen = written(BinanceOrders(here), ask(SPOT), answer)
    assert [each.path for each in connection.asked] == ["myTrades"]
    assert seen.fills[0].fees == (("BTC", D("0.00001")),)


def test_a_futures_result_is_one_fill_at_the_account_s_rate() -> None:
    """A short of 0.01 BTC at 50000: cost -500, and 0.05 % of it the fee, without another request."""
    here, connection = desk()
    seen = written(BinanceOrders(here), ask(PERP), RESULT)
    (effect,) = here.keys.effects(seen.fills, Position(D(0), D(0)))
    assert connection.asked == []
    assert effect.id == "binance:trade:BTC/USDT:USDT:order1"
    assert dict(effect.lines) == {
        "binance:perp:BTC/USDT:USDT": D("-0.01"), "binance:entry:BTC/USDT:USDT": D(-500), "binance:collateral:USDT": D("-0.25"),
    }  # fmt: skip


def test_a_look_up_tells_the_same_fill_under_the_same_id_and_what_its_fee_was_off_by() -> None:
    """Executions say 0.20 where the rate says 0.25: the same fill, and a correction of 0.05."""
    here, _ = desk({"order": RESULT | {"time": 1757400000000}, "userTrades": [USER_TRADE | {"commission": "0.20"}]})
    seen = run(BinanceOrders(here).look(ask(PERP)))
    assert seen is not None
    told = here.keys.effects(seen.fills)
    assert [effect.id for effect in told] == ["binance:trade:BTC/USDT:USDT:order1", "binance:trade:BTC/USDT:USDT:order1-fee"]
    assert deltas(told)["binance:collateral:USDT"] == D("-0.20")


def test_history_tells_the_fills_of_sends_and_look_ups_under_the_same_ids() -> None:
    """Trades carry no client id: it comes from the order."""
    here, _ = desk({"userTrades": [USER_TRADE], "allOrders": [RESULT | {"time": 1760000000000}], "openOrders": [], "income": []})
    happened = run(BinanceHistory(here).since([PERP], (), 1759999999999))
    (effect,) = effects_of(happened, here.keys)
    assert (effect.id, effect.order) == ("binance:trade:BTC/USDT:USDT:order1", KEY)


def forgotten(traded: int) -> Any:
    """A desk where a trade of that moment is listed, whose order is not known."""
    nowhere = {"code": -2013, "msg": "Order does not exist."}
    trade = USER_TRADE | {"time": traded}
    here, _ = desk({"userTrades": [trade], "allOrders": [], "order": nowhere, "openOrders": [], "income": []})
    return here


def test_a_trade_whose_order_binance_does_not_know_any_more_is_nobody_s() -> None:
    """It was placed more than 90 days ago, say: history has the trade all the same, under its own id, and a run can start."""
    here = forgotten(NOW - 3_600_000)
    (effect,) = effects_of(run(BinanceHistory(here).since([PERP], (), NOW - 4_000_000)), here.keys)
    assert (effect.id, effect.order) == ("binance:trade:BTC/USDT:USDT:698759", None)


def test_a_trade_that_is_shown_before_its_order_is_asked_for_again() -> None:
    """It may be ours: a second after it nobody can tell whose it is."""
    with pytest.raises(Said, match="-2013"):
        run(BinanceHistory(forgotten(NOW - 1000)).since([PERP], (), NOW - 2000))


def test_an_order_that_can_rest_is_told_execution_by_execution() -> None:
    """More executions may come: each has an id of its own."""
    order = RESULT | {"timeInForce": "GTC", "status": "PARTIALLY_FILLED", "time": 1757400000000}
    here, _ = desk({"order": order, "userTrades": [USER_TRADE]})
    seen = run(BinanceOrders(here).look(ask(PERP, rest="gtc")))
    assert seen is not None
    assert (seen.state, seen.fills[0].id) == (State.PARTIAL, "698759")


def test_income_is_funding_and_transfers_and_not_what_trades_tell() -> None:
    """-0.37 of funding was paid; COMMISSION and REALIZED_PNL belong to trades."""
    rows = [
        {"symbol": "BTCUSDT", "incomeType": kind, "income": "-0.37", "asset": "USDT", "time": 1760000000000, "tranId": 9, "tradeId": ""}
        for kind in ("FUNDING_FEE", "COMMISSION", "REALIZED_PNL")
    ]
    here, _ = desk({"userTrades": [], "openOrders": [], "income": rows})
    (effect,) = effects_of(run(BinanceHistory(here).since([PERP], ("futures",), 0)), here.keys)
    assert (effect.id, effect.kind, effect.lines) == ("binance:funding:BTCUSDT:9", "funding", (("binance:collateral:USDT", D("-0.37")),))


def test_settlements_of_two_types_under_one_number_are_two() -> None:
    """`tranId` is unique among rows of one type only (Binance's documentation of `income`)."""
    rows = [
        {"symbol": "BTCUSDT", "incomeType": kind, "income": paid, "asset": "USDT", "time": 1760000000000, "tranId": 9, "tradeId": ""}
        for kind, paid in (("INSURANCE_CLEAR", "-3"), ("API_REBATE", "0.5"))
    ]
    here, _ = desk({"userTrades": [], "openOrders": [], "income": rows})
    effects = list(effects_of(run(BinanceHistory(here).since([PERP], ("futures",), 0)), here.keys))
    assert len({effect.id for effect in effects}) == 2
    assert deltas(effects) == {"binance:collateral:USDT": D("-2.5")}


@pytest.mark.parametrize(("row", "told"), [({"status": 6}, 1), ({"status": 0}, 0), ({"status": 7}, 0)])
def test_a_deposit_is_told_when_it_came_into_the_balance(row: dict[str, int], told: int) -> None:
    """Binance lists it by when it was first seen, which is before the last reading; status 6 may not be withdrawn yet."""
    since = 1760000000000
    came = {"id": "7", "amount": "5", "coin": "USDT", "insertTime": since - 600_000, "completeTime": since + 5000, "walletType": 0} | row

    def listed(request: Request) -> Any:
        return [came] if request.params["startTime"] <= came["insertTime"] and "status" not in request.params else []

    answers = {"asset/transfer": {"total": 0}, "income": [], "capital/withdraw/history": [], "capital/deposit/hisrec": listed}
    here, _ = desk(answers, network=Network.MAINNET)
    changes = run(BinanceHistory(here).since([], ("spot",), since)).changes
    assert [(each.id, each.at) for each in changes] == [("7", since + 5000)] * told


def test_a_transfer_from_elsewhere_into_the_futures_wallet_is_told_once() -> None:
    """From margin or a sub-account: the income alone has it. Those between the account's own wallets are told with both."""
    income = {"symbol": "", "incomeType": "TRANSFER", "income": "500", "asset": "USDT", "time": 1760000000000, "tranId": 1, "tradeId": ""}
    own = {"asset": "USDT", "amount": "20", "type": "MAIN_UMFUTURE", "status": "CONFIRMED", "tranId": 2, "timestamp": 1759999999000}

    def transfers(request: Request) -> Any:
        return {"total": 1, "rows": [own]} if request.params["type"] == "MAIN_UMFUTURE" else {"total": 0}

    answers = {
        "asset/transfer": transfers, "income": [income, income | {"income": "20.0", "tranId": 3}],
        "capital/withdraw/history": [], "capital/deposit/hisrec": [],
    }  # fmt: skip
    here, _ = desk(answers, network=Network.MAINNET)
    effects = list(effects_of(run(BinanceHistory(here).since([], ("futures",), 0)), here.keys))
    assert deltas(effects) == {"binance:collateral:USDT": D(520), "binance:balance:USDT": D(-20)}
    assert len(effects) == 2


def test_a_withdrawal_is_booked_as_binance_lists_it() -> None:
    """100 and an expected fee of 1.5 were applied for; Binance took 4, so that 97.5 arrives."""
    row = {
        "id": "b6ae", "amount": "97.5", "transactionFee": "4", "coin": "USDT", "status": 4, "applyTime": "2025-10-09 08:53:20",
        "withdrawOrderId": KEY, "walletType": 0,
    }  # fmt: skip
    here, _ = desk({"capital/withdraw/history": [row]}, network=Network.MAINNET)
    moved = run(BinanceMoves(here).look(Move(KEY, "USDT", D(100), "spot", address="0xaa", chain="ERC20", fee=D("1.5"), at=NOW)))
    assert moved is not None
    assert (moved.amount, moved.fee) == (D("97.5"), D(4))


def test_deposits_and_withdrawals_are_of_the_wallet_that_binance_names() -> None:
    """`walletType` 1 is the funding wallet."""
    came = {"id": "7", "amount": "5", "coin": "USDT", "status": 1, "insertTime": 1760000000000}
    went = {"id": "8", "amount": "2", "transactionFee": "1", "coin": "USDT", "status": 6, "applyTime": "2025-10-09 08:53:20"}
    answers = {
        "asset/transfer": {"total": 0}, "income": [], "capital/withdraw/history": [went | {"walletType": 1}],
        "capital/deposit/hisrec": [came | {"walletType": 0}, came | {"id": "9", "walletType": 1}],
    }  # fmt: skip
    here, _ = desk(answers, network=Network.MAINNET)
    effects = effects_of(run(BinanceHistory(here).since([], ("spot", "funding"), 0)), here.keys)
    assert deltas(effects) == {"binance:balance:USDT": D(5), "binance:balance:funding/USDT": D(2)}


def test_an_answer_about_another_order_or_without_an_id_says_nothing() -> None:
    """Both are unreadable, and the outcome therefore unknown."""
    orders = BinanceOrders(desk()[0])
    for answer in (FULL | {"clientOrderId": "someone"}, {key: value for key, value in FULL.items() if key != "orderId"}, {}):
        with pytest.raises(Unreadable):
            orders.number(answer, ask(SPOT))


def test_an_unknown_order_status_is_unknown() -> None:
    """Not a crash, not a default."""
    here, _ = desk({"order": FULL | {"status": "NOVEL", "executedQty": "0", "updateTime": 1}})
    seen = run(BinanceOrders(here).look(ask(SPOT)))
    assert seen is not None
    assert seen.state is State.UNKNOWN


def test_an_archived_order_had_no_fill() -> None:
    """-2026."""
    here, _ = desk({"order": {"code": -2026, "msg": "Order was canceled or expired with no executed qty over 90 days ago."}})
    seen = run(BinanceOrders(here).look(ask(SPOT)))
    assert seen is not None
    assert (seen.state, seen.fills) == (State.CANCELLED, ())


def test_holdings_are_wallet_balances_without_unrealised_profit() -> None:
    """Spot: free and locked. Futures: walletBalance; the position's cost is value less profit: -495 - 5 = -500."""
    position = {"symbol": "BTCUSDT", "positionSide": "BOTH", "positionAmt": "-0.010", "unrealizedProfit": "5", "notional": "-495"}
    here, connection = desk(
        {
            "account": lambda request: (
                {"balances": [{"asset": "BTC", "free": "1.0", "locked": "0.5"}]}
                if request.api == "private"
                else {"assets": [{"asset": "USDT", "walletBalance": "1000", "marginBalance": "1005"}], "positions": [position]}
            )
        }
    )
    holdings = run(BinanceAccount(here).holdings({"spot", "futures", "perpetuals"}))
    assert holdings.wallets["spot"] == {"BTC": D("1.5")}
    assert holdings.wallets["futures"] == {"USDT": D(1000)}
    assert holdings.perpetuals == {"BTC/USDT:USDT": Position(D("-0.010"), D(-500))}
    assert len(connection.asked) == 2


@pytest.mark.parametrize("second", ["0.010", ""])
def test_a_position_that_cannot_be_told_is_not_made_up(second: str) -> None:
    """On both sides, or without a size: neither is the other's size or zero."""
    long = {"symbol": "BTCUSDT", "positionSide": "LONG", "positionAmt": "0.020", "unrealizedProfit": "0", "notional": "1000"}
    here, _ = desk({"account": {"assets": [], "positions": [long, long | {"positionSide": "SHORT", "positionAmt": second}]}})
    with pytest.raises(Unreadable):
        run(BinanceAccount(here).holdings({"perpetuals"}))


def test_a_flat_row_does_not_hide_an_open_position() -> None:
    """As of a market with an order in its book."""
    row = {"symbol": "BTCUSDT", "positionSide": "BOTH", "positionAmt": "0.020", "unrealizedProfit": "0", "notional": "1000"}
    flat = row | {"positionAmt": "0.000", "notional": "0"}
    here, _ = desk({"account": {"assets": [], "positions": [row, flat]}})
    assert run(BinanceAccount(here).holdings({"perpetuals"})).perpetuals == {"BTC/USDT:USDT": Position(D("0.020"), D(1000))}


def test_markets_are_read_with_their_filters() -> None:
    """Step, tick, minimum and notional of spot; the rate of the perpetual."""
    filters = [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01000000", "maxPrice": "1000000.00000000", "tickSize": "0.01000000"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000"},
        {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True},
    ]
    perpetual = [
        {"filterType": "PRICE_FILTER", "tickSize": "0.10"},
        {"stepSize": "0.001", "filterType": "LOT_SIZE", "maxQty": "1000", "minQty": "0.001"},
        {"filterType": "MIN_NOTIONAL", "notional": "100"},
    ]

    def info(request: Request) -> Any:
        if request.api == "public":
            return {"symbols": [{"symbol": "BTCUSDT", "status": "TRADING", "filters": filters}]}
        row = {"symbol": "BTCUSDT", "status": "TRADING", "contractType": "PERPETUAL", "filters": perpetual}
        return {"symbols": [row, row | {"contractType": "CURRENT_QUARTER", "symbol": "BTCUSDT_261225"}]}

    _, connection = desk({"exchangeInfo": info, "commissionRate": {"symbol": "BTCUSDT", "takerCommissionRate": "0.0004"}})
    found = {each.symbol: each for each in run(BinanceMarkets(connection).read(["BTC/USDT", "BTC/USDT:USDT"]))}
    assert found["BTC/USDT"] == Listing("BTC/USDT", "BTCUSDT", D(1), D("0.00001"), D("0.01"), D("0.00001"), D(9000), D(5))
    wanted = Listing("BTC/USDT:USDT", "BTCUSDT", D(1), D("0.001"), D("0.1"), D("0.001"), D(1000), D(100), taker=D("0.0004"))
    assert found["BTC/USDT:USDT"] == wanted


def test_quotes_are_mid_prices_and_marks() -> None:
    """(49999 + 50001) / 2, and the mark with its funding rate."""
    _, connection = desk(
        {
            "ticker/bookTicker": {"symbol": "BTCUSDT", "bidPrice": "49999", "bidQty": "1", "askPrice": "50001", "askQty": "2"},
            "premiumIndex": {"symbol": "BTCUSDT", "markPrice": "50000", "lastFundingRate": "0.0001", "time": 1760000000000},
        }
    )
    quotes = BinanceQuotes(connection)
    assert run(quotes.figures("BTC/USDT")).price == D(50_000)
    perpetual = run(quotes.figures("BTC/USDT:USDT"))
    assert (perpetual.price, perpetual.funding, perpetual.at) == (D(50_000), D("0.0001"), 1760000000000)


def test_demo_trading_refuses_moves_with_a_sentence() -> None:
    """Neither transfers nor withdrawals."""
    moves = BinanceMoves(desk()[0])
    for inside in (True, False):
        assert "Binance demo trading has no" in (moves.lacking(Network.TESTNET, inside=inside) or "")
        assert moves.lacking(Network.MAINNET, inside=inside) is None


def test_two_transfers_alike_cannot_be_told_apart() -> None:
    """Binance keeps no key: one candidate is ours, with two nobody knows."""
    row = {"asset": "USDT", "amount": "10", "type": "MAIN_UMFUTURE", "status": "CONFIRMED", "tranId": 1, "timestamp": 1760000000000}
    move = Move(KEY, "USDT", D(10), "spot", "futures", at=1760000000000)
    for count, state in ((1, State.FILLED), (2, State.UNKNOWN)):
        here, _ = desk({"asset/transfer": {"total": count, "rows": [row | {"tranId": number} for number in range(1, count + 1)]}})
        moved = run(BinanceMoves(here).look(move))
        assert moved is not None
        assert moved.state is state


def test_a_transfer_is_known_by_the_id_that_its_answer_named() -> None:
    """Without that by all else that is known of it, but for what an earlier transfer was."""
    row = {"asset": "USDT", "amount": "10", "type": "MAIN_UMFUTURE", "status": "CONFIRMED", "timestamp": 1760000000000}
    moves = BinanceMoves(desk({"asset/transfer": {"total": 2, "rows": [row | {"tranId": 1}, row | {"tranId": 2}]}})[0])
    move = Move(KEY, "USDT", D(10), "spot", "futures", at=1760000000000)
    for known, wanted in (({"number": "2"}, "2"), ({"others": ("1",)}, "2"), ({"number": "3"}, None), ({"others": ("1", "2")}, None)):
        moved = run(moves.look(move._replace(**known)))
        assert (moved and moved.id) == wanted, known


def test_an_empty_list_of_transfers_is_one_only_where_the_total_says_so() -> None:
    """Binance leaves the rows out then: no such transfer. Without rows and total nothing is known, and it is not sent again for that."""
    move = Move(KEY, "USDT", D(10), "spot", "futures", at=1760000000000)
    for empty in ({"total": 0}, {"total": "0", "rows": None}, {"total": 0, "rows": []}):
        assert run(BinanceMoves(desk({"asset/transfer": empty})[0]).look(move)) is None
    for answer in ({}, {"total": 1}, {"total": 1, "rows": None}, {"rows": None}, []):
        here, _ = desk({"asset/transfer": answer, "income": []}, network=Network.MAINNET)
        with pytest.raises(Unreadable):
            run(BinanceMoves(here).look(move))
        with pytest.raises(Unreadable):
            run(BinanceHistory(here).since([], ("spot",), 1760000000000))


def test_a_transfer_is_found_beyond_the_first_page() -> None:
    """A hundred others of the same kind come before it."""
    row = {"asset": "USDT", "amount": "1", "type": "MAIN_UMFUTURE", "status": "CONFIRMED", "tranId": 1, "timestamp": 1760000000000}

    def page(request: Request) -> Any:
        if request.params.get("current") == 2:
            return {"total": 101, "rows": [row | {"amount": "10", "tranId": 7}]}
        return {"total": 101, "rows": [row] * 100}

    moved = run(BinanceMoves(desk({"asset/transfer": page})[0]).look(Move(KEY, "USDT", D(10), "spot", "futures", at=1760000000000)))
    assert moved is not None
    assert moved.id == "7"


def test_a_full_page_of_transfers_may_be_the_last() -> None:
    """The total says so: a page after it, of which Binance would leave the rows out, is not asked for."""
    row = {"asset": "USDT", "amount": "1", "type": "MAIN_UMFUTURE", "status": "CONFIRMED", "tranId": 1, "timestamp": 1760000000000}

    def page(request: Request) -> Any:
        return {"total": 100} | ({} if "current" in request.params else {"rows": [row] * 100})

    here, connection = desk({"asset/transfer": page})
    assert run(BinanceMoves(here).look(Move(KEY, "USDT", D(10), "spot", "futures", at=1760000000000))) is None
    assert len(connection.asked) == 1


REFUSED = {
    Proof.FATAL: [-1022, -2014, -2015, -1002, -1099, -2008, -1109],
    Proof.FILTER: [-1013, -1111, -4002, -4003, -4013, -4014, -4016, -4023, -4028, -4004, -4005, -4141, -4164],
    Proof.REFUSED: [
        *(-1100, -1101, -1102, -1103, -1104, -1105, -1106, -1114, -1115, -1116, -1117, -1118, -1128, -1130, -1121, -1016, -1020, -2010),
        *(-2018, -2019, -2024, -4050, -4051, -2025, -2027, -2028, -4015, -4047, -4048, -4067, -4068, -4061, -4118, -4131, -4140),
        *(-4007, -4018, -4021, -4022, -4033, -5021, -5022, -3041, -4026, -4024, -4025, -5002, -5003, -5013, -6012, -9000),
    ],
    Proof.PACE: [-1003, -1015],
    Proof.CLOCK: [-1021],
    Proof.LATE: [-5028],
}
UNPROVEN = [-1000, -1001, -1006, -1007, -1008, -2011, -2013, -4116, -4115, -2020, -2023, -31337]


@pytest.mark.parametrize(("code", "proof"), [(code, proof) for proof, codes in REFUSED.items() for code in codes])
def test_a_listed_code_proves_what_the_reference_says(code: int, proof: Proof) -> None:
    """In a 400, yes; inside a 5xx nothing is proven."""
    assert PROOFS.of(Said(400, str(code), "words")) is proof
    assert PROOFS.of(Said(503, str(code), "words")) is None


@pytest.mark.parametrize("code", UNPROVEN)
def test_every_other_code_proves_nothing(code: int) -> None:
    """Timeouts, disconnections, duplicates, cancel answers, and codes that nobody has seen yet."""
    assert PROOFS.of(Said(400, str(code), "words")) is None


def test_a_duplicate_is_looked_up_by_its_words() -> None:
    """-2010 means many things; duplicate is no refusal. A reduce-only refusal is one on futures alone."""
    assert PROOFS.of(Said(400, "-2010", "Duplicate order sent.")) is None
    assert PROOFS.of(Said(400, "-2010", "Account has insufficient balance for requested action.")) is Proof.REFUSED
    assert PROOFS.of(Said(400, "-2022", "ReduceOnly Order is rejected.")) is Proof.REFUSED
    assert PROOFS.of(Said(400, "-2022", "Order cancel-replace failed.")) is None


def test_bare_statuses_are_judged_too() -> None:
    """429 and 418 were not carried out; 401 without a body neither; a 404 proves nothing."""
    assert [PROOFS.of(Said(status, "", "")) for status in (429, 418, 401, 404, 301)] == [Proof.PACE, Proof.PACE, Proof.FATAL, None, None]

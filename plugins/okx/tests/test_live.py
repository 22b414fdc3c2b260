"""OKX's wire: what is asked of it, and what its real answers (shapes as recorded) come to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from basis_venues.errors import TryAgainLater
from basis_venues.network import Network
from basis_venues.orders import deltas
from basis_venues.states import State
from basis_venues_ccxt.live import Ask, Listing, Move, Position, Proof, Request, Said, Stated, Unreadable
from basis_venues_ccxt.live.history import effects_of
from basis_venues_ccxt.live.testing import NOW, make_desk, run, told_by_ledger, written
from basis_venues_okx.account import OkxAccount
from basis_venues_okx.history import OkxHistory
from basis_venues_okx.markets import OkxMarkets
from basis_venues_okx.moves import OkxMoves
from basis_venues_okx.orders import OkxOrders
from basis_venues_okx.quotes import OkxQuotes
from basis_venues_okx.refusals import PROOFS
from basis_venues_okx.trades import bill, fill
from basis_venues_okx.wire import OkxWire

D = Decimal
SPOT = Listing("BTC/USDT", "BTC-USDT", D(1), D("0.00000001"), D("0.1"))
SWAP = Listing("BTC/USDT:USDT", "BTC-USDT-SWAP", D("0.01"), D("0.0001"), D("0.1"))
KEY = "bv0123456789abcdefghijklmnopqrst"
ACK = {"clOrdId": KEY, "ordId": "312", "tag": "", "ts": "1760000000000", "sCode": "0", "sMsg": ""}
FILL = {
    "instType": "SPOT", "instId": "BTC-USDT", "tradeId": "99", "ordId": "312", "clOrdId": KEY, "billId": "1", "tag": "", "fillPx": "50000",
    "fillSz": "0.01", "side": "buy", "posSide": "net", "execType": "T", "feeCcy": "BTC", "fee": "-0.00001", "ts": "1760000000000",
    "fillTime": "1760000000000", "feeRate": "-0.001",
}  # fmt: skip
SWAP_FILL = FILL | {
    "instType": "SWAP", "instId": "BTC-USDT-SWAP", "fillSz": "1", "side": "sell", "feeCcy": "USDT", "fee": "-0.25", "fillPnl": "3"
}  # fmt: skip
BILL = {
    "billId": "7001", "ccy": "USDT", "type": "2", "subType": "4", "instType": "SWAP", "instId": "BTC-USDT-SWAP", "mgnMode": "cross",
    "balChg": "2.75", "bal": "10002.75", "posBalChg": "0", "posBal": "0", "sz": "1", "px": "50000", "pnl": "3", "fee": "-0.25",
    "ordId": "312", "clOrdId": KEY, "tradeId": "99", "execType": "T", "from": "", "to": "", "notes": "", "interest": "0", "tag": "",
    "ts": "1760000000001", "fillTime": "1760000000000",
}  # fmt: skip
BOUGHT = BILL | {
    "instType": "SPOT", "instId": "BTC-USDT", "subType": "1", "mgnMode": "cash", "ccy": "BTC", "sz": "0.01", "fee": "-0.00001",
    "balChg": "0.00999", "bal": "1.00999", "pnl": "0",
}  # fmt: skip
PAID = BOUGHT | {"billId": "7002", "ccy": "USDT", "sz": "500", "fee": "0", "balChg": "-500", "bal": "9500"}
ORDER = {
    "instType": "SWAP", "instId": "BTC-USDT-SWAP", "ordId": "312", "clOrdId": KEY, "px": "", "sz": "1", "pnl": "0", "ordType": "ioc",
    "side": "sell", "posSide": "net", "tdMode": "cross", "accFillSz": "1", "fillPx": "50000", "tradeId": "99", "fillSz": "1",
    "fillTime": "1760000000000", "state": "filled", "avgPx": "50000", "lever": "5", "feeCcy": "USDT", "fee": "-0.25",
    "uTime": "1760000000001", "cTime": "1760000000000", "reduceOnly": "false", "cancelSource": "", "cancelSourceReason": "",
}  # fmt: skip


def ask(listing: Listing, **changes: Any) -> Ask:
    """0.01 BTC, immediate or cancel: one contract of the swap."""
    size = listing.to_venue(D("0.01"))
    return Ask(listing, KEY, "buy" if listing is SPOT else "sell", D("0.01"), size, "51000", "ioc", at=1759999999990)._replace(**changes)


def data(*rows: Any) -> dict[str, Any]:
    """A success."""
    return {"code": "0", "msg": "", "data": list(rows)}


def desk(answers: dict[str, Any] | None = None) -> Any:
    """A desk on which both BTC markets are listed; the bills lag unless they are among the answers."""
    return make_desk("okx", OkxWire(), [SPOT, SWAP], {"account/bills": data()} | (answers or {}))


@pytest.mark.parametrize(("rest", "wanted"), [("ioc", "ioc"), ("fok", "fok"), ("gtc", "limit"), ("post_only", "post_only")])
def test_each_kind_of_order_is_written_in_okx_s_words(rest: Any, wanted: str) -> None:
    """A swap's size counts contracts: 0.01 BTC is one. Only the price of an order that takes at once may be moved inside OKX's limits."""
    request = OkxOrders(desk()[0]).place(ask(SWAP, rest=rest, reduce_only=True))
    assert request.path == "trade/order"
    assert request.params == {
        "instId": "BTC-USDT-SWAP", "tdMode": "cross", "side": "sell", "ordType": wanted, "sz": "1", "px": "51000", "clOrdId": KEY,
        "reduceOnly": True, **({"pxAmendType": "1"} if rest == "ioc" else {}),
    }  # fmt: skip


def test_the_deadline_is_a_header_of_the_order() -> None:
    """In the body it would do nothing."""
    order = Request("private", "POST", "trade/order")
    assert (OkxWire().fenced(order, 10_000, 8_500), OkxWire().grace(order)) == ((order, {"expTime": "10000"}, None), 0)


def test_a_transfer_leaves_half_a_minute_before_its_fence_or_not_at_all() -> None:
    """OKX heeds no deadline of it, and takes it for 30 s after it was signed."""
    move = Request("private", "POST", "asset/transfer")
    assert (OkxWire().fenced(move, 40_000, 9_999), OkxWire().grace(move)) == ((move, {}, None), 30_000)
    with pytest.raises(TryAgainLater, match="its deadline passed"):
        OkxWire().fenced(move, 40_000, 10_000)


def test_the_demo_header_is_demanded_on_the_testnet_and_forbidden_on_mainnet() -> None:
    """Demo and real money are on one host."""
    assert OkxWire.headers == {Network.TESTNET: ("x-simulated-trading", "1"), Network.MAINNET: ("x-simulated-trading", None)}


def test_one_read_after_the_acknowledgement_is_enough_for_an_order_that_is_filled() -> None:
    """0.01 BTC for 500 USDT; -0.00001 is a fee that was paid."""
    here, connection = desk({"trade/fills": data(FILL)})
    seen = written(OkxOrders(here), ask(SPOT), data(ACK))
    (effect,) = here.keys.effects(seen.fills)
    assert (seen.state, [each.path for each in connection.asked]) == (State.FILLED, ["account/bills", "trade/fills"])
    assert (effect.id, effect.order) == ("okx:trade:BTC/USDT:99", KEY)
    assert dict(effect.lines) == {"okx:balance:BTC": D("0.00999"), "okx:balance:USDT": D(-500)}


def test_contracts_become_coins() -> None:
    """One contract of 0.01 BTC sold at 50000, 3 realised, 0.25 paid."""
    here, _ = desk({"trade/fills": data(SWAP_FILL)})
    (effect,) = here.keys.effects(written(OkxOrders(here), ask(SWAP), data(ACK)).fills)
    assert dict(effect.lines) == {
        "okx:perp:BTC/USDT:USDT": D("-0.01"), "okx:entry:BTC/USDT:USDT": D(-497), "okx:balance:USDT": D("2.75"),
    }  # fmt: skip


def test_a_rebate_is_received() -> None:
    """A fee above zero is money back."""
    here, _ = desk({"trade/fills": data(SWAP_FILL | {"fee": "0.1", "fillPnl": "0"})})
    (effect,) = here.keys.effects(written(OkxOrders(here), ask(SWAP), data(ACK)).fills)
    assert dict(effect.lines)["okx:balance:USDT"] == D("0.1")


def test_fills_that_are_not_listed_yet_keep_the_order_open() -> None:
    """The order says filled and no fill is shown: not complete, and so not over."""
    here, _ = desk({"trade/fills": data(), "trade/fills-history": data(), "trade/order": data(ORDER)})
    seen = written(OkxOrders(here), ask(SWAP), data(ACK))
    assert (seen.state, seen.complete) == (State.FILLED, False)


def test_the_bill_of_a_swap_tells_its_fill_as_the_fill_itself_does() -> None:
    """The same effect under the same id from one read of the bills, beside the balance that it left."""
    here, connection = desk({"account/bills": data(BILL, BILL | {"ordId": "311", "tradeId": "98"})})
    stated = told_by_ledger(here, OkxOrders(here), ask(SWAP), data(ACK), fill(SWAP_FILL, SWAP))
    assert stated == Stated(1760000000001, {"USDT": D("10002.75")})
    (asked,) = connection.asked
    assert (asked.path, asked.params) == ("account/bills", {"instType": "SWAP", "type": "2", "begin": 1759999999990, "limit": 100})


def test_the_bills_of_a_spot_trade_tell_it_in_two() -> None:
    """One for each coin, its size in that coin: the effect of the fill, and what both coins came to."""
    here, connection = desk({"account/bills": data(PAID, BOUGHT)})
    stated = told_by_ledger(here, OkxOrders(here), ask(SPOT), data(ACK), fill(FILL, SPOT))
    assert stated == Stated(1760000000001, {"USDT": D(9500), "BTC": D("1.00999")})
    assert [each.params["instType"] for each in connection.asked] == ["SPOT"]


def test_the_bill_that_okx_documents_is_read() -> None:
    """The example of OKX's own page: sz 0.021955779 USDT, of which 0.000021955779 went for the fee, at 27105.9 for one BTC."""
    documented = PAID | {
        "bal": "8694.2179403378290202", "balChg": "0.0219338232210000", "fee": "-0.000021955779", "px": "27105.9", "sz": "0.021955779",
        "fillTime": "1695033476166", "ts": "1695033476167", "tradeId": "586760148",
    }  # fmt: skip
    line = bill(documented, SPOT, "sell")
    assert (line.asset, line.change, line.balance) == ("USDT", D("0.0219338232210000"), D("8694.2179403378290202"))
    assert line.change == line.quantity - line.fee
    assert line.quantity / line.price == D("0.00000081")


def test_a_bill_that_moves_margin_as_well_states_no_balance() -> None:
    """Isolated margin leaves the wallet with the trade: the change is more than profit and fee, and the wallet is to be read."""
    here, _ = desk({"account/bills": data(BILL | {"balChg": "-97.25", "posBalChg": "100"})})
    seen = written(OkxOrders(here), ask(SWAP), data(ACK))
    assert (seen.state, seen.stated) == (State.FILLED, None)


@pytest.mark.parametrize(
    ("row", "rest", "state"),
    [
        ({"state": "canceled", "accFillSz": "0"}, "ioc", State.EXPIRED),
        ({"state": "canceled", "accFillSz": "0"}, "gtc", State.CANCELLED),
        ({"state": "live", "accFillSz": "0"}, "gtc", State.ACCEPTED),
        ({"state": "novel", "accFillSz": "0"}, "gtc", State.UNKNOWN),
        ({"state": "canceled", "accFillSz": "1"}, "gtc", State.CANCELLED),
    ],
)
def test_every_state_has_its_own(row: dict[str, str], rest: Any, state: State) -> None:
    """What could not rest expires; a cancelled order may have fills; what nobody knows is unknown."""
    here, _ = desk({"trade/order": data(ORDER | row), "trade/fills": data(SWAP_FILL)})
    seen = run(OkxOrders(here).look(ask(SWAP, rest=rest)))
    assert seen is not None
    assert (seen.state, len(seen.fills)) == (state, int(row["accFillSz"]))


def test_a_refusal_in_the_row_is_one_whatever_the_envelope_says() -> None:
    """Codes 1 and 2 of the envelope, and 0 as well: the row's own code counts."""
    wire = OkxWire()
    row = ACK | {"sCode": "51008", "sMsg": "Insufficient balance", "ordId": ""}
    for code in ("0", "1", "2"):
        failure = wire.failure({"code": code, "msg": "", "data": [row]})
        assert failure is not None
        assert failure.code == "51008"
    assert wire.failure(data(ACK)) is None
    assert wire.failure({"data": []}) is not None


def test_an_answer_about_another_order_or_without_an_id_says_nothing() -> None:
    """All are unreadable, and the outcome therefore unknown."""
    orders = OkxOrders(desk()[0])
    for answer in (data(ACK | {"clOrdId": "someone"}), data(ACK | {"ordId": ""}), data()):
        with pytest.raises(Unreadable):
            orders.number(answer, ask(SWAP))


def test_holdings_are_cash_without_unrealised_profit_and_positions_in_coins() -> None:
    """`cashBal`, not `eq`; -1 contract at 50000 is -0.01 BTC that cost -500."""
    detail = {"ccy": "USDT", "eq": "1005", "cashBal": "1000", "availEq": "900", "upl": "5"}
    row = {"instId": "BTC-USDT-SWAP", "pos": "-1", "posSide": "net", "avgPx": "50000", "mgnMode": "cross", "lever": "5"}
    here, _ = desk({"account/balance": data({"details": [detail]}), "account/positions": data(row)})
    holdings = run(OkxAccount(here).holdings({"spot", "perpetuals"}))
    assert holdings.wallets["spot"] == {"USDT": D(1000)}
    assert holdings.perpetuals == {"BTC/USDT:USDT": Position(D("-0.01"), D(-500))}


SHORT = {"instId": "BTC-USDT-SWAP", "pos": "-1", "posSide": "net", "avgPx": "50000", "mgnMode": "cross"}


@pytest.mark.parametrize("closed", ["", "0"])
def test_a_position_that_was_closed_is_passed_over(closed: str) -> None:
    """OKX lists it for a while: it neither hides the one that is open nor needs a price."""
    gone = SHORT | {"pos": "0", "avgPx": closed, "mgnMode": "isolated"}
    for listed in ([SHORT, gone], [gone, SHORT]):
        holdings = run(OkxAccount(desk({"account/positions": data(*listed)})[0]).holdings({"perpetuals"}))
        assert holdings.perpetuals == {"BTC/USDT:USDT": Position(D("-0.01"), D(-500))}


@pytest.mark.parametrize(
    "listed",
    [
        [SHORT, SHORT | {"pos": "2", "mgnMode": "isolated"}],
        [SHORT | {"pos": "1", "posSide": "short"}, SHORT | {"pos": "2", "posSide": "long"}],
        [SHORT | {"avgPx": ""}],
        [SHORT | {"pos": ""}],
    ],
)
def test_a_position_that_cannot_be_told_is_not_made_up(listed: list[dict[str, str]]) -> None:
    """In both margin modes, on both sides, without a price or a size: none of it is a size or a cost of zero."""
    with pytest.raises(Unreadable):
        run(OkxAccount(desk({"account/positions": data(*listed)})[0]).holdings({"perpetuals"}))


def test_an_answer_without_an_account_is_no_empty_wallet() -> None:
    """A wallet that holds nothing is an account without details; no account is no answer."""
    empty = run(OkxAccount(desk({"account/balance": data({"details": []})})[0]).holdings({"spot"}))
    assert empty.wallets["spot"] == {}
    with pytest.raises(Unreadable):
        run(OkxAccount(desk({"account/balance": data()})[0]).holdings({"spot"}))


@pytest.mark.parametrize(
    ("told", "fits"), [("495", True), ("480", True), ("520", True), ("-495", True), ("", True), ("49.5", False), ("990", False)]
)
def test_a_position_is_worth_what_okx_says_or_its_contract_is_another(told: str, fits: bool) -> None:
    """0.01 BTC at 49500 are 495 dollars, or nearly where the coin is not quite worth one. A list that says the same when it is read anew
    is not believed either."""
    here, _ = desk({"account/positions": data(SHORT | {"markPx": "49500", "notionalUsd": told})})
    if fits:
        assert run(OkxAccount(here).holdings({"perpetuals"})).perpetuals == {"BTC/USDT:USDT": Position(D("-0.01"), D(-500))}
        return
    with pytest.raises(Unreadable, match=r"worth .* USD at OKX, and 495.00 in contracts of 0.01 BTC"):
        run(OkxAccount(here).holdings({"perpetuals"}))


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"posMode": "long_short_mode"}, "one_way"),
        ({"perm": "read_only"}, "may_trade"),
        ({"acctLv": "1"}, "problems"),
        ({"acctLv": "3"}, "problems"),
        ({"acctLv": "4"}, "problems"),
        ({"autoLoan": True}, "problems"),
    ],
)
def test_an_account_that_is_set_up_otherwise_is_seen(changes: dict[str, Any], trouble: str) -> None:
    """Hedge mode, a key that only reads, a spot-only account, one that takes no plain spot orders, borrowing by itself."""
    config = {"uid": "1", "acctLv": "2", "posMode": "net_mode", "autoLoan": False, "perm": "read_only,trade,withdraw", "ip": ""}
    leverage = data({"lever": "5", "mgnMode": "cross", "instId": "BTC-USDT-SWAP", "posSide": "net"})
    good = run(OkxAccount(desk({"account/config": data(config), "account/leverage-info": leverage})[0]).setup([SWAP]))
    assert (good.owner, good.one_way, good.may_trade, good.may_withdraw, good.problems) == ("1", True, True, True, ())
    assert good.leverage == {"BTC/USDT:USDT": D(5)}
    bad = run(OkxAccount(desk({"account/config": data(config | changes), "account/leverage-info": leverage})[0]).setup([SWAP]))
    assert getattr(bad, trouble) != getattr(good, trouble)


def test_a_spot_account_that_borrows_is_a_problem_in_the_mode_that_does() -> None:
    """A plain order for more than there is would be taken, on credit; outside of spot mode the setting does nothing."""
    config = {"uid": "1", "posMode": "net_mode", "autoLoan": False, "enableSpotBorrow": True, "perm": "read_only,trade"}
    (problem,) = run(OkxAccount(desk({"account/config": data(config | {"acctLv": "1"})})[0]).setup([])).problems
    assert "switch auto-borrow off" in problem
    assert run(OkxAccount(desk({"account/config": data(config | {"acctLv": "2"})})[0]).setup([])).problems == ()


def test_isolated_margin_is_a_problem() -> None:
    """Such margin leaves the wallet that is read."""
    config = {"uid": "1", "acctLv": "2", "posMode": "net_mode", "autoLoan": False, "perm": "read_only,trade"}
    here, _ = make_desk("okx", OkxWire(), [SPOT], {"account/config": data(config)}, margin_mode="isolated")
    (problem,) = run(OkxAccount(here).setup([])).problems
    assert "margin_mode: cross" in problem


def test_funding_bills_are_paid_when_negative() -> None:
    """`balChg` -0.37."""
    bill = {"billId": "6239", "ccy": "USDT", "type": "8", "balChg": "-0.37", "ts": "1760000000000", "instId": "BTC-USDT-SWAP"}
    here, _ = desk({"trade/fills-history": data(), "trade/orders-pending": data(), "account/bills-archive": data(bill)})
    (effect,) = effects_of(run(OkxHistory(here).since([SWAP], (), 0)), here.keys)
    assert (effect.id, effect.kind, effect.lines) == ("okx:funding:6239", "funding", (("okx:balance:USDT", D("-0.37")),))


def test_what_else_changed_the_trading_wallet_is_settled() -> None:
    """Interest, a clawback, a conversion; trades, liquidations and reductions are told by their fills, and where no wallet is asked for
    only funding is read."""
    rows = [BILL | {"billId": str(number), "type": each, "balChg": "-1"} for number, each in enumerate(("7", "10", "27", "2", "5", "9"))]
    nothing = dict.fromkeys(("asset/withdrawal-history", "asset/bills", "trade/fills-history", "trade/orders-pending"), data())
    here, connection = desk({"account/bills-archive": data(*rows)} | nothing)
    effects = list(effects_of(run(OkxHistory(here).since([], ("spot",), 0)), here.keys))
    assert [(each.id, each.kind) for each in effects] == [(f"okx:settlement:{number}", "settlement") for number in range(3)]
    assert deltas(effects) == {"okx:balance:USDT": D(-3)}
    run(OkxHistory(here).since([SWAP], (), 0))
    assert [each.params.get("type") for each in connection.asked if each.path == "account/bills-archive"] == [None, "8"]


WALLET_BILL = {
    "billId": "12344", "ccy": "USDT", "clientId": "", "balChg": "40", "bal": "100", "type": "1", "notes": "", "ts": "1760000000000",
}  # fmt: skip


def test_the_funding_wallet_is_told_by_its_own_bills() -> None:
    """A deposit when it was credited, a gift, a fee; what its list of withdrawals or the trading wallet's bills tell is told there."""
    rows = [WALLET_BILL | {"billId": str(number), "type": each} for number, each in enumerate(("1", "72", "41", "2", "13", "130", "131"))]
    bills = dict.fromkeys(("account/bills-archive", "asset/withdrawal-history"), data())
    here, _ = desk(bills | {"asset/bills": data(*rows)})
    effects = list(effects_of(run(OkxHistory(here).since([], ("spot",), 0)), here.keys))
    assert [each.kind for each in effects] == ["deposit", "deposit", "settlement"]
    assert deltas(effects) == {"okx:balance:funding/USDT": D(120)}
    assert {each.at for each in effects} == {1760000000000}


@pytest.mark.parametrize(("days", "path"), [(20, "asset/bills"), (60, "asset/bills-history")])
def test_older_bills_of_the_funding_wallet_have_a_list_of_their_own(days: int, path: str) -> None:
    """The other reaches a month back."""
    here, _ = desk(dict.fromkeys(("account/bills-archive", "asset/withdrawal-history"), data()) | {path: data(WALLET_BILL)})
    (effect,) = effects_of(run(OkxHistory(here).since([], ("spot",), NOW - days * 86_400_000)), here.keys)
    assert effect.id == "okx:deposit:funding:12344"


def test_a_long_list_is_read_on_once_the_venue_allows_it() -> None:
    """50011 on a page: that page again, five times at most."""
    refused = {"code": "50011", "msg": "Too Many Requests", "data": []}
    answers = iter([refused, refused, data(WALLET_BILL)])
    others = dict.fromkeys(("account/bills-archive", "asset/withdrawal-history"), data())
    here, _ = desk(others | {"asset/bills": lambda _: next(answers)})
    assert len(run(OkxHistory(here).since([], ("spot",), 0)).changes) == 1
    never, connection = desk(others | {"asset/bills": refused})
    with pytest.raises(Said):
        run(OkxHistory(never).since([], ("spot",), 0))
    assert [each.path for each in connection.asked].count("asset/bills") == 6


def test_resting_orders_are_told_without_lines() -> None:
    """Under their client id."""
    here, _ = desk({"trade/fills-history": data(), "trade/orders-pending": data(ORDER | {"state": "live"})})
    (effect,) = effects_of(run(OkxHistory(here).since([SPOT], (), 0)), here.keys)
    assert (effect.kind, effect.order, effect.lines) == ("open", KEY, ())


def test_markets_are_read_in_coins() -> None:
    """Lot 0.01 contracts of 0.01 BTC: 0.0001 BTC."""
    row = {
        "instId": "BTC-USDT-SWAP", "instType": "SWAP", "ctVal": "0.01", "lotSz": "0.01", "minSz": "0.01", "tickSz": "0.1", "state": "live",
        "maxLmtSz": "100000000", "settleCcy": "USDT",
    }  # fmt: skip
    (listing,) = run(OkxMarkets(desk({"public/instruments": data(row)})[1]).read(["BTC/USDT:USDT"]))
    assert listing == Listing("BTC/USDT:USDT", "BTC-USDT-SWAP", D("0.01"), D("0.0001"), D("0.1"), D("0.0001"), D(1_000_000))


def test_a_contract_worth_dollars_is_not_taken_for_coins() -> None:
    """`BTC-USD-SWAP` counts 100 USD and settles in BTC: an order of 10 BTC would be one of 10 dollars."""
    row = {
        "instId": "BTC-USD-SWAP", "instType": "SWAP", "ctVal": "100", "ctValCcy": "USD", "lotSz": "0.1", "minSz": "0.1", "tickSz": "0.1",
        "state": "live", "maxLmtSz": "1000000", "settleCcy": "BTC",
    }  # fmt: skip
    assert run(OkxMarkets(desk({"public/instruments": data(row)})[1]).read(["BTC/USD:USD"])) == []


def test_quotes_are_mid_prices_and_marks() -> None:
    """(49999 + 50001) / 2, and the mark with its funding rate."""
    quotes = OkxQuotes(
        desk(
            {
                "market/ticker": data({"instId": "BTC-USDT", "bidPx": "49999", "askPx": "50001", "ts": "1760000000000"}),
                "public/mark-price": data({"instId": "BTC-USDT-SWAP", "markPx": "50002", "ts": "1760000000000"}),
                "public/funding-rate": data({"instId": "BTC-USDT-SWAP", "fundingRate": "0.0001", "fundingTime": "1760003600000"}),
            }
        )[1]
    )
    assert run(quotes.figures("BTC/USDT")).price == D(50_000)
    perpetual = run(quotes.figures("BTC/USDT:USDT"))
    assert (perpetual.price, perpetual.funding, perpetual.at) == (D(50_002), D("0.0001"), 1760000000000)


def test_demo_trading_refuses_withdrawals_with_a_sentence() -> None:
    """Transfers between wallets there are."""
    moves = OkxMoves(desk()[0])
    assert "OKX demo trading has no withdrawals" in (moves.lacking(Network.TESTNET, inside=False) or "")
    assert moves.lacking(Network.TESTNET, inside=True) is None


def test_moves_are_found_again_by_their_key() -> None:
    """`clientId` is the attempt key; a withdrawal's chain carries its coin."""
    here, connection = desk({"asset/transfer-state": data(SUCCESS), "account/bills-archive": data(OUT)})
    moved = run(OkxMoves(here).look(MOVE))
    assert moved is not None
    assert (moved.state, moved.id, connection.asked[0].params) == (State.FILLED, "6241", {"clientId": KEY})
    request = OkxMoves(here).write(Move(KEY, "USDT", D(10), "funding", address="0xabc", chain="ERC20", fee=D(1)))
    assert request.params == {
        "ccy": "USDT", "toAddr": "0xabc", "dest": "4", "amt": "10", "chain": "USDT-ERC20", "fee": "1", "clientId": KEY,
    }  # fmt: skip


SUCCESS = {"transId": "754147", "ccy": "USDT", "clientId": KEY, "state": "success"}
MOVE = Move(KEY, "USDT", D(10), "spot", "funding", at=1760000000000)
OUT = {
    "billId": "6241", "ccy": "USDT", "type": "1", "subType": "12", "balChg": "-10", "bal": "60.6", "sz": "10", "from": "18", "to": "6",
    "ts": "1760000000123", "instId": "", "instType": "", "notes": "To Funding Account",
}  # fmt: skip


def test_history_names_transfers_as_their_look_up_does() -> None:
    """One id and one time for a transfer, whoever tells of it: its bill's."""
    nothing = dict.fromkeys(("asset/withdrawal-history", "asset/bills"), data())

    here, connection = desk({"asset/transfer-state": data(SUCCESS), "account/bills-archive": data(OUT)} | nothing)
    moved = run(OkxMoves(here).look(MOVE))
    assert connection.asked[1].params == {"type": "1", "ccy": "USDT", "begin": MOVE.at, "limit": 100}
    (effect,) = effects_of(run(OkxHistory(here).since([], ("spot",), 0)), here.keys)
    assert moved is not None
    assert (effect.id, effect.at) == (f"okx:transfer:{moved.id}", moved.at) == ("okx:transfer:6241", 1760000000123)
    assert dict(effect.lines) == {"okx:balance:USDT": D(-10), "okx:balance:funding/USDT": D(10)}


@pytest.mark.parametrize(
    ("bills", "told"),
    [
        ([], ""),
        ([OUT | {"balChg": "-9"}], ""),
        ([OUT | {"balChg": "10", "from": "6", "to": "18"}], ""),
        ([OUT | {"from": "", "to": ""}], ""),
        ([OUT | {"billId": "6242", "ts": "1760000000124"}, OUT], "6241"),
        ([OUT | {"billId": "6242", "ts": "1760000000124"}, OUT | {"billId": "6240"}], "6242"),
    ],
    ids=["none yet", "another amount", "the other way", "to somewhere else", "two alike", "one of them an earlier transfer's"],
)
def test_a_transfer_is_done_when_a_bill_tells_of_it(bills: list[Any], told: str) -> None:
    """Until then it is only on its way; of two alike it is the first that no other transfer of ours has."""
    here, _ = desk({"asset/transfer-state": data(SUCCESS), "account/bills-archive": data(*bills)})
    moved = run(OkxMoves(here).look(MOVE._replace(others=("6240",))))
    assert moved is not None
    assert (moved.state, moved.id) == ((State.FILLED, told) if told else (State.ACCEPTED, ""))


REFUSED = {
    Proof.FATAL: [
        *(50101, 50103, 50104, 50105, 50106, 50107, 50111, 50113, 50114, 50008, 50110, 50119, 50120, 50030, 50035, 50121, 50100),
        *(50007, 50009, 51009, 51024, 58004, 58101, 58204, 50027, 50028, 50029, 50032, 50033, 51155, 51010),
    ],
    Proof.FILTER: [
        *(51004, 51005, 51007, 51020, 51101, 51120, 51121, 51122, 51201, 51202, 51203, 51150, 50122, 51006, 51031, 51116),
        *(51135, 51136, 51137, 51138, 51124, 51021, 51022, 51027, 51028),
    ],
    Proof.REFUSED: [
        *(50038, 50000, 50002, 50014, 50015, 50016, 50024, 51000, 51003, 51001, 51002, 51015, 51008, 51127, 51131, 51502, 58350, 59200),
        *(51119, 58208, 58210, 58211, 58212, 58213),
        *(58116, 58008, 58229, 51029, 51030, 51112, 51169, 51170, 51205, 51023, 51025, 51102, 51103, 51174),
        *(59000, 59002, 59101, 59107, 59112, 59102, 59103, 59105, 59108, 58207, 58203, 58221, 58222, 58200, 58201, 58205, 58206, 58209),
        *(58214, 58217, 58219, 58239, 58248, 58249, 58405, 58103, 58104, 58105, 58110, 58111, 58113, 58117, 58119, 58120, 58121, 58122),
    ],
    Proof.PACE: [50011, 58102, 51113, 50040, 50061],
    Proof.CLOCK: [50102, 50112],
    Proof.LATE: [50036, 50037],
}
UNPROVEN = [
    *(50004, 50026, 51054, 51149, 51412, 50001, 50013, 50042, 50071, 51011, 51016, 51065, 58404, 58124, 58112, 51410, 51400, 51401, 51402),
    *(51503, 51603, 51403, 51404, 51405, 99999),
]


@pytest.mark.parametrize(("code", "proof"), [(code, proof) for proof, codes in REFUSED.items() for code in codes])
def test_a_listed_code_proves_what_the_reference_says(code: int, proof: Proof) -> None:
    """With HTTP 200, yes; inside a 5xx nothing is proven."""
    assert PROOFS.of(Said(200, str(code), "words")) is proof
    assert PROOFS.of(Said(503, str(code), "words")) is None


@pytest.mark.parametrize("code", UNPROVEN)
def test_every_other_code_proves_nothing(code: int) -> None:
    """Timeouts, duplicates, cancel answers, codes that nobody has seen yet."""
    assert PROOFS.of(Said(200, str(code), "words")) is None

"""The matching core by itself: money is conserved, the same input gives the same output, positions are what the fills say."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basis_venues.amounts import MONEY
from basis_venues_sandbox.exchange.core import LISTED, Ask, Exchange, Quirks, Refused, Status, Why, World

D = Decimal
SPOT, SWAP = "BTC/USDT", "BTC/USDT:USDT"
EIGHT = 28_800_000


@pytest.fixture(autouse=True)
def _money() -> Iterator[None]:
    with localcontext(MONEY):
        yield


def opened(venue: str = "binance", usdt: str = "100000") -> Exchange:
    """A venue with money in its trading wallets."""
    exchange = World(0).exchanges[venue]
    for wallet in {exchange.books.rules.spot_wallet, exchange.books.rules.swap_wallet}:
        exchange.treasury.endow(wallet, "USDT", D(usdt))
    return exchange


lots = st.integers(1, 400).map(lambda n: D(n) / 1000)
asks = st.builds(
    lambda symbol, side, quantity, offset, limit, times, reduce: Ask(
        symbol=symbol, side=side, quantity=quantity, price=D(50_000 + offset) if limit else None,
        time_in_force=times if limit else "gtc", reduce_only=reduce and symbol == SWAP,
    ),
    st.sampled_from([SPOT, SWAP]), st.sampled_from(["buy", "sell"]), lots, st.integers(-2000, 2000), st.booleans(),
    st.sampled_from(["gtc", "ioc", "fok", "post_only"]), st.booleans(),
)  # fmt: skip
quirks = st.one_of(
    st.just(Quirks()), st.just(Quirks(partial=D("0.3"))), st.just(Quirks(overfill=D("0.2"))), st.just(Quirks(fee="negative")),
    st.just(Quirks(fee="BNB")), st.just(Quirks(fill_after_cancel=0)),
)  # fmt: skip
events = st.one_of(
    st.tuples(st.just("place"), asks, quirks), st.tuples(st.just("price"), st.integers(45_000, 55_000), st.none()),
    st.tuples(st.just("cancel"), st.integers(0, 20), st.none()), st.tuples(st.just("pass"), st.integers(1, 3 * EIGHT), st.none()),
    st.tuples(st.just("transfer"), st.integers(1, 200_000), st.none()),
)  # fmt: skip


def live(world: World, exchange: Exchange, happened: list[tuple[str, object, object]]) -> None:
    """Let all of it happen; refusals are part of life."""
    for kind, what, quirk in happened:
        try:
            if kind == "place":
                exchange.desk.place(what, quirk)  # type: ignore[arg-type]
            elif kind == "price":
                for symbol in (SPOT, SWAP):
                    exchange.set_price(symbol, D(what))  # type: ignore[arg-type]
            elif kind == "cancel":
                order = list(exchange.desk.orders.values())[what]  # type: ignore[index]
                exchange.desk.cancel(order)
                exchange.desk.find(number=order.id)
            elif kind == "transfer":
                exchange.treasury.transfer(exchange.books.rules.spot_wallet, "funding", "USDT", D(what))  # type: ignore[arg-type]
            else:
                world.advance(world.now + what)  # type: ignore[operator]
        except (Refused, IndexError):
            pass


@settings(max_examples=80)
@given(venue=st.sampled_from(sorted(LISTED)), happened=st.lists(events, max_size=25))
def test_money_is_conserved(venue: str, happened: list[tuple[str, object, object]]) -> None:
    """Whatever happens, every asset sums to zero over all holders; entries explain every balance; the fills explain positions and,
    with payments and transfers, the account's money."""
    with localcontext(MONEY):
        world = World(0)
        exchange = world.exchanges[venue]
        rules, ledger = exchange.books.rules, exchange.books.ledger
        for wallet in {rules.spot_wallet, rules.swap_wallet}:
            exchange.treasury.endow(wallet, "USDT", D(100_000))
        live(world, exchange, happened)
        assert all(ledger.total(asset) == 0 for asset in ledger.assets())
        for wallet, asset, amount in ledger.wallets():
            assert amount == sum(entry.amount for entry in ledger.entries if (entry.wallet, entry.asset) == (wallet, asset))
        bought = sum(fill.quantity if fill.side == "buy" else -fill.quantity for fill in exchange.desk.fills if fill.symbol == SWAP)
        assert exchange.books.position(SWAP).size == bought
        assert _usdt(exchange) == _owed(exchange)


def _usdt(exchange: Exchange) -> Decimal:
    """All USDT of the account, with what closing the position at cost would bring."""
    return (
        sum((amount for _, asset, amount in exchange.books.ledger.wallets() if asset == "USDT"), D(0)) - exchange.books.position(SWAP).cost
    )


def _owed(exchange: Exchange) -> Decimal:
    """The same from first principles: what was given, what each fill moved, fees in USDT, funding."""
    total = D(100_000) * len({exchange.books.rules.spot_wallet, exchange.books.rules.swap_wallet})
    for fill in exchange.desk.fills:
        total += fill.value if fill.side == "sell" else -fill.value
        total -= fill.fee if fill.fee_asset == "USDT" else 0
    return total + sum((payment.amount for payment in exchange.payments), D(0))


@settings(max_examples=25)
@given(venue=st.sampled_from(sorted(LISTED)), happened=st.lists(events, max_size=15))
def test_the_same_happens_twice_alike(venue: str, happened: list[tuple[str, object, object]]) -> None:
    """The same calls in the same order give the same fills, ids and entries."""
    with localcontext(MONEY):
        runs = []
        for _ in range(2):
            world = World(0)
            world.exchanges[venue].treasury.endow(world.exchanges[venue].books.rules.spot_wallet, "USDT", D(100_000))
            live(world, world.exchanges[venue], happened)
            runs.append((world.exchanges[venue].desk.fills, world.exchanges[venue].books.ledger.entries))
        assert runs[0] == runs[1]


@settings(max_examples=60)
@given(happened=st.lists(asks, max_size=12))
def test_spot_is_never_bought_on_credit(happened: list[Ask]) -> None:
    """Without quirks no spot balance goes below zero, and what resting orders hold back is there."""
    with localcontext(MONEY):
        exchange = opened(usdt="20000")
        live(World(0), exchange, [("place", ask, Quirks()) for ask in happened if ask.symbol == SPOT])
        assert all(amount >= 0 for _, _, amount in exchange.books.ledger.wallets())
        for asset, held in _held(exchange).items():
            assert held <= exchange.books.ledger.balance(exchange.books.rules.spot_wallet, asset)


def _held(exchange: Exchange) -> dict[str, Decimal]:
    """What the resting orders would pay: quote coins at the limit, or base coins."""
    held = {"BTC": D(0), "USDT": D(0)}
    for order in exchange.desk.resting():
        price = D(1) if order.ask.price is None else order.ask.price
        asset, paid = ("USDT", order.left * price) if order.ask.side == "buy" else ("BTC", order.left)
        held[asset] += paid
    return held


def test_a_refusal_changes_nothing() -> None:
    """Too little money: no order, no number used, no entry."""
    exchange = opened(usdt="100")
    number, entries = exchange.books.last_number, len(exchange.books.ledger.entries)
    with pytest.raises(Refused) as caught:
        exchange.desk.place(Ask(symbol=SPOT, side="buy", quantity=D(1)))
    assert caught.value.why is Why.FUNDS
    assert (exchange.books.last_number, len(exchange.books.ledger.entries), exchange.desk.orders) == (number, entries, {})


def test_a_reversal_closes_at_cost_and_opens_the_rest() -> None:
    """Long 0.1 at 50005, sold 0.3: the loss of the spread on 0.1 is realised, 0.2 stand short at 49995."""
    exchange = opened()
    exchange.desk.place(Ask(symbol=SWAP, side="buy", quantity=D("0.1")))
    order = exchange.desk.place(Ask(symbol=SWAP, side="sell", quantity=D("0.3")))
    position = exchange.books.position(SWAP)
    assert (position.size, position.entry) == (D("-0.2"), D(49995))
    assert order.fills[0].realised == D("-1.0")


def test_margin_is_asked_for_at_the_leverage_that_is_set() -> None:
    """At 20, 100000 USDT carry no 50 BTC with their fee; at 50 they do."""
    exchange = opened()
    ask = Ask(symbol=SWAP, side="sell", quantity=D(50))
    with pytest.raises(Refused) as caught:
        exchange.desk.place(ask)
    assert caught.value.why is Why.MARGIN
    exchange.set_leverage(SWAP, D(50))
    assert exchange.desk.place(ask).status is Status.FILLED


def test_the_deadline_is_checked_at_the_engine() -> None:
    """An order that comes too late is refused, one in time is taken."""
    exchange = opened()
    exchange.books.now = 1000
    with pytest.raises(Refused) as caught:
        exchange.desk.place(Ask(symbol=SPOT, side="buy", quantity=D("0.01"), deadline=999))
    assert caught.value.why is Why.LATE
    assert exchange.desk.place(Ask(symbol=SPOT, side="buy", quantity=D("0.01"), deadline=1000)).status is Status.FILLED


def test_old_orders_fall_out_of_the_history_window() -> None:
    """A finished order older than the window is not found any more; a resting one is."""
    exchange = opened()
    for name, price in (("gone", None), ("rests", D(40_000))):
        exchange.desk.place(Ask(symbol=SPOT, side="buy", quantity=D("0.01"), price=price, client_id=name))
    exchange.books.settings.history_window = 1000
    exchange.books.now = 2000
    assert exchange.desk.find(client_id="gone") is None
    assert exchange.desk.find(client_id="rests") is not None

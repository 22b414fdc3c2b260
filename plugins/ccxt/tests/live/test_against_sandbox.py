"""The three clients over real sockets: order life cycles through the real manager, counted and checked by the sandbox's own ledger."""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal
from typing import Any

import attrs
import pytest

from basis_venues.actions import Action, PerpTrade, SpotTrade, Transfer
from basis_venues.clock import SystemClock
from basis_venues.errors import ConfigurationError, CredentialError, Denied, GuardRefused, PluginRefused, TryAgainLater
from basis_venues.execution.manager import ExecutionManager
from basis_venues.network import Network
from basis_venues.orders import NEVER, Order, Step, deltas
from basis_venues.results import LegResult
from basis_venues.states import State, Verdict
from basis_venues_ccxt.live import ExchangeClient, Request, Said, Wire
from basis_venues_okx.live import EXCHANGE
from basis_venues_okx.wire import OkxWire

D = Decimal
VENUES = ("binance", "bybit", "okx")


def act(world: Any, *actions: Action) -> list[tuple[LegResult, dict[str, int]]]:
    """Carry actions out in one run; answers each one's first leg and the requests to its venue."""

    async def go() -> list[tuple[LegResult, dict[str, int]]]:
        run = world.assemble()
        done = []
        async with ExecutionManager(run.parts) as manager:
            until = run.clock.now() + 600_000
            for each in actions:
                object.__setattr__(each, "valid_until", until)
                symbols = {"BTC/USDT", "BTC/USDT:USDT"}
                await run.market.refresh([f"{venue}:price:{symbol}" for venue in VENUES for symbol in symbols])
                before = world.mark()
                leg = (await manager.execute_action(each)).legs[0]
                done.append((leg, world.counted(leg.venue, before)))
        return done

    return asyncio.run(go())


def spot(venue: str, name: str = "a", **changes: Any) -> SpotTrade:
    """Buy 0.1 BTC at that venue."""
    usual: dict[str, Any] = {"id": name, "venue": venue, "symbol": "BTC/USDT", "side": "buy", "quantity": "0.1"}
    return SpotTrade(**(usual | changes))


def perp(venue: str, name: str = "a", **changes: Any) -> PerpTrade:
    """Sell 0.1 BTC short at that venue."""
    usual: dict[str, Any] = {"id": name, "venue": venue, "symbol": "BTC/USDT:USDT", "side": "sell", "quantity": "0.1"}
    return PerpTrade(**(usual | changes))


@pytest.mark.parametrize("venue", VENUES)
def test_a_spot_order_costs_one_write_and_the_reads_that_prove_it(world: Any, venue: str) -> None:
    """The second order, whose account is known: the write and one reading; the ledgers agree digit for digit."""
    first, second = act(world, spot(venue, "a"), spot(venue, "b"))
    for leg, _ in (first, second):
        assert (leg.state, leg.verdict) == (State.FILLED, Verdict.VERIFIED), leg.reason
    counted = second[1]
    assert counted.pop("order.create") == 1
    assert counted == ({"balance": 1} if venue == "binance" else {"bills": 1})
    wallet = world.box.control.balances(venue)["spot" if venue == "binance" else "trading"]
    bought = sum(dict(effect.lines)[f"{venue}:balance:BTC"] for leg, _ in (first, second) for effect in leg.effects)
    assert D(wallet["BTC"]) == bought


@pytest.mark.parametrize("venue", VENUES)
def test_a_short_is_opened_reduced_and_closed(world: Any, venue: str) -> None:
    """Each verified against size, cost and balance; Binance in 1 + 1 requests, the others read the ledger, which tells order and wallet,
    and the positions."""
    done = act(
        world,
        perp(venue, "open"),
        perp(venue, "reduce", side="buy", quantity="0.04", reduce_only=True),
        perp(venue, "close", side="buy", quantity="0.06", reduce_only=True),
    )
    for leg, _ in done:
        assert (leg.state, leg.verdict) == (State.FILLED, Verdict.VERIFIED), leg.reason
    counted = done[2][1]
    wanted = {"balance": 1} if venue == "binance" else {"bills": 1, "positions": 1}
    assert counted == {"order.create": 1, **wanted}


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("trade", [spot, perp])
def test_a_resting_order_is_taken_back_when_its_time_is_over(world: Any, venue: str, trade: Any) -> None:
    """One write, one cancel, nothing filled."""
    ((leg, counted),) = act(world, trade(venue, side="buy", order_type="limit", price="48000", good_for=200))
    assert (leg.state, leg.verdict, leg.effects) == (State.CANCELLED, Verdict.VERIFIED, ())
    assert (counted["order.create"], counted["order.cancel"]) == (1, 1)


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("time_in_force", ["ioc", "fok"])
def test_an_order_that_may_not_rest_expires(world: Any, venue: str, time_in_force: Any) -> None:
    """Out of reach of the market: EXPIRED, or where the venue refuses such an order at once (Binance futures, FOK), REJECTED."""
    ((leg, _),) = act(world, perp(venue, side="buy", order_type="limit", price="48000", time_in_force=time_in_force))
    refuses = venue == "binance" and time_in_force == "fok"
    assert leg.state is (State.REJECTED if refuses else State.EXPIRED), leg.reason


@pytest.mark.parametrize("venue", VENUES)
def test_a_post_only_order_that_would_take_does_not(world: Any, venue: str) -> None:
    """Refused or lapsed, never filled."""
    ((leg, _),) = act(world, spot(venue, order_type="post_only", price="50100", good_for=300))
    assert leg.state in (State.REJECTED, State.EXPIRED, State.CANCELLED), leg.reason
    assert leg.effects == ()


@pytest.mark.parametrize("venue", VENUES)
def test_an_order_whose_reply_is_lost_happens_once(world: Any, venue: str) -> None:
    """Accepted, then silence: looked up by its client id, not sent again."""
    world.box.control.fault(venue, "order.create", "accept_then_hang")
    ((leg, counted),) = act(world, perp(venue))
    assert (leg.state, leg.verdict, counted["order.create"]) == (State.FILLED, Verdict.VERIFIED, 1)
    assert len(world.box.control.orders(venue)) == 1


def test_a_refusal_that_comes_after_the_acknowledgement_ends_the_order(world: Any) -> None:
    """Bybit, hidden at first and then turned down: it ends with the venue's reason and without effects, and no person is needed."""
    world.box.control.fault("bybit", "order.create", {"verb": "reject_late"}, {"verb": "hide_reads", "k": 3})
    ((leg, counted),) = act(world, perp("bybit"))
    assert (leg.state, leg.verdict, leg.effects, counted["order.create"]) == (State.CANCELLED, Verdict.VERIFIED, (), 1)
    assert "EC_PerCancelRequest" in leg.reason


@pytest.mark.parametrize("venue", VENUES)
def test_too_many_requests_make_the_order_wait_and_not_fail(world: Any, venue: str) -> None:
    """429 or its like: not carried out, and sent again after the pause."""
    world.box.control.fault(venue, "order.create", "limit", retry_after=1)
    ((leg, counted),) = act(world, spot(venue))
    assert (leg.state, leg.verdict, counted["order.create"]) == (State.FILLED, Verdict.VERIFIED, 2)


@pytest.mark.parametrize("venue", VENUES)
def test_too_little_money_is_the_venue_s_refusal(world: Any, venue: str) -> None:
    """A code on the list of proofs; the journal goes on."""
    refused, good = act(world, spot(venue, "a", quantity="5"), spot(venue, "b"))
    assert refused[0].state is State.REJECTED
    assert good[0].state in (State.FILLED, State.DENIED)


@pytest.mark.parametrize("venue", VENUES)
def test_changed_filters_are_read_anew_and_then_refuse_here(world: Any, venue: str) -> None:
    """The first order is refused there; the next is refused here, with both figures."""
    from basis_venues.contract import ClientContext  # noqa: F401  the client is driven directly: a refused leg stops a run

    async def go() -> None:
        run = world.assemble()
        client = run.factory.client(venue)
        await client.open()
        await run.market.refresh([f"{venue}:price:BTC/USDT"])
        world.box.control.fault(venue, "order.create", "filters", symbol="BTC/USDT", changes={"lot": "0.1"})
        order = run.parts.router.route(spot(venue, quantity="0.15")).orders[0]
        (step,) = run.factory.model(venue).plan(order, {}, run.market)
        report = await client.send(await client.prepare(step, "bv" + "1" * 30))
        assert report.state is State.REJECTED, report
        with pytest.raises(Exception, match=r"0\.15 BTC is not a whole multiple of the lot of 0\.1"):
            await client.prepare(step, "bv" + "2" * 30)
        await client.close()

    asyncio.run(go())


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("trade", [spot, perp])
def test_a_market_that_was_closed_is_read_anew_and_then_refuses_here(world: Any, venue: str, trade: Any) -> None:
    """What was known of it is old: when it opens again, its contracts may be of another size."""

    async def go() -> None:
        run = world.assemble()
        client = run.factory.client(venue)
        await client.open()
        action = trade(venue)
        await run.market.refresh([f"{venue}:price:{action.symbol}"])
        order = run.parts.router.route(action).orders[0]
        (step,) = run.factory.model(venue).plan(order, {}, run.market)
        world.box.control.market(venue, action.symbol, trading=False)
        report = await client.send(await client.prepare(step, "bv" + "1" * 30))
        assert report.state is State.REJECTED, report
        with pytest.raises(Denied, match="is not open for trading"):
            await client.prepare(step, "bv" + "2" * 30)
        await client.close()

    asyncio.run(go())


@pytest.mark.parametrize("venue", ["bybit", "okx"])
def test_a_transfer_between_wallets_is_verified_on_both(world: Any, venue: str) -> None:
    """100 USDT to the funding wallet and 40 back."""
    done = act(
        world,
        Transfer(id="a", venue=venue, asset="USDT", amount="100", source=venue, target=venue, from_wallet="spot", to_wallet="funding"),
        Transfer(id="b", venue=venue, asset="USDT", amount="40", source=venue, target=venue, from_wallet="funding", to_wallet="spot"),
    )
    for leg, _ in done:
        assert (leg.state, leg.verdict) == (State.FILLED, Verdict.VERIFIED), leg.reason
    balances = world.box.control.balances(venue)
    assert (D(balances["trading"]["USDT"]), D(balances["funding"]["USDT"])) == (D(99_940), D(60))


def test_binance_demo_has_no_transfers(world: Any) -> None:
    """Denied with a sentence; nothing was sent."""
    transfer = Transfer(
        id="a", venue="binance", asset="USDT", amount="1", source="binance", target="binance", from_wallet="spot", to_wallet="futures"
    )
    ((leg, counted),) = act(world, transfer)
    assert leg.state is State.DENIED
    assert "Binance demo trading has no transfers" in leg.reason
    assert "transfer.create" not in counted


def test_bybit_withdraws_to_a_listed_destination_only(world: Any) -> None:
    """The right address over the right network: debit with the fee, by the venue's own figures. Another one never leaves."""
    world.settings("bybit", "destinations: [{address: '0x00000000000000000000000000000000000000aa', network: ERC20, asset: USDT}]\n")
    world.box.control.permit("bybit", "withdraw")
    world.box.control.endow("bybit", "funding", "USDT", "500")
    good = Transfer(
        id="a",
        venue="bybit",
        asset="USDT",
        amount="100",
        source="bybit",
        network="ERC20",
        from_wallet="funding",
        address="0x00000000000000000000000000000000000000aa",
    )
    bad = Transfer(
        id="b",
        venue="bybit",
        asset="USDT",
        amount="100",
        source="bybit",
        network="ERC20",
        from_wallet="funding",
        address="0x00000000000000000000000000000000000000bb",
    )
    ((sent, _),) = act(world, good)
    assert (sent.state, sent.verdict) == (State.FILLED, Verdict.VERIFIED), sent.reason
    assert dict(sent.effects[0].lines) == {"bybit:balance:funding/USDT": D(-102)}
    before = world.mark()
    with pytest.raises(GuardRefused, match="not among the `destinations`"):
        act(world, bad)
    assert "withdraw.create" not in world.counted("bybit", before)


@pytest.mark.parametrize("venue", VENUES)
def test_a_warm_start_asks_for_no_market(world: Any, venue: str) -> None:
    """The file of the first start is young enough."""

    async def go() -> tuple[dict[str, int], dict[str, int]]:
        counted = []
        for _ in range(2):
            client, before = world.client(venue), world.mark()
            await client.open()
            await client.close()
            counted.append(world.counted(venue, before))
        return counted[0], counted[1]

    cold, warm = asyncio.run(go())
    assert cold["markets"] > 0
    assert "markets" not in warm


@pytest.mark.parametrize("venue", VENUES)
def test_history_tells_funding_and_orders_of_ours(world: Any, venue: str) -> None:
    """What happened by itself is found with its own id; fills carry the attempt key."""

    async def go() -> None:
        run = world.assemble()
        async with ExecutionManager(run.parts) as manager:
            await run.market.refresh([f"{venue}:price:BTC/USDT:USDT"])
            order = perp(venue)
            object.__setattr__(order, "valid_until", run.clock.now() + 600_000)
            (leg,) = (await manager.execute_action(order)).legs
            world.box.control.advance(9 * 3_600_000)
            client = run.factory.client(venue)
            await client.heartbeat()
            found = await client.recent_effects((), 0, 0)
        told = {effect.id: effect for effect in found}
        for effect in leg.effects:
            assert told[effect.id].order == effect.order
            assert dict(told[effect.id].lines) == pytest.approx(dict(effect.lines))
        assert {effect.kind for effect in found if effect.order is None} == {"funding"}
        assert len({effect.id for effect in found}) == len(found)

    asyncio.run(go())


@pytest.mark.parametrize("venue", VENUES)
def test_history_tells_what_a_trade_realised_that_closed_a_position(world: Any, venue: str) -> None:
    """A short is opened at one price and closed at another: what history tells, as to a run whose journal was lost, leaves no position and
    no cost of one, and comes to what the wallet changed by."""
    wallet = "futures" if venue == "binance" else "trading"
    before, begun = D(world.box.control.balances(venue)[wallet]["USDT"]), world.box.control.time() - 1000
    world.box.control.price("BTC/USDT:USDT", "50000")
    ((opened, _),) = act(world, perp(venue))
    world.box.control.price("BTC/USDT:USDT", "49000")
    ((closed, _),) = act(world, perp(venue, "b", side="buy"))
    assert opened.verdict is closed.verdict is Verdict.VERIFIED

    async def go() -> Any:
        client = world.client(venue)
        await client.open()
        found = await client.recent_effects((), begun, 0)
        await client.close()
        return deltas(found)

    told = asyncio.run(go())
    settled = told.pop(f"{venue}:{'collateral' if venue == 'binance' else 'balance'}:USDT")
    assert settled == D(world.box.control.balances(venue)[wallet]["USDT"]) - before
    assert {key: amount for key, amount in told.items() if amount} == {}


@pytest.mark.parametrize("venue", VENUES)
def test_a_trade_that_seems_to_be_of_the_future_is_told(world: Any, venue: str) -> None:
    """The venue's clock is further than the client believes, as after a measurement whose answer was slow: up to now is all there is."""

    async def go() -> None:
        client = world.client(venue)
        await client.open()
        world.box.control.price("BTC/USDT:USDT", "50000")
        world.box.control.setting(venue, "skew", 2_000)
        prepared = await client.prepare(SHORT, "bv" + "6" * 30)
        await client.send(prepared)
        assert prepared.key in [each.order for each in await client.recent_effects((), 0, 0) if each.kind == "trade"]
        await client.close()

    asyncio.run(go())


@pytest.mark.parametrize("venue", VENUES)
def test_identity_and_heartbeat_say_where_and_who(world: Any, venue: str) -> None:
    """The account's network, and its owner by the venue's own id; the host, latency and skew for people. Nothing secret."""

    async def go() -> tuple[Any, Any]:
        client = world.client(venue)
        identity = await client.open()
        said = await client.heartbeat()
        await client.close()
        return identity, said

    identity, said = asyncio.run(go())
    assert identity == {venue: f"{venue}:testnet:1"}
    assert said["hosts"] == world.box.url
    assert {"network", "latency", "clock skew"} <= said.keys()
    assert "sandbox-" not in str(said)


def opening(world: Any, venue: str) -> str:
    """Open the client; the error that it raises is the test's."""

    async def go() -> None:
        client = world.client(venue)
        try:
            await client.open()
        finally:
            await client.close()

    asyncio.run(go())
    return ""


@pytest.mark.parametrize("venue", ["binance", "bybit"])
def test_a_write_s_receive_window_does_not_outlive_it(world: Any, venue: str) -> None:
    """What is left until the fence is the window of the write alone: a look-up right after it keeps the one that reads had before. By the
    sandbox's record of what each request said."""

    async def go() -> None:
        client = world.client(venue)
        await client.open()
        await client.positions((f"{venue}:balance:USDT",), 0)
        trade = spot(venue, order_type="limit", price="20000", good_for=60_000, quantity="0.1")
        step = Step("a/0", Order("a", trade, venue, venue, venue), (trade,))
        prepared = await client.prepare(step, "bv" + "3" * 30)
        soon = prepared._replace(fence=client._context.clock.now() + 1500)
        assert (await client.send(soon)).state is State.ACCEPTED
        assert (await client.lookup(soon)).state is State.ACCEPTED
        await client.close()

    before = world.mark()
    asyncio.run(go())
    windows = [(each["endpoint"], each["window"]) for each in world.box.control.requests(venue, before)]
    (write,) = [window for endpoint, window in windows if endpoint == "order.create"]
    usual = next(window for endpoint, window in windows if endpoint == "balance")
    assert 0 < write <= 1500 < usual
    after = windows[[endpoint for endpoint, _ in windows].index("order.create") + 1 :]
    assert {window for endpoint, window in after} == {usual}
    assert "order.read" in dict(after)


def test_a_time_that_is_measured_is_that_of_the_request_alone(world: Any) -> None:
    """What it takes to be made ready, ccxt's import above all, is no latency: the offset of the clock rests on that. On a clock that
    stands still but for ten seconds that making ready takes."""

    class Standing:
        at = SystemClock().now()

        def now(self) -> int:
            return self.at

        async def sleep(self, milliseconds: int) -> None:
            self.at += milliseconds

    clock = Standing()

    class Slow(OkxWire):
        def switch(self, exchange: Any, network: Network) -> None:
            clock.at += 10_000
            super().switch(exchange, network)

    async def go() -> int:
        made: Any = world.client("okx")
        settings = attrs.evolve(made._settings, clock_skew_ms=60_000)
        context = attrs.evolve(made._context, clock=clock, settings=settings, shared={})
        client = ExchangeClient(context, attrs.evolve(EXCHANGE, wire=Slow))
        await client.open()
        await client.close()
        return client._connection.clock.uncertainty

    assert asyncio.run(go()) == 1


@pytest.mark.parametrize("venue", VENUES)
def test_what_the_venue_stated_of_the_wallet_serves_one_reading(world: Any, venue: str) -> None:
    """The first reading after a perpetual order takes the balance from the ledger that told the order, if it is not older than what is
    asked for; the next one asks for the wallet. The figures are the same."""

    async def go() -> None:
        client = await world.opened(venue)
        report = await client.send(await client.prepare(SHORT, "bv" + "4" * 30))
        keys = [key for effect in report.effects for key, _ in effect.lines]
        reads = []
        for at in (report.at, report.at):
            before = world.mark()
            reads.append((await client.positions(keys, at), world.counted(venue, before)))
        (first, asked), (second, again) = reads
        assert first.values == second.values
        assert first.at >= report.at
        together = {"balance": 1} if venue == "binance" else {"balance": 1, "positions": 1}
        assert asked == (together if venue == "binance" else {"positions": 1})
        assert again == together
        await client.send(await client.prepare(SHORT, "bv" + "5" * 30))
        before = world.mark()
        await client.positions(keys, client._desk.now() + 1)
        assert world.counted(venue, before) == together
        await client.close()

    asyncio.run(go())


SHORT = Step("a/0", Order("a", perp("okx"), "", "", ""), (perp("okx"),), {"lowest_price": "49500"})
"""Of whichever venue: its client does not ask."""


@pytest.mark.parametrize("venue", ["bybit", "okx"])
def test_what_was_stated_is_not_the_wallet_now(world: Any, venue: str) -> None:
    """An action that was given up left a statement, and the wallet changed since: whoever asks for now is told what is there now."""

    async def go() -> Decimal:
        client = await world.opened(venue)
        await client.send(await client.prepare(SHORT, "bv" + "6" * 30))
        world.box.control.endow(venue, "trading", "USDT", "77")
        key = f"{venue}:balance:USDT"
        held: Decimal = (await client.positions((key,), 0)).values[key]
        await client.close()
        return held

    assert asyncio.run(go()) == 77


@pytest.mark.parametrize("venue", VENUES)
def test_an_outcome_and_the_account_are_read_without_the_list_of_markets(world: Any, venue: str) -> None:
    """The list is old and cannot be had: no order is prepared, and the one that was sent is found all the same."""
    world.settings(venue, "market_age_ms: 0")

    async def go() -> None:
        client = world.client(venue)
        await client.open()
        world.box.control.price("BTC/USDT:USDT", "50000")
        key = f"{venue}:perp:BTC/USDT:USDT"
        await client.positions((key,), 0)
        prepared = await client.prepare(SHORT, "bv" + "7" * 30)
        world.box.control.fault(venue, "order.create", "accept_then_reset")
        world.box.control.fault(venue, "markets", "endpoint_down")
        assert (await client.send(prepared)).state is State.UNKNOWN
        assert (await client.lookup(prepared)).state is State.FILLED
        assert (await client.positions((key,), 0)).values[key] == D("-0.1")
        assert [each for each in await client.recent_effects((), 0, 0) if each.kind == "trade"]
        with pytest.raises(Said):
            await client.prepare(SHORT, "bv" + "8" * 30)
        await client.close()

    asyncio.run(go())


@pytest.mark.parametrize("venue", VENUES)
def test_an_exchange_without_a_deadline_has_a_fence_that_never_passes(world: Any, venue: str) -> None:
    """As its manifest says: the write leaves as it is, without a window or a time of expiry of its own."""

    async def go() -> None:
        client = world.client(venue)
        await client.open()
        client._connection.fence_ms = 0  # what a manifest without [fence] comes to
        prepared = await client.prepare(SHORT, "bv" + "8" * 30)
        assert prepared.fence == NEVER
        said = await client.show(SHORT, "bv" + "8" * 30, 0)
        assert "exptime" not in {name.lower() for name in dict(said.headers)}
        assert (await client.send(prepared)).state in (State.FILLED, State.ACCEPTED)
        await client.close()

    asyncio.run(go())


def test_a_deadline_that_no_request_carries_is_refused() -> None:
    """A manifest that promises one, and a wire that does not say how: nothing leaves, as a second order could follow the first."""
    with pytest.raises(PluginRefused, match="fenced"):
        Wire.fenced(OkxWire(), Request("private", "POST", "order"), 10_000, 8_500)


@pytest.mark.parametrize("venue", VENUES)
def test_a_fence_is_of_this_machine_s_clock_and_the_venue_is_told_its_own(world: Any, venue: str) -> None:
    """The venue's clock is found to be four seconds slow after opening: what waits for the fence has this machine's clock, and waits as
    long as the venue takes the order. What is not known of the other clock is taken off what the venue is told."""

    async def go() -> None:
        client = world.client(venue)
        await client.open()
        own = client._context.clock
        world.box.control.fault(venue, "*", "server_time", offset=-4000)
        await client.heartbeat()
        before, clock = own.now(), client._connection.clock
        prepared = await client.prepare(SHORT, "bv" + "9" * 30)
        assert before + 5000 <= prepared.fence <= own.now() + 5000
        if venue == "okx":
            assert -5000 < clock.offset < -3000
            for unknown in (clock.uncertainty, 900):
                clock.uncertainty = unknown
                said = dict((await client.show(SHORT, "bv" + "9" * 30, 0)).headers)
                told = int({name.lower(): value for name, value in said.items()}["exptime"])
                assert before <= told - 5000 - clock.offset + unknown <= own.now()
            clock.uncertainty = 1
        assert (await client.send(prepared)).state in (State.FILLED, State.ACCEPTED)
        await client.close()

    asyncio.run(go())


@pytest.mark.parametrize("venue", VENUES)
def test_hedge_mode_is_refused_with_what_to_do(world: Any, venue: str) -> None:
    """One-way is what sizes and reduce-only rest on."""
    world.box.control.setting(venue, "hedge_mode", True)
    with pytest.raises(ConfigurationError, match="hedge mode; switch its position mode to one-way"):
        opening(world, venue)


@pytest.mark.parametrize("venue", VENUES)
def test_a_clock_that_is_off_is_refused(world: Any, venue: str) -> None:
    """Fences rest on it."""
    world.box.control.fault(venue, "time", "server_time", offset=5000)
    with pytest.raises(TryAgainLater, match="clock of this machine"):
        opening(world, venue)


@pytest.mark.parametrize("venue", VENUES)
def test_a_clock_that_was_measured_badly_is_measured_again(world: Any, venue: str) -> None:
    """What is not known of it is taken off every deadline of the run: an answer that took 600 ms, as the first over a new connection may,
    tells less than the 200 ms that are asked for."""
    world.settings(venue, "clock_skew_ms: 200\n")
    world.box.control.fault(venue, "time", "delay", seconds=0.6)
    before = world.mark()
    opening(world, venue)
    assert world.counted(venue, before)["time"] == 2


@pytest.mark.parametrize(("venue", "code"), [("binance", -5028), ("okx", 50037)])
def test_an_order_that_came_too_late_leads_to_a_look_at_the_clock(world: Any, venue: str, code: int) -> None:
    """It was not carried out; where the clocks have gone apart, the next ones would not be either."""

    async def go() -> tuple[State, dict[str, int]]:
        client = await world.opened(venue)
        world.box.control.fault(venue, "order.create", "deny", code=code)
        before = world.mark()
        report = await client.send(await client.prepare(SHORT, "bv" + "1" * 30))
        await client.close()
        return report.state, world.counted(venue, before)

    state, counted = asyncio.run(go())
    assert (state, counted["time"]) == (State.NOT_SENT, 1)


@pytest.mark.parametrize("venue", VENUES)
def test_maintenance_is_to_be_tried_again_later(world: Any, venue: str) -> None:
    """Not a bad key, not a bad configuration."""
    world.box.control.fault(venue, "*", "maintenance")
    with pytest.raises(TryAgainLater):
        opening(world, venue)


@pytest.mark.parametrize(("endpoint", "place"), [("balance", "demo-api"), ("account", "demo-fapi")])
def test_a_refusal_of_one_of_two_keys_says_which_question_it_answers(world: Any, endpoint: str, place: str) -> None:
    """Binance has the same words for a key of spot and one of futures: the host tells which of them is to be looked at."""
    words = "Invalid API-key, IP, or permissions for action."
    world.box.control.fault("binance", endpoint, "deny", code=-2015, text=words, status=401)
    with pytest.raises(CredentialError, match=rf"permissions for action\. \(to GET {place}\.binance\.com/"):
        opening(world, "binance")


@pytest.mark.parametrize(("venue", "endpoint"), [("okx", "leverage.read"), ("okx", "markets"), ("bybit", "positions")])
def test_opening_waits_for_its_turn_where_each_market_is_a_question(world: Any, venue: str, endpoint: str) -> None:
    """Twenty in two seconds are what OKX answers: with more markets than that a start would be turned down as often as it is tried."""
    world.box.control.fault(venue, endpoint, {"verb": "limit", "retry_after": 1}, {"verb": "limit", "retry_after": 1})
    opening(world, venue)


def test_an_okx_account_of_spot_alone_is_told_how_to_be_switched(world: Any) -> None:
    """Whatever OKX says of swaps in that mode: the leverage of none is asked for."""
    world.box.control.setting("okx", "account_level", 1)
    world.box.control.fault("okx", "leverage.read", "deny", code=51010, text="Request unsupported under current account mode")
    with pytest.raises(ConfigurationError, match="mode is spot only; switch it to futures mode"):
        opening(world, "okx")


@pytest.mark.parametrize("venue", VENUES)
def test_a_place_that_the_venue_does_not_serve_is_no_matter_of_waiting(world: Any, venue: str) -> None:
    """HTTP 451: the sentence says what can be done; it is not to be tried again later."""
    words = "Service unavailable from a restricted location according to 'b. Eligibility'."
    world.box.control.fault(venue, "*", "deny", code=0, text=words, status=451)
    with pytest.raises(ConfigurationError, match=r"restricted location.*; run where"):
        opening(world, venue)


@pytest.mark.parametrize("venue", ["bybit", "okx"])
def test_a_key_without_the_right_to_trade_is_refused(world: Any, venue: str) -> None:
    """Before the first order. Binance's demo trading does not tell it."""
    for right in ("spot", "futures"):
        world.box.control.permit(venue, right, False)
    with pytest.raises(ConfigurationError, match="the key may not trade; give it the right"):
        opening(world, venue)


@pytest.mark.parametrize(("lacking", "other"), [("spot", "futures"), ("futures", "spot")])
def test_a_key_that_may_trade_one_kind_of_market_alone_is_refused_for_both(world: Any, lacking: str, other: str) -> None:
    """Else the first leg of a hedge would stand when the second is turned down. Who wants the one kind says so in the venue's YAML."""
    world.box.control.permit("bybit", lacking, False)
    with pytest.raises(ConfigurationError, match=f"may not trade {lacking}; give it that right, or leave {lacking} out of"):
        opening(world, "bybit")
    world.settings("bybit", f"supported_markets: [{other}]\n")
    opening(world, "bybit")


def test_a_key_that_may_withdraw_without_need_is_reported(world: Any) -> None:
    """Bybit and OKX tell it; demo Binance does not."""

    async def go(venue: str) -> str:
        client = world.client(venue)
        await client.open()
        said = await client.heartbeat()
        await client.close()
        return said.get("key", "")

    for venue in ("bybit", "okx"):
        world.box.control.permit(venue, "withdraw")
        assert "take that right from it" in asyncio.run(go(venue))


@pytest.mark.parametrize("venue", VENUES)
def test_nothing_secret_is_logged_at_the_level_debug(world: Any, venue: str, caplog: pytest.LogCaptureFixture) -> None:
    """ccxt would log headers and signatures."""
    caplog.set_level(logging.DEBUG)
    act(world, spot(venue))
    assert "sandbox-" not in caplog.text
    assert "signature" not in caplog.text.lower()


@pytest.mark.parametrize("venue", VENUES)
def test_market_data_answers_the_series_of_the_venue(world: Any, venue: str) -> None:
    """Price of spot, price and funding rate of the perpetual, with their age; a series that it does not know is left out."""

    async def go() -> Any:
        data = world.assemble().factory.market_data(venue)
        names = [f"{venue}:price:BTC/USDT", f"{venue}:price:BTC/USDT:USDT", f"{venue}:funding:BTC/USDT:USDT", f"{venue}:price:DOGE/USDT"]
        found = await data.fetch(names)
        await data.close()
        return names, found

    names, found = asyncio.run(go())
    assert set(found) == set(names[:3])
    assert D(49_000) < found[names[0]].value < D(51_000)


def test_a_sandbox_that_is_not_there_is_to_be_tried_again_later(world: Any) -> None:
    """A refused connection, as its cause says."""
    world.box.control.refuse()
    with pytest.raises(TryAgainLater, match="cannot be reached"):
        opening(world, "okx")


def test_a_foreign_key_is_a_guard_s_matter(world: Any) -> None:
    """OKX's 50101: a key of the other environment."""
    world.box.control.fault("okx", "key", "deny", code=50101, text="APIKey does not match current environment.", status=401)
    with pytest.raises(GuardRefused, match="other environment"):
        opening(world, "okx")

"""Spend limits: what they count, and that neither a crash nor a queue gets around them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import attrs
import pytest
from command_line import basis, shipped
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_runs import Killed, PointJournal, Run, buy, crash_at, nowhere, supply
from toy_venues import PRICE, ChainModel, ToyMarket

from basis_venues.actions import AtomicBundle, Borrow, PerpTrade, Repay, Supply, Transfer, Withdraw
from basis_venues.assemble import assemble
from basis_venues.clock import PlanClock
from basis_venues.config.limits import LimitRule, read_limits
from basis_venues.contract import Market
from basis_venues.errors import ConfigurationError, Denied, LimitReached, MissingData
from basis_venues.execution.manager import ExecutionManager
from basis_venues.journal.events import Closed, Intent, Outcome, Reserved, Resolved, Sending
from basis_venues.journal.sqlite import Row, SqliteJournal
from basis_venues.journal.state import JournalState
from basis_venues.limits import DAY_MS, Limits
from basis_venues.orders import Effect, Order, Prepared, Report, Step
from basis_venues.results import ActionResult, LegResult
from basis_venues.states import State, Verdict
from basis_venues.valuation import Moved, Sources, in_dollars, moved, needed


def rule(**said: Any) -> LimitRule:
    return LimitRule(
        **{
            name: Decimal(value) if name in ("per_action_usd", "per_day_usd", "open_usd", "gas_per_day_eth") else value
            for name, value in said.items()
        }
    )


def manager(run: Run, *rules: LimitRule, simulated: tuple[str, ...] = (), market: Any = None, **options: Any) -> ExecutionManager:
    parts = run.parts(simulated=simulated, **options)
    models = {venue.name: venue.model for venue in parts.venues}
    sources = Sources(tuple(name for name in models if name != "chain"))
    limits = Limits(rules, parts.mode, models, simulated, sources, market or parts.market, parts.clock)
    return ExecutionManager(attrs.evolve(parts, limits=limits))


def act(run: Run, *actions: Any, rules: tuple[LimitRule, ...], **options: Any) -> list[Any]:
    """Each action's state, or the refusal."""

    async def one(running: ExecutionManager, action: Any) -> Any:
        try:
            return (await running.execute_action(action)).state
        except Denied as refusal:
            return refusal

    async def go() -> list[Any]:
        async with manager(run, *rules, **options) as running:
            return [await one(running, action) for action in actions]

    return asyncio.run(go())


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = Run(directory=tmp_path)
    made.exchange().set_up()
    return made


def test_an_action_over_its_limit_is_denied_before_anything_is_written(run: Run) -> None:
    """At 100 USD a coin, 2 coins pass a limit of 200 and 2.001 do not; nothing of the refused one reaches journal or venue."""
    limit = rule(venue="north", per_action_usd="200")
    first, second = act(run, buy(1, "2"), buy(2, "2.001"), rules=(limit,))
    assert first == "VERIFIED"
    assert isinstance(second, LimitReached)
    assert second.exit_code == 4
    assert "the limit for venue north is 200 USD for each action: 0 is taken, and this asks for 200.1" in str(second)
    assert ("toy", "buy-2") not in run.replayed().actions


def test_a_day_is_rolling(run: Run) -> None:
    """What was asked for counts for 24 hours, to the millisecond, over restarts."""
    limit = rule(per_day_usd="300")
    assert act(run, buy(1, "2"), rules=(limit,)) == ["VERIFIED"]
    assert isinstance(act(run, buy(2, "1.5"), rules=(limit,))[0], LimitReached)
    assert act(run, buy(3, "1"), rules=(limit,)) == ["VERIFIED"]
    run.clock.pass_by(DAY_MS)
    assert act(run, buy(4, "2", valid_until=10**12), rules=(limit,)) == ["VERIFIED"]


@pytest.mark.parametrize(
    ("words", "bound"),
    [
        ({}, True), ({"mode": "toy"}, True), ({"mode": "other"}, False), ({"account": "north"}, True), ({"account": "wallet"}, False),
        ({"venue": "south"}, False), ({"asset": "BTC"}, True), ({"asset": "ETH"}, False), ({"venue": "north", "asset": "BTC"}, True),
    ],
)  # fmt: skip
def test_a_limit_is_about_what_its_words_say(run: Run, words: dict[str, str], bound: bool) -> None:
    """Mode, account, venue and asset: a limit of zero forbids exactly what it is about."""
    (answer,) = act(run, buy(1, "1"), rules=(rule(**words, per_action_usd="0"),))
    assert isinstance(answer, LimitReached) is bound


def test_what_provably_did_not_happen_is_given_back(run: Run) -> None:
    """A purchase that the venue provably refused takes nothing of the day."""
    run.exchange().change(script=["refuse"])
    assert act(run, buy(1, "2"), buy(2, "2"), rules=(rule(per_day_usd="200"),)) == ["REJECTED", "VERIFIED"]


def test_queued_actions_see_what_the_first_one_reserved(run: Run) -> None:
    """Of three actions asked for at once, as many pass as fit together."""

    async def go() -> list[Any]:
        async with manager(run, rule(per_day_usd="200")) as running:
            return await asyncio.gather(*(running.execute_action(buy(n, "1")) for n in range(3)), return_exceptions=True)

    answers = asyncio.run(go())
    assert sorted(type(answer).__name__ for answer in answers) == ["ActionResult", "ActionResult", "LimitReached"]


def test_a_repeated_action_takes_its_part_once(run: Run) -> None:
    """The id is what counts: asked again, it answers with its result and reserves nothing."""
    limit = rule(per_day_usd="100")
    assert act(run, buy(1, "1"), buy(1, "1"), rules=(limit,)) == ["VERIFIED", "VERIFIED"]


def test_an_unknown_price_denies(run: Run) -> None:
    """Without a figure nothing can be said to fit a limit; without a limit no figure is asked for."""

    class Blind:
        def now(self) -> int:
            return run.clock.now()

        def value(self, series: str) -> Decimal:
            raise MissingData(series)

    (answer,) = act(run, buy(1, "1"), rules=(rule(per_day_usd="100"),), market=Blind())
    assert isinstance(answer, Denied)
    assert "the price of BTC is not known, and a spend limit is set" in str(answer)
    assert act(run, buy(2, "1"), rules=(rule(venue="elsewhere", per_day_usd="100"),), market=Blind()) == ["VERIFIED"]


def test_gas_counts_as_planned(tmp_path: Path) -> None:
    """A transaction costs 0.01. The first supply is planned on unknown books, as one; the next ones are known to need an approval, too."""
    run = Run(directory=tmp_path)
    run.chain.set_up()
    answers = act(run, supply(1), supply(2), supply(3), rules=(rule(account="wallet", gas_per_day_eth="0.04"),))
    assert answers[:2] == ["VERIFIED", "VERIFIED"]
    assert "0.04 ETH of gas in 24 hours: 0.03 is taken, and this asks for 0.02" in str(answers[2])


def test_gas_counts_as_it_was_burnt(run: Run, tmp_path: Path) -> None:
    """When an order is over, what its steps were seen to cost takes the place of what was reserved."""
    accounts = {"wallet": "chain:one"}
    action = supply(9)
    order = Order("supply-9/chain", action, "chain", "wallet", "wallet")
    burnt = Effect("e", "k", (("wallet:balance:ETH", Decimal("-0.2")),), 7, "gas")
    step = Step("supply-9/chain/0", order, (action,))
    report = Report(State.FINAL, (burnt,), 7)
    reserved = Reserved(order.id, "chain", "wallet", "USDT", Decimal(0), Decimal("0.5"), False, run.clock.now())
    leg = LegResult(order.id, "chain", "wallet", State.FINAL, Verdict.VERIFIED, effects=(burnt,))
    journal = SqliteJournal(tmp_path / "j.sqlite", run.clock)
    state = JournalState(accounts)
    limits = Limits((rule(gas_per_day_eth="0.5"),), "toy", {"chain": ChainModel()}, (), Sources(), ToyMarket(run.clock), run.clock)
    journal.write([Intent("toy", action, (order,), Decimal(0), (), accounts, (reserved,))])
    with pytest.raises(LimitReached, match=r"0\.5 is taken"):
        limits.reserve((order,), state, journal)
    journal.write(
        [
            Sending("toy", order, (step,), 0, 0, Prepared("k", step, {}), (), {}, {}, 5, accounts),
            Outcome("toy", step.id, report, Verdict.VERIFIED, (), (), {}, {}, accounts),
            Closed("toy", ActionResult(action, "VERIFIED", (leg,), 9), accounts),
        ]
    )
    assert limits.reserve((order._replace(id="supply-10/chain"),), state, journal)[0].gas == Decimal("0.01")
    assert next(row.event() for row in journal.rows()).reserved == (reserved,)  # type: ignore[union-attr]
    journal.close()


def test_the_gas_of_an_account_counts_for_the_wallet_that_pays_it(tmp_path: Path) -> None:
    """What the vault does is signed, and its gas paid, by the wallet: a limit on the gas of either is about it, one on dollars is the
    vault's alone."""
    run = Run(directory=tmp_path)
    run.chain.set_up()
    cheap, vault = rule(account="wallet", gas_per_day_eth="0.03"), {"account": "vault"}
    assert act(run, supply(1, **vault), supply(2, **vault), rules=(cheap, rule(account="wallet", per_day_usd="0"))) == ["VERIFIED"] * 2
    (third,) = act(run, supply(3), rules=(cheap,))
    assert "the limit for account wallet is 0.03 ETH of gas in 24 hours: 0.03 is taken" in str(third)
    (fourth,) = act(run, supply(4, **vault), rules=(rule(account="vault", gas_per_day_eth="0.03"),))
    assert "the limit for account vault is 0.03 ETH of gas in 24 hours: 0.03 is taken" in str(fourth)


class Prices(dict[str, Decimal]):
    """Figures of a market."""

    def value(self, series: str) -> Decimal:
        if series not in self:
            raise MissingData(series)
        return self[series]


def test_open_positions_count_for_the_venue_that_keeps_the_account(run: Run, tmp_path: Path) -> None:
    """An account whose alias is not its venue's name: its position is priced by that venue, and a limit of that venue is about it."""
    state = JournalState({"desk": "desk:one"})
    state.book["desk:perp:BTC/USDT:USDT"] = Decimal(-2)
    prices: Any = Prices({"north:price:BTC/USDT:USDT": Decimal(100)})
    sources = Sources(keeper={"desk": "north"}.__getitem__)
    limits = Limits((rule(venue="north", open_usd="250"),), "toy", {"north": ChainModel()}, (), sources, prices, run.clock)
    more = Order("a/north", PerpTrade(id="a", symbol="BTC/USDT:USDT", side="sell", quantity="1"), "north", "desk", "desk")
    journal = SqliteJournal(tmp_path / "j.sqlite", run.clock)
    with pytest.raises(LimitReached, match="250 USD open: 200 is taken, and this asks for 100"):
        limits.reserve((more,), state, journal)
    assert "north:price:BTC/USDT:USDT" in needed((), state.book, sources)
    journal.close()


def test_a_bundle_takes_both_its_loan_and_its_equity_where_they_are_of_one_asset(run: Run, tmp_path: Path) -> None:
    """30 borrowed and 10 of its own, both WETH: 40 are taken of the day, at once and when another process reads it."""
    legs = (Supply(asset="WETH", amount="40"),)
    bundle = AtomicBundle(id="a", flash_asset="WETH", flash_amount="30", equity="10", equity_asset="WETH", legs=legs, valid_until=10**12)
    order = Order("a/north", bundle, "north", "north", "north")
    accounts, prices = {"north": "north:one"}, Prices({"north:price:ETH/USDT": Decimal(1)})
    journal, state = SqliteJournal(tmp_path / "j.sqlite", run.clock), JournalState(accounts)
    mine, other = (
        Limits((rule(per_day_usd="79"),), "toy", {}, (), Sources(("north",)), cast("Market", prices), run.clock) for _ in range(2)
    )
    reserved = mine.reserve((order,), state, journal)
    journal.write([Intent("toy", bundle, (order,), Decimal(0), (), accounts, reserved)])
    for limits in (mine, other):
        with pytest.raises(LimitReached, match="40 is taken, and this asks for 40"):
            limits.reserve((order._replace(id="b/north"),), state, journal)
    journal.close()


@pytest.mark.parametrize("again", [False, True], ids=["the same run", "another run"])
def test_what_is_open_counts_once_though_nobody_asks_how_it_ended(run: Run, tmp_path: Path, again: bool) -> None:
    """A run was killed with its order under way, and its id is never asked for again. It counts while it may still be filled, or begun;
    then what the books have of it is all."""
    accounts = {"north": "north:one"}
    state = JournalState(accounts)
    prices: Any = Prices({"north:price:BTC/USDT:USDT": Decimal(100)})
    journal = SqliteJournal(tmp_path / "j.sqlite", run.clock)
    limits = Limits((rule(open_usd="250"),), "toy", {}, (), Sources(), prices, run.clock)

    def short(name: str, quantity: str = "1") -> Order:
        until = run.clock.now() + 60_000
        action = PerpTrade(id=name, symbol="BTC/USDT:USDT", side="sell", quantity=quantity, valid_until=until)
        return Order(f"{name}/north", action, "north", "north", "north")

    def taken() -> str:
        asked = Limits((rule(open_usd="250"),), "toy", {}, (), Sources(), prices, run.clock) if again else limits
        with pytest.raises(LimitReached) as full:
            asked.reserve((short("more", "3"),), state, journal)
        return str(full.value).partition("open: ")[2].partition(" is taken")[0]

    order, never = short("a"), short("b")
    step = Step("a/north/0", order, (order.action,))
    for each in (order, never):
        journal.write([Intent("toy", each.action, (each,), Decimal(0), (), accounts, limits.reserve((each,), state, journal))])
    journal.write([Sending("toy", order, (step,), 0, 0, Prepared("k", step, {}), (), {}, {}, 5, accounts)])
    assert taken() == "200"
    run.clock.pass_by(60_001)  # what was not begun never will be; of what was being sent nobody knows
    assert taken() == "100"
    journal.write([Outcome("toy", step.id, Report(State.NEEDS_HUMAN), None, (), (), {}, {}, accounts)])
    assert taken() == "100"
    journal.write([Resolved("toy", step.id, State.FILLED, "it was filled", accounts)])
    assert taken() == "0"
    state.book["north:perp:BTC/USDT:USDT"] = Decimal(-1)
    assert taken() == "100"
    journal.close()


def test_the_first_action_waits_for_no_old_rows(run: Run) -> None:
    """What earlier runs took is read when a run starts; with an action comes only what was written since."""
    limit, starts = rule(per_day_usd="250"), [0]

    class Watched(PointJournal):
        def rows(self, subject: str | None = None, after: int = 0) -> Iterator[Row]:
            starts.append(after)
            return super().rows(subject, after)

    async def go() -> None:
        made = manager(run, limit)
        parts = attrs.evolve(made._parts, open_journal=Watched)
        async with ExecutionManager(parts) as running:
            starts.clear()
            with pytest.raises(LimitReached, match="200 is taken"):
                await running.execute_action(buy(2, "1"))

    assert act(run, buy(1, "2"), rules=(limit,)) == ["VERIFIED"]
    asyncio.run(go())
    journal = SqliteJournal(run.journal, run.clock)
    assert starts == [sum(1 for _ in journal.rows())]
    journal.close()


class Counted(str):
    """A name that counts how often it is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)

    def __hash__(self) -> int:
        return str.__hash__(self)


def test_an_order_is_found_without_looking_at_all_the_others(run: Run, tmp_path: Path) -> None:
    """What sixty orders took is closed by comparing names a few times for each, not with every other; a day later all of it is
    forgotten, but for what is still under way."""
    accounts, count = {"north": "north:one"}, 60
    wanted = [Order(Counted(f"buy-{number}/north"), buy(number, "1"), "north", "north", "north") for number in range(count)]
    journal, state = SqliteJournal(tmp_path / "j.sqlite", run.clock), JournalState(accounts)
    prices: Any = Prices({"north:price:BTC/USDT": Decimal(1)})
    limits = Limits((rule(per_day_usd="61"),), "toy", {}, (), Sources(), prices, run.clock)
    for order in wanted:
        limits.reserve((order,), state, journal)
    for order in wanted[1:]:
        leg = LegResult(str(order.id), "north", "north", State.FILLED, Verdict.VERIFIED)
        journal.write([Closed("toy", ActionResult(order.action, "VERIFIED", (leg,), 9), accounts)])
    Counted.compared = 0
    last = order_of_north("last")
    limits.reserve((last,), state, journal)
    assert Counted.compared < 5 * count
    with pytest.raises(LimitReached, match="61 is taken"):
        limits.reserve((order_of_north("over"),), state, journal)
    run.clock.pass_by(DAY_MS)
    limits.reserve((order_of_north("tomorrow"),), state, journal)
    assert sorted(order for _, order in limits._taken) == ["buy-0/north", "last/north", "tomorrow/north"]
    journal.close()


def order_of_north(name: str) -> Order:
    return Order(f"{name}/north", buy(name, "1"), "north", "north", "north")


def test_a_simulated_venue_spends_nothing(run: Run) -> None:
    """Limits are about what leaves the machine."""
    options: dict[str, Any] = {"simulated": ("north",), "opening": {"north:balance:USDT": Decimal(10_000)}}
    assert act(run, buy(1, "5"), rules=(rule(per_day_usd="100"),), **options) == ["VERIFIED"]


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 14)), min_size=2, max_size=6), st.integers(20, 90))
def test_P17_limits_hold_across_restart(wanted: list[tuple[int, int]], cap: int) -> None:
    """Whatever is asked for, and wherever each run is killed, what the venue carried out in a day is worth at most the limit.

    Property `limits_hold_across_restart`. The oracle is the venue's own record of fills at its one price.
    """
    with TemporaryDirectory() as directory:
        run = Run(directory=Path(directory))
        exchange = run.exchange()
        exchange.set_up()
        limit = rule(account="north", per_day_usd=str(cap * 10))
        for number, (tenths, end) in enumerate(wanted):
            point, _ = crash_at(end)
            for where in (point, nowhere):  # killed, then started again and asked for the same
                try:
                    act(run, buy(number, str(Decimal(tenths) / 10)), rules=(limit,), point=where)
                except Killed:
                    continue
        bought = run.world.load()["venues"]["north"]["effects"]
        spent = sum((Decimal(amount) for row in bought for key, amount in row["lines"] if key.endswith(":BTC")), Decimal(0)) * PRICE
        assert spent <= cap * 10


def order(action: Any, venue: str = "v") -> Order:
    return Order(f"{action.id}/{venue}", action, venue, "wallet", "wallet")


VALUED = [
    (PerpTrade(id="a", symbol="BTC/USDT:USDT", side="sell", quantity="2"), [("BTC", "2", True)]),
    (PerpTrade(id="a", symbol="BTC/USDT:USDT", side="buy", quantity="2", reduce_only=True), []),
    (buy(1, "2", order_type="limit", price="90", good_for=1), [("USDT", "180", False)]),
    (Supply(id="a", asset="USDT", amount="7"), [("USDT", "7", False)]),
    (Supply(id="a", asset="WETH", amount="max"), [("WETH", "3", False)]),
    (Borrow(id="a", asset="WETH", amount="1"), [("WETH", "1", True)]),
    (Withdraw(id="a", asset="WETH", amount="max"), []),
    (Repay(id="a", asset="WETH", amount="max"), []),
    (Transfer(id="a", asset="USDT", amount="5", source="wallet", address="0x1"), [("USDT", "5", False)]),
    (Transfer(id="a", asset="USDT", amount="5", source="b", target="b", from_wallet="spot", to_wallet="futures"), []),
    (
        AtomicBundle(id="a", flash_asset="WETH", flash_amount="30", equity="10", legs=(Supply(asset="WETH", amount="40"),)),
        [("WETH", "30", True), ("ETH", "10", False)],
    ),
]


@pytest.mark.parametrize(("action", "expected"), VALUED)
def test_what_an_action_moves(action: Any, expected: list[tuple[str, str, bool]]) -> None:
    """Opening and spending counts; what brings value home, lowers a debt or only changes a form does not."""
    found = moved(order(action), lambda key: Decimal(3) if key == "wallet:balance:WETH" else None)
    assert [(each.asset, each.amount, each.opens) for each in found] == [(a, Decimal(n), o) for a, n, o in expected]


def test_all_of_an_unknown_balance_cannot_be_valued() -> None:
    """MAX of a balance that was never read is refused with what to do."""
    with pytest.raises(Denied, match=r"the amount of a is not known before the account was read, .* name the amount"):
        moved(order(Supply(id="a", asset="USDT", amount="max")), lambda _: None)


def test_prices_come_from_oracles_and_exchanges() -> None:
    """WETH by the lender's oracle, else ETH at an exchange; dollars are dollars; a cross pair goes through its quote."""
    sources = Sources(("binance",), ("aave",))
    figures: Any = Prices(
        {"binance:price:ETH/USDT": Decimal(2000), "binance:price:ETH/BTC": Decimal("0.05"), "binance:price:BTC/USDT": Decimal(40_000)}
    )
    assert in_dollars(Moved("WETH", Decimal(2)), sources, figures) == 4000
    assert in_dollars(Moved("USDC", Decimal(2)), sources, figures) == 2
    assert in_dollars(Moved("ETH", Decimal(1), "binance:price:ETH/BTC"), sources, figures) == 2000
    figures["aave:oracle:WETH"] = Decimal(2100)
    assert in_dollars(Moved("WETH", Decimal(2)), sources, figures) == 4200
    lender: Any = Prices({"aave:oracle:WETH": Decimal(2100)})
    assert [in_dollars(Moved(asset, Decimal(1)), sources, lender) for asset in ("ETH", "stETH")] == [2100, 2100]


def test_limits_yaml_is_checked_line_by_line(tmp_path: Path) -> None:
    """A misspelt word, a limit of nothing and a negative one are told with file, line and path; without a file there are none."""
    assert read_limits(tmp_path) == ()
    (tmp_path / "limits.yaml").write_text(
        "limits:\n  - {venue: a, per_action_us: 5}\n  - {venue: b}\n  - {gas_per_day_eth: -1}\n", encoding="utf-8"
    )
    with pytest.raises(ConfigurationError) as caught:
        read_limits(tmp_path)
    first, second, third = caught.value.problems
    assert "limits.yaml:2: limits[0].per_action_us: is not a known key; did you mean per_action_usd?" in first
    assert "limits.yaml:3: limits[1]: limits nothing" in second
    assert "limits.yaml:4: limits[2]: gas_per_day_eth is below zero" in third


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("venue: binanse", "there is no venue 'binanse'; did you mean binance?"),
        ("mode: btcbasis", "there is no mode 'btcbasis'; did you mean btc_basis?"),
        ("account: binanc", "there is no account 'binanc'; did you mean binance?"),
        ("asset: btc", "such as BTC"),
    ],
)
def test_a_limit_about_what_nothing_has_is_an_error(words: str, told: str, tmp_path: Path) -> None:
    """It would limit nothing: neither `basis check` nor a live run passes over it. Another mode and its accounts are known."""
    configs = shipped(tmp_path)
    limits = configs / "limits.yaml"
    limits.write_text(f"limits: [{{{words}, per_day_usd: 5}}]\n", encoding="utf-8")
    ran = basis("check", "btc_basis", "--configs", configs, "--json")
    assert ran.code == 3
    assert any(told in each["text"] for each in ran.document()["checks"] if each["check"] == "static limits")
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        assemble("btc_basis", configs=configs, live=True, profile="sandbox", state=tmp_path / "state", env={}, clock=PlanClock(1))
    limits.write_text("limits: [{mode: eth_staking, venue: lido, account: wallet, asset: ETH, per_day_usd: 5}]\n", encoding="utf-8")
    assert basis("check", "btc_basis", "--configs", configs).code == 0


def test_check_finds_wrong_limits(tmp_path: Path) -> None:
    """`basis check` reads limits.yaml, too."""
    configs = shipped(tmp_path)
    (configs / "limits.yaml").write_text("limits: [{venue: binance}]\n", encoding="utf-8")
    ran = basis("check", "btc_basis", "--configs", configs, "--json")
    assert ran.code == 3
    failed = [each for each in ran.document()["checks"] if each["status"] == "fail"]
    assert [each["check"] for each in failed] == ["static limits"]

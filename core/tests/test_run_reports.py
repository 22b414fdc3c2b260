"""Plans that are wrong, what a run reports of them that went, and the one word for a result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pluggy
import pytest
from command_line import ACCOUNTS, small_journal
from toy_runs import Run, buy, supply

from basis_venues import hookspecs
from basis_venues.cli.journal_file import opened, write_by_hand
from basis_venues.cli.run import meaning, told
from basis_venues.clock import SteeredClock
from basis_venues.errors import BasisError, ConfigurationError, Denied, TryAgainLater
from basis_venues.execution.blocking import BlockingManager
from basis_venues.execution.manager import ExecutionManager
from basis_venues.execution.resolution import thawing
from basis_venues.journal.events import Frozen, Thawed
from basis_venues.journal.sqlite import SqliteJournal
from basis_venues.journal.state import JournalState
from basis_venues.observers import Observers
from basis_venues.orders import Effect
from basis_venues.results import LegResult, worst
from basis_venues.run.plan import Plan, Timed, load_plan
from basis_venues.run.report import RunReport
from basis_venues.run.runner import run_plan
from basis_venues.states import State, Verdict


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("    at: start+30x", "'30x' is not a duration"),
        ("    good_for: 5 ages", "is not a duration, such as 6h"),
        ("valid_for: never", "is not a duration, such as 10m"),
    ],
)
def test_a_wrong_duration_is_told_with_its_file_and_line(tmp_path: Path, line: str, said: str) -> None:
    """Every place where a plan says how long something takes names itself when it is wrong."""
    rows = {"valid_for": "valid_for: 10m", "    at": "    at: start", "    good_for": "    good_for: 6h"}
    rows[line.partition(":")[0]] = line
    first, *fields = rows.values()
    actions = ["  - action: SpotTrade", "    id: one", "    symbol: BTC/USDT", "    side: buy", "    quantity: '1'", *fields]
    plan = tmp_path / "p.yaml"
    plan.write_text("\n".join(["mode: toy", first, "actions:", *actions, ""]), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"p\.yaml:\d+: .*") as wrong:
        load_plan(plan, tmp_path)
    assert said in str(wrong.value)


def test_what_a_live_chain_did_is_reported_with_its_block(tmp_path: Path) -> None:
    """A block number is no time: it is not shown as a moment of the year 1970; what an exchange did has its time."""
    run = Run(directory=tmp_path)
    run.chain.set_up()
    run.exchange().set_up()
    strangers = (
        Effect("a", None, (("wallet:balance:USDT", Decimal(1)),), 21_000_000, "transfer"),
        Effect("b", None, (("north:balance:USDT", Decimal(1)),), 1_704_153_600_000, "deposit"),
    )
    leg = LegResult("x/chain", "chain", "wallet", State.FINAL, Verdict.VERIFIED, externals=strangers)
    (result,) = run.act(supply())
    shown = _document(run, result._replace(legs=(leg,)))["actions"][0]["legs"][0]["externals"]
    assert [(each.get("block"), each.get("at")) for each in shown] == [(21_000_000, None), (None, "2024-01-02T00:00:00Z")]


def _document(run: Run, result: Any) -> dict[str, Any]:
    return _report(run, result).document()


def _report(run: Run, *results: Any, failure: BasisError | None = None, frozen: Mapping[str, str] = {}) -> RunReport:
    settings = SimpleNamespace(
        mode=SimpleNamespace(name="toy"), selection=SimpleNamespace(live=True, environment="dev"), networks={}, manifests={}, warnings=()
    )
    assembly: Any = SimpleNamespace(settings=settings, parts=run.parts(), market=None)
    plan = Plan(name="p", mode="toy", summary="", since=None, until=None, valid_for=1, positions={}, actions=())
    return RunReport(assembly, plan, results, None if failure else {}, {}, 0, 1, failure, frozen)


def test_the_last_sentence_is_that_of_the_state(tmp_path: Path) -> None:
    """Of what was sent nobody is told that it was not begun, nor that its id may be given again; of what was stopped, why."""
    run = Run(directory=tmp_path)
    run.exchange().set_up(["rest_forever"])
    sent, other = run.act(buy(), buy(2))
    asked, stopped = meaning(sent), meaning(other)
    assert asked is not None
    assert stopped is not None
    assert "may have happened" in asked
    assert "`basis journal show buy-1/north/0`" in asked
    assert "basis resolve" in asked
    assert "again;" in asked
    assert "same ids" not in asked
    assert "not begun: the account north is frozen: buy-1/north/0" in stopped
    assert "the same ids may be given again" in stopped


def test_of_an_action_that_is_done_in_part_the_missing_legs_are_named(tmp_path: Path) -> None:
    """One leg is filled and the other refused: which is missing, and no word of a frozen account; what then halts says so itself."""
    run = Run(directory=tmp_path)
    run.exchange("north").set_up()
    run.exchange("south").set_up(["refuse"])
    part, stopped = run.act(buy(1, "2"), buy(2))
    assert (part.state, stopped.state) == ("INCOMPLETE", "STOPPED")
    said = meaning(part)
    assert said is not None
    assert "Missing: buy-1/south REJECTED" in said
    assert "frozen" not in said + str(meaning(stopped))
    assert "a leg of buy-1 ended INCOMPLETE" in str(meaning(stopped))


def test_what_ends_a_run_is_told_beside_what_was_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A clock that stops in the middle: the document has the actions until then and the error, and the graver of the two codes."""
    run = Run(directory=tmp_path)
    run.exchange().set_up(["rest_forever"])
    (result,) = run.act(buy())
    report = _report(run, result, failure=TryAgainLater("the clock does not answer"))
    assert told(report, True, {}) == report.exit_code == 8
    said = capsys.readouterr()
    shown = json.loads(said.out)
    assert [each["state"] for each in shown["actions"]] == ["NEEDS_HUMAN"]
    assert (shown["positions"], shown["error"]["exit_code"]) == (None, 75)
    assert "the clock does not answer" in said.err
    assert told(report, False, {}) == 8
    tables = capsys.readouterr().out
    assert "positions" not in tables
    assert "compared with the accounts" not in tables


def test_a_run_whose_verified_action_froze_the_account_does_not_end_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The venue filled more than was asked for, say: the action is verified, and who looks at the exit code alone must learn of it."""
    run = Run(directory=tmp_path)
    run.exchange().set_up()
    (result,) = run.act(buy())
    report = _report(run, result, frozen={"north": "the venue filled 2, and 1 was asked for"})
    assert (result.state, told(report, True, {})) == ("VERIFIED", 8)
    said = capsys.readouterr()
    assert json.loads(said.out)["frozen"] == {"north": "the venue filled 2, and 1 was asked for"}
    assert "the account north is frozen (`basis journal show`): the venue filled 2" in said.err
    assert told(_report(run, result), True, {}) == 0


def test_an_error_after_the_first_action_keeps_its_report(tmp_path: Path) -> None:
    """The clock stops answering: what was carried out is reported, and what was not read is not called nothing."""
    run = Run(directory=tmp_path)
    run.exchange().set_up()
    stops: list[int] = []

    def tell(now: int) -> None:
        stops.append(now)
        if now > 5_000:
            raise TryAgainLater("the clock does not answer")

    parts = attrs.evolve(run.parts(), clock=SteeredClock(0, tell))
    first, second = Timed("at", 0, buy(1)), Timed("at", 10_000, buy(2))
    plan = Plan("p", "toy", "", 0, 20_000, 600_000, {}, (first, second))
    settings = SimpleNamespace(mode=SimpleNamespace(name="toy"))
    assembly: Any = SimpleNamespace(settings=settings, parts=parts, market=None)
    report = run_plan(assembly, plan, 0, 20_000)
    assert [result.action.id for result in report.results] == ["buy-1"]
    assert (type(report.failure), report.positions) == (TryAgainLater, None)
    with pytest.raises(TryAgainLater):
        run_plan(assembly, plan._replace(actions=(second,)), 0, 20_000)


class Listening:
    """An observer of halts."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    @hookspecs.hookimpl
    def runner_halted(self, account: str, reason: str) -> None:
        self.told.append((account, reason))


def test_an_account_that_a_backtest_freezes_is_told_to_observers(tmp_path: Path) -> None:
    """Its ledger and its books disagree: `runner_halted` fires once, as in a live run."""
    run = Run(directory=tmp_path)
    run.exchange().set_up()
    manager, listening = pluggy.PluginManager(hookspecs.PROJECT), Listening()
    manager.add_hookspecs(hookspecs)
    manager.register(listening)
    observers = Observers(manager)
    observers.refresh(("runner_halted",))
    parts = run.parts(simulated=("north",), opening={"north:balance:USDT": Decimal(1000)}, observers=observers)
    with BlockingManager(ExecutionManager(attrs.evolve(parts, state_directory=None))) as backtest:
        assert backtest.execute_action(buy(1)).state == "VERIFIED"
        parts.ledger.positions["north:balance:BTC"] += 1
        assert backtest.execute_action(buy(2)).state == "MISMATCHED"
        assert backtest.execute_action(buy(3)).state == "STOPPED"
    ((account, reason),) = listening.told
    assert (account, "north:balance:BTC" in reason) == ("north", True)


def test_what_no_word_stands_for_is_unknown_and_never_a_refusal() -> None:
    """Two legs that were filled and not compared are not DENIED; only an action without legs is."""
    leg = LegResult("x/north", "north", "north", State.FILLED, None)
    assert worst((leg, leg)) == "UNKNOWN"
    assert worst(()) == "DENIED"


def test_what_a_person_says_is_judged_by_what_the_journal_says_once_the_accounts_are_held(tmp_path: Path) -> None:
    """A runner wrote between the first look and the lock: the second look counts, and nothing is written that no longer fits."""
    directory = small_journal(tmp_path, [Frozen("binance", "a stranger's order", ACCOUNTS)])
    looks: list[dict[str, str]] = []

    def decide(state: JournalState) -> list[Thawed]:
        looks.append(dict(state.frozen))
        if len(looks) == 1:
            with opened(directory) as runners:
                runners.write([Thawed("binance", "by another person", ACCOUNTS)])
        return [thawing(state, "binance", "mine")]

    with opened(directory) as journal, pytest.raises(Denied, match="not frozen"):
        write_by_hand(journal, directory, decide)
    assert [set(look) for look in looks] == [{"binance"}, set()]
    with opened(directory) as journal:
        assert _kinds(journal) == ["FROZEN", "THAWED"]


def _kinds(journal: SqliteJournal) -> list[str]:
    return [row.kind for row in journal.rows()]

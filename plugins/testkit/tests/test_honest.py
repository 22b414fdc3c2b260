"""Levels 2 and 3 tested on themselves: a good client keeps every promise, and each bad one breaks exactly the intended promises.

The bad adapters that an author is most likely to write, and what catches each:

| adapter | promise |
|---|---|
| sends again on its own | L2-4 |
| takes a timeout for a refusal | L2-2 |
| takes any acknowledgement, one without an id, for an order | L2-3 |
| takes what it cannot read for absent | L2-6 |
| does not know a refusal | L2-7 |
| tells a part as the whole | L2-8 |
| names effects anew in each answer | L2-9 |
| rounds what is asked for | L2-10 |
| prepares something else each time | L2-11 |
| logs its keys | L2-12 |
| takes no order back | L2-13 |
| tells one fill of several | L2-9 |
| sends a rounder quantity than it was asked for | L2-1 |
| keeps what rests out of its history | L2-13 |
| shows what is free for what is held | L2-13 |
| takes an order for done before its fills are listed | L2-3 |
| takes a code that means unknown for a refusal | L2-2 |
| takes a name that is taken for a refusal | L2-2 |
| lets the rest of a market order wait | L2-1, L2-8 |
| tells a sale as a purchase | L2-9 |
| dates what was filled an hour late | L2-9 |
| reads one page of its history | L2-9 |
| lets figures pass through floats | L2-9 |
| takes back others' orders with its own | L2-13 |
| takes a state that nobody knows for the end of the order | L2-3 |
| shows nothing for what it cannot read | L2-3 |
| tells an order that rests in part as done | L2-8 |
| reads figures as the text of floats | L2-9 |
| tells deposits in whole coins | L2-9 |
| sends it again where it cannot read | L2-4 |
| takes a page with status 404 for the venue's answer | L2-6 |
| sends a fill-or-kill as something else | L2-1 |
| sends a withdrawal again, takes a lost reply for none, or leaves its fee out | L2-15 |
| sends nothing where the clock is wrong, or ever | L3-4, in `test_survives.py` |
| looks up what this process sent and no other | L3-1, L3-2, L3-6, L3-7 |
| takes an absent order for a refused one | L3-1, L3-2, L3-3, L3-7 |
| takes the newest order for the one that was asked for | L3-7 |
| reckons a profit by the position that was read last | L3-7 |
| mixes floats in | L1-5, in `test_conformance_kit.py` |
| imports a client's library (ccxt) at load | L0-4, in `test_conformance_kit.py` |
| puts a secret in the open | L0-9, in `test_conformance_kit.py` |
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import fake_distributions
import pytest

import basis_venues_binance.live
from basis_venues_testkit import VenueConformance
from basis_venues_testkit.report.mending import MENDING, mending

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow

for module in ("basis_venues_ccxt.live.making", "basis_venues_sandbox.exchange.sandbox", "basis_venues_sandbox.exchange.server"):
    import_module(module)  # once, not anew in every run within this process

BINANCE = Path(basis_venues_binance.live.__file__).parent

HOOKS = """
from basis_venues.hookspecs import hookimpl


@hookimpl
def settings_class():
    from basis_venues_ccxt import ExchangeSettings

    return ExchangeSettings


@hookimpl
def create_model(context):
    from basis_venues_ccxt import ExchangeModel

    return ExchangeModel(context)


@hookimpl
def create_client(context):
    from .client import AcmeClient

    return AcmeClient(context)
"""

CLIENT = """
import json
import logging
import uuid
from decimal import Decimal

import attrs

from basis_venues.amounts import floor_to
from basis_venues.errors import Denied
from basis_venues.orders import Report, Snapshot
from basis_venues.states import State
from basis_venues_binance.live import EXCHANGE
from basis_venues_ccxt.live import ExchangeClient, Request


class AcmeClient(ExchangeClient):
    def __init__(self, context):
        super().__init__(context, EXCHANGE)
        self.context = context
"""

SUITE = """
from basis_venues.actions import SpotTrade
from basis_venues_testkit import Sample, VenueConformance


class TestAcme(VenueConformance):
    venue = "acme"
    dialect = "binance"
    market = {"acme:price:BTC/USDT": "50000"}
    samples = (Sample(SpotTrade(symbol="BTC/USDT", side="buy", quantity="0.1"), holds={"acme:balance:USDT": "6000"}),)
"""

BAD = [
    ("sends again on its own", "L2-4", """
    async def send(self, prepared):
        report = await super().send(prepared)
        if report.state is State.UNKNOWN:
            await super().send(prepared)
        return report
"""),
    ("takes a timeout for a refusal", "L2-2", """
    async def send(self, prepared):
        report = await super().send(prepared)
        return report._replace(state=State.REJECTED) if report.state is State.UNKNOWN else report
"""),
    ("takes any acknowledgement for an order", "L2-3", """
    async def send(self, prepared):
        report = await super().send(prepared)
        is_nameless = report.state is State.UNKNOWN and "not about this order" in report.reason or "orderId" in report.reason
        return report._replace(state=State.ACCEPTED) if is_nameless else report
"""),
    ("takes what it cannot read for absent", "L2-6", """
    async def lookup(self, prepared):
        try:
            report = await super().lookup(prepared)
        except Exception:
            return Report(State.ABSENT, reason="not there")
        return report._replace(state=State.ABSENT) if report.state is State.UNKNOWN else report
"""),
    ("does not know a refusal", "L2-7", """
    async def send(self, prepared):
        report = await super().send(prepared)
        return report._replace(state=State.UNKNOWN) if report.state is State.REJECTED else report
"""),
    ("tells a part as the whole", "L2-8", """
    async def lookup(self, prepared):
        report = await super().lookup(prepared)
        return report._replace(state=State.FILLED) if report.effects else report
"""),
    ("names effects anew in each answer", "L2-9", """
    async def lookup(self, prepared):
        report = await super().lookup(prepared)
        return report._replace(effects=tuple(each._replace(id=f"seen-{each.id}") for each in report.effects))
"""),
    ("rounds what is asked for", "L2-10", """
    async def prepare(self, step, attempt_key):
        try:
            return await super().prepare(step, attempt_key)
        except Denied:
            (trade,) = step.actions
            lot = self._listings.trading(trade.symbol).lot
            rounded = attrs.evolve(trade, quantity=floor_to(trade.quantity, lot))
            return await super().prepare(step._replace(actions=(rounded,)), attempt_key)
"""),
    ("prepares something else each time", "L2-11", """
    async def prepare(self, step, attempt_key):
        prepared = await super().prepare(step, attempt_key)
        return prepared._replace(payload={**prepared.payload, "salt": uuid.uuid4().hex})
"""),
    ("logs its keys", "L2-12", """
    async def open(self):
        logging.getLogger("acme").debug("opening with %s", {name: each.reveal() for name, each in self.context.credentials.items()})
        return await super().open()
"""),
    ("takes no order back", "L2-13", """
    async def cancel(self, prepared):
        return None
"""),
    ("tells one fill of several", "L2-9", """
    async def send(self, prepared):
        report = await super().send(prepared)
        return report._replace(effects=report.effects[:1])

    async def lookup(self, prepared):
        report = await super().lookup(prepared)
        return report._replace(effects=report.effects[:1])
"""),
    ("sends a rounder quantity", "L2-1", """
    async def prepare(self, step, attempt_key):
        (trade,) = step.actions
        rounder = attrs.evolve(trade, quantity=floor_to(trade.quantity, Decimal("0.01")))
        return await super().prepare(step._replace(actions=(rounder,)), attempt_key)
"""),
    ("keeps what rests out of its history", "L2-13", """
    async def recent_effects(self, keys, since, until):
        return [each for each in await super().recent_effects(keys, since, until) if each.kind != "open"]
"""),
    ("shows what is free for what is held", "L2-13", """
    aside = 0

    async def send(self, prepared):
        report = await super().send(prepared)
        self.aside += 1000 if report.state is State.ACCEPTED else 0
        return report

    async def positions(self, keys, at):
        held = await super().positions(keys, at)
        return held._replace(values={key: each - self.aside if key.endswith("USDT") else each for key, each in held.values.items()})
"""),
    ("takes an order for done before its fills are listed", "L2-3", """
    async def lookup(self, prepared):
        report = await super().lookup(prepared)
        return report._replace(state=State.FILLED) if "does not list all" in report.reason else report
"""),
    ("takes a code that means unknown for a refusal", "L2-2", """
    async def send(self, prepared):
        report = await super().send(prepared)
        return report._replace(state=State.REJECTED) if "-1007" in report.reason else report
"""),
    ("takes a name that is taken for a refusal", "L2-2", """
    async def send(self, prepared):
        report = await super().send(prepared)
        return report._replace(state=State.REJECTED) if "Duplicate" in report.reason else report
"""),
    ("lets the rest of a market order wait", ["L2-1", "L2-8"], """
    async def prepare(self, step, attempt_key):
        prepared = await super().prepare(step, attempt_key)
        return prepared._replace(payload=json.loads(json.dumps(prepared.payload).replace('"IOC"', '"GTC"')))
"""),
    ("tells a sale as a purchase", "L2-9", """
    async def lookup(self, prepared):
        report = await super().lookup(prepared)
        bought = [tuple((key, abs(each) if key.endswith("BTC") else each) for key, each in effect.lines) for effect in report.effects]
        return report._replace(effects=tuple(each._replace(lines=lines) for each, lines in zip(report.effects, bought)))
"""),
    ("dates what was filled an hour late", "L2-9", """
    async def lookup(self, prepared):
        report = await super().lookup(prepared)
        return report._replace(effects=tuple(each._replace(at=each.at + 3_600_000) for each in report.effects))
"""),
    ("reads one page of its history", "L2-9", """
    async def recent_effects(self, keys, since, until):
        return list(await super().recent_effects(keys, since, until))[:1000]
"""),
    ("lets figures pass through floats", "L2-9", """
    async def positions(self, keys, at):
        held = await super().positions(keys, at)
        return held._replace(values={key: Decimal(float(each)) for key, each in held.values.items()})
"""),
    ("takes back others' orders with its own", "L2-13", """
    async def cancel(self, prepared):
        await self._desk.connection.call(Request("private", "DELETE", "openOrders", {"symbol": "BTCUSDT"}))
"""),
    ("takes a state that nobody knows for the end of the order", "L2-3", """
    async def lookup(self, prepared):
        report = await super().lookup(prepared)
        return report._replace(state=State.CANCELLED) if "not known" in report.reason else report
"""),
    ("shows nothing for what it cannot read", "L2-3", """
    async def positions(self, keys, at):
        try:
            return await super().positions(keys, at)
        except Exception:
            return Snapshot(at, dict.fromkeys(keys, Decimal(0)))
"""),
    ("tells an order that rests in part as done", "L2-8", """
    async def lookup(self, prepared):
        report = await super().lookup(prepared)
        return report._replace(state=State.FILLED) if report.state is State.PARTIAL and "does not list" not in report.reason else report
"""),
    ("reads figures as the text of floats", "L2-9", """
    async def positions(self, keys, at):
        held = await super().positions(keys, at)
        return held._replace(values={key: Decimal(str(float(each))) for key, each in held.values.items()})
"""),
    ("sends it again where it cannot read", "L2-4", """
    async def send(self, prepared):
        report = await super().send(prepared)
        try:
            await self._desk.read("private", "account")
        except Exception:
            await super().send(prepared)
        return report
"""),
    ("takes a page with status 404 for the venue's answer", "L2-6", """
    async def lookup(self, prepared):
        report = await super().lookup(prepared)
        return report._replace(state=State.ABSENT) if "404" in report.reason else report
"""),
    ("sends a fill-or-kill as something else", "L2-1", """
    async def prepare(self, step, attempt_key):
        prepared = await super().prepare(step, attempt_key)
        return prepared._replace(payload=json.loads(json.dumps(prepared.payload).replace('"FOK"', '"IOC"')))
"""),
    ("tells deposits in whole coins", "L2-9", """
    async def recent_effects(self, keys, since, until):
        found = await super().recent_effects(keys, since, until)
        return [each._replace(lines=tuple((key, round(n)) for key, n in each.lines)) if each.kind == "deposit" else each for each in found]
"""),
]  # fmt: skip


BAD_AFTER_A_CRASH = [
    ("looks up what this process sent and no other", ["L3-1", "L3-2", "L3-6", "L3-7"], """
    sent = ()

    async def send(self, prepared):
        self.sent = (*self.sent, prepared.key)
        return await super().send(prepared)

    async def lookup(self, prepared):
        report = await super().lookup(prepared)
        return report if prepared.key in self.sent else report._replace(state=State.ABSENT, effects=())
"""),
    ("takes an absent order for a refused one", ["L3-1", "L3-2", "L3-3", "L3-7"], """
    async def lookup(self, prepared):
        report = await super().lookup(prepared)
        return report._replace(state=State.REJECTED, reason="not there") if report.state is State.ABSENT else report
"""),
    ("takes the newest order for the one that was asked for", ["L3-7"], """
    newest = {}

    async def send(self, prepared):
        self.newest[self.context.endpoints["base"]] = prepared
        return await super().send(prepared)

    async def lookup(self, prepared):
        return await super().lookup(self.newest.get(self.context.endpoints["base"], prepared))
"""),
]  # fmt: skip

BY_AN_OLD_POSITION = """
    read = {}

    async def positions(self, keys, at):
        self.read = {}
        return await super().positions(keys, at)

    async def prepare(self, step, attempt_key):
        prepared = await super().prepare(step, attempt_key)
        before = self.read.setdefault(step.actions[0].symbol, prepared.payload["before"])
        return prepared._replace(payload={**prepared.payload, "before": before})
"""
PERPETUAL = SUITE.replace("SpotTrade", "PerpTrade").replace("BTC/USDT", "BTC/USDT:USDT").replace("balance", "collateral")


MOVING = SUITE.replace("import SpotTrade", "import SpotTrade, Transfer").replace(
    "samples = (",
    'samples = (Sample(Transfer(asset="USDT", amount="100", source="acme", target="wallet"), holds={"acme:balance:USDT": "200"}),',
)
CARELESS = [
    ("a good one", "passed", ""),
    ("takes a lost reply for a refusal", "failed", """
    async def send(self, prepared):
        report = await super().send(prepared)
        return report._replace(state=State.REJECTED) if report.state is State.UNKNOWN else report
"""),
    ("sends it again where the reply was lost", "failed", """
    async def send(self, prepared):
        report = await super().send(prepared)
        return await super().send(prepared) if report.state is State.UNKNOWN else report
"""),
    ("leaves out the fee", "failed", """
    async def lookup(self, prepared):
        report = await super().lookup(prepared)
        lines = [tuple((key, max(amount, Decimal(-100))) for key, amount in each.lines) for each in report.effects]
        return report._replace(effects=tuple(each._replace(lines=told) for each, told in zip(report.effects, lines)))
"""),
    ("does not look for what it did not send itself", "failed", """
    async def lookup(self, prepared):
        report = await super().lookup(prepared)
        return report if report.state is State.ABSENT else report._replace(state=State.UNKNOWN, effects=())
"""),
]  # fmt: skip


def install(folder: Path, flaw: str = "", *, perpetual: bool = False) -> None:
    """Lay out a plugin that speaks Binance's spot protocol, or all of it, with the flaw in its client."""
    manifest = (BINANCE / "manifest.toml").read_text(encoding="utf-8")
    head, _, rest = manifest.partition("[actions.cex_futures]")
    tail = "[[credentials]]" + rest.partition("[[credentials]]")[2]
    spot = (head + tail).replace(', "wallet"]', "]").replace('["cex_futures", "hedge_execution"]', '["cex_spot"]')
    own = (manifest if perpetual else spot).replace('"binance"', '"acme"').replace("BINANCE", "ACME")
    lines = (BINANCE / "venue.yaml").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if perpetual or "/USDT:USDT" not in line]
    package = fake_distributions.install(folder, "acme", module="basis_venues_acme", code=HOOKS, manifest=own, settings="\n".join(kept))
    (package / "py.typed").write_text("")
    (package / "client.py").write_text(CLIENT + flaw)


def run(pytester: pytest.Pytester, *options: str, suite: str = SUITE) -> tuple[str, dict[str, Any]]:
    """What pytest printed, and the report's line on acme."""
    pytester.syspathinsert()
    pytester.makepyfile(test_acme=suite)
    own = "--own-process" in options  # one that writes its keys must not write them into this process's logs
    command = ["-q", "-p", "no:cacheprovider", "--show-capture=no", "--basis-report", "conformance.json"]
    command += [each for each in options if each != "--own-process"]
    result = pytester.runpytest_subprocess(*command) if own else pytester.runpytest_inprocess(*command)
    report = json.loads((pytester.path / "conformance.json").read_text())
    return result.stdout.str(), report["venues"]["acme"]


def test_a_good_client_reaches_level_3(pytester: pytest.Pytester) -> None:
    """Every promise of all levels is kept, none left out but for accruals that the spot markets do not have, and reorganisations."""
    install(pytester.path)
    said, venue = run(pytester)
    assert venue["level"] == 3, said
    assert {name for name, each in venue["promises"].items() if each["result"] != "passed"} <= {"L1-13", "L1-14", "L2-15", "L3-5"}


@pytest.mark.parametrize(("promise", "flaw"), [each[1:] for each in BAD], ids=[each[0] for each in BAD])
def test_a_dishonest_client_breaks_the_intended_promise_alone(pytester: pytest.Pytester, promise: str | list[str], flaw: str) -> None:
    """One flaw breaks one promise, or those that are named, and no other with it."""
    install(pytester.path, flaw)
    said, venue = run(pytester, "-k", "test_l2", *(["--own-process"] if promise == "L2-12" else []))
    broken = [name for name, each in venue["promises"].items() if each["result"] == "failed"]
    assert broken == ([promise] if isinstance(promise, str) else promise), said


@pytest.mark.parametrize(("result", "flaw"), [each[1:] for each in CARELESS], ids=[each[0] for each in CARELESS])
def test_who_moves_coins_carelessly_breaks_the_promise_of_moves(pytester: pytest.Pytester, result: str, flaw: str) -> None:
    """A withdrawal happens once, is found, and told with its fee; a good client keeps the promise."""
    install(pytester.path, flaw, perpetual=True)
    said, venue = run(pytester, "-k", "test_l2_15", suite=MOVING)
    assert venue["promises"]["L2-15"]["result"] == result, said


def rename_hosts(folder: Path, hosts: str) -> None:
    """Let the manifest name these hosts alone, on mainnet; the client goes on asking Binance's."""
    file = folder / "basis_venues_acme" / "manifest.toml"
    head, _, rest = file.read_text(encoding="utf-8").replace('"testnet", "mainnet"', '"mainnet"').partition("[networks.")
    file.write_text(f"{head}[networks.mainnet]\nhosts = {hosts}\n\n[client_id]{rest.partition('[client_id]')[2]}", encoding="utf-8")


def test_a_client_of_another_exchange_breaks_the_promise_of_hosts(pytester: pytest.Pytester) -> None:
    """A manifest that names hosts of its own, and a class of ccxt that leads to Binance's: told by host, and level 2 is not reached."""
    install(pytester.path)
    rename_hosts(pytester.path, '["api.acme.com"]')
    said, venue = run(pytester, "-k", "test_l2")
    assert [name for name, each in venue["promises"].items() if each["result"] == "failed"] == ["L2-14"], said
    assert "may not reach api.binance.com" in venue["promises"]["L2-14"]["reasons"]["SpotTrade-BTCUSDT"]


def test_a_scaffold_without_hosts_stops_at_level_1(pytester: pytest.Pytester) -> None:
    """Hosts that are nobody's: nothing is broken, and the promises of the double are not tried, with what to name."""
    install(pytester.path)
    rename_hosts(pytester.path, '["api.acme.example"]')
    said, venue = run(pytester)
    results = {each["result"] for name, each in venue["promises"].items() if name[1] in "23"}
    assert (venue["level"], results) == (1, {"not tried"}), said
    assert "name acme's own hosts there, and its class of ccxt in live.py" in said


def test_the_double_answers_at_the_manifests_hosts(pytester: pytest.Pytester) -> None:
    """An exchange with Binance's protocol and a host that the sandbox does not list is tried there."""
    install(pytester.path, """

class AcmeWire(EXCHANGE.wire):
    def switch(self, exchange, network):
        exchange.urls["api"] = {name: url.replace("api.binance.com", "api.acme.com") for name, url in exchange.urls["api"].items()}


EXCHANGE = attrs.evolve(EXCHANGE, wire=AcmeWire)
""")  # fmt: skip
    rename_hosts(pytester.path, '["api.acme.com"]')
    said, venue = run(pytester, "-k", "test_l2")
    assert {name for name, each in venue["promises"].items() if each["result"] == "passed"} >= {f"L2-{n}" for n in range(1, 15)}, said


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("venue.yaml", "BTC/USDT", "BTC/USDC", "the sandbox does not list BTC/USDC where it speaks binance; give a sample one of"),
        (
            "client.py", "self.context = context\n",
            "self.context = context\n\n    async def open(self):\n        raise Denied('shut')\n",
            "the client does not open: Denied: shut (client.py, line",
        ),
        (
            "client.py", "self.context = context\n",
            "self.context = context\n\n    async def prepare(self, step, attempt_key):\n        return self.nothing\n",
            "the order cannot be prepared: AttributeError: 'AcmeClient' object has no attribute 'nothing' (client.py, line",
        ),
        ("__init__.py", "return AcmeClient(context)", "AcmeClient(context)", "the client does not open: "),
    ],
    ids=["a market that the sandbox has not", "a client that does not open", "one that prepares nothing", "no client at all"],
)  # fmt: skip
def test_one_cause_breaks_one_promise(pytester: pytest.Pytester, name: str, old: str, new: str, said: str) -> None:
    """What stands in the way of every trade breaks the first promise, and the others are blocked by it."""
    install(pytester.path)
    file = pytester.path / "basis_venues_acme" / name
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    told, venue = run(pytester, "-k", "test_l2 or test_l3", suite=SUITE.replace(old, new))
    results = {promise: each["result"] for promise, each in venue["promises"].items() if promise[1] in "23"}
    assert {promise for promise, result in results.items() if result == "failed"} == {"L2-1"}, told
    assert {promise for promise, result in results.items() if result not in ("failed", "blocked")} == {"L2-15"}, told  # no sample moves
    assert said in told


def test_a_double_that_cannot_be_made_is_told_once(pytester: pytest.Pytester) -> None:
    """A protocol that nobody speaks breaks the first promise, with the protocols that there are, and no other."""
    install(pytester.path)
    told, venue = run(pytester, "-k", "test_l2 or test_l3", suite=SUITE.replace('dialect = "binance"', 'dialect = "binnance"'))
    assert [name for name, each in venue["promises"].items() if each["result"] == "failed"] == ["L2-1"], told
    assert "the sandbox speaks no 'binnance'; did you mean binance?" in told


def test_S10_plugin_retries_by_itself(pytester: pytest.Pytester) -> None:
    """At most one write request per attempt, counted by the sandbox: the kit fails it, says how often it wrote, and the exit code is 1."""
    install(pytester.path, next(flaw for _, promise, flaw in BAD if promise == "L2-4"))
    said, venue = run(pytester, "-k", "test_l2_4")
    assert venue["promises"]["L2-4"]["result"] == "failed", said
    assert venue["promises"]["L2-4"]["reasons"]["SpotTrade-BTCUSDT"].startswith("accept_then_hang: send made 2 write requests")
    assert "1 failed" in said


@pytest.mark.parametrize(("promises", "flaw"), [each[1:] for each in BAD_AFTER_A_CRASH], ids=[each[0] for each in BAD_AFTER_A_CRASH])
def test_a_client_that_does_not_survive_breaks_the_intended_promises(pytester: pytest.Pytester, promises: list[str], flaw: str) -> None:
    """It keeps level 2's promise of a look-up in the process that sent, and fails when another process looks, or later."""
    install(pytester.path, flaw)
    said, venue = run(pytester, "-k", "test_l3")
    assert [name for name, each in venue["promises"].items() if each["result"] == "failed"] == promises, said


def test_a_profit_reckoned_by_an_old_position_breaks_what_is_given_together(pytester: pytest.Pytester) -> None:
    """The second order's profit hangs on what the first one did at another price; one order alone is told rightly."""
    install(pytester.path, BY_AN_OLD_POSITION, perpetual=True)
    said, venue = run(pytester, "-k", "test_l3_1 or test_l3_7", suite=PERPETUAL)
    assert [name for name, each in venue["promises"].items() if each["result"] == "failed"] == ["L3-7"], said


def test_a_level_that_was_not_asked_for_is_not_tried(pytester: pytest.Pytester) -> None:
    """`--basis-level 0` leaves all above out, and the report says so."""
    install(pytester.path)
    _, venue = run(pytester, "--basis-level", "0")
    assert {name.partition("-")[0] for name, each in venue["promises"].items() if each["result"] == "not run"} == {"L1", "L2", "L3"}
    assert venue["level"] == 0


def test_every_promise_has_a_reason_and_something_to_do() -> None:
    """Shown beside the evidence by `basis conformance`; none is left over from a promise that is no more."""
    assert list(MENDING) == list(VenueConformance.promises()) == list(VenueConformance.reasons())
    assert all(VenueConformance.reasons().values())


@pytest.mark.parametrize(
    ("promise", "evidence", "advice"),
    [
        ("L1-3", "ended MISMATCHED: acme:balance:BTC: expected 1, observed 0", "Compare the lines"),
        (
            "L1-3",
            "PluginRefused: a model failed: TypeError: unsupported operand type(s) for *: 'float' and 'decimal.Decimal'",
            "Write figures",
        ),
        ("L1-3", "the step sample/acme/0 changes no position besides its cost", "Answer in `effects`"),
        ("L1-3", "PluginRefused: a model failed while simulating sample/acme/0: KeyError: 'USDT'", "Mend the exception"),
        ("L2-1", "the client does not open: KeyError: 'spot'", "Mend what `create_client` or `open` raises"),
        ("L2-1", "the order has another client id", "Send the attempt's key"),
        ("L2-2", "-1007 says that nobody knows, and the order was taken: send says REJECTED", "Take the code off"),
        ("L2-2", "accept_then_hang: it filled 1, and send says REJECTED", "Answer UNKNOWN"),
        ("L2-9", "acme:balance:BTC: 0.1000000000000000055511151231257827 has 34 decimals: it was a float", "Build every Decimal"),
    ],
)
def test_what_to_do_fits_what_broke_it(promise: str, evidence: str, advice: str) -> None:
    """One promise can be broken in several ways, and each has its own remedy."""
    assert mending(promise, evidence).startswith(advice)

"""The kit tested on itself: a good plugin keeps every promise, and each bad one breaks exactly the intended promise."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import choice
from time import time
from typing import Any
from uuid import uuid4

import fake_distributions
import pytest

from basis_venues.amounts import MONEY
from basis_venues_testkit import Sample, VenueConformance
from basis_venues_testkit.simulation.watching import watched

pytest_plugins = ["pytester"]

MANIFEST = """
venue = "acme"
kind = "cex"
contract = "1.0"

[account]
alias = "acme"
keeps = true

[actions.cex_spot]
SpotTrade = "full"

[actions.wallet]
Transfer = "unsupported: acme has no withdrawals"

[[credentials]]
name = "api_key"
variable = "CEX__ACME_API_KEY"
secret = true
needed_for = ["cex_spot"]
networks = ["mainnet"]

[networks.mainnet]
hosts = ["api.acme.com"]
"""

HOOKS = """
from basis_venues.hookspecs import hookimpl


@hookimpl
def settings_class():
    from .model import AcmeSettings

    return AcmeSettings


@hookimpl
def create_model(context):
    from .model import AcmeModel

    return AcmeModel(context)
"""

MODEL = """
import time
from decimal import Decimal

from attrs import frozen

from basis_venues.actions import SpotTrade
from basis_venues.config.venues import VenueSettings
from basis_venues.contract import StepFails, VenueModel, not_supported
from basis_venues.errors import Denied
from basis_venues.orders import Effect, Limits, Step

CASH, COIN, PRICE, RATE = "acme:balance:USDT", "acme:balance:BTC", "acme:price:BTC/USDT", "acme:rate:BTC"
KEPT = {}


@frozen(kw_only=True)
class AcmeSettings(VenueSettings):
    lot: Decimal = Decimal("0.001")


class AcmeModel(VenueModel):
    def __init__(self, context):
        self.settings = context.settings

    def touches(self, order, view):
        return (CASH, COIN)

    def plan(self, order, view, market):
        action = order.action
        if not isinstance(action, SpotTrade):
            raise not_supported("acme", action)
        if action.symbol != "BTC/USDT" or action.quantity is None:
            raise Denied("acme trades quantities of BTC/USDT")
        if action.quantity % self.settings.lot:
            raise Denied("the quantity is no whole number of lots")
        return (Step(f"{order.id}/0", order, (action,), {"price": str(market.value(PRICE))}),)

    def effects(self, step, action, view, market, ref):
        signed = action.quantity if action.side == "buy" else -action.quantity
        value = signed * market.value(PRICE)
        if view[CASH] < value or view[COIN] < -signed:
            raise StepFails("insufficient funds at acme")
        return (Effect(f"{ref.id}:0", ref.id, ((COIN, signed), (CASH, -value)), market.now(), "trade"),)

    def accruals(self, positions, market, since, until):
        held = positions.get(COIN, Decimal(0))
        points = market.events(RATE, since, until) if held else ()
        return tuple(Effect(f"interest:{at}", None, ((COIN, held * rate),), at, "interest") for at, rate in points)

    def next_accrual(self, positions, market, now):
        return market.next_event(RATE, now) if positions.get(COIN, Decimal(0)) else None

    def limits(self, action):
        return Limits(lot=self.settings.lot)

    def tolerance(self, key):
        return Decimal(0)

    def series(self, action):
        return (PRICE,)
"""

SUITE = """
from basis_venues.actions import SpotTrade
from basis_venues_testkit import HOUR, Sample, VenueConformance


class TestAcme(VenueConformance):
    venue = "acme"
    market = {"acme:price:BTC/USDT": "50000", "acme:index:BTC": "1", "acme:rate:BTC": ((HOUR, "0.001"), (3 * HOUR, "0.002"))}
    samples = (Sample(SpotTrade(symbol="BTC/USDT", side="buy", quantity="0.1"), holds={"acme:balance:USDT": "6000"}),)
"""

FILES = {"manifest.toml": MANIFEST, "__init__.py": HOOKS, "model.py": MODEL, "venue.yaml": "venue_type: cex\nlot: 0.001\n", "py.typed": ""}

BAD = [
    ("a manifest that is none", "L0-2", "manifest.toml", 'kind = "cex"', 'kind = "shop"'),
    ("a contract of tomorrow", "L0-3", "manifest.toml", 'contract = "1.0"', 'contract = "2.0"'),
    ("a heavy import", "L0-4", "__init__.py", "from basis_venues.hookspecs", "import requests\nfrom basis_venues.hookspecs"),
    ("an import that prints", "L0-5", "__init__.py", "@hookimpl\ndef settings", "print('hello')\n@hookimpl\ndef settings"),
    ("an import that reads the environment", "L0-5", "model.py", "from attrs", "import os\nos.getenv('ACME_KEY')\nfrom attrs"),
    ("a misspelt hook", "L0-6", "__init__.py", "@hookimpl\ndef settings", "@hookimpl\ndef create_clinet(): ...\n@hookimpl\ndef settings"),
    ("a model that cannot be made", "L0-6", "model.py", "def effects(", "def effect("),
    ("settings that do not fit", "L0-7", "venue.yaml", "lot:", "lots:"),
    ("a secret in the open", "L0-9", "manifest.toml", "secret = true", "secret = false"),
    ("a host that is a URL", "L0-10", "manifest.toml", '"api.acme.com"', '"https://api.acme.com"'),
    ("an id too short", "L0-11", "manifest.toml", "[actions.wallet]", "[client_id]\nlength = 20\n\n[actions.wallet]"),
    ("an action in the wrong place", "L0-12", "manifest.toml", "[actions.wallet]", "[actions.lending_execution]"),
    ("an action that nobody has seen", "L1-1", "manifest.toml", '"unsupported: acme has no withdrawals"', '"full"'),
    ("an action that is not declared", "L1-2", "model.py", 'raise not_supported("acme", action)', 'return (Step("x", order, (action,)),)'),
    ("a fill that the venue refuses", "L1-3", "model.py", "view[CASH] < value", "view[CASH] > value"),
    ("an action that does nothing", "L1-3", "model.py", "((COIN, signed), (CASH, -value))", "()"),
    (
        "a figure that is kept for ever", "L1-8", "model.py",
        "market.value(PRICE)\n        if", "KEPT.setdefault(1, market.value(PRICE))\n        if",
    ),
    ("a position that nobody reads", "L1-4", "model.py", "return (CASH, COIN)", "return (CASH,)"),
    ("a float", "L1-5", "model.py", "return Decimal(0)\n", "return 0.0\n"),
    ("a tolerance that hides the action", "L1-5", "model.py", "return Decimal(0)\n", "return Decimal(1)\n"),
    ("a position without a kind", "L1-6", "model.py", '"acme:balance:BTC"', '"acme:coins:BTC"'),
    ("an id that is the same for ever", "L1-7", "model.py", 'f"{ref.id}:0"', '"fill"'),
    ("a plan that looks at the clock", "L1-8", "model.py", '"price": str(', '"price": time.sleep(0) or str('),
    ("a step with a name of its own", "L1-9", "model.py", 'f"{order.id}/0"', '"step"'),
    ("a step that is read back as another", "L1-10", "model.py", "order, (action,),", "order, [action],"),
    ("a lot that is not kept", "L1-11", "model.py", "if action.quantity % self.settings.lot:", "if action.quantity < 0:"),
    ("an exception of its own", "L1-12", "model.py", 'raise Denied("acme trades', 'raise KeyError("acme trades'),
    ("interest that is paid for each question", "L1-13", "model.py", "held * rate)", "held * rate * (until - since))"),
    ("interest that comes unannounced", "L1-14", "model.py", "return market.next_event(", "return None and market.next_event("),
    ("a figure that is not announced", "L1-15", "model.py", "return (PRICE,)", "return ()"),
    ("a figure of what is only touched", "L1-15", "model.py", '"price"', '"index": str(market.value("acme:index:BTC")), "price"'),
]  # fmt: skip


def install(folder: Path, changed: str = "", old: str = "", new: str = "") -> None:
    """Lay the plugin out in a folder of the path as an installed distribution is."""
    package = fake_distributions.install(folder, "acme", module="basis_venues_acme", version="1.0")
    for name, text in FILES.items():
        if name == changed:
            assert old in text
            text = text.replace(old, new)
        (package / name).write_text(text)


def run(pytester: pytest.Pytester, suite: str = SUITE) -> tuple[pytest.RunResult, dict[str, Any]]:
    """Run the suite in this process, and answer what the report says of acme."""
    pytester.syspathinsert()
    pytester.makepyfile(test_acme=suite)
    result = pytester.runpytest_inprocess("-q", "-p", "no:cacheprovider", "--basis-report", "conformance.json")
    report = json.loads((pytester.path / "conformance.json").read_text())
    venue: dict[str, Any] = report["venues"].get("acme", {})
    return result, venue


def test_a_good_plugin_keeps_every_promise(pytester: pytest.Pytester) -> None:
    """It reaches level 1, and what it declares as unsupported is left out with the manifest's own words."""
    install(pytester.path)
    result, venue = run(pytester)
    assert result.ret == 0
    assert venue["level"] == 1
    assert (venue["distribution"], venue["version"], venue["contract"]) == ("basis-venues-acme", "1.0", "1.0")
    assert {promise["result"] for name, promise in venue["promises"].items() if name < "L2"} == {"passed"}
    assert {promise["result"] for name, promise in venue["promises"].items() if name > "L2"} == {"not tried"}
    assert venue["promises"]["L1-1"]["reasons"] == {"Transfer": "Transfer is unsupported: acme has no withdrawals"}
    result.stdout.fnmatch_lines(["*= conformance =*", "acme: level 1 (works); 27 promises kept, 0 broken, 0 left out; imported in * ms"])


@pytest.mark.slow
@pytest.mark.parametrize(("promise", "file", "old", "new"), [each[1:] for each in BAD], ids=[each[0] for each in BAD])
def test_a_bad_plugin_breaks_the_intended_promise_alone(pytester: pytest.Pytester, promise: str, file: str, old: str, new: str) -> None:
    """One flaw breaks one promise; others may be left out, never broken with it."""
    (pytester.path / "requests.py").write_text("")  # for the heavy import: a light one of that name
    install(pytester.path, file, old, new)
    result, venue = run(pytester)
    assert [name for name, each in venue["promises"].items() if each["result"] == "failed"] == [promise], result.stdout.str()


def test_a_package_without_its_mark_of_types_breaks_its_files(pytester: pytest.Pytester) -> None:
    """py.typed is not needed to run, and is asked for all the same."""
    install(pytester.path)
    (pytester.path / "basis_venues_acme" / "py.typed").unlink()
    _, venue = run(pytester)
    assert [name for name, each in venue["promises"].items() if each["result"] == "failed"] == ["L0-8"]


@pytest.mark.parametrize(
    ("use", "what"),
    [
        (lambda: time(), "the clock"),
        (lambda: datetime.now(tz=UTC), "the clock"),
        (lambda: choice([1, 2]), "randomness"),
        (lambda: uuid4(), "randomness"),
        (lambda: os.getenv("ACME"), "an environment variable"),
        (lambda: Path(os.devnull).read_text(), "a file"),
        (lambda: socket.socket().close(), "the network"),
        (lambda: Decimal("1.5").sqrt(MONEY), None),
    ],
)
def test_watching_sees_what_a_pure_function_does_not_do(use: Callable[[], object], what: str | None) -> None:
    """Also under names that were imported from their modules; arithmetic is no deed."""
    with watched() as used:
        use()
    assert used[0].startswith(what) if what else not used, used


def test_a_venue_that_is_not_installed_breaks_its_name(pytester: pytest.Pytester) -> None:
    """Everything else is left out, since there is nothing to look at."""
    _, venue = run(pytester)
    results = {name: each["result"] for name, each in venue["promises"].items()}
    assert results.pop("L0-1") == "failed"
    assert set(results.values()) == {"blocked"}
    assert venue["level"] is None


def test_an_entry_point_to_a_wrong_module_breaks_its_name(pytester: pytest.Pytester) -> None:
    """Something is broken then, and not everything blocked by nothing."""
    install(pytester.path)
    (pytester.path / "basis_venues_acme").rename(pytester.path / "basis_venues_acmee")
    result, venue = run(pytester)
    assert {name: each["result"] for name, each in venue["promises"].items() if name < "L1"}.pop("L0-1") == "failed"
    assert "check the entry point in its pyproject.toml" in result.stdout.str()


def test_a_requirement_that_is_not_met_breaks_the_contract(pytester: pytest.Pytester) -> None:
    """pip would have refused it; the sources of an author are tried without pip."""
    install(pytester.path)
    metadata = pytester.path / "basis_venues_acme-1.0.dist-info" / "METADATA"
    needs = "Requires-Dist: basis-venues>=7.0\nRequires-Dist: basis-venues-testkit>=7.0; extra == 'test'\n"
    metadata.write_text(metadata.read_text().replace("Version: 1.0\n", f"Version: 1.0\n{needs}"))
    result, venue = run(pytester)
    assert [name for name, each in venue["promises"].items() if each["result"] == "failed"] == ["L0-3"]
    assert "requires basis-venues>=7.0, and 0.1.0 is installed" in result.stdout.str()


def test_a_sample_may_say_that_it_does_nothing(pytester: pytest.Pytester) -> None:
    """An order that nobody takes, say."""
    install(pytester.path, "model.py", "((COIN, signed), (CASH, -value))", "()")
    _, venue = run(pytester, SUITE.replace('"6000"})', '"6000"}, idle=True)'))
    assert venue["promises"]["L1-3"]["result"] == "passed"


@pytest.mark.parametrize(
    ("fence", "said"), [('kind = "none"\nmilliseconds = 5000', "milliseconds = 0"), ('kind = "header"', "how long it is")]
)
def test_a_fence_is_mended_both_ways(pytester: pytest.Pytester, fence: str, said: str) -> None:
    """A length without a kind, and a kind without a length."""
    install(pytester.path, "manifest.toml", "[actions.wallet]", f"[fence]\n{fence}\n\n[actions.wallet]")
    result, venue = run(pytester)
    assert venue["promises"]["L0-11"]["result"] == "failed"
    assert said in result.stdout.str()


def test_an_exception_of_the_model_is_broken_and_not_blocked_by_itself(pytester: pytest.Pytester) -> None:
    """Its author sees it under the first promise that it breaks."""
    install(pytester.path, "model.py", "value = signed *", "value = float(signed) *")
    _, venue = run(pytester)
    assert venue["promises"]["L1-3"]["result"] == "failed"
    assert "float" in venue["promises"]["L1-3"]["reasons"]["SpotTrade"]


def test_the_report_is_the_same_for_the_same_plugin(pytester: pytest.Pytester) -> None:
    """Two runs write the same bytes."""
    install(pytester.path)
    run(pytester)
    first = (pytester.path / "conformance.json").read_bytes()
    run(pytester)
    assert first == (pytester.path / "conformance.json").read_bytes()


@pytest.mark.parametrize("mark", ["pytest.mark.skip", "pytest.mark.xfail(strict=False)"])
def test_a_mark_hides_no_promise(pytester: pytest.Pytester, mark: str) -> None:
    """A class that is marked as skipped or expected to fail breaks what it hides."""
    install(pytester.path, "model.py", "return Decimal(0)\n", "return 0.0\n")
    result, venue = run(pytester, SUITE.replace("class TestAcme", f"import pytest\n\n\n@{mark}\nclass TestAcme"))
    assert result.ret == 1
    assert venue["promises"]["L1-5"]["result"] == "failed"
    assert venue["level"] is None or venue["level"] < 1


def test_a_blocked_promise_counts_as_not_kept(pytester: pytest.Pytester) -> None:
    """What could not be tried gives no level, whatever stands in its way."""
    install(pytester.path, "model.py", "view[CASH] < value", "view[CASH] > value")
    result, venue = run(pytester)
    assert venue["promises"]["L1-4"]["result"] == "blocked"
    assert venue["level"] == 0
    result.stdout.fnmatch_lines(["acme: level 0 (loads); * blocked by them, *"])


def test_a_promise_cannot_be_redefined() -> None:
    """Neither in the class nor in a base that is put before the kit's; the refusal says where a limit is declared."""
    with pytest.raises(TypeError, match=r"declared in manifest\.toml"):
        type("TestAcme", (VenueConformance,), {"test_l1_5_amounts_are_exact": None})
    mixin = type("Mixin", (), {"test_l0_4_importing_it_is_light": lambda self: None})
    with pytest.raises(TypeError, match="redefines test_l0_4"):
        type("TestAcme", (mixin, VenueConformance), {})
    with pytest.raises(TypeError, match="named like a promise"):
        type("TestAcme", (VenueConformance,), {"test_l1_99_mine": lambda self: None})


def test_every_promise_has_an_id_a_title_and_a_reason() -> None:
    """Ids run from 1 without gaps, test names carry them, and docstrings say the promise first and then why."""
    promised = VenueConformance.promises()
    for level in ("L0", "L1", "L2", "L3"):
        own = [name for name in promised if name.startswith(level)]
        assert own == [f"{level}-{number}" for number in range(1, len(own) + 1)]
    tests = [getattr(VenueConformance, name) for name in dir(VenueConformance) if name.startswith("test_l")]
    assert len(tests) == len(promised)
    for test in tests:
        (mark,) = test.pytestmark
        sentence, _, why = test.__doc__.partition("\n\n")
        assert test.__name__.startswith("test_" + mark.args[0].lower().replace("-", "_") + "_")
        assert sentence.startswith(f"{mark.args[0]} ")
        assert sentence.endswith(".")
        assert why.strip().endswith(".")


def test_amounts_of_a_sample_are_exact() -> None:
    """Text becomes Decimal, and points are put in order."""
    sample = Sample(None, holds={"acme:balance:USDT": "0.10"}, market={"a:b:c": ((5, "2"), (1, "1")), "d:e:f": 3})  # type: ignore[arg-type]
    assert str(sample.holds["acme:balance:USDT"]) == "0.10"
    assert [at for at, _ in sample.market["a:b:c"]] == [1, 5]
    assert sample.market["d:e:f"] == ((0, 3),)


def test_the_plugin_costs_nothing_where_nobody_uses_it() -> None:
    """pytest loads the plugin in every run: it must import neither Hypothesis nor the core."""
    program = "import sys, pytest, basis_venues_testkit.plugin; print(sorted({'basis_venues', 'hypothesis', 'attrs'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"

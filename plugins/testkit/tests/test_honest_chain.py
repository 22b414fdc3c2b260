"""Level 2 on the chain tested on itself: each bad client of a protocol breaks the intended promises, and no other of the level.

| adapter | promises |
|---|---|
| tries again under the next nonce | L2-4, L2-5 |
| takes a missing receipt for absence | L2-6 |
| tells a revert as done | L2-8 |
| rounds to what the token has digits for | L2-10 |
| does half of what is asked | L2-1, L2-13 |
| reckons ten times the gas | L2-1 |
| asks for a figure that its own data does not tell | L2-1 |
| does not open, does not prepare, or plans with a figure that nobody gives | L2-1, by which all others are blocked |
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import fake_distributions
import pytest

import basis_venues_lido
from basis_venues_sandbox.chain import available
from basis_venues_sandbox.chain.places import CACHE_VARIABLE, cache_folder

pytest_plugins = ["pytester"]
for module in (
    "basis_venues_alchemy.access",
    "basis_venues_alchemy.client",
    "basis_venues_lido.client",
    "basis_venues_testkit.doubles.chain.double",
):
    import_module(module)  # once, not anew in every run within this process
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not available(), reason=available().reason or "the chain can run")]

CACHE = cache_folder("")  # as it is before pytester puts a new home in place, where the chain would have to be built anew
LIDO = Path(basis_venues_lido.__file__).parent

HOOKS = """
import attrs

from basis_venues.hookspecs import hookimpl


@hookimpl
def settings_class():
    from basis_venues_lido.settings import LidoSettings

    return LidoSettings


@hookimpl
def create_model(context):
    from .parts import AcmeModel

    return AcmeModel(attrs.evolve(context, venue="lido"))


@hookimpl
def create_client(context):
    from .parts import AcmeClient

    return AcmeClient(attrs.evolve(context, venue="lido"))


@hookimpl
def market_data(context):
    from basis_venues_lido.data import LidoData

    return LidoData(attrs.evolve(context, venue="lido"))
"""

PARTS = """
from decimal import Decimal

import attrs

from basis_venues.actions import Stake
from basis_venues.contract import not_supported
from basis_venues.states import DONE, State
from basis_venues_lido.client import LidoClient
from basis_venues_lido.model import LidoModel


class AcmeModel(LidoModel):
    def plan(self, order, view, market):
        if not isinstance(order.action, Stake):
            raise not_supported("acme", order.action)
        return super().plan(order, view, market)


class AcmeClient(LidoClient):
"""

SUITE = """
from basis_venues.actions import Stake
from basis_venues_testkit import Sample, VenueConformance


class TestAcme(VenueConformance):
    venue = "acme"
    dialect = "chain"
    market = {"ethereum:gas_price:gwei": "10", "lido:share_rate:wstETH": "1.2"}
    samples = (Sample(Stake(amount="10"), holds={"wallet:balance:ETH": "11"}),)
"""

BAD = [
    ("tries again under the next nonce", ["L2-4", "L2-5"], """
    async def send(self, prepared):
        try:
            return await super().send(prepared)
        except Exception:
            again = await self.prepare(prepared.step, prepared.key)
            return await super().send(again)
"""),
    ("takes a missing receipt for absence", ["L2-6"], """
    async def lookup(self, prepared):
        report = await super().lookup(prepared)
        return report if report.state in DONE or report.state is State.ACCEPTED else report._replace(state=State.ABSENT)
"""),
    ("tells a revert as done", ["L2-8"], """
    async def lookup(self, prepared):
        report = await super().lookup(prepared)
        return report._replace(state=State.MINED) if report.state is State.REVERTED else report
"""),
    ("rounds to what the token has digits for", ["L2-10"], """
    async def prepare(self, step, attempt_key):
        actions = [attrs.evolve(each, amount=round(each.amount, 18)) for each in step.actions]
        return await super().prepare(step._replace(actions=tuple(actions)), attempt_key)
"""),
    ("does half of what is asked", ["L2-1", "L2-13"], """
    async def wanted(self, step):
        wanted = await super().wanted(step)
        return wanted._replace(value=wanted.value // 2)
"""),
    ("reckons ten times the gas", ["L2-1"], """
    pass


class Dear(AcmeModel):
    def gas_units(self, write, market):
        return 10 * super().gas_units(write, market)


AcmeModel = Dear
"""),
    ("asks for a figure that its own data does not tell", ["L2-1"], """
    pass


class Curious(AcmeModel):
    def series(self, action):
        return (*super().series(action), "acme:share_rate:nobody")


AcmeModel = Curious
"""),
    ("does not prepare", ["L2-1"], """
    async def prepare(self, step, attempt_key):
        return self.nothing
"""),
    ("does not open", ["L2-1"], """
    async def join(self):
        raise KeyError("registry")
"""),
    ("plans with a figure that nobody gives", ["L2-1"], """
    pass


AcmeModel.plan = lambda self, order, view, market: market.value("lido:figure:of_nobody")
"""),
]  # fmt: skip


def install(folder: Path, flaw: str = "    pass\n") -> None:
    """Lay out a protocol that stakes with Lido's contracts under another name, with the flaw in its client."""
    lines = (LIDO / "manifest.toml").read_text(encoding="utf-8").replace('"lido"', '"acme"').splitlines()
    others = ("RequestUnstake", "ClaimUnstake", "Wrap", "Unwrap")
    kept = [line for line in lines if line.partition(" ")[0] not in others]
    settings = (LIDO / "venue.yaml").read_text(encoding="utf-8")
    package = fake_distributions.install(
        folder, "acme", module="basis_venues_acme", code=HOOKS, manifest="\n".join(kept), settings=settings
    )
    (package / "py.typed").write_text("")
    (package / "parts.py").write_text(PARTS + flaw)


def run(pytester: pytest.Pytester, *options: str) -> tuple[str, dict[str, Any]]:
    """What pytest printed, and the report's line on acme."""
    pytester.syspathinsert()
    pytester.makepyfile(test_acme=SUITE)
    command = ("-q", "-p", "no:cacheprovider", "--show-capture=no", "--basis-report", "conformance.json", *options)
    result = pytester.runpytest_inprocess(*command)
    report = json.loads((pytester.path / "conformance.json").read_text())
    return result.stdout.str(), report["venues"]["acme"]


@pytest.fixture(autouse=True)
def _chain_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(CACHE))


@pytest.mark.parametrize(("promises", "flaw"), [each[1:] for each in BAD], ids=[each[0] for each in BAD])
def test_a_dishonest_client_breaks_the_intended_promises(pytester: pytest.Pytester, promises: list[str], flaw: str) -> None:
    """Those, and no other of the level."""
    install(pytester.path, flaw)
    said, venue = run(pytester, "-k", "test_l2")
    assert [name for name, each in venue["promises"].items() if each["result"] == "failed"] == promises, said


def test_one_cause_is_told_once_with_its_line(pytester: pytest.Pytester) -> None:
    """Of a client that does not open no promise of the level can be tried: L2-1 says why, the others that they wait for it."""
    install(pytester.path, BAD[-2][2])
    said, venue = run(pytester, "-k", "test_l2")
    others = {name: each for name, each in venue["promises"].items() if name.startswith("L2-") and name != "L2-1"}
    why = "KeyError: 'registry' (parts.py, line "
    assert why in said
    assert {each["result"] for each in others.values()} <= {"blocked", "skipped"}
    assert sum(each["result"] == "blocked" for each in others.values()) > 10

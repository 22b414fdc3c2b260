from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from importlib.metadata import distributions
from importlib.metadata import entry_points as reference
from pathlib import Path
from types import SimpleNamespace

import pytest
from fake_distributions import PLUGIN, install
from fake_venues import FakePlugin, manifests

from basis_venues.blame import is_slip, raised
from basis_venues.contract import VenueModel
from basis_venues.distributions import entry_points, version_of
from basis_venues.errors import PluginRefused
from basis_venues.execution.books import SimulatedBooks
from basis_venues.hookspecs import hookimpl
from basis_venues.plugins import Plugins
from basis_venues.positions import Positions
from basis_venues.registry import FIRST_PARTY, Registry, unmet
from basis_venues.trust import Trust

CANARY = "import pathlib\npathlib.Path(__file__).with_name('ran').touch()\n"


def load(site: Path, *venues: str) -> Plugins:
    plugins = Plugins(Registry([str(site)]))
    plugins.load(venues)
    return plugins


def refused(site: Path, *venues: str) -> str:
    with pytest.raises(PluginRefused) as caught:
        load(site, *venues)
    assert not list(site.glob("*/ran")), "a refused plugin must not have run"
    return str(caught.value)


def test_an_installed_venue_is_found_without_being_imported(site: Path) -> None:
    """Names and manifests come from metadata; the module runs only when it is loaded."""
    folder = install(site, "kraken", code=CANARY + PLUGIN)
    registry = Registry([str(site)])
    assert registry.names() == ("kraken",)
    assert registry.venue("kraken").manifest.venue == "kraken"
    assert not (folder / "ran").exists()
    load(site, "kraken")
    assert (folder / "ran").exists()


def test_the_scan_agrees_with_importlib_metadata() -> None:
    """On this very environment, both readers find the same entry points of a group that is sure to be there."""
    ours = {(each.name, each.module, each.distribution.version) for each in entry_points(("console_scripts", "basis.venues"))}
    theirs = {
        (each.name, each.module, each.dist.version)
        for group in ("console_scripts", "basis.venues")
        for each in reference(group=group)
        if each.dist is not None
    }
    assert theirs
    assert ours == theirs
    there = {each.name: each.version for each in distributions()}
    assert {name: version_of(name) for name in there} == there
    assert version_of("nowhere") is None


def test_a_missing_plugin_names_the_command(site: Path) -> None:
    """The exact pip command, and the name that may have been meant."""
    assert refused(
        site, "binance"
    ) == "no plugin for the venue 'binance' is installed: pip install basis-venues-binance; did you mean binance?".replace(
        "; did you mean binance?", ""
    )
    assert refused(site, "binnance").endswith("pip install basis-venues-binnance; did you mean binance?")


def test_every_refusal_of_a_mode_is_told_at_once(site: Path) -> None:
    """Two missing plugins are two lines."""
    assert len(refused(site, "aave", "lido").splitlines()) == 2


def test_two_claims_of_a_name_refuse_both(site: Path) -> None:
    """Neither distribution is imported when two claim one name."""
    install(site, "kraken", code=CANARY)
    install(site, "kraken", distribution="other-kraken", code=CANARY)
    assert "basis-venues-kraken and other-kraken both claim the venue 'kraken'" in refused(site, "kraken")


@pytest.mark.parametrize("name", sorted(FIRST_PARTY))
def test_a_first_party_name_belongs_to_its_distribution(site: Path, name: str) -> None:
    """A stranger that claims one of our names is refused without being imported."""
    install(site, name, distribution=f"{name}-faster", code=CANARY)
    told = refused(site, name)
    assert f"belongs to basis-venues-{name}, but {name}-faster claims it" in told
    assert f"pip uninstall {name}-faster && pip install basis-venues-{name}" in told


def test_a_stranger_beside_the_owner_refuses_the_name(site: Path) -> None:
    """Even with the rightful distribution there, nothing is guessed."""
    install(site, "okx")
    install(site, "okx", distribution="okx-faster", code=CANARY)
    assert "both claim" in refused(site, "okx")


@pytest.mark.parametrize(
    ("contract", "upgrade"), [("1.1", "basis-venues"), ("2.0", "basis-venues"), ("0.9", "basis-venues-kraken"), ("1.99", "basis-venues")]
)
def test_another_contract_is_refused_with_both_ranges(site: Path, contract: str, upgrade: str) -> None:
    """The sentence says what the plugin needs, what this core takes, and what to upgrade; the plugin does not run."""
    install(site, "kraken", contract=contract, code=CANARY)
    told = refused(site, "kraken")
    assert f"is written for contract {contract}" in told
    assert "this basis-venues takes 1.0" in told
    assert told.endswith(f"pip install --upgrade {upgrade}")


def test_an_invalid_manifest_is_refused_before_import(site: Path) -> None:
    """A manifest that cannot be read, is missing, or is another venue's keeps the plugin from running."""
    install(site, "kraken", manifest="venue = 1", code=CANARY)
    assert "basis-venues-kraken 0.1.0: its manifest is not valid" in refused(site, "kraken")
    (install(site, "gemini", code=CANARY) / "manifest.toml").unlink()
    assert "basis-venues-gemini 0.1.0: its manifest is not valid" in refused(site, "gemini")
    other = 'venue = "bitmex"\nkind = "cex"\ncontract = "1.0"\n[account]\nalias = "x"\n'
    install(site, "deribit", manifest=other, code=CANARY)
    assert "its entry point is named 'deribit' and its manifest says 'bitmex'" in refused(site, "deribit")


@pytest.mark.parametrize(
    "failure",
    ["raise SystemExit(3)", "import no_such_module_x", "raise KeyboardInterrupt", "1 / 0", "class E(BaseException): pass\nraise E"],
)
def test_a_plugin_that_fails_on_import_stops_only_modes_that_need_it(site: Path, failure: str) -> None:
    """Whatever is raised, the plugin is reported as broken by name, and the others load."""
    install(site, "kraken", code=failure)
    install(site, "gemini")
    told = refused(site, "kraken", "gemini")
    assert "the plugin of the venue 'kraken' (basis-venues-kraken 0.1.0) is installed and broken" in told
    assert "gemini" not in told
    assert load(site, "gemini").manifest("gemini").venue == "gemini"


def test_an_editable_installation_is_found_where_imports_find_it(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the module is not beside its metadata, its folder is looked up without running it."""
    source = install(tmp_path / "source", "kraken", code=CANARY + PLUGIN)
    (tmp_path / "source" / "basis_venues_kraken-0.1.0.dist-info").rename(site / "basis_venues_kraken-0.1.0.dist-info")
    monkeypatch.syspath_prepend(str(tmp_path / "source"))
    assert Registry([str(site)]).venue("kraken").manifest.venue == "kraken"
    assert not (source / "ran").exists()


def test_metadata_without_its_module_is_a_broken_installation(site: Path) -> None:
    """An entry point whose module is gone is refused with a sentence."""
    folder = install(site, "kraken")
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    told = refused(site, "kraken")
    assert "its module 'fake_basis_venues_kraken' is not there: pip install --force-reinstall basis-venues-kraken" in told
    assert "check the entry point" in told


def test_an_entry_point_under_another_name_than_the_manifest_s_is_told_first(site: Path) -> None:
    """Before anybody is asked to trust it or to install what is there already, whichever of the two names is asked for."""
    other = 'venue = "deribit"\nkind = "cex"\ncontract = "1.0"\n[account]\nalias = "deribit"\n'
    install(site, "derebit", manifest=other, code=CANARY)
    for name in ("derebit", "deribit"):
        with pytest.raises(PluginRefused, match="its entry point is named 'derebit' and its manifest says 'deribit'; give it one name"):
            Registry([str(site)], Trust()).venue(name)


def test_a_model_that_names_no_position_is_refused_in_a_backtest_too() -> None:
    """`supply` is no kind of position; the book is not extended by it."""
    books = SimulatedBooks(SimpleNamespace(positions=Positions()))  # type: ignore[arg-type]
    with pytest.raises(PluginRefused, match="'wallet:supply:compound/USDC' is not a position key"):
        books.verify(["wallet:supply:compound/USDC"], (), VenueModel)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("basis-venues>=0.1,<9", []),
        ("basis-venues[cli] (>=0.1)", []),
        ("basis-venues~=7.1", []),
        ("basis-venues>=7; extra == 'test'", []),
        ("attrs>=900", []),
        ("basis-venues>=7.1", ["requires basis-venues>=7.1, and 0.1.0 is installed: pip install 'basis-venues>=7.1'"]),
        ("basis-venues-nowhere", ["requires basis-venues-nowhere, and it is not installed"]),
    ],
)
def test_what_a_plugin_requires_of_ours_is_compared_with_what_is_installed(site: Path, line: str, said: list[str]) -> None:
    """Ours alone, always needed, in ranges that are read here; the rest is pip's."""
    install(site, "kraken")
    metadata = site / "basis_venues_kraken-0.1.0.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text().replace("\n\n", f"\nRequires-Dist: {line}\n\n"))
    found = list(unmet(Registry([str(site)]).venue("kraken").entry.distribution))
    assert len(found) == len(said)
    assert all(part in text for part, text in zip(said, found, strict=True))


def test_a_hook_with_other_arguments_keeps_pluggys_message(site: Path) -> None:
    """The author reads which argument is not the hook's."""
    install(site, "kraken", code=PLUGIN + "@hookimpl\ndef create_model(context, extra):\n    return None\n")
    told = refused(site, "kraken")
    assert "hookimpl definition: create_model(context, extra)" in told
    assert "extra" in told


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (
            "@hookimpl\ndef create_modell(context): ...\n",
            "implements 'create_modell', which is not a hook for it; did you mean create_model?",
        ),
        ("@hookimpl(wrapper=True)\ndef create_model(context):\n    return (yield)\n", "wraps the hook 'create_model'"),
    ],
)
def test_hooks_that_are_none_are_refused(site: Path, code: str, told: str) -> None:
    """An unknown hook never goes unnoticed, and none may wrap another's."""
    install(site, "kraken", code=PLUGIN + code)
    assert told in refused(site, "kraken")


def test_a_hook_that_nobody_would_wait_for_is_refused() -> None:
    """An `async def`, or a generator of its kind, would be called and never run: of an observer and of a venue."""

    class Waiting:
        @hookimpl
        async def action_finished(self, result: object) -> None:
            await asyncio.sleep(0)

    class Yielding:
        @hookimpl
        async def create_model(self, context: object) -> AsyncIterator[None]:
            yield

    plugins = Plugins(Registry([]))
    with pytest.raises(PluginRefused, match=r"'Waiting' has an `async def` for the hook 'action_finished'.* hands slow work to a queue"):
        plugins.add_observer(Waiting())
    with pytest.raises(PluginRefused, match="'okx' has an `async def` for the hook 'create_model'"):
        plugins.add(Yielding(), manifests()["okx"])
    assert not plugins.observers.anyone


def test_after_a_refused_hook_the_name_is_free_again(site: Path) -> None:
    """A plugin whose registration failed leaves nothing behind in the manager."""
    plugins = Plugins(Registry([str(site)]))
    manifest = manifests()["okx"]
    bad = SimpleNamespace(create_model=hookimpl(lambda contxt: None))
    with pytest.raises(PluginRefused):
        plugins.add(bad, manifest)
    plugins.add(FakePlugin(), manifest)
    assert plugins.implements("okx", "create_model")


def test_a_hook_is_answered_by_its_own_venue_alone() -> None:
    """With several venues loaded, each answers for itself."""
    plugins = Plugins(Registry([]))
    for name in ("binance", "okx"):
        plugins.add(FakePlugin(settings_class=name), manifests()[name])
    assert plugins.call("binance", "settings_class") == "binance"
    assert plugins.call("okx", "settings_class") == "okx"


def test_what_a_hook_raises_is_the_plugins_failure() -> None:
    """An error that is not ours becomes PluginRefused; where credentials were at hand, without text and cause."""
    plugins = Plugins(Registry([]))
    failure = RuntimeError("kX9canary")
    plugins.add(FakePlugin(create_model=failure, create_client=failure), manifests()["okx"])
    with pytest.raises(PluginRefused, match="'okx' raised RuntimeError in its hook create_model") as caught:
        plugins.call("okx", "create_model", context=None)
    assert caught.value.__cause__ is failure
    plugins.call("okx", "settings_class")
    with pytest.raises(PluginRefused) as caught:
        plugins.call("okx", "create_client", context=SimpleNamespace(network=None))
    assert caught.value.__cause__ is None
    assert "kX9canary" not in str(caught.value)


class Listener:
    """An observer that keeps what it is told, or raises."""

    def __init__(self, failure: BaseException | None = None) -> None:
        self.failure = failure
        self.told: list[str] = []

    @hookimpl
    def runner_halted(self, account: str, reason: str) -> None:
        self.told.append(account)
        if self.failure:
            raise self.failure


@pytest.mark.parametrize("failure", [ValueError("x"), SystemExit(1), AssertionError()])
def test_an_observer_that_raises_stops_nothing_and_is_warned_of_once(failure: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    """The flow goes on, the other observers are told, and the log has one line."""
    plugins = Plugins(Registry([]))
    bad, good = Listener(failure), Listener()
    plugins.add_observer(bad, "bad")
    plugins.add_observer(good, "good")
    with caplog.at_level(logging.WARNING, logger="basis_venues"):
        for account in ("one", "two"):
            plugins.observers.notify("runner_halted", account=account, reason="r")
    assert bad.told == good.told == ["one", "two"]
    assert len(caplog.records) == 1
    assert "the observer bad raised" in caplog.text


def test_nobody_listening_costs_no_call() -> None:
    """Without an observer of a hook, `listening` says so."""
    plugins = Plugins(Registry([]))
    assert not plugins.observers.listening("runner_halted")
    plugins.add_observer(Listener())
    assert plugins.observers.listening("runner_halted")
    assert not plugins.observers.listening("action_finished")


def test_an_observer_may_not_answer_for_a_venue() -> None:
    """Venue hooks in an observer are refused: it can never change a flow."""
    with pytest.raises(PluginRefused, match="implements 'chain_access', which is not a hook for it"):
        Plugins(Registry([])).add_observer(FakePlugin())


def test_installed_observers_are_loaded_and_broken_ones_reported(site: Path) -> None:
    """Every distribution of the group is loaded; one that fails is a sentence and stops nothing."""
    code = "told = []\n@hookimpl\ndef runner_halted(account):\n    told.append(account)\n"
    install(site, "metrics", distribution="basis-metrics", group="basis.observers", code=PLUGIN + code)
    install(site, "broken", distribution="basis-broken", group="basis.observers", code="raise SystemExit")
    plugins = Plugins(Registry([str(site)]))
    (problem,) = plugins.load_observers()
    assert "the observer 'broken' (basis-broken 0.1.0) is installed and broken" in problem
    plugins.observers.notify("runner_halted", account="a", reason="r")
    assert sys.modules["fake_basis_metrics"].told == ["a"]  # type: ignore[attr-defined]


def test_importing_the_loader_imports_nothing_heavy() -> None:
    """The start of every run goes through these modules."""
    code = (
        "import sys, basis_venues.config.settings, basis_venues.factory\n"
        "print([m for m in ('importlib.metadata', 'ccxt', 'web3', 'aiohttp', 'requests', 'typer', 'rich') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize(("kind", "told"), [(KeyError, "KeyError (test_plugins.py, line "), (ConnectionError, "ConnectionError")])
def test_a_slip_is_told_with_its_line_and_never_with_its_text(kind: type[Exception], told: str) -> None:
    """For the plugin's author; what a connection or a venue does is told by its kind alone."""
    with pytest.raises(kind) as caught:
        raise kind("kX9canary7Qz2LmW4secretVb81")
    said = raised(caught.value)
    assert said.startswith(told)
    assert "canary" not in said
    assert ("line" in said) == is_slip(caught.value)

"""Which plugins are let in: decided from metadata, before any of their code runs. Rows S1 to S7 of the catalogue of faults."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import process, shipped
from fake_distributions import PLUGIN, install
from hypothesis import given
from hypothesis import strategies as st

from basis_venues.cli import examining
from basis_venues.config.settings import Settings
from basis_venues.distributions import Distribution
from basis_venues.errors import ConfigurationError, PluginRefused
from basis_venues.plugins import Plugins
from basis_venues.registry import FIRST_PARTY, Registry
from basis_venues.trust import Trust, Trusted, line_for, read_lock, within

CANARY = "import pathlib\npathlib.Path(__file__).with_name('ran').touch()\n"


def trusted(venue: str, distribution: str = "", versions: str = ">=0.1,<0.2") -> Trust:
    return Trust(lines=(Trusted(distribution or f"basis-venues-{venue}", versions, venue),))


def load(site: Path, *venues: str, trust: Trust | None = None) -> Plugins:
    plugins = Plugins(Registry([str(site)], trust or Trust()))
    plugins.load(venues)
    return plugins


def ran(site: Path) -> list[str]:
    return [path.parent.name for path in site.glob("*/ran")]


def test_a_distribution_of_another_is_imported_only_when_it_is_listed(site: Path) -> None:
    """Being installed is not enough; the refusal says what to do, and nothing of it runs."""
    install(site, "kraken", code=CANARY + PLUGIN)
    with pytest.raises(PluginRefused, match=r"is not among the trusted distributions .* basis venues trust kraken"):
        load(site, "kraken")
    assert ran(site) == []
    load(site, "kraken", trust=trusted("kraken"))
    assert ran(site) == ["fake_basis_venues_kraken"]


@pytest.mark.parametrize(
    "trust",
    [
        trusted("kraken", versions=">=0.2"),
        trusted("kraken", "other-kraken"),
        Trust(lines=(Trusted("basis-venues-kraken", ">=0.1", "okex"),)),
    ],
)
def test_another_version_distribution_or_venue_is_not_covered(site: Path, trust: Trust) -> None:
    """A line trusts one distribution, in its versions, for one venue."""
    install(site, "kraken", code=CANARY)
    with pytest.raises(PluginRefused, match="is not among the trusted"):
        load(site, "kraken", trust=trust)
    assert ran(site) == []


def test_a_run_reads_the_lock_of_its_configuration(site: Path, tmp_path: Path) -> None:
    """`Settings.load` lets in what `venues.lock` beside the modes lists, and nothing else."""
    install(site, "kraken", code=CANARY + PLUGIN)
    configs = shipped(tmp_path)
    (configs / "modes" / "mine.yaml").write_text("venues: {execution_subscriptions: {cex_spot: [kraken]}}\n", encoding="utf-8")
    with pytest.raises(PluginRefused, match="basis venues trust kraken"):
        Settings.load("mine", configs, env={})
    assert ran(site) == []
    Trust(configs / "venues.lock").with_line(Trusted("basis-venues-kraken", ">=0.1,<0.2", "kraken")).write()
    assert Settings.load("mine", configs, env={}).mode.execution_venues == ("kraken",)


def test_an_observer_of_another_needs_a_line_too(site: Path) -> None:
    """An observer runs in the same process; one that is not listed is told of and not loaded."""
    install(site, "metrics", distribution="their-metrics", group="basis.observers", code=CANARY + PLUGIN)
    (told,) = Plugins(Registry([str(site)], Trust())).load_observers()
    assert "the observer 'metrics' of their-metrics 0.1.0 is not trusted and not loaded" in told
    assert ran(site) == []
    lines = (Trusted("their-metrics", "==0.1.0"),)
    assert Plugins(Registry([str(site)], Trust(lines=lines))).load_observers() == ()
    assert ran(site) == ["fake_their_metrics"]


def test_trust_writes_the_line_that_lets_it_in(tmp_path: Path, site: Path) -> None:
    """The command shows what the plugin asks for, writes its line, and imports nothing."""
    install(site, "kraken", code=CANARY + PLUGIN, version="0.3.1")
    configs = shipped(tmp_path)
    env = {"PYTHONPATH": str(site)}
    assert process("venues", "--configs", configs, env=env).out.count("basis venues trust kraken") == 1
    told = process("venues", "trust", "kraken", "--configs", configs, "--json", env=env)
    trusted = told.document()["trusted"]
    assert trusted.pop("looked_at").startswith("0.3.1 sha256:")
    assert trusted == {"distribution": "basis-venues-kraken", "versions": ">=0.3.1,<0.4", "venue": "kraken"}
    assert ran(site) == []
    assert read_lock(configs).covers(Distribution("basis-venues-kraken", "0.3.9", site), "kraken")
    venues = process("venues", "--configs", configs, "--json", env=env).document()
    assert "kraken" in {each["venue"] for each in venues["venues"]}
    for name, code in (("krakn", 9), ("binance", 9)):
        assert process("venues", "trust", name, "--configs", configs, env=env).code == code


def test_a_wrong_lock_is_told_line_by_line(tmp_path: Path) -> None:
    """A misspelt key or a range that cannot be read is refused with file, line and path."""
    (tmp_path / "venues.lock").write_text("trusted:\n  - {distributon: a, versions: '>=1'}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"venues.lock:2: trusted\[0\].distributon: is not a known key; did you mean distribution"):
        read_lock(tmp_path)
    (tmp_path / "venues.lock").write_text("trusted:\n  - {distribution: a, versions: newest}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"venues.lock:2: trusted\[0\].versions: expected versions such as"):
        read_lock(tmp_path)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=4), st.lists(st.integers(0, 40), min_size=1, max_size=4))
def test_bounds_order_versions_as_numbers(left: list[int], right: list[int]) -> None:
    """Independent of the comparison here: tuples of numbers filled up with zeros."""
    here, there = ".".join(map(str, left)), ".".join(map(str, right))
    wide = max(len(left), len(right))
    a, b = ([*each, *[0] * (wide - len(each))] for each in (left, right))
    assert within(here, f">={there}") is (a >= b)
    assert within(here, f"<{there}") is (a < b)
    assert within(here, f"=={there}") is (a == b)


@pytest.mark.parametrize(("version", "versions"), [("0.3.1", ">=0.3.1,<0.4"), ("1.2", ">=1.2,<2"), ("2", ">=2,<3")])
def test_a_line_trusts_up_to_the_next_break(version: str, versions: str) -> None:
    """By the habit of version numbers: minors break below 1.0, majors after."""
    assert line_for(Distribution("d", version, Path()), "v").versions == versions


def findings(site: Path, tmp_path: Path, trust: Trust) -> dict[str, str]:
    """What doctor says of plugins, by venue."""
    configs = tmp_path / "configs"
    Trust(configs / "venues.lock", trust.lines).write()
    found = [each for each in examining.examined(configs, tmp_path / "state") if each.check == "plugins"]
    return {each.text.partition(":")[0]: f"{each.status} {each.text} {each.mend}" for each in found}


def test_S1_a_plugin_that_raises_on_import_is_named_and_the_others_load(site: Path, tmp_path: Path) -> None:
    """Isolated: doctor names it, a mode that needs it is refused, and its neighbour loads."""
    install(site, "kraken", code="1 / 0")
    install(site, "gemini")
    trust = Trust(lines=(*trusted("kraken").lines, *trusted("gemini").lines))
    with pytest.raises(PluginRefused, match=r"'kraken' .* is installed and broken: its import raised ZeroDivisionError"):
        load(site, "kraken", trust=trust)
    assert load(site, "gemini", trust=trust).manifest("gemini").venue == "gemini"
    told = findings(site, tmp_path, trust)
    assert told["kraken"].startswith("fail kraken: basis-venues-kraken 0.1.0 is installed and broken: its import raised ZeroDivisionError")
    assert not told["gemini"].startswith("fail")


@pytest.mark.slow
@pytest.mark.parametrize("code", ["import sys; sys.exit(3)", "import os; os._exit(3)", "while True: pass"])
def test_S2_a_plugin_that_ends_or_holds_the_process_on_import_does_neither_here(
    code: str, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Doctor imports in a child with a time limit; the command's own process goes on to its end."""
    monkeypatch.setattr(examining, "_IMPORT_SECONDS", 3)
    install(site, "kraken", code=code)
    told = findings(site, tmp_path, trusted("kraken"))["kraken"]
    assert told.startswith("fail kraken: basis-venues-kraken 0.1.0 is installed and broken: its import ")
    if "sys.exit" in code:
        with pytest.raises(PluginRefused, match="raised SystemExit"):
            load(site, "kraken", trust=trusted("kraken"))


@pytest.mark.parametrize("contract", ["0.9", "1.1", "2.0"])
def test_S3_another_contract_is_refused_from_metadata(contract: str, site: Path) -> None:
    """Though it is trusted: the range and the command are told, and nothing of it runs."""
    install(site, "kraken", contract=contract, code=CANARY)
    with pytest.raises(PluginRefused, match=rf"written for contract {contract}.*this basis-venues takes 1\.0.*pip install --upgrade"):
        load(site, "kraken", trust=trusted("kraken"))
    assert ran(site) == []


def test_S4_a_hook_with_other_arguments_is_refused_in_pluggys_words(site: Path) -> None:
    """The author reads which argument is not the hook's."""
    install(site, "kraken", code=PLUGIN + "@hookimpl\ndef create_model(context, extra):\n    return None\n")
    with pytest.raises(PluginRefused, match=r"hookimpl definition: create_model\(context, extra\)"):
        load(site, "kraken", trust=trusted("kraken"))


def test_S5_two_claims_of_a_name_refuse_both_until_one_is_pinned(site: Path) -> None:
    """Neither runs, until the lock lists exactly one of them for the name."""
    install(site, "kraken", code=CANARY + PLUGIN)
    install(site, "kraken", distribution="other-kraken", code=CANARY + PLUGIN)
    both = Trust(lines=(*trusted("kraken").lines, *trusted("kraken", "other-kraken").lines))
    for trust in (Trust(), both):
        with pytest.raises(PluginRefused, match="basis-venues-kraken and other-kraken both claim the venue 'kraken'"):
            load(site, "kraken", trust=trust)
    assert ran(site) == []
    load(site, "kraken", trust=trusted("kraken", "other-kraken"))
    assert ran(site) == ["fake_other_kraken"]


@pytest.mark.parametrize("name", sorted(FIRST_PARTY))
def test_S6_a_stranger_that_shadows_a_venue_of_ours_is_never_imported(name: str, site: Path) -> None:
    """Not alone, not beside the owner, and not though somebody listed it."""
    install(site, name, distribution=f"{name}-faster", code=CANARY)
    for trust in (Trust(), trusted(name, f"{name}-faster")):
        with pytest.raises(PluginRefused, match=f"belongs to basis-venues-{name}, but {name}-faster claims it"):
            load(site, name, trust=trust)
    install(site, name, code=CANARY)
    with pytest.raises(PluginRefused, match="both claim"):
        load(site, name, trust=trusted(name, f"{name}-faster"))
    assert ran(site) == []


def test_S7_a_plugin_whose_files_changed_after_it_was_trusted_is_refused(site: Path, tmp_path: Path) -> None:
    """One byte of one file, or a further file, in the version that was looked at: not imported, and what to do is said. What Python
    compiles beside them is no change; a later version inside the range is another that was let in beforehand."""
    folder = install(site, "kraken", code=CANARY + PLUGIN)
    configs = shipped(tmp_path)
    command = ("venues", "trust", "kraken", "--configs", configs)
    assert process(*command, env={"PYTHONPATH": str(site)}).code == 0
    lock = read_lock(configs)
    (line,) = lock.lines
    assert line.looked_at.startswith("0.1.0 sha256:")
    (folder / "__pycache__").mkdir(exist_ok=True)
    (folder / "__pycache__" / "x.pyc").write_bytes(b"compiled")
    original = (folder / "__init__.py").read_text(encoding="utf-8")
    for change in (lambda: (folder / "__init__.py").write_text(original + "#"), lambda: (folder / "more.py").write_text("")):
        change()
        with pytest.raises(PluginRefused, match=r"are not those that were looked at .* basis venues trust kraken"):
            load(site, "kraken", trust=lock)
        assert ran(site) == []
        (folder / "__init__.py").write_text(original, encoding="utf-8")
        (folder / "more.py").unlink(missing_ok=True)
    load(site, "kraken", trust=lock)
    assert ran(site) == ["fake_basis_venues_kraken"]
    assert not line.changed(Distribution("basis-venues-kraken", "0.1.1", site), folder)


def test_S7_a_changed_observer_stays_out(site: Path) -> None:
    """It is told as one that is not trusted; the run goes on without it."""
    folder = install(site, "metrics", distribution="their-metrics", code=CANARY + PLUGIN, group="basis.observers")
    (entry,) = Registry([str(site)]).observers
    trust = Trust(lines=(line_for(entry.distribution, "", folder),))
    assert Registry([str(site)], trust).observers == (entry,)
    (folder / "__init__.py").write_text("raise SystemExit", encoding="utf-8")
    assert Registry([str(site)], trust).strangers == (entry,)
    assert ran(site) == []

"""`basis check` and `basis doctor`: each item of the requirement's lists by name, passing as shipped and failing when it is broken."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from command_line import ACCOUNTS, ROOT, basis, events, shipped, small_journal, spoil
from fake_distributions import install
from fake_venues import FakeClient, load, plugins, write

from basis_venues.cli.connecting import connected
from basis_venues.cli.examining import examined
from basis_venues.clock import PlanClock
from basis_venues.conformance import REPORT
from basis_venues.environment import EnvironmentManager
from basis_venues.errors import CredentialError, TryAgainLater
from basis_venues.execution.stops import HaltFlags
from basis_venues.factory import VenueClientFactory
from basis_venues.findings import Finding, gravest
from basis_venues.journal.events import Frozen
from basis_venues.network import Network
from basis_venues.registry import Registry
from basis_venues.trust import digest_of
from basis_venues.validation import CHECKS, _ladder, of_clients, of_environment, of_plugins, of_settings

CANARY = "kX9canary7Qz2LmW4secretVb81"
SPOT = "venues: {execution_subscriptions: {cex_spot: [binance], wallet: [alchemy]}}"
KEYS = {
    f"BASIS_DEV__{name}": value
    for name, value in {
        "CEX__BINANCE_SPOT_API_KEY": "k", "CEX__BINANCE_SPOT_SECRET": "s", "ALCHEMY__PRIVATE_KEY": "p", "ALCHEMY__WALLET_ADDRESS": "0x1",
        "ALCHEMY__RPC_URL": f"https://eth-sepolia.g.alchemy.com/v2/{CANARY}",
    }.items()
}  # fmt: skip


def checked(
    configs: Path, mode: str, *options: str, env: dict[str, str] | None = None
) -> tuple[int, dict[str, list[tuple[str, str, str]]]]:
    """The exit code, and what each check found: (status, text, mend). Whether the shipped conformance reports are of the sources as they
    are is not asked here: `tests/test_conformance_reports.py` does."""
    ran = basis("check", mode, *options, "--configs", configs, "--json", env=env)
    found: dict[str, list[tuple[str, str, str]]] = {}
    for each in (each for each in ran.document()["checks"] if "its report is of" not in each["text"]):
        found.setdefault(each["check"], []).append((each["status"], each["text"], each["mend"]))
    return ran.code, found


@pytest.mark.parametrize("mode", ["btc_basis", "pure_lending", "eth_staking", "eth_leveraged"])
def test_every_item_of_the_lists_passes_for_the_shipped_modes(mode: str, tmp_path: Path) -> None:
    """Each named check is there and passes, offline, without a credential."""
    code, found = checked(shipped(tmp_path), mode)
    assert code == 0
    for names in CHECKS.values():
        for name in names:
            assert {status for status, _, _ in found[name]} == {"pass"}, name


BROKEN = {
    "required venue not subscribed": (
        "venue_requirements.yaml",
        'required_venues: ["aave", "alchemy"]',
        'required_venues: ["aave", "alchemy", "lido"]',
        "pure_lending",
        "venue requirements",
        "fail",
    ),
    "venue neither required nor optional": (
        "venue_requirements.yaml",
        'optional_venues: ["bybit", "okx"]',
        'optional_venues: ["bybit"]',
        "btc_basis",
        "optional venues",
        "warn",
    ),
    "venue not installed": (
        "modes/btc_basis.yaml",
        "      - binance  # BTC spot trades",
        "      - binnance",
        "btc_basis",
        "venue clients",
        "fail",
    ),
    "weights": ("modes/btc_basis.yaml", 'okx: "0.3"', 'okx: "0.2"', "btc_basis", "allocations", "fail"),
    "action type that the venue does not take": (
        "modes/btc_basis.yaml",
        "      - alchemy  # On-chain",
        "      - aave  # On-chain",
        "btc_basis",
        "mode file",
        "fail",
    ),
    "static limit": ("venues/binance.yaml", "max_leverage: 125", "max_leverage: 0.5", "btc_basis", "static limits", "fail"),
    "timing": ("venues/binance.yaml", "venue_type:", "timing: {verify_within_ms: 1}\nvenue_type:", "btc_basis", "static limits", "fail"),
    "patience": ("venues/binance.yaml", "venue_type:", "timing: {patience_ms: 2000}\nvenue_type:", "btc_basis", "static limits", "warn"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_each_item_fails_by_its_name_when_it_is_broken(case: str, tmp_path: Path) -> None:
    """With a text, and a line that says what mends it."""
    name, old, new, mode, check, status = BROKEN[case]
    configs = shipped(tmp_path)
    spoil(configs / name, old, new)
    code, found = checked(configs, mode)
    assert (code == 0) is (status == "warn")
    hits = [(text, mend) for said, text, mend in found[check] if said == status]
    assert hits
    assert all(text and mend for text, mend in hits)


def test_patience_that_is_too_short_for_a_write_without_the_deadline_is_told(tmp_path: Path) -> None:
    """OKX takes a transfer for half a minute more than an order: half a minute of patience is enough for the one and not for the other."""
    configs = shipped(tmp_path)
    (configs / "venues" / "okx.yaml").write_text("venue_type: cex\ntiming: {patience_ms: 30000}\n")
    _, found = checked(configs, "btc_basis")
    assert [status for status, text, _ in found["static limits"] if "patience_ms" in text] == ["warn"]


def test_a_problem_of_the_requirements_is_told_once(tmp_path: Path) -> None:
    """The file is read with the settings, and nothing reads it again."""
    configs = shipped(tmp_path)
    spoil(configs / "venue_requirements.yaml", "optional_venues", "optional_venue")
    code, found = checked(configs, "btc_basis")
    assert code == 3
    assert len(found["venue requirements"]) == len({text for _, text, _ in found["venue requirements"]})


def test_a_venue_without_work_is_needless(tmp_path: Path) -> None:
    """A venue to which no action type goes is a warning."""
    mode = "venues: {execution_subscriptions: {cex_spot: [binance], wallet: [binance], cex_futures: [okx]}}\nallocation: {}"
    settings = load(write(tmp_path, modes__m=mode), "m")

    idle = attrs.evolve(settings, mode=attrs.evolve(settings.mode, routes={"cex_spot": settings.mode.routes["cex_spot"]}))
    found = list(of_settings(idle))
    assert Finding("pass", "nothing needless", "every venue of the mode has something to do") in found
    kept = {name: attrs.evolve(each, account=each.account._replace(keeps=False)) for name, each in idle.manifests.items()}
    found = list(of_settings(attrs.evolve(idle, manifests=kept)))
    assert [each.text for each in found if each.status == "warn"] == ["no action goes to okx"]


def test_missing_credentials_fail_by_name_and_present_ones_pass(tmp_path: Path) -> None:
    """Live, each variable that is not set is a failure of `credentials`."""
    code, found = checked(shipped(tmp_path), "btc_basis", "--live")
    assert code == 3
    assert all(status == "fail" and "is not set" in text for status, text, _ in found["credentials"])
    settings = load(write(tmp_path / "fake", modes__m=SPOT), "m", {"BASIS_EXECUTION_MODE": "live", **KEYS})
    findings = list(of_environment(settings, EnvironmentManager(settings)))
    assert Finding("pass", "credentials", "set for dev: binance: 2, alchemy: 3") in findings
    assert Finding("pass", "networks", "binance: testnet, alchemy: testnet") in findings
    assert CANARY not in repr(findings)


def test_a_missing_variable_is_not_mistaken_for_another_field_s(tmp_path: Path) -> None:
    """A secret is not the key that is set, and production's name is not development's."""
    settings = load(write(tmp_path / "fake", modes__m=SPOT), "m", {
        "BASIS_EXECUTION_MODE": "live", "BASIS_DEV__CEX__BINANCE_SPOT_API_KEY": "k", "BASIS_PROD__CEX__BINANCE_SPOT_SECRET": "s",
        "BASIS_DEV__ALCHEMY__PRIVATE_KEYS": "p",
    })  # fmt: skip
    with pytest.raises(CredentialError) as refusal:
        EnvironmentManager(settings)
    told = {text.split()[1]: text for text in refusal.value.problems}
    assert "did you mean" not in told["BASIS_DEV__CEX__BINANCE_SPOT_SECRET"]
    assert told["BASIS_DEV__ALCHEMY__PRIVATE_KEY"].endswith("did you mean BASIS_DEV__ALCHEMY__PRIVATE_KEYS?")


ALONE = "; where the sandbox does not speak its protocol, prove it on its test network, and begin live with small limits"


def test_a_report_of_files_that_changed_since_is_none(site: Path) -> None:
    """Level 3, until one byte of what was tried is another: the warning says so, and what to run."""
    folder = install(site, "kraken", settings="venue_type: cex\n")
    told = {"venues": {"kraken": {"level": 3, "version": "0.1.0", "contract": "1.0", "digest": digest_of(folder, REPORT)}}}
    (folder / REPORT).write_text(json.dumps(told), encoding="utf-8")
    settings: Any = SimpleNamespace(networks={"kraken": Network.MAINNET}, plugins=SimpleNamespace(registry=Registry([str(site)])))
    assert list(of_plugins(settings)) == []
    (folder / "venue.yaml").write_text("venue_type: cex \n", encoding="utf-8")
    (warning,) = of_plugins(settings)
    assert warning.text.endswith("its report is of files that have changed since")


@pytest.mark.parametrize(
    ("network", "level", "least"),
    [
        (Network.SIMULATION, None, 1), (Network.SIMULATION, 0, 1), (Network.SIMULATION, 1, None),
        (Network.TESTNET, 1, 2), (Network.MAINNET, None, 2), (Network.MAINNET, 2, None),
    ],
)  # fmt: skip
def test_a_venue_whose_wheel_shows_too_little_is_warned_of(site: Path, network: Network, level: int | None, least: int | None) -> None:
    """Level 1 for a backtest, level 2 to go live; the level is what the wheel's report says."""
    folder = install(site, "kraken", settings="venue_type: cex\n")
    if level is not None:
        told = {"venues": {"kraken": {"level": level, "version": "0.1.0", "contract": "1.0", "digest": digest_of(folder)}}}
        (folder / REPORT).write_text(json.dumps(told), encoding="utf-8")
    settings: Any = SimpleNamespace(networks={"kraken": network}, plugins=SimpleNamespace(registry=Registry([str(site)])))
    found = [(each.status, each.mend) for each in of_plugins(settings)]
    mend = f"in its sources: basis conformance . --level {least}" + (ALONE if level == 1 else "")
    assert found == ([] if least is None else [("warn", mend)])


def test_a_venue_that_the_sandbox_does_not_know_is_not_sent_there(site: Path, tmp_path: Path) -> None:
    """It has no testnet, and no report of level 2, which only a double can give."""
    settings = load(write(tmp_path / "fake", modes__m=SPOT, environments__sandbox="{}"), "m")
    nowhere = {venue: attrs.evolve(manifest, networks={}) for venue, manifest in settings.manifests.items()}
    nothing = SimpleNamespace(registry=Registry([str(site)]))
    lacking: Any = SimpleNamespace(
        mode=settings.mode, configs=settings.configs, manifests=nowhere, networks=settings.networks, plugins=nothing
    )
    mends = [each.mend for each in _ladder(lacking) if "no testnet" in each.text]
    assert mends == ["simulate it, then begin live with small limits"]


def test_a_wrong_environment_variable_fails_by_name(tmp_path: Path) -> None:
    """A word that is none, and two that disagree."""
    for env in ({"BASIS_ENVIRONMENT": "prd"}, {"ENVIRONMENT": "testnet", "BASIS_EXECUTION_MODE": "backtest"}):
        code, found = checked(shipped(tmp_path / "-".join(env)), "btc_basis", "--live", env=env)
        assert code == 3
        assert found["environment variables"][0][0] == "fail"


def test_networks_and_the_mainnet_guard_are_a_check(tmp_path: Path) -> None:
    """What the guard refuses is told under `networks`, with the words to type."""
    code, found = checked(shipped(tmp_path), "btc_basis", "--live", env={"BASIS_ENVIRONMENT": "prod"})
    assert code == 4
    assert "--account binance" in found["networks"][0][1]


def test_a_mixed_environment_is_told_as_declared(tmp_path: Path) -> None:
    """Which venues are simulated over which, and where their figures come from; a contradiction fails under the same name."""
    write(tmp_path, environments__mixed="venues: {binance: {environment: simulation}, alchemy: {environment: testnet}}")
    env = {"BASIS_EXECUTION_MODE": "live", **KEYS}
    settings = load(write(tmp_path, modes__m=SPOT), "m", env, profile="mixed")
    findings = list(of_environment(settings, EnvironmentManager(settings)))
    (mixed,) = (each for each in findings if each.check == "mixed environments")
    assert mixed.status == "pass"
    assert mixed.text.startswith("binance simulated over what alchemy show")
    configs = shipped(tmp_path / "shipped")
    (configs / "environments" / "odd.yaml").write_text(
        "throwaway_keys: true\nvenues: {aave: {environment: simulation}}\n", encoding="utf-8"
    )
    code, found = checked(configs, "pure_lending", "--live", "--profile", "odd")
    assert code == 3
    assert found["mixed environments"][0][0] == "fail"


@pytest.mark.parametrize("rung", [(), ("--live", "--profile", "sandbox")])
def test_one_mode_climbs_from_simulation_to_the_sandbox_by_flags_alone(rung: tuple[str, ...], tmp_path: Path) -> None:
    """The same files, checked with other flags."""
    code, found = checked(shipped(tmp_path), "btc_basis", *rung)
    assert code == 0
    assert {status for status, _, _ in found["from simulation to live"]} == {"pass"}
    assert all(("a client on testnet" in text) is bool(rung) for _, text, _ in found["venue clients"])


def test_a_client_that_cannot_be_made_fails_by_name(tmp_path: Path) -> None:
    """The plugin's failure is told, without what it said."""
    env = {"BASIS_EXECUTION_MODE": "live", **KEYS}
    settings = load(write(tmp_path, modes__m=SPOT), "m", env, plugins=plugins(create_client=ValueError(CANARY)))
    found = list(of_clients(settings, VenueClientFactory(settings, EnvironmentManager(settings), PlanClock())))
    assert {each.status for each in found} == {"fail"}
    assert CANARY not in repr(found)


class Beating(FakeClient):
    """A client whose heart beats as the test says."""

    said: Mapping[str, str] = {}
    failure: Exception | None = None
    closed = 0

    async def open(self) -> Mapping[str, str]:
        if self.failure:
            raise self.failure
        return {"binance": "b"}

    async def heartbeat(self) -> Mapping[str, str]:
        return self.said

    async def close(self) -> None:
        type(self).closed += 1


def _beats(
    tmp_path: Path, network: Network = Network.TESTNET, said: Mapping[str, str] | None = None, failure: Exception | None = None
) -> list[Finding]:
    client = Beating(SimpleNamespace(network=network))
    client.said, client.failure = said or {}, failure
    settings = load(write(tmp_path, modes__m="venues: {execution_subscriptions: {cex_spot: [binance]}}"), "m")
    factory: Any = SimpleNamespace(client=lambda _venue: client)
    Beating.closed = 0
    found = list(connected(settings, factory))
    assert Beating.closed == 1
    return found


def test_connect_opens_each_venue_and_shows_its_heartbeat(tmp_path: Path) -> None:
    """One finding for each, and the connection is let go."""
    (found,) = _beats(tmp_path, said={"latency": "12 ms", "clock skew": "3 ms"})
    assert found == Finding("pass", "heartbeat", "binance: latency 12 ms, clock skew 3 ms; accounts: binance")


@pytest.mark.parametrize("failure", [TryAgainLater("it is down"), RuntimeError(CANARY)])
def test_connect_reports_a_venue_that_does_not_answer(failure: Exception, tmp_path: Path) -> None:
    """An error of ours with its text; another by its type alone."""
    (found,) = _beats(tmp_path, failure=failure)
    assert found.status == "fail"
    assert "it is down" in found.text or "RuntimeError" in found.text
    assert CANARY not in found.text


def test_a_key_that_may_do_too_much_fails_on_mainnet_and_warns_elsewhere(tmp_path: Path) -> None:
    """What a client notes of its key is a finding of its own."""
    note = {"key": "the key may withdraw, and no destination is listed"}
    assert [each.status for each in _beats(tmp_path / "a", Network.TESTNET, note)] == ["pass", "warn"]
    assert [each.status for each in _beats(tmp_path / "b", Network.MAINNET, note)] == ["pass", "fail"]


def test_what_a_key_does_not_show_is_a_warning_on_any_network(tmp_path: Path) -> None:
    """Who does not look there needs no more."""
    note = {"not shown": "the funding wallet, without the right Wallet"}
    for network in (Network.TESTNET, Network.MAINNET):
        _, warned = _beats(tmp_path / network.value, network, note)
        assert (warned.status, warned.text) == ("warn", "binance: the funding wallet, without the right Wallet")


def test_connect_in_a_backtest_has_nothing_to_do(tmp_path: Path) -> None:
    """No client is made, no loop started."""
    code, found = checked(shipped(tmp_path), "pure_lending", "--connect")
    assert code == 0
    assert found["heartbeat"] == [("pass", "every venue is simulated: there is nothing to connect to", "")]


# -- doctor ------------------------------------------------------------------------------------------------------------------------


def doctor(tmp_path: Path, state: Path | None = None) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for each in examined(tmp_path / "configs", state or tmp_path / "state"):
        found.setdefault(each.check, []).append(each)
    return found


def test_doctor_is_content_with_a_new_machine(tmp_path: Path) -> None:
    """Versions, plugins, journals, disk, clock, modes and caches are looked at, by name."""
    ran = basis("doctor", "--configs", shipped(tmp_path), "--state", tmp_path / "state", "--json")
    found = ran.document()
    assert {"versions", "plugins", "env.unified", "journal", "halt", "disk", "clock", "file modes", "caches"} == {
        each["check"] for each in found["checks"]
    }
    assert all(each["mend"] for each in found["checks"] if each["status"] != "pass")
    assert not [each for each in found["checks"] if each["status"] == "fail"]


def test_doctor_tries_to_write_where_the_state_lies(tmp_path: Path) -> None:
    """A file in the directory's place, for one: free space alone does not make a place that can be written."""
    (tmp_path / "state").write_text("", encoding="utf-8")
    (disk,) = doctor(tmp_path, tmp_path / "state")["disk"]
    assert (disk.status, f"{tmp_path / 'state'} cannot be written" in disk.text) == ("fail", True)
    found = doctor(tmp_path, tmp_path / "none yet")
    assert found["disk"][0].status == "pass"
    assert (found["journal"][0].status, found["journal"][0].text) == ("warn", f"{tmp_path / 'none yet'} is not there")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name not in ("state", "configs")) == []


def test_doctor_warns_of_a_step_that_needs_a_person_with_the_command(tmp_path: Path) -> None:
    """The step, not its account besides: resolving it thaws that."""
    state = small_journal(tmp_path / "state")
    whole, waiting = doctor(tmp_path, state)["journal"]
    assert (whole.status, waiting.status) == ("pass", "warn")
    assert "buy-1/binance/0 of btc_basis needs a person" in waiting.text
    assert f"basis resolve buy-1/binance/0 --state {state} --as" in waiting.mend


def test_doctor_warns_of_a_frozen_account_with_the_command(tmp_path: Path) -> None:
    """An account that waits for no step is thawed; a look at the machine still ends with 0."""
    state = small_journal(tmp_path / "state", [Frozen("binance", "50 instead of 70", ACCOUNTS)])
    _, frozen = doctor(tmp_path, state)["journal"]
    assert frozen.status == "warn"
    assert "binance is frozen: 50 instead of 70" in frozen.text
    assert f"basis thaw binance --state {state}" in frozen.mend
    assert basis("doctor", "--configs", shipped(tmp_path), "--state", state).code == 0


def test_doctor_finds_a_journal_whose_chain_is_broken(tmp_path: Path) -> None:
    """A flipped byte that SQLite does not notice."""
    state = small_journal(tmp_path / "state", events()[:2])
    (whole,) = doctor(tmp_path, state)["journal"]
    assert whole.status == "pass"
    assert "holds over 2 rows" in whole.text
    with closing(sqlite3.connect(state / "journal.sqlite")) as db, db:
        db.execute("UPDATE rows SET body = replace(body, 'BTC', 'ETH') WHERE seq = 2")
    (broken,) = doctor(tmp_path, state)["journal"]
    assert broken.status == "fail"
    assert "damaged at row 2" in broken.text
    page, section = re.findall(r"docs/\S+\.md|'[^']+'", broken.mend)
    assert f"\n## {section.strip(chr(39))}\n" in (ROOT / page).read_text(encoding="utf-8")


def test_doctor_mends_a_journal_of_a_newer_version_by_an_upgrade(tmp_path: Path) -> None:
    """Nothing is wrong with the file: restoring one would lose what it holds."""
    state = small_journal(tmp_path / "state")
    with sqlite3.connect(state / "journal.sqlite") as db:
        db.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    db.close()
    (newer,) = doctor(tmp_path, state)["journal"]
    assert (newer.status, newer.mend) == ("fail", "pip install --upgrade basis-venues")


def test_doctor_warns_of_what_is_halted_with_the_command(tmp_path: Path) -> None:
    """Each flag with its reason and the line that takes it away; a machine where something is halted is fit."""
    state = tmp_path / "state"
    assert doctor(tmp_path, state)["halt"] == [("pass", "halt", "nothing is halted", "")]
    HaltFlags(state / "halt").halt("ticket 17")
    HaltFlags(state / "halt").halt("odd fills", "okx")
    account, everything = doctor(tmp_path, state)["halt"]
    assert (everything.status, account.status) == ("warn", "warn")
    assert "everything is halted: ticket 17" in everything.text
    assert everything.mend.endswith(f"basis resume --state {state}")
    assert account.mend.endswith(f"basis resume --account okx --state {state}")


def test_doctor_finds_a_clock_that_went_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the journal's last row, or before this library was written."""
    monkeypatch.setattr(time, "time_ns", lambda: 1_600_000_000_000_000_000)
    (clock,) = doctor(tmp_path, small_journal(tmp_path / "state"))["clock"]
    assert clock.status == "fail"


def test_doctor_finds_what_others_may_read(tmp_path: Path) -> None:
    """A journal is for its owner alone."""
    state = small_journal(tmp_path / "state")
    tmp_path.chmod(0o755)
    state.chmod(0o755)
    (state / "journal.sqlite").chmod(0o644)
    found = doctor(tmp_path, state)["file modes"]
    assert {each.status for each in found} == {"warn"}
    assert any(each.mend.startswith("chmod 600 ") for each in found)


def test_doctor_finds_a_full_disk_and_stale_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less than a hundred megabytes, and a made-up history of another version."""
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=1 << 20))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "cache" / "basis-venues" / "synthetic-0.0.1").mkdir(parents=True)
    found = doctor(tmp_path)
    assert found["disk"][0].status == "fail"
    assert found["caches"][0].status == "warn"
    assert found["caches"][0].mend.endswith("synthetic-0.0.1")


def test_the_gravest_finding_is_the_status() -> None:
    """fail before warn before pass; nothing found is a pass."""
    statuses: tuple[Any, ...] = ("pass", "warn", "fail")
    for count in range(4):
        found = [Finding(status, "c", "t") for status in statuses[:count]]
        assert gravest(found) == (statuses[count - 1] if count else "pass")


@pytest.mark.slow
def test_check_stays_a_light_command(tmp_path: Path) -> None:
    """Offline and in a backtest it imports no venue library and no event loop."""
    code = (
        "import sys\nfrom basis_venues.cli import main\nsys.argv = ['basis', 'check', 'btc_basis', '--configs', sys.argv[1]]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('LOADED', sorted({'ccxt', 'web3', 'aiohttp', 'asyncio', 'keyring', 'jsonschema'} & set(sys.modules)), file=sys.stderr)\n"
    )

    done = subprocess.run([sys.executable, "-c", code, str(shipped(tmp_path))], capture_output=True, text=True, check=True)
    assert "LOADED []" in done.stderr


def test_a_mainnet_run_without_limits_is_a_warning(tmp_path: Path) -> None:
    """Real money with nothing that bounds what a run may spend is worth saying; with a limit it is not said."""
    configs = shipped(tmp_path)
    words = ("--live", "--account", "binance", "--account", "bybit", "--account", "okx", "--account", "wallet")
    _, found = checked(configs, "btc_basis", *words, env={"BASIS_ENVIRONMENT": "prod"})
    assert "nothing limits what this run may spend" in {text for status, text, _ in found["static limits"] if status == "warn"}
    (configs / "limits.yaml").write_text("limits: [{per_day_usd: 1000}]\n", encoding="utf-8")
    _, found = checked(configs, "btc_basis", *words, env={"BASIS_ENVIRONMENT": "prod"})
    assert {status for status, _, _ in found["static limits"]} == {"pass"}


def test_check_warns_of_a_mode_that_its_file_calls_otherwise(tmp_path: Path) -> None:
    """What is required of it, and what limits it, is looked up under the name that the file says."""
    configs = shipped(tmp_path)
    spoil(configs / "modes" / "btc_basis.yaml", 'mode: "btc_basis"', "mode: basis")
    told = [
        each for each in basis("check", "btc_basis", "--configs", configs, "--json").document()["checks"] if each["check"] == "mode file"
    ]
    assert [each["status"] for each in told] == ["pass", "warn"]
    assert "its file says mode: basis" in told[1]["text"]

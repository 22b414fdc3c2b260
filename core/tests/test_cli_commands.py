"""The commands' answers for people and programs."""

from __future__ import annotations

import csv
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from command_line import ROOT, basis, process, shipped

import basis_venues
from basis_venues.cli.elsewhere import BROUGHT_BY

COMMANDS = (
    "init",
    "venues",
    "check",
    "doctor",
    "run",
    "positions",
    "journal",
    "env",
    "schema",
    "resolve",
    "thaw",
    "dismiss",
    "halt",
    "resume",
)


def test_help_lists_every_command_and_exit_code() -> None:
    """Codes are part of the interface, so the help says them."""
    ran = basis("--help")
    assert ran.code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in ran.out
    for code in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 75, 129, 130, 141, 143):
        assert f"\n    {code} " in ran.out


def test_version_is_the_library_s() -> None:
    """One version for library and command."""
    assert basis("--version").out == f"basis-venues {basis_venues.__version__}\n"


def test_help_loads_neither_the_manager_nor_a_journal() -> None:
    """A start that only prints must not pay for what it does not use."""
    code = (
        "import sys\nfrom basis_venues.cli import main\nsys.argv = ['basis', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'asyncio', 'sqlite3', 'attrs', 'attr', 'cattrs', 'pluggy', 'yaml', 'duckdb', 'ccxt', 'web3', 'pydantic', 'decimal'}\n"
        "print('LOADED', sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    import subprocess

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "LOADED []" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_made(shell: str) -> None:
    """The shell completes commands by asking the command itself."""
    ran = process(env={"_BASIS_COMPLETE": f"source_{shell}"})
    assert ran.code == 0
    assert "_BASIS_COMPLETE" in ran.out


def test_init_writes_a_configuration_that_checks(tmp_path: Path) -> None:
    """What it writes is what is shipped, and it leaves alone what is there."""
    ran = basis("init", tmp_path, "--json")
    assert ran.code == 0
    assert len(ran.document()["written"]) >= len(list((ROOT / "configs").rglob("*.yaml")))
    mine = tmp_path / "configs" / "modes" / "btc_basis.yaml"
    assert mine.read_bytes() == (ROOT / "configs" / "modes" / "btc_basis.yaml").read_bytes()
    mine.write_text("mine", encoding="utf-8")
    again = basis("init", tmp_path, "--json").document()
    assert again["written"] == []
    assert str(mine) in again["kept"]
    assert mine.read_text(encoding="utf-8") == "mine"
    assert basis("check", "pure_lending", "--configs", tmp_path / "configs").code == 0


def test_venues_shows_each_installed_venue_with_its_levels() -> None:
    """From manifests alone."""
    found = basis("venues", "--json").document()
    assert set(found) == {"venues", "refused", "observers"}
    binance = next(each for each in found["venues"] if each["venue"] == "binance")
    assert (binance["kind"], binance["account"]) == ("cex", "binance")
    assert binance["actions"]["cex_spot"]["SpotTrade"] == {"level": "full", "reason": ""}


def test_a_command_of_ours_that_is_not_installed_names_its_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong usage, and the command that brings it."""
    monkeypatch.setitem(BROUGHT_BY, "dialogue", "basis-venues-dialogue")
    ran = basis("dialogue", ".")
    assert ran.code == 2
    assert "pip install basis-venues-dialogue" in ran.err


def test_venues_shows_conflicts_and_refusals(tmp_path: Path) -> None:
    """A name that two distributions claim, and a name of ours that another claims, are refused in sight."""
    for name, venue in (("one", "kraken"), ("two", "kraken"), ("thief", "binance")):
        _distribution(tmp_path, name, f"[basis.venues]\n{venue} = {name}\n")
    found = process("venues", "--json", env={"PYTHONPATH": str(tmp_path)}).document()
    reasons = {each["venue"]: each["reason"] for each in found["refused"]}
    assert "one and two both claim" in reasons["kraken"]
    assert "thief" in reasons["binance"]


def test_check_shows_routes_and_networks(tmp_path: Path) -> None:
    """The weights of the shipped mode, as its file says them."""
    ran = basis("check", "btc_basis", "--configs", shipped(tmp_path), "--json")
    assert ran.code == 0
    found = ran.document()
    assert set(found) == {"mode", "status", "checks", "venues", "routes"}
    assert {"action_type": "cex_futures", "venue": "bybit", "weight": "0.3"} in found["routes"]
    assert {each["network"] for each in found["venues"]} == {"simulation"}
    assert {each["status"] for each in found["checks"] if "its report is of" not in each["text"]} == {"pass"}


def test_check_warns_of_a_venue_that_takes_the_whole_by_its_place(tmp_path: Path) -> None:
    """Without weights the first venue listed takes all, which is worth a warning and no failure."""
    configs = shipped(tmp_path)
    mode = configs / "modes" / "btc_basis.yaml"
    mode.write_text(mode.read_text(encoding="utf-8").partition("# How much")[0], encoding="utf-8")
    ran = basis("check", "btc_basis", "--configs", configs, "--json")
    assert ran.code == 0
    found = ran.document()
    assert found["status"] == "warn"
    assert any("give an allocation or a primary" in each["mend"] for each in found["checks"] if each["status"] == "warn")


def test_run_reports_every_action_verified(tmp_path: Path) -> None:
    """The shipped plan, on the history that the library makes up."""
    ran = basis("run", "btc_basis", "--configs", shipped(tmp_path), "--json")
    assert ran.code == 0
    found = ran.document()
    assert {"mode", "execution_mode", "networks", "actions", "positions", "counts", "substitutions", "bridged", "plugins"} <= set(found)
    assert found["counts"] == {"VERIFIED": len(found["actions"])}
    assert found["execution_mode"] == "backtest"


def test_run_ends_with_the_code_of_the_worst_result(tmp_path: Path) -> None:
    """A sale of what is not held is rejected by the venue's own rules, and the command says so."""
    configs = shipped(tmp_path)
    (configs / "plans" / "short.yaml").write_text(
        "mode: btc_basis\nsince: '2024-01-02'\nuntil: '2024-01-03'\nactions:\n"
        "  - {at: start, id: sell, action: SpotTrade, symbol: BTC/USDT, side: sell, quantity: '1'}\n",
        encoding="utf-8",
    )
    ran = basis("run", "btc_basis", "--plan", "short", "--configs", configs, "--json")
    states = [leg["state"] for leg in ran.document()["actions"][0]["legs"]]
    assert ran.code == {"REJECTED": 5, "DENIED": 4}[states[0]]
    assert "basis: " in ran.err


def test_dry_run_shows_the_split_and_executes_nothing(tmp_path: Path) -> None:
    """40/30/30 of half a coin, by hand."""
    stream = tmp_path / "rows.jsonl"
    ran = basis("run", "btc_basis", "--dry-run", "--stream", stream, "--configs", shipped(tmp_path), "--json")
    assert ran.code == 0
    short = next(each for each in ran.document()["actions"] if each["id"] == "enter-short")
    assert [(o["venue"], o["action"]["quantity"]) for o in short["orders"]] == [("binance", "0.20"), ("bybit", "0.15"), ("okx", "0.15")]
    assert not stream.exists() or stream.read_text(encoding="utf-8") == ""


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "xterm-256color", "FORCE_COLOR": "1"}])
def test_piped_output_has_no_escape_codes(env: dict[str, str], tmp_path: Path) -> None:
    """Tables and help are plain text when no terminal reads them."""
    configs = shipped(tmp_path)
    for arguments in (("--help",), ("venues",), ("check", "btc_basis", "--configs", configs), ("run", "btc_basis", "--configs", configs)):
        ran = process(*arguments, env=env)
        assert ran.code == 0
        assert "\x1b" not in ran.out + ran.err


def test_json_is_the_only_thing_on_stdout(tmp_path: Path) -> None:
    """Progress and warnings go to stderr, so that stdout can be piped."""
    ran = process("run", "btc_basis", "--configs", shipped(tmp_path), "--json")
    assert json.loads(ran.out)["mode"] == "btc_basis"
    assert "6/6" in ran.err


def test_a_command_of_another_distribution_is_listed_unloaded_and_loaded_when_used(tmp_path: Path) -> None:
    """Help reads metadata; the module runs when its command does."""
    _distribution(tmp_path, "extra", "[basis.commands]\nhello = extra:app\nrun = extra:app\nbroken = extra_missing:app\n")
    (tmp_path / "extra.py").write_text(
        "import sys, typer\nprint('imported', file=sys.stderr)\napp = typer.Typer()\n"
        "@app.command()\ndef hello(name: str) -> None:\n    typer.echo(f'hello {name}')\n",
        encoding="utf-8",
    )
    env = {"PYTHONPATH": str(tmp_path)}
    listed = process("--help", env=env)
    assert "hello" in listed.out
    assert "imported" not in listed.err
    used = process("hello", "world", env=env)
    assert (used.code, used.out) == (0, "hello world\n")
    assert "plan" in process("run", "--help", env=env).out, "a name of ours is not taken"
    broken = process("broken", env=env)
    assert broken.code == 9
    assert "pip install --force-reinstall extra" in broken.err


def _distribution(folder: Path, name: str, entry_points: str) -> None:
    metadata = folder / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text(entry_points, encoding="utf-8")
    with (metadata / "RECORD").open("w", newline="", encoding="utf-8") as record:
        csv.writer(record).writerow((f"{name}-1.0.dist-info/METADATA", "", ""))


class _Refusing(BaseHTTPRequestHandler):
    """A venue that knows no key, as Binance says it, and tells the time."""

    def do_GET(self) -> None:
        if self.path.split("?")[0].endswith("/time"):
            self._answer(200, {"serverTime": int(time.time() * 1000)})
        else:
            self._answer(401, {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."})

    def _answer(self, status: int, said: dict[str, object]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_key_that_the_venue_refuses_is_no_reason_to_try_again_later(tmp_path: Path) -> None:
    """`check --connect` ends with 3, as a run does, and names the credentials; a venue that is down ends with 75."""
    configs = shipped(tmp_path)
    (configs / "modes" / "spot.yaml").write_text("venues: {execution_subscriptions: {cex_spot: [binance]}}\n", encoding="utf-8")
    keys = {f"BASIS_DEV__CEX__BINANCE_{part}": "0" * 64 for part in ("SPOT_API_KEY", "SPOT_SECRET", "FUTURES_API_KEY", "FUTURES_SECRET")}
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as venue:
        here = f"http://127.0.0.1:{venue.server_port}"
        (configs / "environments" / "here.yaml").write_text(
            f"default: testnet\nvenues: {{binance: {{endpoints: {{base: '{here}'}}}}}}\n", encoding="utf-8"
        )
        check = ("check", "spot", "--live", "--profile", "here", "--connect", "--configs", configs, "--json")
        Thread(target=venue.serve_forever, daemon=True).start()
        refused = basis(*check, env=keys)
        venue.shutdown()
    down = basis(*check, env=keys)
    failed = [[each["check"] for each in ran.document()["checks"] if each["status"] == "fail"] for ran in (refused, down)]
    assert failed == [["credentials"], ["heartbeat"]], refused.document()["checks"]
    assert (refused.code, down.code) == (3, 75)


def test_a_credential_that_makes_no_client_is_not_the_plugins_fault(tmp_path: Path) -> None:
    """A private key that is none ends `check` with 3, as a run, with the words of a credential and without the key."""
    configs = shipped(tmp_path)
    (configs / "modes" / "purse.yaml").write_text("venues: {execution_subscriptions: {wallet: [alchemy]}}\n", encoding="utf-8")
    given = {"PRIVATE_KEY": "canary-none", "RPC_URL": "https://eth-hoodi.g.alchemy.com", "WALLET_ADDRESS": f"0x{1:040x}"}
    keys = {f"BASIS_DEV__ALCHEMY__{name}": text for name, text in given.items()}
    checked = basis("check", "purse", "--live", "--configs", configs, "--json", env=keys)
    (failed,) = [each for each in checked.document()["checks"] if each["status"] == "fail"]
    assert (checked.code, failed["check"]) == (3, "credentials"), failed
    assert "plugin" not in failed["mend"]
    assert "canary-none" not in f"{checked.out}{checked.err}"

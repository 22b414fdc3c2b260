"""Bad input: each thing wrong is answered with a clear sentence and its exit code, and nothing is half done."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def configs(tmp_path):
    """A copy of the shipped configuration, to be spoiled."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    return tmp_path / "configs"


def basis(*words: str, configs: Path) -> subprocess.CompletedProcess:
    """The command, as a user runs it."""
    command = [sys.executable, "-m", "basis_venues", *words, "--configs", str(configs)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text, (file, old)
    file.write_text(text.replace(old, new, 1))


def plan(configs: Path, *actions: str, mode: str = "btc_basis", positions: str = '"binance:balance:USDT": "60000"') -> None:
    """A plan named `spoiled`."""
    lines = [f"mode: {mode}", 'since: "2024-01-02"', 'until: "2024-01-03"', f"positions: {{{positions}}}", "actions:"]
    (configs / "plans" / "spoiled.yaml").write_text("\n".join([*lines, *(f"  - {{{action}}}" for action in actions), ""]))


BUY = 'at: start, id: buy, action: SpotTrade, symbol: BTC/USDT, side: buy, quantity: "0.5"'


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "says"),
    [
        ("modes/btc_basis.yaml", "cex_spot:\n      - binance", "cex_spot:\n      - binanze", 9, "binance"),
        ("modes/btc_basis.yaml", 'okx: "0.3"', 'okx: "0.4"', 3, "sum"),
        ("venue_requirements.yaml", 'required_venues: ["binance", "alchemy"]', 'required_venues: ["binance", "aave"]', 3, "aave"),
        ("modes/btc_basis.yaml", "asset:", "aset:", 3, "did you mean"),
    ],
    ids=["unknown venue", "weights that do not sum to 1", "mode without its required venue", "a typo"],
)
def test_a_spoiled_mode_is_refused(configs, file, old, new, code, says):
    """Unknown venues, weights, requirements and typos are found before anything runs."""
    replace(configs / file, old, new)
    ran = basis("run", "btc_basis", configs=configs)
    assert (ran.returncode, ran.stdout) == (code, "")
    assert says in ran.stderr


def test_a_needless_venue_is_a_warning(configs):
    """What a mode names beyond its requirements is allowed, and said."""
    replace(configs / "venue_requirements.yaml", 'optional_venues: ["bybit", "okx"]', 'optional_venues: ["bybit"]')
    ran = basis("run", "btc_basis", "--json", configs=configs)
    assert ran.returncode == 0
    assert any("okx" in warning for warning in json.loads(ran.stdout)["warnings"])


@pytest.mark.parametrize(
    ("action", "code", "says"),
    [
        (BUY.replace('"0.5"', '"-1"'), 3, "above zero"),
        (BUY.replace('"0.5"', '"NaN"'), 3, "finite"),
        (BUY.replace("quantity", "quantitty"), 3, "did you mean quantity"),
        (BUY.replace("SpotTrade", "SpotTrad"), 3, "did you mean SpotTrade"),
        (BUY.replace("at: start", "at: start+30x"), 3, "spoiled.yaml"),
    ],
    ids=["a negative amount", "NaN", "a field's name", "an action's name", "a duration"],
)
def test_a_spoiled_plan_is_refused_with_its_place(configs, action, code, says):
    """Nothing of a plan runs when one line of it is wrong."""
    plan(configs, BUY.replace("id: buy", "id: first"), action)
    ran = basis("run", "btc_basis", "--plan", "spoiled", configs=configs)
    assert (ran.returncode, ran.stdout) == (code, "")
    assert says in ran.stderr
    assert "spoiled.yaml:" in ran.stderr


@pytest.mark.parametrize(
    ("action", "says"),
    [
        (BUY + ", venue: kraken", "does not subscribe to 'kraken'"),
        (BUY.replace("BTC/USDT", "BTC/USDC"), "left with USDC"),
        (BUY.replace("BTC/USDT", "ETH/USDT"), "trades BTC, not ETH"),
        ("at: start, id: lend, action: Supply, asset: USDT, amount: 1", "no venue for Supply"),
        ("at: start, id: move, action: Transfer, asset: DOGE, amount: 1, source: binance, target: okx", "cannot withdraw DOGE"),
    ],
    ids=["a venue that is not subscribed", "another quote", "another base", "a type that nobody takes", "an asset that the venue lacks"],
)
def test_an_action_that_the_mode_has_no_place_for_stops_the_plan_before_its_first(configs, action, says):
    """Half a plan is worse than none: run, dry run and check refuse it alike, with the action's id, and nothing is carried out."""
    plan(configs, BUY.replace("id: buy", "id: good"), action)
    for command in (("run", "btc_basis", "--plan", "spoiled"), ("run", "btc_basis", "--plan", "spoiled", "--dry-run")):
        ran = basis(*command, configs=configs)
        assert (ran.returncode, ran.stdout) == (3, "")
        assert says in ran.stderr
        assert "the plan spoiled: " in ran.stderr
    ran = basis("check", "btc_basis", configs=configs)
    assert ran.returncode == 3
    assert says in next(line for line in ran.stdout.splitlines() if line.startswith("fail  plan spoiled"))


def test_what_the_market_or_the_account_refuses_is_denied_and_the_rest_goes_on(configs):
    """Below the lot: a denied action leaves nothing to undo; the run says so with its exit code."""
    plan(configs, BUY.replace('"0.5"', '"0.000001"'), BUY.replace("id: buy", "id: good"))
    ran = basis("run", "btc_basis", "--plan", "spoiled", "--json", configs=configs)
    assert ran.returncode == 4
    denied, good = json.loads(ran.stdout)["actions"]
    assert (denied["state"], good["state"]) == ("DENIED", "VERIFIED")
    assert "0.00001" in denied["legs"][0]["reason"]


def test_a_plan_of_another_mode_is_said_to_be_one(configs):
    """Before its starting positions are said to be of accounts that the mode does not have."""
    ran = basis("run", "pure_lending", "--plan", "btc_basis", configs=configs)
    assert (ran.returncode, ran.stderr) == (3, "basis: the plan btc_basis is for the mode btc_basis, not pure_lending\n")


def test_a_starting_position_of_an_account_that_the_mode_does_not_have_is_refused(configs):
    """The plan is wrong, code 3."""
    plan(configs, BUY, positions='"kraken:balance:USDT": "1"')
    ran = basis("run", "btc_basis", "--plan", "spoiled", configs=configs)
    assert (ran.returncode, "positions: there is no account 'kraken'" in ran.stderr) == (3, True)


def test_missing_data_ends_the_run(configs):
    """A price that nobody recorded is never made up."""
    plan(configs, BUY)
    ran = basis("run", "btc_basis", "--plan", "spoiled", "--from", "2025-01-01", "--to", "2025-01-02", configs=configs)
    assert ran.returncode in (3, 4)
    assert "BTC/USDT" in ran.stderr + ran.stdout


def test_an_id_with_other_parameters_is_a_conflict(configs):
    """One id, two meanings: the plan is refused."""
    plan(configs, BUY, BUY.replace("0.5", "0.6"))
    ran = basis("run", "btc_basis", "--plan", "spoiled", configs=configs)
    assert ran.returncode == 3
    assert "used before" in ran.stderr

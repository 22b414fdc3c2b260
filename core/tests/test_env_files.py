"""`env.unified`: the example, the lint, the import of older names, and values that are references."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from command_line import ROOT, basis, shipped
from fake_venues import manifests
from spec_snippets import OLDER_ENV

from basis_venues.config.credentials import credentials
from basis_venues.config.env_example import example, names_of, outdated
from basis_venues.config.env_file import EnvFile, read_env_file
from basis_venues.config.env_lint import lint
from basis_venues.config.selection import Selection
from basis_venues.config.variables import Variables
from basis_venues.errors import CredentialError
from basis_venues.network import Network
from basis_venues.registry import FIRST_PARTY, Registry
from basis_venues.secret import Secret

CANARY = "kX9canary7Qz2LmW4secretVb81"
NAME = "BASIS_DEV__CEX__BINANCE_SPOT_SECRET"
EXAMPLE = ROOT / "core" / "src" / "basis_venues" / "env.unified.example"


def test_the_shipped_example_is_what_the_seven_manifests_ask_for() -> None:
    """Names equal those that the plugins declare, all values are empty, and the file is what `basis env example` writes today."""
    registry = Registry()
    text = example(registry.venue(name).manifest for name in FIRST_PARTY)
    assert EXAMPLE.read_text(encoding="utf-8") == text
    assert (ROOT / "env.unified.example").resolve() == EXAMPLE.resolve()
    pairs = [line.partition("=") for line in text.splitlines() if line and not line.startswith("#")]
    assert all(value == "" for _, _, value in pairs)
    declared = {f"{each.variable}" for name in FIRST_PARTY for each in registry.venue(name).manifest.credentials}
    assert {name.split("__", 1)[1] for name, _, _ in pairs} == declared
    assert {"BASIS_DEV__CEX__BINANCE_SPOT_API_KEY", "BASIS_PROD__ALCHEMY__RPC_URL"} <= {name for name, _, _ in pairs}


def test_a_stale_example_is_told_name_by_name(tmp_path: Path) -> None:
    """`--check` names what is missing, what is strange and what has a value, and never shows the value."""
    text = EXAMPLE.read_text(encoding="utf-8").replace(f"{NAME}=", f"BASIS_DEV__CEX__OLD=\n{NAME}X={CANARY}")
    stale = tmp_path / "example.env"
    stale.write_text(text, encoding="utf-8")
    ran = basis("env", "example", "--check", "--output", stale)
    assert ran.code == 3
    for told in (f"{NAME} is missing", "BASIS_DEV__CEX__OLD is asked for by no installed plugin", f"{NAME}X has a value"):
        assert told in ran.err
    assert CANARY not in ran.out + ran.err
    assert basis("env", "example", "--check", "--output", EXAMPLE).code == 0


def test_init_copies_the_example(tmp_path: Path) -> None:
    """A new configuration has the names to fill in beside it."""
    assert basis("init", tmp_path).code == 0
    assert (tmp_path / "env.unified.example").read_bytes() == EXAMPLE.read_bytes()


def test_a_name_of_mainnet_alone_is_asked_for_in_production_alone() -> None:
    """The networks of a credential's field decide in which environments its name stands."""
    names = names_of([Registry().venue("instadapp").manifest])
    assert names == ("BASIS_PROD__INSTADAPP__ACCOUNT_ADDRESS",)
    assert list(outdated("", [Registry().venue("instadapp").manifest])) == [f"{names[0]} is missing"]


LINTED = {
    "duplicate": (f"{NAME}={CANARY}\n{NAME}={CANARY}\n", "format", "is set again"),
    "cut by a comment": (f"{NAME}={CANARY} # mine\n", "format", "unquoted '#'"),
    "cut key": (f"BASIS_DEV__ALCHEMY__PRIVATE_KEY=0x{'ab' * 31}\n", "whole values", "64 hexadecimal digits"),
    "cut address": ("BASIS_DEV__ALCHEMY__WALLET_ADDRESS=0x1234\n", "whole values", "40 hexadecimal digits"),
    "no url": (f"BASIS_DEV__ALCHEMY__RPC_URL={CANARY}\n", "whole values", "URL"),
    "dots": (f"{NAME}={CANARY}...\n", "whole values", "ends in dots"),
    "blank": (f'{NAME}="{CANARY} {CANARY}"\n', "whole values", "holds a blank"),
    "typographic quotes": (f"{NAME}=“{CANARY}”\n", "whole values", "typographic quotes"),
    "selection": ("BASIS_ENVIRONMENT=prodd\n", "selection", "did you mean prod"),
    "reference": (f"{NAME}=file:/nowhere/{CANARY[:0]}key\n", "references", "cannot be read"),
    "prefix": (f"BASIS_DEVEL__CEX__BINANCE_SPOT_SECRET={CANARY}\n", "names", "has another prefix"),
    "no prefix": (f"CEX__BINANCE_SPOT_SECRET={CANARY}\n", "names", "has another prefix"),
    "misspelt": (f"{NAME}T={CANARY}\n", "names", "asked for by no installed plugin"),
    "older": (f"BINANCE_TESTNET_API_KEY={CANARY}\n", "names", "is an older name"),
    "placeholder": (f"{NAME}=your_secret_here\n", "placeholders", "holds a placeholder"),
    "production's": (
        f"{NAME}={CANARY}\nBASIS_PROD__CEX__BINANCE_SPOT_SECRET={CANARY}\n",
        "production apart",
        "has the value of BASIS_PROD",
    ),
}


@pytest.mark.parametrize("case", LINTED)
def test_lint_finds_each_flaw_by_name(case: str, tmp_path: Path) -> None:
    """With the line, what mends it, and never the value."""
    text, check, told = LINTED[case]
    file = tmp_path / "env.unified"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    found = [each for each in lint(file, manifests().values()) if each.status != "pass"]
    assert found[0].check == check
    assert told in found[0].text
    assert found[0].mend
    assert f"{file}:" in found[0].text
    assert CANARY not in repr(found)


def test_lint_suggests_the_name_that_was_meant(tmp_path: Path) -> None:
    """A misspelt name is answered with the nearest one."""
    file = tmp_path / "env.unified"
    file.write_text(f"{NAME}T=value-of-it\n", encoding="utf-8")
    file.chmod(0o600)
    (found,) = (each for each in lint(file, manifests().values()) if each.status != "pass")
    assert found.mend.endswith(f"did you mean {NAME}?")


def test_lint_looks_at_the_file_mode_and_at_git(tmp_path: Path) -> None:
    """Readable by others, tracked, and not ignored are three findings; a file that is ignored and its owner's alone has none."""
    file = tmp_path / "env.unified"
    file.write_text(f"{NAME}={CANARY}\n", encoding="utf-8")
    file.chmod(0o644)
    git = ("git", "-c", "init.defaultBranch=main", "-c", "user.name=n", "-c", "user.email=e@x")
    for command in (("init", "-q"), ("add", "env.unified")):
        subprocess.run([*git, *command], cwd=tmp_path, check=True, capture_output=True)
    told = {each.check: each.text for each in lint(file, manifests().values()) if each.status == "fail"}
    assert set(told) == {"file mode", "git"}
    subprocess.run([*git, "rm", "-q", "--cached", "env.unified"], cwd=tmp_path, check=True)
    file.chmod(0o600)
    assert [each.text for each in lint(file, manifests().values()) if each.status != "pass"] == [f"{file} is not ignored by git"]
    (tmp_path / ".gitignore").write_text("/env.unified\n", encoding="utf-8")
    assert all(each.status == "pass" for each in lint(file, manifests().values()))


@pytest.mark.parametrize("row", sorted(OLDER_ENV))
def test_import_rewrites_the_requirements_older_files(row: str, tmp_path: Path) -> None:
    """Each snippet becomes names of today with the same values, in a file that is its owner's alone."""
    older, new = tmp_path / "older.env", tmp_path / "env.unified"
    older.write_text(OLDER_ENV[row], encoding="utf-8")
    older.chmod(0o600)
    assert basis("env", "import", older, "--output", new).code == 0
    assert new.stat().st_mode & 0o777 == 0o600
    values = {name: value.reveal() for name, value in read_env_file(new).values.items()}
    environment = "PROD" if row == "live" else "DEV"
    word = "live" if row == "live" else "testnet"
    assert values[f"BASIS_{environment}__CEX__BINANCE_SPOT_API_KEY"] == f"your_{word}_key"
    assert values[f"BASIS_{environment}__CEX__BINANCE_FUTURES_SECRET"] == f"your_{word}_secret"
    assert values[f"BASIS_{environment}__ALCHEMY__RPC_URL"] == f"your_{word}_rpc_url"
    wanted = {
        "simulation": {"BASIS_EXECUTION_MODE": "backtest"},
        "testnet": {"BASIS_ENVIRONMENT": "dev"},
        "live": {"BASIS_ENVIRONMENT": "prod"},
    }
    assert wanted[row].items() <= values.items()
    assert not Variables({}, read_env_file(new)).warnings


def test_import_writes_over_no_other_file_and_shows_no_value(tmp_path: Path) -> None:
    """What is there stays; the file itself may be rewritten in place."""
    older, new = tmp_path / "older.env", tmp_path / "env.unified"
    older.write_text(f"BINANCE_TESTNET_API_KEY={CANARY}\n", encoding="utf-8")
    older.chmod(0o600)
    new.write_text("mine", encoding="utf-8")
    assert basis("env", "import", older, "--output", new).code == 3
    assert new.read_text(encoding="utf-8") == "mine"
    ran = basis("env", "import", older, "--output", older, "--json")
    assert ran.code == 0
    assert CANARY not in ran.out + ran.err
    assert f"BASIS_DEV__CEX__BINANCE_SPOT_API_KEY={CANARY}" in older.read_text(encoding="utf-8")


def test_import_refuses_two_values_for_one_name(tmp_path: Path) -> None:
    """An older and a newer name with different values are not merged by guessing."""
    older = tmp_path / "older.env"
    older.write_text(f"BINANCE_TESTNET_API_KEY={CANARY}\nBASIS_DEV__CEX__BINANCE_SPOT_API_KEY=other\n", encoding="utf-8")
    older.chmod(0o600)
    ran = basis("env", "import", older, "--output", tmp_path / "new")
    assert ran.code == 3
    assert "to another value; keep one" in ran.err
    assert not (tmp_path / "new").exists()


def variables(tmp_path: Path, value: str) -> Variables:
    return Variables({}, EnvFile(str(tmp_path / "env.unified"), {NAME: Secret(value)}, {NAME: 1}))


def test_a_reference_to_a_file_is_followed_when_it_is_its_owners_alone(tmp_path: Path) -> None:
    """The content without its line end is the secret; a file that others may read, or none, is refused by name."""
    secret = tmp_path / "binance.secret"
    secret.write_text(f"{CANARY}\n", encoding="utf-8")
    secret.chmod(0o600)
    found = credentials(manifests()["binance"], Network.TESTNET, Selection(live=True), variables(tmp_path, "file:binance.secret"))
    assert found == {"secret": Secret(CANARY)}
    secret.chmod(0o640)
    with pytest.raises(CredentialError, match=f"binance: {NAME}: others may read .*: chmod 600") as caught:
        credentials(manifests()["binance"], Network.TESTNET, Selection(live=True), variables(tmp_path, "file:binance.secret"))
    assert CANARY not in str(caught.value)
    with pytest.raises(CredentialError, match="cannot be read"):
        variables(tmp_path, "file:nowhere").secret(NAME)


def test_a_reference_to_a_keyring_is_followed_and_its_absence_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """keyring:SERVICE/NAME asks the keyring for NAME of SERVICE; without an entry the sentence says how to make one."""
    entries = {("basis/dev", "binance"): CANARY}
    stand_in = SimpleNamespace(get_password=lambda service, name: entries.get((service, name)))
    monkeypatch.setitem(sys.modules, "keyring", stand_in)
    assert variables(tmp_path, "keyring:basis/dev/binance").secret(NAME) == Secret(CANARY)
    with pytest.raises(CredentialError, match="the keyring has no such entry"):
        variables(tmp_path, "keyring:basis/dev/okx").secret(NAME)
    with pytest.raises(CredentialError, match="expected keyring:SERVICE/NAME"):
        variables(tmp_path, "keyring:binance").secret(NAME)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(CredentialError, match=r"pip install 'basis-venues\[keyring\]'"):
        variables(tmp_path, "keyring:basis/dev/binance").secret(NAME)


def test_a_secret_that_was_fetched_is_kept_out_of_messages(tmp_path: Path) -> None:
    """The redactor knows what a reference led to."""
    from basis_venues.cli.redact import redactor

    secret = tmp_path / "s.secret"
    secret.write_text(CANARY, encoding="utf-8")
    secret.chmod(0o600)
    variables(tmp_path, "file:s.secret").secret(NAME)
    assert redactor(tmp_path / "configs", {}).known(f"it is {CANARY}") == "it is ***"


def test_lint_of_a_missing_file_says_how_to_begin(tmp_path: Path) -> None:
    """Without a file there is one finding, and its mend copies the example."""
    ran = basis("env", "lint", "--configs", shipped(tmp_path), "--json")
    assert ran.code == 3
    assert ran.document()["checks"][0]["mend"].startswith("cp env.unified.example ")
    assert [each.name for each in tmp_path.iterdir()] == ["configs"]

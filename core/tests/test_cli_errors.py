"""Bad input: each with a message that says what to do, and the exit code that `basis --help` lists."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from command_line import ACCOUNTS, basis, process, shipped, small_journal, spoil

from basis_venues import errors
from basis_venues.cli.boundary import reported
from basis_venues.cli.options import JSON
from basis_venues.cli.redact import Redactor, redactor
from basis_venues.journal.events import Frozen

CODES = [
    (errors.BasisError, 1), (errors.JournalCorrupt, 1),
    (errors.ConfigurationError, 3), (errors.CredentialError, 3), (errors.MissingData, 3), (errors.JournalNewer, 3),
    (errors.Denied, 4), (errors.InvalidAction, 4), (errors.ActionConflict, 4), (errors.NotRoutable, 4), (errors.GuardRefused, 4),
    (errors.VenueRejected, 5), (errors.OutcomeUnknown, 6), (errors.Mismatch, 7), (errors.Stopped, 8), (errors.AccountBusy, 8),
    (errors.PluginRefused, 9), (errors.TryAgainLater, 75),
    (ValueError, 1), (KeyboardInterrupt, 130),
]  # fmt: skip


@pytest.mark.parametrize(("error", "code"), CODES)
def test_every_error_ends_with_its_code(error: type[BaseException], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The table of the help text holds for each error that there is."""
    with pytest.raises(typer.Exit) as ended, reported({}):
        raise error("what went wrong")
    assert ended.value.exit_code == code
    assert "basis: " in capsys.readouterr().err


def test_an_unexpected_error_has_an_id_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """People get one line to report; its place in the code only with --debug, and never a local variable's value."""
    local = "a-local-value"
    for meta, shown in (({}, False), ({"basis.debug": True}, True)):
        with pytest.raises(typer.Exit), reported(meta):
            raise RuntimeError("odd")
        said = capsys.readouterr().err
        assert "unexpected error" in said
        assert ("Traceback" in said) is shown
        assert local not in said


def test_with_json_an_error_is_a_document_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """Programs read the same as people."""
    with pytest.raises(typer.Exit), reported({JSON: True}):
        raise errors.ConfigurationError(["first", "second"])
    captured = capsys.readouterr()
    assert '"problems": [' in captured.out
    assert captured.err.splitlines() == ["basis: first", "basis: second"]


@pytest.mark.parametrize(
    "text",
    [
        "GET https://x.test/?signature=0123456789abcdef",
        "{'apiKey': 'k-0123456789'}",
        "https://eth-mainnet.test/v2/abcdefghijklmnopqrstuvwxyz0123",
        "0x" + "ab" * 32,
        "the key is hunter2-hunter2",
    ],
)
def test_the_redactor_hides_what_is_or_looks_like_a_secret(text: str) -> None:
    """Values that are set, and shapes of values that are not known here."""
    hidden = Redactor(["hunter2-hunter2"]).everything(text)
    assert "***" in hidden
    for secret in ("0123456789", "abcdefghijklmnop", "ab" * 32, "hunter2"):
        assert secret not in hidden


def test_secrets_of_the_environment_and_of_env_unified_are_known(tmp_path: Path) -> None:
    """An error of a dependency that quotes a key is shown without it."""
    (tmp_path / "env.unified").write_text("BASIS_DEV__CEX__OKX_SECRET='file-secret-1'\n", encoding="utf-8")
    hide = redactor(tmp_path / "configs", {"BASIS_DEV__CEX__OKX_API_KEY": "env-secret-1", "HOME": "/home/me"})
    assert hide.known("file-secret-1 env-secret-1 /home/me") == "*** *** /home/me"


def test_our_own_sentences_survive_redaction() -> None:
    """A message that only names a key loses nothing."""
    text = "venue.yaml:3: api_key: expected text; BASIS_DEV__CEX__OKX_API_KEY is not set; put it into env.unified"
    assert Redactor(["hunter2-hunter2"]).known(text) == text


WRONG = {
    "unknown mode": (("check", "btc_bassis"), 3, "did you mean btc_basis?"),
    "unknown mode to run": (("run", "btc_bassis"), 3, "btc_bassis.yaml: there is no such mode"),
    "file of a mode that is not there": (("run", "modes/btc_bassis.yaml"), 3, "modes/btc_bassis.yaml: there is no such file"),
    "unknown plan": (("run", "btc_basis", "--plan", "nope"), 3, "there is no such plan"),
    "plan of another mode": (("run", "btc_basis", "--plan", "pure_lending"), 3, "is for the mode pure_lending"),
    "unknown data settings": (("run", "btc_basis", "--data-settings", "histry"), 3, "there are no such data settings"),
    "misspelt data settings": (("run", "btc_basis", "--data-settings", "histry"), 3, "did you mean history?"),
    "one schema of all": (("schema", "mode", "--check"), 2, "are about all schemas"),
    "unknown profile": (("run", "btc_basis", "--profile", "nope"), 3, "there is no such profile"),
    "no time": (("run", "btc_basis", "--from", "yesterday"), 2, "2024-08-01T00:00:00Z"),
    "ends before it begins": (("run", "btc_basis", "--from", "2024-02-01", "--to", "2024-01-01"), 2, "end before it begins"),
    "a live run's stream": (("run", "btc_basis", "--live", "--stream", "rows.jsonl"), 2, "basis journal export"),
    "unknown command": (("rnu",), 2, "No such command"),
    "unknown option": (("run", "btc_basis", "--frmo", "x"), 2, "--frmo"),
    "backtest's positions": (("positions", "btc_basis"), 3, "--live"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_argument_is_answered_with_its_code_and_a_hint(case: str, tmp_path: Path) -> None:
    """Whoever mistypes learns what was meant."""
    arguments, code, hint = WRONG[case]
    configs = () if code == 2 and len(arguments) == 1 else ("--configs", shipped(tmp_path))
    ran = basis(*arguments, *configs)
    assert ran.code == code
    assert hint in (ran.out if arguments[0] == "check" else ran.err)
    assert ran.out == "" or arguments[0] == "check"


@pytest.mark.parametrize(("closed", "heard"), [(">&-", "err"), ("2>&-", "out"), ("<&-", "out err"), ("<&- >&- 2>&-", "")])
def test_a_run_that_was_started_without_a_stream_is_carried_out(closed: str, heard: str, tmp_path: Path) -> None:
    """As some supervisors start it: what would be written there goes nowhere, and the exit code is the run's own."""
    command = f"exec {sys.executable} -m basis_venues run btc_basis --configs {shipped(tmp_path)} {closed}"
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0
    assert ("6 VERIFIED" in ran.stdout, "exit-spot VERIFIED" in ran.stderr) == ("out" in heard, "err" in heard)


def test_a_letter_that_the_terminal_lacks_ends_nothing(tmp_path: Path) -> None:
    """An arrow in a table, a name in another script: people are shown its number, programs the same JSON as everywhere."""
    western = {"PYTHONIOENCODING": "latin-1"}
    shown = process("check", "btc_basis", "--configs", shipped(tmp_path), env=western)
    assert (shown.code, "cex_spot \\u2192 binance" in shown.out) == (0, True)
    elsewhere = tmp_path / "Ä€😀"
    told = process("doctor", "--configs", elsewhere / "configs", "--json", env=western).document()
    assert any(str(elsewhere) in each["text"] for each in told["checks"])


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_report_that_the_disk_has_no_room_for_is_said_so(form: tuple[str, ...], tmp_path: Path) -> None:
    """On stderr, without a traceback, whatever form was asked for."""
    command = [sys.executable, "-m", "basis_venues", "schema", "mode", "--configs", str(shipped(tmp_path)), *form]
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert ran.returncode == 3
    assert ran.stderr == "basis: a file: No space left on device: see to the path, the disk, and who may write there\n"


@pytest.mark.parametrize(
    "arguments",
    [("schema", "--output"), ("init",), ("env", "example", "--output"), ("run", "btc_basis", "--stream"), ("sandbox", "status", "--state")],
    ids=" ".join,
)
def test_a_path_that_cannot_be_is_no_unexpected_error(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Below a file there is no place for another: the path and what the system says of it, with the code of a wrong setting."""
    (tmp_path / "file").touch()
    where = () if arguments[0] in ("init", "sandbox") else ("--configs", shipped(tmp_path))
    ran = basis(*arguments, tmp_path / "file" / "below", *where, "--json")
    assert ran.code == 3
    assert f"{tmp_path / 'file'}" in ran.err
    assert "see to the path, the disk, and who may write there" in ran.err
    assert ran.document()["error"]["type"] == "ConfigurationError"


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "btc_basis", "--frmo", "x"),
        ("rnu",),
        ("run", "btc_basis", "--from", "soon"),
        ("--frmo",),
        ("journal", "shwo"),
        ("resolve", "s"),
    ],
)
def test_wrong_usage_is_a_document_as_well(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Whoever asks for JSON reads JSON, whatever was mistyped, and wherever `--json` stands."""
    ran = basis(*arguments, "--json")
    said = ran.document()["error"]
    assert (ran.code, said["exit_code"], said["type"]) == (2, 2, "UsageError")
    assert said["message"]
    assert said["message"].split()[-1] in ran.err


SPOILED = {
    "weights": ("modes/btc_basis.yaml", 'okx: "0.3"', 'okx: "0.4"', 3, "do not sum to 1"),
    "unknown venue": ("modes/btc_basis.yaml", "    - okx      # Market data", "    - okex", 0, "did you mean okx?"),
    "venue not installed": ("modes/btc_basis.yaml", "      - binance  # BTC spot trades", "      - binnance", 9, "did you mean binance?"),
    "plan's action": ("plans/btc_basis.yaml", "action: SpotTrade", "action: SpotTrad", 3, "did you mean SpotTrade?"),
    "plan's field": ("plans/btc_basis.yaml", "quantity:", "quantitty:", 3, "did you mean quantity?"),
    "yaml": ("modes/btc_basis.yaml", "venues:", "venues: [", 3, "btc_basis.yaml:"),
}


@pytest.mark.parametrize("case", SPOILED)
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_spoiled_file_is_named_with_what_mends_it(case: str, command: str, tmp_path: Path) -> None:
    """`check` finds what `run` would stumble over, with the same code."""
    name, old, new, code, hint = SPOILED[case]
    configs = shipped(tmp_path)
    spoil(configs / name, old, new)
    ran = basis(command, "btc_basis", "--configs", configs)
    assert ran.code == code
    assert hint in (ran.out + ran.err)


def test_missing_data_is_told_with_3(tmp_path: Path) -> None:
    """A data directory without the tables that the settings name ends the run before it trades on nothing."""
    configs = shipped(tmp_path)
    ran = basis("run", "btc_basis", "--data", tmp_path, "--configs", configs, "--json")
    assert ran.code == 3
    assert ran.document()["error"]["exit_code"] == 3


def test_live_without_credentials_names_each_variable(tmp_path: Path) -> None:
    """A live run without keys opens nothing and lists what it needs."""
    ran = basis("run", "btc_basis", "--live", "--configs", shipped(tmp_path), "--state", tmp_path / "state")
    assert ran.code == 3
    assert "BASIS_DEV__CEX__BINANCE_SPOT_API_KEY" in ran.err
    assert not (tmp_path / "state").exists()


def test_mainnet_takes_the_accounts_typed_out(tmp_path: Path) -> None:
    """`--live` in prod without `--account` is denied before anything is read."""
    configs = shipped(tmp_path)
    ran = basis("run", "btc_basis", "--live", "--configs", configs, env={"BASIS_ENVIRONMENT": "prod"})
    assert ran.code == 4
    assert "--account binance" in ran.err
    exported = {"BASIS_ENVIRONMENT": "prod", "BASIS_EXECUTION_MODE": "live"}
    ran = basis("run", "btc_basis", "--account", "binance", "--configs", configs, env=exported)
    assert ran.code == 4
    assert "--live" in ran.err


def test_a_key_in_env_unified_is_never_shown(tmp_path: Path) -> None:
    """Not even with --debug, when the file is wrong."""
    configs = shipped(tmp_path)
    secret = "s3cr3t-value-0123456789"
    file = tmp_path / "env.unified"
    file.write_text(f"BASIS_DEV__CEX__BINANCE_SPOT_API_KEY={secret}\nBASIS_DEV__CEX__BINANCE_SPOT_API_KEY={secret}\n", encoding="utf-8")
    file.chmod(0o600)
    ran = basis("--debug", "check", "btc_basis", "--live", "--configs", configs, "--json")
    assert ran.code == 3
    assert "is set again" in ran.out
    assert secret not in ran.out + ran.err


def test_without_typer_the_command_says_what_to_install(tmp_path: Path) -> None:
    """The library can be installed without its command line."""
    (tmp_path / "typer.py").write_text("raise ModuleNotFoundError('No module named typer', name='typer')\n", encoding="utf-8")
    ran = process("venues", env={"PYTHONPATH": str(tmp_path)})
    assert ran.code == 1
    assert "pip install 'basis-venues[cli]'" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code", "how"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated"), (signal.SIGHUP, 129, "hung up")]
)
def test_signals_end_it_with_their_codes(number: signal.Signals, code: int, how: str, tmp_path: Path) -> None:
    """A runner that is told to stop leaves in order. The mode's file is a pipe here, which holds the run where it reads it."""
    configs = shipped(tmp_path)
    mode = configs / "modes" / "btc_basis.yaml"
    mode.unlink()
    os.mkfifo(mode)
    command = [sys.executable, "-c", "from basis_venues.cli import main; main()", "run", "btc_basis", "--json", "--configs", str(configs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_as_from_a_terminal) as running:
        try:
            pipe = _opened_for_writing(mode, running)
            running.send_signal(number)
            written, said = running.communicate(timeout=30)
            os.close(pipe)
        finally:
            running.kill()
    assert running.returncode == code
    assert f"basis: {how}; what is unfinished is settled at the next start" in said
    assert "Traceback" not in said
    assert (json.loads(written)["error"]["type"], json.loads(written)["error"]["exit_code"]) == ("Ended", code)


def test_a_reader_that_leaves_ends_it_quietly(tmp_path: Path) -> None:
    """As `| head` does; far more is written than a pipe holds. The code is the shell's for that signal, and no error is reported."""
    state = small_journal(tmp_path, [Frozen("binance", "x" * 500, ACCOUNTS)] * 1000)
    command = [sys.executable, "-c", "from basis_venues.cli import main; main()", "journal", "export", "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as exporting:
        assert exporting.stdout is not None
        assert exporting.stderr is not None
        assert exporting.stdout.readline().startswith("{")
        exporting.stdout.close()
        said = exporting.stderr.read()
        assert exporting.wait(30) == 141
    assert said == ""


def test_a_connection_that_breaks_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    """It has the same name as a reader that left, and here nobody did."""
    with pytest.raises(typer.Exit) as ended, reported({}):
        raise BrokenPipeError(32, "Broken pipe")
    assert ended.value.exit_code == 1
    assert "BrokenPipeError" in capfd.readouterr().err


def _as_from_a_terminal() -> None:
    """A shell has what it runs in the background ignore SIGINT, and nohup SIGHUP; these tests may run there."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _opened_for_writing(pipe: Path, reader: subprocess.Popen[str]) -> int:
    """The pipe, as soon as the reader has opened it."""
    while reader.poll() is None:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.02)
    raise AssertionError("it ended before it read the mode")


def test_an_interrupt_while_the_command_loads_is_no_traceback() -> None:
    """Ctrl-C within the first tenth of a second, where Typer is imported."""
    code = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'typer':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "from basis_venues.cli import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")

"""Rows P14, P16, S12 and S14: the credentials' file, the kill switch, secrets in bytes that are written, and where value may be sent."""

from __future__ import annotations

import json
import logging
import traceback
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from command_line import basis, process, shipped
from fake_venues import load, plugins, write
from hypothesis import given
from hypothesis import strategies as st
from toy_runs import Run, buy

from basis_venues.actions import Transfer
from basis_venues.cli.logs import log_to_stderr
from basis_venues.clock import PlanClock
from basis_venues.config.venues import Destination
from basis_venues.environment import EnvironmentManager
from basis_venues.errors import BasisError, ConfigurationError, CredentialError, GuardRefused
from basis_venues.execution.stops import HaltFlags
from basis_venues.factory import VenueClientFactory
from basis_venues.journal.sqlite import SqliteJournal
from basis_venues.market.live import LiveMarket
from basis_venues.router import ActionRouter
from basis_venues.secret import Secret

CANARY = "kX9canary7Qz2LmW4secretVb81"
SPOT = "venues: {execution_subscriptions: {cex_spot: [binance], wallet: [alchemy]}}"
BROKEN = {
    "missing": None,
    "others may read it": (f"BASIS_DEV__CEX__BINANCE_SPOT_SECRET={CANARY}\n", 0o644),
    "Windows line ends": (f"BASIS_DEV__CEX__BINANCE_SPOT_SECRET={CANARY}\r\n", 0o600),
    "is set again": (f"BASIS_DEV__CEX__BINANCE_SPOT_SECRET={CANARY}\nBASIS_DEV__CEX__BINANCE_SPOT_SECRET=x\n", 0o600),
    "unquoted '#'": (f"BASIS_DEV__CEX__BINANCE_SPOT_SECRET={CANARY} # mine\n", 0o600),
}


@pytest.mark.parametrize("told", BROKEN)
def test_P14_a_broken_env_unified_is_a_failure_of_doctor_and_of_a_live_run(told: str, tmp_path: Path) -> None:
    """What plain readers of such files let pass is refused before anything is opened, and doctor names it; no value is shown."""
    configs = shipped(tmp_path)
    content = BROKEN[told]
    if content is not None:
        file = tmp_path / "env.unified"
        file.write_text(content[0], encoding="utf-8", newline="")
        file.chmod(content[1])
    ran = basis("run", "btc_basis", "--live", "--configs", configs, "--state", tmp_path / "state")
    assert ran.code == 3
    doctor = basis("doctor", "--configs", configs, "--state", tmp_path / "state", "--json")
    assert CANARY not in ran.out + ran.err + doctor.out + doctor.err
    if content is None:
        assert "BASIS_DEV__CEX__BINANCE_SPOT_SECRET is not set" in ran.err
        return
    assert told in ran.err
    assert doctor.code == 3
    failed = [each for each in doctor.document()["checks"] if each["status"] == "fail"]
    assert any(each["check"].startswith("env.unified: ") and told in each["text"] for each in failed)


def _names(keys: bool) -> dict[str, str]:
    names = ("CEX__BINANCE_SPOT_API_KEY", "CEX__BINANCE_SPOT_SECRET", "ALCHEMY__PRIVATE_KEY")
    urls = {"BASIS_DEV__ALCHEMY__WALLET_ADDRESS": "0x1", "BASIS_DEV__ALCHEMY__RPC_URL": f"https://eth-sepolia.g.alchemy.com/v2/{CANARY}"}
    return {"BASIS_EXECUTION_MODE": "live", **{f"BASIS_DEV__{name}": CANARY for name in names if keys}, **urls}


def test_P16_a_halt_while_actions_run_stops_what_comes_after(tmp_path: Path) -> None:
    """The flag is a file: set in the middle of a run, the step being sent is settled, nothing further leaves, and a restart still waits."""
    run = Run(directory=tmp_path)
    exchange = run.exchange()
    exchange.set_up()
    flags = HaltFlags(run.directory / "state" / "halt")

    def touch(name: str) -> None:
        if name == "executed, before the reply":
            flags.halt("operator", "")

    first, second = run.act(buy(1), buy(2), point=touch)
    assert first.state == "VERIFIED", "what had left is settled and verified"
    assert second.state == "STOPPED"
    assert "halted: operator" in second.legs[0].reason
    assert len(exchange.fills()) == 1
    assert run.act(buy(3))[0].state == "STOPPED", "over a restart"
    assert flags.resume()
    assert run.act(buy(4))[0].state == "VERIFIED"
    assert len(exchange.fills()) == 2


def test_P16_a_halt_of_one_account_leaves_the_others_alone(tmp_path: Path) -> None:
    """`basis halt --account` is about that account."""
    run = Run(directory=tmp_path)
    run.exchange("north").set_up()
    HaltFlags(run.directory / "state" / "halt").halt("look", "wallet")
    assert run.act(buy(1))[0].state == "VERIFIED"


def _raised(tmp_path: Path, **answers: Any) -> list[str]:
    """Everything that a live run's making, with a plugin that spills its credentials, says."""
    said: list[str] = []
    env = _names(keys=True)
    settings = load(write(tmp_path, modes__m=SPOT), "m", env, plugins=plugins(**answers))
    environment = EnvironmentManager(settings)
    said += [repr(settings), repr(environment.credentials("binance")), str(environment.credentials("alchemy"))]
    said += [json.dumps(each, default=str) for each in (environment.credentials("binance"), settings.warnings)]
    factory = VenueClientFactory(settings, environment, PlanClock())
    for venue in ("binance", "alchemy"):
        try:
            said.append(repr(factory.client(venue)))
        except BasisError as error:
            said += ["".join(traceback.format_exception(error)), repr(error)]
    return said


@pytest.mark.parametrize("failure", [ValueError(CANARY), KeyError({"secret": CANARY}), RuntimeError(f"https://x/v2/{CANARY}")])
def test_S12_no_canary_in_what_is_raised_or_shown(failure: Exception, tmp_path: Path) -> None:
    """A plugin that puts its credentials into an exception is reported without its text; reprs and JSON hold none."""
    for said in (*_raised(tmp_path, create_client=failure), *_raised(tmp_path)):
        assert CANARY not in said


def test_S12_no_canary_in_bytes(tmp_path: Path) -> None:
    """Property `no_canary_in_bytes`: a command with canaries as its credentials, its errors included, writes none of them anywhere."""
    configs = shipped(tmp_path)
    env = {**_names(keys=True), "BASIS_DEV__CEX__BINANCE_FUTURES_SECRET": CANARY}
    state = tmp_path / "state"
    written = ""
    for command in (
        ("check", "btc_basis", "--live"), ("check", "pure_lending", "--live", "--json"), ("run", "btc_basis", "--live", "--state", state),
        ("--debug", "run", "pure_lending", "--live", "--state", state), ("doctor", "--state", state), ("env", "lint"),
        ("run", "btc_basis"), ("venues",),
    ):  # fmt: skip
        ran = process(*command, "--configs", configs, env={**env, "XDG_STATE_HOME": str(tmp_path / "xdg")})
        written += ran.out + ran.err
    assert CANARY not in written
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or CANARY.encode() not in file.read_bytes(), file


def test_S12_no_canary_in_the_journal(tmp_path: Path) -> None:
    """A venue whose every error carries the key: the journal's rows and the results have its type, never its text."""
    run = Run(directory=tmp_path)
    exchange = run.exchange()
    exchange.set_up(script=["never", "fill"])

    class Spilling(Exception):
        pass

    def spill(name: str) -> None:
        if name == "before the first byte":
            raise Spilling(CANARY)

    result = run.act(buy(1), point=spill)[0]
    assert CANARY not in repr(result)
    journal = SqliteJournal(run.journal, run.clock)
    assert CANARY not in "".join(row.body for row in journal.rows())
    journal.close()


def test_S12_no_canary_in_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A library that logs a key in a message, an argument, or a traceback: the formatter hides it."""
    monkeypatch.setenv("BASIS_DEV__CEX__BINANCE_SPOT_SECRET", CANARY)
    root = logging.getLogger()
    before = list(root.handlers)
    monkeypatch.setattr(root, "handlers", [])
    log_to_stderr(tmp_path / "configs")
    try:
        logger = logging.getLogger("some.library")
        logger.warning("signing with %s", CANARY)
        logger.warning(f"signed with {CANARY}")
        try:
            raise RuntimeError(CANARY)
        except RuntimeError:
            logger.exception("failed")
    finally:
        root.handlers[:] = before
    said = capsys.readouterr().err
    assert "signing with ***" in said
    assert "RuntimeError" in said
    assert CANARY not in said


@given(st.text(min_size=6, max_size=60).filter(lambda text: text not in "Secret(***)"))
def test_S12_a_secret_is_in_none_of_its_own_renderings(text: str) -> None:
    """For any text: repr, str, format, f-string and errors of pickling show nothing of it."""
    secret = Secret(text)
    assert {repr(secret), str(secret), f"{secret}", f"{secret:>20}"} == {"Secret(***)"}
    with pytest.raises(TypeError) as caught:
        json.dumps(secret)
    assert text not in str(caught.value) or text in "Object of type Secret is not JSON serializable"


ADDRESS = "0xabCDeF0123456789AbcdEf0123456789aBCDEF01"


def _router(tmp_path: Path, *destinations: Destination) -> ActionRouter:
    settings = load(write(tmp_path, modes__m=SPOT), "m")
    environment = EnvironmentManager(settings)
    venues = {name: attrs.evolve(said, destinations=destinations) for name, said in settings.venues.items()}
    market = LiveMarket((), PlanClock())
    return ActionRouter(settings.mode, {}, venues, environment.accounts, environment.account_of, market)


def test_S14_a_transfer_to_an_unlisted_address_is_denied(tmp_path: Path) -> None:
    """From the wallet and from an exchange: denied before anything is prepared, with the file to change; the listed one passes."""
    listed = Destination(address=ADDRESS, asset="USDT", network="ERC20")
    router = _router(tmp_path, listed)
    for source in ("wallet", "binance"):
        good = Transfer(id="t", asset="USDT", amount="1", source=source, address=ADDRESS.lower(), network="ERC20")
        assert router.route(good).orders[0].account == source
        for wrong in ({"address": ADDRESS.lower()[:-1] + "2"}, {"asset": "USDC"}, {"network": "TRC20"}):
            said = {"id": "t", "asset": "USDT", "amount": Decimal(1), "source": source, "address": ADDRESS, "network": "ERC20", **wrong}
            with pytest.raises(GuardRefused, match="destinations") as caught:
                router.route(Transfer(**said))
            assert caught.value.exit_code == 4


def test_S14_without_a_list_nothing_leaves(tmp_path: Path) -> None:
    """The default is an empty list."""
    with pytest.raises(GuardRefused, match="its address is not among"):
        _router(tmp_path).route(Transfer(id="t", asset="USDT", amount="1", source="wallet", address=ADDRESS))


def test_a_reference_that_leads_nowhere_is_a_credential_error(tmp_path: Path) -> None:
    """Told by variable, with every other problem of the venue."""
    env = {**_names(keys=True), "BASIS_DEV__CEX__BINANCE_SPOT_SECRET": "file:/nowhere", "BASIS_DEV__CEX__BINANCE_SPOT_API_KEY": "keyring:x"}
    with pytest.raises(CredentialError) as caught:
        EnvironmentManager(load(write(tmp_path, modes__m=SPOT), "m", env))
    assert [problem.split(":")[0] for problem in caught.value.problems] == ["binance", "binance"]
    assert isinstance(caught.value, ConfigurationError)

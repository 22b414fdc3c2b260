"""What a person gets wrong, through the real command against the sandbox: each has its exit code and a sentence, nothing is sent that
must not be, and the journal holds."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from importlib import import_module
from typing import Any

import attrs
import pytest

from basis_venues.errors import CredentialError, GuardRefused
from basis_venues.network import Network
from basis_venues.secret import Secret
from basis_venues_sandbox.exchange.keys import throwaway

World = Any
BTC, PERP = "BTC/USDT", "BTC/USDT:USDT"
SINCE = "2024-01-02T00:10:00Z"
CREDENTIALS = {
    "binance": ("BINANCE_SPOT_API_KEY", "BINANCE_SPOT_SECRET", "BINANCE_FUTURES_API_KEY", "BINANCE_FUTURES_SECRET"),
    "bybit": ("BYBIT_API_KEY", "BYBIT_SECRET"),
    "okx": ("OKX_API_KEY", "OKX_SECRET", "OKX_PASSPHRASE"),
}
pytestmark = pytest.mark.slow
every_venue = pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])


def plan(world: World, *actions: dict[str, Any]) -> str:
    """A plan with these actions, a minute apart."""
    named = [{"at": f"start+{number + 1}m", "id": f"act-{number}", **action} for number, action in enumerate(actions)]
    said = {"mode": "exchanges", "since": SINCE, "until": "2024-01-02T01:00:00Z", "actions": named}
    file = world.directory / "configs" / "plans" / "exchanges.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(said), encoding="utf-8")
    return str(file)


def spot(**changes: Any) -> dict[str, Any]:
    return {"action": "SpotTrade", "symbol": BTC, "side": "buy", "quantity": "0.1"} | changes


def perp(**changes: Any) -> dict[str, Any]:
    return {"action": "PerpTrade", "symbol": PERP, "side": "sell", "quantity": "0.1"} | changes


def run(world: World, *actions: dict[str, Any], keys: dict[str, str] | None = None, **env: str) -> tuple[int, str]:
    """The command's exit code and all it said. `keys`: credentials by name instead of the made-up ones, as given in the environment."""
    plan(world, *actions)
    profile = "sandbox"
    options: list[str] = []
    if keys is not None:
        profile = "keys"
        base = {world.venue: {"endpoints": {"base": world.box.url}}}
        level = "live" if env.get("BASIS_ENVIRONMENT") == "prod" else "testnet"
        clock = [f"{world.control.url}/time"]
        text = {"default": level, "clock": clock, "venues": base}
        (world.directory / "configs" / "environments" / "keys.yaml").write_text(json.dumps(text), encoding="utf-8")
        stage = "PROD" if level == "live" else "DEV"
        env |= {f"BASIS_{stage}__CEX__{name}": value for name, value in keys.items()}
        options = ["--account", world.venue] if level == "live" else []
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BASIS_")}
    command = [sys.executable, "-m", "basis_venues", "run", "exchanges", "--live", "--profile", profile, *options]
    command += ["--state", str(world.directory / "state"), "--json"]
    done = subprocess.run(command, cwd=world.directory, env=clean | env, capture_output=True, text=True, timeout=60, check=False)
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    for value in (keys or {}).values():
        assert value not in said or not value
    return done.returncode, said


def own(venue: str) -> dict[str, str]:
    """The made-up keys, given as real ones are."""
    return {name: throwaway(f"CEX__{name}") for name in CREDENTIALS[venue]}


def nothing_sent(world: World) -> None:
    """No order left, and where there is a journal it holds and knows of nothing."""
    assert "order.create" not in world.asked()
    assert world.orders() == []
    if (world.directory / "state" / "journal.sqlite").exists():
        world.judge(effects=0)


@every_venue
def test_the_right_keys_given_as_real_ones_are(world: World) -> None:
    """That the cases below fail for the reason that they name."""
    assert run(world, spot(), keys=own(world.venue))[0] == 0
    world.judge(effects=1)


@every_venue
def test_a_wrong_secret(world: World) -> None:
    """A credential error, code 3, that says what to check."""
    keys = {name: "wrong-wrong-wrong" if name.endswith("SECRET") else value for name, value in own(world.venue).items()}
    code, said = run(world, spot(), keys=keys)
    assert code == 3, said
    assert f"{world.venue} refuses the key" in said
    nothing_sent(world)


@every_venue
def test_a_missing_credential(world: World) -> None:
    """OKX's passphrase, or the secret: named, before anything is asked."""
    *rest, missing = CREDENTIALS[world.venue]
    code, said = run(world, spot(), keys={name: value for name, value in own(world.venue).items() if name in rest})
    assert code == 3, said
    assert f"BASIS_DEV__CEX__{missing}" in said
    assert world.asked() == {}


def foreign_keys(world: World, known: str) -> dict[str, str]:
    """Keys that the venue knows on one network only."""
    keys = {name: f"of-the-{known}-{name.lower()}" for name in CREDENTIALS[world.venue]}
    for name, value in keys.items():
        if name.endswith("_API_KEY"):
            secret, passphrase = keys[name.replace("_API_KEY", "_SECRET")], keys.get("OKX_PASSPHRASE", "")
            world.control.key(world.venue, value, secret, passphrase=passphrase, environment=known)
    return keys


@every_venue
def test_a_mainnet_key_on_testnet(world: World) -> None:
    """A guard's refusal where the venue tells it (Bybit, OKX: code 4), a key that is refused where it does not (Binance: code 3)."""
    code, said = run(world, spot(), keys=foreign_keys(world, "mainnet"))
    assert code == (3 if world.venue == "binance" else 4), said
    assert "testnet" in said
    nothing_sent(world)


@every_venue
def test_a_testnet_key_on_mainnet(world: World) -> None:
    """The same the other way round. Mainnet never leads to this machine, so that the client alone is turned to it here."""
    keys = foreign_keys(world, "testnet")
    kind = CredentialError if world.venue == "binance" else GuardRefused
    with pytest.raises(kind, match="mainnet"):
        asyncio.run(opened_on_mainnet(world, keys))
    nothing_sent(world)


async def opened_on_mainnet(world: World, keys: dict[str, str]) -> None:
    """Open the venue's client as it would be on mainnet, at the sandbox."""
    context = world.assemble().factory.client(world.venue)._context
    fields = {name.removeprefix(f"{world.venue.upper()}_").lower(): Secret(value) for name, value in keys.items()}
    there = attrs.evolve(context, network=Network.MAINNET, credentials=fields, allowed_hosts=frozenset({"127.0.0.1"}))
    client = import_module(f"basis_venues_{world.venue}").create_client(there)
    try:
        await client.open()
    finally:
        await client.close()


@every_venue
def test_mainnet_never_leads_to_this_machine(world: World) -> None:
    """With production keys, everything typed out, and an endpoint here: refused by the guard, code 4; nothing was asked."""
    code, said = run(world, spot(), keys=own(world.venue), BASIS_ENVIRONMENT="prod")
    assert code == 4, said
    assert f"{world.venue} may not reach 127.0.0.1" in said
    assert world.asked() == {}


@every_venue
def test_an_unsupported_symbol(world: World) -> None:
    """The plan is wrong, code 3: nothing of it is begun, also not what stands before it."""
    code, said = run(world, spot(), spot(symbol="BTC/USDD"))
    assert code == 3, said
    assert "would be left with USDD; trade BTC/USDT" in said
    assert world.asked() == {}


@every_venue
def test_an_amount_finer_than_the_lot(world: World) -> None:
    """Denied with code 4 and its sentence, and the action after it is carried out."""
    code, said = run(world, spot(quantity="0.1000000000001"), spot())
    assert code == 4, said
    document = json.loads(said[said.index("{") : said.rindex("}") + 1])
    assert [action["state"] for action in document["actions"]] == ["DENIED", "VERIFIED"]
    assert "0.1000000000001" in document["actions"][0]["legs"][0]["reason"]
    world.judge(effects=1)


@every_venue
def test_insufficient_funds(world: World) -> None:
    """More than the account has: denied here by what it shows, or refused there (codes 4 and 5); the next action is carried out."""
    code, said = run(world, spot(quantity="5"), spot())
    assert code in (4, 5), said
    document = json.loads(said[said.index("{") : said.rindex("}") + 1])
    first, second = (action["state"] for action in document["actions"])
    assert first == ("REJECTED" if code == 5 else "DENIED")
    assert second == "VERIFIED"
    world.judge(effects=1)


@every_venue
def test_leverage_over_the_limit(world: World) -> None:
    """Above `max_leverage`: denied with code 4, with the limit in the sentence."""
    code, said = run(world, perp(leverage="500"))
    assert code == 4, said
    assert "leverage" in said
    assert "100" in said or "125" in said
    nothing_sent(world)


@every_venue
def test_an_exchange_in_maintenance(world: World) -> None:
    """To be tried again later, code 75; afterwards the same command does it."""
    world.control.fault(world.venue, "*", "maintenance")
    code, said = run(world, spot())
    assert code == 75, said
    nothing_sent(world)
    world.control.reset()
    assert run(world, spot())[0] == 0
    world.judge(effects=1)

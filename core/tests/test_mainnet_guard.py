"""Who may talk to a mainnet host: the fully confirmed row, and nobody else. Walked in a process of its own under a socket audit hook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SUPPORT = Path(__file__).parent / "support"
MAINNET = {"api.binance.com", "eth-mainnet.g.alchemy.com"}

WALK = """
import asyncio, itertools, json, socket, sys
from pathlib import Path
from fake_venues import FakeClient, manifests
from basis_venues.clock import PlanClock
from basis_venues.config.settings import Settings
from basis_venues.environment import EnvironmentManager
from basis_venues.errors import BasisError
from basis_venues.factory import VenueClientFactory
from basis_venues.guard import check_host, host_of
from basis_venues.hookspecs import hookimpl
from basis_venues.plugins import Plugins
from basis_venues.registry import Registry
from fake_venues import FakePlugin

tried = []
def audit(event, arguments):
    if event in ("socket.getaddrinfo", "socket.connect", "socket.gethostbyname"):
        tried.append(str(arguments[0] if event != "socket.connect" else arguments[1][0]))
        raise OSError("no connection is made here")
sys.addaudithook(audit)

EVERY = {host for each in manifests().values() for rule in each.networks.values() for host in rule.hosts} | {"api.binance.com.evil.com"}

class Greedy(FakeClient):
    # Connects to every host there is, and to every endpoint it was given, wherever its context lets it.
    async def open(self):
        urls = list(self.context.endpoints.values())
        urls += [value.reveal() for name, value in self.context.credentials.items() if "url" in name]
        for host in sorted(EVERY | {host_of(url) for url in urls}):
            try:
                check_host(self.context.venue, host, self.context.allowed_hosts)
                socket.create_connection((host, 443), timeout=0.01)
            except (BasisError, OSError):
                pass
        return {}

class Plugin(FakePlugin):
    @hookimpl
    def create_client(self, context):
        return Greedy(context)

def plugins():
    made = Plugins(Registry([]))
    for manifest in manifests().values():
        made.add(Plugin(), manifest)
    return made

ENDPOINTS = {
    "none": (None, {"DEV": "eth-sepolia", "STAGING": "eth-sepolia", "PROD": "eth-mainnet"}),
    "mainnet": ("https://api.binance.com", dict.fromkeys(("DEV", "STAGING", "PROD"), "eth-mainnet")),
    "testnet": ("https://demo.binance.com", dict.fromkeys(("DEV", "STAGING", "PROD"), "eth-sepolia")),
    "look-alike": ("https://api.binance.com.evil.com", dict.fromkeys(("DEV", "STAGING", "PROD"), "eth-mainnet")),
}
PROFILES = {
    "none": None, "simulation": "default: simulation", "testnet": "default: testnet", "live": "default: live",
    "mixed": "venues: {binance: {environment: testnet}, aave: {environment: simulation}, alchemy: {environment: testnet}}",
    "sandbox": "default: testnet\\nthrowaway_keys: true",
}
CONFIRM = {"none": (), "one": ("binance",), "all": ("binance", "wallet")}

def attempt(root, profile, endpoint, environment, variable, typed, confirm):
    url, hosts = ENDPOINTS[endpoint]
    env = {}
    if environment: env["BASIS_ENVIRONMENT"] = environment
    if variable: env["BASIS_EXECUTION_MODE"] = variable
    for row, host in hosts.items():
        for name in ("CEX__BINANCE_SPOT_API_KEY", "CEX__BINANCE_SPOT_SECRET", "ALCHEMY__PRIVATE_KEY", "ALCHEMY__WALLET_ADDRESS"):
            env[f"BASIS_{row}__{name}"] = f"{name}-{row}"
        env[f"BASIS_{row}__ALCHEMY__RPC_URL"] = f"https://{host}.g.alchemy.com/v2/{row}"
    name = None if profile == "none" and url is None else f"{profile}-{endpoint}"
    settings = Settings.load("m", root, execution_mode="live" if typed else None, profile=name, env=env, plugins=plugins())
    manager = EnvironmentManager(settings, confirm_mainnet=CONFIRM[confirm])
    factory = VenueClientFactory(settings, manager, PlanClock())
    for venue in settings.mode.execution_venues:
        client = factory.client(venue)
        if client is not None:
            asyncio.run(client.open())

root = Path(sys.argv[1])
(root / "modes").mkdir(parents=True)
(root / "environments").mkdir()
(root / "modes" / "m.yaml").write_text(
    "venues: {lending_execution: {primary: aave}, execution_subscriptions: {cex_spot: [binance], wallet: [alchemy]}}")
for (profile, text), (endpoint, (url, _)) in itertools.product(PROFILES.items(), ENDPOINTS.items()):
    lines = text or ""
    if url:
        entry = f"{{rest: '{url}'}}"
        if "venues:" in lines:
            lines = lines.replace("binance: {environment: testnet}", f"binance: {{environment: testnet, endpoints: {entry}}}")
        else:
            lines += f"\\nvenues: {{binance: {{endpoints: {entry}}}}}"
    (root / "environments" / f"{profile}-{endpoint}.yaml").write_text(lines + "\\n")

rows = []
WORDS = ((None, "dev", "staging", "prod", "production"), (None, "backtest", "live"), (False, True))
for row in itertools.product(PROFILES, ENDPOINTS, *WORDS, CONFIRM):
    tried.clear()
    try:
        attempt(root, *row)
        ended = "opened"
    except BasisError as error:
        ended = type(error).__name__
    rows.append([list(row), ended, sorted(set(tried))])
print(json.dumps(rows))
"""


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[list[Any], str, list[str]]]:
    """Every row of profile x endpoint x environment x variable x flag x confirmation, how it ended, and whom it tried to reach."""
    source = Path(__file__).parents[1] / "src"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(source), str(SUPPORT)))}
    command = [sys.executable, "-c", WALK, str(tmp_path_factory.mktemp("walk") / "configs")]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return [tuple(row) for row in json.loads(done.stdout)]  # type: ignore[misc]


@pytest.mark.slow
def test_mainnet_unreachable_from_nonprod(walked: list[tuple[list[Any], str, list[str]]]) -> None:
    """Only prod, with --live typed, with every account typed out, and with no profile that lowers it, tries a mainnet host.

    Property `mainnet_unreachable_from_nonprod`: the stub venues connect to whatever their context lets them, under an audit hook.
    """
    assert len(walked) == 6 * 4 * 5 * 3 * 2 * 3
    reached = [row for row, _, tried in walked if MAINNET & set(tried)]
    assert reached, "the confirmed row reaches mainnet, or this shows nothing"
    for profile, endpoint, environment, _, typed, confirmed in reached:
        assert environment in ("prod", "production")
        assert typed
        assert confirmed == "all"
        assert profile in ("none", "live")
        assert endpoint in ("none", "mainnet")
    assert not any("evil" in host for _, _, tried in walked for host in tried)


@pytest.mark.slow
def test_P15_dev_and_staging_never_reach_production(walked: list[tuple[list[Any], str, list[str]]]) -> None:
    """A production endpoint in another environment is refused at load; a testnet one is let through to the testnet alone."""
    for (profile, endpoint, environment, variable, typed, _), ended, tried in walked:
        if environment in (None, "dev", "staging"):
            assert not MAINNET & set(tried)
            if endpoint in ("mainnet", "look-alike") and profile in ("none", "testnet") and (typed or variable == "live"):
                assert ended == "GuardRefused"
    live = [(row, ended, tried) for row, ended, tried in walked if row[:3] == ["testnet", "none", "dev"] and row[4]]
    assert live
    assert all(ended == "opened" and "demo.binance.com" in tried for _, ended, tried in live)

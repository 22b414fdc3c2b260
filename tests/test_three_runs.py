"""One plan, three runs by the command line that differ only in flags: a backtest, the sandbox, and a dry run of the latter.

What really left is read from the wire, by a recorder between the runs and the sandbox that knows nothing of this library.
"""

from __future__ import annotations

import http.client
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest
from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from hexbytes import HexBytes
from typer.testing import CliRunner

from basis_venues.cli.app import app
from basis_venues.config.credentials import made_up
from basis_venues.manifest import CredentialField
from basis_venues_sandbox import Running, running_sandbox
from basis_venues_sandbox.chain import ChainUnavailable, RunningChain, available, running_chain
from basis_venues_sandbox.exchange.keys import throwaway_keys

CONFIGS = Path(__file__).parents[1] / "configs"
SINK = "0x000000000000000000000000000000000000dEaD"
PLAN = {
    "mode": "btc_basis",
    "since": "2024-01-02T00:00:00Z",
    "until": "2024-01-02T00:00:02Z",
    "positions": {
        "binance:balance:USDT": "60000", "binance:collateral:USDT": "12000", "bybit:balance:USDT": "12000",
        "okx:balance:USDT": "12000", "wallet:balance:USDT": "1000", "wallet:balance:ETH": "1",
    },
    "actions": [
        {"at": "start", "id": "spot", "action": "SpotTrade", "symbol": "BTC/USDT", "side": "buy", "quantity": "0.5"},
        {"at": "start", "id": "short", "action": "PerpTrade", "symbol": "BTC/USDT:USDT", "side": "sell", "quantity": "0.5"},
        {"at": "start+1s", "id": "pay", "action": "Transfer", "asset": "USDT", "amount": "100", "source": "wallet", "address": SINK},
        {"at": "start+1s", "id": "pay-more", "action": "Transfer", "asset": "USDT", "amount": "50", "source": "wallet", "address": SINK},
        {"at": "start+1s", "id": "elsewhere", "action": "Transfer", "asset": "USDT", "amount": "1", "source": "wallet",
         "address": "0x" + "11" * 20},
    ],
}  # fmt: skip
ENDS = {"spot": "VERIFIED", "short": "VERIFIED", "pay": "VERIFIED", "pay-more": "VERIFIED", "elsewhere": "DENIED"}
TIMES = frozenset({"timestamp", "recvWindow", "X-BAPI-TIMESTAMP", "OK-ACCESS-TIMESTAMP", "X-BAPI-RECV-WINDOW", "expTime"})
"""What says when a request was made: the one thing that must differ."""


class Wired(NamedTuple):
    """One request as it came in."""

    method: str
    host: str
    path: str
    headers: dict[str, str]
    fields: dict[str, Any]


class Recorder:
    """Stands before a service on this machine, passes everything on and keeps what came."""

    def __init__(self, target: str) -> None:
        self.seen: list[Wired] = []
        recorder, upstream = self, urlsplit(target)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                recorder.keep(self.command, self.path, dict(self.headers), body)
                connection = http.client.HTTPConnection(str(upstream.hostname), upstream.port, timeout=30)
                headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server", "content-encoding"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = pass_on  # noqa: N815  the names that http.server calls

            def log_message(self, *_: Any) -> None:
                """Nothing on stderr."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.host = f"127.0.0.1:{self.server.server_port}"

    def keep(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        parts, text = urlsplit(target), body.decode()
        said = json.loads(text) if text[:1] in ("{", "[") else dict(parse_qsl(text, keep_blank_values=True))
        fields = {"batch": said} if isinstance(said, list) else {**dict(parse_qsl(parts.query, keep_blank_values=True)), **said}
        self.seen.append(Wired(method, self.host, parts.path, headers, fields))

    @contextmanager
    def running(self) -> Iterator[Recorder]:
        thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.server.shutdown()
            self.server.server_close()
            thread.join(10)


class Place(NamedTuple):
    """The plan, the configuration with the sandbox's endpoints, and the sandbox."""

    directory: Path
    exchange: Recorder
    chain: Recorder
    box: Running
    node: RunningChain

    def run(self, *flags: str) -> tuple[int, dict[str, Any], str]:
        """`basis run` of the one plan: exit code, document, and all that was printed."""
        given = ("run", "btc_basis", "--plan", str(self.directory / "plan.yaml"), "--configs", str(self.directory / "configs"), "--json")
        done = CliRunner().invoke(app, [*given, *flags])
        assert done.stdout.startswith("{"), done.output
        return done.exit_code, json.loads(done.stdout), done.output

    def writes(self) -> list[dict[str, Any]]:
        """What the sandbox's exchanges say were writes."""
        return [each for each in self.box.control.requests() if each["writes"]]

    def placed(self) -> list[Wired]:
        """The orders on the wire."""
        paths = ("/api/v3/order", "/fapi/v1/order", "/v5/order/create", "/api/v5/trade/order")
        return [each for each in self.exchange.seen if each.method == "POST" and each.path in paths]

    def raw(self) -> list[str]:
        """The signed transactions on the wire."""
        members = [one for each in self.chain.seen for one in (each.fields.get("batch") or [each.fields])]
        return [one["params"][0] for one in members if one.get("method") == "eth_sendRawTransaction"]

    def fingerprint(self) -> dict[str, tuple[int, bytes]]:
        """Every file of the state directory: when it was changed, and what is in it."""
        state = self.directory / "state"
        return {str(file): (file.stat().st_mtime_ns, file.read_bytes()) for file in sorted(state.rglob("*")) if file.is_file()}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    if not available():
        pytest.skip(available().reason)
    with ExitStack() as stack:
        try:
            node = stack.enter_context(running_chain(flags=("--slots-in-an-epoch", "2")))
        except ChainUnavailable as missing:
            pytest.skip(str(missing))
        box = stack.enter_context(running_sandbox(process=True))
        exchange, chain = (stack.enter_context(Recorder(url).running()) for url in (box.url, node.url))
        _write(tmp_path, exchange, chain)
        yield Place(tmp_path, exchange, chain, box, node)


def _write(directory: Path, exchange: Recorder, chain: Recorder) -> None:
    configs = directory / "configs"
    shutil.copytree(CONFIGS, configs)
    (directory / "plan.yaml").write_text(json.dumps(PLAN), encoding="utf-8")
    endpoint = {"endpoints": {"base": f"http://{exchange.host}"}}
    venues = dict.fromkeys(("binance", "bybit", "okx"), endpoint) | {"alchemy": {"endpoints": {"rpc": f"http://{chain.host}"}}}
    profile = {"default": "testnet", "throwaway_keys": True, "venues": venues}
    (configs / "environments" / "sandbox.yaml").write_text(json.dumps(profile), encoding="utf-8")
    wallet = {"venue_type": "infrastructure", "destinations": [{"address": SINK, "asset": "USDT"}]}
    (configs / "venues" / "alchemy.yaml").write_text(json.dumps(wallet), encoding="utf-8")


def test_one_plan_runs_three_ways_and_the_dry_run_prints_what_the_sandbox_then_gets(place: Place) -> None:
    """The same plan, configuration and code: only the flags differ. The dry run writes nothing anywhere and prints every request of the
    run that follows, field by field; actions, legs and what each leg does are the same in all three."""
    live = ("--live", "--profile", "sandbox", "--state", str(place.directory / "state"))
    backtest = place.run()
    assert not place.exchange.seen, "a backtest asks nobody"

    dry = place.run(*live, "--dry-run")
    assert place.exchange.seen
    assert place.chain.seen, "a dry run reads"
    assert not place.writes()
    assert not place.raw()
    assert not (place.directory / "state").exists(), "nothing is left of a dry run"

    real = place.run(*live)
    assert {each["id"]: each["state"] for each in real[1]["actions"]} == ENDS
    assert {each["id"]: each["state"] for each in backtest[1]["actions"]} == ENDS
    assert (backtest[0], dry[0], real[0]) == (4, 0, 4), "the unlisted address is denied, which a dry run only tells"
    _same_legs(backtest[1], dry[1], real[1])
    _exchange_requests_are_as_printed(place, dry[1])
    _transactions_are_as_printed(place, dry[1])
    _nothing_secret(dry[2], real[2], backtest[2])

    before, sent = place.fingerprint(), len(place.raw()) + len(place.placed())
    again = place.run(*live, "--dry-run")
    assert place.fingerprint() == before, "the run's own journal, locks and caches stay as they are"
    assert len(place.raw()) + len(place.placed()) == sent
    assert not _writes(again[1]), "every id is known: it would answer with its stored result"


def test_the_dry_run_is_told_to_people(place: Place) -> None:
    """As text: method, host, path and account of each write, the call of a contract by its name, and no signature."""
    arguments = ["run", "btc_basis", "--plan", str(place.directory / "plan.yaml"), "--configs", str(place.directory / "configs")]
    done = CliRunner().invoke(app, [*arguments, "--live", "--dry-run", "--profile", "sandbox", "--state", str(place.directory / "state")])
    assert done.exit_code == 0, done.output
    assert f"spot/binance/0: POST {place.exchange.host} /api/v3/order (binance on testnet, account binance)" in done.stdout
    sender = place.node.addresses.wallet.lower()
    assert f"pay/alchemy/0: POST {place.chain.host} / (alchemy on testnet, account wallet {sender})" in done.stdout
    assert "function: transfer(address,uint256)" in done.stdout
    assert f'arguments: ["{SINK.lower()}", "100000000"]' in done.stdout
    assert "not known yet: its gas" in done.stdout
    assert "signature: ***" in done.stdout
    assert "would be denied" in done.stdout
    _nothing_secret(done.output)


def _writes(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [write for action in document["actions"] for order in action["orders"] for write in order["writes"]]


def _same_legs(backtest: dict[str, Any], dry: dict[str, Any], real: dict[str, Any]) -> None:
    """Actions, legs, and the change of each traded position; fees and prices are each world's own."""

    def legs(document: dict[str, Any]) -> dict[str, list[tuple[str, str, str]]]:
        return {
            action["id"]: [(leg["order"], leg["venue"], leg["account"]) for leg in action.get("orders", action.get("legs"))]
            for action in document["actions"]
            if action["id"] != "elsewhere"
        }

    assert legs(backtest) == legs(dry) == legs(real)
    traded = ("perp:BTC/USDT:USDT", "balance:USDT")

    def moved(deltas: dict[str, str], name: str) -> dict[str, Decimal]:
        exact = traded if name in ("pay", "pay-more") else traded[:1]
        return {key: Decimal(amount) for key, amount in deltas.items() if key.endswith(exact)}

    for one, two, three in zip(backtest["actions"], dry["actions"], real["actions"], strict=True):
        name = one["id"]
        simulated = [moved(leg["deltas"], name) for leg in one["legs"]] if name != "elsewhere" else []
        shown = [moved(order["outlook"]["deltas"], name) for order in two["orders"]]
        done = [moved(leg["deltas"], name) for leg in three["legs"]] if name != "elsewhere" else []
        assert simulated == shown == done, name
    assert dry["actions"][-1]["refused"]


def _exchange_requests_are_as_printed(place: Place, dry: dict[str, Any]) -> None:
    printed = {write["key"]: write for write in _writes(dry) if write["path"] != "/"}
    assert len(printed) == 4
    for wired in place.placed():
        (write,) = (each for key, each in printed.items() if key in wired.fields.values())
        assert (write["method"], write["host"], write["path"]) == (wired.method, wired.host, wired.path)
        told = {name: value for name, value in write["body"].items() if name not in TIMES and value != "***"}
        sent = {name: value for name, value in wired.fields.items() if name not in TIMES}
        assert write["body"].keys() == wired.fields.keys()
        assert told == {name: sent[name] for name in told}
        assert sent.keys() - told.keys() <= {"signature"}
        shown = {name.lower(): value for name, value in write["headers"].items()}
        heard = {name.lower(): value for name, value in wired.headers.items()}
        assert shown.keys() <= heard.keys()
        assert all(value in ("***", heard[name]) for name, value in shown.items() if name not in {each.lower() for each in TIMES})
        assert shown["x-orig-host"] == heard["x-orig-host"]
    assert len(place.placed()) == 4
    recorded = [(each["method"], each["path"], each["client_id"]) for each in place.writes()]
    assert sorted(recorded) == sorted((write["method"], write["path"], key) for key, write in printed.items())


def _transactions_are_as_printed(place: Place, dry: dict[str, Any]) -> None:
    """By eth_account's decoder. The second transaction's gas and fees could not be known before the first was mined, and it says so."""
    printed = [write for write in _writes(dry) if write["path"] == "/"]
    first, second = place.raw()
    for write, raw in zip(printed, (first, second), strict=True):
        fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
        body = write["body"]
        assert (write["method"], write["host"], body["method"]) == ("POST", place.chain.host, "eth_sendRawTransaction")
        assert Account.recover_transaction(raw).lower() == write["address"] == body["from"]
        assert (body["chain_id"], body["nonce"]) == (fields["chainId"], fields["nonce"])
        assert body["to"] == HexBytes(fields["to"]).to_0x_hex()
        assert body["data"] == HexBytes(fields["data"]).to_0x_hex()
        assert body["value"] == str(fields["value"])
        assert body["signed bytes"] == "***"
        assert raw not in json.dumps(dry)
        if not write["ahead"]:
            assert not write["unknown"]
            assert body["gas"] == fields["gas"]
            assert body["max_fee_per_gas"] == str(fields["maxFeePerGas"])
            assert body["max_priority_fee_per_gas"] == str(fields["maxPriorityFeePerGas"])
    assert [write["ahead"] for write in printed] == [0, 1]
    assert "gas" in printed[1]["unknown"][0]
    assert printed[1]["body"]["gas"] is None


def _nothing_secret(*printed: str) -> None:
    key = made_up(CredentialField(name="private_key", variable="ALCHEMY__PRIVATE_KEY", secret=True)).removeprefix("0x")
    secrets = {key, *(text for each in throwaway_keys() for text in (each.key, each.secret, each.passphrase) if text)}
    for text in printed:
        assert not [secret for secret in secrets if secret in text]

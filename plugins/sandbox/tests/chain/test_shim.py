"""Each verb of the shim does what it says, and without one everything passes through unchanged."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from basis_venues_sandbox.chain import ChainControl, RpcError, RunningChain, wallet_address, wallet_key
from basis_venues_sandbox.chain.rpc import Rpc
from basis_venues_sandbox.chain.shim.raw import read_raw

pytestmark = pytest.mark.slow

ETHER, GWEI = 10**18, 10**9
SEND = "eth_sendRawTransaction"
Signed = Callable[..., tuple[str, str]]
Receipts = Callable[[str], Any]


@pytest.fixture
def signed(control: ChainControl) -> Signed:
    """Raw bytes and hash of a transfer from the wallet to the owner, signed with an independent library."""
    account = pytest.importorskip("eth_account").Account

    def sign(
        nonce: int | None = None, max_fee: int = 100 * GWEI, tip: int = GWEI, value: int = 1, chain_id: int = 31337
    ) -> tuple[str, str]:
        count = int(control.rpc.call("eth_getTransactionCount", wallet_address(), "latest"), 16)
        content = {
            "type": 2,
            "chainId": chain_id,
            "nonce": count if nonce is None else nonce,
            "to": control.addresses.owner,
            "value": value,
            "gas": 21_000,
            "maxFeePerGas": max_fee,
            "maxPriorityFeePerGas": tip,
        }
        made = account.sign_transaction(content, wallet_key())
        return "0x" + made.raw_transaction.hex().removeprefix("0x"), "0x" + made.hash.hex().removeprefix("0x")

    return sign


def status_of(url: str, content: Any) -> tuple[int, bytes, dict[str, str]]:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
    try:
        connection.request("POST", "/", json.dumps(content), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())
    finally:
        connection.close()


def question(method: str, *params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}


def test_without_faults_answers_are_the_nodes_byte_for_byte(chain: RunningChain) -> None:
    """Single requests, batches and errors alike."""
    for content in (
        question("eth_chainId"),
        [question("eth_blockNumber"), question("eth_gasPrice")],
        question("eth_noSuchThing"),
    ):
        assert status_of(chain.url, content)[:2] == status_of(chain.node_url, content)[:2]


def test_requests_and_calls_are_counted_by_method(shim: Rpc, control: ChainControl) -> None:
    """A batch is one request and several calls; the control's own are not counted."""
    control.reset_counts()
    shim.call("eth_chainId")
    shim.batch([("eth_blockNumber", ()), ("eth_chainId", ())])
    control.now()
    assert (control.counts().http, control.counts().calls) == (2, {"eth_chainId": 2, "eth_blockNumber": 1})


def test_an_adapter_can_ask_where_the_contracts_are(shim: Rpc, control: ChainControl) -> None:
    """sandbox_addresses answers alone and in a batch, and is not counted."""
    control.reset_counts()
    told, chain_id = shim.batch([("sandbox_addresses", ()), ("eth_chainId", ())])
    assert told == shim.call("sandbox_addresses")
    assert (told["aave"]["pool"], told["lido"]["queue"]) == (control.addresses.aave.pool, control.addresses.lido.queue)
    assert chain_id == "0x7a69"
    assert (control.counts().http, control.counts().calls) == (1, {"eth_chainId": 1})


def test_the_reader_of_signed_transactions_agrees_with_their_maker(signed: Signed) -> None:
    """Hash, sender, nonce and fees."""
    raw, digest = signed(nonce=300, max_fee=7 * GWEI, tip=2, value=ETHER)
    read = read_raw(raw)
    assert read is not None
    assert (read.hash, read.sender, read.nonce, read.max_fee, read.tip) == (digest, wallet_address().lower(), 300, 7 * GWEI, 2)


@pytest.mark.parametrize("status", [500, 503])
def test_an_answer_lost_after_acceptance_leaves_the_transaction_mined(
    status: int, chain: RunningChain, shim: Rpc, control: ChainControl, signed: Signed, receipt_of: Receipts
) -> None:
    """accept_then_status: HTTP error to the sender, receipt on the chain, once."""
    raw, digest = signed()
    control.fault("accept_then_status", status)
    assert status_of(chain.url, question(SEND, raw))[0] == status
    assert receipt_of(digest)["status"] == "0x1"
    with pytest.raises(RpcError, match="nonce too low"):
        shim.call(SEND, raw)


@pytest.mark.parametrize(("verb", "value"), [("accept_then_timeout", 0.3), ("accept_then_reset", None)])
def test_a_connection_cut_after_acceptance_leaves_the_transaction_mined(
    verb: str, value: float | None, chain: RunningChain, control: ChainControl, signed: Signed, receipt_of: Receipts
) -> None:
    """The sender gets no answer at all."""
    raw, digest = signed()
    control.fault(verb, value)
    with pytest.raises((OSError, http.client.HTTPException)):
        status_of(chain.url, question(SEND, raw))
    assert receipt_of(digest)["status"] == "0x1"


def test_a_request_dropped_before_the_node_never_happened(chain: RunningChain, control: ChainControl, signed: Signed) -> None:
    """drop: no answer and no transaction."""
    raw, digest = signed()
    control.fault("drop", method=SEND)
    with pytest.raises((OSError, http.client.HTTPException)):
        status_of(chain.url, question(SEND, raw))
    assert control.rpc.call("eth_getTransactionByHash", digest) is None


def test_too_many_requests_say_when_to_come_back(chain: RunningChain, control: ChainControl) -> None:
    """status 429 comes with Retry-After, as often as was asked for."""
    control.fault("status", 429, times=2)
    statuses = [status_of(chain.url, question("eth_chainId")) for _ in range(3)]
    assert [each[0] for each in statuses] == [429, 429, 200]
    assert statuses[0][2]["Retry-After"] == "1"


def test_a_slow_answer_comes_late(shim: Rpc, control: ChainControl) -> None:
    """delay holds the request and then passes it on."""
    control.fault("delay", 0.2)
    started = time.monotonic()
    assert shim.call("eth_chainId") == "0x7a69"
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize(
    ("client", "words"),
    [("geth", "already known"), ("besu", "Known transaction"), ("nethermind", "AlreadyKnown"), ("anvil", "already imported")],
)
def test_other_clients_word_the_same_refusal_differently(client: str, words: str, shim: Rpc, control: ChainControl, signed: Signed) -> None:
    """The same bytes twice while they wait."""
    raw, _ = signed()
    control.automine(False)
    control.fault("wording", client)
    shim.call(SEND, raw)
    with pytest.raises(RpcError, match=words):
        shim.call(SEND, raw)


def test_a_replacement_needs_ten_percent_on_both_fees(shim: Rpc, control: ChainControl, signed: Signed, receipt_of: Receipts) -> None:
    """min_bump: what anvil would take is refused, as by other nodes; a real bump goes through."""
    control.automine(False)
    control.fault("min_bump", 10)
    shim.call(SEND, signed(max_fee=100 * GWEI, tip=GWEI)[0])
    for max_fee, tip in ((101 * GWEI, 2 * GWEI), (120 * GWEI, GWEI)):
        with pytest.raises(RpcError, match="replacement transaction underpriced"):
            shim.call(SEND, signed(max_fee=max_fee, tip=tip)[0])
    raw, digest = signed(max_fee=110 * GWEI, tip=11 * GWEI // 10)
    assert shim.call(SEND, raw) == digest
    control.mine()
    assert receipt_of(digest)["status"] == "0x1"


def test_a_base_fee_that_jumps_makes_a_transaction_too_cheap(shim: Rpc, control: ChainControl, signed: Signed) -> None:
    """fee_jump: refused by this node, and nothing is on the chain."""
    control.fault("fee_jump", 200 * GWEI)
    raw, digest = signed(max_fee=100 * GWEI)
    with pytest.raises(RpcError, match="base fee"):
        shim.call(SEND, raw)
    assert control.rpc.call("eth_getTransactionReceipt", digest) is None


def test_a_lagging_node_has_not_heard_of_the_newest_blocks(shim: Rpc, control: ChainControl, signed: Signed, receipt_of: Receipts) -> None:
    """Head, balance, receipt and transaction are those of an earlier time; a newer block is unknown."""
    raw, digest = signed(value=5)
    before, head = control.balance("ETH", control.addresses.owner), control.block_number()
    shim.call(SEND, raw)
    receipt_of(digest)
    control.mine()
    control.fault("lag", 2)
    assert shim.call("eth_blockNumber") == hex(head)
    assert int(shim.call("eth_getBalance", control.addresses.owner, "latest"), 16) == before
    assert shim.call("eth_getTransactionReceipt", digest) is None
    assert shim.call("eth_getTransactionByHash", digest)["blockNumber"] is None
    with pytest.raises(RpcError, match="header not found"):
        shim.call("eth_getBalance", control.addresses.owner, hex(head + 1))
    control.clear_faults()
    assert shim.call("eth_getTransactionReceipt", digest)["status"] == "0x1"


def test_a_lagging_node_tells_no_logs_of_blocks_that_it_lacks(shim: Rpc, control: ChainControl) -> None:
    """And no error either, as many nodes; that it lacks the block is told only to who asks for the block."""
    head = control.block_number()
    digest = control.pay("USDC", control.addresses.owner, 5)
    since = {"fromBlock": hex(head + 1), "toBlock": hex(control.block_number())}
    control.fault("lag", control.block_number() - head)
    assert shim.call("eth_getLogs", since) == []
    with pytest.raises(RpcError, match="header not found"):
        shim.call("eth_getBlockTransactionCountByNumber", since["toBlock"])
    control.clear_faults()
    assert digest in {log["transactionHash"] for log in shim.call("eth_getLogs", since)}
    assert int(shim.call("eth_getBlockTransactionCountByNumber", since["toBlock"]), 16) >= 0


def test_two_nodes_behind_one_address_disagree(shim: Rpc, control: ChainControl) -> None:
    """split_heads: fresh and late answers take turns."""
    control.mine(3)
    head = control.block_number()
    control.fault("split_heads", 2)
    assert [int(shim.call("eth_blockNumber"), 16) for _ in range(4)] == [head, head - 2, head, head - 2]


def test_receipts_can_stay_away(shim: Rpc, control: ChainControl, signed: Signed, receipt_of: Receipts) -> None:
    """null_receipt: as often as was asked for, and then it is there."""
    raw, digest = signed()
    shim.call(SEND, raw)
    receipt_of(digest)
    control.fault("null_receipt", times=2)
    found = [shim.call("eth_getTransactionReceipt", digest) for _ in range(3)]
    assert found[:2] == [None, None]
    assert found[2]["transactionHash"] == digest


def test_the_node_can_claim_to_be_another_chain(shim: Rpc, control: ChainControl) -> None:
    """chain_id answers for both methods, in batches too."""
    control.fault("chain_id", 1)
    assert shim.call("eth_chainId") == "0x1"
    assert shim.batch([("net_version", ()), ("eth_chainId", ())]) == ["1", "0x1"]


def test_the_state_can_move_between_looking_and_sending(shim: Rpc, control: ChainControl, signed: Signed) -> None:
    """mutate_between: the requests reach the node just before the transaction."""
    control.fault("mutate_between", [["anvil_setBalance", [wallet_address(), "0x0"]]])
    with pytest.raises(RpcError, match=r"(?i)insufficient funds"):
        shim.call(SEND, signed()[0])


def test_a_verb_that_does_not_exist_is_named_with_the_nearest(control: ChainControl) -> None:
    """A scenario's misspelling is found at once."""
    with pytest.raises(RpcError, match="did you mean null_receipt"):
        control.fault("nul_receipt")

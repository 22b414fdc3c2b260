"""The live side without a chain: what the account's logs say, which account is taken, and where Instadapp is not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import attrs
import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from basis_venues.actions import Action, CreateAccount, FlashBorrow, FlashPayback, Repay, UnwrapEther
from basis_venues.errors import ConfigurationError, Denied
from basis_venues.network import Account
from basis_venues.orders import Order, Prepared, Report, Step
from basis_venues.secret import Secret
from basis_venues.states import State
from basis_venues_evm.live import Call, EvmChain, Log, Mined, Registry, Request, RpcUnavailable
from basis_venues_evm.live.abi import topic, word
from basis_venues_evm.live.reading import Views
from basis_venues_evm.live.reverts import Reverts
from basis_venues_evm.live.rpc import Answer, Fault
from basis_venues_evm.live.tokens import Tokens
from basis_venues_evm.settings import TransactionSettings
from basis_venues_evm.testing import load_settings, wallet_context
from basis_venues_instadapp.account import find_account
from basis_venues_instadapp.casts import cast_of
from basis_venues_instadapp.client import InstadappClient
from basis_venues_instadapp.contracts import Contracts
from basis_venues_instadapp.data import Rate, SwapRates, _figure
from basis_venues_instadapp.events import AccountEvents
from basis_venues_instadapp.failing import failing_part
from basis_venues_instadapp.methods import (
    ACCOUNT_AT,
    ACCOUNT_ID,
    ACCOUNTS_OF,
    BASIC_DEPOSITED,
    BASIC_WITHDRAWN,
    CAST_DATA,
    CAST_DONE,
    CREATED,
    IS_OWNER,
    NEXT_ACCOUNT,
    OWNERS_OF,
    VERSION,
)
from basis_venues_instadapp.settings import InstadappSettings
from basis_venues_instadapp.spells import Encoder

WALLET, DSA, STRANGER, INDEX, LIST, WETH = ("0x" + digit * 40 for digit in "123456")
ETHER = "0x" + "ee" * 20
CONTRACTS = Contracts(INDEX, LIST, "0x0", "0x0", {})


class Made(NamedTuple):
    """The making of an account: in which block, who sent for it, and for whom."""

    block: int
    sender: str
    owner: str


class FakeNode:
    """The blocks that it keeps, and the making of accounts in them."""

    def __init__(self, made: Mapping[str, Made], kept_since: int) -> None:
        self._made = made
        self._kept_since = kept_since
        self.asked = 0

    async def ask(self, method: str, *params: Any) -> Any:
        self.asked += 1
        if method == "eth_getLogs":
            (wanted,) = params
            made = self._made["0x" + wanted["topics"][2][-40:]]
            here = wanted["fromBlock"] == wanted["toBlock"] == hex(made.block) and wanted["address"] == INDEX
            topics = [topic(CREATED), "0x" + word(made.owner), wanted["topics"][2], "0x" + word(0)]
            return [{"topics": topics, "data": "0x" + word(made.sender)}] if here and wanted["topics"][:2] == [topic(CREATED), None] else []
        account, block = params
        if int(block, 16) < self._kept_since:
            raise RpcUnavailable("missing trie node")
        return "0x363d" if int(block, 16) >= self._made[account].block else "0x"


class FakeChain:
    """Accounts and tokens, the answers of views by call, and the making of accounts."""

    chain_id = 31337

    def __init__(
        self, answers: Mapping[Call, str] | None = None, made: Mapping[str, Made] | None = None, head: int = 1, kept_since: int = 0
    ) -> None:
        self.registry = Registry()
        self.registry.add_account("wallet", WALLET)
        self.registry.add_account("dsa", DSA)
        self.tokens = Tokens(self.registry)
        settings = load_settings(InstadappSettings, "basis_venues_instadapp")
        self.tokens.add(settings.tokens, {"WETH": WETH}, "the test")
        self._answers = answers or {}
        self._head = head
        self.rpc = FakeNode(made or {}, kept_since)

    async def views(self, calls: Any, at: int = 0) -> Views:
        return Views(self._head, {call: self._answers.get(call) for call in calls})

    async def view(self, call: Call) -> str:
        return self._answers[call]


def events(chain: FakeChain) -> AccountEvents:
    found = AccountEvents("instadapp", chain, "wallet", "dsa", "dsa:setting:instadapp/account")  # type: ignore[arg-type]
    found.watch_index(INDEX)
    found.watch_account(DSA)
    return found


def said(chain: FakeChain, log: Log, sender: str = WALLET) -> dict[str, tuple[Decimal, str]]:
    """What the log says, by position."""
    sent = Mined("0x1", 1, True, sender, DSA, "0x", 0, 0, 0, 0, (log,))
    decoder = chain.registry.decoder(log)
    assert decoder is not None
    told = decoder(log, sent)
    return {} if told is None else {change.key: (change.amount, change.how) for change in told.changes}


def cast(*spells: tuple[str, str, bytes]) -> Log:
    """The log of a cast with these connectors, events and parameters."""
    names, signatures, params = (list(each) for each in zip(*spells, strict=True))
    data = encode(CAST_DATA, (0, names, [DSA] * len(names), signatures, params))
    return Log(DSA, (topic(CAST_DONE), "0x" + word(WALLET), "0x" + word(WALLET)), "0x" + data.hex(), 0)


def test_ether_paid_out_is_told_by_the_cast_alone() -> None:
    """A plain transfer of ETH leaves no log of its own; a token's is left to the token."""
    chain = FakeChain()
    events(chain)
    types = ("address", "uint256", "address", "uint256", "uint256")
    ether, token = (encode(types, (asset, 3 * 10**17, WALLET, 0, 0)) for asset in (ETHER, WETH))
    found = said(chain, cast(("BASIC-A", BASIC_WITHDRAWN, ether), ("BASIC-A", BASIC_WITHDRAWN, token)))
    assert found == {"dsa:balance:ETH": (Decimal("-0.3"), "add"), "wallet:balance:ETH": (Decimal("0.3"), "add")}


def test_a_deposit_uses_the_allowance_up() -> None:
    """That of the wallet that sent it; lending's event of the same name is another connector's."""
    chain = FakeChain()
    events(chain)
    deposit = encode(("address", "uint256", "uint256", "uint256"), (WETH, 4 * 10**18, 0, 0))
    log = cast(("BASIC-A", BASIC_DEPOSITED, deposit), ("AAVE-V3-A", BASIC_DEPOSITED, deposit))
    assert said(chain, log) == {"wallet:allowance:instadapp/WETH": (Decimal(4), "spend")}
    assert said(chain, log, sender=STRANGER) == {}


def test_only_the_account_in_use_counts_as_made() -> None:
    """Anyone can make an account for the wallet."""
    chain = FakeChain()
    events(chain)
    for account, found in ((DSA, {"dsa:setting:instadapp/account": (Decimal(1), "add")}), (STRANGER, {})):
        topics = (topic(CREATED), *("0x" + word(each) for each in (WALLET, account, "0x0")))
        assert said(chain, Log(INDEX, topics, "0x" + word(WALLET), 0)) == found


def words(*values: int | str) -> str:
    return "0x" + "".join(map(word, values))


def listed(*accounts: tuple[int, str, int, int]) -> dict[Call, str]:
    """What the list says of the wallet's accounts: of each its number, where it is, how many may act through it, and its version."""
    numbers = [number for number, *_ in accounts]
    answers = {Call(LIST, ACCOUNTS_OF(WALLET)): words(*([numbers[0], numbers[-1], len(numbers)] if numbers else [0, 0, 0]))}
    for (number, at, owners, version), following in zip(accounts, [*numbers, 0][1:], strict=True):
        answers[Call(LIST, OWNERS_OF(number))] = words(WALLET, WALLET, owners)
        answers[Call(LIST, ACCOUNT_AT(number))] = words(at)
        answers[Call(LIST, NEXT_ACCOUNT(WALLET, number))] = words(0, following)
        answers[Call(at, VERSION())] = words(version)
    return answers


def taken(chain: FakeChain, configured: str | None = None) -> str | None:
    return asyncio.run(find_account(chain, CONTRACTS, WALLET, configured))  # type: ignore[arg-type]


def test_the_first_account_that_the_wallet_made_and_alone_may_use_is_taken() -> None:
    """Passed over are those with another authority, of another version, handed over by a stranger, or made by him for the wallet."""
    shared, older, handed, given_to = ("0x" + digit * 40 for digit in "789a")
    answers = listed((3, shared, 2, 2), (5, older, 1, 1), (6, handed, 1, 2), (8, given_to, 1, 2), (9, DSA, 1, 2))
    ours = Made(700, WALLET, WALLET)
    made = {shared: ours, older: ours, handed: Made(500, STRANGER, STRANGER), given_to: Made(600, STRANGER, WALLET), DSA: ours}
    assert taken(FakeChain(answers, made, head=1000)) == DSA
    assert taken(FakeChain(listed((6, handed, 1, 2), (8, given_to, 1, 2)), made, head=1000)) is None
    assert taken(FakeChain(listed())) is None


@given(st.integers(1, 30_000_000), st.integers(0, 1000))
def test_who_made_an_account_is_found_wherever_it_was_made(block: int, since: int) -> None:
    """In the one block that has its log, with few questions where it is a recent one, and not many elsewhere."""
    for head in (block + since, 30_001_000):
        chain = FakeChain(listed((9, DSA, 1, 2)), {DSA: Made(block, WALLET, WALLET)}, head=head)
        assert taken(chain) == DSA
        assert chain.rpc.asked <= 2 + 2 * (head - block + 1).bit_length()


def test_an_account_behind_too_many_of_others_is_asked_for_by_its_address() -> None:
    """Anyone can put any number of accounts before it: not looked at is not "not made", after which a second one would be made."""
    strangers = [(number, "0x" + f"{number:040x}", 2, 2) for number in range(1, 66)]
    with pytest.raises(ConfigurationError, match=r"none of the first 64 .* name the one that it made in INSTADAPP__ACCOUNT_ADDRESS"):
        taken(FakeChain(listed(*strangers)))


@pytest.mark.parametrize(("block", "why"), [(500, "missing trie node"), (1001, "no log of it in block 1000")])
def test_an_account_of_which_the_node_does_not_tell_who_made_it_is_not_taken(block: int, why: str) -> None:
    """Neither where the blocks are thrown away, nor where the logs lag behind; the sentence names the account and the setting."""
    chain = FakeChain(listed((9, DSA, 1, 2)), {DSA: Made(block, WALLET, WALLET)}, head=1000, kept_since=900)
    with pytest.raises(RpcUnavailable, match=rf"who made the smart account {DSA} cannot be told .*{why}.* INSTADAPP__ACCOUNT_ADDRESS"):
        taken(chain)
    recent = FakeChain(listed((9, DSA, 1, 2)), {DSA: Made(960, WALLET, WALLET)}, head=1000, kept_since=900)
    assert taken(recent) == DSA


@pytest.mark.parametrize(
    ("known", "version", "may", "reason"),
    [(0, 0, 0, "no smart account of Instadapp"), (7, 1, 1, "another version than 2"), (7, 2, 0, "may not act through")],
)
def test_a_configured_account_is_checked(known: int, version: int, may: int, reason: str) -> None:
    """It must be an account, of the version that casts are for, and the wallet one of its authorities; who made it is not asked."""

    def answers(known: int, version: int, may: int) -> dict[Call, str]:
        calls = Call(LIST, ACCOUNT_ID(DSA)), Call(DSA, VERSION()), Call(DSA, IS_OWNER(WALLET))
        return {call: words(answer) for call, answer in zip(calls, (known, version, may), strict=True)}

    with pytest.raises(ConfigurationError, match=reason):
        taken(FakeChain(answers(known, version, may)), DSA)
    assert taken(FakeChain(answers(7, 2, 1)), DSA) == DSA


def test_rates_follow_from_the_pools_price() -> None:
    """A square root of 2 x 2**96 is a price of 4; the other way it is a quarter; six decimals against eighteen shift it by twelve."""
    call, root = Call(WETH, "0x"), 2 * 2**96
    assert _figure(root, Rate(call, inverse=False, scale=0)) == 4
    assert _figure(root, Rate(call, inverse=True, scale=0)) == Decimal("0.25")
    assert _figure(root, Rate(call, inverse=False, scale=12)) == Decimal("4E+12")


def test_a_pool_that_has_no_price_yet_tells_none() -> None:
    """It was made and nobody has begun it: its rates are left out both ways, and those of the others are told."""
    settings = load_settings(InstadappSettings, "basis_venues_instadapp")
    context = wallet_context(settings, allowed_hosts=frozenset({"127.0.0.1"}), allowed_chains=frozenset({31337}))
    chain = EvmChain(context, (Secret("http://127.0.0.1:1"),), None, TransactionSettings())
    rates: Any = SwapRates(attrs.evolve(context, chain=chain))
    begun, made = Call(WETH, "0x"), Call(STRANGER, "0x")
    rates._rates = {"priced": Rate(begun, False, 0), "bare": Rate(made, False, 0), "erab": Rate(made, True, 0)}
    rates.chain = FakeChain({begun: words(2 * 2**96), made: words(0)})
    assert {name: quote.value for name, quote in asyncio.run(rates.figures(rates._rates)).items()} == {"priced": Decimal(4)}


@pytest.mark.parametrize(("chain_id", "name"), [(11155111, "sepolia"), (560048, "hoodi"), (17000, "17000")])
def test_instadapp_on_a_network_without_it_is_refused_with_a_sentence(chain_id: int, name: str) -> None:
    """There is none on any test network."""
    settings = load_settings(InstadappSettings, "basis_venues_instadapp")
    context = wallet_context(settings, allowed_hosts=frozenset({"127.0.0.1"}), allowed_chains=frozenset({chain_id}))
    chain = EvmChain(context, (Secret("http://127.0.0.1:1"),), None, TransactionSettings())
    with pytest.raises(ConfigurationError, match=f"instadapp has no contracts on {name}.*it is on mainnet"):
        asyncio.run(chain.contracts("instadapp", settings))


class RevertedChain(EvmChain):
    """A chain on which every transaction was mined in block 7, and reverted."""

    async def lookup(self, prepared: Prepared) -> Report:
        return Report(State.REVERTED, reason="1: permission-denied", at=7)


def client() -> InstadappClient:
    """Of a smart account that may not be made yet, on `RevertedChain`."""
    settings = load_settings(InstadappSettings, "basis_venues_instadapp")
    allowed: dict[str, Any] = {"allowed_hosts": frozenset({"127.0.0.1"}), "allowed_chains": frozenset({31337})}
    chain = RevertedChain(wallet_context(settings, **allowed), (Secret("http://127.0.0.1:1"),), None, TransactionSettings())
    chain.registry.add_account("wallet", WALLET)
    chain.registry.await_account("dsa")
    chain.tokens.add(settings.tokens, {"WETH": WETH}, "the test")
    whole = wallet_context(settings, **allowed, chain=chain)
    return InstadappClient(attrs.evolve(whole, venue="instadapp", account=Account("dsa", "x", "alchemy", "wallet")))


def step_of(*parts: Action) -> Step:
    return Step("a/instadapp/0", Order("a/instadapp", parts[0], "instadapp", "dsa", "wallet"), parts, {})


def test_a_second_account_is_not_made() -> None:
    """It reads as not made where the wallet may not act through it any more; another one would cost gas and never be found."""
    ours = client()
    ours.chain.registry.add_account("dsa", DSA)
    with pytest.raises(Denied, match=f"is there already, at {DSA}; if the wallet may not act through it any more"):
        asyncio.run(ours.wanted(step_of(CreateAccount(id="c"))))


def test_a_reverted_cast_is_reverted_though_its_part_cannot_be_told() -> None:
    """The account left the configuration since: the step is settled all the same, with the reason that the chain gives."""
    told = asyncio.run(client().lookup(Prepared("k", step_of(UnwrapEther(amount=1)), {})))
    assert (told.state, told.reason) == (State.REVERTED, "1: permission-denied")


class TryingNode:
    """Answers the calls in their order by these faults; None for one that is not reverted."""

    reverts = Reverts()

    def __init__(self, *faults: Fault | None) -> None:
        self.rpc = self
        self._faults = faults

    async def batch(self, requests: Sequence[Request]) -> list[Answer]:
        assert len(requests) == len(self._faults)
        return [Answer("0x", fault) for fault in self._faults]


GONE, FAILS = Fault(-32000, "missing trie node"), Fault(3, "execution reverted: no")
PAID_LESS = Fault(3, "execution reverted: amount-paid-less")
EMPTY = Fault(3, "execution reverted: 1: length-invalid")


@pytest.mark.parametrize(
    ("faults", "named"),
    [
        ((FAILS, EMPTY, FAILS, FAILS), "part 1 (Repay): execution reverted: no"),
        ((GONE, GONE, GONE, GONE), None),
        ((FAILS, EMPTY, GONE, FAILS), None),
        ((FAILS, EMPTY, PAID_LESS, FAILS), "part 2 (FlashPayback): execution reverted: no"),
        ((None, EMPTY, PAID_LESS, None), None),
    ],
)
def test_no_part_is_blamed_for_what_the_node_could_not_try(faults: tuple[Fault | None, ...], named: str | None) -> None:
    """A block that it does not keep, a request too many: the part is named only where all before it were tried."""
    step = step_of(FlashBorrow(asset="WETH", amount=1), Repay(asset="WETH", amount=1), FlashPayback(asset="WETH", amount="1.0005"))
    cast_ = cast_of(step, Encoder(FakeChain(), WALLET, {}))  # type: ignore[arg-type]
    assert asyncio.run(failing_part(TryingNode(*faults), step, cast_, {}, "0x7")) == named  # type: ignore[arg-type]

"""The live side without a chain: what the account's logs say, which account is taken, and where Instadapp is not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from eth_abi.abi import encode

from basis_venues.errors import ConfigurationError
from basis_venues.secret import Secret
from basis_venues_evm.live import Call, EvmChain, Log, Mined, Registry
from basis_venues_evm.live.abi import topic, word
from basis_venues_evm.live.reading import Views
from basis_venues_evm.live.tokens import Tokens
from basis_venues_evm.settings import TransactionSettings
from basis_venues_evm.testing import load_settings, wallet_context
from basis_venues_instadapp.account import find_account
from basis_venues_instadapp.contracts import Contracts
from basis_venues_instadapp.data import Rate, _figure
from basis_venues_instadapp.events import AccountEvents
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
)
from basis_venues_instadapp.settings import InstadappSettings

WALLET, DSA, STRANGER, INDEX, LIST, WETH = ("0x" + digit * 40 for digit in "123456")
ETHER = "0x" + "ee" * 20
CONTRACTS = Contracts(INDEX, LIST, "0x0", "0x0", {})


class FakeChain:
    """Accounts and tokens, and the answers of views by call."""

    chain_id = 31337

    def __init__(self, answers: Mapping[Call, str] | None = None) -> None:
        self.registry = Registry()
        self.registry.add_account("wallet", WALLET)
        self.registry.add_account("dsa", DSA)
        self.tokens = Tokens(self.registry)
        settings = load_settings(InstadappSettings, "basis_venues_instadapp")
        self.tokens.add(settings.tokens, {"WETH": WETH}, "the test")
        self._answers = answers or {}

    async def views(self, calls: Any, at: int = 0) -> Views:
        return Views(1, {call: self._answers.get(call) for call in calls})

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


def test_the_first_account_of_the_wallet_alone_is_taken() -> None:
    """One that has another authority is passed over, and none is an answer."""
    answers = {
        Call(LIST, ACCOUNTS_OF(WALLET)): words(7, 9, 2),
        Call(LIST, OWNERS_OF(7)): words(STRANGER, WALLET, 2),
        Call(LIST, NEXT_ACCOUNT(WALLET, 7)): words(0, 9),
        Call(LIST, OWNERS_OF(9)): words(WALLET, WALLET, 1),
        Call(LIST, ACCOUNT_AT(9)): words(DSA),
    }
    assert asyncio.run(find_account(FakeChain(answers), CONTRACTS, WALLET, None)) == DSA  # type: ignore[arg-type]
    nobody = {Call(LIST, ACCOUNTS_OF(WALLET)): words(0, 0, 0)}
    assert asyncio.run(find_account(FakeChain(nobody), CONTRACTS, WALLET, None)) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(("known", "may", "reason"), [(0, 0, "no smart account of Instadapp"), (7, 0, "may not act through")])
def test_a_configured_account_is_checked(known: int, may: int, reason: str) -> None:
    """It must be an account, and the wallet one of its authorities."""
    answers = {Call(LIST, ACCOUNT_ID(DSA)): words(known), Call(DSA, IS_OWNER(WALLET)): words(may)}
    with pytest.raises(ConfigurationError, match=reason):
        asyncio.run(find_account(FakeChain(answers), CONTRACTS, WALLET, DSA))  # type: ignore[arg-type]
    fine = {Call(LIST, ACCOUNT_ID(DSA)): words(7), Call(DSA, IS_OWNER(WALLET)): words(1)}
    assert asyncio.run(find_account(FakeChain(fine), CONTRACTS, WALLET, DSA)) == DSA  # type: ignore[arg-type]


def test_rates_follow_from_the_pools_price() -> None:
    """A square root of 2 x 2**96 is a price of 4; the other way it is a quarter; six decimals against eighteen shift it by twelve."""
    call, root = Call(WETH, "0x"), 2 * 2**96
    assert _figure(root, Rate(call, inverse=False, scale=0)) == 4
    assert _figure(root, Rate(call, inverse=True, scale=0)) == Decimal("0.25")
    assert _figure(root, Rate(call, inverse=False, scale=12)) == Decimal("4E+12")


@pytest.mark.parametrize(("chain_id", "name"), [(11155111, "sepolia"), (560048, "hoodi"), (17000, "17000")])
def test_instadapp_on_a_network_without_it_is_refused_with_a_sentence(chain_id: int, name: str) -> None:
    """There is none on any test network."""
    settings = load_settings(InstadappSettings, "basis_venues_instadapp")
    context = wallet_context(settings, allowed_hosts=frozenset({"127.0.0.1"}), allowed_chains=frozenset({chain_id}))
    chain = EvmChain(context, (Secret("http://127.0.0.1:1"),), None, TransactionSettings())
    with pytest.raises(ConfigurationError, match=f"instadapp has no contracts on {name}.*it is on mainnet"):
        asyncio.run(chain.contracts("instadapp", settings))

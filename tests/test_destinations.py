"""Where value may be sent is decided in one place; every caller of it decides the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from eth_utils import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from basis_venues.actions import Transfer
from basis_venues.addresses import checksummed
from basis_venues.clock import PlanClock
from basis_venues.config.venues import Destination, VenueSettings
from basis_venues.contract import ClientContext, ModelContext
from basis_venues.errors import GuardRefused
from basis_venues.guard import destination
from basis_venues.network import Account, Network
from basis_venues.orders import Order, Step
from basis_venues.router import ActionRouter
from basis_venues.secret import Secret
from basis_venues_alchemy.access import chain_access
from basis_venues_alchemy.client import AlchemyClient
from basis_venues_alchemy.model import AlchemyModel
from basis_venues_alchemy.settings import AlchemySettings
from basis_venues_ccxt import AssetSettings, ExchangeSettings
from basis_venues_ccxt.live.transferring import Transferring
from basis_venues_ccxt.transfers import Transfers
from basis_venues_evm.testing import FixedMarket, load_settings

EVM = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
"""An example of EIP-55."""
MISTYPED = "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
BASE58 = "rEb8TK3gBgk5auZkwc6sHnwrGVJH8DuaLh"
EVM_LISTED = Destination(address=EVM, network="ERC20", asset="ETH", label="vault")
TAGGED = Destination(address=BASE58, network="XRP", asset="ETH", tag="4711")


def transfer(address: str | None, network: str | None = "ERC20", **changes: Any) -> Transfer:
    return Transfer(id="t", asset="ETH", amount="1", source="here", address=address, network=network, **changes)


CASES: dict[str, tuple[Transfer, str | None]] = {
    "as listed": (transfer(EVM), EVM),
    "in lower case": (transfer(EVM.lower()), EVM),
    "in upper case": (transfer("0x" + EVM[2:].upper()), EVM),
    "with a letter of the wrong case": (transfer(MISTYPED), None),
    "another address": (transfer("0x" + "12" * 20), None),
    "over another network": (transfer(EVM, "TRC20"), None),
    "over the usual network": (transfer(EVM, None), EVM),
    "with a tag that is not listed": (transfer(EVM, tag="1"), None),
    "an exchange's address with its tag": (transfer(BASE58, "XRP", tag="4711"), BASE58),
    "an exchange's address without its tag": (transfer(BASE58, "XRP"), None),
    "an exchange's address with another tag": (transfer(BASE58, "XRP", tag="4712"), None),
    "an exchange's address in another case": (transfer(BASE58.lower(), "XRP", tag="4711"), None),
}
"""A transfer, and the listed address that it may go to; None: it is refused. Transfers that name no network go over ERC20."""


def exchange() -> ExchangeSettings:
    return ExchangeSettings(
        venue_type="cex", assets={"ETH": AssetSettings(network="ERC20")}, destinations=(EVM_LISTED, TAGGED), unified=True
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Wallet(AlchemySettings):
    """A wallet whose transfers go over ERC20, so that one matrix serves all callers."""

    def network_of(self, asset: str) -> str | None:
        return "ERC20"


def the_guard(asked: Transfer) -> str:
    return destination("here", exchange(), asked).address


def the_router(asked: Transfer) -> str:
    mode: Any = SimpleNamespace(name="m", execution_venues=("venue",), routes={}, refusal=lambda _: None)
    here = Account("here", "venue:1", "venue", "here")
    router = ActionRouter(mode, {}, {"venue": exchange()}, {"here": here}, lambda _: here, FixedMarket({}))
    router.route(asked)
    return the_guard(asked)


def the_exchange_model(asked: Transfer) -> str:
    Transfers("venue", "here", exchange(), "spot", lambda alias, asset: f"{alias}:balance:{asset}").check(asked)
    return the_guard(asked)


def the_exchange_client(asked: Transfer) -> str:
    """Its address and its tag are those that the venue would be sent."""
    written: list[Any] = []
    moves: Any = SimpleNamespace(lacking=lambda *_, **__: None, write=lambda move: written.append(move) or ())
    desk: Any = SimpleNamespace(
        settings=exchange(), network=Network.TESTNET, now=lambda: 0, at_least=lambda: 0, keys=SimpleNamespace(venue="venue"),
        connection=SimpleNamespace(fence=lambda _request: 1), check=lambda *_: None,
    )  # fmt: skip
    order = Order("t/venue", asked, "venue", "here", "here")
    asyncio.run(Transferring(desk, moves, None).prepare(Step("t/venue/0", order, (asked,)), "key"))  # type: ignore[arg-type]
    assert written[0].tag == (asked.tag or "")
    return str(written[0].address)


def _wallet() -> Wallet:
    return attrs.evolve(load_settings(Wallet, "basis_venues_alchemy"), destinations=(EVM_LISTED, TAGGED))


def the_wallets_model(asked: Transfer) -> str:
    account = Account("here", "1:0x", "alchemy", "here")
    model = AlchemyModel(ModelContext(venue="alchemy", account=account, network=Network.SIMULATION, settings=_wallet()))
    view = {"here:balance:ETH": Decimal(5)}
    model.plan(Order("t/alchemy", asked, "alchemy", "here", "here"), view, FixedMarket({"ethereum:gas_price:gwei": "1"}))
    return the_guard(asked)


def the_wallets_client(asked: Transfer) -> str:
    """What the transaction would go to."""
    context = ClientContext(
        venue="alchemy", account=Account("here", "1:0x", "alchemy", "here"), network=Network.TESTNET, settings=_wallet(),
        credentials={"rpc_url": Secret("http://127.0.0.1:1")}, allowed_hosts=frozenset({"127.0.0.1"}), allowed_chains=frozenset({31337}),
        clock=PlanClock(),
    )  # fmt: skip
    client = AlchemyClient(attrs.evolve(context, chain=chain_access(context)))
    order = Order("t/alchemy", asked, "alchemy", "here", "here")
    to = asyncio.run(client.wanted(Step("t/alchemy/0", order, (asked,)))).to
    return to_checksum_address(to)


CALLERS = (the_guard, the_router, the_exchange_model, the_exchange_client, the_wallets_model, the_wallets_client)


CALLS = [(caller, case) for case in CASES for caller in CALLERS if caller is not the_wallets_client or not case.startswith("an exchange's")]
"""A wallet on a chain sends to no address of another kind."""


@pytest.mark.parametrize(("caller", "case"), CALLS, ids=[f"{caller.__name__}, {case}" for caller, case in CALLS])
def test_every_caller_allows_the_same_destinations(caller: Callable[[Transfer], str], case: str) -> None:
    """Router, models and live clients of exchanges and of the wallet: the same transfers pass, to the same address."""
    asked, expected = CASES[case]
    if expected is None:
        with pytest.raises(GuardRefused):
            caller(asked)
    else:
        assert caller(asked) == expected


def test_an_account_is_reached_by_the_label_of_a_destination() -> None:
    """A transfer to an account of ours goes to the address with its label, over the listed network; without one it is refused."""
    to_vault = Transfer(id="t", asset="ETH", amount="1", source="here", target="vault")
    for caller in (the_guard, the_exchange_client, the_wallets_client):
        assert caller(to_vault) == EVM
        with pytest.raises(GuardRefused, match="label: cellar"):
            caller(attrs.evolve(to_vault, target="cellar"))


def test_a_wrong_checksum_in_the_list_is_told() -> None:
    """Also where the digits are the same: the list is not what somebody copied."""
    settings = VenueSettings(venue_type="cex", destinations=(Destination(address=MISTYPED),))
    with pytest.raises(GuardRefused, match="wrong checksum"):
        destination("here", settings, transfer(EVM.lower()))


addresses = st.sampled_from(
    [EVM, EVM.lower(), EVM[:2] + EVM[2:].upper(), MISTYPED, BASE58, BASE58.lower(), "0x" + "12" * 20, "bc1qx", "0xabc"]
)
words = st.sampled_from([None, "A", "B"])
places = st.builds(Destination, address=addresses, network=words, asset=st.sampled_from([None, "ETH", "USDT"]), tag=words)


@given(st.lists(places, max_size=4), addresses, words, words)
def test_what_passes_is_listed_in_every_part(listed: list[Destination], address: str, network: str | None, tag: str | None) -> None:
    """For any list: passing means that one line has address, network, asset and tag, and refusal that none has, or a wrong checksum."""

    def same(one: str, two: str) -> bool:
        chain = one.startswith("0x") and len(one) == 42
        return (to_checksum_address(one) == to_checksum_address(two)) if chain and len(two) == 42 and two[:2] == "0x" else one == two

    fitting = [
        each
        for each in listed
        if same(each.address, address) and each.network in (None, network) and each.asset in (None, "ETH") and each.tag == tag
    ]
    mistyped = address == MISTYPED or any(each.address == MISTYPED and same(each.address, address) for each in listed)
    asked = transfer(address, network, tag=tag)
    settings = VenueSettings(venue_type="cex", destinations=tuple(listed))
    if fitting and not mistyped:
        assert destination("here", settings, asked) in fitting
    else:
        with pytest.raises(GuardRefused):
            destination("here", settings, asked)


@given(st.binary(min_size=20, max_size=20))
def test_checksums_are_those_of_eip_55(address: bytes) -> None:
    """Against eth_utils."""
    assert checksummed("0x" + address.hex()) == to_checksum_address(address)

"""The stand-in for Instadapp, over the real Aave V3.6 and Uniswap V3, gives the vectors that were checked against the real contracts."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from basis_venues_sandbox.chain import Addresses, ChainControl, RpcError
from basis_venues_sandbox.chain.abi import topic
from basis_venues_sandbox.chain.deploy import Sender

pytestmark = pytest.mark.slow

ETHER, MAX = 10**18, 2**256 - 1
AT_AAVE = "(address,uint256,uint256,uint256)"
WITH_MODE = "(address,uint256,uint256,uint256,uint256)"
LOG_CAST = "LogCast(address,address,uint256,string[],address[],string[],bytes[])"
Health = Callable[[str], tuple[int, ...]]
Logs = Callable[[Any, str, str], list[tuple[Any, ...]]]


def fee_of(flash: int) -> int:
    return -(-flash * 5 // 10_000)


def entry(at: Addresses, equity: int, flash: int, emode: bool = True) -> list[tuple[Any, ...]]:
    """The spells between flash borrow and payback, as in the reference."""
    weth, due = at.tokens["WETH"], flash + fee_of(flash)
    mode = [("AAVE-V3-A", "setUserEMode(uint8)", 1)] if emode else []
    return [
        ("WETH-A", "withdraw(uint256,uint256,uint256)", flash, 0, 0),
        ("LIDO-STETH-A", "deposit(uint256,uint256,uint256)", equity + flash, 0, 0),
        ("WSTETH-A", "deposit(uint256,uint256,uint256)", MAX, 0, 77),
        ("AAVE-V3-A", "deposit" + AT_AAVE, at.tokens["wstETH"], 0, 77, 0),
        *mode,
        ("AAVE-V3-A", "borrow" + WITH_MODE, weth, due, 2, 0, 0),
        ("INSTAPOOL-C", "flashPayback" + AT_AAVE, weth, due, 0, 0),
    ]


def leverage(account: Any, at: Addresses, equity: int = 10 * ETHER, flash: int = 70 * ETHER) -> Any:
    return account.cast(account.flash("WETH", flash, entry(at, equity, flash)), value=equity)


def exit_spells(at: Addresses, flash: int, unit: int, to: str) -> list[tuple[Any, ...]]:
    weth, wsteth = at.tokens["WETH"], at.tokens["wstETH"]
    sell = "sell(address,address,uint24,uint256,uint256,uint256,uint256)"
    return [
        ("AAVE-V3-A", "payback" + WITH_MODE, weth, MAX, 2, 0, 0),
        ("AAVE-V3-A", "withdraw" + AT_AAVE, wsteth, MAX, 0, 0),
        ("UNISWAP-V3-SWAP-A", sell, weth, wsteth, 100, unit, MAX, 0, 0),
        ("INSTAPOOL-C", "flashPayback" + AT_AAVE, weth, flash + fee_of(flash), 0, 0),
        ("BASIC-A", "withdraw(address,uint256,address,uint256,uint256)", weth, MAX, to, 0, 0),
    ]


def test_the_leverage_example_gives_health_factor_1_0852(account: Any, at: Addresses, control: ChainControl, health: Health) -> None:
    """Ten ether and a loan of seventy: collateral 200,000, debt 175,087.5 dollars, a wei of stETH left."""
    receipt = leverage(account, at)
    collateral, debt, _, _, _, factor = health(account.address)
    assert debt == 17_508_750_000_000
    assert abs(collateral - 20_000_000_000_000) <= 1
    assert abs(Decimal(factor) / ETHER - Decimal("1.0852")) < Decimal("0.00005")
    assert abs(Decimal(collateral) / (collateral - debt) - Decimal("8.03")) < Decimal("0.005")
    assert control.balance("stETH", account.address) <= 1
    print(f"\ngas: account {account.build_gas}, leverage {int(receipt['gasUsed'], 16)}")


def test_the_bundle_leaves_an_inner_and_an_outer_record(account: Any, at: Addresses, user: Sender, logs: Logs) -> None:
    """The inner cast comes first, sent by the aggregator; the outer one tells of the borrowing only."""
    receipt = leverage(account, at)
    inner, outer = logs(receipt, LOG_CAST, "uint256,string[],address[],string[],bytes[]")
    assert inner[3][0] == "LogWithdraw(uint256,uint256,uint256)"
    assert inner[1][-1] == "INSTAPOOL-C"
    assert inner[3][3] == "LogDeposit(address,uint256,uint256,uint256)"
    assert outer[3] == ("LogFlashBorrow(address,uint256)",)
    senders = [each["topics"][2][-40:] for each in receipt["logs"] if each["topics"][0] == topic(LOG_CAST)]
    assert senders == [at.instadapp.aggregator[2:].lower(), user.address[2:].lower()]


def test_the_unwind_gives_nearly_everything_back(account: Any, at: Addresses, user: Sender, control: ChainControl, health: Health) -> None:
    """9.886 WETH of ten, through the tight pool, with no debt and no collateral left."""
    leverage(account, at)
    debt = control.owner.read(at.aave.debt_tokens["WETH"], "balanceOf(address)(uint256)", account.address)
    flash = debt + debt // 100_000
    unit = control.lido.rate() * 99 // 100 // 10**9
    receipt = account.cast(account.flash("WETH", flash, exit_spells(at, flash, unit, user.address)))
    assert health(account.address)[:2] == (0, 0)
    assert abs(Decimal(control.balance("WETH", user.address)) / ETHER - Decimal("9.886")) < Decimal("0.03")
    print(f"\ngas: unwind {int(receipt['gasUsed'], 16)}, back {control.balance('WETH', user.address) / ETHER}")


@pytest.mark.parametrize(
    ("flash", "emode", "selector"),
    [
        ("131.9", True, ""),
        ("132.0", True, "0x911ceb81"),
        ("36", False, ""),
        ("37", False, "0x911ceb81"),
        ("70", False, "0x6679996d"),
    ],
)
def test_the_largest_loan_is_where_the_formula_says(account: Any, at: Addresses, flash: str, emode: bool, selector: str) -> None:
    """F <= E ltv / (1 + fee - ltv): 131.9 in the efficiency mode and 36 without; beyond it, Aave's own errors come out unchanged."""
    amount = int(Decimal(flash) * ETHER)
    spells = account.flash("WETH", amount, entry(at, 10 * ETHER, amount, emode))
    if not selector:
        account.simulate(spells, value=10 * ETHER)
        return
    with pytest.raises(RpcError) as refused:
        account.simulate(spells, value=10 * ETHER)
    assert refused.value.selector == selector


@pytest.mark.parametrize(("short", "expected"), [(0, None), (1, "0x"), (2, "amount-paid-less")])
def test_the_fee_is_checked_rounded_down_and_taken_rounded_up(account: Any, at: Addresses, short: int, expected: str | None) -> None:
    """For 70e18 + 1 the ceiling works; the floor passes the aggregator and dies in WETH without a word; less dies at the aggregator."""
    flash = 70 * ETHER + 1
    spells = entry(at, 10 * ETHER, flash)
    spells[-1] = ("INSTAPOOL-C", "flashPayback" + AT_AAVE, at.tokens["WETH"], flash + fee_of(flash) - short, 0, 0)
    bundle = account.flash("WETH", flash, spells)
    if expected is None:
        account.simulate(bundle, value=10 * ETHER)
        return
    with pytest.raises(RpcError) as refused:
        account.simulate(bundle, value=10 * ETHER)
    assert refused.value.data == "0x" if expected == "0x" else expected in refused.value.message


@pytest.mark.parametrize(
    "break_it",
    [
        lambda control: control.market.pause_reserve("WETH"),
        lambda control: control.market.drain_reserve("WETH", leave=ETHER),
        lambda control: control.market.flash_fee(50),
        lambda control: control.lido.pause_staking(),
        lambda control: control.market.set_price("WETH", Decimal(1)) or control.breaks(control.addresses.feeds["wstETH"]),
    ],
    ids=["paused", "drained", "dearer loan", "staking paused", "no price"],
)
def test_a_bundle_that_fails_changes_nothing(account: Any, at: Addresses, control: ChainControl, break_it: Callable[[Any], None]) -> None:
    """Whatever breaks inside, no position is left behind."""
    break_it(control)
    with pytest.raises(RpcError):
        account.simulate(account.flash("WETH", 70 * ETHER, entry(at, 10 * ETHER, 70 * ETHER)), value=10 * ETHER)
    assert control.balance("ETH", account.address) == control.balance("stETH", account.address) == 0


def test_only_owners_cast_and_only_known_connectors(
    account: Any, control: ChainControl, at: Addresses, refusal: Callable[..., str]
) -> None:
    """The account's refusals have the words of the real one."""
    cast = "cast(string[],bytes[],address)"
    nobody = "0x" + "00" * 20
    whale, owner = control.whale, Sender(control.rpc, at.wallet)
    assert refusal(whale, account.address, cast, ["BASIC-A"], [b""], nobody) == "1: permission-denied"
    assert refusal(owner, account.address, cast, [], [], nobody) == "1: length-invalid"
    assert refusal(owner, account.address, cast, ["BASIC-A"], [], nobody) == "1: array-length-invalid"
    assert refusal(owner, account.address, cast, ["NO-SUCH-A"], [b""], nobody) == "1: not-connector"
    assert refusal(whale, account.address, "enable(address)", whale.address) == "not-self-index"
    assert refusal(owner, at.instadapp.index, "build(address,uint256,address)", owner.address, 0, nobody) == "not-valid-account"


def test_accounts_of_an_owner_form_a_list(account: Any, control: ChainControl, at: Addresses, user: Sender) -> None:
    """The first and the last number, how many there are, and that they are clones."""
    user.send(at.instadapp.index, "build(address,uint256,address)", user.address, 2, user.address)
    first = control.owner.read(at.instadapp.list, "accountID(address)(uint64)", account.address)
    assert control.owner.read(at.instadapp.list, "userLink(address)(uint64,uint64,uint64)", user.address) == (first, first + 1, 2)
    assert control.owner.read(at.instadapp.list, "userList(address,uint64)(uint64,uint64)", user.address, first) == (0, first + 1)
    assert control.owner.read(at.instadapp.index, "isClone(uint256,address)(bool)", 2, account.address)
    assert not control.owner.read(at.instadapp.index, "isClone(uint256,address)(bool)", 2, at.wallet)


def test_an_authority_can_be_added_and_removed_but_never_the_last(account: Any, control: ChainControl, at: Addresses) -> None:
    """AUTHORITY-A keeps at least one owner."""
    whale = control.whale.address
    is_auth = "isAuth(address)(bool)"
    account.cast([("AUTHORITY-A", "add(address)", whale)])
    assert control.owner.read(account.address, is_auth, whale)
    account.cast([("AUTHORITY-A", "remove(address)", whale)])
    assert not control.owner.read(account.address, is_auth, whale)
    with pytest.raises(RpcError, match="Removing-all-authorities"):
        account.simulate([("AUTHORITY-A", "remove(address)", at.wallet)])


def test_the_lido_connector_stakes_its_amount_whatever_memory_says(account: Any, control: ChainControl) -> None:
    """A number from memory counts for the record only, as in the real connector."""
    spells = [
        ("BASIC-A", "deposit" + AT_AAVE, "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE", 3 * ETHER, 0, 5),
        ("LIDO-STETH-A", "deposit(uint256,uint256,uint256)", ETHER, 5, 0),
    ]
    account.cast(spells, value=3 * ETHER)
    assert control.balance("ETH", account.address) == 2 * ETHER
    assert abs(control.balance("stETH", account.address) - ETHER) <= 1


def test_ether_sent_must_be_the_ether_said(account: Any) -> None:
    """BASIC-A refuses another amount than the value."""
    spell = ("BASIC-A", "deposit" + AT_AAVE, "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE", 3 * ETHER, 0, 0)
    with pytest.raises(RpcError, match="invalid-ether-amount"):
        account.simulate([spell], value=2 * ETHER)


def test_a_swap_under_its_least_output_is_refused_and_a_purchase_stops_at_its_amount(
    account: Any, control: ChainControl, at: Addresses
) -> None:
    """Least output of a sale, exact output of a purchase, with tokens of 6 and 18 decimals."""
    control.give("WETH", account.address, 2 * ETHER)
    weth, usdc = at.tokens["WETH"], at.tokens["USDC"]
    swap = "(address,address,uint24,uint256,uint256,uint256,uint256)"
    with pytest.raises(RpcError, match="Too little received"):
        account.simulate([("UNISWAP-V3-SWAP-A", "sell" + swap, usdc, weth, 500, 2500 * ETHER, ETHER, 0, 0)])
    account.cast([("UNISWAP-V3-SWAP-A", "sell" + swap, usdc, weth, 500, 2490 * ETHER, ETHER, 0, 0)])
    sold = control.balance("USDC", account.address)
    assert 2490 * 10**6 < sold < 2500 * 10**6
    account.cast([("UNISWAP-V3-SWAP-A", "buy" + swap, usdc, weth, 500, ETHER // 2490, 1000 * 10**6, 0, 0)])
    assert control.balance("USDC", account.address) == sold + 1000 * 10**6


def test_an_empty_pool_makes_the_unwind_impossible(account: Any, control: ChainControl, at: Addresses, user: Sender) -> None:
    """Without liquidity the swap misses its least output and nothing happens."""
    leverage(account, at)
    control.market.drain_pool("wstETH/WETH/100", leave=Decimal("0.01"))
    flash = 70_100 * ETHER // 1000
    spells = account.flash("WETH", flash, exit_spells(at, flash, control.lido.rate() * 99 // 100 // 10**9, user.address))
    with pytest.raises(RpcError):
        account.simulate(spells)

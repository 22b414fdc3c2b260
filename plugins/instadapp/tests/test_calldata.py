"""Bundles as calldata, byte for byte what web3's own codec makes of the connectors' ABIs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web3 import Web3

from basis_venues import actions as a
from basis_venues.errors import Denied
from basis_venues.orders import Order, Step
from basis_venues_evm import Token
from basis_venues_evm.live import Registry
from basis_venues_evm.live.tokens import Tokens
from basis_venues_instadapp.casts import cast_of
from basis_venues_instadapp.connectors import leaves
from basis_venues_instadapp.spells import Encoder, memory_of, unit_price

ETHER = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE"
OWNER = "0x00000000000000000000000000000000000000aa"
DECIMALS = {"WETH": 18, "stETH": 18, "wstETH": 18, "USDC": 6, "USDT": 6}
AT = {symbol: "0x" + f"{number:040x}" for number, symbol in enumerate(DECIMALS, start=0xC0FFEE)}
POOLS = {
    frozenset(("wstETH", "WETH")): 100,
    frozenset(("WETH", "USDC")): 500,
    frozenset(("WETH", "USDT")): 500,
    frozenset(("USDC", "USDT")): 100,
}
MOST = 2**256 - 1

# Selectors and signatures as in the ABIs of dsa-connect 0.7.52.
ABIS = {
    "WETH-A": {
        "00aeef8a": "deposit(uint256 amt, uint256 getId, uint256 setId)",
        "a41fe49f": "withdraw(uint256 amt, uint256 getId, uint256 setId)",
    },
    "LIDO-STETH-A": {"00aeef8a": "deposit(uint256 amt, uint256 getId, uint256 setId)"},
    "WSTETH-A": {
        "00aeef8a": "deposit(uint256 stethAmt, uint256 getId, uint256 setId)",
        "a41fe49f": "withdraw(uint256 wstethAmt, uint256 getId, uint256 setId)",
    },
    "AAVE-V3-A": {
        "ce88b439": "deposit(address token, uint256 amt, uint256 getId, uint256 setId)",
        "4532d776": "withdraw(address token, uint256 amt, uint256 getId, uint256 setId)",
        "6abcd3de": "borrow(address token, uint256 amt, uint256 rateMode, uint256 getId, uint256 setId)",
        "4e5e60e7": "payback(address token, uint256 amt, uint256 rateMode, uint256 getId, uint256 setId)",
        "28530a47": "setUserEMode(uint8 categoryId)",
        "da2b65c8": "enableCollateral(address[] tokens)",
        "fae42021": "disableCollateral(address[] tokens)",
    },
    "BASIC-A": {
        "ce88b439": "deposit(address token, uint256 amt, uint256 getId, uint256 setId)",
        "4bd3ab82": "withdraw(address token, uint256 amt, address to, uint256 getId, uint256 setId)",
    },
    "UNISWAP-V3-SWAP-A": {
        "27152dab": "sell(address buy, address sell, uint24 fee, uint256 unitAmt, uint256 sellAmt, uint256 getId, uint256 setId)",
    },
    "INSTAPOOL-C": {
        "4cb38df5": "flashBorrowAndCast(address token, uint256 amt, uint256 route, bytes data, bytes extraData)",
        "213980e8": "flashPayback(address token, uint256 amt, uint256 getId, uint256 setId)",
    },
    "account": {"9304c934": "cast(string[] targetNames, bytes[] datas, address origin)"},
}  # fmt: skip


def contract(name: str) -> Any:
    """A connector for web3's codec, from its ABI."""
    entries = []
    for signature in ABIS[name].values():
        function, _, arguments = signature[:-1].partition("(")
        inputs = [dict(zip(("type", "name"), each.split(), strict=True)) for each in arguments.split(", ")]
        entries.append({"type": "function", "name": function, "inputs": inputs, "outputs": [], "stateMutability": "payable"})
    return Web3().eth.contract(abi=entries)


CONTRACTS = {name: contract(name) for name in ABIS}


def call(connector: str, function: str, *arguments: Any) -> tuple[str, bytes]:
    """A spell as web3 encodes it."""
    data = CONTRACTS[connector].encode_abi(function, args=list(arguments))
    assert data[2:10] in ABIS[connector], "the selector of the ABI"
    return connector, bytes.fromhex(data[2:])


def address(symbol: str) -> str:
    return ETHER if symbol == "ETH" else Web3.to_checksum_address(AT[symbol])


def units(symbol: str, amount: Any) -> int:
    if isinstance(amount, a.FromLeg):
        return 0
    return MOST if amount == a.MAX else int(amount.scaleb(DECIMALS.get(symbol, 18)))


def spell(part: a.Action, number: int, parts: tuple[a.Action, ...], step: Step) -> tuple[str, bytes]:
    """What the part is by the reference's table, written down a second time."""
    amount = getattr(part, "amount", None)
    get = amount.leg + 1 if isinstance(amount, a.FromLeg) else 0
    wanted = any(isinstance(getattr(each, "amount", None), a.FromLeg) and each.amount.leg == number for each in parts)  # type: ignore[attr-defined]
    ids = (get, number + 1 if wanted else 0)
    asset = part.spends() or ""
    token, count = (address(asset), units(asset, amount)) if amount is not None else ("", 0)
    match part:
        case a.WrapEther():
            return call("WETH-A", "deposit", count, *ids)
        case a.UnwrapEther():
            return call("WETH-A", "withdraw", count, *ids)
        case a.Stake():
            return call("LIDO-STETH-A", "deposit", count, *ids)
        case a.Wrap():
            return call("WSTETH-A", "deposit", count, *ids)
        case a.Unwrap():
            return call("WSTETH-A", "withdraw", count, *ids)
        case a.Supply():
            return call("AAVE-V3-A", "deposit", token, count, *ids)
        case a.Withdraw():
            return call("AAVE-V3-A", "withdraw", token, count, *ids)
        case a.Borrow():
            return call("AAVE-V3-A", "borrow", token, count, 2, *ids)
        case a.Repay():
            return call("AAVE-V3-A", "payback", token, count, 2, *ids)
        case a.SetEMode():
            return call("AAVE-V3-A", "setUserEMode", part.category)
        case a.SetCollateral():
            return call("AAVE-V3-A", "enableCollateral" if part.enabled else "disableCollateral", [address(part.asset)])
        case a.Swap():
            sold = units(part.sell, part.amount if isinstance(part.amount, Decimal) else Decimal(step.bounds["sold"]))
            even, least = sold * 10 ** (18 - DECIMALS[part.sell]), units(part.buy, part.minimum) * 10 ** (18 - DECIMALS[part.buy])
            unit = -(-least * 10**18 // even)
            fee = POOLS[frozenset((part.sell, part.buy))]
            return call("UNISWAP-V3-SWAP-A", "sell", address(part.buy), address(part.sell), fee, unit, count, *ids)
        case a.Deposit():
            return call("BASIC-A", "deposit", token, count, *ids)
        case a.Payout():
            return call("BASIC-A", "withdraw", token, count, Web3.to_checksum_address(OWNER), *ids)
        case a.FlashPayback():
            return call("INSTAPOOL-C", "flashPayback", token, count, *ids)
    raise AssertionError(part)


def expected(step: Step) -> tuple[int, str]:
    """Value and calldata of the cast, by web3."""
    parts = step.actions
    place = next((number for number, part in enumerate(parts) if isinstance(part, a.FlashBorrow)), len(parts))
    value = sum(units("ETH", part.amount) for part in parts if isinstance(part, a.Deposit) and part.asset == "ETH")

    def some(numbers: range) -> list[tuple[str, bytes]]:
        chosen = [n for n in numbers if not (isinstance(parts[n], a.Deposit) and parts[n].asset == "ETH")]  # type: ignore[attr-defined]
        return [spell(parts[n], n, parts, step) for n in chosen]

    outer = some(range(place))
    if place < len(parts):
        loan = parts[place]
        assert isinstance(loan, a.FlashBorrow)
        inner = some(range(place + 1, len(parts)))
        data = Web3().codec.encode(["string[]", "bytes[]"], [[name for name, _ in inner], [each for _, each in inner]])
        outer.append(call("INSTAPOOL-C", "flashBorrowAndCast", address(loan.asset), units(loan.asset, loan.amount), 9, data, b""))
    return value, call("account", "cast", [name for name, _ in outer], [each for _, each in outer], "0x" + "00" * 20)[1].hex()


class _Chain:
    """The tokens of a chain, which is all that encoding asks for."""

    def __init__(self) -> None:
        self.tokens = Tokens(Registry())
        self.tokens.add({symbol: Token(decimals=decimals) for symbol, decimals in DECIMALS.items()}, AT, "the test")


ENCODER = Encoder(_Chain(), OWNER, POOLS)  # type: ignore[arg-type]


def step_of(parts: tuple[a.Action, ...], **bounds: str) -> Step:
    return Step("a/instadapp/0", Order("a/instadapp", parts[0], "instadapp", "dsa", "wallet"), parts, bounds)


def amounts(symbol: str) -> st.SearchStrategy[Decimal]:
    """Every digit in use, to a million tokens."""
    decimals = DECIMALS.get(symbol, 18)
    return st.integers(1, 10 ** (decimals + 6)).map(lambda count: Decimal(count).scaleb(-decimals))


ASSETS = st.sampled_from([*DECIMALS])
PAIRS = st.sampled_from([tuple(pair)[::way] for pair in sorted(map(sorted, POOLS)) for way in (1, -1)])


@st.composite
def asset_parts(draw: st.DrawFn) -> a.Action:
    kind, asset = draw(st.sampled_from([a.Supply, a.Withdraw, a.Borrow, a.Repay])), draw(ASSETS)
    open_ended = kind is not a.Borrow and draw(st.booleans())
    return kind(asset=asset, amount=a.MAX if open_ended else draw(amounts(asset)))


@st.composite
def swaps(draw: st.DrawFn) -> a.Action:
    sell, buy = draw(PAIRS)
    return a.Swap(sell=sell, buy=buy, amount=draw(amounts(sell)), minimum=draw(amounts(buy)))


def either(symbol: str) -> st.SearchStrategy[Any]:
    return st.one_of(st.just(a.MAX), amounts(symbol))


PARTS = st.one_of(
    st.builds(a.WrapEther, amount=either("ETH")),
    st.builds(a.UnwrapEther, amount=either("WETH")),
    st.builds(a.Stake, amount=amounts("ETH")),
    st.builds(a.Wrap, amount=either("stETH")),
    st.builds(a.Unwrap, amount=either("wstETH")),
    asset_parts(),
    st.builds(a.SetEMode, category=st.integers(0, 255)),
    st.builds(a.SetCollateral, asset=ASSETS, enabled=st.booleans()),
    swaps(),
)


@st.composite
def bundles(draw: st.DrawFn) -> Step:
    """Any parts, some of which take what one before them left; with a loan around them or without, with a deposit or without."""
    legs: list[a.Action] = draw(st.lists(PARTS, min_size=1, max_size=8))
    front: list[a.Action] = []
    if draw(st.booleans()):
        asset = draw(st.sampled_from(["ETH", "WETH", "wstETH", "USDC"]))
        front.append(a.Deposit(asset=asset, amount=draw(amounts(asset))))
    back: list[a.Action] = []
    if draw(st.booleans()):
        asset = draw(ASSETS)
        front.append(a.FlashBorrow(asset=asset, amount=draw(amounts(asset))))
        back.append(a.FlashPayback(asset=asset, amount=draw(amounts(asset))))
    if draw(st.booleans()):
        asset = draw(ASSETS)
        back.append(a.Payout(asset=asset, amount=draw(either(asset))))
    parts = [*front, *legs, *back]
    taken: set[int] = set()
    for number, part in enumerate(parts):
        sources = [n for n in range(number) if n not in taken and leaves(parts[n]) is not None and leaves(parts[n]) == part.spends()]
        if sources and isinstance(part, (a.WrapEther, a.UnwrapEther, a.Supply, a.Repay, a.Unwrap, a.Payout)) and draw(st.booleans()):
            source = draw(st.sampled_from(sources))
            if not (isinstance(parts[source], a.Deposit) and leaves(parts[source]) == "ETH"):
                taken.add(source)
                parts[number] = type(part)(**{"amount": a.FromLeg(source), **({"asset": part.asset} if hasattr(part, "asset") else {})})
    return step_of(tuple(parts))


@pytest.mark.slow
@settings(max_examples=300)
@given(step=bundles())
def test_random_bundles_are_encoded_as_by_their_abis(step: Step) -> None:
    """Names, selectors, arguments, nesting, value, and the memory ids of amounts that come from another part."""
    spells = ENCODER.spells(step)
    if not spells:
        return
    cast = cast_of(step, ENCODER)
    value, data = expected(step)
    assert cast.value == value
    assert cast.data() == "0x" + data


def test_the_recipe_of_the_reference() -> None:
    """Seven spells within the loan, in the sequence and with the amounts of the reference."""
    loan, due = Decimal(70), Decimal("70.035")
    step = step_of(
        (
            a.Deposit(asset="ETH", amount=10),
            a.FlashBorrow(asset="WETH", amount=loan),
            a.UnwrapEther(amount=loan),
            a.Stake(amount=80),
            a.Wrap(amount=a.MAX),
            a.Supply(asset="wstETH", amount=a.FromLeg(4)),
            a.SetEMode(category=1),
            a.Borrow(asset="WETH", amount=due),
            a.FlashPayback(asset="WETH", amount=due),
        )
    )
    cast = cast_of(step, ENCODER)
    e18 = 10**18
    inner = [
        call("WETH-A", "withdraw", 70 * e18, 0, 0),
        call("LIDO-STETH-A", "deposit", 80 * e18, 0, 0),
        call("WSTETH-A", "deposit", MOST, 0, 5),
        call("AAVE-V3-A", "deposit", address("wstETH"), 0, 5, 0),
        call("AAVE-V3-A", "setUserEMode", 1),
        call("AAVE-V3-A", "borrow", address("WETH"), 70_035 * 10**15, 2, 0, 0),
        call("INSTAPOOL-C", "flashPayback", address("WETH"), 70_035 * 10**15, 0, 0),
    ]
    assert (cast.value, cast.before) == (10 * e18, ())
    assert [(each.connector, each.data) for each in cast.within] == inner
    assert [each.part for each in cast.within] == [2, 3, 4, 5, 6, 7, 8]


@settings(max_examples=300)
@given(sold=st.integers(1, 10**27), minimum=st.integers(1, 10**27), to=st.sampled_from([6, 18]), of=st.sampled_from([6, 18]))
def test_the_price_for_each_unit_never_lets_the_whole_be_less(sold: int, minimum: int, to: int, of: int) -> None:
    """The connector's own arithmetic (wmul rounds half up, decimals are cut off) gives at least the minimum, and a part in 1e18 more."""
    price = unit_price(Decimal(minimum).scaleb(-to), Decimal(sold).scaleb(-of))
    even = sold * 10 ** (18 - of)
    least = ((price * even + 10**18 // 2) // 10**18) // 10 ** (18 - to)
    assert minimum <= least <= minimum + even // 10**18 + 1


def test_what_memory_cannot_carry_is_refused_with_the_part() -> None:
    """A stake stores the ETH that it took, a supply adds to no balance, and what was taken is gone."""
    first = a.FromLeg(0)
    staked, supplied = (a.Supply(asset=asset, amount=first) for asset in ("stETH", "WETH"))
    repaid = a.Repay(asset="WETH", amount=first)
    wrong = (
        ((a.Stake(amount=1), staked), r"part 1 \(Supply\) takes its amount from part 0 \(Stake\), which leaves no stETH"),
        ((a.Supply(asset="WETH", amount=1), repaid), r"part 1 \(Repay\) takes its amount from part 0 \(Supply\), which leaves no WETH"),
        ((a.Borrow(asset="WETH", amount=1), supplied, repaid), r"part 2 \(Repay\) takes what part 0 left, which part 1 has taken"),
    )
    for parts, reason in wrong:
        with pytest.raises(Denied, match=reason):
            memory_of(parts)


def test_a_swap_without_a_known_whole_or_a_minimum_is_refused() -> None:
    """A minimum for each unit needs the number of units; an unwind says it in its bounds."""
    swap = a.Swap(sell="wstETH", buy="WETH", amount=a.MAX, minimum="1")
    with pytest.raises(Denied, match=r"part 0 \(Swap\): its minimum is for a whole that is not known"):
        ENCODER.spells(step_of((swap,)))
    assert (
        ENCODER.spells(step_of((swap,), sold="2"))[0].data.hex()
        == call("UNISWAP-V3-SWAP-A", "sell", address("WETH"), address("wstETH"), 100, 5 * 10**17, MOST, 0, 0)[1].hex()
    )

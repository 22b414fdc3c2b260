"""What the owners of prices, lending and swap pools do, done on demand."""

from __future__ import annotations

from decimal import Decimal

from .addresses import Addresses
from .deploy import Sender
from .own import own_artifacts

FOLLOWING = ("wstETH",)
"""Assets whose price follows another one's."""

_FOREVER = 2**63
_MAX = 2**128 - 1
_ALL = 2**256 - 1
_VARIABLE_RATE = 2
_POSITION = "positions(uint256)(uint96,address,address,address,uint24,int24,int24,uint128,uint256,uint256,uint128,uint128)"
_LIQUIDITY = 7


class MarketControl:
    """Prices, reserves, pools. Assets by symbol."""

    def __init__(self, owner: Sender, whale: Sender, addresses: Addresses) -> None:
        self._owner = owner
        self._whale = whale
        self._at = addresses

    def set_price(self, asset: str, usd: Decimal) -> None:
        """What the lending market's oracle says. wstETH follows ether and its own rate until it is set here: from then on the oracle has
        a feed for it that stays."""
        answer = int(usd * 10**8)
        if asset in FOLLOWING:
            feed = self._owner.deploy(own_artifacts()["Feed"], answer)
            self._owner.send(self._at.aave.oracle, "setAssetSources(address[],address[])", [self._at.tokens[asset]], [feed])
        else:
            self._owner.send(self._at.feeds[asset], "setAnswer(int256)", answer)

    def price(self, asset: str) -> Decimal:
        """What the oracle says now, in USD."""
        return Decimal(self._owner.read(self._at.aave.oracle, "getAssetPrice(address)(uint256)", self._at.tokens[asset])) / 10**8

    def pause_reserve(self, asset: str, paused: bool = True) -> None:
        """Whether nothing can be done with an asset."""
        self._configure("setReservePause(address,bool)", asset, paused)

    def freeze_reserve(self, asset: str, frozen: bool = True) -> None:
        """Whether an asset can be neither supplied nor borrowed."""
        self._configure("setReserveFreeze(address,bool)", asset, frozen)

    def caps(self, asset: str, *, supply: int | None = None, borrow: int | None = None) -> None:
        """The most that may be supplied and borrowed, in whole tokens, 0 for no limit."""
        if supply is not None:
            self._configure("setSupplyCap(address,uint256)", asset, supply)
        if borrow is not None:
            self._configure("setBorrowCap(address,uint256)", asset, borrow)

    def flash_fee(self, bps: int) -> None:
        """The fee of flash loans, in basis points."""
        self._owner.send(self._at.aave.configurator, "updateFlashloanPremium(uint128)", bps)

    def drain_reserve(self, asset: str, leave: int = 0) -> None:
        """Take the whale's supply out of the lending market, as far as it is not lent out and but for `leave` base units."""
        token, a_token = self._at.tokens[asset], self._at.aave.a_tokens[asset]
        views = ((a_token, self._whale.address), (token, a_token))
        most = min(self._whale.read(contract, "balanceOf(address)(uint256)", holder) for contract, holder in views)
        if most > leave:
            self._whale.send(self._at.aave.pool, "withdraw(address,uint256,address)", token, most - leave, self._whale.address)

    def repay(self, asset: str) -> None:
        """Let the whale pay back what it borrowed of an asset, so that deposits of it earn nothing."""
        self._whale.send(self._at.tokens[asset], "approve(address,uint256)", self._at.aave.pool, _ALL)
        call = "repay(address,uint256,uint256,address)"
        self._whale.send(self._at.aave.pool, call, self._at.tokens[asset], _ALL, _VARIABLE_RATE, self._whale.address)

    def drain_pool(self, pool: str, leave: Decimal = Decimal(0)) -> None:
        """Take the whale's liquidity out of a swap pool (`wstETH/WETH/100`), but for the share `leave` of it."""
        token = list(self._at.uniswap.pools).index(pool) + 1  # positions are numbered in the order in which the pools were made
        positions = self._at.uniswap.positions
        liquidity = self._whale.read(positions, _POSITION, token)[_LIQUIDITY]
        gone = int(liquidity * (1 - leave))
        shrink = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
        self._whale.send(positions, shrink, (token, gone, 0, 0, _FOREVER))
        self._whale.send(positions, "collect((uint256,address,uint128,uint128))", (token, self._whale.address, _MAX, _MAX))

    def sell(self, pool: str, asset: str, amount: int) -> None:
        """Sell base units of the whale's into a swap pool (`wstETH/WETH/100`), which moves its price."""
        one, other, fee = pool.split("/")
        sold, bought = self._at.tokens[asset], self._at.tokens[other if asset == one else one]
        self._whale.send(sold, "approve(address,uint256)", self._at.uniswap.router, amount)
        trade = (sold, bought, int(fee), self._whale.address, amount, 0, 0)
        self._whale.send(self._at.uniswap.router, "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))", trade)

    def _configure(self, call: str, asset: str, value: bool | int) -> None:
        self._owner.send(self._at.aave.configurator, call, self._at.tokens[asset], value)

"""The tokens of a chain: where they are, how a balance is read, and what their logs say.

A token that rebases is counted in shares: `sharesOf`, and the logs of `TransferShares`. WETH has two logs of its own, which also say
what happened to the ETH of a smart account; what a wallet sends is the value of its transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from basis_venues.amounts import from_units, to_units
from basis_venues.config.misfit import nearest
from basis_venues.errors import Denied

from ..acting import allowance_key, balance_key
from ..settings import ETHER, Token
from . import abi
from .mined import UNLIMITED, Change, Log, Mined, Told
from .multicall import Call, ether_of
from .registry import Read, Registry, amount_of

WETH = "WETH"

BALANCE_OF = abi.Method("balanceOf(address)")
SHARES_OF = abi.Method("sharesOf(address)")
DECIMALS = abi.Method("decimals()")
ALLOWANCE = abi.Method("allowance(address,address)")
APPROVE = abi.Method("approve(address,uint256)")
TRANSFER = abi.Method("transfer(address,uint256)")
TRANSFER_SHARES = abi.Method("transferShares(address,uint256)")
DEPOSIT = abi.Method("deposit()")
WITHDRAW = abi.Method("withdraw(uint256)")

TRANSFERRED = "Transfer(address,address,uint256)"
SHARES_TRANSFERRED = "TransferShares(address,address,uint256)"
APPROVED = "Approval(address,address,uint256)"
DEPOSITED = "Deposit(address,uint256)"
WITHDRAWN = "Withdrawal(address,uint256)"

ERRORS = (
    "ERC20InsufficientAllowance(address,uint256,uint256)",
    "ERC20InsufficientBalance(address,uint256,uint256)",
    "SafeCastOverflowedUintDowncast(uint8,uint256)",
    "ECDSAInvalidSignature()",
    "FailedCall()",
    "AddressEmptyCode(address)",
)


class Placed(NamedTuple):
    """A token of this chain. `address` is empty for ETH."""

    symbol: str
    address: str
    token: Token

    def amount(self, units: int) -> Decimal:
        """Base units as an amount."""
        return from_units(units, self.token.decimals)

    def allowance(self, units: int) -> Decimal:
        """An allowance in base units as an amount: `UNLIMITED` where it is above that, whether or not the token lowers it still. The 60
        digits of `MONEY` do not hold 2**256 - 1 base units less a payment."""
        return min(self.amount(units), UNLIMITED)

    def units(self, amount: Decimal) -> int:
        """An amount in base units. Raises `InvalidAction` when that would round."""
        return to_units(amount, self.token.decimals)


class Tokens:
    """By symbol. Filled by the wallet's venue."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._by_symbol: dict[str, Placed] = {ETHER: Placed(ETHER, "", Token(decimals=18))}

    def add(self, tokens: Mapping[str, Token], addresses: Mapping[str, str], where: str) -> None:
        """Register the tokens that have an address on this chain, and the readers of their logs."""
        for symbol, token in tokens.items():
            if symbol in addresses:
                self._add(Placed(symbol, abi.address(addresses[symbol], f"{where}: {symbol}"), token))

    def named(self, symbol: str) -> Placed:
        """The token. Raises `Denied` with the nearest symbol when this chain has none of that name."""
        found = self._by_symbol.get(symbol)
        if found is None:
            raise Denied(f"there is no {symbol} on this chain{nearest(symbol, self._by_symbol)}; its address would be in alchemy.yaml")
        return found

    def get(self, symbol: str) -> Placed | None:
        """The token; None where this chain has none of that name."""
        return self._by_symbol.get(symbol)

    def at(self, address: str) -> Placed | None:
        """The token at an address; None where none of this chain's is there."""
        return next((placed for placed in self._by_symbol.values() if placed.address == address), None)

    def placed(self) -> list[Placed]:
        """All that have a contract."""
        return [placed for placed in self._by_symbol.values() if placed.address]

    def balance(self, account: str, symbol: str) -> Read:
        """How a balance is read."""
        placed, owner = self.named(symbol), self._registry.address(account)
        if symbol == ETHER:
            return Read(ether_of(owner), amount_of(18))
        view = SHARES_OF if placed.token.shares else BALANCE_OF
        return Read(Call(placed.address, view(owner)), amount_of(placed.token.decimals))

    def allowance(self, account: str, spender: str, symbol: str) -> Read:
        """How the allowance of a spender (by its name) is read."""
        placed = self.named(symbol)
        data = ALLOWANCE(self._registry.address(account), self._registry.spender(spender))
        return Read(Call(placed.address, data), lambda answer: placed.allowance(abi.number(answer)))

    def _add(self, placed: Placed) -> None:
        self._by_symbol[placed.symbol] = placed
        moves = SHARES_TRANSFERRED if placed.token.shares else TRANSFERRED
        self._registry.add_decoder(placed.address, moves, lambda log, _: self._moved(placed, log))
        self._registry.add_decoder(placed.address, APPROVED, lambda log, sent: self._approved(placed, log, sent))
        if placed.symbol == WETH:
            self._registry.add_decoder(placed.address, DEPOSITED, lambda log, sent: self._wrapped(placed, log, sent))
            self._registry.add_decoder(placed.address, WITHDRAWN, lambda log, _: self._unwrapped(placed, log))

    def _moved(self, placed: Placed, log: Log) -> Told | None:
        amount = placed.amount(abi.number(log.data))
        sides = ((abi.address_in(log.topics[1]), -amount), (abi.address_in(log.topics[2]), amount))
        changes = tuple(Change(balance_key(alias, placed.symbol), change) for at, change in sides if (alias := self._alias(at)) is not None)
        kind = "flash" if any(at in self._registry.lenders for at, _ in sides) else "transfer"
        return Told(kind, changes) if changes else None

    def _approved(self, placed: Placed, log: Log, sent: Mined) -> Told | None:
        """Of the wallet that sent the transaction; what a smart account grants within one is none of the books'."""
        alias, spender = self._alias(abi.address_in(log.topics[1])), self._registry.spender_at(abi.address_in(log.topics[2]))
        if alias is None or spender is None or self._alias(sent.sender) != alias:
            return None
        return Told("setting", (Change(allowance_key(alias, spender, placed.symbol), placed.allowance(abi.number(log.data)), "set"),))

    def _wrapped(self, placed: Placed, log: Log, sent: Mined) -> Told | None:
        return self._swapped(placed, log, 1, pays_ether=abi.address_in(log.topics[1]) != sent.sender)

    def _unwrapped(self, placed: Placed, log: Log) -> Told | None:
        return self._swapped(placed, log, -1, pays_ether=True)

    def _swapped(self, placed: Placed, log: Log, sign: int, *, pays_ether: bool) -> Told | None:
        alias = self._alias(abi.address_in(log.topics[1]))
        if alias is None:
            return None
        amount = sign * placed.amount(abi.number(log.data))
        ether = (Change(balance_key(alias, ETHER), -amount),) if pays_ether else ()
        return Told("swap", (Change(balance_key(alias, placed.symbol), amount), *ether))

    def _alias(self, address: str) -> str | None:
        return self._registry.aliases.get(address)

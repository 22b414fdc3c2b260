"""What the pool's logs say, in scaled units: the amount of a log, divided by the index that the pool announced just before it."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from basis_venues.keys import BORROWED, SUPPLIED
from basis_venues_evm import allowance_key, emode_key, reserve_keys
from basis_venues_evm.live import Change, EvmChain, Log, Mined, Told
from basis_venues_evm.live.abi import address_in, number, topic

from .market import AaveMarket, ListedReserve

SUPPLIED_LOG = "Supply(address,address,address,uint256,uint16)"
WITHDRAWN_LOG = "Withdraw(address,address,address,uint256)"
BORROWED_LOG = "Borrow(address,address,address,uint256,uint8,uint256,uint16)"
REPAID_LOG = "Repay(address,address,address,uint256,bool)"
EMODE_LOG = "UserEModeSet(address,uint8)"
ENABLED_LOG = "ReserveUsedAsCollateralEnabled(address,address)"
DISABLED_LOG = "ReserveUsedAsCollateralDisabled(address,address)"
LIQUIDATED_LOG = "LiquidationCall(address,address,address,uint256,uint256,address,bool)"
DEFICIT_LOG = "DeficitCreated(address,address,uint256)"
MOVED_LOG = "BalanceTransfer(address,address,uint256,uint256)"  # of an aToken: scaled, and its index
INDEX_LOG = "ReserveDataUpdated(address,uint256,uint256,uint256,uint256,uint256)"

_SUPPLY_INDEX, _BORROW_INDEX = 3, 4
_ENDS = frozenset(map(topic, (SUPPLIED_LOG, WITHDRAWN_LOG, BORROWED_LOG, REPAID_LOG, LIQUIDATED_LOG)))
"""The logs with which the pool ends an action."""


class PoolEvents:
    """Decoders of one pool's logs, for the accounts of one chain."""

    def __init__(self, venue: str, chain: EvmChain, market: AaveMarket) -> None:
        self._venue = venue
        self._chain = chain
        self._market = market
        self._index_topic = topic(INDEX_LOG)

    def register(self) -> None:
        """Tell the chain who reads the pool's logs."""
        for event, decoder in (
            (SUPPLIED_LOG, self._supplied),
            (WITHDRAWN_LOG, self._withdrawn),
            (BORROWED_LOG, self._borrowed),
            (REPAID_LOG, self._repaid),
            (LIQUIDATED_LOG, self._liquidated),
            (EMODE_LOG, self._emode),
            (ENABLED_LOG, lambda log, sent: self._collateral(log, sent, 1)),
            (DISABLED_LOG, lambda log, sent: self._collateral(log, sent, -1)),
        ):
            self._chain.registry.add_decoder(self._market.pool, event, decoder)
        for reserve in self._market.reserves.values():
            self._chain.registry.add_decoder(reserve.a_token, MOVED_LOG, partial(self._moved, reserve))

    def _supplied(self, log: Log, sent: Mined) -> Told | None:
        """Topics: reserve, on behalf of, referral code. Data: user, amount. What somebody else pays in for an account is a deposit."""
        reserve, amount = self._reserve(log), number(log.data, 1)
        alias, payer = self._alias(address_in(log.topics[2])), self._alias(address_in(log.data))
        pulled = self._pulled(payer, reserve, amount, sent)
        if reserve is None or (alias is None and not pulled):
            return None
        scaled = self._market.scaled(amount, self._index(log, sent, _SUPPLY_INDEX), up=False)
        return Told("lend" if payer else "deposit", (*self._change(alias, SUPPLIED, reserve, scaled), *pulled))

    def _withdrawn(self, log: Log, sent: Mined) -> Told | None:
        """Topics: reserve, user, to. Data: amount."""
        reserve, alias = self._reserve(log), self._alias(address_in(log.topics[2]))
        if reserve is None or alias is None:
            return None
        scaled = self._market.scaled(number(log.data), self._index(log, sent, _SUPPLY_INDEX), up=True)
        return Told("lend", self._change(alias, SUPPLIED, reserve, -scaled))

    def _borrowed(self, log: Log, sent: Mined) -> Told | None:
        """Topics: reserve, on behalf of, referral code. Data: user, amount, rate mode, rate."""
        reserve, alias = self._reserve(log), self._alias(address_in(log.topics[2]))
        if reserve is None or alias is None:
            return None
        scaled = self._market.scaled(number(log.data, 1), self._index(log, sent, _BORROW_INDEX), up=True)
        return Told("lend", self._change(alias, BORROWED, reserve, scaled))

    def _repaid(self, log: Log, sent: Mined) -> Told | None:
        """Topics: reserve, user, repayer. Data: amount, whether by aTokens. What somebody else pays of an account's debt is a deposit."""
        reserve, amount, by_deposit = self._reserve(log), number(log.data), bool(number(log.data, 1))
        alias, payer = self._alias(address_in(log.topics[2])), self._alias(address_in(log.topics[3]))
        pulled = () if by_deposit else self._pulled(payer, reserve, amount, sent)
        if reserve is None or (alias is None and not pulled):
            return None
        burnt = self._market.scaled(amount, self._index(log, sent, _BORROW_INDEX), up=False)
        spent = self._market.scaled(amount, self._index(log, sent, _SUPPLY_INDEX), up=True) if by_deposit else 0
        changes = (*self._change(alias, BORROWED, reserve, -burnt), *self._change(payer, SUPPLIED, reserve, -spent), *pulled)
        return Told("lend" if payer else "deposit", changes)

    def _liquidated(self, log: Log, sent: Mined) -> Told | None:
        """Topics: collateral, debt, user. Data: debt covered, collateral taken, liquidator, whether it was taken as a deposit.

        On top of what was taken the protocol's fee is moved; what no collateral is left for is written off, of other debts too. Of a
        reserve that is not configured, only the other side is told.
        """
        collateral, alias = self._reserve(log), self._alias(address_in(log.topics[3]))
        if alias is None:
            return None
        before = self._of_this_action(log, sent)
        changes: list[Change] = []
        if collateral is not None:
            lost = sum(number(each.data) for each in before if self._moved_from(each, collateral, log.topics[3]))
            if not number(log.data, 3):
                lost += self._market.scaled(number(log.data, 1), self._index(log, sent, _SUPPLY_INDEX), up=True)
            changes += self._change(alias, SUPPLIED, collateral, -lost)
        written_off = {log.topics[2]: number(log.data)}
        for each in before:
            if each.address == log.address and each.topics[0] == topic(DEFICIT_LOG) and each.topics[1] == log.topics[3]:
                written_off[each.topics[2]] = written_off.get(each.topics[2], 0) + number(each.data)
        for reserve, amount in written_off.items():
            owed = self._market.by_underlying.get(address_in(reserve))
            if owed is not None:
                burnt = self._market.scaled(amount, self._index(log, sent, _BORROW_INDEX, reserve), up=False)
                changes += self._change(alias, BORROWED, owed, -burnt)
        return Told("liquidation", tuple(changes)) if changes else None

    def _moved_from(self, log: Log, reserve: ListedReserve, owner: str) -> bool:
        return log.address == reserve.a_token and log.topics[0] == topic(MOVED_LOG) and log.topics[1] == owner

    def _moved(self, reserve: ListedReserve, log: Log, sent: Mined) -> Told | None:
        """Topics: from, to. Data: scaled amount, index. What a liquidation took is counted by its own log."""
        giver, taker = (self._alias(address_in(each)) for each in log.topics[1:3])
        scaled = number(log.data)
        lost = () if self._seized(log, reserve, sent) else self._change(giver, SUPPLIED, reserve, -scaled)
        changes = (*lost, *self._change(taker, SUPPLIED, reserve, scaled))
        return Told("transfer", changes) if changes else None

    def _seized(self, log: Log, reserve: ListedReserve, sent: Mined) -> bool:
        """Whether the action that the pool was at is the liquidation of who gave it."""
        ends = (each for each in sent.logs[log.place + 1 :] if each.address == self._market.pool and each.topics[0] in _ENDS)
        end = next(ends, None)
        if end is None or end.topics[0] != topic(LIQUIDATED_LOG):
            return False
        return self._reserve(end) == reserve and end.topics[3] == log.topics[1]

    def _of_this_action(self, log: Log, sent: Mined) -> list[Log]:
        """The logs since the pool ended its last action in this transaction."""
        ends = (at for at in range(log.place - 1, -1, -1) if sent.logs[at].address == log.address and sent.logs[at].topics[0] in _ENDS)
        return list(sent.logs[next(ends, -1) + 1 : log.place])

    def _emode(self, log: Log, sent: Mined) -> Told | None:
        """Topics: user. Data: category."""
        alias = self._alias(address_in(log.topics[1]))
        if alias is None:
            return None
        return Told("setting", (Change(emode_key(alias, self._venue), Decimal(number(log.data)), "set"),))

    def _collateral(self, log: Log, sent: Mined, change: int) -> Told | None:
        """Topics: reserve, user. An account's first deposit turns it on, also where somebody else pays it in."""
        reserve, alias = self._reserve(log), self._alias(address_in(log.topics[2]))
        if reserve is None or alias is None:
            return None
        kind = "deposit" if change > 0 and self._alias(sent.sender) is None else "setting"
        return Told(kind, (Change(reserve_keys(alias, self._venue, reserve.asset).collateral, Decimal(change)),))

    def _change(self, alias: str | None, kind: str, reserve: ListedReserve, scaled: int) -> tuple[Change, ...]:
        if alias is None:
            return ()
        return (Change(f"{alias}:{kind}:{self._venue}/{reserve.asset}", self._chain.tokens.named(reserve.asset).amount(scaled)),)

    def _pulled(self, alias: str | None, reserve: ListedReserve | None, amount: int, sent: Mined) -> tuple[Change, ...]:
        """The allowance that the pool used up, of the wallet that sent the transaction; a smart account's is none of the books'."""
        if alias is None or reserve is None or self._chain.registry.aliases.get(sent.sender) != alias:
            return ()
        asset = reserve.asset
        return (Change(allowance_key(alias, self._venue, asset), self._chain.tokens.named(asset).amount(amount), "spend"),)

    def _index(self, log: Log, sent: Mined, which: int, reserve: str = "") -> int:
        """The index of the log's reserve, or of another one (as a topic), at that moment: what the pool last announced before the log.
        Raises `ValueError` where it did not."""
        for each in reversed(sent.logs[: log.place]):
            if each.address == log.address and each.topics[0] == self._index_topic and each.topics[1] == (reserve or log.topics[1]):
                return number(each.data, which)
        raise ValueError("the pool did not announce the reserve's indices before its log")

    def _reserve(self, log: Log) -> ListedReserve | None:
        return self._market.by_underlying.get(address_in(log.topics[1]))

    def _alias(self, address: str) -> str | None:
        return self._chain.registry.aliases.get(address)

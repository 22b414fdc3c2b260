"""Transfers between the exchange's wallets and out of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from basis_venues.actions import Transfer
from basis_venues.config.venues import Destination
from basis_venues.contract import StepFails
from basis_venues.errors import Denied, GuardRefused

D = Decimal
SPOT, FUTURES, FUNDING = "acme:balance:USDT", "acme:collateral:USDT", "acme:balance:funding/USDT"
TRANSIT = "wallet:transit:USDT/try1"


def inside(source: str, target: str, amount: Any = "40") -> Transfer:
    """A transfer between two wallets of the exchange."""
    return Transfer(id="a1", asset="USDT", amount=amount, source="acme", target="acme", from_wallet=source, to_wallet=target)


def out(amount: Any = "40", **given: Any) -> Transfer:
    """A withdrawal, to the account `wallet` unless told otherwise."""
    return Transfer(id="a1", asset="USDT", amount=amount, source="acme", **(given or {"target": "wallet"}))


@pytest.mark.parametrize(
    ("source", "target", "keys"),
    [("spot", "futures", (SPOT, FUTURES)), ("futures", "funding", (FUTURES, FUNDING)), ("funding", "spot", (FUNDING, SPOT))],
)
def test_a_transfer_inside_moves_between_the_wallets_positions(exchange: Any, book: Any, source: str, target: str, keys: Any) -> None:
    """40 USDT leave one position and reach the other at once; both are touched."""
    transfer = inside(source, target)
    assert exchange.changes(transfer, book({keys[0]: D(100)})) == {keys[0]: -40, keys[1]: 40}
    assert exchange.model.touches(exchange.order(transfer), book()) == keys


def test_the_whole_of_a_futures_wallet_is_what_its_positions_do_not_bind(exchange: Any, book: Any) -> None:
    """A cost of 500 at leverage 10 binds 50 of 80: `max` moves 30, and 31 are refused."""
    account = book({FUTURES: D(80), "acme:perp:BTC/USDT:USDT": D(-5), "acme:entry:BTC/USDT:USDT": D(-500)})
    assert exchange.changes(inside("futures", "spot", "max"), account) == {FUTURES: -30, SPOT: 30}
    with pytest.raises(StepFails, match="30 is free"):
        exchange.effects(inside("futures", "spot", "31"), account)


def test_a_withdrawal_opens_a_transit_position_that_turns_into_the_targets_balance(exchange: Any, book: Any) -> None:
    """40 USDT and a fee of 2 leave now; ten minutes later 40 arrive, and the transit position is zero again."""
    exchange.market.at = 1000
    debit, credit = exchange.effects(out(), book({SPOT: D(42)}))
    assert (debit.at, dict(debit.lines), debit.kind) == (1000, {SPOT: D(-42), TRANSIT: D(40)}, "transfer")
    assert (credit.at, dict(credit.lines), credit.kind) == (601_000, {TRANSIT: D(-40), "wallet:balance:USDT": D(40)}, "deposit")
    assert (debit.id, credit.id) == ("try1:0", "try1:1")


def test_where_a_funding_wallet_faces_the_outside_withdrawals_leave_it_and_deposits_arrive_in_it(make_exchange: Any, book: Any) -> None:
    """As live, at Bybit and OKX: from the spot wallet nothing leaves, and what was sent to such an exchange is not in its spot wallet."""
    exchange = make_exchange(outer="funding", unified=True)
    with pytest.raises(Denied, match="withdraws from its funding wallet: transfer there first, and say from_wallet: funding"):
        exchange.plan(out())
    changes = exchange.changes(out(target="other", from_wallet="funding"), book({FUNDING: D(42)}))
    assert changes == {FUNDING: -42, "other:transit:USDT/try1": 0, "other:balance:funding/USDT": 40}


def test_withdrawing_everything_leaves_room_for_the_fee(exchange: Any, book: Any) -> None:
    """Of 50 USDT, 48 arrive and nothing is left."""
    assert exchange.changes(out("max"), book({SPOT: D(50)})) == {SPOT: -50, TRANSIT: 0, "wallet:balance:USDT": 48}


@pytest.mark.parametrize(("amount", "held"), [("40", "41.99"), ("max", "11.99"), ("max", "1")])
def test_a_withdrawal_that_the_balance_does_not_cover_is_refused_by_the_venue(exchange: Any, book: Any, amount: str, held: str) -> None:
    """The fee comes on top, and what is left must reach the smallest withdrawal of 10."""
    with pytest.raises(StepFails, match="is free"):
        exchange.effects(out(amount), book({SPOT: D(held)}))


def test_a_withdrawal_to_an_address_is_only_planned_when_the_address_is_allowed(make_exchange: Any, book: Any) -> None:
    """The address must be listed for this network and asset; then the debit closes it, since the address is outside the books."""
    exchange = make_exchange(destinations=(Destination(address="0xabc", network="ERC20", asset="USDT"),))
    assert exchange.changes(out(address="0xabc"), book({SPOT: D(42)})) == {SPOT: -42}
    for transfer in (out(address="0xabd"), out(address="0xabc", network="TRC20")):
        with pytest.raises(GuardRefused, match="destinations"):
            exchange.plan(transfer)


@pytest.mark.parametrize(
    ("transfer", "reason"),
    [
        (inside("spot", "margin"), "no wallet 'margin'"),
        (Transfer(id="a1", asset="USDT", amount="1", source="acme", target="acme", from_wallet="spot"), "needs to_wallet"),
        (Transfer(id="a1", asset="USDT", amount="40", source="bybit", target="acme"), "not 'bybit'"),
        (Transfer(id="a1", asset="DOGE", amount="40", source="acme", target="wallet"), "cannot withdraw DOGE: its YAML lists USDT"),
        (out("9.9"), "9.9 USDT is below the smallest withdrawal of 10"),
        (out(target="wallet", to_wallet="futures"), "to_wallet is for a transfer inside"),
        (out(target="wallet", from_wallet="futures"), "withdraws from its spot wallet: transfer there first, and say from_wallet: spot"),
    ],
)
def test_a_transfer_that_must_not_be_tried_is_denied_with_the_reason(exchange: Any, transfer: Transfer, reason: str) -> None:
    """Every refusal names what was asked and what would do."""
    with pytest.raises(Denied, match=reason):
        exchange.plan(transfer)


def test_a_withdrawal_without_a_network_is_denied(make_exchange: Any, make_settings: Any) -> None:
    """No venue's default chain is trusted: the transfer or the configuration names one."""
    from attrs import evolve

    usdt = evolve(make_settings().assets["USDT"], network=None)
    with pytest.raises(Denied, match="needs a network"):
        make_exchange(assets={"USDT": usdt}).plan(out())


def test_a_unified_account_has_nothing_to_move_between_spot_and_futures(make_exchange: Any, book: Any) -> None:
    """Both are one wallet; funding is still apart."""
    exchange = make_exchange(unified=True)
    with pytest.raises(Denied, match="one unified wallet"):
        exchange.plan(inside("spot", "futures"))
    assert exchange.changes(inside("futures", "funding"), book({SPOT: D(40)})) == {SPOT: -40, FUNDING: 40}


def test_the_limit_of_a_withdrawal_is_its_smallest_amount(exchange: Any) -> None:
    """10 USDT out, no limit inside."""
    assert exchange.model.limits(out()).minimum == 10
    assert exchange.model.limits(inside("spot", "futures")).minimum == 0

"""What is on its way to an account arrives in one of its wallets: which transit that ends."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
from toy_runs import Run, buy

from basis_venues.execution.reconcile import Book, arrived
from basis_venues.journal.events import Observed
from basis_venues.orders import Effect

WAY = "bybit:transit:USDT/REF"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run that begins."""
    run = Run(directory=tmp_path)
    run.exchange().set_up()
    return run


def effect(kind: str, **lines: str) -> Effect:
    """Lines of the account's wallets: `spot` and `funding`."""
    names = {"spot": "bybit:balance:USDT", "funding": "bybit:balance:funding/USDT"}
    return Effect("bybit:deposit:1", None, tuple((names[name], Decimal(amount)) for name, amount in lines.items()), 5, kind)


@pytest.mark.parametrize(
    ("came", "ends"),
    [
        (effect("deposit", spot="50"), True),
        (effect("deposit", funding="50"), True),
        (effect("transfer", funding="50"), True),
        (effect("deposit", funding="49"), False),
        (effect("deposit", funding="-50"), False),
        (effect("settlement", funding="50"), False),
        (effect("transfer", funding="-50", spot="50"), False),
    ],
)
def test_an_arrival_in_any_wallet_of_the_account_ends_its_transit(came: Effect, ends: bool) -> None:
    """Also in the funding wallet, where exchanges credit deposits; what only goes from there to the spot wallet has arrived before."""
    book = Book({WAY: Decimal(50)}, {WAY}, {}, ())
    (found,) = arrived([came], book)
    assert found == (came._replace(lines=(*came.lines, (WAY, Decimal(-50)))) if ends else came)


@pytest.mark.parametrize(("kind", "left"), [("deposit", {}), ("funding", {"north:transit:USDT/REF": Decimal(50)})])
def test_an_arrival_in_a_wallet_that_is_read_for_the_first_time_ends_its_transit(run: Run, kind: str, left: dict[str, Decimal]) -> None:
    """What is there is taken as it stands, so that nothing of it is off: the exchange is asked all the same, and for nothing but that."""
    way = "north:transit:USDT/REF"

    async def go() -> tuple[str, list[str], dict[str, Decimal]]:
        async with run.manager() as manager:
            await manager.run.records.commit(Observed({way: Decimal(50)}, {way: run.clock.now()}, (), {"north": "north:one"}))
            run.exchange().foreign({"USDT": "50"}, kind=kind)
            run.clock.pass_by(60_000)
            result = await manager.execute_action(buy(1))
            return result.state, [each.kind for each in result.legs[0].externals], manager.obligations()

    assert asyncio.run(go()) == ("VERIFIED", [] if left else ["deposit"], left)
    assert run.replayed().obligations() == left

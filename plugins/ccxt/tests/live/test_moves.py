"""Transfers and withdrawals that are alike, that get lost, or that something else comes between: each is counted once, and as its own."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import attrs
import pytest

from basis_venues.actions import Transfer
from basis_venues.execution.manager import ExecutionManager
from basis_venues.execution.parts import Parts
from basis_venues.keys import Key
from basis_venues.orders import Snapshot
from basis_venues.results import LegResult
from basis_venues.states import State, Verdict
from basis_venues.venues import Venues
from basis_venues_ccxt.live import Moved, one_of

D = Decimal
ADDRESS = "0x00000000000000000000000000000000000000aa"
LOST = {"verb": "drop", "seconds": 2}
both_ways = pytest.mark.parametrize("together", [False, True], ids=["in a row", "together"])
every_kind = pytest.mark.parametrize("move", ["bybit withdraws", "bybit", "okx"])


def moving(venue: str, name: str, amount: str = "100") -> Transfer:
    """From the trading wallet to the funding wallet."""
    return Transfer(id=name, venue=venue, asset="USDT", amount=amount, source=venue, target=venue, from_wallet="spot", to_wallet="funding")


def withdrawing(world: Any) -> Callable[[str], Transfer]:
    """Makes withdrawals of 100 USDT from Bybit's funding wallet, which has 100000, to one address, which it may do from now on."""
    world.settings("bybit", f"destinations: [{{address: '{ADDRESS}', network: ERC20, asset: USDT}}]\n")
    world.box.control.permit("bybit", "withdraw")
    world.box.control.endow("bybit", "funding", "USDT", "100000")
    away: dict[str, Any] = {"source": "bybit", "from_wallet": "funding", "network": "ERC20", "address": ADDRESS}
    return lambda name: Transfer(id=name, venue="bybit", asset="USDT", amount="100", **away)


def alike(world: Any, move: str) -> tuple[str, tuple[Transfer, Transfer]]:
    """Two equal moves of a kind, and the endpoint that takes them."""
    if move == "bybit withdraws":
        make = withdrawing(world)
        return "withdraw.create", (make("a"), make("b"))
    return "transfer.create", (moving(move, "a"), moving(move, "b"))


class Carried(NamedTuple):
    """What came of actions: a leg of each, and which accounts are frozen."""

    legs: list[LegResult]
    frozen: Mapping[str, str]


async def carry(parts: Parts, actions: Sequence[Transfer], *, together: bool, between: Callable[[], object] = lambda: None) -> Carried:
    """Carry two actions out in one run, with something between them where they are not given together."""
    for action in actions:
        object.__setattr__(action, "valid_until", parts.clock.now() + 600_000)
    async with ExecutionManager(parts) as manager:
        if together:
            results = list(await manager.execute_actions(actions))
        else:
            first, second = actions
            results = [await manager.execute_action(first)]
            between()
            results.append(await manager.execute_action(second))
        return Carried([result.legs[0] for result in results], dict(manager.state.frozen))


def good(carried: Carried) -> None:
    """Each was done and is what the account shows, under an id of its own; nothing is frozen."""
    for leg in carried.legs:
        assert (leg.state, leg.verdict) == (State.FILLED, Verdict.VERIFIED), leg.reason
    assert len({effect.id for leg in carried.legs for effect in leg.effects}) == len(carried.legs)
    assert not carried.frozen


def held(world: Any, venue: str, wallet: str = "trading") -> Decimal:
    """USDT in that wallet, by the exchange's own ledger; it began with 100000."""
    return D(world.box.control.balances(venue)[wallet]["USDT"])


@every_kind
@both_ways
def test_two_equal_moves_are_told_apart(world: Any, move: str, together: bool) -> None:
    """Nothing gets lost: both are shown to be alike, within the moment that the clocks may be apart."""
    _, actions = alike(world, move)
    good(asyncio.run(carry(world.assemble().parts, actions, together=together)))


@pytest.mark.parametrize("move", ["bybit withdraws", "bybit"])
@both_ways
def test_of_two_equal_moves_the_second_is_sent_where_its_request_got_lost(world: Any, move: str, together: bool) -> None:
    """The first is not taken for it: 100 leave the wallet twice, at a fee of 2 for a withdrawal. OKX, which takes a transfer for longer,
    has this test in tests/exchange (C42), where time is passed."""
    endpoint, actions = alike(world, move)
    venue = actions[0].source
    world.box.control.fault(venue, endpoint, LOST, skip=1)
    good(asyncio.run(carry(world.assemble().parts, actions, together=together)))
    wallet, left = ("funding", 99_796) if move == "bybit withdraws" else ("trading", 99_800)
    assert held(world, venue, wallet) == left


@pytest.mark.parametrize("venue", ["bybit", "okx"])
def test_a_deposit_between_two_transfers_is_no_riddle(world: Any, venue: str) -> None:
    """The first transfer is the history's own as well, and explains nothing a second time."""
    actions = (moving(venue, "a"), moving(venue, "b", "50"))
    good(asyncio.run(carry(world.assemble().parts, actions, together=False, between=lambda: world.box.control.deposit(venue, "USDT", "7"))))
    assert held(world, venue) + held(world, venue, "funding") == 100_007


def test_a_move_that_is_listed_twice_is_one() -> None:
    """A row that came meanwhile pushes the last of a page to the next."""
    row = Moved(State.FILLED, "7", 1)
    assert one_of([row, row]) == row
    found = one_of([row, row._replace(id="8")])
    assert found is not None
    assert found.state is State.UNKNOWN


class Killed(BaseException):
    """The run ends here."""


class EndsAtTheProof:
    """A client whose run ends as soon as what was done is to be read."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def positions(self, keys: Collection[Key], at: int) -> Snapshot:
        """Only what is asked before anything was done."""
        if at:
            raise Killed
        answer: Snapshot = await self._client.positions(keys, at)
        return answer


@pytest.mark.parametrize("venue", ["bybit", "okx"])
def test_transfers_given_together_are_verified_by_the_run_after_a_kill(world: Any, venue: str) -> None:
    """Each is looked up by itself, and the history tells of the other under the id that its own report has."""
    before, actions = (moving(venue, "y", "1"), moving(venue, "z", "2")), (moving(venue, "a"), moving(venue, "b"))

    async def killed() -> None:
        parts = world.assemble().parts
        marked: list[Any] = [each._replace(client=EndsAtTheProof(each.client)) for each in parts.venues]
        await carry(attrs.evolve(parts, venues=Venues(marked, parts.venues.keeper)), actions, together=True)

    good(asyncio.run(carry(world.assemble().parts, before, together=False)))
    with pytest.raises(Killed):
        asyncio.run(killed())
    assert held(world, venue) == 99_797
    good(asyncio.run(carry(world.assemble().parts, actions, together=True)))
    assert held(world, venue) == 99_797


@every_kind
def test_a_move_of_a_lost_journal_is_not_made_twice(world: Any, move: str) -> None:
    """The same id again, by a run that knows nothing: the venue answers that it has this key, which no list can deny."""
    _, (action, _) = alike(world, move)
    parts = world.assemble().parts
    good(Carried([asyncio.run(carry(parts, (action,), together=True)).legs[0]], {}))
    moved = world.box.control.balances(action.source)
    for file in (world.directory / "state").glob("journal.sqlite*"):
        file.unlink()
    again = asyncio.run(carry(world.assemble().parts, (action,), together=True)).legs[0]
    assert again.state in (State.FILLED, State.NEEDS_HUMAN), again.reason
    assert world.box.control.balances(action.source) == moved


@pytest.mark.parametrize("venue", ["bybit", "okx"])
def test_a_transfer_that_a_restored_backup_has_not_is_found_by_its_key(world: Any, venue: str) -> None:
    """Beside an equal one that the backup has: the venue says that it knows the key, and its lists show it before the second sending."""
    state, actions = world.directory / "state", (moving(venue, "a"), moving(venue, "b"))
    good(Carried([asyncio.run(carry(world.assemble().parts, actions[:1], together=True)).legs[0]], {}))
    shutil.copytree(state, world.directory / "backup")
    (leg,) = asyncio.run(carry(world.assemble().parts, actions[1:], together=True)).legs
    shutil.rmtree(state)
    shutil.copytree(world.directory / "backup", state)
    time.sleep(1.1)  # the venue dates by seconds
    restored = asyncio.run(carry(world.assemble().parts, actions[1:], together=True))
    good(restored)
    assert [effect.id for effect in restored.legs[0].effects] == [effect.id for effect in leg.effects]
    assert held(world, venue) == 99_800

"""What passes between the core and a venue: orders, steps, effects, reports, snapshots.

These live as long as one action, by the hundred thousand in a backtest, hence plain `NamedTuple`s: immutable and cheap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from .actions import Action
from .amounts import ZERO
from .keys import Key
from .states import State

Line = tuple[Key, Decimal]
"""One signed change of one position."""


class Order(NamedTuple):
    """One action, or one leg of it, bound for one venue and one account.

    `id` is `ACTION/VENUE`. `action` carries the leg's own quantity. `account` and `lane` are aliases; the lane is the account whose
    nonces or client ids the steps use.
    """

    id: str
    action: Action
    venue: str
    account: str
    lane: str


class Step(NamedTuple):
    """One write to a venue.

    `id` is `ACTION/VENUE/NUMBER`. `actions` are what the write does, in order: one, or all parts of a bundle. A part without a
    `venue` or `account` of its own means the order's. `bounds` is what the plan allows, as text (a price band, a minimum output; of a
    bundle the planned change of each position, by its key): part of what is sent, kept in the journal.
    """

    id: str
    order: Order
    actions: tuple[Action, ...]
    bounds: Mapping[str, str] = {}


class Effect(NamedTuple):
    """What a venue says it did.

    `id` is stable: the same from `send`, `lookup` and `recent_effects`. `order` is the attempt key it belongs to, None where the venue
    does not say or no order of ours caused it. `at` is milliseconds (exchange) or the block number (chain). `kind` is one of
    `trade`, `fee`, `gas`, `funding`, `interest`, `transfer`, `deposit`, `lend`, `stake`, `swap`, `flash`, `setting`, `open`
    (an order of ours that rests and has no lines yet). A simulated effect may lie ahead (`at` after now): it happens then.
    """

    id: str
    order: str | None
    lines: tuple[Line, ...]
    at: int
    kind: str


class Ref(NamedTuple):
    """What a model may build effect ids from (`id`, the attempt key) and since when the order stands at the venue (`since`, ms)."""

    id: str
    since: int


NEVER = (1 << 63) - 1
"""A fence that never passes: the venue has no deadline for a write, so that one which it does not show is for a person, never sent anew."""


class Prepared(NamedTuple):
    """A write, ready to be sent and complete enough to be recognised at the venue later.

    `key` is the attempt key (an exchange's client id) that names it. `payload` is JSON data: the request, or nonce, signed bytes and
    hashes. `fence` is the time in ms, by the run's own clock, after which the venue can no longer accept it (`NEVER`: it always can);
    None means the very same bytes may be sent again at any time without a second effect.
    """

    key: str
    step: Step
    payload: Mapping[str, Any]
    fence: int | None = None


class Outgoing(NamedTuple):
    """A write as it would leave this process, for a person who looks before it does. No secret, key or signature is in it.

    `host` is where the request really goes, with its port; `path` has no query, and is `***` where it holds a key. `address` is the
    sender's on a chain. `body` is what is sent: parameters, or the transaction's fields. `unknown`: in sentences, what of it is known
    only later.
    """

    method: str = ""
    host: str = ""
    path: str = ""
    address: str = ""
    headers: Mapping[str, str] = {}
    body: Mapping[str, Any] = {}
    unknown: tuple[str, ...] = ()


class Report(NamedTuple):
    """What a venue says of one write. `effects` are cumulative. `at` is the venue's time (ms) or block; 0 where nothing was said.
    `final`: no reorganisation can take it back any more (`State.FINAL` says so by itself). `alarm`: why the account must not act after
    it, although the outcome is known: the venue did something else than it was asked, such as filling more."""

    state: State
    effects: tuple[Effect, ...] = ()
    at: int = 0
    reason: str = ""
    final: bool = False
    alarm: str = ""


class Snapshot(NamedTuple):
    """Positions as a venue shows them, all valid at `at` (ms or block) or after it. A key that could not be read is not in `values`."""

    at: int
    values: Mapping[Key, Decimal]


class Limits(NamedTuple):
    """What a venue takes of an action. `lot` is the step of the quantity; 0 stands for no limit."""

    lot: Decimal = ZERO
    minimum: Decimal = ZERO
    maximum: Decimal = ZERO
    minimum_notional: Decimal = ZERO


record = tuple.__new__
"""`record(Effect, (id, order, lines, at, kind))` is `Effect(id, order, lines, at, kind)` at half the price: for what every action of a
backtest makes. Every field is given."""


def deltas(effects: Iterable[Effect]) -> dict[Key, Decimal]:
    """The change of each position: the sum of the effects' lines."""
    total: dict[Key, Decimal] = {}
    for effect in effects:
        for key, amount in effect.lines:
            total[key] = total[key] + amount if key in total else amount
    return total

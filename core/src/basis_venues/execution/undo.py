"""How to take the filled legs of a half-failed action back: computed and shown, never traded unasked."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from ..actions import Action, PerpTrade, SpotTrade
from ..amounts import ZERO
from ..keys import BALANCE, PERP
from ..results import LegResult


def undo(action: Action, legs: Iterable[LegResult]) -> tuple[Action, ...]:
    """One opposite market order for each leg that traded, at its venue, over what it traded (after fees)."""
    if not isinstance(action, (SpotTrade, PerpTrade)):
        return ()
    return tuple(back for leg in legs if (back := _back(action, leg)) is not None)


def _back(action: SpotTrade | PerpTrade, leg: LegResult) -> Action | None:
    kind, instrument = (PERP, action.symbol) if isinstance(action, PerpTrade) else (BALANCE, action.symbol.partition("/")[0])
    changed = leg.deltas.get(f"{leg.account}:{kind}:{instrument}", ZERO)
    if not changed:
        return None
    back = attrs.evolve(
        action,
        id=f"{action.id}-undo-{leg.venue}",
        venue=leg.venue,
        side="sell" if changed > 0 else "buy",
        quantity=abs(changed),
        notional=None,
        order_type="market",
        price=None,
        good_for=None,
        time_in_force="gtc",
    )
    return attrs.evolve(back, reduce_only=True) if isinstance(back, PerpTrade) else back

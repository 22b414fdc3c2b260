"""What every venue's client does with an action: its amount in base units, and approvals."""

from __future__ import annotations

from decimal import Decimal

from basis_venues.actions import Action, Approve
from basis_venues.errors import Denied

from ..acting import allowance_key
from .chain import EvmChain
from .tokens import APPROVE
from .transactions import Wanted


def amount_of_action(action: Action) -> Decimal:
    """The amount, which the plan has decided. Raises `Denied` for one that it left open."""
    amount = getattr(action, "amount", None)
    if not isinstance(amount, Decimal):
        raise Denied(f"{type(action).__name__} has no amount that could be sent")
    return amount


def units_of(chain: EvmChain, action: Action) -> int:
    """The action's amount in base units of the asset that it spends. Raises `Denied`, and `InvalidAction` for too many digits."""
    return chain.tokens.named(action.spends() or "").units(amount_of_action(action))


def approval(chain: EvmChain, action: Approve, account: str) -> Wanted:
    """The transaction of an approval, to exactly its amount. Raises `Denied` for a spender that no venue registered."""
    token = chain.tokens.named(action.asset)
    data = APPROVE(chain.registry.spender(action.spender), token.units(amount_of_action(action)))
    return Wanted(token.address, data, facts=(allowance_key(account, action.spender, action.asset),))

"""The hooks of the pluggy project `basis_venues`.

A venue plugin is a module named by an entry point in the group `basis.venues`; the entry's name is the venue. The module holds hook
implementations only and imports what is heavy inside them. One plugin answers for one venue; observers may be many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from .actions import Action
    from .contract import ChainAccess, ClientContext, MarketData, ModelContext, VenueClient, VenueModel
    from .orders import Order
    from .results import ActionResult, LegResult
    from .states import State

PROJECT = "basis_venues"
ENTRY_POINT_GROUP = "basis.venues"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin as the implementation of a hook."""


@hookspec(firstresult=True)
def settings_class() -> type:  # type: ignore[empty-body]
    """Return the attrs class (a subclass of `VenueSettings`) that the venue's YAML fills. Called when the mode is loaded."""


@hookspec(firstresult=True)
def create_model(context: ModelContext) -> VenueModel:  # type: ignore[empty-body]
    """Return the venue's model. Called once per run, in a backtest and live."""


@hookspec(firstresult=True)
def create_client(context: ClientContext) -> VenueClient:  # type: ignore[empty-body]
    """Return the venue's client. Called once per run on a testnet or live, never in a backtest."""


@hookspec(firstresult=True)
def chain_access(context: ClientContext) -> ChainAccess:  # type: ignore[empty-body]
    """Return the shared access to a chain. Called once per chain, before the clients that need it."""


@hookspec(firstresult=True)
def market_data(context: ClientContext) -> MarketData:  # type: ignore[empty-body]
    """Return live market figures. Called once per venue in `data_subscriptions`, never in a backtest."""


@hookspec
def action_routed(action: Action, orders: tuple[Order, ...]) -> None:
    """Observe an action divided into orders. Called before anything is sent."""


@hookspec
def order_state_changed(order: Order, step: str, state: State) -> None:
    """Observe a step reaching a state. Called after the journal has it."""


@hookspec
def reconciliation_finished(order: Order, result: LegResult) -> None:
    """Observe the comparison with the account's own state after an order."""


@hookspec
def action_finished(result: ActionResult) -> None:
    """Observe the result of an action. Called before the caller gets it."""


@hookspec
def runner_halted(account: str, reason: str) -> None:
    """Observe an account being frozen, or the whole runner halted (`account` empty)."""

"""`ActionRouter`: from what a strategy asks for to orders at venues."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import attrs

from .accounts import account_named
from .actions import Action, AtomicBundle, Transfer
from .amounts import ZERO, floor_to
from .config.modes import Mode
from .config.routes import Route
from .config.venues import VenueSettings
from .contract import Market, VenueModel
from .errors import Denied, InvalidAction, NotRoutable
from .guard import destination
from .network import Account
from .orders import Limits, Order, record
from .series import price
from .split import Share, split

Place = tuple[type[Action], str | None, str | None, str | None]
"""What decides where an action goes that is not divided: its type, the venue and account that it names, its symbol."""


class Routed(NamedTuple):
    """Where an action goes. `unallocated` is the part of its quantity that fits no venue; `notes` say why."""

    orders: tuple[Order, ...]
    unallocated: Decimal = ZERO
    notes: tuple[str, ...] = ()


class ActionRouter:
    """Divides actions into orders by the mode's configuration.

    A venue named on the action wins, then the mode's routes (see `Mode.routes`). A transfer goes to the venue that keeps the source
    account. Quantities are split by weight in whole lots.
    """

    def __init__(
        self,
        mode: Mode,
        models: Mapping[str, VenueModel],
        settings: Mapping[str, VenueSettings],
        accounts: Mapping[str, Account],
        account_of: Callable[[str], Account],
        market: Market | None = None,
    ) -> None:
        """Without a `market` it can `check` actions, and route those whose quantity needs no price."""
        self._mode = mode
        self._models = models
        self._settings = settings
        self._accounts = accounts
        self._account_of = account_of
        self._market = market
        self._single: dict[Place, tuple[str, str, str]] = {}

    def route(self, action: Action) -> Routed:
        """The orders that carry `action` out. Raises `InvalidAction`, `NotRoutable`, `Denied` or `GuardRefused`; nothing was sent."""
        place = (type(action), action.venue, action.account, getattr(action, "symbol", None))
        found = self._single.get(place)
        if found is None:
            return self._newly(action, place)
        venue, account, lane = found
        return record(Routed, ((record(Order, (f"{action.id}/{venue}", action, venue, account, lane)),), ZERO, ()))

    def _newly(self, action: Action, place: Place) -> Routed:
        """The orders of an action whose place is not known yet; it is remembered where nothing but the place decides."""
        if isinstance(action, Transfer):
            return self._transfer(action)
        if isinstance(action, AtomicBundle):
            bundle = self._bundle(action)
            return Routed((self._order(bundle, self._allowed(bundle)[0]),))
        if action.splits and action.venue is None:
            route = self._route_of(action)
            if len(route.venues) > 1 or route.weights[0] != 1:
                return self._divided(action, route)
        self._single[place] = self._allowed(action)
        return self.route(action)

    def check(self, action: Action) -> None:
        """Raises `Denied` or one of its kinds for an action that the configuration alone refuses: of a type that no venue of the mode
        takes, for a venue that it does not subscribe to, of a market or asset that the venue does not know."""
        for venue, part in self._bound(action):
            self._models[venue].limits(part)

    def _bound(self, action: Action) -> list[tuple[str, Action]]:
        """The venues that an action is for, each with its part of it, whatever the market says."""
        if isinstance(action, Transfer):
            return [(self._transfer(action).orders[0].venue, action)]
        if isinstance(action, AtomicBundle):
            action = self._bundle(action)
        home = self._allowed(action)[0]
        if isinstance(action, AtomicBundle):
            return [(home, action), *((leg.venue or home, leg) for leg in action.legs)]
        return [(venue, action) for venue in self._dividing(action) or (home,)]

    def series(self, action: Action) -> tuple[str, ...]:
        """The market figures that dividing the action over venues asks for."""
        return tuple(name for venue in self._dividing(action) for name in self._models[venue].series(action))

    def _dividing(self, action: Action) -> tuple[str, ...]:
        """The venues that share an action; none where it is not divided."""
        if not action.splits or action.venue is not None:
            return ()
        route = self._route_of(action)
        return tuple(venue for venue, weight in zip(route.venues, route.weights, strict=True) if weight)

    def _route_of(self, action: Action) -> Route:
        for action_type in action.action_types:
            route = self._mode.routes.get(action_type)
            if route is not None:
                return route
        wanted = " or ".join(action.action_types)
        if not wanted:
            raise InvalidAction(f"{type(action).__name__} is a part of a bundle; it cannot be asked for by itself")
        known = ", ".join(sorted(self._mode.routes)) or "nothing"
        raise NotRoutable(f"the mode {self._mode.name} has no venue for {type(action).__name__} ({wanted}); it routes {known}")

    def _allowed(self, action: Action) -> tuple[str, str, str]:
        """Where such an action goes. Raises `Denied` where the mode's file says that it never does this."""
        refusal = self._mode.refusal(action)
        if refusal is not None:
            raise Denied(refusal)
        return self._placed(action, action.venue or self._route_of(action).venues[0])

    def _placed(self, action: Action, venue: str) -> tuple[str, str, str]:
        """Venue, account and lane of an order. Raises `NotRoutable` for a venue that the mode does not subscribe to."""
        if venue not in self._mode.execution_venues:
            subscribed = ", ".join(self._mode.execution_venues)
            raise NotRoutable(f"the mode {self._mode.name} does not subscribe to {venue!r}; it has {subscribed}")
        account = self._account_of(venue) if action.account is None else account_named(action.account, self._accounts)
        return venue, account.alias, account.lane

    def _order(self, action: Action, venue: str) -> Order:
        venue, account, lane = self._placed(action, venue)
        return Order(f"{action.id}/{venue}", action, venue, account, lane)

    def _transfer(self, action: Transfer) -> Routed:
        source = account_named(action.source, self._accounts)
        if action.target is not None:
            account_named(action.target, self._accounts)
        if action.address is not None:
            destination(source.keeper, self._settings[source.keeper], action)
        if action.venue is not None and action.venue != source.keeper:
            raise NotRoutable(f"a transfer out of {source.alias} goes to {source.keeper}, which keeps it, not to {action.venue}")
        if source.keeper not in self._mode.execution_venues:
            raise NotRoutable(f"the mode {self._mode.name} does not subscribe to {source.keeper}, which keeps the account {source.alias}")
        return Routed((Order(f"{action.id}/{source.keeper}", action, source.keeper, source.alias, source.lane),))

    def _bundle(self, bundle: AtomicBundle) -> AtomicBundle:
        """The bundle with every leg's venue named."""
        home = bundle.venue or self._route_of(bundle).venues[0]
        legs = tuple(leg if leg.venue else attrs.evolve(leg, venue=self._leg_venue(leg, home)) for leg in bundle.legs)
        for leg in legs:
            self._placed(leg, leg.venue or home)
        return attrs.evolve(bundle, legs=legs)

    def _leg_venue(self, leg: Action, home: str) -> str:
        if "flash_loan_execution" in leg.action_types:
            return home
        if "lending_execution" in leg.action_types and self._mode.on_chain_leverage_venue:
            return self._mode.on_chain_leverage_venue
        return self._route_of(leg).venues[0]

    def _divided(self, action: Action, route: Route) -> Routed:
        """One leg for each venue that gets at least a lot."""
        self._allowed(action)
        quantity: Decimal | None = getattr(action, "quantity", None)
        if quantity is None:
            return self._divided_notional(action, route)
        weights = {venue: weight for venue, weight in zip(route.venues, route.weights, strict=True) if weight}
        limits = {venue: self._models[venue].limits(action) for venue in weights}
        parts, rest, notes = split(quantity, [self._share(venue, weight, limits[venue], action) for venue, weight in weights.items()])
        if not parts:
            raise Denied(f"{quantity} of {getattr(action, 'symbol', '')} is under every venue's minimum: {'; '.join(notes)}")
        over = [f"{part:f} at {venue}, which takes {limits[venue].maximum:f}" for venue, part in parts if 0 < limits[venue].maximum < part]
        if over:  # known now, it must not be found out when the other legs have traded
            raise Denied(f"{action.id} would be too much for a venue: {', '.join(over)}; ask for less")
        orders = tuple(self._order(_resized(action, "quantity", part), venue) for venue, part in parts)
        return Routed(orders, rest, notes)

    def _divided_notional(self, action: Action, route: Route) -> Routed:
        """A quote amount is divided to the cent of its last digit; each venue turns its part into lots itself."""
        notional: Decimal = action.notional  # type: ignore[attr-defined]
        shares = [
            Share(venue, weight, Decimal("0.01"), self._models[venue].limits(action).minimum_notional)
            for venue, weight in zip(route.venues, route.weights, strict=True)
            if weight
        ]
        parts, rest, notes = split(notional, shares)
        if not parts:
            raise Denied(f"a notional of {notional} is under every venue's minimum: {'; '.join(notes)}")
        orders = tuple(self._order(_resized(action, "notional", part), venue) for venue, part in parts)
        return Routed(orders, rest, notes)

    def _share(self, venue: str, weight: Decimal, limits: Limits, action: Action) -> Share:
        """What a venue takes, its least notional turned into a quantity at the market's price."""
        minimum = limits.minimum
        if limits.minimum_notional:
            assert self._market is not None
            at = getattr(action, "price", None) or self._market.value(price(venue, action.symbol))  # type: ignore[attr-defined]
            by_value = limits.minimum_notional / at
            lots = floor_to(by_value, limits.lot) + limits.lot if limits.lot else by_value
            minimum = max(minimum, lots)
        return Share(venue, weight, limits.lot, minimum)


def _resized(action: Action, field: str, part: Decimal) -> Action:
    """The action with a leg's own quantity or notional."""
    changes: dict[str, Any] = {field: part}
    return attrs.evolve(action, **changes)

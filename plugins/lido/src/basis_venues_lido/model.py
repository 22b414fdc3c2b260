"""What staking actions do.

stETH is a share of a pool. A balance of stETH is counted in shares here, one wstETH is one share, and `share_rate` says what a share is
worth in ETH: rebases then change no position. Amounts of stETH in actions are in stETH, as the contracts take them. Each rule rounds as
the contract does: down, to whole shares and whole wei.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import cast

from basis_venues import series
from basis_venues.actions import MAX, Action, Approve, ClaimUnstake, RequestUnstake, Stake, Unwrap, Wrap
from basis_venues.amounts import from_units, to_units
from basis_venues.contract import Market, ModelContext, StepFails
from basis_venues.errors import Denied
from basis_venues.keys import CLAIM, Key
from basis_venues.orders import Line
from basis_venues_evm import ETHER, Acting, ChainModel, Lines, Rule, Write, allowance_key, balance_key, over_floor, ray, times_floor

from .queue import divide, free_ids, requests, wrapped_bounds
from .settings import LidoSettings

STETH = "stETH"
WSTETH = "wstETH"
DECIMALS = 18
REQUESTS = "requests"
"""The bound of a claim's step: the ids that it may collect, with blanks between them."""


class LidoModel(ChainModel):
    """Staking, the wrapper, and the withdrawal queue.

    The wrapper's leave to pull stETH is `ACCOUNT:allowance:lido/stETH`; the queue is another contract, with
    `ACCOUNT:allowance:lido/queue/ASSET`.
    """

    settings: LidoSettings

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        self._queue = f"{self.venue}/queue"
        self._rate_series = series.share_rate(self.venue, WSTETH)

    def rules(self) -> Mapping[type[Action], tuple[Rule, str]]:
        """Stake, wrap, unwrap, request and claim."""
        return {
            Stake: (self._stake, "stake"),
            Wrap: (self._wrap, "stake"),
            Unwrap: (self._unwrap, "stake"),
            RequestUnstake: (self._request, "stake"),
            ClaimUnstake: (self._claim, "stake"),
        }

    def series(self, action: Action) -> tuple[str, ...]:
        """The gas price, and the share rate but for a claim, whose amount was fixed with the request."""
        asked = super().series(action)
        return asked if isinstance(action, ClaimUnstake) else (*asked, self._rate_series)

    def keys(self, action: Action, account: str, lane: str, view: Mapping[Key, Decimal]) -> Iterable[Key]:
        """Balances on both sides, the wallet's allowance, and open claims. A claim that a request will open has no name yet."""
        if isinstance(action, Stake):
            return (balance_key(account, ETHER), balance_key(account, STETH))
        if isinstance(action, (Wrap, Unwrap)):
            allowance = (allowance_key(account, self.venue, STETH),) if account == lane and isinstance(action, Wrap) else ()
            return (balance_key(account, STETH), balance_key(account, WSTETH), *allowance)
        claims = tuple(f"{self._claims(account)}{request}" for request in requests(view, self._claims(account)))
        if isinstance(action, RequestUnstake):
            allowance = (allowance_key(account, self._queue, action.asset),) if account == lane else ()
            return (balance_key(account, action.asset), *allowance, *claims)
        if isinstance(action, ClaimUnstake):
            named = claims if action.request == "all" else (f"{self._claims(account)}{action.request}",)
            return (balance_key(account, ETHER), *named)
        return (allowance_key(account, action.spender, action.asset),) if isinstance(action, Approve) else ()

    def writes(self, action: Action, acting: Acting) -> tuple[Write, ...]:
        """An approval where one is needed, and the transaction. A large withdrawal is one transaction with several requests.
        Raises `Denied` for an amount under the smallest request, an asset the queue does not take, and a claim that does not exist."""
        if type(action) not in self._rules or isinstance(action, Approve):  # an approval by itself is the wallet's
            raise Denied(f"{self.venue} does not know {type(action).__name__}")
        if isinstance(action, ClaimUnstake):
            return (Write((action,), {REQUESTS: " ".join(self._claimable(action, acting))}),)
        if isinstance(action, RequestUnstake) and action.asset not in (STETH, WSTETH):
            raise Denied(f"the withdrawal queue takes {STETH} and {WSTETH}, not {action.asset}")
        sized = self.sized(action, acting)
        if isinstance(sized, RequestUnstake):
            self._large_enough(sized, acting)
            return (*self.approvals(sized.asset, cast("Decimal", sized.amount), self._queue, acting), Write((sized,)))
        if isinstance(sized, Wrap):
            return (*self.approvals(STETH, cast("Decimal", sized.amount), self.venue, acting), Write((sized,)))
        return (Write((sized,)),)

    def whole(self, action: Action, asset: str, acting: Acting) -> Decimal:
        """What `MAX` means; of stETH the worth of all shares."""
        held = super().whole(action, asset, acting)
        return self._worth(held, acting.market) if asset == STETH else held

    def spent(self, action: Action, acting: Acting) -> Decimal:
        """An action's amount, or the whole balance; of stETH the worth of all shares."""
        held = super().spent(action, acting)
        is_max = getattr(action, "amount", None) == MAX
        return self._worth(held, acting.market) if is_max and action.spends() == STETH else held

    def held(self, asset: str, acting: Acting) -> Decimal:
        """As in the base; of stETH the worth of all shares, and what that may be off by its rounding."""
        held = super().held(asset, acting)
        return self._worth(held, acting.market) + from_units(self.token(STETH).drift, DECIMALS) if asset == STETH else held

    def times(self, write: Write, market: Market) -> int:
        """The requests that a withdrawal becomes, or that a claim collects."""
        (part,) = write.parts
        if isinstance(part, RequestUnstake) and isinstance(part.amount, Decimal):
            return len(self._parts(part.asset, part.amount, market))
        return len(write.bounds[REQUESTS].split()) if REQUESTS in write.bounds else 1

    # shares and their worth

    def _rate(self, market: Market) -> int:
        rate = ray(market.value(self._rate_series))
        if rate <= 0:
            raise Denied(f"{self._rate_series} is {market.value(self._rate_series)}: a share is worth more than nothing; check the data")
        return rate

    def _worth(self, shares: Decimal, market: Market) -> Decimal:
        return from_units(times_floor(to_units(shares, DECIMALS), self._rate(market)), DECIMALS)

    def _shares(self, amount: Decimal, market: Market) -> Decimal:
        return from_units(over_floor(to_units(amount, DECIMALS), self._rate(market)), DECIMALS)

    # rules

    def _stake(self, action: Stake, acting: Acting) -> Lines:
        amount = self.spent(action, acting)
        if self.settings.staking_paused:
            raise StepFails("STAKING_PAUSED")
        if amount > self.settings.stake_limit:
            raise StepFails(f"STAKE_LIMIT: {amount} is more than {self.settings.stake_limit}")
        return (acting.debit(ETHER, amount), acting.credit(STETH, self._shares(amount, acting.market)))

    def _wrap(self, action: Wrap, acting: Acting) -> Lines:
        amount = self.spent(action, acting)
        shares = self._shares(amount, acting.market)
        if not shares:
            raise StepFails("wstETH: can't wrap zero stETH")
        return (acting.debit(STETH, shares), *acting.allowed(STETH, amount, self.venue), acting.credit(WSTETH, shares))

    def _unwrap(self, action: Unwrap, acting: Acting) -> Lines:
        amount = self.spent(action, acting)
        # the wrapper sends an amount of stETH, which the token turns back into shares: a share may be lost on the way
        shares = self._shares(self._worth(amount, acting.market), acting.market)
        return (acting.debit(WSTETH, amount), acting.credit(STETH, shares))

    def _request(self, action: RequestUnstake, acting: Acting) -> Lines:
        amount = self.spent(action, acting)
        if self.settings.queue_paused:
            raise StepFails("ResumedExpected: the withdrawal queue is paused")
        parts = self._parts(action.asset, amount, acting.market)
        prefix = self._claims(acting.account)
        open_requests = (request for request in requests(acting.view, prefix) if acting.view[prefix + request])
        ids = free_ids(open_requests, acting.market.now(), len(parts))
        claims = tuple((prefix + request, nominal) for request, (_, nominal) in zip(ids, parts, strict=True))
        taken = sum((taken for taken, _ in parts), Decimal(0))
        return (acting.debit(action.asset, taken), *acting.allowed(action.asset, amount, self._queue), *claims)

    def _claim(self, action: ClaimUnstake, acting: Acting) -> Lines:
        prefix = self._claims(acting.account)
        wanted = requests(acting.view, prefix) if action.request == "all" else [action.request]
        ready = [request for request in wanted if self._is_ready(request, acting)]
        if not ready or (action.request != "all" and not acting.view[prefix + action.request]):
            raise StepFails("RequestNotFoundOrNotFinalized")
        paid: list[Line] = [(prefix + request, -acting.view[prefix + request]) for request in ready]
        return (*paid, acting.credit(ETHER, -sum((amount for _, amount in paid), Decimal(0))))

    # requests

    def _claims(self, account: str) -> str:
        return f"{account}:{CLAIM}:{self.venue}/"

    def _is_ready(self, request: str, acting: Acting) -> bool:
        waited = acting.market.now() - int(request)
        return bool(acting.view[self._claims(acting.account) + request]) and waited >= self.settings.withdrawal_delay_ms

    def _claimable(self, action: ClaimUnstake, acting: Acting) -> list[str]:
        """The requests that it is about: "all" are those of the books, for anybody may make one in the account's name."""
        prefix = self._claims(acting.account)
        known = [request for request in requests(acting.view, prefix) if acting.view[prefix + request]]
        if not known:
            raise Denied(f"{acting.account} has no open withdrawal request")
        if action.request not in ("all", *known):
            raise Denied(f"{acting.account} has no open withdrawal request {action.request}; open are {', '.join(known)}")
        return known if action.request == "all" else [action.request]

    def _large_enough(self, action: RequestUnstake, acting: Acting) -> None:
        amount = self.spent(action, acting)
        nominal = amount if action.asset == STETH else self._worth(amount, acting.market)
        if nominal < self.settings.minimum_request:
            raise Denied(f"a withdrawal request is at least {self.settings.minimum_request} stETH, not {nominal}")

    def _parts(self, asset: str, amount: Decimal, market: Market) -> list[tuple[Decimal, Decimal]]:
        """For each request what it takes of the balance (shares of stETH, or wstETH), and its nominal ETH."""
        smallest, largest = (to_units(bound, DECIMALS) for bound in (self.settings.minimum_request, self.settings.maximum_request))
        if asset == WSTETH:
            rate = self._rate(market)
            smallest, largest = wrapped_bounds(over_floor(smallest, rate), over_floor(largest, rate))
        sizes = [from_units(part, DECIMALS) for part in divide(to_units(amount, DECIMALS), smallest, largest)]
        if asset == WSTETH:
            return [(size, self._worth(size, market)) for size in sizes]
        return [(self._shares(size, market), size) for size in sizes]

"""What a venue plugin implements: a pure model, and a client for real networks.

The rules behind each method are in the docs under "hooks"; the conformance kit (`basis-venues-testkit`) checks them. `CONTRACT` is the
version of this page, apart from package versions: a plugin's manifest names the version it was written for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from attrs import field, frozen

from .actions import Action
from .amounts import ZERO
from .clock import Clock
from .errors import Denied
from .keys import BALANCE, Key
from .manifest import Manifest
from .network import Account, Network
from .orders import Effect, Limits, Order, Outgoing, Prepared, Ref, Report, Snapshot, Step
from .secret import Secret

CONTRACT = (1, 0)
"""Major and minor version of the contract. A plugin fits when its major is equal and its minor not above."""


class StepFails(Exception):
    """Raised by `VenueModel.effects`: the venue itself would refuse (an exchange) or revert (a chain) this step.

    `expires`: an exchange would take the order and let it lapse at once (IOC, FOK, post-only) instead of refusing it.
    """

    def __init__(self, reason: str, *, expires: bool = False) -> None:
        super().__init__(reason)
        self.expires = expires


class Market(Protocol):
    """Market figures as known at one moment. In a backtest they come from files, live from the venues' `market_data`."""

    def now(self) -> int:
        """The moment, ms."""
        ...

    def value(self, series: str) -> Decimal:
        """The figure in force at this moment. Raises `MissingData` where there is none, or it is too old to be used."""
        ...

    def events(self, series: str, since: int, until: int) -> Sequence[tuple[int, Decimal]]:
        """The points after `since` up to and including `until`, oldest first, as (ms, figure)."""
        ...

    def next_event(self, series: str, after: int) -> int | None:
        """When the next point after `after` is, ms; None where none is known."""
        ...


class VenueModel(ABC):
    """What would happen: synchronous, pure, Decimal only, the same input giving the same output. Imports no ccxt and no web3.

    In a backtest its effects are the outcome. Live it plans the steps and bounds them; what happened is then read from the venue.
    `view` maps position keys to amounts; it holds at least what `touches` named. Amounts are in the asset's own unit.
    """

    @abstractmethod
    def touches(self, order: Order, view: Mapping[Key, Decimal]) -> tuple[Key, ...]:
        """Every position that the order may change or that its plan reads: a superset, read before planning."""

    @abstractmethod
    def plan(self, order: Order, view: Mapping[Key, Decimal], market: Market) -> tuple[Step, ...]:
        """The writes that carry out the order, in sequence. Raises `Denied` (with what to do about it) when it must not be tried:
        an amount under the lot, an asset that the configuration does not know, a health factor under the floor."""

    @abstractmethod
    def effects(self, step: Step, action: Action, view: Mapping[Key, Decimal], market: Market, ref: Ref) -> tuple[Effect, ...]:
        """What `action`, one part of `step`, does now. No effects at all: it rests (a limit order that is not reached); an action that
        changes nothing is an effect without lines. Effect ids are built from `ref.id` alone.

        Raises `StepFails` where the venue would refuse or revert."""

    def cost(self, step: Step, market: Market, ref: Ref) -> Effect | None:
        """What the transaction itself costs, paid also when it reverts; None where writes are free."""
        return None

    def permits(  # noqa: B027  most venues have no such rule
        self, account: str, before: Mapping[Key, Decimal], after: Mapping[Key, Decimal], market: Market
    ) -> None:
        """Judge what a bundle would make of `account`: raises `Denied` when that breaks a rule of policy, such as a health factor that
        falls under the floor. Called for every venue that takes part, before anything is sent."""

    def accruals(self, positions: Mapping[Key, Decimal], market: Market, since: int, until: int) -> tuple[Effect, ...]:
        """What happened by itself to the positions after `since` up to and including `until`: funding, say. Ids are deterministic."""
        return ()

    def next_accrual(self, positions: Mapping[Key, Decimal], market: Market, now: int) -> int | None:
        """When `accruals` next has something to say, ms; None for never."""
        return None

    def limits(self, action: Action) -> Limits:
        """Lots and bounds that the venue has for such an action. Raises `Denied` for a symbol or asset it does not know."""
        return Limits()

    def tolerance(self, key: Key) -> Decimal:
        """How far the owner's figure may be off what was expected: a lot, a last digit, a protocol's declared rounding."""
        return ZERO

    def series(self, action: Action) -> tuple[str, ...]:
        """The market series that planning and simulating the action ask for (see `basis_venues.series`)."""
        return ()


class VenueClient(ABC):
    """Making it happen: asynchronous, live only, the one place that imports ccxt or web3.

    A client never retries a write, keeps no journal and decides nothing about an unknown outcome: the core does.
    """

    network: Network

    def is_live(self) -> bool:
        """Whether real money is at stake."""
        return self.network is Network.MAINNET

    def is_testnet(self) -> bool:
        """Whether it talks to a test network or the sandbox."""
        return self.network is Network.TESTNET

    def is_simulation(self) -> bool:
        """Whether nothing leaves the process."""
        return self.network is Network.SIMULATION

    @abstractmethod
    async def open(self) -> Mapping[str, str]:
        """Connect and check that the account is as the plan needs it; no effect at the venue. Answers the identity of each account
        alias that this venue keeps. Raises `CredentialError`, `GuardRefused` or `TryAgainLater`."""

    async def heartbeat(self) -> Mapping[str, str]:
        """One cheap check of the connection: latency, clock skew, permissions, as words for a person. Raises as `open` does."""
        return {}

    @abstractmethod
    async def prepare(self, step: Step, attempt_key: str) -> Prepared:
        """The write, complete but unsent. The same step and key give the same answer, apart from the lane's nonce."""

    async def show(self, step: Step, attempt_key: str, ahead: int) -> Outgoing:
        """What `prepare` and `send` would put on the wire, without sending it: for a dry run. Reads are allowed; raises as `prepare`.

        `ahead`: so many writes of the same lane come before it and have not happened; what they decide (a nonce's place, gas, a balance)
        is told as far as it can be, and else named in `unknown`."""
        await self.prepare(step, attempt_key)
        return Outgoing(unknown=("its venue does not show requests before they are sent",))

    @abstractmethod
    async def send(self, prepared: Prepared) -> Report:
        """Send it, with at most one write request. Whatever this raises means UNKNOWN."""

    @abstractmethod
    async def lookup(self, prepared: Prepared) -> Report:
        """What became of it: by the attempt key or hashes, then orders, then fills. `ABSENT` (the venue does not show it) and
        `UNKNOWN` (cannot tell) are different answers. Whatever this raises means UNKNOWN, and so does an effect that names another
        key."""

    async def cancel(self, prepared: Prepared) -> None:
        """Ask the venue to take it back, with at most one write request. What came of it is read by `lookup`."""
        raise Denied("this venue does not take orders back")

    async def replace(self, prepared: Prepared) -> Prepared | None:
        """For a chain: the same nonce at a higher fee, within the cap, when the transaction is stuck; None when it is not."""
        return None

    @abstractmethod
    async def positions(self, keys: Collection[Key], at: int) -> Snapshot:
        """The named positions, as of `at` or later (ms or block; 0 for now). Raises, or leaves a key out, where it cannot be read;
        a position that the venue shows as empty is zero."""

    @abstractmethod
    async def recent_effects(self, keys: Collection[Key], since: int, until: int) -> Sequence[Effect]:
        """Everything that changed the named positions after `since` (ms or block) up to `until` (0: now), ours or not, and orders of
        ours that rest (kind `open`, no lines). No keys: of every position of the account. Ids equal those of `send` and `lookup`.
        Raises `HistoryGone` where the venue no longer keeps what is asked for; anything else raised means that it is to be asked again."""

    async def close(self) -> None:  # noqa: B027  a client without connections has nothing to let go
        """Let connections go."""


class ChainAccess(Protocol):
    """One chain as one wallet sees it: RPC, the wallet's signing lane, positions at one block, and decoded effects.

    The wallet's venue implements it; the other on-chain venues are handed it and pass their client's calls on to it, so that all of them
    share its nonces and its requests. The core itself needs `chain_id`, `open` and `close`. How a venue tells where its contracts are and
    what their logs mean is a matter of the base that it builds on (`basis_venues_evm.live`).
    """

    chain_id: int
    """The chain that is meant; once open, the one that answered."""

    async def open(self) -> None:
        """Connect and check the chain. Every user opens it. Raises `GuardRefused` on another chain than allowed, and `TryAgainLater`."""
        ...

    async def close(self) -> None:
        """Leave it; the connections go with the last user."""
        ...

    def address_of(self, account: str) -> str:
        """Where the account of that alias is. Raises `Denied` while that is not known."""
        ...

    async def send(self, prepared: Prepared) -> Report:
        """Broadcast a prepared transaction, once."""
        ...

    async def lookup(self, prepared: Prepared) -> Report:
        """What became of it, by all hashes that it was ever sent under."""
        ...

    async def replace(self, prepared: Prepared) -> Prepared | None:
        """The same nonce at a higher fee, when it is stuck."""
        ...

    async def positions(self, keys: Collection[Key], at: int) -> Snapshot:
        """The positions at one block, `at` or later; what is asked at the same moment is one request."""
        ...

    async def recent_effects(self, keys: Collection[Key], since: int, until: int) -> Sequence[Effect]:
        """What changed the positions after block `since` up to `until` (0: now), whoever caused it."""
        ...


class Quote(NamedTuple):
    """One market figure and when it was made, ms."""

    value: Decimal
    at: int


class MarketData(Protocol):
    """Live market figures of one venue, for `data_subscriptions`. `sources`: the first words of the series that it answers for."""

    sources: tuple[str, ...]

    async def fetch(self, series: Collection[str]) -> Mapping[str, Quote]:
        """The named series of this venue; one that could not be had is left out."""
        ...

    async def close(self) -> None:
        """Let connections go."""
        ...


@frozen(kw_only=True, eq=False, repr=False)
class ModelContext:
    """What a model is made from. `settings` is the plugin's own settings class, filled from the venue's YAML. `accounts` are all of the
    run, by alias."""

    venue: str
    account: Account
    network: Network
    settings: Any
    accounts: Mapping[str, Account] = field(factory=dict)

    def arrival(self, alias: str, asset: str) -> Key:
        """The position in which `asset` arrives that is sent to an account from outside: its balance, or that of its outer wallet."""
        account = self.accounts.get(alias)
        return f"{alias}:{BALANCE}:{f'{account.outer_wallet}/' if account and account.outer_wallet else ''}{asset}"


@frozen(kw_only=True, eq=False, repr=False)
class ClientContext(ModelContext):
    """What a client, chain access or market data is made from.

    `credentials` maps the manifest's field names to `Secret` (or text, for fields that are not secret). `endpoints` maps endpoint
    names to URLs that replace the venue's own. `allowed_hosts` and `allowed_chains` are what the guard lets this network reach.
    `chain` is the shared chain access, for protocols. `state` is a directory for caches. `manifest` is the venue's own, as the core read
    it. `shared` is the venue's for as long as the run lasts: its client and its market data are handed the same one, empty at first.
    """

    credentials: Mapping[str, Secret | str] = field(factory=dict)
    endpoints: Mapping[str, str] = field(factory=dict)
    allowed_hosts: frozenset[str] = frozenset()
    allowed_chains: frozenset[int] = frozenset()
    clock: Clock
    chain: ChainAccess | None = None
    state: str = ""
    manifest: Manifest | None = None
    shared: dict[str, Any] = field(factory=dict)


def not_supported(venue: str, action: Action) -> Denied:
    """The refusal of an action that the venue does not know."""
    return Denied(f"{venue} does not know {type(action).__name__}")

"""How one exchange is reached: what each venue's plugin says of its connection."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

from basis_venues.errors import PluginRefused, TryAgainLater
from basis_venues.network import Network

from .saying import Proofs


class Request(NamedTuple):
    """One call of the exchange's API by ccxt's names: its section, HTTP method, path and parameters (JSON data, figures as text). A
    section within another is named by all of its words: `spot private`."""

    api: str
    method: str
    path: str
    params: Mapping[str, Any] = {}


class Failure(NamedTuple):
    """Code and words of an answer that reports a failure."""

    code: str
    words: str


class Keys(NamedTuple):
    """Names of the credential fields that sign a request; `passphrase` only where the venue has one."""

    key: str
    secret: str
    passphrase: str = ""


class Wire(ABC):
    """The connection's peculiarities. `exchange` is ccxt's class by name, or the plugin's own as `module:Class` where ccxt has none;
    `options` are its options. `header`: see `Bounds`, by network."""

    exchange: ClassVar[str]
    options: ClassVar[Mapping[str, Any]] = {}
    headers: ClassVar[Mapping[Network, tuple[str, str | None]]] = {}
    proofs: ClassVar[Proofs]
    foreign: ClassVar[Mapping[str, str]] = {}
    """Codes with which the venue answers a key of another network, and what they mean."""
    clock: ClassVar[Request]
    """What asks for the venue's time."""

    @abstractmethod
    def switch(self, exchange: Any, network: Network) -> None:
        """Turn a fresh ccxt object to the network."""

    @abstractmethod
    def keys(self, api: str) -> Keys:
        """Whose signature requests of this section carry."""

    @abstractmethod
    def failure(self, answer: Any) -> Failure | None:
        """What an answer with a good HTTP status reports, or None for a success; also asked for the words of a bad one."""

    @abstractmethod
    def time(self, answer: Any) -> int:
        """The venue's time, ms, from the answer to `clock`."""

    def fenced(self, request: Request, fence: int, now: int) -> tuple[Request, dict[str, str], int | None]:
        """The request as it must be sent so that it cannot be carried out after `fence` (ms, as `now` by the venue's clock): request,
        headers to add, and the receive window in ms that ccxt signs (None: not of this exchange). Raises `TryAgainLater` when the fence
        has passed. Asked of every write where the manifest's `[fence]` has a length."""
        raise PluginRefused(
            f"the manifest says that {self.exchange} has a deadline for writes, and `{type(self).__name__}.fenced` is missing"
        )

    def grace(self, request: Request) -> int:
        """For how long after it left the venue may still carry out a write to which it applies no deadline of ours, ms: its fence lies so
        much later, and it leaves before that alone. 0 where the venue heeds the deadline."""
        return 0

    def left(self, fence: int, now: int) -> int:
        """How many ms are left until the fence. Raises `TryAgainLater` when none are: nothing has left then."""
        if fence <= now:
            raise TryAgainLater("its deadline passed before it was sent")
        return fence - now

    def banned(self, status: int) -> bool:
        """Whether the status says that this address was banned for a while."""
        return status == 418

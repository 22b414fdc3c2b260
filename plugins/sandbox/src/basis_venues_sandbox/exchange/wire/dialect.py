"""What every dialect does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ..core import Listed, Refused
from ..keys import Keyring
from .call import Call, Reply, Route, Routes


class Dialect(Protocol):
    """A thin translator between one venue's wire and the core."""

    listed: Listed
    """The venue's name, ways and markets."""
    prefixes: tuple[str, ...]
    """What the venue's paths begin with."""
    routes: Routes
    most_fills: int
    """So many fills are at most in one answer."""
    unsettled: Sequence[Mapping[str, Any]]
    """Errors after which, by the exchange's own documentation, an order may stand: `code`, `text` and `status` as `deny` takes them."""

    @property
    def venue(self) -> str:
        """The venue's name."""
        return self.listed.rules.venue

    def environment(self, host: str, headers: Mapping[str, str]) -> str | None:
        """`mainnet` or `testnet` by the host (and header) that a request was made for; None for a host that is not the venue's."""
        ...

    def parse(self, call: Call) -> None:
        """Fill in the call's parameters. Raises `Turned`."""
        ...

    def authenticate(self, call: Call, keyring: Keyring, route: Route) -> None:
        """Key, rights, signature and window; sets the call's key and deadline. Raises `Turned`."""
        ...

    def success(self, call: Call, route: Route, result: Any) -> Reply:
        """A handler's result in the venue's envelope."""
        ...

    def refusal(self, call: Call, route: Route, refused: Refused) -> Reply:
        """The core's refusal in the venue's words."""
        ...

    def denial(self, code: int | str, text: str, status: int) -> Reply:
        """A refusal with exactly this code."""
        ...

    def deny(self, call: Call, route: Route, code: int | str, text: str, status: int | None) -> Reply:
        """A scripted refusal with this code, as this endpoint would bring it; status None: the usual one."""
        return self.denial(code, text, status or 200)

    def duplicate(self, call: Call) -> Reply:
        """What a client id that is taken brings."""
        ...

    def limited(self, seconds: int) -> Reply:
        """Too many requests: wait so long."""
        ...

    def banned(self, seconds: int, until: int) -> Reply:
        """The address is shut out until that moment (ms)."""
        ...

    def maintenance(self) -> Reply:
        """The venue is down for a while."""
        ...

    def unknown(self, call: Call) -> Reply:
        """There is no such path here."""
        words = f"no such endpoint in the sandbox: `routes` of {type(self).__name__} has no {call.method} {call.path}"
        return Reply(404, {"error": words})

"""The API keys that the sandbox knows: throwaway ones, worth nothing, and those that a test adds.

The throwaway keys are those that the core makes for a profile with `throwaway_keys`: for the credential variable `V`, without its
`BASIS_{ENV}__`, the text `sandbox-` and the first 32 hexadecimal digits of SHA-256 of `basis sandbox V`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from attrs import field, frozen

READ, SPOT, FUTURES, TRANSFER, WITHDRAW = "read", "spot", "futures", "transfer", "withdraw"
TRADING = frozenset({READ, SPOT, FUTURES, TRANSFER})
ANYWHERE = "any"


@frozen(kw_only=True)
class ApiKey:
    """A key, its secret, and what it may do. `environment` is `mainnet`, `testnet` (demo trading, too) or `any`."""

    venue: str
    key: str
    secret: str = field(repr=False)
    passphrase: str = field(default="", repr=False)
    environment: str = ANYWHERE
    rights: frozenset[str] = TRADING

    def valid_in(self, environment: str) -> bool:
        """Whether the environment knows this key; an empty one says that the request did not tell."""
        return not environment or self.environment in (ANYWHERE, environment)


class Keyring:
    """Keys by venue and key."""

    def __init__(self, keys: Iterable[ApiKey]) -> None:
        self._keys = {(key.venue, key.key): key for key in keys}

    def find(self, venue: str, key: str) -> ApiKey | None:
        """The key, if the venue knows it."""
        return self._keys.get((venue, key))

    def add(self, key: ApiKey) -> None:
        """Let the venue know a key, or change what it knows."""
        self._keys[key.venue, key.key] = key

    def of(self, venue: str) -> tuple[ApiKey, ...]:
        """All keys of a venue."""
        return tuple(key for (name, _), key in self._keys.items() if name == venue)


def throwaway(variable: str) -> str:
    """The value that the core makes up for a credential variable, such as `CEX__BYBIT_API_KEY`."""
    return f"sandbox-{hashlib.sha256(f'basis sandbox {variable}'.encode()).hexdigest()[:32]}"


def throwaway_keys() -> tuple[ApiKey, ...]:
    """Keys for the profile `sandbox`. They may not withdraw. OKX knows its one for demo trading, Bybit for its test network."""

    def made(venue: str, name: str, environment: str, rights: frozenset[str], passphrase: str = "") -> ApiKey:
        key, secret = throwaway(f"CEX__{name}_API_KEY"), throwaway(f"CEX__{name}_SECRET")
        return ApiKey(venue=venue, key=key, secret=secret, passphrase=passphrase, environment=environment, rights=rights)

    return (
        made("binance", "BINANCE_SPOT", ANYWHERE, TRADING - {FUTURES}),
        made("binance", "BINANCE_FUTURES", ANYWHERE, frozenset({READ, FUTURES})),
        made("bybit", "BYBIT", "testnet", TRADING),
        made("okx", "OKX", "testnet", TRADING, throwaway("CEX__OKX_PASSPHRASE")),
    )

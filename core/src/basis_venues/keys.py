"""Position keys: `account:kind:instrument`, plain strings such as `wallet:balance:wstETH` or `dsa:borrowed:aave/WETH`."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

Key = str

BALANCE = "balance"
"""Tokens or coins that the account's keeper shows: `binance:balance:USDT`. stETH is counted in shares, `wallet:balance:stETH`."""
COLLATERAL = "collateral"
"""Margin of a derivatives account without unrealised profit: `binance:collateral:USDT`."""
PERP = "perp"
"""Signed size of a perpetual position in base units: `okx:perp:BTC/USDT:USDT`."""
ENTRY = "entry"
"""Signed cost of the open perpetual position in quote units: size times average entry price."""
SUPPLIED = "supplied"
"""Scaled (index-free) supply of a protocol: `wallet:supplied:aave/USDT`."""
BORROWED = "borrowed"
"""Scaled (index-free) debt: `dsa:borrowed:aave/WETH`."""
CLAIM = "claim"
"""A right to a later payment: `wallet:claim:lido/4711`."""
ALLOWANCE = "allowance"
"""What a spender may pull: `wallet:allowance:aave/USDT`."""
TRANSIT = "transit"
"""Value on its way into this account, by reference: `binance:transit:USDT/REF`. Kept by the core; no venue can be asked for it."""
SETTING = "setting"
"""A switch that changes what actions do, named after its venue: `dsa:setting:aave/emode`, `okx:setting:okx/leverage/BTC/USDT:USDT`."""

KINDS = frozenset({BALANCE, COLLATERAL, PERP, ENTRY, SUPPLIED, BORROWED, CLAIM, ALLOWANCE, TRANSIT, SETTING})
OF_A_PROTOCOL = frozenset({SUPPLIED, BORROWED, CLAIM, ALLOWANCE, SETTING})
"""Kinds whose instrument names the venue that answers for them, before the first slash."""
OBLIGATIONS = frozenset({CLAIM, TRANSIT})
"""Kinds that say: begun and not yet arrived."""


class KeyParts(NamedTuple):
    """A position key taken apart."""

    account: str
    kind: str
    instrument: str


@lru_cache(maxsize=4096)
def split_key(key: Key) -> KeyParts:
    """The parts of a key. Raises `ValueError` when it is not `account:kind:instrument` of a known kind."""
    parts = key.split(":", 2)
    if len(parts) != 3 or not all(parts) or parts[1] not in KINDS:
        raise ValueError(f"{key!r} is not a position key: account:kind:instrument, with a kind of {', '.join(sorted(KINDS))}")
    return KeyParts(*parts)


def protocol_of(parts: KeyParts) -> str | None:
    """The venue that answers for the key, where its instrument names one; else the account's keeper answers."""
    if parts.kind in OF_A_PROTOCOL:
        return parts.instrument.partition("/")[0]
    return None

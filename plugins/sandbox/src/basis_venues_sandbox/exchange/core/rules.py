"""How one venue differs from the others in what it does, apart from its wire."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

from attrs import frozen

Dedupe = Literal["open", "forever"]


@frozen(kw_only=True)
class Coin:
    """How an asset leaves and arrives. `fee` is taken on top of what is withdrawn; delays are on the plan clock, ms."""

    network: str
    fee: Decimal
    minimum: Decimal
    delay: int


@frozen(kw_only=True)
class Rules:
    """One venue's ways. Wallets are names of the ledger's holders."""

    venue: str
    spot_wallet: str
    swap_wallet: str
    wallets: tuple[str, ...]
    deposit_wallet: str
    withdrawal_wallet: str
    client_id: re.Pattern[str]
    dedupe: Dedupe
    """Whether a client id is taken while an order with it is open, or for ever."""
    refuses_post_only: bool
    """Post-only orders that would take are refused; otherwise they are taken and lapse."""
    refuses_swap_fok: bool
    transfer_keys: bool
    """Whether transfers carry a key that may be used once."""
    leverage: int
    coins: dict[str, Coin]

    @property
    def unified(self) -> bool:
        """Whether spot and perpetuals share a wallet."""
        return self.spot_wallet == self.swap_wallet

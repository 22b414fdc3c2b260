"""What every venue's static YAML may say; plugins add their own keys by subclassing `VenueSettings`."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from attrs import field, frozen


@frozen(kw_only=True, eq=False, repr=False)
class Timing:
    """How patiently a venue's outcome is settled and its account read; all in milliseconds, except the number of reads.

    A look-up is repeated every `poll_ms`. Absence is believed when `absent_reads` look-ups say so after the fence plus
    `fence_margin_ms`, and the account's own history and balances do not show the write either. An outcome still unknown
    after `patience_ms` goes to a person. Reconciliation reads again every `poll_ms` until `verify_within_ms` are over.
    """

    poll_ms: int = 500
    absent_reads: int = 3
    fence_margin_ms: int = 1000
    patience_ms: int = 120_000
    verify_within_ms: int = 10_000


@frozen(kw_only=True, eq=False, repr=False)
class Destination:
    """An address that transfers out of this venue's account may go to. Anything else is refused before it is sent. `tag`: the memo or
    destination tag that goes with it; `label`: the account of ours that it belongs to."""

    address: str
    network: str | None = None
    asset: str | None = None
    label: str = ""
    tag: str | None = None


@frozen(kw_only=True, eq=False, repr=False)
class VenueSettings:
    """Static attributes of a venue, from `configs/venues/NAME.yaml` over the defaults in the plugin's wheel."""

    venue_type: Literal["cex", "defi", "infrastructure"]
    timing: Timing = field(factory=Timing)
    destinations: tuple[Destination, ...] = ()
    tolerated_externals: tuple[str, ...] = ("funding", "interest", "deposit", "fee", "transfer")
    """Kinds of effects, caused by others, that do not freeze the account; every other kind does."""
    maximum_action_usd: Decimal | None = None

    def network_of(self, asset: str) -> str | None:
        """The network that a transfer of the asset goes over when it names none; None where that is not configured."""
        return None

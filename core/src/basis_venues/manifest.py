"""What a venue says of itself before any of its code runs: `manifest.toml` in its wheel."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple

from attrs import Attribute, field, frozen

from .config.document import Document
from .config.misfit import Misfit
from .errors import ConfigurationError
from .network import Network

Kind = Literal["cex", "defi", "infrastructure"]
"""An exchange, a protocol, or a service that others act through, such as a wallet."""

LEVELS = ("full", "versioned", "not_implemented", "unsupported")
"""Capability levels: it works; only where the venue's version has it; the plugin cannot yet; the venue cannot."""


class Capability(NamedTuple):
    """How well a venue does one kind of action. `reason` is empty for `full` only."""

    level: str
    reason: str = ""

    @property
    def usable(self) -> bool:
        """Whether such an action may be sent at all."""
        return self.level in ("full", "versioned")

    @classmethod
    def structured(cls, value: Any) -> Capability:
        """From the text of a manifest, `full` or `LEVEL: REASON`. Raises `Misfit`."""
        level, _, reason = value.partition(":") if isinstance(value, str) else ("", "", "")
        if level not in LEVELS:
            raise Misfit(f"expected one of {', '.join(LEVELS)}, with ': REASON' after every one but full")
        if (level == "full") == bool(reason.strip()):
            raise Misfit("full takes no reason, and every other level needs one: 'unsupported: why'")
        return cls(level, reason.strip())


class AccountRule(NamedTuple):
    """The account that the venue acts on: its alias, whether this venue shows its balances, and another account whose lane it uses.
    `outer_wallet`: the inner wallet that deposits arrive in and withdrawals leave, such as `funding`; empty: the balance itself."""

    alias: str
    keeps: bool = False
    lane: str | None = None
    outer_wallet: str = ""


class CredentialField(NamedTuple):
    """One credential. `name` is what the client finds it under, `variable` what follows `BASIS_{ENV}__`.

    It is required when one of the action types in `needed_for` is routed to the venue, on one of the `networks`; with an empty
    `needed_for` it may be left out.
    """

    name: str
    variable: str
    secret: bool = True
    needed_for: tuple[str, ...] = ()
    networks: tuple[Literal["testnet", "mainnet"], ...] = ("testnet", "mainnet")


class NetworkRule(NamedTuple):
    """What one network lets the venue reach. Hosts are exact names or `*.example.com`. `note` tells people what to know of it."""

    hosts: tuple[str, ...] = ()
    chain_ids: tuple[int, ...] = ()
    note: str = ""


class ClientIdRule(NamedTuple):
    """What the venue takes as a client's id of an order, and how long an id stays unique there."""

    alphabet: str = "A-Za-z0-9"
    length: int = 32
    unique: Literal["open", "always", "nonce"] = "open"


class FenceRule(NamedTuple):
    """How the venue makes sure that a write cannot arrive late, and after how many milliseconds; where it does so for some of its writes
    only, how many more it takes for the others."""

    kind: Literal["none", "recv_window", "header", "nonce"] = "none"
    milliseconds: int = 0
    grace_milliseconds: int = 0


class RateRule(NamedTuple):
    """How many requests the venue lets one account make."""

    requests_per_minute: int = 600


def _venue_name(_instance: Any, _attribute: Attribute[str], value: str) -> None:
    if not re.fullmatch(r"[a-z0-9_]+", value):
        raise ConfigurationError("a venue's name is made of a-z, 0-9 and _")


@frozen(kw_only=True, eq=False, repr=False)
class Manifest:
    """A venue's manifest. `actions` maps action type -> action class -> capability; `contract` is MAJOR.MINOR. `endpoints` are the names
    that a profile may give URLs for; without any, names are not checked."""

    venue: str = field(validator=_venue_name)
    kind: Kind
    contract: str
    summary: str = ""
    endpoints: tuple[str, ...] = ()
    account: AccountRule
    actions: Mapping[str, Mapping[str, Capability]] = field(factory=dict)
    credentials: tuple[CredentialField, ...] = ()
    networks: Mapping[Literal["testnet", "mainnet"], NetworkRule] = field(factory=dict)
    client_id: ClientIdRule = field(factory=ClientIdRule)
    fence: FenceRule = field(factory=FenceRule)
    rate: RateRule = field(factory=RateRule)

    @property
    def contract_version(self) -> tuple[int, int]:
        """The contract's version as numbers."""
        major, _, minor = self.contract.partition(".")
        return int(major), int(minor)

    def rule(self, network: Network) -> NetworkRule | None:
        """What the venue may reach on a network; None where it does not exist there."""
        return self.networks.get(network.value)  # type: ignore[call-overload, no-any-return]

    def capability(self, action_type: str, action_class: str) -> Capability:
        """How well the venue does the action; `unsupported` where the manifest does not mention it."""
        found = self.actions.get(action_type, {}).get(action_class)
        return found or Capability("unsupported", f"{self.venue} does not list {action_class} under {action_type}")


def read_manifest(file: Path) -> Manifest:
    """Read and check a `manifest.toml`. Raises `ConfigurationError` with every problem found."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: cannot be read: {type(error).__name__}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file}: is not TOML: {error}") from None
    manifest: Manifest = Document(str(file), data).fit(Manifest)
    if not re.fullmatch(r"[0-9]{1,4}\.[0-9]{1,4}", manifest.contract):
        raise ConfigurationError(f"{file}: contract: expected MAJOR.MINOR, such as '1.0'")
    return manifest

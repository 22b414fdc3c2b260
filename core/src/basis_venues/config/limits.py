"""`limits.yaml`: how much a live run may spend, for each mode, account, venue and asset."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, NamedTuple

from attrs import fields, frozen

from ..errors import ConfigurationError, PluginRefused
from .misfit import nearest
from .yaml_file import read_yaml

if TYPE_CHECKING:
    from .settings import Settings

FILE = "limits.yaml"

CAPS = ("per_action_usd", "per_day_usd", "open_usd", "gas_per_day_eth")


@frozen(kw_only=True, eq=False, repr=False)
class LimitRule:
    """One limit. `mode`, `account`, `venue` and `asset` say what it is about; what is left out is any.

    `per_action_usd`: of one action, as far as its orders are what the limit is about. `per_day_usd`: of everything asked for in the last 24
    hours. `open_usd`: of perpetual positions and debts at today's prices, with what is on its way. `gas_per_day_eth`: gas of the last 24
    hours, in the chain's own coin.
    """

    mode: str | None = None
    account: str | None = None
    venue: str | None = None
    asset: str | None = None
    per_action_usd: Decimal | None = None
    per_day_usd: Decimal | None = None
    open_usd: Decimal | None = None
    gas_per_day_eth: Decimal | None = None

    def __attrs_post_init__(self) -> None:
        problems = tuple(self._problems())
        if problems:
            raise ConfigurationError(problems)

    def _problems(self) -> Iterator[str]:
        said = [name for name in CAPS if getattr(self, name) is not None]
        if not said:
            yield f"limits nothing; give one of {', '.join(CAPS)}"
        yield from (f"{name} is below zero; 0 forbids" for name in said if getattr(self, name) < 0)
        if self.gas_per_day_eth is not None and self.asset is not None:
            yield "gas belongs to a transaction, not to an asset; put gas_per_day_eth into a limit without asset"

    def __str__(self) -> str:
        """What it is about, for people."""
        said = [f"{each.name} {getattr(self, each.name)}" for each in fields(LimitRule)[:4] if getattr(self, each.name) is not None]
        return " ".join(said) or "everything"


class _File(NamedTuple):
    limits: tuple[LimitRule, ...] = ()


def strange_names(rules: Iterable[LimitRule], settings: Settings) -> Iterator[str]:
    """Names in limits that nothing has: such a limit would limit nothing."""
    said: Mapping[str, Callable[[], Collection[str]]] = {
        "mode": lambda: _modes(settings),
        "venue": lambda: (*settings.networks, *settings.plugins.registry.names()),
        "account": lambda: _accounts(settings),
    }
    for number, rule in enumerate(rules):
        for word, known in said.items():
            name = getattr(rule, word)
            if name is not None and name not in known():
                yield f"{settings.configs / FILE}: limits[{number}].{word}: there is no {word} {name!r}{nearest(name, known())}"
        if rule.asset is not None and rule.asset == rule.asset.lower():
            yield f"{settings.configs / FILE}: limits[{number}].asset: assets are written as venues do, such as {rule.asset.upper()}"


def _modes(settings: Settings) -> set[str]:
    files = (settings.configs / "modes").glob("*.yaml")
    return {settings.mode.name, *(name for file in files for name in (file.stem, read_yaml(file).data.get("mode")) if name)}


def _accounts(settings: Settings) -> set[str]:
    """Of every venue that is installed: a limit may be about another run's account."""
    registry, found = settings.plugins.registry, list(settings.manifests.values())
    for name in registry.names():
        with suppress(PluginRefused):
            found.append(registry.venue(name).manifest)
    return {alias for each in found for alias in (each.account.alias, each.account.lane) if alias}


def read_limits(configs: FilePath) -> tuple[LimitRule, ...]:
    """The limits of a configuration; none without a file. Raises `ConfigurationError` with every problem found."""
    file = configs / FILE
    return read_yaml(file).fit(_File).limits if file.is_file() else ()

"""The accounts of a run, from the manifests of its venues."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .errors import ConfigurationError
from .manifest import Manifest
from .network import Account, Network


def accounts_of(manifests: Iterable[Manifest], networks: Mapping[str, Network]) -> dict[str, Account]:
    """Every account by alias, lanes included.

    The keeper of an account is the venue whose manifest says so; in a simulation, where the core shows balances, it may be any venue
    that acts on it. Identities are `simulation:ALIAS`, or `NETWORK:ALIAS` until the venue told its own. Raises `ConfigurationError`.
    """
    manifests = tuple(manifests)
    problems: list[str] = []
    accounts: dict[str, Account] = {}
    for manifest in manifests:
        rule = manifest.account
        for alias in dict.fromkeys((rule.alias, rule.lane or rule.alias)):
            if alias in accounts:
                continue
            keeper = _keeper(alias, manifests, problems)
            network = networks[keeper or manifest.venue]
            if keeper is None and networks[manifest.venue] is not Network.SIMULATION:
                problems.append(f"{manifest.venue} acts on the account {alias}, and no venue of the mode keeps it; subscribe one that does")
            accounts[alias] = Account(alias, f"{network.value}:{alias}", keeper or manifest.venue, _lane(alias, manifests))
    if problems:
        raise ConfigurationError(problems)
    return accounts


def _keeper(alias: str, manifests: Iterable[Manifest], problems: list[str]) -> str | None:
    keepers = [each.venue for each in manifests if each.account.alias == alias and each.account.keeps]
    if len(keepers) > 1:
        problems.append(f"{' and '.join(keepers)} both keep the account {alias}; subscribe one of them")
    return keepers[0] if keepers else None


def _lane(alias: str, manifests: Iterable[Manifest]) -> str:
    return next((each.account.lane for each in manifests if each.account.alias == alias and each.account.lane), alias)

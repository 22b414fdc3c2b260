"""The accounts of a run, from the manifests of its venues."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .errors import ConfigurationError, NotRoutable
from .manifest import Manifest
from .network import Account, Network


def accounts_of(manifests: Iterable[Manifest], networks: Mapping[str, Network]) -> dict[str, Account]:
    """Every account by alias, lanes included.

    The keeper of an account is the venue whose manifest says that it keeps it; of a smart account that no venue keeps, the keeper of
    its lane. In a simulation, where the core shows balances, any venue that acts on it will do. Identities are `NETWORK:ALIAS` until
    the venue told its own. Raises `ConfigurationError`.
    """
    manifests = tuple(manifests)
    outer = {each.account.alias: each.account.outer_wallet for each in manifests if each.account.keeps}
    lanes = {each.account.alias: each.account.lane for each in manifests if each.account.lane}
    problems: list[str] = []
    accounts: dict[str, Account] = {}
    for manifest in manifests:
        for alias in (manifest.account.alias, lanes.get(manifest.account.alias, manifest.account.alias)):
            if alias not in accounts:
                lane = lanes.get(alias, alias)
                keeper = _keeper(alias, manifests, problems) or _keeper(lane, manifests, problems)
                if keeper is None and networks[manifest.venue] is not Network.SIMULATION:
                    problems.append(f"no venue of the mode keeps the account {alias}, on which {manifest.venue} acts; subscribe one")
                keeper = keeper or manifest.venue
                accounts[alias] = Account(alias, f"{networks[keeper].value}:{alias}", keeper, lane, outer.get(alias, ""))
    if problems:
        raise ConfigurationError(list(dict.fromkeys(problems)))
    return accounts


def account_named(alias: str, accounts: Mapping[str, Account]) -> Account:
    """The account of that alias. Raises `NotRoutable`, naming those that there are."""
    found = accounts.get(alias)
    if found is None:
        raise NotRoutable(f"there is no account {alias!r}; this mode has {', '.join(sorted(accounts))}")
    return found


def _keeper(alias: str, manifests: Iterable[Manifest], problems: list[str]) -> str | None:
    keepers = [each.venue for each in manifests if each.account.alias == alias and each.account.keeps]
    if len(keepers) > 1:
        problems.append(f"{' and '.join(keepers)} both keep the account {alias}; subscribe one of them")
    return keepers[0] if keepers else None

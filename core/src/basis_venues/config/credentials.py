"""A venue's credentials: which are needed, and their values. Read for live runs only."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ..errors import CredentialError
from ..manifest import CredentialField, Manifest
from ..network import Network
from ..secret import Secret
from .document import Problems
from .selection import Selection
from .variables import Variables


def credentials(manifest: Manifest, network: Network, selection: Selection, variables: Variables) -> dict[str, Secret | str]:
    """The credentials that are set, by field name: secrets opaque, the rest as text. Raises `CredentialError` for every reference that
    leads nowhere."""
    found: dict[str, Secret | str] = {}
    problems = Problems()
    for each in _on(manifest, network):
        with problems.collect():
            value = variables.secret(selection.prefix + each.variable)
            if value is not None:
                found[each.name] = value if each.secret else value.reveal()
    if problems:
        raise CredentialError([f"{manifest.venue}: {problem}" for problem in problems])
    return found


def credential_problems(
    manifest: Manifest,
    network: Network,
    selection: Selection,
    variables: Variables,
    action_types: Collection[str],
    claimed: Collection[str] = (),
) -> Iterator[str]:
    """A sentence for each credential that `action_types` need and that is not set, or that is the production one in another
    environment. `claimed`: the variables of all fields of the run, which are no misspelling of another one."""
    for each in _on(manifest, network):
        name = selection.prefix + each.variable
        value = variables.get(name)
        if value is None:
            if set(each.needed_for) & set(action_types):
                yield f"{manifest.venue}: {variables.missing(name, claimed)}"
        elif each.secret and network is not Network.MAINNET and _same(name, f"BASIS_PROD__{each.variable}", variables):
            yield f"{manifest.venue}: {name} has the value of BASIS_PROD__{each.variable}; production credentials stay in production"


def _same(name: str, production: str, variables: Variables) -> bool:
    """Whether the two hold one secret. A reference of production is compared as it is written, and never followed from elsewhere."""
    kept = variables.get(production)
    return kept is not None and kept in (variables.get(name), variables.secret(name))


def throwaway(manifest: Manifest, network: Network) -> dict[str, Secret | str]:
    """Made-up secrets for the local sandbox, the same on every run and worth nothing. Addresses and URLs are left out."""
    return {each.name: Secret(made_up(each)) for each in _on(manifest, network, anywhere=True) if each.secret and not is_url(each)}


def is_url(credential: CredentialField) -> bool:
    """Whether the field holds the URL of an endpoint."""
    return "url" in credential.name.split("_")


def made_up(credential: CredentialField) -> str:
    """The sandbox's value for a credential, the same on every run: a key for signing, or a text."""
    from hashlib import sha256  # only the sandbox needs it

    digest = sha256(f"basis sandbox {credential.variable}".encode()).hexdigest()
    return f"0x{digest}" if credential.name == "private_key" else f"sandbox-{digest[:32]}"


def _on(manifest: Manifest, network: Network, anywhere: bool = False) -> Iterator[CredentialField]:
    return (each for each in manifest.credentials if anywhere or network.value in each.networks)

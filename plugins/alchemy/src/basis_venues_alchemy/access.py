"""The wallet's chain access: its endpoint, its key."""

from __future__ import annotations

from basis_venues.contract import ClientContext
from basis_venues.errors import CredentialError
from basis_venues.secret import Secret
from basis_venues_evm.live import EvmChain, Signer

from .settings import AlchemySettings


def chain_access(context: ClientContext) -> EvmChain:
    """RPC and signing for the wallet of the context. Without a private key it reads only.

    The endpoints are those of the profile, `rpc` first and `rpc_2`, `rpc_3` behind it, or the URL among the credentials. Raises
    `CredentialError` without one, or with a malformed key.
    """
    settings: AlchemySettings = context.settings
    key, expected = context.credentials.get("private_key"), context.credentials.get("wallet_address")
    signer = Signer(key, "ALCHEMY__PRIVATE_KEY", expected if isinstance(expected, str) else None) if isinstance(key, Secret) else None
    return EvmChain(context, _urls(context), signer, settings.transactions)


def _urls(context: ClientContext) -> tuple[Secret, ...]:
    given = [context.endpoints[name] for name in sorted(context.endpoints) if name.partition("_")[0] == "rpc"]
    found = tuple(Secret(url) for url in given)
    url = context.credentials.get("rpc_url")
    if not found and url is not None:
        found = (url if isinstance(url, Secret) else Secret(url),)
    if not found:
        raise CredentialError(f"{context.venue} has no RPC endpoint: set BASIS_{{ENV}}__ALCHEMY__RPC_URL, or endpoints in a profile")
    return found

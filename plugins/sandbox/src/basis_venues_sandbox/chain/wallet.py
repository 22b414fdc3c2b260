"""The wallet of the profile `sandbox`: made from its throwaway key, which is worth nothing anywhere else."""

from __future__ import annotations

from coincurve import PrivateKey
from eth_hash.auto import keccak

from basis_venues.config.credentials import made_up
from basis_venues.manifest import CredentialField

from .abi import checksum

_CREDENTIAL = CredentialField(name="private_key", variable="ALCHEMY__PRIVATE_KEY", secret=True)


def wallet_key() -> bytes:
    """The private key, as the wallet's venue is given it under `throwaway_keys`."""
    return bytes.fromhex(made_up(_CREDENTIAL).removeprefix("0x"))


def wallet_address() -> str:
    """The address that the chain funds."""
    return address_of(wallet_key())


def address_of(key: bytes) -> str:
    """The address of a private key."""
    public = PrivateKey(key).public_key.format(compressed=False)[1:]
    return checksum(keccak(public)[-20:].hex())

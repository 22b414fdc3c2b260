"""Which smart account is ours."""

from __future__ import annotations

from basis_venues.errors import ConfigurationError
from basis_venues_evm.live import Call, EvmChain
from basis_venues_evm.live.abi import address, address_in, number

from .contracts import Contracts
from .methods import ACCOUNT_AT, ACCOUNT_ID, ACCOUNTS_OF, IS_OWNER, NEXT_ACCOUNT, OWNERS_OF

_MOST = 64
"""Accounts of one owner that are looked at."""


async def find_account(chain: EvmChain, contracts: Contracts, owner: str, configured: str | None) -> str | None:
    """The configured account, or the owner's first one that nobody else may act through; None while there is none.

    Anyone can make the owner an authority of an account of his own: such an account is passed over. Raises `ConfigurationError` for a
    configured account that is none, or that the owner may not act through, and `RpcUnavailable`.
    """
    if configured:
        return await _checked(chain, contracts, owner, configured)
    number_of = number(await chain.view(Call(contracts.list, ACCOUNTS_OF(owner))))
    for _ in range(_MOST):
        if not number_of:
            return None
        if await _is_alone(chain, contracts, number_of):
            return address_in(await chain.view(Call(contracts.list, ACCOUNT_AT(number_of))))
        number_of = number(await chain.view(Call(contracts.list, NEXT_ACCOUNT(owner, number_of))), 1)
    return None


async def _is_alone(chain: EvmChain, contracts: Contracts, account: int) -> bool:
    return number(await chain.view(Call(contracts.list, OWNERS_OF(account))), 2) == 1


async def _checked(chain: EvmChain, contracts: Contracts, owner: str, configured: str) -> str:
    found = address(configured, "INSTADAPP__ACCOUNT_ADDRESS")
    known, may_act = Call(contracts.list, ACCOUNT_ID(found)), Call(found, IS_OWNER(owner))
    told = (await chain.views((known, may_act))).answers
    if not number(told[known] or "0x" + "0" * 64):
        raise ConfigurationError(f"INSTADAPP__ACCOUNT_ADDRESS {found} is no smart account of Instadapp on chain {chain.chain_id}")
    if not number(told[may_act] or "0x" + "0" * 64):
        raise ConfigurationError(f"the wallet {owner} may not act through the smart account {found}: it is not among its authorities")
    return found

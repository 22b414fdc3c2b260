"""Which smart account is ours."""

from __future__ import annotations

import logging

from basis_venues.errors import ConfigurationError
from basis_venues_evm.live import Call, EvmChain, RpcUnavailable
from basis_venues_evm.live.abi import address, address_in, number, topic, word

from .contracts import Contracts
from .methods import ACCOUNT_AT, ACCOUNT_ID, ACCOUNT_VERSION, ACCOUNTS_OF, CREATED, IS_OWNER, NEXT_ACCOUNT, OWNERS_OF, VERSION

_MOST = 64
"""Accounts of one owner that are looked at."""
_NOTHING = "0x" + "0" * 64
_LOG = logging.getLogger("basis_venues")


async def find_account(chain: EvmChain, contracts: Contracts, owner: str, configured: str | None) -> str | None:
    """The configured account, or the first one that the owner itself made and that nobody else may act through; None while there is none.

    Anyone can make an account, act through it (lend its borrowing power to himself, say), name the owner its only authority and wait for
    collateral. So one that the owner's own transaction did not make is passed over, whoever may act through it now; also one of another
    version than casts are written for. Raises `ConfigurationError` for a configured account that is none, is of another version, or that
    the owner may not act through, and where its own may come after more of others' than are looked at; `RpcUnavailable` also where the
    node does not tell who made an account.
    """
    if configured:
        return await _checked(chain, contracts, owner, configured)
    number_of = number(await chain.view(Call(contracts.list, ACCOUNTS_OF(owner))))
    for _ in range(_MOST):
        if not number_of:
            return None
        found = address_in(await chain.view(Call(contracts.list, ACCOUNT_AT(number_of))))
        if await _is_alone(chain, contracts, number_of, found) and await _is_its_maker(chain, contracts, owner, found):
            return found
        number_of = number(await chain.view(Call(contracts.list, NEXT_ACCOUNT(owner, number_of))), 1)
    raise ConfigurationError(
        f"none of the first {_MOST} smart accounts that the wallet {owner} may act through is its own: name the one that it made in "
        "INSTADAPP__ACCOUNT_ADDRESS"
    )


async def _is_alone(chain: EvmChain, contracts: Contracts, account: int, found: str) -> bool:
    """Whether it has one authority only, and is of the version that casts are written for."""
    owners, version = Call(contracts.list, OWNERS_OF(account)), Call(found, VERSION())
    told = (await chain.views((owners, version))).answers
    return number(told[owners] or _NOTHING, 2) == 1 and number(told[version] or _NOTHING) == ACCOUNT_VERSION


async def _is_its_maker(chain: EvmChain, contracts: Contracts, owner: str, found: str) -> bool:
    """Whether the owner sent for it and for itself, as the index's log of its making says (data: the sender; topics: owner, account)."""
    try:
        block = hex(await _made_at(chain, contracts, found))
        topics = [topic(CREATED), None, "0x" + word(found)]
        logs = await chain.rpc.ask("eth_getLogs", {"address": contracts.index, "topics": topics, "fromBlock": block, "toBlock": block})
        if not logs:
            raise RpcUnavailable(f"the node has no log of it in block {int(block, 16)}")
    except RpcUnavailable as error:
        raise RpcUnavailable(
            f"who made the smart account {found} cannot be told ({error}): ask a node that keeps old blocks, or look at the account and, "
            "if the wallet made it, name it in INSTADAPP__ACCOUNT_ADDRESS; nothing was sent"
        ) from None
    makers = {address_in(logs[0]["data"]), address_in(logs[0]["topics"][1])}
    if makers != {owner}:
        _LOG.warning("the smart account %s is passed over: another made it; INSTADAPP__ACCOUNT_ADDRESS names it where it is yours", found)
    return makers == {owner}


async def _made_at(chain: EvmChain, contracts: Contracts, found: str) -> int:
    """The block that made it: from the latest back in steps that double, for it is often a recent one, and then by halves."""
    without, there, step = 0, (await chain.views((Call(contracts.list, ACCOUNT_ID(found)),))).block, 1
    while there - without > 1:
        between = max((without + there) // 2, there - step)
        if len(await chain.rpc.ask("eth_getCode", found, hex(between))) > len("0x"):
            there, step = between, 2 * step
        else:
            without = between
    return there


async def _checked(chain: EvmChain, contracts: Contracts, owner: str, configured: str) -> str:
    found = address(configured, "INSTADAPP__ACCOUNT_ADDRESS")
    known, version, may_act = Call(contracts.list, ACCOUNT_ID(found)), Call(found, VERSION()), Call(found, IS_OWNER(owner))
    told = {call: number(answer or _NOTHING) for call, answer in (await chain.views((known, version, may_act))).answers.items()}
    if not told[known]:
        raise ConfigurationError(f"INSTADAPP__ACCOUNT_ADDRESS {found} is no smart account of Instadapp on chain {chain.chain_id}")
    if told[version] != ACCOUNT_VERSION:
        raise ConfigurationError(f"the smart account {found} is of another version than {ACCOUNT_VERSION}, which casts are written for")
    if not told[may_act]:
        raise ConfigurationError(f"the wallet {owner} may not act through the smart account {found}: it is not among its authorities")
    return found

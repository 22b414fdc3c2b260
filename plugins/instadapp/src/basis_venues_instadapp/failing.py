"""Which part of a cast fails, and why.

A revert says why and not where. The cast is tried again in the node, ending with each of its spells in turn: the first that does not come
to its end is the one. A loan that is not paid back yet is refused at the very end, so by then all spells went well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from basis_venues.actions import FlashBorrow, FlashPayback
from basis_venues.orders import Step
from basis_venues_evm.live import EvmChain, Request
from basis_venues_evm.live.refusals import reverted

from .casts import Cast
from .refusals import LENDER_SHORT, NO_SPELLS, PAID_LESS


async def failing_part(chain: EvmChain, step: Step, cast: Cast, call: Mapping[str, Any], block: str = "latest") -> str | None:
    """`part 7 (Borrow): CollateralCannotCoverNewBorrow`; None where the whole cast would not be reverted at that block, and where the node
    could not try it or what comes before the part that fails (it threw the block away, say): that is the node's trouble, and no part's.

    `call`: sender, account and value, as for `eth_call`. Raises `RpcUnavailable`.
    """
    prefixes = list(cast.prefixes())
    tries = [cast.data(), *(data for _, data in prefixes)]
    whole, *some = await chain.rpc.batch([Request("eth_call", ({**call, "data": data}, block)) for data in tries])
    if whole.fault is None or not reverted(whole.fault):
        return None
    for (part, _), answer in zip(prefixes, some, strict=True):
        if answer.fault is not None:
            if not reverted(answer.fault):
                return None
            reason = chain.reverts.reason(answer.fault.data, answer.fault.message)
            if not _comes_to_its_end(reason, cast, part):
                return _named(step, part, reason)
    reason = chain.reverts.reason(whole.fault.data, whole.fault.message)
    end = next((number for number, part in enumerate(step.actions) if isinstance(part, FlashPayback)), len(step.actions) - 1)
    return _named(step, end, reason)


def _comes_to_its_end(reason: str, cast: Cast, part: int) -> bool:
    if cast.loan is None or part < cast.loan.part:
        return False
    return PAID_LESS in reason or (part == cast.loan.part and NO_SPELLS in reason)


def _named(step: Step, part: int, reason: str) -> str:
    failed = step.actions[part]
    if isinstance(failed, FlashBorrow) and reason.startswith(LENDER_SHORT):
        reason = f"the lender has less than the loan ({reason})"
    return f"part {part} ({type(failed).__name__}): {reason}"

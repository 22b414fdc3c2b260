"""What Lido's oracle and its operators do, done on demand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .addresses import LidoAddresses
from .deploy import Sender

_PRECISION = 10**27
_FEE_BPS = 1000
_WEALTH = 10**27
_REPORT = "report(uint256,uint256,uint256,uint256,uint256)"


class LidoControl:
    """Reports, finalization and switches. Amounts are wei."""

    def __init__(self, keeper: Sender, addresses: LidoAddresses) -> None:
        self._keeper = keeper
        self._at = addresses

    def rate(self) -> int:
        """Ether for 1e27 shares."""
        return self._read("getTotalPooledEther()(uint256)") * _PRECISION // self._read("getTotalShares()(uint256)")

    def worth(self) -> Decimal:
        """Ether for a share, rounded down to 27 digits."""
        return Decimal(self.rate()) / _PRECISION

    def report(self, reward: int = 0, penalty: int = 0) -> None:
        """A report of the oracle: the pool gains `reward`, of which a tenth goes to the operators, or loses `penalty`."""
        self._report(reward, penalty)

    def rebase_to(self, rate: Decimal) -> None:
        """A report after which a share is worth `rate` ether, to a few wei."""
        pooled, shares = self._read("getTotalPooledEther()(uint256)"), self._read("getTotalShares()(uint256)")
        gain = int(rate * shares) - pooled
        if gain < 0:
            self._report(0, -gain)
        elif gain > 0:
            self._report(gain * 10_000 // (10_000 - _FEE_BPS), 0)

    def finalize(self, last_id: int | None = None, discount: Decimal = Decimal(1)) -> None:
        """A report that makes the requests up to `last_id` (None: all) claimable, at the present rate times `discount`."""
        first = self._queue("getLastFinalizedRequestId()(uint256)") + 1
        last = self._queue("getLastRequestId()(uint256)") if last_id is None else last_id
        if last < first:
            return
        rate = int(self.rate() * discount)
        locked, burnt = self._queue("prefinalize(uint256[],uint256)(uint256,uint256)", list(range(first, last + 1)), rate)
        self._report(0, 0, last, rate, locked, burnt)

    def pause_staking(self, paused: bool = True) -> None:
        """Whether ether is refused."""
        self._keeper.send(self._at.steth, "pauseStaking()" if paused else "resumeStaking()")

    def stake_limit(self, maximum: int, per_block: int) -> None:
        """How much may be staked, and how fast the limit grows back. A maximum of 0: no limit."""
        if maximum:
            self._keeper.send(self._at.steth, "setStakingLimit(uint256,uint256)", maximum, per_block)
        else:
            self._keeper.send(self._at.steth, "removeStakingLimit()")

    def stop(self, stopped: bool = True) -> None:
        """Whether transfers of stETH are refused."""
        self._keeper.send(self._at.steth, "stop()" if stopped else "resume()")

    def pause_queue(self, paused: bool = True) -> None:
        """Whether new withdrawal requests are refused. Claiming stays possible."""
        if paused:
            self._keeper.send(self._at.queue, "pauseFor(uint256)", 2**256 - 1)
        else:
            self._keeper.send(self._at.queue, "resume()")

    def _report(self, reward: int, penalty: int, last: int = 0, rate: int = 0, locked: int = 0, burnt: int = 0) -> None:
        self._keeper.rpc.call("anvil_setBalance", self._keeper.address, hex(_WEALTH))
        self._keeper.send(self._at.steth, _REPORT, penalty, last, rate, locked, burnt, value=reward)

    def _read(self, view: str) -> int:
        return int(self._keeper.read(self._at.steth, view))

    def _queue(self, view: str, *args: Any) -> Any:
        return self._keeper.read(self._at.queue, view, *args)

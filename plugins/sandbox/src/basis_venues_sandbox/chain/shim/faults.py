"""The faults that the shim plays: a list of verbs, each for some methods and a number of times."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

from attrs import define, field, frozen

from basis_venues.config.misfit import nearest

SEND = "eth_sendRawTransaction"
RECEIPT = "eth_getTransactionReceipt"

When = Literal["before", "reads", "after"]


@frozen
class Verb:
    """What a fault does. `method`: the one it concerns where none is named ("" for all); `times`: how often it happens where no number
    is given (0: until it is cleared)."""

    when: When
    method: str
    times: int
    meaning: str


VERBS: Mapping[str, Verb] = {
    "drop": Verb("before", "", 1, "the connection ends before the request reached the node"),
    "delay": Verb("before", "", 1, "the request waits `value` seconds before it is passed on"),
    "status": Verb("before", "", 1, "HTTP `value` instead of an answer (429 and 503 with Retry-After: 1); nothing reaches the node"),
    "fee_jump": Verb("before", SEND, 1, "the next block's base fee becomes `value` wei just before the transaction arrives"),
    "mutate_between": Verb("before", SEND, 1, "the requests `value` ([[method, params], ...]) reach the node before the transaction"),
    "lag": Verb("reads", "", 0, "the node is `value` blocks behind"),
    "split_heads": Verb("reads", "", 0, "every second request is answered by a node that is `value` blocks behind"),
    "null_receipt": Verb("reads", RECEIPT, 0, "no receipt is found"),
    "chain_id": Verb("reads", "", 0, "the node says that it is chain `value`"),
    "min_bump": Verb("reads", SEND, 0, "a replacement that does not raise both fees by `value` percent is refused"),
    "refuse": Verb("reads", SEND, 1, "the node is not asked: an error that no client has, in the words `value`"),
    "wording": Verb("reads", SEND, 0, "refusals are worded as by `value`: geth, anvil, besu or nethermind"),
    "accept_then_timeout": Verb(
        "after", SEND, 1, "the node has it, and the answer never comes: the connection is held for `value` seconds"
    ),
    "accept_then_status": Verb("after", SEND, 1, "the node has it, and the answer is HTTP `value`"),
    "accept_then_reset": Verb("after", SEND, 1, "the node has it, and the connection ends"),
    "accept_then_error": Verb("after", SEND, 1, "the node has it, and the answer is an error that no client has, in the words `value`"),
    "garbage": Verb("after", "", 1, "the node has it, and the answer is no JSON"),
}
"""The verbs by name."""


@define
class Fault:
    """One fault that waits for its requests. `left`: how often it will still happen, 0 for always."""

    verb: str
    value: Any = None
    method: str = ""
    left: int = 0
    seen: int = field(default=0, init=False)

    @property
    def when(self) -> When:
        """Before the request is passed on, in what is read, or after it was passed on."""
        return VERBS[self.verb].when

    def concerns(self, methods: Collection[str]) -> bool:
        """Whether it happens to a request with these methods."""
        return not self.method or self.method in methods


def fault(verb: str, value: Any = None, method: str | None = None, times: int | None = None) -> Fault:
    """A fault from what a scenario says. Raises `ValueError` with a suggestion where there is no such verb."""
    known = VERBS.get(verb)
    if known is None:
        raise ValueError(f"no fault is called {verb!r}{nearest(verb, VERBS) or '; there are: ' + ', '.join(VERBS)}")
    return Fault(verb, value, known.method if method is None else method, known.times if times is None else times)


class FaultQueue:
    """The faults that are set, in the order in which they were."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Set one more."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Take all of them back."""
        self._faults.clear()

    def take(self, methods: Iterable[str]) -> list[Fault]:
        """Those that happen to a request with these methods; each counts as happened. Of one verb only the first."""
        asked = set(methods)
        found: dict[str, Fault] = {}
        for each in self._faults:
            if each.concerns(asked):
                found.setdefault(each.verb, each)
        for each in found.values():
            self._use(each)
        return list(found.values())

    def _use(self, fault: Fault) -> None:
        fault.seen += 1
        if fault.left and fault.seen >= fault.left:
            self._faults.remove(fault)

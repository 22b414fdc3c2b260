"""How clients word the refusal of a transaction. Only anvil's own words were seen; the others' are general knowledge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_CODES = {"geth": -32000, "besu": -32000, "nethermind": -32010}

_WORDS: Mapping[str, Mapping[str, str]] = {
    "already imported": {"geth": "already known", "besu": "Known transaction", "nethermind": "AlreadyKnown"},
    "nonce too low": {"geth": "nonce too low", "besu": "Nonce too low", "nethermind": "OldNonce"},
    "replacement transaction underpriced": {
        "geth": "replacement transaction underpriced",
        "besu": "Replacement transaction underpriced",
        "nethermind": "ReplacementNotAllowed",
    },
    "insufficient funds": {
        "geth": "insufficient funds for gas * price + value",
        "besu": "Upfront cost exceeds account balance",
        "nethermind": "InsufficientFunds",
    },
    "less than block base fee": {
        "geth": "max fee per gas less than block base fee",
        "besu": "Gas price below current base fee",
        "nethermind": "FeeTooLow",
    },
    "invalid chain id": {"geth": "invalid sender", "besu": "Wrong chainId", "nethermind": "InvalidTxChainId"},
}


def reworded(answer: dict[str, Any], client: str) -> dict[str, Any]:
    """The node's answer with its error in the words of `client`."""
    error = answer.get("error")
    if error is None or client not in _CODES:
        return answer
    for theirs, words in _WORDS.items():
        if theirs in error["message"]:
            return {**answer, "error": {"code": _CODES[client], "message": words[client]}}
    return answer

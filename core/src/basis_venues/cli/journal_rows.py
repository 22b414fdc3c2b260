"""Rows of a journal in a few words, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Data = Mapping[str, Any]
SENT = ("step", "attempt", "client id or hash", "request", "fence")


def gist(kind: str, data: Data) -> str:
    """What a row says, in a few words."""
    words = _GISTS.get(kind)
    return words(data) if words is not None else ""


def sent(step: str, data: Data) -> tuple[str, int, str, str, str]:
    """A SENDING row as a line of `SENT`: what somebody needs to find the write in the venue's own records. No key or signature is in it."""
    from ..market.provider import utc

    prepared = data["prepared"]
    payload, fence = prepared["payload"], prepared["fence"]
    until = "none: the same bytes may be sent again" if fence is None else utc(fence)
    return step, data["attempt"], payload.get("hash") or prepared["key"], _request(payload), until


def _request(payload: Data) -> str:
    """An exchange's method, path and parameters, or who sends a transaction to whom; empty where the plugin keeps neither."""
    if "request" in payload:
        _, method, path, params = payload["request"]
        return " ".join((method, path, *(f"{name}={value}" for name, value in params.items())))
    if "nonce" in payload:
        return f"nonce {payload['nonce']} from {payload['from']} to {payload['to']}, value {payload['value']} wei"
    return ""


def _observed(data: Data) -> str:
    """What others did, else what was read."""
    seen = [f"{effect['kind']} {key} {_signed(amount)}" for effect in data["externals"] for key, amount in effect["lines"]]
    return ", ".join(seen or _held(data) or data["accounts"])


def _held(data: Data) -> list[str]:
    return [f"{key} {amount}" for key, amount in data["book"].items()]


def _signed(amount: str) -> str:
    return amount if amount.startswith("-") else f"+{amount}"


def _outcome(data: Data) -> Iterator[str]:
    report = data["report"]
    return filter(None, (report["state"], data["verdict"], report["reason"]))


_GISTS: Mapping[str, Callable[[Data], str]] = {
    "INTENT": lambda d: f"{d['action']['action']} to {', '.join(order['venue'] for order in d['orders'])}",
    "SENDING": lambda d: f"{', '.join(a['action'] for a in d['plan'][d['number']]['actions'])}, attempt {d['attempt']}",
    "OUTCOME": lambda d: " ".join(_outcome(d)),
    "CLOSED": lambda d: d["result"]["state"],
    "FROZEN": lambda d: d["reason"],
    "THAWED": lambda d: d["reason"],
    "DISMISSED": lambda d: d["reason"],
    "RESOLVED": lambda d: f"{d['state']}: {d['reason']}",
    "OBSERVED": _observed,
}

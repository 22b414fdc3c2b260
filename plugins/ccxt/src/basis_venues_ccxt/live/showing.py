"""A signed request as it may be shown to a person: what we said ourselves, and of the rest only that it is there."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from basis_venues.orders import Outgoing

from .wire import Request

HIDDEN = "***"
_TIMING = frozenset({"timestamp", "recvwindow"})
_HARMLESS = (
    "content-type", "exptime", "x-simulated-trading", "x-orig-host", "recv-window", "timestamp", "referer", "user-agent", "accept-encoding",
)  # fmt: skip


def shown(request: Request, signed: Mapping[str, Any], headers: Mapping[str, str], endpoint: str | None) -> Outgoing:
    """The request that ccxt signed, with its `headers`. Only our own parameters, its times and harmless headers keep their values: what a
    venue adds for signing is hidden, whatever it is called. `endpoint` stands in for the host, which the request names in a header."""
    meant, target = urlsplit(signed["url"]), urlsplit(endpoint or signed["url"])
    sent = {**headers, **({"X-Orig-Host": meant.hostname or ""} if endpoint else {})}
    fields = {**dict(parse_qsl(meant.query, keep_blank_values=True)), **_body(signed["body"])}
    ours = {*request.params, *(name for name in fields if name.lower() in _TIMING)}
    return Outgoing(
        method=request.method,
        host=target.netloc,
        path=meant.path,
        headers={name: str(value) if name.lower().endswith(_HARMLESS) else HIDDEN for name, value in sent.items()},
        body=_only(ours, fields),
    )


def _body(body: Any) -> dict[str, Any]:
    """The fields of a body, which is JSON, or a form."""
    text = body.decode() if isinstance(body, bytes) else str(body or "")
    if text.startswith("{"):
        found: dict[str, Any] = json.loads(text)
        return found
    return dict(parse_qsl(text, keep_blank_values=True))


def _only(ours: Collection[str], fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if name in ours else HIDDEN for name, value in fields.items()}

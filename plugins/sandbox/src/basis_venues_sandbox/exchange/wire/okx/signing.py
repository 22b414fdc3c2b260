"""OKX's keys, signatures, time window and order deadline."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime
from urllib.parse import parse_qsl

from ...keys import Keyring
from ..call import Call, Turned

_WINDOW = 30_000


def parse(call: Call) -> None:
    """Take the parameters from the query, or from the JSON body; a list of orders is the parameter `orders`. Raises `Turned`."""
    call.params = dict(parse_qsl(call.query, keep_blank_values=True))
    if call.method != "POST":
        return
    try:
        body = json.loads(call.body or b"{}")
    except ValueError:
        raise Turned("50002", "JSON syntax error", 400) from None
    call.params = body if isinstance(body, dict) else {"orders": body}


def authenticate(call: Call, keyring: Keyring, right: str) -> None:
    """Headers, key, environment, passphrase, time, signature over the bytes as received, rights, and `expTime`. Raises `Turned`."""
    header = call.headers.get
    for name, code in (
        ("ok-access-key", "50103"),
        ("ok-access-passphrase", "50104"),
        ("ok-access-sign", "50106"),
        ("ok-access-timestamp", "50107"),
    ):
        if not header(name):
            raise Turned(code, f"Request header {name.upper()} cannot be empty.", 401)
    key = keyring.find("okx", header("ok-access-key", ""))
    if key is None:
        raise Turned("50111", "Invalid OK-ACCESS-KEY", 401)
    if not key.valid_in(call.environment):
        raise Turned("50101", "APIKey does not match current environment.", 401)
    if not hmac.compare_digest(key.passphrase, header("ok-access-passphrase", "")):
        raise Turned("50105", "Request header OK-ACCESS-PASSPHRASE incorrect.", 401)
    stamp = header("ok-access-timestamp", "")
    _check_time(stamp, call.now)
    signed = f"{stamp}{call.method}{call.target}".encode() + call.body
    made = base64.b64encode(hmac.new(key.secret.encode(), signed, hashlib.sha256).digest()).decode()
    if not hmac.compare_digest(made, header("ok-access-sign", "")):
        raise Turned("50113", "Invalid Sign", 401)
    if right not in key.rights:
        raise Turned("50120", "This API key doesn't have permission to use this function", 401)
    call.key = key
    call.deadline = _deadline(call)


def _check_time(stamp: str, now: int) -> None:
    try:
        sent = int(datetime.fromisoformat(stamp).timestamp() * 1000 + 0.5)
    except ValueError:
        raise Turned("50112", "Invalid OK-ACCESS-TIMESTAMP", 401) from None
    if abs(now - sent) > _WINDOW:
        raise Turned("50102", "Timestamp request expired", 401)


def _deadline(call: Call) -> int | None:
    """`expTime` counts as a header only."""
    text = call.headers.get("exptime", "")
    if not text:
        return None
    if not text.isdigit():
        raise Turned("50014", "Parameter expTime error", 400)
    if int(text) < call.now:
        raise Turned(
            "50036", f"The expTime can't be earlier than the current system time. Please adjust the expTime and try again. {call.now}"
        )
    return int(text)

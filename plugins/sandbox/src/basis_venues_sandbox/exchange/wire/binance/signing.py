"""Binance's keys, signatures and receive window."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qsl

from ...keys import ApiKey, Keyring
from ..call import Call, Turned

_MARK = "signature="
_LONGEST_WINDOW = 60_000


def parse(call: Call) -> None:
    """Take the parameters from query and form body; both count, the body last."""
    pairs = parse_qsl(call.query, keep_blank_values=True) + parse_qsl(call.body.decode(), keep_blank_values=True)
    call.params = dict(pairs)


def authenticate(call: Call, keyring: Keyring, right: str, signed: bool = True) -> None:
    """Key, rights, signature over the bytes as received, and window. Raises `Turned`."""
    key = _key(call, keyring)
    if signed:
        _check_signature(call, key)
        _check_window(call)
    if right not in key.rights:
        raise Turned(-2015, "Invalid API-key, IP, or permissions for action.", 401)
    call.key = key


def _key(call: Call, keyring: Keyring) -> ApiKey:
    given = call.headers.get("x-mbx-apikey", "")
    if not given:
        raise Turned(-2014, "API-key format invalid.", 401)
    key = keyring.find("binance", given)
    if key is None or not key.valid_in(call.environment):
        raise Turned(-2015, "Invalid API-key, IP, or permissions for action.", 401)
    return key


def _check_signature(call: Call, key: ApiKey) -> None:
    """HMAC-SHA256 over query and body together, without the signature, which comes last."""
    whole = call.query + call.body.decode()
    signed, mark, given = whole.rpartition(_MARK)
    if not mark:
        raise Turned(-1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.", 400)
    made = hmac.new(key.secret.encode(), signed.rstrip("&").encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(made, given):
        raise Turned(-1022, "Signature for this request is not valid.", 400)


def _check_window(call: Call) -> None:
    sent, window = call.maybe("timestamp"), call.maybe("recvWindow") or "5000"
    if not sent.isdigit():
        raise Turned(-1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.", 400)
    if not window.isdigit() or int(window) > _LONGEST_WINDOW:
        raise Turned(-1131, "recvWindow must be less than 60000.", 400)
    if int(sent) >= call.now + 1000:
        raise Turned(-1021, "Timestamp for this request was 1000ms ahead of the server's time.", 400)
    call.window = int(window)
    call.deadline = int(sent) + call.window
    if call.now > call.deadline:
        raise Turned(-1021, "Timestamp for this request is outside of the recvWindow.", 400)

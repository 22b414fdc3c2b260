"""Bybit's keys, signatures and receive window."""

from __future__ import annotations

import hashlib
import hmac
import json
from urllib.parse import parse_qsl

from ...keys import Keyring
from ..call import Call, Turned


def parse(call: Call) -> None:
    """Take the parameters from the query, or from the JSON body. Raises `Turned`."""
    call.params = dict(parse_qsl(call.query, keep_blank_values=True))
    if call.method != "POST":
        return
    try:
        body = json.loads(call.body or b"{}")
    except ValueError:
        raise Turned(10001, "Request parameter error: the body is not JSON.") from None
    if not isinstance(body, dict):
        raise Turned(10001, "Request parameter error: the body is not an object.")
    call.params = body


def authenticate(call: Call, keyring: Keyring, right: str) -> None:
    """Key, window, signature over the bytes as received, and rights. Raises `Turned`."""
    header = call.headers.get
    key = keyring.find("bybit", header("x-bapi-api-key", ""))
    if key is None or not key.valid_in(call.environment):
        raise Turned(10003, "API key is invalid.")
    sent, window = header("x-bapi-timestamp", ""), header("x-bapi-recv-window", "5000")
    if not sent.isdigit() or not window.isdigit():
        raise Turned(10001, "Request parameter error: timestamp.")
    call.window = int(window)
    if not call.now - call.window <= int(sent) < call.now + 1000:
        text = "invalid request, please check your server timestamp or recv_window param"
        raise Turned(10002, f"{text}. req_timestamp[{sent}],server_timestamp[{call.now}],recv_window[{window}]")
    signed = f"{sent}{key.key}{window}".encode() + (call.body if call.method == "POST" else call.query.encode())
    made = hmac.new(key.secret.encode(), signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(made, header("x-bapi-sign", "")):
        raise Turned(10004, "error sign! please check generate signature.")
    if right not in key.rights:
        raise Turned(10005, "Permission denied, please check your API key permissions.")
    call.key = key

"""What verbs do to a reply that is otherwise complete."""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..wire.call import Reply

_IDS = frozenset({"orderId", "ordId", "tranId", "transId", "transferId", "wdId", "id"})
_WAYS = ("gone", "renamed", "strange")
_PAGE = b"<html><head><title>Service</title></head><body><h1>Please try again</h1></body></html>"

Damage = Callable[[Reply, Mapping[str, Any]], Reply]


def page(status: int) -> Reply:
    """An HTML page, as proxies send it."""
    return Reply(status, None, {"Content-Type": "text/html"}, _PAGE)


def empty(status: int) -> Reply:
    """No body at all."""
    return Reply(status, None, {"Content-Type": "application/json"}, b"")


def status(reply: Reply, arguments: Mapping[str, Any]) -> Reply:
    """`accept_then_status`: another status, with JSON, HTML or nothing."""
    number, kind = int(arguments["status"]), arguments["kind"]
    if kind == "html":
        return page(number)
    if kind == "empty":
        return empty(number)
    return Reply(
        number,
        {"code": -1000, "msg": "An unknown error occurred while processing the request.", "retCode": 10016, "retMsg": "Server error"},
    )


def omit_id(reply: Reply, arguments: Mapping[str, Any]) -> Reply:
    """No ids in the reply."""
    return Reply(reply.status, _mapped(reply.payload, lambda key, value: value, drop=_IDS), reply.headers)


def int_id(reply: Reply, arguments: Mapping[str, Any]) -> Reply:
    """Ids of the other type: numbers as text, text as numbers."""
    return Reply(reply.status, _mapped(reply.payload, lambda key, value: _turned(value) if key in _IDS else value), reply.headers)


def alter(reply: Reply, arguments: Mapping[str, Any]) -> Reply:
    """Another value at a path such as `result.list.0.orderStatus`."""
    payload = copy.deepcopy(reply.payload)
    *parents, last = str(arguments["path"]).split(".")
    place = payload
    for name in parents:
        place = place[int(name)] if isinstance(place, list) else place[name]
    place[int(last) if isinstance(place, list) else last] = arguments["value"]
    return Reply(reply.status, payload, reply.headers)


def fuzz(reply: Reply, arguments: Mapping[str, Any]) -> tuple[Reply, str]:
    """One field gone, renamed, or with a value that was never seen; and which, and how. Seeds go through the fields and the three ways."""
    payload = copy.deepcopy(reply.payload)
    places = list(_places(payload))
    if not places:
        return reply, ""
    field, way = divmod(int(arguments["seed"]), len(_WAYS))
    owner, key = places[field % len(places)]
    value, kind = owner.pop(key), _WAYS[way]
    if kind != "gone":
        owner[f"{key}V2" if kind == "renamed" else key] = value if kind == "renamed" else "NEVER_SEEN"
    return Reply(reply.status, payload, reply.headers), f"{key} {kind}"


DAMAGES: Mapping[str, Damage] = {
    "accept_then_status": status,
    "html_200": lambda reply, arguments: page(200),
    "empty_200": lambda reply, arguments: empty(200),
    "omit_id": omit_id,
    "int_id": int_id,
    "alter": alter,
}


def repeated(payload: Any) -> Any:
    """The payload with every row of its lists there twice."""
    if isinstance(payload, list):
        return [each for row in payload for each in (repeated(row), repeated(row))]
    if isinstance(payload, dict):
        return {key: repeated(value) for key, value in payload.items()}
    return payload


def _mapped(payload: Any, change: Callable[[str, Any], Any], drop: frozenset[str] = frozenset()) -> Any:
    if isinstance(payload, list):
        return [_mapped(each, change, drop) for each in payload]
    if isinstance(payload, dict):
        return {key: _mapped(change(key, value), change, drop) for key, value in payload.items() if key not in drop}
    return payload


def _turned(value: Any) -> Any:
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return int(text) if text.isdigit() else zlib.crc32(text.encode())


def _places(payload: Any) -> Iterator[tuple[dict[str, Any], str]]:
    if isinstance(payload, list):
        for each in payload:
            yield from _places(each)
    if isinstance(payload, dict):
        for key, value in payload.items():
            if isinstance(value, (dict, list)):
                yield from _places(value)
            else:
                yield payload, key

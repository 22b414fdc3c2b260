"""A small synchronous JSON-RPC client, for building the chain and for controlling it. Adapters do not use it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from .errors import RpcError

_PATIENCE = 60


class Rpc:
    """A connection to a node, kept open. Not for several threads at once."""

    def __init__(self, url: str) -> None:
        self.url = url
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=_PATIENCE)
        self._path = address.path or "/"

    def call(self, method: str, *params: Any) -> Any:
        """The result of one request. Raises `RpcError` with the node's words, `OSError` when it cannot be reached."""
        return _result(method, self._post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The results of several calls in one request, in their order."""
        question = [{"jsonrpc": "2.0", "id": i, "method": method, "params": params} for i, (method, params) in enumerate(calls)]
        answers = sorted(self._post(question), key=lambda each: int(each["id"]))
        return [_result(method, answer) for (method, _), answer in zip(calls, answers, strict=True)]

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _post(self, content: Any) -> Any:
        try:
            self._connection.request("POST", self._path, json.dumps(content), {"Content-Type": "application/json"})
            return json.loads(self._connection.getresponse().read())
        except (OSError, http.client.HTTPException):
            self._connection.close()  # the next call connects anew
            raise


def _result(method: str, answer: Any) -> Any:
    error = answer.get("error")
    if error is None:
        return answer["result"]
    data = error.get("data")
    raise RpcError(method, int(error["code"]), str(error["message"]), data if isinstance(data, str) else "")

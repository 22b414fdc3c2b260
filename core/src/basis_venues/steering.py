"""Telling the time to those who keep a plan's time with us: the services of the local sandbox, over the loopback."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .errors import ConfigurationError, TryAgainLater
from .guard import is_loopback


def steering(urls: Iterable[str]) -> Callable[[int], None]:
    """A function that puts each service at one of the `urls` to a moment (ms). Raises `ConfigurationError` for a URL of another machine."""
    targets = tuple(urls)
    outside = [url for url in targets if not is_loopback(url)]
    if outside:
        raise ConfigurationError("a profile's `clock` names services on this machine only: the time of the world is not ours to set")

    def tell(now: int) -> None:
        for url in targets:
            _post(url, {"now": now})

    return tell


def steered_time(urls: Iterable[str]) -> int:
    """Where the services at the `urls` stand (ms): the latest of them. Raises `TryAgainLater` where one does not answer."""
    return max(int(_post(url, {})["result"]["now"]) for url in urls)


def _post(url: str, body: Mapping[str, int]) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with opener.open(request, timeout=30) as answer:
            return json.load(answer)
    except (urllib.error.URLError, OSError) as error:
        raise TryAgainLater(f"the sandbox's clock at {url} does not answer ({type(error).__name__}): basis sandbox up") from None

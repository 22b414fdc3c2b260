"""ccxt's classes as signers: they build and sign requests with our keys at our time, and cannot send.

Some of the helpers that every signature goes through are answered here in fewer steps; whatever is not plain goes ccxt's own way.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache
from time import gmtime, strftime
from typing import Any, ClassVar

from basis_venues.errors import PluginRefused

from .wire import Request

_SILENT = logging.Logger("basis_venues_ccxt", logging.CRITICAL + 1)
"""ccxt writes headers and signatures to its logger at the level DEBUG; this one goes nowhere."""
_YEAR_9999 = 253_370_764_800_000
"""ms: when it begins; years of four figures."""
_UNQUOTED = re.compile(r"[A-Za-z0-9_.~&=-]*")
"""What a query may hold as it is (RFC 3986, 2.3), and what stands between its parts."""


class _NoSession:
    """Stands where ccxt would make an HTTP session of its own: it sends nothing."""

    headers: ClassVar[Mapping[str, str]] = {}

    def close(self) -> None:
        """Nothing is open."""


def signing(base: Any, keys: Callable[[str], tuple[str, str, str]], now: Callable[[], int], options: Mapping[str, Any]) -> Any:
    """A signer of the ccxt class `base`. `keys` answers key, secret and passphrase of a section, `now` the venue's time in ms."""

    class Signing(base):  # type: ignore[misc]
        def signed_within(self, request: Request, window: int | None) -> Any:
            if window is None:
                return self.signed(request)
            usual = self.options.pop("recvWindow", None)
            self.options["recvWindow"] = window
            try:
                return self.signed(request)
            finally:  # what was left of one write's fence must not make the look-ups after it fail
                del self.options["recvWindow"]
                if usual is not None:
                    self.options["recvWindow"] = usual

        def signed(self, request: Request) -> Any:
            public = "public" in request.api.lower()
            self.apiKey, self.secret, self.password = ("", "", "") if public else keys(request.api)
            try:
                return self.sign(request.path, [*request.api.split(), request.method], request.method, dict(request.params))
            except Exception as error:  # nothing has left: a plugin asks for what ccxt's class does not have
                asked = f"{request.method} {request.path} in the section {request.api!r} ({type(error).__name__})"
                raise PluginRefused(f"the class {base.__name__} cannot sign {asked}: compare it with that class") from None
            finally:
                self.apiKey = self.secret = self.password = ""

        def milliseconds(self) -> int:
            return now()

        def nonce(self) -> int:
            return now()

        def fetch(self, *_: Any, **__: Any) -> Any:
            raise PluginRefused("requests leave over the guarded connection, never by ccxt itself: ask the desk")

        def prepare_request_headers(self, headers: Any = None) -> Any:
            return self.set_headers({**(headers or {}), **self.headers, "User-Agent": self.userAgent, "Accept-Encoding": "gzip, deflate"})

        def check_required_credentials(self, error: bool = True) -> bool:
            return True  # `keys` has told what is missing

        @staticmethod
        def implode_params(string: str, params: Any) -> Any:
            return base.implode_params(string, params) if "{" in string else string

        @staticmethod
        def iso8601(timestamp: Any = None) -> Any:
            if type(timestamp) is not int or not 0 <= timestamp < _YEAR_9999:
                return base.iso8601(timestamp)
            seconds, left = divmod(timestamp, 1000)
            return f"{_second(seconds)}.{left:03d}Z"

        @staticmethod
        def urlencode(params: Any, *how: Any, **more: Any) -> str:
            plain = _plain(params)
            return base.urlencode(params, *how, **more) if plain is None else plain

        @staticmethod
        def rawencode(params: Any, *how: Any, **more: Any) -> str:
            plain = _plain(params)
            return base.rawencode(params, *how, **more) if plain is None else plain

        @staticmethod
        def hmac(request: bytes, secret: bytes, algorithm: Any = hashlib.sha256, digest: str = "hex") -> Any:
            if algorithm is not hashlib.sha256 or digest not in ("hex", "base64"):
                return base.hmac(request, secret, algorithm, digest)
            made = hmac.digest(secret, request, "sha256")
            return made.hex() if digest == "hex" else b64encode(made).decode()

    made = Signing({"session": _NoSession(), "userAgent": "basis-venues", "options": dict(options)})
    made.logger = _SILENT
    return made


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    """A moment in UTC without what is less than a second; the requests of an order are mostly of one."""
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(seconds))


def _plain(params: Mapping[str, Any]) -> str | None:
    """Parameters as a query, where nothing in them needs quoting; else None."""
    query = "&".join([f"{name}={value}" for name, value in params.items()])
    if not _UNQUOTED.fullmatch(query) or query.count("=") != len(params) or query.count("&") != max(len(params) - 1, 0):
        return None
    return None if "True" in query or "False" in query else query  # ccxt writes these in lower case

"""Signing in fewer steps gives what ccxt's own helpers give, and a signer can do nothing else."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basis_venues.errors import PluginRefused, Stopped, TryAgainLater
from basis_venues_ccxt.live.exchanges import exchange_class
from basis_venues_ccxt.live.preflight import opening_error
from basis_venues_ccxt.live.saying import Proofs
from basis_venues_ccxt.live.signing import signing
from basis_venues_ccxt.live.wire import Request

OWN = exchange_class("bybit")
SIGNER = signing(OWN, lambda _: ("key", "secret", ""), lambda: 1_700_000_000_000, {"recvWindow": 5000})
TEXT = st.text(max_size=12) | st.text("aZ9&=?~ _.-+%/TrueFalse", max_size=12)
VALUES: st.SearchStrategy[Any] = TEXT | st.integers() | st.booleans() | st.none() | st.decimals(allow_nan=False) | st.lists(st.integers())


@given(st.dictionaries(TEXT, VALUES, max_size=6))
def test_a_query_is_written_as_ccxt_writes_it(params: dict[str, Any]) -> None:
    """Byte for byte: it is what is signed."""
    assert SIGNER.urlencode(params) == OWN.urlencode(params)
    assert SIGNER.rawencode(params) == OWN.rawencode(params)


def test_figures_go_as_they_are() -> None:
    """The usual parameters need no quoting."""
    assert SIGNER.urlencode({"symbol": "BTCUSDT", "qty": "0.001", "limit": 50, "on": True, "price": Decimal("1.50")}) == (
        "symbol=BTCUSDT&qty=0.001&limit=50&on=true&price=1.50"
    )


@given(message=st.binary(max_size=200), secret=st.binary(min_size=1, max_size=80), digest=st.sampled_from(["hex", "base64", "binary"]))
@pytest.mark.parametrize("algorithm", [hashlib.sha256, hashlib.sha512])
def test_a_signature_is_ccxt_s(message: bytes, secret: bytes, digest: str, algorithm: Any) -> None:
    """In every form that exchanges ask for."""
    assert SIGNER.hmac(message, secret, algorithm, digest) == OWN.hmac(message, secret, algorithm, digest)


@given(st.integers(0, 4_102_444_800_000) | st.sampled_from([-1, 8640000000000001, None, True, 1.5, "1700000000123", "x"]))
def test_a_time_is_written_as_ccxt_writes_it(moment: Any) -> None:
    """To the millisecond, up to the year 2100; what is no time is left to ccxt."""
    assert SIGNER.iso8601(moment) == OWN.iso8601(moment)


@given(st.dictionaries(TEXT, TEXT | st.integers(), max_size=3), st.sampled_from(["trade/order", "order/{id}", "{a}/{b}"]))
def test_a_path_is_filled_in_as_ccxt_fills_it_in(params: dict[str, Any], path: str) -> None:
    """With its parameters where it has places for them."""
    params = params | {"id": "7", "a": "x"}
    assert SIGNER.implode_params(path, params) == OWN.implode_params(path, params)


def test_keys_are_there_only_while_a_request_is_signed() -> None:
    """An object that lives as long as the run must not hold them."""
    request = Request("private", "GET", "v5/order/realtime", {"symbol": "BTCUSDT"})
    signed = SIGNER.signed_within(request, 700)
    assert signed["headers"]["X-BAPI-API-KEY"] == "key"
    assert signed["headers"]["X-BAPI-RECV-WINDOW"] == "700"
    assert (SIGNER.apiKey, SIGNER.secret, SIGNER.password, SIGNER.options["recvWindow"]) == ("", "", "", 5000)


def test_a_signer_cannot_send() -> None:
    """Requests leave over the guarded connection alone."""
    with pytest.raises(PluginRefused, match="never by ccxt"):
        SIGNER.fetch("https://api.bybit.com/v5/market/time")


@pytest.mark.parametrize(
    ("exchange", "api", "path", "url"),
    [
        ("mexc", "spot private", "account", "https://api.mexc.com/api/v3/account?"),
        ("gate", "private spot", "accounts", "https://api.gateio.ws/api/v4/spot/accounts"),
        ("bitget", "private spot", "v2/spot/account/assets", "https://api.bitget.com/api/v2/spot/account/assets"),
        ("bingx", "spot v1 private", "account/balance", "https://open-api.bingx.com/openApi/spot/v1/account/balance?"),
    ],
)
def test_a_section_within_another_is_named_by_its_words(exchange: str, api: str, path: str, url: str) -> None:
    """The addresses are those of the exchanges' own documentation."""
    signer = signing(exchange_class(exchange), lambda _: ("key", "secret", "pass"), lambda: 1_700_000_000_000, {})
    signed = signer.signed(Request(api, "GET", path))
    assert signed["url"].startswith(url)
    assert "key" in signed["headers"].values()


def test_a_request_that_ccxt_does_not_know_is_the_plugins_fault() -> None:
    """Nothing has left, and no venue is said to be down."""
    with pytest.raises(PluginRefused, match=r"bingx cannot sign GET account/balance in the section 'spot' \(\w+Error\)"):
        signing(exchange_class("bingx"), lambda _: ("key", "secret", ""), lambda: 0, {}).signed(Request("spot", "GET", "account/balance"))


@pytest.mark.parametrize(("error", "said"), [(KeyError("x"), "answered what cannot be read: KeyError"), (TimeoutError(), "did not answer")])
def test_only_silence_is_told_as_silence(error: Exception, said: str) -> None:
    """An answer that cannot be read is another matter than none."""
    assert said in str(opening_error("mexc", "mainnet", error, Proofs({}, absent=()), {}))


def test_a_disk_of_our_own_is_no_venue_that_is_down(tmp_path: Path) -> None:
    """A supervisor would start such a run again for ever: it is stopped, with the path to see to; a connection that fails is not."""
    file = tmp_path / "state"
    file.write_text("", encoding="utf-8")
    with pytest.raises(NotADirectoryError) as failed:
        (file / "mexc").mkdir()
    refused = ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
    for error, said in ((failed.value, str(file)), (OSError(errno.ENOSPC, "No space left on device"), "state directory"), (refused, "")):
        told = opening_error("mexc", "mainnet", error, Proofs({}, absent=()), {})
        assert type(told) is (Stopped if said else TryAgainLater)
        assert said in str(told)
        assert ("see to the disk" in str(told)) == bool(said)


def test_a_mistake_of_the_plugins_is_not_told_as_the_venues() -> None:
    """A name that there is not, with its line; and a class that ccxt does not have, with the one that was meant."""
    with pytest.raises(AttributeError) as caught:
        _ = object().missing  # type: ignore[attr-defined]
    refusal = opening_error("mexc", "mainnet", caught.value, Proofs({}, absent=()), {})
    assert isinstance(refusal, PluginRefused)
    assert "AttributeError (test_signing.py, line " in str(refusal)
    with pytest.raises(PluginRefused, match="ccxt has no exchange 'binanse'; did you mean binance"):
        exchange_class("binanse")


SIGNER_OF_ITS_OWN = """
from ccxt.base.exchange import Exchange

class Acme(Exchange):
    def sign(self, path, api="public", method="GET", params={}, headers=None, body=None):
        return {"url": f"https://api.acme.example/{path}", "method": method, "body": body, "headers": {"Acme-Key": self.apiKey}}
"""


def test_an_exchange_that_ccxt_does_not_have_is_signed_by_a_class_of_the_plugins(tmp_path: Path) -> None:
    """In another process: importing it loads none of ccxt's exchanges, and the key is that of the request's section."""
    (tmp_path / "acme_signer.py").write_text(SIGNER_OF_ITS_OWN, encoding="utf-8")
    script = (
        "import sys\n"
        "from basis_venues_ccxt.live import Request\n"
        "from basis_venues_ccxt.live.exchanges import exchange_class\n"
        "from basis_venues_ccxt.live.signing import signing\n"
        "signer = signing(exchange_class('acme_signer:Acme'), lambda _: ('key', 'secret', ''), lambda: 0, {})\n"
        "signed = signer.signed(Request('private', 'GET', 'orders'))\n"
        "print(signed['url'], signed['headers']['Acme-Key'], 'ccxt.binance' in sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["https://api.acme.example/orders", "key", "False"]


@pytest.mark.parametrize("name", ["basis_venues_ccxt.live.signing:Acme", "basis_venues_ccxt.acme:Acme"])
def test_a_class_of_the_plugins_that_is_not_there_is_the_plugins_fault(name: str) -> None:
    """The module has no such class, or is not there: it is named as it was asked for."""
    with pytest.raises(PluginRefused, match=f"there is no class {name}"):
        exchange_class(name)

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from urllib.parse import urlsplit

import pytest

from basis_venues.actions import Transfer
from basis_venues.config.venues import Destination, VenueSettings
from basis_venues.errors import GuardRefused, InvalidAction
from basis_venues.guard import check_chain, check_host, destination

ALLOWED = frozenset({"api.binance.com", "*.g.alchemy.com", "127.0.0.1"})


@pytest.mark.parametrize(
    "url",
    [
        "https://api.binance.com/api/v3/order?x=1",
        "wss://API.Binance.com:443/ws",
        "api.binance.com",
        "https://api.binance.com./",
        "https://eth-mainnet.g.alchemy.com/v2/KEY",
        "http://127.0.0.1:8731/x",
    ],
)
def test_an_allowed_host_passes(url: str) -> None:
    """Exact names, patterns and this machine, whatever the case, port and path."""
    check_host("v", url, ALLOWED)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.binance.com.evil.com/",
        "https://evil.com/api.binance.com",
        "https://evil.com#api.binance.com",
        "https://api.binance.com@evil.com/",
        "https://evil.com\\@api.binance.com/",
        "https://api.binance.com\\.evil.com/",
        "https://user:pass@api.binance.com/",
        "https://g.alchemy.com/",
        "https://evilg.alchemy.com/",
        "https:///api",
        "https://api.binance.com /",
        "https://api.binançe.com/",
        "http://api.binance.com/",
        "ftp://127.0.0.1/",
        "https://localhost/",
        "https://127.0.0.2/",
        "https://[::1/",
        "",
    ],
)
def test_every_other_host_is_refused(url: str) -> None:
    """Look-alikes, tricks of URL readers, and unencrypted calls."""
    with pytest.raises(GuardRefused):
        check_host("v", url, ALLOWED)


def test_only_a_listed_host_ever_passes() -> None:
    """Whatever stands around a listed name, passing means that the host, as Python's own library reads it, is in the list."""
    passed = 0
    for parts in product(
        ("https://", "wss://", "http://", ""),
        ("", "x.", "x", "x@", "x:y@", "evil.com/", "evil.com#", "//"),
        ("api.binance.com", "x.g.alchemy.com", "127.0.0.1", "evil.com"),
        ("", ".", "-", "/", ":443", ":443/", "?", "#", "@", "\\", "%2e", "\u3002", " "),
        ("", "evil.com", "x@evil.com", "api.binance.com"),
    ):
        url = "".join(parts)
        try:
            check_host("v", url, ALLOWED)
        except GuardRefused:
            continue
        passed += 1
        host = urlsplit(url if "://" in url else f"//{url}").hostname or ""
        assert host.rstrip(".") in ALLOWED or host.rstrip(".").endswith(".g.alchemy.com"), url
    assert passed


def test_a_refused_url_is_shown_as_its_host_alone() -> None:
    """The key in an RPC URL is not in the error."""
    with pytest.raises(GuardRefused, match=r"v may not reach eth\.example\.com here; allowed: nothing") as caught:
        check_host("v", "https://eth.example.com/v2/kX9canary", ())
    assert "kX9canary" not in str(caught.value)


def test_only_an_allowed_chain_passes() -> None:
    """The chain that answered must be one of those allowed."""
    check_chain("v", 11155111, {11155111})
    with pytest.raises(GuardRefused, match="v is connected to chain 1; allowed here: 11155111"):
        check_chain("v", 1, {11155111})


ADDRESS = "0xabCDeF0123456789AbcdEf0123456789aBCDEF01"
SETTINGS = VenueSettings(
    venue_type="cex",
    destinations=(
        Destination(address=ADDRESS, network="ERC20", asset="USDT", label="wallet"),
        Destination(address="bc1qCaseMatters", network=None, asset=None),
    ),
)


def transfer(address: str, network: str | None = "ERC20", asset: str = "USDT") -> Transfer:
    return Transfer(id="t", asset=asset, amount="1", source="binance", address=address, network=network)


@pytest.mark.parametrize("address", [ADDRESS, ADDRESS.lower(), "0x" + ADDRESS[2:].upper()])
def test_a_listed_destination_passes_in_any_checksum_case(address: str) -> None:
    """Hexadecimal addresses are one address in every case."""
    assert destination("binance", SETTINGS, transfer(address)).label == "wallet"


def test_a_destination_without_network_and_asset_takes_all() -> None:
    """What the list leaves open is open."""
    assert destination("binance", SETTINGS, transfer("bc1qCaseMatters", None, "BTC")).asset is None


@pytest.mark.parametrize(
    ("address", "network", "asset", "told"),
    [
        ("0x" + "00" * 20, "ERC20", "USDT", "its address is not among the `destinations` in configs/venues/binance.yaml"),
        ("bc1qcasematters", None, "BTC", "its address is not among"),
        (ADDRESS, "TRC20", "USDT", "has the address, but not for this network and USDT"),
        (ADDRESS, None, "USDT", "has the address, but not for this network"),
        (ADDRESS, "ERC20", "USDC", "has the address, but not for this network and USDC"),
        (ADDRESS[:-1], "ERC20", "USDT", "its address is not among"),
    ],
)
def test_every_other_destination_is_refused(address: str, network: str | None, asset: str, told: str) -> None:
    """An unlisted address, network or asset stops the transfer before anything is signed, with the file to change."""
    with pytest.raises(GuardRefused) as caught:
        destination("binance", SETTINGS, transfer(address, network, asset))
    assert told in str(caught.value)


def nearly(listed: str) -> Iterator[str]:
    """The address with one letter changed, left out, or put beside it."""
    for at, letter in enumerate(listed):
        yield from (listed[:at] + other + listed[at + 1 :] for other in ("", letter.swapcase(), "0", "e", "\u0435"))
    yield from (beside.join(pair) for beside in (" ", "0", "\n", "\0") for pair in ((listed, ""), ("", listed)))


@pytest.mark.parametrize("listed", [ADDRESS, "bc1qCaseMatters"])
def test_no_unlisted_address_ever_passes(listed: str) -> None:
    """However near to a listed one: only an Ethereum-like one may differ, in its case, and then its checksum does not hold."""
    destination("binance", SETTINGS, transfer(listed, None, "USDT") if listed != ADDRESS else transfer(listed))
    for address in set(nearly(listed)) - {listed, listed.replace("0x", "0X")}:  # the latter is the same address
        with pytest.raises(GuardRefused if address.isprintable() else InvalidAction):
            destination("binance", SETTINGS, transfer(address))

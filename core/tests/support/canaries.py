"""Canaries: secrets that are worth nothing, planted wherever tests configure credentials, and what finds them in anything written.

Every one is known by its shape, so that a search costs one pass for each encoding: `PREFIX` begins those that tests write down and those
that are planted in the environment; the sandbox's throwaway keys are `sandbox-` and 32 hex digits; its wallet's key is one text.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

from basis_venues.config.credentials import made_up
from basis_venues.manifest import CredentialField

PREFIX = "kX9canary"
CANARY = PREFIX + "7Qz2LmW4secretVb81"
"""For tests that configure a credential."""
_WALLET = made_up(CredentialField(name="private_key", variable="ALCHEMY__PRIVATE_KEY", secret=True)).removeprefix("0x")
_THROWAWAY = "sandbox-"
_PLANTED = re.compile(r"env\.unified.*|.*\.env|.*\.secret")
"""Files that hold credentials because that is what they are for."""


def _encodings(text: str) -> dict[str, bytes]:
    """The text as it is, reversed, in hex (either case), and in base64 wherever it begins."""
    plain = text.encode()
    found = {"plain": plain, "reversed": plain[::-1], "hex": plain.hex().encode(), "HEX": plain.hex().upper().encode()}
    for shift in range(3):
        # the characters at the ends depend on what stands around the text
        encoded = base64.b64encode(b"\0" * shift + plain).rstrip(b"=")
        found[f"base64+{shift}"] = encoded[(0, 2, 3)[shift] : len(encoded) - (1 if (shift + len(plain)) % 3 else 0)]
    return found


def _searched() -> dict[str, tuple[bytes, re.Pattern[bytes] | None]]:
    """What is searched for: a text, and what must stand around it to be a canary."""
    exact = {"a canary": PREFIX, "the wallet's key": _WALLET}
    found: dict[str, tuple[bytes, re.Pattern[bytes] | None]] = {
        f"{name}, {encoding}": (needle, None) for name, text in exact.items() for encoding, needle in _encodings(text).items()
    }
    for encoding, needle in _encodings(_THROWAWAY).items():
        found[f"a throwaway key, {encoding}"] = needle, re.compile(_AROUND[encoding.partition("+")[0]])
    return found


_AROUND = {
    "plain": rb"sandbox-[0-9a-f]{32}",
    "reversed": rb"[0-9a-f]{32}-xobdnas",
    "hex": rb"73616e64626f782d(3[0-9]|6[1-6]){32}",
    "HEX": rb"73616E64626F782D(3[0-9]|6[1-6]){32}",
    "base64": rb"[A-Za-z0-9+/]{50}",
}
_SEARCHED = _searched()


def found_in(content: bytes | str) -> str | None:
    """Which canary the content holds, and how it is encoded there; None for none. URL encoding leaves all of them as they are."""
    data = content.encode(errors="replace") if isinstance(content, str) else content
    for name, (needle, around) in _SEARCHED.items():
        at = data.find(needle)
        while at >= 0:
            if around is None or around.search(data, max(0, at - 60), at + 140):
                return name
            at = data.find(needle, at + 1)
    return None


def leaking_files(directory: Path) -> Iterator[tuple[Path, str]]:
    """Files below the directory that hold a canary, and which; those that tests plant it in are left out."""
    for file in sorted(directory.rglob("*")):
        if file.is_file() and not file.is_symlink() and not _PLANTED.fullmatch(file.name):
            found = found_in(file.read_bytes())
            if found is not None:
                yield file, found


def planted(environments: tuple[str, ...] = ("DEV", "STAGING", "PROD")) -> dict[str, str]:
    """Credentials for the process environment, all canaries, none the same."""
    names = ("CEX__BINANCE_SPOT_API_KEY", "CEX__BINANCE_SPOT_SECRET", "CEX__BYBIT_API_KEY", "CEX__BYBIT_SECRET", "CEX__OKX_SECRET")
    return {f"BASIS_{env}__{name}": f"{PREFIX}{env}{number}x7Qz2LmW4" for env in environments for number, name in enumerate(names)}

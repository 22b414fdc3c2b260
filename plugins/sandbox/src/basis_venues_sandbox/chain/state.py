"""The built chain, kept in the cache: the node's state and the addresses. Built once for each set of ingredients."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from .addresses import Addresses, read_addresses
from .anvil import Anvil, anvil_binary, anvil_is_here, start_anvil
from .build import PACKAGES, build_chain
from .build.liquidity import borrow
from .deploy import Sender
from .own import compiled_file, groups
from .packages import Progress, anvil_version, fetch, fingerprint, packages
from .places import cache_folder, locked
from .rpc import Rpc
from .solidity import SETTINGS
from .wallet import wallet_address

GENESIS = 1_577_836_800
"""The chain's first block is from 2020-01-01 UTC, in seconds, so that any plan's time lies after it. Nobody has a debt then: the whale
borrows when a node is started, so that no interest runs up until the plan begins."""

_KEPT = 3


@frozen
class BuiltChain:
    """A state that a node can start from. `addresses_file` holds `addresses` as JSON."""

    state_file: Path
    addresses_file: Path

    @property
    def addresses(self) -> Addresses:
        """Where everything is."""
        return read_addresses(self.addresses_file)


def built_chain(progress: Progress) -> BuiltChain:
    """The chain from the cache, or fetched, compiled and built now: seconds with a cache of compiled sources, a minute without.

    Raises `ChainUnavailable` where the machine lacks what it takes.
    """
    folder = cache_folder("chain") / _key()
    built = BuiltChain(folder / "state.json", folder / "addresses.json")
    if not folder.exists():
        with locked(folder.parent):
            _build_once(folder, progress)
    return built


def _build_once(folder: Path, progress: Progress) -> None:
    if folder.exists():  # another process was faster
        return
    fetch([packages()[name] for name in dict.fromkeys(PACKAGES)], progress)
    _build(folder, progress)
    _forget_old_ones(folder)


def start_built(built: BuiltChain, since: int | None, flags: Sequence[str], progress: Progress) -> Anvil:
    """A node with the built chain, whose clock begins at `since` (ms), or now, and the whale's debts with it."""
    moment = ["--timestamp", str(since // 1000)] if since is not None else []
    anvil = start_anvil(anvil_binary(progress), flags=["--load-state", str(built.state_file), *moment, *flags])
    rpc, at = Rpc(anvil.url), built.addresses
    rpc.call("evm_mine")
    borrow(Sender(rpc, at.whale), at.aave.pool, at.tokens)
    rpc.close()
    return anvil


def is_built() -> bool:
    """Whether the cache holds the chain."""
    return (cache_folder("chain") / _key()).exists() and anvil_is_here()


def _build(folder: Path, progress: Progress) -> None:
    """Into a folder beside the final one, which then appears whole."""
    anvil = start_anvil(anvil_binary(progress), flags=("--timestamp", str(GENESIS)))
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        fresh = Path(scratch) / folder.name
        fresh.mkdir()
        try:
            rpc = Rpc(anvil.url)
            build_chain(rpc, progress).write(fresh / "addresses.json")
            dumped = rpc.call("anvil_dumpState")
            rpc.close()
        finally:
            anvil.stop()
        (fresh / "state.json").write_bytes(gzip.decompress(bytes.fromhex(dumped.removeprefix("0x"))))
        fresh.rename(folder)


def _key() -> str:
    """What the chain is made of, in short."""
    recipe = sorted(Path(__file__).with_name("build").glob("*.py"))
    return fingerprint(
        [packages()[name].label for name in PACKAGES],
        anvil_version(),
        dict(SETTINGS),
        wallet_address(),
        *(compiled_file(group).read_bytes() for group in groups()),
        *(each.read_bytes() for each in recipe),
    )


def _forget_old_ones(newest: Path) -> None:
    """Keep the last few chains only; each is a few megabytes."""
    others = [each.parent for each in newest.parent.glob("*/state.json") if each.parent != newest]
    for folder in sorted(others, key=lambda each: each.stat().st_mtime, reverse=True)[_KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)

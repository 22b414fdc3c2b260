"""Fetching, compiling and keeping: what is committed is what the sources give, and what is wrong is said."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import pytest

from basis_venues.config.credentials import throwaway
from basis_venues.network import Network
from basis_venues.registry import Registry
from basis_venues_sandbox.chain import ChainBroken, ChainUnavailable, RunningChain, available, read_addresses, running_chain, wallet_key
from basis_venues_sandbox.chain import packages as fetching
from basis_venues_sandbox.chain.anvil import anvil_binary, start_anvil
from basis_venues_sandbox.chain.artifacts import read_artifacts
from basis_venues_sandbox.chain.own import compile_group, compiled_file, groups
from basis_venues_sandbox.chain.packages import BINARY_VARIABLE, anvil_package, anvil_version
from basis_venues_sandbox.chain.places import CACHE_VARIABLE, cache_folder
from basis_venues_sandbox.chain.rpc import Rpc
from basis_venues_sandbox.services import Options

needs_chain = pytest.mark.skipif(not available(), reason=available().reason or "-")


@pytest.mark.slow
@needs_chain
@pytest.mark.parametrize("group", groups())
def test_recompiling_gives_what_is_committed(group: str) -> None:
    """ABI, code and links of every own contract, byte for byte."""
    fetching.fetch([fetching.packages()["solc"]], print)
    assert compile_group(group) == read_artifacts(compiled_file(group))


@pytest.mark.slow
@needs_chain
def test_a_second_start_comes_from_the_cache(session_chain: object) -> None:
    """It neither fetches nor compiles, and says nothing; how long it takes is printed."""
    told: list[str] = []
    started = time.perf_counter()
    with running_chain(progress=told.append) as chain:
        print(f"\nsecond start: {time.perf_counter() - started:.3f} s, {chain.anvil.memory() / 1e6:.0f} MB")
        assert chain.control.block_number() > 100
    assert told == []


@pytest.mark.slow
@needs_chain
def test_the_service_serves_and_ends_what_it_started(tmp_path: Path, session_chain: object) -> None:
    """Endpoint, addresses on disk, and no process left."""
    from basis_venues_sandbox.chain.service import ADDRESSES, start

    async def once() -> tuple[int | None, str]:
        service = await start(Options(state=tmp_path, chain_port=0))
        url = service.endpoints["rpc"]
        await service.stop()
        return service._anvil.process.poll(), url

    ended, url = asyncio.run(once())
    assert ended is not None
    assert url.startswith("http://127.0.0.1:")
    assert read_addresses(tmp_path / ADDRESSES).chain_id == 31337


def test_the_funded_key_is_the_one_the_profile_makes_up() -> None:
    """The wallet's venue gets the key whose address the chain funds."""
    manifest = Registry().venue("alchemy").manifest
    assert throwaway(manifest, Network.TESTNET)["private_key"].reveal() == "0x" + wallet_key().hex()  # type: ignore[union-attr]


def test_the_cache_can_be_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """BASIS_CACHE_DIR names the folder."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "kept"))
    assert cache_folder("packages") == tmp_path / "kept" / "packages"
    assert cache_folder("packages").is_dir()


def test_a_machine_without_node_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither on the path nor in the environment: a sentence with the remedy."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    assert not available()
    assert "basis-venues-sandbox[node]" in available().reason


@pytest.mark.slow
@needs_chain
def test_an_archive_that_is_not_what_was_pinned_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checksum decides; nothing is unpacked."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    honest = fetching.packages()["@bgd-labs/solidity-utils"]
    forged = fetching.Package(honest.name, honest.version, "sha512-AAAA")
    with pytest.raises(ChainUnavailable, match="not what was published"):
        fetching.fetch([forged], lambda _: None)
    assert not forged.folder.exists()


@pytest.mark.slow
@needs_chain
def test_a_registry_that_cannot_be_reached_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """npm's own reason, as an error with an exit code of configuration."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    with pytest.raises(ChainUnavailable, match="could not fetch") as refused:
        fetching.fetch([fetching.packages()["@bgd-labs/solidity-utils"]], lambda _: None)
    assert refused.value.exit_code == 3
    assert "127.0.0.1:9" in str(refused.value)


@pytest.mark.slow
@needs_chain
def test_a_taken_port_is_said_to_be_taken(session_chain: RunningChain) -> None:
    """Starting a node on another one's port names the port."""
    port = int(session_chain.node_url.rpartition(":")[2])
    with pytest.raises(ChainBroken, match=f"port {port} is taken"):
        start_anvil(anvil_binary(print), port)


@pytest.mark.slow
@needs_chain
def test_a_node_that_was_stopped_leaves_nothing_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some hundred blocks it keeps states there: in a folder of its own, which goes with it."""
    binary = anvil_binary(print)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    anvil = start_anvil(binary)
    try:
        rpc = Rpc(anvil.url)
        rpc.call("anvil_mine", hex(700))
        rpc.close()
        assert any(tmp_path.rglob("anvil-state-*/*.json"))
    finally:
        anvil.stop()
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


def test_a_machine_without_a_pinned_anvil_is_told_which_are_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The platforms, the version, and the variable that names a program of one's own; which then is all that is asked for."""
    monkeypatch.delenv(BINARY_VARIABLE, raising=False)
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    anvil_package.cache_clear()
    try:
        reason = available().reason
        assert "linux-riscv64" in reason
        assert "only for linux-amd64" in reason
        assert f"anvil {anvil_version()}" in reason
        assert "npm has it as @foundry-rs/anvil-SYSTEM-MACHINE" in reason
        assert BINARY_VARIABLE in reason
        monkeypatch.setenv(BINARY_VARIABLE, sys.executable)
        assert available()
    finally:
        anvil_package.cache_clear()

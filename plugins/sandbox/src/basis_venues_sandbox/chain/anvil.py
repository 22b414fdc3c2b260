"""One anvil process: started on the loopback, waited for, ended."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from .errors import ChainBroken, ChainUnavailable
from .packages import BINARY_VARIABLE, Progress, anvil_package, fetch
from .rpc import Rpc

CHAIN_ID = 31337
"""The local chain's id."""

_FLAGS = ("--host", "127.0.0.1", "--quiet", "--no-cors", "--order", "fifo")
_READY_WITHIN = 20.0
_ENDED_WITHIN = 10.0


class Anvil:
    """A running node. `url` is its endpoint."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, said: IO[bytes], states: tempfile.TemporaryDirectory[str]) -> None:
        self.process = process
        self._said = said
        self._states = states
        self.url = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        """End this process, and no other, and remove what it kept on disk."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(_ENDED_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._said.close()
        self._states.cleanup()

    def last_words(self) -> str:
        """What it said on stderr."""
        self._said.seek(0)
        return self._said.read().decode(errors="replace").strip()[-500:]

    def memory(self) -> int:
        """Bytes that the process holds in memory; 0 where the system does not tell."""
        status = Path(f"/proc/{self.process.pid}/statm")
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if status.exists() else 0


def anvil_binary(progress: Progress) -> Path:
    """The program, fetched when it is not there. Raises `ChainUnavailable` with what to do."""
    named = os.environ.get(BINARY_VARIABLE)
    if named:
        found = shutil.which(named)
        if found is None:
            raise ChainUnavailable(f"{BINARY_VARIABLE} names {named!r}, which is no program")
        return Path(found)
    fetch([anvil_package()], progress)
    folder = anvil_package().folder / "bin"
    return next(each for each in folder.iterdir() if each.stem == "anvil")


def anvil_is_here() -> bool:
    """Whether the program need not be fetched. Raises `ChainUnavailable` where it cannot be had."""
    return bool(os.environ.get(BINARY_VARIABLE)) or anvil_package().folder.exists()


def start_anvil(binary: Path, port: int = 0, chain_id: int = CHAIN_ID, flags: Sequence[str] = ()) -> Anvil:
    """Start the node and wait until it answers. Port 0 takes a free one.

    Raises `ChainBroken` when it ends at once or does not answer.
    """
    chosen = free_port(port)
    states = tempfile.TemporaryDirectory(prefix="basis-chain-", ignore_cleanup_errors=True)  # a megabyte for each block, after some hundred
    command = [str(binary), *_FLAGS, "--cache-path", states.name, "--port", str(chosen), "--chain-id", str(chain_id), *flags]
    said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `stop`; not a pipe, as nobody reads it while the node runs
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said)
    anvil = Anvil(process, chosen, said, states)
    try:
        _await(anvil, chosen)
    except BaseException:
        anvil.stop()
        raise
    return anvil


def free_port(wanted: int = 0) -> int:
    """A port of the loopback that nobody listens on at the moment: the one that is wanted, or any.

    Raises `ChainBroken` where the wanted one is taken: whoever has it would answer in the node's place.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", wanted))
        except OSError:
            raise ChainBroken(f"port {wanted} is taken by another program; end it, or choose another port") from None
        return int(listener.getsockname()[1])


def _await(anvil: Anvil, port: int) -> None:
    until = time.monotonic() + _READY_WITHIN
    rpc = Rpc(anvil.url)
    while time.monotonic() < until:
        if anvil.process.poll() is not None:
            raise ChainBroken(f"anvil ended at once, on port {port}: {anvil.last_words()}")
        try:
            rpc.call("eth_chainId")
        except OSError:
            time.sleep(0.005)
        else:
            rpc.close()
            return
    raise ChainBroken(f"anvil did not answer within {_READY_WITHIN:.0f} s")

"""The published packages that the chain is made of: fetched through the npm client at exact versions, checked, unpacked, kept.

No package is installed: `npm pack` downloads one archive, runs no script and pulls no dependency.
"""

from __future__ import annotations

import base64
import hashlib
import json
import platform
import subprocess
import tarfile
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from attrs import frozen

from .errors import ChainUnavailable
from .node import node_environment, node_program
from .places import cache_folder

Progress = Callable[[str], None]
"""Told, in a short sentence, what takes time just now."""

BINARY_VARIABLE = "BASIS_ANVIL"
"""The environment variable that names an anvil binary to use instead of the packaged one."""

_PATIENCE = 300
_NPM_FLAGS = ("--json", "--ignore-scripts", "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--loglevel=error")
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_SYSTEMS = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}


@frozen
class Package:
    """One package at one version. `integrity` is the registry's checksum of its archive (`sha512-` and base64)."""

    name: str
    version: str
    integrity: str

    @property
    def label(self) -> str:
        """As the npm client takes it: `name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def folder(self) -> Path:
        """Where its content is, once it was fetched."""
        return cache_folder("packages") / f"{self.name.replace('/', '__')}@{self.version}"


@cache
def packages() -> Mapping[str, Package]:
    """The packages that everything but anvil comes from, by name."""
    return {name: Package(name, pin["version"], pin["integrity"]) for name, pin in _pins()["packages"].items()}


def anvil_version() -> str:
    """The version of anvil that the chain is built and run with."""
    return str(_pins()["anvil"]["version"])


@cache
def anvil_package() -> Package:
    """The package with anvil's binary for this machine. Raises `ChainUnavailable` where none is pinned for it."""
    machine = platform.machine().lower()
    wanted = f"{_SYSTEMS.get(platform.system(), platform.system().lower())}-{_MACHINES.get(machine, machine)}"
    pinned: Mapping[str, str] = _pins()["anvil"]["integrity"]
    if wanted not in pinned:
        raise ChainUnavailable(
            f"no checksum of anvil {anvil_version()} is pinned for {wanted}, only for {', '.join(pinned)}: install that version yourself "
            f"(for darwin and linux-arm64 npm has it as @foundry-rs/anvil-SYSTEM-MACHINE, in bin) and name the program in {BINARY_VARIABLE}"
        )
    return Package(f"@foundry-rs/anvil-{wanted}", anvil_version(), pinned[wanted])


def fetch(wanted: Iterable[Package], progress: Progress) -> None:
    """Make the packages' folders exist. Fetches only those that are missing.

    Raises `ChainUnavailable` when the registry cannot be reached or sends something else than what was pinned.
    """
    missing = [each for each in wanted if not each.folder.exists()]
    if not missing:
        return
    progress(f"fetching {len(missing)} packages: {', '.join(each.label for each in missing)}")
    with tempfile.TemporaryDirectory(dir=cache_folder("packages")) as scratch:
        for package, archive in zip(missing, _pack(missing, Path(scratch)), strict=True):
            _check(package, archive)
            _unpack(package, archive, Path(scratch))


def _pack(wanted: list[Package], into: Path) -> list[Path]:
    command = [node_program("npm"), "pack", *_NPM_FLAGS, "--pack-destination", str(into), *(each.label for each in wanted)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, env=node_environment(), cwd=into, check=False)
    except subprocess.TimeoutExpired:
        raise ChainUnavailable(f"npm did not finish within {_PATIENCE} s; is the package registry reachable?") from None
    if done.returncode:
        raise ChainUnavailable(f"npm could not fetch the packages of the local chain:\n{_said(done)}")
    # npm names a file after the package: the scope and the name, joined by a dash
    return [into / f"{each.name.lstrip('@').replace('/', '-')}-{each.version}.tgz" for each in wanted]


def _said(done: subprocess.CompletedProcess[str]) -> str:
    """npm's own words. With --json the reason stands in its output."""
    try:
        return str(json.loads(done.stdout)["error"]["summary"])
    except (ValueError, KeyError, TypeError):
        return done.stderr.strip()[-2000:]


def _check(package: Package, archive: Path) -> None:
    digest = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != package.integrity:
        raise ChainUnavailable(f"{package.label} is not what was published: its checksum is {digest}, not {package.integrity}")


def _unpack(package: Package, archive: Path, scratch: Path) -> None:
    content = scratch / "content" / archive.stem
    with tarfile.open(archive) as opened:
        opened.extractall(content, filter="data")
    (root,) = content.iterdir()  # an npm archive holds one folder, mostly named `package`
    if not package.folder.exists():  # another process may have been faster
        root.rename(package.folder)


@cache
def _pins() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("packages.toml").read_text())


def fingerprint(*parts: object) -> str:
    """A short name for what is built from `parts`, which must be JSON-like or bytes."""
    digest = hashlib.sha256()
    for each in parts:
        digest.update(each if isinstance(each, bytes) else json.dumps(each, sort_keys=True).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:24]

"""The examinations of `basis doctor`."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..config.env_example import FILE as EXAMPLE
from ..config.env_example import example
from ..config.env_lint import lint
from ..contract import CONTRACT
from ..errors import BasisError, ConfigurationError, JournalCorrupt, JournalNewer, PluginRefused, Stopped
from ..findings import Finding
from ..manifest import Manifest
from ..market.provider import utc
from ..registry import Installed, Registry
from ..trust import FILE as LOCK
from ..trust import read_lock
from ..validation import mend_of
from ..worlds import known_worlds

if TYPE_CHECKING:
    from ..journal.sqlite import Row

_LEAST_FREE = 100 * 1024 * 1024
"""Bytes. A journal's row takes about a kilobyte; the rest is for the write-ahead log and for others."""
_FIRST_DAY = 1_735_689_600_000
"""2025-01-01, ms: no clock that is set goes back before this library was written."""
_CACHE_DAYS = 90
_JOURNAL_MENDS: tuple[tuple[type[BasisError], str], ...] = (
    (JournalNewer, "pip install --upgrade basis-venues"),
    (JournalCorrupt, "keep the file and start nothing on it: docs/how-to/recover-after-a-crash.md, 'Backup and restore'"),
    (Stopped, "see to the disk and the file's owner, then look again"),
)
_IMPORT_SECONDS = 20


def examined(configs: Path, state: Path | None = None) -> list[Finding]:
    """Every examination's findings, in order. `state`: look at this state directory instead of all that there are."""
    every = known_worlds() if state is None else (state,)
    shut = tuple(world for world in every if world.is_dir() and not os.access(world, os.R_OK | os.X_OK))
    worlds = tuple(world for world in every if world not in shut)
    examinations: tuple[Callable[[], Iterator[Finding]], ...] = (
        _versions,
        lambda: _plugins(configs),
        lambda: _credentials(configs),
        lambda: _journals(worlds),
        lambda: _halts(worlds),
        lambda: _disk(worlds),
        lambda: _clock(worlds),
        lambda: _modes(worlds, shut),
        _caches,
    )
    return [finding for examine in examinations for finding in examine()]


def _versions() -> Iterator[Finding]:
    running, contract = ".".join(map(str, sys.version_info[:3])), ".".join(map(str, CONTRACT))
    yield Finding("pass", "versions", f"Python {running}, basis-venues {__version__}, contract {contract}")


def _plugins(configs: Path) -> Iterator[Finding]:
    try:
        registry = Registry(trust=read_lock(configs))
    except ConfigurationError as error:
        yield from (Finding("fail", "plugins", problem, f"mend {configs / LOCK}") for problem in error.problems)
        return
    passed: list[Installed] = []
    for name in registry.names():
        try:
            passed.append(registry.venue(name))
        except PluginRefused as error:
            yield Finding("fail" if len(registry.claims(name)) > 1 else "warn", "plugins", str(error), mend_of(str(error)))
    yield from _imported(passed)
    for entry in registry.strangers:
        text = f"the observer {entry.name!r} of {entry.distribution.name} is not trusted and not loaded"
        yield Finding("warn", "plugins", text, f"basis venues trust {entry.name}")
    if not registry.names():
        yield Finding("warn", "plugins", "no venue is installed", "pip install basis-venues-binance, say")


def _imported(venues: list[Installed]) -> Iterator[Finding]:
    """Each plugin imported in a process of its own, all at once: what one does there, even if it never ends, is its own finding."""
    children = [_importing(venue.entry.module) for venue in venues]
    ends = time.monotonic() + _IMPORT_SECONDS
    for venue, child in zip(venues, children, strict=True):
        distribution, contract = venue.entry.distribution, venue.manifest.contract
        text = f"{venue.entry.name}: {distribution.name} {distribution.version}"
        problem = _ended(child, ends)
        if problem is None:
            yield _same_version(f"{text}, contract {contract}", distribution.name, distribution.version)
        else:
            mend = f"mend it, or: pip install --force-reinstall {distribution.name}"
            yield Finding("fail", "plugins", f"{text} is installed and broken: its import {problem}", mend)


def _importing(module: str) -> subprocess.Popen[str]:
    """A process that imports the module and does nothing else."""
    return subprocess.Popen(
        [sys.executable, "-c", "import importlib, sys; importlib.import_module(sys.argv[1])", module],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _ended(child: subprocess.Popen[str], by: float) -> str | None:
    """What went wrong in the child; None where nothing did."""
    try:
        _, said = child.communicate(timeout=max(by - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return f"did not end within {_IMPORT_SECONDS} seconds"
    if child.returncode == 0:
        return None
    last = next((line for line in reversed(said.splitlines()) if line.strip()), "")
    return f"raised {last.partition(':')[0]}" if last and not last.startswith(" ") else f"ended the process with {child.returncode}"


def _same_version(text: str, distribution: str, version: str) -> Finding:
    """First-party plugins are released together with the core."""
    series = __version__.rpartition(".")[0]
    if distribution.startswith("basis-venues-") and version.rpartition(".")[0] != series and version != "?":
        return Finding("warn", "plugins", f"{text}; the core is {__version__}", f"pip install --upgrade basis-venues {distribution}")
    return Finding("pass", "plugins", text)


def _credentials(configs: Path) -> Iterator[Finding]:
    manifests = _manifests(configs)
    file = configs.parent / "env.unified"
    if file.exists() or file.is_symlink():
        yield from (each._replace(check=f"env.unified: {each.check}") for each in lint(file, manifests))
    else:
        yield Finding("pass", "env.unified", f"{file} is not there; a backtest needs none")
    shipped = configs.parent / EXAMPLE
    if shipped.is_file() and shipped.read_text(encoding="utf-8") != example(manifests):
        yield Finding(
            "warn", "env.unified", f"{shipped} is not what the installed plugins ask for", f"basis env example --output {shipped}"
        )


def _manifests(configs: Path) -> list[Manifest]:
    from .env import installed_manifests

    try:
        return installed_manifests(configs)[0]  # those that are refused are findings of their own
    except ConfigurationError:
        return []


def _journals(worlds: tuple[Path, ...]) -> Iterator[Finding]:
    from .journal_file import opened

    files = [world for world in worlds if (world / "journal.sqlite").is_file()]
    for world in files:
        try:
            with opened(world) as journal:
                rows = list(journal.verified())
        except BasisError as error:
            mend = next((mend for kind, mend in _JOURNAL_MENDS if isinstance(error, kind)), "see the message")
            yield Finding("fail", "journal", str(error), mend)
        else:
            yield Finding("pass", "journal", f"{world / 'journal.sqlite'}: the chain holds over {len(rows)} rows")
            yield from _left(world, rows)
    for world in worlds:
        if not world.exists():  # only one that was typed can be missing
            yield Finding("warn", "journal", f"{world} is not there", "a live run makes it; else name the --state that the run was given")
    if not files:
        yield Finding("pass", "journal", "there is none yet; only live runs keep one")


def _left(world: Path, rows: Iterable[Row]) -> Iterator[Finding]:
    """Steps that only a person can close, and accounts that are frozen for another reason: each with the command, once somebody looked."""
    from ..execution.resolution import PERSON, needs_person, settler
    from .journal_file import replayed

    try:
        state = replayed(rows)
    except BasisError as error:
        yield Finding("warn", "journal", str(error), "do what it says; until then open steps and frozen accounts are not known")
        return
    awaited: set[str] = set()
    for (mode, step), record in state.steps.items():
        order = record.sending.order
        frozen = state.frozen.keys() & {order.account, order.lane}
        if record.report is not None and not needs_person(record):
            continue
        if settler(state, record) == PERSON:
            awaited |= frozen
            text = f"{world / 'journal.sqlite'}: the step {step} of {mode} needs a person"
            yield Finding("warn", "journal", text, f"look at the venue, then: basis resolve {step} --state {world} --as ... --reason ...")
    for account, reason in state.frozen.items():
        if account not in awaited:
            text = f"{world / 'journal.sqlite'}: the account {account} is frozen: {reason}"
            yield Finding("warn", "journal", text, f"find the cause, then: basis thaw {account} --state {world} --reason ...")


def _halts(worlds: tuple[Path, ...]) -> Iterator[Finding]:
    from .halt import flags_at

    flags = [(world, flag) for world in worlds for flag in flags_at(world)]
    for world, flag in flags:
        what = f"the account {flag['account']}" if flag["account"] else "everything"
        text = f"{world}: {what} is halted: {flag['reason'] or 'no reason given'}"
        yield Finding("warn", "halt", text, f"when it may go on: {flag['resume']}")
    if not flags:
        yield Finding("pass", "halt", "nothing is halted")


def _disk(worlds: tuple[Path, ...]) -> Iterator[Finding]:
    for world in worlds or (Path.home(),):
        place = next((path for path in (world, *world.parents) if path.exists()), Path("/"))
        free = shutil.disk_usage(place).free
        trouble = _unwritable(place) if worlds else None  # a backtest writes nothing there
        if trouble:
            yield Finding("fail", "disk", f"{place} cannot be written: {trouble}", "see to the disk: without it nothing is sent")
        elif free < _LEAST_FREE:
            yield Finding("fail", "disk", f"{place}: {free >> 20} MiB are free", "free some: without space nothing is sent")
        else:
            yield Finding("pass", "disk", f"{place}: {free >> 20} MiB are free")


def _unwritable(place: Path) -> str | None:
    """Why no file can be made there; None where one can, which is gone again at once."""
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"\0")
    except OSError as error:
        return error.strerror
    return None


def _clock(worlds: tuple[Path, ...]) -> Iterator[Finding]:
    """What can be told offline: the year, and whether time went back since a journal's last row."""
    now = time.time_ns() // 1_000_000
    last = max((at for world in worlds if (at := _last_row(world)) is not None), default=0)
    if now < max(_FIRST_DAY, last):
        since = f"a journal has a row of {utc(last)}" if last > now else "this library is younger"
        yield Finding("fail", "clock", f"it says {utc(now)}, and {since}", "set it, and keep it set: timedatectl set-ntp true")
    else:
        yield Finding("pass", "clock", f"{utc(now)}; `basis check MODE --connect` compares it with the venues'")


def _last_row(world: Path) -> int | None:
    from .journal_file import opened

    if not (world / "journal.sqlite").is_file():
        return None
    try:
        with opened(world) as journal:
            return max((row.at for row in journal.rows()), default=None)
    except BasisError:
        return None  # it is a finding of its own


def _modes(worlds: tuple[Path, ...], shut: tuple[Path, ...]) -> Iterator[Finding]:
    for path in shut:
        text = f"{path} cannot be read by this user, and was not looked at"
        yield Finding("fail", "file modes", text, "let its owner run `basis doctor`, or give it to this user")
    wide = [path for world in worlds for path in (world, *world.glob("journal.sqlite*")) if path.exists() and _others_may(path)]
    for path in wide:
        yield Finding("warn", "file modes", f"others may read {path}", f"chmod {'700' if path.is_dir() else '600'} {path}")
    if not wide and not shut:
        yield Finding("pass", "file modes", "journals are their owner's alone" if worlds else "there is no state yet")


def _others_may(path: Path) -> bool:
    """Whether others can read the path where it stands: a closed folder above it is enough."""
    kept = any(
        not stat.S_IMODE(folder.stat().st_mode) & 0o007 and folder.stat().st_uid == os.geteuid() for folder in list(path.parents)[:1]
    )
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077) and not kept


def _caches() -> Iterator[Finding]:
    """Made-up histories of other versions, and anything in the cache that was not touched for long."""
    from platformdirs import user_cache_path

    root = user_cache_path("basis-venues")
    entries = sorted(root.iterdir()) if root.is_dir() else []
    eldest = time.time() - _CACHE_DAYS * 86_400
    stale = [each for each in entries if _of_another_version(each) or each.stat().st_mtime < eldest]
    for each in stale:
        yield Finding("warn", "caches", f"{each} is of another version, or was not used for {_CACHE_DAYS} days", f"rm -r {each}")
    if not stale:
        yield Finding("pass", "caches", f"{root}: {len(entries)} entries, none stale")


def _of_another_version(entry: Path) -> bool:
    return entry.name.startswith("synthetic-") and entry.name != f"synthetic-{__version__}"

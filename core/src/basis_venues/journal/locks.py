"""One runner for each account: an advisory file lock named after the account's identity."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from ..errors import AccountBusy, ConfigurationError
from ..network import Account
from ..worlds import make_private

_UNKNOWN = "unknown"


class AccountLocks:
    """The locks of a run's accounts, held until `release` or the end of the process."""

    def __init__(self, directory: Path, accounts: Iterable[Account]) -> None:
        """Take them all, or none. Raises `AccountBusy` with the process that holds one, and `ConfigurationError` where no lock can be
        made."""
        self._held: list[IO[str]] = []
        try:
            make_private(directory)
            for account in sorted(accounts, key=lambda account: account.identity):
                self._held.append(_take(directory, account))
        except OSError as error:
            self.release()
            raise ConfigurationError(f"accounts cannot be locked in {directory} ({error.strerror}): let this user write there") from None
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let the accounts go."""
        while self._held:
            self._held.pop().close()


def holders(directory: Path) -> tuple[str, ...]:
    """The processes that hold locks of the directory, each once; `unknown` where a lock does not say by whom, or cannot be read."""
    try:
        files = sorted(file for file in directory.iterdir() if file.suffix == ".lock")
    except FileNotFoundError:
        return ()
    except OSError:
        return (_UNKNOWN,)
    return tuple(dict.fromkeys(filter(None, map(_holder, files))))


def _holder(file: Path) -> str | None:
    """Who holds the lock; None where nobody does. It is tried and let go at once."""
    try:
        with file.open() as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return handle.read().strip() or _UNKNOWN
    except FileNotFoundError:
        return None
    except OSError:
        return _UNKNOWN
    return None


def _take(directory: Path, account: Account) -> IO[str]:
    name = hashlib.sha256(account.identity.encode()).hexdigest()[:24]
    handle = (directory / f"{name}.lock").open("a+")  # held for the life of the run
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.seek(0)
        holder = handle.read().strip() or _UNKNOWN
        handle.close()
        named = f"the account {account.alias} ({account.identity})"
        if holder == str(os.getpid()):
            raise AccountBusy(f"another manager of this process holds {named}: share that one between tasks and threads") from None
        raise AccountBusy(f"another runner (process {holder}) holds {named}: stop it first, or let it do this") from None
    handle.seek(0)
    handle.truncate()
    handle.write(str(os.getpid()))
    handle.flush()
    return handle

"""What keeps orders from being sent: the operator's halt flags. Files, so that they work whatever state a runner is in."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ..worlds import make_private


class HaltFlags:
    """Halt flags below a directory: one for everything, one for each account alias. Checked before every write."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def _path(self, account: str) -> Path:
        return self._directory / (f"account-{account}" if account else "all")

    def reason(self, *accounts: str) -> str | None:
        """Why nothing may be sent from any of these accounts now; None when it may. A flag that cannot be read stands."""
        if self._none_stand():
            return None
        for account in ("", *accounts):
            said = _read(self._path(account))
            if said is not None:
                scope = f"the account {account} is" if account else "everything is"
                return f"{scope} halted: {said or 'no reason given'}"
        return None

    def _none_stand(self) -> bool:
        """Whether the directory is empty or missing: one look instead of one for each flag, as this is asked before every write."""
        try:
            return not os.listdir(self._directory)  # noqa: PTH208  an iterator of paths costs three times as much
        except FileNotFoundError:
            return True
        except OSError:
            return False

    def halt(self, reason: str, account: str = "") -> None:
        """Stop sending, from `account` or (empty) from all. Cancelling and reading go on. Raises `OSError` where there can be no flag."""
        make_private(self._directory)
        self._path(account).touch()  # it stands from here on: a full disk may have no room for the reason
        with suppress(OSError):
            self._path(account).write_text(reason, encoding="utf-8", errors="replace")

    def resume(self, account: str = "") -> bool:
        """Take the flag away. False when there was none."""
        path = self._path(account)
        existed = path.exists()
        path.unlink(missing_ok=True)
        return existed

    def all(self) -> dict[str, str]:
        """All flags: account ('' for everything) -> reason. Where they cannot be read, everything stands still."""
        try:
            flags = {path.name: _read(path) for path in sorted(self._directory.iterdir())}
        except FileNotFoundError:
            return {}
        except OSError as error:
            return {"": f"its flags {self._directory} cannot be read ({error.strerror})"}
        return {("" if name == "all" else name.removeprefix("account-")): said for name, said in flags.items() if said is not None}


def _read(path: Path) -> str | None:
    """What the flag says; None where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"its flag {path} cannot be read ({error.strerror})"

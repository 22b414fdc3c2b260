"""What keeps orders from being sent: the operator's halt flags. Files, so that they work whatever state a runner is in."""

from __future__ import annotations

from pathlib import Path


class HaltFlags:
    """Halt flags below a directory: one for everything, one for each account alias. Checked before every write."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def _path(self, account: str) -> Path:
        return self._directory / (f"account-{account}" if account else "all")

    def reason(self, *accounts: str) -> str | None:
        """Why nothing may be sent from any of these accounts now; None when it may."""
        for account in ("", *accounts):
            path = self._path(account)
            if path.exists():
                scope = f"the account {account} is" if account else "everything is"
                return f"{scope} halted: {path.read_text(encoding='utf-8').strip() or 'no reason given'}"
        return None

    def halt(self, reason: str, account: str = "") -> None:
        """Stop sending, from `account` or (empty) from all. Cancelling and reading go on."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path(account).write_text(reason, encoding="utf-8")

    def resume(self, account: str = "") -> bool:
        """Take the flag away. False when there was none."""
        path = self._path(account)
        existed = path.exists()
        path.unlink(missing_ok=True)
        return existed

    def standing(self) -> dict[str, str]:
        """All flags: account ('' for everything) -> reason."""
        if not self._directory.is_dir():
            return {}
        flags = {path.name: path.read_text(encoding="utf-8").strip() for path in sorted(self._directory.iterdir())}
        return {("" if name == "all" else name.removeprefix("account-")): reason for name, reason in flags.items()}
